/* SPDX-License-Identifier: Apache-2.0 */

/* The generic names of the templates, for double. No include guard: see both_types.h. */
#define T             double
#define FN(name)      name##_f64
#define T_BITS        uint64_t
#define T_EXPONENT    0x7ff0000000000000U
#define T_FRACTION    0x000fffffffffffffU
#define T_ONE         0x3ff0000000000000U
#define T_MAX         DBL_MAX
#define T_MIN         DBL_MIN
#define T_LIFT        0x1p53 /* makes every subnormal number normal */
#define T_BIG         0x1p53 /* where fma no longer helps a relative weight */
#define T_INFINITY    ((double)INFINITY)
#define T_NAN         ((double)NAN)
#define T_LOG2E       1.4426950408889634
#define T_HALF_LOG2E  0.7213475204444817
#define T_LN2         0.6931471805599453
#define SOFTMAX_LANES SOFTMAX_LANES_F64
#define FMA           fma
#define FABS          fabs
#define SQRT          sqrt
