/* SPDX-License-Identifier: Apache-2.0 */

/* The element type of a unit. A unit of the scalar and SIMD backends is compiled for one type:
 * its .c file defines REAL_BITS as 32 or 64 before it includes anything. TYPED(name) is a name
 * that leaves the unit, REAL(NAME) the type's constant NAME of backends/elementary.h and the
 * like. */
#ifndef BACKENDS_REAL_H
#define BACKENDS_REAL_H

#include "backends/elementary.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#if REAL_BITS == 32
typedef float real;
typedef int32_t real_int; /* integers of its width */
typedef uint32_t real_uint;
#define TYPED(name)        name##_f32
#define REAL(name)         name##_F32
#define REAL_FRACTION_BITS 23
#define REAL_EPSILON       FLT_EPSILON
#define REAL_MAX           FLT_MAX
#define REAL_MIN           FLT_MIN
#define r_abs              fabsf
#define r_copysign         copysignf
#define r_fma              fmaf
#define r_sqrt             sqrtf
#elif REAL_BITS == 64
typedef double real;
typedef int64_t real_int;
typedef uint64_t real_uint;
#define TYPED(name)        name##_f64
#define REAL(name)         name##_F64
#define REAL_FRACTION_BITS 52
#define REAL_EPSILON       DBL_EPSILON
#define REAL_MAX           DBL_MAX
#define REAL_MIN           DBL_MIN
#define r_abs              fabs
#define r_copysign         copysign
#define r_fma              fma
#define r_sqrt             sqrt
#else
#error "REAL_BITS must be 32 or 64"
#endif

#define REAL_INF      ((real)INFINITY)
#define REAL_NAN      ((real)NAN)
#define REAL_BIG      (2 / REAL_EPSILON) /* from here on every number is even */
#define REAL_FRACTION (((real_uint)1 << REAL_FRACTION_BITS) - 1)

static inline real_uint r_as_bits(real x)
{
    real_uint bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline real r_as_real(real_uint bits)
{
    real x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#endif
