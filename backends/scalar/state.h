/* SPDX-License-Identifier: Apache-2.0 */

/* The state of a row after some keys: how it begins, grows and merges. */
#ifndef BACKENDS_SCALAR_STATE_H
#define BACKENDS_SCALAR_STATE_H

#include "backends/scalar/number.h"

#include <stdbool.h>

/* Sums of the weights, of their squares, and of weights times values, all relative to 2^(4 max);
 * out of the log domain max is 0. The squares have a factor 2^(2 exponent) besides. */
struct state {
    real max, sum, square;
    int exponent;
    real *acc; /* v of them */
};

/* What each side of a merge is multiplied by. */
static inline void merge_factors(real left_max, real right_max, real *left, real *right)
{
    real e = r_weight_exp2(-4 * r_abs(left_max - right_max));
    *left = right_max > left_max ? e : 1;
    *right = right_max > left_max ? 1 : e;
}

/* x 2^(2n). */
static inline real shifted(real x, int n)
{
    real power = r_power_of_two(n < -REAL(EXPONENT_MOST) ? -REAL(EXPONENT_MOST) : n);
    return x * power * power;
}

/* Sums of squares, either of which may have an exponent. */
static inline void squares_merge(struct state *left, const struct state *right)
{
    if (right->square == 0)
        return;
    if (left->square == 0) {
        left->square = right->square;
        left->exponent = right->exponent;
        return;
    }
    int exponent = left->exponent > right->exponent ? left->exponent : right->exponent;
    left->square = shifted(left->square, left->exponent - exponent) +
                   shifted(right->square, right->exponent - exponent);
    left->exponent = exponent;
}

static inline void state_merge(bool has_max, struct state *left, const struct state *right,
                               int64_t v)
{
    real u, w;
    merge_factors(left->max, right->max, &u, &w);
    left->max = keep_max(left->max, right->max);
    left->sum = r_fma(right->sum, w, left->sum * u);
    if (has_max)
        left->square = r_fma(right->square, w * w, left->square * (u * u));
    else
        squares_merge(left, right);
    for (int64_t c = 0; c < v; c++)
        left->acc[c] = r_fma(right->acc[c], w, left->acc[c] * u);
}

/* Nothing is left of the sign of a zero, which depends on what was skipped. */
static inline real quotient(real acc, real sum)
{
    return (acc + 0) / (sum + 0);
}

/* L of a row that is not empty. */
static inline real log_sum(bool has_max, real max, real sum)
{
    return has_max ? r_fma(max, 4 * REAL(LN2), r_log(sum)) : r_log(sum);
}

#endif
