/* SPDX-License-Identifier: Apache-2.0 */
/* The gradients of attend. */
#include "tools/attend/attend_call.h"

#include <string.h>

/* The array that a gradient has the shape of, or INPUTS: a number. */
static enum attend_input input_of(enum attend_output i)
{
    static const enum attend_input of[OUTPUTS] = {
        [OUT_GRAD_Q] = IN_Q,
        [OUT_GRAD_K] = IN_K,
        [OUT_GRAD_V] = IN_V,
        [OUT_GRAD_BIAS] = IN_BIAS,
        [OUT_GRAD_KEY_WEIGHTS] = IN_KEY_WEIGHTS,
        [OUT_GRAD_SCALE] = INPUTS,
        [OUT_GRAD_INVERSE_BANDWIDTH] = IN_INVERSE_BANDWIDTH,
        [OUT_GRAD_KEY_FACTORS] = IN_KEY_FACTORS,
        [OUT_GRAD_WQ] = IN_WQ,
        [OUT_GRAD_WK] = IN_WK,
        [OUT_GRAD_WV] = IN_WV,
    };
    return of[i];
}

static void result_like(const struct attend_options *o, const struct attend_work *work,
                        enum attend_output i, struct attend_array *result)
{
    const enum attend_input of = input_of(i);
    if (of != INPUTS && work->input[of].data != NULL) {
        const struct attend_array *x = &work->input[of];
        memcpy(result->shape, x->shape, sizeof result->shape);
        result->dims = x->dims;
        result->count = x->count;
        return;
    }
    result->dims = 1;
    result->count = 1;
    if (i == OUT_GRAD_INVERSE_BANDWIDTH && o->bandwidths.count > 1)
        result->count = o->bandwidths.count;
    result->shape[0] = (int64_t)result->count;
}

int attend_grad_results(const struct attend_options *o, struct attend_work *work, struct error *e)
{
    int st = CMD_OK;
    for (int i = OUT_GRAD_Q; i < OUTPUTS && st == CMD_OK; i++) {
        struct attend_array *result = &work->output[i];
        if (o->output[i] == NULL)
            continue;
        result_like(o, work, (enum attend_output)i, result);
        st = array_new(&result->data, result->count, real_size(work->single), e);
    }
    return st;
}

attpool_status attend_grad(struct attend_call *c, const struct attend_options *o,
                           attpool_context *context)
{
    const bool by_output = o->input[IN_GRAD_OUTPUT] != NULL;
    const attpool_gradients gradients = {
        .size = sizeof gradients,
        .Q = c->out[OUT_GRAD_Q],
        .K = c->out[OUT_GRAD_K],
        .V = c->out[OUT_GRAD_V],
        .bias = c->out[OUT_GRAD_BIAS],
        .key_weights = c->out[OUT_GRAD_KEY_WEIGHTS],
        .scale = c->out[OUT_GRAD_SCALE],
        .inverse_bandwidths = c->out[OUT_GRAD_INVERSE_BANDWIDTH],
        .key_factors = c->out[OUT_GRAD_KEY_FACTORS],
        .wq = c->out[OUT_GRAD_WQ],
        .wk = c->out[OUT_GRAD_WK],
        .wv = c->out[OUT_GRAD_WV],
    };
    return attpool_pool_grad(context, c->in[IN_Q], c->in[IN_K], by_output ? c->in[IN_V] : NULL,
                             &c->options, by_output ? c->out[OUT_RESULT] : NULL,
                             c->in[IN_GRAD_OUTPUT], c->in[IN_GRAD_LSE], &gradients);
}
