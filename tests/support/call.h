/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_CALL_H
#define TESTS_SUPPORT_CALL_H

/* Small valid calls, for a test to make one thing invalid. */

#include "tests/support/tensor.h"

enum { CALL_H = 2, CALL_N = 3, CALL_M = 5, CALL_D = 2, CALL_V = 2, CALL_P = 4 };

/* The arguments of every operation; all are float32, heads 2, queries 3, keys 5. */
struct call_data {
    struct tensor q, k, v, wq, wk, wv, inverse_bandwidths, factors, lengths, mask, bias,
        key_weights;
    struct tensor out, lse, n_eff, weights;
    struct tensor s, g, a, b, c;
    int64_t rows[2];
    double scale;
    attpool_kernel_options kernel;
    attpool_masks masks;
    attpool_softmax_options softmax;
    attpool_pool_options pool;
};

enum call_kind { CALL_POOL_KERNEL, CALL_POOL_ADDITIVE, CALL_KERNEL, CALL_SOFTMAX, CALL_BMM };

/* Every option and every output that the kind of call can have. */
void call_new(struct call_data *call, enum call_kind kind);
void call_free(struct call_data *call);
attpool_status call_run(attpool_context *context, struct call_data *call, enum call_kind kind);

/* An argument of a kind of call: the tensor, the status that names it, what the message says. */
struct argument {
    struct tensor *tensor;
    attpool_status status;
    const char *name;
    bool output;
};
enum { MOST_ARGUMENTS = 16 };
int call_arguments(struct call_data *call, enum call_kind kind, struct argument *argument);

/* Did a failed call leave the outputs as they were? */
void call_mark_outputs(struct call_data *call);
bool call_outputs_untouched(const struct call_data *call);

#endif
