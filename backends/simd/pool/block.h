/* SPDX-License-Identifier: Apache-2.0 */

/* The block of keys that a tile looks at. */
#ifndef BACKENDS_SIMD_POOL_BLOCK_H
#define BACKENDS_SIMD_POOL_BLOCK_H

#include "backends/simd/math/relative.h"
#include "backends/simd/pool/tile.h"

struct pool_block {
    int64_t first; /* local number of the first key */
    int count;
    bool partial; /* some key is hidden from some row, by lengths, causal, window, leave-one-out */
    bool scaled;  /* some key weight has an exponent */
    bool zeros;   /* some key has the weight 0 */
    bool masked;  /* some key is hidden from some row, by the mask */
    const element *v;
};

/* REAL_BITS bytes, or the first n, as bits. */
static real_uint pool_mask_word(const uint8_t *from, int64_t col, int n)
{
    uint8_t bytes[REAL_BITS] = { 0 };
    if (col != 1 || n < REAL_BITS) {
        for (int k = 0; k < n; k++)
            bytes[k] = from[k * col];
        from = bytes;
    }
#if REAL_BITS == 32
    return vec_byte_bits(from);
#else
    return vec_byte_bits(from) | (real_uint)vec_byte_bits(from + 32) << 32;
#endif
}

/* The mask of the block. False where it hides all keys from all rows. */
static bool pool_block_mask(const struct pool_tile *t, struct pool_block *x)
{
    const int64_t col = t->plan->a->masks.mask.col;
    const uint8_t *row[POOL_LANES(LANES)];
    real_uint some = 0, every = ~(real_uint)0;
    pool_mask_rows(t, x->first, row);
    for (int j = 0; j < x->count; j += REAL_BITS) {
        const int n = (int)int_min(REAL_BITS, x->count - j);
        const real_uint past = n < REAL_BITS ? ~(real_uint)0 << n : 0;
        real *to = t->mask + j / REAL_BITS * t->lanes;
        for (int lane = 0; lane < t->lanes; lane++) {
            const real_uint see = pool_mask_word(row[lane] + j * col, col, n);
            memcpy(to + lane, &see, sizeof see);
            some |= see;
            every &= see | past;
        }
    }
    pool_mask_ahead(t, x->first + x->count);
    x->masked = every != ~(real_uint)0;
    return some != 0;
}

/* Key weights of the block. */
static void pool_block_weights(const struct pool_tile *t, struct pool_block *block)
{
    const struct array *x = &t->plan->a->key_weights;
    const int count = block->count;
    const element *from = row_at(x, t->b, t->head0, 0) + block->first * x->col;
    if (x->col == 1)
        memcpy(t->weights, from, (size_t)count * sizeof(real));
    for (int j = 0; j < count && x->col != 1; j++)
        t->weights[j] = get(from + j * x->col);
    for (int j = count; j % LANES != 0; j++)
        t->weights[j] = 1;
    if (weights_are_common(t->weights, count))
        return;
    block->zeros = weights_have_zeros(t->weights, count);
    if (t->plan->weighted && t->plan->has_max)
        block->scaled = weights_take_exponents(t->weights, t->exponents, count);
}

/* The keys of absolute block `number`, by whole vectors, from the first to the last that some row
 * may see. False where there are none, or the mask hides all. */
static bool pool_block_at(const struct pool_tile *t, int64_t number, struct pool_block *x)
{
    const struct pool_args *a = t->plan->a;
    int64_t first = int_max(0, number * BLOCK - a->key_origin);
    int64_t end = int_min(a->m, (number + 1) * BLOCK - a->key_origin);
    if (first >= end || first >= t->high || end <= t->low)
        return false;
    first += int_max(0, t->low - first) / LANES * LANES;
    end = int_min(end, first + (t->high - first + LANES - 1) / LANES * LANES);
    x->first = first;
    x->count = (int)(end - first);
    x->partial = first < t->all_low || end > t->all_high;
    for (int lane = 0; lane < t->count && a->masks.leave_one_out && !x->partial; lane++) {
        int64_t out = t->query[lane] + a->masks.excluded;
        x->partial = out >= first && out < end;
    }
    x->zeros = x->scaled = x->masked = false;
    if (a->key_weights.data != NULL)
        pool_block_weights(t, x);
    x->v = row_at(&a->value, t->b, t->head0, first);
    return a->masks.mask.data == NULL || pool_block_mask(t, x);
}

#endif
