/* SPDX-License-Identifier: Apache-2.0 */

/* Template: a tile of rows over blocks, super-blocks and the tree. A state is three rows of
 * lanes, the maximum, the sum of weights and the sum of their squares, and one for each column of
 * the values. */

/* e, and how much of each side it takes. */
VEC_FN void FN(pool_merge_weights)(V m1, V m2, V *u, V *w)
{
    const V one = v_set1(1);
    V e = FN(weight_exp2)(v_neg(v_abs(v_sub(m1, m2))));
    M up = v_gt(m2, m1);
    *u = v_select(up, e, one);
    *w = v_select(up, one, e);
}

VEC_FN V FN(pool_merged)(V left, V right, V u, V w)
{
    return v_fma(right, w, v_mul(left, u));
}

static void FN(pool_state_identity)(const struct FN(pool_plan) *p, R *state, int lanes)
{
    FN(pool_fill)(state, (size_t)lanes, p->has_max ? -R_MAX : 0);
    FN(pool_fill)(state + lanes, (p->state - 1) * (size_t)lanes, 0);
}

/* left = left merged with right. */
static void FN(pool_state_merge)(const struct FN(pool_plan) *p, R *left, const R *right, int lanes)
{
    for (int i = 0; i < lanes; i += VN) {
        V u = v_set1(1), w = u;
        V m1 = v_loadu(left + i), m2 = v_loadu(right + i);
        if (p->has_max)
            FN(pool_merge_weights)(m1, m2, &u, &w);
        v_storeu(left + i, v_max_keep(m1, m2));
        for (size_t k = 1; k < p->state; k++) {
            const size_t at = k * (size_t)lanes + (size_t)i;
            const bool square = k == 2;
            V a = square ? v_mul(u, u) : u, b = square ? v_mul(w, w) : w;
            v_storeu(left + at, FN(pool_merged)(v_loadu(left + at), v_loadu(right + at), a, b));
        }
    }
}

/* Maxima of the block from its extremes, and what is subtracted. Where a maximum is so large that
 * its own rounding matters, scores become differences of rounded numbers first. Returns the c of
 * the scores then. */
static R FN(pool_block_maxima)(struct FN(pool_tile) *t, int count)
{
    const struct FN(pool_plan) *p = t->plan;
    const V c = v_set1(p->c), limit = v_set1((R)(R_BITS == 32 ? 0x1p24 : 0x1p53));
    bool large = false;
    for (int i = 0; i < t->lanes; i += VN) {
        V m = v_max_keep(v_set1(-R_MAX), v_mul(c, v_loadu(t->ends + i)));
        M seen = v_gt(v_loadu(t->seen + i), v_zero());
        m = v_select(seen, m, v_set1(-R_MAX));
        v_storeu(t->m + i, m);
        v_storeu(t->minus + i, v_neg(m));
        large |= m_any(m_andnot(seen, v_lt(v_abs(m), limit))) != 0;
    }
    if (!large)
        return p->c;
    for (int i = 0; i < t->lanes; i += VN) {
        V m = v_loadu(t->m + i);
        M small = v_lt(v_abs(m), limit);
        for (int j = 0; j < count; j++) {
            R *s = t->s + j * t->lanes + i;
            V x = v_loadu(s);
            V two = v_sub(v_mul(c, x), m);
            v_storeu(s, v_select(small, v_fma(c, x, v_neg(m)), two));
        }
        v_storeu(t->minus + i, v_zero());
    }
    return 1;
}

/* Weights of the block relative to m, into s, with l and sq; or with the one column of values. */
static void FN(pool_block_sums)(struct FN(pool_tile) *t, const struct FN(pool_block) *x, bool one)
{
    const struct FN(pool_plan) *p = t->plan;
    struct FN(pool_sums) sums = { .vectors = t->vectors,
                                  .count = x->count,
                                  .c = p->c,
                                  .s = t->s,
                                  .minus = t->minus,
                                  .factor = p->factor ? t->factor : NULL,
                                  .weights = p->weighted ? t->weights : NULL,
                                  .l = t->l,
                                  .sq = p->squares ? t->sq : NULL,
                                  .v = one ? x->v : NULL,
                                  .v_row = p->a->value.row,
                                  .acc = t->acc };
    if (p->has_max)
        sums.c = FN(pool_block_maxima)(t, x->count);
    else
        FN(pool_fill)(t->m, (size_t)t->lanes, 0);
    FN(pool_sums)(&sums, p->has_max);
}

/* Kernels without a maximum, where nothing is in the way; false where something is. */
static bool FN(pool_block_direct)(struct FN(pool_tile) *t, const struct FN(pool_block) *block)
{
    const struct FN(pool_plan) *p = t->plan;
    const bool linear = p->measure == MEASURE_LINEAR;
    if (p->has_max || !p->steps || p->weighted || t->vectors != POOL_VECTORS || p->a->v != 1 ||
        FN(pool_block_masked)(t, block))
        return false;
    struct FN(pool_pairs) x = FN(pool_block_pairs)(t, block);
    if (linear && x.lane_scale != NULL)
        return false;
    if (!linear)
        FN(pool_pairs_measure)(p, &x);
    struct FN(pool_direct) direct = { .x = &x,
                                      .s = t->s,
                                      .v = block->v,
                                      .v_row = p->a->value.row,
                                      .l = t->l,
                                      .sq = p->squares ? t->sq : NULL,
                                      .acc = t->acc };
    FN(pool_fill)(t->m, (size_t)t->lanes, 0);
    FN(pool_direct)(&direct, p->name, linear);
    return true;
}

/* l, sq and m of the block into the state; u and w of its accumulators. */
static void FN(pool_block_merge)(struct FN(pool_tile) *t, R *state, bool first)
{
    const struct FN(pool_plan) *p = t->plan;
    const int lanes = t->lanes;
    for (int i = 0; i < lanes; i += VN) {
        V u = v_set1(1), w = u, m1 = v_loadu(state + i), m2 = v_loadu(t->m + i);
        V l = v_loadu(t->l + i), sq = p->squares ? v_loadu(t->sq + i) : v_zero();
        if (first) {
            v_storeu(state + i, m2);
            v_storeu(state + lanes + i, l);
            v_storeu(state + 2 * lanes + i, sq);
            continue;
        }
        if (p->has_max)
            FN(pool_merge_weights)(m1, m2, &u, &w);
        v_storeu(t->u + i, u);
        v_storeu(t->w + i, w);
        v_storeu(state + i, v_max_keep(m1, m2));
        R *sum = state + lanes + i;
        v_storeu(sum, FN(pool_merged)(v_loadu(sum), l, u, w));
        sum += lanes;
        v_storeu(sum, FN(pool_merged)(v_loadu(sum), sq, v_mul(u, u), v_mul(w, w)));
    }
}

static bool FN(pool_any_nan)(const R *x, int n)
{
    M bad = m_first(0);
    for (int i = 0; i < n; i += VN)
        bad = m_or(bad, v_isnan(v_loadu(x + i)));
    return m_any(bad) != 0;
}

/* A single column, whose block sums are in acc. */
static void FN(pool_block_merge_one)(const struct FN(pool_tile) *t, R *acc, bool first)
{
    for (int i = 0; i < t->lanes; i += VN) {
        V sum = v_loadu(t->acc + i);
        if (!first)
            sum = FN(pool_merged)(v_loadu(acc + i), sum, v_loadu(t->u + i), v_loadu(t->w + i));
        v_storeu(acc + i, sum);
    }
}

/* The block into the state, of which it is the first or not. A key that takes no part has the
 * weight 0, which does no harm while its value is finite: after a NaN it is left out. */
static void FN(pool_block_pool)(struct FN(pool_tile) *t, const struct FN(pool_block) *x, R *state,
                                bool first)
{
    const struct FN(pool_plan) *p = t->plan;
    const struct pool_args *a = p->a;
    const bool suspect =
        p->compact || x->partial || x->zeros || x->masked || a->masks.bias.data != NULL;
    bool one = a->v == 1;
    if (!FN(pool_block_direct)(t, x)) {
        FN(pool_block_scores)(t, x, false);
        FN(pool_block_sums)(t, x, one);
    }
    FN(pool_block_merge)(t, state, first);
    R *acc = state + 3 * t->lanes;
    if (one && !(suspect && FN(pool_any_nan)(t->acc, t->lanes))) {
        FN(pool_block_merge_one)(t, acc, first);
        return;
    }
    struct FN(pool_values) values = { .vectors = t->vectors,
                                      .count = x->count,
                                      .p = t->s,
                                      .v = x->v,
                                      .v_row = a->value.row,
                                      .v_col = a->value.col,
                                      .u = first ? NULL : t->u,
                                      .w = t->w,
                                      .acc = acc,
                                      .suspect = suspect };
    int64_t col = one ? 0 : FN(pool_values)(&values, 0, a->v);
    if (col == a->v)
        return;
    FN(pool_block_scores)(t, x, true);
    FN(pool_block_sums)(t, x, false);
    values.part = t->part;
    values.suspect = false;
    FN(pool_values)(&values, col, a->v);
}

/* The state of super-block `number`. */
static void FN(pool_super_block)(struct FN(pool_tile) *t, int64_t number, R *state)
{
    bool first = true;
    const bool beyond = FN(pool_super_block_beyond)(t, number);
    for (int i = 0; i < POOL_BLOCKS && !beyond; i++) {
        const int64_t block = number * POOL_BLOCKS + i;
        struct FN(pool_block) x;
        if (FN(pool_block_beyond)(t, block) || !FN(pool_block_at)(t, block, &x))
            continue;
        FN(pool_block_pool)(t, &x, state, first);
        first = false;
    }
    if (first)
        FN(pool_state_identity)(t->plan, state, t->lanes);
}

/* A list of nodes whose states lie in memory. */
struct FN(pool_forest) {
    struct tree tree;
    R *state[TREE_NODES];
};

/* Super-blocks [first, end) as the fewest nodes. */
static void FN(pool_tile_run)(struct FN(pool_tile) *t, int64_t first, int64_t end,
                              struct FN(pool_forest) *f)
{
    const size_t size = FN(pool_tile_state)(t->plan, t->vectors);
    struct tree_merge step;
    f->tree.count = 0;
    for (int64_t s = first; s < end; s++) {
        int slot = tree_push(&f->tree, 0, s);
        f->state[slot] = t->states + (size_t)slot * size;
        FN(pool_super_block)(t, s, f->state[slot]);
        while (tree_join(&f->tree, &step))
            FN(pool_state_merge)(t->plan, f->state[step.left], f->state[step.right], t->lanes);
    }
}

/* The super-blocks that matter to the tile; none may be left out of a state. */
static void FN(pool_tile_range)(const struct FN(pool_tile) *t, int64_t *first, int64_t *end)
{
    const struct FN(pool_plan) *p = t->plan;
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

/* All of them merged: a state in the first slot. */
static R *FN(pool_tile_root)(const struct FN(pool_tile) *t, struct FN(pool_forest) *f)
{
    struct tree_merge step;
    if (f->tree.count == 0) {
        FN(pool_state_identity)(t->plan, t->states, t->lanes);
        return t->states;
    }
    while (tree_collapse(&f->tree, &step))
        FN(pool_state_merge)(t->plan, f->state[step.left], f->state[step.right], t->lanes);
    return f->state[f->tree.node[0].slot];
}
