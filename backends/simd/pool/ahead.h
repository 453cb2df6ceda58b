/* SPDX-License-Identifier: Apache-2.0 */

/* Weights and sums of a block, and on the way the squares of the next one: these take additions
 * where those take multiplications, and neither waits for the other. A regression on one column of
 * values by a Gaussian kernel, with enough registers. */
#ifndef BACKENDS_SIMD_POOL_AHEAD_H
#define BACKENDS_SIMD_POOL_AHEAD_H

#include "backends/simd/pool/measure.h"
#include "backends/simd/pool/score.h"
#include "backends/simd/pool/sums.h"

enum { AHEAD_VECTORS = 2, AHEAD_MOST_KEYS = 4 };

/* Squares of `keys` points from j on and the lanes from `lane` on take the places of scores. */
VEC_FN void pool_ahead_keys(const struct pool_pairs *x, int j, int lane, vec *extreme,
                            const int keys, const bool one_coordinate)
{
    const int n = keys * AHEAD_VECTORS;
    const int64_t d = one_coordinate ? 1 : x->d;
    vec s[AHEAD_MOST_KEYS * AHEAD_VECTORS];
    UNROLL_FOR (int i = 0; i < n; i++)
        s[i] = v_zero();
    for (int64_t c = 0; c < d; c++)
        UNROLL_FOR (int i = 0; i < n; i++) {
            const real *at = x->lane + c * x->step + lane + i % AHEAD_VECTORS * LANES;
            const element *point = x->point + (j + i / AHEAD_VECTORS) * x->row + c * x->col;
            const vec z = v_sub(v_loadu(at), v_set1(get(point)));
            s[i] = one_coordinate ? v_mul(z, z) : v_fma(z, z, s[i]);
        }
    UNROLL_FOR (int i = 0; i < n; i++) {
        const int of = i % AHEAD_VECTORS;
        extreme[of] = v_min_keep(extreme[of], s[i]);
        v_storeu(x->out + (j + i / AHEAD_VECTORS) * x->step + lane + of * LANES, s[i]);
    }
}

VEC_FN void pool_ahead_n(const struct pool_sums *sums, const struct pool_pairs *next, int lane,
                         const int more, const bool one_coordinate)
{
    const struct pool_sums x = *sums; /* which no score can alias */
    const struct pool_pairs y = *next;
    /* With sums of squares to make, more keys share what is loaded. */
    const int keys = one_coordinate ? 2 : AHEAD_MOST_KEYS;
    vec l[AHEAD_VECTORS], sq[AHEAD_VECTORS], acc[AHEAD_VECTORS], extreme[AHEAD_VECTORS];
    UNROLL_FOR (int i = 0; i < AHEAD_VECTORS; i++) {
        l[i] = acc[i] = sq[i] = v_zero();
        extreme[i] = v_set1(REAL_MAX);
    }
    for (int j = 0; j < BLOCK; j += keys) {
        UNROLL_FOR (int k = 0; k < keys; k += 2)
            pool_sums_keys(&x, j + k, lane, l, sq, acc, 2, AHEAD_VECTORS, powers_of(true, true),
                           true, more);
        pool_ahead_keys(&y, j, lane, extreme, keys, one_coordinate);
    }
    UNROLL_FOR (int i = 0; i < AHEAD_VECTORS; i++) {
        v_storeu(x.l + lane + i * LANES, l[i]);
        if (more > 0)
            v_storeu(x.sq + lane + i * LANES, sq[i]);
        v_storeu(x.acc + lane + i * LANES, acc[i]);
        v_storeu(y.extremes + lane + i * LANES, extreme[i]);
    }
}

/* Whether the sums of block `x` have room for the scores of block `next`, and these. */
static bool pool_ahead_pairs(const struct pool_tile *t, const struct pool_block *x,
                             const struct pool_block *next, struct pool_pairs *pairs)
{
    if (next == NULL || t->vectors % AHEAD_VECTORS != 0 || x->count != BLOCK ||
        next->count != BLOCK || pool_block_masked(t, next))
        return false;
    *pairs = pool_block_pairs(t, next);
    pairs->extremes = t->extremes;
    return pairs->point_scale == NULL && pairs->lane_scale == NULL;
}

static void pool_ahead(const struct pool_sums *x, const struct pool_pairs *next)
{
    for (int lane = 0; lane < x->vectors * LANES; lane += AHEAD_VECTORS * LANES)
        switch ((x->sq != NULL) * 2 + (next->d == 1)) {
        case 0:
            pool_ahead_n(x, next, lane, 0, false);
            break;
        case 1:
            pool_ahead_n(x, next, lane, 0, true);
            break;
        case 2:
            pool_ahead_n(x, next, lane, 2, false);
            break;
        default:
            pool_ahead_n(x, next, lane, 2, true);
        }
}

#endif
