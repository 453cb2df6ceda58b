/* SPDX-License-Identifier: Apache-2.0 */

/* UNROLL before a loop of a fixed number of turns dissolves it, so that an array of vectors that
 * it walks can live in registers. Each compiler ignores the other's pragma. */
#ifndef ATTPOOL_SIMD_UNROLL_H
#define ATTPOOL_SIMD_UNROLL_H

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif

#endif
