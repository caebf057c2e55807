// The least that a C program can do for a container: runs PROGRAM in ROOT in five namespaces, COUNT times one after
// another. Its own file is open to the container (CVE-2019-5736); same/container.c makes the calls that tupper makes.
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

static void contain(const char *root, char *const program[]) {
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
    must(mount(root, root, NULL, MS_BIND, NULL), "bind");
    must(chdir(root), "chdir");
    must(mount("proc", "proc", "proc", 0, NULL), "proc");
    must(mount("tmpfs", "dev", "tmpfs", 0, NULL), "tmpfs");
    must((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
    must(umount2(".", MNT_DETACH), "umount");
    must(chdir("/"), "chdir /");
    execve(program[0], program, environ);
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
