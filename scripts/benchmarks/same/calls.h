// What the parts share: system calls that must succeed.
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

// start.c
void note_signals(void);
void note_origin(const unsigned long kinds[], int count);
void heed_signals(void);
int wait_for(int descriptor, short events, int timeout);
int make_copy(uint64_t flags, int group, int *child);
void make_report(int *report, int ends[2]);
int take_report(int report, const int ends[2], int child);
// group.c
void make_group(const char *journal);
int open_group(int tasks[2]);
void remove_group(void);
// mounts.c
void enter_root(const char *root);
void enter_plain_root(const char *root);
// own.c
void take_hold(void);
void protect_hold(void);
int make_stage(const char *program, const void *filter, size_t size);
void become(int stage, int instructions, char *const words[], char *const environment[]);

static inline int must(long result, const char *what) {
    if (result < 0) {
        perror(what);
        _exit(1);
    }
    return (int)result;
}

static inline void look(int descriptor) {
    struct stat status;
    must(fstat(descriptor, &status), "fstat");
}
