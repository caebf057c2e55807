internal import Kernel

/// What the user can do about a refused change of links, addresses, routes and firewall rules.
func networkHint(for error: SystemCallError) -> String? {
    func subject(_ role: String) -> String? { error.subjects.first { $0.role == role }?.text }
    switch (error.call, error.code) {
    case ("RTM_NEWLINK", "EOPNOTSUPP"):
        guard let kind = subject("kind") else { return nil }
        return "this kernel lacks the link kind \"\(kind)\"; try: modprobe \(kind == "vlan" ? "8021q" : kind)"
    case ("openat", "ENOENT") where subject("path") == "/dev/net/tun",
        ("openat", "ENODEV") where subject("path") == "/dev/net/tun":
        return "this kernel lacks tap links, or /dev/net/tun is missing; try: modprobe tun"
    case ("RTM_GETLINK", "ENODEV"):
        return "links are seen from one network namespace only; net.links() tells what is in this one"
    case ("RTM_NEWROUTE", "ENETUNREACH"):
        return "the machine after via must be on the network of a link that is up and has an address"
    case ("RTM_NEWROUTE", "ENETDOWN"): return "the link must be up before a route can use it"
    case ("connect", "EINVAL") where ["fe80:", "ff0"].contains { subject("address")?.hasPrefix($0) == true }:
        return "such an address counts on one link only; name the link, as in fe80::1%eth0"
    case ("connect", "EACCES") where subject("address") != nil:
        return "it is a broadcast address, to which no single machine answers"
    case ("connect", "EADDRNOTAVAIL"):
        return
            "this machine has no address to ask from; IPv6 may be switched off (net.ipv6.conf.all.disable_ipv6)"
    case ("RTM_NEWROUTE", "EINVAL") where error.detail == "Egress device not specified":
        return "an address of fe80::/10 counts on one link only; name it with device"
    case ("connect", "ENETUNREACH"): return "no route leads there; net.routes() tells which there are"
    case ("bind", "EADDRINUSE") where subject("address") != nil:
        return "another port, or another address of this machine, may be free; try: ss -lntup"
    case ("pidfd_open", "ESRCH"):
        return "the process has ended, or another pid namespace numbers it otherwise"
    case ("setns", "ESRCH"): return "the process whose network namespace was meant has ended"
    case ("socket", "EPERM") where subject("address") != nil:
        return "this needs root (CAP_NET_RAW), or a group in the range of net.ipv4.ping_group_range"
    case let (call, "EPERM") where call.hasPrefix("RTM_") || call == "SIOCGSKNS":
        return networkPrivilegeHint
    case ("execve", "ENOENT") where subject("program") == "nft":
        return "the program nft is missing; it is in the Debian package nftables"
    default: return nil
    }
}

private let networkPrivilegeHint =
    "this needs root over this network namespace (CAP_NET_ADMIN); try: sudo tupper ..."

/// What the user can do about a program that has refused in its own words.
func hint(for refusal: Program.Refusal) -> String? {
    guard refusal.program == "nft", refusal.words.contains("Operation not permitted") else { return nil }
    return networkPrivilegeHint
}
