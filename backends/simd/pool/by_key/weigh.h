/* SPDX-License-Identifier: Apache-2.0 */

/* The weights of a row and a group of super-blocks, from its scores and the maxima of its blocks,
 * and their sums (by_key.h). */
#ifndef BACKENDS_SIMD_POOL_BY_KEY_WEIGH_H
#define BACKENDS_SIMD_POOL_BY_KEY_WEIGH_H

#include "backends/simd/math/relative.h"
#include "backends/simd/pool/by_key/by_key.h"
#include "backends/simd/pool/by_key/sums.h"
#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/state.h"

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
    for (int x = 0; x < by_key_keys(w) && extremes == NULL; x += 4 * LANES)
        UNROLL_FOR (int i = 0; i < 4; i++) {
            vec score = v_loadu(s + x + i * LANES);
            if (scaled)
                score = v_quarters(v_set1(p->c), score, v_loadu(w->exponents + x + i * LANES));
            extreme[i] = pool_extreme(low, extreme[i], score);
        }
    UNROLL_FOR (int i = VECTORS; i < 4; i++)
        extreme[i % VECTORS] = pool_extreme(low, extreme[i % VECTORS], extreme[i]);
    if (by_key_blocks(w) < LANES) { /* pieces of a block */
        real twice[2 * LANES];
        v_storeu(twice, extreme[0]);
        v_storeu(twice + LANES, extreme[0]);
        extreme[0] = pool_extreme(low, extreme[0], v_loadu(twice + POOL_BLOCKS));
    }
    UNROLL_FOR (int i = 0; i < VECTORS; i++) {
        const vec max = v_max_keep(v_set1(pool_least_maximum(w->t)),
                                   scaled ? extreme[i] : v_maximum_of(p->c, extreme[i]));
        common = m_and(common, v_is_common(max));
        v_storeu(m + i * LANES, max);
    }
    return scaled || !m_all(common);
}

/* Scores to what the weights relative to m are powers of. */
static void by_key_relative(const struct by_key *w, real *s, const real *m)
{
    for (int x = 0; x < by_key_keys(w); x += LANES) {
        const vec k = w->scaled ? v_loadu(w->exponents + x) : v_zero();
        v_storeu(s + x, v_relative(v_set1(w->t->plan->c), v_loadu(s + x), k,
                                   v_loadu(m + x % BY_KEY_WIDE)));
    }
}

/* Clear `included` for the far scores of row r; where it is `fresh` nothing has been written there
 * yet, and all others are set. */
static void by_key_exclude_far(const struct by_key *w, int r, bool fresh)
{
    const vec c = v_set1(w->t->plan->c), limit = v_set1(REAL(NEAR_LIMIT));
    const real *s = w->s + by_key_row_at(w, r);
    real *included = w->included + by_key_row_at(w, r);
    for (int x = 0; x < by_key_keys(w); x += LANES) {
        const vec k = w->scaled ? v_loadu(w->exponents + x) : v_zero();
        const vec_mask far = v_le(v_relative(c, v_loadu(s + x), k, limit), v_set1(REAL(FAR_LIMIT)));
        const vec before = fresh ? v_set1(1) : v_loadu(included + x);
        v_storeu(included + x, v_unless(far, before));
    }
}

/* Squares of the blocks' weights, which are in s, again where they need an exponent: into m. */
static void by_key_squares(const struct by_key *w, const real *s, const real *l, real *m, real *sq)
{
    const int blocks = by_key_blocks(w);
    for (int b = 0; b < blocks; b++) {
        real most = 0, r[LANES], scale[LANES];
        for (int i = b; i < by_key_keys(w); i += blocks)
            most = r_abs(s[i]) > most ? r_abs(s[i]) : most;
        const vec exponent = pool_exponents(v_set1(l[b]), v_set1(most));
        v_storeu(r, exponent);
        v_storeu(scale, pool_inverse_power(exponent));
        if (r[0] == 0)
            continue;
        m[b] = r[0];
        sq[b] = 0;
        for (int piece = b; piece < BY_KEY_WIDE; piece += blocks)
            for (int i = piece; i < by_key_keys(w); i += BY_KEY_WIDE) {
                const real weight = s[i] * scale[0];
                sq[b] = r_fma(weight, weight, sq[b]);
            }
    }
}

/* Which lanes of the vector from b on are blocks. */
static vec_mask by_key_is_block(const struct by_key *w, int b)
{
    return m_first((size_t)int_min(LANES, by_key_blocks(w) - b));
}

static bool by_key_out_of_range(const struct by_key *w, const real *l, const real *sq)
{
    vec_mask out = m_first(0);
    for (int b = 0; b < by_key_blocks(w); b += LANES)
        out = m_or(
            out, m_and(by_key_is_block(w, b), pool_out_of_range(v_loadu(l + b), v_loadu(sq + b))));
    return m_any(out);
}

static bool by_key_blocks_have_nan(const struct by_key *w, const real *sum)
{
    vec_mask bad = m_first(0);
    for (int b = 0; b < by_key_blocks(w); b += LANES)
        bad = m_or(bad, m_and(by_key_is_block(w, b), v_isnan(v_loadu(sum + b))));
    return m_any(bad);
}

/* Weights of row r, in the place of its scores where they are wanted again; maxima and sums of
 * its blocks. `extremes` may be NULL. Whether a sum of values is a NaN. */
static bool by_key_weigh(const struct by_key *w, int r, const real *extremes, bool may_have_nan)
{
    const struct pool_plan *p = w->t->plan;
    const size_t at = by_key_row_at(w, r);
    real minus[4 * LANES], m[BY_KEY_WIDE] = { 0 }, l[BY_KEY_WIDE], sq[BY_KEY_WIDE],
                           sum[BY_KEY_WIDE];
    const bool more = p->factor || p->weighted || p->squares;
    struct by_key_sums sums = { .s = w->s + at,
                                .factor = p->factor ? w->factor + at : NULL,
                                .weight = p->weighted ? w->weights : NULL,
                                .v = p->a->v == 1 ? w->v : NULL,
                                .keep = p->a->v > 1 || may_have_nan,
                                .keys = by_key_keys(w),
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
    by_key_sums(&sums, w->panel && r == 0 ? &next : NULL, more, p->cuts_far);
    if (p->squares && !p->has_max && by_key_out_of_range(w, l, sq)) {
        if (!sums.keep) {
            sums.keep = true;
            by_key_sums(&sums, NULL, more, p->cuts_far);
        }
        by_key_squares(w, sums.s, l, m, sq);
    }
    const bool nan = sums.v != NULL && by_key_blocks_have_nan(w, sums.sum);
    if (nan && may_have_nan) {
        real squares[BY_KEY_WIDE];
        sums.sq = squares; /* those of sq may have exponents */
        sums.minus = sums.factor = sums.weight = NULL;
        sums.included = w->included + at;
        by_key_sums(&sums, NULL, true, p->cuts_far);
    }
    for (int first = 0; first < by_key_blocks(w); first += POOL_BLOCKS) {
        int i = by_key_slot(w, first, r);
        UNROLL_8_FOR (int b = first; b < first + (int)POOL_BLOCKS; b++, i += w->lanes) {
            w->m[i] = m[b];
            w->l[i] = l[b];
            w->sq[i] = sq[b];
            w->sum[i] = sum[b];
        }
    }
    return nan;
}

#endif
