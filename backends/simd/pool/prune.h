/* SPDX-License-Identifier: Apache-2.0 */

/* Blocks of keys that are too far from all rows of a tile: for kernels of bounded support, and for
 * rows with a near key where far ones take no part. There every weight is 0 and the state stays as
 * it is (NUMERICS.md), so that the block need not be looked at. In sorted data most blocks are too
 * far.
 *
 * A box is d least coordinates, then d largest ones: of the keys of every block, of every
 * super-block, and of the rows of a tile. */
#ifndef BACKENDS_SIMD_POOL_PRUNE_H
#define BACKENDS_SIMD_POOL_PRUNE_H

#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/tile.h"

enum { PRUNE_TILES = 8 };

/* |w| where blocks may be pruned and it pays to look, else 0. */
static real pool_prune_w(const struct pool_plan *p)
{
    const struct pool_args *a = p->a;
    const struct kernel *kernel = &a->kernel;
    const bool far = (p->compact && !p->has_max) || p->cuts_far;
    /* a kernel that reaches all keys must not pay for their boxes */
    const int64_t tiles = p->cuts_far ? 2 * PRUNE_TILES * a->d : PRUNE_TILES;
    if (a->index != NULL || a->score != POOL_KERNEL || !far || kernel->form != ATTPOOL_RADIAL ||
        kernel->per != ATTPOOL_BANDWIDTH_ONE || a->d < 1 || a->d > PRUNE_COORDINATES ||
        p->shape.by_key || p->shape.sets != 1 || p->shape.tiles < tiles)
        return 0;
    const real w = r_abs(kernel->inverse_bandwidths.data != NULL
                             ? get(row_at(&kernel->inverse_bandwidths, 0, 0, 0))
                             : (real)kernel->one);
    return w <= REAL_MAX ? w : 0;
}

/* From which u^2 on blocks are pruned: a little more than what the keys have to have. */
static real pool_prune_limit(const struct pool_plan *p)
{
    const struct pool_args *a = p->a;
    const real margin = (real)1.02;
    real most = 1, power;
    if (!p->cuts_far)
        return margin;
    if (a->key_weights.data != NULL) /* a heavy key is far from further on */
        for (int64_t j = 0; j < a->m; j++) {
            const real weight = get(row_at(&a->key_weights, 0, 0, 0) + j * a->key_weights.col);
            most = weight > most ? weight : most;
        }
    weights_take_exponents(&most, &power, 1);
    const real score = power - 4 * REAL(NEAR_LIMIT) - REAL(FAR_LIMIT), u = score * REAL(LN2);
    return margin * (kernel_takes_square((int32_t)p->name) ? 2 * u : u * u);
}

/* Numbers of all boxes. */
static size_t pool_prune_room(const struct pool_prune *prune, const struct pool_plan *p)
{
    const int64_t large = p->shape.end - p->shape.first;
    return prune->w > 0 ? (size_t)(large * (POOL_BLOCKS + 1) * 2 * p->a->d) : 0;
}

static void pool_prune_place(struct pool_prune *prune, const struct pool_plan *p, real *room)
{
    const int64_t large = p->shape.end - p->shape.first;
    prune->plan = p;
    prune->limit = prune->w > 0 ? pool_prune_limit(p) : 0;
    prune->large = room;
    prune->blocks = prune->w > 0 ? room + large * 2 * p->a->d : NULL;
}

static void pool_box_start(real *box, int64_t d)
{
    for (int64_t c = 0; c < d; c++) {
        box[c] = REAL_INF;
        box[d + c] = -REAL_INF;
    }
}

/* A coordinate of `count` points; false where one of them is not finite. */
static bool pool_box_side(real *low, real *high, const element *x, int64_t row, int64_t count)
{
    vec least = v_set1(*low), largest = v_set1(*high);
    vec_mask finite = m_first(LANES);
    int64_t j = 0;
    for (; row == 1 && j + LANES <= count; j += LANES) {
        const vec y = load(x + j, LANES);
        finite = m_and(finite, v_lt(v_abs(y), v_set1(REAL_INF)));
        least = v_min_keep(least, y);
        largest = v_max_keep(largest, y);
    }
    bool all = m_all(finite) != 0;
    real some[2 * LANES];
    v_storeu(some, least);
    v_storeu(some + LANES, largest);
    for (int k = 0; k < LANES; k++) {
        *low = some[k] < *low ? some[k] : *low;
        *high = some[LANES + k] > *high ? some[LANES + k] : *high;
    }
    for (; j < count; j++) {
        const real y = get(x + j * row);
        all &= r_abs(y) < REAL_INF;
        *low = y < *low ? y : *low;
        *high = y > *high ? y : *high;
    }
    return all;
}

/* The box with these points too. One that is not finite is everywhere: its differences may be
 * NaN, which must show. */
static void pool_box_add(real *box, const element *x, int64_t row, int64_t col, int64_t d,
                         int64_t count)
{
    bool finite = true;
    for (int64_t c = 0; c < d; c++)
        finite &= pool_box_side(&box[c], &box[d + c], x + c * col, row, count);
    for (int64_t c = 0; c < d && !finite; c++) {
        box[c] = -REAL_INF;
        box[d + c] = REAL_INF;
    }
}

/* The boxes of a super-block and its blocks. */
static void pool_prune_task(void *arg, int64_t index, int worker)
{
    const struct pool_prune *prune = arg;
    const struct pool_args *a = prune->plan->a;
    const element *k = row_at(&a->k, 0, 0, 0);
    const int64_t d = a->d, base = (prune->plan->shape.first + index) * SUPER_BLOCK - a->key_origin;
    real *large = prune->large + index * 2 * d;
    (void)worker;
    pool_box_start(large, d);
    for (int b = 0; b < POOL_BLOCKS; b++) {
        real *box = prune->blocks + (index * POOL_BLOCKS + b) * 2 * d;
        const int64_t first = int_max(0, base + b * BLOCK);
        const int64_t end = int_min(a->m, base + (b + 1) * BLOCK);
        pool_box_start(box, d);
        if (first >= end)
            continue;
        pool_box_add(box, k + first * a->k.row, a->k.row, a->k.col, d, end - first);
        pool_box_add(large, elements(box), d, 1, d, 2);
    }
}

/* The box of the tile's rows. */
static void pool_prune_tile(struct pool_tile *t)
{
    const int64_t d = t->plan->a->d;
    if (t->prune == NULL)
        return;
    pool_box_start(t->box, d);
    pool_box_add(t->box, elements(t->q), 1, t->lanes, d, t->lanes);
}

/* Whether a box of keys is so far from the tile's that no rounding makes a weight of it. */
static bool pool_box_pruned(const struct pool_tile *t, const real *box)
{
    const int64_t d = t->plan->a->d;
    real sum = 0;
    for (int64_t c = 0; c < d; c++) {
        const real below = t->box[c] - box[d + c], above = box[c] - t->box[d + c];
        const real gap = below > above ? below : above;
        const real u = gap > 0 ? gap * t->prune->w : 0;
        sum += u * u;
    }
    return sum > t->prune->limit;
}

static bool pool_prunes(const struct pool_tile *t)
{
    return t->prune != NULL && (t->plan->compact || t->near);
}

static bool pool_block_pruned(const struct pool_tile *t, int64_t number)
{
    const int64_t block = number - (pool_prunes(t) ? t->plan->shape.first * POOL_BLOCKS : 0);
    return pool_prunes(t) && pool_box_pruned(t, t->prune->blocks + block * 2 * t->plan->a->d);
}

static bool pool_super_block_pruned(const struct pool_tile *t, int64_t number)
{
    return pool_prunes(t) && pool_box_pruned(t, t->prune->large + (number - t->plan->shape.first) *
                                                                      2 * t->plan->a->d);
}

/* Without the first and last super-blocks that are pruned; none may be left out of a state.
 */
static inline void pool_prune_range(const struct pool_tile *t, int64_t *first, int64_t *end)
{
    if (t->plan->a->nodes != NULL)
        return;
    while (*first < *end && pool_super_block_pruned(t, *first))
        ++*first;
    while (*first < *end && pool_super_block_pruned(t, *end - 1))
        --*end;
}

#endif
