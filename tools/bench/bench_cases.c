/* SPDX-License-Identifier: Apache-2.0 */
/* The table of what is timed. */
#include "backends/kernels.h"
#include "tools/bench/bench.h"

#include <math.h>

#define NN    BENCH_BMM, 0
#define NT    BENCH_BMM, BENCH_NT
#define Q     BENCH_QUICK
#define RATIO .target =
#define LIMIT .of_limit =
#define BOTH(x)                                                                                    \
    {                                                                                              \
        x, x                                                                                       \
    }

/* A kernel or an option beside Gauss' kernel without any: a pair should not take more than twice
 * as long, with a mask 1.1 times. */
#define KERNEL(NAME, log, factor, compact, square, roughness, variance, ...)                       \
    REGRESS(ATTPOOL_##NAME, __VA_ARGS__, NULL)
#define REGRESS(kernel, name, ...)                                                                 \
    { "regress " name " 4096 d=1",                                                                 \
      BENCH_REGRESS,                                                                               \
      BENCH_OWN,                                                                                   \
      1,                                                                                           \
      4096,                                                                                        \
      4096,                                                                                        \
      1,                                                                                           \
      1,                                                                                           \
      kernel,                                                                                      \
      LIMIT BOTH(2),                                                                               \
      .plain = "regress gaussian 4096 d=1" },
#define OPTION(text, dims, with)                                                                   \
    {                                                                                              \
        "regress gaussian 4096 d=" #dims text, BENCH_REGRESS, BENCH_OWN | (with), 1, 4096, 4096,   \
            dims, 1, LIMIT BOTH(2), .plain = "regress gaussian 4096 d=" #dims                      \
    }
/* A density instead of a fit. */
#define DENSITY(dims)                                                                              \
    {                                                                                              \
        "density gaussian 4096 d=" #dims, BENCH_REGRESS, BENCH_OWN | BENCH_DENSITY, 1, 4096, 4096, \
            dims, 1, LIMIT BOTH(1), .plain = "regress gaussian 4096 d=" #dims                      \
    }
/* A line instead of a mean. */
#define LINE(dims, most)                                                                           \
    {                                                                                              \
        "line gaussian 4096 d=" #dims, BENCH_REGRESS, BENCH_OWN | BENCH_LINE, 1, 4096, 4096, dims, \
            1, LIMIT BOTH(most), .plain = "regress gaussian 4096 d=" #dims                         \
    }
/* With its gradients, which are to take no more than `most` times what is without them. */
#define GRADIENTS(name, with, ratio, most, operation, ...)                                         \
    {                                                                                              \
        name " gradients", operation, BENCH_GRAD | (with), __VA_ARGS__, RATIO BOTH(ratio),         \
            LIMIT BOTH(1 + (most)), .plain = name                                                  \
    }
#define ONE_QUERY(text, with)                                                                      \
    {                                                                                              \
        "regress gaussian one query d=1" text, BENCH_REGRESS, BENCH_OWN | (with), 1, 1, 1000000,   \
            1, 1, LIMIT BOTH(2), .plain = "regress gaussian one query"                             \
    }
#define ATTEND(text, with)                                                                         \
    {                                                                                              \
        "attend 16x1024x1024x64" text, BENCH_ATTEND, BENCH_OWN | (with), 16, 1024, 1024, 64, 64,   \
            LIMIT BOTH(1.1), .plain = "attend 16x1024x1024x64"                                     \
    }

const struct bench_case bench_cases[] = {
    /* name, operation, with, b, n, m, k */
    { "bmm nn 128", NN | Q, 1, 128, 128, 128, RATIO BOTH(0.97) },
    { "bmm nn 256", NN, 1, 256, 256, 256, RATIO BOTH(0.97) },
    { "bmm nn 512", NN | Q, 1, 512, 512, 512, RATIO BOTH(0.97) },
    { "bmm nn 1024", NN, 1, 1024, 1024, 1024, RATIO BOTH(0.97) },
    { "bmm nn 2048", NN, 1, 2048, 2048, 2048, RATIO BOTH(0.97) },
    { "bmm nt 128", NT | Q, 1, 128, 128, 128, RATIO BOTH(0.97) },
    { "bmm nt 256", NT, 1, 256, 256, 256, RATIO BOTH(0.97) },
    { "bmm nt 512", NT, 1, 512, 512, 512, RATIO BOTH(0.97) },
    { "bmm nt 1024", NT, 1, 1024, 1024, 1024, RATIO BOTH(0.97) },
    { "bmm nt 2048", NT, 1, 2048, 2048, 2048, RATIO BOTH(0.97) },
    { "bmm nt 1024 of 64x64x64", NT | Q, 1024, 64, 64, 64, RATIO BOTH(1.1) },
    { "bmm nt 512 of 128x128x64", NT, 512, 128, 128, 64, RATIO BOTH(1.1) },
    { "bmm nt 64 of 512x512x64", NT, 64, 512, 512, 64, RATIO BOTH(1.1) },
    { "bmm nn 1024 of 64x64x64", NN, 1024, 64, 64, 64, RATIO BOTH(1.0) },
    { "bmm nn 512 of 128x128x64", NN, 512, 128, 128, 64, RATIO BOTH(1.0) },
    { "bmm nn 64 of 512x512x64", NN, 64, 512, 512, 64, RATIO BOTH(1.0) },
    { "bmm nn 64 of 512x64x512", NN | Q, 64, 512, 64, 512, RATIO BOTH(1.0) },
    { "bmm nn 4096 of 8x8x8", NN | Q, 4096, 8, 8, 8, RATIO BOTH(1.0) },
    { "bmm nn 4096 of 16x16x16", NN, 4096, 16, 16, 16, RATIO BOTH(1.0) },
    { "bmm nn 4096 of 32x32x32", NN, 4096, 32, 32, 32, RATIO BOTH(1.0) },
    { "bmm nn 1024 of 50x50x50", NN, 1024, 50, 50, 50, RATIO BOTH(1.1) },
    { "bmm nn 4096 of 10x10x2", NN | Q, 4096, 10, 10, 2, RATIO BOTH(2.0) },
    { "bmm nn 1024 of 1x1024x64", NN | BENCH_MEMORY, 1024, 1, 1024, 64, LIMIT BOTH(0.95) },
    { "bmm nt 1024 of 1x1024x64", NT | BENCH_MEMORY, 1024, 1, 1024, 64, LIMIT BOTH(0.95) },
    { "bmm nn 1024 f64", NN | BENCH_F64 | Q, 1, 1024, 1024, 1024, RATIO BOTH(0.97) },

    { "softmax 4096x128", BENCH_SOFTMAX, Q, 1, 4096, 128, RATIO{ 1.4, 1.2 } },
    { "softmax 4096x1024", BENCH_SOFTMAX, 0, 1, 4096, 1024, RATIO{ 1.4, 1.2 } },
    { "softmax 1024x16384", BENCH_SOFTMAX, 0, 1, 1024, 16384, RATIO BOTH(1.15) },
    { "softmax 50x50", BENCH_SOFTMAX, Q, 1, 50, 50, RATIO BOTH(1.25) },
    { "softmax 65536x10", BENCH_SOFTMAX, 0, 1, 65536, 10, RATIO BOTH(1.2) },
    { "softmax 2x4 call", BENCH_SOFTMAX, BENCH_CALL | Q, 1, 2, 4, LIMIT BOTH(0.15) },

    { "kernel gaussian 2048 d=1", BENCH_KERNEL, Q, 1, 2048, 2048, 1, RATIO BOTH(1.4) },
    { "kernel gaussian 2048 d=3", BENCH_KERNEL, 0, 1, 2048, 2048, 3, RATIO BOTH(1.4) },
    { "kernel gaussian 2048 d=16", BENCH_KERNEL, 0, 1, 2048, 2048, 16, RATIO BOTH(1.2) },
    { "kernel gaussian 2048 d=64", BENCH_KERNEL, 0, 1, 2048, 2048, 64, RATIO BOTH(1.0) },

    { "regress gaussian d=1", BENCH_REGRESS, Q, 1, 10000, 10000, 1, 1, RATIO{ 2.0, 1.7 } },
    { "regress gaussian d=3", BENCH_REGRESS, 0, 1, 10000, 10000, 3, 1, RATIO{ 2.0, 1.7 } },
    { "regress gaussian d=8", BENCH_REGRESS, 0, 1, 10000, 10000, 8, 1, RATIO{ 2.0, 1.7 } },
    { "regress boxcar d=1", BENCH_REGRESS, Q, 1, 10000, 10000, 1, 1, ATTPOOL_BOXCAR,
      RATIO BOTH(1.0) },
    { "regress epanechnikov d=1", BENCH_REGRESS, 0, 1, 10000, 10000, 1, 1, ATTPOOL_EPANECHNIKOV,
      RATIO BOTH(1.0) },
    { "regress gaussian d=1 f64", BENCH_REGRESS, BENCH_F64, 1, 10000, 10000, 1, 1,
      RATIO BOTH(1.4) },
    { "regress gaussian one query", BENCH_REGRESS, Q, 1, 1, 1000000, 1, 1,
      LIMIT{ 1 / 0.6, 1 / 0.6 }, .plain = "regress gaussian d=1" },
    { "regress gaussian leave-one-out", BENCH_REGRESS, BENCH_LOO, 1, 10000, 10000, 1, 1,
      RATIO BOTH(10), .rival = "numpy" },
    { "regress gaussian leave-one-out f64", BENCH_REGRESS, BENCH_LOO | BENCH_F64, 1, 10000, 10000,
      1, 1, RATIO BOTH(15), .rival = "numpy" },

    { "cross-validation d=1", BENCH_REGRESS, BENCH_CURVE | BENCH_SORTED, 1, 10000, 10000, 1, 1,
      RATIO BOTH(10), .rival = "numpy" },
    { "cross-validation d=1 f64", BENCH_REGRESS, BENCH_CURVE | BENCH_SORTED | BENCH_F64, 1, 10000,
      10000, 1, 1, RATIO BOTH(15), .rival = "numpy" },
    { "cross-validation 1000 d=1 f64", BENCH_REGRESS, BENCH_CURVE | BENCH_SORTED | BENCH_F64, 1,
      1000, 1000, 1, 1, RATIO BOTH(100), .rival = "statsmodels" },
    { "density d=1 f64", BENCH_REGRESS, BENCH_DENSITY | BENCH_F64, 1, 10000, 10000, 1, 1,
      RATIO BOTH(1) },
    { "density d=3 f64", BENCH_REGRESS, BENCH_DENSITY | BENCH_F64, 1, 10000, 10000, 3, 1,
      RATIO BOTH(1) },

    { "attend 16x1024x1024x64", BENCH_ATTEND, Q, 16, 1024, 1024, 64, 64, RATIO BOTH(1.05),
      LIMIT{ 0.86, 0.80 } },
    { "attend 16x1024x1024x64 causal", BENCH_ATTEND, BENCH_CAUSAL | Q, 16, 1024, 1024, 64, 64,
      LIMIT BOTH(0.60), .plain = "attend 16x1024x1024x64" },
    { "attend 16x1024x1024x64 mask", BENCH_ATTEND, BENCH_MASK, 16, 1024, 1024, 64, 64,
      LIMIT BOTH(1.10), .plain = "attend 16x1024x1024x64" },
    { "attend 8x4096x4096x64", BENCH_ATTEND, 0, 8, 4096, 4096, 64, 64, RATIO BOTH(1.05),
      LIMIT{ 0.86, 0.80 } },
    { "attend 8x4096x4096x64 causal", BENCH_ATTEND, BENCH_CAUSAL, 8, 4096, 4096, 64, 64,
      LIMIT BOTH(0.53), .plain = "attend 8x4096x4096x64" },
    { "attend 8x4096x4096x64 mask", BENCH_ATTEND, BENCH_MASK, 8, 4096, 4096, 64, 64,
      LIMIT BOTH(1.10), .plain = "attend 8x4096x4096x64" },
    { "attend 8x4096x4096x64 window 256", BENCH_ATTEND, BENCH_WINDOW, 8, 4096, 4096, 64, 64,
      RATIO BOTH(0), .plain = "attend 8x4096x4096x64" },
    { "attend 256x64x64x64", BENCH_ATTEND, Q, 256, 64, 64, 64, 64, RATIO BOTH(1.1) },
    { "attend 32x128x128x64", BENCH_ATTEND, 0, 32, 128, 128, 64, 64, RATIO BOTH(1.1) },
    { "attend decode 32x1x4096x128", BENCH_ATTEND, BENCH_MEMORY | Q, 32, 1, 4096, 128, 128,
      RATIO BOTH(1.2), LIMIT BOTH(0.90) },
    { "attend additive 8x256x256x64", BENCH_ADDITIVE, Q, 8, 256, 256, 64, 64, RATIO BOTH(1.4) },

    GRADIENTS("regress gaussian d=1", Q, 3, 2.5, BENCH_REGRESS, 1, 10000, 10000, 1, 1),
    GRADIENTS("regress gaussian d=3", 0, 3, 2.5, BENCH_REGRESS, 1, 10000, 10000, 3, 1),
    GRADIENTS("attend 16x1024x1024x64", Q, 1.1, 3, BENCH_ATTEND, 16, 1024, 1024, 64, 64),
    GRADIENTS("attend 16x1024x1024x64 causal", BENCH_CAUSAL, 1.1, 3, BENCH_ATTEND, 16, 1024, 1024,
              64, 64),
    GRADIENTS("attend 8x4096x4096x64", 0, 1.1, 3, BENCH_ATTEND, 8, 4096, 4096, 64, 64),
    GRADIENTS("attend 8x4096x4096x64 causal", BENCH_CAUSAL, 1.1, 3, BENCH_ATTEND, 8, 4096, 4096, 64,
              64),

    { "regress gaussian 4096 d=3", BENCH_REGRESS, BENCH_OWN, 1, 4096, 4096, 3, 1, RATIO BOTH(0) },
    KERNEL_TABLE(KERNEL){ "regress epanechnikov 4096 d=1 sorted", BENCH_REGRESS,
                          BENCH_OWN | BENCH_SORTED, 1, 4096, 4096, 1, 1, ATTPOOL_EPANECHNIKOV,
                          LIMIT BOTH(1), .plain = "regress epanechnikov 4096 d=1" },
    OPTION(" lse", 1, BENCH_LSE),
    OPTION(" n_eff", 1, BENCH_N_EFF),
    OPTION(" leave-one-out", 1, BENCH_LOO),
    OPTION(" key weights", 1, BENCH_KEY_WEIGHTS),
    OPTION(" key bandwidths", 1, BENCH_KEY_BANDWIDTHS),
    OPTION(" mask", 1, BENCH_MASK),
    OPTION(" bias", 1, BENCH_BIAS),
    OPTION(" inverse_bandwidths", 3, BENCH_WIDTHS),
    OPTION(" key bandwidths", 3, BENCH_KEY_BANDWIDTHS),
    OPTION(" product", 3, BENCH_PRODUCT),
    DENSITY(1),
    DENSITY(3),
    LINE(1, 2),
    LINE(3, 2),
    { "regress gaussian 4096 d=8", BENCH_REGRESS, BENCH_OWN, 1, 4096, 4096, 8, 1, RATIO BOTH(0) },
    LINE(8, 1 / 0.3),
    ONE_QUERY(" key weights", BENCH_KEY_WEIGHTS),
    ONE_QUERY(" key bandwidths", BENCH_KEY_BANDWIDTHS),
    ONE_QUERY(" mask", BENCH_MASK),
    ONE_QUERY(" bias", BENCH_BIAS),
    ATTEND(" lse", BENCH_LSE),
    ATTEND(" key weights", BENCH_KEY_WEIGHTS),
    ATTEND(" bias", BENCH_BIAS),
};

const size_t bench_case_count = sizeof bench_cases / sizeof bench_cases[0];
_Static_assert(sizeof bench_cases / sizeof bench_cases[0] <= BENCH_MOST_CASES, "too many cases");

const char *bench_operation_name(enum bench_operation operation)
{
    static const char *const names[BENCH_OPERATIONS] = { "bmm",     "softmax", "kernel",
                                                         "regress", "attend",  "additive" };
    return names[operation];
}

bool bench_single(const struct bench_case *c, enum precision precision)
{
    return precision != PRECISION_F64 && (c->with & BENCH_F64) == 0;
}

double bench_work(const struct bench_case *c, bool single)
{
    double b = (double)c->b, n = (double)c->n, m = (double)c->m, d = (double)c->d, v = (double)c->v;
    if (c->with & BENCH_MEMORY)
        return 1e-9 * b * m * (d + v) * (double)real_size(single);
    switch (c->operation) {
    case BENCH_BMM:
        return 2e-9 * b * n * m * d;
    case BENCH_ATTEND:
        return 2e-9 * b * n * m * (d + v);
    case BENCH_ADDITIVE:
        return 1e-9 * b * n * m * d;
    default:
        return 1e-9 * b * n * m * (c->with & BENCH_CURVE ? BENCH_CURVE_POINTS : 1);
    }
}

const char *bench_unit(const struct bench_case *c)
{
    static const char *const units[BENCH_OPERATIONS] = { "GFLOP/s",  "Gelem/s", "Gpairs/s",
                                                         "Gpairs/s", "GFLOP/s", "Gtanh/s" };
    return c->with & BENCH_CALL ? "us" : c->with & BENCH_MEMORY ? "GB/s" : units[c->operation];
}

double bench_rate(const struct bench_case *c, bool single, double seconds)
{
    return c->with & BENCH_CALL ? seconds * 1e6 : bench_work(c, single) / seconds;
}

double bench_curve_bandwidth(int k)
{
    const double range = 2 * sqrt(3), part = (double)k / (BENCH_CURVE_POINTS - 1);
    return range / BENCH_CURVE_RANGE * pow(2 * BENCH_CURVE_RANGE, part);
}

double bench_limit(const struct bench_case *c, bool single, const struct bench_limits *limits)
{
    if (c->with & BENCH_MEMORY)
        return limits->read;
    if (c->operation == BENCH_BMM || c->operation == BENCH_ATTEND)
        return limits->gflops[single ? 0 : 1];
    return (double)NAN;
}
