/* SPDX-License-Identifier: Apache-2.0 */

/* Which pairs of a tile and a block dropout leaves out of O. */
#ifndef BACKENDS_SIMD_POOL_DROPOUT_H
#define BACKENDS_SIMD_POOL_DROPOUT_H

#include "backends/simd/math/philox.h"
#include "backends/simd/pool/tile.h"

/* The row and the item of a lane, with their origins. */
static inline uint64_t pool_dropout_row(const struct pool_tile *t, int lane)
{
    return (uint64_t)(t->plan->a->dropout.query_origin + t->query[lane]);
}

static inline uint64_t pool_dropout_item(const struct pool_tile *t, int lane)
{
    const struct pool_args *a = t->plan->a;
    return (uint64_t)(a->dropout.batch_origin + t->b * a->heads + t->head[lane]);
}

static inline bool pool_is_dropped(const struct pool_tile *t, int lane, int64_t j)
{
    const struct pool_args *a = t->plan->a;
    const int64_t at = a->key_origin + j;
    return a->dropout.threshold > 0 &&
           philox_pairs(a->dropout.seed, (uint64_t)at / 4, pool_dropout_row(t, lane),
                        pool_dropout_item(t, lane))
                   .word[at % 4] < a->dropout.threshold;
}

/* The first rounds of LANES rows from `lane` on. */
static struct philox_rows pool_rows_begin(const struct pool_tile *t, const struct philox_keys *key,
                                          int lane)
{
    real_uint word[4][LANES];
    for (int i = 0; i < LANES; i++) {
        const struct philox x =
            philox_row_begin(key, pool_dropout_row(t, lane + i), pool_dropout_item(t, lane + i));
        for (int k = 0; k < 4; k++)
            word[k][i] = x.word[k];
    }
    return philox_rows_load(word);
}

/* Which keys of the block dropout leaves to LANES rows from `lane` on; `begun` has their quads. */
static void pool_rows_kept(const struct pool_tile *t, const struct pool_block *x,
                           const struct philox_keys *key, const struct philox *begun, int lane)
{
    const int64_t position = t->plan->a->key_origin + x->first;
    const uint32_t limit = (uint32_t)(t->plan->a->dropout.threshold - 1);
    const struct philox_rows rows = pool_rows_begin(t, key, lane);
    for (int64_t j = -(position % 4); j < x->count; j += 4, begun++) {
        const struct philox_rows words = philox_rows_words(&rows, begun, key);
        UNROLL_FOR (int k = 0; k < 4; k++)
            if (j + k >= 0 && j + k < x->count)
                v_storeu(t->kept + (j + k) * t->lanes + lane,
                         v_where(philox_rows_above(&words, k, limit), v_set1(1)));
    }
}

static void pool_block_kept(const struct pool_tile *t, const struct pool_block *x)
{
    const int64_t position = t->plan->a->key_origin + x->first;
    const struct philox_keys key = philox_keys_of(t->plan->a->dropout.seed);
    struct philox begun[BLOCK / 4 + 1];
    for (int64_t quad = position / 4, i = 0; 4 * quad < position + x->count; quad++, i++)
        begun[i] = philox_quad_begin(&key, (uint64_t)quad);
    for (int lane = 0; lane < t->lanes; lane += LANES)
        pool_rows_kept(t, x, &key, begun, lane);
}

/* Numbers of pairs that are dropped become 0. */
static void pool_block_drop(const struct pool_tile *t, const struct pool_block *x, real *to)
{
    for (int i = 0; i < x->count * t->lanes; i += LANES) {
        const vec_mask kept = v_gt(v_loadu(t->kept + i), v_zero());
        v_storeu(to + i, v_where(kept, v_loadu(to + i)));
    }
}

#endif
