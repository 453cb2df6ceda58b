/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTPOOL_REGRESSION_H
#define ATTPOOL_REGRESSION_H

/* Part of attpool.h: local constant and local linear regression, their slopes and standard errors.
 */

#include <attpool/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------
 * Local regression
 *
 * W are the weights of attpool_pool. The fit at q is
 *
 *   degree 0, local constant     sum_j W_j y_j: what attpool_pool gives, to the bit
 *   degree 1, local linear       c of the c and g that minimise sum_j W_j (y_j - c - g (k_j - q))^2
 *
 * which is sum_j E_j y_j with the equivalent weights E_j = W_j (t_0 + sum_a t_a (k_ja - q_a)),
 * whose sum is 1 and of which some may be negative; of degree 0, t = (1, 0, ..) and E = W.
 *
 * A row whose least squares are singular, since its keys with weight do not span a plane, is local
 * constant and has slope 0: a pivot of the normal matrix, scaled to a diagonal of ones, is below
 * 8 (d + 1) eps, with eps = 2^-23 (float32), 2^-52 (float64).
 *
 * All tensors are on the host, whatever the backend.
 * ---------------------------------------------------------------------------------------- */

typedef struct attpool_regression_options {
    uint32_t size;  /* sizeof(attpool_regression_options), or 0: the fields of the first release */
    int32_t degree; /* 0 or 1; 1 needs the score ATTPOOL_KERNEL and d <= 64 */
    const attpool_pool_options *pool; /* kernel, key weights, masks, policy; NULL: a Gaussian kernel
                                       * of bandwidth 1. n_eff is 1 / sum_j E_j^2 and weights are E.
                                       * max and sum must be NULL, dropout 0 */
    DLTensor *slope;                  /* NULL, or receives the derivatives of the fit (b, n, v d):
                                       * that of column c by coordinate a in column c d + a.
                                       * Degree 1: g; degree 0: the gradient by the query. Needs O;
                                       * degree 0: not for additive and projection */
    DLTensor *equivalent;             /* NULL, or receives t (b, n, 1 + d) */
    const DLTensor *residuals;        /* NULL, or e (b, r, w), r <= m: residuals of the first r
                                       * keys; NaN: there is none, the key had no prediction */
    DLTensor *standard_errors;        /* NULL, or receives them (b, n, w); needs residuals.
                                       * r = m: sqrt(sum_j E_j^2 e_j^2). r < m, of a sample of the
                                       * keys: the sum is that over the first r keys, times
                                       * sum_j E_j^2 over all j by that over the first r */
    int64_t *singular;                /* NULL, or receives how many rows were singular */
    int64_t *missing;                 /* NULL, or receives how many rows have no standard error
                                       * since a key with weight has no residual, or none of the
                                       * sample has weight; they are NaN. Empty rows are not
                                       * counted */
    int64_t *imprecise; /* NULL, or receives how many other rows have a pivot below the
                         * square root of that bound: more than half of the digits of
                         * their lines are lost, since nearly all weight is that of
                         * keys that hardly span a plane */
} attpool_regression_options;

/** The fit at queries Q of values V at keys K.
 *
 *  Q (b, n, d), K (b, m, d), V (b, m, v) and O (b, n, v) as in attpool_pool; V and O may both be
 *  NULL where something else is asked for
 *  options  NULL: degree 0, a Gaussian kernel of bandwidth 1
 *
 *  Empty rows follow the policy: under `mean` and `nearest` the fit is local constant with the
 *  weights that the policy gives, and its slope 0; under `nan` all is NaN; under `zero` the fit,
 *  its slope and standard errors are 0, n_eff is NaN. t is (1, 0, ..). They are not singular.
 *
 *  A residual e_j that is to make a band is that of a fit that has not seen y_j: see
 *  attpool_residuals. The band fit +- z standard errors, z the normal quantile, covers the mean of
 *  the fit at one query, not that at all queries at the same time.
 *
 *  Needs O(n + m) memory, times 1 + d, besides the weights. One answer holds: the least squares are
 *  solved in float64 in one order (NUMERICS.md, "Local regression").
 *
 *  Returns as attpool_pool; ATTPOOL_E_SLOPE, _EQUIVALENT, _RESIDUALS, _STANDARD_ERRORS. As it has
 *  several steps, the outputs are undefined after ATTPOOL_E_MEMORY too.
 *  Source: Nadaraya 1964, Watson 1964; Stone 1977, Cleveland 1979, Fan 1993 (local linear);
 *  Eicker 1967, White 1980 (standard errors).
 *  Example: a line and its band, with the residuals first
 *
 *      attpool_regression_options o = { .size = sizeof o, .degree = 1, .pool = &pool };
 *      attpool_residuals(context, &X, &Y, &o, &E);
 *      o.residuals = &E, o.standard_errors = &SE;
 *      attpool_regression(context, &Q, &X, &Y, &o, &fit); */
ATTPOOL_API attpool_status attpool_regression(attpool_context *context, const DLTensor *Q,
                                              const DLTensor *K, const DLTensor *V,
                                              const attpool_regression_options *options,
                                              DLTensor *O);

/** Leave-one-out residuals E (b, r, v) of the first r keys, r <= m: E_j = y_j - the fit at k_j from
 *  all other keys. That fit has the bits of attpool_regression with K for Q and leave_one_out.
 *
 *  options  as above, with masks for r rows; slope, equivalent, residuals, standard_errors must be
 *           NULL, and so must pool's lse, n_eff, weights. singular and imprecise count rows of E,
 *           missing receives 0
 *
 *  NaN where y is, or where the other keys give no prediction (under the policy `nan`).
 *  Returns as attpool_regression. */
ATTPOOL_API attpool_status attpool_residuals(attpool_context *context, const DLTensor *K,
                                             const DLTensor *V,
                                             const attpool_regression_options *options,
                                             DLTensor *E);

/** Local linear regression of plain arrays: attpool_regress_f32 with the line at each query.
 *
 *  slope  NULL, or its derivatives (n, v d): that of column c by coordinate a in column c d + a
 *
 *  All else as for attpool_regress_f32; d <= 64. A query whose keys determine no line gets their
 *  mean and slope 0. Returns as attpool_regression.
 *  Example: attpool_line_f64(NULL, n, m, 1, 1, queries, x, y, ATTPOOL_GAUSSIAN, 0.3, fit, NULL); */
ATTPOOL_API attpool_status attpool_line_f32(attpool_context *context, int64_t n, int64_t m,
                                            int64_t d, int64_t v, const float *queries,
                                            const float *x, const float *y,
                                            attpool_kernel_name kernel, double bandwidth,
                                            float *fit, float *slope);
ATTPOOL_API attpool_status attpool_line_f64(attpool_context *context, int64_t n, int64_t m,
                                            int64_t d, int64_t v, const double *queries,
                                            const double *x, const double *y,
                                            attpool_kernel_name kernel, double bandwidth,
                                            double *fit, double *slope);

#ifdef __cplusplus
}
#endif

#endif
