/* SPDX-License-Identifier: Apache-2.0 */

/* One elementary function over an array, for tests; `function` as in elementary.h. */

REAL TYPED(scrambled)(REAL x)
{
    WORD i = AS_WORD(x);
    i ^= i << 13;
    i ^= i >> 17;
    return AS_REAL(i ^ (i << 5));
}

REAL TYPED(elementary)(int function, REAL x)
{
    switch (function) {
    case ELEM_WEIGHT_EXP2:
        return TYPED(weight_exp2)(x);
    case ELEM_EXP2_FULL:
        return TYPED(exp2_full)(x);
    case ELEM_EXP:
        return TYPED(exp)(x);
    case ELEM_TANH:
        return TYPED(tanh)(x);
    case ELEM_LOG:
        return TYPED(log)(x);
    case ELEM_SIN:
        return TYPED(sin)(x);
    case ELEM_COS:
        return TYPED(cos)(x);
    case ELEM_COSPI2:
        return TYPED(cospi2)(x);
    case ELEM_COSPI2_SQUARE:
        return TYPED(cospi2_square)(x);
    case ELEM_SILVERMAN:
        return TYPED(silverman)(x);
    case ELEM_LOGISTIC_FACTOR:
        return TYPED(logistic_factor)(x);
    case ELEM_SIGMOID_FACTOR:
        return TYPED(sigmoid_factor)(x);
    case ELEM_RECIPROCAL:
        return TYPED(div_rn)((REAL)1, x);
    case ELEM_QUOTIENT:
        return TYPED(div_rn)(x, TYPED(scrambled)(x));
    case ELEM_SQRT:
        return TYPED(sqrt_rn)(x);
    }
    return x;
}

__kernel void elementwise(int function, long n, __global const REAL *x, __global REAL *y)
{
    long i = (long)get_global_id(0);
    if (i < n)
        y[i] = TYPED(canonical_nan)(TYPED(elementary)(function, x[i]));
}
