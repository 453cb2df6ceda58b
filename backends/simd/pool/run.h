/* SPDX-License-Identifier: Apache-2.0 */

/* A tile through blocks of keys, super-blocks and the tree. */
#ifndef BACKENDS_SIMD_POOL_RUN_H
#define BACKENDS_SIMD_POOL_RUN_H

#include "backends/simd/pool/dropout.h"
#include "backends/simd/pool/moments.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/prune.h"
#include "backends/simd/pool/score.h"
#include "backends/simd/pool/state.h"
#include "backends/simd/pool/sums.h"
#include "backends/simd/pool/tile.h"
#include "backends/simd/pool/weigh.h"
#include "backends/tree.h"

/* The sums from value `col` on, and moments where they are `again` to be made, by who takes part.
 */
static void pool_block_carefully(struct pool_tile *t, const struct pool_block *x,
                                 struct pool_values *values, int64_t col, bool again)
{
    const struct pool_args *a = t->plan->a;
    pool_block_scores(t, x, true);
    if (t->near)
        pool_block_exclude_far(t, x, NULL);
    pool_block_sums(t, x, false, NULL);
    if (t->plan->drops)
        pool_block_drop(t, x, t->included);
    values->included = t->included;
    values->may_have_nan = false;
    pool_values(values, col, a->v);
    t->spent = true;
    if (again)
        pool_block_moments(t, x, values->acc, values->u == NULL, false, true);
}

/* The block into the state, of which it is the first or not; block `next`, or NULL, comes after it.
 * A key that takes no part, in O, has the weight 0, which does no harm while its value is finite:
 * after a NaN it is left out. */
static void pool_block_pool(struct pool_tile *t, const struct pool_block *x,
                            const struct pool_block *next, real *state, bool first)
{
    const struct pool_plan *p = t->plan;
    const struct pool_args *a = p->a;
    const bool may_have_nan = p->compact || p->drops || t->near || x->partial || x->zeros ||
                              x->masked || a->masks.bias.data != NULL;
    const bool moments = a->moments.power != NULL;
    const bool one = a->v <= 1 && !p->drops && !moments;
    if (!pool_block_fused(t, x)) {
        if (!t->ahead)
            pool_block_scores(t, x, false);
        pool_block_sums(t, x, one, next);
    }
    if (p->squares && !p->has_max)
        pool_block_squares(t, x);
    pool_block_merge(t, state, first);
    if (one && a->v == 0)
        return;
    real *acc = state + 3 * t->lanes;
    if (one && !(may_have_nan && pool_any_nan(t->acc, t->lanes))) {
        pool_block_merge_one(t, acc, first);
        return;
    }
    struct pool_values values = { .vectors = t->vectors,
                                  .count = x->count,
                                  .p = t->s,
                                  .v = x->v,
                                  .v_row = a->value.row,
                                  .v_col = a->value.col,
                                  .u = first ? NULL : t->u,
                                  .w = t->w,
                                  .acc = acc,
                                  .may_have_nan = may_have_nan };
    if (p->drops) {
        pool_block_kept(t, x);
        pool_block_drop(t, x, t->s);
    }
    const bool apart = !one && !pool_moments_have_values(a);
    int64_t col = apart ? pool_values(&values, 0, a->v) : 0;
    const bool done = !moments || pool_block_moments(t, x, acc, first, may_have_nan, false);
    if (!done || (apart ? col < a->v : one))
        pool_block_carefully(t, x, &values, col, !done);
}

/* The next block of super-block `number` that matters, from its block *i on. False: none. */
static bool pool_block_from(const struct pool_tile *t, int64_t number, int *i, struct pool_block *x)
{
    while (*i < POOL_BLOCKS) {
        const int64_t block = number * POOL_BLOCKS + (*i)++;
        if (!pool_block_pruned(t, block) && pool_block_at(t, block, x))
            return true;
    }
    return false;
}

/* The state of super-block `number`. */
static void pool_super_block(struct pool_tile *t, int64_t number, real *state)
{
    const bool ahead = t->plan->ahead;
    int i = pool_super_block_pruned(t, number) ? POOL_BLOCKS : 0;
    bool first = true;
    struct pool_block x, next;
    for (bool some = pool_block_from(t, number, &i, &x); some; x = next, first = false) {
        if (ahead)
            some = pool_block_from(t, number, &i, &next);
        pool_block_pool(t, &x, ahead && some ? &next : NULL, state, first);
        if (!ahead)
            some = pool_block_from(t, number, &i, &next);
    }
    if (first)
        pool_state_identity(t->plan, state, t->lanes);
}

/* Super-blocks [first, end) as the fewest nodes. */
static void pool_tile_run(struct pool_tile *t, int64_t first, int64_t end, struct pool_forest *f)
{
    const size_t size = pool_tile_state(t->plan, t->vectors);
    struct tree_merge step;
    f->tree.count = 0;
    for (int64_t s = first; s < end; s++) {
        int slot = tree_push(&f->tree, 0, s);
        f->state[slot] = t->states + (size_t)slot * size;
        pool_super_block(t, s, f->state[slot]);
        while (tree_join(&f->tree, &step))
            pool_state_merge(t->plan, f->state[step.left], f->state[step.right], t->lanes);
    }
}

/* The super-blocks that matter to the tile; none may be left out of a state. */
static void pool_tile_range(const struct pool_tile *t, int64_t *first, int64_t *end)
{
    const struct pool_plan *p = t->plan;
    *first = p->shape.first;
    *end = p->shape.end;
    if (p->a->nodes != NULL)
        return;
    if (t->low >= t->high) {
        *end = *first;
        return;
    }
    *first = (p->a->key_origin + t->low) / SUPER_BLOCK;
    *end = (p->a->key_origin + t->high + SUPER_BLOCK - 1) / SUPER_BLOCK;
}

#endif
