/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/call.h"

#include <string.h>

enum { MARK = 77, TENSORS = 21 };

static struct tensor *tensor_number(struct call_data *c, int i)
{
    struct tensor *const all[TENSORS] = {
        &c->out,         &c->lse,
        &c->n_eff,       &c->weights,
        &c->g,           &c->c,
        &c->s,           &c->q,
        &c->k,           &c->v,
        &c->wq,          &c->wk,
        &c->wv,          &c->inverse_bandwidths,
        &c->factors,     &c->lengths,
        &c->mask,        &c->bias,
        &c->key_weights, &c->a,
        &c->b,
    };
    return all[i];
}

static void make(struct tensor *t, enum element element, int ndim, const int64_t *shape, double low)
{
    tensor_new(t, element, ARRANGE_EXPLICIT, PLACE_END, ndim, shape);
    for (int64_t i = 0; i < tensor_count(t); i++)
        tensor_set(&t->dl, i, low + (double)(i % 3));
}

#define SHAPE(...)                                                                                 \
    (const int64_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

void call_new(struct call_data *c, enum call_kind kind)
{
    enum { H = CALL_H, N = CALL_N, M = CALL_M, D = CALL_D, V = CALL_V, P = CALL_P };
    bool additive = kind == CALL_POOL_ADDITIVE, pool = additive || kind == CALL_POOL_KERNEL;
    memset(c, 0, sizeof *c);
    make(&c->q, ELEMENT_F32, 3, SHAPE(H, N, D), -1);
    make(&c->k, ELEMENT_F32, 3, SHAPE(H, M, D), -0.5);
    make(&c->v, ELEMENT_F32, 3, SHAPE(H, M, V), 1);
    make(&c->wq, ELEMENT_F32, 2, SHAPE(P, D), 0.25);
    make(&c->wk, ELEMENT_F32, 2, SHAPE(P, D), -0.25);
    make(&c->wv, ELEMENT_F32, 1, SHAPE(P), 0.5);
    make(&c->inverse_bandwidths, ELEMENT_F32, 1, SHAPE(D), 0.5);
    make(&c->factors, ELEMENT_F32, 2, SHAPE(H, M), 0.5);
    make(&c->lengths, ELEMENT_I32, 2, SHAPE(H, N), 3);
    make(&c->mask, ELEMENT_U8, 3, SHAPE(H, N, M), 1);
    make(&c->bias, ELEMENT_F32, 3, SHAPE(H, N, M), -1);
    make(&c->key_weights, ELEMENT_F32, 2, SHAPE(H, M), 1);
    make(&c->out, ELEMENT_F32, 3, SHAPE(H, N, V), MARK);
    make(&c->lse, ELEMENT_F32, 2, SHAPE(H, N), MARK);
    make(&c->n_eff, ELEMENT_F32, 2, SHAPE(H, N), MARK);
    make(&c->weights, ELEMENT_F32, 3, SHAPE(H, 2, M), MARK);
    make(&c->s, ELEMENT_F32, 3, SHAPE(H, N, M), 0);
    make(&c->g, ELEMENT_F32, 3, SHAPE(H, N, M), MARK);
    make(&c->a, ELEMENT_F32, 3, SHAPE(H, N, D), 1);
    make(&c->b, ELEMENT_F32, 3, SHAPE(H, D, M), 1);
    make(&c->c, ELEMENT_F32, 3, SHAPE(H, N, M), MARK);
    c->rows[0] = 2;
    c->rows[1] = 0;
    c->scale = 0.5;
    c->kernel = (attpool_kernel_options){ .size = sizeof c->kernel,
                                          .kernel = ATTPOOL_CAUCHY,
                                          .bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE_KEY,
                                          .inverse_bandwidths = &c->inverse_bandwidths.dl,
                                          .key_factors = &c->factors.dl };
    c->masks = (attpool_masks){ .size = sizeof c->masks,
                                .lengths_per = ATTPOOL_LENGTHS_ROW,
                                .lengths = &c->lengths.dl,
                                .mask = &c->mask.dl,
                                .bias = &c->bias.dl };
    c->softmax = (attpool_softmax_options){ .size = sizeof c->softmax,
                                            .scale = &c->scale,
                                            .masks = &c->masks };
    c->pool = (attpool_pool_options){ .size = sizeof c->pool,
                                      .score = additive ? ATTPOOL_ADDITIVE : ATTPOOL_KERNEL,
                                      .kernel = additive ? NULL : &c->kernel,
                                      .scale = additive ? &c->scale : NULL,
                                      .wq = additive ? &c->wq.dl : NULL,
                                      .wk = additive ? &c->wk.dl : NULL,
                                      .wv = additive ? &c->wv.dl : NULL,
                                      .key_weights = &c->key_weights.dl,
                                      .masks = &c->masks,
                                      .lse = &c->lse.dl,
                                      .n_eff = &c->n_eff.dl,
                                      .weights = &c->weights.dl,
                                      .rows = pool ? c->rows : NULL,
                                      .row_count = 2 };
}

void call_free(struct call_data *c)
{
    for (int i = 0; i < TENSORS; i++)
        tensor_free(tensor_number(c, i));
}

attpool_status call_run(attpool_context *context, struct call_data *c, enum call_kind kind)
{
    switch (kind) {
    case CALL_KERNEL:
        return attpool_kernel(context, &c->q.dl, &c->k.dl, &c->kernel, &c->g.dl);
    case CALL_SOFTMAX:
        return attpool_softmax(context, &c->s.dl, &c->softmax, &c->g.dl);
    case CALL_BMM:
        return attpool_bmm(context, 1, &c->a.dl, &c->b.dl, 0, &c->c.dl);
    default:
        return attpool_pool(context, &c->q.dl, &c->k.dl, &c->v.dl, &c->pool, &c->out.dl);
    }
}

int call_arguments(struct call_data *c, enum call_kind kind, struct argument *argument)
{
    const struct argument pool[] = {
        { &c->q, ATTPOOL_E_QUERY, "Q", false },
        { &c->k, ATTPOOL_E_KEY, "K", false },
        { &c->v, ATTPOOL_E_VALUE, "V", false },
        { &c->key_weights, ATTPOOL_E_KEY_WEIGHTS, "key_weights", false },
        { &c->lengths, ATTPOOL_E_LENGTHS, "lengths", false },
        { &c->mask, ATTPOOL_E_MASK, "mask", false },
        { &c->bias, ATTPOOL_E_BIAS, "bias", false },
        { &c->out, ATTPOOL_E_OUTPUT, "O", true },
        { &c->lse, ATTPOOL_E_LSE, "lse", true },
        { &c->n_eff, ATTPOOL_E_N_EFF, "n_eff", true },
        { &c->weights, ATTPOOL_E_WEIGHTS, "weights", true },
        { &c->inverse_bandwidths, ATTPOOL_E_BANDWIDTH, "inverse_bandwidths", false },
        { &c->factors, ATTPOOL_E_BANDWIDTH, "key_factors", false },
    };
    const struct argument additive[] = {
        { &c->wq, ATTPOOL_E_WQ, "wq", false },
        { &c->wk, ATTPOOL_E_WK, "wk", false },
        { &c->wv, ATTPOOL_E_WV, "wv", false },
    };
    const struct argument kernel[] = {
        pool[0], pool[1], { &c->g, ATTPOOL_E_KERNEL, "G", true }, pool[11], pool[12]
    };
    const struct argument softmax[] = { { &c->s, ATTPOOL_E_SCORES, "S", false },
                                        { &c->g, ATTPOOL_E_WEIGHTS, "W", true },
                                        pool[4],
                                        pool[5],
                                        pool[6] };
    const struct argument bmm[] = { { &c->a, ATTPOOL_E_A, "A", false },
                                    { &c->b, ATTPOOL_E_B, "B", false },
                                    { &c->c, ATTPOOL_E_C, "C", true } };
    enum { WITHOUT_WIDTHS = 11 };
    switch (kind) {
    case CALL_POOL_KERNEL:
        memcpy(argument, pool, sizeof pool);
        return sizeof pool / sizeof pool[0];
    case CALL_POOL_ADDITIVE:
        memcpy(argument, pool, WITHOUT_WIDTHS * sizeof pool[0]);
        memcpy(argument + WITHOUT_WIDTHS, additive, sizeof additive);
        return WITHOUT_WIDTHS + sizeof additive / sizeof additive[0];
    case CALL_KERNEL:
        memcpy(argument, kernel, sizeof kernel);
        return sizeof kernel / sizeof kernel[0];
    case CALL_SOFTMAX:
        memcpy(argument, softmax, sizeof softmax);
        return sizeof softmax / sizeof softmax[0];
    default:
        memcpy(argument, bmm, sizeof bmm);
        return sizeof bmm / sizeof bmm[0];
    }
}

enum { OUTPUTS = 6 };

void call_mark_outputs(struct call_data *c)
{
    for (int i = 0; i < OUTPUTS; i++)
        memset(tensor_number(c, i)->bytes, MARK, tensor_number(c, i)->size);
}

bool call_outputs_untouched(const struct call_data *call)
{
    struct call_data c = *call;
    for (int i = 0; i < OUTPUTS; i++) {
        const struct tensor *t = tensor_number(&c, i);
        for (size_t k = 0; k < t->size; k++)
            if (t->bytes[k] != MARK)
                return false;
        if (!tensor_surroundings_intact(t))
            return false;
    }
    return true;
}
