/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/grad.h"

static struct array_place grad_place_of(const struct array *a, size_t bytes)
{
    return (struct array_place){
        .offset = a->offset / (int64_t)bytes,
        .batch = a->batch,
        .head = a->head,
        .row = a->row,
        .col = a->col,
        .group = ap_opencl_divisor(a->group > 0 ? a->group : 1),
    };
}

static int64_t take_numbers(int64_t *count, int64_t numbers)
{
    const int64_t at = *count;
    *count += numbers;
    return numbers > 0 ? at : -1;
}

static void describe_sweep(struct grads *g, bool column)
{
    struct sweep *s = column ? &g->columns : &g->rows;
    const struct pool_grad_args *a = g->a;
    const struct pool_args *p = g->p;
    struct gradient *how = &s->how;
    int64_t at[GRAD_SUMS], count = 0;

    for (int k = 0; k < GRAD_SUMS; k++)
        at[k] = take_numbers(&count, grad_sum_count(&g->plan, (enum grad_sum)k, column));
    *how = (struct gradient){
        .batch = p->batch,
        .heads = p->heads,
        .n = p->n,
        .m = p->m,
        .v = p->v,
        .key_origin = p->key_origin,
        .query_origin = a->query_origin,
        .column = column,
        .path = g->plan.path,
        .has_max = ap_score_has_log(&g->score) || p->masks.bias.data,
        .divides = p->key_weights.data || ap_score_has_factor(&g->score),
        .has_d_out = a->d_out.data != NULL,
        .cuts_far = pool_cuts_far(p),
        .at_point = at[GRAD_SUM_POINT],
        .at_each = at[GRAD_SUM_EACH],
        .at_value = at[GRAD_SUM_VALUE],
        .at_gradient = at[GRAD_SUM_GRADIENT],
        .at_width = at[GRAD_SUM_WIDTH],
        .at_scale = -1,
        .at_weight = -1,
        .width_of_point = column || p->kernel.per == ATTPOOL_BANDWIDTH_QUERY,
        .width_row = p->kernel.inverse_bandwidths.row,
    };
    s->column = column;
    if (!column && a->dscale.data)
        how->at_scale = take_numbers(&count, 1);
    if (column && a->dkey_weights.data)
        how->at_weight = take_numbers(&count, 1);
    how->count = count;
}

static attpool_status take_memory(struct grads *g)
{
    const struct pool_args *p = g->p;
    const size_t size = type_bytes(g->type);
    const int64_t items = p->batch * p->heads, rows = items * p->n, columns = items * p->m;
    const int64_t room = g->plan.path == GRAD_PRODUCT ? 2 * p->d * max64(rows, columns) : 0;
    const struct {
        void **memory;
        int64_t bytes;
    } all[] = {
        { &g->gain, rows * (int64_t)size },
        { &g->sum, rows * (int64_t)size },
        { &g->kind, rows * (int64_t)sizeof(cl_long) },
        { &g->room, room * (int64_t)size },
        { &g->items, g->plan.sums * items * (int64_t)size },
        { &g->rows.acc, 2 * g->rows.how.count * rows * (int64_t)size },
        { &g->columns.acc, 2 * g->columns.how.count * columns * (int64_t)size },
    };
    const struct array *const of[AT_COUNT] = {
        [AT_VALUE] = &p->value,    [AT_OUT] = &p->out, [AT_D_OUT] = &g->a->d_out,
        [AT_D_LSE] = &g->a->d_lse, [AT_MAX] = &p->max, [AT_SUM] = &p->sum,
    };
    struct array_place place[AT_COUNT];
    attpool_status st = ATTPOOL_OK;
    for (int k = 0; k < AT_COUNT; k++)
        place[k] = grad_place_of(of[k], size);
    g->places = ap_opencl_copy(g->engine, place, sizeof place);
    if (!g->places)
        return ATTPOOL_E_MEMORY;
    for (size_t k = 0; k < sizeof all / sizeof all[0] && st == ATTPOOL_OK; k++)
        st = ap_opencl_memory.alloc(g->engine, (size_t)all[k].bytes, all[k].memory);
    return st;
}

static void give_memory(struct grads *g)
{
    void *all[] = { g->places, g->gain,  g->sum,      g->kind,
                    g->room,   g->items, g->rows.acc, g->columns.acc };
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
        ap_opencl_release(g->engine, all[k]);
}

static attpool_status run_sweeps(struct grads *g)
{
    attpool_status st = ap_grad_facts(g);
    if (st == ATTPOOL_OK && g->rows.how.count > 0)
        st = ap_grad_sweep(g, &g->rows);
    if (st == ATTPOOL_OK && g->columns.how.count > 0)
        st = ap_grad_sweep(g, &g->columns);
    if (st == ATTPOOL_OK)
        st = ap_grad_rows(g);
    return st == ATTPOOL_OK ? ap_grad_collect(g) : st;
}

attpool_status ap_opencl_pool_grad(struct engine *engine, const struct pool_grad_args *a, int type)
{
    const struct pool_args *p = a->pool;
    struct grads g = { .engine = engine, .a = a, .p = p, .type = type };
    attpool_status st =
        ap_opencl_check(engine, &p->masks, &p->key_weights, p->batch, p->heads, p->n, p->m, type);

    g.plan = grad_plan_of(a);
    g.score = (struct score){ .score = p->score,
                              .kernel = &p->kernel,
                              .d = p->d,
                              .c = p->c,
                              .q = &p->q,
                              .k = &p->k,
                              .wv = &p->wv };
    if (st == ATTPOOL_OK)
        st = ap_opencl_turns(engine, max64(ap_grad_turns(&g), p->n));
    if (st != ATTPOOL_OK)
        return st;
    if (!ap_score_open(engine, &g.score))
        return ATTPOOL_E_MEMORY;
    describe_sweep(&g, false);
    describe_sweep(&g, true);
    st = take_memory(&g);
    if (st == ATTPOOL_OK)
        st = run_sweeps(&g);
    give_memory(&g);
    ap_score_close(engine, &g.score);
    return st;
}
