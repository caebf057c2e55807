# A network and mount namespace with a run directory of its own, where runs are killed and cleaned up after.
# Sourced by bash: $tupper is the program, $repository the project; makes $name for control groups.
name=killed$$
mount -t tmpfs -o mode=755 run /run
mount -t tmpfs lab /mnt
mkdir -p /mnt/bound
ip link set lo up

# What a run could leave, as lines.
state() {
  ip -o link | cut -d: -f2
  ip -o addr
  ip route
  nft list tables
  cat /proc/sys/net/ipv4/ip_forward
  cut -d' ' -f3- /proc/self/mountinfo
  ls -d /sys/fs/cgroup/$name /sys/fs/cgroup/*/$name 2>/dev/null
  for process in /proc/[0-9]*; do
    [ "$(readlink $process/ns/net)" = "$(readlink /proc/self/ns/net)" ] && tr '\0' ' ' <$process/cmdline
  done
  return 0
}

# Cleans up, and compares with what was before: $1 says after what.
check() {
  $tupper clean >/mnt/cleaned || { echo "after $1: clean failed"; cat /mnt/cleaned; exit 1; }
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    state >/mnt/after
    cmp -s /mnt/before /mnt/after && break
    sleep 0.2
  done
  cmp -s /mnt/before /mnt/after || { echo "after $1:"; cat /mnt/cleaned; diff /mnt/before /mnt/after; exit 1; }
  [ -z "$(ls /run/tupper 2>/dev/null)" ] || { echo "after $1 a journal is left"; exit 1; }
}
