/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "core/call/options.h"

/* A pooling call between its check and its run. */
struct pool_call {
    struct pool_args pool;
    attpool_pool_options options;
    struct leading leading;
    struct view *q, *k, *value, *out, *lse, *n_eff, *weights, *wq, *wk, *wv, *key_weights;
    struct kernel_tensors inverse_bandwidths;
    struct mask_tensors masks;
    struct array wq_array, wk_array; /* of the projections that come before the pooling */
    int64_t p;
    bool has_names;
    struct arguments args; /* last: all before it begins as 0 */
};

struct pool_tensors {
    const DLTensor *Q, *K, *V;
    const attpool_pool_options *options;
    DLTensor *O;
};

/* Check everything and describe the call. With `state`, no output is asked for. */
attpool_status ap_pool_check(struct pool_call *call, struct engine *engine,
                             const struct pool_tensors *tensors, bool state);

/* Stage, project, pool, fetch. */
attpool_status ap_pool_run(struct pool_call *call);

#endif
