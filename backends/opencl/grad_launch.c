/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/grad.h"
#include "backends/opencl/shape.h"

static const size_t across[3] = { GROUP, 1, 1 };

/* Work-items of a group, so few that a block's sums have room in local memory, twice over; 0: not
 * even the fewest have. */
static int64_t sweep_group(const struct grads *g, const struct sweep *s)
{
    enum { LEAST_GROUP = 8 };
    const struct opencl *o = ap_engine_state(g->engine);
    const int64_t bytes = max64(1, s->how.count) * (int64_t)type_bytes(g->type);
    int64_t group = GROUP;
    while (group >= LEAST_GROUP && group * bytes > (int64_t)o->local_bytes / 2)
        group /= 2;
    return group >= LEAST_GROUP ? group : 0;
}

static bool is_local(const struct grads *g)
{
    return sweep_group(g, &g->rows) > 0 && sweep_group(g, &g->columns) > 0;
}

static int id_of(const struct grads *g, int first)
{
    const bool plain =
        g->p->score == POOL_KERNEL && ap_score_kernel(&g->score) == KERNEL_SCORES_PLAIN;
    return first + (plain ? GRAD_PLAIN : (int)g->p->score) +
           (is_local(g) ? KERNEL_GRAD_LOCAL - KERNEL_GRAD_FACTS : 0);
}

static bool begin_kernel(struct launch *l, const struct grads *g, enum entry_id id,
                         const struct gradient *how)
{
    const struct pool_args *p = g->p;
    if (!ap_launch_begin(l, g->engine, id, g->type))
        return false;
    ap_put(l, sizeof *how, how);
    ap_put_masks(l, &p->masks, &p->key_weights);
    ap_put_score(l, &g->score);
    return true;
}

static bool begin_sweep(struct launch *l, const struct grads *g, int first,
                        const struct gradient *how)
{
    return begin_kernel(l, g, (enum entry_id)id_of(g, first), how);
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
    ap_put_dropping(l, g->p);
    ap_put_real(l, g->p->dropout.scale);
}

attpool_status ap_grad_facts(const struct grads *g)
{
    const struct pool_args *p = g->p;
    const int64_t rows = p->batch * p->heads * p->n;
    struct launch l;
    if (begin_sweep(&l, g, KERNEL_GRAD_FACTS, &g->rows.how)) {
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

int64_t ap_grad_turns(const struct grads *g)
{
    return 3 * ap_score_turns(&g->score) / ap_score_keys_each(&g->score) + 4 * g->p->d +
           2 * g->p->v + 64;
}

/* Partners of a launch. */
static int64_t partners_of(const struct grads *g, int64_t items)
{
    const struct opencl *o = ap_engine_state(g->engine);
    const int64_t turns = ap_grad_turns(g);
    int64_t most = LAUNCH_TERMS / turns / max64(1, items);
    if (o->short_loops)
        most = min64(most, LOOP_TURNS / turns);
    return max64(1, most);
}

static int tiles_variant_of(const struct grads *g)
{
    if (g->p->score == POOL_DOT)
        return GRAD_TILE_DOT;
    return ap_score_kernel(&g->score) == KERNEL_SCORES_PLAIN ? GRAD_TILE_PLAIN : GRAD_TILE_ALL;
}

/* Does one sum say all of a pair, and has the device room for tiles? */
static bool goes_by_tiles(const struct grads *g)
{
    const struct opencl *o = ap_engine_state(g->engine);
    const struct pool_args *p = g->p;
    const bool radial = g->plan.path == GRAD_RADIAL && !kernel_by_coordinate(&p->kernel);
    return (g->plan.path == GRAD_DOT || radial) && p->n > 0 && p->m > 0 &&
           ap_opencl_grad(o, g->type, tiles_variant_of(g)).points > 0;
}

static enum entry_id tiles_kernel(const struct grads *g)
{
    return (enum entry_id)(KERNEL_GRAD_TILES + tiles_variant_of(g));
}

/* Tiles [first, end) of points, and of their partners those that s->how says. */
static attpool_status launch_tiles(const struct grads *g, const struct sweep *s, int64_t first,
                                   int64_t end, double terms)
{
    const struct grad_shape shape =
        ap_opencl_grad(ap_engine_state(g->engine), g->type, tiles_variant_of(g));
    const int64_t items = (end - first) * shape.items;
    const size_t local = (size_t)shape.items;
    struct launch l;
    if (begin_kernel(&l, g, tiles_kernel(g), &s->how)) {
        l.terms = terms;
        put_facts(&l, g);
        ap_put_real(&l, g->a->scale);
        ap_put_buffer(&l, s->acc);
        ap_put_long(&l, first);
        ap_put(&l, shape.slice_bytes, NULL);
        ap_launch_run(&l, 1, &items, &local);
    }
    return ap_launch_end(&l);
}

/* A launch has whole blocks of partners, of fewer tiles where one block of all takes too long. */
static attpool_status sweep_tiles(const struct grads *g, struct sweep *s)
{
    enum { PAIR_TERMS = 32 };
    const struct pool_args *p = g->p;
    const enum entry_id id = tiles_kernel(g);
    const struct grad_shape shape =
        ap_opencl_grad(ap_engine_state(g->engine), g->type, tiles_variant_of(g));
    const int64_t points = s->column ? p->m : p->n, partners = s->column ? p->n : p->m;
    const int64_t origin = s->column ? s->how.query_origin : s->how.key_origin;
    const int64_t tiles = p->batch * p->heads * ceil_div(points, shape.points);
    const double terms = (double)shape.points * (double)(2 * (p->d + p->v) + PAIR_TERMS);
    attpool_status status = ATTPOOL_OK;

    for (int64_t tile = 0, last; tile < tiles && status == ATTPOOL_OK; tile = last) {
        const double most = (double)ap_opencl_most_terms(g->engine, id, g->type) / terms;
        const double block = (double)min64(shape.items, partners);
        last = min64(tiles, tile + max64(1, (int64_t)(most / block)));
        const double each = terms * (double)(last - tile);
        const int64_t blocks = max64(1, (int64_t)(most / (double)(last - tile) / shape.items));
        s->how.end = -(origin % shape.items);
        while (s->how.end < partners && status == ATTPOOL_OK) {
            s->how.first = s->how.end;
            s->how.end = min64(partners, s->how.first + blocks * shape.items);
            s->how.last = s->how.end == partners;
            status = launch_tiles(g, s, tile, last, each * (double)(s->how.end - s->how.first));
        }
    }
    return status;
}

attpool_status ap_grad_sweep(const struct grads *g, struct sweep *s)
{
    const struct pool_args *p = g->p;
    const int64_t items = p->batch * p->heads * (s->column ? p->m : p->n);
    const int64_t partners = s->column ? p->n : p->m, most = partners_of(g, items);
    const int64_t group = is_local(g) ? sweep_group(g, s) : GROUP;
    const size_t local = (size_t)group;
    attpool_status status = ATTPOOL_OK;

    if (goes_by_tiles(g))
        return sweep_tiles(g, s);
    for (int64_t first = 0; status == ATTPOOL_OK && (first == 0 || first < partners);
         first += most) {
        struct launch l;
        s->how.first = first;
        s->how.end = min64(first + most, partners);
        s->how.last = s->how.end == partners;
        if (begin_sweep(&l, g, KERNEL_GRAD_SWEEP, &s->how)) {
            put_facts(&l, g);
            ap_put_real(&l, g->a->scale);
            ap_put_buffer(&l, s->acc);
            ap_put_buffer(&l, g->room);
            if (is_local(g))
                ap_put(&l, (size_t)(group * s->how.count) * type_bytes(g->type), NULL);
            ap_launch_run(&l, 1, &items, &local);
        }
        status = ap_launch_end(&l);
    }
    return status;
}

attpool_status ap_grad_pairs(const struct grads *g)
{
    const struct pool_args *p = g->p;
    const int64_t each =
        max64(1, LAUNCH_TERMS / ap_grad_turns(g) / max64(1, p->m * p->batch * p->heads));
    struct gradient how = g->rows.how;
    attpool_status status = ATTPOOL_OK;

    how.path = GRAD_FLAT; /* g alone is wanted */
    for (int64_t first = 0; first < p->n && status == ATTPOOL_OK; first += each) {
        const int64_t items[3] = { p->m, min64(each, p->n - first), p->batch * p->heads };
        struct launch l;
        if (begin_sweep(&l, g, KERNEL_GRAD_PAIRS, &how)) {
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
    if (ap_launch_begin(&l, g->engine, (enum entry_id)id_of(g, KERNEL_GRAD_ROWS), g->type)) {
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

attpool_status ap_grad_rows(const struct grads *g)
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
