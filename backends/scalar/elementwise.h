/* SPDX-License-Identifier: Apache-2.0 */

/* The slot elementwise, one elementary function over an array, for tests. */
#ifndef BACKENDS_SCALAR_ELEMENTWISE_H
#define BACKENDS_SCALAR_ELEMENTWISE_H

#include "backends/scalar/elementary.h"
#include "backends/scalar/scalar.h"

static real scrambled(real x)
{
    real_uint i;
    memcpy(&i, &x, sizeof i);
    i ^= i << 13;
    i ^= i >> 17;
    i ^= i << 5;
    memcpy(&x, &i, sizeof i);
    return x;
}

static real elementary(int function, real x)
{
    switch ((enum elementary_function)function) {
    case ELEM_WEIGHT_EXP2:
        return r_weight_exp2(x);
    case ELEM_EXP2_FULL:
        return r_exp2_full(x);
    case ELEM_EXP:
        return r_exp(x);
    case ELEM_TANH:
        return r_tanh(x);
    case ELEM_LOG:
        return r_log(x);
    case ELEM_SIN:
        return r_sin(x);
    case ELEM_COS:
        return r_cos(x);
    case ELEM_COSPI2:
        return r_cospi2(x);
    case ELEM_COSPI2_SQUARE:
        return r_cospi2_square(x);
    case ELEM_SILVERMAN:
        return r_silverman(x);
    case ELEM_LOGISTIC_FACTOR:
        return r_logistic_factor(x);
    case ELEM_SIGMOID_FACTOR:
        return r_sigmoid_factor(x);
    case ELEM_RECIPROCAL:
        return 1 / x;
    case ELEM_QUOTIENT:
        return x / scrambled(x);
    case ELEM_SQRT:
        return r_sqrt(x);
    case ELEM_FUNCTIONS:
        break;
    }
    return x;
}

#define scalar_elementwise SCALAR(TYPED(elementwise))
attpool_status scalar_elementwise(struct engine *engine, const struct elementwise_args *args)
{
    const real *x = args->x;
    real *y = args->y;
    (void)engine;
    for (size_t i = 0; i < args->n; i++)
        y[i] = r_canonical_nan(elementary(args->function, x[i]));
    return ATTPOOL_OK;
}

#endif
