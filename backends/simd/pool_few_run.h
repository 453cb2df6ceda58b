/* SPDX-License-Identifier: Apache-2.0 */

/* Template: few rows through super-blocks and the tree (pool_few.h). */

/* u and w of each merge of the blocks in order, into u[] and v[]; returns the maximum. */
static R FN(few_merge_weights)(const struct FN(pool_plan) *p, const R *maxima, R *u, R *v)
{
    R before[FN(FEW_WIDE)], m = maxima[0];
    for (int b = 0; b < FN(FEW_WIDE); b++) {
        before[b] = m;
        m = maxima[b] > m ? maxima[b] : m;
    }
    for (int b = 0; b < FN(FEW_WIDE); b += VN) {
        V x = v_set1(1), y = x;
        if (p->has_max)
            FN(pool_merge_weights)(v_loadu(before + b), v_loadu(maxima + b), &x, &y);
        v_storeu(u + b, x);
        v_storeu(v + b, y);
    }
    return m;
}

/* The columns of row r's blocks merged, into the first block's place. */
static void FN(few_merge_columns)(const struct FN(pool_few) *w, int r, const R *u, const R *y)
{
    const int64_t room = FN(few_room)(w), v = w->t->plan->a->v;
    R *acc = w->acc + r * POOL_BLOCKS * room;
    for (int64_t c = 0; c < v; c += VN) { /* there is room for whole vectors */
        V a = v_loadu(acc + c);
        for (int b = 1; b < POOL_BLOCKS; b++)
            a = FN(pool_merged)(a, v_loadu(acc + b * room + c), v_set1(u[b]), v_set1(y[b]));
        v_storeu(acc + c, a);
    }
}

/* Row r of the super-block's state from its blocks. */
static void FN(few_merge)(const struct FN(pool_few) *w, int r, R *state)
{
    const struct FN(pool_plan) *p = w->t->plan;
    const int lanes = w->t->lanes;
    const R *bl = w->l + r * FN(FEW_WIDE), *bsq = w->sq + r * FN(FEW_WIDE);
    const R *sum = w->sum + r * FN(FEW_WIDE);
    R u[FN(FEW_WIDE)], y[FN(FEW_WIDE)], l = bl[0], sq = bsq[0], a = sum[0];
    state[r] = FN(few_merge_weights)(p, w->m + r * FN(FEW_WIDE), u, y);
    for (int b = 1; b < POOL_BLOCKS; b++) {
        l = r_fma(bl[b], y[b], l * u[b]);
        sq = r_fma(bsq[b], y[b] * y[b], sq * (u[b] * u[b]));
        a = r_fma(sum[b], y[b], a * u[b]);
    }
    state[lanes + r] = l;
    state[2 * lanes + r] = p->squares ? sq : 0;
    if (p->a->v == 1) {
        state[3 * lanes + r] = a;
        return;
    }
    FN(few_merge_columns)(w, r, u, y);
    for (int64_t c = 0; c < p->a->v; c++)
        state[(3 + c) * lanes + r] = w->acc[r * POOL_BLOCKS * FN(few_room)(w) + c];
}

/* Values of a single column and key weights, in the order of scores. */
static void FN(few_line_up)(struct FN(pool_few) *w)
{
    const struct pool_args *a = w->t->plan->a;
    M zero = m_first(0);
    if (a->v == 1)
        FN(few_panel)(w, FN(few_source_of)(w, &a->value), 1, 0, w->v);
    w->zeros = false;
    if (a->key_weights.data == NULL)
        return;
    FN(few_panel)(w, FN(few_column_of)(w, &a->key_weights), 1, 1, w->weights);
    for (int k = 0; k < SUPER_BLOCK; k += VN)
        zero = m_or(zero, v_eq(v_loadu(w->weights + k), v_zero()));
    w->zeros = m_any(zero) != 0;
}

/* The rows of the super-block, whose keys have been looked at. */
static void FN(few_rows)(const struct FN(pool_few) *w, R *state)
{
    const struct FN(pool_tile) *t = w->t;
    bool suspect[POOL_LANES(VN)];
    for (int r = 0; r < t->count; r++) {
        const bool all = FN(few_sees_all)(w, r);
        const bool ends = w->panel && FN(few_line)(w, r);
        suspect[r] = !all || t->plan->compact;
        if (!all)
            FN(few_sight)(w, r);
        FN(few_weigh)(w, r, all && ends ? w->ends : NULL, suspect[r]);
    }
    for (int b = 0; b < POOL_BLOCKS && t->plan->a->v > 1; b++)
        FN(few_block)(w, b, suspect);
    for (int r = 0; r < t->count; r++)
        FN(few_merge)(w, r, state);
}

static void FN(few_super_block)(struct FN(pool_few) *w, int64_t number, R *state)
{
    const struct FN(pool_tile) *t = w->t;
    const struct pool_args *a = t->plan->a;
    FN(pool_state_identity)(t->plan, state, t->lanes);
    w->base = number * SUPER_BLOCK - a->key_origin;
    const int64_t first = int_max(0, t->low - w->base);
    const int64_t end = int_min(SUPER_BLOCK, int_min(a->m, t->high) - w->base);
    if (first >= end)
        return;
    w->first = (int)first;
    w->end = (int)end;
    w->complete = first == 0 && end == SUPER_BLOCK;
    FN(few_line_up)(w);
    if (w->panel) {
        FN(few_panel)(w, FN(few_source_of)(w, &a->k), a->d, 0, w->k);
        FN(few_panel_widths)(w);
    } else {
        FN(few_measure)(w);
    }
    FN(few_rows)(w, state);
}

/* Super-blocks [first, end) as the fewest nodes. */
static void FN(few_run)(struct FN(pool_few) *w, int64_t first, int64_t end,
                        struct FN(pool_forest) *f)
{
    const struct FN(pool_tile) *t = w->t;
    const size_t size = FN(pool_tile_state)(t->plan, t->vectors);
    struct tree_merge step;
    f->tree.count = 0;
    for (int64_t s = first; s < end; s++) {
        int slot = tree_push(&f->tree, 0, s);
        f->state[slot] = t->states + (size_t)slot * size;
        FN(few_super_block)(w, s, f->state[slot]);
        while (tree_join(&f->tree, &step))
            FN(pool_state_merge)(t->plan, f->state[step.left], f->state[step.right], t->lanes);
    }
}
