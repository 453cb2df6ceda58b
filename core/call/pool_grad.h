/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CALL_POOL_GRAD_H
#define CORE_CALL_POOL_GRAD_H

#include "core/call/pool.h"

/* A call for gradients between its check and its run. */
struct pool_grad_call {
    struct pool_grad_args grad; /* of projected scores without dq and dk */
    struct array dq, dk;        /* by Q and K themselves, where those are projected */
    struct array dwq, dwk;
    struct pool_call pool; /* last: its arguments do not begin as 0 */
};

struct pool_grad_tensors {
    struct pool_tensors pool;
    const DLTensor *dO, *dL;
    const attpool_gradients *gradients;
};

attpool_status ap_pool_grad_check(struct pool_grad_call *call, struct engine *engine,
                                  const struct pool_grad_tensors *tensors);

/* Stage, project, compute, fetch. */
attpool_status ap_pool_grad_run(struct pool_grad_call *call);

#endif
