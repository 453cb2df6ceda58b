/* SPDX-License-Identifier: Apache-2.0 */

/* Gaussians of up to three coordinates, with one column of values: W and g of a pair are made where
 * they are summed, in registers. The rows may keep W of a block for its columns, which turn squares
 * of it in registers: less than half of the instructions that make it again. For blocks of which
 * all keys take part, of numbers so far from overflow that a weight of 0 makes all that is added
 * 0. */
#ifndef BACKENDS_SIMD_GRAD_FUSED_H
#define BACKENDS_SIMD_GRAD_FUSED_H

#include "backends/simd/grad/room.h"
#include "backends/simd/grad/weights.h"
#include "backends/simd/math/powers.h"

/* The sums of the lanes: by keys and values, of pairs made anew or of W that the rows kept, or by
 * queries, alone, with w, with w's coordinates. */
enum fused_sums { FUSED_COLUMNS, FUSED_KEPT, FUSED_ROWS, FUSED_WIDTH, FUSED_EACH };

/* Most coordinates, vectors of pairs that go side by side, and of lanes among them. */
enum { FUSED_MOST = 3, FUSED_PAIRS = 4, FUSED_VECTORS = 4 };

/* Several vectors of lanes share what they load, where their sums fit into the registers. */
#define FUSED_LANES(d)  ((NREG >= 32 ? 2 : 1) * ((d) == 1 ? 2 : 1))
#define FUSED_OTHERS(d) (4 / FUSED_LANES(d))

struct grad_fused {
    const struct grad_tile *g;
    int first, end, others;    /* lanes, and pairs of each */
    const real *queries;       /* rows of a tile's lanes */
    const real *keys, *values; /* rows of BLOCK numbers */
    real scale[FUSED_MOST];    /* P, or |w| of the coordinates */
    real square;
    bool scaled;         /* queries and keys have been multiplied by the scale */
    real *points, *sums; /* by the point, or NULL; V, w or |w| of the coordinates */
    int64_t step;        /* from coordinate to coordinate */
    real *weight;        /* W, a row of a tile's lanes for each key: kept by the rows, or NULL */
};

/* Pairs of n others and nv vectors of lanes, vector after vector of each. */
struct fused_pairs {
    vec z[FUSED_PAIRS][FUSED_MOST], s[FUSED_PAIRS]; /* differences, the sums of their squares */
    vec w[FUSED_PAIRS], h[FUSED_PAIRS];
};

/* The numbers of the queries and of the keys, as lanes from i on, or number o of the others. */
VEC_FN vec fused_query(const real *of, int i, int o, const bool column)
{
    return column ? v_set1(of[o]) : v_loadu(of + i);
}

VEC_FN vec fused_key(const real *of, int i, int o, const bool column)
{
    return column ? v_loadu(of + i) : v_set1(of[o]);
}

VEC_FN vec fused_z(const struct grad_fused *x, int i, int o, int c, const bool column,
                   const bool scaled)
{
    const vec q = fused_query(x->queries + c * x->g->t.lanes, i, o, column);
    const vec k = fused_key(x->keys + c * (int)BLOCK, i, o, column);
    return scaled ? v_sub(q, k) : v_mul(v_sub(q, k), v_set1(x->scale[c]));
}

/* In double a far key of a near row has a weight until it is taken from it. */
VEC_FN vec fused_cut(const struct grad_fused *x, vec w, vec s, int i, int o, const bool column)
{
    if (REAL_BITS == 32)
        return w;
    const vec max = fused_query(x->g->max, i, o, column);
    const vec_mask near = v_gt(max, v_set1(REAL(NEAR_LIMIT)));
    const vec far = v_fma(v_set1(x->g->t.plan->c), s, v_set1(-4 * REAL(NEAR_LIMIT)));
    return v_unless(m_and(near, v_le(far, v_set1(REAL(FAR_LIMIT)))), w);
}

VEC_FN vec fused_gain(const struct grad_tile *g, vec value, int i, int o, const bool column)
{
    const vec t = v_mul(fused_query(g->d_out, i, o, column), value);
    return v_add(t, fused_query(g->gain, i, o, column));
}

/* n of the others from number o on, with nv vectors of lanes from i on. */
VEC_FN void fused_make(const struct grad_fused *x, int i, int o, const int d, const int n,
                       const int nv, const bool column, const bool scaled, struct fused_pairs *p)
{
    const struct grad_tile *g = x->g;
    UNROLL_FOR (int k = 0; k < n * nv; k++) {
        const int lane = i + k % nv * LANES, other = o + k / nv;
        UNROLL_FOR (int c = 0; c < d; c++) {
            const vec z = fused_z(x, lane, other, c, column, scaled);
            p->z[k][c] = z;
            p->s[k] = c == 0 ? v_mul(z, z) : v_fma(z, z, p->s[k]);
        }
        p->w[k] = v_fma(v_set1(g->t.plan->c), p->s[k], fused_query(g->minus, lane, other, column));
    }
    weight_powers(p->w, n * nv, false);
    UNROLL_FOR (int k = 0; k < n * nv; k++) {
        const int lane = i + k % nv * LANES, other = o + k / nv;
        const vec value = fused_key(x->values, lane, other, column);
        const vec w = v_mul(p->w[k], fused_query(g->times, lane, other, column));
        p->w[k] = fused_cut(x, w, p->s[k], lane, other, column);
        p->h[k] = v_mul(p->w[k], fused_gain(g, value, lane, other, column));
    }
}

/* The sums of nv vectors of lanes. */
struct fused_lanes {
    vec points[FUSED_VECTORS][FUSED_MOST], sums[FUSED_VECTORS][FUSED_MOST];
};

VEC_FN void fused_add(const struct grad_fused *x, int i, int o, struct fused_lanes *to, const int d,
                      const int n, const int nv, const enum fused_sums of, const bool scaled)
{
    struct fused_pairs p;
    fused_make(x, i, o, d, n, nv, of == FUSED_COLUMNS, scaled, &p);
    if (of != FUSED_COLUMNS && x->weight != NULL)
        UNROLL_FOR (int k = 0; k < n * nv; k++)
            v_storeu(x->weight + (o + k / nv) * x->g->t.lanes + i + k % nv * LANES, p.w[k]);
    UNROLL_FOR (int k = 0; k < n * nv; k++) {
        vec *points = to->points[k % nv], *sums = to->sums[k % nv];
        UNROLL_FOR (int c = 0; c < d; c++)
            points[c] = v_fma(p.h[k], p.z[k][c], points[c]);
        UNROLL_FOR (int c = 0; c < d && of == FUSED_EACH; c++)
            sums[c] = v_fma(v_mul(p.h[k], p.z[k][c]), p.z[k][c], sums[c]);
        if (of == FUSED_WIDTH)
            sums[0] = v_fma(p.h[k], v_mul(p.s[k], v_set1(x->square)), sums[0]);
        if (of == FUSED_COLUMNS)
            sums[0] = v_fma(p.w[k], v_set1(x->g->d_out[o + k / nv]), sums[0]);
    }
}

/* A chain of the columns goes on where the tile of queries before ended; that of a row is a
 * block's, and added to those before. */
VEC_FN void fused_put(real *to, vec x, const bool column)
{
    v_storeu(to, column ? x : v_add(v_loadu(to), x));
}

/* A vector of queries from number o on, of which those beyond the tile's have no weight, with one
 * of keys from i on. */
VEC_FN void fused_add_kept(const struct grad_fused *x, int i, int o, struct fused_lanes *to,
                           const int d, const bool scaled)
{
    const real *weight = x->weight + (i - x->first) * x->g->t.lanes + o;
    vec w[LANES];
    UNROLL_FOR (int l = 0; l < LANES; l++)
        w[l] = v_loadu(weight + l * x->g->t.lanes);
    v_transpose(w);
    UNROLL_FOR (int k = 0; k < LANES; k++) {
        const vec value = v_loadu(x->values + i);
        const vec h = v_mul(w[k], fused_gain(x->g, value, i, o + k, true));
        UNROLL_FOR (int c = 0; c < d; c++)
            to->points[0][c] = v_fma(h, fused_z(x, i, o + k, c, true, scaled), to->points[0][c]);
        to->sums[0][0] = v_fma(w[k], v_set1(x->g->d_out[o + k]), to->sums[0][0]);
    }
}

/* nv vectors of lanes from i on. */
VEC_FN void fused_lanes(const struct grad_fused *x, int i, const int d, const int nv,
                        const enum fused_sums of, const bool scaled)
{
    const bool column = of == FUSED_COLUMNS || of == FUSED_KEPT;
    const int count = of == FUSED_ROWS ? 0 : of == FUSED_EACH ? d : 1;
    struct fused_lanes sum;
    int o = 0;
    UNROLL_FOR (int k = 0; k < nv * d; k++)
        sum.points[k / d][k % d] =
            column ? v_loadu(x->points + k % d * x->step + i + k / d * LANES) : v_zero();
    UNROLL_FOR (int k = 0; k < nv * count; k++)
        sum.sums[k / count][k % count] =
            column ? v_loadu(x->sums + k % count * x->step + i + k / count * LANES) : v_zero();
    for (; of == FUSED_KEPT && o < x->others; o += LANES)
        fused_add_kept(x, i, o, &sum, d, scaled);
    for (; o + FUSED_OTHERS(d) <= x->others; o += FUSED_OTHERS(d))
        fused_add(x, i, o, &sum, d, FUSED_OTHERS(d), nv, of, scaled);
    for (; o < x->others; o++)
        fused_add(x, i, o, &sum, d, 1, nv, of, scaled);
    UNROLL_FOR (int k = 0; k < nv * d; k++)
        if (x->points != NULL)
            fused_put(x->points + k % d * x->step + i + k / d * LANES, sum.points[k / d][k % d],
                      column);
    UNROLL_FOR (int k = 0; k < nv * count; k++)
        fused_put(x->sums + k % count * x->step + i + k / count * LANES,
                  sum.sums[k / count][k % count], column);
}

VEC_FN void fused_all(const struct grad_fused *x, const int d, const enum fused_sums of,
                      const bool scaled)
{
    const int nv = of == FUSED_KEPT ? 1 : FUSED_LANES(d);
    int i = x->first;
    for (; i + nv * LANES <= x->end; i += nv * LANES)
        fused_lanes(x, i, d, nv, of, scaled);
    for (; i < x->end; i += LANES)
        fused_lanes(x, i, d, 1, of, scaled);
}

VEC_FN void fused_coordinates(const struct grad_fused *x, const enum fused_sums of,
                              const bool scaled)
{
    switch (x->g->plan->a->pool->d) {
    case 1:
        fused_all(x, 1, of, scaled);
        break;
    case 2:
        fused_all(x, 2, of, scaled);
        break;
    default:
        fused_all(x, 3, of, scaled);
    }
}

VEC_FN void fused_of(const struct grad_fused *x, const enum fused_sums of)
{
    if (x->scaled)
        fused_coordinates(x, of, true);
    else
        fused_coordinates(x, of, false);
}

/* A function for each kind of sum: in one they would take the compiler three times the memory. Each
 * has what is asked for as its own, so that no store can change it. */

VEC_APART void fused_sum_columns(const struct grad_fused *asked)
{
    const struct grad_fused x = *asked;
    fused_of(&x, FUSED_COLUMNS);
}

VEC_APART void fused_sum_kept(const struct grad_fused *asked)
{
    const struct grad_fused x = *asked;
    fused_of(&x, FUSED_KEPT);
}

VEC_APART void fused_sum_rows(const struct grad_fused *asked)
{
    const struct grad_fused x = *asked;
    fused_of(&x, FUSED_ROWS);
}

VEC_APART void fused_sum_width(const struct grad_fused *asked)
{
    const struct grad_fused x = *asked;
    fused_of(&x, FUSED_WIDTH);
}

VEC_APART void fused_sum_each(const struct grad_fused *asked)
{
    const struct grad_fused x = *asked;
    fused_coordinates(&x, FUSED_EACH, false);
}

/* The numbers of a tile and of r's block of keys, times P where that is exact. */
static struct grad_fused grad_fused_of(const struct grad_room *r)
{
    const struct grad_tile *g = &r->g;
    const struct pool_args *p = g->plan->a->pool;
    const bool one = p->kernel.per == ATTPOOL_BANDWIDTH_ONE;
    struct grad_fused x = { .g = g,
                            .queries = g->t.q,
                            .keys = r->keys,
                            .values = r->values,
                            .square = one ? g->square[0] : 1 };
    x.scaled = one && g->power[0] == 1;
    for (int64_t c = 0; c < p->d; c++)
        x.scale[c] = one ? g->power[0] : g->t.coordinate[c];
    if (!x.scaled && g->t.scaled && *r->keys_scaled) {
        x.queries = g->t.qs;
        x.keys = r->scaled;
        x.scaled = true;
    }
    return x;
}

/* `count` keys, the first of which are number `shift` on of r's block, into the sums of the tile's
 * rows. Their W are kept, or `weight` is NULL. */
static void grad_fused_rows(struct grad_room *r, int shift, int count, real *weight)
{
    const struct grad_plan *plan = r->g.plan;
    struct grad_fused x = grad_fused_of(r);
    x.keys += shift;
    x.values += shift;
    x.end = r->g.t.lanes;
    x.step = r->g.t.lanes;
    x.others = count;
    x.weight = weight;
    x.points = grad_sum_count(plan, GRAD_SUM_POINT, false) > 0 ? r->points : NULL;
    x.sums = r->each;
    if (grad_sum_count(plan, GRAD_SUM_EACH, false) > 0) {
        fused_sum_each(&x);
    } else if (grad_sum_count(plan, GRAD_SUM_WIDTH, false) > 0) {
        x.sums = r->widths;
        fused_sum_width(&x);
    } else {
        fused_sum_rows(&x);
    }
}

/* And into the sums of these keys, by the W that the rows kept, or NULL. */
static void grad_fused_columns(struct grad_room *r, int shift, int count, real *values,
                               real *weight)
{
    struct grad_fused x = grad_fused_of(r);
    x.first = shift;
    x.end = shift + count;
    x.others = r->g.t.count;
    x.points = r->block;
    x.sums = values;
    x.step = BLOCK;
    x.weight = weight;
    if (weight != NULL)
        fused_sum_kept(&x);
    else
        fused_sum_columns(&x);
}

/* ---- Where this will do ---- */

/* Are all numbers of an array, of its own size, no larger than `most`, and none NaN? */
static bool grad_array_is_moderate(const struct grad_output *x, real most)
{
    const struct array *a = x->array;
    bool moderate = true;
    for (int64_t b = 0; b < x->batch && moderate; b++)
        for (int64_t h = 0; h < x->heads && moderate; h++)
            for (int64_t i = 0; i < x->rows; i++)
                for (int64_t c = 0; c < x->cols; c++)
                    moderate &= r_abs(get(row_at(a, b, h * a->group, i) + c * a->col)) <= most;
    return moderate;
}

/* Of the coordinates: they, and they times P or |w|, are squared. */
static real grad_coordinate_most(const struct pool_args *p)
{
    const struct array *w = &p->kernel.inverse_bandwidths;
    const int64_t count = p->kernel.per == ATTPOOL_BANDWIDTH_COORDINATE ? p->d : 1;
    real largest = (real)p->kernel.one;
    for (int64_t c = 0; c < count && w->data != NULL; c++) {
        const real size = r_abs(get(row_at(w, 0, 0, 0) + c * w->col));
        largest = c == 0 || !(size <= largest) ? size : largest;
    }
    return REAL(MODERATE) / (largest > 1 ? largest : 1);
}

/* Is the call one of those that go this way? */
static bool grad_is_fused(const struct grad_plan *plan, const struct pool_plan *pool)
{
    const struct pool_grad_args *a = plan->a;
    const struct pool_args *p = a->pool;
    const attpool_bandwidth_per per = p->kernel.per;
    if (plan->path != GRAD_RADIAL || p->kernel.name != ATTPOOL_GAUSSIAN || p->d > FUSED_MOST ||
        p->v != 1 || a->d_out.data == NULL || pool->folded || pool->weighted || pool->drops ||
        !pool->cuts_far || (per != ATTPOOL_BANDWIDTH_ONE && per != ATTPOOL_BANDWIDTH_COORDINATE))
        return false;
    const struct grad_output list[] = { grad_output_of(p, &p->q, p->n, p->d),
                                        grad_output_of(p, &p->k, p->m, p->d),
                                        grad_output_of(p, &p->value, p->m, 1),
                                        grad_output_of(p, &a->d_out, p->n, 1) };
    const real most = grad_coordinate_most(p);
    bool moderate = most > 0;
    for (int i = 0; i < 4; i++)
        moderate = moderate && grad_array_is_moderate(&list[i], i < 2 ? most : REAL(MODERATE));
    return moderate;
}

/* Does the block go this way? */
static bool grad_block_is_fused(const struct grad_job *job, const struct grad_tile *g,
                                const struct pool_block *x)
{
    return job->fused && g->moderate && !g->special && !pool_block_masked(&g->t, x);
}

#endif
