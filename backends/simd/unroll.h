/* SPDX-License-Identifier: Apache-2.0 */

/* UNROLL before a loop of a fixed number of turns dissolves it, so that an array of vectors that
 * it walks can live in registers. UNROLL_4 and UNROLL_8 take so many turns at a time of one whose
 * number is not fixed; unrolled by hand, gcc would move and spill such vectors. UNROLL_TWICE takes
 * two, but with clang, which would run out of registers, one. Each compiler ignores the other's
 * pragma. */
#ifndef ATTPOOL_SIMD_UNROLL_H
#define ATTPOOL_SIMD_UNROLL_H

#ifdef __clang__
#define UNROLL       _Pragma("clang loop unroll(full)")
#define UNROLL_4     _Pragma("clang loop unroll_count(4)")
#define UNROLL_8     _Pragma("clang loop unroll_count(8)")
#define UNROLL_TWICE _Pragma("clang loop unroll(disable)")
#else
#define UNROLL       _Pragma("GCC unroll 64")
#define UNROLL_4     _Pragma("GCC unroll 4")
#define UNROLL_8     _Pragma("GCC unroll 8")
#define UNROLL_TWICE _Pragma("GCC unroll 2")
#endif

#endif
