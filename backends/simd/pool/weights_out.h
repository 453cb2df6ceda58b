/* SPDX-License-Identifier: Apache-2.0 */

/* The weights W of a tile's rows, from their final maxima and sums. */
#ifndef BACKENDS_SIMD_POOL_WEIGHTS_OUT_H
#define BACKENDS_SIMD_POOL_WEIGHTS_OUT_H

#include "backends/simd/math/elementary.h"
#include "backends/simd/math/relative.h"
#include "backends/simd/pool/finish.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/prune.h"
#include "backends/simd/pool/score.h"
#include "backends/simd/pool/sums.h"
#include "backends/simd/pool/tile.h"
#include "backends/simd/pool/weigh.h"

struct pool_weigh {
    struct pool_tile *t;
    const struct pool_result *r;
    real m[POOL_LANES(LANES)];        /* maxima */
    real times[POOL_LANES(LANES)];    /* 1 / l, or l */
    bool large;                       /* some maximum is */
    bool with_included;               /* some pair may take no part */
    int64_t place[POOL_LANES(LANES)]; /* row of the output */
};

/* Weights relative to the final maxima, in place of the scores; with `cuts_far` as they are for
 * sums.
 */
static void pool_weigh_powers(const struct pool_weigh *g, const struct pool_block *x, bool cuts_far)
{
    struct pool_tile *t = g->t;
    const struct pool_plan *p = t->plan;
    struct pool_sums sums = { .vectors = t->vectors,
                              .count = x->count,
                              .c = p->c,
                              .s = t->s,
                              .minus = t->minus,
                              .factor = p->factor ? t->factor : NULL,
                              .weights = p->weighted ? t->weights : NULL,
                              .l = t->l };
    pool_block_scores(t, x, g->with_included);
    if (p->cuts_far && g->with_included)
        pool_block_exclude_far(t, x, g->m);
    for (int i = 0; i < t->lanes; i += LANES)
        v_storeu(t->minus + i, v_mul(v_loadu(g->m + i), v_set1(-4)));
    if (p->has_max && (g->large || x->scaled)) {
        pool_block_relative(t, x, g->m);
        sums.c = 1;
    }
    pool_sums(&sums, p->has_max, cuts_far);
}

/* W of the block, in place of the scores. */
static void pool_weigh_block(struct pool_weigh *g, const struct pool_block *x)
{
    const struct pool_tile *t = g->t;
    const struct pool_plan *p = t->plan;
    g->with_included =
        p->compact || p->cuts_far || g->r->empty_count > 0 || pool_block_masked(t, x);
    pool_weigh_powers(g, x, false);
    for (int j = 0; j < x->count; j++)
        for (int i = 0; i < t->lanes; i += LANES) {
            const int at = j * t->lanes + i;
            const vec e = v_loadu(t->s + at), times = v_loadu(g->times + i);
            vec w = v_canonical_nan(p->divide ? v_div(e, times) : v_mul(e, times));
            if (g->with_included)
                w = v_where(v_gt(v_loadu(t->included + at), v_zero()), w);
            v_storeu(t->s + at, w);
        }
}

/* Rows of which nothing takes part follow the policy. */
static void pool_weigh_empty(const struct pool_weigh *g, const struct pool_block *x, int lane)
{
    const struct pool_result *r = g->r;
    const struct pool_args *a = g->t->plan->a;
    for (int j = 0; j < x->count; j++) {
        real *w = g->t->s + j * g->t->lanes + lane;
        bool see = g->t->included[j * g->t->lanes + lane] > 0;
        if (a->empty == ATTPOOL_EMPTY_ZERO)
            *w = 0;
        else if (a->empty == ATTPOOL_EMPTY_MEAN && r->count[lane] > 0)
            *w = see ? 1 / r->count[lane] : 0;
        else if (a->empty == ATTPOOL_EMPTY_NEAREST && r->nearest[lane] >= 0)
            *w = x->first + j == r->nearest[lane] ? 1 : 0;
        else
            *w = REAL_NAN;
    }
}

/* LANES keys of LANES rows of a contiguous output. */
VEC_FN void pool_weigh_square(const real *s, int lanes, element *const *to, int j)
{
    vec r[LANES];
    UNROLL_FOR (int k = 0; k < LANES; k++)
        r[k] = v_loadu(s + (j + k) * lanes);
    v_transpose(r);
    UNROLL_FOR (int k = 0; k < LANES; k++)
        if (to[k] != NULL)
            v_storeu(to[k] + j, r[k]);
}

/* The block's rows of lanes, out of s. */
static void pool_weigh_store(const struct pool_weigh *g, const struct pool_block *x)
{
    const struct pool_tile *t = g->t;
    const struct array *w = &t->plan->a->weights;
    for (int lane = 0; lane < t->count; lane += LANES) {
        element *to[LANES];
        int j = 0;
        for (int k = 0; k < LANES; k++) {
            to[k] = lane + k < t->count
                        ? row_at(w, t->b, t->head[lane + k], g->place[lane + k]) + x->first * w->col
                        : NULL;
        }
        for (; j + LANES <= x->count && w->col == 1; j += LANES)
            pool_weigh_square(t->s + lane, t->lanes, to, j);
        for (; j < x->count; j++)
            for (int k = 0; k < LANES; k++)
                if (to[k] != NULL)
                    put(to[k] + j * w->col, t->s[j * t->lanes + lane + k]);
    }
}

/* What has been made of the keys of x goes to W. */
static void pool_weigh_out(const struct pool_weigh *g, const struct pool_block *x)
{
    for (int lane = 0; lane < g->t->count && g->r->empty_count > 0; lane++)
        if (g->r->empty[lane])
            pool_weigh_empty(g, x, lane);
    pool_weigh_store(g, x);
}

/* Keys [first, end), fewer than BLOCK or as many, that are hidden from all rows: they have a place
 * in W.
 */
static void pool_weigh_masked(const struct pool_weigh *g, int64_t first, int64_t end)
{
    const struct pool_tile *t = g->t;
    const struct pool_block x = { .first = first, .count = (int)(end - first) };
    if (first >= end)
        return;
    pool_fill(t->s, (size_t)(x.count * t->lanes), 0);
    pool_fill(t->included, (size_t)(x.count * t->lanes), 0);
    pool_weigh_out(g, &x);
}

static void pool_weigh_number(struct pool_weigh *g, int64_t number)
{
    const struct pool_args *a = g->t->plan->a;
    const int64_t first = int_max(0, number * BLOCK - a->key_origin);
    const int64_t end = int_min(a->m, (number + 1) * BLOCK - a->key_origin);
    struct pool_block x;
    if (pool_block_pruned(g->t, number) || !pool_block_at(g->t, number, &x)) {
        pool_weigh_masked(g, first, end);
        return;
    }
    pool_weigh_block(g, &x);
    pool_weigh_out(g, &x);
    pool_weigh_masked(g, first, x.first);
    pool_weigh_masked(g, x.first + x.count, end);
}

/* W of the tile's rows, block by block. */
static void pool_weigh_rows(struct pool_weigh *g)
{
    const struct pool_shape *s = &g->t->plan->shape;
    for (int64_t b = s->first * POOL_BLOCKS; b < s->end * POOL_BLOCKS; b++)
        pool_weigh_number(g, b);
}

/* The rows that are empty, packed to the front of the tile. */
static void pool_weigh_mean(struct pool_weigh *g, const struct pool_result *r)
{
    struct pool_tile *t = g->t;
    const struct pool_plan *plan = t->plan;
    const struct pool_plan mean = pool_plan_mean(plan);
    real count[POOL_LANES(LANES)];
    struct pool_result some = { .count = count, .nearest = r->nearest };
    for (int lane = 0; lane < t->count; lane++)
        if (r->empty[lane]) {
            const int k = some.empty_count++;
            some.empty[k] = true;
            count[k] = r->count[lane];
            t->head[k] = t->head[lane];
            t->query[k] = t->query[lane];
            g->place[k] = g->place[lane];
        }
    t->plan = &mean;
    g->r = &some;
    pool_tile_begin(t, some.empty_count);
    pool_weigh_rows(g);
    t->plan = plan;
}

/* W of the tile's rows; place[] are their rows of the output. */
static void pool_tile_weights(struct pool_tile *t, const struct pool_result *r,
                              const int64_t *place)
{
    struct pool_weigh g = { .t = t, .r = r };
    const bool divide = t->plan->divide;
    for (int lane = 0; lane < t->lanes; lane++) {
        const int from = lane < t->count ? lane : t->count - 1;
        g.m[lane] = t->plan->has_max ? r->m[from] : 0;
        g.times[lane] = divide ? r->l[from] : 1 / r->l[from];
        g.large |= !(r_abs(g.m[lane]) < REAL(SCORE_LARGE));
        g.place[lane] = place[from];
    }
    pool_weigh_rows(&g);
    if (r->empty_count > 0 && t->plan->a->empty == ATTPOOL_EMPTY_MEAN)
        pool_weigh_mean(&g, r);
}

#endif
