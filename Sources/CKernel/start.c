// What the runtimes below this program do before main, each with files that take longer to read than a short script
// takes to run. The linker leads their calls here (--wrap in Package.swift), in the release build.
#include "CKernel.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char **arguments;
static int argument_count;
static uintptr_t first_break;

__attribute__((constructor)) static void keep_arguments(int count, char **words) {
    argument_count = count;
    arguments = words;
    first_break = (uintptr_t)sbrk(0);
}

uintptr_t ck_first_break(void) { return first_break; }

char **ck_arguments(int *count) {
    *count = argument_count;
    return arguments;
}

// Swift's CommandLine: it would find the arguments in the stack by /proc/self/maps, and none where no /proc is in sight.
char **__wrap__swift_stdlib_getUnsafeArgvArgc(int *count);
char **__wrap__swift_stdlib_getUnsafeArgvArgc(int *count) { return ck_arguments(count); }

FILE *__real_fopen(const char *path, const char *mode) __attribute__((weak));
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode) {
    if (ck_stop_event() < 0 && strcmp(path, "/proc/self/maps") == 0) {
        errno = ENOENT;
        return NULL;
    }
    return __real_fopen(path, mode);
}

// Swift's crash handler: it would look beside this program, and above, for one that explains crashes, and run it.
char *__wrap_swift_copyAuxiliaryExecutablePath(const char *name);
char *__wrap_swift_copyAuxiliaryExecutablePath(const char *name) {
    (void)name;
    return NULL;
}

// libdispatch: it would count processors for threads, of which there is one (it comes with Foundation, not used).
long __real_sysconf(int name) __attribute__((weak));
long __wrap_sysconf(int name);
long __wrap_sysconf(int name) {
    if (name == _SC_NPROCESSORS_CONF || name == _SC_NPROCESSORS_ONLN)
        return 1;
    return __real_sysconf(name);
}
