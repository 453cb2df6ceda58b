/* SPDX-License-Identifier: Apache-2.0 */

/* The slot elementwise, a template: one elementary function over an array, for tests. */
#include "backends/simd/elementary.h"
#include "backends/simd/powers.h"
#include "backends/backend.h"

#include <string.h>

VEC_FN V FN(scrambled)(V x)
{
    I i = v_as_int(x);
    i = v_ixor(i, v_ishl(i, 13));
    i = v_ixor(i, v_ishr(i, 17));
    return v_as_real(v_ixor(i, v_ishl(i, 5)));
}

static V FN(elementary)(int function, V x)
{
    switch ((enum elementary_function)function) {
    case ELEM_WEIGHT_EXP2:
        return FN(weight_exp2)(x);
    case ELEM_EXP2_FULL:
        return FN(exp2_full)(x);
    case ELEM_EXP:
        return FN(exp)(x);
    case ELEM_TANH:
        FN(tanhs)(&x, 1);
        return x;
    case ELEM_LOG:
        return FN(log)(x);
    case ELEM_SIN:
        return FN(sin)(x);
    case ELEM_COS:
        return FN(cos)(x);
    case ELEM_COSPI2:
        return FN(cospi2)(x);
    case ELEM_COSPI2_SQUARE:
        return FN(cospi2_square)(x);
    case ELEM_SILVERMAN:
        return FN(silverman)(x);
    case ELEM_LOGISTIC_FACTOR:
        return FN(logistic_factor)(x);
    case ELEM_SIGMOID_FACTOR:
        return FN(sigmoid_factor)(x);
    case ELEM_RECIPROCAL:
        return v_div(v_set1(1), x);
    case ELEM_QUOTIENT:
        return v_div(x, FN(scrambled)(x));
    case ELEM_SQRT:
        return v_sqrt(x);
    case ELEM_FUNCTIONS:
        break;
    }
    return x;
}

attpool_status FN(simd_elementwise)(struct engine *engine, int function, size_t n, const void *from,
                                    void *to)
{
    const R *x = from;
    R *y = to;
    (void)engine;
    for (size_t i = 0; i < n; i += VN) {
        size_t lanes = n - i < VN ? n - i : VN;
        V r = FN(canonical_nan)(FN(elementary)(function, v_load_n(x + i, lanes)));
        v_store_n(y + i, r, lanes);
    }
    return ATTPOOL_OK;
}
