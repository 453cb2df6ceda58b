/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/grad.h"

static const size_t across[3] = { GROUP, 1, 1 };

/* An output of rows x cols; points < 0: nothing but 0. */
static attpool_status collect(const struct grads *g, const struct array *x, int64_t rows,
                              int64_t cols, void *acc, int64_t points, int64_t slot, bool by_col)
{
    const struct pool_args *p = g->p;
    const struct grad_output of = grad_output_of(p, x, rows, cols);
    const struct collected how = {
        .batch = of.batch,
        .heads = of.heads,
        .rows = of.rows,
        .cols = of.cols,
        .items_batch = p->batch,
        .items_heads = p->heads,
        .group = x->head == 0 ? p->heads : x->group,
        .points = points,
        .slot = slot,
        .by_col = by_col,
    };
    const int64_t items[3] = { of.cols, of.rows, of.batch * of.heads };
    struct launch l;
    if (!x->data)
        return ATTPOOL_OK;
    if (ap_launch_begin(&l, g->engine, KERNEL_GRAD_COLLECT, g->type)) {
        ap_put(&l, sizeof how, &how);
        ap_put_buffer(&l, acc);
        ap_put_array(&l, x);
        ap_launch_run(&l, 3, items, across);
    }
    return ap_launch_end(&l);
}

static attpool_status launch_copy(const struct grads *g, const struct grad_copy *x)
{
    const int64_t items[2] = { x->rows, x->batch * x->heads };
    struct launch l;
    if (!x->to.data)
        return ATTPOOL_OK;
    if (ap_launch_begin(&l, g->engine, KERNEL_GRAD_COPY, g->type)) {
        ap_put_long(&l, x->heads);
        ap_put_long(&l, x->rows);
        ap_put_long(&l, x->p);
        ap_put_long(&l, x->width);
        ap_put_array(&l, &x->gradient);
        ap_put_array(&l, &x->from);
        ap_put_array(&l, &x->to);
        ap_launch_run(&l, 2, items, across);
    }
    return ap_launch_end(&l);
}

static attpool_status collect_bias(const struct grads *g)
{
    const struct pool_args *p = g->p;
    const struct array *x = &g->a->dbias;
    switch (g->plan.bias) {
    case GRAD_BIAS_PAIRS:
        return ap_grad_pairs(g);
    case GRAD_BIAS_ROWS:
        return collect(g, x, p->n, 1, g->rows.acc, p->n, g->rows.how.at_gradient, false);
    case GRAD_BIAS_COLUMNS:
        return collect(g, x, 1, p->m, g->columns.acc, p->m, g->columns.how.at_gradient, true);
    case GRAD_BIAS_ALL:
        return collect(g, x, 1, 1, g->items, 1, g->plan.bias_at, false);
    case GRAD_BIAS_NONE:
        break;
    }
    return ATTPOOL_OK;
}

static attpool_status collect_widths(const struct grads *g)
{
    const struct pool_args *p = g->p;
    const struct array *x = &g->a->dinverse_bandwidths;
    const int64_t cols = kernel_by_coordinate(&p->kernel) ? p->d : 1;
    if (p->kernel.per == ATTPOOL_BANDWIDTH_KEY)
        return collect(g, x, 1, p->m, g->columns.acc, p->m, g->columns.how.at_width, true);
    if (p->kernel.per == ATTPOOL_BANDWIDTH_QUERY)
        return collect(g, x, p->n, 1, g->rows.acc, p->n, g->rows.how.at_width, false);
    return collect(g, x, 1, cols, g->items, 1, g->plan.widths_at, false);
}

attpool_status ap_grad_collect(const struct grads *g)
{
    const struct pool_grad_args *a = g->a;
    const struct pool_args *p = g->p;
    void *rows = g->rows.acc, *columns = g->columns.acc;
    attpool_status st = collect(g, &a->dq, p->n, p->d, rows, p->n, g->rows.how.at_point, false);
    if (st == ATTPOOL_OK)
        st = collect(g, &a->dk, p->m, p->d, columns, p->m, g->columns.how.at_point, false);
    if (st == ATTPOOL_OK)
        st = collect(g, &a->dvalue, p->m, p->v, columns, p->m, g->columns.how.at_value, false);
    if (st == ATTPOOL_OK)
        st = collect(g, &a->dkey_weights, 1, p->m, columns, p->m, g->columns.how.at_weight, true);
    if (st == ATTPOOL_OK)
        st = collect(g, &a->dfactors, 1, p->m, columns, p->m, g->columns.how.at_width, true);
    if (st == ATTPOOL_OK)
        st = collect_widths(g);
    if (st == ATTPOOL_OK)
        st = collect_bias(g);
    if (st == ATTPOOL_OK)
        st = collect(g, &a->dscale, 1, 1, g->items, 1, g->plan.scale_at, false);
    if (st == ATTPOOL_OK)
        st = collect(g, &a->dwv, 1, p->d, g->items, 1, g->plan.wv_at, false);
    if (st == ATTPOOL_OK)
        st = launch_copy(g, &a->copy_q);
    return st == ATTPOOL_OK ? launch_copy(g, &a->copy_k) : st;
}
