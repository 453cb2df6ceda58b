/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_KERNELS_H
#define BACKENDS_KERNELS_H

/* The kernels, read by C and by OpenCL C: a weight is 2^(log part) times a factor, on a support.
 * The formulas stand in NUMERICS.md, "Kernels", and once in each backend.
 *
 *     ROW(NAME, log, factor, compact, square, roughness, variance, names)
 *         log      1: has a part in the log domain
 *         factor   0: none, 1: a polynomial, 2: more than that
 *         compact  1: nothing outside |u| < 1
 *         square   1: is a function of u^2 alone, which spares a square root
 *         roughness, variance
 *                  of the kernel as a density, the integrals of k^2 and u^2 k; 0: one of them does
 *                  not exist, or the variance is 0
 *         names    as users write it, then as other packages do; none that means another kernel
 *                  somewhere: R's density calls a cosine "cos" that is none of ours, locfit's
 *                  "trwt" is tricube, and a "linear" kernel is an inner product */
#define KERNEL_TABLE(ROW)                                                                          \
    ROW(GAUSSIAN, 1, 0, 0, 1, 0.28209479177387814, 1, "gaussian", "normal", "gauss", "gau")        \
    ROW(BOXCAR, 0, 1, 1, 1, 0.5, 1.0 / 3, "boxcar", "box", "uniform", "uni", "rectangular",        \
        "rect", "tophat")                                                                          \
    ROW(CONSTANT, 0, 1, 0, 1, 0, 0, "constant")                                                    \
    ROW(TRIANGULAR, 0, 1, 1, 0, 2.0 / 3, 1.0 / 6, "triangular", "tri", "tria")                     \
    ROW(EPANECHNIKOV, 0, 1, 1, 1, 0.6, 0.2, "epanechnikov", "epanech", "epan", "epa")              \
    ROW(BIWEIGHT, 0, 1, 1, 1, 5.0 / 7, 1.0 / 7, "biweight", "quartic", "bisq", "biw")              \
    ROW(TRIWEIGHT, 0, 1, 1, 1, 350.0 / 429, 1.0 / 9, "triweight", "tri_weight", "triw")            \
    ROW(TRICUBE, 0, 1, 1, 0, 175.0 / 247, 35.0 / 243, "tricube", "tricubic", "tcub")               \
    ROW(COSINE, 0, 2, 1, 0, 0.61685027506808487, 0.1894305308612978, "cosine", "optcosine")        \
    ROW(LAPLACIAN, 1, 0, 0, 0, 0.25, 2, "laplacian", "exponential", "exp")                         \
    ROW(LOGISTIC, 1, 2, 0, 0, 1.0 / 6, 3.2898681336964528, "logistic")                             \
    ROW(SIGMOID, 1, 2, 0, 0, 0.20264236728467555, 2.4674011002723395, "sigmoid")                   \
    ROW(SILVERMAN, 0, 2, 0, 0, 0, 0, "silverman")                                                  \
    ROW(CAUCHY, 0, 2, 0, 1, 0, 0, "cauchy")

#ifdef __OPENCL_VERSION__
#define KERNEL_NUMBER(NAME, ...) NAME,
enum { KERNEL_TABLE(KERNEL_NUMBER) };
#undef KERNEL_NUMBER
#define KERNEL_ID(NAME) NAME
#else
#include "core/attpool.h"

#include <stdbool.h>
#define KERNEL_ID(NAME) ATTPOOL_##NAME
#endif

/* The kernels with a trait, a bit for each. */
#define KERNEL_LOG(NAME, log, factor, compact, square, ...)    | (log) << KERNEL_ID(NAME)
#define KERNEL_FACTOR(NAME, log, factor, compact, square, ...) | ((factor) > 0) << KERNEL_ID(NAME)
#define KERNEL_INTRICATE(NAME, log, factor, compact, square, ...)                                  \
    | ((factor) > 1) << KERNEL_ID(NAME)
#define KERNEL_COMPACT(NAME, log, factor, compact, square, ...) | (compact) << KERNEL_ID(NAME)
#define KERNEL_SQUARE(NAME, log, factor, compact, square, ...)  | (square) << KERNEL_ID(NAME)
enum {
    KERNELS_LOG = 0 KERNEL_TABLE(KERNEL_LOG),
    KERNELS_FACTOR = 0 KERNEL_TABLE(KERNEL_FACTOR),
    KERNELS_INTRICATE = 0 KERNEL_TABLE(KERNEL_INTRICATE),
    KERNELS_COMPACT = 0 KERNEL_TABLE(KERNEL_COMPACT),
    KERNELS_SQUARE = 0 KERNEL_TABLE(KERNEL_SQUARE)
};
#undef KERNEL_LOG
#undef KERNEL_FACTOR
#undef KERNEL_INTRICATE
#undef KERNEL_COMPACT
#undef KERNEL_SQUARE

#define KERNEL_ONE(...) +1
enum { KERNEL_COUNT = 0 KERNEL_TABLE(KERNEL_ONE) };
#undef KERNEL_ONE

static inline bool kernel_has_log(int name)
{
    return (KERNELS_LOG >> name) & 1;
}

static inline bool kernel_has_factor(int name)
{
    return (KERNELS_FACTOR >> name) & 1;
}

/* Is the factor more than a polynomial? */
static inline bool kernel_is_intricate(int name)
{
    return (KERNELS_INTRICATE >> name) & 1;
}

/* How many bits at most the factor takes from the power of two of a kernel with a log part; -1
 * where it may take any number of them. */
static inline int kernel_factor_bits(int name)
{
    if (name == KERNEL_ID(LOGISTIC))
        return 2;
    if (name == KERNEL_ID(SIGMOID))
        return 1;
    return kernel_has_log(name) || name == KERNEL_ID(CONSTANT) ? 0 : -1;
}

static inline bool kernel_is_compact(int name)
{
    return (KERNELS_COMPACT >> name) & 1;
}

static inline bool kernel_takes_square(int name)
{
    return (KERNELS_SQUARE >> name) & 1;
}

#endif
