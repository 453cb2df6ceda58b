/* SPDX-License-Identifier: Apache-2.0 */

/* What a vec header has: vectors `vec` of LANES numbers of the unit's type (backends/real.h), masks
 * of lanes `vec_mask`, integers of the lanes' width `vec_int`, NREG registers, and these functions,
 * which begin with v_ unless another beginning is shown.
 *
 *   set1(x) zero()                 all lanes x, all lanes +0
 *   loadu(p) storeu(p, a)          all lanes at p, which may have any alignment
 *   load_n(p, n) store_n(p, a, n)  the first n <= lanes lanes; no other memory is touched,
 *                                  the other loaded lanes are +0
 *   add sub mul div sqrt           IEEE, rounded to nearest
 *   fma(a, b, c)                   a * b + c, one rounding
 *   fnma(a, b, c)                  c - a * b, one rounding
 *   abs neg                        bit operations
 *   lt le gt ge eq                 masks, false where an operand is NaN
 *   ne isnan                       masks, true where an operand is NaN
 *   select(m, a, b)                m ? a : b
 *   where(m, a) unless(m, a)       m ? a : +0, m ? +0 : a
 *   max_keep(a, b)                 b > a ? b : a; a NaN b is ignored, a NaN a stays
 *   min_keep(a, b)                 b < a ? b : a
 *   raise_to(x, lo)                x < lo ? lo : x; a NaN x stays
 *   weight_split(t, zero)          t becomes t - n, n the nearest integer, ties to even; returns
 *                                  what weight_scale takes for n
 *   weight_scale(p, z, zero)       2^n POLY(t; EXP2_POLY), +0 for n <= zero; p is the polynomial
 *                                  with the coefficients WEIGHT_TERMS for zero = EXP2_ZERO,
 *                                  FAR_TERMS for FAR_ZERO
 *   as_int as_real                 the same bits as integers of the lane's width, and back
 *   iset1 iadd isub iand ior ixor  integer lanes, wrapping
 *   ishl ishr isar(a, n)           shifts by a constant n: left, logical, arithmetic
 *   ieq igt(a, b)                  masks of integer lanes, a = b and a > b, with their signs
 *   imul_low(a, b)                 lanes of 64 bits, whatever the type: the products of a's and b's
 *                                  lower halves, unsigned
 *   ihigh(a)                       lanes of 64 bits: the upper halves of a's, unsigned
 *   ijoin(a, b)                    lanes of 64 bits: the lower halves of b's above those of a's
 *   m_and m_or m_not m_andnot      masks; m_andnot(a, b) is a and not b
 *   m_any m_all m_bits             bool, bool, lane k in bit k
 *   m_first(n)                     lanes 0 .. n - 1, n <= lanes
 *   mask_from_bytes(p)             lane k is set where p[k] != 0
 *   vec_byte_bits(p)               bit k of 32 is set where p[k] != 0
 *   transpose(r)                   r[0 .. lanes - 1] as a square, in place
 *   vec_prefetch(p)                a hint to load the line at p
 *   vec_prefetch_far(p)            a hint to load it into a cache that holds more
 *
 * A header with fma and fnma of its own defines VEC_HAS_FMA, one with where and unless
 * VEC_HAS_WHERE, one with max_keep, min_keep and raise_to VEC_HAS_MAX, one with weight_split and
 * weight_scale VEC_HAS_WEIGHT; real.h adds what is missing. One whose processors have vectors of
 * half the width too defines VEC_HALF as the name of that set, which then takes what it is faster
 * for (isa.h, SIMD_HALF). */
#ifndef BACKENDS_SIMD_VEC_CONTRACT_H
#define BACKENDS_SIMD_VEC_CONTRACT_H

/* Vectors in registers depend on inlining; the compiler must not weigh it. */
#define VEC_FN static inline __attribute__((always_inline))
/* And what is large may be kept out of its callers. */
#define VEC_APART static __attribute__((noinline))

/* UNROLL_FOR (...) is a loop of a fixed number of turns, unrolled completely, so that an array of
 * vectors that it walks can live in registers. UNROLL_4_FOR and UNROLL_8_FOR take 4 and 8 turns at
 * a time of a loop of any length: unrolled by hand, gcc would move and spill such vectors.
 * UNROLL_TWICE_FOR takes two, but one with clang, which would run out of registers. */
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

VEC_FN void vec_prefetch(const void *p)
{
    __builtin_prefetch(p);
}

VEC_FN void vec_prefetch_far(const void *p)
{
    __builtin_prefetch(p, 0, 2);
}

#endif
