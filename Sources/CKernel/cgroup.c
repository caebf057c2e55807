// Control groups: the device program of version 2, bpf(2).
#define _GNU_SOURCE
#include "CKernel.h"
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(int command, union bpf_attr *attributes) {
    return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

int ck_bpf_load_devices(const uint64_t *instructions, uint32_t count) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attributes.expected_attach_type = BPF_CGROUP_DEVICE;
    attributes.insns = (uint64_t)(uintptr_t)instructions;
    attributes.insn_cnt = count;
    attributes.license = (uint64_t)(uintptr_t)"";
    strncpy(attributes.prog_name, "tupper_devices", sizeof attributes.prog_name - 1);
    // EAGAIN: the verifier was interrupted by a signal.
    int descriptor;
    do {
        descriptor = bpf(BPF_PROG_LOAD, &attributes);
    } while (descriptor < 0 && errno == EAGAIN);
    return descriptor;
}

int ck_bpf_attach_devices(int group, int program, int replaced) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.target_fd = (uint32_t)group;
    attributes.attach_bpf_fd = (uint32_t)program;
    attributes.attach_type = BPF_CGROUP_DEVICE;
    attributes.attach_flags = BPF_F_ALLOW_MULTI;
    if (replaced >= 0) {
        attributes.attach_flags |= BPF_F_REPLACE;
        attributes.replace_bpf_fd = (uint32_t)replaced;
    }
    return bpf(BPF_PROG_ATTACH, &attributes);
}
