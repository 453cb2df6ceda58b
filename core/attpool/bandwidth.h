/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTPOOL_BANDWIDTH_H
#define ATTPOOL_BANDWIDTH_H

/* Part of attpool.h: the choice of bandwidths. */

#include <attpool/regression.h>

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
 *                 d = 1                        d > 1
 *      Silverman  0.9 spread_c n^(-1/5) r      sd_c (4 / (d + 2) / n)^(1 / (d + 4)) r
 *      Scott      1.06 spread_c n^(-1/5) r     sd_c n^(-1 / (d + 4)) r
 *
 *  sd is the standard deviation (divisor n - 1), spread the smaller of it and of the range between
 *  the quartiles by 1.34, or sd where that range is 0. The quartiles are those of R's
 *  quantile(type = 7). With key weights a, n is (sum a)^2 / sum a^2, the mean that of weights a,
 *  sd^2 the sum of a (x - mean)^2 by sum a - sum a^2 / sum a, and quantile p the value at the part
 *  p of the way from the middle of the first row's weight to that of the last one's, in order of x
 *  and interpolated between the rows' middles.
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
 *  Example: Silverman's bandwidth of each of three columns
 *
 *      double h[3];
 *      attpool_bandwidth_rule(context, ATTPOOL_RULE_SILVERMAN, &X, NULL, NULL, h); */
ATTPOOL_API attpool_status attpool_bandwidth_rule(attpool_context *context, attpool_rule rule,
                                                  const DLTensor *K, const DLTensor *key_weights,
                                                  const attpool_kernel_options *kernel,
                                                  double *bandwidths);

/* ------------------------------------------------------------------------------------------
 * Bandwidths by a score
 * ---------------------------------------------------------------------------------------- */

/** What a bandwidth is judged by. The less the better, all of them. */
typedef enum attpool_criterion {
    ATTPOOL_CRITERION_CV = 0,         /* leave-one-out cross-validation */
    ATTPOOL_CRITERION_AICC = 1,       /* the corrected AIC of Hurvich, Simonoff and Tsai */
    ATTPOOL_CRITERION_LIKELIHOOD = 2, /* leave-one-out log-likelihood of a density, negative */
    ATTPOOL_CRITERION_BRIER = 3       /* leave-one-out Brier score of one-hot V, unchecked */
} attpool_criterion;

/** How bandwidths are judged. Zero-initialised: by cross-validation. */
typedef struct attpool_selection_options {
    uint32_t size; /* sizeof(attpool_selection_options), or 0: the fields of the first release */
    attpool_criterion criterion;
    int32_t degree;              /* of the local polynomial: 0 or 1 (attpool_regression) */
    const DLTensor *row_weights; /* a of the scores (m); NULL: the key weights */
} attpool_selection_options;

/** The scores of the bandwidths f_k h, h being that of the options: a curve in one call.
 *
 *  Sums go over the rows of row weight a_i > 0, n of them; A is the sum of a_i. P_i is the
 *  prediction of row i: that of attpool_pool, or of attpool_regression of degree 1, for query
 *  i = key i with leave_one_out, bit for bit. W are the weights, of degree 1 the equivalent ones.
 *
 *      mse_c       sum a_i (V_ic - P_ic)^2 / A
 *      CV          mse of a single column; of several the mean over those that vary, each divided
 *                  by its variance, sum a_i (V_ic - mean_c)^2 / A
 *      AICC        the mean of log(mse_c) over the columns that vary, P being the fit with all
 *                  rows, + (1 + tr / n) / (1 - (tr + 2) / n), tr = sum W_ii; +Inf where
 *                  tr + 2 >= n or a column has no errors
 *      LIKELIHOOD  -sum a_i log f_i / A, f_i that of attpool_density with leave_one_out
 *      BRIER       the sum of mse_c over the columns
 *
 *  A bandwidth that leaves a row without a prediction has the score +Inf.
 *
 *  K          (m, d), queries and keys, on the host, finite
 *  V          (m, v), on the host, finite; NULL for LIKELIHOOD
 *  options    as of attpool_pool, tensors on the host: score ATTPOOL_KERNEL, kernel, key weights,
 *             masks. empty and the origins are not looked at, leave_one_out is set as the criterion
 *             needs it. AICC takes no masks. No dropout, no output
 *  selection  NULL: CV
 *  factors    f_k > 0, finite, `count` of them. A bandwidth becomes f_k bandwidth, rounded once; an
 *             inverse bandwidth, or each of a tensor, w / f_k rounded up. 1 leaves it as it is
 *  scores     count numbers
 *  without    NULL, or count numbers of rows without a prediction
 *
 *  Needs O(m) memory. The scores have the same bits from every backend (NUMERICS.md, "Bandwidth
 *  scores").
 *
 *  Returns as attpool_pool; ATTPOOL_E_VALUE also where all columns of V are constant (not for
 *  BRIER), ATTPOOL_E_KEY_WEIGHTS for row weights or where all are 0, ATTPOOL_E_BANDWIDTH for a
 *  factor.
 *  Source: Stone 1974; Hurvich, Simonoff and Tsai 1998; Duin 1976; Brier 1950.
 *  Example: the best of three multiples of the bandwidth 1
 *
 *      attpool_kernel_options kernel = { .size = sizeof kernel, .bandwidth = 1 };
 *      attpool_pool_options pool = { .size = sizeof pool, .score = ATTPOOL_KERNEL,
 *                                    .kernel = &kernel };
 *      double factors[3] = { 0.5, 1, 2 }, scores[3];
 *      attpool_bandwidth_curve(context, &X, &Y, &pool, NULL, 3, factors, scores, NULL); */
ATTPOOL_API attpool_status attpool_bandwidth_curve(attpool_context *context, const DLTensor *K,
                                                   const DLTensor *V,
                                                   const attpool_pool_options *options,
                                                   const attpool_selection_options *selection,
                                                   int64_t count, const double *factors,
                                                   double *scores, int64_t *without);

/** Leave-one-out errors of plain arrays, as ATTPOOL_CRITERION_CV has them: of errors[k] the least
 *  belongs to the best of the bandwidths for attpool_regress_f32.
 *
 *  context     NULL: one that the library keeps for this thread
 *  x  (m, d)   y  (m, v)   finite
 *  bandwidths  sigma > 0, `count` of them. errors: as many; +Inf where a row is out of reach of all
 *              others
 *
 *  Returns as attpool_bandwidth_curve.
 *  Example: attpool_cross_validate_f64(NULL, m, 1, 1, x, y, ATTPOOL_GAUSSIAN, 3,
 *                                      (double[]){ 0.1, 0.2, 0.4 }, errors); */
ATTPOOL_API attpool_status attpool_cross_validate_f32(attpool_context *context, int64_t m,
                                                      int64_t d, int64_t v, const float *x,
                                                      const float *y, attpool_kernel_name kernel,
                                                      int64_t count, const double *bandwidths,
                                                      double *errors);
ATTPOOL_API attpool_status attpool_cross_validate_f64(attpool_context *context, int64_t m,
                                                      int64_t d, int64_t v, const double *x,
                                                      const double *y, attpool_kernel_name kernel,
                                                      int64_t count, const double *bandwidths,
                                                      double *errors);

/** The score of the options' own bandwidth, with the bits that the curve has for a factor of 1, and
 *  its gradient by the logarithms of the bandwidths, for an optimiser.
 *
 *  K, V, options, selection  as for attpool_bandwidth_curve
 *  score     a number
 *  without   NULL, or the number of rows without a prediction
 *  gradient  NULL, or one number where bandwidth_per is ATTPOOL_BANDWIDTH_ONE, d where it is
 *            COORDINATE or COORDINATE_KEY; others are errors. From attpool_pool_grad, with its
 *            conventions where a kernel has no derivative. NaN where the score is +Inf. Degree 0
 *
 *  Returns as attpool_bandwidth_curve. */
ATTPOOL_API attpool_status attpool_bandwidth_score(attpool_context *context, const DLTensor *K,
                                                   const DLTensor *V,
                                                   const attpool_pool_options *options,
                                                   const attpool_selection_options *selection,
                                                   double *score, int64_t *without,
                                                   double *gradient);

/* ------------------------------------------------------------------------------------------
 * Adaptive bandwidths
 * ---------------------------------------------------------------------------------------- */

typedef enum attpool_adaptive {
    ATTPOOL_ADAPTIVE_ABRAMSON = 0,  /* narrower where a pilot density is high */
    ATTPOOL_ADAPTIVE_NEIGHBOURS = 1 /* the distance from the k-th other key */
} attpool_adaptive;

/** Factors s_j of the inverse bandwidths of the keys, for ATTPOOL_BANDWIDTH_COORDINATE_KEY, or
 *  times one w for ATTPOOL_BANDWIDTH_KEY: bandwidth h_c of coordinate c becomes h_c / s_j at
 *  key j.
 *
 *      Abramson    s_j = sqrt(f_j / g), f_j the density that attpool_density gives at key j with
 *                  `options`, and g the geometric mean of f by the key weights
 *      neighbours  s_j = 1 / r_j, r_j the distance of key j from its k-th nearest other key, or
 *                  where that is 0 the least one above 0, in columns by their standard deviation
 *                  sd_c: 1 / sd_c are the inverse bandwidths that go with it (d = 1: the bandwidth
 *                  is then the distance itself)
 *
 *  A statistical sum of kernels of own widths has weights prod_c w_c s_j k(u_ij): attpool_density
 *  has them by itself, a regression takes b_j = a_j s_j^d for its key weights. Their scores
 *  (attpool_bandwidth_curve) then want a as row_weights, and one call for each bandwidth, since the
 *  Abramson factors are those of a pilot of that bandwidth and do not follow the factors f_k.
 *
 *  neighbours   k of the neighbours, 1 to one less than the keys of positive weight
 *  K            (m, d), on the host, finite
 *  options      Abramson: of the pilot density, score ATTPOOL_KERNEL, one bandwidth or one a
 *               coordinate. key_weights a, on the host; a key of weight 0 is no neighbour and has
 *               s_j = 1. No masks
 *  key_factors  receives s (m), on the host
 *  key_weights  NULL, or receives b (m), on the host
 *  deviations   NULL, or receives sd_c, d numbers, divisor n - 1; by key weights as for
 *               attpool_bandwidth_rule
 *
 *  Neighbours take m^2 distances, or of one column m log m steps and k m. Made by the core in
 *  double and rounded once, so the bits do not depend on the backend.
 *
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT, _MEMORY, _CANCELLED, ATTPOOL_E_OPTIONS (neighbours;
 *  masks), ATTPOOL_E_KEY (K; or a column is constant), _KEY_WEIGHTS, ATTPOOL_E_BANDWIDTH
 *  (key_factors; a density that is not positive), ATTPOOL_E_WEIGHTS (key_weights), or as
 *  attpool_density.
 *  Source: Abramson 1982; Silverman 1986, section 5.2 and 5.3; Loftsgaarden and Quesenberry 1965.
 *  Example: a density whose pilot has the bandwidth of `pool`, s (m) being an array of yours
 *
 *      attpool_adaptive_factors(context, ATTPOOL_ADAPTIVE_ABRAMSON, 0, &X, &pool, &s, NULL, NULL);
 *      double w = attpool_inverse_bandwidth_f64(h);   d of them, one a coordinate
 *      kernel.bandwidth = 0, kernel.bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE_KEY;
 *      kernel.inverse_bandwidths = &W, kernel.key_factors = &s;
 *      attpool_density(context, &Q, &X, &pool, &density, NULL); */
ATTPOOL_API attpool_status attpool_adaptive_factors(attpool_context *context,
                                                    attpool_adaptive method, int64_t neighbours,
                                                    const DLTensor *K,
                                                    const attpool_pool_options *options,
                                                    DLTensor *key_factors, DLTensor *key_weights,
                                                    double *deviations);

#ifdef __cplusplus
}
#endif

#endif
