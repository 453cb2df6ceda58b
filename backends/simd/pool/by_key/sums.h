/* SPDX-License-Identifier: Apache-2.0 */

/* Scores of few rows and a group of super-blocks become weights, and these are summed (by_key.h).
 */
#ifndef BACKENDS_SIMD_POOL_BY_KEY_SUMS_H
#define BACKENDS_SIMD_POOL_BY_KEY_SUMS_H

#include "backends/simd/math/powers.h"
#include "backends/simd/pool/by_key/by_key.h"
#include "backends/simd/pool/plan.h"

/* Where the next group's keys and values lie, in bytes; they come while there is work. */
struct by_key_next {
    uintptr_t k, v;     /* v may be 0: it does not come */
    size_t coordinates; /* of keys that come */
};

static struct by_key_next by_key_next_of(const struct by_key *w)
{
    const int64_t next = w->base + BY_KEY_KEYS, d = w->t->plan->a->d;
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

/* Fetches 4 vectors from address x on. */
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
    int keys;                    /* of the group */
    real c;
    real *l, *sq, *sum; /* of the blocks */
};

/* 4 vectors of weights from number x on, into t, and s where they are kept. */
VEC_FN void by_key_group(const struct by_key_sums *w, int x, vec *t, const enum powers log,
                         const bool more, bool keep)
{
    real *s = w->s + x;
    UNROLL_FOR (int i = 0; i < 4; i++) {
        t[i] = v_loadu(s + i * LANES);
        if (log != POWERS_NONE)
            t[i] = v_fma(v_set1(w->c), t[i], v_loadu(w->minus + i * LANES));
    }
    if (log != POWERS_NONE)
        weight_powers(t, 4, log == POWERS_NEAR);
    UNROLL_FOR (int i = 0; i < 4; i++) {
        if (more && w->factor != NULL)
            t[i] = v_mul(t[i], v_loadu(w->factor + x + i * LANES));
        if (more && w->weight != NULL)
            t[i] = v_mul(t[i], v_loadu(w->weight + x + i * LANES));
        if (keep)
            v_storeu(s + i * LANES, t[i]);
    }
}

/* Weights from number x on, a row of lanes after the other; they are in t or, where that is NULL,
 * in memory. */
VEC_FN void by_key_add(const struct by_key_sums *w, int x, const vec *t, vec *l, vec *sq, vec *sum,
                       const bool one, const bool more)
{
    enum { VECTORS = BY_KEY_WIDE / LANES };
    UNROLL_FOR (int k = 0; k < 4; k++, x += LANES) {
        const int i = k % VECTORS;
        const vec p = t != NULL ? t[k] : v_loadu(w->s + x);
        l[i] = v_add(l[i], p);
        if (more)
            sq[i] = v_fma(p, p, sq[i]);
        if (!one)
            continue;
        vec to = v_fma(p, v_loadu(w->v + x), sum[i]);
        if (more && w->included != NULL)
            to = v_select(v_gt(v_loadu(w->included + x), v_zero()), to, sum[i]);
        sum[i] = to;
    }
}

/* Sums of weights that are made on the way. Those of pieces come from memory: piece by piece, each
 * moved to the lanes of the first. `next` comes ahead, or is NULL. */
VEC_FN void by_key_sums_of(const struct by_key_sums *all, const struct by_key_next *next,
                           const enum powers log, const bool one, const bool more)
{
    enum { VECTORS = BY_KEY_WIDE / LANES };
    const struct by_key_sums one_row = *all, *w = &one_row;
    const int keys = BY_KEY_GROUP > 1 ? w->keys : BY_KEY_KEYS;
    const bool pieces = keys < BY_KEY_KEYS; /* of blocks, in the lanes */
    vec l[VECTORS], sq[VECTORS], sum[VECTORS], t[4];
    UNROLL_FOR (int i = 0; i < VECTORS; i++)
        l[i] = sq[i] = sum[i] = v_zero();
    for (int x = 0; x < keys; x += 4 * LANES) {
        by_key_group(w, x, t, log, more, pieces || w->keep);
        if (!pieces)
            by_key_add(w, x, t, l, sq, sum, one, more);
        if (next != NULL)
            by_key_ahead(next, (size_t)x);
    }
    for (int x = 0; x < BY_KEY_WIDE && pieces; x += POOL_BLOCKS)
        for (int k = 0; k < keys; k += 4 * LANES)
            by_key_add(w, x + k, NULL, l, sq, sum, one, more);
    UNROLL_FOR (int i = 0; i < VECTORS; i++) {
        v_storeu(w->l + i * LANES, l[i]);
        v_storeu(w->sq + i * LANES, sq[i]);
        v_storeu(w->sum + i * LANES, sum[i]);
    }
}

VEC_FN void by_key_sums_by(const struct by_key_sums *w, const struct by_key_next *next, bool more,
                           const enum powers log)
{
    switch ((w->v != NULL) * 2 + more) {
    case 0:
        by_key_sums_of(w, next, log, false, false);
        break;
    case 1:
        by_key_sums_of(w, next, log, false, true);
        break;
    case 2:
        by_key_sums_of(w, next, log, true, false);
        break;
    default:
        by_key_sums_of(w, next, log, true, true);
    }
}

/* `near`: as for weight_powers. */
static void by_key_sums(const struct by_key_sums *w, const struct by_key_next *next, bool more,
                        bool near)
{
    switch (powers_of(w->minus != NULL, near)) {
    case POWERS_NONE:
        by_key_sums_by(w, next, more, POWERS_NONE);
        break;
    case POWERS_ALL:
        by_key_sums_by(w, next, more, POWERS_ALL);
        break;
    default:
        if (REAL_BITS == 64)
            by_key_sums_by(w, next, more, POWERS_NEAR);
    }
}

static bool by_key_has_nan(const real *x, int64_t n)
{
    bool nan = false;
    for (int64_t c = 0; c < n; c++)
        nan |= x[c] != x[c];
    return nan;
}

#endif
