/* What generated code, the C runtime and Python agree on. `descriptor.py` writes these structures as LLVM constants,
 * `abi.py` reads them with ctypes, `header.py` shows the public half to C programs. Change one, change all, and raise
 * the version. */
#ifndef SPARSEC_RUNTIME_ABI_H
#define SPARSEC_RUNTIME_ABI_H

#include <stdint.h>

#define SPARSEC_ABI_VERSION 2
#define SPARSEC_MAX_RANK 8
#define SPARSEC_MAX_THREADS 1024

enum sparsec_status {
    SPARSEC_OK = 0,
    SPARSEC_BAD_ARGUMENT = 1,  /* a tensor, shape, dtype, buffer or thread count does not fit; last_error says which */
    SPARSEC_BAD_DATA = 2,      /* the values of an input are impossible, for example an index out of range */
    SPARSEC_NO_MEMORY = 3,
    SPARSEC_NO_THREADS = 4,    /* the system refused to start a thread */
    SPARSEC_BUSY = 5,          /* another thread is inside this context; last_error is not touched */
};

/* One array, dense and row-major. `dtype` is an ONNX TensorProto.DataType code. */
struct sparsec_tensor {
    void *data;
    int64_t bytes; /* how many bytes `data` can hold: checked against what the shape needs */
    int32_t dtype;
    int32_t rank;
    int64_t shape[SPARSEC_MAX_RANK];
};

/* One input or output of the model. Dimensions: n >= 0 is n, -(1 + i) is symbol i. Outputs leave dims NULL. */
struct sparsec_tensor_info {
    const char *name;
    int32_t dtype;
    int32_t rank;
    const int64_t *dims;
};

/* What one thread did for one kernel call, which is a number of the list "calls" in the metadata; -1 is the run itself.
 * Times are nanoseconds of CLOCK_MONOTONIC. */
struct sparsec_span {
    int32_t call;
    int32_t thread; /* 0 is the caller */
    int64_t begin, end;
    int64_t items; /* how many of the call's independent pieces of work */
};

struct sparsec_pool;

typedef void sparsec_execute(const int64_t *symbols, void *const *inputs, void *const *outputs, void *arena,
                             const void *weights, struct sparsec_pool *pool, int32_t *status);
typedef int64_t sparsec_size(const int64_t *symbols);
typedef void sparsec_task(void *args, int64_t begin, int64_t end, void *scratch);

/* A host's own threads: runs task(job, part) once for every part in [0, parts), in any order and on any threads, and
 * returns when all of these have returned. */
typedef void sparsec_host_parallel(void *user, void (*task)(void *job, int32_t part), void *job, int32_t parts);

/* The same model compiled for one instruction set. */
struct sparsec_variant {
    const char *name;
    uint64_t features; /* bits of runtime_cpu.h, all of them needed */
    sparsec_execute *execute;
    sparsec_size *arena_size;
    sparsec_size *scratch_size; /* per thread */
};

struct sparsec_model {
    int32_t symbol_count;
    int32_t input_count;
    int32_t output_count;
    int32_t variant_count; /* best first */
    int32_t message_count;
    int32_t call_count; /* of kernels in a run */
    const char *const *symbols;
    const struct sparsec_tensor_info *inputs;
    const struct sparsec_tensor_info *outputs;
    const struct sparsec_variant *variants;
    const char *const *messages; /* what a kernel may report: status is an index + 1 */
    void (*output_shapes)(const int64_t *symbols, int64_t *dims);
    const void *weights;
};

#endif
