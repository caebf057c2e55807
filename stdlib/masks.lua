--- What a container must not read or change in /proc and /sys though its root user could: the same paths as
--- Docker's. Apply them after /proc and /sys were mounted, since a fresh mount stands on top; or, where somebody else
--- may write to the root meanwhile, give them to fs.mount by masks.of.
local masks = {}

--- Hidden: they tell of the machine's hardware, its kernel's memory and timers, or can be used to reach it.
masks.hidden = {
  "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
  "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
  "/sys/devices/virtual/powercap", "/sys/firmware",
}

--- Hidden too, one a processor, where the first processor has it.
masks.hidden_of_processors = { "thermal_throttle" }

--- Readable, but not to be changed.
masks.readonly = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" }

--- Hides what each processor has below `root`, or below / where none is given.
function masks.apply_of_processors(root)
  local processors = "/sys/devices/system/cpu/"
  for _, name in ipairs(masks.hidden_of_processors) do
    if fs.exists(processors .. "cpu0/" .. name, { root = root }) then
      for _, path in ipairs(fs.glob(processors .. "cpu*/" .. name, { root = root })) do
        fs.mask(path, { root = root, optional = true })
      end
    end
  end
end

-- Those that lie below a place.
local function below(place, paths)
  local found = {}
  for _, path in ipairs(paths) do
    if path:sub(1, #place + 1) == place .. "/" then found[#found + 1] = path end
  end
  return found
end

--- Hides and protects all of them below `root`, or below / where none is given; those in `place` only, as "/sys", where
--- that is given. What a kernel lacks is left out.
function masks.apply(root, place)
  for _, path in ipairs(below(place or "", masks.hidden)) do fs.mask(path, { root = root, optional = true }) end
  masks.apply_of_processors(root)
  for _, path in ipairs(below(place or "", masks.readonly)) do fs.readonly(path, { root = root, optional = true }) end
end

--- The paths in a place, as "/proc", to hide and those to protect, for the options of fs.mount that are named so.
function masks.of(place)
  local function relative(paths)
    for number, path in ipairs(paths) do paths[number] = path:sub(#place + 2) end
    return paths
  end
  return relative(below(place, masks.hidden)), relative(below(place, masks.readonly))
end

return masks
