// File calls that are GNU-only, or that glibc 2.36 lacks.
#define _GNU_SOURCE
#include "CKernel.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

ssize_t ck_getdents(int directory, void *buffer, size_t size) { return getdents64(directory, buffer, size); }

int ck_rename(int from, const char *old_name, int to, const char *new_name, int replace) {
    return renameat2(from, old_name, to, new_name, replace ? 0 : RENAME_NOREPLACE);
}

ssize_t ck_copy_range(int from, int to, size_t count) {
    return copy_file_range(from, NULL, to, NULL, count, 0);
}

off_t ck_seek_data(int descriptor, off_t from) { return lseek(descriptor, from, SEEK_DATA); }
off_t ck_seek_hole(int descriptor, off_t from) { return lseek(descriptor, from, SEEK_HOLE); }

int ck_chmod_descriptor(int descriptor, mode_t mode) {
    // fchmodat2(2), Linux 6.6: the only call that takes an O_PATH descriptor.
    int result = (int)syscall(452, descriptor, "", mode, AT_EMPTY_PATH);
    if (result == 0 || errno != ENOSYS)
        return result;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return chmod(path, mode);
}

ssize_t ck_list_attributes(int descriptor, void *names, size_t size) {
    return flistxattr(descriptor, names, size);
}

ssize_t ck_get_attribute(int descriptor, const char *name, void *value, size_t size) {
    return fgetxattr(descriptor, name, value, size);
}

int ck_set_attribute(int descriptor, const char *name, const void *value, size_t size) {
    return fsetxattr(descriptor, name, value, size, 0);
}
