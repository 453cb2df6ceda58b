/* SPDX-License-Identifier: Apache-2.0 */

enum { WEIGHT_TERMS = sizeof weight_poly / sizeof weight_poly[0] };

/* Define a function: weight_exp2 of elementary.cl, of each number of `count` vectors, side by side. Compilers
 * keep the arrays in registers where the count is a number in the text, not an argument. */
#define WEIGHT_EXP2(name, count)                                                               \
    static void name(VECTOR p[count])                                                          \
    {                                                                                          \
        VECTOR f[count], z[count];                                                             \
        _Pragma("unroll") for (int i = 0; i < count; i++)                                      \
        {                                                                                      \
            p[i] = CHOOSE(p[i], (VECTOR)CONSTANT(EXP2_ZERO), p[i] < (VECTOR)CONSTANT(EXP2_ZERO)); \
            z[i] = p[i] + CONSTANT(WEIGHT_MAGIC);                                              \
            f[i] = p[i] - (z[i] - CONSTANT(WEIGHT_MAGIC));                                     \
            p[i] = weight_poly[0];                                                             \
        }                                                                                      \
        _Pragma("unroll") for (int k = 1; k < WEIGHT_TERMS; k++)                               \
            _Pragma("unroll") for (int i = 0; i < count; i++)                                  \
                p[i] = fma(p[i], f[i], (VECTOR)weight_poly[k]);                                \
        _Pragma("unroll") for (int i = 0; i < count; i++)                                      \
            p[i] *= AS_VECTOR(AS_VECTOR_WORDS(z[i]) << FRACTION);                              \
    }
