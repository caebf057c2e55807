// Prints which functions a program runs. Reads their addresses, one a line in hexadecimal, puts a breakpoint on each
// (ptrace(2)), and takes one away when it is met; a child meets them anew, until its exec. Prints the address and
// "children" for a function that a child ran, "start" for the others. The first argument is the address of a function
// that maps the program anew, without the breakpoints: they are put back after each of its system calls.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long functions[1 << 18], first, last, mapper;
static size_t count;
static unsigned char *text, *armed, *ran;
// Who is at it.
static pid_t mapping;

// The memory of a process, to be written past its protection.
static int memory(pid_t pid) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int descriptor = open(path, O_RDWR);
    if (descriptor < 0) {
        perror(path);
        exit(1);
    }
    return descriptor;
}

static void arm(pid_t pid) {
    int descriptor = memory(pid);
    size_t length = last - first + 1;
    if (text == NULL) {
        text = malloc(length);
        armed = malloc(length);
        ran = calloc(length, 1);
        if (pread(descriptor, text, length, (off_t)first) != (ssize_t)length)
            exit(1);
        memcpy(armed, text, length);
        for (size_t index = 0; index < count; index++)
            armed[functions[index] - first] = 0xCC;
    }
    if (pwrite(descriptor, armed, length, (off_t)first) != (ssize_t)length)
        exit(1);
    close(descriptor);
}

// Whether the process stands behind a breakpoint of ours; it then goes on from there without it.
static int met(pid_t pid, int is_child) {
    struct user_regs_struct registers;
    ptrace(PTRACE_GETREGS, pid, NULL, &registers);
    unsigned long at = registers.rip - 1;
    if (at < first || at > last || armed[at - first] != 0xCC)
        return 0;
    ran[at - first] |= is_child ? 2 : 1;
    if (at == mapper)
        mapping = pid;
    int descriptor = memory(pid);
    if (pwrite(descriptor, text + (at - first), 1, (off_t)at) != 1)
        exit(1);
    close(descriptor);
    registers.rip = at;
    ptrace(PTRACE_SETREGS, pid, NULL, &registers);
    return 1;
}

// After a system call of who maps; the last one is prctl(2).
static void mapped(pid_t pid) {
    struct user_regs_struct registers;
    ptrace(PTRACE_GETREGS, pid, NULL, &registers);
    arm(pid);
    if (registers.orig_rax == SYS_prctl && (long)registers.rax != -ENOSYS)
        mapping = 0;
}

static void follow(pid_t start) {
    int status, started = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
        if (!WIFSTOPPED(status))
            continue;
        int stop = WSTOPSIG(status), pass = 0;
        if (status >> 16 == PTRACE_EVENT_EXEC) {
            // First the program itself, then one that a child becomes.
            if (started++) {
                ptrace(PTRACE_DETACH, pid, NULL, NULL);
                continue;
            }
            arm(pid);
        } else if (stop == (SIGTRAP | 0x80)) {
            mapped(pid);
        } else if (stop == SIGSTOP && pid != start) {
            arm(pid);
        } else if (stop != SIGSTOP && status >> 16 == 0 && !(stop == SIGTRAP && met(pid, pid != start))) {
            pass = stop;
        }
        ptrace(pid == mapping ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL, (void *)(long)pass);
    }
}

int main(int length, char *words[]) {
    while (count < sizeof functions / sizeof *functions && scanf("%lx", &functions[count]) == 1) {
        if (count == 0 || functions[count] < first)
            first = functions[count];
        if (functions[count] > last)
            last = functions[count];
        count++;
    }
    if (length < 3 || count == 0)
        return 64;
    mapper = strtoul(words[1], NULL, 16);
    pid_t start = fork();
    if (start == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        execv(words[2], words + 2);
        _exit(127);
    }
    int status;
    waitpid(start, &status, 0);
    ptrace(PTRACE_SETOPTIONS, start, NULL,
           PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
    ptrace(PTRACE_CONT, start, NULL, NULL);
    follow(start);
    for (size_t index = 0; index < count; index++)
        if (ran[functions[index] - first])
            printf("%016lx %s\n", functions[index], ran[functions[index] - first] & 2 ? "children" : "start");
}
