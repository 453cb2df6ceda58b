/* SPDX-License-Identifier: Apache-2.0 */

/* Scores become weights; denominators, and numerators. */
#ifndef BACKENDS_SIMD_POOL_SUMS_H
#define BACKENDS_SIMD_POOL_SUMS_H

#include "backends/simd/math/powers.h"
#include "backends/simd/pool/plan.h"

struct pool_sums {
    int vectors, count;
    real c;
    real *s;             /* scores; then the weights where `keep` */
    const real *minus;   /* minus the maximum, for each lane */
    const real *factor;  /* or NULL */
    const real *weights; /* of the keys, or NULL */
    real *l, *sq;        /* sq may be NULL */
    const element *v;    /* one column of values into acc, or NULL: the weights are kept */
    int64_t v_row;
    real *acc;
};

/* Weights of `keys` keys from j on and nv vectors of lanes from `lane` on, added to the sums.
 * `more`: 1 with factors or key weights, 2 with squares too. */
VEC_FN void pool_sums_keys(const struct pool_sums *x, int j, int lane, vec *l, vec *sq, vec *acc,
                           const int keys, const int nv, const enum powers log, const bool one,
                           const int more)
{
    const int64_t step = x->vectors * LANES, at = j * step + lane;
    const vec c = v_set1(x->c);
    vec weight[8];
    UNROLL_FOR (int i = 0; i < keys * nv; i++) {
        weight[i] = v_loadu(x->s + at + i / nv * step + i % nv * LANES);
        if (log != POWERS_NONE)
            weight[i] = v_fma(c, weight[i], v_loadu(x->minus + lane + i % nv * LANES));
    }
    if (log != POWERS_NONE)
        weight_powers(weight, keys * nv, log == POWERS_NEAR);
    UNROLL_FOR (int i = 0; i < keys * nv; i++) {
        const int k = i / nv, of = i % nv;
        const int64_t to = at + k * step + of * LANES;
        vec p = weight[i];
        if (more > 0 && x->factor != NULL)
            p = v_mul(p, v_loadu(x->factor + to));
        if (more > 0 && x->weights != NULL)
            p = v_mul(p, v_set1(x->weights[j + k]));
        l[of] = v_add(l[of], p);
        if (more > 1)
            sq[of] = v_fma(p, p, sq[of]);
        if (one)
            acc[of] = v_fma(p, v_set1(get(x->v + (j + k) * x->v_row)), acc[of]);
        else if (log != POWERS_NONE || more > 0)
            v_storeu(x->s + to, p);
    }
}

VEC_FN void pool_sums_n(const struct pool_sums *x, int lane, const int keys, const int nv,
                        const enum powers log, const bool one, const int more)
{
    vec l[4], sq[4], acc[4];
    int j = 0;
    UNROLL_FOR (int i = 0; i < nv; i++)
        l[i] = acc[i] = sq[i] = v_zero();
    for (; j + keys <= x->count; j += keys)
        pool_sums_keys(x, j, lane, l, sq, acc, keys, nv, log, one, more);
    for (; j < x->count && keys > 1; j++)
        pool_sums_keys(x, j, lane, l, sq, acc, 1, nv, log, one, more);
    UNROLL_FOR (int i = 0; i < nv; i++) {
        v_storeu(x->l + lane + i * LANES, l[i]);
        if (more > 1)
            v_storeu(x->sq + lane + i * LANES, sq[i]);
        if (one)
            v_storeu(x->acc + lane + i * LANES, acc[i]);
    }
}

VEC_FN void pool_sums_v(const struct pool_sums *x, int lane, const int keys, const int nv,
                        const enum powers log)
{
    const int more = x->sq != NULL ? 2 : x->factor != NULL || x->weights != NULL;
    switch (more * 2 + (x->v != NULL)) {
    case 0:
        pool_sums_n(x, lane, keys, nv, log, false, 0);
        break;
    case 1:
        pool_sums_n(x, lane, keys, nv, log, true, 0);
        break;
    case 2:
        pool_sums_n(x, lane, keys, nv, log, false, 1);
        break;
    case 3:
        pool_sums_n(x, lane, keys, nv, log, true, 1);
        break;
    case 4:
        pool_sums_n(x, lane, keys, nv, log, false, 2);
        break;
    default:
        pool_sums_n(x, lane, keys, nv, log, true, 2);
    }
}

/* Four vectors go by twos: their sums fit in the registers. */
VEC_FN void pool_sums_all(const struct pool_sums *x, const enum powers log)
{
    switch (x->vectors) {
    case 1:
        pool_sums_v(x, 0, 4, 1, log);
        break;
    case 3:
        pool_sums_v(x, 0, 1, 3, log);
        break;
    default:
        for (int i = 0; i < x->vectors; i += 2)
            pool_sums_v(x, i * LANES, 2, 2, log);
    }
}

/* `log`: scores become powers of two, with `near` as for weight_powers. */
static void pool_sums(const struct pool_sums *x, bool log, bool near)
{
    switch (powers_of(log, near)) {
    case POWERS_NONE:
        pool_sums_all(x, POWERS_NONE);
        break;
    case POWERS_ALL:
        pool_sums_all(x, POWERS_ALL);
        break;
    default:
        if (REAL_BITS == 64)
            pool_sums_all(x, POWERS_NEAR);
    }
}

/* Of n numbers, whole vectors. */
static bool pool_any_nan(const real *x, int64_t n)
{
    vec_mask bad = m_first(0);
    for (int64_t i = 0; i < n; i += LANES)
        bad = m_or(bad, v_isnan(v_loadu(x + i)));
    return m_any(bad) != 0;
}

/* --- several columns of values ------------------------------------------------------------- */

struct pool_values {
    int vectors, count;
    const real *p;        /* the weights */
    const real *included; /* who takes part, or NULL: all, or their values are finite */
    const element *v;
    int64_t v_row, v_col;
    const real *u, *w; /* how to merge into acc, or NULL: acc is overwritten */
    real *acc;         /* a row of lanes for each column */
    bool may_have_nan; /* stop at a NaN */
};

/* The block's numerators of kt columns. */
VEC_FN void pool_values_block(const struct pool_values *x, int64_t col, vec a[8][4], const int kt,
                              const int nv, const bool with_included)
{
    const element *v = x->v + col * x->v_col;
    const int64_t step = x->v_col;
    const real *p = x->p;
    UNROLL_FOR (int k = 0; k < kt; k++)
        UNROLL_FOR (int i = 0; i < nv; i++)
            a[k][i] = v_zero();
    UNROLL_8_FOR (int j = 0; j < x->count; j++, v += x->v_row, p += nv * LANES) {
        vec weight[4];
        vec_mask see[4];
        UNROLL_FOR (int i = 0; i < nv; i++) {
            weight[i] = v_loadu(p + i * LANES);
            if (with_included)
                see[i] = v_gt(v_loadu(x->included + (j * nv + i) * LANES), v_zero());
        }
        UNROLL_FOR (int k = 0; k < kt; k++) {
            vec value = v_set1(get(v + k * step));
            UNROLL_FOR (int i = 0; i < nv; i++) {
                vec sum = v_fma(weight[i], value, a[k][i]);
                a[k][i] = with_included ? v_select(see[i], sum, a[k][i]) : sum;
            }
        }
    }
}

VEC_FN void pool_values_merge(const struct pool_values *x, int64_t col, vec a[8][4], const int kt,
                              const int nv)
{
    real *acc = x->acc + col * nv * LANES;
    UNROLL_FOR (int i = 0; i < nv; i++) {
        vec u = v_zero(), w = v_zero();
        if (x->u != NULL) {
            u = v_loadu(x->u + i * LANES);
            w = v_loadu(x->w + i * LANES);
        }
        UNROLL_FOR (int k = 0; k < kt; k++) {
            real *to = acc + (k * nv + i) * LANES;
            vec sum = a[k][i];
            if (x->u != NULL)
                sum = v_fma(sum, w, v_mul(v_loadu(to), u));
            v_storeu(to, sum);
        }
    }
}

VEC_FN bool pool_values_nan(vec a[8][4], const int kt, const int nv)
{
    vec_mask bad = v_isnan(a[0][0]);
    UNROLL_FOR (int k = 0; k < kt; k++)
        UNROLL_FOR (int i = 0; i < nv; i++)
            bad = m_or(bad, v_isnan(a[k][i]));
    return m_any(bad);
}

/* Columns [col, end), kt at a time; returns the first that is not done, because of a NaN. */
VEC_FN int64_t pool_values_n(const struct pool_values *x, int64_t col, int64_t end, const int kt,
                             const int nv)
{
    vec a[8][4];
    for (; col + kt <= end; col += kt) {
        if (kt == 1 && x->included != NULL)
            pool_values_block(x, col, a, kt, nv, true);
        else
            pool_values_block(x, col, a, kt, nv, false);
        if (x->may_have_nan && pool_values_nan(a, kt, nv))
            return col;
        pool_values_merge(x, col, a, kt, nv);
    }
    return col;
}

VEC_FN int64_t pool_values_v(const struct pool_values *x, int64_t col, int64_t end, const int kt,
                             const int nv)
{
    if (x->included == NULL)
        col = pool_values_n(x, col, end, kt, nv);
    if (x->included == NULL && kt > 4 && col + kt > end)
        col = pool_values_n(x, col, end, 4, nv);
    if (x->included != NULL || col + kt > end)
        col = pool_values_n(x, col, end, 1, nv);
    return col;
}

static int64_t pool_values(const struct pool_values *x, int64_t col, int64_t end)
{
    switch (x->vectors) {
    case 1:
        return pool_values_v(x, col, end, 8, 1);
    case 2:
        return pool_values_v(x, col, end, POOL_DEEP, 2);
    case 3:
        return pool_values_v(x, col, end, POOL_DEEP, 3);
    default:
        return pool_values_v(x, col, end, POOL_DEEP / 2, 4);
    }
}

#endif
