/* SPDX-License-Identifier: Apache-2.0 */

/* Kernels without a maximum, from measures to sums in one pass: a regression on one
 * column of values with no mask in sight. Four vectors of rows only. */
#ifndef BACKENDS_SIMD_POOL_FUSED_H
#define BACKENDS_SIMD_POOL_FUSED_H

#include "backends/kernel_traits.h"
#include "backends/simd/math/kernels.h"
#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"

struct pool_fused {
    const struct pool_pairs *x; /* of linear measures, which are not computed before */
    const real *s;              /* squares, which are */
    const element *v;
    int64_t v_row;
    real *l, *sq, *acc; /* sq may be NULL */
};

/* The weight of a pair: its factor, 0 outside the support, in a short form for polynomials. A NaN
 * stays. */
VEC_FN vec pool_fused_weight(const attpool_kernel_name name, vec u, vec u2)
{
    const vec one = v_set1(1), zero = v_zero();
    vec g;
    switch (name) {
    case ATTPOOL_BOXCAR:
        return v_unless(v_ge(u2, one), v_fma(u2, zero, one));
    case ATTPOOL_TRIANGULAR:
        return v_raise_to(v_sub(one, u), zero);
    case ATTPOOL_EPANECHNIKOV:
        return v_raise_to(v_sub(one, u2), zero);
    case ATTPOOL_BIWEIGHT:
        g = v_raise_to(v_sub(one, u2), zero);
        return v_mul(g, g);
    case ATTPOOL_TRIWEIGHT:
        g = v_raise_to(v_sub(one, u2), zero);
        return v_mul(v_mul(g, g), g);
    case ATTPOOL_TRICUBE:
        g = v_raise_to(v_fnma(u2, u, one), zero);
        return v_mul(v_mul(g, g), g);
    default:
        g = kernel_factor(name, u, u2);
        return kernel_is_compact((int32_t)name) ? v_unless(v_ge(u2, one), g) : g;
    }
}

VEC_FN void pool_fused_n(const struct pool_fused *t, const attpool_kernel_name name,
                         const bool linear)
{
    enum { NV = POOL_VECTORS };
    const struct pool_pairs *x = t->x;
    const real one = 1;
    const real *scale = x->point_scale != NULL ? x->point_scale : &one;
    const int64_t scale_row = x->point_scale != NULL ? x->scale_row : 0;
    const bool root = !kernel_takes_square((int32_t)name);
    const real *s = t->s;
    vec l[NV], acc[NV], q[NV], sq[NV];
    UNROLL_FOR (int i = 0; i < NV; i++) {
        l[i] = acc[i] = sq[i] = v_zero();
        q[i] = linear ? v_loadu(x->lane + i * LANES) : v_zero();
    }
    for (int j = 0; j < x->count; j++, s += NV * LANES) {
        const vec value = v_set1(get(t->v + j * t->v_row)), w = v_set1(scale[j * scale_row]);
        const vec point = v_set1(get(x->point + j * x->row));
        vec p[NV];
        UNROLL_FOR (int i = 0; i < NV; i++) {
            vec u, u2;
            if (linear) {
                u = v_mul(v_sub(q[i], point), w);
                u2 = v_mul(u, u);
                u = v_abs(u);
            } else {
                u2 = v_loadu(s + i * LANES);
                u = root ? v_sqrt(u2) : u2;
            }
            p[i] = pool_fused_weight(name, u, u2);
            l[i] = v_add(l[i], p[i]);
            acc[i] = v_fma(p[i], value, acc[i]);
        }
        if (t->sq != NULL)
            UNROLL_FOR (int i = 0; i < NV; i++)
                sq[i] = v_fma(p[i], p[i], sq[i]);
    }
    UNROLL_FOR (int i = 0; i < NV; i++) {
        v_storeu(t->l + i * LANES, l[i]);
        v_storeu(t->acc + i * LANES, acc[i]);
        if (t->sq != NULL)
            v_storeu(t->sq + i * LANES, sq[i]);
    }
}

VEC_FN void pool_fused_all(const struct pool_fused *t, const attpool_kernel_name name, bool linear)
{
    if (kernel_has_log((int32_t)name) || !pool_has_step(name))
        return;
    if (linear)
        pool_fused_n(t, name, true);
    else
        pool_fused_n(t, name, false);
}

static void pool_fused(const struct pool_fused *t, attpool_kernel_name name, bool linear)
{
    switch (name) {
#define POOL_FUSED(NAME, ...)                                                                      \
    case ATTPOOL_##NAME:                                                                           \
        pool_fused_all(t, ATTPOOL_##NAME, linear);                                                 \
        break;
        KERNEL_TABLE(POOL_FUSED)
#undef POOL_FUSED
    }
}

#endif
