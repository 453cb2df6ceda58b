/* SPDX-License-Identifier: Apache-2.0 */

/* v_fma and v_fnma lane by lane, for builds without the instruction: SIMDe's round twice there. A
 * vec header includes this once v_loadu, v_storeu and v_neg are known. */
#ifndef BACKENDS_SIMD_VEC_FMA_H
#define BACKENDS_SIMD_VEC_FMA_H

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
