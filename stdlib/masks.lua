--- What a container must not read or change in /proc and /sys though its root user could: the same paths as
--- Docker's. Apply them after /proc and /sys were mounted, since a fresh mount stands on top.
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

--- Hides and protects all of them below `root`, or below / where none is given; what a kernel lacks is left out.
function masks.apply(root)
  for _, path in ipairs(masks.hidden) do fs.mask(path, { root = root, optional = true }) end
  local processors = "/sys/devices/system/cpu/"
  for _, name in ipairs(masks.hidden_of_processors) do
    if fs.exists(processors .. "cpu0/" .. name, { root = root }) then
      for _, path in ipairs(fs.glob(processors .. "cpu*/" .. name, { root = root })) do
        fs.mask(path, { root = root, optional = true })
      end
    end
  end
  for _, path in ipairs(masks.readonly) do fs.readonly(path, { root = root, optional = true }) end
end

return masks
