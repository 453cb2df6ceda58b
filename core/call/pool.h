/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CALL_POOL_H
#define CORE_CALL_POOL_H

#include "core/call/options.h"

/* A pooling call between its check and its run. */
struct pool_call {
    struct pool_args pool;
    attpool_pool_options options;
    struct leading leading;
    struct view *q, *k, *value, *out, *lse, *n_eff, *max, *sum, *weights;
    struct view *wq, *wk, *wv, *key_weights;
    struct kernel_tensors inverse_bandwidths;
    struct mask_tensors masks;
    struct array wq_array, wk_array; /* of the projections that come before the pooling */
    int64_t p;
    const struct key_index *keys; /* of the caller's index, or NULL */
    double scale;                 /* s of dot, additive and projection */
    struct arguments args;        /* last: all before it begins as 0 */
};

struct pool_tensors {
    const DLTensor *Q, *K, *V;
    const attpool_pool_options *options;
    const DLTensor *O;
};

/* What is done with a described call: outputs are written; the state of a part has none; a gradient
 * reads O, max and sum, and looks at no other output; a statistic of the sums of weights has none
 * but those that it adds to the described call; a regression may have others, too. */
enum pool_purpose {
    PURPOSE_POOL,
    PURPOSE_STATE,
    PURPOSE_GRADIENT,
    PURPOSE_SUMS,
    PURPOSE_REGRESSION
};

/* Check all arguments, to which others may then be added; then see that outputs overlap nothing and
 * describe the call. */
attpool_status ap_pool_take(struct pool_call *call, struct engine *engine,
                            const struct pool_tensors *tensors, enum pool_purpose purpose);
attpool_status ap_pool_describe(struct pool_call *call, enum pool_purpose purpose);

/* Checks and describes. */
attpool_status ap_pool_check(struct pool_call *call, struct engine *engine,
                             const struct pool_tensors *tensors, enum pool_purpose purpose);

/* The slot itself, for arguments that are where the backend has them; with an index of the keys, or
 * NULL. */
attpool_status ap_pool_slot(struct engine *engine, int type, const struct pool_args *pool,
                            const struct key_index *keys);

/* Bring the arrays to a device that computes elsewhere, project, pool, fetch. */
attpool_status ap_pool_run(struct pool_call *call);

/* Calls that differ in bandwidths and outputs alone, at most POOL_BANDWIDTHS, with a kernel and
 * something to write, on a backend that has the slot pool_bandwidths. */
attpool_status ap_pool_run_bandwidths(const struct pool_call *calls, int count);

#endif
