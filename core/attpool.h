/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTPOOL_H
#define ATTPOOL_H

/** attpool: attention pooling, from Nadaraya-Watson regression to scaled dot-product attention.
 *
 *  One computation: score every key for a query, normalise, average the values,
 *
 *      O_i = sum_j W_ij v_j,   W_ij = weight_ij / sum_j weight_ij
 *
 *  on plain C, AVX2, AVX-512, NEON or an OpenCL device, with the same bits from each of them,
 *  for every number of threads and every split of the work (NUMERICS.md).
 *
 *  Arrays are DLPack tensors, float32 or float64 (one type per call), on the host (kDLCPU) or in
 *  an OpenCL buffer (kDLOpenCL, data is the cl_mem). Strides count elements and may be anything
 *  (0 broadcasts, NULL is row-major); byte_offset is honoured; no alignment is required on the
 *  host, that of the element on a device. Inputs are never written. An output overlaps neither
 *  itself nor another argument, unless its declaration allows it; two arrays overlap when the
 *  ranges from their first to their last byte do, and an array itself where the stride of a
 *  dimension is less than what those of smaller strides span.
 *
 *  Shapes. (b, n, d) stands for tensors of 2 to 4 dimensions: (n, d), (b, n, d) or
 *  (b, h, n, d). If there are fewer dimensions, the leftmost ones are missing. Missing and size-1
 *  leading dimensions broadcast; otherwise h is a multiple of the heads h_k of keys and values, and
 *  query head i uses key head i / (h / h_k). Sizes of 0 are legal.
 *
 *  Heads. A call has heads when Q, K, V, A, B, S or an output has four dimensions (L and n_eff:
 *  three). A mask or bias follows NumPy's rule: one of three dimensions is then (h, n, m) and
 *  holds for every batch item. Lengths, key weights, inverse bandwidths per key or per query and
 *  key factors belong to the batch item first, as padding does: (b), (b, n) and (b, m) hold for
 *  all heads of their item. (b, h), (b, h, n) and (b, h, m) name the heads, of which there are h
 *  or, for what follows the keys, h_k.
 *
 *  A NaN in an output is the positive quiet NaN. Calls on host tensors are complete on return.
 *  Calls in which a tensor is on a device are queued in order: see attpool_finish.
 *
 *  The library never prints, exits or changes the caller's floating-point environment.
 *
 *  Threads. A context serves one call at a time: a call made while another one is using the
 *  context, from another thread or from a callback, returns ATTPOOL_E_BUSY and has no effect.
 *  Two contexts can be used at the same time. attpool_close must not be called while a call is
 *  running. */

#include <attpool/bandwidth.h>
#include <attpool/classify.h>
#include <attpool/context.h>
#include <attpool/density.h>
#include <attpool/pool.h>
#include <attpool/primitives.h>
#include <attpool/regression.h>
#include <attpool/selftest.h>
#include <attpool/train.h>

#endif
