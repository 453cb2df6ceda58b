/* SPDX-License-Identifier: Apache-2.0 */

/* The element type of a program: float, or double with -DHAVE_F64. It begins every program.
 * WORD holds the bits of a REAL. TYPED(log) is log_f32 or log_f64. */

#pragma OPENCL FP_CONTRACT OFF

#ifdef HAVE_F64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#define REAL        double
#define REAL4       double4
#define WORD        ulong
#define WORD4       ulong4
#define AS_WORD     as_ulong
#define AS_REAL     as_double
#define TYPED(name) name##_f64
#define LOG2E       0x1.71547652b82fep+0
#define HALF_LOG2E  0x1.71547652b82fep-1
#define QUARTER_LOG2E 0x1.71547652b82fep-2
#define LN2         0x1.62e42fefa39efp-1
#define GREATEST    0x1.fffffffffffffp+1023
#define QUIET_NAN   0x7ff8000000000000UL
#define MASKED      0x7ff5a5a5a5a5a5a5UL
#else
#define REAL        float
#define REAL4       float4
#define WORD        uint
#define WORD4       uint4
#define AS_WORD     as_uint
#define AS_REAL     as_float
#define TYPED(name) name##_f32
#define LOG2E       0x1.715476p+0f
#define HALF_LOG2E  0x1.715476p-1f
#define QUARTER_LOG2E 0x1.715476p-2f
#define LN2         0x1.62e43p-1f
#define GREATEST    0x1.fffffep+127f
#define QUIET_NAN   0x7fc00000U
#define MASKED      0x7fa5a5a5U /* in scratch memory: no number, and no NaN that is computed */
#endif

/* Before a loop of one work-item that adds up numbers by +: Intel's runtime makes vectors of such sums, of another
 * order, without leave to. Those by fma keep theirs. */
#define IN_ORDER _Pragma("clang loop vectorize(disable)")

/* A result: every NaN becomes the positive quiet one. */
static REAL clean(REAL x)
{
    return x == x ? x : AS_REAL((WORD)QUIET_NAN);
}

/* x, but +0 for -0: a sum with 0 that no compiler takes for x itself. */
static REAL plus_zero(REAL x)
{
    return (AS_WORD(x) << 1) == 0 ? (REAL)0 : x;
}
