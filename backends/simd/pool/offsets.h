/* SPDX-License-Identifier: Apache-2.0 */

/* Sums of weights times products of offsets, which are the differences of a query and keys: those
 * of a block, of all lanes. moments.h says what for. */
#ifndef BACKENDS_SIMD_POOL_OFFSETS_H
#define BACKENDS_SIMD_POOL_OFFSETS_H

#include "backends/simd/pool/plan.h"

enum { MOMENTS_WIDE = 8 }; /* most coordinates of a pass */

/* How many of them are multiplied by the others: as many as there are registers for. */
#define MOMENTS_ROWS(cols) ((cols) <= (NREG >= 32 ? 4 : 2) ? (cols) : NREG >= 32 ? 2 : 1)

/* The place of z_a z_b, b >= a, among these pairs. */
static inline int64_t pool_moments_pair(int64_t d, int64_t a, int64_t b)
{
    return a * d - a * (a - 1) / 2 + b - a;
}

/* The weights of a tile and a block, and what is multiplied by them. */
struct pool_moments {
    int lanes, count;
    int64_t d;
    const real *p;     /* weights, a row of lanes for each key */
    const real *q, *k; /* d rows of lanes; d numbers for each key */
    const real *power; /* d numbers that differences are multiplied by, or NULL: they have been */
    const element *v;  /* values */
    int64_t v_row, v_col; /* v_row 0: there are none */
    real *acc;            /* sums of the values of a single column, or NULL */
    const real *included; /* who takes part, or NULL: all, or their coordinates are finite */
    /* A vector for each value and coordinate, for each coordinate, for each pair of them; the next
     * vector of lanes has its own `columns` vectors further on */
    real *product, *first, *second;
    int64_t columns;
};

/* Which sums a pass makes: of coordinates a .. a + rows - 1 by themselves, by the first value, by
 * those from a on, and of that value by itself where it is the first pass; or by those from b > a
 * on alone. */
enum pool_moments_pass { PASS_FIRST, PASS_ROWS, PASS_MORE };

struct pool_moments_sums {
    vec acc[2], first[4], product[4], second[4][MOMENTS_WIDE];
};

VEC_FN void pool_moments_zero(struct pool_moments_sums *s, const int rows, const int cols,
                              const int nv)
{
    UNROLL_FOR (int i = 0; i < nv; i++)
        s->acc[i] = v_zero();
    UNROLL_FOR (int at = 0; at < rows * nv; at++) {
        s->first[at] = s->product[at] = v_zero();
        UNROLL_FOR (int c = 0; c < cols; c++)
            s->second[at][c] = v_zero();
    }
}

VEC_FN void pool_moments_store(const struct pool_moments *x, const struct pool_moments_sums *s,
                               int lane, int64_t a, int64_t b, const int rows, const int cols,
                               const int nv, const enum pool_moments_pass pass)
{
    UNROLL_FOR (int at = 0; at < rows * nv; at++) {
        const int r = at % rows, i = at / rows, from = pass == PASS_MORE ? 0 : r;
        const int64_t to = (lane + i * LANES) * x->columns;
        real *pairs = x->second + to + (pool_moments_pair(x->d, a + r, b + from) - from) * LANES;
        UNROLL_FOR (int c = 0; c < cols; c++)
            if (c >= from)
                v_storeu(pairs + c * LANES, s->second[at][c]);
        if (pass == PASS_MORE)
            continue;
        if (pass == PASS_FIRST && r == 0)
            v_storeu(x->acc + lane + i * LANES, s->acc[i]);
        v_storeu(x->first + to + (a + r) * LANES, s->first[at]);
        if (x->v_row != 0)
            v_storeu(x->product + to + (a + r) * LANES, s->product[at]);
    }
}

/* Vector i of lanes and one key, of value y. */
VEC_FN void pool_moments_key(struct pool_moments_sums *s, vec weight, vec y, const vec *z_row,
                             const vec *z, int i, const int rows, const int cols,
                             const enum pool_moments_pass pass)
{
    if (pass == PASS_FIRST)
        s->acc[i] = v_fma(weight, y, s->acc[i]);
    UNROLL_FOR (int r = 0; r < rows; r++) {
        const int at = i * rows + r;
        const vec sr = v_mul(weight, z_row[r]);
        if (pass != PASS_MORE) {
            s->first[at] = v_sub(s->first[at], sr);
            s->product[at] = v_fnma(sr, y, s->product[at]);
        }
        UNROLL_FOR (int c = 0; c < cols; c++)
            if (pass == PASS_MORE || c >= r)
                s->second[at][c] = v_fma(sr, z[c], s->second[at][c]);
    }
}

/* nv vectors of lanes. */
VEC_FN void pool_moments_n(const struct pool_moments *m, int lane, int64_t a, int64_t b,
                           const int rows, const int cols, const int nv,
                           const enum pool_moments_pass pass)
{
    const struct pool_moments x = *m; /* which no sum can alias */
    const real *p = x.p + lane, *ka = x.k + a, *kb = x.k + b;
    const real *qa = x.q + a * x.lanes + lane, *qb = x.q + b * x.lanes + lane;
    const element *v = x.v;
    struct pool_moments_sums s;
    pool_moments_zero(&s, rows, cols, nv);
    for (int j = 0; j < x.count; j++, p += x.lanes, ka += x.d, kb += x.d, v += x.v_row)
        UNROLL_FOR (int i = 0; i < nv; i++) {
            vec z_row[4], z[MOMENTS_WIDE];
            UNROLL_FOR (int c = 0; c < cols; c++)
                z[c] = v_sub(v_loadu(qb + c * x.lanes + i * LANES), v_set1(kb[c]));
            UNROLL_FOR (int r = 0; r < rows; r++)
                z_row[r] = pass == PASS_MORE
                               ? v_sub(v_loadu(qa + r * x.lanes + i * LANES), v_set1(ka[r]))
                               : z[r];
            pool_moments_key(&s, v_loadu(p + i * LANES), v_set1(get(v)), z_row, z, i, rows, cols,
                             pass);
        }
    pool_moments_store(&x, &s, lane, a, b, rows, cols, nv, pass);
}

/* The coordinates from b on, as many as fit, by as many from a on; returns how many these are. */
VEC_FN int pool_moments_cols(const struct pool_moments *m, int lane, int64_t a, int64_t b,
                             const int nv, const enum pool_moments_pass pass)
{
    const bool more = pass == PASS_MORE;
    switch (int_min(m->d - b, MOMENTS_WIDE)) {
#define MOMENTS_CASE(COLS)                                                                         \
    case COLS:                                                                                     \
        if (nv == 1 || COLS <= 2)                                                                  \
            pool_moments_n(m, lane, a, b, MOMENTS_ROWS(more ? MOMENTS_WIDE : COLS), COLS, nv,      \
                           pass);                                                                  \
        return MOMENTS_ROWS(COLS);
        MOMENTS_CASE(1)
        MOMENTS_CASE(2)
        MOMENTS_CASE(3)
        MOMENTS_CASE(4)
        MOMENTS_CASE(5)
        MOMENTS_CASE(6)
        MOMENTS_CASE(7)
    default:
        MOMENTS_CASE(8)
#undef MOMENTS_CASE
    }
}

/* What the weights and z_a are multiplied by: z_b, a value, or nothing. */
enum pool_moments_by { BY_COORDINATE, BY_VALUE, BY_NOTHING };

/* One sum, of coordinate a by number `other`, of all lanes. */
VEC_FN void pool_moments_one(const struct pool_moments *x, int64_t a, enum pool_moments_by by,
                             int64_t other, real *to)
{
    for (int lane = 0; lane < x->lanes; lane += LANES) {
        const real *q = x->q + lane;
        vec sum = v_zero();
        for (int j = 0; j < x->count; j++) {
            const int64_t b = by == BY_COORDINATE ? other : a;
            vec z = v_sub(v_loadu(q + a * x->lanes), v_set1(x->k[j * x->d + a]));
            vec y = v_sub(v_loadu(q + b * x->lanes), v_set1(x->k[j * x->d + b]));
            if (x->power != NULL) {
                z = v_mul(z, v_set1(x->power[a]));
                y = v_mul(y, v_set1(x->power[b]));
            }
            const vec s = v_mul(v_loadu(x->p + j * x->lanes + lane), z);
            vec next = v_sub(sum, s);
            if (by == BY_COORDINATE)
                next = v_fma(s, y, sum);
            if (by == BY_VALUE)
                next = v_fnma(s, v_set1(get(x->v + j * x->v_row + other * x->v_col)), sum);
            if (x->included != NULL) {
                const vec in = v_loadu(x->included + j * x->lanes + lane);
                next = v_select(v_gt(in, v_zero()), next, sum);
            }
            sum = next;
        }
        v_storeu(to + lane * x->columns, sum);
    }
}

static void pool_moments_values(const struct pool_moments *x, int64_t a, int64_t first,
                                int64_t values)
{
    for (int64_t c = first; c < values; c++)
        pool_moments_one(x, a, BY_VALUE, c, x->product + (c * x->d + a) * LANES);
}

static void pool_moments_all(const struct pool_moments *x, int64_t values)
{
    for (int lane = 0; lane < x->lanes && x->acc != NULL; lane += LANES) {
        vec sum = v_zero();
        for (int j = 0; j < x->count; j++)
            sum = v_fma(v_loadu(x->p + j * x->lanes + lane), v_set1(get(x->v + j * x->v_row)), sum);
        v_storeu(x->acc + lane, sum);
    }
    for (int64_t a = 0; a < x->d; a++) {
        pool_moments_one(x, a, BY_NOTHING, 0, x->first + a * LANES);
        pool_moments_values(x, a, 0, values);
        for (int64_t b = a; b < x->d; b++)
            pool_moments_one(x, a, BY_COORDINATE, b,
                             x->second + pool_moments_pair(x->d, a, b) * LANES);
    }
}

/* The first pass, of nv vectors. */
VEC_FN int pool_moments_first(const struct pool_moments *x, int lane, const int nv)
{
    if (x->acc != NULL)
        return pool_moments_cols(x, lane, 0, 0, nv, PASS_FIRST);
    return pool_moments_cols(x, lane, 0, 0, nv, PASS_ROWS);
}

/* All passes. Vectors of lanes go by twos where the sums of one would wait for each other; returns
 * how many are done. */
static int pool_moments_passes(const struct pool_moments *x, int lane)
{
    const int64_t rows = MOMENTS_ROWS(MOMENTS_WIDE);
    if (x->d <= (NREG >= 32 ? 2 : 1) && lane + 2 * LANES <= x->lanes) {
        pool_moments_first(x, lane, 2);
        return 2;
    }
    for (int64_t a = pool_moments_first(x, lane, 1); a < x->d;)
        a += pool_moments_cols(x, lane, a, a, 1, PASS_ROWS);
    for (int64_t a = 0; a + MOMENTS_WIDE < x->d; a += rows)
        for (int64_t b = a + MOMENTS_WIDE; b < x->d; b += MOMENTS_WIDE)
            pool_moments_cols(x, lane, a, b, 1, PASS_MORE);
    return 1;
}

static void pool_moments_fast(const struct pool_moments *x, int64_t values)
{
    for (int lane = 0; lane < x->lanes;)
        lane += pool_moments_passes(x, lane) * LANES;
    for (int64_t a = 0; a < x->d; a++)
        pool_moments_values(x, a, 1, values);
}

#endif
