// The process comes to run its own file from a mount that refuses writing, as OwnProgram.swift has it, by the same seal.c.
#include "calls.h"
#include <CKernel.h>
#include <linux/mount.h>

static int file, old_root, pagemap, argument_count;
static char **arguments;
static uintptr_t first_break;

__attribute__((constructor)) static void keep_arguments(int count, char **words) {
    argument_count = count;
    arguments = words;
    first_break = (uintptr_t)sbrk(0);
}

char **ck_arguments(int *count) {
    *count = argument_count;
    return arguments;
}

uintptr_t ck_first_break(void) { return first_break; }

void take_hold(void) {
    char program[4096];
    struct stat status;
    struct statx mount;
    int length = must(readlink("/proc/self/exe", program, sizeof program - 1), "exe");
    program[length] = 0;
    file = must(open(program, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), program);
    must(stat("/proc/self/exe", &status), "exe");
    look(file);
    must(statx(AT_FDCWD, program, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &mount), program);
    must(statx(AT_FDCWD, "/", AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &mount), "/");
    old_root = must(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "/");
    pagemap = must(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), "pagemap");
    getpid();
}

void protect_hold(void) {
    struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
    must(syscall(SYS_mount_setattr, old_root, "", AT_EMPTY_PATH, &readonly, sizeof readonly), "mount_setattr");
    close(old_root);
}

void move_over(void) {
    getpid();
    must(ck_program_moves(file, pagemap), "PR_SET_MM_MAP");
    close(file);
    close(pagemap);
}
