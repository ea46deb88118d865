/* Answers requests on stdin: batch and sequence (int64), then ids, mask and types; with the bytes of the logits. */
#include <stdio.h>
#include <stdlib.h>

#include "bert_mini.h"

static int64_t *read_array(int64_t count) {
    int64_t *data = malloc((size_t)count * sizeof *data);
    if (!data || fread(data, sizeof *data, (size_t)count, stdin) != (size_t)count) exit(3);
    return data;
}

int main(void) {
    if (bert_mini_abi_version() != BERT_MINI_ABI_VERSION) return 4;
    bert_mini_context *context = bert_mini_create();
    if (!context) {
        fprintf(stderr, "%s\n", bert_mini_last_error(NULL));
        return 1;
    }
    int64_t size[2];
    while (fread(size, sizeof *size, 2, stdin) == 2) {
        int64_t *data[BERT_MINI_INPUTS];
        for (int i = 0; i < BERT_MINI_INPUTS; i++) data[i] = read_array(size[0] * size[1]);
        bert_mini_tensor inputs[BERT_MINI_INPUTS], outputs[BERT_MINI_OUTPUTS] = {0};
        inputs[BERT_MINI_INPUT_INPUT_IDS] = bert_mini_make_input_ids(data[0], size[0], size[1]);
        inputs[BERT_MINI_INPUT_ATTENTION_MASK] = bert_mini_make_attention_mask(data[1], size[0], size[1]);
        inputs[BERT_MINI_INPUT_TOKEN_TYPE_IDS] = bert_mini_make_token_type_ids(data[2], size[0], size[1]);
        if (bert_mini_output_shapes(context, inputs, outputs)) {
            fprintf(stderr, "%s\n", bert_mini_last_error(context));
            return 1;
        }
        outputs[0].data = malloc((size_t)outputs[0].bytes);
        if (!outputs[0].data || bert_mini_run(context, inputs, outputs)) {
            fprintf(stderr, "%s\n", bert_mini_last_error(context));
            return 1;
        }
        if (fwrite(outputs[0].data, 1, (size_t)outputs[0].bytes, stdout) != (size_t)outputs[0].bytes) return 5;
        free(outputs[0].data);
        for (int i = 0; i < BERT_MINI_INPUTS; i++) free(data[i]);
    }
    bert_mini_destroy(context);
    return 0;
}
