/* SPDX-License-Identifier: Apache-2.0 */

/* From the scores of a tile's block to its weights and its state. */

typedef struct {
    VECTOR top[ROW_VECTORS], l[ROW_VECTORS], sq[ROW_VECTORS];
} fused_state;

/* Who sees what of the block: numbers of keys in it, for each row. */
typedef struct {
    SIGNED first[ROWS], end[ROWS], excluded[ROWS];
    bool whole; /* every row sees all of [from, to) */
    int from, to;
#ifdef WITH_MASKS
    __global const uchar *mask; /* of the first row and the block's first key */
    __global const REAL *bias, *key_weights;
    long mask_row, mask_col, bias_row, bias_col, key_weights_col;
    bool has_mask, has_bias, has_key_weights;
    int rows;
#endif
} fused_view;

#ifdef WITH_MASKS
#define HAS_BIAS(view) ((view)->has_bias)
#else
#define HAS_BIAS(view) false
#endif

/* Is the largest score, not the smallest, that of the largest weight? */
#define UPWARDS(view) (SCORE != POOL_KERNEL || HAS_BIAS(view))

#ifdef WITH_MASKS
/* Is key n hidden from all? */
static bool is_weightless(const fused_view *view, int n)
{
    return view->has_key_weights && view->key_weights[n * view->key_weights_col] == 0;
}

static VECTOR_TEST mask_of(const fused_view *view, int n, int x)
{
    SIGNED seen[NATIVE];
    for (int r = 0; r < NATIVE; r++) {
        int row = min(x * NATIVE + r, view->rows - 1);
        seen[r] = view->mask[row * view->mask_row + n * view->mask_col] ? -1 : 0;
    }
    return LOAD_VECTOR(seen);
}

static VECTOR bias_of(const fused_view *view, int n, int x)
{
    REAL bias[NATIVE];
    for (int r = 0; r < NATIVE; r++) {
        int row = min(x * NATIVE + r, view->rows - 1);
        bias[r] = view->bias[row * view->bias_row + n * view->bias_col];
    }
    return LOAD_VECTOR(bias);
}

/* As folded of relative.cl, of a vector and with a bias. */
static VECTOR folded_each(REAL c, REAL most, VECTOR x, VECTOR bias)
{
    if (fabs(c) > LOG2E) {
        VECTOR low = CHOOSE(x, (VECTOR)-most, x < -most);
        VECTOR both = CHOOSE(low, (VECTOR)most, low > most);
        x = CHOOSE(both, x, fabs(x) > (VECTOR)GREATEST);
    }
    return fma((VECTOR)((REAL)0.25 * c), x, bias * (VECTOR)QUARTER_LOG2E);
}
#endif

/* Scores get their bias, and those that a row does not see one of weight 0; seen: does it see any? */
static void hide_keys(VECTOR *s, VECTOR_TEST *seen, const fused_view *view, REAL c)
{
    VECTOR nothing = UPWARDS(view) ? -(REAL)INFINITY : (REAL)INFINITY;
    VECTOR_TEST first[ROW_VECTORS], end[ROW_VECTORS], excluded[ROW_VECTORS];
    EACH_VECTOR
    {
        first[x] = LOAD_VECTOR(view->first + x * NATIVE);
        end[x] = LOAD_VECTOR(view->end + x * NATIVE);
        excluded[x] = LOAD_VECTOR(view->excluded + x * NATIVE);
        seen[x] = 0;
    }
#ifdef WITH_MASKS
    REAL most = TYPED(div_rn)(CONSTANT(SCORE_MOST), fabs((REAL)0.25 * c));
#endif
    for (int n = view->from; n < view->to; n++)
        EACH_VECTOR
        {
            VECTOR_TEST at = n;
            VECTOR_TEST in = (at >= first[x]) & (at < end[x]) & (at != excluded[x]);
            VECTOR score = s[n * ROW_VECTORS + x];
#ifdef WITH_MASKS
            if (view->has_mask)
                in &= mask_of(view, n, x) != 0;
            if (view->has_bias) {
                VECTOR bias = bias_of(view, n, x);
                in &= bias != -(VECTOR)INFINITY;
                score = folded_each(c, most, score, bias);
            }
            if (is_weightless(view, n))
                in = 0;
#endif
            s[n * ROW_VECTORS + x] = CHOOSE(nothing, score, in);
            seen[x] |= in;
        }
}

/* Scores of weight 0 behind the last key, up to a multiple of WEIGHED. */
static void pad_keys(VECTOR *s, const fused_view *view)
{
    VECTOR nothing = UPWARDS(view) ? -(REAL)INFINITY : (REAL)INFINITY;
    for (int n = view->to; (n - view->from) % WEIGHED != 0; n++)
        EACH_VECTOR s[n * ROW_VECTORS + x] = nothing;
}

#ifndef FUSED_FACTOR
/* The maximum of each row, and -4 times it for the weights. false: some row's is so large that its
 * weights are not made by fma. */
static bool find_tops(VECTOR *top, VECTOR *base, const VECTOR *s, const VECTOR_TEST *seen,
                      const fused_view *view, REAL c, int special)
{
    bool up = UPWARDS(view), ordinary = true;
    VECTOR bests[WEIGHED][ROW_VECTORS], best[ROW_VECTORS];
    EACH_WEIGHED EACH_VECTOR bests[i][x] = up ? -GREATEST : GREATEST;
    const VECTOR *at = s + view->from * ROW_VECTORS;
    if (up)
        for (int n = view->from; n < view->to; n += WEIGHED, at += WEIGHED * ROW_VECTORS)
            EACH_WEIGHED
            EACH_VECTOR
            {
                VECTOR score = at[i * ROW_VECTORS + x];
                bests[i][x] = CHOOSE(bests[i][x], score, score > bests[i][x]);
            }
    else
        for (int n = view->from; n < view->to; n += WEIGHED, at += WEIGHED * ROW_VECTORS)
            EACH_WEIGHED
            EACH_VECTOR
            {
                VECTOR score = at[i * ROW_VECTORS + x];
                bests[i][x] = CHOOSE(bests[i][x], score, score < bests[i][x]);
            }
    EACH_VECTOR best[x] = bests[0][x];
    EACH_WEIGHED
    EACH_VECTOR
    {
        VECTOR_TEST better = up ? bests[i][x] > best[x] : bests[i][x] < best[x];
        best[x] = CHOOSE(best[x], bests[i][x], better);
    }
    EACH_VECTOR
    {
        const VECTOR most = CONSTANT(SCORE_MOST), least = -GREATEST, near = CONSTANT(NEAR_LIMIT);
        VECTOR h = best[x] * (VECTOR)((REAL)0.25 * c);
        VECTOR within = CHOOSE(h, -most, h < -most);
        within = CHOOSE(within, most, within > most);
        h = CHOOSE(within, h, fabs(best[x]) > (VECTOR)GREATEST);
        h = CHOOSE(least, h, h > least);
        if (!view->whole)
            h = CHOOSE(least, h, seen[x]);
        if (special == NEAR_KEYS)
            h = CHOOSE(h, near, near > h);
        top[x] = h;
        VECTOR_TEST large = !(fabs(h) < (VECTOR)CONSTANT(SCORE_LARGE));
        if (!view->whole) {
            large &= seen[x];
            h = CHOOSE((VECTOR)0, h, seen[x]);
        }
        base[x] = 0 - 4 * h;
        ordinary = ordinary && !ANY(large);
    }
    return ordinary;
}
#else
/* kernel_factor of score.cl for vectors, 0 outside of the support. u is not looked at where the kernel
 * is a function of u2. */
static VECTOR factor_each(int name, VECTOR u, VECTOR u2)
{
    VECTOR g = 1 - u2, f = 1;
    switch (name) {
    case BOXCAR:
        f = CHOOSE(f, u2, u2 != u2);
        break;
    case TRIANGULAR:
        f = 1 - u;
        break;
    case EPANECHNIKOV:
        f = g;
        break;
    case BIWEIGHT:
        f = g * g;
        break;
    case TRIWEIGHT:
        f = g * g * g;
        break;
    case TRICUBE:
        g = fma(-u2, u, (VECTOR)1);
        f = g * g * g;
        break;
    }
    return CHOOSE(f, (VECTOR)0, u2 >= (VECTOR)1);
}
#endif

#ifndef FUSED_FACTOR
WEIGHT_EXP2(weight_exp2_all, WEIGHED * ROW_VECTORS)
WEIGHT_EXP2(row_exp2, ROW_VECTORS)
#endif

/* The weights of WEIGHED keys from number n on, whose scores are at `at`. */
static void weights_at(VECTOR p[WEIGHED][ROW_VECTORS], const VECTOR *at, const VECTOR *base,
                       const fused_view *view, const fused_measure *f, bool cuts_far, int n)
{
#ifndef FUSED_FACTOR
    VECTOR c = HAS_BIAS(view) ? (REAL)4 : f->c;
    EACH_WEIGHED EACH_VECTOR p[i][x] = fma(c, at[i * ROW_VECTORS + x], base[x]);
#ifdef HAVE_F64
    VECTOR t[WEIGHED][ROW_VECTORS];
    EACH_WEIGHED EACH_VECTOR t[i][x] = p[i][x];
#endif
    weight_exp2_all((VECTOR *)p);
#ifdef HAVE_F64
    if (cuts_far)
        EACH_WEIGHED EACH_VECTOR p[i][x] =
            CHOOSE(p[i][x], (VECTOR)0, t[i][x] <= (VECTOR)CONSTANT(FAR_LIMIT));
#endif
#else
    EACH_WEIGHED
    EACH_VECTOR
    {
        VECTOR score = at[i * ROW_VECTORS + x];
        VECTOR u2 = score * (f->line ? score : (VECTOR)f->square);
        p[i][x] = factor_each(f->name, score, u2);
    }
#endif
#ifdef WITH_MASKS
    if (view->has_key_weights)
        EACH_WEIGHED
        {
            VECTOR a = view->key_weights[min(n + i, view->to - 1) * view->key_weights_col];
            EACH_VECTOR p[i][x] *= a;
        }
#endif
}

/* Into s the weights; into the state their sums; with ONE_COLUMN into `sum` those of values. false:
 * the block has to be made row by row. */
static bool weigh_keys(fused_state *b, VECTOR *s, VECTOR *sum, const fused_view *view,
                       const fused_measure *f, int special, bool cuts_far, bool squares,
                       source value, long v_row)
{
    VECTOR_TEST seen[ROW_VECTORS];
    bool ordinary = true;
    if (!view->whole)
        hide_keys(s, seen, view, f->c);
    /* not in memory that the weights might be written to */
    VECTOR base[ROW_VECTORS], l[ROW_VECTORS], sq[ROW_VECTORS], of_values[ROW_VECTORS];
    EACH_VECTOR b->top[x] = base[x] = l[x] = sq[x] = of_values[x] = 0;
    pad_keys(s, view);
#ifndef FUSED_FACTOR
    ordinary = find_tops(b->top, base, s, seen, view, HAS_BIAS(view) ? (REAL)4 : f->c, special);
#endif
    VECTOR *at = s + view->from * ROW_VECTORS;
    for (int n = view->from; n < view->to; n += WEIGHED, at += WEIGHED * ROW_VECTORS) {
        VECTOR p[WEIGHED][ROW_VECTORS];
        weights_at(p, at, base, view, f, cuts_far, n);
        EACH_WEIGHED EACH_VECTOR l[x] += p[i][x];
#ifdef ONE_COLUMN
        EACH_WEIGHED
        {
            int from = min(n + i, view->to - 1);
            EACH_VECTOR of_values[x] = fma(p[i][x], NUMBER(value, from, v_row, x), of_values[x]);
        }
        if (!squares)
            continue;
#endif
        EACH_WEIGHED EACH_VECTOR at[i * ROW_VECTORS + x] = p[i][x];
    }
    for (int n = view->from; n < view->to && squares; n++)
        EACH_VECTOR
        {
            VECTOR p = s[n * ROW_VECTORS + x];
            sq[x] = fma(p, p, sq[x]);
        }
#ifdef WITH_MASKS
    for (int n = view->from; n < view->to && view->has_key_weights; n++) {
        REAL a = view->key_weights[n * view->key_weights_col];
        ordinary = ordinary && (a == 0 || (a >= (REAL)0x1p-32f && a < (REAL)0x1p32f));
    }
#endif
#ifdef FUSED_FACTOR
    EACH_VECTOR
    if (squares) {
        VECTOR_TEST in = (sq[x] >= (VECTOR)CONSTANT(SQUARES_LEAST)) &
                         (sq[x] <= (VECTOR)CONSTANT(SQUARES_MOST));
        ordinary = ordinary && !ANY((l[x] != (VECTOR)0) & !in);
    }
#endif
    EACH_VECTOR
    {
        b->l[x] = l[x];
        b->sq[x] = sq[x];
#ifdef ONE_COLUMN
        sum[x] = of_values[x];
#endif
    }
    return ordinary;
}
