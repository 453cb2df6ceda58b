/* SPDX-License-Identifier: Apache-2.0 */

/* Sums of the pairs of a block: over its keys for each query, lanes being queries, and over the
 * queries of a tile for each key, lanes being keys. */
#ifndef BACKENDS_SIMD_GRAD_SUMS_H
#define BACKENDS_SIMD_GRAD_SUMS_H

#include "backends/simd/grad/weights.h"

/* Vectors of lanes that share the numbers of the other side, and sums in registers. */
enum { GRAD_WIDE = 3, GRAD_ACC = GRAD_WIDE * GRAD_COLUMNS };

/* to += the sum over the block's keys of g k_c, for nv vectors of queries and n coordinates. */
VEC_FN void grad_row_columns(const struct grad_tile *g, const struct pool_block *x, int i,
                             int64_t c, real *to, const int nv, const int n, const bool plain)
{
    const struct pool_tile *t = &g->t;
    const struct array *k = &g->plan->a->pool->k;
    const element *from = row_at(k, t->b, t->head0, x->first) + c * k->col;
    vec s[GRAD_ACC], gradient[GRAD_WIDE];
    vec_mask in[GRAD_WIDE];
    UNROLL_FOR (int e = 0; e < nv * n; e++)
        s[e] = v_zero();
    for (int j = 0; j < x->count; j++, from += k->row) {
        UNROLL_FOR (int v = 0; v < nv; v++) {
            const int at = j * t->lanes + i + v * LANES;
            gradient[v] = v_loadu(g->gradient + at);
            in[v] = plain ? m_first(LANES) : v_gt(v_loadu(t->included + at), v_zero());
        }
        UNROLL_FOR (int e = 0; e < n; e++) {
            const vec point = v_set1(get(from + e * k->col));
            UNROLL_FOR (int v = 0; v < nv; v++) {
                const vec next = v_fma(gradient[v], point, s[v * n + e]);
                s[v * n + e] = plain ? next : v_select(in[v], next, s[v * n + e]);
            }
        }
    }
    UNROLL_FOR (int e = 0; e < nv * n; e++) {
        real *sum = to + (c + e % n) * t->lanes + i + e / n * LANES;
        v_storeu(sum, v_add(v_loadu(sum), s[e]));
    }
}

VEC_FN void grad_row_points_n(const struct grad_tile *g, const struct pool_block *x, int i,
                              real *to, const int nv, const bool plain)
{
    const int64_t d = g->plan->a->pool->d;
    int64_t c = 0;
    for (; c + GRAD_COLUMNS <= d; c += GRAD_COLUMNS)
        grad_row_columns(g, x, i, c, to, nv, GRAD_COLUMNS, plain);
    for (; c < d; c++)
        grad_row_columns(g, x, i, c, to, nv, 1, plain);
}

VEC_FN void grad_row_points_all(const struct grad_tile *g, const struct pool_block *x, real *to,
                                const bool plain)
{
    int i = 0;
    for (; i + GRAD_WIDE * LANES <= g->t.lanes; i += GRAD_WIDE * LANES)
        grad_row_points_n(g, x, i, to, GRAD_WIDE, plain);
    for (; i + 2 * LANES <= g->t.lanes; i += 2 * LANES)
        grad_row_points_n(g, x, i, to, 2, plain);
    for (; i < g->t.lanes; i += LANES)
        grad_row_points_n(g, x, i, to, 1, plain);
}

/* `finite`: the coordinates of the block's keys are. */
static void grad_row_points(const struct grad_tile *g, const struct pool_block *x, bool finite,
                            real *to)
{
    if (finite)
        grad_row_points_all(g, x, to, true);
    else
        grad_row_points_all(g, x, to, false);
}

/* to += the sum of g over the block's keys. */
static void grad_row_gradients(const struct grad_tile *g, const struct pool_block *x, real *to)
{
    for (int i = 0; i < g->t.lanes; i += LANES) {
        vec s = v_zero();
        for (int j = 0; j < x->count; j++)
            s = v_add(s, v_loadu(g->gradient + j * g->t.lanes + i));
        v_storeu(to + i, v_add(v_loadu(to + i), s));
    }
}

/* ---- Columns ---- */

/* Rows of lanes of `count` keys become rows of BLOCK keys of each lane, the first of them at number
 * `shift`, a multiple of LANES. */
static void grad_turn(const real *from, int count, int lanes, int shift, real *to)
{
    for (int j = 0; j < count; j += LANES)
        for (int lane = 0; lane < lanes; lane += LANES) {
            vec r[LANES];
            UNROLL_FOR (int k = 0; k < LANES; k++)
                r[k] = v_loadu(from + (j + k) * lanes + lane);
            v_transpose(r);
            UNROLL_FOR (int k = 0; k < LANES; k++)
                v_storeu(to + (lane + k) * BLOCK + shift + j, r[k]);
        }
}

/* Of a block of keys and a tile of queries, turned. */
struct grad_turned {
    const real *weight, *included; /* BLOCK numbers for each query; weight is W or g */
    int queries, lanes;
    int first, end; /* keys of the block */
    bool plain;
};

/* sum_c += weight x_c over the queries, for nv vectors of keys from j on and n columns from c on of
 * x. */
VEC_FN void grad_column_sums(const struct grad_turned *w, const real *x, int j, int64_t c,
                             real *sum, const int nv, const int n, const bool plain)
{
    vec s[GRAD_ACC], weight[GRAD_WIDE];
    vec_mask in[GRAD_WIDE];
    UNROLL_FOR (int e = 0; e < nv * n; e++)
        s[e] = v_loadu(sum + (c + e % n) * BLOCK + j + e / n * LANES);
    for (int i = 0; i < w->queries; i++) {
        UNROLL_FOR (int v = 0; v < nv; v++) {
            const int at = i * (int)BLOCK + j + v * LANES;
            weight[v] = v_loadu(w->weight + at);
            in[v] = plain ? m_first(LANES) : v_gt(v_loadu(w->included + at), v_zero());
        }
        UNROLL_FOR (int e = 0; e < n; e++) {
            const vec point = v_set1(x[(c + e) * w->lanes + i]);
            UNROLL_FOR (int v = 0; v < nv; v++) {
                const vec next = v_fma(weight[v], point, s[v * n + e]);
                s[v * n + e] = plain ? next : v_select(in[v], next, s[v * n + e]);
            }
        }
    }
    UNROLL_FOR (int e = 0; e < nv * n; e++)
        v_storeu(sum + (c + e % n) * BLOCK + j + e / n * LANES, s[e]);
}

VEC_FN void grad_columns_n(const struct grad_turned *w, const real *x, int j, int64_t columns,
                           real *sum, const int nv, const bool plain)
{
    int64_t c = 0;
    for (; c + GRAD_COLUMNS <= columns; c += GRAD_COLUMNS)
        grad_column_sums(w, x, j, c, sum, nv, GRAD_COLUMNS, plain);
    for (; c < columns; c++)
        grad_column_sums(w, x, j, c, sum, nv, 1, plain);
}

VEC_FN void grad_columns_all(const struct grad_turned *w, const real *x, int64_t columns, real *sum,
                             const bool plain)
{
    int j = w->first;
    for (; j + GRAD_WIDE * LANES <= w->end; j += GRAD_WIDE * LANES)
        grad_columns_n(w, x, j, columns, sum, GRAD_WIDE, plain);
    for (; j + 2 * LANES <= w->end; j += 2 * LANES)
        grad_columns_n(w, x, j, columns, sum, 2, plain);
    for (; j < w->end; j += LANES)
        grad_columns_n(w, x, j, columns, sum, 1, plain);
}

static void grad_columns(const struct grad_turned *w, const real *x, int64_t columns, real *sum)
{
    if (w->plain)
        grad_columns_all(w, x, columns, sum, true);
    else
        grad_columns_all(w, x, columns, sum, false);
}

/* sum += weight over the queries. */
static void grad_column_gradients(const struct grad_turned *w, real *sum)
{
    for (int j = w->first; j < w->end; j += LANES) {
        vec s = v_loadu(sum + j);
        for (int i = 0; i < w->queries; i++)
            s = v_add(s, v_loadu(w->weight + i * BLOCK + j));
        v_storeu(sum + j, s);
    }
}

#endif
