/* SPDX-License-Identifier: Apache-2.0 */

/* Empty rows under the policies mean and nearest. The whole tile is computed again for
 * them; its full rows have been written and are left alone. */
#ifndef BACKENDS_SIMD_POOL_EMPTY_ROWS_H
#define BACKENDS_SIMD_POOL_EMPTY_ROWS_H

#include "backends/simd/pool/dropout.h"
#include "backends/simd/pool/finish.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/run.h"
#include "backends/simd/pool/score.h"
#include "backends/simd/pool/state.h"
#include "backends/simd/pool/tile.h"

/* The average of the values that the masks leave. */
static void pool_empty_mean(struct pool_tile *t, const struct pool_result *r)
{
    const struct pool_plan *plan = t->plan;
    const struct pool_plan mean = pool_plan_mean(plan);
    const struct pool_args *a = plan->a;
    struct pool_forest f;
    bool wanted[POOL_LANES(LANES)];
    int64_t first, end;
    t->plan = &mean;
    pool_tile_range(t, &first, &end);
    pool_tile_run(t, first, end, &f);
    real *state = pool_tile_root(t, &f);
    for (int lane = 0; lane < t->count; lane++) {
        r->count[lane] = state[t->lanes + lane];
        wanted[lane] = r->empty[lane] && r->count[lane] > 0;
        if (wanted[lane] && a->n_eff.data != NULL)
            put(pool_row(t, &a->n_eff, lane), r->count[lane]);
    }
    if (a->out.data != NULL)
        pool_finish_store(t, state, wanted);
    t->plan = plan;
}

/* Improves least and nearest with the keys of a block. A NaN is better than nothing. */
static void pool_nearest_block(const struct pool_tile *t, const struct pool_block *x, real *least,
                               int64_t *nearest)
{
    const bool linear = t->plan->measure == MEASURE_LINEAR;
    for (int j = 0; j < x->count; j++)
        for (int lane = 0; lane < t->count; lane++) {
            const int at = j * t->lanes + lane;
            real u2 = linear ? t->s[at] * t->s[at] : t->s[at];
            if (!(t->included[at] > 0))
                continue;
            if (nearest[lane] < 0 || u2 < least[lane] || (least[lane] != least[lane] && u2 == u2)) {
                least[lane] = u2;
                nearest[lane] = x->first + j;
            }
        }
}

/* The nearest of the keys that the masks leave; -1 where they leave none. */
static void pool_nearest_find(struct pool_tile *t, int64_t *nearest)
{
    real least[POOL_LANES(LANES)];
    int64_t first, end;
    pool_tile_range(t, &first, &end);
    for (int lane = 0; lane < t->count; lane++)
        nearest[lane] = -1;
    for (int64_t b = first * POOL_BLOCKS; b < end * POOL_BLOCKS; b++) {
        struct pool_block x;
        if (!pool_block_at(t, b, &x))
            continue;
        pool_block_scores(t, &x, true);
        pool_nearest_block(t, &x, least, nearest);
    }
}

/* O of a row is the value of key j, unless that is dropped: it has been filled with 0. */
static void pool_put_nearest(const struct pool_tile *t, int lane, int64_t j)
{
    const struct pool_args *a = t->plan->a;
    const real scale = (real)a->dropout.scale;
    const element *v = row_at(&a->value, t->b, t->head[lane], j);
    element *to = pool_row(t, &a->out, lane);
    for (int64_t c = 0; c < a->v && !pool_is_dropped(t, lane, j); c++)
        put(to + c * a->out.col, pool_canonical((get(v + c * a->value.col) + 0) * scale));
}

static void pool_empty_nearest(struct pool_tile *t, const struct pool_result *r)
{
    const struct pool_plan *plan = t->plan;
    const struct pool_plan nearest = pool_plan_nearest(plan);
    const struct pool_args *a = plan->a;
    t->plan = &nearest;
    pool_tile_begin(t, t->count);
    pool_nearest_find(t, r->nearest);
    for (int lane = 0; lane < t->count; lane++) {
        const int64_t j = r->nearest[lane];
        if (!r->empty[lane] || j < 0)
            continue;
        pool_finish_fill(t, lane, 0, 1);
        if (a->out.data == NULL)
            continue;
        pool_put_nearest(t, lane, j);
    }
    t->plan = plan;
    pool_tile_begin(t, t->count);
}

/* What is left to do for empty rows. */
static void pool_tile_empty_rows(struct pool_tile *t, struct engine *engine,
                                 const struct pool_result *r)
{
    if (r->empty_count == 0)
        return;
    if (t->plan->a->empty == ATTPOOL_EMPTY_ERROR)
        ap_engine_note_empty(engine, r->empty_count);
    if (t->plan->a->empty == ATTPOOL_EMPTY_MEAN)
        pool_empty_mean(t, r);
    if (t->plan->a->empty == ATTPOOL_EMPTY_NEAREST)
        pool_empty_nearest(t, r);
}

#endif
