/* SPDX-License-Identifier: Apache-2.0 */

/* Sums of the gradients: over the keys of a row, or the queries of a column. */
#ifndef BACKENDS_SCALAR_GRAD_SUMS_H
#define BACKENDS_SCALAR_GRAD_SUMS_H

#include "backends/scalar/grad_pair.h"

struct grad_sums {
    real *at[GRAD_SUMS];
    int64_t count[GRAD_SUMS];
    bool column;
};

/* How a coefficient becomes one of the side that is summed, and a sum a gradient: see
 * "Gradients" in NUMERICS.md. */
struct grad_factor {
    real one, two;
};

static void grad_clear(struct grad_sums *s)
{
    for (int k = 0; k < GRAD_SUMS; k++)
        for (int64_t c = 0; c < s->count[k]; c++)
            s->at[k][c] = 0;
}

static void grad_sums_add(struct grad_sums *s, const struct grad_sums *block)
{
    for (int k = 0; k < GRAD_SUMS; k++)
        for (int64_t c = 0; c < s->count[k]; c++)
            s->at[k][c] += block->at[k][c];
}

static struct grad_factor grad_width_factor(const struct grad_row *r, struct inverse_bandwidth w)
{
    if (r->plan->path == GRAD_PRODUCT)
        return (struct grad_factor){ w.size, 1 };
    return (struct grad_factor){ w.square, w.power };
}

static struct inverse_bandwidth grad_width_at(const struct grad_row *r, int64_t j)
{
    const struct metric *metric = &r->row.metric;
    if (metric->kernel->per == ATTPOOL_BANDWIDTH_KEY)
        return inverse_bandwidth_of(get(metric->inverse_bandwidths, 0, j));
    return metric->w;
}

/* A coefficient or a sum that is 0 stays so: the inverse bandwidth of a key that is hidden, or too
 * far for a weight, may be anything. */
static real grad_scaled(real x, struct grad_factor f)
{
    return x == 0 ? 0 : x * f.one * f.two;
}

/* What the coefficients of row r and key j are multiplied by before they are summed. */
static struct grad_factor grad_before(const struct grad_row *r, int64_t j, bool column)
{
    const struct metric *metric = &r->row.metric;
    const attpool_bandwidth_per per = metric->kernel->per;
    if ((per == ATTPOOL_BANDWIDTH_KEY && !column) || (per == ATTPOOL_BANDWIDTH_QUERY && column))
        return grad_width_factor(r, grad_width_at(r, j));
    if (per == ATTPOOL_BANDWIDTH_COORDINATE_KEY && !column)
        return (struct grad_factor){ r_abs(get(metric->factors, 0, j)), 1 };
    return (struct grad_factor){ 1, 1 };
}

/* And the sums of coordinate c of the row, or of key j, afterwards. */
static struct grad_factor grad_after(const struct grad_row *r, int64_t j, int64_t c, bool column)
{
    const struct metric *metric = &r->row.metric;
    switch (metric->kernel->per) {
    case ATTPOOL_BANDWIDTH_KEY:
        return column ? grad_width_factor(r, grad_width_at(r, j)) : (struct grad_factor){ 1, 1 };
    case ATTPOOL_BANDWIDTH_QUERY:
        return column ? (struct grad_factor){ 1, 1 } : grad_width_factor(r, metric->w);
    case ATTPOOL_BANDWIDTH_ONE:
        return grad_width_factor(r, metric->w);
    case ATTPOOL_BANDWIDTH_COORDINATE:
        break;
    case ATTPOOL_BANDWIDTH_COORDINATE_KEY:
        if (column)
            return (struct grad_factor){ w_at(metric, j, c), 1 };
    }
    return (struct grad_factor){ r_abs(get(metric->inverse_bandwidths, 0, c)), 1 };
}

/* The scaled difference of coordinate c. */
static real grad_z(const struct metric *metric, real power, int64_t j, int64_t c)
{
    real w = kernel_by_coordinate(metric->kernel) ? w_at(metric, j, c) : power;
    return (metric->q[c] - get(metric->k, j, c)) * w;
}

static void grad_add_radial(const struct grad_row *r, const struct grad_pair *pair, int64_t j,
                            struct grad_sums *s)
{
    const struct metric *metric = &r->row.metric;
    const struct grad_factor f = grad_before(r, j, s->column);
    const real power = grad_width_at(r, j).power, h = pair->coefficient;
    const real scaled = grad_scaled(h, f);
    for (int64_t c = 0; c < metric->d; c++) {
        real z = grad_z(metric, power, j, c);
        if (s->count[GRAD_SUM_POINT] > 0)
            s->at[GRAD_SUM_POINT][c] = r_fma(scaled, scaled == 0 ? 0 : z, s->at[GRAD_SUM_POINT][c]);
        z = h == 0 ? 0 : z;
        if (s->count[GRAD_SUM_EACH] > 0)
            s->at[GRAD_SUM_EACH][c] = r_fma(h * z, z, s->at[GRAD_SUM_EACH][c]);
    }
    if (s->count[GRAD_SUM_WIDTH] > 0)
        s->at[GRAD_SUM_WIDTH][0] = r_fma(h, h == 0 ? 0 : pair->u2, s->at[GRAD_SUM_WIDTH][0]);
}

static void grad_add_product(const struct grad_row *r, const struct grad_pair *pair, int64_t j,
                             struct grad_sums *s)
{
    const struct metric *metric = &r->row.metric;
    const struct grad_factor f = grad_before(r, j, s->column);
    const bool wide = s->count[GRAD_SUM_WIDTH] > 0, one = metric->d == 1;
    /* The pair's own sum errs less than a chain of all its coordinates. */
    real width = wide && one ? s->at[GRAD_SUM_WIDTH][0] : 0;
    for (int64_t c = 0; c < metric->d; c++) {
        real h = pair->coefficients[c], u = h == 0 ? 0 : pair->u[c], scaled = grad_scaled(h, f);
        if (pair->u[c] == 0)
            scaled = 0;
        if (metric->q[c] - get(metric->k, j, c) < 0)
            scaled = -scaled;
        if (s->count[GRAD_SUM_POINT] > 0)
            s->at[GRAD_SUM_POINT][c] += scaled;
        if (s->count[GRAD_SUM_EACH] > 0)
            s->at[GRAD_SUM_EACH][c] = r_fma(h, u, s->at[GRAD_SUM_EACH][c]);
        width = r_fma(h, u, width);
    }
    if (wide)
        s->at[GRAD_SUM_WIDTH][0] = one ? width : s->at[GRAD_SUM_WIDTH][0] + width;
}

static void grad_add_dot(const struct grad_row *r, const struct grad_pair *pair, int64_t j,
                         struct grad_sums *s)
{
    const struct metric *metric = &r->row.metric;
    for (int64_t c = 0; c < s->count[GRAD_SUM_POINT]; c++) {
        real x = s->column ? metric->q[c] : get(metric->k, j, c);
        s->at[GRAD_SUM_POINT][c] = r_fma(pair->gradient, x, s->at[GRAD_SUM_POINT][c]);
    }
}

static void grad_add_additive(const struct grad_row *r, const struct grad_pair *pair, int64_t j,
                              struct grad_sums *s)
{
    const struct metric *metric = &r->row.metric;
    for (int64_t c = 0; c < metric->d; c++) {
        real t = r_tanh(metric->q[c] + get(metric->k, j, c));
        if (s->count[GRAD_SUM_POINT] > 0)
            s->at[GRAD_SUM_POINT][c] =
                r_fma(pair->gradient, r_fma(-t, t, 1), s->at[GRAD_SUM_POINT][c]);
        if (s->count[GRAD_SUM_EACH] > 0)
            s->at[GRAD_SUM_EACH][c] = r_fma(pair->gradient, t, s->at[GRAD_SUM_EACH][c]);
    }
}

/* A pair that takes part. */
static void grad_add(const struct grad_row *r, const struct grad_pair *pair, int64_t j,
                     struct grad_sums *s)
{
    for (int64_t c = 0; c < s->count[GRAD_SUM_VALUE] && !pair->dropped; c++)
        s->at[GRAD_SUM_VALUE][c] =
            r_fma(pair->weight, get(r->d_out, r->row.visible.i, c), s->at[GRAD_SUM_VALUE][c]);
    if (r->kind != GRAD_WEIGHTED)
        return;
    if (s->count[GRAD_SUM_GRADIENT] > 0)
        s->at[GRAD_SUM_GRADIENT][0] += pair->gradient;
    switch (r->plan->path) {
    case GRAD_DOT:
        grad_add_dot(r, pair, j, s);
        break;
    case GRAD_ADDITIVE:
        grad_add_additive(r, pair, j, s);
        break;
    case GRAD_RADIAL:
        grad_add_radial(r, pair, j, s);
        break;
    case GRAD_PRODUCT:
        grad_add_product(r, pair, j, s);
        break;
    case GRAD_FLAT:
        break;
    }
}

#endif
