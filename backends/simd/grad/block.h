/* SPDX-License-Identifier: Apache-2.0 */

/* A tile of queries, and what is known of a block of keys: a row of lanes for each key. */
#ifndef BACKENDS_SIMD_GRAD_BLOCK_H
#define BACKENDS_SIMD_GRAD_BLOCK_H

#include "backends/grad_plan.h"
#include "backends/simd/pool/dropout.h"
#include "backends/simd/pool/prune.h"
#include "backends/simd/pool/score.h"

/* Columns of numbers that go side by side. */
enum { GRAD_COLUMNS = 4 };

/* Numbers up to this, and their squares, are far from overflow. */
#define MODERATE_F32 0x1p+50F
#define MODERATE_F64 0x1p+400

struct grad_tile {
    struct pool_tile t; /* s: W of the block, included: who takes part */
    const struct grad_plan *plan;
    const struct grad_facts *facts;
    real *d_out;    /* v rows of lanes */
    real *gradient; /* g of the block */
    real *slope;    /* and h of other kernels than the Gaussian: see slopes.h; or NULL. Of the */
    real *factor;   /* product form h and the factor of each coordinate, BLOCK * lanes apart */
    real max[POOL_LANES(LANES)], times[POOL_LANES(LANES)], gain[POOL_LANES(LANES)];
    real weighted[POOL_LANES(LANES)]; /* 1 where the row is, else 0 */
    real minus[POOL_LANES(LANES)];    /* -4 max */
    int64_t kind[POOL_LANES(LANES)];
    real *power, *square; /* P and w'^2 of what has inverse bandwidths of its own: see widths.h */
    int64_t widths_first; /* the key of the first of them */
    bool special;         /* some row is not weighted */
    bool plain;           /* queries and dO are finite */
    bool common;          /* all of max are (math/relative.h), */
    bool moderate;        /* and the gains are far from overflow */
};

static bool grad_is_finite(const real *x, size_t n)
{
    vec_mask bad = m_first(0);
    for (size_t i = 0; i < n; i += LANES)
        bad = m_or(bad, m_not(v_le(v_abs(v_loadu(x + i)), v_set1(REAL_MAX))));
    return !m_any(bad);
}

static bool grad_row_is_finite(const element *x, int64_t n)
{
    vec_mask bad = m_first(0);
    for (int64_t i = 0; i < n; i += LANES)
        bad = m_or(bad, m_not(v_le(v_abs(load(x + i, int_min(LANES, n - i))), v_set1(REAL_MAX))));
    return !m_any(bad);
}

static void grad_tile_facts(struct grad_tile *g)
{
    struct pool_tile *t = &g->t;
    const struct pool_args *p = g->plan->a->pool;
    g->special = false;
    g->common = g->moderate = t->near = true;
    for (int lane = 0; lane < t->lanes; lane++) {
        const int64_t at = grad_row_number(p, t->b, t->head[lane], t->query[lane]);
        const real l = ((const real *)g->facts->sum)[at];
        g->kind[lane] = g->facts->kind[at];
        g->gain[lane] = ((const real *)g->facts->gain)[at];
        g->max[lane] = get(row_at(&p->max, t->b, t->head[lane], t->query[lane]));
        g->times[lane] = t->plan->divide ? l : lane < t->count ? 1 / l : 0;
        g->weighted[lane] = g->kind[lane] == GRAD_WEIGHTED;
        g->special |= g->kind[lane] != GRAD_WEIGHTED;
        t->near &= g->max[lane] > REAL(NEAR_LIMIT);
        g->minus[lane] = -4 * g->max[lane];
        g->common &= r_abs(g->max[lane]) < REAL(SCORE_LARGE);
        g->moderate &= g->common && r_abs(g->gain[lane]) <= REAL(MODERATE);
    }
}

/* The first `count` lanes are queries first, first + 1, ... of (b, h). */
static void grad_tile_begin(struct grad_tile *g, int64_t b, int64_t h, int64_t first, int count)
{
    struct pool_tile *t = &g->t;
    const struct pool_grad_args *a = g->plan->a;
    const int64_t v = a->pool->v;
    const element *from[POOL_LANES(LANES)];
    t->b = b;
    for (int lane = 0; lane < count; lane++) {
        t->head[lane] = h;
        t->query[lane] = first + lane;
    }
    pool_tile_begin(t, count);
    grad_tile_facts(g);
    pool_prune_tile(t);
    for (int lane = 0; lane < t->lanes && a->d_out.data != NULL; lane++)
        from[lane] = row_at(&a->d_out, b, h, t->query[lane]);
    if (a->d_out.data != NULL)
        pool_transpose(from, a->d_out.col, v, t->lanes, g->d_out);
    g->plain =
        t->plan->measure == MEASURE_NONE || grad_is_finite(t->q, (size_t)(a->pool->d * t->lanes));
    g->plain =
        g->plain && (a->d_out.data == NULL || grad_is_finite(g->d_out, (size_t)(v * t->lanes)));
}

/* Is absolute block `number` of the keys too far from all rows? */
static bool grad_block_pruned(const struct grad_tile *g, int64_t number)
{
    return !g->special && pool_block_pruned(&g->t, number);
}

/* Is something asked for that goes through the score? */
static bool grad_takes_slopes(const struct grad_plan *plan)
{
    const struct pool_grad_args *a = plan->a;
    return a->dq.data != NULL || a->dk.data != NULL || a->dscale.data != NULL ||
           a->dinverse_bandwidths.data != NULL || a->dfactors.data != NULL || a->dwv.data != NULL;
}

/* How many h a pair has besides g. */
static int64_t grad_slopes_count(const struct grad_plan *plan)
{
    if (!grad_takes_slopes(plan))
        return 0;
    if (plan->path == GRAD_PRODUCT)
        return plan->a->pool->d;
    return plan->path == GRAD_RADIAL && plan->a->pool->kernel.name != ATTPOOL_GAUSSIAN;
}

/* Does row `lane`, which is empty, take key j after all? */
static bool grad_takes(const struct grad_tile *g, int lane, int64_t j)
{
    const struct pool_tile *t = &g->t;
    const struct pool_args *p = g->plan->a->pool;
    const struct visible see = visible_of(&p->masks, t->b, t->head[lane], t->query[lane], p->m);
    if (g->kind[lane] != GRAD_EVEN)
        return g->kind[lane] == j;
    if (j < see.first || j >= see.end || j == see.excluded)
        return false;
    if (see.mask != NULL && see.mask[j * see.mask_col] == 0)
        return false;
    if (see.bias != NULL && get(see.bias + j * see.bias_col) == -REAL_INF)
        return false;
    return p->key_weights.data == NULL ||
           get(row_at(&p->key_weights, t->b, t->head[lane], 0) + j * p->key_weights.col) != 0;
}

/* Rows that are empty: W by the policy, and g = 0. */
static void grad_block_special(struct grad_tile *g, const struct pool_block *x)
{
    const struct pool_tile *t = &g->t;
    for (int lane = 0; lane < t->count; lane++)
        for (int j = 0; j < x->count && g->kind[lane] != GRAD_WEIGHTED; j++) {
            const int at = j * t->lanes + lane;
            const bool takes = grad_takes(g, lane, x->first + j);
            t->included[at] = takes;
            t->s[at] = takes ? (t->plan->divide ? 1 / g->times[lane] : g->times[lane]) : 0;
            g->gradient[at] = 0;
            for (int64_t c = 0; c < grad_slopes_count(g->plan); c++)
                g->slope[c * BLOCK * t->lanes + at] = 0;
        }
}

static void grad_tile_allocate(struct grad_tile *g, struct pool_arena *c)
{
    const size_t lanes = (size_t)g->t.lanes;
    pool_tile_allocate(&g->t, c);
    g->d_out = pool_arena_take(c, (size_t)g->plan->a->pool->v * lanes);
    g->gradient = pool_arena_take(c, BLOCK * lanes);
    const size_t slopes = (size_t)grad_slopes_count(g->plan) * BLOCK * lanes;
    g->slope = slopes > 0 ? pool_arena_take(c, slopes) : NULL;
    g->factor = pool_arena_take(c, g->plan->path == GRAD_PRODUCT ? slopes : 0);
    g->power = pool_arena_take(c, BLOCK + lanes);
    g->square = pool_arena_take(c, BLOCK + lanes);
}

#endif
