// The control group of a sandbox, noted in JOURNAL before it is made.
#include "calls.h"

static const char *word(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *word(const char *format, ...) {
    static char text[4][256];
    static int turn;
    va_list values;
    va_start(values, format);
    char *place = text[turn++ % 4];
    vsnprintf(place, sizeof *text, format, values);
    va_end(values);
    return place;
}

static void look_through(const char *file) {
    static char buffer[65536];
    int descriptor = must(open(file, O_RDONLY | O_CLOEXEC), file);
    look(descriptor);
    while (must(read(descriptor, buffer, sizeof buffer), file) > 0)
        ;
    close(descriptor);
}

static const char *const hierarchies[] = {"cpu", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "unified"};
enum { DEVICES = 3, PIDS = 6, UNIFIED = 7, ALL = 8 };
static const int branches[] = {UNIFIED, PIDS, DEVICES};
static int hierarchy[ALL], journal, journals;
static char group[32];

static void find_groups(void) {
    struct stat status;
    struct statfs system;
    must(stat("/sys/fs/cgroup", &status), "stat");
    must(statfs("/sys/fs/cgroup", &system), "statfs");
    look_through("/proc/self/mountinfo");
    for (int index = 0; index < ALL; index++) {
        const char *path = word("/sys/fs/cgroup/%s", hierarchies[index]);
        hierarchy[index] = must(open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY), path);
        must(fstatfs(hierarchy[index], &system), path);
    }
    for (int index = 0; index < 3; index++)
        must(faccessat(hierarchy[branches[index]], ".", W_OK, AT_EACCESS), "faccessat");
}

static void note(const char *line) { must(write(journal, line, strlen(line)), "journal"); }

static void open_journal(const char *directory) {
    journals = must(open(directory, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_DIRECTORY), directory);
    look(journals);
    geteuid();
    journal = must(openat(journals, group, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600), group);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    must(fcntl(journal, F_SETLKW, &lock), "lock");
    look(journal);
    look_through("/proc/sys/kernel/random/boot_id");
    note(word("bench 1 %d 6c0107f1-dc64-4233-b46e-29368984a1f7 \n+1 group /sys/fs/cgroup/unified/%s\n", getpid(), group));
}

static void put(int index, const char *file, const char *text) {
    const char *path = word("%s/%s", group, file);
    int descriptor = must(openat(hierarchy[index], path, O_WRONLY | O_CLOEXEC), path);
    must(write(descriptor, text, strlen(text)), path);
    close(descriptor);
}

void make_group(const char *directory) {
    static const char *const devices[] = {"c *:* m",   "b *:* m",   "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm",
                                          "c 1:9 rwm", "c 5:0 rwm", "c 5:1 rwm", "c 5:2 rwm", "c 136:* rwm"};
    find_groups();
    snprintf(group, sizeof group, "bench-%d", getpid());
    open_journal(directory);
    for (int index = 0; index < 3; index++) {
        struct stat status;
        int place = hierarchy[branches[index]];
        if (index > 0)
            note(word("+%d group /sys/fs/cgroup/%s/%s\n", index + 1, hierarchies[branches[index]], group));
        must(mkdirat(place, group, 0755), "mkdir");
        must(fstatat(place, group, &status, AT_SYMLINK_NOFOLLOW), "stat");
        note(word("=%d %lu\n", index + 1, (unsigned long)status.st_ino));
    }
    put(PIDS, "pids.max", "4096");
    put(DEVICES, "devices.deny", "a");
    for (size_t index = 0; index < sizeof devices / sizeof *devices; index++)
        put(DEVICES, "devices.allow", devices[index]);
}

// Returns the group's directory in version 2; `tasks` are the files that take processes in version 1.
int open_group(int tasks[2]) {
    for (int index = 0; index < 2; index++)
        tasks[index] = must(
            openat(hierarchy[branches[index + 1]], word("%s/tasks", group), O_WRONLY | O_CLOEXEC), "tasks");
    return must(openat(hierarchy[UNIFIED], word("%s/.", group), O_RDONLY | O_CLOEXEC | O_DIRECTORY), "group");
}

void remove_group(void) {
    static const int read[] = {UNIFIED, PIDS, DEVICES};
    for (int index = 0; index < 3; index++) {
        const char *file = word("%s/memory.%s", group, index == 0 ? "current" : "usage_in_bytes");
        (void)!openat(hierarchy[read[index]], file, O_RDONLY | O_CLOEXEC);
    }
    for (int index = 0; index < 3; index++)
        must(unlinkat(hierarchy[branches[index]], group, AT_REMOVEDIR), "rmdir");
    for (int index = 0; index < 3; index++)
        note(word("-%d\n", index + 1));
    must(unlinkat(journals, group, 0), "unlink");
    close(journal);
}

