-- Two sandboxes, one of which has its init. arg: the name of a control group.
local sandbox = require "sandbox"
fs.mkdir "/mnt/root/bin"
if not fs.exists "/mnt/root/bin/sleep" then fs.copy("/bin/busybox", "/mnt/root/bin/sleep") end
local options = { root = "/mnt/root", command = { "/bin/sleep", "300" }, memory = "32M", pids = 20 }
options.name = arg[1] .. "/one"
local one = sandbox(options)
options.name, options.init = arg[1] .. "/two", true
local two = sandbox(options)
two:ready()
one:capture { "/bin/sleep", "0" }
two:release()
one:release()
