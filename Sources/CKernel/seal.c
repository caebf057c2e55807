// This program's own file, taken out of the reach of containers: prctl(2), PR_SET_MM_MAP.
//
// /proc/PID/exe leads to the file that a process runs, by way of the mount that it was started from; where that is
// writable, whoever may look at the process can write to it as soon as nobody runs it (CVE-2019-5736). So the process
// comes to run from a read-only mount of the same file instead: its code is mapped anew from there, page by page the
// same, its data too but for the pages that it has changed, and the kernel is told.
#define _GNU_SOURCE
#include "CKernel.h"
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <linux/prctl.h>
#include <unistd.h>

static const uintptr_t page_size = 4096;
static uintptr_t page_of(uintptr_t address) { return address & ~(page_size - 1); }
static uintptr_t page_after(uintptr_t address) { return page_of(address + page_size - 1); }

// Pages of a private mapping that have been written to: bits 61 to 63 of pagemap, which tell of file pages, pages in swap
// and pages that are there.
static int is_changed(uint64_t entry) { return (entry >> 62 & 3) != 0 && !(entry >> 61 & 1); }

static int copy_changed(int pagemap, uintptr_t start, uintptr_t end, char *copy) {
    uint64_t entries[256];
    const size_t most = sizeof entries / sizeof *entries;
    for (uintptr_t page = start; page < end; page += most * page_size) {
        size_t count = (end - page) / page_size, size;
        count = count > most ? most : count;
        size = count * sizeof *entries;
        if (pread(pagemap, entries, size, (off_t)(page / page_size * sizeof *entries)) != (ssize_t)size)
            return -1;
        for (size_t i = 0; i < count; i++)
            if (is_changed(entries[i]))
                memcpy(copy + (page - start) + i * page_size, (char *)page + i * page_size, page_size);
    }
    return 0;
}

static int map_plain(int file, uintptr_t start, uintptr_t end, int protection, off_t offset) {
    void *place = (void *)start;
    return mmap(place, end - start, protection, MAP_PRIVATE | MAP_FIXED, file, offset) == place ? 0 : -1;
}

// Made elsewhere and put in place in one step: what calls lead through may be in there.
static int map_changed(int file, int pagemap, uintptr_t start, uintptr_t end, int protection, off_t offset) {
    size_t length = end - start;
    if (length == 0)
        return 0;
    char *copy = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, offset);
    if (copy == MAP_FAILED)
        return -1;
    if (copy_changed(pagemap, start, end, copy) == 0 &&
        ((protection & PROT_WRITE) != 0 || mprotect(copy, length, protection) == 0) &&
        mremap(copy, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)start) != MAP_FAILED)
        return 0;
    int saved = errno;
    munmap(copy, length);
    errno = saved;
    return -1;
}

static int find_program(struct dl_phdr_info *object, size_t size, void *found) {
    (void)size;
    *(struct dl_phdr_info *)found = *object;
    // The first object is the program; libraries follow.
    return 1;
}

// Where the part of the program's data ends that is protected once it is loaded; 0 where there is none.
static uintptr_t find_protected_end(const struct dl_phdr_info *program) {
    for (int index = 0; index < program->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &program->dlpi_phdr[index];
        if (segment->p_type == PT_GNU_RELRO)
            return page_of(program->dlpi_addr + segment->p_vaddr + segment->p_memsz);
    }
    return 0;
}

// A segment, of which the part up to `protected_end` is protected where it has one: as elf(5) and ld.so(8) map it.
static int map_segment(int file, int pagemap, const ElfW(Phdr) *segment, uintptr_t base, uintptr_t protected_end) {
    uintptr_t start = page_of(base + segment->p_vaddr), end = page_after(base + segment->p_vaddr + segment->p_filesz);
    off_t offset = (off_t)page_of(segment->p_offset);
    if (!(segment->p_flags & PF_W))
        return map_plain(file, start, end, PROT_READ | (segment->p_flags & PF_X ? PROT_EXEC : 0), offset);
    uintptr_t middle = protected_end < start ? start : protected_end > end ? end : protected_end;
    if (map_changed(file, pagemap, start, middle, PROT_READ, offset) < 0)
        return -1;
    return map_changed(file, pagemap, middle, end, PROT_READ | PROT_WRITE, offset + (off_t)(middle - start));
}

static void note_places(struct prctl_mm_map *map, const struct dl_phdr_info *program) {
    int count;
    char **words = ck_arguments(&count), **variables = words + count + 1;
    for (int index = 0; index < program->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &program->dlpi_phdr[index];
        if (segment->p_type != PT_LOAD)
            continue;
        uintptr_t start = program->dlpi_addr + segment->p_vaddr;
        if (segment->p_flags & PF_X) {
            map->start_code = start;
            map->end_code = start + segment->p_filesz;
        } else if (segment->p_flags & PF_W) {
            map->start_data = start;
            map->end_data = start + segment->p_filesz;
        }
    }
    map->start_stack = (uintptr_t)(words - 1);
    map->start_brk = ck_first_break();
    map->brk = (uintptr_t)sbrk(0);
    map->arg_start = map->arg_end = (uintptr_t)(count > 0 ? words[0] : (char *)words);
    if (count > 0)
        map->arg_end = (uintptr_t)(words[count - 1] + strlen(words[count - 1]) + 1);
    map->env_start = map->env_end = map->arg_end;
    for (; *variables != NULL; variables++)
        map->env_end = (uintptr_t)(*variables + strlen(*variables) + 1);
}

int ck_program_moves(int file, int pagemap) {
    struct dl_phdr_info program = {0};
    struct prctl_mm_map map = {.exe_fd = (uint32_t)file};
    dl_iterate_phdr(find_program, &program);
    const uintptr_t protected_end = find_protected_end(&program);
    note_places(&map, &program);
    for (int index = 0; index < program.dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &program.dlpi_phdr[index];
        if (segment->p_type == PT_LOAD &&
            map_segment(file, pagemap, segment, program.dlpi_addr, protected_end) < 0)
            return -1;
    }
    return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
}
