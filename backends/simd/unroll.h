/* SPDX-License-Identifier: Apache-2.0 */

/* UNROLL_FOR (...) is a loop of a fixed number of turns that is unrolled completely, so that an
 * array of vectors that it walks can live in registers. UNROLL_4_FOR and UNROLL_8_FOR take so many
 * turns at a time of a loop whose number is not fixed: unrolled by hand, gcc would move and
 * spill such vectors. UNROLL_TWICE_FOR takes two, but one with clang, which would run out of
 * registers.
 */
#ifndef BACKENDS_SIMD_UNROLL_H
#define BACKENDS_SIMD_UNROLL_H

#ifdef __clang__
#define UNROLL_FOR(...)       _Pragma("clang loop unroll(full)") for (__VA_ARGS__)
#define UNROLL_4_FOR(...)     _Pragma("clang loop unroll_count(4)") for (__VA_ARGS__)
#define UNROLL_8_FOR(...)     _Pragma("clang loop unroll_count(8)") for (__VA_ARGS__)
#define UNROLL_TWICE_FOR(...) _Pragma("clang loop unroll(disable)") for (__VA_ARGS__)
#else
#define UNROLL_FOR(...)       _Pragma("GCC unroll 64") for (__VA_ARGS__)
#define UNROLL_4_FOR(...)     _Pragma("GCC unroll 4") for (__VA_ARGS__)
#define UNROLL_8_FOR(...)     _Pragma("GCC unroll 8") for (__VA_ARGS__)
#define UNROLL_TWICE_FOR(...) _Pragma("GCC unroll 2") for (__VA_ARGS__)
#endif

#endif
