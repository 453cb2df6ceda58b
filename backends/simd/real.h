/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors of the unit's type, of the instruction set that the build names by SIMD_VECTORS: vec_
 * types, v_ functions of vectors and m_ of masks. vec/contract.h says what each does. */
#ifndef BACKENDS_SIMD_REAL_H
#define BACKENDS_SIMD_REAL_H

#include "backends/real.h"
#include "backends/simd/isa.h"

#include SIMD_VECTORS

#if REAL_BITS == 32
#define VEC(name) vf_##name
typedef vf vec;
enum { LANES = VF_LANES };
#else
#define VEC(name) vd_##name
typedef vd vec;
enum { LANES = VD_LANES };
#endif
typedef VEC(mask) vec_mask;
typedef VEC(int) vec_int;

#define v_set1              VEC(set1)
#define v_zero              VEC(zero)
#define v_loadu             VEC(loadu)
#define v_storeu            VEC(storeu)
#define v_load_n            VEC(load_n)
#define v_store_n           VEC(store_n)
#define v_add               VEC(add)
#define v_sub               VEC(sub)
#define v_mul               VEC(mul)
#define v_div               VEC(div)
#define v_fma               VEC(fma)
#define v_fnma              VEC(fnma)
#define v_sqrt              VEC(sqrt)
#define v_abs               VEC(abs)
#define v_neg               VEC(neg)
#define v_lt                VEC(lt)
#define v_le                VEC(le)
#define v_gt                VEC(gt)
#define v_ge                VEC(ge)
#define v_eq                VEC(eq)
#define v_ne                VEC(ne)
#define v_isnan             VEC(isnan)
#define v_select            VEC(select)
#define v_max_keep          VEC(max_keep)
#define v_min_keep          VEC(min_keep)
#define v_raise_to          VEC(raise_to)
#define v_as_int            VEC(as_int)
#define v_as_real           VEC(as_real)
#define v_iset1             VEC(iset1)
#define v_iadd              VEC(iadd)
#define v_isub              VEC(isub)
#define v_iand              VEC(iand)
#define v_ior               VEC(ior)
#define v_ixor              VEC(ixor)
#define v_ishl              VEC(ishl)
#define v_ishr              VEC(ishr)
#define v_isar              VEC(isar)
#define v_ieq               VEC(ieq)
#define v_mask_from_bytes   VEC(mask_from_bytes)
#define v_mask_from_bytes_n VEC(mask_from_bytes_n)
#define v_transpose         VEC(transpose)
#define m_and               VEC(m_and)
#define m_or                VEC(m_or)
#define m_not               VEC(m_not)
#define m_andnot            VEC(m_andnot)
#define m_any               VEC(m_any)
#define m_all               VEC(m_all)
#define m_bits              VEC(m_bits)
#define m_first             VEC(m_first)

#endif
