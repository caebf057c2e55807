// ioctl requests with arguments that Swift cannot lay out.
#define _GNU_SOURCE
#include "CKernel.h"
#include <errno.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

static int copy_name(char *place, size_t size, const char *name) {
    if (strlen(name) >= size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(place, name);
    return 0;
}

int ck_btrfs_create(int parent, const char *name) {
    struct btrfs_ioctl_vol_args arguments = {0};
    if (copy_name(arguments.name, sizeof arguments.name, name) < 0)
        return -1;
    return ioctl(parent, BTRFS_IOC_SUBVOL_CREATE, &arguments);
}

int ck_btrfs_snapshot(int parent, const char *name, int source, uint64_t flags) {
    struct btrfs_ioctl_vol_args_v2 arguments = {.fd = source, .flags = flags};
    if (copy_name(arguments.name, sizeof arguments.name, name) < 0)
        return -1;
    return ioctl(parent, BTRFS_IOC_SNAP_CREATE_V2, &arguments);
}

int ck_btrfs_destroy(int parent, const char *name) {
    struct btrfs_ioctl_vol_args_v2 arguments = {0};
    if (copy_name(arguments.name, sizeof arguments.name, name) < 0)
        return -1;
    return ioctl(parent, BTRFS_IOC_SNAP_DESTROY_V2, &arguments);
}

int ck_clone_content(int target, int source) { return ioctl(target, FICLONE, source); }
