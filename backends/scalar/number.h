/* SPDX-License-Identifier: Apache-2.0 */

/* Elements of arrays, and the small steps of NUMERICS.md that all operations share. */
#ifndef BACKENDS_SCALAR_NUMBER_H
#define BACKENDS_SCALAR_NUMBER_H

#include "backends/scalar/elementary.h"
#include "backends/scalar/matrix.h"

static inline real get(struct matrix view, int64_t row, int64_t col)
{
    real x;
    memcpy(&x, matrix_at(view, row, col), sizeof x);
    return x;
}

/* For results: a NaN is stored as the positive quiet one. */
static inline void put(struct matrix view, int64_t row, int64_t col, real x)
{
    x = r_canonical_nan(x);
    memcpy(matrix_at(view, row, col), &x, sizeof x);
}

/* a b rounded up, a and b >= 0. */
static inline real product_up(real a, real b)
{
    real p = a * b;
    return r_fma(a, b, -p) > 0 ? r_as_real(r_as_bits(p) + 1) : p;
}

/* The larger; NaN is passed over. */
static inline real keep_max(real m, real t)
{
    return t > m ? t : m;
}

#endif
