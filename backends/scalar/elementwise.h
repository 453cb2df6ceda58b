/* SPDX-License-Identifier: Apache-2.0 */

/* Template: the slot elementwise, one elementary function over an array, for tests. */

static T FN(scrambled)(T x)
{
    T_BITS i;
    memcpy(&i, &x, sizeof i);
    i ^= i << 13;
    i ^= i >> 17;
    i ^= i << 5;
    memcpy(&x, &i, sizeof i);
    return x;
}

static T FN(elementary)(int function, T x)
{
    switch ((enum elementary_function)function) {
    case ELEM_WEIGHT_EXP2:
        return FN(weight_exp2)(x);
    case ELEM_EXP2_FULL:
        return FN(exp2_full)(x);
    case ELEM_EXP:
        return FN(exp)(x);
    case ELEM_TANH:
        return FN(tanh)(x);
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
        return 1 / x;
    case ELEM_QUOTIENT:
        return x / FN(scrambled)(x);
    case ELEM_SQRT:
        return SQRT(x);
    case ELEM_FUNCTIONS:
        break;
    }
    return x;
}

attpool_status SCALAR(FN(elementwise))(struct engine *engine, int function, size_t n,
                                       const void *from, void *to)
{
    const T *x = from;
    T *y = to;
    (void)engine;
    for (size_t i = 0; i < n; i++)
        y[i] = FN(canonical_nan)(FN(elementary)(function, x[i]));
    return ATTPOOL_OK;
}
