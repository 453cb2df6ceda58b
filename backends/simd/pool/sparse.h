/* SPDX-License-Identifier: Apache-2.0 */

/* Several blocks of a few gathered keys each at once: scores of all of them, then block by block
 * the sums, which merge at once into the super-block's. For a regression on at most one column of
 * values out of the log domain, or on keys that are not far from rows that have a near one: maxima
 * are then small. */
#ifndef BACKENDS_SIMD_POOL_SPARSE_H
#define BACKENDS_SIMD_POOL_SPARSE_H

#include "backends/simd/math/powers.h"
#include "backends/simd/math/relative.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/score.h"
#include "backends/simd/pool/state.h"
#include "backends/simd/pool/tile.h"

enum { SPARSE_VECTORS = NREG >= 32 ? 4 : 2 };

struct pool_sparse {
    int lanes;
    real c;
    const real *s;       /* scores, or weights where there is no maximum */
    const real *factor;  /* or NULL */
    const real *weights; /* of the keys, or NULL */
    const element *v;    /* or NULL */
    int64_t v_row;
    bool squares;
};

/* Whether the tile's blocks may go together, and their sums relative to no maximum or a small one.
 */
static bool pool_is_sparse(const struct pool_tile *t)
{
    const struct pool_plan *p = t->plan;
    return p->a->v <= 1 && p->a->moments.power == NULL && !p->final && !p->folded &&
           (!p->has_max || (p->cuts_far && t->near && p->smallest));
}

/* The maxima of keys [j, end), of nv vectors of lanes from `lane` on. */
VEC_FN void pool_sparse_maxima(const struct pool_sparse *x, int j, int end, int lane, vec *m,
                               const int nv)
{
    const vec quarter = v_set1(x->c / 4);
    UNROLL_FOR (int i = 0; i < nv; i++)
        m[i] = v_set1(REAL_MAX);
    for (; j < end; j++)
        UNROLL_FOR (int i = 0; i < nv; i++)
            m[i] = v_min_keep(m[i], v_loadu(x->s + j * x->lanes + lane + i * LANES));
    UNROLL_FOR (int i = 0; i < nv; i++)
        m[i] = v_max_keep(v_set1(REAL(NEAR_LIMIT)), v_fma(quarter, m[i], v_zero()));
}

/* Into the state of a super-block, of which the block is the first or not. */
VEC_FN void pool_sparse_merge(const struct pool_sparse *x, real *state, bool first, vec m, vec l,
                              vec sq, vec acc, const bool near, const bool one)
{
    real *sum = state + x->lanes, *square = sum + x->lanes, *to = square + x->lanes;
    if (!first && near) {
        vec u, w;
        const vec m1 = v_loadu(state);
        pool_merge_weights(m1, m, &u, &w);
        m = v_max_keep(m1, m);
        l = pool_merged(v_loadu(sum), l, u, w);
        if (x->squares)
            sq = pool_merged(v_loadu(square), sq, v_mul(u, u), v_mul(w, w));
        if (one)
            acc = pool_merged(v_loadu(to), acc, u, w);
    } else if (!first) {
        l = v_add(v_loadu(sum), l);
        if (x->squares)
            sq = v_add(v_loadu(square), sq);
        if (one)
            acc = v_add(v_loadu(to), acc);
    }
    v_storeu(state, m);
    v_storeu(sum, l);
    v_storeu(square, sq);
    if (one)
        v_storeu(to, acc);
}

/* A state into the one before it. */
VEC_FN void pool_sparse_states(const struct pool_plan *p, real *left, const real *right, int lanes,
                               const bool near, const bool one)
{
    const struct pool_sparse x = { .lanes = lanes, .squares = p->squares };
    for (int i = 0; i < lanes; i += LANES) {
        const real *from = right + i;
        pool_sparse_merge(&x, left + i, false, v_loadu(from), v_loadu(from + lanes),
                          v_loadu(from + 2 * lanes), one ? v_loadu(from + 3 * lanes) : v_zero(),
                          near, one);
    }
}

static void pool_sparse_join(const struct pool_plan *p, real *left, const real *right, int lanes)
{
    if (p->has_max && p->a->v > 0)
        pool_sparse_states(p, left, right, lanes, true, true);
    else if (p->has_max)
        pool_sparse_states(p, left, right, lanes, true, false);
    else if (p->a->v > 0)
        pool_sparse_states(p, left, right, lanes, false, true);
    else
        pool_sparse_states(p, left, right, lanes, false, false);
}

/* Keys [j, end) of a block. */
VEC_FN void pool_sparse_n(const struct pool_sparse *x, int j, int end, int lane, real *state,
                          bool first, const int nv, const bool near, const bool one)
{
    vec m[4], l[4], sq[4], acc[4], p[4];
    UNROLL_FOR (int i = 0; i < nv; i++)
        m[i] = l[i] = sq[i] = acc[i] = v_zero();
    if (near)
        pool_sparse_maxima(x, j, end, lane, m, nv);
    for (; j < end; j++) {
        const int at = j * x->lanes + lane;
        UNROLL_FOR (int i = 0; i < nv; i++) {
            p[i] = v_loadu(x->s + at + i * LANES);
            if (near)
                p[i] = v_fma(v_set1(x->c), p[i], v_mul(m[i], v_set1(-4)));
        }
        if (near)
            weight_powers(p, nv, powers_of(true, true) == POWERS_NEAR);
        if (x->factor != NULL)
            UNROLL_FOR (int i = 0; i < nv; i++)
                p[i] = v_mul(p[i], v_loadu(x->factor + at + i * LANES));
        if (x->weights != NULL)
            UNROLL_FOR (int i = 0; i < nv; i++)
                p[i] = v_mul(p[i], v_set1(x->weights[j]));
        if (x->squares)
            UNROLL_FOR (int i = 0; i < nv; i++)
                sq[i] = v_fma(p[i], p[i], sq[i]);
        UNROLL_FOR (int i = 0; i < nv; i++)
            l[i] = v_add(l[i], p[i]);
        if (one) {
            const vec value = v_set1(get(x->v + j * x->v_row));
            UNROLL_FOR (int i = 0; i < nv; i++)
                acc[i] = v_fma(p[i], value, acc[i]);
        }
    }
    UNROLL_FOR (int i = 0; i < nv; i++)
        pool_sparse_merge(x, state + lane + i * LANES, first, m[i], l[i], sq[i], acc[i], near, one);
}

VEC_FN void pool_sparse_v(const struct pool_sparse *x, int j, int end, real *state, bool first,
                          const bool near, const bool one)
{
    int lane = 0;
    for (; lane + SPARSE_VECTORS * LANES <= x->lanes; lane += SPARSE_VECTORS * LANES)
        pool_sparse_n(x, j, end, lane, state, first, SPARSE_VECTORS, near, one);
    for (; lane < x->lanes; lane += LANES)
        pool_sparse_n(x, j, end, lane, state, first, 1, near, one);
}

static void pool_sparse_block(const struct pool_sparse *x, int j, int end, real *state, bool first,
                              bool near)
{
    switch (near * 2 + (x->v != NULL)) {
    case 0:
        pool_sparse_v(x, j, end, state, first, false, false);
        break;
    case 1:
        pool_sparse_v(x, j, end, state, first, false, true);
        break;
    case 2:
        pool_sparse_v(x, j, end, state, first, true, false);
        break;
    default:
        pool_sparse_v(x, j, end, state, first, true, true);
    }
}

/* Whether squares of weights need no exponent: those of n, whole vectors. */
static bool pool_squares_are_common(const real *s, size_t n, real weight)
{
    vec_mask out = m_first(0);
    for (size_t i = 0; i < n; i += LANES) {
        const vec p = v_abs(v_mul(v_loadu(s + i), v_set1(weight)));
        const vec_mask in = m_or(v_eq(p, v_zero()), v_ge(p, v_set1(REAL(WEIGHT_LEAST))));
        out = m_or(out, m_not(m_and(in, v_lt(p, v_set1(REAL(WEIGHT_MOST))))));
    }
    return !m_any(out);
}

/* The scores of blocks that lie beside each other, x being all of them. false where they have to
 * go one by one. */
static bool pool_sparse_scores(struct pool_tile *t, const struct pool_block *x,
                               struct pool_sparse *sparse)
{
    const struct pool_plan *p = t->plan;
    if (x->scaled)
        return false;
    pool_block_scores(t, x, false);
    *sparse = (struct pool_sparse){ .lanes = t->lanes,
                                    .c = p->c,
                                    .s = t->s,
                                    .factor = p->factor ? t->factor : NULL,
                                    .weights = p->weighted ? t->weights : NULL,
                                    .v = p->a->v > 0 ? x->v : NULL,
                                    .v_row = p->a->value.row,
                                    .squares = p->squares };
    bool common = true;
    for (int j = 0; j < x->count && p->squares && !p->has_max; j++)
        common &= pool_squares_are_common(t->s + j * t->lanes, (size_t)t->lanes,
                                          p->weighted ? t->weights[j] : 1);
    return common;
}

#endif
