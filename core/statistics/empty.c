/* SPDX-License-Identifier: Apache-2.0 */

/* Empty rows under the policies mean and nearest, which are rare: pooled once more, a query at a
 * time, with their weights. */

#include "core/statistics/regression.h"

#include <math.h>

struct again {
    struct regression *r;
    struct buffer out, n_eff, weights; /* of one query of all items */
};

static bool is_empty(const struct regression *r, int64_t item, int64_t i)
{
    return number_get(&r->sum, r->pool.args.type, item * r->pool.pool.n + i) == 0;
}

/* The standard error of column c by the weights of an item, or NaN. */
static double standard_error_of(const struct again *g, int64_t item, int64_t c)
{
    const struct regression *r = g->r;
    const struct pool_args *p = &r->pool.pool;
    const struct view *e = r->residuals;
    const int64_t b = item / p->heads, h = item % p->heads / (p->heads / e->size[1]);
    double all = 0, part = 0, squares = 0;
    for (int64_t j = 0; j < p->m; j++) {
        const double w = number_get(&g->weights, r->pool.args.type, item * p->m + j);
        all += w * w;
        if (j >= e->size[2] || w == 0)
            continue;
        const double we = w * ap_view_real(e, e->size[0] == 1 ? 0 : b, h, j, c);
        part += w * w;
        squares += we * we;
    }
    return sqrt(e->size[2] < p->m ? all / part * squares : squares);
}

static void put_item(const struct again *g, int64_t item, int64_t i)
{
    struct regression *r = g->r;
    const struct pool_args *p = &r->pool.pool;
    const int type = r->pool.args.type;
    const int64_t b = item / p->heads, h = item % p->heads;
    const bool left = number_get(&g->n_eff, type, item) > 0; /* the masks leave some key */
    bool missing = false;
    for (int64_t c = 0; c < p->v; c++) {
        ap_view_set(r->pool.out, b, h, i, c, number_get(&g->out, type, item * p->v + c));
        for (int64_t a = 0; a < p->d && r->slope; a++)
            ap_view_set(r->slope, b, h, i, c * p->d + a, left ? 0 : (double)NAN);
    }
    if (r->pool.n_eff)
        ap_view_set(r->pool.n_eff, b, h, i, 0, number_get(&g->n_eff, type, item));
    for (int64_t c = 0; r->errors && c < r->errors->size[3]; c++) {
        const double error = standard_error_of(g, item, c);
        missing |= left && error != error;
        ap_view_set(r->errors, b, h, i, c, error);
    }
    r->missing += missing;
}

static attpool_status pool_again(struct again *g, int64_t i)
{
    struct regression *r = g->r;
    struct engine *e = r->pool.args.engine;
    struct pool_args a = ap_regression_rows(r, i, 1);
    a.moments.power = NULL;
    a.empty = r->empty;
    a.rows = NULL;
    a.lse.data = a.max.data = a.sum.data = NULL;
    a.out = numbers_array(&g->out, a.heads, 1, a.v);
    if (a.v == 0)
        a.out.data = NULL;
    a.n_eff = numbers_array(&g->n_eff, a.heads, 1, 1);
    a.weights = numbers_array(&g->weights, a.heads, 1, a.m);
    attpool_status st = e->backend->pool[r->pool.args.type](e, &a);
    if (st == ATTPOOL_OK)
        st = ap_buffer_download(e, &g->out);
    if (st == ATTPOOL_OK)
        st = ap_buffer_download(e, &g->n_eff);
    if (st == ATTPOOL_OK)
        st = ap_buffer_download(e, &g->weights);
    for (int64_t item = 0; item < a.batch * a.heads && st == ATTPOOL_OK; item++)
        if (is_empty(r, item, i))
            put_item(g, item, i);
    return st;
}

/* The first query from i on with an empty row; n: none. */
static int64_t next_empty(const struct regression *r, int64_t i)
{
    const struct pool_args *p = &r->pool.pool;
    for (; i < p->n; i++)
        for (int64_t item = 0; item < p->batch * p->heads; item++)
            if (is_empty(r, item, i))
                return i;
    return i;
}

attpool_status ap_regression_empty(struct regression *r)
{
    struct engine *e = r->pool.args.engine;
    const struct pool_args *p = &r->pool.pool;
    const int64_t items = p->batch * p->heads;
    const size_t bytes = number_bytes(r->pool.args.type);
    struct again g = { .r = r };
    int64_t i = r->sum.host ? next_empty(r, 0) : p->n;
    attpool_status st = ATTPOOL_OK;
    if (i == p->n || (r->empty != ATTPOOL_EMPTY_MEAN && r->empty != ATTPOOL_EMPTY_NEAREST))
        return ATTPOOL_OK;
    st = ap_buffer_new(e, (size_t)(items * p->v) * bytes, &g.out);
    if (st == ATTPOOL_OK)
        st = ap_buffer_new(e, (size_t)items * bytes, &g.n_eff);
    if (st == ATTPOOL_OK)
        st = ap_buffer_new(e, (size_t)(items * p->m) * bytes, &g.weights);
    for (; i < p->n && st == ATTPOOL_OK; i = next_empty(r, i + 1))
        st = pool_again(&g, i);
    ap_buffer_free(e, &g.weights);
    ap_buffer_free(e, &g.n_eff);
    ap_buffer_free(e, &g.out);
    return st;
}
