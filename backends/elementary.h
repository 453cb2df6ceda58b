/* SPDX-License-Identifier: Apache-2.0 */

/* Constants of the elementary functions, one set for C and OpenCL C; NUMERICS.md has the
 * formulas. A _POLY is the coefficients of a polynomial, highest power first. */
#ifndef BACKENDS_ELEMENTARY_H
#define BACKENDS_ELEMENTARY_H

/* What the slot elementwise computes. */
enum elementary_function {
    ELEM_WEIGHT_EXP2,
    ELEM_EXP2_FULL,
    ELEM_EXP,
    ELEM_TANH,
    ELEM_LOG,
    ELEM_SIN,
    ELEM_COS,
    ELEM_COSPI2,
    ELEM_COSPI2_SQUARE,
    ELEM_SILVERMAN,
    ELEM_LOGISTIC_FACTOR,
    ELEM_SIGMOID_FACTOR,
    ELEM_RECIPROCAL, /* 1 / x */
    ELEM_QUOTIENT,   /* x / (the bits of x scrambled) */
    ELEM_SQRT,
    ELEM_FUNCTIONS
};

/* Adding and subtracting MAGIC rounds to an integer, which the low bits of the sum hold.
 * MAGIC_BIASED adds the exponent bias, so that those bits shifted are the power of two. */
#define MAGIC_F32        0x1.8p+23f
#define MAGIC_F64        0x1.8p+52
#define MAGIC_BIASED_F32 0x1.8000fep+23f
#define MAGIC_BIASED_F64 0x1.80000000003ffp+52

/* 2^f = POLY(f) for |f| <= 1/2. For weights, which are +0 from EXP2_ZERO on, WEIGHT_MAGIC adds the
 * exponent bias less 1: the bits shifted are 0 there and half the power of two elsewhere, and
 * WEIGHT_POLY is twice the polynomial. */
#define EXP2_ZERO_F32    (-126.0f)
#define EXP2_ZERO_F64    (-1022.0)
#define WEIGHT_MAGIC_F32 0x1.8000fcp+23f
#define WEIGHT_MAGIC_F64 0x1.80000000003fep+52
#define EXP2_TERMS_F32(u)                                                                          \
    0x1.3fa206p-13f * u, 0x1.5f0b82p-10f * u, 0x1.3b30ap-7f * u, 0x1.c6af76p-5f * u,               \
        0x1.ebfbd8p-3f * u, 0x1.62e43p-1f * u, 0x1p+0f * u
#define EXP2_TERMS_F64(u)                                                                          \
    0x1.e9731780488cp-32 * u, 0x1.e61d4332035bap-28 * u, 0x1.b52522bc20bcdp-24 * u,                \
        0x1.62bfc6596be6ap-20 * u, 0x1.ffcbfc6685ee5p-17 * u, 0x1.4309130f6cbdbp-13 * u,           \
        0x1.5d87fe789e96fp-10 * u, 0x1.3b2ab6fb9fda6p-7 * u, 0x1.c6b08d704a12cp-5 * u,             \
        0x1.ebfbdff82c5a6p-3 * u, 0x1.62e42fefa39efp-1 * u, 0x1p+0 * u
#define EXP2_POLY_F32   EXP2_TERMS_F32(1.0f)
#define EXP2_POLY_F64   EXP2_TERMS_F64(1.0)
#define WEIGHT_POLY_F32 EXP2_TERMS_F32(2.0f)
#define WEIGHT_POLY_F64 EXP2_TERMS_F64(2.0)

/* 2^t and e^x are 0 below LOW and overflow above HIGH. */
#define EXP2_LOW_F32  (-160.0f)
#define EXP2_HIGH_F32 130.0f
#define EXP2_LOW_F64  (-1080.0)
#define EXP2_HIGH_F64 1026.0
#define EXP_LOW_F32   (-110.0f)
#define EXP_HIGH_F32  90.0f
#define EXP_LOW_F64   (-750.0)
#define EXP_HIGH_F64  711.0

#define LOG2_E_F32 0x1.715476p+0f
#define LOG2_E_F64 0x1.71547652b82fep+0
#define LN2_F32    0x1.62e43p-1f
#define LN2_F64    0x1.62e42fefa39efp-1

/* Scores in units of 4 log 2: the largest finite one, and the size from which on the rounding of a
 * maximum matters. */
#define SCORE_MOST_F32  0x1.715474p+126f
#define SCORE_MOST_F64  0x1.71547652b82fdp+1022
#define SCORE_LARGE_F32 0x1p+22f
#define SCORE_LARGE_F64 0x1p+51

/* Far keys: a row is near where its maximum is above NEAR_LIMIT; a key is far where its weight
 * relative to that is a power of two up to FAR_LIMIT, which comes to 0. */
#define NEAR_LIMIT_F32 (-8.0f)
#define NEAR_LIMIT_F64 (-8.0)
#define FAR_LIMIT_F32  (-125.5f)
#define FAR_LIMIT_F64  (-159.5)

/* For weight_exp2 above FAR_LIMIT alone: the n from which on it is +0, as EXP2_ZERO, and what
 * WEIGHT_POLY is with its MAGIC. */
#define FAR_ZERO_F32 EXP2_ZERO_F32
#define FAR_ZERO_F64 (-160.0)
#define FAR_POLY_F32 WEIGHT_POLY_F32
#define FAR_POLY_F64 EXP2_TERMS_F64(0x1p863)

/* Sums of squares: of weights from LEAST to below MOST they need no exponent; sums from
 * SQUARES_LEAST to SQUARES_MOST are those of such weights. An exponent is at most EXPONENT_MOST. */
#define WEIGHT_LEAST_F32  0x1p-60f
#define WEIGHT_LEAST_F64  0x1p-500
#define WEIGHT_MOST_F32   0x1p+48f
#define WEIGHT_MOST_F64   0x1p+400
#define SUM_LEAST_F32     0x1p-100f /* of l for 1 / l */
#define SUM_LEAST_F64     0x1p-900
#define SQUARES_LEAST_F32 0x1p-112f
#define SQUARES_LEAST_F64 0x1p-992
#define SQUARES_MOST_F32  0x1p+95f
#define SQUARES_MOST_F64  0x1p+799
#define EXPONENT_MOST_F32 126
#define EXPONENT_MOST_F64 1022

/* log 2 = HIGH + LOW. HIGH of the logarithm has trailing zeros: its multiples are exact. */
#define EXP_LN2_HIGH_F32 0x1.62e43p-1f
#define EXP_LN2_LOW_F32  (-0x1.05c61p-29f)
#define EXP_LN2_HIGH_F64 0x1.62e42fefa39efp-1
#define EXP_LN2_LOW_F64  0x1.abc9e3b39803fp-56
#define LOG_LN2_HIGH_F32 0x1.62e4p-1f
#define LOG_LN2_LOW_F32  0x1.7f7d1cp-20f
#define LOG_LN2_HIGH_F64 0x1.62e42fefa38p-1
#define LOG_LN2_LOW_F64  0x1.ef35793c7673p-45

/* e^r = 1 + r + r^2 POLY(r) for |r| <= log(2) / 2. */
#define EXP_POLY_F32                                                                               \
    0x1.a2d96ap-13f, 0x1.6d3082p-10f, 0x1.110fc2p-7f, 0x1.5555p-5f, 0x1.555556p-3f, 0x1p-1f
#define EXP_POLY_F64                                                                               \
    0x1.1f87082ad225fp-29, 0x1.af4effa827c06p-26, 0x1.27e4cfa33f7abp-22, 0x1.71de0195b0e51p-19,    \
        0x1.a01a01ab9c475p-16, 0x1.a01a01ac242e1p-13, 0x1.6c16c16c1569fp-10, 0x1.1111111110049p-7, \
        0x1.5555555555557p-5, 0x1.5555555555557p-3, 0x1p-1

/* tanh r = r + r^3 POLY(r^2) for -0.08 <= r <= 0.268, what |x| + n TANH_STEP leaves; TANH_STEP is
 * -log(2) / 2 and TANH_SCALE is 2 log2(e). TANH_MAGIC makes the shifted bits 2^(n - 1). Beyond
 * TANH_LIMIT tanh is 1, below TANH_TINY it is x. */
#define TANH_LIMIT_F32 10.0f
#define TANH_LIMIT_F64 20.0
#define TANH_TINY_F32  0x1p-30f
#define TANH_TINY_F64  0x1p-60
#define TANH_SHIFT_F32 0.09375f
#define TANH_SHIFT_F64 0.09375
#define TANH_SCALE_F32 0x1.715476p+1f
#define TANH_SCALE_F64 0x1.71547652b82fep+1
#define TANH_MAGIC_F32 0x1.8000fcp+23f
#define TANH_MAGIC_F64 0x1.80000000003fep+52
#define TANH_STEP_F32  (-0x1.62e43p-2f)
#define TANH_STEP_F64  (-0x1.62e42fefa39efp-2)
#define TANH_POLY_F32  -0x1.a2735cp-5f, 0x1.10d322p-3f, -0x1.5554f8p-2f
#define TANH_POLY_F64                                                                              \
    -0x1.54b4543f69011p-10, 0x1.d4889da1d4d79p-9, -0x1.22659574c836dp-7, 0x1.664f24b387cb5p-6,     \
        -0x1.ba1ba16a673e9p-5, 0x1.11111110e6f3ep-3, -0x1.5555555555464p-2

/* log((1 + s) / (1 - s)) = 2 s + s^3 POLY(s^2) for 1 + f = (1 + s) / (1 - s) between sqrt(1/2)
 * and sqrt 2. LOG_SPLIT is the bits of sqrt(1/2); LOG_TINY_SCALE makes subnormals normal. */
#define LOG_SPLIT_F32      0x3f3504f3
#define LOG_SPLIT_F64      0x3fe6a09e667f3bcd
#define LOG_TINY_F32       0x1p-126f
#define LOG_TINY_F64       0x1p-1022
#define LOG_TINY_SCALE_F32 0x1p+24f
#define LOG_TINY_SCALE_F64 0x1p+54
#define LOG_TINY_SHIFT_F32 24.0f
#define LOG_TINY_SHIFT_F64 54.0
#define LOG_POLY_F32       0x1.ce848ep-3f, 0x1.24c14p-2f, 0x1.99986ep-2f, 0x1.555556p-1f
#define LOG_POLY_F64                                                                               \
    0x1.2b5f5b2f9f871p-3, 0x1.39fdcbbceb4c6p-3, 0x1.7462b925fa03ep-3, 0x1.c71c62d649d8cp-3,        \
        0x1.2492492dfb9b8p-2, 0x1.99999999952b9p-2, 0x1.5555555555558p-1

/* pi / 2 = A + B + C. sin r = r + r^3 SIN_POLY(r^2) and cos r = 1 - r^2/2 + r^4 COS_POLY(r^2)
 * for |r| <= pi / 4. Arguments beyond TRIG_MAX are out of range. */
#define TRIG_MAX_F32   8192.0f
#define TRIG_MAX_F64   8192.0
#define TWO_BY_PI_F32  0x1.45f306p-1f
#define TWO_BY_PI_F64  0x1.45f306dc9c883p-1
#define HALF_PI_A_F32  0x1.921fb6p+0f
#define HALF_PI_B_F32  (-0x1.777a5cp-25f)
#define HALF_PI_C_F32  (-0x1.ee59dap-50f)
#define HALF_PI_A_F64  0x1.921fb54442d18p+0
#define HALF_PI_B_F64  0x1.1a62633145c07p-54
#define HALF_PI_C_F64  (-0x1.f1976b7ed8fbcp-110)
#define QUARTER_PI_F32 0x1.921fb6p-1f
#define QUARTER_PI_F64 0x1.921fb54442d18p-1
#define SIN_POLY_F32   0x1.872d2ap-19f, -0x1.a0828cp-13f, 0x1.111198p-7f, -0x1.555556p-3f
#define COS_POLY_F32   -0x1.57b52p-22f, 0x1.a0f244p-16f, -0x1.6c17d2p-10f, 0x1.555556p-5f
#define SIN_POLY_F64                                                                               \
    -0x1.8f2205e424c7p-41, 0x1.60e8e303e771ap-33, -0x1.ae63fbe764698p-26, 0x1.71de3a1274b98p-19,   \
        -0x1.a01a019fe9a68p-13, 0x1.1111111111021p-7, -0x1.5555555555555p-3
#define COS_POLY_F64                                                                               \
    -0x1.906d4fd318136p-37, 0x1.1eeb4f6f2f846p-29, -0x1.27e4f9fb2e04fp-22, 0x1.a01a019f32bcp-16,   \
        -0x1.6c16c16c168b7p-10, 0x1.5555555555555p-5

/* cos(pi sqrt(z) / 2) = (1 - z) (1 + z POLY(z)) for 0 <= z <= 1. */
#define COSPI2_POLY_F32 0x1.8c0ca8p-16f, -0x1.d47ab8p-11f, 0x1.472a7cp-6f, -0x1.de9e6p-3f
#define COSPI2_POLY_F64                                                                            \
    -0x1.931c7976715cdp-48, 0x1.2e008b4d88278p-41, -0x1.1e8d3f92751ffp-34, 0x1.b268dbcb86a44p-28,  \
        -0x1.f309e95664481p-22, 0x1.9f05cb021c90cp-16, -0x1.d4fcd83119364p-11,                     \
        0x1.472be122434c8p-6, -0x1.de9e64df22ef3p-3

/* 1 / b = POLY(b) (1 + e), |e| < 2^-9, for 1 <= b < 2; RSQRT_GUESS minus half the bits of a
 * number is the bits of about its inverse square root. For OpenCL: both are refined there. */
#define RECIPROCAL_POLY_F32 -0x1.c65256p-3f, 0x1.54bdcap+0f, -0x1.783c44p+1f, 0x1.6a09bap+1f
#define RECIPROCAL_POLY_F64 -0x1.c65256p-3, 0x1.54bdcap+0, -0x1.783c44p+1, 0x1.6a09bap+1
#define RSQRT_GUESS_F32     0x5f375a86
#define RSQRT_GUESS_F64     0x5fe6eb50c7b537a9

/* Silverman's kernel: 1 / sqrt 2, and the argument beyond which it is 0 in the type. */
#define SQRT_HALF_F32     0x1.6a09e6p-1f
#define SQRT_HALF_F64     0x1.6a09e667f3bcdp-1
#define SILVERMAN_MAX_F32 128.0f
#define SILVERMAN_MAX_F64 768.0

#endif
