/* SPDX-License-Identifier: Apache-2.0 */

/* AVX-512 emulated: each vector is two of 256 bits, which the host has or SIMDe splits again.
 * SIMDe's own 512-bit types live in memory: slow to run, and minutes to compile. */
#ifndef BACKENDS_SIMD_VEC_AVX512_EMULATED_H
#define BACKENDS_SIMD_VEC_AVX512_EMULATED_H

#include <simde/x86/avx2.h>
#include <simde/x86/fma.h>

#include "backends/real.h"
#include "backends/simd/vec/bytes_x86.h"
#include "backends/simd/vec/contract.h"

#if REAL_BITS == 32
typedef simde__m256 half_vec;
#define OP(name)  simde_mm256_##name##_ps
#define IOP(name) simde_mm256_##name##_epi32
#define ISET1     simde_mm256_set1_epi32
#define TO_INT    simde_mm256_castps_si256
#define TO_REAL   simde_mm256_castsi256_ps
#else
typedef simde__m256d half_vec;
#define OP(name)  simde_mm256_##name##_pd
#define IOP(name) simde_mm256_##name##_epi64
#define ISET1     simde_mm256_set1_epi64x
#define TO_INT    simde_mm256_castpd_si256
#define TO_REAL   simde_mm256_castsi256_pd
#endif

enum { LANES = 512 / REAL_BITS, NREG = 16, HALF_BYTES = 32 };

typedef struct {
    half_vec lo, hi;
} vec;

typedef vec vec_mask;

typedef struct {
    simde__m256i lo, hi;
} vec_int;

/* clang-format off */ /* a function a line reads as a table */

#define SIGN ((real_int)((real_uint)1 << (REAL_BITS - 1)))
#define BOTH_1(type, f, a) (type){ f((a).lo), f((a).hi) }
#define BOTH_2(type, f, a, b) (type){ f((a).lo, (b).lo), f((a).hi, (b).hi) }
#define BOTH_3(type, f, a, b, c) (type){ f((a).lo, (b).lo, (c).lo), f((a).hi, (b).hi, (c).hi) }
#define COMPARE(a, b, how) \
    (vec_mask){ OP(cmp)((a).lo, (b).lo, how), OP(cmp)((a).hi, (b).hi, how) }

VEC_FN vec v_set1(real x) { return (vec){ OP(set1)(x), OP(set1)(x) }; }
VEC_FN vec v_zero(void) { return v_set1(0); }
VEC_FN vec v_loadu(const void *p) { return (vec){ OP(loadu)(p), OP(loadu)((const void *)((const char *)p + HALF_BYTES)) }; }
VEC_FN void v_storeu(void *p, vec a) { OP(storeu)(p, a.lo); OP(storeu)((void *)((char *)p + HALF_BYTES), a.hi); }

VEC_FN vec v_add(vec a, vec b) { return BOTH_2(vec, OP(add), a, b); }
VEC_FN vec v_sub(vec a, vec b) { return BOTH_2(vec, OP(sub), a, b); }
VEC_FN vec v_mul(vec a, vec b) { return BOTH_2(vec, OP(mul), a, b); }
VEC_FN vec v_div(vec a, vec b) { return BOTH_2(vec, OP(div), a, b); }
VEC_FN vec v_sqrt(vec a) { return BOTH_1(vec, OP(sqrt), a); }

VEC_FN vec_int v_as_int(vec a) { return BOTH_1(vec_int, TO_INT, a); }
VEC_FN vec v_as_real(vec_int a) { return BOTH_1(vec, TO_REAL, a); }
VEC_FN vec_int v_iset1(real_int x) { return (vec_int){ ISET1(x), ISET1(x) }; }
VEC_FN vec_int v_iadd(vec_int a, vec_int b) { return BOTH_2(vec_int, IOP(add), a, b); }
VEC_FN vec_int v_isub(vec_int a, vec_int b) { return BOTH_2(vec_int, IOP(sub), a, b); }
VEC_FN vec_int v_iand(vec_int a, vec_int b) { return BOTH_2(vec_int, simde_mm256_and_si256, a, b); }
VEC_FN vec_int v_ior(vec_int a, vec_int b) { return BOTH_2(vec_int, simde_mm256_or_si256, a, b); }
VEC_FN vec_int v_ixor(vec_int a, vec_int b) { return BOTH_2(vec_int, simde_mm256_xor_si256, a, b); }
VEC_FN vec_int v_ishl(vec_int a, int n) { return (vec_int){ IOP(slli)(a.lo, n), IOP(slli)(a.hi, n) }; }
VEC_FN vec_int v_ishr(vec_int a, int n) { return (vec_int){ IOP(srli)(a.lo, n), IOP(srli)(a.hi, n) }; }
VEC_FN vec_mask v_ieq(vec_int a, vec_int b) { return v_as_real(BOTH_2(vec_int, IOP(cmpeq), a, b)); }
VEC_FN vec_mask v_igt(vec_int a, vec_int b) { return v_as_real(BOTH_2(vec_int, IOP(cmpgt), a, b)); }

#define HIGH(a) simde_mm256_srli_epi64((a), 32)
#define JOIN(a, b) simde_mm256_blend_epi32((a), simde_mm256_slli_epi64((b), 32), 0xaa)
VEC_FN vec_int v_imul_low(vec_int a, vec_int b) { return BOTH_2(vec_int, simde_mm256_mul_epu32, a, b); }
VEC_FN vec_int v_ihigh(vec_int a) { return BOTH_1(vec_int, HIGH, a); }
VEC_FN vec_int v_ijoin(vec_int a, vec_int b) { return BOTH_2(vec_int, JOIN, a, b); }

VEC_FN vec_int v_isar(vec_int a, int n)
{
    vec_int sign = v_iset1((real_int)1 << (REAL_BITS - 1 - n));
    return v_isub(v_ixor(v_ishr(a, n), sign), sign);
}

VEC_FN vec v_neg(vec a) { return v_as_real(v_ixor(v_as_int(a), v_iset1(SIGN))); }
VEC_FN vec v_abs(vec a) { return v_as_real(v_iand(v_as_int(a), v_iset1(~SIGN))); }

#ifdef __FMA__
#define VEC_HAS_FMA
VEC_FN vec v_fma(vec a, vec b, vec c) { return BOTH_3(vec, OP(fmadd), a, b, c); }
VEC_FN vec v_fnma(vec a, vec b, vec c) { return BOTH_3(vec, OP(fnmadd), a, b, c); }
#endif

VEC_FN vec_mask v_lt(vec a, vec b) { return COMPARE(a, b, SIMDE_CMP_LT_OQ); }
VEC_FN vec_mask v_le(vec a, vec b) { return COMPARE(a, b, SIMDE_CMP_LE_OQ); }
VEC_FN vec_mask v_gt(vec a, vec b) { return COMPARE(a, b, SIMDE_CMP_GT_OQ); }
VEC_FN vec_mask v_ge(vec a, vec b) { return COMPARE(a, b, SIMDE_CMP_GE_OQ); }
VEC_FN vec_mask v_eq(vec a, vec b) { return COMPARE(a, b, SIMDE_CMP_EQ_OQ); }
VEC_FN vec_mask v_ne(vec a, vec b) { return COMPARE(a, b, SIMDE_CMP_NEQ_UQ); }
VEC_FN vec_mask v_isnan(vec a) { return COMPARE(a, a, SIMDE_CMP_UNORD_Q); }

VEC_FN vec_mask m_and(vec_mask a, vec_mask b) { return BOTH_2(vec_mask, OP(and), a, b); }
VEC_FN vec_mask m_or(vec_mask a, vec_mask b) { return BOTH_2(vec_mask, OP(or), a, b); }
VEC_FN vec_mask m_andnot(vec_mask a, vec_mask b) { return BOTH_2(vec_mask, OP(andnot), b, a); }
VEC_FN vec_mask m_not(vec_mask m) { return v_as_real(v_ixor(v_as_int(m), v_iset1(-1))); }
VEC_FN int m_any(vec_mask m) { return OP(movemask)(OP(or)(m.lo, m.hi)) != 0; }
VEC_FN int m_all(vec_mask m) { return OP(movemask)(OP(and)(m.lo, m.hi)) == (1 << LANES / 2) - 1; }

VEC_FN unsigned m_bits(vec_mask m)
{
    return (unsigned)OP(movemask)(m.lo) | (unsigned)OP(movemask)(m.hi) << LANES / 2;
}

VEC_FN vec v_select(vec_mask m, vec a, vec b) { return BOTH_3(vec, OP(blendv), b, a, m); }

#ifdef __AVX__
#define VEC_HAS_MAX
VEC_FN vec v_max_keep(vec a, vec b) { return BOTH_2(vec, OP(max), b, a); }
VEC_FN vec v_min_keep(vec a, vec b) { return BOTH_2(vec, OP(min), b, a); }
VEC_FN vec v_raise_to(vec x, vec lo) { return BOTH_2(vec, OP(max), lo, x); }
#endif

VEC_FN vec v_load_n(const void *p, size_t n)
{
    real x[LANES] = { 0 };
    memcpy(x, p, n * sizeof *x);
    return v_loadu(x);
}

VEC_FN void v_store_n(void *p, vec a, size_t n)
{
    real x[LANES];
    v_storeu(x, a);
    memcpy(p, x, n * sizeof *x);
}

VEC_FN vec_mask m_first(size_t n)
{
    real x[LANES];
    for (int i = 0; i < LANES; i++)
        x[i] = (real)i;
    return v_lt(v_loadu(x), v_set1((real)n));
}

VEC_FN vec_mask v_mask_from_bytes(const uint8_t *p)
{
    real x[LANES];
    for (int i = 0; i < LANES; i++)
        x[i] = (real)p[i];
    return v_ne(v_loadu(x), v_zero());
}

VEC_FN void v_transpose(vec r[LANES])
{
    real x[LANES][LANES], y[LANES][LANES];
    for (int i = 0; i < LANES; i++)
        v_storeu(x[i], r[i]);
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < LANES; j++)
            y[j][i] = x[i][j];
    for (int i = 0; i < LANES; i++)
        r[i] = v_loadu(y[i]);
}

/* clang-format on */

#undef OP
#undef IOP
#undef ISET1
#undef TO_INT
#undef TO_REAL
#undef SIGN
#undef HIGH
#undef JOIN
#undef BOTH_1
#undef BOTH_2
#undef BOTH_3
#undef COMPARE

#endif
