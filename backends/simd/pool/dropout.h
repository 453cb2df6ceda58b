/* SPDX-License-Identifier: Apache-2.0 */

/* Which pairs of a tile and a block dropout leaves out of O. */
#ifndef BACKENDS_SIMD_POOL_DROPOUT_H
#define BACKENDS_SIMD_POOL_DROPOUT_H

#include "backends/philox.h"
#include "backends/simd/pool/tile.h"

/* The words of the keys at positions 4 quad to 4 quad + 3 for a row. */
static struct philox pool_quad(const struct pool_tile *t, int lane, int64_t quad)
{
    const struct pool_args *a = t->plan->a;
    const struct dropout *drop = &a->dropout;
    const int64_t item = t->b * a->heads + t->head[lane];
    return philox_pairs(drop->seed, (uint64_t)quad, (uint64_t)(drop->query_origin + t->query[lane]),
                        (uint64_t)(drop->batch_origin + item));
}

static inline bool pool_is_dropped(const struct pool_tile *t, int lane, int64_t j)
{
    const struct pool_args *a = t->plan->a;
    const int64_t at = a->key_origin + j;
    return a->dropout.threshold > 0 &&
           pool_quad(t, lane, at / 4).word[at % 4] < a->dropout.threshold;
}

/* The keys of a row's quad, whose first is the block's key number j. */
static void pool_quad_kept(const struct pool_tile *t, const struct pool_block *x, int64_t quad,
                           int64_t j, int lane)
{
    const struct philox words = pool_quad(t, lane, quad);
    for (int k = 0; k < 4; k++)
        if (j + k >= 0 && j + k < x->count)
            t->kept[(j + k) * t->lanes + lane] = words.word[k] >= t->plan->a->dropout.threshold;
}

static void pool_block_kept(const struct pool_tile *t, const struct pool_block *x)
{
    const int64_t position = t->plan->a->key_origin + x->first;
    for (int64_t quad = position / 4; 4 * quad < position + x->count; quad++)
        for (int lane = 0; lane < t->lanes; lane++)
            pool_quad_kept(t, x, quad, 4 * quad - position, lane);
}

/* Numbers of pairs that are dropped become 0. */
static void pool_block_drop(const struct pool_tile *t, const struct pool_block *x, real *to)
{
    for (int i = 0; i < x->count * t->lanes; i += LANES) {
        const vec_mask kept = v_gt(v_loadu(t->kept + i), v_zero());
        v_storeu(to + i, v_select(kept, v_loadu(to + i), v_zero()));
    }
}

#endif
