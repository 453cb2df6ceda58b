/* SPDX-License-Identifier: Apache-2.0 */

/* Measures of few rows and a group of super-blocks without a panel (by_key.h). */
#ifndef BACKENDS_SIMD_POOL_BY_KEY_SCORE_H
#define BACKENDS_SIMD_POOL_BY_KEY_SCORE_H

#include "backends/simd/math/kernels.h"
#include "backends/simd/pool/by_key/by_key.h"
#include "backends/simd/pool/by_key/panel.h"
#include "backends/simd/pool/by_key/transpose.h"
#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/score.h"
#include "backends/simd/pool/tile.h"

/* --- dots and squares of many coordinates ---------------------------------------------------- */

/* Measures of all rows from the keys as they lie, into w->copy in their order, then transposed into
 * w->s. False if the strides of the keys, or what scales their differences, do not allow it. */
static bool by_key_measure_rows(const struct by_key *w)
{
    const struct pool_plan *p = w->t->plan;
    const struct pool_args *a = p->a;
    const struct pool_pairs *x = &w->pairs;
    const bool dot = p->measure == MEASURE_DOT, squares = p->measure == MEASURE_SQUARES;
    const bool even = x->lane_scale == NULL && x->scale_row == 0 && x->scale_col == 0;
    if (a->k.col != 1 || a->d < 2 || !(dot || (squares && even)))
        return false;
    const int whole = (w->end - w->first) / LANES * LANES;
    const element *k = row_at(&a->k, w->t->b, w->t->head0, w->base + w->first);
    const struct by_key_transposed transposed = { .k = k,
                                                  .row = a->k.row,
                                                  .d = a->d,
                                                  .q = w->t->q,
                                                  .step = x->col,
                                                  .scale =
                                                      x->point_scale != NULL ? *x->point_scale : 1,
                                                  .out = w->copy + w->first,
                                                  .vectors = whole / LANES,
                                                  .ahead = a->k.row == a->d ? 8 << 10 : 0 };
    by_key_transposed(&transposed, w->t->count, dot);
    for (int o = whole; o < w->end - w->first; o++)
        for (int r = 0; r < w->t->count; r++)
            transposed.out[r * BY_KEY_KEYS + o] =
                by_key_single(&transposed, k + o * a->k.row, r, dot);
    for (int r = 0; r < w->t->count; r++) {
        real *s = w->s + by_key_row_at(w, r);
        by_key_transpose(w, elements(w->copy + r * BY_KEY_KEYS), 1, s);
        for (int i = 0; i < by_key_keys(w) && x->point_post != NULL; i += LANES)
            v_storeu(s + i, v_mul(v_loadu(s + i), v_set1(x->point_post[r * x->post_row])));
    }
    return true;
}

/* --- all pairs, a tile of keys transposed at a time ---------------------------------------------
 */

/* The key of number x, or the nearest one that exists. */
static int64_t by_key_there(const struct by_key *w, int x)
{
    return w->base + int_max(w->first, int_min(by_key_key(w, x), w->end - 1));
}

/* Inverse bandwidths of the tile's keys, a row of lanes. */
static void by_key_inverse_bandwidths(const struct by_key *w, int at, int lanes)
{
    const struct pool_plan *p = w->t->plan;
    const struct kernel *kernel = &p->a->kernel;
    const bool key = kernel->per == ATTPOOL_BANDWIDTH_KEY;
    if (p->a->score != POOL_KERNEL || (!key && kernel->per != ATTPOOL_BANDWIDTH_COORDINATE_KEY))
        return;
    const struct by_key_source from = w->from_inverse_bandwidths;
    for (int lane = 0; lane < lanes; lane++)
        w->scale[lane] = r_abs(get(from.x + by_key_there(w, at + lane) * from.row));
    for (int lane = 0; lane < lanes && key && p->has_w2; lane += LANES)
        split_ws(w->scale + lane, w->post + lane);
    for (int64_t c = p->a->d - 1; c >= 0 && !key; c--) /* the first row has the factors */
        for (int lane = 0; lane < lanes; lane += LANES)
            v_storeu(w->scale + c * lanes + lane,
                     products_up(v_set1(w->t->coordinate[c]), v_loadu(w->scale + lane)));
}

/* How the differences of lanes that are keys are scaled. */
static void by_key_scaled(const struct by_key *w, struct pool_pairs *x)
{
    const struct pool_plan *p = w->t->plan;
    const bool power = p->measure == MEASURE_SQUARES && !p->by_coordinate;
    const bool post = p->has_w2;
    switch (p->a->kernel.per) {
    case ATTPOOL_BANDWIDTH_ONE:
        x->point_scale = power ? &p->power : &p->w;
        if (*x->point_scale == 1 && !post)
            x->point_scale = NULL;
        x->point_post = post ? &p->w : NULL;
        break;
    case ATTPOOL_BANDWIDTH_COORDINATE:
        x->point_scale = w->t->coordinate;
        x->scale_col = 1;
        break;
    case ATTPOOL_BANDWIDTH_KEY:
    case ATTPOOL_BANDWIDTH_COORDINATE_KEY:
        x->lane_scale = w->scale;
        x->lane_post = post ? w->post : NULL;
        x->scale_tile = x->vectors * LANES;
        if (p->a->kernel.per == ATTPOOL_BANDWIDTH_KEY)
            break;
        x->scale_step = x->scale_tile;
        x->scale_tile *= x->d;
        break;
    case ATTPOOL_BANDWIDTH_QUERY:
        x->point_scale = w->t->q_scale;
        x->scale_row = 1;
        x->point_post = post ? w->t->q_post : NULL;
        x->post_row = 1;
    }
}

/* What all pairs of the rows have in common. */
static void by_key_begin(struct by_key *w)
{
    const struct pool_plan *p = w->t->plan;
    const struct pool_args *a = p->a;
    w->careful = false;
    w->pairs = (struct pool_pairs){ .vectors = BY_KEY_WIDE / LANES,
                                    .tiles = 1,
                                    .count = w->t->count,
                                    .d = a->d,
                                    .lane = w->panel ? w->k : w->keys,
                                    .point = elements(w->t->q),
                                    .row = 1,
                                    .col = w->t->lanes,
                                    .wv = row_at(&a->wv, 0, 0, 0),
                                    .wv_col = a->wv.col,
                                    .out = w->s,
                                    .step = BY_KEY_KEYS,
                                    .extremes = w->extremes,
                                    .factor = p->factor ? w->factor : NULL,
                                    .included = p->compact ? w->included : NULL };
    if (a->score == POOL_KERNEL)
        by_key_scaled(w, &w->pairs);
    w->from_k = by_key_rows_of(w, &a->k);
    w->from_v = by_key_rows_of(w, &a->value);
    w->from_weights = by_key_columns_of(w, &a->key_weights);
    w->from_inverse_bandwidths =
        by_key_columns_of(w, a->kernel.per == ATTPOOL_BANDWIDTH_KEY ? &a->kernel.inverse_bandwidths
                                                                    : &a->kernel.factors);
    real *const blocks[] = { w->m, w->l, w->sq, w->sum };
    for (int i = 0; i < 4; i++) /* there may be more lanes than rows */
        pool_fill(blocks[i], (size_t)(POOL_BLOCKS * w->lanes), 0);
}

/* The vectors of keys at number `from`. */
static void by_key_tile(const struct by_key *w, int from, int vectors)
{
    const struct pool_args *a = w->t->plan->a;
    const element *rows[POOL_LANES(LANES)];
    struct pool_pairs x = w->pairs;
    x.vectors = vectors;
    x.extremes = NULL;
    x.out += from;
    x.factor = x.factor != NULL ? x.factor + from : NULL;
    x.included = x.included != NULL ? x.included + from : NULL;
    if (a->kernel.per == ATTPOOL_BANDWIDTH_COORDINATE_KEY)
        x.scale_step = vectors * LANES;
    for (int lane = 0; lane < vectors * LANES; lane++)
        rows[lane] = row_at(&a->k, w->t->b, w->t->head0, by_key_there(w, from + lane));
    pool_transpose(rows, a->k.col, a->d, vectors * LANES, w->keys);
    by_key_inverse_bandwidths(w, from, vectors * LANES);
    pool_pairs_measure(w->t->plan, &x);
}

/* The range of the numbers that keys have. */
static struct pool_span by_key_numbers(const struct by_key *w)
{
    const int run = by_key_lane(w), first = w->first % run, last = (w->end - 1) % run;
    if (w->first / run != (w->end - 1) / run)
        return (struct pool_span){ 0, by_key_keys(w) };
    return (struct pool_span){ first * BY_KEY_WIDE, (last + 1) * BY_KEY_WIDE };
}

/* Measures of all rows. */
static void by_key_measure(const struct by_key *w)
{
    const struct pool_plan *p = w->t->plan;
    const struct pool_span all = by_key_numbers(w);
    const int from = (int)all.low, end = (int)all.high;
    if (p->measure == MEASURE_NONE)
        pool_fill(w->s, (size_t)w->t->count * BY_KEY_KEYS, p->has_max ? 0 : 1);
    else if (!by_key_measure_rows(w))
        for (int x = from, vectors; x < end; x += vectors * LANES) {
            vectors = end - x >= POOL_VECTORS * LANES ? POOL_VECTORS : 1;
            by_key_tile(w, x, vectors);
        }
    for (int r = 0; r < w->t->count; r++) {
        const size_t at = by_key_row_at(w, r) + (size_t)from;
        pool_apply_kernel(p, w->s + at, p->factor ? w->factor + at : NULL,
                          p->compact ? w->included + at : NULL, (size_t)(end - from));
    }
}

#endif
