/* SPDX-License-Identifier: Apache-2.0 */

/* Template: weights of few rows and a super-block, and their sums (pool_few.h). */

/* Maxima of the blocks of a row, from its scores or, where these are known, their extremes, into
 * m; true where one of them is large. */
static bool FN(few_maxima)(const struct FN(pool_few) *w, const R *s, const R *ends, R *m)
{
    enum { VECTORS = FN(FEW_WIDE) / VN };
    const struct FN(pool_plan) *p = w->t->plan;
    const V c = v_set1(p->c), limit = v_set1((R)(R_BITS == 32 ? 0x1p24 : 0x1p53));
    M small = m_not(m_first(0));
    V end[4];
    UNROLL
    for (int i = 0; i < 4; i++)
        end[i] = ends != NULL ? v_loadu(ends + i * VN) : v_set1(p->low ? R_MAX : -R_MAX);
    for (int x = 0; x < SUPER_BLOCK && ends == NULL; x += 4 * VN)
        UNROLL
    for (int i = 0; i < 4; i++)
        end[i] = FN(pool_extreme)(p->low, end[i], v_loadu(s + x + i * VN));
    UNROLL
    for (int i = VECTORS; i < 4; i++)
        end[i % VECTORS] = FN(pool_extreme)(p->low, end[i % VECTORS], end[i]);
    if (VN > (int)POOL_BLOCKS) { /* blocks come in pieces */
        R twice[2 * VN];
        v_storeu(twice, end[0]);
        v_storeu(twice + VN, end[0]);
        end[0] = FN(pool_extreme)(p->low, end[0], v_loadu(twice + POOL_BLOCKS));
    }
    UNROLL
    for (int i = 0; i < VECTORS; i++) {
        const V max = v_max_keep(v_set1(-R_MAX), v_mul(c, end[i]));
        small = m_and(small, v_lt(v_abs(max), limit));
        v_storeu(m + i * VN, max);
    }
    return !m_all(small);
}

/* Where the next super-block's keys and values lie, in bytes; they come while there is work. */
struct FN(few_next) {
    uintptr_t k, v;     /* v may be 0: it does not come */
    size_t coordinates; /* of keys that come */
};

static struct FN(few_next) FN(few_next_of)(const struct FN(pool_few) *w)
{
    const int64_t next = w->base + SUPER_BLOCK, d = w->t->plan->a->d;
    struct FN(few_next) x = { 0 };
    const bool lie = w->from_k.row == d && (w->from_k.col == 1 || d == 1);
    if (lie && d * SUPER_BLOCK * (int)sizeof(R) <= 16 << 10) { /* more turns up by itself */
        x.k = (uintptr_t)(w->from_k.x + next * d);
        x.coordinates = (size_t)d;
    }
    if (w->from_v.x != NULL && w->from_v.row == 1)
        x.v = (uintptr_t)(w->from_v.x + next);
    return x;
}

/* 4 vectors. */
VEC_FN void FN(few_fetch)(uintptr_t x)
{
    UNROLL
    for (size_t i = 0; i < 4 * VN * sizeof(R); i += 64)
        vec_prefetch((const void *)(x + i));
}

VEC_FN void FN(few_ahead)(const struct FN(few_next) *x, size_t at)
{
    for (size_t c = 0; c < x->coordinates; c++)
        FN(few_fetch)(x->k + (at * x->coordinates + c * 4 * VN) * sizeof(R));
    if (x->v != 0)
        FN(few_fetch)(x->v + at * sizeof(R));
}

/* A row of weights. */
struct FN(few_sums) {
    R *s;                     /* scores, then weights */
    const R *minus;           /* 4 vectors, or NULL: s are the weights */
    const R *factor, *weight; /* or NULL */
    const R *v, *part;        /* or NULL */
    bool keep;                /* the weights, in s */
    R c;
    R *l, *sq, *sum; /* of the blocks */
};

/* 4 vectors of weights from number x on, into t, and s where they are kept. */
VEC_FN void FN(few_group)(const struct FN(few_sums) *w, int x, V *t, const bool log,
                          const bool more, bool keep)
{
    R *s = w->s + x;
    UNROLL
    for (int i = 0; i < 4; i++) {
        t[i] = v_loadu(s + i * VN);
        if (log)
            t[i] = v_fma(v_set1(w->c), t[i], v_loadu(w->minus + i * VN));
    }
    if (log)
        FN(weight_powers)(t, 4);
    UNROLL
    for (int i = 0; i < 4; i++) {
        if (more && w->factor != NULL)
            t[i] = v_mul(t[i], v_loadu(w->factor + x + i * VN));
        if (more && w->weight != NULL)
            t[i] = v_mul(t[i], v_loadu(w->weight + x + i * VN));
        if (keep)
            v_storeu(s + i * VN, t[i]);
    }
}

/* Weights from number x on, POOL_BLOCKS at a time, `rows` times, each FEW_WIDE further on; they
 * are in t or, where that is NULL, in memory. */
VEC_FN void FN(few_add)(const struct FN(few_sums) *w, int x, const V *t, int rows, V *l, V *sq,
                        V *sum, const bool one, const bool more)
{
    const int wide = FN(FEW_WIDE), vectors = VN < (int)POOL_BLOCKS ? POOL_BLOCKS / VN : 1;
    UNROLL
    for (int k = 0; k < rows; k++, x += wide)
        UNROLL
    for (int i = 0; i < vectors; i++) {
        const V p = t != NULL ? t[k * vectors + i] : v_loadu(w->s + x + i * VN);
        l[i] = v_add(l[i], p);
        if (more)
            sq[i] = v_fma(p, p, sq[i]);
        if (!one)
            continue;
        V to = v_fma(p, v_loadu(w->v + x + i * VN), sum[i]);
        if (more && w->part != NULL)
            to = v_select(v_gt(v_loadu(w->part + x + i * VN), v_zero()), to, sum[i]);
        sum[i] = to;
    }
}

/* Sums of weights that are made on the way. Where a vector holds two keys of a block they come
 * from memory, once the later ones have been made. `next` comes ahead, or is NULL. */
VEC_FN void FN(few_sums_of)(const struct FN(few_sums) *all, const struct FN(few_next) *next,
                            const bool log, const bool one, const bool more)
{
    enum {
        GROUP = 4 * VN,
        ROWS = GROUP / FN(FEW_WIDE),
        VECTORS = VN < (int)POOL_BLOCKS ? (int)POOL_BLOCKS / VN : 1
    };
    const bool pieces = VN > (int)POOL_BLOCKS;
    const struct FN(few_sums) one_row = *all, *w = &one_row;
    V l[VECTORS], sq[VECTORS], sum[VECTORS], t[4];
    UNROLL
    for (int i = 0; i < VECTORS; i++)
        l[i] = sq[i] = sum[i] = v_zero();
    for (int x = 0; x < SUPER_BLOCK; x += GROUP) {
        FN(few_group)(w, x, t, log, more, pieces || w->keep);
        if (!pieces)
            FN(few_add)(w, x, t, ROWS, l, sq, sum, one, more);
        if (next != NULL)
            FN(few_ahead)(next, (size_t)x);
    }
    for (int x = 0; x < FN(FEW_WIDE) &&pieces; x += POOL_BLOCKS)
        for (int k = 0; k < FN(FEW_RUN); k += ROWS)
            FN(few_add)(w, x + k * FN(FEW_WIDE), NULL, ROWS, l, sq, sum, one, more);
    for (int i = 0; i < VECTORS; i++) {
        v_storeu(w->l + i * VN, l[i]);
        v_storeu(w->sq + i * VN, sq[i]);
        v_storeu(w->sum + i * VN, sum[i]);
    }
}

static void FN(few_sums)(const struct FN(few_sums) *w, const struct FN(few_next) *next, bool more)
{
    const bool one = w->v != NULL, log = w->minus != NULL;
    switch (log * 4 + one * 2 + more) {
    case 0:
        FN(few_sums_of)(w, next, false, false, false);
        break;
    case 1:
        FN(few_sums_of)(w, next, false, false, true);
        break;
    case 2:
        FN(few_sums_of)(w, next, false, true, false);
        break;
    case 3:
        FN(few_sums_of)(w, next, false, true, true);
        break;
    case 4:
        FN(few_sums_of)(w, next, true, false, false);
        break;
    case 5:
        FN(few_sums_of)(w, next, true, false, true);
        break;
    case 6:
        FN(few_sums_of)(w, next, true, true, false);
        break;
    default:
        FN(few_sums_of)(w, next, true, true, true);
    }
}

/* Scores less maxima so large that their own rounding matters. */
static void FN(few_large)(const struct FN(pool_few) *w, R *s, const R *m)
{
    const V c = v_set1(w->t->plan->c), limit = v_set1((R)(R_BITS == 32 ? 0x1p24 : 0x1p53));
    for (int x = 0; x < SUPER_BLOCK; x += VN) {
        const V max = v_loadu(m + x % FN(FEW_WIDE)), score = v_loadu(s + x);
        const V two = v_sub(v_mul(c, score), max);
        v_storeu(s + x, v_select(v_lt(v_abs(max), limit), v_fma(c, score, v_neg(max)), two));
    }
}

static bool FN(few_has_nan)(const R *x, int64_t n)
{
    bool nan = false;
    for (int64_t c = 0; c < n; c++)
        nan |= x[c] != x[c];
    return nan;
}

/* Weights of row r, in the place of its scores where they are wanted again; maxima and sums of
 * its blocks. `ends` may be NULL. */
static void FN(few_weigh)(const struct FN(pool_few) *w, int r, const R *ends, bool suspect)
{
    const struct FN(pool_plan) *p = w->t->plan;
    const size_t at = FN(few_row)(w, r);
    R minus[4 * VN], m[FN(FEW_WIDE)] = { 0 }, l[FN(FEW_WIDE)], sq[FN(FEW_WIDE)], sum[FN(FEW_WIDE)];
    const bool more = p->factor || p->weighted || p->squares;
    struct FN(few_sums) sums = { .s = w->s + at,
                                 .factor = p->factor ? w->factor + at : NULL,
                                 .weight = p->weighted ? w->weights : NULL,
                                 .v = p->a->v == 1 ? w->v : NULL,
                                 .keep = p->a->v > 1 || suspect,
                                 .c = p->c,
                                 .l = l,
                                 .sq = sq,
                                 .sum = sum };
    if (p->has_max) {
        const bool large = FN(few_maxima)(w, sums.s, ends, m);
        for (int i = 0; i < 4 * VN; i += VN)
            v_storeu(minus + i, large ? v_zero() : v_neg(v_loadu(m + i % FN(FEW_WIDE))));
        if (large) {
            FN(few_large)(w, sums.s, m);
            sums.c = 1;
        }
        sums.minus = minus;
    }
    const struct FN(few_next) next = FN(few_next_of)(w);
    FN(few_sums)(&sums, w->panel && r == 0 ? &next : NULL, more);
    if (sums.v != NULL && suspect && FN(few_has_nan)(sums.sum, POOL_BLOCKS)) {
        sums.minus = sums.factor = sums.weight = NULL;
        sums.part = w->part + at;
        FN(few_sums)(&sums, NULL, true);
    }
    for (int b = 0, i = w->waiting * w->t->count + r; b < POOL_BLOCKS; b++, i += w->lanes) {
        w->m[i] = m[b];
        w->l[i] = l[b];
        w->sq[i] = sq[b];
        w->sum[i] = sum[b];
    }
}
