/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors of NEON: 4 floats or 2 doubles. The only file that knows NEON.
 * contract.h says what each function means. SIMDe has neither division nor square root of
 * NEON, and its fma needs -mfma on x86 to round once. */
#ifndef BACKENDS_SIMD_VEC_NEON_H
#define BACKENDS_SIMD_VEC_NEON_H

#include <simde/arm/neon.h>

#include "backends/real.h"
#include "backends/simd/vec/contract.h"

/* clang-format off */ /* a function a line reads as a table */

#if defined(__aarch64__)
enum { NREG = 32 };
#else
enum { NREG = 16 };
#endif


/* Unsigned, since arm_neon.h of gcc adds signed numbers, whose overflow is undefined. */
#define I32(f, a, b) \
    simde_vreinterpretq_s32_u32( \
        simde_##f##q_u32(simde_vreinterpretq_u32_s32(a), simde_vreinterpretq_u32_s32(b)))
#define I64(f, a, b) \
    simde_vreinterpretq_s64_u64( \
        simde_##f##q_u64(simde_vreinterpretq_u64_s64(a), simde_vreinterpretq_u64_s64(b)))

/* A bit for each of 16 bytes. */
VEC_FN uint32_t vec_byte_bits_16(const uint8_t *p)
{
    static const uint8_t bit[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    simde_uint8x16_t x = simde_vld1q_u8(p);
    x = simde_vandq_u8(simde_vtstq_u8(x, x), simde_vld1q_u8(bit));
    return (uint32_t)simde_vaddv_u8(simde_vget_low_u8(x)) |
           (uint32_t)simde_vaddv_u8(simde_vget_high_u8(x)) << 8;
}

VEC_FN uint32_t vec_byte_bits(const uint8_t *p)
{
    return vec_byte_bits_16(p) | vec_byte_bits_16(p + 16) << 16;
}

VEC_FN real lane_at(const void *p, int i)
{
    real x;
    memcpy(&x, (const char *)p + i * (int)sizeof x, sizeof x);
    return x;
}

#if REAL_BITS == 32

enum { LANES = 4 };
typedef simde_float32x4_t vec;
typedef simde_uint32x4_t vec_mask;
typedef simde_int32x4_t vec_int;

VEC_FN vec v_set1(float x) { return simde_vdupq_n_f32(x); }
VEC_FN vec v_zero(void) { return simde_vdupq_n_f32(0.0F); }
VEC_FN vec v_loadu(const void *p) { return simde_vld1q_f32(p); }
VEC_FN void v_storeu(void *p, vec a) { simde_vst1q_f32(p, a); }

VEC_FN vec v_add(vec a, vec b) { return simde_vaddq_f32(a, b); }
VEC_FN vec v_sub(vec a, vec b) { return simde_vsubq_f32(a, b); }
VEC_FN vec v_mul(vec a, vec b) { return simde_vmulq_f32(a, b); }
VEC_FN vec_int v_as_int(vec a) { return simde_vreinterpretq_s32_f32(a); }
VEC_FN simde_uint64x2_t v_as_long(vec_int a) { return simde_vreinterpretq_u64_s32(a); }
VEC_FN vec_int v_of_long(simde_uint64x2_t a) { return simde_vreinterpretq_s32_u64(a); }
VEC_FN vec v_as_real(vec_int a) { return simde_vreinterpretq_f32_s32(a); }

#if defined(__aarch64__)
VEC_FN vec v_div(vec a, vec b) { return vdivq_f32(a, b); }
VEC_FN vec v_sqrt(vec a) { return vsqrtq_f32(a); }
#endif

VEC_FN vec_int v_iset1(int32_t x) { return simde_vdupq_n_s32(x); }
VEC_FN vec_int v_iadd(vec_int a, vec_int b) { return I32(vadd, a, b); }
VEC_FN vec_int v_isub(vec_int a, vec_int b) { return I32(vsub, a, b); }
VEC_FN vec_int v_iand(vec_int a, vec_int b) { return simde_vandq_s32(a, b); }
VEC_FN vec_int v_ior(vec_int a, vec_int b) { return simde_vorrq_s32(a, b); }
VEC_FN vec_int v_ixor(vec_int a, vec_int b) { return simde_veorq_s32(a, b); }
VEC_FN vec_mask v_ieq(vec_int a, vec_int b) { return simde_vceqq_s32(a, b); }
VEC_FN vec_mask v_igt(vec_int a, vec_int b) { return simde_vcgtq_s32(a, b); }
#define v_ishl(a, n) simde_vshlq_n_s32((a), (n))
#define v_ishr(a, n) \
    simde_vreinterpretq_s32_u32(simde_vshrq_n_u32(simde_vreinterpretq_u32_s32(a), (n)))
#define v_isar(a, n) simde_vshrq_n_s32((a), (n))

VEC_FN vec v_neg(vec a) { return v_as_real(v_ixor(v_as_int(a), v_iset1(INT32_MIN))); }
VEC_FN vec v_abs(vec a) { return v_as_real(v_iand(v_as_int(a), v_iset1(INT32_MAX))); }

#if defined(__aarch64__) || defined(__FMA__)
VEC_FN vec v_fma(vec a, vec b, vec c) { return simde_vfmaq_f32(c, a, b); }
#endif

VEC_FN vec_mask m_and(vec_mask a, vec_mask b) { return simde_vandq_u32(a, b); }
VEC_FN vec_mask m_or(vec_mask a, vec_mask b) { return simde_vorrq_u32(a, b); }
VEC_FN vec_mask m_not(vec_mask m) { return simde_vmvnq_u32(m); }
VEC_FN vec_mask m_andnot(vec_mask a, vec_mask b) { return simde_vandq_u32(a, m_not(b)); }
VEC_FN int m_any(vec_mask m) { return simde_vmaxvq_u32(m) != 0; }
VEC_FN int m_all(vec_mask m) { return simde_vminvq_u32(m) != 0; }

VEC_FN unsigned m_bits(vec_mask m)
{
    static const uint32_t bit[4] = {1, 2, 4, 8};
    return simde_vaddvq_u32(simde_vandq_u32(m, simde_vld1q_u32(bit)));
}

VEC_FN vec_mask m_first(size_t n)
{
    static const uint32_t lane[4] = {0, 1, 2, 3};
    return simde_vcgtq_u32(simde_vdupq_n_u32((uint32_t)n), simde_vld1q_u32(lane));
}

VEC_FN vec_mask v_lt(vec a, vec b) { return simde_vcltq_f32(a, b); }
VEC_FN vec_mask v_le(vec a, vec b) { return simde_vcleq_f32(a, b); }
VEC_FN vec_mask v_gt(vec a, vec b) { return simde_vcgtq_f32(a, b); }
VEC_FN vec_mask v_ge(vec a, vec b) { return simde_vcgeq_f32(a, b); }
VEC_FN vec_mask v_eq(vec a, vec b) { return simde_vceqq_f32(a, b); }

VEC_FN vec v_select(vec_mask m, vec a, vec b) { return simde_vbslq_f32(m, a, b); }

VEC_FN vec v_load_n(const void *p, size_t n)
{
    if (n >= LANES)
        return v_loadu(p);
    const float x[LANES] = {n > 0 ? lane_at(p, 0) : 0, n > 1 ? lane_at(p, 1) : 0,
                            n > 2 ? lane_at(p, 2) : 0, 0};
    return v_loadu(x);
}

VEC_FN void v_store_n(void *p, vec a, size_t n)
{
    const simde_float32x2_t low = simde_vget_low_f32(a), high = simde_vget_high_f32(a);
    if (n & 4)
        v_storeu(p, a);
    if (n & 2)
        memcpy(p, &low, sizeof low);
    if (n & 1) {
        const float last = simde_vget_lane_f32(n & 2 ? high : low, 0);
        memcpy((char *)p + (n & 2) * sizeof last, &last, sizeof last);
    }
}

VEC_FN vec_mask v_mask_from_bytes(const uint8_t *p)
{
    uint32_t b[LANES];
    for (int i = 0; i < LANES; i++)
        b[i] = p[i];
    return simde_vcgtq_u32(simde_vld1q_u32(b), simde_vdupq_n_u32(0));
}

VEC_FN void v_transpose(vec r[LANES])
{
    vec a = simde_vzip1q_f32(r[0], r[2]), b = simde_vzip2q_f32(r[0], r[2]);
    vec c = simde_vzip1q_f32(r[1], r[3]), d = simde_vzip2q_f32(r[1], r[3]);
    r[0] = simde_vzip1q_f32(a, c);
    r[1] = simde_vzip2q_f32(a, c);
    r[2] = simde_vzip1q_f32(b, d);
    r[3] = simde_vzip2q_f32(b, d);
}

#else

enum { LANES = 2 };
typedef simde_float64x2_t vec;
typedef simde_uint64x2_t vec_mask;
typedef simde_int64x2_t vec_int;

VEC_FN vec v_set1(double x) { return simde_vdupq_n_f64(x); }
VEC_FN vec v_zero(void) { return simde_vdupq_n_f64(0.0); }
VEC_FN vec v_loadu(const void *p) { return simde_vld1q_f64(p); }
VEC_FN void v_storeu(void *p, vec a) { simde_vst1q_f64(p, a); }

VEC_FN vec v_add(vec a, vec b) { return simde_vaddq_f64(a, b); }
VEC_FN vec v_sub(vec a, vec b) { return simde_vsubq_f64(a, b); }
VEC_FN vec v_mul(vec a, vec b) { return simde_vmulq_f64(a, b); }
VEC_FN vec_int v_as_int(vec a) { return simde_vreinterpretq_s64_f64(a); }
VEC_FN simde_uint64x2_t v_as_long(vec_int a) { return simde_vreinterpretq_u64_s64(a); }
VEC_FN vec_int v_of_long(simde_uint64x2_t a) { return simde_vreinterpretq_s64_u64(a); }
VEC_FN vec v_as_real(vec_int a) { return simde_vreinterpretq_f64_s64(a); }

#if defined(__aarch64__)
VEC_FN vec v_div(vec a, vec b) { return vdivq_f64(a, b); }
VEC_FN vec v_sqrt(vec a) { return vsqrtq_f64(a); }
#endif

VEC_FN vec_int v_iset1(int64_t x) { return simde_vdupq_n_s64(x); }
VEC_FN vec_int v_iadd(vec_int a, vec_int b) { return I64(vadd, a, b); }
VEC_FN vec_int v_isub(vec_int a, vec_int b) { return I64(vsub, a, b); }
VEC_FN vec_int v_iand(vec_int a, vec_int b) { return simde_vandq_s64(a, b); }
VEC_FN vec_int v_ior(vec_int a, vec_int b) { return simde_vorrq_s64(a, b); }
VEC_FN vec_int v_ixor(vec_int a, vec_int b) { return simde_veorq_s64(a, b); }
VEC_FN vec_mask v_ieq(vec_int a, vec_int b) { return simde_vceqq_s64(a, b); }
VEC_FN vec_mask v_igt(vec_int a, vec_int b) { return simde_vcgtq_s64(a, b); }
#define v_ishl(a, n) simde_vshlq_n_s64((a), (n))
#define v_ishr(a, n) \
    simde_vreinterpretq_s64_u64(simde_vshrq_n_u64(simde_vreinterpretq_u64_s64(a), (n)))
#define v_isar(a, n) simde_vshrq_n_s64((a), (n))

VEC_FN vec v_neg(vec a) { return v_as_real(v_ixor(v_as_int(a), v_iset1(INT64_MIN))); }
VEC_FN vec v_abs(vec a) { return v_as_real(v_iand(v_as_int(a), v_iset1(INT64_MAX))); }

#if defined(__aarch64__) || defined(__FMA__)
VEC_FN vec v_fma(vec a, vec b, vec c) { return simde_vfmaq_f64(c, a, b); }
#endif

VEC_FN vec_mask m_and(vec_mask a, vec_mask b) { return simde_vandq_u64(a, b); }
VEC_FN vec_mask m_or(vec_mask a, vec_mask b) { return simde_vorrq_u64(a, b); }
VEC_FN vec_mask m_not(vec_mask m) { return simde_veorq_u64(m, simde_vdupq_n_u64(UINT64_MAX)); }
VEC_FN vec_mask m_andnot(vec_mask a, vec_mask b) { return simde_vandq_u64(a, m_not(b)); }
VEC_FN int m_any(vec_mask m) { return simde_vmaxvq_u32(simde_vreinterpretq_u32_u64(m)) != 0; }
VEC_FN int m_all(vec_mask m) { return simde_vminvq_u32(simde_vreinterpretq_u32_u64(m)) != 0; }

VEC_FN unsigned m_bits(vec_mask m)
{
    return (unsigned)(simde_vgetq_lane_u64(m, 0) & 1) |
           (unsigned)(simde_vgetq_lane_u64(m, 1) & 2);
}

VEC_FN vec_mask m_first(size_t n)
{
    static const uint32_t lane[4] = {0, 0, 1, 1};
    return simde_vreinterpretq_u64_u32(
        simde_vcgtq_u32(simde_vdupq_n_u32((uint32_t)n), simde_vld1q_u32(lane)));
}

VEC_FN vec_mask v_lt(vec a, vec b) { return simde_vcltq_f64(a, b); }
VEC_FN vec_mask v_le(vec a, vec b) { return simde_vcleq_f64(a, b); }
VEC_FN vec_mask v_gt(vec a, vec b) { return simde_vcgtq_f64(a, b); }
VEC_FN vec_mask v_ge(vec a, vec b) { return simde_vcgeq_f64(a, b); }
VEC_FN vec_mask v_eq(vec a, vec b) { return simde_vceqq_f64(a, b); }

VEC_FN vec v_select(vec_mask m, vec a, vec b) { return simde_vbslq_f64(m, a, b); }

VEC_FN vec v_load_n(const void *p, size_t n)
{
    if (n >= LANES)
        return v_loadu(p);
    const double x[LANES] = {n > 0 ? lane_at(p, 0) : 0, 0};
    return v_loadu(x);
}

VEC_FN void v_store_n(void *p, vec a, size_t n)
{
    if (n & 2)
        v_storeu(p, a);
    if (n & 1) {
        const double first = simde_vgetq_lane_f64(a, 0);
        memcpy(p, &first, sizeof first);
    }
}

VEC_FN vec_mask v_mask_from_bytes(const uint8_t *p)
{
    const uint32_t b[4] = {p[0], p[0], p[1], p[1]};
    return simde_vreinterpretq_u64_u32(
        simde_vcgtq_u32(simde_vld1q_u32(b), simde_vdupq_n_u32(0)));
}

VEC_FN void v_transpose(vec r[LANES])
{
    vec a = simde_vzip1q_f64(r[0], r[1]);
    r[1] = simde_vzip2q_f64(r[0], r[1]);
    r[0] = a;
}
#endif

VEC_FN vec_mask v_ne(vec a, vec b) { return m_not(v_eq(a, b)); }
VEC_FN vec_mask v_isnan(vec a) { return v_ne(a, a); }

VEC_FN vec_int v_imul_low(vec_int a, vec_int b)
{
    return v_of_long(
        simde_vmull_u32(simde_vmovn_u64(v_as_long(a)), simde_vmovn_u64(v_as_long(b))));
}

VEC_FN vec_int v_ihigh(vec_int a) { return v_of_long(simde_vshrq_n_u64(v_as_long(a), 32)); }

VEC_FN vec_int v_ijoin(vec_int a, vec_int b)
{
    const simde_uint64x2_t lower = simde_vdupq_n_u64(UINT32_MAX);
    return v_of_long(simde_vbslq_u64(lower, v_as_long(a), simde_vshlq_n_u64(v_as_long(b), 32)));
}

#if defined(__aarch64__) || defined(__FMA__)
#define VEC_HAS_FMA
VEC_FN vec v_fnma(vec a, vec b, vec c) { return v_fma(v_neg(a), b, c); }
#endif

#if !defined(__aarch64__)
VEC_FN vec v_div(vec a, vec b)
{
    real x[LANES], y[LANES];
    v_storeu(x, a);
    v_storeu(y, b);
    for (int i = 0; i < LANES; i++)
        x[i] /= y[i];
    return v_loadu(x);
}

VEC_FN vec v_sqrt(vec a)
{
    real x[LANES];
    v_storeu(x, a);
    for (int i = 0; i < LANES; i++)
        x[i] = r_sqrt(x[i]);
    return v_loadu(x);
}
#endif

#undef I32
#undef I64

#endif
