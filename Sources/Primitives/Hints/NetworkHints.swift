internal import Kernel

/// Hints of the network calls.
func networkHint(_ error: SystemCallError) -> String? {
    func subject(_ role: String) -> String? { error.subjects.first { $0.role == role }?.text }
    switch (error.call, error.code) {
    case ("sendto", "EOPNOTSUPP"):
        return subject("kind").map { "this kernel has no link kind \"\($0)\"; try: modprobe \($0)" }
    case ("sendto", "EEXIST"):
        return subject("link").map { "there is a link \"\($0)\" already; see net.links()" }
    case ("sendto", "ENETUNREACH"):
        return subject("via").map { "\($0) is on no network of a link that is up" }
    case ("connect", "ENETUNREACH"): return "no route leads there; see net.routes()"
    default: return nil
    }
}
