// What a process may do: capabilities, limits, keyrings, CPU affinity.
#define _GNU_SOURCE
#include "CKernel.h"
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int ck_capget(pid_t pid, uint64_t sets[3]) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = pid};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0)
        return -1;
    sets[0] = data[0].effective | (uint64_t)data[1].effective << 32;
    sets[1] = data[0].permitted | (uint64_t)data[1].permitted << 32;
    sets[2] = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
    return 0;
}

int ck_capset(const uint64_t sets[3]) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    for (int half = 0; half < 2; half++) {
        data[half].effective = (uint32_t)(sets[0] >> (32 * half));
        data[half].permitted = (uint32_t)(sets[1] >> (32 * half));
        data[half].inheritable = (uint32_t)(sets[2] >> (32 * half));
    }
    return (int)syscall(SYS_capset, &header, data);
}

int ck_prctl_pair(int option, unsigned long first, unsigned long second) {
    return prctl(option, first, second, 0, 0);
}

int ck_limit(int resource, const uint64_t fresh[2], uint64_t old[2]) {
    return (int)syscall(SYS_prlimit64, 0, resource, fresh, old);
}

int ck_set_niceness(int niceness) { return setpriority(PRIO_PROCESS, 0, niceness); }

int ck_get_niceness(int *niceness) {
    errno = 0;
    *niceness = getpriority(PRIO_PROCESS, 0);
    return errno == 0 ? 0 : -1;
}

int ck_new_session_keyring(void) {
    return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0) < 0 ? -1 : 0;
}

int ck_get_affinity(uint64_t *processors, size_t size) {
    return (int)syscall(SYS_sched_getaffinity, 0, size, processors);
}

int ck_set_affinity(const uint64_t *processors, size_t size) {
    return (int)syscall(SYS_sched_setaffinity, 0, size, processors);
}

int ck_reset_scheduling(void) {
    // IOPRIO_WHO_PROCESS, of this one; personality(2) tells where it is given all bits.
    const int process = 1;
    const unsigned long told = 0xffffffff;
    const struct sched_param none = {0};
    if ((sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) != SCHED_OTHER && sched_setscheduler(0, SCHED_OTHER, &none) < 0)
        return -1;
    if (syscall(SYS_ioprio_set, process, 0, 0) < 0)
        return -1;
    return personality(told) != PER_LINUX && personality(PER_LINUX) < 0 ? -1 : 0;
}

int ck_seccomp_load(const void *instructions, unsigned short count, unsigned int flags) {
    struct sock_fprog program = {.len = count, .filter = (struct sock_filter *)instructions};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

int ck_seccomp_stop(pid_t pid) {
    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0 || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
        return -1;
    return waitpid(pid, NULL, __WALL) == pid ? 0 : -1;
}

int ck_seccomp_read(pid_t pid, unsigned place, void *instructions) {
    return (int)ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)(uintptr_t)place, instructions);
}

ssize_t ck_working_directory(char *path, size_t size) { return syscall(SYS_getcwd, path, size); }

int ck_landlock_version(void) { return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1); }

int ck_landlock_create(uint64_t files, uint64_t ports, uint64_t scopes) {
    // What an older kernel does not know of must be left out, or be zero.
    uint64_t handled[] = {files, ports, scopes};
    return (int)syscall(SYS_landlock_create_ruleset, handled, sizeof handled, 0);
}

int ck_landlock_allow_path(int ruleset, int path, uint64_t rights) {
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = path};
    return (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

int ck_landlock_allow_port(int ruleset, uint64_t port, uint64_t rights) {
    // struct landlock_net_port_attr and LANDLOCK_RULE_NET_PORT of Linux 6.7.
    uint64_t rule[] = {rights, port};
    return (int)syscall(SYS_landlock_add_rule, ruleset, 2, rule, 0);
}

int ck_landlock_restrict(int ruleset) { return (int)syscall(SYS_landlock_restrict_self, ruleset, 0); }
