/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTPOOL_BANDWIDTH_H
#define ATTPOOL_BANDWIDTH_H

/* Part of attpool.h: the choice of bandwidths. */

#include <attpool/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------
 * Bandwidths by a rule of thumb
 * ---------------------------------------------------------------------------------------- */

typedef enum attpool_rule {
    ATTPOOL_RULE_SILVERMAN = 0, /* R's bw.nrd0; for d > 1 that of scipy's gaussian_kde */
    ATTPOOL_RULE_SCOTT = 1      /* R's bw.nrd; for d > 1 that of scipy's gaussian_kde */
} attpool_rule;

/** The bandwidth of a rule of thumb, one for each coordinate c:
 *
 *                 d = 1                            d > 1
 *      Silverman  0.9 spread_c n^(-1/5) r          (4 / (d + 2))^(1 / (d + 4)) sd_c n^(-1 / (d +
 * 4)) r Scott      1.06 spread_c n^(-1/5) r         sd_c n^(-1 / (d + 4)) r
 *
 *  sd is the standard deviation (divisor n - 1), spread the smaller of it and of the range between
 * the quartiles by 1.34, or sd where that range is 0. The quartiles are those of R's quantile(type
 * = 7). With key weights a, n is (sum a)^2 / sum a^2, the mean that of weights a, sd^2 the sum of
 *  a (x - mean)^2 by sum a - sum a^2 / sum a, and quantile p the value at the part p of the way
 *  from the middle of the first row's weight to that of the last one's, in order of x and
 *  interpolated between the rows' middles.
 *
 *  r is 1 for the Gaussian. For another kernel it is the ratio of the canonical bandwidths of the
 *  product of d such kernels and of the Gaussian's (Marron and Nolan 1988),
 *
 *      r = ((R^d / variance^2) / (R_g^d / variance_g^2))^(1 / (d + 4)), R the integral of k^2
 *
 *  d = 1: boxcar 1.7401, triangular 2.4320, epanechnikov 2.2138, biweight 2.6226, triweight 2.9781,
 *  tricube 2.6098, cosine 2.2750, laplacian 0.7398, logistic 0.5590, sigmoid 0.6522. constant,
 *  silverman and cauchy have none.
 *
 *  K            (m, d), on the host, finite
 *  key_weights  (m), on the host, >= 0 and finite; NULL: 1. Rows of weight 0 do not count
 *  kernel       its fields kernel and kernels are looked at; NULL: the Gaussian
 *  bandwidths   d numbers, in the unit of their column
 *
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT, _MEMORY, ATTPOOL_E_OPTIONS (the rule; a kernel without a
 *  ratio), ATTPOOL_E_KEY_WEIGHTS, ATTPOOL_E_KEY (K; or a column is constant), ATTPOOL_E_BANDWIDTH
 *  (bandwidths is NULL, or one is out of range).
 *  Source: Silverman 1986, equations 3.31 and 4.14; Scott 1992, equations 6.41 and 6.42.
 *  Example: double h; attpool_bandwidth_rule(context, ATTPOOL_RULE_SILVERMAN, &x, NULL, NULL, &h);
 */
ATTPOOL_API attpool_status attpool_bandwidth_rule(attpool_context *context, attpool_rule rule,
                                                  const DLTensor *K, const DLTensor *key_weights,
                                                  const attpool_kernel_options *kernel,
                                                  double *bandwidths);

#ifdef __cplusplus
}
#endif

#endif
