/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors of AVX-512 (F, DQ, BW, VL): 16 floats or 8 doubles. The only file that
 * knows AVX-512. contract.h says what each function means.
 *
 * ATTPOOL_EMULATED takes two 256-bit vectors for one. Without it and without AVX-512 this file
 * still compiles, through SIMDe's slow 512-bit types: enough to test what stands here. */
#ifndef BACKENDS_SIMD_VEC_AVX512_H
#define BACKENDS_SIMD_VEC_AVX512_H

#ifdef ATTPOOL_EMULATED
#include "backends/simd/vec/avx512_emulated.h"
#else

#include <simde/x86/avx512.h>
#include <simde/x86/fma.h>

#include "backends/real.h"
#include "backends/simd/vec/bytes_x86.h"
#include "backends/simd/vec/contract.h"

#ifndef __AVX512F__
/* Everything is inlined: how a wide vector would be passed does not matter. */
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

/* clang-format off */ /* a function a line reads as a table */

#if REAL_BITS == 32
typedef simde__m512 vec;
typedef simde__mmask16 vec_mask;
#else
typedef simde__m512d vec;
typedef simde__mmask8 vec_mask;
#endif
typedef simde__m512i vec_int;

enum { LANES = 512 / REAL_BITS, NREG = 32 };

#ifdef __AVX512F__
#define VEC_HALF avx2 /* the set of vectors of half the width, which is there too */
#endif

VEC_FN vec_mask m_and(vec_mask a, vec_mask b) { return (vec_mask)(a & b); }
VEC_FN vec_mask m_or(vec_mask a, vec_mask b) { return (vec_mask)(a | b); }
VEC_FN vec_mask m_not(vec_mask m) { return (vec_mask)~m; }
VEC_FN vec_mask m_andnot(vec_mask a, vec_mask b) { return (vec_mask)(a & ~b); }
VEC_FN unsigned m_bits(vec_mask m) { return m; }
VEC_FN int m_any(vec_mask m) { return m != 0; }
VEC_FN int m_all(vec_mask m) { return m == (vec_mask)-1; }
VEC_FN vec_mask m_first(size_t n) { return (vec_mask)((1U << n) - 1U); }

VEC_FN vec_int v_iand(vec_int a, vec_int b) { return simde_mm512_and_si512(a, b); }
VEC_FN vec_int v_ior(vec_int a, vec_int b) { return simde_mm512_or_si512(a, b); }
VEC_FN vec_int v_ixor(vec_int a, vec_int b) { return simde_mm512_xor_si512(a, b); }
VEC_FN vec_int v_imul_low(vec_int a, vec_int b) { return simde_mm512_mul_epu32(a, b); }
VEC_FN vec_int v_ihigh(vec_int a) { return simde_mm512_srli_epi64(a, 32); }

VEC_FN vec_int v_ijoin(vec_int a, vec_int b)
{
    return simde_mm512_mask_mov_epi32(a, 0xaaaa, simde_mm512_slli_epi64(b, 32));
}

#if REAL_BITS == 32

VEC_FN vec v_set1(float x) { return simde_mm512_set1_ps(x); }
VEC_FN vec v_zero(void) { return simde_mm512_setzero_ps(); }
VEC_FN vec v_loadu(const void *p) { return simde_mm512_loadu_ps(p); }
VEC_FN void v_storeu(void *p, vec a) { simde_mm512_storeu_ps(p, a); }

VEC_FN vec v_add(vec a, vec b) { return simde_mm512_add_ps(a, b); }
VEC_FN vec v_sub(vec a, vec b) { return simde_mm512_sub_ps(a, b); }
VEC_FN vec v_mul(vec a, vec b) { return simde_mm512_mul_ps(a, b); }
VEC_FN vec v_div(vec a, vec b) { return simde_mm512_div_ps(a, b); }
VEC_FN vec v_sqrt(vec a) { return simde_mm512_sqrt_ps(a); }
VEC_FN vec v_neg(vec a) { return simde_mm512_xor_ps(a, v_set1(-0.0F)); }
VEC_FN vec v_abs(vec a) { return simde_mm512_andnot_ps(v_set1(-0.0F), a); }

#ifdef __FMA__
#define VEC_HAS_FMA
VEC_FN vec v_fma(vec a, vec b, vec c) { return simde_mm512_fmadd_ps(a, b, c); }
VEC_FN vec v_fnma(vec a, vec b, vec c) { return simde_mm512_fnmadd_ps(a, b, c); }
#endif

VEC_FN vec_mask v_lt(vec a, vec b) { return simde_mm512_cmp_ps_mask(a, b, SIMDE_CMP_LT_OQ); }
VEC_FN vec_mask v_le(vec a, vec b) { return simde_mm512_cmp_ps_mask(a, b, SIMDE_CMP_LE_OQ); }
VEC_FN vec_mask v_gt(vec a, vec b) { return simde_mm512_cmp_ps_mask(a, b, SIMDE_CMP_GT_OQ); }
VEC_FN vec_mask v_ge(vec a, vec b) { return simde_mm512_cmp_ps_mask(a, b, SIMDE_CMP_GE_OQ); }
VEC_FN vec_mask v_eq(vec a, vec b) { return simde_mm512_cmp_ps_mask(a, b, SIMDE_CMP_EQ_OQ); }
VEC_FN vec_mask v_ne(vec a, vec b) { return simde_mm512_cmp_ps_mask(a, b, SIMDE_CMP_NEQ_UQ); }
VEC_FN vec_mask v_isnan(vec a) { return simde_mm512_cmp_ps_mask(a, a, SIMDE_CMP_UNORD_Q); }


VEC_FN vec v_select(vec_mask m, vec a, vec b) { return simde_mm512_mask_mov_ps(b, m, a); }

/* maxps and minps return their second operand unless the comparison holds. */
#ifdef __AVX512F__
#define VEC_HAS_MAX
VEC_FN vec v_max_keep(vec a, vec b) { return simde_mm512_max_ps(b, a); }
VEC_FN vec v_min_keep(vec a, vec b) { return simde_mm512_min_ps(b, a); }
VEC_FN vec v_raise_to(vec x, vec lo) { return simde_mm512_max_ps(lo, x); }

#define VEC_HAS_WEIGHT
#define WEIGHT_TERMS REAL(EXP2_POLY)
#define FAR_TERMS    REAL(EXP2_POLY)
VEC_FN vec v_weight_split(vec *t, const real zero)
{
    (void)zero;
    const vec n = _mm512_roundscale_ps(*t, _MM_FROUND_TO_NEAREST_INT);
    *t = v_sub(*t, n);
    return n;
}

VEC_FN vec v_weight_scale(vec p, vec n, const real zero)
{
    return _mm512_maskz_scalef_ps(_mm512_cmp_ps_mask(n, v_set1(zero), _CMP_NLE_UQ), p, n);
}
#endif

#ifdef __AVX512F__
VEC_FN vec v_load_n(const void *p, size_t n) { return _mm512_maskz_loadu_ps(m_first(n), p); }
VEC_FN void v_store_n(void *p, vec a, size_t n) { _mm512_mask_storeu_ps(p, m_first(n), a); }
#endif

VEC_FN vec_int v_as_int(vec a) { return simde_mm512_castps_si512(a); }
VEC_FN vec v_as_real(vec_int a) { return simde_mm512_castsi512_ps(a); }
VEC_FN vec_int v_iset1(int32_t x) { return simde_mm512_set1_epi32(x); }
VEC_FN vec_int v_iadd(vec_int a, vec_int b) { return simde_mm512_add_epi32(a, b); }
VEC_FN vec_int v_isub(vec_int a, vec_int b) { return simde_mm512_sub_epi32(a, b); }
VEC_FN vec_mask v_ieq(vec_int a, vec_int b) { return simde_mm512_cmpeq_epi32_mask(a, b); }
VEC_FN vec_mask v_igt(vec_int a, vec_int b) { return simde_mm512_cmpgt_epi32_mask(a, b); }
#ifdef __AVX512F__
#define v_ishl(a, n) _mm512_slli_epi32((a), (n))
#define v_ishr(a, n) _mm512_srli_epi32((a), (n))
#define v_isar(a, n) _mm512_srai_epi32((a), (n))
#else
#define v_ishl(a, n) simde_mm512_slli_epi32((a), (n))
#define v_ishr(a, n) simde_mm512_srli_epi32((a), (n))
#define v_isar(a, n) v_extend_sign(v_ishr((a), (n)), v_iset1((int32_t)(1U << (31 - (n)))))
#endif

VEC_FN vec_mask v_mask_from_bytes(const uint8_t *p)
{
    simde__m128i v = simde_mm_loadu_si128((const simde__m128i *)p);
    return (vec_mask)~simde_mm_movemask_epi8(simde_mm_cmpeq_epi8(v, simde_mm_setzero_si128()));
}

VEC_FN void v_transpose(vec r[LANES])
{
    vec t[16], u[16];
    UNROLL_FOR (int i = 0; i < 16; i += 2) {
        t[i] = simde_mm512_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = simde_mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    UNROLL_FOR (int i = 0; i < 16; i += 4)
        UNROLL_FOR (int h = 0; h < 2; h++) {
            simde__m512d a = simde_mm512_castps_pd(t[i + h]);
            simde__m512d b = simde_mm512_castps_pd(t[i + h + 2]);
            u[i + 2 * h] = simde_mm512_castpd_ps(simde_mm512_unpacklo_pd(a, b));
            u[i + 2 * h + 1] = simde_mm512_castpd_ps(simde_mm512_unpackhi_pd(a, b));
        }
    /* Quarter q of u[4 g + c] is column 4 q + c of the rows 4 g .. 4 g + 3. */
    UNROLL_FOR (int c = 0; c < 4; c++) {
        vec even0 = simde_mm512_shuffle_f32x4(u[c], u[c + 4], 0x88);
        vec odd0 = simde_mm512_shuffle_f32x4(u[c], u[c + 4], 0xdd);
        vec even1 = simde_mm512_shuffle_f32x4(u[c + 8], u[c + 12], 0x88);
        vec odd1 = simde_mm512_shuffle_f32x4(u[c + 8], u[c + 12], 0xdd);
        r[c] = simde_mm512_shuffle_f32x4(even0, even1, 0x88);
        r[c + 8] = simde_mm512_shuffle_f32x4(even0, even1, 0xdd);
        r[c + 4] = simde_mm512_shuffle_f32x4(odd0, odd1, 0x88);
        r[c + 12] = simde_mm512_shuffle_f32x4(odd0, odd1, 0xdd);
    }
}

#else

VEC_FN vec v_set1(double x) { return simde_mm512_set1_pd(x); }
VEC_FN vec v_zero(void) { return simde_mm512_setzero_pd(); }
VEC_FN vec v_loadu(const void *p) { return simde_mm512_loadu_pd(p); }
VEC_FN void v_storeu(void *p, vec a) { simde_mm512_storeu_pd(p, a); }

VEC_FN vec v_add(vec a, vec b) { return simde_mm512_add_pd(a, b); }
VEC_FN vec v_sub(vec a, vec b) { return simde_mm512_sub_pd(a, b); }
VEC_FN vec v_mul(vec a, vec b) { return simde_mm512_mul_pd(a, b); }
VEC_FN vec v_div(vec a, vec b) { return simde_mm512_div_pd(a, b); }
VEC_FN vec v_sqrt(vec a) { return simde_mm512_sqrt_pd(a); }
VEC_FN vec v_neg(vec a) { return simde_mm512_xor_pd(a, v_set1(-0.0)); }
VEC_FN vec v_abs(vec a) { return simde_mm512_andnot_pd(v_set1(-0.0), a); }

#ifdef __FMA__
#define VEC_HAS_FMA
VEC_FN vec v_fma(vec a, vec b, vec c) { return simde_mm512_fmadd_pd(a, b, c); }
VEC_FN vec v_fnma(vec a, vec b, vec c) { return simde_mm512_fnmadd_pd(a, b, c); }
#endif

VEC_FN vec_mask v_lt(vec a, vec b) { return simde_mm512_cmp_pd_mask(a, b, SIMDE_CMP_LT_OQ); }
VEC_FN vec_mask v_le(vec a, vec b) { return simde_mm512_cmp_pd_mask(a, b, SIMDE_CMP_LE_OQ); }
VEC_FN vec_mask v_gt(vec a, vec b) { return simde_mm512_cmp_pd_mask(a, b, SIMDE_CMP_GT_OQ); }
VEC_FN vec_mask v_ge(vec a, vec b) { return simde_mm512_cmp_pd_mask(a, b, SIMDE_CMP_GE_OQ); }
VEC_FN vec_mask v_eq(vec a, vec b) { return simde_mm512_cmp_pd_mask(a, b, SIMDE_CMP_EQ_OQ); }
VEC_FN vec_mask v_ne(vec a, vec b) { return simde_mm512_cmp_pd_mask(a, b, SIMDE_CMP_NEQ_UQ); }
VEC_FN vec_mask v_isnan(vec a) { return simde_mm512_cmp_pd_mask(a, a, SIMDE_CMP_UNORD_Q); }


VEC_FN vec v_select(vec_mask m, vec a, vec b) { return simde_mm512_mask_mov_pd(b, m, a); }
#ifdef __AVX512F__
#define VEC_HAS_MAX
VEC_FN vec v_max_keep(vec a, vec b) { return simde_mm512_max_pd(b, a); }
VEC_FN vec v_min_keep(vec a, vec b) { return simde_mm512_min_pd(b, a); }
VEC_FN vec v_raise_to(vec x, vec lo) { return simde_mm512_max_pd(lo, x); }

#define VEC_HAS_WEIGHT
#define WEIGHT_TERMS REAL(EXP2_POLY)
#define FAR_TERMS    REAL(EXP2_POLY)
VEC_FN vec v_weight_split(vec *t, const real zero)
{
    (void)zero;
    const vec n = _mm512_roundscale_pd(*t, _MM_FROUND_TO_NEAREST_INT);
    *t = v_sub(*t, n);
    return n;
}

VEC_FN vec v_weight_scale(vec p, vec n, const real zero)
{
    return _mm512_maskz_scalef_pd(_mm512_cmp_pd_mask(n, v_set1(zero), _CMP_NLE_UQ), p, n);
}
#endif

#ifdef __AVX512F__
VEC_FN vec v_load_n(const void *p, size_t n) { return _mm512_maskz_loadu_pd(m_first(n), p); }
VEC_FN void v_store_n(void *p, vec a, size_t n) { _mm512_mask_storeu_pd(p, m_first(n), a); }
#endif

VEC_FN vec_int v_as_int(vec a) { return simde_mm512_castpd_si512(a); }
VEC_FN vec v_as_real(vec_int a) { return simde_mm512_castsi512_pd(a); }
VEC_FN vec_int v_iset1(int64_t x) { return simde_mm512_set1_epi64(x); }
VEC_FN vec_int v_iadd(vec_int a, vec_int b) { return simde_mm512_add_epi64(a, b); }
VEC_FN vec_int v_isub(vec_int a, vec_int b) { return simde_mm512_sub_epi64(a, b); }
VEC_FN vec_mask v_ieq(vec_int a, vec_int b) { return simde_mm512_cmpeq_epi64_mask(a, b); }
VEC_FN vec_mask v_igt(vec_int a, vec_int b) { return simde_mm512_cmpgt_epi64_mask(a, b); }
#ifdef __AVX512F__
#define v_ishl(a, n) _mm512_slli_epi64((a), (n))
#define v_ishr(a, n) _mm512_srli_epi64((a), (n))
#define v_isar(a, n) _mm512_srai_epi64((a), (n))
#else
#define v_ishl(a, n) simde_mm512_slli_epi64((a), (n))
#define v_ishr(a, n) simde_mm512_srli_epi64((a), (n))
#define v_isar(a, n) v_extend_sign(v_ishr((a), (n)), v_iset1((int64_t)1 << (63 - (n))))
#endif

VEC_FN vec_mask v_mask_from_bytes(const uint8_t *p)
{
    simde__m128i v = simde_mm_loadl_epi64((const simde__m128i *)p);
    return (vec_mask)~simde_mm_movemask_epi8(simde_mm_cmpeq_epi8(v, simde_mm_setzero_si128()));
}

VEC_FN void v_transpose(vec r[LANES])
{
    vec t[8];
    UNROLL_FOR (int i = 0; i < 8; i += 2) {
        t[i] = simde_mm512_unpacklo_pd(r[i], r[i + 1]);
        t[i + 1] = simde_mm512_unpackhi_pd(r[i], r[i + 1]);
    }
    /* Quarter q of t[2 g + c] is column 2 q + c of the rows 2 g and 2 g + 1. */
    UNROLL_FOR (int c = 0; c < 2; c++) {
        vec even0 = simde_mm512_shuffle_f64x2(t[c], t[c + 2], 0x88);
        vec odd0 = simde_mm512_shuffle_f64x2(t[c], t[c + 2], 0xdd);
        vec even1 = simde_mm512_shuffle_f64x2(t[c + 4], t[c + 6], 0x88);
        vec odd1 = simde_mm512_shuffle_f64x2(t[c + 4], t[c + 6], 0xdd);
        r[c] = simde_mm512_shuffle_f64x2(even0, even1, 0x88);
        r[c + 4] = simde_mm512_shuffle_f64x2(even0, even1, 0xdd);
        r[c + 2] = simde_mm512_shuffle_f64x2(odd0, odd1, 0x88);
        r[c + 6] = simde_mm512_shuffle_f64x2(odd0, odd1, 0xdd);
    }
}
#endif

#ifndef __AVX512F__
VEC_FN vec v_load_n(const void *p, size_t n)
{
    real x[LANES] = {0};
    memcpy(x, p, n * sizeof *x);
    return v_loadu(x);
}

VEC_FN void v_store_n(void *p, vec a, size_t n)
{
    real x[LANES];
    v_storeu(x, a);
    memcpy(p, x, n * sizeof *x);
}

VEC_FN vec_int v_extend_sign(vec_int a, vec_int bit) { return v_isub(v_ixor(a, bit), bit); }
#endif

#endif
#endif
