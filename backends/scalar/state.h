/* SPDX-License-Identifier: Apache-2.0 */

/* The state of some keys of a row, and what becomes of it. */
#ifndef BACKENDS_SCALAR_STATE_H
#define BACKENDS_SCALAR_STATE_H

#include "backends/scalar/number.h"

/* Sums of the weights, of their squares, and of weights times values, all relative to 2^max. */
struct state {
    real max, sum, square;
    real *acc; /* v of them */
};

/* What each side of a merge is multiplied by. */
static inline void merge_factors(real left_max, real right_max, real *left, real *right)
{
    real e = r_weight_exp2(-r_abs(left_max - right_max));
    *left = right_max > left_max ? e : 1;
    *right = right_max > left_max ? 1 : e;
}

static inline void state_merge(struct state *left, const struct state *right, int64_t v)
{
    real u, w;
    merge_factors(left->max, right->max, &u, &w);
    left->max = keep_max(left->max, right->max);
    left->sum = r_fma(right->sum, w, left->sum * u);
    left->square = r_fma(right->square, w * w, left->square * (u * u));
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
    return has_max ? r_fma(max, REAL(LN2), r_log(sum)) : r_log(sum);
}

#endif
