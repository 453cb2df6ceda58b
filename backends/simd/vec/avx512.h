/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors of AVX-512 (F, DQ, BW, VL): 16 floats (vf) or 8 doubles (vd). The only file that
 * knows AVX-512. contract.h says what each function means.
 *
 * ATTPOOL_EMULATED takes two 256-bit vectors for one. Without it and without AVX-512 this file
 * still compiles, through SIMDe's slow 512-bit types: enough to test what stands here. */
#ifndef BACKENDS_SIMD_VEC_AVX512_H
#define BACKENDS_SIMD_VEC_AVX512_H

#ifdef ATTPOOL_EMULATED
#include "backends/simd/vec/avx512_emulated.h"
#else

#include <math.h>
#include <simde/x86/avx512.h>
#include <simde/x86/fma.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "backends/simd/vec/bytes_x86.h"
#include "backends/simd/vec/contract.h"

#ifndef __AVX512F__
/* Everything is inlined: how a wide vector would be passed does not matter. */
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

/* clang-format off */ /* a function a line reads as a table */

enum { VF_LANES = 16, VD_LANES = 8, NREG = 32 };

typedef simde__m512 vf;
typedef simde__mmask16 vf_mask;
typedef simde__m512i vf_int;
typedef simde__m512d vd;
typedef simde__mmask8 vd_mask;
typedef simde__m512i vd_int;

/* --- float ------------------------------------------------------------------------------- */

VEC_FN vf vf_set1(float x) { return simde_mm512_set1_ps(x); }
VEC_FN vf vf_zero(void) { return simde_mm512_setzero_ps(); }
VEC_FN vf vf_loadu(const float *p) { return simde_mm512_loadu_ps(p); }
VEC_FN void vf_storeu(float *p, vf a) { simde_mm512_storeu_ps(p, a); }

VEC_FN vf vf_add(vf a, vf b) { return simde_mm512_add_ps(a, b); }
VEC_FN vf vf_sub(vf a, vf b) { return simde_mm512_sub_ps(a, b); }
VEC_FN vf vf_mul(vf a, vf b) { return simde_mm512_mul_ps(a, b); }
VEC_FN vf vf_div(vf a, vf b) { return simde_mm512_div_ps(a, b); }
VEC_FN vf vf_sqrt(vf a) { return simde_mm512_sqrt_ps(a); }
VEC_FN vf vf_neg(vf a) { return simde_mm512_xor_ps(a, vf_set1(-0.0F)); }
VEC_FN vf vf_abs(vf a) { return simde_mm512_andnot_ps(vf_set1(-0.0F), a); }

#ifdef __FMA__
VEC_FN vf vf_fma(vf a, vf b, vf c) { return simde_mm512_fmadd_ps(a, b, c); }
VEC_FN vf vf_fnma(vf a, vf b, vf c) { return simde_mm512_fnmadd_ps(a, b, c); }
#else
VEC_FN vf vf_fma(vf a, vf b, vf c)
{
    /* SIMDe's wide forms round twice where FMA is missing. */
    float x[16], y[16], z[16];
    vf_storeu(x, a);
    vf_storeu(y, b);
    vf_storeu(z, c);
    for (int i = 0; i < 16; i++)
        z[i] = fmaf(x[i], y[i], z[i]);
    return vf_loadu(z);
}

VEC_FN vf vf_fnma(vf a, vf b, vf c) { return vf_fma(vf_neg(a), b, c); }
#endif

VEC_FN vf_mask vf_lt(vf a, vf b) { return simde_mm512_cmp_ps_mask(a, b, SIMDE_CMP_LT_OQ); }
VEC_FN vf_mask vf_le(vf a, vf b) { return simde_mm512_cmp_ps_mask(a, b, SIMDE_CMP_LE_OQ); }
VEC_FN vf_mask vf_gt(vf a, vf b) { return simde_mm512_cmp_ps_mask(a, b, SIMDE_CMP_GT_OQ); }
VEC_FN vf_mask vf_ge(vf a, vf b) { return simde_mm512_cmp_ps_mask(a, b, SIMDE_CMP_GE_OQ); }
VEC_FN vf_mask vf_eq(vf a, vf b) { return simde_mm512_cmp_ps_mask(a, b, SIMDE_CMP_EQ_OQ); }
VEC_FN vf_mask vf_ne(vf a, vf b) { return simde_mm512_cmp_ps_mask(a, b, SIMDE_CMP_NEQ_UQ); }
VEC_FN vf_mask vf_isnan(vf a) { return simde_mm512_cmp_ps_mask(a, a, SIMDE_CMP_UNORD_Q); }

VEC_FN vf_mask vf_m_and(vf_mask a, vf_mask b) { return (vf_mask)(a & b); }
VEC_FN vf_mask vf_m_or(vf_mask a, vf_mask b) { return (vf_mask)(a | b); }
VEC_FN vf_mask vf_m_not(vf_mask m) { return (vf_mask)~m; }
VEC_FN vf_mask vf_m_andnot(vf_mask a, vf_mask b) { return (vf_mask)(a & ~b); }
VEC_FN unsigned vf_m_bits(vf_mask m) { return m; }
VEC_FN int vf_m_any(vf_mask m) { return m != 0; }
VEC_FN int vf_m_all(vf_mask m) { return m == 0xffff; }
VEC_FN vf_mask vf_m_first(size_t n) { return (vf_mask)((1U << n) - 1U); }

VEC_FN vf vf_select(vf_mask m, vf a, vf b) { return simde_mm512_mask_mov_ps(b, m, a); }

/* maxps and minps return their second operand unless the comparison holds. */
#ifdef __AVX512F__
VEC_FN vf vf_max_keep(vf a, vf b) { return simde_mm512_max_ps(b, a); }
VEC_FN vf vf_min_keep(vf a, vf b) { return simde_mm512_min_ps(b, a); }
VEC_FN vf vf_raise_to(vf x, vf lo) { return simde_mm512_max_ps(lo, x); }
#else
VEC_FN vf vf_max_keep(vf a, vf b) { return vf_select(vf_gt(b, a), b, a); }
VEC_FN vf vf_min_keep(vf a, vf b) { return vf_select(vf_lt(b, a), b, a); }
VEC_FN vf vf_raise_to(vf x, vf lo) { return vf_select(vf_lt(x, lo), lo, x); }
#endif

VEC_FN vf vf_load_n(const float *p, size_t n)
{
#ifdef __AVX512F__
    return _mm512_maskz_loadu_ps(vf_m_first(n), p);
#else
    float x[VF_LANES] = {0};
    memcpy(x, p, n * sizeof *p);
    return vf_loadu(x);
#endif
}

VEC_FN void vf_store_n(float *p, vf a, size_t n)
{
#ifdef __AVX512F__
    _mm512_mask_storeu_ps(p, vf_m_first(n), a);
#else
    float x[VF_LANES];
    vf_storeu(x, a);
    memcpy(p, x, n * sizeof *p);
#endif
}

VEC_FN vf_int vf_as_int(vf a) { return simde_mm512_castps_si512(a); }
VEC_FN vf vf_as_real(vf_int a) { return simde_mm512_castsi512_ps(a); }
VEC_FN vf_int vf_iset1(int32_t x) { return simde_mm512_set1_epi32(x); }
VEC_FN vf_int vf_iadd(vf_int a, vf_int b) { return simde_mm512_add_epi32(a, b); }
VEC_FN vf_int vf_isub(vf_int a, vf_int b) { return simde_mm512_sub_epi32(a, b); }
VEC_FN vf_int vf_iand(vf_int a, vf_int b) { return simde_mm512_and_si512(a, b); }
VEC_FN vf_int vf_ior(vf_int a, vf_int b) { return simde_mm512_or_si512(a, b); }
VEC_FN vf_int vf_ixor(vf_int a, vf_int b) { return simde_mm512_xor_si512(a, b); }
VEC_FN vf_mask vf_ieq(vf_int a, vf_int b) { return simde_mm512_cmpeq_epi32_mask(a, b); }
VEC_FN vf_int vf_extend_sign(vf_int a, vf_int bit) { return vf_isub(vf_ixor(a, bit), bit); }
#ifdef __AVX512F__
#define vf_ishl(a, n) _mm512_slli_epi32((a), (n))
#define vf_ishr(a, n) _mm512_srli_epi32((a), (n))
#define vf_isar(a, n) _mm512_srai_epi32((a), (n))
#else
#define vf_ishl(a, n) simde_mm512_slli_epi32((a), (n))
#define vf_ishr(a, n) simde_mm512_srli_epi32((a), (n))
#define vf_isar(a, n) vf_extend_sign(vf_ishr((a), (n)), vf_iset1((int32_t)(1U << (31 - (n)))))
#endif

VEC_FN vf_mask vf_mask_from_bytes(const uint8_t *p)
{
    simde__m128i v = simde_mm_loadu_si128((const simde__m128i *)p);
    return (vf_mask)~simde_mm_movemask_epi8(simde_mm_cmpeq_epi8(v, simde_mm_setzero_si128()));
}

VEC_FN vf_mask vf_mask_from_bytes_n(const uint8_t *p, size_t n)
{
    uint8_t b[VF_LANES] = {0};
    memcpy(b, p, n);
    return vf_mask_from_bytes(b);
}

VEC_FN void vf_transpose(vf r[VF_LANES])
{
    vf t[16], u[16];
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
        vf even0 = simde_mm512_shuffle_f32x4(u[c], u[c + 4], 0x88);
        vf odd0 = simde_mm512_shuffle_f32x4(u[c], u[c + 4], 0xdd);
        vf even1 = simde_mm512_shuffle_f32x4(u[c + 8], u[c + 12], 0x88);
        vf odd1 = simde_mm512_shuffle_f32x4(u[c + 8], u[c + 12], 0xdd);
        r[c] = simde_mm512_shuffle_f32x4(even0, even1, 0x88);
        r[c + 8] = simde_mm512_shuffle_f32x4(even0, even1, 0xdd);
        r[c + 4] = simde_mm512_shuffle_f32x4(odd0, odd1, 0x88);
        r[c + 12] = simde_mm512_shuffle_f32x4(odd0, odd1, 0xdd);
    }
}

/* --- double ------------------------------------------------------------------------------ */

VEC_FN vd vd_set1(double x) { return simde_mm512_set1_pd(x); }
VEC_FN vd vd_zero(void) { return simde_mm512_setzero_pd(); }
VEC_FN vd vd_loadu(const double *p) { return simde_mm512_loadu_pd(p); }
VEC_FN void vd_storeu(double *p, vd a) { simde_mm512_storeu_pd(p, a); }

VEC_FN vd vd_add(vd a, vd b) { return simde_mm512_add_pd(a, b); }
VEC_FN vd vd_sub(vd a, vd b) { return simde_mm512_sub_pd(a, b); }
VEC_FN vd vd_mul(vd a, vd b) { return simde_mm512_mul_pd(a, b); }
VEC_FN vd vd_div(vd a, vd b) { return simde_mm512_div_pd(a, b); }
VEC_FN vd vd_sqrt(vd a) { return simde_mm512_sqrt_pd(a); }
VEC_FN vd vd_neg(vd a) { return simde_mm512_xor_pd(a, vd_set1(-0.0)); }
VEC_FN vd vd_abs(vd a) { return simde_mm512_andnot_pd(vd_set1(-0.0), a); }

#ifdef __FMA__
VEC_FN vd vd_fma(vd a, vd b, vd c) { return simde_mm512_fmadd_pd(a, b, c); }
VEC_FN vd vd_fnma(vd a, vd b, vd c) { return simde_mm512_fnmadd_pd(a, b, c); }
#else
VEC_FN vd vd_fma(vd a, vd b, vd c)
{
    double x[8], y[8], z[8];
    vd_storeu(x, a);
    vd_storeu(y, b);
    vd_storeu(z, c);
    for (int i = 0; i < 8; i++)
        z[i] = fma(x[i], y[i], z[i]);
    return vd_loadu(z);
}

VEC_FN vd vd_fnma(vd a, vd b, vd c) { return vd_fma(vd_neg(a), b, c); }
#endif

VEC_FN vd_mask vd_lt(vd a, vd b) { return simde_mm512_cmp_pd_mask(a, b, SIMDE_CMP_LT_OQ); }
VEC_FN vd_mask vd_le(vd a, vd b) { return simde_mm512_cmp_pd_mask(a, b, SIMDE_CMP_LE_OQ); }
VEC_FN vd_mask vd_gt(vd a, vd b) { return simde_mm512_cmp_pd_mask(a, b, SIMDE_CMP_GT_OQ); }
VEC_FN vd_mask vd_ge(vd a, vd b) { return simde_mm512_cmp_pd_mask(a, b, SIMDE_CMP_GE_OQ); }
VEC_FN vd_mask vd_eq(vd a, vd b) { return simde_mm512_cmp_pd_mask(a, b, SIMDE_CMP_EQ_OQ); }
VEC_FN vd_mask vd_ne(vd a, vd b) { return simde_mm512_cmp_pd_mask(a, b, SIMDE_CMP_NEQ_UQ); }
VEC_FN vd_mask vd_isnan(vd a) { return simde_mm512_cmp_pd_mask(a, a, SIMDE_CMP_UNORD_Q); }

VEC_FN vd_mask vd_m_and(vd_mask a, vd_mask b) { return (vd_mask)(a & b); }
VEC_FN vd_mask vd_m_or(vd_mask a, vd_mask b) { return (vd_mask)(a | b); }
VEC_FN vd_mask vd_m_not(vd_mask m) { return (vd_mask)~m; }
VEC_FN vd_mask vd_m_andnot(vd_mask a, vd_mask b) { return (vd_mask)(a & ~b); }
VEC_FN unsigned vd_m_bits(vd_mask m) { return m; }
VEC_FN int vd_m_any(vd_mask m) { return m != 0; }
VEC_FN int vd_m_all(vd_mask m) { return m == 0xff; }
VEC_FN vd_mask vd_m_first(size_t n) { return (vd_mask)((1U << n) - 1U); }

VEC_FN vd vd_select(vd_mask m, vd a, vd b) { return simde_mm512_mask_mov_pd(b, m, a); }
#ifdef __AVX512F__
VEC_FN vd vd_max_keep(vd a, vd b) { return simde_mm512_max_pd(b, a); }
VEC_FN vd vd_min_keep(vd a, vd b) { return simde_mm512_min_pd(b, a); }
VEC_FN vd vd_raise_to(vd x, vd lo) { return simde_mm512_max_pd(lo, x); }
#else
VEC_FN vd vd_max_keep(vd a, vd b) { return vd_select(vd_gt(b, a), b, a); }
VEC_FN vd vd_min_keep(vd a, vd b) { return vd_select(vd_lt(b, a), b, a); }
VEC_FN vd vd_raise_to(vd x, vd lo) { return vd_select(vd_lt(x, lo), lo, x); }
#endif

VEC_FN vd vd_load_n(const double *p, size_t n)
{
#ifdef __AVX512F__
    return _mm512_maskz_loadu_pd(vd_m_first(n), p);
#else
    double x[VD_LANES] = {0};
    memcpy(x, p, n * sizeof *p);
    return vd_loadu(x);
#endif
}

VEC_FN void vd_store_n(double *p, vd a, size_t n)
{
#ifdef __AVX512F__
    _mm512_mask_storeu_pd(p, vd_m_first(n), a);
#else
    double x[VD_LANES];
    vd_storeu(x, a);
    memcpy(p, x, n * sizeof *p);
#endif
}

VEC_FN vd_int vd_as_int(vd a) { return simde_mm512_castpd_si512(a); }
VEC_FN vd vd_as_real(vd_int a) { return simde_mm512_castsi512_pd(a); }
VEC_FN vd_int vd_iset1(int64_t x) { return simde_mm512_set1_epi64(x); }
VEC_FN vd_int vd_iadd(vd_int a, vd_int b) { return simde_mm512_add_epi64(a, b); }
VEC_FN vd_int vd_isub(vd_int a, vd_int b) { return simde_mm512_sub_epi64(a, b); }
VEC_FN vd_int vd_iand(vd_int a, vd_int b) { return simde_mm512_and_si512(a, b); }
VEC_FN vd_int vd_ior(vd_int a, vd_int b) { return simde_mm512_or_si512(a, b); }
VEC_FN vd_int vd_ixor(vd_int a, vd_int b) { return simde_mm512_xor_si512(a, b); }
VEC_FN vd_mask vd_ieq(vd_int a, vd_int b) { return simde_mm512_cmpeq_epi64_mask(a, b); }
VEC_FN vd_int vd_extend_sign(vd_int a, vd_int bit) { return vd_isub(vd_ixor(a, bit), bit); }
#ifdef __AVX512F__
#define vd_ishl(a, n) _mm512_slli_epi64((a), (n))
#define vd_ishr(a, n) _mm512_srli_epi64((a), (n))
#define vd_isar(a, n) _mm512_srai_epi64((a), (n))
#else
#define vd_ishl(a, n) simde_mm512_slli_epi64((a), (n))
#define vd_ishr(a, n) simde_mm512_srli_epi64((a), (n))
#define vd_isar(a, n) vd_extend_sign(vd_ishr((a), (n)), vd_iset1((int64_t)1 << (63 - (n))))
#endif

VEC_FN vd_mask vd_mask_from_bytes(const uint8_t *p)
{
    simde__m128i v = simde_mm_loadl_epi64((const simde__m128i *)p);
    return (vd_mask)~simde_mm_movemask_epi8(simde_mm_cmpeq_epi8(v, simde_mm_setzero_si128()));
}

VEC_FN vd_mask vd_mask_from_bytes_n(const uint8_t *p, size_t n)
{
    uint8_t b[VD_LANES] = {0};
    memcpy(b, p, n);
    return vd_mask_from_bytes(b);
}

VEC_FN void vd_transpose(vd r[VD_LANES])
{
    vd t[8];
    UNROLL_FOR (int i = 0; i < 8; i += 2) {
        t[i] = simde_mm512_unpacklo_pd(r[i], r[i + 1]);
        t[i + 1] = simde_mm512_unpackhi_pd(r[i], r[i + 1]);
    }
    /* Quarter q of t[2 g + c] is column 2 q + c of the rows 2 g and 2 g + 1. */
    UNROLL_FOR (int c = 0; c < 2; c++) {
        vd even0 = simde_mm512_shuffle_f64x2(t[c], t[c + 2], 0x88);
        vd odd0 = simde_mm512_shuffle_f64x2(t[c], t[c + 2], 0xdd);
        vd even1 = simde_mm512_shuffle_f64x2(t[c + 4], t[c + 6], 0x88);
        vd odd1 = simde_mm512_shuffle_f64x2(t[c + 4], t[c + 6], 0xdd);
        r[c] = simde_mm512_shuffle_f64x2(even0, even1, 0x88);
        r[c + 4] = simde_mm512_shuffle_f64x2(even0, even1, 0xdd);
        r[c + 2] = simde_mm512_shuffle_f64x2(odd0, odd1, 0x88);
        r[c + 6] = simde_mm512_shuffle_f64x2(odd0, odd1, 0xdd);
    }
}

#endif
#endif
