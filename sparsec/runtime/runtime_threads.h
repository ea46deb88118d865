/* A fork-join pool. It belongs to one context: its threads start when first needed, sleep when there is no work, and
 * are joined when the context is destroyed. The caller works too, so n threads are n - 1 workers.
 *
 * A job is open while `ticket` is not 0. A worker announces itself in `active` and only then looks at the ticket
 * again; the caller closes the ticket and only then waits for `active` to fall to 0. With sequentially consistent
 * accesses one of the two sees the other, so the caller waits for the workers that joined and for no others: one that
 * sleeps late costs nothing. Which worker takes which range changes from run to run; the result must not depend on it. */
#ifndef SPARSEC_RUNTIME_THREADS_H
#define SPARSEC_RUNTIME_THREADS_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xmmintrin.h>

#include "runtime_abi.h"

#define DEFAULT_MXCSR 0x1f80u /* round to nearest, keep subnormals, no exceptions: what the numbers are defined under */
#define SPINS 2000            /* some 50 microseconds: longer than the gap between two layers */
#define CHUNKS_PER_THREAD 4   /* so that a thread that comes late takes less */

struct worker {
    struct sparsec_pool *pool;
    int64_t index; /* 1.. ; the caller is 0 */
    pthread_t thread;
};

struct sparsec_pool {
    int32_t threads; /* wanted, including the caller */
    int32_t started; /* workers running */
    pid_t pid;       /* of the process that started them: after fork() they are gone */
    int spins;
    struct worker *workers;
    unsigned char *scratch;
    int64_t scratch_stride;
    pthread_mutex_t mutex;
    pthread_cond_t work, idle;
    int32_t sleepers, stopping, caller_waits;
    sparsec_task *task;
    void *args;
    int64_t count, chunk;
    uint64_t serial;
    _Alignas(64) uint64_t ticket;
    _Alignas(64) int64_t next;
    _Alignas(64) int64_t active;
};

#define LOAD(place) __atomic_load_n(&(place), __ATOMIC_SEQ_CST)
#define STORE(place, value) __atomic_store_n(&(place), (value), __ATOMIC_SEQ_CST)

static void take_chunks(struct sparsec_pool *pool, int64_t thread) {
    void *scratch = pool->scratch + thread * pool->scratch_stride;
    for (;;) {
        int64_t begin = __atomic_fetch_add(&pool->next, pool->chunk, __ATOMIC_RELAXED);
        if (begin >= pool->count)
            return;
        int64_t end = begin + pool->chunk < pool->count ? begin + pool->chunk : pool->count;
        pool->task(pool->args, begin, end, scratch);
    }
}

/* The ticket of a job not seen yet, or 0 when the pool is stopping. */
static uint64_t wait_for_ticket(struct sparsec_pool *pool, uint64_t seen) {
    uint64_t ticket;
    for (int spin = 0; spin < pool->spins; spin++) {
        if (LOAD(pool->stopping))
            return 0;
        ticket = LOAD(pool->ticket);
        if (ticket && ticket != seen)
            return ticket;
        _mm_pause();
    }
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
    for (int spin = 0; spin < pool->spins; spin++) {
        if (LOAD(pool->active) == 0)
            return;
        _mm_pause();
    }
    pthread_mutex_lock(&pool->mutex);
    STORE(pool->caller_waits, 1);
    while (LOAD(pool->active) != 0)
        pthread_cond_wait(&pool->idle, &pool->mutex);
    STORE(pool->caller_waits, 0);
    pthread_mutex_unlock(&pool->mutex);
}

/* Runs task(args, begin, end, scratch) over ranges that cover [0, count) once. Called by generated code. */
void sparsec_parallel(struct sparsec_pool *pool, sparsec_task *task, void *args, int64_t count) {
    if (count <= 0)
        return;
    if (pool->started == 0 || count == 1) {
        task(args, 0, count, pool->scratch);
        return;
    }
    int64_t shares = (int64_t)(pool->started + 1) * CHUNKS_PER_THREAD;
    pool->task = task;
    pool->args = args;
    pool->count = count;
    pool->chunk = (count - 1) / shares + 1;
    STORE(pool->next, 0);
    STORE(pool->ticket, ++pool->serial);
    if (LOAD(pool->sleepers)) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->work);
        pthread_mutex_unlock(&pool->mutex);
    }
    take_chunks(pool, 0);
    STORE(pool->ticket, 0);
    wait_until_idle(pool);
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

/* Makes the wanted number of threads run. Returns 0, or the error number of the call that failed. */
static int start_threads(struct sparsec_pool *pool) {
    if (pool->threads == pool->started + 1 && (pool->started == 0 || pool->pid == getpid()))
        return 0;
    stop_threads(pool);
    if (pool->threads == 1)
        return 0;
    pool->pid = getpid();
    /* Spinning pays only when every thread has a CPU of its own. */
    pool->spins = sysconf(_SC_NPROCESSORS_ONLN) >= pool->threads ? SPINS : 0;
    pool->sleepers = pool->stopping = pool->caller_waits = 0;
    pool->ticket = pool->serial = 0;
    pool->active = 0;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->idle, NULL);
    pool->workers = calloc((size_t)pool->threads, sizeof(struct worker));
    if (!pool->workers)
        return ENOMEM;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the host's signals belong to the host's threads */
    int failure = 0;
    while (!failure && pool->started < pool->threads - 1) {
        struct worker *worker = &pool->workers[pool->started];
        worker->pool = pool;
        worker->index = pool->started + 1;
        failure = pthread_create(&worker->thread, NULL, work, worker);
        pool->started += !failure;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure)
        stop_threads(pool);
    return failure;
}

#endif
