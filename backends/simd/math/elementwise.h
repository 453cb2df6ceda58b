/* SPDX-License-Identifier: Apache-2.0 */

/* The slot elementwise: one elementary function over an array, for tests. */
#ifndef BACKENDS_SIMD_MATH_ELEMENTWISE_H
#define BACKENDS_SIMD_MATH_ELEMENTWISE_H

#include "backends/simd/math/elementary.h"
#include "backends/simd/math/powers.h"

VEC_FN vec scrambled(vec x)
{
    vec_int i = v_as_int(x);
    i = v_ixor(i, v_ishl(i, 13));
    i = v_ixor(i, v_ishr(i, 17));
    return v_as_real(v_ixor(i, v_ishl(i, 5)));
}

static vec elementary(int function, vec x)
{
    switch ((enum elementary_function)function) {
    case ELEM_WEIGHT_EXP2:
        return v_weight_exp2(x);
    case ELEM_EXP2_FULL:
        return v_exp2_full(x);
    case ELEM_EXP:
        return v_exp(x);
    case ELEM_TANH:
        tanhs(&x, 1);
        return x;
    case ELEM_LOG:
        return v_log(x);
    case ELEM_SIN:
        return v_sin(x);
    case ELEM_COS:
        return v_cos(x);
    case ELEM_COSPI2:
        return v_cospi2(x);
    case ELEM_COSPI2_SQUARE:
        return v_cospi2_square(x);
    case ELEM_SILVERMAN:
        return v_silverman(x);
    case ELEM_LOGISTIC_FACTOR:
        return v_logistic_factor(x);
    case ELEM_SIGMOID_FACTOR:
        return v_sigmoid_factor(x);
    case ELEM_RECIPROCAL:
        return v_div(v_set1(1), x);
    case ELEM_QUOTIENT:
        return v_div(x, scrambled(x));
    case ELEM_SQRT:
        return v_sqrt(x);
    case ELEM_FUNCTIONS:
        break;
    }
    return x;
}

#define simd_elementwise SIMD_SYMBOL(TYPED(elementwise))
attpool_status simd_elementwise(struct engine *engine, const struct elementwise_args *args)
{
    const real *x = args->x;
    real *y = args->y;
    (void)engine;
    for (size_t i = 0; i < args->n; i += LANES) {
        size_t lanes = args->n - i < LANES ? args->n - i : LANES;
        vec r = v_canonical_nan(elementary(args->function, v_load_n(x + i, lanes)));
        v_store_n(y + i, r, lanes);
    }
    return ATTPOOL_OK;
}

#endif
