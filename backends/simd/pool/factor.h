/* SPDX-License-Identifier: Apache-2.0 */

/* The factors of the kernels, and the product form. */
#ifndef BACKENDS_SIMD_POOL_FACTOR_H
#define BACKENDS_SIMD_POOL_FACTOR_H

#include "backends/kernel_traits.h"
#include "backends/simd/math/elementary.h"
#include "backends/simd/math/kernels.h"
#include "backends/simd/math/powers.h"
#include "backends/simd/pool/distance.h"
#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"

/* What becomes of a measure: u of the linear one, u^2 of the other. */
struct pool_step {
    bool linear, has_max;
    real *s;                 /* the measure; then x, or the weight where there is no maximum */
    real *factor, *included; /* or NULL */
    real outside;            /* x of a pair outside the support */
    size_t vectors;
};

/* The factors of 4 pairs of u and u^2; powers of two side by side. */
VEC_FN void pool_factors(const vec u[4], const vec u2[4], vec f[4], const attpool_kernel_name name)
{
    const bool logistic = name == ATTPOOL_LOGISTIC;
    UNROLL_FOR (int i = 0; i < 4; i++)
        f[i] = logistic || name == ATTPOOL_SIGMOID ? v_mul(v_set1(-REAL(LOG2_E)), u[i])
                                                   : kernel_factor(name, u[i], u2[i]);
    if (!logistic && name != ATTPOOL_SIGMOID)
        return;
    weight_powers(f, 4, false);
    UNROLL_FOR (int i = 0; i < 4; i++)
        f[i] = logistic ? v_logistic_factor(f[i]) : v_sigmoid_factor(f[i]);
}

/* `count` vectors from number k on, up to 4. */
VEC_FN void pool_step_n(const struct pool_step *t, size_t k, const int count,
                        const attpool_kernel_name name)
{
    const vec one = v_set1(1);
    const bool compact = kernel_is_compact((int32_t)name), log = kernel_has_log((int32_t)name);
    const bool root = !kernel_takes_square((int32_t)name);
    vec m[4], u[4], u2[4], f[4];
    UNROLL_FOR (int i = 0; i < 4; i++) {
        m[i] = u[i] = u2[i] = i < count ? v_loadu(t->s + k + i * LANES) : one;
        if (t->linear)
            u2[i] = v_mul(u[i], u[i]);
        else if (root)
            u[i] = v_sqrt(u2[i]);
    }
    pool_factors(u, u2, f, name);
    UNROLL_FOR (int i = 0; i < count; i++) {
        const size_t at = k + (size_t)i * LANES;
        const vec_mask out = v_ge(m[i], one);
        vec x = log ? u[i] : v_zero();
        if (compact) {
            f[i] = v_unless(out, f[i]);
            x = v_select(out, v_set1(t->outside), x);
        }
        if (compact && t->included != NULL)
            v_storeu(t->included + at, v_unless(out, one));
        v_storeu(t->s + at, t->has_max ? x : f[i]);
        if (t->has_max && t->factor != NULL)
            v_storeu(t->factor + at, f[i]);
    }
}

VEC_FN void pool_step_all(const struct pool_step *t, const attpool_kernel_name name)
{
    size_t k = 0;
    if (!pool_has_step(name))
        return;
    for (; k + 4 <= t->vectors; k += 4)
        pool_step_n(t, k * LANES, 4, name);
    for (; k < t->vectors; k++)
        pool_step_n(t, k * LANES, 1, name);
}

static void pool_step(const struct pool_step *t, attpool_kernel_name name)
{
    switch (name) {
#define POOL_STEP(NAME, ...)                                                                       \
    case ATTPOOL_##NAME:                                                                           \
        pool_step_all(t, ATTPOOL_##NAME);                                                          \
        break;
        KERNEL_TABLE(POOL_STEP)
#undef POOL_STEP
    }
}

/* --- product form -------------------------------------------------------------------------- */

/* The pairs of the next tile of lanes. */
VEC_FN void pool_next_tile(struct pool_pairs *x)
{
    const int64_t lanes = x->vectors * LANES;
    x->lane += x->d * lanes;
    x->lane_scale += x->lane_scale != NULL ? x->scale_tile : 0;
    x->out += lanes;
    x->factor += x->factor != NULL ? lanes : 0;
    x->included += x->included != NULL ? lanes : 0;
}

struct pool_product {
    vec x, factor;
    vec_mask outside, unordered;
};

VEC_FN void pool_times(struct pool_product *p, vec u, const attpool_kernel_name name)
{
    vec u2 = v_mul(u, u);
    if (name == ATTPOOL_CONSTANT) /* it looks at no coordinate */
        return;
    p->unordered = m_or(p->unordered, v_isnan(u));
    if (kernel_is_compact((int32_t)name))
        p->outside = m_or(p->outside, v_ge(u, v_set1(1)));
    if (name == ATTPOOL_GAUSSIAN)
        p->x = v_fma(v_set1(-REAL(LOG2_E) / 2), u2, p->x);
    else if (kernel_has_log((int32_t)name))
        p->x = v_fma(v_set1(-REAL(LOG2_E)), u, p->x);
    if (kernel_has_factor((int32_t)name))
        p->factor = v_mul(p->factor, kernel_factor(name, u, u2));
}

/* The pairs of number `at` of the output; `compact` where some coordinate is. */
VEC_FN void pool_product_out(const struct pool_pairs *x, int64_t at, const struct pool_product *p,
                             const bool compact, bool has_max, real outside)
{
    vec f = p->factor, s = p->x;
    if (compact) {
        const vec_mask out = m_andnot(p->outside, p->unordered);
        f = v_unless(out, f);
        s = v_select(out, v_set1(outside), s);
        if (x->included != NULL)
            v_storeu(x->included + at, v_unless(out, v_set1(1)));
    }
    v_storeu(x->out + at, has_max ? s : f);
    if (has_max && x->factor != NULL)
        v_storeu(x->factor + at, f);
}

/* One kernel for all coordinates. */
VEC_FN void pool_product_n(const struct pool_pairs *x, const attpool_kernel_name name, bool has_max,
                           real outside, const bool lanes)
{
    const bool compact = kernel_is_compact((int32_t)name);
    for (int j = 0; j < x->count; j++)
        for (int i = 0; i < x->vectors; i++) {
            struct pool_product p = { v_zero(), v_set1(1), m_first(0), m_first(0) };
            for (int64_t c = 0; c < x->d; c++) {
                const vec lane = v_loadu(x->lane + (c * x->vectors + i) * LANES);
                const vec u =
                    v_abs(pool_apart(x, lane, j, c, i, lanes ? SCALED_LANE : SCALED_POINT));
                pool_times(&p, u, name);
            }
            pool_product_out(x, j * x->step + i * LANES, &p, compact, has_max, outside);
        }
}

/* The same of point j and nv vectors of lanes from number `first` of tile
 * `tile` on; more than `per` are of the next tiles. */
VEC_FN void pool_product_group(const struct pool_pairs *x, int j, int tile, int first,
                               const attpool_kernel_name name, bool has_max, real outside,
                               const bool lanes, const int per, const int nv)
{
    const element *from = x->point + j * x->row;
    const int64_t d = x->d, wide = x->vectors * LANES;
    const real *lane = x->lane + tile * d * wide + first * LANES;
    const real *scale = lanes ? x->lane_scale + tile * x->scale_tile + first * LANES
                              : x->point_scale + j * x->scale_row;
    struct pool_product p[4];
    UNROLL_FOR (int i = 0; i < nv; i++)
        p[i] = (struct pool_product){ v_zero(), v_set1(1), m_first(0), m_first(0) };
    for (int64_t c = 0; c < d; c++) {
        const vec point = v_set1(get(from + c * x->col));
        const vec w = lanes ? v_zero() : v_set1(scale[c * x->scale_col]);
        UNROLL_FOR (int i = 0; i < nv; i++) {
            const int64_t next = i / per, of = i % per * LANES;
            const real *scales = scale + next * x->scale_tile + c * x->scale_step + of;
            const vec z = v_sub(v_loadu(lane + (next * d + c) * wide + of), point);
            pool_times(p + i, v_abs(v_mul(z, lanes ? v_loadu(scales) : w)), name);
        }
    }
    UNROLL_FOR (int i = 0; i < nv; i++)
        pool_product_out(x, j * x->step + tile * wide + (first + i) * LANES, p + i,
                         kernel_is_compact((int32_t)name), has_max, outside);
}

/* The tiles of a panel have POOL_BLOCKS lanes, or a vector where that is more. */
VEC_FN void pool_product_panel(const struct pool_pairs *x, const attpool_kernel_name name,
                               bool has_max, real outside, const bool lanes)
{
    enum { PER = (int)POOL_BLOCKS > LANES ? (int)POOL_BLOCKS / LANES : 1 };
    const int nv = kernel_has_factor((int32_t)name) ? 2 : 4;
    for (int j = 0; j < x->count; j++)
        for (int i = 0; i < x->tiles * PER; i += nv)
            pool_product_group(x, j, i / PER, i % PER, name, has_max, outside, lanes, PER, nv);
}

VEC_FN void pool_product_all(const struct pool_pairs *x, const attpool_kernel_name name,
                             bool has_max, real outside, const bool lanes)
{
    if (x->tiles > 1)
        pool_product_panel(x, name, has_max, outside, lanes);
    else
        pool_product_n(x, name, has_max, outside, lanes);
}

/* Coordinate c of point j with all lanes. */
static void pool_times_any(struct pool_product *p, const struct pool_pairs *x, int j, int64_t c,
                           attpool_kernel_name name)
{
    switch (name) {
#define POOL_TIMES(NAME, ...)                                                                      \
    case ATTPOOL_##NAME:                                                                           \
        for (int i = 0; i < x->vectors; i++)                                                       \
            pool_times(p + i, pool_u(x, j, c, i), ATTPOOL_##NAME);                                 \
        break;
        KERNEL_TABLE(POOL_TIMES)
#undef POOL_TIMES
    }
}

/* A kernel for each coordinate. */
static void pool_product_names(const struct pool_pairs *x, const struct kernel *kernel,
                               bool has_max, real outside)
{
    struct pool_pairs t = *x;
    for (int k = 0; k < x->tiles; k++, pool_next_tile(&t))
        for (int j = 0; j < x->count; j++) {
            struct pool_product p[POOL_VECTORS];
            for (int i = 0; i < x->vectors; i++)
                p[i] = (struct pool_product){ v_zero(), v_set1(1), m_first(0), m_first(0) };
            for (int64_t c = 0; c < x->d; c++)
                pool_times_any(p, &t, j, c, (attpool_kernel_name)kernel_name_at(kernel, c));
            for (int i = 0; i < x->vectors; i++)
                pool_product_out(&t, j * x->step + i * LANES, p + i, true, has_max, outside);
        }
}

static void pool_product(const struct pool_pairs *x, const struct kernel *kernel, bool has_max,
                         real outside)
{
    static const real one = 1;
    struct pool_pairs scaled = *x;
    if (x->point_scale == NULL)
        scaled.point_scale = &one;
    if (kernel->names != NULL) {
        pool_product_names(x, kernel, has_max, outside);
        return;
    }
    switch (kernel->name) {
#define POOL_PRODUCT(NAME, ...)                                                                    \
    case ATTPOOL_##NAME:                                                                           \
        if (x->lane_scale != NULL)                                                                 \
            pool_product_all(x, ATTPOOL_##NAME, has_max, outside, true);                           \
        else                                                                                       \
            pool_product_all(&scaled, ATTPOOL_##NAME, has_max, outside, false);                    \
        break;
        KERNEL_TABLE(POOL_PRODUCT)
#undef POOL_PRODUCT
    }
}

#endif
