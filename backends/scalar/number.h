/* SPDX-License-Identifier: Apache-2.0 */

/* Template: elements of arrays, and the small steps of NUMERICS.md that all operations share. */
#include "backends/scalar/view.h"

static inline T FN(get)(struct view view, int64_t row, int64_t col)
{
    T x;
    memcpy(&x, view_at(view, row, col), sizeof x);
    return x;
}

/* For results: a NaN is stored as the positive quiet one. */
static inline void FN(put)(struct view view, int64_t row, int64_t col, T x)
{
    x = FN(canonical_nan)(x);
    memcpy(view_at(view, row, col), &x, sizeof x);
}

/* a b rounded up, a and b >= 0. */
static inline T FN(product_up)(T a, T b)
{
    T p = a * b;
    return FMA(a, b, -p) > 0 ? FN(as_real)(FN(as_bits)(p) + 1) : p;
}

/* The larger; NaN is passed over. */
static inline T FN(keep_max)(T m, T t)
{
    return t > m ? t : m;
}

/* 2^(c x - top) for a top that is the largest c x, rounded. Where that rounding is not small
 * the difference of two rounded numbers is taken, which is 0 for the largest. */
static inline T FN(relative)(T c, T x, T top)
{
    return FN(weight_exp2)(FABS(top) < T_BIG ? FMA(c, x, -top) : c * x - top);
}
