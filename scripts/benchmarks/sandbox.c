// What a sandbox is measured against: the same isolation from C, without a check, a message or a choice. Runs PROGRAM
// in ROOT with all that stdlib/sandbox.lua does by default; FILTER ends with the filter of system calls, FIRST bytes in.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static int must(int result, const char *what) {
    if (result < 0) {
        perror(what);
        _exit(1);
    }
    return result;
}

// --- The control group: version 2 at /sys/fs/cgroup, or pids and devices of version 1 below it ---------------------

static const char *const groups[] = {"/sys/fs/cgroup/unified/bench", "/sys/fs/cgroup/pids/bench",
                                     "/sys/fs/cgroup/devices/bench"};
static const char *const devices[] = {"c *:* m",   "b *:* m",   "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm",
                                      "c 1:9 rwm", "c 5:0 rwm", "c 5:1 rwm", "c 5:2 rwm", "c 136:* rwm"};

static void put(const char *directory, const char *file, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, file);
    int descriptor = must(open(path, O_WRONLY | O_CLOEXEC), path);
    must((int)write(descriptor, text, strlen(text)), path);
    close(descriptor);
}

static void make_groups(void) {
    for (int index = 0; index < 3; index++)
        must(mkdir(groups[index], 0755), groups[index]);
    put(groups[1], "pids.max", "4096");
    put(groups[2], "devices.deny", "a");
    for (unsigned index = 0; index < sizeof devices / sizeof *devices; index++)
        put(groups[2], "devices.allow", devices[index]);
}

// --- The mounts ----------------------------------------------------------------------------------------------------

static const unsigned long plain = MS_NOSUID | MS_NODEV | MS_NOEXEC;

static void make_devices(void) {
    static const struct {
        const char *name;
        unsigned major, minor;
    } nodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
    static const char *const links[][2] = {{"/proc/self/fd", "fd"},
                                           {"/proc/self/fd/0", "stdin"},
                                           {"/proc/self/fd/1", "stdout"},
                                           {"/proc/self/fd/2", "stderr"},
                                           {"pts/ptmx", "ptmx"}};
    must(mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755,size=65536k"), "dev");
    int dev = must(open("dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "dev");
    for (int index = 0; index < 6; index++) {
        must(mknodat(dev, nodes[index].name, S_IFCHR | 0666, makedev(nodes[index].major, nodes[index].minor)), "mknod");
        must(fchmodat(dev, nodes[index].name, 0666, 0), "chmod");
    }
    for (int index = 0; index < 5; index++)
        must(symlinkat(links[index][0], dev, links[index][1]), "symlink");
    must(mkdirat(dev, "pts", 0755), "pts");
    must(mkdirat(dev, "shm", 0755), "shm");
    must(mkdirat(dev, "mqueue", 0755), "mqueue");
    must(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"), "pts");
    must(mount("shm", "dev/shm", "tmpfs", plain, "mode=1777,size=64m"), "shm");
    must(mount("mqueue", "dev/mqueue", "mqueue", plain, NULL), "mqueue");
}

static void cover(void) {
    static const char *const hidden[] = {"proc/acpi",          "proc/asound",      "proc/interrupts",
                                         "proc/kcore",         "proc/keys",        "proc/latency_stats",
                                         "proc/sched_debug",   "proc/scsi",        "proc/timer_list",
                                         "proc/timer_stats",   "sys/devices/virtual/powercap",
                                         "sys/firmware"};
    static const char *const readonly[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"};
    for (unsigned index = 0; index < sizeof hidden / sizeof *hidden; index++) {
        struct stat status;
        if (stat(hidden[index], &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode)) {
            must(mount("tmpfs", hidden[index], "tmpfs", MS_RDONLY | plain, "size=4k,mode=555,nr_inodes=1"), "hide");
        } else {
            must(mount("/dev/null", hidden[index], NULL, MS_BIND, NULL), "hide");
            must(mount(NULL, hidden[index], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC, NULL), "hide");
        }
    }
    for (unsigned index = 0; index < sizeof readonly / sizeof *readonly; index++) {
        if (access(readonly[index], F_OK) != 0)
            continue;
        must(mount(readonly[index], readonly[index], NULL, MS_BIND | MS_REC, NULL), "protect");
        must(mount(NULL, readonly[index], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | plain, NULL), "protect");
    }
}

static void enter_root(const char *root) {
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
    must(mount(root, root, NULL, MS_BIND | MS_REC, NULL), "bind");
    must(chdir(root), "chdir");
    must(mount("proc", "proc", "proc", plain, NULL), "proc");
    must(mount("sysfs", "sys", "sysfs", MS_RDONLY | plain, NULL), "sys");
    make_devices();
    cover();
    must((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
    must(umount2(".", MNT_DETACH), "umount");
    must(chdir("/"), "chdir /");
}

// --- The process ---------------------------------------------------------------------------------------------------

static void raise_loopback(void) {
    int link = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    must(ioctl(link, SIOCSIFFLAGS, &request), "lo");
    close(link);
}

static void drop(void) {
    static const int kept[] = {CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FSETID,  CAP_FOWNER,           CAP_MKNOD,
                               CAP_NET_RAW, CAP_SETGID,       CAP_SETUID,  CAP_SETFCAP,          CAP_SETPCAP,
                               CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT, CAP_KILL, CAP_AUDIT_WRITE};
    uint64_t keep = 0;
    for (unsigned index = 0; index < sizeof kept / sizeof *kept; index++)
        keep |= 1ull << kept[index];
    for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
        if (!(keep >> capability & 1))
            prctl(PR_CAPBSET_DROP, capability);
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2] = {{(uint32_t)keep, (uint32_t)keep, 0},
                                             {(uint32_t)(keep >> 32), (uint32_t)(keep >> 32), 0}};
    must((int)syscall(SYS_capset, &head, sets), "capset");
}

// The compiled filter: read while its file is in sight.
static struct sock_filter instructions[4096];
static struct sock_fprog program = {0, instructions};

static void read_filter(const char *file, long first) {
    int descriptor = must(open(file, O_RDONLY | O_CLOEXEC), file);
    ssize_t length = pread(descriptor, instructions, sizeof instructions, first);
    program.len = (unsigned short)((size_t)must((int)length, file) / sizeof *instructions);
    close(descriptor);
}

static void contain(char *words[], const int tasks[]) {
    for (int index = 0; index < 2; index++)
        must((int)write(tasks[index], "0", 1), "tasks");
    must(prctl(PR_SET_PDEATHSIG, SIGKILL), "pdeathsig");
    must(unshare(CLONE_NEWCGROUP), "unshare");
    enter_root(words[1]);
    must(sethostname("sandbox", 7), "hostname");
    raise_loopback();
    struct rlimit none = {0, 0};
    must(setrlimit(RLIMIT_CORE, &none), "core");
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
    drop();
    must((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "seccomp");
    must((int)syscall(SYS_close_range, 3, ~0u, 4), "close_range");
    char *environment[] = {"PATH=/usr/bin:/bin", "HOME=/root", NULL};
    execve(words[4], words + 4, environment);
    must(-1, "exec");
}

int main(int count, char *words[]) {
    if (count < 5)
        return 64;
    make_groups();
    read_filter(words[2], atol(words[3]));
    int tasks[2] = {open("/sys/fs/cgroup/pids/bench/tasks", O_WRONLY | O_CLOEXEC),
                    open("/sys/fs/cgroup/devices/bench/tasks", O_WRONLY | O_CLOEXEC)};
    struct clone_args arguments = {.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                                            CLONE_INTO_CGROUP,
                                   .exit_signal = SIGCHLD,
                                   .cgroup = (uint64_t)open(groups[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    must(pid, "clone3");
    if (pid == 0)
        contain(words, tasks);
    int status;
    must(waitpid(pid, &status, 0), "waitpid");
    for (int index = 0; index < 3; index++)
        must(rmdir(groups[index]), groups[index]);
    return status != 0;
}
