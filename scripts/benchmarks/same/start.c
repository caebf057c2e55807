// How a copy of the process is made and waited for.
#include "calls.h"
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

static int stop = -1, self = -1;

void note_signals(void) {
    struct sigaction action;
    stop = must(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
    for (int number = 1; number < NSIG; number++)
        sigaction(number, NULL, &action);
}

// Which namespaces the process starts in: as they are told of later.
void note_origin(const unsigned long kinds[], int count) {
    int process = must(syscall(SYS_pidfd_open, getpid(), 0), "pidfd");
    for (int index = 0; index < count; index++) {
        int names = must(ioctl(process, kinds[index], 0), "namespace");
        look(names);
        close(names);
    }
    close(process);
}

void heed_signals(void) {
    static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGTTOU};
    sigset_t none;
    sigemptyset(&none);
    for (int index = 0; index < 6; index++)
        signal(numbers[index], SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int wait_for(int descriptor, short events, int timeout) {
    struct pollfd both[] = {{descriptor, events, 0}, {stop, POLLIN, 0}};
    return must(poll(both, 2, timeout), "poll");
}

void make_report(int *report, int ends[2]) {
    *report = must(memfd_create("report", MFD_CLOEXEC), "memfd");
    must(lseek(*report, 0, SEEK_SET), "lseek");
    must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
}

int make_copy(uint64_t flags, int group, int *child) {
    if (self < 0)
        self = must(syscall(SYS_pidfd_open, getpid(), 0), "pidfd");
    struct clone_args arguments = {.flags = flags | CLONE_PIDFD | (group < 0 ? 0 : CLONE_INTO_CGROUP),
                                   .pidfd = (uint64_t)(uintptr_t)child,
                                   .exit_signal = SIGCHLD,
                                   .cgroup = group < 0 ? 0 : (uint64_t)group};
    int pid = must(syscall(SYS_clone3, &arguments, sizeof arguments), "clone3");
    if (pid == 0) {
        close(stop);
        stop = must(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
    }
    return pid;
}

// The child's status, when it has ended.
int take_report(int report, const int ends[2], int child) {
    char answer;
    siginfo_t ended;
    wait_for(child, POLLIN, -1);
    must(waitid((idtype_t)3, (id_t)child, &ended, WEXITED), "waitid");
    close(child);
    recv(ends[0], &answer, 1, MSG_PEEK | MSG_DONTWAIT);
    close(ends[0]);
    must(lseek(report, 0, SEEK_END), "lseek");
    close(report);
    return ended.si_status;
}
