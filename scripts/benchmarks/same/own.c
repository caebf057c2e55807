// The file that runs is kept from the container, as OwnProgram.swift and Program.swift have it: by the same stage.c.
#include "calls.h"
#include <CKernel.h>
#include <linux/mount.h>
#include <linux/openat2.h>

static int file, old_root, pagemap;

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
}

void protect_hold(void) {
    struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
    must(syscall(SYS_mount_setattr, old_root, "", AT_EMPTY_PATH, &readonly, sizeof readonly), "mount_setattr");
    close(old_root);
}

int make_stage(const char *program, const void *filter, size_t size) {
    char content[1024];
    struct stat status;
    struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};
    must(access(program, X_OK), program);
    must(stat(program, &status), program);
    int descriptor = must(syscall(SYS_openat2, AT_FDCWD, program, &how, sizeof how), program);
    must(read(descriptor, content, sizeof content), program);
    close(descriptor);
    return must(ck_make_stage("stage", filter, size), "stage");
}

void become(int stage, int instructions, char *const words[], char *const environment[]) {
    char mode[16];
    char *all[16] = {mode, words[0], "", words[0]};
    snprintf(mode, sizeof mode, "x%d", instructions);
    for (int index = 1; index < 12 && words[index] != NULL; index++)
        all[3 + index] = words[index];
    must(ck_run_stage(stage, all, environment), "stage");
}
