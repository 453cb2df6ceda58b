/* SPDX-License-Identifier: Apache-2.0 */

/* What the gradients want to know of a query and a key. */
#ifndef BACKENDS_SCALAR_GRAD_PAIR_H
#define BACKENDS_SCALAR_GRAD_PAIR_H

#include "backends/grad_plan.h"
#include "backends/scalar/pool_pair.h"
#include "backends/scalar/slope.h"

/* One query. */
struct grad_row {
    const struct grad_plan *plan;
    struct row row;
    struct matrix d_out;
    int64_t kind;
    bool divides;
    real max, sum, gain;
};

/* A weight W, and the gradient g of its logarithm. */
struct grad_pair {
    real weight, gradient;
    bool dropped; /* from O */
    real u2;      /* GRAD_RADIAL, and the coefficient h */
    real coefficient;
    real *coefficients; /* GRAD_PRODUCT: h of each coordinate, */
    real *u, *factors;  /* u, and room for the kernels' factors */
};

/* q has been read. */
static struct grad_row grad_row_of(const struct grad_plan *plan, const struct grad_facts *facts,
                                   int64_t b, int64_t h, int64_t i, const real *q)
{
    const struct pool_args *p = plan->a->pool;
    int64_t at = grad_row_number(p, b, h, i);
    struct grad_row r = { .plan = plan, .row = row_of(p, b, h, i, q), .kind = facts->kind[at] };
    r.divides = divides(p);
    r.row.even = r.kind != GRAD_WEIGHTED;
    r.d_out = matrix_of(&plan->a->d_out, b, h, sizeof(real));
    r.max = get(matrix_of(&p->max, b, h, sizeof(real)), i, 0);
    r.sum = ((const real *)facts->sum)[at];
    r.gain = ((const real *)facts->gain)[at];
    return r;
}

/* dO . x, of query i and row j of x. */
static real grad_inner(struct matrix d_out, int64_t i, struct matrix x, int64_t j, int64_t v)
{
    real sum = 0;
    for (int64_t first = 0; first < v; first += CHUNK) {
        int64_t end = v - first < CHUNK ? v : first + CHUNK;
        real s = 0;
        for (int64_t c = first; c < end; c++)
            s = r_fma(get(d_out, i, c), get(x, j, c), s);
        sum += s;
    }
    return sum;
}

/* W of a weight p relative to the row's maximum. */
static real grad_normal(const struct grad_row *r, real p)
{
    return r->divides ? p / r->sum : p * (1 / r->sum);
}

/* The same of p, the product of e, a factor or what stands in its place, and a key weight. */
static real grad_part(const struct grad_row *r, real e, real part, real a)
{
    real p = e * part;
    if (r->row.visible.key_weights.at != NULL)
        p *= a;
    return grad_normal(r, p);
}

static void grad_radial(const struct grad_row *r, int64_t j, real e, real a, real factor, real gain,
                        struct grad_pair *pair)
{
    const struct metric *metric = &r->row.metric;
    const int32_t name = (int32_t)metric->kernel->name;
    real scaled;
    pair->u2 = radial_u2(metric, j, &scaled);
    pair->coefficient =
        grad_part(r, e, slope_over_u(name, r_sqrt(pair->u2), pair->u2, factor), a) * gain;
}

static void grad_product(const struct grad_row *r, int64_t j, real e, real a, real gain,
                         struct grad_pair *pair)
{
    const struct metric *metric = &r->row.metric;
    real before = 1, after = 1;
    for (int64_t c = 0; c < metric->d; c++) {
        int32_t name = kernel_name_at(metric->kernel, c);
        real u = coordinate_u(metric, j, c);
        pair->u[c] = u;
        pair->factors[c] = kernel_factor(name, u, u * u);
        pair->coefficients[c] = before;
        before *= pair->factors[c];
    }
    for (int64_t c = metric->d - 1; c >= 0; c--) {
        int32_t name = kernel_name_at(metric->kernel, c);
        real u = pair->u[c], others = pair->coefficients[c] * after;
        real part = others * slope(name, u, u * u, pair->factors[c]);
        pair->coefficients[c] = grad_is_flat(name) ? 0 : grad_part(r, e, part, a) * gain;
        after *= pair->factors[c];
    }
}

/* false: key j takes no part. */
static bool grad_pair_of(const struct grad_row *r, int64_t j, struct grad_pair *pair)
{
    const struct row *row = &r->row;
    const struct pool_args *p = row->args;
    if (r->kind == GRAD_BLANK || j < row->visible.first || j >= row->visible.end ||
        !is_visible(&row->visible, j) || (r->kind >= 0 && r->kind != j))
        return false;
    struct pair weight = row_pair(row, j);
    if (!weight.inside)
        return false;
    pair->gradient = 0;
    pair->weight = 1 / r->sum;
    pair->dropped = is_dropped(row, j);
    if (r->kind != GRAD_WEIGHTED)
        return true;
    real a = 1, e = 1, gain = r->gain;
    int exponent = 0;
    if (row->visible.key_weights.at != NULL)
        a = get(row->visible.key_weights, 0, j);
    if (row->visible.key_weights.at != NULL && row->has_max)
        exponent = take_exponent(&a);
    real x = row->has_max ? row_score(row, j, weight.x) : 0;
    if (row->cuts_far && r->max > REAL(NEAR_LIMIT) && is_far(row->scoring.c, x, exponent))
        return false;
    if (row->has_max)
        e = relative(row->scoring.c, x, exponent, r->max, false);
    if (r->d_out.at != NULL)
        gain += pair->dropped ? 0
                              : grad_inner(r->d_out, row->visible.i, row->value, j, p->v) *
                                    (real)p->dropout.scale;
    pair->weight = grad_part(r, e, weight.factor, a);
    pair->gradient = pair->weight * gain;
    if (r->plan->path == GRAD_RADIAL)
        grad_radial(r, j, e, a, weight.factor, gain, pair);
    else if (r->plan->path == GRAD_PRODUCT)
        grad_product(r, j, e, a, gain, pair);
    return true;
}

#endif
