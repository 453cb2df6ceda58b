/* SPDX-License-Identifier: Apache-2.0 */

/* What is measured of pairs: sums of squares and u, rows of queries by keys. */
#ifndef BACKENDS_SIMD_KERNEL_MEASURE_H
#define BACKENDS_SIMD_KERNEL_MEASURE_H

#include "backends/simd/kernel/plan.h"
#include "backends/simd/math/kernels.h"

/* Some coordinates of a tile of queries and a block of keys. */
struct measure {
    int64_t keys, depth;
    const real *q;     /* row r, coordinate c at r * depth + c */
    const real *k;     /* panels of as many keys as a tile has: see in_panels */
    const real *scale; /* of each row, key or coordinate; or laid out as k */
    real *plane;       /* row r, key j at r * keys + j */
    bool first;        /* otherwise the sums are added to the plane's */
};

/* Where coordinate c of key j lies. */
static inline int64_t in_panels(int64_t depth, int64_t c, int64_t j)
{
    const int64_t tile = KERNEL_TILE_VECS * LANES;
    return (j - j % tile) * depth + c * tile + j % tile;
}

/* Differences of row r, scaled, of a vector of keys from j on. */
VEC_FN vec measure_scaled(vec diff, const struct measure *f, enum kernel_scaling scaling, int64_t r,
                          int64_t c, int64_t j)
{
    switch (scaling) {
    case SCALE_ROW:
        return v_mul(diff, v_set1(f->scale[r]));
    case SCALE_KEY:
        return v_mul(diff, v_loadu(f->scale + j));
    case SCALE_COORDINATE:
        return v_mul(diff, v_set1(f->scale[c]));
    case SCALE_COORDINATE_KEY:
        return v_mul(diff, v_loadu(f->scale + in_panels(f->depth, c, j)));
    default:
        return diff;
    }
}

/* Adds coordinate c of a tile's rows and of the keys from j on, which lie at k. */
VEC_FN void squares_step(const struct measure *f, const int rows, const enum kernel_scaling scaling,
                         int64_t c, int64_t j, const real *k, vec *s)
{
    UNROLL_FOR (int r = 0; r < rows; r++) {
        const vec x = v_set1(f->q[r * f->depth + c]);
        UNROLL_FOR (int v = 0; v < KERNEL_TILE_VECS; v++) {
            const vec diff = v_sub(x, v_loadu(k + v * LANES));
            const vec z = measure_scaled(diff, f, scaling, r, c, j + v * LANES);
            s[r * KERNEL_TILE_VECS + v] = v_fma(z, z, s[r * KERNEL_TILE_VECS + v]);
        }
    }
}

VEC_FN void squares_of(const struct measure *f, const int rows, const enum kernel_scaling scaling)
{
    const int64_t tile = KERNEL_TILE_VECS * LANES;
    for (int64_t j = 0; j < f->keys; j += tile) {
        vec s[KERNEL_TILE_ROWS * KERNEL_TILE_VECS];
        const real *k = f->k + j * f->depth;
        UNROLL_FOR (int i = 0; i < rows * KERNEL_TILE_VECS; i++)
            s[i] = v_zero();
        UNROLL_TWICE_FOR (int64_t c = 0; c < f->depth; c++)
            squares_step(f, rows, scaling, c, j, k + c * tile, s);
        UNROLL_FOR (int i = 0; i < rows * KERNEL_TILE_VECS; i++) {
            real *to = f->plane + i / KERNEL_TILE_VECS * f->keys + j + i % KERNEL_TILE_VECS * LANES;
            v_storeu(to, f->first ? s[i] : v_add(v_loadu(to), s[i]));
        }
    }
}

static void measure_squares(const struct measure *f, int64_t rows, enum kernel_scaling scaling)
{
    const bool tile = rows == KERNEL_TILE_ROWS;
#define CASE(scaling)                                                                              \
    case scaling:                                                                                  \
        if (tile)                                                                                  \
            squares_of(f, KERNEL_TILE_ROWS, scaling);                                              \
        else                                                                                       \
            squares_of(f, 1, scaling);                                                             \
        break;
    switch (scaling) {
        CASE(SCALE_NONE)
        CASE(SCALE_ROW)
        CASE(SCALE_KEY)
        CASE(SCALE_COORDINATE)
        CASE(SCALE_COORDINATE_KEY)
    }
#undef CASE
}

/* |w (q - k)| of coordinate c of one row. */
VEC_FN vec linear_u(const struct measure *f, enum kernel_scaling scaling, int64_t c, int64_t j)
{
    const vec diff = v_sub(v_set1(f->q[c]), v_loadu(f->k + in_panels(f->depth, c, j)));
    return v_abs(measure_scaled(diff, f, scaling, 0, c, j));
}

static void measure_linear(const struct measure *f, enum kernel_scaling scaling)
{
    for (int64_t j = 0; j < f->keys; j += LANES)
        v_storeu(f->plane + j, linear_u(f, scaling, 0, j));
}

/* --- the product form: planes of the log part, of the factor, and of 1 for a pair outside -------
 * Outside, u counts as 0: so the log part or the factor is NaN only where some u is. */

struct product {
    vec log, factor, outside;
};

VEC_FN void product_step(struct product *p, attpool_kernel_name name, vec u)
{
    if (kernel_is_compact((int32_t)name)) {
        const vec_mask out = v_ge(u, v_set1(1));
        p->outside = v_select(out, v_set1(1), p->outside);
        u = v_unless(out, u);
    }
    const vec u2 = v_mul(u, u);
    if (name == ATTPOOL_GAUSSIAN)
        p->log = v_fma(v_set1(-REAL(LOG2_E) / 2), u2, p->log);
    else if (kernel_has_log((int32_t)name))
        p->log = v_fma(v_set1(-REAL(LOG2_E)), u, p->log);
    if (kernel_has_factor((int32_t)name))
        p->factor = v_mul(p->factor, kernel_factor(name, u, u2));
}

VEC_FN struct product product_load(attpool_kernel_name name, const real *x, int64_t plane)
{
    struct product p = { .log = v_zero(), .factor = v_zero(), .outside = v_zero() };
    if (kernel_has_log((int32_t)name))
        p.log = v_loadu(x);
    if (kernel_has_factor((int32_t)name))
        p.factor = v_loadu(x + plane);
    if (kernel_is_compact((int32_t)name))
        p.outside = v_loadu(x + 2 * plane);
    return p;
}

VEC_FN void product_store(struct product p, attpool_kernel_name name, real *x, int64_t plane)
{
    if (kernel_has_log((int32_t)name))
        v_storeu(x, p.log);
    if (kernel_has_factor((int32_t)name))
        v_storeu(x + plane, p.factor);
    if (kernel_is_compact((int32_t)name))
        v_storeu(x + 2 * plane, p.outside);
}

/* Coordinates [c, end) of one row, which have one kernel. */
struct product_run {
    int64_t c, end, plane;
    int64_t scale_c, scale_j; /* from a coordinate's scale to the next one's, a key's likewise */
};

VEC_FN void product_of(const struct measure *f, const struct product_run *run,
                       attpool_kernel_name name, bool scale_is_vector)
{
    const int64_t tile = KERNEL_TILE_VECS * LANES;
    if (name == ATTPOOL_CONSTANT) /* it looks at no coordinate */
        return;
    for (int64_t j = 0; j < f->keys; j += tile) {
        struct product p[KERNEL_TILE_VECS];
        const real *k = f->k + j * f->depth + run->c * tile;
        const real *scale = f->scale + j * run->scale_j + run->c * run->scale_c;
        UNROLL_FOR (int i = 0; i < KERNEL_TILE_VECS; i++)
            p[i] = product_load(name, f->plane + j + i * LANES, run->plane);
        for (int64_t c = run->c; c < run->end; c++, k += tile, scale += run->scale_c) {
            const vec q = v_set1(f->q[c]);
            UNROLL_FOR (int i = 0; i < KERNEL_TILE_VECS; i++) {
                const vec w = scale_is_vector ? v_loadu(scale + i * LANES) : v_set1(*scale);
                const vec u = v_mul(v_sub(q, v_loadu(k + i * LANES)), w);
                product_step(&p[i], name, name == ATTPOOL_GAUSSIAN ? u : v_abs(u));
            }
        }
        UNROLL_FOR (int i = 0; i < KERNEL_TILE_VECS; i++)
            product_store(p[i], name, f->plane + j + i * LANES, run->plane);
    }
}

/* Coordinates [c, end) of one row, which have one kernel. */
static void measure_product(const struct measure *f, enum kernel_scaling scaling, int64_t c,
                            int64_t end, int64_t plane, int32_t name)
{
    const bool both = scaling == SCALE_COORDINATE_KEY, vector = both || scaling == SCALE_KEY;
    const struct product_run run = { .c = c,
                                     .end = end,
                                     .plane = plane,
                                     .scale_c = both ? KERNEL_TILE_VECS * LANES
                                                     : scaling == SCALE_COORDINATE,
                                     .scale_j = both ? f->depth : vector };
    switch ((attpool_kernel_name)name) {
#define PRODUCT_OF(NAME, ...)                                                                      \
    case ATTPOOL_##NAME:                                                                           \
        if (vector)                                                                                \
            product_of(f, &run, ATTPOOL_##NAME, true);                                             \
        else                                                                                       \
            product_of(f, &run, ATTPOOL_##NAME, false);                                            \
        break;
        KERNEL_TABLE(PRODUCT_OF)
#undef PRODUCT_OF
    }
}

#endif
