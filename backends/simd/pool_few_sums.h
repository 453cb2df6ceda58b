/* SPDX-License-Identifier: Apache-2.0 */

/* Template: the sums of few rows over a super-block, and their way through the tree. */

/* --- weights ------------------------------------------------------------------------------- */

/* Maxima of all blocks of a row, from its scores. */
static void FN(few_maxima)(const struct FN(pool_few) *w, const R *s)
{
    const struct FN(pool_plan) *p = w->t->plan;
    const R start = p->low ? R_MAX : -R_MAX;
    for (int block = 0; block < POOL_BLOCKS; block += VN) {
        V end[VN];
        UNROLL
        for (int k = 0; k < VN; k++) {
            V x = v_set1(start), y = x;
            const R *at = s + (block + k) * BLOCK;
            for (int o = 0; o < BLOCK && block + k < POOL_BLOCKS; o += 2 * VN) {
                x = FN(pool_extreme)(p->low, x, v_loadu(at + o));
                y = FN(pool_extreme)(p->low, y, v_loadu(at + o + VN));
            }
            end[k] = FN(pool_extreme)(p->low, x, y);
        }
        v_transpose(end);
        UNROLL
        for (int k = 1; k < VN; k++)
            end[0] = FN(pool_extreme)(p->low, end[0], end[k]);
        v_storeu(w->m + block, v_max_keep(v_set1(-R_MAX), v_mul(v_set1(p->c), end[0])));
    }
}

/* Scores of the block to powers of two. */
VEC_FN void FN(few_powers)(R *s, R c, R m)
{
    const V cc = v_set1(c), minus = v_set1(-m);
    if (r_abs(m) < (R)(R_BITS == 32 ? 0x1p24 : 0x1p53)) {
        for (int o = 0; o < BLOCK; o += 4 * VN) {
            V x[4];
            UNROLL
            for (int i = 0; i < 4; i++)
                x[i] = v_fma(cc, v_loadu(s + o + i * VN), minus);
            FN(pool_powers)(x, 4);
            UNROLL
            for (int i = 0; i < 4; i++)
                v_storeu(s + o + i * VN, x[i]);
        }
        return;
    }
    for (int o = 0; o < BLOCK; o += VN)
        v_storeu(s + o, FN(weight_exp2)(v_add(v_mul(cc, v_loadu(s + o)), minus)));
}

/* Numbers that are no score of a key. */
static void FN(few_clear)(const struct FN(pool_few) *w, R *s)
{
    const R masked = w->t->plan->masked;
    for (int o = 0; o < SUPER_BLOCK; o += VN)
        if (o + VN <= w->first || o >= w->end)
            v_storeu(s + o, v_set1(masked));
}

/* Block b of the next super-block, where keys and values are single numbers. */
static void FN(few_ahead)(const struct FN(pool_few) *w, int b)
{
    const struct FN(pool_tile) *t = w->t;
    const struct pool_args *a = t->plan->a;
    const int64_t j = w->base + SUPER_BLOCK + b * BLOCK;
    const int lines = BLOCK * (int)sizeof(R) / 64;
    if (j + BLOCK > a->m)
        return;
    if (FN(few_flat)(t->plan))
        FN(pool_touch)((const char *)(FN(pool_at)(&a->k, t->b, t->head0) + j), lines);
    if (a->v == 1 && a->value.row == 1)
        FN(pool_touch)((const char *)(FN(pool_at)(&a->value, t->b, t->head0) + j), lines);
}

/* Weights of row r in the place of its scores; maxima of its blocks. */
static void FN(few_weights)(const struct FN(pool_few) *w, int r)
{
    const struct FN(pool_plan) *p = w->t->plan;
    R *s = w->s + r * SUPER_BLOCK;
    if (!w->complete)
        FN(few_clear)(w, s);
    FN(pool_fill)(w->m, POOL_BLOCKS, 0);
    if (p->has_max) {
        FN(few_maxima)(w, s);
        for (int b = 0; b < POOL_BLOCKS; b++) {
            FN(few_ahead)(w, b);
            FN(few_powers)(s + b * BLOCK, p->c, w->m[b]);
        }
    }
    for (int o = w->first / VN * VN; o < w->end && (p->factor || p->weighted); o += VN) {
        V x = v_loadu(s + o);
        if (p->factor)
            x = v_mul(x, v_loadu(w->factor + r * SUPER_BLOCK + o));
        if (p->weighted)
            x = v_mul(x, v_loadu(w->weights + o));
        v_storeu(s + o, x);
    }
}

/* --- sums, lanes are blocks ---------------------------------------------------------------- */

/* Numbers at offset o of VN blocks from `block` on; turned, lanes are the blocks. */
VEC_FN void FN(few_blocks)(const R *x, int block, int o, V r[VN])
{
    UNROLL
    for (int k = 0; k < VN; k++)
        r[k] = block + k < POOL_BLOCKS ? v_loadu(x + (block + k) * BLOCK + o) : v_zero();
    v_transpose(r);
}

/* l and sq of all blocks of a row, with v also the numerators of a single column. */
VEC_FN void FN(few_sums_of)(const struct FN(pool_few) *w, const R *s, const R *v, const bool one,
                            const bool square)
{
    for (int block = 0; block < POOL_BLOCKS; block += VN) {
        V l = v_zero(), sq = l, acc = l, p[VN], x[VN];
        for (int o = 0; o < BLOCK; o += VN) {
            FN(few_blocks)(s, block, o, p);
            if (one)
                FN(few_blocks)(v, block, o, x);
            UNROLL
            for (int k = 0; k < VN; k++) {
                l = v_add(l, p[k]);
                if (square)
                    sq = v_fma(p[k], p[k], sq);
                if (one)
                    acc = v_fma(p[k], x[k], acc);
            }
        }
        v_storeu(w->l + block, l);
        v_storeu(w->sq + block, sq);
        if (one)
            v_storeu(w->acc + block, acc);
    }
}

static void FN(few_sums)(const struct FN(pool_few) *w, const R *s, const R *v)
{
    const bool square = w->t->plan->squares;
    if (v != NULL && square)
        FN(few_sums_of)(w, s, v, true, true);
    else if (v != NULL)
        FN(few_sums_of)(w, s, v, true, false);
    else if (square)
        FN(few_sums_of)(w, s, NULL, false, true);
    else
        FN(few_sums_of)(w, s, NULL, false, false);
}

/* --- numerators, lanes are columns --------------------------------------------------------- */

struct FN(few_columns) {
    const FN(pool_any) *v;   /* of the block's first key that there is */
    int64_t row, col, ahead; /* so many keys may be touched, from v on; 0 where rows have gaps */
    const R *p, *part;       /* part may be NULL */
    int count;
};

enum { FN(FEW_STEP) = 16 }; /* keys whose values are looked at together */

/* Keys [j, end) and nv vectors of columns from `col` on, the last one with n of its lanes. */
VEC_FN void FN(few_columns_n)(const struct FN(few_columns) *x, int j, int end, int64_t col, int n,
                              const int nv, R *acc)
{
    const R *v = (const R *)(const void *)(x->v + j * x->row + col);
    V a[8];
    UNROLL
    for (int i = 0; i < nv; i++)
        a[i] = v_loadu(acc + col + i * VN);
    for (; j < end; j++, v += x->row) {
        const V p = v_set1(x->p[j]);
        if (x->part != NULL && !(x->part[j] > 0))
            continue;
        UNROLL
        for (int i = 0; i < nv; i++)
            a[i] = v_fma(
                p, n == VN || i < nv - 1 ? v_loadu(v + i * VN) : v_load_n(v + i * VN, (size_t)n),
                a[i]);
    }
    UNROLL
    for (int i = 0; i < nv; i++)
        v_storeu(acc + col + i * VN, a[i]);
}

/* Keys [j, end), all columns. */
static void FN(few_columns_step)(const struct FN(few_columns) *x, int j, int end, int64_t v, R *acc)
{
    int64_t c = 0;
    for (; v - c >= 8 * VN; c += 8 * VN)
        FN(few_columns_n)(x, j, end, c, VN, 8, acc);
    for (; v - c >= 4 * VN; c += 4 * VN)
        FN(few_columns_n)(x, j, end, c, VN, 4, acc);
    for (; v - c >= VN; c += VN)
        FN(few_columns_n)(x, j, end, c, VN, 1, acc);
    if (c < v)
        FN(few_columns_n)(x, j, end, c, (int)(v - c), 1, acc);
}

/* Numerators of a block into acc, which is 0 and has room for a vector more than v. */
static void FN(few_columns)(const struct FN(few_columns) *x, int64_t v, R *acc)
{
    const int64_t bytes = v * (int64_t)sizeof(R);
    for (int64_t k = 0; k < v && x->col != 1; k++) {
        R sum = 0;
        for (int j = 0; j < x->count; j++)
            if (x->part == NULL || x->part[j] > 0)
                sum = r_fma(x->p[j], x->v[j * x->row + k * x->col], sum);
        acc[k] = sum;
    }
    for (int j = 0; j < x->count && x->col == 1; j += FN(FEW_STEP)) {
        const int end = (int)int_min(x->count, j + FN(FEW_STEP));
        const char *next = (const char *)(x->v + (j + FN(FEW_STEP))*x->row);
        if (bytes >= 64 && j + 2 * FN(FEW_STEP) <= x->ahead)
            for (int64_t i = 0; i + 4 <= FN(FEW_STEP) *bytes / 64; i += 4)
                FN(pool_touch)(next + i * 64, 4);
        FN(few_columns_step)(x, j, end, v, acc);
    }
}

/* Numerators of block b of row r. */
static void FN(few_block_values)(const struct FN(pool_few) *w, int r, int b, bool suspect, R *acc)
{
    const struct pool_args *a = w->t->plan->a;
    const int from = (int)int_max(w->first, b * BLOCK), to = (int)int_min(w->end, (b + 1) * BLOCK);
    const R *p = w->s + r * SUPER_BLOCK, *part = w->part + r * SUPER_BLOCK;
    struct FN(few_columns) x = {
        .row = a->value.row, .col = a->value.col, .p = p + from, .count = to - from
    };
    if (a->value.row == a->v)
        x.ahead = a->m - (w->base + from);
    FN(pool_fill)(acc, (size_t)a->v, 0); /* there is room for whole vectors */
    if (from >= to)
        return;
    x.v = FN(pool_at)(&a->value, w->t->b, w->t->head0) + (w->base + from) * a->value.row;
    FN(few_columns)(&x, a->v, acc);
    bool nan = false;
    for (int64_t c = 0; c < a->v && suspect; c++)
        nan |= acc[c] != acc[c];
    if (!nan)
        return;
    x.part = part + from;
    FN(pool_fill)(acc, (size_t)a->v, 0);
    FN(few_columns)(&x, a->v, acc);
}

/* --- the super-block ----------------------------------------------------------------------- */

/* u and w of each merge of the blocks in order, into u[] and w[]; returns the maximum. */
static R FN(few_merge_weights)(const struct FN(pool_few) *w, R *u, R *v)
{
    const bool log = w->t->plan->has_max;
    R before[POOL_BLOCKS + VN], m = w->m[0];
    before[0] = m;
    for (int b = 1; b < POOL_BLOCKS; b++) {
        before[b] = m;
        m = w->m[b] > m ? w->m[b] : m;
    }
    for (int b = 0; b < POOL_BLOCKS; b += VN) {
        const int n = POOL_BLOCKS - b < VN ? POOL_BLOCKS - b : VN;
        V one = v_set1(1), x = one, y = one;
        if (log)
            FN(pool_merge_weights)(v_load_n(before + b, (size_t)n), v_load_n(w->m + b, (size_t)n),
                                   &x, &y);
        v_store_n(u + b, x, (size_t)n);
        v_store_n(v + b, y, (size_t)n);
    }
    return m;
}

/* A row's state from its blocks; column c of block b is acc[b * b_step + c * c_step]. */
static void FN(few_merge)(const struct FN(pool_few) *w, int r, int64_t b_step, int64_t c_step,
                          R *state)
{
    const int lanes = w->t->lanes;
    const int64_t v = w->t->plan->a->v;
    R u[POOL_BLOCKS], y[POOL_BLOCKS], l = w->l[0], sq = w->sq[0];
    state[r] = FN(few_merge_weights)(w, u, y);
    for (int b = 1; b < POOL_BLOCKS; b++) {
        l = r_fma(w->l[b], y[b], l * u[b]);
        sq = r_fma(w->sq[b], y[b] * y[b], sq * (u[b] * u[b]));
    }
    state[lanes + r] = l;
    state[2 * lanes + r] = w->t->plan->squares ? sq : 0;
    R *sum = w->acc + POOL_BLOCKS * (v + VN);
    if (c_step == 1 && v >= VN) {
        for (int64_t c = 0; c < v; c += VN) {
            V a = v_loadu(w->acc + c);
            for (int b = 1; b < POOL_BLOCKS; b++)
                a = FN(pool_merged)(a, v_loadu(w->acc + b * b_step + c), v_set1(u[b]),
                                    v_set1(y[b]));
            v_storeu(sum + c, a);
        }
        for (int64_t c = 0; c < v; c++)
            state[(3 + c) * lanes + r] = sum[c];
        return;
    }
    for (int64_t c = 0; c < v; c++) {
        R a = w->acc[c * c_step];
        for (int b = 1; b < POOL_BLOCKS; b++)
            a = r_fma(w->acc[b * b_step + c * c_step], y[b], a * u[b]);
        state[(3 + c) * lanes + r] = a;
    }
}

/* Row r of the super-block's state. */
static void FN(few_row)(const struct FN(pool_few) *w, int r, R *state)
{
    const struct FN(pool_plan) *p = w->t->plan;
    const struct pool_args *a = p->a;
    const bool all = FN(few_sees_all)(w, r), suspect = !all || p->compact;
    if (!all)
        FN(few_sight)(w, r);
    FN(few_weights)(w, r);
    const R *v = NULL;
    if (a->v == 1 && a->value.row == 1 && w->complete)
        v = (const R *)(const void *)(FN(pool_at)(&a->value, w->t->b, w->t->head0) + w->base);
    FN(few_sums)(w, w->s + r * SUPER_BLOCK, v);
    if (v != NULL && !(suspect && FN(pool_any_nan)(w->acc, POOL_BLOCKS))) {
        FN(few_merge)(w, r, 1, 0, state);
        return;
    }
    for (int b = 0; b < POOL_BLOCKS && a->v > 0; b++)
        FN(few_block_values)(w, r, b, suspect, w->acc + b * (a->v + VN));
    FN(few_merge)(w, r, a->v + VN, 1, state);
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
    w->zeros = false;
    if (a->key_weights.data != NULL) {
        const FN(pool_any) *from = FN(pool_at)(&a->key_weights, t->b, t->head0);
        for (int o = w->first / VN * VN; o < (w->end + VN - 1) / VN * VN; o++) {
            const bool there = o >= w->first && o < w->end;
            w->weights[o] = there ? from[(w->base + o) * a->key_weights.col] : 0;
            w->zeros |= there && w->weights[o] == 0;
        }
    }
    FN(few_measure)(w);
    for (int r = 0; r < t->count; r++)
        FN(few_row)(w, r, state);
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
