/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors of AVX2 with FMA: 8 floats (vf) or 4 doubles (vd). The only file that knows AVX2.
 * contract.h says what each function means. */
#ifndef BACKENDS_SIMD_VEC_AVX2_H
#define BACKENDS_SIMD_VEC_AVX2_H

#include <math.h>
#include <simde/x86/avx2.h>
#include <simde/x86/fma.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "backends/simd/vec/bytes_x86.h"
#include "backends/simd/vec/contract.h"

/* clang-format off */ /* a function a line reads as a table */

enum { VF_LANES = 8, VD_LANES = 4, NREG = 16 };

typedef simde__m256 vf;
typedef simde__m256 vf_mask;
typedef simde__m256i vf_int;
typedef simde__m256d vd;
typedef simde__m256d vd_mask;
typedef simde__m256i vd_int;

/* --- float ------------------------------------------------------------------------------- */

VEC_FN vf vf_set1(float x) { return simde_mm256_set1_ps(x); }
VEC_FN vf vf_zero(void) { return simde_mm256_setzero_ps(); }
VEC_FN vf vf_loadu(const float *p) { return simde_mm256_loadu_ps(p); }
VEC_FN void vf_storeu(float *p, vf a) { simde_mm256_storeu_ps(p, a); }

VEC_FN vf vf_add(vf a, vf b) { return simde_mm256_add_ps(a, b); }
VEC_FN vf vf_sub(vf a, vf b) { return simde_mm256_sub_ps(a, b); }
VEC_FN vf vf_mul(vf a, vf b) { return simde_mm256_mul_ps(a, b); }
VEC_FN vf vf_div(vf a, vf b) { return simde_mm256_div_ps(a, b); }
VEC_FN vf vf_sqrt(vf a) { return simde_mm256_sqrt_ps(a); }
VEC_FN vf vf_neg(vf a) { return simde_mm256_xor_ps(a, vf_set1(-0.0F)); }
VEC_FN vf vf_abs(vf a) { return simde_mm256_andnot_ps(vf_set1(-0.0F), a); }

VEC_FN vf vf_fma(vf a, vf b, vf c)
{
#ifdef __FMA__
    return simde_mm256_fmadd_ps(a, b, c);
#else
    /* SIMDe's 256-bit form rounds twice where FMA is missing. */
    float x[8], y[8], z[8];
    vf_storeu(x, a);
    vf_storeu(y, b);
    vf_storeu(z, c);
    for (int i = 0; i < 8; i++)
        z[i] = fmaf(x[i], y[i], z[i]);
    return vf_loadu(z);
#endif
}

VEC_FN vf vf_fnma(vf a, vf b, vf c)
{
#ifdef __FMA__
    return simde_mm256_fnmadd_ps(a, b, c);
#else
    return vf_fma(vf_neg(a), b, c);
#endif
}

VEC_FN vf_mask vf_lt(vf a, vf b) { return simde_mm256_cmp_ps(a, b, SIMDE_CMP_LT_OQ); }
VEC_FN vf_mask vf_le(vf a, vf b) { return simde_mm256_cmp_ps(a, b, SIMDE_CMP_LE_OQ); }
VEC_FN vf_mask vf_gt(vf a, vf b) { return simde_mm256_cmp_ps(a, b, SIMDE_CMP_GT_OQ); }
VEC_FN vf_mask vf_ge(vf a, vf b) { return simde_mm256_cmp_ps(a, b, SIMDE_CMP_GE_OQ); }
VEC_FN vf_mask vf_eq(vf a, vf b) { return simde_mm256_cmp_ps(a, b, SIMDE_CMP_EQ_OQ); }
VEC_FN vf_mask vf_ne(vf a, vf b) { return simde_mm256_cmp_ps(a, b, SIMDE_CMP_NEQ_UQ); }
VEC_FN vf_mask vf_isnan(vf a) { return simde_mm256_cmp_ps(a, a, SIMDE_CMP_UNORD_Q); }

VEC_FN vf_mask vf_m_and(vf_mask a, vf_mask b) { return simde_mm256_and_ps(a, b); }
VEC_FN vf_mask vf_m_or(vf_mask a, vf_mask b) { return simde_mm256_or_ps(a, b); }
VEC_FN vf_mask vf_m_andnot(vf_mask a, vf_mask b) { return simde_mm256_andnot_ps(b, a); }
VEC_FN unsigned vf_m_bits(vf_mask m) { return (unsigned)simde_mm256_movemask_ps(m); }
VEC_FN int vf_m_any(vf_mask m) { return simde_mm256_movemask_ps(m) != 0; }
VEC_FN int vf_m_all(vf_mask m) { return simde_mm256_movemask_ps(m) == 0xff; }

VEC_FN vf_mask vf_m_not(vf_mask m)
{
    return simde_mm256_xor_ps(m, simde_mm256_castsi256_ps(simde_mm256_set1_epi32(-1)));
}

VEC_FN vf_mask vf_m_first(size_t n)
{
    const simde__m256i lane = simde_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return simde_mm256_castsi256_ps(
        simde_mm256_cmpgt_epi32(simde_mm256_set1_epi32((int)n), lane));
}

VEC_FN vf vf_select(vf_mask m, vf a, vf b) { return simde_mm256_blendv_ps(b, a, m); }

#ifdef __AVX__
/* maxps and minps return their second operand unless the comparison holds. */
VEC_FN vf vf_max_keep(vf a, vf b) { return simde_mm256_max_ps(b, a); }
VEC_FN vf vf_min_keep(vf a, vf b) { return simde_mm256_min_ps(b, a); }
VEC_FN vf vf_raise_to(vf x, vf lo) { return simde_mm256_max_ps(lo, x); }
#else
VEC_FN vf vf_max_keep(vf a, vf b) { return vf_select(vf_gt(b, a), b, a); }
VEC_FN vf vf_min_keep(vf a, vf b) { return vf_select(vf_lt(b, a), b, a); }
VEC_FN vf vf_raise_to(vf x, vf lo) { return vf_select(vf_lt(x, lo), lo, x); }
#endif

VEC_FN vf vf_load_n(const float *p, size_t n)
{
#ifdef __AVX__
    return simde_mm256_maskload_ps(p, simde_mm256_castps_si256(vf_m_first(n)));
#else
    float x[8] = {0}; /* SIMDe's masked load reads all lanes */
    memcpy(x, p, n * sizeof *p);
    return vf_loadu(x);
#endif
}

/* The masked store of Zen takes three times as long as these. */
VEC_FN void vf_store_n(float *p, vf a, size_t n)
{
    simde__m128 half = simde_mm256_castps256_ps128(a);
    if (n & 8)
        vf_storeu(p, a);
    if (n & 4) {
        simde_mm_storeu_ps(p, half);
        half = simde_mm256_extractf128_ps(a, 1);
        p += 4;
    }
    if (n & 2) {
        simde_mm_storel_epi64((simde__m128i *)(void *)p, simde_mm_castps_si128(half));
        half = simde_mm_movehl_ps(half, half);
        p += 2;
    }
    if (n & 1)
        simde_mm_store_ss(p, half);
}

VEC_FN vf_int vf_as_int(vf a) { return simde_mm256_castps_si256(a); }
VEC_FN vf vf_as_real(vf_int a) { return simde_mm256_castsi256_ps(a); }
VEC_FN vf_int vf_iset1(int32_t x) { return simde_mm256_set1_epi32(x); }
VEC_FN vf_int vf_iadd(vf_int a, vf_int b) { return simde_mm256_add_epi32(a, b); }
VEC_FN vf_int vf_isub(vf_int a, vf_int b) { return simde_mm256_sub_epi32(a, b); }
VEC_FN vf_int vf_iand(vf_int a, vf_int b) { return simde_mm256_and_si256(a, b); }
VEC_FN vf_int vf_ior(vf_int a, vf_int b) { return simde_mm256_or_si256(a, b); }
VEC_FN vf_int vf_ixor(vf_int a, vf_int b) { return simde_mm256_xor_si256(a, b); }
#define vf_ishl(a, n) simde_mm256_slli_epi32((a), (n))
#define vf_ishr(a, n) simde_mm256_srli_epi32((a), (n))
#define vf_isar(a, n) simde_mm256_srai_epi32((a), (n))

VEC_FN vf_mask vf_ieq(vf_int a, vf_int b)
{
    return simde_mm256_castsi256_ps(simde_mm256_cmpeq_epi32(a, b));
}

VEC_FN vf_mask vf_mask_from_bytes(const uint8_t *p)
{
    simde__m256i v = simde_mm256_cvtepu8_epi32(simde_mm_loadl_epi64((const simde__m128i *)p));
    return simde_mm256_castsi256_ps(simde_mm256_cmpgt_epi32(v, simde_mm256_setzero_si256()));
}

VEC_FN vf_mask vf_mask_from_bytes_n(const uint8_t *p, size_t n)
{
    uint8_t b[VF_LANES] = {0};
    memcpy(b, p, n);
    return vf_mask_from_bytes(b);
}

VEC_FN void vf_transpose(vf r[VF_LANES])
{
    vf t[8], u[8];
    UNROLL_FOR (int i = 0; i < 4; i++) {
        t[2 * i] = simde_mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = simde_mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
    UNROLL_FOR (int i = 0; i < 8; i += 4) {
        u[i] = simde_mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        u[i + 1] = simde_mm256_shuffle_ps(t[i], t[i + 2], 0xee);
        u[i + 2] = simde_mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        u[i + 3] = simde_mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    UNROLL_FOR (int i = 0; i < 4; i++) {
        r[i] = simde_mm256_permute2f128_ps(u[i], u[i + 4], 0x20);
        r[i + 4] = simde_mm256_permute2f128_ps(u[i], u[i + 4], 0x31);
    }
}

/* --- double ------------------------------------------------------------------------------ */

VEC_FN vd vd_set1(double x) { return simde_mm256_set1_pd(x); }
VEC_FN vd vd_zero(void) { return simde_mm256_setzero_pd(); }
VEC_FN vd vd_loadu(const double *p) { return simde_mm256_loadu_pd(p); }
VEC_FN void vd_storeu(double *p, vd a) { simde_mm256_storeu_pd(p, a); }

VEC_FN vd vd_add(vd a, vd b) { return simde_mm256_add_pd(a, b); }
VEC_FN vd vd_sub(vd a, vd b) { return simde_mm256_sub_pd(a, b); }
VEC_FN vd vd_mul(vd a, vd b) { return simde_mm256_mul_pd(a, b); }
VEC_FN vd vd_div(vd a, vd b) { return simde_mm256_div_pd(a, b); }
VEC_FN vd vd_sqrt(vd a) { return simde_mm256_sqrt_pd(a); }
VEC_FN vd vd_neg(vd a) { return simde_mm256_xor_pd(a, vd_set1(-0.0)); }
VEC_FN vd vd_abs(vd a) { return simde_mm256_andnot_pd(vd_set1(-0.0), a); }

VEC_FN vd vd_fma(vd a, vd b, vd c)
{
#ifdef __FMA__
    return simde_mm256_fmadd_pd(a, b, c);
#else
    double x[4], y[4], z[4];
    vd_storeu(x, a);
    vd_storeu(y, b);
    vd_storeu(z, c);
    for (int i = 0; i < 4; i++)
        z[i] = fma(x[i], y[i], z[i]);
    return vd_loadu(z);
#endif
}

VEC_FN vd vd_fnma(vd a, vd b, vd c)
{
#ifdef __FMA__
    return simde_mm256_fnmadd_pd(a, b, c);
#else
    return vd_fma(vd_neg(a), b, c);
#endif
}

VEC_FN vd_mask vd_lt(vd a, vd b) { return simde_mm256_cmp_pd(a, b, SIMDE_CMP_LT_OQ); }
VEC_FN vd_mask vd_le(vd a, vd b) { return simde_mm256_cmp_pd(a, b, SIMDE_CMP_LE_OQ); }
VEC_FN vd_mask vd_gt(vd a, vd b) { return simde_mm256_cmp_pd(a, b, SIMDE_CMP_GT_OQ); }
VEC_FN vd_mask vd_ge(vd a, vd b) { return simde_mm256_cmp_pd(a, b, SIMDE_CMP_GE_OQ); }
VEC_FN vd_mask vd_eq(vd a, vd b) { return simde_mm256_cmp_pd(a, b, SIMDE_CMP_EQ_OQ); }
VEC_FN vd_mask vd_ne(vd a, vd b) { return simde_mm256_cmp_pd(a, b, SIMDE_CMP_NEQ_UQ); }
VEC_FN vd_mask vd_isnan(vd a) { return simde_mm256_cmp_pd(a, a, SIMDE_CMP_UNORD_Q); }

VEC_FN vd_mask vd_m_and(vd_mask a, vd_mask b) { return simde_mm256_and_pd(a, b); }
VEC_FN vd_mask vd_m_or(vd_mask a, vd_mask b) { return simde_mm256_or_pd(a, b); }
VEC_FN vd_mask vd_m_andnot(vd_mask a, vd_mask b) { return simde_mm256_andnot_pd(b, a); }
VEC_FN unsigned vd_m_bits(vd_mask m) { return (unsigned)simde_mm256_movemask_pd(m); }
VEC_FN int vd_m_any(vd_mask m) { return simde_mm256_movemask_pd(m) != 0; }
VEC_FN int vd_m_all(vd_mask m) { return simde_mm256_movemask_pd(m) == 0xf; }

VEC_FN vd_mask vd_m_not(vd_mask m)
{
    return simde_mm256_xor_pd(m, simde_mm256_castsi256_pd(simde_mm256_set1_epi32(-1)));
}

VEC_FN vd_mask vd_m_first(size_t n)
{
    const simde__m256i lane = simde_mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
    return simde_mm256_castsi256_pd(
        simde_mm256_cmpgt_epi32(simde_mm256_set1_epi32((int)n), lane));
}

VEC_FN vd vd_select(vd_mask m, vd a, vd b) { return simde_mm256_blendv_pd(b, a, m); }

#ifdef __AVX__
VEC_FN vd vd_max_keep(vd a, vd b) { return simde_mm256_max_pd(b, a); }
VEC_FN vd vd_min_keep(vd a, vd b) { return simde_mm256_min_pd(b, a); }
VEC_FN vd vd_raise_to(vd x, vd lo) { return simde_mm256_max_pd(lo, x); }
#else
VEC_FN vd vd_max_keep(vd a, vd b) { return vd_select(vd_gt(b, a), b, a); }
VEC_FN vd vd_min_keep(vd a, vd b) { return vd_select(vd_lt(b, a), b, a); }
VEC_FN vd vd_raise_to(vd x, vd lo) { return vd_select(vd_lt(x, lo), lo, x); }
#endif

VEC_FN vd vd_load_n(const double *p, size_t n)
{
#ifdef __AVX__
    return simde_mm256_maskload_pd(p, simde_mm256_castpd_si256(vd_m_first(n)));
#else
    double x[4] = {0};
    memcpy(x, p, n * sizeof *p);
    return vd_loadu(x);
#endif
}

VEC_FN void vd_store_n(double *p, vd a, size_t n)
{
    simde__m128d half = simde_mm256_castpd256_pd128(a);
    if (n & 4)
        vd_storeu(p, a);
    if (n & 2) {
        simde_mm_storeu_pd(p, half);
        half = simde_mm256_extractf128_pd(a, 1);
        p += 2;
    }
    if (n & 1)
        simde_mm_store_sd(p, half);
}

VEC_FN vd_int vd_as_int(vd a) { return simde_mm256_castpd_si256(a); }
VEC_FN vd vd_as_real(vd_int a) { return simde_mm256_castsi256_pd(a); }
VEC_FN vd_int vd_iset1(int64_t x) { return simde_mm256_set1_epi64x(x); }
VEC_FN vd_int vd_iadd(vd_int a, vd_int b) { return simde_mm256_add_epi64(a, b); }
VEC_FN vd_int vd_isub(vd_int a, vd_int b) { return simde_mm256_sub_epi64(a, b); }
VEC_FN vd_int vd_iand(vd_int a, vd_int b) { return simde_mm256_and_si256(a, b); }
VEC_FN vd_int vd_ior(vd_int a, vd_int b) { return simde_mm256_or_si256(a, b); }
VEC_FN vd_int vd_ixor(vd_int a, vd_int b) { return simde_mm256_xor_si256(a, b); }
#define vd_ishl(a, n) simde_mm256_slli_epi64((a), (n))
#define vd_ishr(a, n) simde_mm256_srli_epi64((a), (n))
/* AVX2 has no arithmetic shift of 64 bits: extend the sign by hand. */
#define vd_isar(a, n) vd_extend_sign(vd_ishr((a), (n)), vd_iset1((int64_t)1 << (63 - (n))))
VEC_FN vd_int vd_extend_sign(vd_int a, vd_int bit) { return vd_isub(vd_ixor(a, bit), bit); }

VEC_FN vd_mask vd_ieq(vd_int a, vd_int b)
{
    return simde_mm256_castsi256_pd(simde_mm256_cmpeq_epi64(a, b));
}

VEC_FN vd_mask vd_mask_from_bytes(const uint8_t *p)
{
    int32_t b;
    memcpy(&b, p, sizeof b);
    simde__m256i v = simde_mm256_cvtepu8_epi64(simde_mm_cvtsi32_si128(b));
    return simde_mm256_castsi256_pd(simde_mm256_cmpgt_epi64(v, simde_mm256_setzero_si256()));
}

VEC_FN vd_mask vd_mask_from_bytes_n(const uint8_t *p, size_t n)
{
    uint8_t b[VD_LANES] = {0};
    memcpy(b, p, n);
    return vd_mask_from_bytes(b);
}

VEC_FN void vd_transpose(vd r[VD_LANES])
{
    vd t[4];
    UNROLL_FOR (int i = 0; i < 4; i += 2) {
        t[i] = simde_mm256_unpacklo_pd(r[i], r[i + 1]);
        t[i + 1] = simde_mm256_unpackhi_pd(r[i], r[i + 1]);
    }
    UNROLL_FOR (int i = 0; i < 2; i++) {
        r[i] = simde_mm256_permute2f128_pd(t[i], t[i + 2], 0x20);
        r[i + 2] = simde_mm256_permute2f128_pd(t[i], t[i + 2], 0x31);
    }
}

#endif
