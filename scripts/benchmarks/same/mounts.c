// The mounts of a sandbox, each to a target that is resolved inside the root, and those of a plain container.
#include "calls.h"
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

static const unsigned plain = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

static int make(const char *type, const char *const options[][2], unsigned attributes) {
    int context = must(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), type);
    for (; (*options)[0] != NULL; options++)
        must(syscall(SYS_fsconfig, context, (*options)[1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, (*options)[0],
                     (*options)[1], 0), (*options)[0]);
    must(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0), type);
    int mount = must(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes), type);
    close(context);
    return mount;
}

static int resolve(int root, const char *path, uint64_t how) {
    struct open_how options = {.flags = O_PATH | O_CLOEXEC, .resolve = how | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, root, path, &options, sizeof options);
}

static int resolve_inside(const char *root, const char *path) {
    struct open_how options = {.flags = O_PATH | O_CLOEXEC | O_DIRECTORY, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    int directory = must(syscall(SYS_openat2, AT_FDCWD, root, &options, sizeof options), root);
    int place = must(resolve(directory, path, RESOLVE_NO_SYMLINKS | RESOLVE_IN_ROOT), path);
    close(directory);
    return place;
}

static void identify(int mount) {
    struct statx status;
    must(statx(mount, "", AT_EMPTY_PATH, STATX_MNT_ID, &status), "statx");
    // STATX_MNT_ID_UNIQUE
    must(statx(mount, "", AT_EMPTY_PATH, 0x4000, &status), "statx");
}

static void move(int mount, int place) {
    must(syscall(SYS_move_mount, mount, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH), "move_mount");
}

static void attach(int mount, int place) {
    identify(mount);
    move(mount, place);
    close(mount);
    close(place);
}

static void set(int mount, const char *path, unsigned flags, uint64_t attributes, uint64_t propagation) {
    struct mount_attr change = {.attr_set = attributes, .propagation = propagation};
    must(syscall(SYS_mount_setattr, mount, path, flags, &change, sizeof change), "mount_setattr");
}

static int clone_tree(int place, const char *path, unsigned flags) {
    return must(syscall(SYS_open_tree, place, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags), "open_tree");
}

static void mount_in(int directory, const char *name, int mount) {
    int place = must(openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), name);
    move(mount, place);
    close(place);
    close(mount);
}

static void make_devices(const char *root) {
    static const struct {
        const char *name;
        unsigned major, minor;
    } nodes[] = {{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};
    static const char *const links[][2] = {{"/proc/self/fd", "fd"},
                                           {"/proc/self/fd/0", "stdin"},
                                           {"/proc/self/fd/1", "stdout"},
                                           {"/proc/self/fd/2", "stderr"},
                                           {"pts/ptmx", "ptmx"}};
    int place = resolve_inside(root, "/dev");
    look(place);
    int mount = make("tmpfs", (const char *const[][2]){{"mode", "0755"}, {"size", "65536k"}, {"source", "tmpfs"}, {NULL}},
                     MOUNT_ATTR_NOSUID);
    int dev = must(openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "dev");
    for (int index = 0; index < 6; index++) {
        must(mknodat(dev, nodes[index].name, S_IFCHR | 0666, makedev(nodes[index].major, nodes[index].minor)), "mknod");
        must(fchmodat(dev, nodes[index].name, 0666, 0), "chmod");
    }
    for (int index = 0; index < 5; index++)
        must(symlinkat(links[index][0], dev, links[index][1]), "symlink");
    must(mkdirat(dev, "pts", 0755), "pts");
    must(mkdirat(dev, "shm", 0755), "shm");
    must(mkdirat(dev, "mqueue", 0755), "mqueue");
    identify(mount);
    move(mount, place);
    close(mount);
    mount_in(dev, "pts", make("devpts", (const char *const[][2]){{"newinstance"}, {"ptmxmode", "0666"}, {"mode", "0620"},
                                                                 {"gid", "5"}, {"source", "devpts"}, {NULL}},
                              MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC));
    mount_in(dev, "shm", make("tmpfs", (const char *const[][2]){{"mode", "1777"}, {"size", "67108864"}, {"source", "shm"},
                                                                {NULL}}, plain));
    mount_in(dev, "mqueue", make("mqueue", (const char *const[][2]){{"source", "mqueue"}, {NULL}}, plain));
    close(dev);
    close(place);
}

// A place in a mount of the kernel's; -1 where this kernel has none.
static int find(int top, const char *path) {
    struct open_how options = {.flags = O_PATH | O_CLOEXEC,
                               .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_IN_ROOT};
    return (int)syscall(SYS_openat2, top, path, &options, sizeof options);
}

static void cover(int mount, int place) {
    move(mount, place);
    close(mount);
    close(place);
}

static void hide(int top, const char *path) {
    struct stat status;
    struct statfs system;
    int place = find(top, path);
    if (place < 0)
        return;
    must(fstat(place, &status), path);
    if (S_ISDIR(status.st_mode)) {
        int empty = make("tmpfs", (const char *const[][2]){{"nr_inodes", "1"}, {"size", "4k"}, {"mode", "0555"},
                                                           {"source", "tmpfs"}, {NULL}}, MOUNT_ATTR_RDONLY | plain);
        return cover(empty, place);
    }
    int null = must(open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC), "null");
    look(null);
    must(fstatfs(null, &system), "null");
    int copy = clone_tree(null, "", AT_EMPTY_PATH);
    set(copy, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0);
    close(null);
    cover(copy, place);
}

static void protect(int top, const char *path) {
    int place = find(top, path);
    if (place < 0)
        return;
    int copy = clone_tree(place, "", AT_EMPTY_PATH | AT_RECURSIVE);
    set(copy, "", AT_EMPTY_PATH | AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0);
    cover(copy, place);
}

// The mount, then what is hidden and protected in it; NULL ends a list.
static void mount_kernels(const char *root, const char *path, int mount, const char *const hidden[],
                          const char *const readonly[]) {
    look(mount);
    int top = must(openat(mount, ".", O_PATH | O_DIRECTORY | O_CLOEXEC), path);
    attach(mount, resolve_inside(root, path));
    for (; *hidden != NULL; hidden++)
        hide(top, *hidden);
    for (; *readonly != NULL; readonly++)
        protect(top, *readonly);
    close(top);
}

static void mount_proc_and_sys(const char *root) {
    static const char *const hidden_proc[] = {"acpi", "asound", "interrupts", "kcore", "keys", "latency_stats",
                                              "sched_debug", "scsi", "timer_list", "timer_stats", NULL};
    static const char *const readonly_proc[] = {"bus", "fs", "irq", "sys", "sysrq-trigger", NULL};
    static const char *const hidden_sys[] = {"devices/virtual/powercap", "firmware", NULL};
    static const char *const none[] = {NULL};
    mount_kernels(root, "/proc", make("proc", (const char *const[][2]){{"source", "proc"}, {NULL}}, plain), hidden_proc,
                  readonly_proc);
    mount_kernels(root, "/sys", make("sysfs", (const char *const[][2]){{"ro"}, {"source", "sysfs"}, {NULL}},
                                     MOUNT_ATTR_RDONLY | plain), hidden_sys, none);
}

static void change_root(const char *root) {
    take_hold();
    struct statx status;
    must(statx(AT_FDCWD, root, 0, STATX_MNT_ID, &status), root);
    must(chdir(root), "chdir");
    must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
    protect_hold();
    must(umount2(".", MNT_DETACH), "umount");
    must(chdir("/"), "chdir /");
}

void enter_plain_root(const char *root) {
    static const struct {
        const char *type, *path;
        const char *const options[3][2];
    } mounts[] = {{"proc", "proc", {{"source", "proc"}, {NULL}}},
                  {"tmpfs", "dev", {{"mode", "0755"}, {"source", "tmpfs"}, {NULL}}}};
    char target[4096];
    set(AT_FDCWD, "/", AT_RECURSIVE, 0, MS_PRIVATE);
    int tree = clone_tree(AT_FDCWD, root, 0);
    attach(tree, must(resolve(AT_FDCWD, root, RESOLVE_NO_SYMLINKS), root));
    for (int index = 0; index < 2; index++) {
        int mount = make(mounts[index].type, mounts[index].options, 0);
        snprintf(target, sizeof target, "%s/%s", root, mounts[index].path);
        attach(mount, must(resolve(AT_FDCWD, target, RESOLVE_NO_SYMLINKS), target));
    }
    change_root(root);
}

void enter_root(const char *root) {
    set(AT_FDCWD, "/", AT_RECURSIVE, 0, MS_PRIVATE);
    must(setsid(), "setsid");
    int tree = clone_tree(AT_FDCWD, root, AT_RECURSIVE);
    attach(tree, must(resolve(AT_FDCWD, root, RESOLVE_NO_SYMLINKS), root));
    mount_proc_and_sys(root);
    make_devices(root);
    change_root(root);
    int top = must(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "/");
    (void)!resolve(top, "/sys/devices/system/cpu/cpu0/thermal_throttle", RESOLVE_IN_ROOT);
    close(top);
}
