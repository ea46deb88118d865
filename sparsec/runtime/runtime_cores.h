/* Which CPUs the calling thread may use, and how many cores they are: what the number of threads is at first. */
#ifndef SPARSEC_RUNTIME_CORES_H
#define SPARSEC_RUNTIME_CORES_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime_abi.h"

#define MAX_CPUS 8192 /* what Linux can be built for */

struct cpu_mask {
    uint64_t words[MAX_CPUS / 64];
};

/* Fills *mask with the CPUs that the calling thread may run on; with CPU 0 alone when the system does not say. */
static void allowed_cpus(struct cpu_mask *mask) {
    *mask = (struct cpu_mask){{0}};
    if (sched_getaffinity(0, sizeof *mask, (cpu_set_t *)mask))
        *mask = (struct cpu_mask){{1}};
}

static int is_allowed(const struct cpu_mask *mask, int64_t cpu) {
    return cpu >= 0 && cpu < MAX_CPUS && (mask->words[cpu / 64] >> (cpu % 64) & 1);
}

static int32_t count_cpus(const struct cpu_mask *mask) {
    int32_t count = 0;
    for (int i = 0; i < MAX_CPUS / 64; i++)
        for (uint64_t rest = mask->words[i]; rest; rest &= rest - 1)
            count++;
    return count;
}

/* The start of a small file as a text, or 0 when it cannot be read. */
static int read_file(const char *path, char *text, size_t size) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, size - 1);
    close(file);
    if (length <= 0)
        return 0;
    text[length] = 0;
    return 1;
}

/* The lowest of the allowed CPUs in the same core as `cpu`, which is one of them: hyperthreads share their core. */
static int32_t core_of(int32_t cpu, const struct cpu_mask *mask) {
    static const char *const names[] = {"core_cpus_list", "thread_siblings_list"}; /* the second before Linux 5.3 */
    char path[96], list[256];                                                      /* such as "0,64" or "0-1" */
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/%s", cpu, names[i]);
        if (!read_file(path, list, sizeof list))
            continue;
        for (char *rest = list; *rest >= '0' && *rest <= '9';) {
            long first = strtol(rest, &rest, 10), last = *rest == '-' ? strtol(rest + 1, &rest, 10) : first;
            for (long sibling = first; sibling <= last && sibling < MAX_CPUS; sibling++)
                if (is_allowed(mask, sibling))
                    return (int32_t)sibling;
            rest += *rest == ',';
        }
    }
    return cpu;
}

/* Writes one allowed CPU of every core, in ascending order, and returns how many there are; writes at most `room`. */
static int32_t list_cores(const struct cpu_mask *mask, int32_t *cores, int32_t room) {
    int32_t count = 0;
    for (int32_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (!is_allowed(mask, cpu) || core_of(cpu, mask) != cpu)
            continue;
        if (count < room)
            cores[count] = cpu;
        count++;
    }
    return count;
}

/* How many CPUs' worth of time a container may use, rounded up; a large number when that is not limited. */
static int32_t cpu_quota(void) {
    char text[64]; /* microseconds of a period, such as "150000 100000", or "max 100000" */
    if (!read_file("/sys/fs/cgroup/cpu.max", text, sizeof text))
        return SPARSEC_MAX_THREADS;
    char *rest;
    long quota = strtol(text, &rest, 10), period = strtol(rest, NULL, 10);
    return quota > 0 && period > 0 && quota / period < SPARSEC_MAX_THREADS ? (int32_t)((quota - 1) / period + 1)
                                                                           : SPARSEC_MAX_THREADS;
}

/* One thread for every core that may be used. */
static int32_t default_threads(void) {
    struct cpu_mask mask;
    allowed_cpus(&mask);
    int32_t cores = list_cores(&mask, NULL, 0), quota = cpu_quota();
    if (cores > quota)
        cores = quota;
    return cores < 1 ? 1 : cores > SPARSEC_MAX_THREADS ? SPARSEC_MAX_THREADS : cores;
}

#endif
