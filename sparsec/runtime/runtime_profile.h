/* When each thread worked on each kernel call of a run. One place in a table for each pair, so that threads need not
 * agree on anything; a place that stays zero belongs to a thread that found nothing to do. */
#ifndef SPARSEC_RUNTIME_PROFILE_H
#define SPARSEC_RUNTIME_PROFILE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime_abi.h"

struct profile_place {
    int64_t begin, end, items;
};

struct profile {
    int32_t wanted;
    int32_t calls, threads;       /* the size of the table; a last row is the run itself */
    int32_t call;                 /* the one that runs */
    struct profile_place *places; /* NULL when nothing is recorded */
};

static int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); /* no system call, the same clock in all threads */
    return now.tv_sec * (int64_t)1000000000 + now.tv_nsec;
}

/* Where a thread records its share of the current call, or NULL. */
static struct profile_place *profile_place(struct profile *profile, int64_t thread) {
    if (!profile->places || profile->call > profile->calls || thread >= profile->threads)
        return NULL;
    return &profile->places[(int64_t)profile->call * profile->threads + thread];
}

static void record(struct profile_place *place, int64_t begin, int64_t items) {
    if (!place->items)
        place->begin = begin;
    place->end = nanoseconds();
    place->items += items;
}

/* Empties the table for a run. Returns 0 when there is no memory for it. */
static int begin_profile(struct profile *profile, int32_t calls, int32_t threads) {
    profile->call = 0;
    if (!profile->wanted)
        return 1;
    free(profile->places);
    profile->places = calloc(((size_t)calls + 1) * (size_t)threads, sizeof *profile->places);
    profile->calls = calls;
    profile->threads = threads;
    return profile->places != NULL;
}

/* Adds the run itself, which began at `begin` and ends now. */
static void end_profile(struct profile *profile, int64_t begin) {
    profile->call = profile->calls;
    if (profile->places)
        record(&profile->places[(int64_t)profile->calls * profile->threads], begin, 1);
}

/* Writes what was recorded, call by call, the run last; returns how much there is and writes at most `room`. */
static int64_t list_spans(const struct profile *profile, struct sparsec_span *spans, int64_t room) {
    int64_t count = 0;
    if (!profile->places)
        return 0;
    for (int32_t call = 0; call <= profile->calls; call++)
        for (int32_t thread = 0; thread < profile->threads; thread++) {
            const struct profile_place *place = &profile->places[(int64_t)call * profile->threads + thread];
            if (!place->items)
                continue;
            if (count < room)
                spans[count] = (struct sparsec_span){call < profile->calls ? call : -1, thread, place->begin, place->end,
                                                     place->items};
            count++;
        }
    return count;
}

#endif
