// ioctl requests as values.
#define _GNU_SOURCE
#include "CKernel.h"
#include <linux/fs.h>

const unsigned long ck_BTRFS_IOC_SUBVOL_CREATE = BTRFS_IOC_SUBVOL_CREATE;
const unsigned long ck_BTRFS_IOC_SNAP_CREATE_V2 = BTRFS_IOC_SNAP_CREATE_V2;
const unsigned long ck_BTRFS_IOC_SNAP_DESTROY_V2 = BTRFS_IOC_SNAP_DESTROY_V2;
const unsigned long ck_BTRFS_IOC_TREE_SEARCH_V2 = BTRFS_IOC_TREE_SEARCH_V2;
const unsigned long ck_BTRFS_IOC_GET_SUBVOL_INFO = BTRFS_IOC_GET_SUBVOL_INFO;
const unsigned long ck_BTRFS_IOC_INO_LOOKUP = BTRFS_IOC_INO_LOOKUP;
const unsigned long ck_BLKFLSBUF = BLKFLSBUF;
const unsigned long ck_FICLONE = FICLONE;
