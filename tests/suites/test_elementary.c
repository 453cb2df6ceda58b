/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backends.h"
#include "tests/suites/suites.h"

#include "backends/elementary.h"
#include "core/context.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The elementary functions: the scalar ones against libm in a wider type, and every backend
 * against the scalar ones, bit for bit. A sample of all bit patterns, or, of float32 with
 * ATTPOOL_TEST_EXHAUSTIVE, every one. */

enum {
    BATCH = 1 << 16,            /* numbers of a call */
    SAMPLE = 64,                /* batches for the comparison of backends */
    MEASURED = 8,               /* batches for the comparison with libm */
    ALL_FLOATS = 1 << (32 - 16) /* batches */
};

static const struct {
    const char *name;
    double low, high[2]; /* where it is defined, by type */
    double ulp;          /* the bound of its error; 0: correctly rounded */
} functions[ELEM_FUNCTIONS] = {
    [ELEM_WEIGHT_EXP2] = { "weight_exp2", -HUGE_VAL, { 127, 1023 }, 1 },
    [ELEM_EXP2_FULL] = { "exp2_full", -HUGE_VAL, { HUGE_VAL, HUGE_VAL }, 1 },
    [ELEM_EXP] = { "exp", -HUGE_VAL, { HUGE_VAL, HUGE_VAL }, 1 },
    [ELEM_TANH] = { "tanh", -HUGE_VAL, { HUGE_VAL, HUGE_VAL }, 2 },
    [ELEM_LOG] = { "log", -HUGE_VAL, { HUGE_VAL, HUGE_VAL }, 1 },
    [ELEM_SIN] = { "sin", -HUGE_VAL, { HUGE_VAL, HUGE_VAL }, 2 },
    [ELEM_COS] = { "cos", -HUGE_VAL, { HUGE_VAL, HUGE_VAL }, 2 },
    [ELEM_COSPI2] = { "cospi2", 0, { 1, 1 }, 2 },
    [ELEM_COSPI2_SQUARE] = { "cospi2_square", 0, { 1, 1 }, 2 },
    [ELEM_SILVERMAN] = { "silverman", 0, { HUGE_VAL, HUGE_VAL }, 5 },
    [ELEM_LOGISTIC_FACTOR] = { "logistic_factor", 0, { 1, 1 }, 2 },
    [ELEM_SIGMOID_FACTOR] = { "sigmoid_factor", 0, { 1, 1 }, 2 },
    [ELEM_RECIPROCAL] = { "reciprocal", -HUGE_VAL, { HUGE_VAL, HUGE_VAL }, 0 },
    [ELEM_QUOTIENT] = { "quotient", -HUGE_VAL, { HUGE_VAL, HUGE_VAL }, 0 },
    [ELEM_SQRT] = { "sqrt", -HUGE_VAL, { HUGE_VAL, HUGE_VAL }, 0 },
};

/* ---- Arguments ----------------------------------------------------------------------------- */

/* clang-format off */
static const double edges[] = {
    0, 1, 0.5, 2, 3, 0.26703679, 0.61361038, 125.5, 126, 126.5, 127, 127.5, 128, 149, 149.5, 150, 1021.5, 1022, 1022.5, 1023,
    1024, 1074, 1074.5, 1075, 88, 88.7228, 89, 103.97, 104, 709.78, 710, 745.13, 746, 8192, 8193,
    1e5, 1e30, 9.01, 10, 19.06, 20, 22, 0x1p-30, 0x1p-60, 0.70710678, 1.41421356, 1.5707963267948966,
    3.1415926535897931, 4.7123889803846897, 4096 * 1.5707963267948966, FLT_MIN, FLT_MAX, DBL_MIN,
    DBL_MAX, HUGE_VAL,
};
/* clang-format on */
enum { EDGES = sizeof edges / sizeof edges[0], NEIGHBOURS = 9 };

/* Number i of a list that has every edge, the numbers around it, and the odd NaN. */
static uint64_t special_bits(enum element element, uint64_t i)
{
    static const uint64_t nans[][2] = { { 0x7fc00000, 0x7ff8000000000000 },
                                        { 0xffc00000, 0xfff8000000000000 },
                                        { 0x7f800001, 0x7ff0000000000001 },
                                        { 0xff812345, 0xfff0000012345678 },
                                        { 0x7fffffff, 0x7fffffffffffffff } };
    uint64_t bits, count = EDGES * NEIGHBOURS * 2;
    bool wide = element == ELEMENT_F64;
    i %= count + 5;
    if (i >= count)
        return nans[i - count][wide];
    double x = edges[i / NEIGHBOURS % EDGES];
    float narrow = x > (double)FLT_MAX ? HUGE_VALF : (float)x;
    uint64_t sign = i / (NEIGHBOURS * EDGES);
    if (wide)
        memcpy(&bits, &x, 8);
    else
        memcpy(&bits, &narrow, 4), bits &= 0xffffffff;
    bits += i % NEIGHBOURS;
    bits -= bits >= NEIGHBOURS / 2 + i % NEIGHBOURS ? NEIGHBOURS / 2 : 0;
    return bits ^ sign << (wide ? 63 : 31);
}

/* Does the function promise anything for this argument? */
static bool in_domain(int function, enum element element, double x)
{
    return isnan(x) || (x >= functions[function].low && x <= functions[function].high[element]);
}

/* Argument number i of batch `batch` as bits. The first batch is special, the others go through
 * all patterns with an odd step. */
static uint64_t argument_bits(enum element element, uint64_t batch, uint64_t batches, uint64_t i)
{
    if (element == ELEMENT_F32 && batches == ALL_FLOATS)
        return batch * BATCH + i;
    if (batch == 0)
        return special_bits(element, i);
    uint64_t place = batch * BATCH + i;
    return element == ELEMENT_F32 ? (place * (UINT32_MAX / (batches * BATCH) | 1)) & UINT32_MAX
                                  : place * (UINT64_MAX / (batches * BATCH) | 1);
}

/* Arguments near 1, which random patterns of doubles seldom are, take a half of the batches. */
static void arguments(int function, enum element element, uint64_t batch, uint64_t batches,
                      void *to)
{
    const bool everywhere = functions[function].low < 0 && functions[function].high[0] > FLT_MAX;
    if (element == ELEMENT_F32 && batches == ALL_FLOATS && everywhere) {
        for (uint32_t i = 0; i < BATCH; i++)
            ((uint32_t *)to)[i] = (uint32_t)batch * BATCH + i;
        return;
    }
    for (uint64_t i = 0; i < BATCH; i++) {
        uint64_t bits = argument_bits(element, batch, batches, i);
        double x;
        float narrow;
        if (element == ELEMENT_F64) {
            if (batch % 2 == 1)
                bits = (bits & 0x800fffffffffffff) | (1023 - 12 + (bits >> 52) % 24) << 52;
            memcpy(&x, &bits, 8);
            ((double *)to)[i] = in_domain(function, element, x) ? x : 0.5;
        } else {
            uint32_t half = (uint32_t)bits;
            memcpy(&narrow, &half, 4);
            if (in_domain(function, element, (double)narrow))
                memcpy((char *)to + 4 * i, &half, 4); /* keeps a signalling NaN */
            else
                ((float *)to)[i] = 0.5f;
        }
    }
}

/* The batches that this process tests: part `first` of `of` parts. */
struct batches {
    uint64_t count, first, of;
};

/* ATTPOOL_TEST_EXHAUSTIVE=I/N: every float, of these the part I in 1..N. */
static struct batches batches_of(enum element element, uint64_t otherwise)
{
    const char *all = getenv("ATTPOOL_TEST_EXHAUSTIVE");
    unsigned part, parts;
    if (element == ELEMENT_F64 || !all)
        return (struct batches){ .count = otherwise, .of = 1 };
    ck_assert_msg(sscanf(all, "%u/%u", &part, &parts) == 2 && part >= 1 && part <= parts,
                  "ATTPOOL_TEST_EXHAUSTIVE is %s, not like 1/2", all);
    return (struct batches){ .count = ALL_FLOATS, .first = part - 1, .of = parts };
}

static void call(attpool_context *context, int function, enum element element, const void *x,
                 void *y)
{
    struct engine *engine = &context->engine;
    int type = element == ELEMENT_F32 ? TYPE_F32 : TYPE_F64;
    const struct elementwise_args args = { .function = function, .n = BATCH, .x = x, .y = y };
    attpool_status status = engine->backend->elementwise[type](engine, &args);
    ck_assert_msg(status == ATTPOOL_OK, "%s: %s", functions[function].name,
                  attpool_message(context));
}

/* ---- Backends against scalar --------------------------------------------------------------- */

static void compare(const char *name, int function, enum element element, const void *x,
                    const void *want, const void *got)
{
    size_t unit = element == ELEMENT_F32 ? 4 : 8;
    for (size_t i = 0; i < BATCH && memcmp(want, got, BATCH * unit) != 0; i++) {
        uint64_t at = 0, a = 0, b = 0;
        memcpy(&at, (const char *)x + i * unit, unit);
        memcpy(&a, (const char *)want + i * unit, unit);
        memcpy(&b, (const char *)got + i * unit, unit);
        ck_assert_msg(a == b, "%s, %s, %s(0x%llx) is 0x%llx, not 0x%llx", name,
                      element_name(element), functions[function].name, (unsigned long long)at,
                      (unsigned long long)b, (unsigned long long)a);
    }
}

START_TEST(functions_have_the_bits_of_scalar)
{
    int function = _i / 2;
    enum element element = _i % 2 ? ELEMENT_F64 : ELEMENT_F32;
    size_t unit = element == ELEMENT_F32 ? 4 : 8;
    void *x = malloc(BATCH * unit), *want = malloc(BATCH * unit), *got = malloc(BATCH * unit);
    struct batches batches = batches_of(element, SAMPLE);
    batches.of *= test_every();
    attpool_context *context[TEST_BACKENDS], *judge = open_judge();
    for (int k = 1; k < TEST_BACKENDS; k++) {
        context[k] = open_backend(test_backends[k], 1);
        if (context[k] && !(promises_bits(context[k]) && computes(context[k], element))) {
            attpool_close(context[k]);
            context[k] = NULL;
        }
    }
    for (uint64_t batch = batches.first; batch < batches.count; batch += batches.of) {
        arguments(function, element, batch, batches.count, x);
        call(judge, function, element, x, want);
        for (int k = 1; k < TEST_BACKENDS; k++) {
            if (!context[k])
                continue;
            memset(got, 0xa5, BATCH * unit);
            call(context[k], function, element, x, got);
            compare(test_backends[k], function, element, x, want, got);
        }
    }
    for (int k = 1; k < TEST_BACKENDS; k++)
        attpool_close(context[k]);
    attpool_close(judge);
    free(x);
    free(want);
    free(got);
}
END_TEST

/* ---- Scalar against libm ------------------------------------------------------------------- */

/* By libm in a wider type: double for float, long double for double. */
#define REFERENCE(T, s)                                                                            \
    static T reference##s(int function, T x)                                                       \
    {                                                                                              \
        const T half_pi = (T)1.57079632679489661923132169163975144L;                               \
        switch ((enum elementary_function)function) {                                              \
        case ELEM_WEIGHT_EXP2:                                                                     \
        case ELEM_EXP2_FULL:                                                                       \
            return exp2##s(x);                                                                     \
        case ELEM_EXP:                                                                             \
            return exp##s(x);                                                                      \
        case ELEM_TANH:                                                                            \
            return tanh##s(x);                                                                     \
        case ELEM_LOG:                                                                             \
            return log##s(x);                                                                      \
        case ELEM_SIN:                                                                             \
            return sin##s(x);                                                                      \
        case ELEM_COS:                                                                             \
            return cos##s(x);                                                                      \
        case ELEM_COSPI2:                                                                          \
            return sin##s(half_pi * (1 - x));                                                      \
        case ELEM_COSPI2_SQUARE:                                                                   \
            return sin##s(half_pi * ((1 - x) / (1 + sqrt##s(x))));                                 \
        case ELEM_SILVERMAN:                                                                       \
            x *= sqrt##s((T)0.5);                                                                  \
            return isinf(x) ? 0 : exp##s(-x) * sin##s(x + half_pi / 2);                            \
        case ELEM_LOGISTIC_FACTOR:                                                                 \
            return 1 / ((1 + x) * (1 + x));                                                        \
        case ELEM_SIGMOID_FACTOR:                                                                  \
            return 1 / (1 + x * x);                                                                \
        default:                                                                                   \
            return 0;                                                                              \
        }                                                                                          \
    }
REFERENCE(double, )
REFERENCE(long double, l)

static float scrambled_f32(float x)
{
    uint32_t i;
    memcpy(&i, &x, sizeof i);
    i ^= i << 13, i ^= i >> 17, i ^= i << 5;
    memcpy(&x, &i, sizeof i);
    return x;
}

static double scrambled_f64(double x)
{
    uint64_t i;
    memcpy(&i, &x, sizeof i);
    i ^= i << 13, i ^= i >> 17, i ^= i << 5;
    memcpy(&x, &i, sizeof i);
    return x;
}

/* The processor's own quotient and root are correctly rounded. */
static double rounded(int function, enum element element, double x)
{
    float f = (float)x;
    if (element == ELEMENT_F32)
        return (double)(function == ELEM_SQRT         ? sqrtf(f)
                        : function == ELEM_RECIPROCAL ? 1 / f
                                                      : f / scrambled_f32(f));
    return function == ELEM_SQRT         ? sqrt(x)
           : function == ELEM_RECIPROCAL ? 1 / x
                                         : x / scrambled_f64(x);
}

/* The distance of two neighbours of the type at |x|. */
static double spacing(enum element element, double x)
{
    int least = element == ELEMENT_F32 ? -149 : -1074, digits = element == ELEMENT_F32 ? 24 : 53;
    int exponent = -2000;
    if (x != 0)
        frexp(x, &exponent);
    return ldexp(1, exponent - digits < least ? least : exponent - digits);
}

/* What one ULP of this function is at x: where it is not that of the value. */
static double unit_of(int function, enum element element, double x, double value)
{
    double epsilon = element == ELEMENT_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
    double unit = spacing(element, value);
    if (function == ELEM_SILVERMAN) { /* a product whose exponential is never subnormal */
        double size = exp(-x / sqrt(2)), least = element == ELEMENT_F32 ? (double)FLT_MIN : DBL_MIN;
        return fmax(unit, size < 2 * least ? size : epsilon / 2 * size * (1 + x / 2));
    }
    /* Beyond the first zero the error is that of the reduced argument. */
    if ((function == ELEM_SIN || function == ELEM_COS) && fabs(x) > 1)
        return fmax(unit, epsilon / 4);
    return unit;
}

static bool is_exactly(double y, double want)
{
    return isnan(want) ? isnan(y) : y == want && signbit(y) == signbit(want);
}

/* Arguments whose answer is a fixed one. Returns false for the others. */
static bool fixed_answer(int function, enum element element, double x, double *y)
{
    bool single = element == ELEMENT_F32;
    double least = single ? -125.5 : -1021.5;
    if (isnan(x))
        return *y = (double)NAN, true;
    switch (function) {
    case ELEM_WEIGHT_EXP2:
        *y = x == 0;
        return x == 0 || x <= least;
    case ELEM_EXP2_FULL:
    case ELEM_EXP:
        *y = x < 0 ? 0 : x == 0 ? 1 : HUGE_VAL;
        return x == 0 || isinf(x) || fabs(x) > (single ? 200 : 1100);
    case ELEM_TANH:
        *y = x == 0 ? x : copysign(1, x);
        return x == 0 || fabs(x) > (single ? 10 : 20);
    case ELEM_LOG:
        *y = x < 0 ? (double)NAN : x == 0 ? -HUGE_VAL : x == 1 ? 0 : x;
        return x <= 0 || x == 1 || isinf(x);
    case ELEM_SIN:
    case ELEM_COS:
        *y = isinf(x) ? (double)NAN : function == ELEM_SIN ? x : 1;
        return x == 0 || isinf(x);
    case ELEM_COSPI2:
    case ELEM_COSPI2_SQUARE:
        *y = x == 0;
        return x == 0 || x == 1;
    case ELEM_RECIPROCAL:
    case ELEM_QUOTIENT:
    case ELEM_SQRT:
        *y = rounded(function, element, x);
        return true;
    default:
        return false;
    }
}

/* Error in ULP, or 0 where it is surely not above `worst`: an ULP is at least 2^-24 of the value.
 * Fails for what cannot be measured so. (An assertion of Check that holds writes to a file.) */
static double error_of(int function, enum element element, double x, double y, double worst)
{
    double want;
    const char *name = functions[function].name;
    if (fixed_answer(function, element, x, &want)) {
        if (!is_exactly(y, want))
            ck_abort_msg("%s, %s(%.17g, %a) is %.17g, not %.17g", element_name(element), name, x, x,
                         y, want);
        return 0;
    }
    if ((function == ELEM_SIN || function == ELEM_COS) && fabs(x) > 8192) {
        if (!(y >= -1 && y <= 1))
            ck_abort_msg("%s, %s(%.17g) is %.17g", element_name(element), name, x, y);
        return 0;
    }
    if (element == ELEMENT_F32) {
        double value = reference(function, x);
        if (value > (double)FLT_MAX)
            return y >= (double)FLT_MAX ? 0 : HUGE_VAL;
        if (fabs(y - value) <= worst * 0x1p-24 * fabs(value))
            return 0;
        return fabs(y - value) / unit_of(function, element, x, value);
    }
    long double value = referencel(function, (long double)x);
    if (value > (long double)DBL_MAX)
        return y >= DBL_MAX ? 0 : HUGE_VAL;
    return (double)fabsl((long double)y - value) / unit_of(function, element, x, (double)value);
}

START_TEST(functions_are_within_their_bound)
{
    int function = _i / 2;
    enum element element = _i % 2 ? ELEMENT_F64 : ELEMENT_F32;
    attpool_context *context = open_judge();
    size_t unit = element == ELEMENT_F32 ? 4 : 8;
    void *x = malloc(BATCH * unit), *y = malloc(BATCH * unit);
    double worst = 0, where = 0;
    struct batches batches = batches_of(element, MEASURED);
    for (uint64_t batch = batches.first; batch < batches.count; batch += batches.of) {
        arguments(function, element, batch, batches.count, x);
        call(context, function, element, x, y);
        for (size_t i = 0; i < BATCH; i++) {
            double a = element == ELEMENT_F32 ? (double)((float *)x)[i] : ((double *)x)[i];
            double b = element == ELEMENT_F32 ? (double)((float *)y)[i] : ((double *)y)[i];
            double error = error_of(function, element, a, b, worst);
            if (!(error <= worst)) {
                worst = error;
                where = a;
            }
        }
    }
    printf("%s, %s: %.3f ULP at %.17g\n", element_name(element), functions[function].name, worst,
           where);
    fflush(stdout);
    ck_assert_msg(worst <= functions[function].ulp, "%s, %s(%.17g, %a) has an error of %.3f ULP",
                  element_name(element), functions[function].name, where, where, worst);
    free(x);
    free(y);
    attpool_close(context);
}
END_TEST

Suite *suite_elementary(void)
{
    Suite *suite = suite_create("elementary");
    TCase *tc = tcase_create("elementary");
    tcase_set_timeout(tc, 7200);
    tcase_add_loop_test(tc, functions_are_within_their_bound, 0, 2 * ELEM_FUNCTIONS);
    tcase_add_loop_test(tc, functions_have_the_bits_of_scalar, 0, 2 * ELEM_FUNCTIONS);
    suite_add_tcase(suite, tc);
    return suite;
}
