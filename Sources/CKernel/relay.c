// What passes bytes between a process's standard files and a container, in a process of its own.
#define _GNU_SOURCE
#include "CKernel.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

// One way, from one file to another. Nothing is read before what was read is written, so that who writes too much waits.
struct way {
    int from, to;
    size_t begin, end;
    char bytes[65536];
};

static void finish(struct way *way) {
    close(way->from);
    close(way->to);
    way->from = way->to = -1;
}

// Neither call waits: poll(2) has told that there is something to be read, or room for as much as a pipe takes at once.
static void pass(struct way *way, short from, short to) {
    if (way->begin < way->end) {
        if (to == 0)
            return;
        size_t length = way->end - way->begin;
        ssize_t count = write(way->to, way->bytes + way->begin, length < PIPE_BUF ? length : PIPE_BUF);
        if (count > 0)
            way->begin += (size_t)count;
        else if (count < 0 && errno != EINTR && errno != EAGAIN)
            finish(way);
        return;
    }
    if ((to & POLLERR) != 0) {
        // Nobody reads any more.
        finish(way);
        return;
    }
    if (from == 0)
        return;
    ssize_t count = read(way->from, way->bytes, sizeof way->bytes);
    way->begin = 0;
    way->end = count > 0 ? (size_t)count : 0;
    if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN))
        finish(way);
}

// Moves a descriptor beyond the numbers that are kept at the end.
static int moved(int descriptor, int beyond) { return fcntl(descriptor, F_DUPFD, beyond); }

// Nothing else may stay open: who reads another pipe would never be told of its end. The numbers 0 to 2 stay closed.
static int keep_only(int *numbers, int count) {
    const int first = 3;
    for (int index = 0; index < count; index++)
        if ((numbers[index] = moved(numbers[index], first + count)) < 0)
            return -1;
    for (int index = 0; index < count; index++)
        if ((numbers[index] = dup2(numbers[index], first + index)) < 0)
            return -1;
    for (int number = 0; number < first; number++)
        close(number);
    return ck_close_range((unsigned)(first + count), UINT_MAX, 0);
}

void ck_relay(int line, const int *pairs, int count) {
    enum { most = 3 };
    struct way *ways = calloc(most, sizeof *ways);
    int numbers[2 * most + 1];
    if (ways == NULL || count > most)
        _exit(1);
    numbers[0] = line;
    for (int index = 0; index < 2 * count; index++)
        numbers[index + 1] = pairs[index];
    if (keep_only(numbers, 2 * count + 1) < 0)
        _exit(1);
    line = numbers[0];
    for (int index = 0; index < count; index++) {
        ways[index].from = numbers[2 * index + 1];
        ways[index].to = numbers[2 * index + 2];
    }
    // What is typed, or ends the script, must not end this before all is written. SIGPIPE is an error of the write so.
    ck_block_signals(1);
    setsid();
    prctl(PR_SET_NAME, "tupper-relay");
    for (int is_asked = 0;;) {
        struct pollfd set[2 * most + 1];
        int open = 0;
        set[0] = (struct pollfd){.fd = line, .events = POLLIN};
        int is_pending = 0;
        for (int index = 0; index < count; index++) {
            struct way *way = &ways[index];
            int is_full = way->begin < way->end;
            open += way->from >= 0;
            is_pending |= way->from >= 0 && is_full;
            set[2 * index + 1] = (struct pollfd){.fd = is_full ? -1 : way->from, .events = POLLIN};
            set[2 * index + 2] = (struct pollfd){.fd = way->to, .events = is_full ? POLLOUT : 0};
        }
        if (open == 0)
            _exit(0);
        int ready = poll(set, (nfds_t)(2 * count + 1), is_asked && !is_pending ? 0 : -1);
        if (ready < 0 && errno != EINTR)
            _exit(1);
        if (ready == 0) {
            // All that was there is written: the one who asked goes on.
            (void)!write(line, "", 1);
            is_asked = 0;
        }
        if (ready <= 0)
            continue;
        for (int index = 0; index < count; index++)
            if (ways[index].from >= 0)
                pass(&ways[index], set[2 * index + 1].revents, set[2 * index + 2].revents);
        if (set[0].revents == 0)
            continue;
        char byte;
        if (read(line, &byte, 1) == 1) {
            is_asked = 1;
            continue;
        }
        close(line);
        line = -1;
    }
}
