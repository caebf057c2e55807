// Waiting for a key: a terminal's own events beside it.
#define _GNU_SOURCE
#include "CKernel.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

// Readable once the window's size has changed, or this process was stopped and goes on.
static int window_event = -1;

static void note_window(int signal) {
    (void)signal;
    int saved = errno;
    uint64_t one = 1;
    (void)!write(window_event, &one, sizeof one);
    errno = saved;
}

int ck_watch_window(void) {
    struct sigaction action = {.sa_handler = note_window, .sa_flags = SA_RESTART};
    if (window_event >= 0)
        return 0;
    if ((window_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
        return -1;
    return sigaction(SIGWINCH, &action, NULL) < 0 ? -1 : sigaction(SIGCONT, &action, NULL);
}

int ck_wait_for_key(int keyboard, int timeout) {
    struct pollfd all[] = {
        {.fd = keyboard, .events = POLLIN},
        {.fd = ck_stop_event(), .events = POLLIN},
        {.fd = window_event, .events = POLLIN},
    };
    int ready;
    do {
        ready = poll(all, 3, timeout);
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0)
        return ready;
    // The signal of a Ctrl-C may have been handled on the way back, with what was typed after it there already.
    struct pollfd stop = {.fd = ck_stop_event(), .events = POLLIN};
    if (poll(&stop, 1, 0) > 0) {
        errno = EINTR;
        return -1;
    }
    if (all[2].revents == 0)
        return 1;
    uint64_t count;
    (void)!read(window_event, &count, sizeof count);
    return 2;
}
