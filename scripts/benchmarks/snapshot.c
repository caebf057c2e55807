// The bare ioctl that fs.snapshot is measured against: makes COUNT snapshots of SOURCE in DIRECTORY and prints the
// median of their times in milliseconds.
#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

static int ascending(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

int main(int count, char *words[]) {
    if (count < 4)
        return 64;
    int rounds = atoi(words[3]);
    double *times = calloc((size_t)rounds, sizeof *times);
    for (int round = 0; round < rounds; round++) {
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        int source = open(words[1], O_RDONLY | O_DIRECTORY), directory = open(words[2], O_RDONLY | O_DIRECTORY);
        struct btrfs_ioctl_vol_args_v2 arguments = {.fd = source};
        snprintf(arguments.name, sizeof arguments.name, "bare%d", round);
        if (ioctl(directory, BTRFS_IOC_SNAP_CREATE_V2, &arguments) < 0) {
            perror("ioctl");
            return 1;
        }
        clock_gettime(CLOCK_MONOTONIC, &end);
        times[round] = (double)(end.tv_sec - start.tv_sec) * 1e3 + (double)(end.tv_nsec - start.tv_nsec) / 1e6;
    }
    qsort(times, (size_t)rounds, sizeof *times, ascending);
    printf("%f\n", times[rounds / 2]);
}
