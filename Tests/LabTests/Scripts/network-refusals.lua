-- What is refused in the network, and the words for it.
ns.unshare { "net", "mount" }
local function refused(pattern, call, ...)
    local ok, err = pcall(call, ...)
    assert(not ok and tostring(err):find(pattern), tostring(err))
    return err
end
local link = net.veth { name = "a", peer = "b" }
-- The kernel's own words are printed, and stay a field.
local err = refused('^.*RTM_NEWLINK "a": mtu greater than device maximum: invalid argument %(EINVAL%)$', link.set, link, { mtu = 70000 })
assert(err.detail == "mtu greater than device maximum" and err.code == "EINVAL")
sys.sysctl("net.ipv6.conf.a.disable_ipv6", 1)
refused("IPv6 is disabled on this device: permission denied", link.address, link, "fd00::1/64")
refused("Unknown parameter 'foo': invalid argument", fs.mount, { type = "tmpfs", target = "/mnt", options = "foo=1" })
