// What a container is measured against: the system calls that container.lua makes, one for one and in their order, from
// C, without a choice or a message. Runs PROGRAM in ROOT, COUNT times one after another. Each keeps the file that runs
// out of reach in the same way, where tupper moves into memory of its own for the second and has no file from then on.
#include "calls.h"
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

static void contain(const char *root, char *const program[]) {
    char place[4096];
    must(prctl(PR_SET_PDEATHSIG, SIGKILL), "pdeathsig");
    wait_for(-1, POLLIN, 0);
    enter_plain_root(root);
    must(getcwd(place, sizeof place) != NULL ? 0 : -1, "getcwd");
    int stage = make_stage(program[0], NULL, 0);
    must(syscall(SYS_close_range, 3, ~0u, 4), "close_range");
    heed_signals();
    become(stage, 0, program, environ);
    _exit(127);
}

int main(int count, char *words[]) {
    static const unsigned long origin[] = {0xff0a, 0xff02, 0xff04};
    if (count < 4)
        return 64;
    for (int left = atoi(words[1]), first = 1; left > 0; left--, first = 0) {
        int report, ends[2], child;
        make_report(&report, ends);
        if (first) {
            note_signals();
            note_origin(origin, 3);
        }
        int pid = make_copy(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS, -1, &child);
        if (pid == 0) {
            close(ends[0]);
            contain(words[2], words + 3);
        }
        close(ends[1]);
        if (take_report(report, ends, child) != 0)
            return 1;
    }
}
