/* SPDX-License-Identifier: Apache-2.0 */

/* The generic names of the templates, for float. R number, U and S integers of its width, V
 * vector, M mask, I integer vector, VN lanes, FN(name) the name of this type's function,
 * RC(NAME) that of its constant in backends/elementary.h.
 * No include guard: each inclusion of real_f32.h or real_f64.h replaces the other. */
#include <float.h>
#include <math.h>
#include <stdint.h>

#include "backends/simd/real_undef.h"

#define R           float
#define U           uint32_t
#define S           int32_t
#define V           vf
#define M           vf_mask
#define I           vf_int
#define VN          VF_LANES
#define FN(name)    name##_f32
#define RC(name)    name##_F32
#define R_BITS      32
#define R_FRAC_BITS 23
#define R_EPS       FLT_EPSILON
#define R_MAX       FLT_MAX
#define R_MIN       FLT_MIN
#define R_INF       INFINITY
#define R_NAN       NAN
#define r_fma       fmaf
#define r_abs       fabsf
#define r_sqrt      sqrtf

#define v_set1              vf_set1
#define v_zero              vf_zero
#define v_loadu             vf_loadu
#define v_storeu            vf_storeu
#define v_load_n            vf_load_n
#define v_store_n           vf_store_n
#define v_add               vf_add
#define v_sub               vf_sub
#define v_mul               vf_mul
#define v_div               vf_div
#define v_fma               vf_fma
#define v_fnma              vf_fnma
#define v_sqrt              vf_sqrt
#define v_abs               vf_abs
#define v_neg               vf_neg
#define v_lt                vf_lt
#define v_le                vf_le
#define v_gt                vf_gt
#define v_ge                vf_ge
#define v_eq                vf_eq
#define v_ne                vf_ne
#define v_isnan             vf_isnan
#define v_select            vf_select
#define v_max_keep          vf_max_keep
#define v_min_keep          vf_min_keep
#define v_raise_to          vf_raise_to
#define v_as_int            vf_as_int
#define v_as_real           vf_as_real
#define v_iset1             vf_iset1
#define v_iadd              vf_iadd
#define v_isub              vf_isub
#define v_iand              vf_iand
#define v_ior               vf_ior
#define v_ixor              vf_ixor
#define v_ishl              vf_ishl
#define v_ishr              vf_ishr
#define v_isar              vf_isar
#define v_ieq               vf_ieq
#define v_mask_from_bytes   vf_mask_from_bytes
#define v_mask_from_bytes_n vf_mask_from_bytes_n
#define v_transpose         vf_transpose

#define m_and    vf_m_and
#define m_or     vf_m_or
#define m_not    vf_m_not
#define m_andnot vf_m_andnot
#define m_any    vf_m_any
#define m_all    vf_m_all
#define m_bits   vf_m_bits
#define m_first  vf_m_first
