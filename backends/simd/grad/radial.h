/* SPDX-License-Identifier: Apache-2.0 */

/* Sums of a Gaussian's gradients by queries, keys and inverse bandwidths: over the keys of a block
 * for lanes that are queries, or over the queries of a tile for lanes that are keys. */
#ifndef BACKENDS_SIMD_GRAD_RADIAL_H
#define BACKENDS_SIMD_GRAD_RADIAL_H

#include "backends/simd/grad/block.h"
#include "backends/simd/math/kernels.h"

/* What scales the differences: P of each lane, P of each of the other side, or |w| of each
 * coordinate. */
enum grad_scaled { GRAD_SCALED_LANE, GRAD_SCALED_OTHER, GRAD_SCALED_COORDINATE };

struct grad_radial {
    bool column; /* lanes are keys */
    int first, end, others;
    const real *h; /* h_step numbers for each of the other side */
    int64_t h_step;
    const real *lane; /* lane_step numbers for each coordinate */
    int64_t lane_step;
    const element *other;
    int64_t row, col, d;
    enum grad_scaled scaled;
    const real *power, *square; /* P and w'^2, or |w| of the coordinates */
    bool before;                /* h is multiplied by them */
};

/* Vectors of lanes that go side by side. */
enum { GRAD_VECTORS = 4 };

/* Where the sums go: by the point, or by |w| of coordinates. */
enum grad_term { GRAD_TERM_POINT, GRAD_TERM_EACH };

VEC_FN vec grad_radial_z(const struct grad_radial *r, int i, int o, int64_t c,
                         const enum grad_scaled scaled, const bool column)
{
    const vec lane = v_loadu(r->lane + c * r->lane_step + i);
    const vec other = v_set1(get(r->other + o * r->row + c * r->col));
    const vec z = column ? v_sub(other, lane) : v_sub(lane, other);
    return v_mul(z, scaled == GRAD_SCALED_LANE
                        ? v_loadu(r->power + i)
                        : v_set1(r->power[scaled == GRAD_SCALED_OTHER ? o : c]));
}

VEC_FN vec grad_radial_h(const struct grad_radial *r, int i, int o, const bool before)
{
    const vec h = v_loadu(r->h + o * r->h_step + i);
    return before ? v_mul(v_mul(h, v_set1(r->square[o])), v_set1(r->power[o])) : h;
}

/* A chain of the columns' sums goes on where the tile of queries before ended; that of a row is a
 * block's, and added to those before. */
VEC_FN void grad_radial_sum(const struct grad_radial *r, real *to, vec s)
{
    v_storeu(to, r->column ? s : v_add(v_loadu(to), s));
}

/* nv vectors of lanes from i on and n coordinates from c on: chains that overlap. */
VEC_FN void grad_radial_terms(const struct grad_radial *r, int i, int64_t c, real *to, const int nv,
                              const int n, const enum grad_scaled scaled, const enum grad_term term,
                              const bool column, const bool before)
{
    vec s[GRAD_COLUMNS];
    UNROLL_FOR (int k = 0; k < nv * n; k++)
        s[k] = column ? v_loadu(to + (c + k % n) * r->lane_step + i + k / n * LANES) : v_zero();
    for (int o = 0; o < r->others; o++)
        UNROLL_FOR (int v = 0; v < nv; v++) {
            const vec h = grad_radial_h(r, i + v * LANES, o, before);
            const vec_mask none = v_eq(h, v_zero()); /* where z may be anything */
            UNROLL_FOR (int e = 0; e < n; e++) {
                vec z = grad_radial_z(r, i + v * LANES, o, c + e, scaled, column);
                z = v_unless(none, z);
                s[v * n + e] = v_fma(term == GRAD_TERM_EACH ? v_mul(h, z) : h, z, s[v * n + e]);
            }
        }
    UNROLL_FOR (int k = 0; k < nv * n; k++)
        grad_radial_sum(r, to + (c + k % n) * r->lane_step + i + k / n * LANES, s[k]);
}

VEC_FN void grad_radial_all(const struct grad_radial *r, real *to, const enum grad_scaled scaled,
                            const enum grad_term term, const bool column, const bool before)
{
    int64_t c = 0;
    for (; c + GRAD_COLUMNS <= r->d; c += GRAD_COLUMNS)
        for (int i = r->first; i < r->end; i += LANES)
            grad_radial_terms(r, i, c, to, 1, GRAD_COLUMNS, scaled, term, column, before);
    for (; c < r->d; c++) {
        int i = r->first;
        for (; i + GRAD_VECTORS * LANES <= r->end; i += GRAD_VECTORS * LANES)
            grad_radial_terms(r, i, c, to, GRAD_VECTORS, 1, scaled, term, column, before);
        for (; i < r->end; i += LANES)
            grad_radial_terms(r, i, c, to, 1, 1, scaled, term, column, before);
    }
}

/* By |w| of each coordinate: of rows. */
static void grad_radial_each(const struct grad_radial *r, real *to)
{
    grad_radial_all(r, to, GRAD_SCALED_COORDINATE, GRAD_TERM_EACH, false, false);
}

VEC_FN void grad_radial_points_of(const struct grad_radial *r, real *to, const bool column)
{
    if (r->scaled == GRAD_SCALED_COORDINATE)
        grad_radial_all(r, to, GRAD_SCALED_COORDINATE, GRAD_TERM_POINT, column, false);
    else if (r->scaled == GRAD_SCALED_LANE)
        grad_radial_all(r, to, GRAD_SCALED_LANE, GRAD_TERM_POINT, column, false);
    else if (r->before)
        grad_radial_all(r, to, GRAD_SCALED_OTHER, GRAD_TERM_POINT, column, true);
    else
        grad_radial_all(r, to, GRAD_SCALED_OTHER, GRAD_TERM_POINT, column, false);
}

/* By the points of the lanes. */
static void grad_radial_points(const struct grad_radial *r, real *to)
{
    if (r->column)
        grad_radial_points_of(r, to, true);
    else
        grad_radial_points_of(r, to, false);
}

VEC_FN void grad_radial_width_n(const struct grad_radial *r, int i, real *to, const int nv,
                                const enum grad_scaled scaled, const bool column)
{
    const bool lanes = scaled == GRAD_SCALED_LANE;
    vec s[GRAD_VECTORS], u2[GRAD_VECTORS];
    UNROLL_FOR (int v = 0; v < nv; v++)
        s[v] = column ? v_loadu(to + i + v * LANES) : v_zero();
    for (int o = 0; o < r->others; o++) {
        UNROLL_FOR (int v = 0; v < nv; v++)
            u2[v] = v_zero();
        for (int64_t c = 0; c < r->d; c++)
            UNROLL_FOR (int v = 0; v < nv; v++) {
                const vec z = grad_radial_z(r, i + v * LANES, o, c, scaled, column);
                u2[v] = v_fma(z, z, u2[v]);
            }
        UNROLL_FOR (int v = 0; v < nv; v++) {
            const vec h = grad_radial_h(r, i + v * LANES, o, false);
            const vec square = lanes ? v_loadu(r->square + i + v * LANES) : v_set1(r->square[o]);
            const vec u = v_unless(v_eq(h, v_zero()), v_mul(u2[v], square));
            s[v] = v_fma(h, u, s[v]);
        }
    }
    UNROLL_FOR (int v = 0; v < nv; v++)
        grad_radial_sum(r, to + i + v * LANES, s[v]);
}

VEC_FN void grad_radial_width_of(const struct grad_radial *r, real *to,
                                 const enum grad_scaled scaled, const bool column)
{
    int i = r->first;
    for (; i + GRAD_VECTORS * LANES <= r->end; i += GRAD_VECTORS * LANES)
        grad_radial_width_n(r, i, to, GRAD_VECTORS, scaled, column);
    for (; i < r->end; i += LANES)
        grad_radial_width_n(r, i, to, 1, scaled, column);
}

/* By the one w of a pair. */
static void grad_radial_width(const struct grad_radial *r, real *to)
{
    if (r->column)
        grad_radial_width_of(r, to, GRAD_SCALED_LANE, true);
    else if (r->scaled == GRAD_SCALED_LANE)
        grad_radial_width_of(r, to, GRAD_SCALED_LANE, false);
    else
        grad_radial_width_of(r, to, GRAD_SCALED_OTHER, false);
}

/* What scales the differences, of a sweep whose lanes are queries, or keys. */
static void grad_radial_scaled(const struct grad_tile *g, struct grad_radial *r)
{
    const attpool_bandwidth_per per = g->plan->a->pool->kernel.per;
    const bool own = per == (r->column ? ATTPOOL_BANDWIDTH_KEY : ATTPOOL_BANDWIDTH_QUERY);
    r->scaled = own ? GRAD_SCALED_LANE : GRAD_SCALED_OTHER;
    r->power = g->power;
    r->square = g->square;
    r->before = !own && per != ATTPOOL_BANDWIDTH_ONE;
    if (per != ATTPOOL_BANDWIDTH_COORDINATE)
        return;
    r->scaled = GRAD_SCALED_COORDINATE;
    r->power = g->t.coordinate;
    r->before = false;
}

/* Where a block's h are. */
static const real *grad_coefficients(const struct grad_tile *g)
{
    return g->slope != NULL ? g->slope : g->gradient;
}

/* Of the rows. */
static struct grad_radial grad_radial_rows(const struct grad_tile *g, const struct pool_block *x)
{
    const struct pool_tile *t = &g->t;
    const struct pool_args *p = g->plan->a->pool;
    struct grad_radial s = { .end = t->lanes,
                             .others = x->count,
                             .h = grad_coefficients(g),
                             .h_step = t->lanes,
                             .lane = t->q,
                             .lane_step = t->lanes,
                             .other = row_at(&p->k, t->b, t->head0, x->first),
                             .row = p->k.row,
                             .col = p->k.col,
                             .d = p->d };
    grad_radial_scaled(g, &s);
    if (p->kernel.per == ATTPOOL_BANDWIDTH_KEY) {
        s.power += x->first - g->widths_first;
        s.square += x->first - g->widths_first;
    }
    return s;
}

#endif
