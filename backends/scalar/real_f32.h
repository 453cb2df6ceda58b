/* SPDX-License-Identifier: Apache-2.0 */

/* The generic names of the templates, for float. No include guard: see both_types.h. */
#define T             float
#define FN(name)      name##_f32
#define T_BITS        uint32_t
#define T_EXPONENT    0x7f800000U
#define T_FRACTION    0x007fffffU
#define T_ONE         0x3f800000U
#define T_MAX         FLT_MAX
#define T_MIN         FLT_MIN
#define T_LIFT        0x1p24F /* makes every subnormal number normal */
#define T_BIG         0x1p24F /* where fma no longer helps a relative weight */
#define T_INFINITY    ((float)INFINITY)
#define T_NAN         ((float)NAN)
#define T_LOG2E       1.4426950408889634F
#define T_HALF_LOG2E  0.7213475204444817F
#define T_LN2         0.6931471805599453F
#define SOFTMAX_LANES SOFTMAX_LANES_F32
#define FMA           fmaf
#define FABS          fabsf
#define SQRT          sqrtf
