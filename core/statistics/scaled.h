/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_STATISTICS_SCALED_H
#define CORE_STATISTICS_SCALED_H

/* Numbers m 2^e, |m| in [1/2, 1), which neither overflow nor underflow. */

#include <math.h>
#include <stdint.h>
#include <string.h>

struct scaled {
    double m; /* 0, Inf and NaN as they are */
    int64_t e;
};

/* frexp and ldexp take longer than a division, so normal numbers go by their bits: their exponents
 * are 1 to 2046, that of 1/2 is 1022. */
static inline struct scaled scaled_of(double x)
{
    uint64_t bits;
    int e = 0;
    memcpy(&bits, &x, sizeof bits);
    const uint64_t exponent = bits >> 52 & 2047;
    if (exponent - 1 < 2046) {
        bits += (1022 - exponent) << 52;
        memcpy(&x, &bits, sizeof x);
        return (struct scaled){ x, (int64_t)exponent - 1022 };
    }
    const double m = frexp(x, &e);
    return (struct scaled){ m, isfinite(x) ? e : 0 };
}

static inline struct scaled scaled_times(struct scaled a, double x)
{
    const struct scaled b = scaled_of(x), p = scaled_of(a.m * b.m);
    return (struct scaled){ p.m, p.e + a.e + b.e };
}

static inline struct scaled scaled_over(struct scaled a, double x)
{
    const struct scaled b = scaled_of(x), p = scaled_of(a.m / b.m);
    return (struct scaled){ p.m, p.e + a.e - b.e };
}

/* Rounded once, to double. */
static inline double scaled_value(struct scaled a)
{
    enum { MOST = 4096 };
    uint64_t bits;
    if (a.e > -1021 && a.e <= 1024 && fabs(a.m) < 1 && a.m != 0) {
        memcpy(&bits, &a.m, sizeof bits);
        bits += (uint64_t)a.e << 52;
        memcpy(&a.m, &bits, sizeof bits);
        return a.m;
    }
    return ldexp(a.m, (int)(a.e > MOST ? MOST : a.e < -MOST ? -MOST : a.e));
}

#endif
