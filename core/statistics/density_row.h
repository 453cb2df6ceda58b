/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_STATISTICS_DENSITY_ROW_H
#define CORE_STATISTICS_DENSITY_ROW_H

/* A density from the sums of its row: NUMERICS.md, "Density". */

#include "backends/elementary.h"
#include "core/statistics/elementary.h"
#include "core/statistics/scaled.h"

/* sum / total times the factor: the density but for 2^(4 max). */
static inline struct scaled share_of(const struct scaled *factor, double sum, double total)
{
    struct scaled x = scaled_over(scaled_of(sum), total);
    x = scaled_times(x, factor->m);
    x.e += factor->e;
    return x;
}

static inline double log_of(struct scaled x, double max)
{
    return fma(max, 4 * LN2_F64, fma((double)x.e, LN2_F64, ap_log(x.m)));
}

static inline double value_of(struct scaled x, double max)
{
    const double t = 4 * max, whole = rint(t);
    if (fabs(t) < 0x1p50 && t != 0) {
        x = scaled_times(x, ap_exp2(t - whole));
        x.e += (int64_t)whole;
    } else if (t != 0) {
        x.e = t > 0 ? INT32_MAX : INT32_MIN;
    }
    return scaled_value(x);
}

#endif
