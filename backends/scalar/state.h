/* SPDX-License-Identifier: Apache-2.0 */

/* Template: the state of some keys of a row, and what becomes of it. */

/* Sums of the weights, of their squares, and of weights times values, all relative to 2^max. */
#define STATE FN(state)
struct STATE {
    T max, sum, square;
    T *acc; /* v of them */
};

/* What each side of a merge is multiplied by. */
static inline void FN(merge_factors)(T left_max, T right_max, T *left, T *right)
{
    T e = FN(weight_exp2)(-FABS(left_max - right_max));
    *left = right_max > left_max ? e : 1;
    *right = right_max > left_max ? 1 : e;
}

static inline void FN(state_merge)(struct STATE *left, const struct STATE *right, int64_t v)
{
    T u, w;
    FN(merge_factors)(left->max, right->max, &u, &w);
    left->max = FN(keep_max)(left->max, right->max);
    left->sum = FMA(right->sum, w, left->sum * u);
    left->square = FMA(right->square, w * w, left->square * (u * u));
    for (int64_t c = 0; c < v; c++)
        left->acc[c] = FMA(right->acc[c], w, left->acc[c] * u);
}

/* Nothing is left of the sign of a zero, which depends on what was skipped. */
static inline T FN(quotient)(T acc, T sum)
{
    return (acc + 0) / (sum + 0);
}

/* L of a row that is not empty. */
static inline T FN(log_sum)(bool has_max, T max, T sum)
{
    return has_max ? FMA(max, T_LN2, FN(log)(sum)) : FN(log)(sum);
}
