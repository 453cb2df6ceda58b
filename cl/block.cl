/* SPDX-License-Identifier: Apache-2.0 */

/* A block of a row in scratch memory, from its scores to its weights and its state; and merges. */

/* m of a block, -GREATEST where no key is visible. */
static REAL block_top(slab s, __global const WORD *x, REAL c)
{
    REAL best = c > 0 ? -GREATEST : GREATEST;
    bool any = false;
    for (int n = 0; n < BLOCK; n++) {
        WORD word = x[n * s.rows];
        REAL t = AS_REAL(word);
        bool in = word != MASKED;
        any = any || in;
        best = in && (c > 0 ? t > best : t < best) ? t : best;
    }
    return any ? maximum_of(c, best) : -GREATEST;
}

/* The same of keys with weights; `a` is that of the block's first key. */
static REAL weighted_top(slab s, __global const WORD *x, REAL c, __global const REAL *a, long col)
{
    REAL top = -GREATEST;
    for (int n = 0; n < BLOCK; n++) {
        WORD word = x[n * s.rows];
        if (word == MASKED)
            continue;
        REAL weight = a[n * col];
        REAL h = quarter(c, AS_REAL(word), take_exponent(&weight));
        top = h > top ? h : top;
    }
    return top;
}

/* Is a sum of squares possibly one of weights so small or large that it needs an exponent? */
static bool is_out_of_range(REAL sum, REAL squares)
{
    return sum != 0 && !(squares >= CONSTANT(SQUARES_LEAST) && squares <= CONSTANT(SQUARES_MOST));
}

/* The exponent r of a block's squares, by the largest of its weights, and the squares again. */
static REAL scale_squares(slab s, __global const WORD *weights, REAL *squares)
{
    REAL most = 0, sq = 0;
    int r = 0;
    for (int n = 0; n < BLOCK; n++) {
        REAL p = fabs(AS_REAL(weights[n * s.rows]));
        most = weights[n * s.rows] != MASKED && p > most ? p : most;
    }
    if (most == 0 || (most >= CONSTANT(WEIGHT_LEAST) && most < CONSTANT(WEIGHT_MOST)))
        return 0;
    TYPED(split)(AS_WORD(most), &r);
    r = clamp(r, -CONSTANT(EXPONENT_MOST), CONSTANT(EXPONENT_MOST));
    for (int n = 0; n < BLOCK; n++) {
        REAL p = AS_REAL(weights[n * s.rows]) * power_of_two(-r);
        sq = weights[n * s.rows] != MASKED ? fma(p, p, sq) : sq;
    }
    *squares = sq;
    return r;
}

/* Out of the log domain: squares with their exponents. */
static void merge_squares(REAL *r, REAL *sq, REAL right_r, REAL right_sq)
{
    REAL top = right_r > *r ? right_r : *r;
    REAL u = power_of_two(max((int)(*r - top), -CONSTANT(EXPONENT_MOST)));
    REAL w = power_of_two(max((int)(right_r - top), -CONSTANT(EXPONENT_MOST)));
    if (*sq == 0) {
        *r = right_r;
        *sq = right_sq;
    } else if (right_sq != 0) {
        *r = top;
        *sq = *sq * u * u + right_sq * w * w;
    }
}

/* The block's scores become weights relative to its largest: the state. */
static void weigh_block(slab s, weighing how, bool evenly, int special, REAL scale,
                        __global const REAL *key_weights, long col, __global WORD *x,
                        REAL *state_top, REAL *state_l, REAL *state_sq)
{
    REAL top = 0, l = 0, sq = 0;
    if (how.log_domain && !evenly && how.has_key_weights)
        top = weighted_top(s, x, scale, key_weights, col);
    else if (how.log_domain && !evenly)
        top = block_top(s, x, scale);
    if (special == NEAR_KEYS && CONSTANT(NEAR_LIMIT) > top)
        top = CONSTANT(NEAR_LIMIT);
    for (int n = 0; n < BLOCK; n++) {
        WORD word = x[n * s.rows];
        if (word == MASKED)
            continue;
        REAL factor = how.has_factor ? AS_REAL(x[(s.width + n) * s.rows]) : (REAL)1;
        REAL a = how.has_key_weights ? key_weights[n * col] : (REAL)1;
        REAL weight = clean(weight_of(how, true, scale, top, AS_REAL(word), factor, a));
        weight = evenly ? (REAL)1 : weight;
        l += weight;
        sq = fma(weight, weight, sq);
        x[n * s.rows] = AS_WORD(weight);
    }
    if (how.has_squares && !how.log_domain && !evenly && is_out_of_range(l, sq))
        top = scale_squares(s, x, &sq);
    *state_top = top;
    *state_l = l;
    *state_sq = sq;
}

static void merge_factors(REAL left, REAL right, REAL *u, REAL *w)
{
    REAL e = TYPED(weight_exp2)(-4 * fabs(left - right));
    *u = right > left ? e : (REAL)1;
    *w = right > left ? (REAL)1 : e;
}

/* m and sq of two states that are neighbours, and what their sums are multiplied by. */
static void merge_states(bool has_max, REAL *m, REAL *sq, REAL right_m, REAL right_sq, REAL *u,
                         REAL *w)
{
    *u = *w = 1;
    if (has_max) {
        merge_factors(*m, right_m, u, w);
        *m = right_m > *m ? right_m : *m;
        *sq = fma(right_sq, *w * *w, *sq * (*u * *u));
    } else {
        merge_squares(m, sq, right_m, right_sq);
    }
}
