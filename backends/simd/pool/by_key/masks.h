/* SPDX-License-Identifier: Apache-2.0 */

/* Masks and biases of few rows (few.h). */
#ifndef BACKENDS_SIMD_POOL_BY_KEY_MASKS_H
#define BACKENDS_SIMD_POOL_BY_KEY_MASKS_H

#include "backends/simd/pool/by_key/few.h"
#include "backends/simd/pool/by_key/panel.h"
#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/tile.h"

/* LANES keys from byte i of each piece on, as 1 and 0, of LANES pieces from number `lane` on. */
VEC_FN void few_mask_square(const uint8_t *from, int i, int lane, real *to)
{
    const int pieces = FEW_WIDE / POOL_BLOCKS; /* of a block */
    vec r[LANES];
    UNROLL_FOR (int k = 0; k < LANES; k++) {
        const int piece = (lane + k) % POOL_BLOCKS * pieces + (lane + k) / POOL_BLOCKS;
        vec_mask see = v_mask_from_bytes(from + piece * FEW_RUN + i);
        r[k] = v_select(see, v_set1(1), v_zero());
    }
    v_transpose(r);
    UNROLL_FOR (int k = 0; k < LANES; k++)
        v_storeu(to + (i + k) * FEW_WIDE + lane, r[k]);
}

/* The mask of row r, turned. */
static void few_mask(const struct pool_few *w, int r)
{
    const struct pool_tile *t = w->t;
    const int64_t col = t->plan->a->masks.mask.col;
    const int first = w->first, end = w->end;
    const uint8_t *mask = pool_mask_row(t->plan->a, t->b, t->head[r], t->query[r], w->base + first);
    uint8_t bytes[SUPER_BLOCK];
    if (!w->complete)
        memset(bytes, 0, sizeof bytes);
    if (col == 1 && !w->complete)
        memcpy(bytes + first, mask, (size_t)(end - first));
    for (int o = first; o < end && col != 1; o++, mask += col)
        bytes[o] = *mask;
    const uint8_t *from = w->complete && col == 1 ? mask : bytes;
    for (int i = 0; i < FEW_RUN; i += LANES)
        for (int lane = 0; lane < FEW_WIDE; lane += LANES)
            few_mask_square(from, i, lane, w->mask);
}

/* The mask and the bias of row r, turned. */
static void few_masks(const struct pool_few *w, int r)
{
    const struct pool_tile *t = w->t;
    const struct array *x = &t->plan->a->masks.bias;
    if (t->plan->a->masks.mask.data != NULL)
        few_mask(w, r);
    if (x->data == NULL)
        return;
    const pool_any *bias = pool_at(x, t->b, t->head[r]) + t->query[r] * x->row;
    few_panel(w, (struct few_source){ bias, x->col, 1 }, 1, 0, w->bias);
}

/* What a row sees, as offsets from the super-block's first position. */
struct few_sight {
    vec low, high, out;
    const real *mask, *bias, *weights; /* turned, or NULL */
};

static struct few_sight few_sight_of(const struct pool_few *w, int r)
{
    const struct pool_tile *t = w->t;
    const struct masks *masks = &t->plan->a->masks;
    const struct pool_span span = t->span[r];
    const int64_t out = t->query[r] + masks->excluded - w->base;
    const bool left_out = masks->leave_one_out && out >= 0 && out < SUPER_BLOCK;
    return (struct few_sight){
        .low = v_set1((real)int_max(w->first, int_min(span.low - w->base, w->end))),
        .high = v_set1((real)int_min(w->end, int_max(span.high - w->base, w->first))),
        .out = v_set1(left_out ? (real)out : -1),
        .mask = masks->mask.data != NULL ? w->mask : NULL,
        .bias = masks->bias.data != NULL ? w->bias : NULL,
        .weights = w->zeros ? w->weights : NULL,
    };
}

/* Which of LANES keys from number x on take part, for what masks are concerned: a mask or a span
 * alone, or, with `rest`, all there is. */
VEC_FN vec_mask few_sees(const struct few_sight *g, int x, vec key, const bool mask,
                         const bool rest)
{
    vec_mask see;
    if (mask && !rest)
        return v_gt(v_loadu(g->mask + x), v_zero());
    see = m_andnot(m_and(v_ge(key, g->low), v_lt(key, g->high)), v_eq(key, g->out));
    if (mask)
        see = m_and(see, v_gt(v_loadu(g->mask + x), v_zero()));
    if (rest && g->bias != NULL)
        see = m_and(see, v_ne(v_loadu(g->bias + x), v_set1(-REAL_INF)));
    if (rest && g->weights != NULL)
        see = m_and(see, v_ne(v_loadu(g->weights + x), v_zero()));
    return see;
}

VEC_FN vec few_fold(const struct pool_plan *p, const real *bias, vec x)
{
    const vec scale = v_set1(p->scale);
    if (bias == NULL)
        return v_mul(scale, x);
    return v_fma(scale, x, v_mul(v_loadu(bias), v_set1(REAL(LOG2_E))));
}

/* Scores of row r as the masks leave them, and their extremes. */
VEC_FN void few_sight_of_row(const struct pool_few *w, int r, const bool low, const bool mask,
                             const bool rest)
{
    const struct pool_plan *p = w->t->plan;
    const struct few_sight g = few_sight_of(w, r);
    const size_t at = few_row(w, r);
    real *s = w->s + at, *part = w->part + at, key[FEW_WIDE];
    vec end[4];
    for (int k = 0; k < FEW_WIDE; k++)
        key[k] = (real)few_key(k);
    pool_ends_start(end, low, 4);
    for (int k = 0; k < SUPER_BLOCK; k += 4 * LANES)
        UNROLL_FOR (int i = 0; i < 4; i++) {
            const int n = k + i * LANES;
            const vec offset = v_add(v_loadu(key + n % FEW_WIDE), v_set1((real)(n / FEW_WIDE)));
            vec x = v_loadu(s + n);
            vec_mask see = few_sees(&g, n, offset, mask, rest);
            if (rest && p->compact)
                see = m_and(see, v_gt(v_loadu(part + n), v_zero()));
            if (rest && p->fold)
                x = few_fold(p, g.bias != NULL ? g.bias + n : NULL, x);
            x = v_select(see, x, v_set1(p->masked));
            end[i] = pool_extreme(low, end[i], x);
            v_storeu(s + n, x);
            v_storeu(part + n, v_select(see, v_set1(1), v_zero()));
            if (rest && p->factor)
                v_storeu(w->factor + at + n, v_select(see, v_loadu(w->factor + at + n), v_zero()));
        }
    pool_ends_store(&w->pairs, end, 4);
}

/* Whether row r may see every key of the super-block, but for masks of keys. */
static bool few_in_span(const struct pool_few *w, int r)
{
    const struct pool_tile *t = w->t;
    const struct masks *masks = &t->plan->a->masks;
    const int64_t out = t->query[r] + masks->excluded - w->base;
    return w->complete && !(masks->leave_one_out && out >= 0 && out < SUPER_BLOCK) &&
           t->span[r].low <= w->base && t->span[r].high >= w->base + SUPER_BLOCK;
}

VEC_FN void few_sight_low(const struct pool_few *w, int r, const bool low)
{
    const struct pool_plan *p = w->t->plan;
    const bool mask = p->a->masks.mask.data != NULL;
    const bool more = p->a->masks.bias.data != NULL || w->zeros || p->compact || p->fold;
    if (more || p->factor || (mask && !few_in_span(w, r))) {
        if (mask)
            few_sight_of_row(w, r, low, true, true);
        else
            few_sight_of_row(w, r, low, false, true);
    } else if (mask) {
        few_sight_of_row(w, r, low, true, false);
    } else {
        few_sight_of_row(w, r, low, false, false);
    }
}

static void few_sight(const struct pool_few *w, int r)
{
    few_masks(w, r);
    if (w->t->plan->low)
        few_sight_low(w, r, true);
    else
        few_sight_low(w, r, false);
}

/* Whether every key of the super-block takes part for row r, for what masks are concerned. */
static bool few_sees_all(const struct pool_few *w, int r)
{
    const struct pool_args *a = w->t->plan->a;
    return few_in_span(w, r) && !w->zeros && a->masks.mask.data == NULL &&
           a->masks.bias.data == NULL && !w->t->plan->fold;
}

#endif
