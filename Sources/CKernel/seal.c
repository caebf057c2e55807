// This program's own file, taken out of the reach of containers: prctl(2), PR_SET_MM_MAP.
//
// /proc/PID/exe leads to the file that a process runs, by way of the mount that it was started from; where that is
// writable, whoever may look at the process can write to it as soon as nobody runs it (CVE-2019-5736). So the process
// comes to run from a read-only mount of the same file instead: its code is mapped anew from there, page by page the
// same, its data is copied, and the kernel is told.
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

int ck_map_again(int file, uintptr_t start, uintptr_t end, int protection, off_t offset) {
    void *place = (void *)start;
    return mmap(place, end - start, protection, MAP_PRIVATE | MAP_FIXED, file, offset) == place ? 0 : -1;
}

int ck_copy_in_place(uintptr_t start, uintptr_t end, int protection) {
    size_t length = end - start;
    void *copy = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED)
        return -1;
    memcpy(copy, (void *)start, length);
    if (mprotect(copy, length, protection) == 0 &&
        mremap(copy, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)start) != MAP_FAILED)
        return 0;
    int saved = errno;
    munmap(copy, length);
    errno = saved;
    return -1;
}

int ck_program_becomes(int file, const uint64_t *places) {
    struct prctl_mm_map map = {
        .start_code = places[0], .end_code = places[1], .start_stack = places[2], .start_data = places[3],
        .end_data = places[4], .start_brk = places[5], .brk = (uint64_t)(uintptr_t)sbrk(0), .arg_start = places[6],
        .arg_end = places[7], .env_start = places[8], .env_end = places[9], .exe_fd = (uint32_t)file};
    return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
}
