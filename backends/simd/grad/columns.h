/* SPDX-License-Identifier: Apache-2.0 */

/* The sweep over the columns, for what belongs to keys. */
#ifndef BACKENDS_SIMD_GRAD_COLUMNS_H
#define BACKENDS_SIMD_GRAD_COLUMNS_H

#include "backends/simd/grad/room.h"
#include "backends/simd/grad/sums.h"

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

/* The keys of a block, and their inverse bandwidths, in lanes. */
static void grad_columns_keys(struct grad_room *r, int64_t b, int64_t h, int64_t first, int count)
{
    struct grad_tile *g = &r->g;
    const struct pool_args *p = g->plan->a->pool;
    const element *k = row_at(&p->k, b, h, first);
    pool_fill(r->keys, (size_t)(p->d * BLOCK), 0);
    for (int64_t c = 0; c < p->d; c++)
        for (int j = 0; j < count; j++)
            r->keys[c * BLOCK + j] = get(k + j * p->k.row + c * p->k.col);
    if (g->plan->path == GRAD_RADIAL && p->kernel.per == ATTPOOL_BANDWIDTH_KEY)
        grad_widths_keys(g, b, h, first, count);
}

static void grad_columns_radial(const struct grad_room *r, const struct grad_turned *w)
{
    const struct grad_tile *g = &r->g;
    const struct pool_args *p = g->plan->a->pool;
    struct grad_radial s = { .column = true,
                             .first = w->first,
                             .end = w->end,
                             .others = w->queries,
                             .h = w->weight,
                             .h_step = BLOCK,
                             .lane = r->keys,
                             .lane_step = BLOCK,
                             .other = elements(g->t.q),
                             .row = 1,
                             .col = g->t.lanes,
                             .d = p->d };
    grad_radial_scaled(g, &s);
    if (grad_sum_count(g->plan, GRAD_SUM_POINT, true) > 0)
        grad_radial_points(&s, r->block);
    if (grad_sum_count(g->plan, GRAD_SUM_WIDTH, true) > 0)
        grad_radial_width(&s, r->block + (p->d + p->v + 1) * BLOCK);
}

static void grad_columns_additive(const struct grad_room *r, const struct grad_turned *w,
                                  bool finite)
{
    const struct grad_tile *g = &r->g;
    const int64_t d = g->plan->a->pool->d;
    const struct grad_additive s = { .column = true,
                                     .plain = finite,
                                     .first = w->first,
                                     .end = w->end,
                                     .others = w->queries,
                                     .g = w->weight,
                                     .included = w->included,
                                     .step = BLOCK,
                                     .lane = r->keys,
                                     .lane_step = BLOCK,
                                     .other = elements(g->t.q),
                                     .row = 1,
                                     .col = g->t.lanes,
                                     .d = d };
    if (grad_sum_count(g->plan, GRAD_SUM_POINT, true) > 0)
        grad_additive_sums(&s, r->block, NULL);
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
    const bool finite = g->plain && grad_keys_are_finite(g, &x);
    struct grad_turned w = { .queries = g->t.count, .lanes = g->t.lanes, .plain = finite };
    w.first = shift;
    w.end = shift + x.count;
    grad_block(g, &x, finite);
    if (!finite)
        grad_turn(g->t.included, x.count, g->t.lanes, shift, r->included);
    w.included = r->included;
    grad_turn(g->gradient, x.count, g->t.lanes, shift, r->gradient);
    w.weight = r->gradient;
    if (plan->path == GRAD_DOT && plan->a->dk.data != NULL)
        grad_columns(&w, g->t.q, p->d, r->block);
    else if (plan->path == GRAD_RADIAL)
        grad_columns_radial(r, &w);
    else if (plan->path == GRAD_ADDITIVE)
        grad_columns_additive(r, &w, finite);
    grad_column_gradients(&w, r->block + (p->d + p->v) * BLOCK);
    if (plan->a->dvalue.data != NULL)
        grad_columns_values(r, &x, shift, &w);
}

/* By coordinate c of key j of the block. */
static real grad_column_point(const struct grad_room *r, int j, int64_t c)
{
    const struct grad_tile *g = &r->g;
    const struct pool_args *p = g->plan->a->pool;
    const real scale = (real)g->plan->a->scale, sum = r->total[c * BLOCK + j];
    if (g->plan->path == GRAD_DOT)
        return scale * sum;
    if (g->plan->path == GRAD_ADDITIVE)
        return scale * get(row_at(&p->wv, 0, 0, 0) + c * p->wv.col) * sum;
    if (p->kernel.per == ATTPOOL_BANDWIDTH_COORDINATE)
        return sum * g->t.coordinate[c];
    if (p->kernel.per == ATTPOOL_BANDWIDTH_QUERY)
        return sum;
    return sum * g->square[j] * g->power[j];
}

static void grad_columns_end(const struct grad_job *job, const struct grad_room *r, int64_t b,
                             int64_t h, int64_t first, int count)
{
    const struct grad_plan *plan = job->plan;
    const struct pool_grad_args *a = plan->a;
    const struct pool_args *p = a->pool;
    const struct array *width = &p->kernel.inverse_bandwidths;
    const real *sums = r->total + (p->d + p->v) * BLOCK;
    for (int j = 0; j < count; j++) {
        element *dk = row_at(&a->dk, b, h, first + j), *dv = row_at(&a->dvalue, b, h, first + j);
        for (int64_t c = 0; dk != NULL && plan->path != GRAD_FLAT && c < p->d; c++)
            grad_put(dk + c * a->dk.col, grad_column_point(r, j, c));
        if (a->dinverse_bandwidths.data != NULL && p->kernel.per == ATTPOOL_BANDWIDTH_KEY)
            grad_put(row_at(&a->dinverse_bandwidths, b, h, 0) +
                         (first + j) * a->dinverse_bandwidths.col,
                     grad_by_width(sums[BLOCK + j],
                                   get(row_at(width, b, h, 0) + (first + j) * width->col)));
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
    const size_t n = (size_t)(p->d + p->v + 2) * BLOCK;
    pool_fill(r->total, n, 0);
    pool_fill(r->block, n, 0);
    if (job->plan->path == GRAD_RADIAL || job->plan->path == GRAD_ADDITIVE)
        grad_columns_keys(r, b, h, first, (int)(end - first));
    for (int64_t i = 0, count; i < p->n; i += count) {
        count = int_min(int_min(lanes, p->n - i), BLOCK - (origin + i) % BLOCK);
        if ((origin + i) % BLOCK == 0)
            grad_columns_fold(r, n);
        grad_tile_begin(&r->g, b, h, i, (int)count);
        grad_widths_tile(&r->g);
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
    grad_widths_begin(&r.g);
    for (int64_t b = x.batch; b < x.batch_end; b++)
        for (int64_t h = x.head; h < x.head_end; h++)
            grad_columns_item(job, &r, b, h, number);
}

#endif
