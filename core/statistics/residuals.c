/* SPDX-License-Identifier: Apache-2.0 */

/* Leave-one-out residuals. */

#include "core/call/call.h"
#include "core/selftest/tested.h"
#include "core/statistics/regression.h"

static attpool_status check_unset(struct engine *e, const attpool_regression_options *o,
                                  const attpool_pool_options *pool)
{
    const char *name = o->slope             ? "slope"
                       : o->equivalent      ? "equivalent"
                       : o->residuals       ? "residuals"
                       : o->standard_errors ? "standard_errors"
                       : pool->lse          ? "lse"
                       : pool->n_eff        ? "n_eff"
                       : pool->weights      ? "weights"
                                            : NULL;
    return name ? ap_engine_fail(e, ATTPOOL_E_OPTIONS, "%s is no result of attpool_residuals", name)
                : ATTPOOL_OK;
}

/* The first `rows` rows of a tensor of up to four dimensions. */
struct head {
    int64_t shape[4], strides[4];
    DLTensor tensor;
};

static attpool_status take_head(struct engine *e, const DLTensor *K, const DLTensor *E,
                                struct head *to)
{
    if (!K || K->ndim < 2 || K->ndim > 4 || !K->shape)
        return ap_engine_fail(e, ATTPOOL_E_KEY, "K is NULL or has not 2 to 4 dimensions");
    if (!E || E->ndim < 2 || E->ndim > 4 || !E->shape)
        return ap_engine_fail(e, ATTPOOL_E_OUTPUT, "E is NULL or has not 2 to 4 dimensions");
    const int n = K->ndim;
    const int64_t rows = E->shape[E->ndim - 2];
    int64_t stride = 1;
    to->tensor = *K;
    for (int k = n - 1; k >= 0; k--) {
        to->shape[k] = K->shape[k];
        to->strides[k] = K->strides ? K->strides[k] : stride;
        if (__builtin_mul_overflow(stride, K->shape[k] > 0 ? K->shape[k] : 1, &stride))
            return ap_engine_fail(e, ATTPOOL_E_KEY, "K is too large");
    }
    if (rows > K->shape[n - 2])
        return ap_engine_fail(e, ATTPOOL_E_OUTPUT, "E has %lld rows, K has %lld", (long long)rows,
                              (long long)K->shape[n - 2]);
    to->shape[n - 2] = rows;
    to->tensor.shape = to->shape;
    to->tensor.strides = to->strides;
    return ATTPOOL_OK;
}

/* y minus the prediction that has taken its place. */
static void subtract(const struct regression *r)
{
    const struct view *o = r->pool.out, *v = r->pool.value;
    const int64_t heads = r->pool.pool.heads;
    for (int64_t b = 0; b < o->size[0]; b++)
        for (int64_t h = 0; h < o->size[1]; h++)
            for (int64_t i = 0; i < o->size[2]; i++)
                for (int64_t c = 0; c < o->size[3]; c++) {
                    const double y =
                        ap_view_real(v, b % v->size[0], h / (heads / v->size[1]), i, c);
                    ap_view_set(o, b, h, i, c, y - ap_view_real(o, b, h, i, c));
                }
}

static attpool_status residuals(struct regression *r, struct engine *e, const DLTensor *K,
                                const DLTensor *V, const attpool_regression_options *caller,
                                DLTensor *E)
{
    attpool_regression_options o;
    attpool_pool_options pool;
    attpool_masks masks;
    struct head q;
    if (!ap_take_options(e, "attpool_regression_options", &o, sizeof o, caller) ||
        !ap_take_options(e, "attpool_pool_options", &pool, sizeof pool, o.pool) ||
        !ap_take_options(e, "attpool_masks", &masks, sizeof masks, pool.masks))
        return ATTPOOL_E_OPTIONS;
    attpool_status st = check_unset(e, &o, &pool);
    if (st == ATTPOOL_OK && !V)
        st = ap_engine_fail(e, ATTPOOL_E_VALUE, "V is NULL");
    if (st == ATTPOOL_OK)
        st = take_head(e, K, E, &q);
    if (st != ATTPOOL_OK)
        return st;
    if (!o.pool)
        pool.score = ATTPOOL_KERNEL;
    masks.size = sizeof masks;
    masks.leave_one_out = 1;
    masks.query_origin = masks.key_origin;
    pool.size = sizeof pool;
    pool.masks = &masks;
    o.size = sizeof o;
    o.pool = &pool;
    st = ap_regress(r, e, &(struct pool_tensors){ &q.tensor, K, V, NULL, E }, &o);
    if (st == ATTPOOL_OK)
        subtract(r);
    return st;
}

/* The regression has K for Q and E for O, which its messages name. */
static attpool_status in_own_words(struct engine *e, attpool_status st)
{
    for (char *p = e->message; st != ATTPOOL_OK && *p != '\0'; p++) {
        const bool word = (p == e->message || p[-1] == ' ') && (p[1] == ' ' || p[1] == '\0');
        if (word && (*p == 'Q' || *p == 'O'))
            *p = *p == 'Q' ? 'K' : 'E';
    }
    return st == ATTPOOL_E_QUERY ? ATTPOOL_E_KEY : st;
}

attpool_status attpool_residuals(attpool_context *context, const DLTensor *K, const DLTensor *V,
                                 const attpool_regression_options *options, DLTensor *E)
{
    struct call call;
    struct regression r;
    attpool_status st =
        ap_call_begin_tested(&call, context, "residuals", ap_tested_of_regression(options), V, K);
    if (st != ATTPOOL_OK)
        return st;
    st = residuals(&r, &context->engine, K, V, options, E);
    return ap_call_end(&call, in_own_words(&context->engine, st));
}
