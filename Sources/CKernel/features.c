// What this kernel has: asked with arguments that no call can serve, so that nothing is done.
#include "CKernel.h"
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
    const char *name;
    long number;
} calls[] = {
    {"openat2", SYS_openat2},         {"fsopen", SYS_fsopen},
    {"open_tree", SYS_open_tree},     {"move_mount", SYS_move_mount},
    {"mount_setattr", 442},           {"pidfd_open", SYS_pidfd_open},
    {"close_range", SYS_close_range}, {"seccomp", SYS_seccomp},
};

int ck_has_call(const char *name) {
    for (size_t index = 0; index < sizeof calls / sizeof *calls; index++) {
        if (strcmp(calls[index].name, name) != 0)
            continue;
        return syscall(calls[index].number, -1L, 0L, 0L, 0L, 0L, 0L) >= 0 || errno != ENOSYS;
    }
    return 0;
}
