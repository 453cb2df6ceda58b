/* SPDX-License-Identifier: Apache-2.0 */

/* Sums over the queries of a tile for each key of a block whose lanes are columns: of dO, or of the
 * queries. They take W and g as they lie, a row for each key. */
#ifndef BACKENDS_SIMD_GRAD_WIDE_H
#define BACKENDS_SIMD_GRAD_WIDE_H

#include "backends/simd/array.h"

/* Keys and vectors of columns that go side by side. */
enum { GRAD_WIDE_KEYS = NREG >= 32 ? 8 : 6, GRAD_WIDE_VECTORS = 2 };

struct grad_wide {
    const real *weight;   /* W or g */
    const real *included; /* or NULL: all numbers are finite */
    int step;             /* from key to key */
    int keys, queries;
    const element *x; /* of the queries: columns side by side, rows `row` apart */
    int64_t row, columns;
    real *sum; /* `room` numbers for each key */
    int64_t room;
};

/* What fits: columns side by side, and enough of them to fill vectors. */
static inline bool grad_is_wide(const struct array *x, int64_t columns)
{
    return x->col == 1 && 2 * columns >= LANES;
}

/* Columns in whole vectors. */
static inline int64_t grad_wide_room(int64_t columns)
{
    return (columns + LANES - 1) / LANES * LANES;
}

/* nk keys from key j on and nv vectors from column c on, the last of which has n. */
VEC_FN void grad_wide_tile(const struct grad_wide *w, int j, int64_t c, int64_t n, const int nk,
                           const int nv, const bool plain)
{
    const int64_t room = w->room, row = w->row;
    const int step = w->step, queries = w->queries;
    vec s[GRAD_WIDE_KEYS * GRAD_WIDE_VECTORS], x[GRAD_WIDE_VECTORS];
    real *sum = w->sum + j * room + c;
    const element *from = w->x + c;
    UNROLL_FOR (int e = 0; e < nk * nv; e++)
        s[e] = v_loadu(sum + e / nv * room + e % nv * LANES);
    for (int i = 0; i < queries; i++, from += row) {
        const real *weight = w->weight + j * step + i;
        if (!plain && !(w->included[j * step + i] > 0))
            continue;
        UNROLL_FOR (int v = 0; v < nv; v++)
            x[v] = nv > 1 ? v_loadu(from + v * LANES) : load(from, n);
        UNROLL_FOR (int k = 0; k < nk; k++) {
            const vec a = v_set1(weight[k * step]);
            UNROLL_FOR (int v = 0; v < nv; v++)
                s[k * nv + v] = v_fma(a, x[v], s[k * nv + v]);
        }
    }
    UNROLL_FOR (int e = 0; e < nk * nv; e++)
        v_storeu(sum + e / nv * room + e % nv * LANES, s[e]);
}

VEC_FN void grad_wide_keys(const struct grad_wide *w, int j, const int nk, const bool plain)
{
    int64_t c = 0;
    for (; c + GRAD_WIDE_VECTORS * LANES <= w->columns; c += GRAD_WIDE_VECTORS * LANES)
        grad_wide_tile(w, j, c, LANES, nk, GRAD_WIDE_VECTORS, plain);
    for (; c < w->columns; c += LANES)
        grad_wide_tile(w, j, c, w->columns - c < LANES ? w->columns - c : LANES, nk, 1, plain);
}

/* sum_c += weight x_c over the queries. */
static void grad_wide(const struct grad_wide *w)
{
    /* Beside sixes the last eight go by fours: fewer keys leave the multiply-adds waiting for each
     * other. */
    const int fours = GRAD_WIDE_KEYS < 8 ? 8 : 0;
    int j = 0;
    if (w->included == NULL) {
        for (; j + GRAD_WIDE_KEYS <= w->keys && w->keys - j != fours; j += GRAD_WIDE_KEYS)
            grad_wide_keys(w, j, GRAD_WIDE_KEYS, true);
        for (; j + 4 <= w->keys; j += 4)
            grad_wide_keys(w, j, 4, true);
        for (; j < w->keys; j++)
            grad_wide_keys(w, j, 1, true);
    }
    for (; j < w->keys; j++)
        grad_wide_keys(w, j, 1, false);
}

#endif
