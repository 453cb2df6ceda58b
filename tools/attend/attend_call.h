/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that the library gets of attend. */
#ifndef TOOLS_ATTEND_ATTEND_CALL_H
#define TOOLS_ATTEND_ATTEND_CALL_H

#include "tools/attend/attend.h"

/* Its pointers lead into it: it must stay where it is. */
struct attend_call {
    struct operand input[INPUTS], output[OUTPUTS], inverse_bandwidths, max, sum;
    DLTensor *in[INPUTS], *out[OUTPUTS]; /* NULL: absent */
    attpool_kernel_options kernel;
    attpool_masks masks;
    attpool_pool_options options;
    void *coordinate_inverse_bandwidths;
};

/* Arrays for the gradients that are asked for (attend_grad.c), and the call, after the pooling. */
int attend_grad_results(const struct attend_options *o, struct attend_work *work, struct error *e);
attpool_status attend_grad(struct attend_call *call, const struct attend_options *o,
                           attpool_context *context);

#endif
