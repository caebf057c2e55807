// What this process has open, taken out of the reach of a program that something else starts from it, as popen(3) does,
// and given back after.
//
// Close-on-exec comes too late: while execve(2) looks for a program, and for the interpreter that its first line names,
// /proc/self/fd/N still leads to whatever is open. By way of a directory of the host that is the host's whole tree
// (CVE-2024-21626). So what a path can lead through or a program be read from is replaced by a socket before, and kept in
// a message that nobody reads: unix(7), SCM_RIGHTS.
#define _GNU_SOURCE
#include "CKernel.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

// In one message: SCM_MAX_FD is 253, but as many numbers must be free to take them back.
enum { most = 64, gap = 64 };

static int line[2] = {-1, -1};
static int *withheld;
static size_t count;

// A file that nobody can find any more, as one in memory, is no loss to anybody.
static int leads_on(const struct stat *status) {
    if (S_ISREG(status->st_mode))
        return (status->st_mode & 0111) != 0 && status->st_nlink > 0;
    return S_ISDIR(status->st_mode) || S_ISLNK(status->st_mode);
}

static int note(int number) {
    struct stat status;
    if (fstat(number, &status) < 0 || !leads_on(&status))
        return 0;
    if (count % most == 0) {
        int *more = realloc(withheld, (count + most) * sizeof *more);
        if (more == NULL)
            return -1;
        withheld = more;
    }
    withheld[count++] = number;
    return 0;
}

// Notes the descriptors beyond the standard ones; poll(2) would tell faster, but not of those made with O_PATH. The lowest
// free number is given out first: what lies beyond a wide gap is the caller's, left open by mistake, and is closed for
// good.
static int find(void) {
    int number = 3;
    for (int missing = 0; missing < gap; number++) {
        if (fcntl(number, F_GETFD) < 0) {
            missing++;
            continue;
        }
        missing = 0;
        if (note(number) < 0)
            return -1;
    }
    return ck_close_range((unsigned)number, ~0U, 0);
}

static int pass(int send, int *numbers, size_t few) {
    char byte = 0;
    struct iovec content = {.iov_base = &byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(most * sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &content, .msg_iovlen = 1, .msg_control = &control};
    message.msg_controllen = CMSG_SPACE(few * sizeof(int));
    control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    control.header.cmsg_len = CMSG_LEN(few * sizeof(int));
    if (send) {
        memcpy(CMSG_DATA(&control.header), numbers, few * sizeof(int));
        return sendmsg(line[0], &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -1 : 0;
    }
    if (recvmsg(line[1], &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) < 0 ||
        control.header.cmsg_len != CMSG_LEN(few * sizeof(int)))
        return -1;
    memcpy(numbers, CMSG_DATA(&control.header), few * sizeof(int));
    return 0;
}

static size_t part(size_t start) { return count - start > most ? most : count - start; }

int ck_withhold_files(void) {
    count = 0;
    if (find() < 0)
        return -1;
    if (count == 0)
        return 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line) < 0)
        return -1;
    for (size_t start = 0; start < count; start += most)
        if (pass(1, withheld + start, part(start)) < 0) {
            int saved = errno;
            close(line[0]);
            close(line[1]);
            count = 0;
            errno = saved;
            return -1;
        }
    // Their numbers stay taken, or what is opened meanwhile would be lost when they come back.
    for (size_t index = 0; index < count; index++)
        dup3(line[0], withheld[index], O_CLOEXEC);
    return 0;
}

void ck_return_files(void) {
    if (count == 0)
        return;
    int fresh[most];
    for (size_t start = 0; start < count; start += most) {
        if (pass(0, fresh, part(start)) < 0)
            break;
        for (size_t index = 0; index < part(start); index++) {
            dup3(fresh[index], withheld[start + index], O_CLOEXEC);
            close(fresh[index]);
        }
    }
    close(line[0]);
    close(line[1]);
    count = 0;
}
