/* SPDX-License-Identifier: Apache-2.0 */

/* The elementary functions in plain C, float and double: weight_exp2_f32, weight_exp2_f64 and
 * so on. NUMERICS.md has the formulas, backends/elementary.h the constants. */
#ifndef ATTPOOL_SCALAR_ELEMENTARY_H
#define ATTPOOL_SCALAR_ELEMENTARY_H

#include "backends/elementary.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t as_bits_f32(float x)
{
    uint32_t i;
    memcpy(&i, &x, sizeof i);
    return i;
}

static inline float as_real_f32(uint32_t i)
{
    float x;
    memcpy(&x, &i, sizeof x);
    return x;
}

static inline uint64_t as_bits_f64(double x)
{
    uint64_t i;
    memcpy(&i, &x, sizeof i);
    return i;
}

static inline double as_real_f64(uint64_t i)
{
    double x;
    memcpy(&x, &i, sizeof x);
    return x;
}

#define T        float
#define BITS     uint32_t
#define SBITS    int32_t
#define FRACTION 23
#define FMA      fmaf
#define ABS      fabsf
#define COPYSIGN copysignf
#define F(name)  name##_f32
#define C(name)  name##_F32
#include "backends/scalar/elementary_type.h"

#define T        double
#define BITS     uint64_t
#define SBITS    int64_t
#define FRACTION 52
#define FMA      fma
#define ABS      fabs
#define COPYSIGN copysign
#define F(name)  name##_f64
#define C(name)  name##_F64
#include "backends/scalar/elementary_type.h"

#endif
