/* SPDX-License-Identifier: Apache-2.0 */

/* Few rows through super-blocks and the tree (by_key.h). */
#ifndef BACKENDS_SIMD_POOL_BY_KEY_RUN_H
#define BACKENDS_SIMD_POOL_BY_KEY_RUN_H

#include "backends/simd/math/relative.h"
#include "backends/simd/pool/by_key/by_key.h"
#include "backends/simd/pool/by_key/masks.h"
#include "backends/simd/pool/by_key/panel.h"
#include "backends/simd/pool/by_key/score.h"
#include "backends/simd/pool/by_key/state.h"
#include "backends/simd/pool/by_key/values.h"
#include "backends/simd/pool/by_key/weigh.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/state.h"
#include "backends/simd/pool/sums.h"
#include "backends/simd/pool/tile.h"
#include "backends/tree.h"

/* Values of a single column and key weights, in the order of scores. */
static void by_key_gather(struct by_key *w)
{
    const struct pool_args *a = w->t->plan->a;
    if (a->v == 1)
        by_key_panel(w, w->from_v, 1, 0, w->v);
    w->zeros = w->scaled = false;
    if (a->key_weights.data == NULL)
        return;
    by_key_panel(w, w->from_weights, 1, 1, w->weights);
    if (weights_are_common(w->weights, by_key_keys(w)))
        return;
    w->zeros = weights_have_zeros(w->weights, by_key_keys(w));
    if (w->t->plan->weighted && w->t->plan->has_max)
        w->scaled = weights_take_exponents(w->weights, w->exponents, by_key_keys(w));
}

/* Each row of the group, from its measures, made here where there is a panel, to its sums. Whether
 * a sum of values may be a NaN. */
static bool by_key_each_row(const struct by_key *w)
{
    const struct pool_tile *t = w->t;
    const int64_t v = t->plan->a->v;
    bool nan = false;
    bool may_have_nan[POOL_LANES(LANES)];
    for (int r = 0; r < t->count; r++) {
        const bool all = by_key_all_visible(w, r);
        bool extremes = false;
        if (w->panel)
            extremes = by_key_panel_row(w, r);
        may_have_nan[r] = !all || t->plan->compact || w->careful;
        if (!all)
            by_key_apply_masks(w, r);
        if (w->careful)
            by_key_exclude_far(w, r, all);
        nan |= by_key_weigh(w, r, !all || extremes ? w->extremes : NULL, may_have_nan[r]);
    }
    for (int b = 0; b < by_key_blocks(w) && v > 1; b++)
        by_key_block(w, b, may_have_nan);
    for (int r = 0; r < t->count && v > 1 && t->near; r++)
        for (int b = 0; b < by_key_blocks(w); b++)
            nan |= pool_any_nan(w->acc + (r * BY_KEY_WIDE + b) * by_key_room(w), v);
    return nan;
}

/* The blocks of a group that is hidden from all rows. */
static void by_key_nothing(const struct by_key *w)
{
    const struct pool_plan *p = w->t->plan;
    const int rows = w->t->count;
    const real low = p->has_max ? -REAL_MAX : 0;
    for (int b = 0; b < by_key_blocks(w); b++)
        for (int r = 0; r < rows; r++) {
            const int at = by_key_slot(w, b, r);
            w->m[at] = low;
            w->l[at] = w->sq[at] = w->sum[at] = 0;
        }
    if (p->a->v > 1)
        pool_fill(w->acc, (size_t)(rows * BY_KEY_WIDE * by_key_room(w)), 0);
}

/* Whether a sum of values may be a NaN. */
static bool by_key_pairs(const struct by_key *w)
{
    if (w->panel)
        by_key_panel_keys(w);
    else
        by_key_measure(w);
    return by_key_each_row(w);
}

/* The blocks of `held` super-blocks from `number` on into the next slots. */
static void by_key_super_blocks(struct by_key *w, int64_t number, int held)
{
    const struct pool_tile *t = w->t;
    const struct pool_args *a = t->plan->a;
    w->base = number * SUPER_BLOCK - a->key_origin;
    const int64_t first = int_max(0, t->low - w->base);
    w->held = held;
    const int64_t end = int_min(by_key_keys(w), int_min(a->m, t->high) - w->base);
    w->first = (int)first;
    w->end = (int)end;
    w->complete = first == 0 && end == by_key_keys(w);
    if (first >= end) {
        by_key_nothing(w);
        return;
    }
    by_key_gather(w);
    /* A loop, so that the compiler has one place to put the pairs. */
    w->careful = false;
    while (by_key_pairs(w) && t->near && !w->careful)
        w->careful = true;
    w->careful = false;
}

/* Super-blocks [first, end) as the fewest nodes. */
static void by_key_run(struct by_key *w, int64_t first, int64_t end, struct pool_forest *f)
{
    const struct pool_tile *t = w->t;
    const size_t size = pool_tile_state(t->plan, t->vectors);
    struct tree_merge step;
    f->tree.count = 0;
    for (int64_t s = first; s < end; s += w->waiting) {
        const int slots = (int)int_min(w->slots, end - s);
        for (w->waiting = 0; w->waiting < slots; w->waiting += w->held)
            by_key_super_blocks(w, s + w->waiting, (int)int_min(BY_KEY_GROUP, slots - w->waiting));
        by_key_merge(w);
        for (int k = 0; k < slots; k++) {
            int slot = tree_push(&f->tree, 0, s + k);
            f->state[slot] = t->states + (size_t)slot * size;
            by_key_state(w, k, f->state[slot]);
            while (tree_join(&f->tree, &step))
                pool_state_merge(t->plan, f->state[step.left], f->state[step.right], t->lanes);
        }
    }
}

#endif
