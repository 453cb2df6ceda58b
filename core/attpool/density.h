/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTPOOL_DENSITY_H
#define ATTPOOL_DENSITY_H

/* Part of attpool.h: kernel density estimation. */

#include <attpool/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Kernel density at the points Q, from the data K:
 *
 *      f[b,i] = c sum_j a_j w_j k(u_ij) / sum_j a_j,   u_ij = || w * (q_i - k_j) ||
 *
 *  with the sums over the keys that the masks leave; w_j is the product of the inverse bandwidths
 *  of the d coordinates that belong to key j (w^d for a single one), and c makes the kernel of
 *  width 1 integrate to 1 over the d coordinates, in radial form or as a product.
 *
 *  Q            (b, n, d), d >= 1
 *  K            (b, m, d)
 *  options      score ATTPOOL_KERNEL; kernel with bandwidth_per ONE, COORDINATE, KEY (adaptive
 *               bandwidths) or COORDINATE_KEY; key_weights a; masks, leave_one_out for the density
 *               that the other rows give. No bias, dropout, outputs or policy for
 *               empty rows
 *  density      receives f (b, n), or NULL
 *  log_density  receives its logarithm (b, n), exact where f underflows or overflows, or NULL
 *
 *  Where no key is in reach f is 0 and its logarithm -Inf; where the masks leave no key, or none
 *  of positive weight, both are NaN. w = 0 gives 0. The silverman kernel may give f < 0, whose
 *  logarithm is NaN. NaN in a query, a key that takes part or an inverse bandwidth gives NaN.
 *  Kernels without a finite integral are refused: constant, radial cauchy for d >= 2, radial
 *  silverman for d >= 3.
 *
 *  Sums and their maxima are those of attpool_pool; c, w_j and f are computed in double and rounded
 *  once (NUMERICS.md, "Density"). The call is complete on return for tensors on a device, too.
 *
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT, _OPTIONS (a kernel without an integral, too), _OUTPUT
 *  (density), _LSE (log_density), _MEMORY, _DEVICE, _CANCELLED, or the status that names the
 *  argument.
 *  Source: Rosenblatt 1956, Parzen 1962; Silverman 1986, section 5.3 (adaptive bandwidths).
 *  Example: at its own points, each by all others
 *
 *      attpool_masks masks = { .size = sizeof masks, .leave_one_out = 1 };
 *      attpool_pool_options pool = { .size = sizeof pool, .score = ATTPOOL_KERNEL,
 *                                    .kernel = &kernel, .masks = &masks };
 *      attpool_density(context, &X, &X, &pool, &density, NULL); */
ATTPOOL_API attpool_status attpool_density(attpool_context *context, const DLTensor *Q,
                                           const DLTensor *K, const attpool_pool_options *options,
                                           DLTensor *density, DLTensor *log_density);

#ifdef __cplusplus
}
#endif

#endif
