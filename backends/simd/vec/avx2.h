/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors of AVX2 with FMA: 8 floats or 4 doubles. The only file that knows AVX2.
 * contract.h says what each function means. */
#ifndef BACKENDS_SIMD_VEC_AVX2_H
#define BACKENDS_SIMD_VEC_AVX2_H

#include <simde/x86/avx2.h>
#include <simde/x86/fma.h>

#include "backends/real.h"
#include "backends/simd/vec/bytes_x86.h"
#include "backends/simd/vec/contract.h"

/* clang-format off */ /* a function a line reads as a table */

#if REAL_BITS == 32
typedef simde__m256 vec;
#else
typedef simde__m256d vec;
#endif
typedef vec vec_mask;
typedef simde__m256i vec_int;

enum { LANES = 256 / REAL_BITS, NREG = 16 };

VEC_FN vec_int v_iand(vec_int a, vec_int b) { return simde_mm256_and_si256(a, b); }
VEC_FN vec_int v_ior(vec_int a, vec_int b) { return simde_mm256_or_si256(a, b); }
VEC_FN vec_int v_ixor(vec_int a, vec_int b) { return simde_mm256_xor_si256(a, b); }
VEC_FN vec_int v_imul_low(vec_int a, vec_int b) { return simde_mm256_mul_epu32(a, b); }
VEC_FN vec_int v_ihigh(vec_int a) { return simde_mm256_srli_epi64(a, 32); }

VEC_FN vec_int v_ijoin(vec_int a, vec_int b)
{
    return simde_mm256_blend_epi32(a, simde_mm256_slli_epi64(b, 32), 0xaa);
}

#if REAL_BITS == 32

VEC_FN vec v_set1(float x) { return simde_mm256_set1_ps(x); }
VEC_FN vec v_zero(void) { return simde_mm256_setzero_ps(); }
VEC_FN vec v_loadu(const void *p) { return simde_mm256_loadu_ps(p); }
VEC_FN void v_storeu(void *p, vec a) { simde_mm256_storeu_ps(p, a); }

VEC_FN vec v_add(vec a, vec b) { return simde_mm256_add_ps(a, b); }
VEC_FN vec v_sub(vec a, vec b) { return simde_mm256_sub_ps(a, b); }
VEC_FN vec v_mul(vec a, vec b) { return simde_mm256_mul_ps(a, b); }
VEC_FN vec v_div(vec a, vec b) { return simde_mm256_div_ps(a, b); }
VEC_FN vec v_sqrt(vec a) { return simde_mm256_sqrt_ps(a); }
VEC_FN vec v_neg(vec a) { return simde_mm256_xor_ps(a, v_set1(-0.0F)); }
VEC_FN vec v_abs(vec a) { return simde_mm256_andnot_ps(v_set1(-0.0F), a); }

#ifdef __FMA__
#define VEC_HAS_FMA
VEC_FN vec v_fma(vec a, vec b, vec c) { return simde_mm256_fmadd_ps(a, b, c); }
VEC_FN vec v_fnma(vec a, vec b, vec c) { return simde_mm256_fnmadd_ps(a, b, c); }
#endif

VEC_FN vec_mask v_lt(vec a, vec b) { return simde_mm256_cmp_ps(a, b, SIMDE_CMP_LT_OQ); }
VEC_FN vec_mask v_le(vec a, vec b) { return simde_mm256_cmp_ps(a, b, SIMDE_CMP_LE_OQ); }
VEC_FN vec_mask v_gt(vec a, vec b) { return simde_mm256_cmp_ps(a, b, SIMDE_CMP_GT_OQ); }
VEC_FN vec_mask v_ge(vec a, vec b) { return simde_mm256_cmp_ps(a, b, SIMDE_CMP_GE_OQ); }
VEC_FN vec_mask v_eq(vec a, vec b) { return simde_mm256_cmp_ps(a, b, SIMDE_CMP_EQ_OQ); }
VEC_FN vec_mask v_ne(vec a, vec b) { return simde_mm256_cmp_ps(a, b, SIMDE_CMP_NEQ_UQ); }
VEC_FN vec_mask v_isnan(vec a) { return simde_mm256_cmp_ps(a, a, SIMDE_CMP_UNORD_Q); }

VEC_FN vec_mask m_and(vec_mask a, vec_mask b) { return simde_mm256_and_ps(a, b); }
VEC_FN vec_mask m_or(vec_mask a, vec_mask b) { return simde_mm256_or_ps(a, b); }
VEC_FN vec_mask m_andnot(vec_mask a, vec_mask b) { return simde_mm256_andnot_ps(b, a); }
VEC_FN unsigned m_bits(vec_mask m) { return (unsigned)simde_mm256_movemask_ps(m); }
VEC_FN int m_any(vec_mask m) { return simde_mm256_movemask_ps(m) != 0; }
VEC_FN int m_all(vec_mask m) { return simde_mm256_movemask_ps(m) == 0xff; }

VEC_FN vec_mask m_not(vec_mask m)
{
    return simde_mm256_xor_ps(m, simde_mm256_castsi256_ps(simde_mm256_set1_epi32(-1)));
}

VEC_FN vec_mask m_first(size_t n)
{
    const simde__m256i lane = simde_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return simde_mm256_castsi256_ps(
        simde_mm256_cmpgt_epi32(simde_mm256_set1_epi32((int)n), lane));
}

VEC_FN vec v_select(vec_mask m, vec a, vec b) { return simde_mm256_blendv_ps(b, a, m); }

/* A lane of a mask has all bits or none, but the compiler does not know that. */
#define VEC_HAS_WHERE
VEC_FN vec v_where(vec_mask m, vec a) { return simde_mm256_and_ps(m, a); }
VEC_FN vec v_unless(vec_mask m, vec a) { return simde_mm256_andnot_ps(m, a); }

#ifdef __AVX__
#define VEC_HAS_MAX
/* maxps and minps return their second operand unless the comparison holds. */
VEC_FN vec v_max_keep(vec a, vec b) { return simde_mm256_max_ps(b, a); }
VEC_FN vec v_min_keep(vec a, vec b) { return simde_mm256_min_ps(b, a); }
VEC_FN vec v_raise_to(vec x, vec lo) { return simde_mm256_max_ps(lo, x); }
#endif

VEC_FN vec v_load_n(const void *p, size_t n)
{
#ifdef __AVX__
    return simde_mm256_maskload_ps(p, simde_mm256_castps_si256(m_first(n)));
#else
    float x[8] = {0}; /* SIMDe's masked load reads all lanes */
    memcpy(x, p, n * sizeof *x);
    return v_loadu(x);
#endif
}

/* The masked store of Zen takes three times as long as these. */
VEC_FN void v_store_n(void *p, vec a, size_t n)
{
    simde__m128 half = simde_mm256_castps256_ps128(a);
    char *to = p;
    if (n & 8)
        v_storeu(to, a);
    if (n & 4) {
        memcpy(to, &half, 16);
        half = simde_mm256_extractf128_ps(a, 1);
        to += 16;
    }
    if (n & 2) {
        memcpy(to, &half, 8);
        half = simde_mm_movehl_ps(half, half);
        to += 8;
    }
    if (n & 1)
        memcpy(to, &half, 4);
}

VEC_FN vec_int v_as_int(vec a) { return simde_mm256_castps_si256(a); }
VEC_FN vec v_as_real(vec_int a) { return simde_mm256_castsi256_ps(a); }
VEC_FN vec_int v_iset1(int32_t x) { return simde_mm256_set1_epi32(x); }
VEC_FN vec_int v_iadd(vec_int a, vec_int b) { return simde_mm256_add_epi32(a, b); }
VEC_FN vec_int v_isub(vec_int a, vec_int b) { return simde_mm256_sub_epi32(a, b); }
#define v_ishl(a, n) simde_mm256_slli_epi32((a), (n))
#define v_ishr(a, n) simde_mm256_srli_epi32((a), (n))
#define v_isar(a, n) simde_mm256_srai_epi32((a), (n))

VEC_FN vec_mask v_ieq(vec_int a, vec_int b)
{
    return simde_mm256_castsi256_ps(simde_mm256_cmpeq_epi32(a, b));
}

VEC_FN vec_mask v_igt(vec_int a, vec_int b)
{
    return simde_mm256_castsi256_ps(simde_mm256_cmpgt_epi32(a, b));
}

VEC_FN vec_mask v_mask_from_bytes(const uint8_t *p)
{
    simde__m256i v = simde_mm256_cvtepu8_epi32(simde_mm_loadl_epi64((const simde__m128i *)p));
    return simde_mm256_castsi256_ps(simde_mm256_cmpgt_epi32(v, simde_mm256_setzero_si256()));
}

VEC_FN void v_transpose(vec r[LANES])
{
    vec t[8], u[8];
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

#else

VEC_FN vec v_set1(double x) { return simde_mm256_set1_pd(x); }
VEC_FN vec v_zero(void) { return simde_mm256_setzero_pd(); }
VEC_FN vec v_loadu(const void *p) { return simde_mm256_loadu_pd(p); }
VEC_FN void v_storeu(void *p, vec a) { simde_mm256_storeu_pd(p, a); }

VEC_FN vec v_add(vec a, vec b) { return simde_mm256_add_pd(a, b); }
VEC_FN vec v_sub(vec a, vec b) { return simde_mm256_sub_pd(a, b); }
VEC_FN vec v_mul(vec a, vec b) { return simde_mm256_mul_pd(a, b); }
VEC_FN vec v_div(vec a, vec b) { return simde_mm256_div_pd(a, b); }
VEC_FN vec v_sqrt(vec a) { return simde_mm256_sqrt_pd(a); }
VEC_FN vec v_neg(vec a) { return simde_mm256_xor_pd(a, v_set1(-0.0)); }
VEC_FN vec v_abs(vec a) { return simde_mm256_andnot_pd(v_set1(-0.0), a); }

#ifdef __FMA__
#define VEC_HAS_FMA
VEC_FN vec v_fma(vec a, vec b, vec c) { return simde_mm256_fmadd_pd(a, b, c); }
VEC_FN vec v_fnma(vec a, vec b, vec c) { return simde_mm256_fnmadd_pd(a, b, c); }
#endif

VEC_FN vec_mask v_lt(vec a, vec b) { return simde_mm256_cmp_pd(a, b, SIMDE_CMP_LT_OQ); }
VEC_FN vec_mask v_le(vec a, vec b) { return simde_mm256_cmp_pd(a, b, SIMDE_CMP_LE_OQ); }
VEC_FN vec_mask v_gt(vec a, vec b) { return simde_mm256_cmp_pd(a, b, SIMDE_CMP_GT_OQ); }
VEC_FN vec_mask v_ge(vec a, vec b) { return simde_mm256_cmp_pd(a, b, SIMDE_CMP_GE_OQ); }
VEC_FN vec_mask v_eq(vec a, vec b) { return simde_mm256_cmp_pd(a, b, SIMDE_CMP_EQ_OQ); }
VEC_FN vec_mask v_ne(vec a, vec b) { return simde_mm256_cmp_pd(a, b, SIMDE_CMP_NEQ_UQ); }
VEC_FN vec_mask v_isnan(vec a) { return simde_mm256_cmp_pd(a, a, SIMDE_CMP_UNORD_Q); }

VEC_FN vec_mask m_and(vec_mask a, vec_mask b) { return simde_mm256_and_pd(a, b); }
VEC_FN vec_mask m_or(vec_mask a, vec_mask b) { return simde_mm256_or_pd(a, b); }
VEC_FN vec_mask m_andnot(vec_mask a, vec_mask b) { return simde_mm256_andnot_pd(b, a); }
VEC_FN unsigned m_bits(vec_mask m) { return (unsigned)simde_mm256_movemask_pd(m); }
VEC_FN int m_any(vec_mask m) { return simde_mm256_movemask_pd(m) != 0; }
VEC_FN int m_all(vec_mask m) { return simde_mm256_movemask_pd(m) == 0xf; }

VEC_FN vec_mask m_not(vec_mask m)
{
    return simde_mm256_xor_pd(m, simde_mm256_castsi256_pd(simde_mm256_set1_epi32(-1)));
}

VEC_FN vec_mask m_first(size_t n)
{
    const simde__m256i lane = simde_mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
    return simde_mm256_castsi256_pd(
        simde_mm256_cmpgt_epi32(simde_mm256_set1_epi32((int)n), lane));
}

VEC_FN vec v_select(vec_mask m, vec a, vec b) { return simde_mm256_blendv_pd(b, a, m); }

#define VEC_HAS_WHERE
VEC_FN vec v_where(vec_mask m, vec a) { return simde_mm256_and_pd(m, a); }
VEC_FN vec v_unless(vec_mask m, vec a) { return simde_mm256_andnot_pd(m, a); }

#ifdef __AVX__
#define VEC_HAS_MAX
VEC_FN vec v_max_keep(vec a, vec b) { return simde_mm256_max_pd(b, a); }
VEC_FN vec v_min_keep(vec a, vec b) { return simde_mm256_min_pd(b, a); }
VEC_FN vec v_raise_to(vec x, vec lo) { return simde_mm256_max_pd(lo, x); }
#endif

VEC_FN vec v_load_n(const void *p, size_t n)
{
#ifdef __AVX__
    return simde_mm256_maskload_pd(p, simde_mm256_castpd_si256(m_first(n)));
#else
    double x[4] = {0};
    memcpy(x, p, n * sizeof *x);
    return v_loadu(x);
#endif
}

VEC_FN void v_store_n(void *p, vec a, size_t n)
{
    simde__m128d half = simde_mm256_castpd256_pd128(a);
    char *to = p;
    if (n & 4)
        v_storeu(to, a);
    if (n & 2) {
        memcpy(to, &half, 16);
        half = simde_mm256_extractf128_pd(a, 1);
        to += 16;
    }
    if (n & 1)
        memcpy(to, &half, 8);
}

VEC_FN vec_int v_as_int(vec a) { return simde_mm256_castpd_si256(a); }
VEC_FN vec v_as_real(vec_int a) { return simde_mm256_castsi256_pd(a); }
VEC_FN vec_int v_iset1(int64_t x) { return simde_mm256_set1_epi64x(x); }
VEC_FN vec_int v_iadd(vec_int a, vec_int b) { return simde_mm256_add_epi64(a, b); }
VEC_FN vec_int v_isub(vec_int a, vec_int b) { return simde_mm256_sub_epi64(a, b); }
#define v_ishl(a, n) simde_mm256_slli_epi64((a), (n))
#define v_ishr(a, n) simde_mm256_srli_epi64((a), (n))
/* AVX2 has no arithmetic shift of 64 bits: extend the sign by hand. */
#define v_isar(a, n) v_extend_sign(v_ishr((a), (n)), v_iset1((int64_t)1 << (63 - (n))))
VEC_FN vec_int v_extend_sign(vec_int a, vec_int bit) { return v_isub(v_ixor(a, bit), bit); }

VEC_FN vec_mask v_ieq(vec_int a, vec_int b)
{
    return simde_mm256_castsi256_pd(simde_mm256_cmpeq_epi64(a, b));
}

VEC_FN vec_mask v_igt(vec_int a, vec_int b)
{
    return simde_mm256_castsi256_pd(simde_mm256_cmpgt_epi64(a, b));
}

VEC_FN vec_mask v_mask_from_bytes(const uint8_t *p)
{
    int32_t b;
    memcpy(&b, p, sizeof b);
    simde__m256i v = simde_mm256_cvtepu8_epi64(simde_mm_cvtsi32_si128(b));
    return simde_mm256_castsi256_pd(simde_mm256_cmpgt_epi64(v, simde_mm256_setzero_si256()));
}

VEC_FN void v_transpose(vec r[LANES])
{
    vec t[4];
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

#endif
