/* SPDX-License-Identifier: Apache-2.0 */

/* Masks and biases of a block, for lanes that are rows. */
#ifndef BACKENDS_SIMD_POOL_MASKS_H
#define BACKENDS_SIMD_POOL_MASKS_H

#include "backends/simd/pool/block.h"
#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/tile.h"

/* to[j * lanes + lane] = from(lane)[j], for the block's keys. */
static void pool_block_turn_bias(struct pool_tile *t, const struct pool_block *block)
{
    const struct array *x = &t->plan->a->masks.bias;
    const pool_any *from[POOL_LANES(LANES)];
    for (int lane = 0; lane < t->lanes; lane++)
        from[lane] =
            pool_at(x, t->b, t->head[lane]) + t->query[lane] * x->row + block->first * x->col;
    pool_turn(from, x->col, block->count, t->lanes, t->bias);
}

/* Bounds of a lane, counted from the block's first key. */
static real pool_relative(int64_t key, const struct pool_block *block)
{
    return (real)int_max(-1, int_min(key - block->first, block->count));
}

struct pool_sight {
    struct pool_tile *t;
    const struct pool_block *block;
    bool support, parts;
    const real *bias;
};

/* A vector of rows: what they see but for masks of keys, and what has been found. */
struct pool_sight_rows {
    vec low, high, out, end;
    vec_mask seen;
};

/* What there is to look at: the mask, lengths and the like, and the rest. */
struct pool_sight_what {
    bool mask, span, rest;
};

/* The word of the mask for key j of vector i of the rows, and the bit of that key. */
struct pool_sight_mask {
    vec_int bits, bit;
};

VEC_FN struct pool_sight_mask pool_sight_mask_at(const struct pool_tile *t, int i, int j,
                                                 const bool masked)
{
    struct pool_sight_mask mask = { .bits = v_iset1(-1),
                                    .bit = v_iset1((real_int)((real_uint)1 << j % REAL_BITS)) };
    if (masked)
        mask.bits = v_as_int(v_loadu(t->mask + j / REAL_BITS * t->lanes + i * LANES));
    return mask;
}

/* Who sees the key; on to the next. */
VEC_FN vec_mask pool_sight_mask_next(struct pool_sight_mask *mask)
{
    const vec_mask see = v_ieq(v_iand(mask->bits, mask->bit), mask->bit);
    mask->bit = v_iadd(mask->bit, mask->bit);
    return see;
}

/* Who sees key j, of those who `see` it. */
VEC_FN vec_mask pool_sight_of(const struct pool_sight *g, const struct pool_sight_rows *r,
                              vec_mask see, int j, int64_t at, const struct pool_sight_what what)
{
    const vec key = v_set1((real)j);
    if (what.span)
        see = m_and(see, m_andnot(m_and(v_ge(key, r->low), v_lt(key, r->high)), v_eq(key, r->out)));
    if (!what.rest)
        return see;
    if (g->bias != NULL)
        see = m_andnot(see, v_eq(v_loadu(g->bias + at), v_set1(-REAL_INF)));
    if (g->block->zeros && g->t->weights[j] == 0)
        see = m_first(0);
    if (g->support)
        see = m_and(see, v_gt(v_loadu(g->t->part + at), v_zero()));
    return see;
}

VEC_FN vec pool_sight_fold(const struct pool_sight *g, vec x, int64_t at)
{
    const vec scale = v_set1(g->t->plan->scale);
    if (g->bias == NULL)
        return v_mul(scale, x);
    return v_fma(scale, x, v_mul(v_loadu(g->bias + at), v_set1(REAL(LOG2_E))));
}

/* Key j of the block, whose numbers stand at s[at]. */
VEC_FN void pool_sight_key(const struct pool_sight *g, struct pool_sight_rows *r, real *s,
                           int64_t at, int j, vec_mask see, vec masked, const bool low,
                           const struct pool_sight_what what)
{
    const struct pool_plan *p = g->t->plan;
    vec x = v_loadu(s + at);
    see = pool_sight_of(g, r, see, j, at, what);
    if (what.rest && p->fold)
        x = pool_sight_fold(g, x, at);
    x = v_select(see, x, masked);
    v_storeu(s + at, x);
    r->end = pool_extreme(low, r->end, x);
    r->seen = m_or(r->seen, see);
    if (what.rest && p->factor)
        v_storeu(g->t->factor + at, v_select(see, v_loadu(g->t->factor + at), v_zero()));
    if (what.rest && g->parts)
        v_storeu(g->t->part + at, v_select(see, v_set1(1), v_zero()));
}

/* At most REAL_BITS keys of the block from number `first` on, for vector i of the rows. */
VEC_FN void pool_sight_word(const struct pool_sight *g, struct pool_sight_rows *to, int i,
                            int first, const bool low, const struct pool_sight_what what)
{
    const struct pool_tile *t = g->t;
    const vec masked = v_set1(t->plan->masked);
    const int64_t step = t->lanes;
    const int end = (int)int_min(first + REAL_BITS, g->block->count);
    struct pool_sight_mask mask = pool_sight_mask_at(t, i, first, what.mask);
    struct pool_sight_rows r = *to;
    real *const s = t->s;
    int64_t at = first * step + i * LANES;
    for (int j = first; j < end; j++, at += step) {
        const vec_mask see = what.mask ? pool_sight_mask_next(&mask) : m_first(LANES);
        pool_sight_key(g, &r, s, at, j, see, masked, low, what);
    }
    *to = r;
}

/* --- biases in squares of LANES rows and LANES keys
 * ------------------------------------------------ */

VEC_FN void pool_sight_square(const struct pool_sight *g, const pool_any *const *from, int i, int j,
                              vec *end, vec_mask *seen, const bool masked)
{
    const struct pool_tile *t = g->t;
    const vec scale = v_set1(t->plan->scale), unit = v_set1(REAL(LOG2_E));
    real *s = t->s + j * t->lanes + i * LANES;
    struct pool_sight_mask mask = pool_sight_mask_at(t, i, j, masked);
    vec bias[LANES];
    UNROLL_FOR (int k = 0; k < LANES; k++)
        bias[k] = pool_load(from[k] + j, LANES);
    v_transpose(bias);
    UNROLL_FOR (int k = 0; k < LANES; k++, s += t->lanes) {
        vec_mask see = v_ne(bias[k], v_set1(-REAL_INF));
        if (masked)
            see = m_and(see, pool_sight_mask_next(&mask));
        vec x = v_fma(scale, v_loadu(s), v_mul(bias[k], unit));
        x = v_select(see, x, v_set1(t->plan->masked));
        v_storeu(s, x);
        *end = v_max_keep(*end, x);
        *seen = m_or(*seen, see);
    }
}

/* The keys of the block for vector i of the rows. */
VEC_FN void pool_sight_squares(const struct pool_sight *g, int i, const bool masked)
{
    const struct pool_tile *t = g->t;
    const struct array *x = &t->plan->a->masks.bias;
    const pool_any *from[LANES];
    vec end = v_set1(-REAL_MAX);
    vec_mask seen = m_first(0);
    for (int k = 0; k < LANES; k++) {
        const int lane = i * LANES + k;
        from[k] = pool_at(x, t->b, t->head[lane]) + t->query[lane] * x->row + g->block->first;
    }
    for (int j = 0; j < g->block->count; j += LANES)
        pool_sight_square(g, from, i, j, &end, &seen, masked);
    v_storeu(t->ends + i * LANES, end);
    v_storeu(t->seen + i * LANES, v_select(seen, v_set1(1), v_zero()));
}

/* A bias and perhaps a mask and nothing else, with contiguous rows of the bias and whole vectors
 * of keys; false where there is more to look at. A bias folds the scale into the scores, so that
 * c is 1. */
static bool pool_sight_plain(const struct pool_sight *g)
{
    const struct pool_tile *t = g->t;
    const struct array *bias = &t->plan->a->masks.bias;
    if (bias->data == NULL || bias->col != 1 || g->block->partial || g->block->zeros ||
        g->support || g->parts || t->plan->factor || !t->plan->fold || g->block->count % LANES != 0)
        return false;
    for (int i = 0; i < t->vectors; i++)
        if (g->block->masked)
            pool_sight_squares(g, i, true);
        else
            pool_sight_squares(g, i, false);
    return true;
}

static void pool_sight_bounds(const struct pool_sight *g, int i, struct pool_sight_rows *r)
{
    const struct pool_tile *t = g->t;
    const struct masks *masks = &t->plan->a->masks;
    real low[LANES], high[LANES], out[LANES];
    for (int k = 0; k < LANES; k++) {
        const int lane = i * LANES + k;
        low[k] = pool_relative(t->span[lane].low, g->block);
        high[k] = pool_relative(t->span[lane].high, g->block);
        out[k] =
            masks->leave_one_out ? pool_relative(t->query[lane] + masks->excluded, g->block) : -1;
    }
    r->low = v_loadu(low);
    r->high = v_loadu(high);
    r->out = v_loadu(out);
}

/* The rows of the block, by so many keys that their scores stay near. */
VEC_FN void pool_sight_block(const struct pool_sight *g, const bool low,
                             const struct pool_sight_what what)
{
    const struct pool_tile *t = g->t;
    struct pool_sight_rows r[POOL_VECTORS];
    for (int i = 0; i < t->vectors; i++) {
        r[i].end = v_set1(low ? REAL_MAX : -REAL_MAX);
        r[i].seen = m_first(0);
        if (what.span)
            pool_sight_bounds(g, i, &r[i]);
    }
    for (int first = 0; first < g->block->count; first += REAL_BITS)
        for (int i = 0; i < t->vectors; i++)
            pool_sight_word(g, &r[i], i, first, low, what);
    for (int i = 0; i < t->vectors; i++) {
        v_storeu(t->ends + i * LANES, r[i].end);
        v_storeu(t->seen + i * LANES, v_select(r[i].seen, v_set1(1), v_zero()));
    }
}

VEC_FN void pool_sight_low(struct pool_sight *g, const bool low)
{
    const bool rest = g->support || g->parts || g->block->zeros || g->t->plan->fold ||
                      g->t->plan->factor || g->bias != NULL;
    if (rest && g->block->masked)
        pool_sight_block(g, low,
                         (struct pool_sight_what){ .mask = true, .span = true, .rest = true });
    else if (rest)
        pool_sight_block(g, low, (struct pool_sight_what){ .span = true, .rest = true });
    else if (g->block->masked && g->block->partial)
        pool_sight_block(g, low, (struct pool_sight_what){ .mask = true, .span = true });
    else if (g->block->masked)
        pool_sight_block(g, low, (struct pool_sight_what){ .mask = true });
    else
        pool_sight_block(g, low, (struct pool_sight_what){ .span = true });
}

/* The rows of the block as the masks leave them. */
static void pool_block_sight(struct pool_tile *t, const struct pool_block *block, bool support,
                             bool parts)
{
    struct pool_sight g = { .t = t, .block = block, .support = support, .parts = parts };
    if (pool_sight_plain(&g))
        return;
    if (t->plan->a->masks.bias.data != NULL) {
        pool_block_turn_bias(t, block);
        g.bias = t->bias;
    }
    if (t->plan->low)
        pool_sight_low(&g, true);
    else
        pool_sight_low(&g, false);
}

#endif
