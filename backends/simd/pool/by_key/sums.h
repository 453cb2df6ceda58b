/* SPDX-License-Identifier: Apache-2.0 */

/* Weights of few rows and a super-block, and their sums (by_key.h). */
#ifndef BACKENDS_SIMD_POOL_BY_KEY_SUMS_H
#define BACKENDS_SIMD_POOL_BY_KEY_SUMS_H

#include "backends/simd/math/powers.h"
#include "backends/simd/math/relative.h"
#include "backends/simd/pool/by_key/by_key.h"
#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/run.h"

/* Maxima of the blocks of a row, from its scores or, where these are known, their extremes, into
 * m; false where scores are a common case. */
static bool by_key_maxima(const struct by_key *w, const real *s, const real *extremes, real *m)
{
    enum { VECTORS = BY_KEY_WIDE / LANES };
    const struct pool_plan *p = w->t->plan;
    const bool scaled = w->scaled, low = p->smallest && !scaled;
    vec_mask common = m_not(m_first(0));
    vec extreme[4];
    if (scaled)
        extremes = NULL;
    UNROLL_FOR (int i = 0; i < 4; i++)
        extreme[i] =
            extremes != NULL ? v_loadu(extremes + i * LANES) : v_set1(low ? REAL_MAX : -REAL_MAX);
    for (int x = 0; x < SUPER_BLOCK && extremes == NULL; x += 4 * LANES)
        UNROLL_FOR (int i = 0; i < 4; i++) {
            vec score = v_loadu(s + x + i * LANES);
            if (scaled)
                score = v_quarters(v_set1(p->c), score, v_loadu(w->exponents + x + i * LANES));
            extreme[i] = pool_extreme(low, extreme[i], score);
        }
    UNROLL_FOR (int i = VECTORS; i < 4; i++)
        extreme[i % VECTORS] = pool_extreme(low, extreme[i % VECTORS], extreme[i]);
    if (LANES > (int)POOL_BLOCKS) { /* blocks come in pieces */
        real twice[2 * LANES];
        v_storeu(twice, extreme[0]);
        v_storeu(twice + LANES, extreme[0]);
        extreme[0] = pool_extreme(low, extreme[0], v_loadu(twice + POOL_BLOCKS));
    }
    UNROLL_FOR (int i = 0; i < VECTORS; i++) {
        const vec max = scaled ? extreme[i] : v_maximum_of(p->c, extreme[i]);
        common = m_and(common, v_is_common(max));
        v_storeu(m + i * LANES, max);
    }
    return scaled || !m_all(common);
}

/* Where the next super-block's keys and values lie, in bytes; they come while there is work. */
struct by_key_next {
    uintptr_t k, v;     /* v may be 0: it does not come */
    size_t coordinates; /* of keys that come */
};

static struct by_key_next by_key_next_of(const struct by_key *w)
{
    const int64_t next = w->base + SUPER_BLOCK, d = w->t->plan->a->d;
    struct by_key_next x = { 0 };
    const bool lie = w->from_k.row == d && (w->from_k.col == 1 || d == 1);
    if (lie && d * SUPER_BLOCK * (int)sizeof(real) <=
                   16 << 10) { /* the processor fetches more by itself */
        x.k = (uintptr_t)(w->from_k.x + next * d);
        x.coordinates = (size_t)d;
    }
    if (w->from_v.x != NULL && w->from_v.row == 1)
        x.v = (uintptr_t)(w->from_v.x + next);
    return x;
}

/* 4 vectors. */
VEC_FN void by_key_fetch(uintptr_t x)
{
    UNROLL_FOR (size_t i = 0; i < 4 * LANES * sizeof(real); i += 64)
        vec_prefetch((const void *)(x + i));
}

VEC_FN void by_key_ahead(const struct by_key_next *x, size_t at)
{
    for (size_t c = 0; c < x->coordinates; c++)
        by_key_fetch(x->k + (at * x->coordinates + c * 4 * LANES) * sizeof(real));
    if (x->v != 0)
        by_key_fetch(x->v + at * sizeof(real));
}

/* A row of weights. */
struct by_key_sums {
    real *s;                     /* scores, then weights */
    const real *minus;           /* 4 vectors, or NULL: s are the weights */
    const real *factor, *weight; /* or NULL */
    const real *v, *included;    /* or NULL */
    bool keep;                   /* the weights, in s */
    real c;
    real *l, *sq, *sum; /* of the blocks */
};

/* 4 vectors of weights from number x on, into t, and s where they are kept. */
VEC_FN void by_key_group(const struct by_key_sums *w, int x, vec *t, const bool log,
                         const bool more, bool keep)
{
    real *s = w->s + x;
    UNROLL_FOR (int i = 0; i < 4; i++) {
        t[i] = v_loadu(s + i * LANES);
        if (log)
            t[i] = v_fma(v_set1(w->c), t[i], v_loadu(w->minus + i * LANES));
    }
    if (log)
        weight_powers(t, 4);
    UNROLL_FOR (int i = 0; i < 4; i++) {
        if (more && w->factor != NULL)
            t[i] = v_mul(t[i], v_loadu(w->factor + x + i * LANES));
        if (more && w->weight != NULL)
            t[i] = v_mul(t[i], v_loadu(w->weight + x + i * LANES));
        if (keep)
            v_storeu(s + i * LANES, t[i]);
    }
}

/* Weights from number x on, POOL_BLOCKS at a time, `rows` times, each BY_KEY_WIDE further on; they
 * are in t or, where that is NULL, in memory. */
VEC_FN void by_key_add(const struct by_key_sums *w, int x, const vec *t, int rows, vec *l, vec *sq,
                       vec *sum, const bool one, const bool more)
{
    const int wide = BY_KEY_WIDE, vectors = LANES < (int)POOL_BLOCKS ? POOL_BLOCKS / LANES : 1;
    UNROLL_FOR (int k = 0; k < rows; k++, x += wide)
        UNROLL_FOR (int i = 0; i < vectors; i++) {
            const vec p = t != NULL ? t[k * vectors + i] : v_loadu(w->s + x + i * LANES);
            l[i] = v_add(l[i], p);
            if (more)
                sq[i] = v_fma(p, p, sq[i]);
            if (!one)
                continue;
            vec to = v_fma(p, v_loadu(w->v + x + i * LANES), sum[i]);
            if (more && w->included != NULL)
                to = v_select(v_gt(v_loadu(w->included + x + i * LANES), v_zero()), to, sum[i]);
            sum[i] = to;
        }
}

/* Sums of weights that are made on the way. Where a vector holds two keys of a block they come
 * from memory, once the later ones have been made. `next` comes ahead, or is NULL. */
VEC_FN void by_key_sums_of(const struct by_key_sums *all, const struct by_key_next *next,
                           const bool log, const bool one, const bool more)
{
    enum {
        GROUP = 4 * LANES,
        ROWS = GROUP / BY_KEY_WIDE,
        VECTORS = LANES < (int)POOL_BLOCKS ? (int)POOL_BLOCKS / LANES : 1
    };
    const bool pieces = LANES > (int)POOL_BLOCKS;
    const struct by_key_sums one_row = *all, *w = &one_row;
    vec l[VECTORS], sq[VECTORS], sum[VECTORS], t[4];
    UNROLL_FOR (int i = 0; i < VECTORS; i++)
        l[i] = sq[i] = sum[i] = v_zero();
    for (int x = 0; x < SUPER_BLOCK; x += GROUP) {
        by_key_group(w, x, t, log, more, pieces || w->keep);
        if (!pieces)
            by_key_add(w, x, t, ROWS, l, sq, sum, one, more);
        if (next != NULL)
            by_key_ahead(next, (size_t)x);
    }
    for (int x = 0; x < BY_KEY_WIDE && pieces; x += POOL_BLOCKS)
        for (int k = 0; k < BY_KEY_RUN; k += ROWS)
            by_key_add(w, x + k * BY_KEY_WIDE, NULL, ROWS, l, sq, sum, one, more);
    for (int i = 0; i < VECTORS; i++) {
        v_storeu(w->l + i * LANES, l[i]);
        v_storeu(w->sq + i * LANES, sq[i]);
        v_storeu(w->sum + i * LANES, sum[i]);
    }
}

static void by_key_sums(const struct by_key_sums *w, const struct by_key_next *next, bool more)
{
    const bool one = w->v != NULL, log = w->minus != NULL;
    switch (log * 4 + one * 2 + more) {
    case 0:
        by_key_sums_of(w, next, false, false, false);
        break;
    case 1:
        by_key_sums_of(w, next, false, false, true);
        break;
    case 2:
        by_key_sums_of(w, next, false, true, false);
        break;
    case 3:
        by_key_sums_of(w, next, false, true, true);
        break;
    case 4:
        by_key_sums_of(w, next, true, false, false);
        break;
    case 5:
        by_key_sums_of(w, next, true, false, true);
        break;
    case 6:
        by_key_sums_of(w, next, true, true, false);
        break;
    default:
        by_key_sums_of(w, next, true, true, true);
    }
}

/* Scores to what the weights relative to m are powers of. */
static void by_key_relative(const struct by_key *w, real *s, const real *m)
{
    for (int x = 0; x < SUPER_BLOCK; x += LANES) {
        const vec k = w->scaled ? v_loadu(w->exponents + x) : v_zero();
        v_storeu(s + x, v_relative(v_set1(w->t->plan->c), v_loadu(s + x), k,
                                   v_loadu(m + x % BY_KEY_WIDE)));
    }
}

static bool by_key_has_nan(const real *x, int64_t n)
{
    bool nan = false;
    for (int64_t c = 0; c < n; c++)
        nan |= x[c] != x[c];
    return nan;
}

/* Squares of the blocks' weights, which are in s, again where they need an exponent: into m. */
static void by_key_squares(const real *s, const real *l, real *m, real *sq)
{
    for (int b = 0; b < POOL_BLOCKS; b++) {
        const real *p = s + b;
        real most = 0, r[LANES], scale[LANES];
        for (int piece = 0; piece < SUPER_BLOCK / POOL_BLOCKS; piece++)
            most = r_abs(p[piece * POOL_BLOCKS]) > most ? r_abs(p[piece * POOL_BLOCKS]) : most;
        const vec exponent = pool_exponents(v_set1(l[b]), v_set1(most));
        v_storeu(r, exponent);
        v_storeu(scale, pool_inverse_power(exponent));
        if (r[0] == 0)
            continue;
        m[b] = r[0];
        sq[b] = 0;
        for (int piece = 0; piece < BY_KEY_WIDE; piece += POOL_BLOCKS)
            for (int i = 0; i < BY_KEY_RUN; i++) {
                const real weight = p[i * BY_KEY_WIDE + piece] * scale[0];
                sq[b] = r_fma(weight, weight, sq[b]);
            }
    }
}

static bool by_key_out_of_range(const real *l, const real *sq)
{
    vec_mask out = m_first(0);
    for (int b = 0; b < POOL_BLOCKS; b += LANES) /* there may be more lanes than blocks */
        out = m_or(out, pool_out_of_range(v_loadu(l + b), v_loadu(sq + b)));
    return m_any(m_and(out, m_first((int)POOL_BLOCKS < LANES ? POOL_BLOCKS : LANES)));
}

/* Weights of row r, in the place of its scores where they are wanted again; maxima and sums of
 * its blocks. `extremes` may be NULL. */
static void by_key_weigh(const struct by_key *w, int r, const real *extremes, bool may_have_nan)
{
    const struct pool_plan *p = w->t->plan;
    const size_t at = by_key_row(w, r);
    real minus[4 * LANES], m[BY_KEY_WIDE] = { 0 }, l[BY_KEY_WIDE], sq[BY_KEY_WIDE],
                           sum[BY_KEY_WIDE];
    const bool more = p->factor || p->weighted || p->squares;
    struct by_key_sums sums = { .s = w->s + at,
                                .factor = p->factor ? w->factor + at : NULL,
                                .weight = p->weighted ? w->weights : NULL,
                                .v = p->a->v == 1 ? w->v : NULL,
                                .keep = p->a->v > 1 || may_have_nan,
                                .c = p->c,
                                .l = l,
                                .sq = sq,
                                .sum = sum };
    if (p->has_max) {
        const bool other = by_key_maxima(w, sums.s, extremes, m);
        for (int i = 0; i < 4 * LANES; i += LANES)
            v_storeu(minus + i, other ? v_zero() : v_mul(v_loadu(m + i % BY_KEY_WIDE), v_set1(-4)));
        if (other) {
            by_key_relative(w, sums.s, m);
            sums.c = 1;
        }
        sums.minus = minus;
    }
    const struct by_key_next next = by_key_next_of(w);
    by_key_sums(&sums, w->panel && r == 0 ? &next : NULL, more);
    if (p->squares && !p->has_max && by_key_out_of_range(l, sq)) {
        if (!sums.keep) {
            sums.keep = true;
            by_key_sums(&sums, NULL, more);
        }
        by_key_squares(sums.s, l, m, sq);
    }
    if (sums.v != NULL && may_have_nan && by_key_has_nan(sums.sum, POOL_BLOCKS)) {
        real squares[BY_KEY_WIDE];
        sums.sq = squares; /* those of sq may have exponents */
        sums.minus = sums.factor = sums.weight = NULL;
        sums.included = w->included + at;
        by_key_sums(&sums, NULL, true);
    }
    for (int b = 0, i = w->waiting * w->t->count + r; b < POOL_BLOCKS; b++, i += w->lanes) {
        w->m[i] = m[b];
        w->l[i] = l[b];
        w->sq[i] = sq[b];
        w->sum[i] = sum[b];
    }
}

#endif
