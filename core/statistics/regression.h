/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_STATISTICS_REGRESSION_H
#define CORE_STATISTICS_REGRESSION_H

/* A regression between its check and its end, as its steps see it. */

#include "core/call/pool.h"
#include "core/statistics/numbers.h"

struct regression {
    attpool_regression_options options;
    struct view *slope, *equivalent, *residuals, *errors;
    attpool_empty empty; /* the policy; the backend's is NAN, but in a plain pooling */
    double power[MOMENTS_MOST];
    struct buffer max, sum; /* of the rows, where a later step wants to know them */
    struct buffer tilt;     /* t by z instead of by k - q, 1 + d of a row */
    _Atomic int64_t singular, imprecise;
    int64_t missing;
    struct pool_call pool; /* last: its arguments do not begin as 0 */
};

static inline int64_t regression_rows(const struct regression *r)
{
    return r->pool.pool.batch * r->pool.pool.heads * r->pool.pool.n;
}

/* The call that pools queries [first, first + count) of each item alone. */
struct pool_args ap_regression_rows(const struct regression *r, int64_t first, int64_t count);

/* The steps: O, n_eff of degree 0, max, sum and tilt; slopes of degree 0; n_eff of degree 1 and
 * standard errors; weights of degree 1; what the policies mean and nearest make of empty rows. */
attpool_status ap_regression_fit(struct regression *r);
attpool_status ap_regression_gradient(struct regression *r);
attpool_status ap_regression_band(struct regression *r);
attpool_status ap_regression_weights(struct regression *r);
attpool_status ap_regression_empty(struct regression *r);
/* A whole call, without its frame; the options of t are not looked at. */
attpool_status ap_regress(struct regression *r, struct engine *engine, const struct pool_tensors *t,
                          const attpool_regression_options *options);

/* After the results have been fetched: weights of degree 1 become equivalent ones. */
void ap_regression_tilt_weights(const struct regression *r);

#endif
