// The bare ioctl that fs.snapshot is measured against: makes a snapshot of SOURCE in DIRECTORY by NAME and prints how
// long that took in seconds.
#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>

int main(int count, char *words[]) {
    if (count < 4)
        return 64;
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    int source = open(words[1], O_RDONLY | O_DIRECTORY), directory = open(words[2], O_RDONLY | O_DIRECTORY);
    struct btrfs_ioctl_vol_args_v2 arguments = {.fd = source};
    snprintf(arguments.name, sizeof arguments.name, "%s", words[3]);
    if (ioctl(directory, BTRFS_IOC_SNAP_CREATE_V2, &arguments) < 0) {
        perror("ioctl");
        return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%f\n", (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9);
}
