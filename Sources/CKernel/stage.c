// The smallest programs there are: what runs in a container in this program's place, so that neither its file nor its
// memory is offered there (CVE-2019-5736).
//
// They are functions of a section of their own, which is wrapped as a program file in memory when needed. They may use
// nothing outside of that section: no libc, no constant that needs memory, no jump table.
#define _GNU_SOURCE
#include "CKernel.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

// Where the filter lies that a stage puts a program under.
#define FILTER_PLACE 0x500000

// No loop may become a call of a function of libc's either: that one lies outside. scripts/check-stage looks whether any
// call or jump of the binary leaves the section.
#if defined(__clang__)
#define PLAIN no_builtin
#else
#define PLAIN optimize("no-tree-loop-distribute-patterns")
#endif
#define STAGE __attribute__((section("tupper_stage"), used, noinline, no_stack_protector, no_sanitize("all"), PLAIN))

#if defined(__x86_64__)
#define AUDIT_ARCH_HERE AUDIT_ARCH_X86_64
#else
#define AUDIT_ARCH_HERE AUDIT_ARCH_AARCH64
#endif

STAGE static long call(long number, long a, long b, long c, long d) {
#if defined(__x86_64__)
    register long fourth __asm__("r10") = d;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
#else
#error "the system call of this architecture is missing"
#endif
}

// What is told to the maker: a kind and a number.
STAGE static void tell(int descriptor, int kind, int number) {
    int message[2];
    message[0] = kind;
    message[1] = number;
    call(SYS_write, descriptor, (long)message, sizeof message, 0);
}

// One step of a filter; a function, since a list of them would be a constant in memory.
STAGE static void step(struct sock_filter *place, int code, unsigned value, int when_true, int when_false) {
    place->code = (unsigned short)code;
    place->jt = (unsigned char)when_true;
    place->jf = (unsigned char)when_false;
    place->k = value;
}

STAGE static int allow(struct sock_filter *filter, int place, unsigned number, int last) {
    step(filter + place, BPF_JMP | BPF_JEQ | BPF_K, number, last - 1 - place, 0);
    return place + 1;
}

// Gives up what be_init does not need: it shares the container's pid namespace, and is looked at from there. CAP_KILL is
// for a main process that has become another user. No failure counts, since nothing depends on it.
STAGE static void give_up(void) {
    call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0);
    call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0);
    struct __user_cap_header_struct header;
    struct __user_cap_data_struct data[2];
    header.version = _LINUX_CAPABILITY_VERSION_3;
    header.pid = 0;
    if (call(SYS_capget, (long)&header, (long)data, 0, 0) == 0) {
        data[0].permitted &= 1U << CAP_KILL;
        data[0].effective = data[0].permitted;
        data[0].inheritable = data[1].effective = data[1].permitted = data[1].inheritable = 0;
        call(SYS_capset, (long)&header, (long)data, 0, 0);
    }
    // Its calls, and no others; of no other architecture. The last but one step refuses, the last allows.
    struct sock_filter filter[11];
    struct sock_fprog program;
    const int last = 10;
    int count = 0;
    step(filter + count++, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
    step(filter + count++, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_HERE, 0, last - 1 - 2);
    step(filter + count++, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
    count = allow(filter, count, SYS_rt_sigtimedwait, last);
    count = allow(filter, count, SYS_wait4, last);
    count = allow(filter, count, SYS_kill, last);
    count = allow(filter, count, SYS_write, last);
    count = allow(filter, count, SYS_restart_syscall, last);
    count = allow(filter, count, SYS_exit_group, last);
    step(filter + count++, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
    step(filter + count++, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    program.len = (unsigned short)count;
    program.filter = filter;
    call(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (long)&program, 0);
}

// Passes signals on to the main process, reaps whoever ends, and ends with the main process. `line` goes to the maker,
// who is told on it how the main process ended. All signals are blocked.
STAGE static void be_init(int main_process, int line) {
    // "tupper-init", without a constant elsewhere.
    unsigned long name[2];
    name[0] = 0x692d726570707574;
    name[1] = 0x74696e;
    call(SYS_prctl, PR_SET_NAME, (long)name, 0, 0);
    give_up();
    for (;;) {
        unsigned long all = ~0UL;
        int signal = (int)call(SYS_rt_sigtimedwait, (long)&all, 0, 0, sizeof all);
        if (signal > 0 && signal != SIGCHLD)
            call(SYS_kill, main_process, signal, 0, 0);
        for (;;) {
            int status;
            int pid = (int)call(SYS_wait4, -1, (long)&status, WNOHANG, 0);
            if (pid <= 0)
                break;
            if (pid != main_process)
                continue;
            int ending = status & 0x7f;
            int code = (status >> 8) & 0xff;
            tell(line, ending != 0, ending != 0 ? ending : code);
            call(SYS_exit_group, ending != 0 ? 128 + ending : code, 0, 0, 0);
        }
    }
}

STAGE static int number_in(const char *digits) {
    int number = 0;
    for (; *digits != 0; digits++)
        number = number * 10 + (*digits - '0');
    return number;
}

// Tries paths, up to an empty one behind which the program's arguments stand: why none can be run.
STAGE static int run_program(char **paths, char **environment) {
    char **arguments = paths;
    while (**arguments != 0)
        arguments++;
    arguments++;
    long error = ENOENT;
    for (char **path = paths; **path != 0; path++) {
        long result = -call(SYS_execve, (long)*path, (long)arguments, (long)environment, 0);
        // As execvpe(3) has it: what cannot be run there may be found elsewhere, and is told of if not.
        if (result == EACCES)
            error = result;
        if (result == EACCES || result == ENOENT || result == ENOTDIR)
            continue;
        return (int)result;
    }
    return (int)error;
}

// Makes a child that becomes a program, and stays outside to reap it: a container whose PID 1 has ended waits for all
// who were born in it. `words` are paths to try, an empty one, then the program's arguments. The first word says t where
// standard input becomes the controlling terminal. What went wrong is told on descriptor 3, how it ended on 4.
STAGE static void join(char **words, char **environment) {
    int report = 3, line = 4;
    unsigned long signals = ~0UL;
    call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&signals, 0, sizeof signals);
    call(SYS_fcntl, report, F_SETFD, FD_CLOEXEC, 0);
    // The child is in the container's sight from birth, and is not to be traced from there before it is the program.
    call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0);
    long child = call(SYS_clone, SIGCHLD, 0, 0, 0);
    if (child != 0) {
        tell(report, child < 0 ? 2 : 1, (int)(child < 0 ? -child : child));
        for (int open = 0; open <= report; open++)
            call(SYS_close, open, 0, 0, 0);
        if (child < 0)
            call(SYS_exit_group, 127, 0, 0, 0);
        be_init((int)child, line);
    }
    call(SYS_close, line, 0, 0, 0);
    signals = 0;
    call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&signals, 0, sizeof signals);
    call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);
    // The terminal of who joins is nothing to the program, which could type into it.
    call(SYS_setsid, 0, 0, 0, 0);
    if (words[0][0] == 't' && call(SYS_ioctl, 0, TIOCSCTTY, 0, 0) < 0) {
        tell(report, 4, ENOTTY);
        call(SYS_exit_group, 127, 0, 0, 0);
    }
    tell(report, 3, run_program(words + 1, environment));
    call(SYS_exit_group, 127, 0, 0, 0);
}

// Up to eight bytes of text, without a constant elsewhere.
STAGE static void say(unsigned long text, int length) { call(SYS_write, 2, (long)&text, length, 0); }

// "tupper: NAME: cannot be run: error 123": who started it has gone, and cannot be told otherwise.
STAGE static void complain(const char *name, unsigned long error) {
    int length = 0;
    while (name[length] != 0)
        length++;
    say(0x203a726570707574, 8);
    call(SYS_write, 2, (long)name, length, 0);
    say(0x746f6e6e6163203a, 8);
    say(0x3a6e757220656220, 8);
    say(0x20726f72726520, 7);
    say(('0' + error / 100) | ('0' + error / 10 % 10) << 8 | ('0' + error % 10) << 16 | '\n' << 24, 4);
}

// Becomes a program, under the filter of system calls that lies in memory by so many instructions as the first word says
// after x, or l where refusals are noted. This way nothing of this program's is open or in sight while the kernel looks
// for the file and its interpreter: an image could have it look below /proc/self.
STAGE static void become(char **words, char **environment) {
    struct sock_fprog program;
    program.len = (unsigned short)number_in(words[0] + 1);
    program.filter = (struct sock_filter *)FILTER_PLACE;
    long error = 0;
    if (program.len != 0)
        error = -call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, words[0][0] == 'l' ? SECCOMP_FILTER_FLAG_LOG : 0,
                      (long)&program, 0);
    if (error == 0)
        error = run_program(words + 1, environment);
    complain(words[1], (unsigned long)error);
    call(SYS_exit_group, error == ENOENT ? 127 : 126, 0, 0, 0);
}

STAGE static void run_stage(long *stack) {
    long count = stack[0];
    char **words = (char **)(stack + 1);
    char **environment = words + count + 1;
    if (words[0][0] == 'i')
        be_init(number_in(words[0] + 1), 0);
    if (words[0][0] == 'x' || words[0][0] == 'l')
        become(words, environment);
    if (words[0][0] == 't' || words[0][0] == '-')
        join(words, environment);
    call(SYS_exit_group, 126, 0, 0, 0);
}

__attribute__((naked, section("tupper_stage"), used)) static void stage_entry(void) {
#if defined(__x86_64__)
    __asm__("mov %rsp, %rdi\n and $-16, %rsp\n call run_stage\n");
#else
    __asm__("mov x0, sp\n bl run_stage\n");
#endif
}

extern const char __start_tupper_stage[], __stop_tupper_stage[];

int ck_make_stage(const char *name, const void *filter, size_t size) {
    const unsigned long base = 0x400000;
    static char zeros[4096];
    // As far into a page as its place in the file: the header stands before.
    const size_t start = 256, length = (size_t)(__stop_tupper_stage - __start_tupper_stage);
    const size_t end = (start + length + 4095) & ~(size_t)4095;
    struct {
        Elf64_Ehdr file;
        Elf64_Phdr segments[2];
    } header = {0};
    memcpy(header.file.e_ident, ELFMAG, SELFMAG);
    header.file.e_ident[EI_CLASS] = ELFCLASS64;
    header.file.e_ident[EI_DATA] = ELFDATA2LSB;
    header.file.e_ident[EI_VERSION] = EV_CURRENT;
    header.file.e_type = ET_EXEC;
#if defined(__x86_64__)
    header.file.e_machine = EM_X86_64;
#else
    header.file.e_machine = EM_AARCH64;
#endif
    header.file.e_version = EV_CURRENT;
    header.file.e_entry = base + start + (size_t)((const char *)stage_entry - __start_tupper_stage);
    header.file.e_phoff = sizeof header.file;
    header.file.e_ehsize = sizeof header.file;
    header.file.e_phentsize = sizeof *header.segments;
    header.file.e_phnum = size > 0 ? 2 : 1;
    header.segments[0] = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = start, .p_vaddr = base + start, .p_filesz = length,
        .p_memsz = length, .p_align = 4096};
    header.segments[1] = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_flags = PF_R, .p_offset = end, .p_vaddr = FILTER_PLACE, .p_filesz = size,
        .p_memsz = size, .p_align = 4096};
    // MFD_EXEC: 0x10, since Linux 6.3, where a machine may want it said.
    int file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | 0x10);
    if (file < 0 && errno == EINVAL)
        file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0)
        return -1;
    const struct iovec parts[] = {
        {&header, sizeof header}, {zeros, start - sizeof header}, {(void *)__start_tupper_stage, length},
        {zeros, size > 0 ? end - start - length : 0}, {(void *)filter, size}};
    ssize_t whole = (ssize_t)(size > 0 ? end + size : start + length);
    if (writev(file, parts, 5) != whole || fchmod(file, 0555) < 0 ||
        fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0) {
        int saved = errno;
        close(file);
        errno = saved;
        return -1;
    }
    return file;
}

int ck_run_stage(int stage, char *const words[], char *const environment[]) {
    return (int)syscall(SYS_execveat, stage, "", words, environment, AT_EMPTY_PATH);
}
