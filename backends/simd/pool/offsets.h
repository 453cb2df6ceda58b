/* SPDX-License-Identifier: Apache-2.0 */

/* Sums of weights times products of offsets, which are the differences of a query and keys: those
 * of a block, of all lanes. moments.h says what for. */
#ifndef BACKENDS_SIMD_POOL_OFFSETS_H
#define BACKENDS_SIMD_POOL_OFFSETS_H

#include "backends/simd/pool/plan.h"

/* Most coordinates of a pass, and how many of them are multiplied by the others: as many as there
 * are registers for. */
enum {
    MOMENTS_WIDE = NREG >= 32 ? 8 : 4,
    MOMENTS_ROWS_MOST = 4,
    MOMENTS_NARROW = NREG >= 32 ? 2 : 1
};
#define MOMENTS_ROWS(cols) ((cols) <= (NREG >= 32 ? 4 : 2) ? (cols) : 2)

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
    vec acc[2], first[MOMENTS_ROWS_MOST], product[MOMENTS_ROWS_MOST];
    vec second[MOMENTS_ROWS_MOST][MOMENTS_WIDE];
};

/* The queries of the lanes and the key at hand. */
struct pool_moments_at {
    const real *qa, *qb; /* from coordinate a, and from b on */
    const real *ka, *kb;
    const element *v;
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

/* Offsets of queries from a key, or of the key from them: the loads of what comes second in a
 * difference are part of it, so long as they fit. */
enum { OFFSETS_OF_QUERIES = NREG >= 32 };

VEC_FN vec pool_offset(const real *q, const real *k)
{
    return OFFSETS_OF_QUERIES ? v_sub(v_loadu(q), v_set1(*k)) : v_sub(v_set1(*k), v_loadu(q));
}

/* Vector i of lanes and one key: t are weights times offsets. Each offset is used as soon as it is
 * there, for there are no registers to keep them in. */
VEC_FN void pool_moments_key(const struct pool_moments *x, struct pool_moments_sums *s,
                             const real *p, const struct pool_moments_at *at, int i, const int rows,
                             const int cols, const enum pool_moments_pass pass)
{
    const vec weight = v_loadu(p + i * LANES), y = v_set1(get(at->v));
    vec t[MOMENTS_ROWS_MOST];
    if (pass == PASS_FIRST)
        s->acc[i] = v_fma(weight, y, s->acc[i]);
    UNROLL_FOR (int r = 0; r < rows && pass == PASS_MORE; r++)
        t[r] = v_mul(weight, pool_offset(at->qa + r * x->lanes + i * LANES, at->ka + r));
    UNROLL_FOR (int c = 0; c < cols; c++) {
        const vec z = pool_offset(at->qb + c * x->lanes + i * LANES, at->kb + c);
        if (pass != PASS_MORE && c < rows) {
            vec *first = &s->first[i * rows + c], *product = &s->product[i * rows + c];
            t[c] = v_mul(weight, z);
            *first = OFFSETS_OF_QUERIES ? v_sub(*first, t[c]) : v_add(*first, t[c]);
            *product = OFFSETS_OF_QUERIES ? v_fnma(t[c], y, *product) : v_fma(t[c], y, *product);
        }
        UNROLL_FOR (int r = 0; r < rows; r++)
            if (pass == PASS_MORE || c >= r)
                s->second[i * rows + r][c] = v_fma(t[r], z, s->second[i * rows + r][c]);
    }
}

/* nv vectors of lanes. */
VEC_FN void pool_moments_n(const struct pool_moments *m, int lane, int64_t a, int64_t b,
                           const int rows, const int cols, const int nv,
                           const enum pool_moments_pass pass)
{
    const struct pool_moments x = *m; /* which no sum can alias */
    struct pool_moments_at at = { x.q + a * x.lanes + lane, x.q + b * x.lanes + lane, x.k + a,
                                  x.k + b, x.v };
    const real *p = x.p + lane;
    struct pool_moments_sums s;
    pool_moments_zero(&s, rows, cols, nv);
    for (int j = 0; j < x.count; j++, p += x.lanes, at.ka += x.d, at.kb += x.d, at.v += x.v_row)
        UNROLL_FOR (int i = 0; i < nv; i++)
            pool_moments_key(&x, &s, p, &at, i, rows, cols, pass);
    pool_moments_store(&x, &s, lane, a, b, rows, cols, nv, pass);
}

/* All lanes, by twos where the sums of one vector would wait for each other. */
VEC_FN void pool_moments_lanes(const struct pool_moments *m, int64_t a, int64_t b, const int rows,
                               const int cols, const enum pool_moments_pass pass)
{
    const int nv = cols <= MOMENTS_NARROW ? 2 : 1;
    int lane = 0;
    for (; lane + nv * LANES <= m->lanes; lane += nv * LANES)
        pool_moments_n(m, lane, a, b, rows, cols, nv, pass);
    for (; lane < m->lanes; lane += LANES)
        pool_moments_n(m, lane, a, b, rows, cols, 1, pass);
}

/* The coordinates from b on, as many as fit, by as many from a on; returns how many these are. */
VEC_FN int pool_moments_cols(const struct pool_moments *m, int64_t a, int64_t b,
                             const enum pool_moments_pass pass)
{
    const bool more = pass == PASS_MORE;
    switch (int_min(m->d - b, MOMENTS_WIDE)) {
#define MOMENTS_CASE(COLS)                                                                         \
    case COLS:                                                                                     \
        if (COLS <= MOMENTS_WIDE)                                                                  \
            pool_moments_lanes(m, a, b, MOMENTS_ROWS(more ? MOMENTS_WIDE : COLS), COLS, pass);     \
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

static int pool_moments_first(const struct pool_moments *x)
{
    if (x->acc != NULL)
        return pool_moments_cols(x, 0, 0, PASS_FIRST);
    return pool_moments_cols(x, 0, 0, PASS_ROWS);
}

static void pool_moments_fast(const struct pool_moments *x, int64_t values)
{
    const int64_t rows = MOMENTS_ROWS(MOMENTS_WIDE);
    for (int64_t a = pool_moments_first(x); a < x->d;)
        a += pool_moments_cols(x, a, a, PASS_ROWS);
    for (int64_t a = 0; a + MOMENTS_WIDE < x->d; a += rows)
        for (int64_t b = a + MOMENTS_WIDE; b < x->d; b += MOMENTS_WIDE)
            pool_moments_cols(x, a, b, PASS_MORE);
    for (int64_t a = 0; a < x->d; a++)
        pool_moments_values(x, a, 1, values);
}

#endif
