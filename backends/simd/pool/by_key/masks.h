/* SPDX-License-Identifier: Apache-2.0 */

/* Masks and biases of few rows (by_key.h). */
#ifndef BACKENDS_SIMD_POOL_BY_KEY_MASKS_H
#define BACKENDS_SIMD_POOL_BY_KEY_MASKS_H

#include "backends/simd/pool/by_key/by_key.h"
#include "backends/simd/pool/by_key/panel.h"
#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/tile.h"

/* Keys i .. i + LANES - 1 of LANES lanes from `lane` on, as 1 and 0; the group has `keys`. */
VEC_FN void by_key_mask_square(const uint8_t *from, const int keys, int i, int lane, real *to)
{
    vec r[LANES];
    UNROLL_FOR (int k = 0; k < LANES; k++) {
        vec_mask see = v_mask_from_bytes(from + by_key_start(keys, lane + k) + i);
        r[k] = v_where(see, v_set1(1));
    }
    v_transpose(r);
    UNROLL_FOR (int k = 0; k < LANES; k++)
        v_storeu(to + (i + k) * BY_KEY_WIDE + lane, r[k]);
}

/* The mask of row r, transposed. */
static void by_key_mask(const struct by_key *w, int r)
{
    const struct pool_tile *t = w->t;
    const int64_t col = t->plan->a->masks.mask.col;
    const int first = w->first, end = w->end;
    const uint8_t *mask = pool_mask_row(t->plan->a, t->b, t->head[r], t->query[r], w->base + first);
    uint8_t bytes[BY_KEY_KEYS];
    if (!w->complete)
        memset(bytes, 0, sizeof bytes);
    if (col == 1 && !w->complete)
        memcpy(bytes + first, mask, (size_t)(end - first));
    for (int o = first; o < end && col != 1; o++, mask += col)
        bytes[o] = *mask;
    const uint8_t *from = w->complete && col == 1 ? mask : bytes;
    for (int i = 0; i < by_key_lane(w); i += LANES)
        for (int lane = 0; lane < BY_KEY_WIDE; lane += LANES)
            if (by_key_keys(w) == BY_KEY_KEYS)
                by_key_mask_square(from, BY_KEY_KEYS, i, lane, w->mask);
            else
                by_key_mask_square(from, SUPER_BLOCK, i, lane, w->mask);
}

/* The mask and the bias of row r, transposed. */
static void by_key_masks(const struct by_key *w, int r)
{
    const struct pool_tile *t = w->t;
    const struct array *x = &t->plan->a->masks.bias;
    if (t->plan->a->masks.mask.data != NULL)
        by_key_mask(w, r);
    if (x->data == NULL)
        return;
    const element *bias = row_at(x, t->b, t->head[r], t->query[r]);
    by_key_panel(w, (struct by_key_source){ bias, x->col, 1 }, 1, 0, w->bias);
}

/* What is visible to a row, as offsets from the group's first position. */
struct by_key_masking {
    vec low, high, out;
    const real *mask, *bias, *weights; /* transposed, or NULL */
};

static struct by_key_masking by_key_masking_of(const struct by_key *w, int r)
{
    const struct pool_tile *t = w->t;
    const struct masks *masks = &t->plan->a->masks;
    const struct pool_span span = t->span[r];
    const int64_t out = t->query[r] + masks->excluded - w->base;
    const bool excluded = masks->leave_one_out && out >= 0 && out < by_key_keys(w);
    return (struct by_key_masking){
        .low = v_set1((real)int_max(w->first, int_min(span.low - w->base, w->end))),
        .high = v_set1((real)int_min(w->end, int_max(span.high - w->base, w->first))),
        .out = v_set1(excluded ? (real)out : -1),
        .mask = masks->mask.data != NULL ? w->mask : NULL,
        .bias = masks->bias.data != NULL ? w->bias : NULL,
        .weights = w->zeros ? w->weights : NULL,
    };
}

/* Which of LANES keys from number x on are visible: by the mask or the span alone or,
 * with `rest`, by all there is. */
VEC_FN vec_mask by_key_visible(const struct by_key_masking *g, int x, vec key, const bool mask,
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

VEC_FN vec by_key_folded(const struct pool_plan *p, const real *bias, vec x)
{
    if (bias == NULL)
        return v_mul(v_set1(p->scale / 4), x);
    return v_biased(v_set1(p->scale / 4), x, v_loadu(bias));
}

/* Scores of row r as the masks leave them, and their extremes. */
VEC_FN void by_key_mask_row(const struct by_key *w, int r, const bool smallest, const bool mask,
                            const bool rest)
{
    const struct pool_plan *p = w->t->plan;
    const struct by_key_masking g = by_key_masking_of(w, r);
    const size_t at = by_key_row_at(w, r);
    real *s = w->s + at, *included = w->included + at, key[BY_KEY_WIDE];
    vec extreme[4];
    for (int k = 0; k < BY_KEY_WIDE; k++)
        key[k] = (real)by_key_key(w, k);
    pool_extremes_start(extreme, smallest, 4);
    for (int k = 0; k < by_key_keys(w); k += 4 * LANES)
        UNROLL_FOR (int i = 0; i < 4; i++) {
            const int n = k + i * LANES;
            const vec offset =
                v_add(v_loadu(key + n % BY_KEY_WIDE), v_set1((real)(n / BY_KEY_WIDE)));
            vec x = v_loadu(s + n);
            vec_mask see = by_key_visible(&g, n, offset, mask, rest);
            if (rest && p->compact)
                see = m_and(see, v_gt(v_loadu(included + n), v_zero()));
            if (rest && p->folded)
                x = by_key_folded(p, g.bias != NULL ? g.bias + n : NULL, x);
            x = v_select(see, x, v_set1(p->masked));
            extreme[i] = pool_extreme(smallest, extreme[i], x);
            v_storeu(s + n, x);
            v_storeu(included + n, v_where(see, v_set1(1)));
            if (rest && p->factor)
                v_storeu(w->factor + at + n, v_where(see, v_loadu(w->factor + at + n)));
        }
    pool_extremes_store(&w->pairs, extreme, 4);
}

/* Whether lengths, causal, window and leave-one-out leave row r every key of the group. */
static bool by_key_in_span(const struct by_key *w, int r)
{
    const struct pool_tile *t = w->t;
    const struct masks *masks = &t->plan->a->masks;
    const int64_t out = t->query[r] + masks->excluded - w->base;
    return w->complete && !(masks->leave_one_out && out >= 0 && out < by_key_keys(w)) &&
           t->span[r].low <= w->base && t->span[r].high >= w->base + by_key_keys(w);
}

VEC_FN void by_key_mask_side(const struct by_key *w, int r, const bool smallest)
{
    const struct pool_plan *p = w->t->plan;
    const bool mask = p->a->masks.mask.data != NULL;
    const bool more = p->a->masks.bias.data != NULL || w->zeros || p->compact || p->folded;
    if (more || p->factor || (mask && !by_key_in_span(w, r))) {
        if (mask)
            by_key_mask_row(w, r, smallest, true, true);
        else
            by_key_mask_row(w, r, smallest, false, true);
    } else if (mask) {
        by_key_mask_row(w, r, smallest, true, false);
    } else {
        by_key_mask_row(w, r, smallest, false, false);
    }
}

static void by_key_apply_masks(const struct by_key *w, int r)
{
    by_key_masks(w, r);
    if (w->t->plan->folded && w->t->plan->a->masks.bias.data != NULL)
        saturate(w->s + by_key_row_at(w, r), (size_t)by_key_keys(w), w->t->plan->saturation);
    if (w->t->plan->smallest)
        by_key_mask_side(w, r, true);
    else
        by_key_mask_side(w, r, false);
}

/* Whether every key of the group is visible to row r, and no bias changes its score. */
static bool by_key_all_visible(const struct by_key *w, int r)
{
    const struct pool_args *a = w->t->plan->a;
    return by_key_in_span(w, r) && !w->zeros && a->masks.mask.data == NULL &&
           a->masks.bias.data == NULL && !w->t->plan->folded;
}

#endif
