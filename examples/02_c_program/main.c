/* Runs the compiled model on each argument, e.g. ./classify "some text" "another". See the Makefile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tiny_bert.h"

#define LONGEST 128 /* how many positions the model knows */

static int fail(const tiny_bert_context *context) {
    fprintf(stderr, "%s\n", tiny_bert_last_error(context));
    return 1;
}

/* The model reads bytes: one token per byte, no padding, all of one segment. */
static int classify(tiny_bert_context *context, const char *text) {
    int64_t length = (int64_t)strlen(text), ids[LONGEST], mask[LONGEST], types[LONGEST];
    if (length > LONGEST) length = LONGEST;
    for (int64_t i = 0; i < length; i++) {
        ids[i] = (unsigned char)text[i];
        mask[i] = 1;
        types[i] = 0;
    }
    tiny_bert_tensor inputs[TINY_BERT_INPUTS], outputs[TINY_BERT_OUTPUTS] = {0};
    inputs[TINY_BERT_INPUT_INPUT_IDS] = tiny_bert_make_input_ids(ids, 1, length);
    inputs[TINY_BERT_INPUT_ATTENTION_MASK] = tiny_bert_make_attention_mask(mask, 1, length);
    inputs[TINY_BERT_INPUT_TOKEN_TYPE_IDS] = tiny_bert_make_token_type_ids(types, 1, length);

    /* Ask how large the outputs are for these inputs. Here the answer is always 3 floats; with others it is not. */
    if (tiny_bert_output_shapes(context, inputs, outputs)) return fail(context);
    float *logits = malloc((size_t)outputs[TINY_BERT_OUTPUT_LOGITS].bytes);
    if (!logits) return 1;
    outputs[TINY_BERT_OUTPUT_LOGITS].data = logits;

    int status = tiny_bert_run(context, inputs, outputs) ? fail(context) : 0;
    if (!status) printf("%-40.40s %8.4f %8.4f %8.4f\n", text, logits[0], logits[1], logits[2]);
    free(logits);
    return status;
}

int main(int count, char **arguments) {
    if (tiny_bert_abi_version() != TINY_BERT_ABI_VERSION) {
        fprintf(stderr, "tiny_bert.h and tiny_bert.so do not belong together\n");
        return 1;
    }
    tiny_bert_context *context = tiny_bert_create();
    if (!context) return fail(NULL);
    printf("running on %s\n", tiny_bert_variant(context));
    int status = 0;
    for (int i = 1; i < count; i++) status |= classify(context, arguments[i]);
    tiny_bert_destroy(context);
    return status;
}
