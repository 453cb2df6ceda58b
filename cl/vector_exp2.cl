/* SPDX-License-Identifier: Apache-2.0 */

/* weight_exp2 of elementary.cl, of each number of a vector. */
static VECTOR weight_exp2_each(VECTOR t)
{
    t = CHOOSE(t, (VECTOR)CONSTANT(EXP2_ZERO), t < (VECTOR)CONSTANT(EXP2_ZERO));
    VECTOR z = t + CONSTANT(WEIGHT_MAGIC), f = t - (z - CONSTANT(WEIGHT_MAGIC));
    VECTOR p = weight_poly[0];
    _Pragma("unroll") for (int i = 1; i < (int)(sizeof weight_poly / sizeof weight_poly[0]); i++)
        p = fma(p, f, (VECTOR)weight_poly[i]);
    return p * AS_VECTOR(AS_VECTOR_WORDS(z) << FRACTION);
}
