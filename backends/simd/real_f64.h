/* SPDX-License-Identifier: Apache-2.0 */

/* The generic names of the templates, for double: see real_f32.h. */
#include <float.h>
#include <math.h>
#include <stdint.h>

#include "backends/simd/real_undef.h"

#define R           double
#define U           uint64_t
#define S           int64_t
#define V           vd
#define M           vd_mask
#define I           vd_int
#define VN          VD_LANES
#define FN(name)    name##_f64
#define RC(name)    name##_F64
#define R_BITS      64
#define R_FRAC_BITS 52
#define R_EPS       DBL_EPSILON
#define R_MAX       DBL_MAX
#define R_MIN       DBL_MIN
#define R_INF       ((double)INFINITY)
#define R_NAN       ((double)NAN)
#define r_fma       fma
#define r_abs       fabs
#define r_sqrt      sqrt

#define v_set1              vd_set1
#define v_zero              vd_zero
#define v_loadu             vd_loadu
#define v_storeu            vd_storeu
#define v_load_n            vd_load_n
#define v_store_n           vd_store_n
#define v_add               vd_add
#define v_sub               vd_sub
#define v_mul               vd_mul
#define v_div               vd_div
#define v_fma               vd_fma
#define v_fnma              vd_fnma
#define v_sqrt              vd_sqrt
#define v_abs               vd_abs
#define v_neg               vd_neg
#define v_lt                vd_lt
#define v_le                vd_le
#define v_gt                vd_gt
#define v_ge                vd_ge
#define v_eq                vd_eq
#define v_ne                vd_ne
#define v_isnan             vd_isnan
#define v_select            vd_select
#define v_max_keep          vd_max_keep
#define v_min_keep          vd_min_keep
#define v_raise_to          vd_raise_to
#define v_as_int            vd_as_int
#define v_as_real           vd_as_real
#define v_iset1             vd_iset1
#define v_iadd              vd_iadd
#define v_isub              vd_isub
#define v_iand              vd_iand
#define v_ior               vd_ior
#define v_ixor              vd_ixor
#define v_ishl              vd_ishl
#define v_ishr              vd_ishr
#define v_isar              vd_isar
#define v_ieq               vd_ieq
#define v_mask_from_bytes   vd_mask_from_bytes
#define v_mask_from_bytes_n vd_mask_from_bytes_n
#define v_transpose         vd_transpose

#define m_and    vd_m_and
#define m_or     vd_m_or
#define m_not    vd_m_not
#define m_andnot vd_m_andnot
#define m_any    vd_m_any
#define m_all    vd_m_all
#define m_bits   vd_m_bits
#define m_first  vd_m_first
