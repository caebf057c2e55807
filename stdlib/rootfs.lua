--- The root of a box, and what is mounted in it: the sandbox's steps between its options and the change of the root.
local masks = require "masks"

local rootfs = {}

-- Without a group, nothing else keeps device files of the image's own from being used.
local function keeps_devices(options) return not options.group and options.devices ~= false end

--- The device that a mount shows, as of fs.stat; nil where it shows something else.
function rootfs.device(mount)
  local status = mount.source and fs.stat(mount.source, { follow = true })
  return status and status.major and status or nil
end

-- Mounts one of options.mounts at its target below the root, which is made where it is missing.
local function mount_given(mount, root)
  local options = { root = root, mkdir = true, readonly = mount.readonly, nosuid = true, noexec = mount.noexec,
    nodev = not mount.dev }
  if mount.tmpfs then
    options.size, options.mode = mount.tmpfs, mount.mode
    return fs.tmpfs(mount.target, options)
  end
  options.recursive = true
  if rootfs.device(mount) then
    -- A device that was given is meant to be used. Its owner and mode are the machine's all the same, and a mount that
    -- refuses writing protects them: it does not refuse writing to the device.
    options.nodev = mount.dev == false
    options.readonly = mount.readonly ~= false
  end
  return fs.bind(mount.source, mount.target, options)
end

-- Makes the targets in the image itself. A mount namespace of its own makes the mounts once: they know best where a
-- target's links lead, and what is to be made there.
local function make_places(options)
  local root = { root = options.root }
  for _, place in ipairs { "/proc", "/sys", "/dev" } do fs.mkdir(place, root) end
  local missing = {}
  for _, mount in ipairs(options.mounts) do
    if not fs.exists(mount.target, root) then missing[#missing + 1] = mount end
  end
  if #missing == 0 then return end
  ns.spawn({ "mount", users = sys.uid() ~= 0 and "root" or nil }, function()
    for _, mount in ipairs(missing) do mount_given(mount, options.root) end
  end):wait()
end

-- Whether a map of users has nobody who is root inside.
local function lacks_root(users)
  if type(users) ~= "table" then return false end
  for _, range in ipairs(users) do
    if range.inside == 0 then return false end
  end
  return true
end

--- Makes the places that nobody could make from inside: a root that refuses writing would refuse these too, and so does an
--- image of root's to users of whom none is root.
function rootfs.prepare(options)
  if (options.readonly or lacks_root(options.users)) and options.root ~= "/" then make_places(options) end
  -- A root whose files belong to the users of the map; who is not root cannot show them so.
  if sys.uid() ~= 0 or not options.users or options.users == "root" then return end
  options.tree = fs.tree(options.root, { users = options.users, recursive = true, readonly = options.readonly,
    nodev = keeps_devices(options) })
end

-- Mounts files of the kernel's, of which parts are hidden before anybody could have moved the place.
local function mount_kernels(options, type, place, readonly)
  local hidden, protected
  if options.masked then hidden, protected = masks.of(place) end
  fs.mount { type = type, target = place, root = options.place, mkdir = true, readonly = readonly, nosuid = true,
    nodev = true, noexec = true, hidden = hidden, protected = protected }
end

--- Mounts all of it, in the box, before its root changes. The image may be hostile: every target is resolved inside the
--- root.
function rootfs.mount(options)
  local root = options.place
  local attributes = { recursive = true, readonly = options.readonly, nodev = keeps_devices(options) }
  if options.tree then options.tree:attach(root) else fs.bind(options.root, root, attributes) end
  mount_kernels(options, "proc", "/proc")
  -- Who has a user namespace, but the machine's network, may not mount it: what the root has of it, if any, is covered.
  if options.network == "none" or not options.users then
    mount_kernels(options, "sysfs", "/sys", true)
  else
    fs.readonly("/sys", { root = root, optional = true })
    if options.masked then masks.apply(root, "/sys") end
  end
  dev.populate(root, { shm = options.shm, terminal = options.terminal })
  for _, mount in ipairs(options.mounts) do mount_given(mount, root) end
end

return rootfs
