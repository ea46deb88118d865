/* A context, and the checks of what a caller gives to it. Every refusal is a sentence with names and numbers. */
#ifndef SPARSEC_RUNTIME_ARGUMENTS_H
#define SPARSEC_RUNTIME_ARGUMENTS_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime_abi.h"
#include "runtime_threads.h"

struct sparsec_context {
    const struct sparsec_model *model;
    const struct sparsec_variant *variant;
    int32_t busy;          /* the process inside it, or 0 */
    int64_t *symbols;      /* the sizes of this call */
    int32_t *bound_by;     /* for each symbol, the input that gave its size */
    int64_t *output_dims;  /* all outputs' dimensions, one after the other */
    void **pointers;       /* inputs, then outputs */
    unsigned char *arena;
    int64_t arena_bytes, scratch_bytes;
    struct sparsec_pool pool;
    struct sparsec_context *next; /* in the list of all */
    char error[1024];
};

/* ---- texts ---- */

static void append(struct sparsec_context *context, const char *format, ...) {
    size_t used = strlen(context->error);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(context->error + used, sizeof context->error - used, format, arguments);
    va_end(arguments);
}

static void append_shape(struct sparsec_context *context, const int64_t *dims, int32_t rank) {
    append(context, "[");
    for (int32_t i = 0; i < rank; i++) {
        if (i)
            append(context, ", ");
        if (dims[i] >= 0)
            append(context, "%lld", (long long)dims[i]);
        else
            append(context, "%s", context->model->symbols[-1 - dims[i]]);
    }
    append(context, "] (rank %d)", rank);
}

/* Size and name of an ONNX dtype code; size 0 for codes that models cannot use. */
static int64_t dtype_size(int32_t dtype) {
    static const unsigned char sizes[] = {0, 4, 1, 1, 2, 2, 4, 8, 0, 1, 2, 8, 4, 8};
    return dtype >= 0 && dtype < (int32_t)sizeof sizes ? sizes[dtype] : 0;
}

static const char *dtype_name(int32_t dtype) {
    static const char names[][8] = {"", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64",
                                    "", "bool", "float16", "float64", "uint32", "uint64"};
    return dtype_size(dtype) ? names[dtype] : "an unknown dtype";
}

/* ---- the arguments of a call ---- */

static int64_t output_rank_total(const struct sparsec_model *model) {
    int64_t total = 0;
    for (int32_t i = 0; i < model->output_count; i++)
        total += model->outputs[i].rank;
    return total;
}

/* Bytes of a dense array, or -1 when that number does not fit in 63 bits. */
static int64_t byte_size(const int64_t *shape, int32_t rank, int32_t dtype) {
    int64_t bytes = dtype_size(dtype);
    int overflow = 0;
    for (int32_t i = 0; i < rank; i++) {
        if (shape[i] == 0)
            return 0;
        overflow |= __builtin_mul_overflow(bytes, shape[i], &bytes);
    }
    return overflow ? -1 : bytes;
}

static int check_dimension(struct sparsec_context *context, int32_t input, int32_t axis, int64_t actual) {
    const struct sparsec_model *model = context->model;
    const char *name = model->inputs[input].name;
    int64_t expected = model->inputs[input].dims[axis];
    if (actual < 0) {
        append(context, "input '%s': dimension %d is %lld, but sizes cannot be negative", name, axis,
               (long long)actual);
        return SPARSEC_BAD_ARGUMENT;
    }
    if (expected >= 0) {
        if (actual == expected)
            return SPARSEC_OK;
        append(context, "input '%s': dimension %d is %lld, expected %lld", name, axis, (long long)actual,
               (long long)expected);
        return SPARSEC_BAD_ARGUMENT;
    }
    int64_t symbol = -1 - expected;
    if (context->symbols[symbol] < 0) {
        context->symbols[symbol] = actual;
        context->bound_by[symbol] = input;
        return SPARSEC_OK;
    }
    if (context->symbols[symbol] == actual)
        return SPARSEC_OK;
    append(context, "input '%s': dimension %d ('%s') is %lld, but input '%s' has %s = %lld", name, axis,
           model->symbols[symbol], (long long)actual, model->inputs[context->bound_by[symbol]].name,
           model->symbols[symbol], (long long)context->symbols[symbol]);
    return SPARSEC_BAD_ARGUMENT;
}

static int check_input(struct sparsec_context *context, int32_t input, const struct sparsec_tensor *tensor) {
    const struct sparsec_tensor_info *info = &context->model->inputs[input];
    if (tensor->dtype != info->dtype) {
        append(context, "input '%s' is %s, expected %s", info->name, dtype_name(tensor->dtype),
               dtype_name(info->dtype));
        return SPARSEC_BAD_ARGUMENT;
    }
    if (tensor->rank != info->rank) {
        append(context, "input '%s' has shape ", info->name);
        if (tensor->rank >= 0 && tensor->rank <= SPARSEC_MAX_RANK) {
            for (int32_t i = 0; i < tensor->rank; i++)
                append(context, "%s%lld", i ? ", " : "[", (long long)tensor->shape[i]);
            append(context, tensor->rank ? "] " : "[] ");
        }
        append(context, "(rank %d), expected ", tensor->rank);
        append_shape(context, info->dims, info->rank);
        return SPARSEC_BAD_ARGUMENT;
    }
    for (int32_t axis = 0; axis < info->rank; axis++) {
        int status = check_dimension(context, input, axis, tensor->shape[axis]);
        if (status)
            return status;
    }
    return SPARSEC_OK;
}

/* `data` must hold what the shape needs. Kind is "input" or "output". */
static int check_buffer(struct sparsec_context *context, const char *kind, const struct sparsec_tensor_info *info,
                        const struct sparsec_tensor *tensor, const int64_t *shape) {
    int64_t needed = byte_size(shape, info->rank, info->dtype);
    if (needed < 0) {
        append(context, "%s '%s' would have a negative size or more than 2^63 bytes: the model is not made for such inputs", kind, info->name);
        return SPARSEC_BAD_ARGUMENT;
    }
    if (needed > 0 && !tensor->data) {
        append(context, "%s '%s' has no buffer: data is NULL and %lld bytes are needed", kind, info->name,
               (long long)needed);
        return SPARSEC_BAD_ARGUMENT;
    }
    if (tensor->bytes < needed) {
        append(context, "%s '%s': the buffer has %lld bytes, %lld are needed", kind, info->name,
               (long long)tensor->bytes, (long long)needed);
        return SPARSEC_BAD_ARGUMENT;
    }
    return SPARSEC_OK;
}

/* Learns the symbols from the inputs' shapes and computes the outputs' shapes. */
static int bind_shapes(struct sparsec_context *context, const struct sparsec_tensor *inputs,
                       const struct sparsec_tensor *outputs) {
    const struct sparsec_model *model = context->model;
    context->error[0] = 0;
    if ((!inputs && model->input_count) || (!outputs && model->output_count)) {
        append(context, "the array of %s tensors is NULL", inputs ? "output" : "input");
        return SPARSEC_BAD_ARGUMENT;
    }
    for (int32_t i = 0; i < model->symbol_count; i++)
        context->symbols[i] = -1;
    for (int32_t i = 0; i < model->input_count; i++) {
        int status = check_input(context, i, &inputs[i]);
        if (status)
            return status;
    }
    model->output_shapes(context->symbols, context->output_dims);
    return SPARSEC_OK;
}

static void describe_outputs(struct sparsec_context *context, struct sparsec_tensor *outputs) {
    const int64_t *dims = context->output_dims;
    for (int32_t i = 0; i < context->model->output_count; i++) {
        const struct sparsec_tensor_info *info = &context->model->outputs[i];
        outputs[i].dtype = info->dtype;
        outputs[i].rank = info->rank;
        memcpy(outputs[i].shape, dims, (size_t)info->rank * sizeof *dims);
        dims += info->rank;
    }
}

#endif
