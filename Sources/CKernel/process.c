// Processes: clone3(2), pidfds, descriptors, signals.
#define _GNU_SOURCE
#include "CKernel.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Readable once a stop signal has arrived: a wait that polls it cannot miss one that comes just before.
static int stop_event = -1;
static void make_stop_event(void);

// This process, and the one that it is a copy of, for the copy to know whether that has gone: what else the two share, the
// parent's other copies may hold open after its end.
static int self = -1, parent = -1;

// Whether this process is to stay out of sight, for a container's sake.
static int hides_itself;

// clone(2), where a filter refuses clone3(2), whose argument it cannot look into. Its flags share their lowest byte with
// the signal of the child's end: a group or a time namespace cannot be asked for, and the first answer stands.
static pid_t clone_plainly(uint64_t flags, int *pidfd) {
    if ((flags & ~0xffffff00ull) != 0)
        return -1;
    return (pid_t)syscall(SYS_clone, (unsigned long)(flags | SIGCHLD), 0ul, pidfd, 0ul, 0ul);
}

pid_t ck_clone(uint64_t flags, int *pidfd, int cgroup) {
    if (self < 0)
        self = ck_pidfd_open(getpid());
    struct clone_args arguments = {
        .flags = flags | CLONE_PIDFD | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
        .pidfd = (uint64_t)(uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
        .cgroup = cgroup >= 0 ? (uint64_t)cgroup : 0,
    };
    // What /proc has of a child that is not dumpable is root's, and its maps could not be written. It is until this
    // process goes on: its own may not be read.
    int is_hidden = (flags & CLONE_NEWUSER) != 0 && !hides_itself && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1;
    if (is_hidden)
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0 && (errno == ENOSYS || errno == EPERM))
        pid = clone_plainly(arguments.flags, pidfd);
    if (is_hidden && pid != 0) {
        int saved = errno;
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        errno = saved;
    }
    // The copy has a stop event of its own, or it would take away the parent's.
    if (pid == 0 && stop_event >= 0)
        make_stop_event();
    if (pid == 0) {
        if (parent >= 0)
            close(parent);
        parent = self;
        self = -1;
    }
    return pid;
}

int ck_parent_has_ended(void) {
    struct pollfd entry = {.fd = parent, .events = POLLIN};
    return poll(&entry, 1, 0) > 0;
}

int ck_unshare(uint64_t flags) { return unshare((int)flags); }
int ck_setns(int descriptor, uint64_t flags) { return setns(descriptor, (int)flags); }

const char *ck_error_name(int number) { return strerrorname_np(number); }
const char *ck_error_text(int number) { return strerrordesc_np(number); }
const char *ck_signal_name(int number) { return sigabbrev_np(number); }

int ck_sethostname(const char *name, size_t length) { return sethostname(name, length); }
int ck_setdomainname(const char *name, size_t length) { return setdomainname(name, length); }

int ck_close_range(unsigned int first, unsigned int last, unsigned int flags) {
    return (int)syscall(SYS_close_range, first, last, flags);
}

int ck_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int ck_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int ck_channel(int *pair) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair); }

int ck_connect(int socket, const uint8_t *address, size_t length, unsigned int scope) {
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_scope_id = scope};
    if (length == 4) {
        memcpy(&four.sin_addr, address, 4);
        return connect(socket, (struct sockaddr *)&four, sizeof four);
    }
    memcpy(&six.sin6_addr, address, 16);
    return connect(socket, (struct sockaddr *)&six, sizeof six);
}

int ck_bind(int socket, const uint8_t *address, size_t length, uint16_t port) {
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (length == 4) {
        memcpy(&four.sin_addr, address, 4);
        return bind(socket, (struct sockaddr *)&four, sizeof four);
    }
    memcpy(&six.sin6_addr, address, 16);
    return bind(socket, (struct sockaddr *)&six, sizeof six);
}

ssize_t ck_send(int socket, const void *bytes, size_t count) {
    return send(socket, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
}

ssize_t ck_receive(int socket, void *bytes, size_t count) { return recv(socket, bytes, count, MSG_DONTWAIT); }

int ck_pipe(int *pair) { return pipe2(pair, O_CLOEXEC); }

int ck_lock(int descriptor, short kind, off_t byte) {
    struct flock lock = {.l_type = kind, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(descriptor, F_SETLKW, &lock);
}

int ck_lock_record(int descriptor, int wait) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, wait ? F_SETLKW : F_SETLK, &lock);
}

int ck_fcntl(int descriptor, int command, long argument) {
    return fcntl(descriptor, command, argument);
}

int ck_ioctl(int descriptor, unsigned long request, void *argument) {
    return ioctl(descriptor, request, argument);
}

int ck_ioctl_number(int descriptor, unsigned long request, unsigned long argument) {
    return ioctl(descriptor, request, argument);
}

int ck_prctl(int option, unsigned long argument) {
    if (option == PR_SET_DUMPABLE)
        hides_itself = argument == 0;
    return prctl(option, argument, 0, 0, 0);
}

int ck_setresgid(gid_t group) { return setresgid(group, group, group); }
int ck_setresuid(uid_t user) { return setresuid(user, user, user); }

char **ck_environment(void) { return environ; }

void ck_flush(void) { fflush(NULL); }

int ck_finish_output(void) {
    errno = 0;
    int failed = fflush(stdout) != 0;
    int number = failed ? errno : ferror(stdout) ? EIO : 0;
    // An earlier write may have found nobody who reads any more, which fits `... | head`.
    struct pollfd output = {.fd = STDOUT_FILENO};
    if (number == EIO && poll(&output, 1, 0) > 0 && (output.revents & POLLERR) != 0)
        return 0;
    return number == EPIPE ? 0 : number;
}

int ck_wait(int pidfd, int flags, int *code, int *signal) {
    siginfo_t info = {0};
    if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | flags) < 0)
        return -1;
    if (info.si_pid == 0)
        return 0;
    *code = info.si_code == CLD_EXITED ? info.si_status : -1;
    *signal = info.si_code == CLD_EXITED ? -1 : info.si_status;
    return 1;
}

int ck_memfd_create(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

int ck_poll(int descriptor, short events, int timeout) {
    struct pollfd both[] = {{.fd = descriptor, .events = events}, {.fd = stop_event, .events = POLLIN}};
    int ready;
    do {
        ready = poll(both, 2, timeout);
    } while (ready < 0 && errno == EINTR);
    if (ready > 0 && both[1].revents != 0) {
        errno = EINTR;
        return -1;
    }
    return ready;
}

int ck_poll_set(struct pollfd *set, unsigned int count, int timeout) {
    struct pollfd all[9];
    if (count > 8) {
        errno = EINVAL;
        return -1;
    }
    memcpy(all, set, count * sizeof *set);
    all[count] = (struct pollfd){.fd = stop_event, .events = POLLIN};
    int ready;
    do {
        ready = poll(all, count + 1, timeout);
    } while (ready < 0 && errno == EINTR);
    memcpy(set, all, count * sizeof *set);
    if (ready > 0 && all[count].revents != 0) {
        errno = EINTR;
        return -1;
    }
    return ready;
}

static void make_stop_event(void) {
    if (stop_event >= 0)
        close(stop_event);
    stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

int ck_stop_event(void) { return stop_event; }

void ck_forget_stop(void) {
    uint64_t count;
    (void)!read(stop_event, &count, sizeof count);
}

unsigned int ck_major(uint64_t device) { return major(device); }
unsigned int ck_minor(uint64_t device) { return minor(device); }
uint64_t ck_makedev(unsigned int major, unsigned int minor) { return makedev(major, minor); }

static void (*stop_arrived)(int);
static volatile sig_atomic_t typed_stop;

static void note_stop(int signal, siginfo_t *info, void *context) {
    (void)context;
    int saved = errno;
    // The terminal's line discipline sends it to the whole foreground group, anybody else to one process.
    typed_stop = signal == SIGINT && info->si_code == SI_KERNEL;
    uint64_t one = 1;
    (void)!write(stop_event, &one, sizeof one);
    stop_arrived(signal);
    errno = saved;
}

// Whatever ends a process from outside, so that what it made is released. What stands for a fault of its own is not here.
static const int stop_signals[] = {SIGINT,  SIGTERM, SIGHUP,    SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM,
                                   SIGXCPU, SIGABRT, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,  SIGSTKFLT};

// What this process found ignored when it first looked. By itself it ignores SIGPIPE, SIGXFSZ and SIGTTOU only.
static uint64_t ignored_signals;

static int was_ignored(int number) { return (ignored_signals >> (number - 1) & 1) != 0; }

void ck_on_stop_signals(void (*arrived)(int)) {
    stop_arrived = arrived;
    make_stop_event();
    ck_note_ignored_signals();
    ck_catch_stop_signals();
    // A caller may have blocked them; and where it has SIGCHLD ignored, children leave without saying how they ended.
    sigset_t stops;
    sigemptyset(&stops);
    for (size_t i = 0; i < sizeof stop_signals / sizeof *stop_signals; i++)
        sigaddset(&stops, stop_signals[i]);
    sigprocmask(SIG_UNBLOCK, &stops, NULL);
    signal(SIGCHLD, SIG_DFL);
}

void ck_catch_stop_signals(void) {
    // No SA_RESTART: a waiting system call must return EINTR for the script to be interrupted.
    struct sigaction action = {.sa_sigaction = note_stop, .sa_flags = SA_SIGINFO};
    if (stop_arrived == NULL)
        return;
    // Who starts this with one ignored, as nohup(1) does, wants it to live on.
    for (size_t i = 0; i < sizeof stop_signals / sizeof *stop_signals; i++)
        if (was_ignored(stop_signals[i]))
            signal(stop_signals[i], SIG_IGN);
        else
            sigaction(stop_signals[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    // A write beyond the limit fails with EFBIG then.
    signal(SIGXFSZ, SIG_IGN);
}

int ck_stop_was_typed(void) { return typed_stop; }

// The kernel's, not libc's, which keeps 32 and 33 to itself; a caller may have left them ignored all the same.
static int kernel_sigaction(int number, const unsigned long *new, unsigned long *old) {
    return (int)syscall(SYS_rt_sigaction, number, new, old, 8);
}

void ck_note_ignored_signals(void) {
    static int noted;
    if (noted)
        return;
    noted = 1;
    for (int number = 1; number < NSIG; number++) {
        unsigned long action[8] = {0};
        if (kernel_sigaction(number, NULL, action) == 0 && action[0] == (unsigned long)SIG_IGN)
            ignored_signals |= 1ul << (number - 1);
    }
}

void ck_heed_signals(void) {
    ck_note_ignored_signals();
    // struct kernel_sigaction, all zero: SIG_DFL.
    static const unsigned long plain[8] = {0};
    uint64_t other = ignored_signals | 1ul << (SIGPIPE - 1) | 1ul << (SIGXFSZ - 1) | 1ul << (SIGTTOU - 1);
    // From here on a stop ends this process: what would take note of it is about to go.
    for (size_t i = 0; i < sizeof stop_signals / sizeof *stop_signals; i++)
        other |= 1ul << (stop_signals[i] - 1);
    for (int number = 1; other != 0; number++, other >>= 1)
        if (other & 1)
            kernel_sigaction(number, plain, NULL);
    ck_block_signals(0);
}

void ck_reset_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &action, NULL);
    ck_heed_signals();
}

void ck_block_signals(int block) {
    sigset_t signals;
    if (block)
        sigfillset(&signals);
    else
        sigemptyset(&signals);
    sigprocmask(SIG_SETMASK, &signals, NULL);
}

int ck_enter_root(int directory) { return fchdir(directory) < 0 || chroot(".") < 0 ? -1 : 0; }
