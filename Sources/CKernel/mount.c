// The mount calls that glibc 2.36 lacks or that Swift cannot call.
#define _GNU_SOURCE
#include "CKernel.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

int ck_pivot_root(const char *new_root, const char *put_old) {
    return (int)syscall(SYS_pivot_root, new_root, put_old);
}

ssize_t ck_readlink(int directory, const char *path, void *buffer, size_t size) {
    return readlinkat(directory, path, buffer, size);
}

long ck_filesystem_type(const char *path) {
    struct statfs status;
    return statfs(path, &status) < 0 ? -1 : (long)status.f_type;
}

long ck_filesystem_type_of(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) < 0 ? -1 : (long)status.f_type;
}

int ck_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    int opened;
    // EAGAIN: somebody has renamed or mounted something, anywhere on the machine, while the kernel went up by "..".
    for (int attempt = 0; attempt < 1000; attempt++) {
        opened = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
        if (opened >= 0 || errno != EAGAIN)
            break;
    }
    return opened;
}

int ck_open_tree(int directory, const char *path, unsigned int flags) {
    return (int)syscall(SYS_open_tree, directory, path, flags);
}

int ck_move_mount(int from, int to, const char *to_path, unsigned int flags) {
    return (int)syscall(SYS_move_mount, from, "", to, to_path, flags);
}

int ck_fsopen(const char *type, unsigned int flags) {
    return (int)syscall(SYS_fsopen, type, flags);
}

int ck_fsconfig(int context, unsigned int command, const char *key, const void *value, int number) {
    return (int)syscall(SYS_fsconfig, context, command, key, value, number);
}

int ck_fsmount(int context, unsigned int flags, unsigned int attributes) {
    return (int)syscall(SYS_fsmount, context, flags, attributes);
}

int ck_mount_identifier(int directory, const char *path, int flags, uint64_t *identifier, int *is_root) {
    struct statx status;
    if (statx(directory, path, flags, STATX_MNT_ID, &status) < 0)
        return -1;
    *identifier = status.stx_mnt_id;
    *is_root = (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
    return 0;
}

int ck_mount_unique_identifier(int directory, const char *path, int flags, uint64_t *identifier) {
    // STATX_MNT_ID_UNIQUE, which older headers lack.
    const unsigned int unique = 0x4000;
    struct statx status;
    if (statx(directory, path, flags, unique, &status) < 0)
        return -1;
    if ((status.stx_mask & unique) == 0) {
        errno = EINVAL;
        return -1;
    }
    *identifier = status.stx_mnt_id;
    return 0;
}

int64_t ck_birth_time(int directory, const char *path) {
    struct statx status;
    if (statx(directory, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &status) < 0)
        return -1;
    return status.stx_mask & STATX_BTIME ? status.stx_btime.tv_sec * 1000000000 + status.stx_btime.tv_nsec : 0;
}

int ck_mount_setattr(int directory, const char *path, unsigned int flags, uint64_t set,
                     uint64_t clear, uint64_t propagation) {
    struct mount_attr attributes = {.attr_set = set, .attr_clr = clear, .propagation = propagation};
    return (int)syscall(SYS_mount_setattr, directory, path, flags, &attributes, sizeof attributes);
}

int ck_mount_map_users(int mount, unsigned int flags, int user_namespace) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)user_namespace};
    return (int)syscall(SYS_mount_setattr, mount, "", flags | AT_EMPTY_PATH, &attributes, sizeof attributes);
}
