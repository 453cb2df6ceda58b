/* SPDX-License-Identifier: Apache-2.0 */

/* One elementary function over an array, for tests; `function` as in elementary.h. */

static REAL TYPED(scrambled)(REAL x)
{
    WORD i = AS_WORD(x);
    i ^= i << 13;
    i ^= i >> 17;
    return AS_REAL(i ^ (i << 5));
}

static REAL TYPED(elementary)(int function, REAL x)
{
    REAL y = x, a = TYPED(silverman_argument)(x);
    REAL e = TYPED(weight_exp2)(function == ELEM_SILVERMAN ? a * -CONSTANT(LOG2_E) : x);
    switch (function) {
    case ELEM_WEIGHT_EXP2:
        y = e;
        break;
    case ELEM_EXP2_FULL:
        y = TYPED(exp2_full)(x);
        break;
    case ELEM_EXP:
        y = TYPED(exp)(x);
        break;
    case ELEM_TANH:
        y = TYPED(tanh)(x);
        break;
    case ELEM_LOG:
        y = TYPED(log)(x);
        break;
    case ELEM_SIN:
        y = TYPED(sin)(x);
        break;
    case ELEM_COS:
        y = TYPED(cos)(x);
        break;
    case ELEM_COSPI2:
        y = TYPED(cospi2)(x);
        break;
    case ELEM_COSPI2_SQUARE:
        y = TYPED(cospi2_square)(x);
        break;
    case ELEM_SILVERMAN:
        y = TYPED(silverman)(a, e);
        break;
    case ELEM_LOGISTIC_FACTOR:
        y = TYPED(logistic_divisor)(x);
        break;
    case ELEM_SIGMOID_FACTOR:
        y = TYPED(sigmoid_divisor)(x);
        break;
    case ELEM_QUOTIENT:
        y = TYPED(scrambled)(x);
        break;
    case ELEM_SQRT:
        y = TYPED(sqrt_rn)(x);
        break;
    }
    if (function == ELEM_LOGISTIC_FACTOR || function == ELEM_SIGMOID_FACTOR ||
        function == ELEM_RECIPROCAL || function == ELEM_QUOTIENT)
        y = TYPED(div_rn)(function == ELEM_QUOTIENT ? x : (REAL)1, y);
    return y;
}

__kernel void elementwise(int function, long n, __global const REAL *x, __global REAL *y)
{
    long i = (long)get_global_id(0);
    if (i < n)
        y[i] = TYPED(canonical_nan)(TYPED(elementary)(function, x[i]));
}
