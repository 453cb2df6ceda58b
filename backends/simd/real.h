/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors of the unit's type, of the instruction set that the build names by SIMD_VECTORS: see
 * vec/contract.h. */
#ifndef BACKENDS_SIMD_REAL_H
#define BACKENDS_SIMD_REAL_H

#include "backends/real.h"
#include "backends/simd/isa.h"

#include SIMD_VECTORS

#ifndef VEC_HAS_FMA
/* Without the instruction SIMDe's fma rounds twice. */
VEC_FN vec v_fma(vec a, vec b, vec c)
{
    real x[LANES], y[LANES], z[LANES];
    v_storeu(x, a);
    v_storeu(y, b);
    v_storeu(z, c);
    for (int i = 0; i < LANES; i++)
        z[i] = r_fma(x[i], y[i], z[i]);
    return v_loadu(z);
}

VEC_FN vec v_fnma(vec a, vec b, vec c)
{
    return v_fma(v_neg(a), b, c);
}
#endif

#ifndef VEC_HAS_WHERE
VEC_FN vec v_where(vec_mask m, vec a)
{
    return v_select(m, a, v_zero());
}

VEC_FN vec v_unless(vec_mask m, vec a)
{
    return v_select(m, v_zero(), a);
}
#endif

#ifndef VEC_HAS_MAX
/* Some instructions order the zeros and spread every NaN. */
VEC_FN vec v_max_keep(vec a, vec b)
{
    return v_select(v_gt(b, a), b, a);
}

VEC_FN vec v_min_keep(vec a, vec b)
{
    return v_select(v_lt(b, a), b, a);
}

VEC_FN vec v_raise_to(vec x, vec lo)
{
    return v_select(v_lt(x, lo), lo, x);
}
#endif

#ifndef VEC_HAS_WEIGHT
/* Powers of two are made of the bits of an integer. */
#define WEIGHT_TERMS REAL(WEIGHT_POLY)
#define FAR_TERMS    REAL(FAR_POLY)
VEC_FN vec v_weight_split(vec *t, const real zero)
{
    const vec magic = v_set1(REAL(MAGIC) - zero);
    const vec x = v_raise_to(*t, v_set1(zero));
    const vec z = v_add(x, magic);
    *t = v_sub(x, v_sub(z, magic));
    return z;
}

VEC_FN vec v_weight_scale(vec p, vec z, const real zero)
{
    (void)zero; /* there the bits shifted are 0 */
    return v_mul(p, v_as_real(v_ishl(v_as_int(z), REAL_FRACTION_BITS)));
}
#endif

/* v_mask_from_bytes of the first n bytes, the other lanes unset. */
VEC_FN vec_mask v_mask_from_bytes_n(const uint8_t *p, size_t n)
{
    uint8_t bytes[LANES] = { 0 };
    memcpy(bytes, p, n);
    return v_mask_from_bytes(bytes);
}

#endif
