/* SPDX-License-Identifier: Apache-2.0 */

/* Masks and biases of a block, for lanes that are rows. */
#ifndef BACKENDS_SIMD_POOL_MASKS_H
#define BACKENDS_SIMD_POOL_MASKS_H

#include "backends/simd/masks.h"
#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/tile.h"

/* to[j * lanes + lane] = from(lane)[j], for the block's keys. */
static void pool_block_transpose_bias(struct pool_tile *t, const struct pool_block *block)
{
    const struct array *x = &t->plan->a->masks.bias;
    const element *from[POOL_LANES(LANES)];
    for (int lane = 0; lane < t->lanes; lane++)
        from[lane] = row_at(x, t->b, t->head[lane], t->query[lane]) + block->first * x->col;
    pool_transpose(from, x->col, block->count, t->lanes, t->bias);
}

/* Bounds of a lane, counted from the block's first key. */
static real pool_relative(int64_t key, const struct pool_block *block)
{
    return (real)int_max(-1, int_min(key - block->first, block->count));
}

struct pool_masking {
    struct pool_tile *t;
    const struct pool_block *block;
    bool support, with_included;
    const real *bias;
};

/* A vector of rows: bounds of the keys that they see, and what has been found of their scores. */
struct pool_masking_rows {
    vec low, high, out, extreme;
    vec_mask visible;
};

/* What there is to look at: the mask, lengths and the like, and the rest. */
struct pool_masking_what {
    bool mask, span, rest;
};

/* The word of the mask for key j of vector i of the rows, and the bit of that key. */
struct pool_masking_bits {
    vec_int bits, bit;
};

VEC_FN struct pool_masking_bits pool_masking_bits_at(const struct pool_tile *t, int i, int j,
                                                     const bool masked)
{
    struct pool_masking_bits mask = { .bits = v_iset1(-1),
                                      .bit = v_iset1((real_int)((real_uint)1 << j % REAL_BITS)) };
    if (masked)
        mask.bits = v_as_int(v_loadu(t->mask + j / REAL_BITS * t->lanes + i * LANES));
    return mask;
}

/* The rows to which the key is visible; on to the next key. */
VEC_FN vec_mask pool_masking_bits_next(struct pool_masking_bits *mask)
{
    const vec_mask see = v_ieq(v_iand(mask->bits, mask->bit), mask->bit);
    mask->bit = v_iadd(mask->bit, mask->bit);
    return see;
}

/* Of the rows `see`, those to which key j is visible. */
VEC_FN vec_mask pool_masking_visible(const struct pool_masking *g,
                                     const struct pool_masking_rows *r, vec_mask see, int j,
                                     int64_t at, const struct pool_masking_what what)
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
        see = m_and(see, v_gt(v_loadu(g->t->included + at), v_zero()));
    return see;
}

VEC_FN vec pool_folded(const struct pool_masking *g, vec x, int64_t at)
{
    const struct pool_plan *p = g->t->plan;
    if (g->bias == NULL)
        return v_mul(v_set1(p->scale / 4), x);
    return v_biased(v_set1(p->scale / 4), x, v_loadu(g->bias + at));
}

/* Key j of the block, whose numbers stand at s[at]. */
VEC_FN void pool_masking_key(const struct pool_masking *g, struct pool_masking_rows *r, real *s,
                             int64_t at, int j, vec_mask see, vec masked, const bool smallest,
                             const struct pool_masking_what what)
{
    const struct pool_plan *p = g->t->plan;
    vec x = v_loadu(s + at);
    see = pool_masking_visible(g, r, see, j, at, what);
    if (what.rest && p->folded)
        x = pool_folded(g, x, at);
    x = v_select(see, x, masked);
    v_storeu(s + at, x);
    r->extreme = pool_extreme(smallest, r->extreme, x);
    r->visible = m_or(r->visible, see);
    if (what.rest && p->factor)
        v_storeu(g->t->factor + at, v_where(see, v_loadu(g->t->factor + at)));
    if (what.rest && g->with_included)
        v_storeu(g->t->included + at, v_where(see, v_set1(1)));
}

/* At most REAL_BITS keys of the block from number `first` on, for vector i of the rows. */
VEC_FN void pool_masking_word(const struct pool_masking *g, struct pool_masking_rows *to, int i,
                              int first, const bool smallest, const struct pool_masking_what what)
{
    const struct pool_tile *t = g->t;
    const vec masked = v_set1(t->plan->masked);
    const int64_t step = t->lanes;
    const int end = (int)int_min(first + REAL_BITS, g->block->count);
    struct pool_masking_bits mask = pool_masking_bits_at(t, i, first, what.mask);
    struct pool_masking_rows r = *to;
    real *const s = t->s;
    int64_t at = first * step + i * LANES;
    for (int j = first; j < end; j++, at += step) {
        const vec_mask see = what.mask ? pool_masking_bits_next(&mask) : m_first(LANES);
        pool_masking_key(g, &r, s, at, j, see, masked, smallest, what);
    }
    *to = r;
}

/* --- biases in squares of LANES rows and LANES keys
 * ------------------------------------------------ */

VEC_FN void pool_masking_square(const struct pool_masking *g, const element *const *from, int i,
                                int j, vec *extreme, vec_mask *visible, const bool masked)
{
    const struct pool_tile *t = g->t;
    const vec scale = v_set1(t->plan->scale / 4);
    real *s = t->s + j * t->lanes + i * LANES;
    struct pool_masking_bits mask = pool_masking_bits_at(t, i, j, masked);
    vec bias[LANES];
    /* A square that is lines of memory as a whole: processors do not recognise as many streams.
     * Half a line at a time they do. */
    UNROLL_FOR (int k = 0; k < LANES; k++)
        if (sizeof bias[0] == 64)
            vec_prefetch_far(from[k] + j + BLOCK);
    UNROLL_FOR (int k = 0; k < LANES; k++)
        bias[k] = load(from[k] + j, LANES);
    v_transpose(bias);
    UNROLL_FOR (int k = 0; k < LANES; k++, s += t->lanes) {
        vec_mask see = v_ne(bias[k], v_set1(-REAL_INF));
        if (masked)
            see = m_and(see, pool_masking_bits_next(&mask));
        vec x = v_biased(scale, v_loadu(s), bias[k]);
        x = v_select(see, x, v_set1(t->plan->masked));
        v_storeu(s, x);
        *extreme = v_max_keep(*extreme, x);
        *visible = m_or(*visible, see);
    }
}

/* The keys of the block for vector i of the rows. */
VEC_FN void pool_masking_squares(const struct pool_masking *g, int i, const bool masked)
{
    const struct pool_tile *t = g->t;
    const struct array *x = &t->plan->a->masks.bias;
    const element *from[LANES];
    vec extreme = v_set1(-REAL_MAX);
    vec_mask visible = m_first(0);
    for (int k = 0; k < LANES; k++) {
        const int lane = i * LANES + k;
        from[k] = row_at(x, t->b, t->head[lane], t->query[lane]) + g->block->first;
    }
    for (int j = 0; j < g->block->count; j += LANES)
        pool_masking_square(g, from, i, j, &extreme, &visible, masked);
    v_storeu(t->extremes + i * LANES, extreme);
    v_storeu(t->visible + i * LANES, v_where(visible, v_set1(1)));
}

/* A bias and perhaps a mask and nothing else, with contiguous rows of the bias and whole vectors
 * of keys; false where there is more to look at. A bias folds the scale into the scores, so that
 * c is 4. */
static bool pool_masking_plain(const struct pool_masking *g)
{
    const struct pool_tile *t = g->t;
    const struct array *bias = &t->plan->a->masks.bias;
    if (bias->data == NULL || bias->col != 1 || g->block->partial || g->block->zeros ||
        g->support || g->with_included || t->plan->factor || !t->plan->folded ||
        g->block->count % LANES != 0)
        return false;
    for (int i = 0; i < t->vectors; i++)
        if (g->block->masked)
            pool_masking_squares(g, i, true);
        else
            pool_masking_squares(g, i, false);
    return true;
}

static void pool_masking_bounds(const struct pool_masking *g, int i, struct pool_masking_rows *r)
{
    const struct pool_tile *t = g->t;
    const struct masks *masks = &t->plan->a->masks;
    real low[LANES], high[LANES], out[LANES];
    for (int k = 0; k < LANES; k++) {
        const int lane = i * LANES + k;
        low[k] = pool_relative(t->span[lane].low, g->block);
        high[k] = pool_relative(t->span[lane].high, g->block);
        out[k] = masks->leave_one_out ? pool_relative(t->out[lane], g->block) : -1;
    }
    r->low = v_loadu(low);
    r->high = v_loadu(high);
    r->out = v_loadu(out);
}

/* The rows of the block, as many keys at a time as leave their scores in the cache. */
VEC_FN void pool_masking_block(const struct pool_masking *g, const bool smallest,
                               const struct pool_masking_what what)
{
    const struct pool_tile *t = g->t;
    struct pool_masking_rows r[POOL_VECTORS];
    for (int i = 0; i < t->vectors; i++) {
        r[i].extreme = v_set1(smallest ? REAL_MAX : -REAL_MAX);
        r[i].visible = m_first(0);
        if (what.span)
            pool_masking_bounds(g, i, &r[i]);
    }
    for (int first = 0; first < g->block->count; first += REAL_BITS)
        for (int i = 0; i < t->vectors; i++)
            pool_masking_word(g, &r[i], i, first, smallest, what);
    for (int i = 0; i < t->vectors; i++) {
        v_storeu(t->extremes + i * LANES, r[i].extreme);
        v_storeu(t->visible + i * LANES, v_where(r[i].visible, v_set1(1)));
    }
}

VEC_FN void pool_masking_side(struct pool_masking *g, const bool smallest)
{
    const bool rest = g->support || g->with_included || g->block->zeros || g->t->plan->folded ||
                      g->t->plan->factor || g->bias != NULL;
    if (rest && g->block->masked)
        pool_masking_block(g, smallest,
                           (struct pool_masking_what){ .mask = true, .span = true, .rest = true });
    else if (rest)
        pool_masking_block(g, smallest, (struct pool_masking_what){ .span = true, .rest = true });
    else if (g->block->masked && g->block->partial)
        pool_masking_block(g, smallest, (struct pool_masking_what){ .mask = true, .span = true });
    else if (g->block->masked)
        pool_masking_block(g, smallest, (struct pool_masking_what){ .mask = true });
    else
        pool_masking_block(g, smallest, (struct pool_masking_what){ .span = true });
}

/* The rows of the block as the masks leave them. */
static void pool_block_apply_masks(struct pool_tile *t, const struct pool_block *block,
                                   bool support, bool with_included)
{
    struct pool_masking g = {
        .t = t, .block = block, .support = support, .with_included = with_included
    };
    if (pool_masking_plain(&g))
        return;
    if (t->plan->a->masks.bias.data != NULL) {
        pool_block_transpose_bias(t, block);
        g.bias = t->bias;
    }
    if (t->plan->smallest)
        pool_masking_side(&g, true);
    else
        pool_masking_side(&g, false);
}

#endif
