/* SPDX-License-Identifier: Apache-2.0 */

/* The slot pool_grad: a sweep over the rows for what belongs to queries, and one over the columns
 * for what belongs to keys. Gradients through a kernel or through tanh go through plain C for now:
 * the same bits, more slowly. */
#ifndef BACKENDS_SIMD_GRAD_POOL_GRAD_H
#define BACKENDS_SIMD_GRAD_POOL_GRAD_H

#include "backends/simd/grad/sums.h"
#include "backends/simd/table.h"

struct grad_job {
    struct engine *engine;
    const struct grad_plan *plan;
    const struct grad_facts *facts;
    const struct pool_plan *pool;
    int vectors;
    int64_t tiles, blocks; /* of the queries, of the keys */
};

/* Memory of a worker. */
struct grad_room {
    struct grad_tile g;
    real *points, *gradients;           /* sums of the rows: d and 1 */
    real *weight, *gradient, *included; /* of the columns: turned blocks, */
    real *total, *block;                /* d, v and 1 sums of BLOCK keys */
};

static size_t grad_room_of(const struct grad_job *job, void *memory, struct grad_room *r)
{
    const struct pool_args *p = job->plan->a->pool;
    struct pool_arena c = { .at = memory };
    const size_t lanes = (size_t)(job->vectors * LANES), sums = (size_t)(p->d + p->v + 1) * BLOCK;
    r->g.plan = job->plan;
    r->g.facts = job->facts;
    r->g.t.plan = job->pool;
    r->g.t.prune = NULL;
    r->g.t.vectors = job->vectors;
    r->g.t.lanes = (int)lanes;
    grad_tile_allocate(&r->g, &c);
    r->points = pool_arena_take(&c, (size_t)p->d * lanes);
    r->gradients = pool_arena_take(&c, lanes);
    r->weight = pool_arena_take(&c, BLOCK * lanes);
    r->gradient = pool_arena_take(&c, BLOCK * lanes);
    r->included = pool_arena_take(&c, BLOCK * lanes);
    r->total = pool_arena_take(&c, sums);
    r->block = pool_arena_take(&c, sums);
    return c.used;
}

/* Adds x to an element of a gradient. */
static void grad_put(element *to, real x)
{
    x += get(to);
    put(to, x == x ? x : REAL_NAN);
}

/* ---- Rows ---- */

static void grad_put_pairs(const struct grad_tile *g, const struct pool_block *x)
{
    const struct pool_tile *t = &g->t;
    const struct array *bias = &g->plan->a->dbias;
    for (int lane = 0; lane < t->count; lane++) {
        element *to = row_at(bias, t->b, t->head[lane], t->query[lane]) + x->first * bias->col;
        for (int j = 0; j < x->count; j++)
            grad_put(to + j * bias->col, g->gradient[j * t->lanes + lane]);
    }
}

/* By scale: q times its sum, of each lane. */
static void grad_row_scales(const struct grad_tile *g, const real *points, real *scales)
{
    const struct pool_tile *t = &g->t;
    const int64_t d = g->plan->a->pool->d;
    for (int i = 0; i < t->lanes; i += LANES) {
        vec sum = v_zero();
        for (int64_t first = 0; first < d; first += CHUNK) {
            vec s = v_zero();
            for (int64_t c = first; c < int_min(d, first + CHUNK); c++)
                s = v_fma(v_loadu(t->q + c * t->lanes + i), v_loadu(points + c * t->lanes + i), s);
            sum = v_add(sum, s);
        }
        v_storeu(scales + i, sum);
    }
}

static void grad_rows_end(const struct grad_room *r)
{
    const struct grad_tile *g = &r->g;
    const struct pool_tile *t = &g->t;
    const struct grad_plan *plan = g->plan;
    const struct pool_grad_args *a = plan->a;
    const real scale = (real)a->scale;
    real scales[POOL_LANES(LANES)];
    if (plan->scale_at >= 0)
        grad_row_scales(g, r->points, scales);
    for (int lane = 0; lane < t->count; lane++) {
        const int64_t h = t->head[lane], i = t->query[lane];
        const int64_t at = grad_row_number(a->pool, t->b, h, i);
        real *sums = (real *)g->facts->sums + at * plan->sums;
        element *to = row_at(&a->dq, t->b, h, i);
        for (int64_t c = 0; to != NULL && plan->path == GRAD_DOT && c < a->pool->d; c++)
            grad_put(to + c * a->dq.col, scale * r->points[c * t->lanes + lane]);
        if (plan->bias == GRAD_BIAS_ROWS)
            grad_put(row_at(&a->dbias, t->b, h, i), r->gradients[lane]);
        if (plan->scale_at >= 0)
            sums[plan->scale_at] = scales[lane];
        if (plan->bias_at >= 0)
            sums[plan->bias_at] = r->gradients[lane];
    }
}

/* The queries of a tile of one item, over all keys. */
static void grad_rows_tile(const struct grad_job *job, struct grad_room *r)
{
    struct grad_tile *g = &r->g;
    const struct grad_plan *plan = job->plan;
    const struct pool_args *p = plan->a->pool;
    const int64_t first = p->key_origin / BLOCK;
    const bool points = grad_sum_count(plan, GRAD_SUM_POINT, false) > 0;
    pool_fill(r->points, (size_t)(p->d * g->t.lanes), 0);
    pool_fill(r->gradients, (size_t)g->t.lanes, 0);
    for (int64_t number = first; number < first + job->blocks; number++) {
        struct pool_block x;
        if (!pool_block_at(&g->t, number, &x))
            continue;
        grad_block(g, &x);
        if (points)
            grad_row_points(g, &x, r->points);
        grad_row_gradients(g, &x, r->gradients);
        if (plan->bias == GRAD_BIAS_PAIRS)
            grad_put_pairs(g, &x);
    }
    grad_rows_end(r);
}

static void grad_rows_task(void *arg, int64_t index, int worker)
{
    const struct grad_job *job = arg;
    const struct pool_args *p = job->plan->a->pool;
    const struct grad_items x = grad_items_of(&job->plan->of_rows, p, index / job->tiles);
    const int64_t lanes = job->vectors * LANES, first = index % job->tiles * lanes;
    struct grad_room r;
    grad_room_of(job, ap_engine_scratch(job->engine, worker), &r);
    for (int64_t b = x.batch; b < x.batch_end; b++)
        for (int64_t h = x.head; h < x.head_end; h++) {
            grad_tile_begin(&r.g, b, h, first, (int)int_min(lanes, p->n - first));
            grad_rows_tile(job, &r);
        }
}

/* ---- Columns ---- */

/* By V: last, as it leaves out what is dropped. */
static void grad_columns_values(struct grad_room *r, const struct pool_block *x, int shift,
                                struct grad_turned *w)
{
    struct grad_tile *g = &r->g;
    const struct pool_args *p = g->plan->a->pool;
    if (g->t.plan->drops) {
        pool_block_drop(&g->t, x, g->t.s);
        pool_block_drop(&g->t, x, g->t.included);
        grad_turn(g->t.included, x->count, g->t.lanes, shift, r->included);
    }
    grad_turn(g->t.s, x->count, g->t.lanes, shift, r->weight);
    w->weight = r->weight;
    grad_columns(w, g->d_out, p->v, r->block + p->d * BLOCK);
}

/* The block of keys and the tile into the sums of the block of queries. */
static void grad_columns_tile(const struct grad_job *job, struct grad_room *r, int64_t number)
{
    struct grad_tile *g = &r->g;
    const struct grad_plan *plan = job->plan;
    const struct pool_args *p = plan->a->pool;
    struct pool_block x;
    if (!pool_block_at(&g->t, number, &x))
        return;
    const int shift = (int)(x.first - int_max(0, number * BLOCK - p->key_origin));
    struct grad_turned w = { .queries = g->t.count, .lanes = g->t.lanes, .plain = g->plain };
    w.first = shift;
    w.end = shift + x.count;
    grad_block(g, &x);
    if (!g->plain)
        grad_turn(g->t.included, x.count, g->t.lanes, shift, r->included);
    w.included = r->included;
    grad_turn(g->gradient, x.count, g->t.lanes, shift, r->gradient);
    w.weight = r->gradient;
    if (plan->path == GRAD_DOT && plan->a->dk.data != NULL)
        grad_columns(&w, g->t.q, p->d, r->block);
    grad_column_gradients(&w, r->block + (p->d + p->v) * BLOCK);
    if (plan->a->dvalue.data != NULL)
        grad_columns_values(r, &x, shift, &w);
}

static void grad_columns_end(const struct grad_job *job, const struct grad_room *r, int64_t b,
                             int64_t h, int64_t first, int count)
{
    const struct grad_plan *plan = job->plan;
    const struct pool_grad_args *a = plan->a;
    const struct pool_args *p = a->pool;
    const real scale = (real)a->scale, *sums = r->total + (p->d + p->v) * BLOCK;
    for (int j = 0; j < count; j++) {
        element *dk = row_at(&a->dk, b, h, first + j), *dv = row_at(&a->dvalue, b, h, first + j);
        for (int64_t c = 0; dk != NULL && plan->path == GRAD_DOT && c < p->d; c++)
            grad_put(dk + c * a->dk.col, scale * r->total[c * BLOCK + j]);
        for (int64_t c = 0; dv != NULL && c < p->v; c++)
            grad_put(dv + c * a->dvalue.col,
                     r->total[(p->d + c) * BLOCK + j] * (real)p->dropout.scale);
        if (plan->bias == GRAD_BIAS_COLUMNS)
            grad_put(row_at(&a->dbias, b, h, 0) + (first + j) * a->dbias.col, sums[j]);
        if (a->dkey_weights.data == NULL)
            continue;
        const real weight =
            get(row_at(&p->key_weights, b, h, 0) + (first + j) * p->key_weights.col);
        grad_put(row_at(&a->dkey_weights, b, h, 0) + (first + j) * a->dkey_weights.col,
                 weight == 0 ? 0 : sums[j] / weight);
    }
}

static void grad_columns_fold(const struct grad_room *r, size_t n)
{
    for (size_t k = 0; k < n; k += LANES)
        v_storeu(r->total + k, v_add(v_loadu(r->total + k), v_loadu(r->block + k)));
    pool_fill(r->block, n, 0);
}

/* Absolute block `number` of the keys of an item, over all queries. */
static void grad_columns_item(const struct grad_job *job, struct grad_room *r, int64_t b, int64_t h,
                              int64_t number)
{
    const struct pool_args *p = job->plan->a->pool;
    const int64_t origin = job->plan->a->query_origin, lanes = job->vectors * LANES;
    const int64_t first = int_max(0, number * BLOCK - p->key_origin);
    const int64_t end = int_min(p->m, (number + 1) * BLOCK - p->key_origin);
    const size_t n = (size_t)(p->d + p->v + 1) * BLOCK;
    pool_fill(r->total, n, 0);
    pool_fill(r->block, n, 0);
    for (int64_t i = 0, count; i < p->n; i += count) {
        count = int_min(int_min(lanes, p->n - i), BLOCK - (origin + i) % BLOCK);
        if ((origin + i) % BLOCK == 0)
            grad_columns_fold(r, n);
        grad_tile_begin(&r->g, b, h, i, (int)count);
        grad_columns_tile(job, r, number);
    }
    grad_columns_fold(r, n);
    grad_columns_end(job, r, b, h, first, (int)(end - first));
}

static void grad_columns_task(void *arg, int64_t index, int worker)
{
    const struct grad_job *job = arg;
    const struct pool_args *p = job->plan->a->pool;
    const struct grad_items x = grad_items_of(&job->plan->of_columns, p, index / job->blocks);
    const int64_t number = p->key_origin / BLOCK + index % job->blocks;
    struct grad_room r;
    grad_room_of(job, ap_engine_scratch(job->engine, worker), &r);
    for (int64_t b = x.batch; b < x.batch_end; b++)
        for (int64_t h = x.head; h < x.head_end; h++)
            grad_columns_item(job, &r, b, h, number);
}

/* ---- The call ---- */

/* Is nothing asked for that a kernel's slope or tanh takes part in? */
static bool grad_is_product(const struct grad_plan *plan)
{
    const struct pool_grad_args *a = plan->a;
    const bool slopes =
        plan->path == GRAD_ADDITIVE || plan->path == GRAD_RADIAL || plan->path == GRAD_PRODUCT;
    return !slopes ||
           (a->dq.data == NULL && a->dk.data == NULL && a->dscale.data == NULL &&
            a->dinverse_bandwidths.data == NULL && a->dfactors.data == NULL && a->dwv.data == NULL);
}

static attpool_status grad_sweeps(struct grad_job *job)
{
    const struct grad_plan *plan = job->plan;
    attpool_status st = SCALAR_TWIN(TYPED(grad_begin))(job->engine, plan, job->facts);
    if (st == ATTPOOL_OK && plan->rows)
        st = ap_engine_parallel(job->engine, grad_class_count(&plan->of_rows) * job->tiles,
                                grad_rows_task, job);
    if (st == ATTPOOL_OK && plan->columns)
        st = ap_engine_parallel(job->engine, grad_class_count(&plan->of_columns) * job->blocks,
                                grad_columns_task, job);
    if (st == ATTPOOL_OK)
        SCALAR_TWIN(TYPED(grad_end))(plan, job->facts);
    return st;
}

#define simd_pool_grad SIMD_SYMBOL(TYPED(pool_grad))
attpool_status simd_pool_grad(struct engine *engine, const struct pool_grad_args *a)
{
    const struct pool_args *p = a->pool;
    const struct grad_plan plan = grad_plan_of(a);
    if (!grad_is_product(&plan) || p->n == 0 || p->m == 0)
        return SCALAR_TWIN(TYPED(pool_grad))(engine, a);
    const struct pool_plan pool = pool_plan_of(p);
    struct grad_job job = { .engine = engine, .plan = &plan, .pool = &pool };
    struct grad_room room;
    job.vectors = (int)int_min(3, (p->n + LANES - 1) / LANES);
    job.tiles = (p->n + job.vectors * LANES - 1) / (job.vectors * LANES);
    job.blocks = (p->key_origin + p->m + BLOCK - 1) / BLOCK - p->key_origin / BLOCK;
    const size_t each = grad_room_of(&job, NULL, &room) + (size_t)p->d * sizeof(real);
    if (!ap_engine_reserve(engine, each, grad_facts_bytes(&plan, sizeof(real))))
        return ap_engine_fail(engine, ATTPOOL_E_MEMORY, "no memory for gradients");
    const struct grad_facts facts = grad_facts_at(&plan, sizeof(real), ap_engine_shared(engine));
    job.facts = &facts;
    return grad_sweeps(&job);
}

#endif
