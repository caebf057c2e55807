// Becoming a program: directly, or by way of a stage where this process has left its host.
#define _GNU_SOURCE
#include "CKernel.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Whether a name is not looked for in directories.
static int is_path(const char *name) { return strchr(name, '/') != NULL || name[0] == 0; }

// The directories that a program is looked for in: of the environment that it is given, else of this process's own.
static const char *search_path(char *const environment[]) {
    for (; *environment != NULL; environment++)
        if (strncmp(*environment, "PATH=", 5) == 0)
            return *environment + 5;
    const char *own = getenv("PATH");
    return own != NULL ? own : "/bin:/usr/bin";
}

// The next place of a program, which is cut where it is too long; NULL after the last.
static const char *next_place(const char **path, const char *name, char place[PATH_MAX]) {
    if (**path == 0)
        return NULL;
    size_t length = strcspn(*path, ":");
    // An empty one is the working directory.
    snprintf(place, PATH_MAX, "%.*s/%s", length > 0 ? (int)length : 1, length > 0 ? *path : ".", name);
    *path += length + ((*path)[length] == ':');
    return place;
}

int ck_has_program(char *const words[], char *const environment[]) {
    char place[PATH_MAX];
    if (is_path(words[0]))
        return access(words[0], F_OK) == 0 || errno != ENOENT;
    for (const char *path = search_path(environment); next_place(&path, words[0], place) != NULL;)
        if (access(place, F_OK) == 0 || errno == EACCES)
            return 1;
    return 0;
}

// Whether a shell may be given it: no program of another architecture, and no NUL in its first line, as bash has it.
static int is_text(const char *content, size_t size) {
    if (size >= SELFMAG && memcmp(content, ELFMAG, SELFMAG) == 0)
        return 0;
    const char *end = memchr(content, '\n', size);
    return memchr(content, 0, end != NULL ? (size_t)(end - content) : size) == NULL;
}

// What a program is told that it is called, where that is not how it is looked for.
static char *shown;

void ck_show_program_as(const char *name) {
    free(shown);
    shown = strdup(name);
}

static void run_shown(const char *place, char *const words[], char *const environment[]) {
    char **first = (char **)words, *looked_for = words[0];
    if (shown != NULL)
        *first = shown;
    execve(place, words, environment);
    *first = looked_for;
}

// What the kernel does not know as a program is a script of sh's, as execvp(3) has it, but only where it is text.
static void run_place(const char *place, char *const words[], char *const environment[]) {
    char content[1024];
    run_shown(place, words, environment);
    if (errno != ENOEXEC)
        return;
    int file = open(place, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t size = file < 0 ? -1 : read(file, content, sizeof content);
    if (file >= 0)
        close(file);
    size_t count = 0;
    while (words[count] != NULL)
        count++;
    const char **all = size >= 0 && is_text(content, (size_t)size) ? malloc((count + 3) * sizeof *all) : NULL;
    if (all != NULL) {
        all[0] = "/bin/sh";
        all[1] = place;
        // The last is the end, also of a list without a single word.
        all[2] = NULL;
        if (count > 0)
            memcpy(all + 2, words + 1, count * sizeof *all);
        execve(all[0], (char *const *)all, environment);
        free(all);
    }
    errno = ENOEXEC;
}

int ck_become_program(char *const words[], char *const environment[]) {
    char place[PATH_MAX];
    int error = ENOENT;
    if (is_path(words[0])) {
        run_place(words[0], words, environment);
        return errno;
    }
    for (const char *path = search_path(environment); next_place(&path, words[0], place) != NULL;) {
        run_place(place, words, environment);
        // What may not be run there may be found elsewhere, and is told of if not.
        if (errno == EACCES)
            error = EACCES;
        else if (errno != ENOENT && errno != ENOTDIR)
            return errno;
    }
    return error;
}

// MARK: By way of a stage

// Where the program is that is to be run, and whether a shell has to: it is text, and does not begin with `#!`.
static char chosen[PATH_MAX];
static int wants_shell;

// A link of procfs could lead to what only this process has in sight.
static int open_plainly(const char *path, int flags) {
    struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

// Whether a file is there that the kernel needs to run another.
static int check_interpreter(char *name, size_t length) {
    name[length] = 0;
    int file = open_plainly(name, O_PATH);
    if (file < 0)
        return errno;
    close(file);
    return access(name, X_OK) == 0 ? 0 : errno;
}

static int check_script(char *start, char *end) {
    while (start < end && (*start == ' ' || *start == '\t'))
        start++;
    size_t length = 0;
    while (start + length < end && strchr(" \t\n", start[length]) == NULL)
        length++;
    // A longer name is for the kernel to refuse.
    return length == 0 || start + length == end ? 0 : check_interpreter(start, length);
}

static int check_elf(char *content, size_t size) {
    Elf64_Ehdr file;
    Elf64_Phdr segment;
    memcpy(&file, content, sizeof file);
    if (file.e_ident[EI_CLASS] != ELFCLASS64 || file.e_phentsize != sizeof segment)
        return 0;
    for (size_t index = 0; index < file.e_phnum; index++) {
        size_t place = file.e_phoff + index * sizeof segment;
        if (place > size - sizeof segment)
            return 0;
        memcpy(&segment, content + place, sizeof segment);
        if (segment.p_type == PT_INTERP && segment.p_offset < size && segment.p_filesz < size - segment.p_offset)
            return check_interpreter(content + segment.p_offset, segment.p_filesz);
    }
    return 0;
}

// What will keep a file from being run, as far as that can be told without trying: an error's number, else 0.
static int check_place(const char *place) {
    static char content[1024];
    struct stat status;
    wants_shell = 0;
    if (access(place, X_OK) < 0 || stat(place, &status) < 0)
        return errno;
    if (!S_ISREG(status.st_mode))
        return EACCES;
    int file = open_plainly(place, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    // Who may run it need not be who may read it.
    if (file < 0)
        return errno == EACCES ? 0 : errno;
    ssize_t size = read(file, content, sizeof content);
    close(file);
    if (size >= (ssize_t)sizeof(Elf64_Ehdr) && memcmp(content, ELFMAG, SELFMAG) == 0)
        return check_elf(content, (size_t)size);
    if (size >= 2 && memcmp(content, "#!", 2) == 0)
        return check_script(content + 2, content + size);
    wants_shell = size >= 0 && is_text(content, (size_t)size);
    return 0;
}

int ck_check_program(char *const words[], char *const environment[]) {
    int error = ENOENT;
    if (is_path(words[0])) {
        snprintf(chosen, sizeof chosen, "%s", words[0]);
        return strlen(words[0]) < sizeof chosen ? check_place(chosen) : ENAMETOOLONG;
    }
    for (const char *path = search_path(environment); next_place(&path, words[0], chosen) != NULL;) {
        int found = check_place(chosen);
        if (found == EACCES)
            error = EACCES;
        else if (found != ENOENT && found != ENOTDIR)
            return found;
    }
    return error;
}

int ck_become_staged(int stage, int is_logged, int instructions, char *const words[], char *const environment[]) {
    char mode[16];
    snprintf(mode, sizeof mode, "%c%d", is_logged ? 'l' : 'x', instructions);
    size_t count = 0;
    while (words[count] != NULL)
        count++;
    const char **all = malloc((count + 6) * sizeof *all), **next = all;
    if (all == NULL)
        return ENOMEM;
    *next++ = mode;
    *next++ = wants_shell ? "/bin/sh" : chosen;
    *next++ = "";
    // As execvp(3) has it.
    *next++ = wants_shell ? "/bin/sh" : shown != NULL ? shown : words[0];
    if (wants_shell)
        *next++ = chosen;
    memcpy(next, words + 1, count * sizeof *next);
    ck_run_stage(stage, (char *const *)all, environment);
    free(all);
    return errno;
}
