// btrfs(5): what is known of subvolumes.
#define _GNU_SOURCE
#include "CKernel.h"
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

int ck_btrfs_make_writable(int subvolume) {
    uint64_t flags;
    if (ioctl(subvolume, BTRFS_IOC_SUBVOL_GETFLAGS, &flags) < 0)
        return -1;
    flags &= ~BTRFS_SUBVOL_RDONLY;
    return ioctl(subvolume, BTRFS_IOC_SUBVOL_SETFLAGS, &flags);
}

int ck_btrfs_describe(int subvolume, struct ck_subvolume *description) {
    struct btrfs_ioctl_get_subvol_info_args info = {0};
    if (ioctl(subvolume, BTRFS_IOC_GET_SUBVOL_INFO, &info) < 0)
        return -1;
    description->identifier = info.treeid;
    description->parent = info.parent_id;
    // BTRFS_ROOT_SUBVOL_RDONLY, which only the on-disk format's header has.
    description->readonly = (info.flags & 1) != 0;
    memcpy(description->uuid, info.uuid, sizeof description->uuid);
    memcpy(description->source_uuid, info.parent_uuid, sizeof description->source_uuid);
    return 0;
}

int ck_btrfs_children(int directory, uint64_t from, uint64_t *identifiers, uint64_t *directories, int room) {
    struct btrfs_ioctl_get_subvol_rootref_args found = {.min_treeid = from};
    // EOVERFLOW: there are more than fit; those that fit are here.
    if (ioctl(directory, BTRFS_IOC_GET_SUBVOL_ROOTREF, &found) < 0 && errno != EOVERFLOW)
        return -1;
    int count = found.num_items < room ? found.num_items : room;
    for (int i = 0; i < count; i++) {
        identifiers[i] = found.rootref[i].treeid;
        directories[i] = found.rootref[i].dirid;
    }
    return count;
}

int ck_btrfs_child_path(int directory, uint64_t identifier, uint64_t inode, char *path, size_t size) {
    struct btrfs_ioctl_ino_lookup_user_args found = {.dirid = inode, .treeid = identifier};
    if (ioctl(directory, BTRFS_IOC_INO_LOOKUP_USER, &found) < 0)
        return -1;
    size_t parent = strnlen(found.path, sizeof found.path), name = strnlen(found.name, sizeof found.name);
    if (parent + name + 1 > size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(path, found.path, parent);
    memcpy(path + parent, found.name, name);
    path[parent + name] = 0;
    return 0;
}
