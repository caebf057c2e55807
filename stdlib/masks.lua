--- What a container must not read or change in /proc and /sys though its root user could: the same paths as
--- Docker's. Apply them after /proc and /sys were mounted, since a fresh mount stands on top.
local masks = {}

--- Hidden: they tell of the machine's hardware, its kernel's memory and timers, or can be used to reach it.
masks.hidden = {
  "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
  "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
  "/sys/devices/virtual/powercap", "/sys/firmware",
}

--- Hidden too, one a processor.
masks.hidden_patterns = { "/sys/devices/system/cpu/cpu*/thermal_throttle" }

--- Readable, but not to be changed.
masks.readonly = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" }

--- Hides and protects all of them below `root`, or below / where none is given; what a kernel lacks is left out.
function masks.apply(root)
  for _, path in ipairs(masks.hidden) do fs.mask(path, { root = root, optional = true }) end
  -- The machine's own /sys, where it is in sight, has the same files and is looked up sooner than a fresh one.
  local place = root
  if fs.exists "/sys/devices/system/cpu/online" then place = nil end
  for _, pattern in ipairs(masks.hidden_patterns) do
    for _, path in ipairs(fs.glob(pattern, { root = place })) do fs.mask(path, { root = root, optional = true }) end
  end
  for _, path in ipairs(masks.readonly) do fs.readonly(path, { root = root, optional = true }) end
end

return masks
