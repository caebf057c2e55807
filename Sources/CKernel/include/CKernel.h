// What Swift cannot express: raw system calls that glibc does not wrap, variadic functions and
// the numbers of ioctls. No policy, no allocation.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <poll.h>
#include <linux/btrfs.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/loop.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include "privileges.h"

/// clone3(2) without a new stack: fork(2) with namespaces. Returns the pid in the parent, 0 in the
/// child, -1 with errno. `pidfd` receives a descriptor of the child in the parent. The child is born in the group
/// of version 2 whose directory `cgroup` is; -1 for this process's.
pid_t ck_clone(uint64_t flags, int *pidfd, int cgroup);
/// Whether the process that made this one by that has ended; in whichever pid namespace it was.
int ck_parent_has_ended(void);

/// unshare(2) and setns(2), which Glibc's module hides behind _GNU_SOURCE.
int ck_unshare(uint64_t flags);
int ck_setns(int descriptor, uint64_t flags);
/// strerrorname_np(3) and strerrordesc_np(3): NULL for an unknown number.
const char *ck_error_name(int number);
const char *ck_error_text(int number);
/// sigabbrev_np(3): NULL for an unknown number.
const char *ck_signal_name(int number);
/// sethostname(2) and setdomainname(2).
int ck_sethostname(const char *name, size_t length);
int ck_setdomainname(const char *name, size_t length);

/// pivot_root(2), which glibc does not wrap.
int ck_pivot_root(const char *new_root, const char *put_old);

/// readlink(2) into bytes.
ssize_t ck_readlink(int directory, const char *path, void *buffer, size_t size);

/// statfs(2): the filesystem's magic number, as in linux/magic.h.
long ck_filesystem_type(const char *path);
long ck_filesystem_type_of(int descriptor);

/// statx(2): when a file, not a link's target, was made, in nanoseconds; 0 where the filesystem does not tell, -1 with
/// errno.
int64_t ck_birth_time(int directory, const char *path);

/// openat2(2).
int ck_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

/// The mount API by descriptors: open_tree(2), move_mount(2), fsopen(2), fsconfig(2), fsmount(2),
/// mount_setattr(2).
int ck_open_tree(int directory, const char *path, unsigned int flags);
int ck_move_mount(int from, int to, const char *to_path, unsigned int flags);
int ck_fsopen(const char *type, unsigned int flags);
int ck_fsconfig(int context, unsigned int command, const char *key, const void *value, int number);
int ck_fsmount(int context, unsigned int flags, unsigned int attributes);
/// statx(2) for STATX_MNT_ID: which mount a path lies on, and whether it is that mount's root.
int ck_mount_identifier(int directory, const char *path, int flags, uint64_t *identifier, int *is_root);
/// The same for STATX_MNT_ID_UNIQUE, which no later mount has again; -1 and EINVAL before Linux 6.8.
int ck_mount_unique_identifier(int directory, const char *path, int flags, uint64_t *identifier);
int ck_mount_setattr(int directory, const char *path, unsigned int flags, uint64_t set,
                     uint64_t clear, uint64_t propagation);
/// mount_setattr(2) with MOUNT_ATTR_IDMAP: users show as `user_namespace` maps them.
int ck_mount_map_users(int mount, unsigned int flags, int user_namespace);

/// Takes the files out of reach that a path could lead through or a program be read from, until they are given back: by
/// way of /proc/self/fd they are in reach of what the kernel is asked to run.
int ck_withhold_files(void);
void ck_return_files(void);

/// As execvpe(3), but by the PATH of the environment that is given where it has one: an error's number. Whether there is
/// such a program; what cannot be seen may be there.
int ck_become_program(char *const words[], char *const environment[]);
int ck_has_program(char *const words[], char *const environment[]);
/// What programs that this process becomes are told that they are called, rather than the first of their words.
void ck_show_program_as(const char *name);

/// What will keep a program from being run, as far as can be told before: an error's number, 0 for nothing. The one that was
/// checked last run by a stage, under the filter of so many instructions that it holds: an error's number.
int ck_check_program(char *const words[], char *const environment[]);
int ck_become_staged(int stage, int is_logged, int instructions, char *const words[], char *const environment[]);
/// The arguments of main, which Swift sees as text only.
char **ck_arguments(int *count);
/// Where the heap of brk(2) ended before main.
uintptr_t ck_first_break(void);
/// The environment, which Swift sees as unsafe global state.
char **ck_environment(void);
/// fflush(3) of everything: before a copy of the process is made, or it would print twice.
void ck_flush(void);
/// fflush(3) of standard output; the error of that or of an earlier write, 0 for none or where nobody reads any more.
int ck_finish_output(void);
/// A child's end by waitid(2) on its pidfd: fills `code` and `signal` (-1 where it is the other kind).
/// `flags` as of waitid; returns 1 when it ended, 0 while it runs (WNOHANG), -1 with errno.
int ck_wait(int pidfd, int flags, int *code, int *signal);
/// poll(2) of one descriptor (-1 for none): 1 ready, 0 timed out, -1 with errno. Milliseconds, -1 for ever.
/// EINTR once a stop signal has arrived, also one that came just before; any other signal is waited out.
int ck_poll(int descriptor, short events, int timeout);

/// memfd_create(2), close-on-exec.
int ck_memfd_create(const char *name);

/// close_range(2): closes (`flags` 0) or marks close-on-exec (`CLOSE_RANGE_CLOEXEC`).
int ck_close_range(unsigned int first, unsigned int last, unsigned int flags);

/// pidfd_open(2) and pidfd_send_signal(2).
int ck_pidfd_open(pid_t pid);
int ck_pidfd_send_signal(int pidfd, int signal);

/// A pair of connected SOCK_SEQPACKET sockets, close-on-exec; send(2) and recv(2) of one packet.
int ck_channel(int *pair);
ssize_t ck_send(int socket, const void *bytes, size_t count);
ssize_t ck_receive(int socket, void *bytes, size_t count);
/// A pipe, close-on-exec.
int ck_pipe(int *pair);

/// fcntl(2), ioctl(2) and prctl(2) are variadic, which Swift cannot call.
int ck_fcntl(int descriptor, int command, long argument);
/// F_SETLKW of one byte of a file: F_WRLCK or F_UNLCK. The lock is this process's and ends with it.
int ck_lock(int descriptor, short kind, off_t byte);
int ck_ioctl(int descriptor, unsigned long request, void *argument);
int ck_ioctl_number(int descriptor, unsigned long request, unsigned long argument);
int ck_prctl(int option, unsigned long argument);

/// setresgid(2) and setresuid(2) with all three the same.
int ck_setresgid(gid_t group);
int ck_setresuid(uid_t user);

/// fcntl(2), F_SETLK: a lock on a whole file that ends with this process; waits for it where `wait` says so.
int ck_lock_record(int descriptor, int wait);

/// bpf(2): loads a program of type BPF_PROG_TYPE_CGROUP_DEVICE, and attaches one to an open group, in the place of
/// `replaced` unless that is -1.
int ck_bpf_load_devices(const uint64_t *instructions, uint32_t count);
int ck_bpf_attach_devices(int group, int program, int replaced);

/// The device numbers of makedev(3).
unsigned int ck_major(uint64_t device);
unsigned int ck_minor(uint64_t device);
uint64_t ck_makedev(unsigned int major, unsigned int minor);

/// btrfs subvolumes by ioctl: made, copied (`flags` as BTRFS_SUBVOL_RDONLY), deleted, each as `name` in `parent`.
int ck_btrfs_create(int parent, const char *name);
int ck_btrfs_snapshot(int parent, const char *name, int source, uint64_t flags);
int ck_btrfs_destroy(int parent, const char *name);
int ck_btrfs_make_writable(int subvolume);
struct ck_subvolume {
    uint64_t identifier, parent;
    int readonly;
    uint8_t uuid[16], source_uuid[16];
};
int ck_btrfs_describe(int subvolume, struct ck_subvolume *description);
/// The subvolumes right below the one of `directory`, by rising identifier starting at `from`, each with the
/// inode of the directory that holds it: how many, -1 with errno.
int ck_btrfs_children(int directory, uint64_t from, uint64_t *identifiers, uint64_t *directories, int room);
/// Such a one's path below `directory`; EACCES where it does not lie below.
int ck_btrfs_child_path(int directory, uint64_t identifier, uint64_t inode, char *path, size_t size);

/// getdents64(2), renameat2(2), copy_file_range(2) at both file offsets,
/// lseek(2) with SEEK_DATA and SEEK_HOLE, chmod(2) of an O_PATH descriptor.
ssize_t ck_getdents(int directory, void *buffer, size_t size);
int ck_rename(int from, const char *old_name, int to, const char *new_name, int replace);
ssize_t ck_copy_range(int from, int to, size_t count);
off_t ck_seek_data(int descriptor, off_t from);
off_t ck_seek_hole(int descriptor, off_t from);
int ck_chmod_descriptor(int descriptor, mode_t mode);
/// flistxattr(2), fgetxattr(2), fsetxattr(2).
ssize_t ck_list_attributes(int descriptor, void *names, size_t size);
ssize_t ck_get_attribute(int descriptor, const char *name, void *value, size_t size);
int ck_set_attribute(int descriptor, const char *name, const void *value, size_t size);

/// FICLONE: makes `target` share the content of `source`.
int ck_clone_content(int target, int source);
/// connect(2) to an IPv4 or IPv6 address of 4 or 16 bytes, port 0.
int ck_connect(int socket, const uint8_t *address, size_t length, unsigned int scope);
/// bind(2) to a port of an IPv4 or IPv6 address of 4 or 16 bytes.
int ck_bind(int socket, const uint8_t *address, size_t length, uint16_t port);

/// Signals whose arrival asks the program to stop: the handler notes the number and calls
/// `arrived`, which must be async-signal-safe.
void ck_on_stop_signals(void (*arrived)(int));
// The same again after ck_reset_signals.
void ck_catch_stop_signals(void);
/// Forgets that a stop signal has arrived.
void ck_forget_stop(void);
/// Whether the last stop signal was a Ctrl-C, which the terminal sends to every process of the foreground group.
int ck_stop_was_typed(void);
/// Readable once a stop signal has arrived; -1 where none is waited for.
int ck_stop_event(void);
/// From now on a wait for a key notices SIGWINCH and SIGCONT.
int ck_watch_window(void);
/// Waits for input from a keyboard, milliseconds, -1 for ever: 0 timed out, 1 there is some, 2 the window has changed
/// or this process goes on after it was stopped, -1 with errno, EINTR for a stop signal.
int ck_wait_for_key(int keyboard, int timeout);
/// Back to the default disposition with an empty mask, as an executed program expects.
void ck_reset_signals(void);
/// The same before execve(2), which itself takes back what is caught: no signal is ignored any more, or blocked.
void ck_heed_signals(void);
/// Looks which signals a caller has left ignored, so that copies of this process need not.
void ck_note_ignored_signals(void);

// --- features.c ---

/// Whether this kernel has a system call, of those that are told apart there.
int ck_has_call(const char *name);
/// Pseudo-terminals as in ioctl_tty(2): unlocked; the other end, opened by way of its own devpts (TIOCGPTPEER);
/// made the controlling terminal of a new session; its size; the character that ends input, -1 where none does.
int ck_terminal_unlock(int master);
int ck_terminal_peer(int master);
int ck_terminal_control(int terminal);
/// Makes this process's group the one in the foreground: tcsetpgrp(3).
int ck_terminal_take(int terminal);
int ck_terminal_size(int terminal, unsigned short *rows, unsigned short *columns);
int ck_terminal_resize(int terminal, unsigned short rows, unsigned short columns);
int ck_terminal_end_character(int terminal);
/// Makes this process's terminal raw until it is settled; signals that end or stop the process settle it too.
int ck_terminal_make_raw(int terminal);
void ck_terminal_settle(void);
/// A descriptor that is readable when the size of this process's terminal changes; then the end of that.
int ck_watch_size(void);
void ck_stop_watching_size(void);
/// A descriptor to and from another process; neither waits. EAGAIN where none has come.
int ck_send_descriptor(int socket, int descriptor);
int ck_receive_descriptor(int socket);
/// poll(2) of up to eight: how many are ready, -1 with errno; EINTR as of ck_poll.
int ck_poll_set(struct pollfd *set, unsigned int count, int timeout);

/// Passes bytes from the first of each of up to three pairs of descriptors to the second, until those end; never returns.
/// A byte that comes on `line` is answered once all that was there is written.
_Noreturn void ck_relay(int line, const int *pairs, int count);

/// A program of a few hundred bytes, in sealed memory: init, what makes a child that joins a container, or what becomes a
/// program, under a filter of so many bytes. Its file, `name` as /proc/PID/exe shows it.
int ck_make_stage(const char *name, const void *filter, size_t size);
/// execveat(2) of it: `words` as the first says: i and a pid for init; else see stage.c.
int ck_run_stage(int stage, char *const words[], char *const environment[]);
/// Blocks every signal, or none.
void ck_block_signals(int block);
/// chroot(2) to an open directory.
int ck_enter_root(int directory);

/// Maps this program anew from another open file of the same content, with the pages that it has changed, and tells the
/// kernel: see seal.c. `pagemap` is /proc/self/pagemap.
int ck_program_moves(int file, int pagemap);
