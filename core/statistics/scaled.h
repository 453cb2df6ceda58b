/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_STATISTICS_SCALED_H
#define CORE_STATISTICS_SCALED_H

/* Numbers m 2^e, |m| in [1/2, 1), which neither overflow nor underflow. */

#include <math.h>
#include <stdint.h>

struct scaled {
    double m; /* 0, Inf and NaN as they are */
    int64_t e;
};

static inline struct scaled scaled_of(double x)
{
    int e = 0;
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
    return ldexp(a.m, (int)(a.e > MOST ? MOST : a.e < -MOST ? -MOST : a.e));
}

#endif
