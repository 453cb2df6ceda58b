/* SPDX-License-Identifier: Apache-2.0 */

/* A row of G from what was measured of its pairs. */
#ifndef BACKENDS_SIMD_KERNEL_VALUES_H
#define BACKENDS_SIMD_KERNEL_VALUES_H

#include "backends/simd/array.h"
#include "backends/simd/integers.h"
#include "backends/simd/kernel/measure.h"
#include "backends/simd/kernel/plan.h"
#include "backends/simd/math/elementary.h"
#include "backends/simd/math/kernels.h"
#include "backends/simd/math/powers.h"

/* Vectors of G from what was measured: S, or u where linear. */
VEC_FN void kernel_values(attpool_kernel_name name, bool linear, vec *x, const vec *square, vec c,
                          const int n)
{
    vec e[KERNEL_VALUES];
    UNROLL_FOR (int i = 0; i < n; i++) {
        const vec u2 = linear ? v_mul(x[i], x[i]) : v_mul(x[i], square[i]);
        const vec u = linear ? x[i] : kernel_takes_square((int32_t)name) ? u2 : v_sqrt(u2);
        e[i] = v_mul(c, name == ATTPOOL_GAUSSIAN ? u2 : u);
        x[i] = kernel_factor(name, u, u2);
        if (kernel_is_compact((int32_t)name))
            x[i] = v_where(kernel_inside(linear ? u : u2), x[i]);
    }
    if (kernel_has_log((int32_t)name)) {
        full_powers(e, n);
        UNROLL_FOR (int i = 0; i < n; i++)
            x[i] = kernel_has_factor((int32_t)name) ? v_mul(e[i], x[i]) : e[i];
    }
    UNROLL_FOR (int i = 0; i < n; i++)
        x[i] = v_canonical_nan(x[i]);
}

/* Vectors from j on of a row of the radial form; `cut`: all but the first keys are absent. */
VEC_FN void kernel_piece(attpool_kernel_name name, bool linear, const real *x, const real *square,
                         bool by_key, vec c, element *g, int64_t j, const int n, size_t cut)
{
    vec y[KERNEL_VALUES], s[KERNEL_VALUES];
    UNROLL_FOR (int i = 0; i < n; i++) {
        y[i] = v_loadu(x + j + i * LANES);
        s[i] = by_key ? v_loadu(square + j + i * LANES) : v_set1(*square);
    }
    kernel_values(name, linear, y, s, c, n);
    UNROLL_FOR (int i = 0; i < n; i++) {
        if (cut != 0)
            v_store_n(g + j + i * LANES, y[i], cut);
        else
            v_storeu(g + j + i * LANES, y[i]);
    }
}

/* A row of the radial form: `square` is W2 of the row or of each key. */
VEC_FN void kernel_row_of(attpool_kernel_name name, bool linear, const real *x, int64_t keys,
                          const real *square, bool by_key, real factor, element *g)
{
    const int n = kernel_has_log((int32_t)name) ? KERNEL_VALUES : 1;
    const vec c = v_set1(factor);
    int64_t j = 0;
    for (; name == ATTPOOL_CONSTANT && j < keys; j++) /* nothing was measured */
        put(g + j, 1);
    for (; j + n * LANES <= keys; j += n * LANES)
        kernel_piece(name, linear, x, square, by_key, c, g, j, n, 0);
    for (; j < keys; j += LANES)
        kernel_piece(name, linear, x, square, by_key, c, g, j, 1, (size_t)int_min(LANES, keys - j));
}

/* Gaussians with one bandwidth and few coordinates, without a plane between: vectors from j on. */
VEC_FN void kernel_fused_piece(const struct measure *m, bool scaled, vec c, element *g, int64_t j,
                               const int n, size_t cut)
{
    vec s[KERNEL_VALUES];
    UNROLL_FOR (int i = 0; i < n; i++)
        s[i] = v_zero();
    for (int64_t k = 0; k < m->depth; k++) {
        const vec q = v_set1(m->q[k]), scale = v_set1(*m->scale);
        UNROLL_FOR (int i = 0; i < n; i++) {
            vec z = v_sub(q, v_loadu(m->k + in_panels(m->depth, k, j + i * LANES)));
            if (scaled)
                z = v_mul(z, scale);
            s[i] = v_fma(z, z, s[i]);
        }
    }
    UNROLL_FOR (int i = 0; i < n; i++)
        s[i] = v_mul(c, s[i]);
    full_powers(s, n);
    UNROLL_FOR (int i = 0; i < n; i++) {
        s[i] = v_canonical_nan(s[i]);
        if (cut != 0)
            v_store_n(g + j + i * LANES, s[i], cut);
        else
            v_storeu(g + j + i * LANES, s[i]);
    }
}

VEC_FN void kernel_fused_row(const struct measure *m, bool scaled, real factor, element *g)
{
    const int n = KERNEL_VALUES;
    const vec c = v_set1(factor);
    int64_t j = 0;
    for (; j + n * LANES <= m->keys; j += n * LANES)
        kernel_fused_piece(m, scaled, c, g, j, n, 0);
    for (; j < m->keys; j += LANES)
        kernel_fused_piece(m, scaled, c, g, j, 1, (size_t)int_min(LANES, m->keys - j));
}

/* Vectors from j on of a row of the product form; `cut`: all but the first keys are absent. */
VEC_FN void kernel_product_piece(bool has_log, const real *x, int64_t plane, element *g, int64_t j,
                                 const int n, size_t cut)
{
    vec e[KERNEL_VALUES];
    UNROLL_FOR (int i = 0; i < n; i++)
        e[i] = v_loadu(x + j + i * LANES);
    if (has_log)
        full_powers(e, n);
    UNROLL_FOR (int i = 0; i < n; i++) {
        const vec factor = v_loadu(x + plane + j + i * LANES);
        const vec_mask outside = v_eq(v_loadu(x + 2 * plane + j + i * LANES), v_set1(1));
        const vec y = has_log ? v_mul(e[i], factor) : factor;
        const vec value = v_select(v_isnan(y), v_set1(REAL_NAN), v_unless(outside, y));
        if (cut != 0)
            v_store_n(g + j + i * LANES, value, cut);
        else
            v_storeu(g + j + i * LANES, value);
    }
}

VEC_FN void kernel_product_row(bool has_log, const real *x, int64_t plane, int64_t keys, element *g)
{
    const int n = KERNEL_VALUES;
    int64_t j = 0;
    for (; j + n * LANES <= keys; j += n * LANES)
        kernel_product_piece(has_log, x, plane, g, j, n, 0);
    for (; j < keys; j += LANES)
        kernel_product_piece(has_log, x, plane, g, j, 1, (size_t)int_min(LANES, keys - j));
}

#endif
