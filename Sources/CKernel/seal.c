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

// Where the program's own data lies, which differs from the file's.
struct data {
    uintptr_t start, end;
};

static int find_data(struct dl_phdr_info *object, size_t size, void *found) {
    (void)size;
    struct data *data = found;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_W))
            continue;
        uintptr_t start = object->dlpi_addr + segment->p_vaddr, end = start + segment->p_memsz;
        data->start = data->start == 0 || start < data->start ? start : data->start;
        data->end = end > data->end ? end : data->end;
    }
    // The first object is the program; libraries follow.
    return 1;
}

void ck_program_data(uintptr_t *start, uintptr_t *end) {
    struct data data = {0};
    dl_iterate_phdr(find_data, &data);
    *start = data.start & ~(uintptr_t)4095;
    *end = data.end;
}

// Pages of a private mapping that have been written to: bits 61 to 63 of pagemap, which tell of file pages, pages in swap
// and pages that are there.
static int is_changed(uint64_t entry) { return (entry >> 62 & 3) != 0 && !(entry >> 61 & 1); }

static int copy_changed(int pagemap, uintptr_t start, uintptr_t end, char *copy) {
    uint64_t entries[256];
    for (uintptr_t page = start; page < end; page += sizeof entries / sizeof *entries * 4096) {
        size_t count = (end - page) / 4096;
        count = count > sizeof entries / sizeof *entries ? sizeof entries / sizeof *entries : count;
        if (pread(pagemap, entries, count * sizeof *entries, (off_t)(page / 4096 * sizeof *entries)) !=
            (ssize_t)(count * sizeof *entries))
            return -1;
        for (size_t i = 0; i < count; i++)
            if (is_changed(entries[i]))
                memcpy(copy + (page - start) + i * 4096, (char *)page + i * 4096, 4096);
    }
    return 0;
}

int ck_map_again(int file, int pagemap, uintptr_t start, uintptr_t end, int protection, off_t offset) {
    void *place = (void *)start;
    size_t length = end - start;
    if (pagemap < 0)
        return mmap(place, length, protection, MAP_PRIVATE | MAP_FIXED, file, offset) == place ? 0 : -1;
    // Made elsewhere and put in place in one step: what calls lead through may be in there.
    char *copy = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, offset);
    if (copy == MAP_FAILED)
        return -1;
    if (copy_changed(pagemap, start, end, copy) == 0 && mprotect(copy, length, protection) == 0 &&
        mremap(copy, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, place) != MAP_FAILED)
        return 0;
    int saved = errno;
    munmap(copy, length);
    errno = saved;
    return -1;
}

int ck_program_becomes(int file, const uint64_t *fields) {
    struct prctl_mm_map map = {
        .start_code = fields[26], .end_code = fields[27], .start_stack = fields[28], .start_data = fields[45],
        .end_data = fields[46], .start_brk = fields[47], .brk = (uint64_t)(uintptr_t)sbrk(0), .arg_start = fields[48],
        .arg_end = fields[49], .env_start = fields[50], .env_end = fields[51], .exe_fd = (uint32_t)file};
    return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
}
