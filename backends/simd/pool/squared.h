/* SPDX-License-Identifier: Apache-2.0 */

/* The slot pool_squared: sums of values by squares of final weights. Of a tile's state only the
 * accumulators are used: its maxima stay 0, so that states add up. */
#ifndef BACKENDS_SIMD_POOL_SQUARED_H
#define BACKENDS_SIMD_POOL_SQUARED_H

#include "backends/simd/pool/job.h"
#include "backends/simd/pool/moments.h"
#include "backends/simd/pool/task.h"
#include "backends/simd/pool/weights_out.h"

struct squared_job {
    struct pool_job pool;
    const struct array *tilt;
};

/* Rows of lanes: the coefficients of what weights are multiplied by. */
static void squared_tilt(struct pool_tile *t, const struct array *tilt)
{
    const element *from[POOL_LANES(LANES)];
    for (int lane = 0; lane < t->lanes; lane++)
        from[lane] = row_at(tilt, t->b, t->head[lane], t->query[lane]);
    pool_transpose(from, tilt->col, 1 + t->plan->a->d, t->lanes, t->tilt);
}

/* A tile whose rows' maxima and 1 / l are in g, and coordinates of a block. */
struct squared {
    struct pool_weigh *g;
    struct pool_moments m;
    bool tilted;
    bool small; /* some l is too small for 1 / l */
};

/* The squares that the values of key j are multiplied by, from the weights of a vector of lanes.
 * Coordinates are differences q - k, so their sum is taken off. */
VEC_FN vec squared_weight(const struct squared *x, int lane, int j, vec p, const int64_t d,
                          const bool plain)
{
    const struct pool_tile *t = x->g->t;
    const struct pool_moments *m = &x->m;
    vec w = v_mul(p, v_loadu(x->g->times + lane));
    if (!plain) {
        const vec l = v_loadu(x->g->r->l + lane);
        w = v_select(v_ge(v_abs(l), v_set1(REAL(SUM_LEAST))), w, v_div(p, l));
    }
    if (x->tilted) {
        vec sum = v_loadu(t->tilt + lane);
        for (int64_t a = 0; a < d; a++) {
            vec z = v_sub(v_loadu(m->q + a * m->lanes + lane), v_set1(m->k[j * m->d + a]));
            if (!plain && m->power != NULL)
                z = v_mul(z, v_set1(m->power[a]));
            sum = v_fnma(v_loadu(t->tilt + (1 + a) * m->lanes + lane), z, sum);
        }
        w = v_mul(w, sum);
    }
    return v_mul(w, w);
}

enum { SQUARED_COLUMNS = 2 };

/* Sums of `columns` values from `col` on, of all lanes. */
VEC_FN void squared_sums(const struct squared *x, const struct pool_block *block, int64_t col,
                         real *to, const int columns, const int64_t d)
{
    const struct pool_tile *t = x->g->t;
    const struct array *value = &t->plan->a->value;
    const element *v = block->v + col * value->col;
    for (int lane = 0; lane < t->lanes; lane += LANES) {
        vec acc[SQUARED_COLUMNS];
        UNROLL_FOR (int c = 0; c < columns; c++)
            acc[c] = v_zero();
        for (int j = 0; j < block->count; j++) {
            const vec p = v_loadu(t->s + j * t->lanes + lane);
            const vec w = squared_weight(x, lane, j, p, d, true);
            UNROLL_FOR (int c = 0; c < columns; c++)
                acc[c] = v_fma(w, v_set1(get(v + j * value->row + c * value->col)), acc[c]);
        }
        UNROLL_FOR (int c = 0; c < columns; c++)
            v_storeu(to + (col + c) * t->lanes + lane, acc[c]);
    }
}

static void squared_sums_d(const struct squared *x, const struct pool_block *block, int64_t col,
                           real *to, bool all)
{
    const int64_t d = x->tilted ? x->m.d : 0;
    switch (d * 2 + all) {
    case 0:
        squared_sums(x, block, col, to, 1, 0);
        break;
    case 1:
        squared_sums(x, block, col, to, 2, 0);
        break;
    case 2:
        squared_sums(x, block, col, to, 1, 1);
        break;
    case 3:
        squared_sums(x, block, col, to, 2, 1);
        break;
    default:
        if (all)
            squared_sums(x, block, col, to, 2, d);
        else
            squared_sums(x, block, col, to, 1, d);
    }
}

/* The block's sums of squares into the accumulators: false where a NaN is among them that may come
 * from a key that takes no part. */
static bool squared_fast(const struct squared *x, const struct pool_block *block, real *acc,
                         bool first, bool may_have_nan)
{
    struct pool_tile *t = x->g->t;
    const int64_t v = t->plan->a->v, n = v * t->lanes;
    for (int64_t col = 0; col < v;) {
        const bool two = col + 2 <= v;
        squared_sums_d(x, block, col, t->squared, two);
        col += 1 + two;
    }
    if (may_have_nan && pool_any_nan(t->squared, n))
        return false;
    for (int64_t i = 0; i < n; i += LANES) {
        const vec sum = v_loadu(t->squared + i);
        v_storeu(acc + i, first ? sum : v_add(v_loadu(acc + i), sum));
    }
    return true;
}

/* The same with `included`. */
static void squared_carefully(const struct squared *x, const struct pool_block *block, real *acc,
                              bool first)
{
    struct pool_tile *t = x->g->t;
    const struct pool_args *a = t->plan->a;
    for (int j = 0; j < block->count; j++)
        for (int i = 0; i < t->lanes; i += LANES) {
            real *s = t->s + j * t->lanes + i;
            const vec w = squared_weight(x, i, j, v_loadu(s), x->m.d, false);
            const vec_mask in = v_gt(v_loadu(t->included + j * t->lanes + i), v_zero());
            v_storeu(s, v_where(in, w));
        }
    struct pool_values values = { .vectors = t->vectors,
                                  .count = block->count,
                                  .p = t->s,
                                  .included = t->included,
                                  .v = block->v,
                                  .v_row = a->value.row,
                                  .v_col = a->value.col,
                                  .u = first ? NULL : t->u,
                                  .w = t->w,
                                  .acc = acc };
    pool_values(&values, 0, a->v);
}

static void squared_block(struct squared *x, const struct pool_block *block, real *acc, bool first)
{
    struct pool_weigh *g = x->g;
    struct pool_tile *t = g->t;
    const struct pool_plan *p = t->plan;
    const bool may_have_nan = p->compact || p->cuts_far || pool_block_masked(t, block);
    bool done = false;
    if (x->tilted) {
        x->m = (struct pool_moments){ .lanes = t->lanes, .count = block->count, .d = p->a->d };
        pool_moments_keys(t, block, &x->m);
    }
    g->with_included = false;
    if (!x->small && x->m.power == NULL) {
        pool_weigh_powers(g, block, p->cuts_far);
        done = squared_fast(x, block, acc, first, may_have_nan);
    }
    if (done)
        return;
    g->with_included = true;
    pool_weigh_powers(g, block, p->cuts_far);
    squared_carefully(x, block, acc, first);
}

static void squared_super_block(struct squared *b, int64_t number, real *state)
{
    struct pool_tile *t = b->g->t;
    bool first = true;
    struct pool_block x;
    int i = pool_super_block_pruned(t, number) ? POOL_BLOCKS : 0;
    pool_fill(state, t->plan->state * (size_t)t->lanes, 0);
    for (; pool_block_from(t, number, &i, &x); first = false)
        squared_block(b, &x, state + 3 * t->lanes, first);
}

/* The same of a gathered block. */
static void squared_leaf(struct pool_tile *t, void *arg, const struct pool_block *block,
                         real *state, bool first)
{
    if (first)
        pool_fill(state, t->plan->state * (size_t)t->lanes, 0);
    squared_block(arg, block, state + 3 * t->lanes, first);
}

/* What is known of the rows; false where nothing takes part in any of them. */
static bool squared_begin(struct pool_tile *t, struct squared *x, struct pool_result *r)
{
    const struct pool_args *a = t->plan->a;
    struct pool_weigh *g = x->g;
    r->empty_count = 0;
    for (int lane = 0; lane < t->lanes; lane++) {
        const int from = lane < t->count ? lane : t->count - 1;
        r->m[lane] = get(pool_row(t, &a->max, from));
        r->l[lane] = get(pool_row(t, &a->sum, from));
        r->empty[lane] = r->l[lane] == 0;
        r->empty_count += r->empty[lane];
        g->m[lane] = t->plan->has_max ? r->m[lane] : 0;
        g->times[lane] = r->empty[lane] ? 0 : 1 / r->l[lane];
        g->large |= !(r_abs(g->m[lane]) < REAL(SCORE_LARGE));
        x->small |= !r->empty[lane] && !(r_abs(r->l[lane]) >= REAL(SUM_LEAST));
    }
    t->near = t->plan->cuts_far && pool_near_rows(g->m, t->count) == t->count;
    pool_fill(t->u, (size_t)t->lanes, 1);
    pool_fill(t->w, (size_t)t->lanes, 1);
    return r->empty_count < t->lanes;
}

static void squared_store(const struct pool_tile *t, const struct pool_result *r, const real *state)
{
    const struct pool_args *a = t->plan->a;
    for (int lane = 0; lane < t->count; lane++) {
        element *to = pool_row(t, &a->out, lane);
        for (int64_t c = 0; c < a->v; c++) {
            const real sum = state[(3 + c) * t->lanes + lane] + 0;
            put(to + c * a->out.col, r->empty[lane] ? REAL_NAN : pool_canonical(sum));
        }
    }
}

static void squared_task(void *arg, int64_t index, int worker)
{
    const struct squared_job *job = arg;
    struct pool_tile t;
    struct by_key by_key;
    struct pool_result r = { .empty_count = 0 };
    struct pool_weigh g = { .t = &t, .r = &r };
    struct squared x = { .g = &g, .tilted = job->tilt->data != NULL };
    struct pool_forest f = { .tree = { 0 } };
    struct tree_merge step;
    int64_t first, end;
    pool_job_begin(&job->pool, index, worker, &t, &by_key);
    if (x.tilted)
        squared_tilt(&t, job->tilt);
    pool_tile_range(&t, &first, &end);
    if (!squared_begin(&t, &x, &r))
        end = first;
    const size_t size = pool_tile_state(t.plan, t.vectors);
    const bool gathers = first < end && pool_gathers(&t);
    if (gathers)
        pool_gather_run(&t, squared_leaf, &x, &f);
    for (int64_t s = first; s < end && !gathers; s++) {
        int slot = tree_push(&f.tree, 0, s);
        f.state[slot] = t.states + (size_t)slot * size;
        squared_super_block(&x, s, f.state[slot]);
        while (tree_join(&f.tree, &step))
            pool_state_merge(t.plan, f.state[step.left], f.state[step.right], t.lanes);
    }
    if (f.tree.count == 0)
        pool_fill(t.states, size, 0);
    squared_store(&t, &r, f.tree.count == 0 ? t.states : pool_tile_root(&t, &f));
}

#define simd_pool_squared SIMD_SYMBOL(TYPED(pool_squared))
attpool_status simd_pool_squared(struct engine *engine, const struct pool_squared_args *args)
{
    const struct pool_args *a = args->pool;
    struct squared_job job = { .pool = { .engine = engine, .a = a }, .tilt = &args->tilt };
    struct pool_shape *s = &job.pool.plan.shape;
    if (a->batch * a->heads * a->n == 0)
        return ATTPOOL_OK;
    job.pool.plan = pool_plan_of(a);
    job.pool.plan.ahead = false;
    job.pool.plan.state = (size_t)(3 + a->v);
    job.pool.plan.final = true;
    *s = pool_shape_of(a, LANES, POOL_VECTORS, 0);
    s->split = false;
    job.pool.prune.w = pool_prune_w(&job.pool.plan);
    if (!pool_job_reserve(&job.pool))
        return ap_engine_fail(engine, ATTPOOL_E_MEMORY, "no memory for squared weights");
    attpool_status st = ATTPOOL_OK;
    if (job.pool.prune.w > 0)
        st = ap_engine_parallel(engine, s->end - s->first, pool_prune_task, &job.pool.prune);
    return st == ATTPOOL_OK ? ap_engine_parallel(engine, s->sets * s->tiles, squared_task, &job)
                            : st;
}

#endif
