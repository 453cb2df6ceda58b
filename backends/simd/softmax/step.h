/* SPDX-License-Identifier: Apache-2.0 */

/* The step of a softmax row: as many scores as its sum has lanes. */
#ifndef BACKENDS_SIMD_SOFTMAX_STEP_H
#define BACKENDS_SIMD_SOFTMAX_STEP_H

#include "backends/simd/math/powers.h"
#include "backends/simd/math/relative.h"

enum { softmax_step = REAL(SOFTMAX_LANES), softmax_vectors = softmax_step / LANES };

/* Counting t down from n - 1 to 1, the sums x[halved(t)] += x[t] halve n numbers to one: t and
 * its partner are half the remaining length apart. */
static inline int halved(int t)
{
    return t - (1 << (31 - __builtin_clz((unsigned)t)));
}

VEC_FN vec softmax_extreme(vec extreme, vec x, bool smallest)
{
    return smallest ? v_min_keep(extreme, x) : v_max_keep(extreme, x);
}

/* e of n vectors relative to m, of which `top` is -4m, or m itself where it is `large`. */
VEC_FN void softmax_powers(vec *x, vec c, vec maximum, bool large, const int n)
{
    UNROLL_FOR (int i = 0; i < n; i++)
        x[i] = large ? v_relative(c, x[i], v_zero(), maximum) : v_fma(c, x[i], maximum);
    weight_powers(x, n, false);
}

#endif
