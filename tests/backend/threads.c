/* Threads of the toy model, seen from a C program that loads the library itself. Prints one line per fact. */
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xmmintrin.h>

#include "toy.h"

#define N 20000
#define CALL(name) (__typeof__(&toy_##name))dlsym(library, "toy_" #name)

static float x[N], expected[N], y[N];
static int64_t length;
static void *library;

static int run(toy_context *context) {
    toy_tensor inputs[TOY_INPUTS] = {toy_make_x(x, N), toy_make_b(x, N)}, outputs[TOY_OUTPUTS] = {0};
    memset(y, 0, sizeof y);
    outputs[TOY_OUTPUT_Y].data = y;
    outputs[TOY_OUTPUT_Y].bytes = sizeof y;
    outputs[TOY_OUTPUT_LENGTH].data = &length;
    outputs[TOY_OUTPUT_LENGTH].bytes = sizeof length;
    int status = (CALL(run))(context, inputs, outputs);
    return status ? status : memcmp(y, expected, sizeof y) ? -1 : 0;
}

/* Calls visit(id) for every thread of this process but the main one; returns how many there are. */
static int other_threads(int (*visit)(int)) {
    int count = 0;
    DIR *folder = opendir("/proc/self/task");
    for (struct dirent *entry; (entry = readdir(folder));) {
        int id = atoi(entry->d_name);
        if (id && id != getpid())
            count += visit ? visit(id) : 1;
    }
    closedir(folder);
    return count;
}

static int on_one_cpu(int id) {
    cpu_set_t mask;
    return !sched_getaffinity(id, sizeof mask, &mask) && CPU_COUNT(&mask) == 1;
}

static int is_mapped(const char *name) {
    char line[4096];
    int found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps))
        found |= strstr(line, name) != NULL;
    fclose(maps);
    return found;
}

/* Runs, then counts the threads. */
static void report(const char *what, toy_context *context, int (*visit)(int)) {
    int status = run(context);
    printf("%s: %d threads %d\n", what, status, other_threads(visit));
}

/* ---- hosts ---- */

#define ODD_MODE (0x1f80 | _MM_ROUND_UP | _MM_FLUSH_ZERO_ON)

typedef void task_type(void *job, int32_t part);

struct part {
    task_type *task;
    void *job;
    int32_t number;
};

static void *run_part(void *argument) {
    struct part *part = argument;
    _mm_setcsr(ODD_MODE); /* the host likes it */
    part->task(part->job, part->number);
    return (void *)(size_t)(_mm_getcsr() == ODD_MODE);
}

/* One new thread for every part. */
static void eager(void *user, task_type *task, void *job, int32_t parts) {
    pthread_t threads[16];
    struct part own[16];
    for (int32_t i = 0; i < parts; i++) {
        own[i] = (struct part){task, job, i};
        pthread_create(&threads[i], NULL, run_part, &own[i]);
    }
    for (int32_t i = 0; i < parts; i++) {
        void *kept;
        pthread_join(threads[i], &kept);
        *(int *)user += kept != NULL;
    }
}

/* All parts in the calling thread, the last one first. */
static void lonely(void *user, task_type *task, void *job, int32_t parts) {
    for (int32_t i = parts; i-- > 0;)
        task(job, i);
    *(int *)user += parts;
}

/* Does nothing that it promised, and some that it did not. */
static void broken(void *user, task_type *task, void *job, int32_t parts) {
    task(job, -1);
    task(job, parts);
    *(int *)user += 1;
}

/* Looks at the mode that it is called in, which is that of the thread that runs the model. */
static void curious(void *user, task_type *task, void *job, int32_t parts) {
    *(int *)user += _mm_getcsr() == ODD_MODE;
    for (int32_t i = 0; i < parts; i++)
        task(job, i);
}

static void modes(toy_context *context) {
    int kept = 0;
    unsigned before = _mm_getcsr();
    (CALL(set_parallel))(context, curious, &kept);
    _mm_setcsr(ODD_MODE);
    int status = run(context);
    kept += _mm_getcsr() == ODD_MODE;
    _mm_setcsr(before);
    (CALL(set_parallel))(context, NULL, NULL);
    printf("modes: %d kept %d\n", status, kept);
}

/* Runs until it is cancelled. */
static void *endless(void *context) {
    for (;; pthread_testcancel())
        run(context);
    return NULL;
}

static void cancelled(toy_context *context) {
    pthread_t thread;
    for (int i = 0; i < 20; i++) {
        pthread_create(&thread, NULL, endless, context);
        usleep(2000);
        pthread_cancel(thread);
        pthread_join(thread, NULL);
    }
    report("cancelled", context, NULL);
}

static void hosts(toy_context *context) {
    static struct {
        const char *name;
        toy_parallel run;
    } all[] = {{"eager", eager}, {"lonely", lonely}, {"broken", broken}};
    for (int i = 0; i < 3; i++) {
        int calls = 0;
        (CALL(set_parallel))(context, all[i].run, &calls);
        report(all[i].name, context, NULL);
        printf("calls: %d\n", calls);
    }
    (CALL(set_parallel))(context, NULL, NULL);
    report("taken back", context, NULL);
}

int main(int count, char **arguments) {
    for (int i = 0; i < N; i++) {
        x[i] = (float)i;
        expected[i] = x[i] + x[i] + 1.0f;
    }
    library = dlopen(arguments[1], RTLD_NOW);
    toy_context *context = (CALL(create))();
    printf("default: %d\n", (CALL(get_threads))(context));
    (CALL(set_threads))(context, 3);
    report("run", context, NULL);
    (CALL(set_pinning))(context, 1);
    report("pinned", context, on_one_cpu);
    (CALL(set_pinning))(context, 0);
    report("let go", context, NULL);
    hosts(context);
    modes(context);
    cancelled(context);
    (CALL(set_profiling))(context, 1);
    (CALL(set_parallel))(context, lonely, &count);
    int recorded = run(context);
    toy_span spans[8];
    int64_t many = (CALL(profile))(context, spans, 8), items = 0;
    for (int64_t i = 0; i < many - 1; i++)
        items += spans[i].items;
    printf("profile: %d spans %d items %d last %d of %d\n", recorded, (int)many, (int)items, spans[many - 1].call,
           (int)(CALL(profile))(context, NULL, 8));
    (CALL(set_parallel))(context, NULL, NULL);
    (CALL(set_profiling))(context, 0);
    printf("not recorded: %d %d\n", run(context), (int)(CALL(profile))(context, spans, 8));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        report("child", context, NULL);
        exit(0); /* runs what unloading runs */
    }
    int status;
    waitpid(child, &status, 0);
    printf("child ended: %d\n", status);
    (CALL(destroy))(context);
    printf("destroyed: %d\n", other_threads(NULL));
    for (int i = 0; i < 3; i++) { /* forgotten ones */
        context = (CALL(create))();
        (CALL(set_threads))(context, 2 + i);
        status |= run(context);
    }
    printf("forgotten: %d threads %d\n", status, other_threads(NULL));
    dlclose(library);
    printf("unloaded: %d mapped %d\n", other_threads(NULL), is_mapped(arguments[1]));
    return 0;
}
