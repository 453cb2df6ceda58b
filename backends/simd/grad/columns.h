/* SPDX-License-Identifier: Apache-2.0 */

/* The sweep over the columns, for what belongs to keys, and over both, for what belongs to queries
 * too. */
#ifndef BACKENDS_SIMD_GRAD_COLUMNS_H
#define BACKENDS_SIMD_GRAD_COLUMNS_H

#include "backends/simd/grad/fused.h"
#include "backends/simd/grad/room.h"
#include "backends/simd/grad/rows.h"
#include "backends/simd/grad/sums.h"

/* Sums of columns of x, an array of the queries, by `weight`. */
static void grad_columns_wide(const struct grad_room *r, const struct pool_block *x, int shift,
                              const real *weight, bool finite, const struct array *of,
                              int64_t columns, real *sum)
{
    const struct pool_tile *t = &r->g.t;
    const int64_t room = grad_wide_room(columns);
    const struct grad_wide w = { .weight = weight,
                                 .included = finite ? NULL : t->included,
                                 .step = t->lanes,
                                 .keys = x->count,
                                 .queries = t->count,
                                 .x = row_at(of, t->b, t->head0, t->query[0]),
                                 .row = of->row,
                                 .columns = columns,
                                 .sum = sum + shift * room,
                                 .room = room };
    grad_wide(&w);
}

/* By V: last, as it leaves out what is dropped. */
static void grad_columns_values(const struct grad_job *job, struct grad_room *r,
                                const struct pool_block *x, int shift, struct grad_turned *w)
{
    struct grad_tile *g = &r->g;
    const struct pool_grad_args *a = g->plan->a;
    const int64_t v = a->pool->v;
    real *sum = r->block + grad_values_at(job);
    if (g->t.plan->drops)
        pool_block_drop(&g->t, x, g->t.s);
    if (g->t.plan->drops && !w->plain)
        pool_block_drop(&g->t, x, g->t.included);
    if (job->wide_values) {
        grad_columns_wide(r, x, shift, g->t.s, w->plain, &a->d_out, v, sum);
        return;
    }
    if (g->t.plan->drops && !w->plain)
        grad_turn(g->t.included, x->count, g->t.lanes, shift, r->included);
    grad_turn(g->t.s, x->count, g->t.lanes, shift, r->weight);
    w->weight = r->weight;
    grad_columns(w, g->d_out, v, sum);
}

static void grad_columns_radial(const struct grad_job *job, const struct grad_room *r,
                                const struct grad_turned *w)
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
    const int64_t plane = (int64_t)BLOCK * g->t.lanes;
    const bool product = g->plan->path == GRAD_PRODUCT;
    real *widths = r->block + grad_singles_at(job) + BLOCK;
    grad_radial_scaled(g, &s);
    if (grad_sum_count(g->plan, GRAD_SUM_POINT, true) > 0 && product)
        grad_product_points(&s, plane, r->block);
    else if (grad_sum_count(g->plan, GRAD_SUM_POINT, true) > 0)
        grad_radial_points(&s, r->block);
    if (grad_sum_count(g->plan, GRAD_SUM_WIDTH, true) > 0 && product)
        grad_product_width(&s, plane, widths);
    else if (grad_sum_count(g->plan, GRAD_SUM_WIDTH, true) > 0)
        grad_radial_width(&s, widths);
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

/* What belongs to keys but V, from turned blocks. */
static void grad_columns_turned(const struct grad_job *job, struct grad_room *r,
                                const struct pool_block *x, int shift, struct grad_turned *w)
{
    struct grad_tile *g = &r->g;
    const struct grad_plan *plan = job->plan;
    if (!w->plain)
        grad_turn(g->t.included, x->count, g->t.lanes, shift, r->included);
    w->included = r->included;
    const int64_t plane = (int64_t)BLOCK * g->t.lanes, planes = grad_slopes_count(plan);
    for (int64_t c = 0; c < (planes > 0 ? planes : 1); c++)
        grad_turn(grad_coefficients(g) + c * plane, x->count, g->t.lanes, shift,
                  r->gradient + c * plane);
    w->weight = r->gradient;
    if (plan->path == GRAD_DOT && plan->a->dk.data != NULL && !job->wide_keys)
        grad_columns(w, g->t.q, plan->a->pool->d, r->block);
    else if (plan->path == GRAD_RADIAL || plan->path == GRAD_PRODUCT)
        grad_columns_radial(job, r, w);
    else if (plan->path == GRAD_ADDITIVE)
        grad_columns_additive(r, w, w->plain);
    if (grad_sum_count(plan, GRAD_SUM_GRADIENT, true) == 0)
        return;
    if (g->slope != NULL)
        grad_turn(g->gradient, x->count, g->t.lanes, shift, r->gradient);
    grad_column_gradients(w, r->block + grad_singles_at(job));
}

/* Does a sum of keys take turned blocks, beside those of V? */
static bool grad_columns_turn(const struct grad_job *job)
{
    const struct grad_plan *plan = job->plan;
    return grad_sum_count(plan, GRAD_SUM_GRADIENT, true) > 0 ||
           grad_sum_count(plan, GRAD_SUM_WIDTH, true) > 0 ||
           (grad_sum_count(plan, GRAD_SUM_POINT, true) > 0 && !job->wide_keys) ||
           (plan->a->dvalue.data != NULL && !job->wide_values);
}

/* The block of keys and the tile into the sums of the block of queries, and of the tile's rows. */
static void grad_columns_tile(const struct grad_job *job, struct grad_room *r, int64_t number)
{
    struct grad_tile *g = &r->g;
    const struct grad_plan *plan = job->plan;
    const struct pool_grad_args *a = plan->a;
    struct pool_block x;
    if (grad_block_pruned(g, number) || !pool_block_at(&g->t, number, &x))
        return;
    const int shift = (int)(x.first - int_max(0, number * BLOCK - a->pool->key_origin));
    if (grad_block_is_fused(job, g, &x)) {
        if (job->both)
            grad_fused_rows(r, shift, x.count, r->weight);
        grad_fused_columns(r, shift, x.count, r->block + grad_values_at(job),
                           job->both ? r->weight : NULL);
        return;
    }
    const bool keys = r->finite || grad_keys_are_finite(g, &x), finite = g->plain && keys;
    struct grad_turned w = { .queries = g->t.count, .lanes = g->t.lanes, .plain = finite };
    w.first = shift;
    w.end = shift + x.count;
    grad_block(g, &x, finite);
    if (job->both)
        grad_rows_block(r, &x, keys);
    if (job->wide_keys)
        grad_columns_wide(r, &x, shift, g->gradient, finite, &a->pool->q, a->pool->d, r->block);
    if (grad_columns_turn(job))
        grad_columns_turned(job, r, &x, shift, &w);
    if (a->dvalue.data != NULL)
        grad_columns_values(job, r, &x, shift, &w);
}

/* By coordinate c of key j of the block. */
static real grad_column_point(const struct grad_room *r, int j, int64_t c)
{
    const struct grad_tile *g = &r->g;
    const struct pool_args *p = g->plan->a->pool;
    const real scale = (real)g->plan->a->scale;
    const real sum = r->total[c * BLOCK + j];
    if (g->plan->path == GRAD_DOT)
        return scale * sum;
    if (g->plan->path == GRAD_ADDITIVE)
        return sum == 0 ? 0 : scale * get(row_at(&p->wv, 0, 0, 0) + c * p->wv.col) * sum;
    if (p->kernel.per == ATTPOOL_BANDWIDTH_COORDINATE)
        return sum * g->t.coordinate[c];
    if (p->kernel.per == ATTPOOL_BANDWIDTH_QUERY)
        return sum;
    return sum * g->square[j] * g->power[j];
}

/* Are there sums by points of keys, one after the other? */
static bool grad_has_points(const struct grad_job *job)
{
    return job->plan->path != GRAD_FLAT && !job->wide_keys;
}

static void grad_columns_end(const struct grad_job *job, const struct grad_room *r, int64_t b,
                             int64_t h, int64_t first, int count)
{
    const struct grad_plan *plan = job->plan;
    const struct pool_grad_args *a = plan->a;
    const struct pool_args *p = a->pool;
    const struct array *width = &p->kernel.inverse_bandwidths;
    const real *values = r->total + grad_values_at(job), *sums = r->total + grad_singles_at(job);
    const real drop = (real)p->dropout.scale;
    for (int j = 0; j < count; j++) {
        element *dk = row_at(&a->dk, b, h, first + j), *dv = row_at(&a->dvalue, b, h, first + j);
        if (dk != NULL && job->wide_keys)
            grad_put_row(dk, a->dk.col, r->total + j * grad_wide_room(p->d), (real)a->scale, p->d);
        for (int64_t c = 0; dk != NULL && grad_has_points(job) && c < p->d; c++)
            grad_put(dk + c * a->dk.col, grad_column_point(r, j, c));
        if (a->dinverse_bandwidths.data != NULL && p->kernel.per == ATTPOOL_BANDWIDTH_KEY)
            grad_put(row_at(&a->dinverse_bandwidths, b, h, 0) +
                         (first + j) * a->dinverse_bandwidths.col,
                     grad_by_width(sums[BLOCK + j],
                                   get(row_at(width, b, h, 0) + (first + j) * width->col)));
        if (dv != NULL && job->wide_values)
            grad_put_row(dv, a->dvalue.col, values + j * grad_wide_room(p->v), drop, p->v);
        for (int64_t c = 0; dv != NULL && !job->wide_values && c < p->v; c++)
            grad_put(dv + c * a->dvalue.col, drop * values[c * BLOCK + j]);
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

/* The queries from number i on to the next tile: no tile crosses a block of queries, so that all
 * are of two vectors at least. */
static int64_t grad_columns_next(const struct grad_job *job, struct grad_room *r, int64_t i)
{
    const int64_t n = job->plan->a->pool->n, origin = job->plan->a->query_origin;
    const int64_t left = int_min(n - i, BLOCK - (origin + i) % BLOCK);
    int64_t vectors = (left + LANES - 1) / LANES;
    vectors = vectors == 4 && job->vectors == 3 ? 2 : int_min(job->vectors, vectors);
    r->g.t.vectors = (int)vectors;
    r->g.t.lanes = (int)vectors * LANES;
    return int_min(left, vectors * LANES);
}

/* The tile's own memory, which is that of the `at` lanes after those of tiles before. */
static void grad_both_own(struct grad_room *r, int64_t at)
{
    struct grad_tile *g = &r->g;
    const int64_t lanes = g->t.lanes, d = g->plan->a->pool->d;
    g->t.q = r->queries + at * grad_query_size(g->plan);
    g->t.qs = g->t.q + d * lanes;
    g->t.q_scale = g->t.qs + d * lanes;
    g->t.q_post = g->t.q_scale + lanes;
    g->d_out = g->t.q_post + lanes;
}

/* Tile number `tile` of an item, from query i and lane `at` on. In one sweep they are kept: with
 * the `first` block of keys it is made. */
static void grad_columns_begin(const struct grad_job *job, struct grad_room *r, bool first,
                               int64_t tile, int64_t at, int64_t b, int64_t h, int64_t i, int count)
{
    struct grad_tile *g = &r->g;
    if (!job->both) {
        grad_tile_begin(g, b, h, i, count);
    } else if (first) {
        grad_both_own(r, at);
        grad_tile_begin(g, b, h, i, count);
        r->tiles[tile] = *g;
    } else {
        const int64_t widths_first = g->widths_first; /* of the block of keys */
        *g = r->tiles[tile];
        g->widths_first = widths_first;
    }
    grad_widths_tile(g);
    if (!job->both)
        return;
    grad_rows_at(r, at);
    if (first)
        grad_rows_clear(r);
}

/* The keys of absolute block `number`. */
static int64_t grad_block_first(const struct grad_job *job, int64_t number, int *count)
{
    const struct pool_args *p = job->plan->a->pool;
    const int64_t first = int_max(0, number * BLOCK - p->key_origin);
    *count = (int)(int_min(p->m, (number + 1) * BLOCK - p->key_origin) - first);
    return first;
}

static void grad_columns_clear(const struct grad_job *job, struct grad_room *r, int64_t b,
                               int64_t h, int64_t number)
{
    const size_t n = grad_sums_size(job);
    int count;
    const int64_t first = grad_block_first(job, number, &count);
    pool_fill(r->total, n, 0);
    pool_fill(r->block, n, 0);
    r->finite = grad_keys_finite(job->plan, b, h, first, count);
    if (job->plan->path != GRAD_FLAT && job->plan->path != GRAD_DOT)
        grad_block_keys(job, r, b, h, first, count);
}

static void grad_columns_finish(const struct grad_job *job, struct grad_room *r, int64_t b,
                                int64_t h, int64_t number)
{
    int count;
    const int64_t first = grad_block_first(job, number, &count);
    grad_columns_fold(r, grad_sums_size(job));
    grad_columns_end(job, r, b, h, first, count);
}

/* `count` absolute blocks of the keys of an item from `number` on, over all queries; `first`: they
 * are the first that r has of it. */
static void grad_columns_item(const struct grad_job *job, struct grad_room *r, int64_t b, int64_t h,
                              int64_t number, int count, bool first)
{
    const struct pool_args *p = job->plan->a->pool;
    const int64_t origin = job->plan->a->query_origin;
    for (int k = 0; k < count; k++) {
        grad_columns_at(job, r, k);
        grad_columns_clear(job, r, b, h, number + k);
    }
    for (int64_t i = 0, tile = 0, at = 0, rows; i < p->n; i += rows, tile++) {
        rows = grad_columns_next(job, r, i);
        grad_columns_begin(job, r, first, tile, at, b, h, i, (int)rows);
        for (int k = 0; k < count; k++) {
            grad_columns_at(job, r, k);
            if ((origin + i) % BLOCK == 0)
                grad_columns_fold(r, grad_sums_size(job));
            grad_columns_tile(job, r, number + k);
        }
        at += r->g.t.lanes;
    }
    for (int k = 0; k < count; k++) {
        grad_columns_at(job, r, k);
        grad_columns_finish(job, r, b, h, number + k);
    }
}

static void grad_columns_task(void *arg, int64_t index, int worker)
{
    const struct grad_job *job = arg;
    const struct pool_args *p = job->plan->a->pool;
    const int64_t tasks = grad_columns_tasks(job), before = index % tasks * job->share;
    const struct grad_items x = grad_items_of(&job->plan->of_columns, p, index / tasks);
    const int count = (int)int_min(job->share, job->blocks - before);
    struct grad_room r;
    grad_room_of(job, ap_engine_scratch(job->engine, worker), &r);
    grad_widths_begin(&r.g);
    for (int64_t b = x.batch; b < x.batch_end; b++)
        for (int64_t h = x.head; h < x.head_end; h++)
            grad_columns_item(job, &r, b, h, p->key_origin / BLOCK + before, count, true);
}

/* The rows of an item, whose sums are complete. */
static void grad_both_end(const struct grad_job *job, struct grad_room *r, int64_t b, int64_t h)
{
    for (int64_t i = 0, tile = 0, at = 0, count; i < job->plan->a->pool->n; i += count, tile++) {
        count = grad_columns_next(job, r, i);
        grad_columns_begin(job, r, false, tile, at, b, h, i, (int)count);
        grad_rows_end(r);
        at += r->g.t.lanes;
    }
}

/* The items of a class, in one sweep. */
static void grad_both_task(void *arg, int64_t index, int worker)
{
    const struct grad_job *job = arg;
    const struct pool_args *p = job->plan->a->pool;
    const struct grad_items x = grad_items_of(&job->of_both, p, index);
    const int64_t first = p->key_origin / BLOCK;
    struct grad_room r;
    grad_room_of(job, ap_engine_scratch(job->engine, worker), &r);
    grad_widths_begin(&r.g);
    for (int64_t b = x.batch; b < x.batch_end; b++)
        for (int64_t h = x.head; h < x.head_end; h++) {
            for (int64_t number = first; number < first + job->blocks; number++)
                grad_columns_item(job, &r, b, h, number, 1, number == first);
            grad_both_end(job, &r, b, h);
        }
}

#endif
