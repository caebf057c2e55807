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

// group.c
int make_group(const char *journal, int tasks[2]);
void remove_group(void);
// mounts.c
void enter_root(const char *root);
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
