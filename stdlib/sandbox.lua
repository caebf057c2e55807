--- A program in a box: one table of options for all the isolation there is, as tight as Docker's default where nothing
--- else is said. Read it as a recipe: each step is a primitive that you can use, move or leave out in one of your own.
---
---     local sandbox = require "sandbox"
---     local result = sandbox.run { root = "rootfs", command = { "make" }, memory = "256M" }
---     print(result.code, result.out_of_memory)
local masks = require "masks"

local sandbox = {}

--- The devices that a program may use, as in Docker: make any device file, but open these only.
sandbox.devices = {
  "c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:1 rwm",
  "c 5:2 rwm", "c 136:* rwm",
}

-- What each option is for, and what holds where it is left out.
local defaults = {
  root = false, -- the directory that becomes /
  command = false, -- the program and its arguments
  readonly = false, -- whether / refuses writing
  mounts = {}, -- { source =, target =, readonly = } from the host, or { tmpfs = SIZE, target = }
  hostname = "sandbox",
  network = "none", -- only the loopback; "host" shares the machine's
  users = nil, -- as of ns.unshare; without root, "auto" or "root"
  user = nil, -- whom the program runs as: "name", "1000:1000"; root of the container
  groups = nil, -- its supplementary groups
  cwd = "/",
  env = {}, -- beside PATH, HOME and TERM; nothing of the caller's comes along
  memory = nil, swap = nil, cpu = nil, cpuset = nil, weight = nil, io = nil, high = nil, -- as of cgroup.create
  pids = 4096,
  devices = nil, -- as of cgroup.create; sandbox.devices
  limits = { core = 0 }, -- as of proc.limits
  capabilities = nil, -- cap.default
  no_new_privileges = true,
  seccomp = "default", -- a profile, as of seccomp.compile; false for none
  masked = true, -- whether masks.apply hides and protects what it lists
  shm = "64M", -- the size of /dev/shm
  init = false, -- a small first process that reaps orphans and passes signals on
  terminal = nil, -- as of proc.exec
  die_with_parent = true,
  name = nil, -- of the control group
  setup = nil, -- a function called in the box before its root changes, with the options
}
local known = {
  users = true, user = true, groups = true, memory = true, swap = true, cpu = true, cpuset = true, weight = true,
  io = true, high = true, devices = true, capabilities = true, terminal = true, name = true, setup = true,
}
for name in pairs(defaults) do known[name] = true end

local function complete(given)
  local options = {}
  for name in pairs(given) do
    if not known[name] then error(("sandbox: unknown option '%s'"):format(name), 0) end
  end
  for name, value in pairs(defaults) do options[name] = value end
  for name, value in pairs(given) do options[name] = value end
  for _, name in ipairs { "root", "command" } do
    if not options[name] then error(("sandbox: option '%s' is missing"):format(name), 0) end
  end
  if options.network ~= "none" and options.network ~= "host" then
    error('sandbox: network is "none" or "host"', 0)
  end
  -- Every path is used from inside too, where the working directory is another.
  if options.root:sub(1, 1) ~= "/" then options.root = sys.cwd() .. "/" .. options.root end
  options.capabilities = options.capabilities or cap.default
  options.devices = options.devices or sandbox.devices
  if sys.uid() ~= 0 then options.users = options.users or "root" end
  return options
end

-- The group that the program is born in. Without root there may be no place for one: then only what was asked for by
-- name is missed.
local function make_group(options, given)
  local name = options.name or ("sandbox-%d-%d"):format(proc.self(), sandbox.count)
  local wanted = {
    memory = options.memory, swap = options.swap, cpu = options.cpu, cpuset = options.cpuset, io = options.io,
    weight = options.weight, high = options.high, pids = options.pids, devices = options.devices,
  }
  local made, group = pcall(cgroup.create, name, wanted)
  if made then return group end
  for _, option in ipairs { "memory", "swap", "cpu", "cpuset", "io", "weight", "high", "pids", "devices" } do
    if given[option] ~= nil or sys.uid() == 0 then error(group, 0) end
  end
end

-- In the box, before its root changes. The image may be hostile: every target is resolved inside the root.
local function furnish(options)
  local root = options.root
  if options.readonly then
    -- Made on the image itself, since a root that refuses writing would refuse these too.
    for _, place in ipairs { "/proc", "/sys", "/dev" } do fs.mkdir(place, { root = root }) end
    for _, mount in ipairs(options.mounts) do
      if mount.tmpfs or fs.stat(mount.source).type == "directory" then fs.mkdir(mount.target, { root = root }) end
    end
  end
  fs.bind(root, root, { recursive = true, readonly = options.readonly })
  fs.mount { type = "proc", target = "/proc", root = root, mkdir = true, nosuid = true, nodev = true, noexec = true }
  -- Who has a user namespace, but the machine's network, may not mount it.
  if options.network == "none" or not options.users then
    fs.mount { type = "sysfs", target = "/sys", root = root, mkdir = true, readonly = true, nosuid = true, nodev = true,
      noexec = true }
  end
  dev.populate(root, { shm = options.shm })
  for _, mount in ipairs(options.mounts) do
    if mount.tmpfs then
      fs.tmpfs(mount.target, { root = root, size = mount.tmpfs, nosuid = true, nodev = true, mkdir = true })
    else
      fs.bind(mount.source, mount.target, { root = root, recursive = true, readonly = mount.readonly, nosuid = true,
        nodev = true, mkdir = true })
    end
  end
  if options.setup then options.setup(options) end
end

local function live(options)
  furnish(options)
  fs.pivot(options.root)
  -- From inside, where no link can lead out any more and the paths are short.
  if options.masked then masks.apply "/" end
  sys.hostname(options.hostname)
  if options.network == "none" then net.link("lo"):up() end
  local env = { PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME = "/root",
    TERM = sys.env().TERM }
  for name, value in pairs(options.env) do env[name] = value end
  local program = {
    env = env, clear_env = true, cwd = options.cwd, user = options.user, groups = options.groups,
    capabilities = options.capabilities, no_new_privileges = options.no_new_privileges, limits = options.limits,
    seccomp = options.seccomp, umask = "0022", terminal = options.terminal,
  }
  for _, word in ipairs(options.command) do program[#program + 1] = word end
  proc.exec(program)
end

local Box = {}
Box.__index = function(box, name) return Box[name] or (name == "pid" and box.process.pid or nil) end
Box.__close = function(box) box:release() end
Box.__name = "sandbox"
Box.__tostring = function(box) return "sandbox " .. tostring(box.process) end

--- Waits for the program's end: { code = } or { signal = }, with out_of_memory = true where it was killed for that.
function Box:wait(options)
  local result = self.process:wait(options)
  if self.group then
    local memory = self.group:stats "memory"
    result.out_of_memory = memory and (memory.oom_kills or 0) > 0 or nil
    self.group:release()
    self.group = nil
  end
  return result
end

function Box:signal(name) self.process:signal(name) end
function Box:running() return self.process:running() end

--- What it uses so far, as of group:stats.
function Box:stats() return self.group and self.group:stats() end

--- Kills what runs in it and takes the group away.
function Box:release()
  self.process:release()
  if self.group then self.group:release() end
  self.group = nil
end

sandbox.count = 0

--- Starts a program in a box; the box lives on beside the script until it is waited for, released or closed.
function sandbox.start(given)
  local options = complete(given)
  sandbox.count = sandbox.count + 1
  local group = make_group(options, given)
  local namespaces = {
    "mount", "uts", "ipc", "pid", "cgroup", users = options.users, cgroup = group, init = options.init,
    die_with_parent = options.die_with_parent,
  }
  if options.network == "none" then namespaces[#namespaces + 1] = "net" end
  -- Before the root changes: what is kept on disk is out of sight in there.
  if options.seccomp then options.seccomp = seccomp.compile(options.seccomp, { capabilities = options.capabilities }) end
  local started, process = pcall(ns.spawn, namespaces, function() live(options) end)
  if not started then
    if group then group:release() end
    error(process, 0)
  end
  return setmetatable({ process = process, group = group }, Box)
end

--- Starts a program in a box and waits for its end.
function sandbox.run(options) return sandbox.start(options):wait() end

return setmetatable(sandbox, { __call = function(_, options) return sandbox.start(options) end })
