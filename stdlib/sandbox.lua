--- A program in a box: one table of options for all the isolation there is, as tight as Docker's default where nothing
--- else is said. Read it as a recipe: each step is a primitive that you can use, move or leave out in one of your own.
---
---     local sandbox = require "sandbox"
---     local result = sandbox.run { root = "rootfs", command = { "make" }, memory = "256M" }
---     print(result.code, result.out_of_memory)
local masks = require "masks"
local rootfs = require "rootfs"

local sandbox = { count = 0 }

--- The devices that a program may use, as in Docker: make any device file, but open these only.
sandbox.devices = {
  "c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:1 rwm",
  "c 5:2 rwm", "c 136:* rwm",
}

---@alias sandbox.Profile string|table|tupper.filter|false

--- What a box can be told, with what holds where it is left out.
---@class sandbox.Options
---@field root string The directory that becomes /; the machine's own as well.
---@field command string[] The program and its arguments.
---@field argv0? string What the program is told that it is called. [as in command]
---@field readonly? boolean Whether / refuses writing. [false]
---@field mounts? sandbox.Mount[] What it sees beside its root. [none]
---@field hostname? string The machine's name in there. ["sandbox"]
---@field network? "none"|"host" Only the loopback, or the machine's own network. ["none"]
---@field users? string|table As of ns.unshare; with root, / shows its files as the map's users'. [without root "auto" or "root"]
---@field user? string|integer Whom the program runs as: "name", "1000:1000". [root of the container]
---@field groups? table Its supplementary groups. [none]
---@field cwd? string The directory it starts in. ["/"]
---@field env? table<string, string> Variables beside PATH, HOME and TERM; nothing of the caller's comes along. [none]
---@field memory? string|integer The most memory; this and the next ones as of cgroup.create. [no limit]
---@field swap? string|integer The most swap beside the memory. [no limit]
---@field high? string|integer Memory above which it is slowed down. [no limit]
---@field oom_group? boolean Kills all its processes where one must be for memory. [false]
---@field cpu? string|number How many processors' time. [no limit]
---@field cpuset? string The processors it may use. [all]
---@field weight? integer Its share of the processors beside others. [100]
---@field io? table Limits of its disks. [no limit]
---@field pids? integer|string|false The most processes and threads; false for no limit. [4096]
---@field devices? string[]|false The devices it may use; false for all. [sandbox.devices]
---@field limits? table As of proc.limits. [{ core = 0 }]
---@field nice? integer As of proc.nice. [the caller's]
---@field oom_score? integer As of proc.oom_score. [0]
---@field affinity? string|integer[] As of proc.affinity. ["all"]
---@field umask? string|integer As of sys.umask. ["0022"]
---@field sysctls? table Those of its own namespaces, as of sys.sysctl. [none]
---@field time_offsets? table As of ns.spawn. [none]
---@field capabilities? string[]|string What root may do in there. [cap.default]
---@field ambient? string[]|string Capabilities that it has even where it is not root. [none]
---@field no_new_privileges? boolean Whether set-user-ID programs give it nothing. [true]
---@field seccomp? sandbox.Profile A profile, as of seccomp.compile; false for none. ["default"]
---@field landlock? table As of landlock.restrict. [none]
---@field masked? boolean Whether masks.apply hides and protects what it lists. [true]
---@field shm? string|integer The size of /dev/shm. ["64M"]
---@field init? boolean A small first process that reaps orphans and passes signals on. [false]
---@field terminal? tupper.terminal Its controlling terminal and /dev/console, as of term.open. [none]
---@field stdin? string A file to read from; else the program has the caller's by a pipe. [the caller's]
---@field stdout? string A file to write to, emptied first. [the caller's]
---@field stderr? string A file to write errors to, emptied first. [the caller's]
---@field host_files? boolean Gives it the caller's own files as 0 to 2, to read, empty and chmod, rather than pipes. [false]
---@field die_with_parent? boolean Whether it ends with this process; with init even where it does not want to. [true]
---@field name? string The control group's. ["sandbox-PID-NUMBER"]
---@field setup? function Called in the box before its root changes, with the options. [none]
local defaults = {
  readonly = false, mounts = {}, hostname = "sandbox", network = "none", cwd = "/", env = {}, pids = 4096,
  devices = sandbox.devices, limits = { core = 0 }, oom_score = 0, affinity = "all", umask = "0022", sysctls = {},
  capabilities = cap.default, no_new_privileges = true, seccomp = "default", masked = true, shm = "64M", init = false,
  host_files = false, die_with_parent = true,
}

-- The types that they may be of; what the values may be is checked by the primitives.
local types = {
  root = "string", command = "table", argv0 = "string", readonly = "boolean", mounts = "table", hostname = "string",
  network = "string",
  users = "string table", user = "string number", groups = "table", cwd = "string", env = "table",
  memory = "string number", swap = "string number", high = "string number", oom_group = "boolean",
  cpu = "string number", cpuset = "string", weight = "number", io = "table", pids = "string number boolean",
  devices = "table boolean", limits = "table", nice = "number", oom_score = "number", affinity = "string table",
  umask = "string number", sysctls = "table", time_offsets = "table", capabilities = "table string",
  ambient = "table string", no_new_privileges = "boolean", seccomp = "string table boolean userdata",
  landlock = "table", masked = "boolean", shm = "string number", init = "boolean", terminal = "userdata",
  stdin = "string", stdout = "string", stderr = "string", host_files = "boolean",
  die_with_parent = "boolean", name = "string", setup = "function",
}
--- What a box sees of the machine, or a filesystem in memory.
---@class sandbox.Mount
---@field source? string The file, directory or device to show; else tmpfs is wanted. [none]
---@field tmpfs? string|integer The size of a filesystem in memory. [none]
---@field target string Where it is in the box; made where missing.
---@field mode? string The permissions of a tmpfs. ["0755"]
---@field readonly? boolean Whether it refuses writing; a device can be written to. [false, true for a device]
---@field noexec? boolean Whether it refuses running programs. [false]
---@field dev? boolean Whether device files in it can be used. [false, true for a device]
---@field optional? boolean Whether a source that is missing is passed over. [false]
local mount_types = {
  source = "string", target = "string", readonly = "boolean", tmpfs = "string number", mode = "string",
  optional = "boolean", noexec = "boolean", dev = "boolean",
}

local function refuse(text, ...) error("sandbox: " .. text:format(...), 0) end

local function check(given, known, place)
  for name, value in pairs(given) do
    local wanted = known[name]
    if not wanted then refuse("unknown option '%s%s'", place, name) end
    if not (" " .. wanted .. " "):find(" " .. type(value) .. " ", 1, true) then
      refuse("option '%s%s': %s wanted, got %s", place, name, wanted:gsub(" ", " or "), type(value))
    end
  end
end

-- Who is not root takes all the users that it was given along, so that none of its groups come with it; or itself alone.
local function own_users()
  if sys.uid() == 0 then return nil end
  local account = sys.account(tostring(sys.uid()))
  for _, file in ipairs { "/etc/subuid", "/etc/subgid" } do
    local text = fs.exists(file) and "\n" .. fs.read(file) or ""
    if not account or not text:find("\n" .. (account.name or account.uid) .. ":", 1, true) then return "root" end
  end
  return fs.exists "/usr/bin/newuidmap" and "auto" or "root"
end

-- On the machine's own root nothing is made: a target must be there, or lie in what is mounted before it.
local function check_place(mounts, number)
  local target = mounts[number].target
  for index = 0, number - 1 do
    local place = index == 0 and "/dev" or mounts[index].target:gsub("/+$", "")
    if target:sub(1, #place + 1) == place .. "/" then return end
  end
  refuse("mounts[%d]: '%s' is missing, and is not made on the machine's own root", number, target)
end

-- Those that are wanted, each checked; a device among them may be used.
local function complete_mounts(options, given)
  local mounts, devices = {}, options.devices and { table.unpack(options.devices) }
  for number, mount in pairs(options.mounts) do
    local is_listed = math.type(number) == "integer" and number >= 1 and number <= #options.mounts
    if not is_listed or type(mount) ~= "table" then refuse "option 'mounts': a list of tables wanted" end
    local place = ("mounts[%d]."):format(number)
    check(mount, mount_types, place)
    if not mount.target then refuse("option '%starget' is missing", place) end
    if (mount.source == nil) == (mount.tmpfs == nil) then refuse("mounts[%d]: either source or tmpfs wanted", number) end
    if options.root == "/" and not fs.exists(mount.target) then check_place(options.mounts, number) end
  end
  for _, mount in ipairs(options.mounts) do
    if not mount.optional or mount.tmpfs or fs.exists(mount.source) then
      mounts[#mounts + 1] = mount
      local device = rootfs.device(mount)
      if device and devices then
        local kind = device.type == "block" and "b" or "c"
        devices[#devices + 1] = ("%s %d:%d rw"):format(kind, device.major, device.minor)
      end
    end
  end
  options.mounts = mounts
  if not given.devices then options.devices = devices end
end

-- Whoever has a directory or a disk open has all that is in it.
local function check_files(options)
  local given = { options.stdin, options.stdout, options.stderr }
  for number, name in ipairs { "input", "output", "error" } do
    local known, status = pcall(fs.stat, given[number] or "/proc/self/fd/" .. number - 1, { follow = true })
    local type = known and status.type
    if type == "directory" or type == "block" then
      refuse("standard %s is a %s, and is not given to a box", name, type == "block" and "block device" or type)
    end
  end
end

local function complete(given)
  check(given, types, "")
  local options = {}
  for name, value in pairs(defaults) do options[name] = value end
  for name, value in pairs(given) do options[name] = value end
  if not options.root then refuse "option 'root' is missing" end
  if not options.command or #options.command == 0 then refuse "option 'command' is missing" end
  if fs.stat(options.root, { follow = true }).type ~= "directory" then refuse("root '%s' is no directory", options.root) end
  if (options.stdin or options.stdout or options.stderr) and (options.terminal or options.host_files) then
    refuse "options 'stdin', 'stdout' and 'stderr' are not for a box with 'terminal' or 'host_files'"
  end
  if not options.terminal then check_files(options) end
  if options.network ~= "none" and options.network ~= "host" then refuse 'network is "none" or "host"' end
  complete_mounts(options, given)
  -- Every path is used from inside too, where the working directory is another.
  if options.root:sub(1, 1) ~= "/" then options.root = sys.cwd() .. "/" .. options.root end
  -- Where it is put together. The root in sight cannot be left for itself, so it shows where nothing is taken from.
  options.place = options.root == "/" and "/sys" or options.root
  options.users = options.users or own_users()
  return options
end

-- Whether a program may make a cgroup namespace and mount in it what shows the groups: by a user namespace, or by right.
local function sees_groups(options)
  if options.seccomp ~= "default" then return true end
  for _, list in pairs { options.capabilities, options.ambient } do
    for _, name in ipairs(type(list) == "table" and list or { list }) do
      local upper = tostring(name):upper()
      if upper == "ALL" or upper:find "SYS_ADMIN$" then return true end
    end
  end
  return false
end

-- The group that the program is born in. There may be no place for one, as without root: then only what was asked for
-- by name is missed, and its processes are counted by user.
local resources = { "memory", "swap", "high", "oom_group", "cpu", "cpuset", "weight", "io", "pids", "devices" }
local function make_group(options, given)
  local wanted, is_nested = {}, sees_groups(options)
  for _, resource in ipairs(resources) do wanted[resource] = options[resource] or nil end
  -- Of version 1's hierarchies, one that it is not in would show it the machine's own groups.
  wanted.everywhere = is_nested and sys.uid() == 0
  local name, made, group
  repeat
    sandbox.count = sandbox.count + 1
    name = options.name or ("sandbox-%d-%d"):format(proc.self(), sandbox.count)
    made, group = pcall(cgroup.create, name, wanted)
    -- Somebody in another pid namespace may have the same pid.
  until made or options.name or group.code ~= "EEXIST"
  if made then
    if not is_nested then return group end
    -- It reaches the files of the group that it is in: the same limits hold one above.
    local nested, inner = pcall(cgroup.create, name .. "/box", wanted)
    if nested then return inner, group end
    group:release()
    error(inner, 0)
  end
  for _, resource in ipairs(resources) do
    local missed = sys.uid() == 0 or given[resource] ~= nil and resource ~= "pids"
    if missed and wanted[resource] ~= nil then error(group, 0) end
  end
  local limits = { processes = options.pids or nil }
  for limit, value in pairs(options.limits) do limits[limit] = value end
  options.limits = limits
end

-- What the caller was given by those who started it, and the program is not.
local function leave_caller(options)
  local joined, problem = pcall(proc.session_keyring)
  -- A user may have too many keys already; the default profile lets nobody at them.
  if not joined and not options.seccomp then error(problem, 0) end
  proc.reset_scheduling()
  proc.affinity(options.affinity)
  if proc.oom_score() ~= options.oom_score then proc.oom_score(options.oom_score) end
end

-- How a program of the box is started: the first, and those that join it.
local function describe(options)
  local env = { PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME = "/root",
    TERM = sys.env().TERM }
  for name, value in pairs(options.env) do env[name] = value end
  return {
    env = env, clear_env = true, cwd = options.cwd, user = options.user, groups = options.groups,
    capabilities = options.capabilities, ambient = options.ambient, no_new_privileges = options.no_new_privileges,
    limits = options.limits, nice = options.nice, seccomp = options.seccomp or nil, landlock = options.landlock,
    umask = options.umask,
  }
end

local function live(options)
  -- By way of the machine's own /proc, which shows each process its own namespaces' parameters.
  for name, value in pairs(options.sysctls) do sys.sysctl(name, value) end
  rootfs.mount(options)
  if options.setup then options.setup(options) end
  fs.pivot(options.place)
  if options.masked then masks.apply_of_processors "/" end
  sys.hostname(options.hostname)
  if options.network == "none" then net.link("lo"):up() end
  leave_caller(options)
  local program = describe(options)
  program.terminal, program.argv0 = options.terminal, options.argv0
  for _, word in ipairs(options.command) do program[#program + 1] = word end
  proc.exec(program)
end

local function release_groups(box)
  if box.group then box.group:release() end
  if box.outer_group then box.outer_group:release() end
  box.group, box.outer_group = nil, nil
end

--- A program in its box. Its end, `release` and `<close>` take the group away.
---@class sandbox.Box
---@field pid integer The first process's.
local Box = {}
Box.__index = function(box, name) return Box[name] or (name == "pid" and box.process.pid or nil) end
Box.__close = function(box) box:release() end
Box.__name = "sandbox"
Box.__tostring = function(box) return "sandbox " .. tostring(box.process) end

--- Waits for the program's end: { code = } or { signal = }, with out_of_memory = true where it was killed for that.
function Box:wait(options)
  local all = { terminal = self.options.terminal }
  for name, value in pairs(options or {}) do all[name] = value end
  local ended, result = pcall(self.process.wait, self.process, all)
  if not ended then
    -- Whose program could not be started has ended too.
    if not self.process:running() then self:release() end
    error(result, 0)
  end
  if self.group then
    local memory = self.group:stats "memory"
    result.out_of_memory = memory and (memory.oom_kills or 0) > 0 or nil
    -- What cannot be removed now is told of at the script's end.
    pcall(release_groups, self)
  end
  return result
end

--- Sends a signal to its first process.
function Box:signal(name) self.process:signal(name) end

--- Whether it has not ended yet.
function Box:running() return self.process:running() end

--- What it uses so far, as of group:stats.
function Box:stats() return self.group and self.group:stats() end

--- Waits until the box is whole and its program runs; raises what kept it from that.
function Box:ready()
  -- What the two were connected by ends where the program begins.
  local _, problem = pcall(self.process.receive, self.process)
  if problem.code ~= "EPIPE" then error(problem, 0) end
end

-- One more program in it, held as tight as the first unless said otherwise.
local function joining(box, given)
  local program = describe(box.options)
  program.clear_env, program.within = nil, box.process
  for name, value in pairs(given) do program[name] = value end
  return program
end

--- Runs another program in it to its end, as proc.run does.
function Box:run(given) return proc.run(joining(self, given)) end

--- Runs one and returns what it prints, as proc.capture does.
function Box:capture(given) return proc.capture(joining(self, given)) end

--- Starts one beside this process, as proc.spawn does.
function Box:spawn(given) return proc.spawn(joining(self, given)) end

--- Connects this process's terminal to its own, as term.attach does.
function Box:attach(options) return term.attach(self.options.terminal, self.process, options) end

--- Kills what runs in it and takes the group away.
function Box:release()
  -- Who reaches its own groups may have stopped itself in one below.
  if self.outer_group then pcall(self.outer_group.kill, self.outer_group) end
  self.process:release()
  release_groups(self)
end

local function start(options)
  rootfs.prepare(options)
  local namespaces = {
    "mount", "uts", "ipc", "pid", "cgroup", users = options.users, cgroup = options.group, init = options.init,
    die_with_parent = options.die_with_parent, session = true, time_offsets = options.time_offsets,
    relay = not (options.terminal or options.host_files) and
      { stdin = options.stdin, stdout = options.stdout, stderr = options.stderr },
  }
  if options.network == "none" then namespaces[#namespaces + 1] = "net" end
  if options.time_offsets then namespaces[#namespaces + 1] = "time" end
  -- Before the root changes: what is kept on disk is out of sight in there.
  if options.seccomp then options.seccomp = seccomp.compile(options.seccomp, { capabilities = options.capabilities }) end
  return ns.spawn(namespaces, function() live(options) end)
end

local function begin(given)
  local options = complete(given)
  options.group, options.outer_group = make_group(options, given)
  local started, process = pcall(start, options)
  if options.tree then options.tree:release() end
  if not started then release_groups(options) error(process, 0) end
  return setmetatable({ process = process, group = options.group, outer_group = options.outer_group, options = options }, Box)
end

--- Starts a program in a box and returns once it runs; the box lives on beside the script until it is waited for,
--- released or closed.
---@param given sandbox.Options
---@return sandbox.Box
function sandbox.start(given)
  local box = begin(given)
  -- Before that, who joins its process would join one that is not shut in yet.
  local began, problem = pcall(box.ready, box)
  if began then return box end
  pcall(box.release, box)
  error(problem, 0)
end

--- Starts a program in a box and waits for its end.
---@param options sandbox.Options
---@return table result As of Box:wait.
function sandbox.run(options) return begin(options):wait() end

return setmetatable(sandbox, { __call = function(_, options) return sandbox.start(options) end })
