// What tupper is measured against: the same system calls from C. Runs PROGRAM in ROOT in five namespaces,
// COUNT times one after another.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(int result, const char *what) {
    if (result < 0) {
        perror(what);
        _exit(1);
    }
}

// As tupper does it where OWN_FILE is set, the file that runs is kept from the container: see sandbox/own.c.
#ifdef OWN_FILE
void take_hold(void), protect_hold(void);
int make_stage(const char *program, const void *filter, size_t size);
void become(int stage, int instructions, char *const words[], char *const environment[]);
#else
static void take_hold(void) {}
static void protect_hold(void) {}
static int make_stage(const char *program, const void *filter, size_t size) {
    (void)program, (void)filter, (void)size;
    return -1;
}
static void become(int stage, int instructions, char *const words[], char *const environment[]) {
    (void)stage, (void)instructions;
    execve(words[0], words, environment);
}
#endif

static void contain(const char *root, char *const program[]) {
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
    must(mount(root, root, NULL, MS_BIND, NULL), "bind");
    must(chdir(root), "chdir");
    must(mount("proc", "proc", "proc", 0, NULL), "proc");
    must(mount("tmpfs", "dev", "tmpfs", 0, NULL), "tmpfs");
    take_hold();
    must((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
    protect_hold();
    must(umount2(".", MNT_DETACH), "umount");
    must(chdir("/"), "chdir /");
    become(make_stage(program[0], NULL, 0), 0, program, environ);
    must(-1, "exec");
}

int main(int count, char *words[]) {
    if (count < 4)
        return 64;
    for (int left = atoi(words[1]); left > 0; left--) {
        struct clone_args arguments = {
            .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS, .exit_signal = SIGCHLD};
        pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
        must(pid, "clone3");
        if (pid == 0)
            contain(words[2], words + 3);
        int status;
        must(waitpid(pid, &status, 0), "waitpid");
        if (status != 0)
            return 1;
    }
}
