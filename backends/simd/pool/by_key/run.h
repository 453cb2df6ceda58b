/* SPDX-License-Identifier: Apache-2.0 */

/* Few rows through super-blocks and the tree (by_key.h). */
#ifndef BACKENDS_SIMD_POOL_BY_KEY_RUN_H
#define BACKENDS_SIMD_POOL_BY_KEY_RUN_H

#include "backends/simd/pool/by_key/by_key.h"
#include "backends/simd/pool/by_key/masks.h"
#include "backends/simd/pool/by_key/panel.h"
#include "backends/simd/pool/by_key/score.h"
#include "backends/simd/pool/by_key/sums.h"
#include "backends/simd/pool/by_key/values.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/run.h"
#include "backends/simd/pool/score.h"
#include "backends/simd/pool/tile.h"
#include "backends/tree.h"

/* LANES lanes of the blocks merged in order, into the first block's place. */
VEC_FN void by_key_merge_n(const struct by_key *w, int at, const bool max)
{
    vec m = v_loadu(w->m + at), l = v_loadu(w->l + at), sq = v_loadu(w->sq + at);
    vec a = v_loadu(w->sum + at);
    for (int b = 1, i = at + w->lanes; b < POOL_BLOCKS; b++, i += w->lanes) {
        const vec next = v_loadu(w->m + i);
        vec u = v_set1(1), y = u;
        if (max) {
            pool_merge_weights(m, next, &u, &y);
            m = v_max_keep(m, next);
            sq = pool_merged(sq, v_loadu(w->sq + i), v_mul(u, u), v_mul(y, y));
        } else {
            pool_merge_squares(&m, &sq, next, v_loadu(w->sq + i));
        }
        l = pool_merged(l, v_loadu(w->l + i), u, y);
        a = pool_merged(a, v_loadu(w->sum + i), u, y);
        v_storeu(w->u + i, u);
        v_storeu(w->y + i, y);
    }
    v_storeu(w->m + at, m);
    v_storeu(w->l + at, l);
    v_storeu(w->sq + at, sq);
    v_storeu(w->sum + at, a);
}

static void by_key_merge(const struct by_key *w)
{
    for (int i = 0; i < w->waiting * w->t->count; i += LANES)
        if (w->t->plan->has_max)
            by_key_merge_n(w, i, true);
        else
            by_key_merge_n(w, i, false);
}

/* Column by column likewise; these do not wait. */
static void by_key_merge_columns(const struct by_key *w, int r, real *state)
{
    const int64_t room = by_key_room(w), v = w->t->plan->a->v;
    real *acc = w->acc + r * POOL_BLOCKS * room;
    for (int64_t c = 0; c < v; c += LANES) { /* there is room for whole vectors */
        vec a = v_loadu(acc + c);
        for (int b = 1, i = w->lanes + r; b < POOL_BLOCKS; b++, i += w->lanes)
            a = pool_merged(a, v_loadu(acc + b * room + c), v_set1(w->u[i]), v_set1(w->y[i]));
        v_storeu(acc + c, a);
    }
    for (int64_t c = 0; c < v; c++)
        state[c * w->t->lanes] = acc[c];
}

/* The state of the super-block in slot k. */
static void by_key_state(const struct by_key *w, int k, real *state)
{
    const struct pool_plan *p = w->t->plan;
    const int lanes = w->t->lanes;
    pool_state_identity(p, state, lanes);
    for (int r = 0; r < w->t->count; r++, state++) {
        const int at = k * w->t->count + r;
        state[0] = w->m[at];
        state[lanes] = w->l[at];
        state[2 * lanes] = p->squares ? w->sq[at] : 0;
        if (p->a->v == 1)
            state[3 * lanes] = w->sum[at];
        else
            by_key_merge_columns(w, r, state + 3 * lanes);
    }
}

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
    if (weights_are_common(w->weights, SUPER_BLOCK))
        return;
    w->zeros = weights_have_zeros(w->weights, SUPER_BLOCK);
    if (w->t->plan->weighted && w->t->plan->has_max)
        w->scaled = weights_take_exponents(w->weights, w->exponents, SUPER_BLOCK);
}

/* The rows of the super-block, whose keys have been looked at. */
static void by_key_rows(const struct by_key *w)
{
    const struct pool_tile *t = w->t;
    bool may_have_nan[POOL_LANES(LANES)];
    for (int r = 0; r < t->count; r++) {
        const bool all = by_key_all_visible(w, r);
        const bool extremes = w->panel && by_key_line(w, r);
        may_have_nan[r] = !all || t->plan->compact;
        if (!all)
            by_key_apply_masks(w, r);
        by_key_weigh(w, r, !all || extremes ? w->extremes : NULL, may_have_nan[r]);
    }
    for (int b = 0; b < POOL_BLOCKS && t->plan->a->v > 1; b++)
        by_key_block(w, b, may_have_nan);
}

/* The blocks of a super-block that is hidden from all rows. */
static void by_key_nothing(const struct by_key *w)
{
    const struct pool_plan *p = w->t->plan;
    const int rows = w->t->count;
    const real low = p->has_max ? -REAL_MAX : 0;
    for (int b = 0; b < POOL_BLOCKS; b++)
        for (int r = 0; r < rows; r++) {
            const int at = b * w->lanes + w->waiting * rows + r;
            w->m[at] = low;
            w->l[at] = w->sq[at] = w->sum[at] = 0;
        }
    if (p->a->v > 1)
        pool_fill(w->acc, (size_t)(rows * POOL_BLOCKS * by_key_room(w)), 0);
}

/* The blocks of the super-block into the next slot. */
static void by_key_super_block(struct by_key *w, int64_t number)
{
    const struct pool_tile *t = w->t;
    const struct pool_args *a = t->plan->a;
    w->base = number * SUPER_BLOCK - a->key_origin;
    const int64_t first = int_max(0, t->low - w->base);
    const int64_t end = int_min(SUPER_BLOCK, int_min(a->m, t->high) - w->base);
    w->first = (int)first;
    w->end = (int)end;
    w->complete = first == 0 && end == SUPER_BLOCK;
    if (first >= end) {
        by_key_nothing(w);
        return;
    }
    by_key_gather(w);
    if (w->panel)
        by_key_panel_keys(w);
    else
        by_key_measure(w);
    by_key_rows(w);
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
        for (w->waiting = 0; w->waiting < slots; w->waiting++)
            by_key_super_block(w, s + w->waiting);
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
