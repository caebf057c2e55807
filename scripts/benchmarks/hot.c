// Runs a program step by step (ptrace(2), PTRACE_SINGLESTEP), children until their exec too, and prints the address of
// every instruction between FIRST and LAST that ran: "children" for those that a child ran, "start" for the others.
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char *words[]) {
    if (count < 4)
        return 64;
    unsigned long first = strtoul(words[1], NULL, 16), last = strtoul(words[2], NULL, 16);
    unsigned char *ran = calloc(last - first, 1);
    pid_t start = fork();
    if (start == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        execv(words[3], words + 3);
        _exit(127);
    }
    int status;
    waitpid(start, &status, 0);
    ptrace(PTRACE_SETOPTIONS, start, NULL,
           PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
    ptrace(PTRACE_CONT, start, NULL, NULL);
    int running = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
        if (!WIFSTOPPED(status))
            continue;
        int stop = WSTOPSIG(status), pass = 0;
        if (status >> 16 == PTRACE_EVENT_EXEC) {
            ptrace(running++ ? PTRACE_DETACH : PTRACE_SINGLESTEP, pid, NULL, NULL);
            continue;
        }
        if (stop == SIGTRAP || stop == SIGSTOP) {
            unsigned long at =
                (unsigned long)ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user_regs_struct, rip), NULL);
            if (at >= first && at < last)
                ran[at - first] |= pid == start ? 1 : 2;
        } else {
            pass = stop;
        }
        ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *)(long)pass);
    }
    for (unsigned long at = first; at < last; at++)
        if (ran[at - first])
            printf("%016lx %s\n", at, ran[at - first] & 2 ? "children" : "start");
}
