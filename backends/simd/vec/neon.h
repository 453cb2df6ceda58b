/* SPDX-License-Identifier: Apache-2.0 */

/* Vectors of NEON: 4 floats (vf) or 2 doubles (vd). The only file that knows NEON.
 * contract.h says what each function means. SIMDe has neither division nor square root of
 * NEON, and its fma needs -mfma on x86 to round once. */
#ifndef BACKENDS_SIMD_VEC_NEON_H
#define BACKENDS_SIMD_VEC_NEON_H

#include <math.h>
#include <simde/arm/neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "backends/simd/vec/contract.h"

/* clang-format off */ /* a function a line reads as a table */

#if defined(__aarch64__)
enum { VF_LANES = 4, VD_LANES = 2, NREG = 32 };
#else
enum { VF_LANES = 4, VD_LANES = 2, NREG = 16 };
#endif

typedef simde_float32x4_t vf;
typedef simde_uint32x4_t vf_mask;
typedef simde_int32x4_t vf_int;
typedef simde_float64x2_t vd;
typedef simde_uint64x2_t vd_mask;
typedef simde_int64x2_t vd_int;

/* Unsigned, since arm_neon.h of gcc adds signed numbers, whose overflow is undefined. */
#define I32(f, a, b) \
    simde_vreinterpretq_s32_u32( \
        simde_##f##q_u32(simde_vreinterpretq_u32_s32(a), simde_vreinterpretq_u32_s32(b)))
#define I64(f, a, b) \
    simde_vreinterpretq_s64_u64( \
        simde_##f##q_u64(simde_vreinterpretq_u64_s64(a), simde_vreinterpretq_u64_s64(b)))

/* --- float ------------------------------------------------------------------------------- */

VEC_FN vf vf_set1(float x) { return simde_vdupq_n_f32(x); }
VEC_FN vf vf_zero(void) { return simde_vdupq_n_f32(0.0F); }
VEC_FN vf vf_loadu(const float *p) { return simde_vld1q_f32(p); }
VEC_FN void vf_storeu(float *p, vf a) { simde_vst1q_f32(p, a); }

VEC_FN vf vf_add(vf a, vf b) { return simde_vaddq_f32(a, b); }
VEC_FN vf vf_sub(vf a, vf b) { return simde_vsubq_f32(a, b); }
VEC_FN vf vf_mul(vf a, vf b) { return simde_vmulq_f32(a, b); }
VEC_FN vf_int vf_as_int(vf a) { return simde_vreinterpretq_s32_f32(a); }
VEC_FN vf vf_as_real(vf_int a) { return simde_vreinterpretq_f32_s32(a); }

VEC_FN vf vf_div(vf a, vf b)
{
#if defined(__aarch64__)
    return vdivq_f32(a, b);
#else
    float x[4], y[4];
    vf_storeu(x, a);
    vf_storeu(y, b);
    for (int i = 0; i < 4; i++)
        x[i] /= y[i];
    return vf_loadu(x);
#endif
}

VEC_FN vf vf_sqrt(vf a)
{
#if defined(__aarch64__)
    return vsqrtq_f32(a);
#else
    float x[4];
    vf_storeu(x, a);
    for (int i = 0; i < 4; i++)
        x[i] = sqrtf(x[i]);
    return vf_loadu(x);
#endif
}

VEC_FN vf vf_fma(vf a, vf b, vf c)
{
#if defined(__aarch64__) || defined(__FMA__)
    return simde_vfmaq_f32(c, a, b);
#else
    float x[4], y[4], z[4];
    vf_storeu(x, a);
    vf_storeu(y, b);
    vf_storeu(z, c);
    for (int i = 0; i < 4; i++)
        z[i] = fmaf(x[i], y[i], z[i]);
    return vf_loadu(z);
#endif
}

VEC_FN vf_int vf_iset1(int32_t x) { return simde_vdupq_n_s32(x); }
VEC_FN vf_int vf_iadd(vf_int a, vf_int b) { return I32(vadd, a, b); }
VEC_FN vf_int vf_isub(vf_int a, vf_int b) { return I32(vsub, a, b); }
VEC_FN vf_int vf_iand(vf_int a, vf_int b) { return simde_vandq_s32(a, b); }
VEC_FN vf_int vf_ior(vf_int a, vf_int b) { return simde_vorrq_s32(a, b); }
VEC_FN vf_int vf_ixor(vf_int a, vf_int b) { return simde_veorq_s32(a, b); }
VEC_FN vf_mask vf_ieq(vf_int a, vf_int b) { return simde_vceqq_s32(a, b); }
#define vf_ishl(a, n) simde_vshlq_n_s32((a), (n))
#define vf_ishr(a, n) \
    simde_vreinterpretq_s32_u32(simde_vshrq_n_u32(simde_vreinterpretq_u32_s32(a), (n)))
#define vf_isar(a, n) simde_vshrq_n_s32((a), (n))

VEC_FN vf vf_neg(vf a) { return vf_as_real(vf_ixor(vf_as_int(a), vf_iset1(INT32_MIN))); }
VEC_FN vf vf_abs(vf a) { return vf_as_real(vf_iand(vf_as_int(a), vf_iset1(INT32_MAX))); }
VEC_FN vf vf_fnma(vf a, vf b, vf c) { return vf_fma(vf_neg(a), b, c); }

VEC_FN vf_mask vf_m_and(vf_mask a, vf_mask b) { return simde_vandq_u32(a, b); }
VEC_FN vf_mask vf_m_or(vf_mask a, vf_mask b) { return simde_vorrq_u32(a, b); }
VEC_FN vf_mask vf_m_not(vf_mask m) { return simde_vmvnq_u32(m); }
VEC_FN vf_mask vf_m_andnot(vf_mask a, vf_mask b) { return simde_vandq_u32(a, vf_m_not(b)); }
VEC_FN int vf_m_any(vf_mask m) { return simde_vmaxvq_u32(m) != 0; }
VEC_FN int vf_m_all(vf_mask m) { return simde_vminvq_u32(m) != 0; }

VEC_FN unsigned vf_m_bits(vf_mask m)
{
    static const uint32_t bit[4] = {1, 2, 4, 8};
    return simde_vaddvq_u32(simde_vandq_u32(m, simde_vld1q_u32(bit)));
}

VEC_FN vf_mask vf_m_first(size_t n)
{
    static const uint32_t lane[4] = {0, 1, 2, 3};
    return simde_vcgtq_u32(simde_vdupq_n_u32((uint32_t)n), simde_vld1q_u32(lane));
}

VEC_FN vf_mask vf_lt(vf a, vf b) { return simde_vcltq_f32(a, b); }
VEC_FN vf_mask vf_le(vf a, vf b) { return simde_vcleq_f32(a, b); }
VEC_FN vf_mask vf_gt(vf a, vf b) { return simde_vcgtq_f32(a, b); }
VEC_FN vf_mask vf_ge(vf a, vf b) { return simde_vcgeq_f32(a, b); }
VEC_FN vf_mask vf_eq(vf a, vf b) { return simde_vceqq_f32(a, b); }
VEC_FN vf_mask vf_ne(vf a, vf b) { return vf_m_not(vf_eq(a, b)); }
VEC_FN vf_mask vf_isnan(vf a) { return vf_ne(a, a); }

VEC_FN vf vf_select(vf_mask m, vf a, vf b) { return simde_vbslq_f32(m, a, b); }
/* NEON's own maximum and minimum order the zeros and spread every NaN. */
VEC_FN vf vf_max_keep(vf a, vf b) { return vf_select(vf_gt(b, a), b, a); }
VEC_FN vf vf_min_keep(vf a, vf b) { return vf_select(vf_lt(b, a), b, a); }
VEC_FN vf vf_raise_to(vf x, vf lo) { return vf_select(vf_lt(x, lo), lo, x); }

VEC_FN vf vf_load_n(const float *p, size_t n)
{
    if (n >= VF_LANES)
        return vf_loadu(p);
    const float x[VF_LANES] = {n > 0 ? p[0] : 0, n > 1 ? p[1] : 0, n > 2 ? p[2] : 0, 0};
    return vf_loadu(x);
}

VEC_FN void vf_store_n(float *p, vf a, size_t n)
{
    if (n & 4)
        vf_storeu(p, a);
    if (n & 2) {
        simde_vst1_f32(p, simde_vget_low_f32(a));
        a = simde_vcombine_f32(simde_vget_high_f32(a), simde_vget_high_f32(a));
        p += 2;
    }
    if (n & 1)
        *p = simde_vgetq_lane_f32(a, 0);
}

VEC_FN vf_mask vf_mask_from_bytes(const uint8_t *p)
{
    uint32_t b[VF_LANES];
    for (int i = 0; i < VF_LANES; i++)
        b[i] = p[i];
    return simde_vcgtq_u32(simde_vld1q_u32(b), simde_vdupq_n_u32(0));
}

VEC_FN vf_mask vf_mask_from_bytes_n(const uint8_t *p, size_t n)
{
    uint8_t b[VF_LANES] = {0};
    memcpy(b, p, n);
    return vf_mask_from_bytes(b);
}

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

VEC_FN void vf_transpose(vf r[VF_LANES])
{
    vf a = simde_vzip1q_f32(r[0], r[2]), b = simde_vzip2q_f32(r[0], r[2]);
    vf c = simde_vzip1q_f32(r[1], r[3]), d = simde_vzip2q_f32(r[1], r[3]);
    r[0] = simde_vzip1q_f32(a, c);
    r[1] = simde_vzip2q_f32(a, c);
    r[2] = simde_vzip1q_f32(b, d);
    r[3] = simde_vzip2q_f32(b, d);
}

/* --- double ------------------------------------------------------------------------------ */

VEC_FN vd vd_set1(double x) { return simde_vdupq_n_f64(x); }
VEC_FN vd vd_zero(void) { return simde_vdupq_n_f64(0.0); }
VEC_FN vd vd_loadu(const double *p) { return simde_vld1q_f64(p); }
VEC_FN void vd_storeu(double *p, vd a) { simde_vst1q_f64(p, a); }

VEC_FN vd vd_add(vd a, vd b) { return simde_vaddq_f64(a, b); }
VEC_FN vd vd_sub(vd a, vd b) { return simde_vsubq_f64(a, b); }
VEC_FN vd vd_mul(vd a, vd b) { return simde_vmulq_f64(a, b); }
VEC_FN vd_int vd_as_int(vd a) { return simde_vreinterpretq_s64_f64(a); }
VEC_FN vd vd_as_real(vd_int a) { return simde_vreinterpretq_f64_s64(a); }

VEC_FN vd vd_div(vd a, vd b)
{
#if defined(__aarch64__)
    return vdivq_f64(a, b);
#else
    double x[2], y[2];
    vd_storeu(x, a);
    vd_storeu(y, b);
    x[0] /= y[0];
    x[1] /= y[1];
    return vd_loadu(x);
#endif
}

VEC_FN vd vd_sqrt(vd a)
{
#if defined(__aarch64__)
    return vsqrtq_f64(a);
#else
    double x[2];
    vd_storeu(x, a);
    x[0] = sqrt(x[0]);
    x[1] = sqrt(x[1]);
    return vd_loadu(x);
#endif
}

VEC_FN vd vd_fma(vd a, vd b, vd c)
{
#if defined(__aarch64__) || defined(__FMA__)
    return simde_vfmaq_f64(c, a, b);
#else
    double x[2], y[2], z[2];
    vd_storeu(x, a);
    vd_storeu(y, b);
    vd_storeu(z, c);
    z[0] = fma(x[0], y[0], z[0]);
    z[1] = fma(x[1], y[1], z[1]);
    return vd_loadu(z);
#endif
}

VEC_FN vd_int vd_iset1(int64_t x) { return simde_vdupq_n_s64(x); }
VEC_FN vd_int vd_iadd(vd_int a, vd_int b) { return I64(vadd, a, b); }
VEC_FN vd_int vd_isub(vd_int a, vd_int b) { return I64(vsub, a, b); }
VEC_FN vd_int vd_iand(vd_int a, vd_int b) { return simde_vandq_s64(a, b); }
VEC_FN vd_int vd_ior(vd_int a, vd_int b) { return simde_vorrq_s64(a, b); }
VEC_FN vd_int vd_ixor(vd_int a, vd_int b) { return simde_veorq_s64(a, b); }
VEC_FN vd_mask vd_ieq(vd_int a, vd_int b) { return simde_vceqq_s64(a, b); }
#define vd_ishl(a, n) simde_vshlq_n_s64((a), (n))
#define vd_ishr(a, n) \
    simde_vreinterpretq_s64_u64(simde_vshrq_n_u64(simde_vreinterpretq_u64_s64(a), (n)))
#define vd_isar(a, n) simde_vshrq_n_s64((a), (n))

VEC_FN vd vd_neg(vd a) { return vd_as_real(vd_ixor(vd_as_int(a), vd_iset1(INT64_MIN))); }
VEC_FN vd vd_abs(vd a) { return vd_as_real(vd_iand(vd_as_int(a), vd_iset1(INT64_MAX))); }
VEC_FN vd vd_fnma(vd a, vd b, vd c) { return vd_fma(vd_neg(a), b, c); }

VEC_FN vd_mask vd_m_and(vd_mask a, vd_mask b) { return simde_vandq_u64(a, b); }
VEC_FN vd_mask vd_m_or(vd_mask a, vd_mask b) { return simde_vorrq_u64(a, b); }
VEC_FN vd_mask vd_m_not(vd_mask m) { return simde_veorq_u64(m, simde_vdupq_n_u64(UINT64_MAX)); }
VEC_FN vd_mask vd_m_andnot(vd_mask a, vd_mask b) { return simde_vandq_u64(a, vd_m_not(b)); }
VEC_FN int vd_m_any(vd_mask m) { return vf_m_any(simde_vreinterpretq_u32_u64(m)); }
VEC_FN int vd_m_all(vd_mask m) { return vf_m_all(simde_vreinterpretq_u32_u64(m)); }

VEC_FN unsigned vd_m_bits(vd_mask m)
{
    return (unsigned)(simde_vgetq_lane_u64(m, 0) & 1) |
           (unsigned)(simde_vgetq_lane_u64(m, 1) & 2);
}

VEC_FN vd_mask vd_m_first(size_t n)
{
    static const uint32_t lane[4] = {0, 0, 1, 1};
    return simde_vreinterpretq_u64_u32(
        simde_vcgtq_u32(simde_vdupq_n_u32((uint32_t)n), simde_vld1q_u32(lane)));
}

VEC_FN vd_mask vd_lt(vd a, vd b) { return simde_vcltq_f64(a, b); }
VEC_FN vd_mask vd_le(vd a, vd b) { return simde_vcleq_f64(a, b); }
VEC_FN vd_mask vd_gt(vd a, vd b) { return simde_vcgtq_f64(a, b); }
VEC_FN vd_mask vd_ge(vd a, vd b) { return simde_vcgeq_f64(a, b); }
VEC_FN vd_mask vd_eq(vd a, vd b) { return simde_vceqq_f64(a, b); }
VEC_FN vd_mask vd_ne(vd a, vd b) { return vd_m_not(vd_eq(a, b)); }
VEC_FN vd_mask vd_isnan(vd a) { return vd_ne(a, a); }

VEC_FN vd vd_select(vd_mask m, vd a, vd b) { return simde_vbslq_f64(m, a, b); }
VEC_FN vd vd_max_keep(vd a, vd b) { return vd_select(vd_gt(b, a), b, a); }
VEC_FN vd vd_min_keep(vd a, vd b) { return vd_select(vd_lt(b, a), b, a); }
VEC_FN vd vd_raise_to(vd x, vd lo) { return vd_select(vd_lt(x, lo), lo, x); }

VEC_FN vd vd_load_n(const double *p, size_t n)
{
    if (n >= VD_LANES)
        return vd_loadu(p);
    const double x[VD_LANES] = {n > 0 ? p[0] : 0, 0};
    return vd_loadu(x);
}

VEC_FN void vd_store_n(double *p, vd a, size_t n)
{
    if (n & 2)
        vd_storeu(p, a);
    if (n & 1)
        *p = simde_vgetq_lane_f64(a, 0);
}

VEC_FN vd_mask vd_mask_from_bytes(const uint8_t *p)
{
    const uint32_t b[4] = {p[0], p[0], p[1], p[1]};
    return simde_vreinterpretq_u64_u32(
        simde_vcgtq_u32(simde_vld1q_u32(b), simde_vdupq_n_u32(0)));
}

VEC_FN vd_mask vd_mask_from_bytes_n(const uint8_t *p, size_t n)
{
    uint8_t b[VD_LANES] = {0};
    memcpy(b, p, n);
    return vd_mask_from_bytes(b);
}

VEC_FN void vd_transpose(vd r[VD_LANES])
{
    vd a = simde_vzip1q_f64(r[0], r[1]);
    r[1] = simde_vzip2q_f64(r[0], r[1]);
    r[0] = a;
}

#undef I32
#undef I64

#endif
