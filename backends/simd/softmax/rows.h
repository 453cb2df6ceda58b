/* SPDX-License-Identifier: Apache-2.0 */

/* Softmax of rows without masks, up to a vector of them side by side. */
#ifndef BACKENDS_SIMD_SOFTMAX_ROWS_H
#define BACKENDS_SIMD_SOFTMAX_ROWS_H

#include "backends/simd/array.h"
#include "backends/simd/integers.h"
#include "backends/simd/softmax/step.h"

/* What a group reads and writes should stay in the first cache, beside what is fetched for the
 * next one. */
enum { softmax_group_limit = 16384 / sizeof(real), cache_line = 64 / sizeof(real) };

struct softmax_rows {
    int64_t m;
    int count; /* of rows, at most LANES */
    const element *src;
    element *dst; /* may be src */
    int64_t src_row, dst_row;
    int64_t ahead; /* how far on the rows to fetch for the next group are */
};

/* --- rows along vectors: their reductions are done for LANES rows at once ------------------ */

VEC_FN vec softmax_rows_extreme(const element *x, int64_t m, bool smallest)
{
    vec extreme[4];
    int64_t j = 0;
    UNROLL_FOR (int v = 0; v < 4; v++)
        extreme[v] = v_set1(smallest ? REAL_MAX : -REAL_MAX);
    for (; j + 4 * LANES <= m; j += 4 * LANES) {
        UNROLL_FOR (int v = 0; v < 4; v++)
            extreme[v] = softmax_extreme(extreme[v], v_loadu(x + j + v * LANES), smallest);
    }
    for (; j + LANES <= m; j += LANES)
        extreme[0] = softmax_extreme(extreme[0], v_loadu(x + j), smallest);
    if (j < m) {
        const vec y = v_load_n(x + j, (size_t)(m - j));
        extreme[1] = softmax_extreme(extreme[1], v_select(m_first((size_t)(m - j)), y, extreme[1]),
                                     smallest);
    }
    extreme[0] = softmax_extreme(extreme[0], extreme[2], smallest);
    extreme[1] = softmax_extreme(extreme[1], extreme[3], smallest);
    return softmax_extreme(extreme[0], extreme[1], smallest);
}

/* Weights of a row's last n vectors, of the last of them `tail` elements. */
VEC_FN void softmax_rows_rest(const element *x, element *w, vec c, vec maximum, vec *sum,
                              size_t tail, const int n)
{
    vec e[softmax_vectors];
    UNROLL_FOR (int v = 0; v < n; v++)
        e[v] = v < n - 1 ? v_loadu(x + v * LANES) : v_load_n(x + v * LANES, tail);
    softmax_powers(e, c, maximum, false, n);
    e[n - 1] = v_where(m_first(tail), e[n - 1]);
    UNROLL_FOR (int v = 0; v < n; v++) {
        if (v < n - 1)
            v_storeu(w + v * LANES, e[v]);
        else
            v_store_n(w + v * LANES, e[v], tail);
        sum[v] = v_add(sum[v], e[v]);
    }
}

/* Weights of a row and the sums of its lanes; fetches what lies ahead. */
VEC_FN void softmax_rows_steps(const struct softmax_rows *f, const element *x, element *w, vec c,
                               vec maximum, vec *sum)
{
    const int64_t x_ahead = f->ahead * f->src_row, w_ahead = f->ahead * f->dst_row;
    for (int64_t j = 0; j + softmax_step <= f->m; j += softmax_step) {
        vec e[softmax_vectors];
        UNROLL_FOR (int v = 0; v < softmax_vectors; v++)
            e[v] = v_loadu(x + j + v * LANES);
        UNROLL_FOR (int l = 0; l < softmax_step; l += cache_line) {
            vec_prefetch(x + j + x_ahead + l);
            vec_prefetch(w + j + w_ahead + l);
        }
        softmax_powers(e, c, maximum, false, softmax_vectors);
        UNROLL_FOR (int v = 0; v < softmax_vectors; v++) {
            v_storeu(w + j + v * LANES, e[v]);
            sum[v] = v_add(sum[v], e[v]);
        }
    }
}

/* The weights of row r; the sums of its elements that are LANES apart. */
VEC_FN vec softmax_rows_weights(const struct softmax_rows *f, int r, vec c, vec maximum)
{
    const int vectors = softmax_vectors;
    const int64_t rest = f->m % softmax_step, at = f->m - rest;
    const size_t tail = rest % LANES == 0 ? LANES : (size_t)(rest % LANES);
    const element *x = f->src + r * f->src_row;
    element *w = f->dst + r * f->dst_row;
    vec sum[softmax_vectors];
    UNROLL_FOR (int v = 0; v < vectors; v++)
        sum[v] = v_zero();
    softmax_rows_steps(f, x, w, c, maximum, sum);
    switch (int_ceil(rest, LANES)) {
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        if (n <= vectors)                                                                          \
            softmax_rows_rest(x + at, w + at, c, maximum, sum, tail, n <= vectors ? n : 1);        \
        break;
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
        CASE(5)
        CASE(6)
        CASE(7)
        CASE(8)
#undef CASE
    default:
        break;
    }
    UNROLL_FOR (int v = vectors - 1; v >= 1; v--)
        sum[halved(v)] = v_add(sum[halved(v)], sum[v]);
    return sum[0];
}

VEC_FN void softmax_rows_scale(element *w, int64_t m, real by)
{
    const vec ratio = v_set1(by);
    int64_t j = 0;
    for (; j + 4 * LANES <= m; j += 4 * LANES) {
        UNROLL_FOR (int v = 0; v < 4; v++)
            v_storeu(w + j + v * LANES, v_mul(v_loadu(w + j + v * LANES), ratio));
    }
    for (; j + LANES <= m; j += LANES)
        v_storeu(w + j, v_mul(v_loadu(w + j), ratio));
    if (j < m)
        v_store_n(w + j, v_mul(v_load_n(w + j, (size_t)(m - j)), ratio), (size_t)(m - j));
}

/* False, and nothing is written, where one of the rows is no common case. */
static bool softmax_rows(const struct softmax_rows *f, bool smallest, real factor)
{
    vec reduced[LANES]; /* a row each, then a lane of all rows */
    real x[LANES];
    UNROLL_FOR (int r = 0; r < LANES; r++)
        reduced[r] = v_zero();
    for (int r = 0; r < f->count; r++) {
        const element *row = f->src + r * f->src_row;
        reduced[r] = smallest ? softmax_rows_extreme(row, f->m, true)
                              : softmax_rows_extreme(row, f->m, false);
    }
    v_transpose(reduced);
    UNROLL_FOR (int l = LANES - 1; l >= 1; l--)
        reduced[halved(l)] = softmax_extreme(reduced[halved(l)], reduced[l], smallest);
    const vec maximum = v_common_maximum_of(factor, reduced[0]);
    if (!m_all(v_is_common(maximum)))
        return false;
    v_storeu(x, v_mul(maximum, v_set1(-4)));
    for (int r = 0; r < f->count; r++)
        reduced[r] = softmax_rows_weights(f, r, v_set1(factor), v_set1(x[r]));
    v_transpose(reduced);
    UNROLL_FOR (int l = LANES - 1; l >= 1; l--)
        reduced[halved(l)] = v_add(reduced[halved(l)], reduced[l]);
    v_storeu(x, v_div(v_set1(1), reduced[0]));
    for (int r = 0; r < f->count; r++) {
        element *w = f->dst + r * f->dst_row;
        if (x[r] == x[r])
            softmax_rows_scale(w, f->m, x[r]);
        else /* a NaN is in the row */
            for (int64_t j = 0; j < f->m; j++)
                put(w + j, REAL_NAN);
    }
    return true;
}

/* --- rows as lanes: up to LANES rows of less than a step ------------------------------------ */

/* The rows by LANES columns at a time, transposed between rows and x: column j is x + j * LANES.
 * Lanes without a row have the last one. */
VEC_FN void softmax_narrow_load(const struct softmax_rows *f, const int count, real *x)
{
    for (int64_t j = 0; j < f->m; j += LANES) {
        const int64_t n = int_min(LANES, f->m - j);
        const element *row = f->src + j;
        vec r[LANES];
        UNROLL_FOR (int i = 0; i < LANES; i++) {
            r[i] = load(row, n);
            row += i + 1 < count ? f->src_row : 0;
        }
        v_transpose(r);
        UNROLL_FOR (int i = 0; i < LANES; i++)
            v_storeu(x + (j + i) * LANES, r[i]);
    }
}

VEC_FN void softmax_narrow_store(const struct softmax_rows *f, const int count, const real *x,
                                 vec ratio)
{
    for (int64_t j = 0; j < f->m; j += LANES) {
        const int64_t n = int_min(LANES, f->m - j);
        vec r[LANES];
        UNROLL_FOR (int i = 0; i < LANES; i++)
            r[i] = v_mul(v_loadu(x + (j + i) * LANES), ratio);
        v_transpose(r);
        UNROLL_FOR (int i = 0; i < LANES; i++) {
            if (i >= count)
                break;
            store(f->dst + i * f->dst_row + j, r[i], n);
        }
    }
}

/* Weights of n columns from j on, in place, and as lanes of the sum. */
VEC_FN void softmax_narrow_powers(real *x, real *lanes, int64_t j, vec c, vec maximum, const int n)
{
    vec e[4];
    UNROLL_FOR (int i = 0; i < n; i++)
        e[i] = v_loadu(x + (j + i) * LANES);
    softmax_powers(e, c, maximum, false, n);
    UNROLL_FOR (int i = 0; i < n; i++) {
        v_storeu(x + (j + i) * LANES, e[i]);
        v_storeu(lanes + (j + i) * LANES, e[i]);
    }
}

/* False, and nothing is written, where one of the rows is no common case. */
VEC_FN bool softmax_narrow_of(const struct softmax_rows *f, const int count, bool smallest,
                              real factor)
{
    real x[LANES * softmax_step], lanes[LANES * softmax_step];
    vec maximum = v_set1(smallest ? REAL_MAX : -REAL_MAX);
    int64_t j = 0;
    v_storeu(lanes, v_zero()); /* there is a column */
    softmax_narrow_load(f, count, x);
    for (; j < f->m; j++)
        maximum = softmax_extreme(maximum, v_loadu(x + j * LANES), smallest);
    maximum = v_common_maximum_of(factor, maximum);
    if (!m_all(v_is_common(maximum)))
        return false;
    maximum = v_mul(maximum, v_set1(-4));
    for (j = 0; j + 4 <= f->m; j += 4)
        softmax_narrow_powers(x, lanes, j, v_set1(factor), maximum, 4);
    for (; j < f->m; j++)
        softmax_narrow_powers(x, lanes, j, v_set1(factor), maximum, 1);
    for (j = f->m - 1; j >= 1; j--) { /* the lanes that are not there are 0 */
        real *to = lanes + halved((int)j) * LANES;
        v_storeu(to, v_add(v_loadu(to), v_loadu(lanes + j * LANES)));
    }
    const vec sum = v_loadu(lanes);
    if (!m_all(v_gt(sum, v_zero())))
        return false;
    softmax_narrow_store(f, count, x, v_div(v_set1(1), sum));
    return true;
}

static bool softmax_narrow(const struct softmax_rows *f, bool smallest, real factor)
{
    return f->count == LANES ? softmax_narrow_of(f, LANES, smallest, factor)
                             : softmax_narrow_of(f, f->count, smallest, factor);
}

#endif
