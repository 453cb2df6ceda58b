/* SPDX-License-Identifier: Apache-2.0 */

/* Template: empty rows under the policies mean and nearest. The whole tile is computed again for
 * them; its full rows have been written and are left alone. */

/* The average of the values that the masks leave. */
static void FN(pool_rare_mean)(struct FN(pool_tile) *t, const struct FN(pool_result) *r)
{
    const struct FN(pool_plan) *plan = t->plan;
    const struct FN(pool_plan) mean = FN(pool_plan_mean)(plan);
    const struct pool_args *a = plan->a;
    struct FN(pool_forest) f;
    bool wanted[POOL_LANES(VN)];
    int64_t first, end;
    t->plan = &mean;
    FN(pool_tile_range)(t, &first, &end);
    FN(pool_tile_run)(t, first, end, &f);
    R *state = FN(pool_tile_root)(t, &f);
    for (int lane = 0; lane < t->count; lane++) {
        r->count[lane] = state[t->lanes + lane];
        wanted[lane] = r->empty[lane] && r->count[lane] > 0;
        if (wanted[lane] && a->n_eff.data != NULL)
            *FN(pool_row)(t, &a->n_eff, lane) = r->count[lane];
    }
    if (a->out.data != NULL)
        FN(pool_finish_store)(t, state, wanted);
    t->plan = plan;
}

/* Improves best and nearest with the keys of a block. A NaN is better than nothing. */
static void FN(pool_rare_block)(const struct FN(pool_tile) *t, const struct FN(pool_block) *x,
                                R *best, int64_t *nearest)
{
    const bool linear = t->plan->measure == MEASURE_LINEAR;
    for (int j = 0; j < x->count; j++)
        for (int lane = 0; lane < t->count; lane++) {
            const int at = j * t->lanes + lane;
            R u2 = linear ? t->s[at] * t->s[at] : t->s[at];
            if (!(t->part[at] > 0))
                continue;
            if (nearest[lane] < 0 || u2 < best[lane] || (best[lane] != best[lane] && u2 == u2)) {
                best[lane] = u2;
                nearest[lane] = x->first + j;
            }
        }
}

/* Of the keys that the masks leave the nearest; -1 where there is none. */
static void FN(pool_rare_find)(struct FN(pool_tile) *t, int64_t *nearest)
{
    const struct pool_args *a = t->plan->a;
    R best[POOL_LANES(VN)];
    int64_t first, end;
    FN(pool_tile_range)(t, &first, &end);
    for (int lane = 0; lane < t->count; lane++)
        nearest[lane] = -1;
    for (int64_t b = first * POOL_BLOCKS; b < end * POOL_BLOCKS; b++) {
        struct FN(pool_block) x;
        if (!FN(pool_block_at)(t, b, &x))
            continue;
        FN(pool_block_scores)(t, &x, true);
        FN(pool_rare_block)(t, &x, best, nearest);
    }
    (void)a;
}

static void FN(pool_rare_nearest)(struct FN(pool_tile) *t, const struct FN(pool_result) *r)
{
    const struct FN(pool_plan) *plan = t->plan;
    const struct FN(pool_plan) nearest = FN(pool_plan_nearest)(plan);
    const struct pool_args *a = plan->a;
    t->plan = &nearest;
    FN(pool_tile_begin)(t, t->count);
    FN(pool_rare_find)(t, r->nearest);
    for (int lane = 0; lane < t->count; lane++) {
        const int64_t j = r->nearest[lane];
        if (!r->empty[lane] || j < 0)
            continue;
        FN(pool_finish_fill)(t, lane, 0, 1);
        if (a->out.data == NULL)
            continue;
        const FN(pool_any) *v = FN(pool_at)(&a->value, t->b, t->head[lane]) + j * a->value.row;
        FN(pool_any) *to = FN(pool_row)(t, &a->out, lane);
        for (int64_t c = 0; c < a->v; c++)
            to[c * a->out.col] = FN(pool_canonical)(v[c * a->value.col] + 0);
    }
    t->plan = plan;
    FN(pool_tile_begin)(t, t->count);
}

/* What is left to do for empty rows. */
static void FN(pool_tile_empties)(struct FN(pool_tile) *t, struct engine *engine,
                                  const struct FN(pool_result) *r)
{
    if (r->empties == 0)
        return;
    if (t->plan->a->empty == ATTPOOL_EMPTY_ERROR)
        engine_note_empty(engine, r->empties);
    if (t->plan->a->empty == ATTPOOL_EMPTY_MEAN)
        FN(pool_rare_mean)(t, r);
    if (t->plan->a->empty == ATTPOOL_EMPTY_NEAREST)
        FN(pool_rare_nearest)(t, r);
}
