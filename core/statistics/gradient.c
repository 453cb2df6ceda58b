/* SPDX-License-Identifier: Apache-2.0 */

/* The slope of a local constant fit: its gradient by the query, a column of values at a time. */

#include "core/statistics/regression.h"

#include <math.h>
#include <string.h>

static void put_slopes(const struct regression *r, const struct buffer *gradient, int64_t c)
{
    const struct pool_args *p = &r->pool.pool;
    const int type = r->pool.args.type;
    for (int64_t row = 0; row < regression_rows(r); row++) {
        const int64_t item = row / p->n, b = item / p->heads, h = item % p->heads, i = row % p->n;
        const bool nan = number_get(&r->sum, type, row) == 0 && r->empty != ATTPOOL_EMPTY_ZERO;
        for (int64_t a = 0; a < p->d; a++)
            ap_view_set(r->slope, b, h, i, c * p->d + a,
                        nan ? (double)NAN : number_get(gradient, type, row * p->d + a));
    }
}

/* dO is 1 in column c and 0 in the others. */
static attpool_status gradient_of(struct regression *r, struct buffer *one, struct buffer *gradient,
                                  int64_t c)
{
    struct engine *e = r->pool.args.engine;
    struct pool_args p = r->pool.pool;
    p.lse.data = p.n_eff.data = p.weights.data = NULL;
    p.rows = NULL;
    struct pool_grad_args g = {
        .pool = &p,
        .query_origin = r->pool.masks.options.query_origin,
        .scale = ap_to_type(r->pool.args.type, r->pool.scale),
        .d_out = numbers_array(one, 0, 0, p.v),
        .dq = numbers_array(gradient, p.heads, p.n, p.d),
    };
    g.d_out.row = 0;
    memset(one->host, 0, one->bytes);
    number_set(one, r->pool.args.type, c, 1);
    attpool_status st = ap_buffer_upload(e, one);
    if (st == ATTPOOL_OK)
        st = e->backend->pool_grad[r->pool.args.type](e, &g);
    if (st == ATTPOOL_OK)
        st = ap_buffer_download(e, gradient);
    if (st == ATTPOOL_OK)
        put_slopes(r, gradient, c);
    return st;
}

attpool_status ap_regression_gradient(struct regression *r)
{
    struct engine *e = r->pool.args.engine;
    const struct pool_args *p = &r->pool.pool;
    const size_t bytes = number_bytes(r->pool.args.type);
    const double to = r->errors ? 0.7 : 1;
    struct buffer one = { .memory = NULL }, gradient = { .memory = NULL };
    if (!r->slope || r->options.degree == 1 || p->d == 0 || p->v == 0)
        return ATTPOOL_OK;
    attpool_status st = ap_buffer_new(e, (size_t)p->v * bytes, &one);
    if (st == ATTPOOL_OK)
        st = ap_buffer_new(e, (size_t)(regression_rows(r) * p->d) * bytes, &gradient);
    for (int64_t c = 0; c < p->v && st == ATTPOOL_OK; c++) {
        const double each = (to - 0.5) / (double)p->v;
        ap_engine_span(e, 0.5 + each * (double)c, 0.5 + each * (double)(c + 1));
        st = gradient_of(r, &one, &gradient, c);
    }
    ap_buffer_free(e, &gradient);
    ap_buffer_free(e, &one);
    return st;
}
