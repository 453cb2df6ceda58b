/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTPOOL_CLASSIFY_H
#define ATTPOOL_CLASSIFY_H

/* Part of attpool.h: classification. */

#include <attpool/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Classification: the probabilities of the classes c, and the most probable class,
 *
 *      P[b,i,c] = sum_j W[b,i,j] V[b,j,c],   C[b,i] = the first c with the largest P[b,i,c]
 *
 *  Q, K     (b, n, d), (b, m, d) as in attpool_pool
 *  V        (b, m, v), one-hot: V[b,j,c] is 1 for the class c of key j, else 0. Probabilities of
 *           classes will do as well
 *  options  those of attpool_pool, kernels and other scores alike, with leave_one_out for the class
 *           that the other rows give; no dropout
 *  P        receives the probabilities (b, n, v), the bits of attpool_pool
 *  classes  receives C (b, n), int32 or int64: 0 to v - 1, or -1 where a probability is NaN or none
 *           is above 0 (no key in reach, by ATTPOOL_EMPTY_NAN or _ZERO; v = 0); or NULL
 *
 *  A tie of the largest goes to the first class. The call is complete on return for tensors on a
 *  device, too.
 *
 *  Returns as attpool_pool; ATTPOOL_E_OUTPUT (P), ATTPOOL_E_CLASSES.
 *  Source: Nadaraya 1964; Devroye, Gyorfi and Lugosi 1996, chapter 10.
 *  Example: attpool_classify(context, &Q, &K, &V, &options, &P, &classes); */
ATTPOOL_API attpool_status attpool_classify(attpool_context *context, const DLTensor *Q,
                                            const DLTensor *K, const DLTensor *V,
                                            const attpool_pool_options *options, DLTensor *P,
                                            DLTensor *classes);

#ifdef __cplusplus
}
#endif

#endif
