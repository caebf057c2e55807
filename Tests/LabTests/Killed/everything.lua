-- Makes one of each thing that outlives a killed run. arg: the name of a control group.
local name = arg[1]
fs.mkdir "/mnt/mount"
local mount = fs.tmpfs "/mnt/mount"
fs.bind("/mnt/mount", "/mnt/bound")
local bridge = net.bridge("killed0", { address = "10.77.0.1/24" })
local ours = net.veth { name = "killed1", peer = "killed2" }
ours:attach(bridge):up()
net.link "lo":up():address "10.78.0.1/32"
net.route { to = "10.79.0.0/16", device = "killed0" }
net.forwarding(true)
local group = cgroup.create(name .. "/inner", { pids = 5, memory = "10M" })
local box = ns.spawn({ "pid", "mount", "net", cgroup = group }, function(parent)
    fs.tmpfs "/mnt/bound"
    parent:send "ready"
    parent:receive()
end)
box:receive()
mount:release()
net.masquerade { source = "10.77.0.0/24" }
box:release()
