/*
 * Preloaded into the daemon (ld.so(8), LD_PRELOAD), this makes one stretch of its writes fail as a full disk would: those to files
 * whose path contains FULL_AREA, from the FULL_AT-th on, FULL_FOR of them. Each that failed is told in a line of the file FULL_TOLD, so
 * that a test knows whether there was such a write. Nothing else is changed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long writes;

static int is_full(int fd) {
    const char *area = getenv("FULL_AREA"), *at = getenv("FULL_AT"), *lasts = getenv("FULL_FOR");
    const char *told_in = getenv("FULL_TOLD");
    char link[64], path[4096];
    if (!area || !at || !lasts || !told_in || fd < 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    if (path[0] != '/' || !strstr(path, area)) return 0;
    long first = atol(at), now = atomic_fetch_add(&writes, 1) + 1;
    if (now < first || now >= first + atol(lasts)) return 0;
    FILE *told = fopen(told_in, "a");
    if (told) {
        fprintf(told, "%ld %s\n", now, path);
        fclose(told);
    }
    errno = ENOSPC;
    return 1;
}

ssize_t write(int fd, const void *bytes, size_t size) {
    return is_full(fd) ? -1 : syscall(SYS_write, fd, bytes, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    return is_full(fd) ? -1 : syscall(SYS_writev, fd, parts, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
    return is_full(fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
    return is_full(fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, size, at);
}
