/* The part of every compiled model that is the same for all: contexts, checks of the arguments, memory, threads.
 * clang turns it once into runtime.ll (`python -m sparsec.runtime.build`), which the backend links to generated code.
 * It needs libc and nothing else and has no load-time constructors. A context owns all it writes; the only global state
 * is the list of contexts, for the sake of hosts that unload the library and forget some. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime_abi.h"
#include "runtime_arguments.h"
#include "runtime_cpu.h"
#include "runtime_profile.h"
#include "runtime_threads.h"

#define ALIGNMENT 64

/* ---- memory ---- */

/* Makes *memory at least `bytes` long; what it held is lost. */
static int grow(struct sparsec_context *context, unsigned char **memory, int64_t *capacity, int64_t bytes,
                const char *what) {
    if (bytes < ALIGNMENT)
        bytes = ALIGNMENT;
    if (bytes <= *capacity)
        return SPARSEC_OK;
    void *fresh = NULL;
    free(*memory);
    *memory = NULL;
    *capacity = 0;
    if (posix_memalign(&fresh, ALIGNMENT, (size_t)bytes)) {
        append(context, "not enough memory: %s of a call with these shapes need %lld bytes", what, (long long)bytes);
        return SPARSEC_NO_MEMORY;
    }
    *memory = fresh;
    *capacity = bytes;
    return SPARSEC_OK;
}

static int prepare_memory(struct sparsec_context *context) {
    struct sparsec_pool *pool = &context->pool;
    int64_t scratch = context->variant->scratch_size(context->symbols);
    scratch += SCRATCH_HEADER;
    pool->scratch_stride = (scratch + ALIGNMENT - 1) & ~(int64_t)(ALIGNMENT - 1); /* threads share no line */
    int status = grow(context, &pool->scratch, &context->scratch_bytes, pool->scratch_stride * pool->threads,
                      "the threads' working areas");
    if (status)
        return status;
    return grow(context, &context->arena, &context->arena_bytes, context->variant->arena_size(context->symbols),
                "the intermediate results");
}

/* ---- the interface: descriptor.py gives these their public names ---- */

/* What the least demanding variant asks for and the CPU lacks. */
static uint64_t features_missing(const struct sparsec_model *model, uint64_t present) {
    return model->variants[model->variant_count - 1].features & ~present;
}

static const struct sparsec_variant *choose_variant(const struct sparsec_model *model, uint64_t present) {
    for (int32_t i = 0; i < model->variant_count; i++)
        if (!(model->variants[i].features & ~present))
            return &model->variants[i];
    return NULL;
}

/* Why sparsec_create() answered NULL. Nothing is stored by create: a refusal depends on the CPU alone. */
static const char *creation_error(const struct sparsec_model *model) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static char text[512];
    uint64_t present = detect_features();
    if (choose_variant(model, present))
        return "there is no context, or not enough memory for one";
    uint64_t missing = features_missing(model, present);
    pthread_mutex_lock(&mutex);
    int used = snprintf(text, sizeof text, "this CPU lacks");
    for (int i = 0; i < 64; i++) {
        if (!(missing >> i & 1) || used >= (int)sizeof text - 32)
            continue;
        if (i < CPU_FEATURE_COUNT)
            used += snprintf(text + used, sizeof text - (size_t)used, " %s", cpu_features[i].name);
        else
            used += snprintf(text + used, sizeof text - (size_t)used, " feature-%d", i);
    }
    snprintf(text + used, sizeof text - (size_t)used, ", which this model was compiled for; compile it for target %s",
             "'x86_64' to run it on any x86-64 CPU");
    pthread_mutex_unlock(&mutex);
    return text;
}

/* Contexts are for one thread at a time: the second one is told so instead of corrupting the first one's call. */
static int enter(struct sparsec_context *context) {
    if (!context)
        return SPARSEC_BAD_ARGUMENT;
    int32_t owner = 0, self = getpid();
    if (__atomic_compare_exchange_n(&context->busy, &owner, self, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return SPARSEC_OK;
    if (owner == self)
        return SPARSEC_BUSY;
    /* Its user was a thread of the process that forked us: here that thread does not exist. One of ours takes over. */
    if (__atomic_compare_exchange_n(&context->busy, &owner, self, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return SPARSEC_OK;
    return SPARSEC_BUSY;
}

static int leave(struct sparsec_context *context, int status) {
    __atomic_store_n(&context->busy, 0, __ATOMIC_RELEASE);
    return status;
}

/* ---- the list of contexts ---- */

static struct sparsec_context *contexts;
static int32_t contexts_owner; /* the process that changes the list, or 0 */

/* A lock that a forked child can take: the thread that held it does not exist there. Every change of the list is one
 * store, so that a child never finds half of one. */
static void lock_contexts(void) {
    int32_t owner = 0, self = getpid();
    while (!__atomic_compare_exchange_n(&contexts_owner, &owner, self, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        if (owner == self) {
            sched_yield();
            owner = 0;
        } /* else the next turn takes it from the parent's thread */
    }
}

static void unlock_contexts(void) { __atomic_store_n(&contexts_owner, 0, __ATOMIC_RELEASE); }

static void add_context(struct sparsec_context *context) {
    lock_contexts();
    context->next = contexts;
    __atomic_store_n(&contexts, context, __ATOMIC_RELEASE);
    unlock_contexts();
}

static void remove_context(struct sparsec_context *context) {
    lock_contexts();
    struct sparsec_context **place = &contexts;
    while (*place && *place != context)
        place = &(*place)->next;
    if (*place)
        __atomic_store_n(place, context->next, __ATOMIC_RELEASE);
    unlock_contexts();
}

/* Runs when the library is unloaded or the process ends: a worker must not outlive its code. Contexts that were not
 * destroyed keep their memory, and stay entered: one that another thread still calls at exit says SPARSEC_BUSY. */
static void stop_all(void) {
    lock_contexts();
    for (struct sparsec_context *context = contexts; context; context = context->next)
        if (!enter(context))
            stop_threads(&context->pool);
    unlock_contexts();
}

__attribute__((section(".fini_array"), used)) static void (*const at_unload)(void) = stop_all;

void sparsec_destroy(struct sparsec_context *context) {
    if (enter(context))
        return; /* NULL, or a thread is inside it: memory that leaks is better than memory that vanishes */
    int cancel;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* threads are waited for, and memory is freed after it */
    remove_context(context);
    stop_threads(&context->pool);
    pthread_setcancelstate(cancel, NULL);
    free(context->pool.scratch);
    free(context->pool.profile.places);
    free(context->arena);
    free(context->symbols);
    free(context->bound_by);
    free(context->output_dims);
    free(context->pointers);
    free(context);
}

struct sparsec_context *sparsec_create(const struct sparsec_model *model) {
    const struct sparsec_variant *variant = choose_variant(model, detect_features());
    if (!variant)
        return NULL;
    struct sparsec_context *context = calloc(1, sizeof *context);
    if (!context)
        return NULL;
    context->model = model;
    context->variant = variant;
    context->pool.threads = default_threads();
    context->symbols = calloc((size_t)model->symbol_count + 1, sizeof *context->symbols);
    context->bound_by = calloc((size_t)model->symbol_count + 1, sizeof *context->bound_by);
    context->output_dims = calloc((size_t)output_rank_total(model) + 1, sizeof *context->output_dims);
    context->pointers = calloc((size_t)model->input_count + (size_t)model->output_count + 1, sizeof(void *));
    if (!context->symbols || !context->bound_by || !context->output_dims || !context->pointers) {
        sparsec_destroy(context);
        return NULL;
    }
    add_context(context);
    return context;
}

int sparsec_output_shapes(struct sparsec_context *context, const struct sparsec_tensor *inputs,
                          struct sparsec_tensor *outputs) {
    int status = enter(context);
    if (status)
        return status;
    status = bind_shapes(context, inputs, outputs);
    if (status)
        return leave(context, status);
    describe_outputs(context, outputs);
    for (int32_t i = 0; i < context->model->output_count; i++) {
        outputs[i].bytes = byte_size(outputs[i].shape, outputs[i].rank, outputs[i].dtype);
        if (outputs[i].bytes >= 0)
            continue;
        append(context, "output '%s' would have a negative size or more than 2^63 bytes: the model is not made for such inputs", context->model->outputs[i].name);
        return leave(context, SPARSEC_BAD_ARGUMENT);
    }
    return leave(context, SPARSEC_OK);
}

static int check_buffers(struct sparsec_context *context, const struct sparsec_tensor *inputs,
                         const struct sparsec_tensor *outputs) {
    const struct sparsec_model *model = context->model;
    const int64_t *dims = context->output_dims;
    for (int32_t i = 0; i < model->input_count; i++) {
        int status = check_buffer(context, "input", &model->inputs[i], &inputs[i], inputs[i].shape);
        if (status)
            return status;
        context->pointers[i] = inputs[i].data;
    }
    for (int32_t i = 0; i < model->output_count; i++) {
        int status = check_buffer(context, "output", &model->outputs[i], &outputs[i], dims);
        if (status)
            return status;
        context->pointers[model->input_count + i] = outputs[i].data;
        dims += model->outputs[i].rank;
    }
    return SPARSEC_OK;
}

/* Whether nothing is wanted: sizes may still be such that walking over rows without elements takes years. */
static int are_outputs_empty(const struct sparsec_context *context) {
    const int64_t *dims = context->output_dims;
    for (int32_t i = 0; i < context->model->output_count; i++) {
        int empty = 0;
        for (int32_t axis = 0; axis < context->model->outputs[i].rank; axis++)
            empty |= *dims++ == 0;
        if (!empty)
            return 0;
    }
    return 1;
}

/* Runs the model in a context that was entered. */
static int run_entered(struct sparsec_context *context, const struct sparsec_tensor *inputs,
                       struct sparsec_tensor *outputs) {
    int status = bind_shapes(context, inputs, outputs);
    if (!status)
        status = check_buffers(context, inputs, outputs);
    if (!status)
        status = prepare_memory(context);
    if (status)
        return status;
    int failure = start_threads(&context->pool);
    if (failure) {
        append(context, "cannot start %d threads: %s", context->pool.threads, strerror(failure));
        return SPARSEC_NO_THREADS;
    }
    const struct sparsec_model *model = context->model;
    struct profile *profile = &context->pool.profile;
    if (!begin_profile(profile, model->call_count, context->pool.threads)) {
        append(context, "not enough memory: the profile of %d calls with %d threads", model->call_count,
               context->pool.threads);
        return SPARSEC_NO_MEMORY;
    }
    int64_t begin = profile->wanted ? nanoseconds() : 0;
    int32_t report = 0;
    context->pool.callers_mxcsr = _mm_getcsr();
    _mm_setcsr(DEFAULT_MXCSR);
    if (!are_outputs_empty(context))
        context->variant->execute(context->symbols, context->pointers, context->pointers + model->input_count,
                                  context->arena, model->weights, &context->pool, &report);
    _mm_setcsr(context->pool.callers_mxcsr);
    end_profile(profile, begin);
    describe_outputs(context, outputs);
    if (report > 0 && report <= model->message_count) {
        append(context, "%s", model->messages[report - 1]);
        return SPARSEC_BAD_DATA;
    }
    return SPARSEC_OK;
}

int sparsec_run(struct sparsec_context *context, const struct sparsec_tensor *inputs, struct sparsec_tensor *outputs) {
    int status = enter(context), cancel;
    if (status)
        return status;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel); /* a thread that ends in here would never leave */
    status = run_entered(context, inputs, outputs);
    leave(context, status);
    pthread_setcancelstate(cancel, NULL);
    return status;
}

int sparsec_set_threads(struct sparsec_context *context, int32_t threads) {
    int status = enter(context);
    if (status)
        return status;
    context->error[0] = 0;
    if (threads < 1 || threads > SPARSEC_MAX_THREADS) {
        append(context, "%d threads asked for, expected 1 to %d", threads, SPARSEC_MAX_THREADS);
        return leave(context, SPARSEC_BAD_ARGUMENT);
    }
    context->pool.threads = threads;
    return leave(context, SPARSEC_OK);
}

int sparsec_set_pinning(struct sparsec_context *context, int32_t on) {
    int status = enter(context);
    if (status)
        return status;
    context->pool.pinned = on != 0;
    return leave(context, SPARSEC_OK);
}

int sparsec_set_parallel(struct sparsec_context *context, sparsec_host_parallel *host, void *user) {
    int status = enter(context);
    if (status)
        return status;
    context->pool.host = host;
    context->pool.user = user;
    return leave(context, SPARSEC_OK);
}

int sparsec_set_profiling(struct sparsec_context *context, int32_t on) {
    int status = enter(context);
    if (status)
        return status;
    struct profile *profile = &context->pool.profile;
    profile->wanted = on != 0;
    free(profile->places);
    profile->places = NULL;
    return leave(context, SPARSEC_OK);
}

int64_t sparsec_profile(struct sparsec_context *context, struct sparsec_span *spans, int64_t room) {
    if (enter(context))
        return 0;
    int64_t count = list_spans(&context->pool.profile, spans, spans ? room : 0);
    leave(context, SPARSEC_OK);
    return count;
}

int32_t sparsec_get_threads(const struct sparsec_context *context) { return context ? context->pool.threads : 0; }

const char *sparsec_variant(const struct sparsec_context *context) { return context ? context->variant->name : ""; }

const char *sparsec_last_error(const struct sparsec_model *model, const struct sparsec_context *context) {
    return context ? context->error : creation_error(model);
}
