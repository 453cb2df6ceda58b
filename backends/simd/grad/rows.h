/* SPDX-License-Identifier: Apache-2.0 */

/* The sweep over the rows, for what belongs to queries or to neither queries nor keys. */
#ifndef BACKENDS_SIMD_GRAD_ROWS_H
#define BACKENDS_SIMD_GRAD_ROWS_H

#include "backends/simd/grad/fused.h"
#include "backends/simd/grad/room.h"
#include "backends/simd/grad/sums.h"

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

/* By scale: of each lane q times its sum by q, or w_v times its sum by w_v. */
static void grad_row_scales(const struct grad_room *r, real *scales)
{
    const struct grad_tile *g = &r->g;
    const struct pool_tile *t = &g->t;
    const struct pool_args *p = g->plan->a->pool;
    const bool additive = g->plan->path == GRAD_ADDITIVE;
    const element *wv = row_at(&p->wv, 0, 0, 0);
    const real *sums = additive ? r->each : r->points;
    const int64_t d = p->d;
    for (int i = 0; i < t->lanes; i += LANES) {
        vec sum = v_zero();
        for (int64_t first = 0; first < d; first += CHUNK) {
            vec s = v_zero();
            for (int64_t c = first; c < int_min(d, first + CHUNK); c++) {
                const vec x =
                    additive ? v_set1(get(wv + c * p->wv.col)) : v_loadu(t->q + c * t->lanes + i);
                s = v_fma(x, v_loadu(sums + c * t->lanes + i), s);
            }
            sum = v_add(sum, s);
        }
        v_storeu(scales + i, sum);
    }
}

/* Are there sums by points of queries, one after the other? */
static bool grad_has_row_points(const struct grad_plan *plan)
{
    return plan->path != GRAD_FLAT && plan->path != GRAD_DOT;
}

/* By coordinate c of the query of a lane. */
static real grad_row_point(const struct grad_room *r, int lane, int64_t c)
{
    const struct grad_tile *g = &r->g;
    const struct pool_args *p = g->plan->a->pool;
    const real scale = (real)g->plan->a->scale, sum = r->points[c * g->t.lanes + lane];
    if (g->plan->path == GRAD_ADDITIVE)
        return sum == 0 ? 0 : scale * get(row_at(&p->wv, 0, 0, 0) + c * p->wv.col) * sum;
    if (p->kernel.per == ATTPOOL_BANDWIDTH_COORDINATE)
        return -sum * g->t.coordinate[c];
    if (p->kernel.per == ATTPOOL_BANDWIDTH_KEY)
        return -sum;
    return -sum * g->square[lane] * g->power[lane];
}

/* What belongs to neither queries nor keys, of a lane. */
static void grad_row_sums(const struct grad_room *r, int lane, const real *scales)
{
    const struct grad_tile *g = &r->g;
    const struct pool_tile *t = &g->t;
    const struct grad_plan *plan = g->plan;
    const struct pool_args *p = plan->a->pool;
    const int64_t at = grad_row_number(p, t->b, t->head[lane], t->query[lane]);
    real *sums = (real *)g->facts->sums + at * plan->sums;
    const int64_t widths = kernel_by_coordinate(&p->kernel) ? p->d : 1;
    const real *from = kernel_by_coordinate(&p->kernel) ? r->each : r->widths;
    if (plan->scale_at >= 0)
        sums[plan->scale_at] = scales[lane];
    for (int64_t c = 0; c < widths && plan->widths_at >= 0; c++)
        sums[plan->widths_at + c] = from[c * t->lanes + lane];
    for (int64_t c = 0; c < p->d && plan->wv_at >= 0; c++)
        sums[plan->wv_at + c] = r->each[c * t->lanes + lane];
    if (plan->bias_at >= 0)
        sums[plan->bias_at] = r->gradients[lane];
}

/* By the queries of dots, a row of numbers for each. */
static void grad_rows_dots(const struct grad_room *r)
{
    const struct pool_tile *t = &r->g.t;
    const struct pool_grad_args *a = r->g.plan->a;
    const int64_t d = a->pool->d;
    const element *from[LANES];
    real turned[POOL_LANES(LANES) * LANES];
    for (int64_t first = 0; first < d; first += LANES) {
        const int64_t n = int_min(LANES, d - first);
        for (int64_t c = 0; c < LANES; c++)
            from[c] = elements(r->points + (first + int_min(c, n - 1)) * t->lanes);
        pool_transpose(from, 1, t->lanes, LANES, turned);
        for (int lane = 0; lane < t->count; lane++)
            grad_put_row(row_at(&a->dq, t->b, t->head[lane], t->query[lane]) + first * a->dq.col,
                         a->dq.col, turned + lane * LANES, (real)a->scale, n);
    }
}

static void grad_rows_end(const struct grad_room *r)
{
    const struct grad_tile *g = &r->g;
    const struct pool_tile *t = &g->t;
    const struct grad_plan *plan = g->plan;
    const struct pool_grad_args *a = plan->a;
    const struct array *w = &a->pool->kernel.inverse_bandwidths;
    real scales[POOL_LANES(LANES)];
    if (plan->scale_at >= 0)
        grad_row_scales(r, scales);
    if (plan->path == GRAD_DOT && a->dq.data != NULL)
        grad_rows_dots(r);
    for (int lane = 0; lane < t->count; lane++) {
        const int64_t h = t->head[lane], i = t->query[lane];
        element *to = row_at(&a->dq, t->b, h, i);
        for (int64_t c = 0; to != NULL && grad_has_row_points(plan) && c < a->pool->d; c++)
            grad_put(to + c * a->dq.col, grad_row_point(r, lane, c));
        if (plan->bias == GRAD_BIAS_ROWS)
            grad_put(row_at(&a->dbias, t->b, h, i), r->gradients[lane]);
        if (a->dinverse_bandwidths.data != NULL && a->pool->kernel.per == ATTPOOL_BANDWIDTH_QUERY)
            grad_put(row_at(&a->dinverse_bandwidths, t->b, h, i),
                     grad_by_width(r->widths[lane], get(row_at(w, t->b, h, i))));
        grad_row_sums(r, lane, scales);
    }
}

/* The pairs of a block into the sums that belong to queries and keys of a Gaussian. */
static void grad_rows_radial(struct grad_room *r, const struct pool_block *x)
{
    const struct grad_plan *plan = r->g.plan;
    const struct grad_radial s = grad_radial_rows(&r->g, x);
    if (grad_sum_count(plan, GRAD_SUM_POINT, false) > 0)
        grad_radial_points(&s, r->points);
    if (grad_sum_count(plan, GRAD_SUM_EACH, false) > 0)
        grad_radial_each(&s, r->each);
    if (grad_sum_count(plan, GRAD_SUM_WIDTH, false) > 0)
        grad_radial_width(&s, r->widths);
}

/* And of the product form. */
static void grad_rows_product(struct grad_room *r, const struct pool_block *x)
{
    const struct grad_plan *plan = r->g.plan;
    const struct grad_radial s = grad_radial_rows(&r->g, x);
    const int64_t plane = (int64_t)BLOCK * r->g.t.lanes;
    if (grad_sum_count(plan, GRAD_SUM_POINT, false) > 0)
        grad_product_points(&s, plane, r->points);
    if (grad_sum_count(plan, GRAD_SUM_EACH, false) > 0)
        grad_product_each(&s, plane, r->each);
    if (grad_sum_count(plan, GRAD_SUM_WIDTH, false) > 0)
        grad_product_width(&s, plane, r->widths);
}

static void grad_rows_additive(struct grad_room *r, const struct pool_block *x, bool finite)
{
    const struct grad_tile *g = &r->g;
    const struct pool_tile *t = &g->t;
    const struct grad_plan *plan = g->plan;
    const struct array *k = &plan->a->pool->k;
    const struct grad_additive s = { .plain = g->plain && finite,
                                     .end = t->lanes,
                                     .others = x->count,
                                     .g = g->gradient,
                                     .included = t->included,
                                     .step = t->lanes,
                                     .lane = t->q,
                                     .lane_step = t->lanes,
                                     .other = row_at(k, t->b, t->head0, x->first),
                                     .row = k->row,
                                     .col = k->col,
                                     .d = plan->a->pool->d };
    const bool points = grad_sum_count(plan, GRAD_SUM_POINT, false) > 0;
    const bool each = grad_sum_count(plan, GRAD_SUM_EACH, false) > 0;
    if (points || each)
        grad_additive_sums(&s, points ? r->points : NULL, each ? r->each : NULL);
}

/* The sums of the tile's rows, which are the `at` lanes after those of tiles before. */
static void grad_rows_at(struct grad_room *r, int64_t at)
{
    const struct grad_plan *plan = r->g.plan;
    const int64_t lanes = r->g.t.lanes;
    r->points = r->rows + at * grad_row_size(plan);
    r->each = r->points + grad_sum_count(plan, GRAD_SUM_POINT, false) * lanes;
    r->gradients = r->each + grad_sum_count(plan, GRAD_SUM_EACH, false) * lanes;
    r->widths = r->gradients + lanes;
}

static void grad_rows_clear(const struct grad_room *r)
{
    pool_fill(r->points, (size_t)(grad_row_size(r->g.plan) * r->g.t.lanes), 0);
}

/* The pairs of a block into the sums of the tile's rows. */
static void grad_rows_block(struct grad_room *r, const struct pool_block *x, bool finite)
{
    struct grad_tile *g = &r->g;
    const struct grad_plan *plan = g->plan;
    const bool points = grad_sum_count(plan, GRAD_SUM_POINT, false) > 0;
    if (points && plan->path == GRAD_DOT)
        grad_row_points(g, x, finite, r->points);
    else if (plan->path == GRAD_RADIAL)
        grad_rows_radial(r, x);
    else if (plan->path == GRAD_PRODUCT)
        grad_rows_product(r, x);
    else if (plan->path == GRAD_ADDITIVE)
        grad_rows_additive(r, x, finite);
    if (grad_sum_count(plan, GRAD_SUM_GRADIENT, false) > 0)
        grad_row_gradients(g, x, r->gradients);
    if (plan->bias == GRAD_BIAS_PAIRS)
        grad_put_pairs(g, x);
}

/* The queries of a tile of one item, over all keys. */
static void grad_rows_tile(const struct grad_job *job, struct grad_room *r)
{
    struct grad_tile *g = &r->g;
    const int64_t first = job->plan->a->pool->key_origin / BLOCK;
    grad_rows_at(r, 0);
    grad_rows_clear(r);
    grad_columns_at(job, r, 0);
    for (int64_t number = first; number < first + job->blocks; number++) {
        struct pool_block x;
        if (grad_block_pruned(g, number) || !pool_block_at(&g->t, number, &x))
            continue;
        if (grad_block_is_fused(job, g, &x)) {
            grad_block_keys(job, r, g->t.b, g->t.head0, x.first, x.count);
            grad_fused_rows(r, 0, x.count, NULL);
            continue;
        }
        const bool finite = grad_keys_are_finite(g, &x);
        if (grad_has_key_widths(job->plan))
            grad_widths_keys(g, g->t.b, g->t.head0, x.first, x.count);
        grad_block(g, &x, finite);
        grad_rows_block(r, &x, finite);
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
    grad_widths_begin(&r.g);
    for (int64_t b = x.batch; b < x.batch_end; b++)
        for (int64_t h = x.head; h < x.head_end; h++) {
            grad_tile_begin(&r.g, b, h, first, (int)int_min(lanes, p->n - first));
            grad_widths_tile(&r.g);
            grad_rows_tile(job, &r);
        }
}

#endif
