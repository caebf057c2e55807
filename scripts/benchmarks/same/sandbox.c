// What a sandbox is measured against: the system calls that stdlib/sandbox.lua makes by its defaults, one for one and
// in their order, from C, without a choice or a message. Runs PROGRAM in ROOT; FILTER is a file of the cache of compiled
// filters, JOURNAL a directory. For machines where version 1 of control groups limits.
#include "calls.h"
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>

static int open_route(void) {
    int one = 1, route = must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "netlink");
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    must(setsockopt(route, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof one), "netlink");
    must(setsockopt(route, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one), "netlink");
    must(connect(route, (struct sockaddr *)&kernel, sizeof kernel), "netlink");
    return route;
}

static void ask(int route, int type, unsigned flags, int answers) {
    static char answer[32768];
    struct {
        struct nlmsghdr head;
        struct ifinfomsg link;
    } request = {{sizeof request, (uint16_t)type, NLM_F_REQUEST | NLM_F_ACK, 1, 0},
                 {.ifi_index = 1, .ifi_flags = flags, .ifi_change = flags}};
    must(send(route, &request, sizeof request, 0), "netlink");
    while (answers-- > 0)
        must(recv(route, answer, sizeof answer, 0), "netlink");
}

static void raise_loopback(void) {
    uint64_t cookie;
    socklen_t size = sizeof cookie;
    struct utsname machine;
    must(uname(&machine), "uname");
    must(sethostname("sandbox", 7), "hostname");
    must(uname(&machine), "uname");
    int route = open_route();
    ask(route, RTM_GETLINK, 0, 2);
    close(route);
    route = open_route();
    must(getsockopt(route, SOL_SOCKET, 71, &cookie, &size), "cookie");
    must(ioctl(route, 0x894C), "namespace");
    close(route);
    route = open_route();
    ask(route, RTM_NEWLINK, IFF_UP, 1);
    close(route);
}

static void drop(void) {
    static const int kept[] = {CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FSETID,  CAP_FOWNER,           CAP_MKNOD,
                               CAP_NET_RAW, CAP_SETGID,       CAP_SETUID,  CAP_SETFCAP,          CAP_SETPCAP,
                               CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT, CAP_KILL, CAP_AUDIT_WRITE};
    uint64_t keep = 0;
    for (size_t index = 0; index < sizeof kept / sizeof *kept; index++)
        keep |= 1ull << kept[index];
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2];
    must(syscall(SYS_capget, &head, sets), "capget");
    for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
        must(prctl(PR_CAPBSET_READ, capability), "bounding");
    for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
        if (!(keep >> capability & 1))
            prctl(PR_CAPBSET_DROP, capability);
    geteuid();
    for (int half = 0; half < 2; half++) {
        uint32_t bits = (uint32_t)(keep >> half * 32);
        sets[half] = (struct __user_cap_data_struct){bits, bits, 0};
    }
    must(syscall(SYS_capset, &head, sets), "capset");
}

// The compiled filter stands behind a key: its length and a checksum of eight bytes each, then the key itself.
static struct sock_fprog filter;

static void read_filter(const char *file) {
    static char content[1 << 17];
    struct utsname machine;
    uint64_t length;
    must(uname(&machine), "uname");
    geteuid();
    int descriptor = must(open(file, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC), file);
    look(descriptor);
    geteuid();
    look(descriptor);
    size_t size = (size_t)must(read(descriptor, content, sizeof content), file);
    close(descriptor);
    memcpy(&length, content, sizeof length);
    size_t start = 16 + (size_t)length;
    filter.filter = malloc(size - start);
    memcpy(filter.filter, content + start, size - start);
    filter.len = (unsigned short)((size - start) / sizeof *filter.filter);
}

static void leave_caller(void) {
    static uint64_t processors[128], all[128];
    char score[16];
    memset(all, 0xff, sizeof all);
    must(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL), "keyctl");
    must(sched_getscheduler(0), "scheduler");
    must(syscall(SYS_ioprio_set, 1, 0, 0), "ioprio");
    must(personality(0xffffffff), "personality");
    must(syscall(SYS_sched_setaffinity, 0, sizeof all, all), "affinity");
    must(syscall(SYS_sched_getaffinity, 0, sizeof processors, processors), "affinity");
    int directory = must(open("/proc", O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC), "/proc");
    struct statfs system;
    must(fstatfs(directory, &system), "/proc");
    look(directory);
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS};
    int file = must(syscall(SYS_openat2, directory, "self/oom_score_adj", &how, sizeof how), "score");
    close(directory);
    look(file);
    must(read(file, score, sizeof score), "score");
    must(read(file, score, sizeof score), "score");
    close(file);
}

static void contain(char *words[], const int tasks[2], int parent) {
    char place[4096];
    for (int index = 0; index < 2; index++)
        must(write(tasks[index], "0", 1), "tasks");
    wait_for(parent, POLLOUT, -1);
    must(send(parent, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL), "send");
    must(prctl(PR_SET_PDEATHSIG, SIGKILL), "pdeathsig");
    wait_for(parent, 0, 0);
    must(unshare(CLONE_NEWCGROUP), "unshare");
    enter_root(words[1]);
    raise_loopback();
    leave_caller();
    must(chdir("/"), "chdir");
    must(getcwd(place, sizeof place) != NULL ? 0 : -1, "getcwd");
    int stage = make_stage(words[4], filter.filter, filter.len * sizeof *filter.filter);
    struct rlimit limit;
    must(getrlimit(RLIMIT_CORE, &limit), "core");
    limit.rlim_cur = limit.rlim_max = 0;
    must(setrlimit(RLIMIT_CORE, &limit), "core");
    umask(0022);
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
    drop();
    must(syscall(SYS_close_range, 3, ~0u, 4), "close_range");
    heed_signals();
    char *environment[] = {"PATH=/usr/bin:/bin", "HOME=/root", "TERM=dumb", NULL};
    become(stage, filter.len, words + 4, environment);
}

int main(int count, char *words[]) {
    static const unsigned long origin[] = {0xff0a, 0xff02, 0xff04};
    if (count < 5)
        return 64;
    int tasks[2], ends[2], report, child;
    make_group(words[3]);
    read_filter(words[2]);
    int group = open_group(tasks);
    make_report(&report, ends);
    note_signals();
    note_origin(origin, 3);
    int pid = make_copy(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS, group, &child);
    if (pid == 0) {
        close(ends[0]);
        contain(words, tasks, ends[1]);
    }
    close(ends[1]);
    wait_for(ends[0], POLLIN, -1);
    char answer;
    must(recv(ends[0], &answer, 1, MSG_DONTWAIT), "recv");
    close(group);
    close(tasks[0]);
    close(tasks[1]);
    int status = take_report(report, ends, child);
    remove_group();
    return status != 0;
}
