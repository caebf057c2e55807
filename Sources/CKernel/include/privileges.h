// What a process may do: capabilities(7), limits, keyrings, CPU affinity.
#pragma once
#include <stdint.h>
#include <sys/types.h>

/// capget(2) of a process, 0 for this one, and capset(2) of this one: effective, permitted, inheritable.
int ck_capget(pid_t pid, uint64_t sets[3]);
int ck_capset(const uint64_t sets[3]);
/// prctl(2) with two arguments.
int ck_prctl_pair(int option, unsigned long first, unsigned long second);
/// prlimit(2) of this process: soft and hard; `fresh` may be NULL.
int ck_limit(int resource, const uint64_t fresh[2], uint64_t old[2]);
/// setpriority(2) and getpriority(2) of this process. The latter's result lies in `niceness`.
int ck_set_niceness(int niceness);
int ck_get_niceness(int *niceness);
/// keyctl(2), KEYCTL_JOIN_SESSION_KEYRING without a name.
int ck_new_session_keyring(void);
/// sched_getaffinity(2) and sched_setaffinity(2) of this process: a bit for each processor.
int ck_get_affinity(uint64_t *processors, size_t size);
int ck_set_affinity(const uint64_t *processors, size_t size);
/// sched(7), ioprio_set(2), personality(2): what a process has that nobody gave another.
int ck_reset_scheduling(void);
/// seccomp(2), SECCOMP_SET_MODE_FILTER: `count` instructions.
int ck_seccomp_load(const void *instructions, unsigned short count, unsigned int flags);
/// Stops a process to look at its filters; the instructions of one, up to 4096 of eight bytes, and how many: ptrace(2).
int ck_seccomp_stop(pid_t pid);
int ck_seccomp_read(pid_t pid, unsigned place, void *instructions);
/// getcwd(2) itself: glibc hides a directory that lies outside the root. The length with NUL, -1 with errno.
ssize_t ck_working_directory(char *path, size_t size);
/// landlock_create_ruleset(2) for the version, then for a ruleset; landlock_add_rule(2); landlock_restrict_self(2).
int ck_landlock_version(void);
int ck_landlock_create(uint64_t files, uint64_t ports, uint64_t scopes);
int ck_landlock_allow_path(int ruleset, int path, uint64_t rights);
int ck_landlock_allow_port(int ruleset, uint64_t port, uint64_t rights);
int ck_landlock_restrict(int ruleset);
