/* A fork-join pool. It belongs to one context: its threads start when first needed, sleep when there is no work, and
 * are joined when the context is destroyed. The caller works too, so n threads are n - 1 workers.
 *
 * A job is open while `ticket` is not 0. A worker announces itself in `active` and only then looks at the ticket
 * again; the caller closes the ticket and only then waits for `active` to fall to 0. With sequentially consistent
 * accesses one of the two sees the other, so the caller waits for the workers that joined and for no others: one that
 * sleeps late costs nothing. Every thread has a share, and helps with others' when it is done; who takes which range
 * changes from run to run, and the result must not depend on it.
 *
 * A host may lend threads of its own instead. Then nothing is started here: its function runs the parts of a job, which
 * join like workers, and what is left when it returns is done by the caller. */
#ifndef SPARSEC_RUNTIME_THREADS_H
#define SPARSEC_RUNTIME_THREADS_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xmmintrin.h>

#include "runtime_abi.h"
#include "runtime_cores.h"
#include "runtime_profile.h"

#define DEFAULT_MXCSR 0x1f80u /* round to nearest, keep subnormals, no exceptions: what the numbers are defined under */
#define SPIN_TIME 100000      /* nanoseconds: longer than the gap between two layers, and between two calls of a loop */
#define SPINS_PER_LOOK 64     /* 1 to 3 microseconds: a pause takes 30 to 140 cycles */
#define CHUNKS_PER_SHARE 4    /* so that others can help a thread that comes late */
#define SCRATCH_HEADER 64     /* bytes, a cache line */

struct worker {
    struct sparsec_pool *pool;
    int64_t index; /* 1.. ; the caller is 0 */
    pthread_t thread;
};

struct sparsec_pool {
    int32_t threads; /* wanted, including the caller */
    int32_t pinned;  /* wanted: every worker stays on a core of its own */
    sparsec_host_parallel *host; /* NULL: threads of our own */
    void *user;                  /* for host */
    unsigned callers_mxcsr;      /* of the thread that runs the model; the host's function may do other work, too */
    int32_t started;             /* workers running */
    int32_t started_pinned;
    pid_t pid;       /* of the process that started them: after fork() they are gone */
    int64_t spin_time; /* nanoseconds */
    struct worker *workers;
    unsigned char *scratch;
    int64_t scratch_stride;
    struct profile profile;
    pthread_mutex_t mutex;
    pthread_cond_t work, idle;
    int32_t sleepers, stopping, caller_waits;
    sparsec_task *task;
    void *args;
    int64_t count;
    uint64_t serial;
    _Alignas(64) uint64_t ticket;
    _Alignas(64) int64_t active;
};

#define LOAD(place) __atomic_load_n(&(place), __ATOMIC_SEQ_CST)
#define STORE(place, value) __atomic_store_n(&(place), (value), __ATOMIC_SEQ_CST)

/* Where a thread's part of the scratch memory begins: one line with how many items of the thread's share are taken, then
 * what tasks may use. */
static int64_t *taken_of(const struct sparsec_pool *pool, int64_t thread) {
    return (int64_t *)(pool->scratch + thread * pool->scratch_stride);
}

static void *scratch_of(const struct sparsec_pool *pool, int64_t thread) {
    return pool->scratch + thread * pool->scratch_stride + SCRATCH_HEADER;
}

/* Works on a thread's share of a job until all of it is taken. Returns how many items it did. */
static int64_t work_on(struct sparsec_pool *pool, int64_t share, void *scratch) {
    int64_t begin = pool->count * share / pool->threads, size = pool->count * (share + 1) / pool->threads - begin;
    int64_t step = (size - 1) / CHUNKS_PER_SHARE + 1, items = 0, *taken = taken_of(pool, share);
    while (__atomic_load_n(taken, __ATOMIC_RELAXED) < size) {
        int64_t first = __atomic_fetch_add(taken, step, __ATOMIC_RELAXED);
        if (first >= size)
            break;
        int64_t last = first + step < size ? first + step : size;
        pool->task(pool->args, begin + first, begin + last, scratch);
        items += last - first;
    }
    return items;
}

/* A thread's own share, which is the same part of the tokens in most kernels and so lies in its cache; then what others
 * have not come to. */
static void take_chunks(struct sparsec_pool *pool, int64_t thread) {
    void *scratch = scratch_of(pool, thread);
    struct profile_place *place = profile_place(&pool->profile, thread);
    int64_t time = place ? nanoseconds() : 0, items = 0;
    for (int64_t share = thread; share < pool->threads; share++)
        items += work_on(pool, share, scratch);
    for (int64_t share = 0; share < thread; share++)
        items += work_on(pool, share, scratch);
    if (place && items)
        record(place, time, items);
}

/* The whole of a job in the calling thread. */
static void run_alone(struct sparsec_pool *pool, sparsec_task *task, void *args, int64_t count) {
    struct profile_place *place = profile_place(&pool->profile, 0);
    int64_t time = place ? nanoseconds() : 0;
    task(args, 0, count, scratch_of(pool, 0));
    if (place)
        record(place, time, count);
}

/* A wait without sleeping. It pays when every thread has a CPU of its own. */
struct spinning {
    int64_t turns, end;
};

/* One turn; 0 when it is time to sleep. Now and then whoever else is to run on this CPU gets it: it may be the one that
 * is waited for. */
static int go_on_spinning(const struct sparsec_pool *pool, struct spinning *spinning) {
    if (pool->spin_time == 0)
        return 0;
    _mm_pause();
    if (++spinning->turns % SPINS_PER_LOOK)
        return 1;
    sched_yield();
    int64_t now = nanoseconds();
    if (spinning->end == 0)
        spinning->end = now + pool->spin_time;
    return now < spinning->end;
}

/* The ticket of a job not seen yet, or 0 when the pool is stopping. */
static uint64_t wait_for_ticket(struct sparsec_pool *pool, uint64_t seen) {
    uint64_t ticket;
    struct spinning spinning = {0};
    do {
        if (LOAD(pool->stopping))
            return 0;
        ticket = LOAD(pool->ticket);
        if (ticket && ticket != seen)
            return ticket;
    } while (go_on_spinning(pool, &spinning));
    pthread_mutex_lock(&pool->mutex);
    __atomic_fetch_add(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
    while (!pool->stopping && (!(ticket = LOAD(pool->ticket)) || ticket == seen))
        pthread_cond_wait(&pool->work, &pool->mutex);
    __atomic_fetch_sub(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
    if (pool->stopping)
        ticket = 0;
    pthread_mutex_unlock(&pool->mutex);
    return ticket;
}

static void *work(void *argument) {
    struct worker *self = argument;
    struct sparsec_pool *pool = self->pool;
    uint64_t seen = 0;
    _mm_setcsr(DEFAULT_MXCSR); /* a new thread inherits its creator's */
    while ((seen = wait_for_ticket(pool, seen))) {
        __atomic_fetch_add(&pool->active, 1, __ATOMIC_SEQ_CST);
        if (LOAD(pool->ticket) == seen)
            take_chunks(pool, self->index);
        if (__atomic_sub_fetch(&pool->active, 1, __ATOMIC_SEQ_CST) == 0 && LOAD(pool->caller_waits)) {
            pthread_mutex_lock(&pool->mutex);
            pthread_cond_signal(&pool->idle);
            pthread_mutex_unlock(&pool->mutex);
        }
    }
    return NULL;
}

static void wait_until_idle(struct sparsec_pool *pool) {
    struct spinning spinning = {0};
    do {
        if (LOAD(pool->active) == 0)
            return;
    } while (go_on_spinning(pool, &spinning));
    pthread_mutex_lock(&pool->mutex);
    STORE(pool->caller_waits, 1);
    while (LOAD(pool->active) != 0)
        pthread_cond_wait(&pool->idle, &pool->mutex);
    STORE(pool->caller_waits, 0);
    pthread_mutex_unlock(&pool->mutex);
}

/* What a host's thread does for a job. A part that the host starts twice or late finds nothing to do. */
static void run_part(void *job, int32_t part) {
    struct sparsec_pool *pool = job;
    if (part < 0 || part >= pool->threads)
        return;
    unsigned hosts_mxcsr = _mm_getcsr();
    _mm_setcsr(DEFAULT_MXCSR);
    __atomic_fetch_add(&pool->active, 1, __ATOMIC_SEQ_CST);
    if (LOAD(pool->ticket))
        take_chunks(pool, part);
    __atomic_sub_fetch(&pool->active, 1, __ATOMIC_SEQ_CST);
    _mm_setcsr(hosts_mxcsr);
}

/* Runs an open job on the host's threads. */
static void run_on_host(struct sparsec_pool *pool) {
    _mm_setcsr(pool->callers_mxcsr);
    pool->host(pool->user, run_part, pool, pool->threads);
    _mm_setcsr(DEFAULT_MXCSR);
    STORE(pool->ticket, 0);
    while (LOAD(pool->active) != 0)
        sched_yield(); /* the host promised to return later than its parts */
    take_chunks(pool, 0);
}

static void run_together(struct sparsec_pool *pool, sparsec_task *task, void *args, int64_t count) {
    pool->task = task;
    pool->args = args;
    pool->count = count;
    for (int32_t thread = 0; thread < pool->threads; thread++)
        __atomic_store_n(taken_of(pool, thread), 0, __ATOMIC_RELAXED);
    STORE(pool->ticket, ++pool->serial);
    if (pool->host) {
        run_on_host(pool);
        return;
    }
    if (LOAD(pool->sleepers)) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->work);
        pthread_mutex_unlock(&pool->mutex);
    }
    take_chunks(pool, 0);
    STORE(pool->ticket, 0);
    wait_until_idle(pool);
}

/* Runs task(args, begin, end, scratch) over ranges that cover [0, count) once. Called by generated code, once for every
 * kernel call in the order of the program. */
void sparsec_parallel(struct sparsec_pool *pool, sparsec_task *task, void *args, int64_t count) {
    if (count > 1 && (pool->started || pool->host))
        run_together(pool, task, args, count);
    else if (count > 0)
        run_alone(pool, task, args, count);
    pool->profile.call++;
}

/* Joins the workers. In a forked child there is nothing to join: only the memory is ours. */
static void stop_threads(struct sparsec_pool *pool) {
    if (pool->started && pool->pid == getpid()) {
        pthread_mutex_lock(&pool->mutex);
        STORE(pool->stopping, 1);
        pthread_cond_broadcast(&pool->work);
        pthread_mutex_unlock(&pool->mutex);
        for (int i = 0; i < pool->started; i++)
            pthread_join(pool->workers[i].thread, NULL);
        pthread_mutex_destroy(&pool->mutex);
        pthread_cond_destroy(&pool->work);
        pthread_cond_destroy(&pool->idle);
    }
    free(pool->workers);
    pool->workers = NULL;
    pool->started = 0;
}

/* Starts one worker, on this CPU alone unless it is negative. Returns 0 or an error number. */
static int start_worker(struct worker *worker, int32_t cpu) {
    pthread_attr_t attributes;
    int failure = pthread_attr_init(&attributes);
    if (failure)
        return failure;
    if (cpu >= 0) {
        struct cpu_mask mask = {{0}};
        mask.words[cpu / 64] |= (uint64_t)1 << (cpu % 64);
        failure = pthread_attr_setaffinity_np(&attributes, sizeof mask, (cpu_set_t *)&mask);
    }
    if (!failure)
        failure = pthread_create(&worker->thread, &attributes, work, worker);
    pthread_attr_destroy(&attributes);
    return failure;
}

/* Starts the wanted number of workers. Returns 0 or an error number; pool->started says how many run. */
static int start_workers(struct sparsec_pool *pool, const struct cpu_mask *mask) {
    int32_t cores[SPARSEC_MAX_THREADS], count = 0, own = 0, failure = 0;
    if (pool->pinned) { /* on the cores behind the caller's, which is not ours to pin */
        int32_t cpu = sched_getcpu();
        count = list_cores(mask, cores, SPARSEC_MAX_THREADS);
        count = count < SPARSEC_MAX_THREADS ? count : SPARSEC_MAX_THREADS;
        int32_t core = is_allowed(mask, cpu) ? core_of(cpu, mask) : -1;
        while (own < count - 1 && cores[own] != core)
            own++;
    }
    while (!failure && pool->started < pool->threads - 1) {
        struct worker *worker = &pool->workers[pool->started];
        worker->pool = pool;
        worker->index = pool->started + 1;
        failure = start_worker(worker, count ? cores[(own + worker->index) % count] : -1);
        pool->started += !failure;
    }
    return failure;
}

/* Makes the wanted number of threads run. Returns 0, or the error number of the call that failed. */
static int start_threads(struct sparsec_pool *pool) {
    int32_t workers = pool->host ? 0 : pool->threads - 1;
    int forked = pool->started && pool->pid != getpid();
    if (workers == pool->started && pool->pinned == pool->started_pinned && !forked)
        return 0;
    stop_threads(pool);
    pool->started_pinned = pool->pinned;
    if (workers == 0)
        return 0;
    struct cpu_mask mask;
    allowed_cpus(&mask);
    pool->pid = getpid();
    pool->spin_time = count_cpus(&mask) >= pool->threads ? SPIN_TIME : 0;
    pool->sleepers = pool->stopping = pool->caller_waits = 0;
    pool->ticket = pool->serial = 0;
    pool->active = 0;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->idle, NULL);
    pool->workers = calloc((size_t)workers, sizeof(struct worker));
    if (!pool->workers)
        return ENOMEM;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the host's signals belong to the host's threads */
    int failure = start_workers(pool, &mask);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure)
        stop_threads(pool);
    return failure;
}

#endif
