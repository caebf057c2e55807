// Terminals: pseudo-terminals as in ioctl_tty(2), the raw mode of this process's own, and descriptors that cross
// between processes, unix(7).
#define _GNU_SOURCE
#include "CKernel.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

int ck_terminal_unlock(int master) {
    int locked = 0;
    return ioctl(master, TIOCSPTLCK, &locked);
}

int ck_terminal_peer(int master) { return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC); }

int ck_terminal_control(int terminal) {
    if (setsid() < 0 && getsid(0) != getpid())
        return -1;
    return ioctl(terminal, TIOCSCTTY, 0);
}

int ck_terminal_take(int terminal) {
    // A process in the background that sets the group is stopped by SIGTTOU unless that is blocked.
    sigset_t stops, before;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTTOU);
    sigprocmask(SIG_BLOCK, &stops, &before);
    int result = tcsetpgrp(terminal, getpgrp()), saved = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = saved;
    return result;
}

int ck_terminal_size(int terminal, unsigned short *rows, unsigned short *columns) {
    struct winsize size;
    if (ioctl(terminal, TIOCGWINSZ, &size) < 0)
        return -1;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}

int ck_terminal_resize(int terminal, unsigned short rows, unsigned short columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(terminal, TIOCSWINSZ, &size);
}

int ck_terminal_end_character(int terminal) {
    struct termios settings;
    if (tcgetattr(terminal, &settings) < 0 || !(settings.c_lflag & ICANON))
        return -1;
    return settings.c_cc[VEOF];
}

// The settings to go back to, also from a signal handler.
static struct termios settled, raw;
static int raw_terminal = -1;

// What ends a process by default and is not handled otherwise: nothing of it may leave a terminal raw.
static const int endings[] = {SIGQUIT, SIGABRT, SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,    SIGTRAP, SIGSYS,
                              SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF, SIGPWR};
#define ENDINGS (sizeof endings / sizeof *endings)
static struct sigaction earlier[ENDINGS + 3];

static void settle_and_end(int signal) {
    tcsetattr(raw_terminal, TCSANOW, &settled);
    // SA_RESETHAND and SA_NODEFER: this time it ends the process.
    raise(signal);
}

static void settle_and_stop(int signal) {
    (void)signal;
    int saved = errno;
    tcsetattr(raw_terminal, TCSANOW, &settled);
    raise(SIGSTOP);
    errno = saved;
}

static void make_raw_again(int signal) {
    (void)signal;
    int saved = errno;
    // Continued in the background the terminal is somebody else's.
    if (tcgetpgrp(raw_terminal) == getpgrp())
        tcsetattr(raw_terminal, TCSANOW, &raw);
    errno = saved;
}

int ck_terminal_make_raw(int terminal) {
    if (raw_terminal >= 0) {
        errno = EBUSY;
        return -1;
    }
    if (tcgetattr(terminal, &settled) < 0)
        return -1;
    raw = settled;
    cfmakeraw(&raw);
    struct sigaction action = {.sa_handler = settle_and_end, .sa_flags = SA_RESETHAND | SA_NODEFER};
    raw_terminal = terminal;
    for (size_t i = 0; i < ENDINGS; i++)
        sigaction(endings[i], &action, &earlier[i]);
    action = (struct sigaction){.sa_handler = settle_and_stop, .sa_flags = SA_RESTART};
    sigaction(SIGTSTP, &action, &earlier[ENDINGS]);
    action.sa_handler = make_raw_again;
    sigaction(SIGCONT, &action, &earlier[ENDINGS + 1]);
    // From the background this stops the process, as it should; later on it must not, or nothing would be settled.
    int result = tcsetattr(terminal, TCSADRAIN, &raw);
    action.sa_handler = SIG_IGN;
    sigaction(SIGTTOU, &action, &earlier[ENDINGS + 2]);
    if (result < 0)
        ck_terminal_settle();
    return result;
}

void ck_terminal_settle(void) {
    if (raw_terminal < 0)
        return;
    int saved = errno;
    tcsetattr(raw_terminal, TCSANOW, &settled);
    for (size_t i = 0; i < ENDINGS; i++)
        sigaction(endings[i], &earlier[i], NULL);
    sigaction(SIGTSTP, &earlier[ENDINGS], NULL);
    sigaction(SIGCONT, &earlier[ENDINGS + 1], NULL);
    sigaction(SIGTTOU, &earlier[ENDINGS + 2], NULL);
    raw_terminal = -1;
    errno = saved;
}

int ck_watch_size(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGWINCH);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

void ck_stop_watching_size(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGWINCH);
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

int ck_send_descriptor(int socket, int descriptor) {
    char byte = 0;
    struct iovec content = {.iov_base = &byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {
        .msg_iov = &content, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -1 : 0;
}

int ck_receive_descriptor(int socket) {
    char byte;
    struct iovec content = {.iov_base = &byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {
        .msg_iov = &content, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) < 0)
        return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header == NULL || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int))) {
        errno = EBADMSG;
        return -1;
    }
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}
