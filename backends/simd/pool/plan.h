/* SPDX-License-Identifier: Apache-2.0 */

/* What a call of pool has to do, worked out once. */
#ifndef BACKENDS_SIMD_POOL_PLAN_H
#define BACKENDS_SIMD_POOL_PLAN_H

#include "backends/kernel_traits.h"
#include "backends/simd/math/kernels.h"
#include "backends/simd/math/relative.h"
#include "backends/simd/pool/shape.h"

/* What is computed of a pair before it becomes a weight. */
enum pool_measure {
    MEASURE_NONE, /* nothing: all pairs are alike */
    MEASURE_DOT,
    MEASURE_ADDITIVE,
    MEASURE_LINEAR, /* u of one coordinate */
    MEASURE_SQUARES,
    MEASURE_PRODUCT
};

struct pool_plan {
    const struct pool_args *a;
    struct pool_shape shape;
    enum pool_measure measure;
    bool by_coordinate; /* |w| differs from coordinate to coordinate */
    attpool_kernel_name name;
    real power, w;      /* of ONE: P and W2, or 1 and |w| */
    bool power_matters; /* P is not 1 */
    bool has_w2;        /* S is multiplied by W2 */
    bool steps;         /* the measure becomes x or a factor */
    bool has_max;       /* weights are relative to the row's maximum */
    bool factor, compact, divide, squares;
    bool folded;     /* the score is x itself, scale and bias folded in: c is 1 */
    bool smallest;   /* c < 0: the extreme of the scores is the smallest */
    bool bias_masks; /* the bias does nothing but mask */
    bool weighted;   /* by key weights; otherwise they only mask */
    real scale;      /* c of the score before it is folded into x, */
    real saturation; /* and where it does so */
    real c;          /* of x */
    real masked;     /* x of a key that takes no part */
    size_t state;    /* numbers of the state of a row */
};

/* The measure of kernels, with its inverse bandwidths. */
static void pool_plan_distance(struct pool_plan *p, bool squares)
{
    const struct pool_args *a = p->a;
    const struct kernel *kernel = &a->kernel;
    bool coordinates = kernel_by_coordinate(kernel);
    p->measure = MEASURE_SQUARES;
    if (kernel->form == ATTPOOL_PRODUCT)
        p->measure = squares ? MEASURE_SQUARES : MEASURE_PRODUCT;
    else if (a->d == 1 && kernel->name != ATTPOOL_GAUSSIAN)
        p->measure = MEASURE_LINEAR;
    p->by_coordinate = coordinates || kernel->form == ATTPOOL_PRODUCT;
    bool power = p->measure == MEASURE_SQUARES && !p->by_coordinate;
    p->has_w2 = power;
    p->power = 1;
    p->w = 1;
    if (kernel->per == ATTPOOL_BANDWIDTH_ONE) {
        real w = kernel->inverse_bandwidths.data != NULL
                     ? get(row_at(&kernel->inverse_bandwidths, 0, 0, 0))
                     : (real)kernel->one;
        if (power)
            split_w(w, &p->power, &p->w);
        else
            p->w = r_abs(w);
        if (kernel->name == ATTPOOL_GAUSSIAN)
            p->has_w2 = false; /* it is in c */
    }
    p->power_matters = power && !(kernel->per == ATTPOOL_BANDWIDTH_ONE && p->power == 1);
}

/* Does the radial form take a step from the measures to x or a factor? Gaussians have x itself. */
VEC_FN bool pool_has_step(attpool_kernel_name name)
{
    return name != ATTPOOL_GAUSSIAN && name != ATTPOOL_CONSTANT;
}

static void pool_plan_kernel(struct pool_plan *p)
{
    const struct kernel *kernel = &p->a->kernel;
    const real half = REAL(LOG2_E) / 2, whole = REAL(LOG2_E);
    p->name = kernel->name;
    p->divide = kernel_any(kernel, p->a->d, kernel_has_factor);
    p->has_max = kernel_any(kernel, p->a->d, kernel_has_log);
    p->compact = kernel_any(kernel, p->a->d, kernel_is_compact);
    p->scale = 1;
    if (kernel->form == ATTPOOL_RADIAL && kernel->name == ATTPOOL_CONSTANT)
        return;
    p->factor = p->divide;
    pool_plan_distance(p, false);
    p->steps = kernel->form == ATTPOOL_RADIAL && pool_has_step(kernel->name) &&
               !(kernel->name == ATTPOOL_LAPLACIAN && p->measure == MEASURE_LINEAR);
    if (kernel->form == ATTPOOL_PRODUCT || !p->has_max)
        return;
    p->scale = -whole;
    if (kernel->name == ATTPOOL_GAUSSIAN)
        p->scale = kernel->per == ATTPOOL_BANDWIDTH_ONE ? -(half * p->w) : -half;
}

/* The scores' factor c, and what stands for a key that takes no part. */
static void pool_plan_score(struct pool_plan *p)
{
    bool bias = p->a->masks.bias.data != NULL && !p->bias_masks;
    p->has_max |= bias;
    p->folded = p->has_max && (bias || p->scale / 4 == 0 || p->scale != p->scale);
    p->saturation = saturation_of(p->scale);
    p->c = p->folded ? 4 : p->scale;
    p->smallest = p->c < 0;
    p->masked = p->has_max ? (p->smallest ? REAL_INF : -REAL_INF) : 0;
    p->factor &= p->has_max;
}

/* Whether whole super-blocks of keys are transposed for few rows. */
static bool by_key_has_panel(const struct pool_plan *p)
{
    const struct pool_args *a = p->a;
    return a->score == POOL_KERNEL && p->measure != MEASURE_NONE && a->d > 0 && a->d <= POOL_PANEL;
}

/* So many rows go one at a time. */
static int64_t by_key_most_rows(const struct pool_plan *p)
{
    if (!by_key_has_panel(p) || p->a->v != 1)
        return LANES / 2;
    return p->a->d <= 4 ? 2 * LANES - 1 : LANES - 1;
}

static struct pool_plan pool_plan_of(const struct pool_args *a)
{
    struct pool_plan p = { .a = a };
    const bool products = a->score == POOL_DOT || a->score == POOL_ADDITIVE;
    bool distance = a->score == POOL_KERNEL;
    p.measure = MEASURE_NONE;
    p.scale = 1;
    p.name = ATTPOOL_CONSTANT;
    p.weighted = a->key_weights.data != NULL;
    p.squares = a->n_eff.data != NULL;
    if (distance)
        pool_plan_kernel(&p);
    if (a->score == POOL_CONSTANT)
        p.divide = true;
    if (products) {
        p.measure = a->score == POOL_DOT ? MEASURE_DOT : MEASURE_ADDITIVE;
        p.scale = (real)a->c;
        p.has_max = true;
    }
    p.divide |= p.weighted;
    pool_plan_score(&p);
    p.state = (size_t)(3 + a->v);
    p.shape = pool_shape_of(a, LANES, products ? 3 : POOL_VECTORS, by_key_most_rows(&p));
    return p;
}

/* Every key that the masks leave, with the weight 1. */
static struct pool_plan pool_plan_mean(const struct pool_plan *of)
{
    struct pool_plan p = { .a = of->a, .shape = of->shape, .state = of->state };
    p.name = ATTPOOL_CONSTANT;
    p.bias_masks = true;
    p.scale = 1;
    pool_plan_score(&p);
    return p;
}

/* Distances alone. */
static struct pool_plan pool_plan_nearest(const struct pool_plan *of)
{
    struct pool_plan p = pool_plan_mean(of);
    if (p.a->score == POOL_KERNEL) {
        pool_plan_distance(&p, true);
        p.power_matters = false; /* there may be no room for scaled queries */
    }
    return p;
}

#endif
