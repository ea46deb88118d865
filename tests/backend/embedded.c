/* Uses the toy model as a C program would, and as a careless one would. Prints one line per fact. */
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xmmintrin.h>

#include "toy.h"

#define N 5000

static float x[N], b[N], y[N];
static int64_t length;

static void report(const char *what, toy_context *context, int status) {
    printf("%s: %d %s\n", what, status, status ? toy_last_error(context) : "");
}

static void prepare(toy_tensor *inputs, toy_tensor *outputs) {
    inputs[TOY_INPUT_X] = toy_make_x(x, N);
    inputs[TOY_INPUT_B] = toy_make_b(b, N);
    memset(outputs, 0, TOY_OUTPUTS * sizeof *outputs);
    outputs[TOY_OUTPUT_Y].data = y;
    outputs[TOY_OUTPUT_Y].bytes = sizeof y;
    outputs[TOY_OUTPUT_LENGTH].data = &length;
    outputs[TOY_OUTPUT_LENGTH].bytes = sizeof length;
}

static void mistakes(toy_context *context) {
    toy_tensor inputs[TOY_INPUTS], outputs[TOY_OUTPUTS];
    report("no arrays", context, toy_run(context, NULL, NULL));
    prepare(inputs, outputs);
    report("no outputs", context, toy_run(context, inputs, NULL));
    inputs[0].data = NULL;
    report("input without data", context, toy_run(context, inputs, outputs));
    prepare(inputs, outputs);
    inputs[1].bytes -= 1;
    report("short input", context, toy_run(context, inputs, outputs));
    prepare(inputs, outputs);
    outputs[0].data = NULL;
    report("output without data", context, toy_run(context, inputs, outputs));
    prepare(inputs, outputs);
    outputs[1].bytes = 4;
    report("short output", context, toy_run(context, inputs, outputs));
    prepare(inputs, outputs);
    inputs[0].dtype = 77;
    report("dtype", context, toy_run(context, inputs, outputs));
    prepare(inputs, outputs);
    inputs[0].rank = -3;
    report("rank", context, toy_run(context, inputs, outputs));
    prepare(inputs, outputs);
    inputs[0].shape[0] = -1;
    report("negative", context, toy_run(context, inputs, outputs));
    prepare(inputs, outputs);
    inputs[0].shape[0] = inputs[1].shape[0] = INT64_MAX / 2;
    report("huge", context, toy_run(context, inputs, outputs));
    report("huge shapes", context, toy_output_shapes(context, inputs, outputs));
    report("threads", context, toy_set_threads(context, 0));
    printf("no context: %d %d %d\n", toy_run(NULL, inputs, outputs), toy_set_threads(NULL, 1), toy_get_threads(NULL));
    toy_destroy(NULL);
}

/* The model counts in the default mode, and the caller gets its own mode back. */
static void floating_point_mode(toy_context *context) {
    toy_tensor inputs[TOY_INPUTS], outputs[TOY_OUTPUTS];
    prepare(inputs, outputs);
    toy_run(context, inputs, outputs);
    float *expected = malloc(sizeof y);
    memcpy(expected, y, sizeof y);
    unsigned before = _mm_getcsr(), strange = 0x1f80 | _MM_ROUND_UP | _MM_FLUSH_ZERO_ON;
    _mm_setcsr(strange);
    int status = toy_run(context, inputs, outputs);
    unsigned after = _mm_getcsr();
    _mm_setcsr(before);
    printf("mode: %d kept %d same %d\n", status, after == strange, !memcmp(expected, y, sizeof y));
    free(expected);
}

static void *own_context(void *result) {
    toy_context *context = toy_create();
    toy_tensor inputs[TOY_INPUTS], outputs[TOY_OUTPUTS];
    prepare(inputs, outputs);
    int64_t own_length;
    outputs[0].data = result;
    outputs[1].data = &own_length;
    for (int i = 0; i < 200; i++) {
        toy_set_threads(context, 1 + i % 3);
        if (toy_run(context, inputs, outputs))
            exit(1);
    }
    toy_destroy(context);
    return NULL;
}

static void several_threads(void) {
    pthread_t threads[4];
    float *results[4];
    int same = 1;
    for (int i = 0; i < 4; i++) {
        results[i] = malloc(sizeof y);
        pthread_create(&threads[i], NULL, own_context, results[i]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        same &= !memcmp(results[i], y, sizeof y);
        free(results[i]);
    }
    printf("threads agree: %d\n", same);
}

int main(int count, char **arguments) {
    for (int i = 0; i < N; i++) {
        x[i] = 0.1f * (float)i;
        b[i] = 1e-3f * (float)i;
    }
    toy_context *context = toy_create();
    if (!context) {
        puts(toy_last_error(NULL));
        return 1;
    }
    printf("abi: %d\n", toy_abi_version() == TOY_ABI_VERSION);
    toy_tensor inputs[TOY_INPUTS], outputs[TOY_OUTPUTS];
    prepare(inputs, outputs);
    report("shapes", context, toy_output_shapes(context, inputs, outputs));
    printf("y: rank %d shape %ld bytes %ld dtype %d\n", outputs[0].rank, (long)outputs[0].shape[0],
           (long)outputs[0].bytes, outputs[0].dtype);
    report("run", context, toy_run(context, inputs, outputs));
    printf("length: rank %d value %ld\n", outputs[1].rank, (long)length);
    mistakes(context);
    floating_point_mode(context);
    several_threads();
    toy_set_threads(context, 2);
    report("run", context, toy_run(context, inputs, outputs));
    toy_destroy(context);
    if (count > 1) {
        FILE *file = fopen(arguments[1], "wb");
        fwrite(y, sizeof y, 1, file);
        fclose(file);
    }
    return 0;
}
