// The process comes to run its own file from a mount that refuses writing, as OwnProgram.swift and seal.c do it.
#include "calls.h"
#include <linux/mount.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static char maps[65536];

static int read_all(const char *path) {
    int file = must(open(path, O_RDONLY | O_CLOEXEC), path), size = 0, count;
    look(file);
    while ((count = must(read(file, maps + size, sizeof maps - 1 - (size_t)size), path)) > 0)
        size += count;
    close(file);
    maps[size] = 0;
    return size;
}

static void map_again(int file, int pagemap, char *start, char *end, int protection, off_t offset) {
    static uint64_t entries[4096];
    size_t length = (size_t)(end - start), count = length / 4096;
    if (pagemap < 0) {
        must(mmap(start, length, protection, MAP_PRIVATE | MAP_FIXED, file, offset) == start ? 0 : -1, "mmap");
        return;
    }
    char *copy = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, offset);
    must(copy == MAP_FAILED ? -1 : 0, "mmap");
    must(pread(pagemap, entries, count * 8, (off_t)((uintptr_t)start / 4096 * 8)), "pagemap");
    for (size_t page = 0; page < count; page++)
        if ((entries[page] >> 62 & 3) != 0 && !(entries[page] >> 61 & 1))
            memcpy(copy + page * 4096, start + page * 4096, 4096);
    must(mprotect(copy, length, protection), "mprotect");
    must(mremap(copy, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, start) == start ? 0 : -1, "mremap");
}

void move_over(void) {
    char program[4096], place[64];
    struct stat status;
    struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
    int length = must(readlink("/proc/self/exe", program, sizeof program - 1), "exe");
    program[length] = 0;
    int copy = must(syscall(SYS_open_tree, AT_FDCWD, program, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), program);
    must(syscall(SYS_mount_setattr, copy, "", AT_EMPTY_PATH, &readonly, sizeof readonly), "mount_setattr");
    snprintf(place, sizeof place, "/proc/self/fd/%d", copy);
    int file = must(open(place, O_RDONLY | O_CLOEXEC), place);
    must(stat("/proc/self/exe", &status), "exe");
    look(file);
    read_all("/proc/self/maps");
    int pagemap = must(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), "pagemap");
    for (char *line = maps; *line != 0; line = strchr(line, '\n') + 1) {
        unsigned long start, end, offset, inode;
        char flags[5];
        if (sscanf(line, "%lx-%lx %4s %lx %*s %lu", &start, &end, flags, &offset, &inode) != 5 || inode != status.st_ino)
            continue;
        int protection = (flags[0] == 'r') * PROT_READ | (flags[1] == 'w') * PROT_WRITE | (flags[2] == 'x') * PROT_EXEC;
        map_again(file, flags[2] == 'x' ? -1 : pagemap, (char *)start, (char *)end, protection, (off_t)offset);
    }
    read_all("/proc/self/stat");
    uint64_t fields[52] = {0};
    char *word = strrchr(maps, ')') + 1;
    for (int number = 3; number < 52; number++) {
        while (*word == ' ')
            word++;
        fields[number] = strtoul(word, NULL, 10);
        word += strcspn(word, " ");
    }
    struct prctl_mm_map map = {
        .start_code = fields[26], .end_code = fields[27], .start_stack = fields[28], .start_data = fields[45],
        .end_data = fields[46], .start_brk = fields[47], .brk = (uint64_t)(uintptr_t)sbrk(0), .arg_start = fields[48],
        .arg_end = fields[49], .env_start = fields[50], .env_end = fields[51], .exe_fd = (uint32_t)file};
    must(prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0), "prctl");
    close(pagemap);
    close(file);
    close(copy);
}
