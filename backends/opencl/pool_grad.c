/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/grad_plan.h"
#include "backends/opencl/score.h"

/* Gradients of pooling, one plain kernel each:
 *
 *     grad_facts      what becomes of each row
 *     grad_sweep      the sums of each query over its keys, of each key over its queries
 *     grad_pairs      a bias of its own for each pair
 *     grad_rows       sums over the rows of an item
 *     grad_collect    the outputs, each the sum of the items that share it
 *     grad_copy       for the matrices of projections
 */

struct sweep {
    bool column;
    struct gradient how;
    void *acc; /* sums of each point of each item */
};

struct grads {
    struct engine *engine;
    const struct pool_grad_args *a;
    const struct pool_args *p;
    int type;
    struct grad_plan plan;
    struct score score;
    struct sweep rows, columns;
    void *places, *gain, *sum, *kind, *room, *items;
};

static const size_t across[3] = { GROUP, 1, 1 };

/* ---- Descriptions ---- */

static struct array_place place_of(const struct array *a, size_t bytes)
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

static int64_t take(int64_t *count, int64_t numbers)
{
    const int64_t at = *count;
    *count += numbers;
    return numbers > 0 ? at : -1;
}

static void describe(struct grads *g, bool column)
{
    struct sweep *s = column ? &g->columns : &g->rows;
    const struct pool_grad_args *a = g->a;
    const struct pool_args *p = g->p;
    struct gradient *how = &s->how;
    int64_t at[GRAD_SUMS], count = 0;

    for (int k = 0; k < GRAD_SUMS; k++)
        at[k] = take(&count, grad_sum_count(&g->plan, (enum grad_sum)k, column));
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
        .cuts = pool_cuts(p),
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
        how->at_scale = take(&count, 1);
    if (column && a->dkey_weights.data)
        how->at_weight = take(&count, 1);
    how->count = count;
}

/* ---- Launches ---- */

static int id_of(const struct grads *g, int first)
{
    return first + (int)g->p->score;
}

static bool begin(struct launch *l, const struct grads *g, int first, const struct gradient *how)
{
    const struct pool_args *p = g->p;
    if (!ap_launch_begin(l, g->engine, (enum kernel_id)id_of(g, first), g->type))
        return false;
    ap_put(l, sizeof *how, how);
    ap_put_masks(l, &p->masks, &p->key_weights);
    ap_put_score(l, &g->score);
    return true;
}

static void put_facts(struct launch *l, const struct grads *g)
{
    ap_put_buffer(l, g->places);
    ap_put_buffer(l, g->p->value.data);
    ap_put_buffer(l, g->a->d_out.data);
    ap_put_buffer(l, g->p->max.data);
    ap_put_buffer(l, g->gain);
    ap_put_buffer(l, g->sum);
    ap_put_buffer(l, g->kind);
}

static attpool_status launch_facts(const struct grads *g)
{
    const struct pool_args *p = g->p;
    const int64_t rows = p->batch * p->heads * p->n;
    struct launch l;
    if (begin(&l, g, KERNEL_GRAD_FACTS, &g->rows.how)) {
        ap_put_int(&l, (int)p->empty);
        ap_put_buffer(&l, g->places);
        ap_put_buffer(&l, p->out.data);
        ap_put_buffer(&l, g->a->d_out.data);
        ap_put_int(&l, g->a->d_lse.data != NULL);
        ap_put_buffer(&l, g->a->d_lse.data);
        ap_put_buffer(&l, p->sum.data);
        ap_put_buffer(&l, g->gain);
        ap_put_buffer(&l, g->sum);
        ap_put_buffer(&l, g->kind);
        ap_launch_run(&l, 1, &rows, across);
    }
    return ap_launch_end(&l);
}

/* Turns of a work-item's loops for one partner. */
static int64_t turns_of(const struct grads *g)
{
    return 3 * ap_score_turns(&g->score) / ap_score_keys_each(&g->score) + 4 * g->p->d +
           2 * g->p->v + 64;
}

/* Partners of a launch. */
static int64_t partners_of(const struct grads *g, int64_t items)
{
    const struct opencl *o = ap_engine_state(g->engine);
    const int64_t turns = turns_of(g);
    int64_t most = LAUNCH_TERMS / turns / max64(1, items);
    if (o->short_loops)
        most = min64(most, LOOP_TURNS / turns);
    return max64(1, most);
}

static attpool_status sweep(const struct grads *g, struct sweep *s)
{
    const struct pool_args *p = g->p;
    const int64_t items = p->batch * p->heads * (s->column ? p->m : p->n);
    const int64_t partners = s->column ? p->n : p->m, most = partners_of(g, items);
    attpool_status status = ATTPOOL_OK;

    for (int64_t first = 0; status == ATTPOOL_OK && (first == 0 || first < partners);
         first += most) {
        struct launch l;
        s->how.first = first;
        s->how.end = min64(first + most, partners);
        s->how.last = s->how.end == partners;
        if (begin(&l, g, KERNEL_GRAD_SWEEP, &s->how)) {
            put_facts(&l, g);
            ap_put_real(&l, g->a->scale);
            ap_put_buffer(&l, s->acc);
            ap_put_buffer(&l, g->room);
            ap_launch_run(&l, 1, &items, across);
        }
        status = ap_launch_end(&l);
    }
    return status;
}

static attpool_status launch_pairs(const struct grads *g)
{
    const struct pool_args *p = g->p;
    const int64_t each =
        max64(1, LAUNCH_TERMS / turns_of(g) / max64(1, p->m * p->batch * p->heads));
    struct gradient how = g->rows.how;
    attpool_status status = ATTPOOL_OK;

    how.path = GRAD_FLAT; /* g alone is wanted */
    for (int64_t first = 0; first < p->n && status == ATTPOOL_OK; first += each) {
        const int64_t items[3] = { p->m, min64(each, p->n - first), p->batch * p->heads };
        struct launch l;
        if (begin(&l, g, KERNEL_GRAD_PAIRS, &how)) {
            put_facts(&l, g);
            ap_put_array(&l, &g->a->dbias);
            ap_put_long(&l, first);
            ap_launch_run(&l, 3, items, across);
        }
        status = ap_launch_end(&l);
    }
    return status;
}

/* `numbers` sums over rows, from slot `slot` of the sweep, become number `first` of the items. */
static attpool_status launch_rows(const struct grads *g, int64_t slot, int64_t numbers,
                                  int64_t first, double factor, bool by_w)
{
    static const struct array none;
    const struct pool_args *p = g->p;
    const struct array *w = by_w ? &p->kernel.inverse_bandwidths : &none;
    const int64_t items[2] = { p->batch * p->heads, numbers };
    struct launch l;
    if (ap_launch_begin(&l, g->engine, (enum kernel_id)id_of(g, KERNEL_GRAD_ROWS), g->type)) {
        ap_put(&l, sizeof g->rows.how, &g->rows.how);
        ap_put_long(&l, slot);
        ap_put_real(&l, factor);
        ap_put_int(&l, by_w);
        ap_put_real(&l, p->kernel.one);
        ap_put_int(&l, w->data != NULL);
        ap_put_array(&l, w);
        ap_put_buffer(&l, g->rows.acc);
        ap_put_buffer(&l, g->items);
        ap_put_long(&l, first);
        ap_launch_run(&l, 2, items, across);
    }
    return ap_launch_end(&l);
}

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

/* ---- The call ---- */

/* The sums that belong to neither queries nor keys, item by item. */
static attpool_status sum_rows(const struct grads *g)
{
    const struct grad_plan *plan = &g->plan;
    const struct gradient *how = &g->rows.how;
    const struct pool_args *p = g->p;
    const bool coordinates = kernel_by_coordinate(&p->kernel);
    attpool_status st = ATTPOOL_OK;
    if (plan->scale_at >= 0)
        st = launch_rows(g, how->at_scale, 1, plan->scale_at, 1, false);
    if (st == ATTPOOL_OK && plan->widths_at >= 0)
        st = launch_rows(g, coordinates ? how->at_each : how->at_width, coordinates ? p->d : 1,
                         plan->widths_at, 1, true);
    if (st == ATTPOOL_OK && plan->wv_at >= 0)
        st = launch_rows(g, how->at_each, p->d, plan->wv_at, g->a->scale, false);
    if (st == ATTPOOL_OK && plan->bias_at >= 0)
        st = launch_rows(g, how->at_gradient, 1, plan->bias_at, 1, false);
    return st;
}

static attpool_status collect_bias(const struct grads *g)
{
    const struct pool_args *p = g->p;
    const struct array *x = &g->a->dbias;
    switch (g->plan.bias) {
    case GRAD_BIAS_PAIRS:
        return launch_pairs(g);
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

static attpool_status collect_all(const struct grads *g)
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
        place[k] = place_of(of[k], size);
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

static attpool_status run(struct grads *g)
{
    attpool_status st = launch_facts(g);
    if (st == ATTPOOL_OK && g->rows.how.count > 0)
        st = sweep(g, &g->rows);
    if (st == ATTPOOL_OK && g->columns.how.count > 0)
        st = sweep(g, &g->columns);
    if (st == ATTPOOL_OK)
        st = sum_rows(g);
    return st == ATTPOOL_OK ? collect_all(g) : st;
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
        st = ap_opencl_turns(engine, max64(turns_of(&g), p->n));
    if (st != ATTPOOL_OK)
        return st;
    if (!ap_score_open(engine, &g.score))
        return ATTPOOL_E_MEMORY;
    describe(&g, false);
    describe(&g, true);
    st = take_memory(&g);
    if (st == ATTPOOL_OK)
        st = run(&g);
    give_memory(&g);
    ap_score_close(engine, &g.score);
    return st;
}
