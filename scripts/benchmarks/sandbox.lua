-- arg: the root; then "unlimited" for no limits. /bin/true with all else that a sandbox has by default.
local options = { root = arg[1], command = { "/bin/true" } }
if arg[2] == "unlimited" then options.pids, options.devices = false, false end
require "sandbox".run(options)
