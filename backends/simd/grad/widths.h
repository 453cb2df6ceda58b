/* SPDX-License-Identifier: Apache-2.0 */

/* P and w'^2 of inverse bandwidths, |w| = w' P, or |w| and 1 for the product form: of the queries
 * of a tile (QUERY), of keys (KEY), or the one of all (ONE), as often as there are queries or keys.
 */
#ifndef BACKENDS_SIMD_GRAD_WIDTHS_H
#define BACKENDS_SIMD_GRAD_WIDTHS_H

#include "backends/simd/grad/block.h"
#include "backends/simd/math/kernels.h"

static void grad_width_of(const struct grad_tile *g, real w, real *power, real *square)
{
    split_w(w, power, square);
    if (g->plan->path != GRAD_PRODUCT)
        return;
    *power = r_abs(w);
    *square = 1;
}

static bool grad_has_widths(const struct grad_plan *plan, attpool_bandwidth_per per)
{
    return (plan->path == GRAD_RADIAL || plan->path == GRAD_PRODUCT) &&
           plan->a->pool->kernel.per == per;
}

/* The one of all. */
static void grad_widths_one(struct grad_tile *g)
{
    const struct kernel *kernel = &g->plan->a->pool->kernel;
    const element *w = row_at(&kernel->inverse_bandwidths, 0, 0, 0);
    real power, square;
    grad_width_of(g, w != NULL ? get(w) : (real)kernel->one, &power, &square);
    pool_fill(g->power, (size_t)(BLOCK + g->t.lanes), power);
    pool_fill(g->square, (size_t)(BLOCK + g->t.lanes), square);
}

/* Those of the tile's queries. */
static void grad_widths_queries(struct grad_tile *g)
{
    const struct array *w = &g->plan->a->pool->kernel.inverse_bandwidths;
    for (int lane = 0; lane < g->t.lanes; lane++)
        grad_width_of(g, get(row_at(w, g->t.b, g->t.head[lane], g->t.query[lane])), g->power + lane,
                      g->square + lane);
}

static bool grad_has_key_widths(const struct grad_plan *plan)
{
    return grad_has_widths(plan, ATTPOOL_BANDWIDTH_KEY);
}

/* Those of `count` keys from number `first` on. */
static void grad_widths_keys(struct grad_tile *g, int64_t b, int64_t h, int64_t first, int count)
{
    const struct array *w = &g->plan->a->pool->kernel.inverse_bandwidths;
    const element *from = row_at(w, b, h, 0) + first * w->col;
    g->widths_first = first;
    pool_fill(g->power, BLOCK, 0);
    pool_fill(g->square, BLOCK, 0);
    for (int j = 0; j < count; j++)
        grad_width_of(g, get(from + j * w->col), g->power + j, g->square + j);
}

/* What is known before a tile's queries are; what they have of their own. */
static void grad_widths_begin(struct grad_tile *g)
{
    if (grad_has_widths(g->plan, ATTPOOL_BANDWIDTH_ONE))
        grad_widths_one(g);
}

static void grad_widths_tile(struct grad_tile *g)
{
    if (grad_has_widths(g->plan, ATTPOOL_BANDWIDTH_QUERY))
        grad_widths_queries(g);
}

#endif
