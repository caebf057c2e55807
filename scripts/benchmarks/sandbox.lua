-- arg: the root. /bin/true with all that a sandbox has by default.
require "sandbox".run { root = arg[1], command = { "/bin/true" } }
