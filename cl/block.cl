/* SPDX-License-Identifier: Apache-2.0 */

/* A block of a row in scratch memory, from its scores to its weights and its state; and merges. */

#ifndef WORD_SPACE
#define WORD_SPACE __global
#endif

/* The words of a row's block, `stride` apart, and which are looked at: from, from + step, .. */
typedef struct {
    WORD_SPACE WORD *x;
    int stride, from, step;
} block_words;

#define EACH_WORD(n, words) for (int n = (words).from; n < BLOCK; n += (words).step)

/* m of these, -GREATEST where no key is visible. */
static REAL block_top(block_words words, REAL c)
{
    REAL best = c > 0 ? -GREATEST : GREATEST;
    bool any = false;
    EACH_WORD(n, words)
    {
        WORD word = words.x[n * words.stride];
        REAL t = AS_REAL(word);
        bool in = word != MASKED;
        any = any || in;
        best = in && (c > 0 ? t > best : t < best) ? t : best;
    }
    return any ? maximum_of(c, best) : -GREATEST;
}

/* The same of keys with weights; `a` is that of the block's first key. */
static REAL weighted_top(block_words words, REAL c, __global const REAL *a, long col)
{
    REAL top = -GREATEST;
    EACH_WORD(n, words)
    {
        WORD word = words.x[n * words.stride];
        if (word == MASKED)
            continue;
        REAL weight = a[n * col];
        REAL h = quarter(c, AS_REAL(word), take_exponent(&weight));
        top = h > top ? h : top;
    }
    return top;
}

/* That which weights are relative to; of parts of a block, the largest. */
static REAL top_of(weighing how, bool evenly, int special, REAL scale,
                   __global const REAL *key_weights, long col, block_words words)
{
    REAL top = 0;
    if (how.log_domain && !evenly && how.has_key_weights)
        top = weighted_top(words, scale, key_weights, col);
    else if (how.log_domain && !evenly)
        top = block_top(words, scale);
    if (special == NEAR_KEYS && CONSTANT(NEAR_LIMIT) > top)
        top = CONSTANT(NEAR_LIMIT);
    return top;
}

/* Scores become weights. factors: those of has_factor, laid out as the words. */
static void weigh_words(weighing how, bool evenly, REAL scale, REAL top,
                        __global const REAL *key_weights, long col, block_words words,
                        WORD_SPACE const WORD *factors)
{
    EACH_WORD(n, words)
    {
        WORD word = words.x[n * words.stride];
        if (word == MASKED)
            continue;
        REAL factor = how.has_factor ? AS_REAL(factors[n * words.stride]) : (REAL)1;
        REAL a = how.has_key_weights ? key_weights[n * col] : (REAL)1;
        REAL weight = clean(weight_of(how, true, scale, top, AS_REAL(word), factor, a));
        words.x[n * words.stride] = AS_WORD(evenly ? (REAL)1 : weight);
    }
}

/* Is a sum of squares possibly one of weights so small or large that it needs an exponent? */
static bool is_out_of_range(REAL sum, REAL squares)
{
    return sum != 0 && !(squares >= CONSTANT(SQUARES_LEAST) && squares <= CONSTANT(SQUARES_MOST));
}

/* The exponent r of a block's squares, by the largest of its weights, and the squares again. */
static REAL scale_squares(block_words weights, REAL *squares)
{
    REAL most = 0, sq = 0;
    int r = 0;
    for (int n = 0; n < BLOCK; n++) {
        WORD word = weights.x[n * weights.stride];
        REAL p = fabs(AS_REAL(word));
        most = word != MASKED && p > most ? p : most;
    }
    if (most == 0 || (most >= CONSTANT(WEIGHT_LEAST) && most < CONSTANT(WEIGHT_MOST)))
        return 0;
    TYPED(split)(AS_WORD(most), &r);
    r = clamp(r, -CONSTANT(EXPONENT_MOST), CONSTANT(EXPONENT_MOST));
    for (int n = 0; n < BLOCK; n++) {
        WORD word = weights.x[n * weights.stride];
        REAL p = AS_REAL(word) * power_of_two(-r);
        sq = word != MASKED ? fma(p, p, sq) : sq;
    }
    *squares = sq;
    return r;
}

/* l and sq of all weights of a block, in their order. Out of the log domain, *top becomes the
 * exponent of sq. */
static void sum_weights(weighing how, bool evenly, block_words weights, REAL *top, REAL *state_l,
                        REAL *state_sq)
{
    REAL l = 0, sq = 0;
    IN_ORDER
    for (int n = 0; n < BLOCK; n++) {
        WORD word = weights.x[n * weights.stride];
        if (word == MASKED)
            continue;
        l += AS_REAL(word);
        sq = fma(AS_REAL(word), AS_REAL(word), sq);
    }
    if (how.has_squares && !how.log_domain && !evenly && is_out_of_range(l, sq))
        *top = scale_squares(weights, &sq);
    *state_l = l;
    *state_sq = sq;
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
