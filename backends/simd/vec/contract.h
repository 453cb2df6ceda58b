/* SPDX-License-Identifier: Apache-2.0 */

/* What each function of a vec header means. vf_ is float, vd_ double; the operations use the
 * generic names of real.h: v_add for vf_add or vd_add, m_and for vf_m_and
 * or vd_m_and.
 *
 *   set1(x) zero()                 all lanes x, all lanes +0
 *   loadu(p) storeu(p, a)          all lanes, any alignment
 *   load_n(p, n) store_n(p, a, n)  the first n <= lanes lanes; no other memory is touched,
 *                                  the other loaded lanes are +0
 *   add sub mul div sqrt           IEEE, rounded to nearest
 *   fma(a, b, c)                   a * b + c, one rounding
 *   fnma(a, b, c)                  c - a * b, one rounding
 *   abs neg                        bit operations
 *   lt le gt ge eq                 masks, false where an operand is NaN
 *   ne isnan                       masks, true where an operand is NaN
 *   select(m, a, b)                m ? a : b
 *   max_keep(a, b)                 b > a ? b : a; a NaN b is ignored, a NaN a stays
 *   min_keep(a, b)                 b < a ? b : a
 *   raise_to(x, lo)                x < lo ? lo : x; a NaN x stays
 *   as_int as_real                 the same bits as integers of the lane's width, and back
 *   iset1 iadd isub iand ior ixor  integer lanes, wrapping
 *   ishl ishr isar(a, n)           shifts by a constant n: left, logical, arithmetic
 *   ieq(a, b)                      mask of equal integer lanes
 *   m_and m_or m_not m_andnot      masks; m_andnot(a, b) is a and not b
 *   m_any m_all m_bits             bool, bool, lane k in bit k
 *   m_first(n)                     lanes 0 .. n - 1, n <= lanes
 *   mask_from_bytes(p)             lane k is set where p[k] != 0
 *   mask_from_bytes_n(p, n)        the same for the first n bytes, the other lanes unset
 *   vec_byte_bits(p)               bit k of 32 is set where p[k] != 0
 *   transpose(r)                   r[0 .. lanes - 1] as a square, in place
 *   vec_prefetch(p)                a hint to load the line at p
 *
 * VF_LANES and VD_LANES are the lanes, NREG the number of vector registers. */
#ifndef BACKENDS_SIMD_VEC_CONTRACT_H
#define BACKENDS_SIMD_VEC_CONTRACT_H

#include "backends/simd/unroll.h"

/* Vectors in registers depend on inlining; the compiler must not weigh it. */
#define VEC_FN static inline __attribute__((always_inline))

VEC_FN void vec_prefetch(const void *p)
{
    __builtin_prefetch(p);
}

#endif
