/* SPDX-License-Identifier: Apache-2.0 */

/* Template: the block of keys that a tile looks at. */

struct FN(pool_block) {
    int64_t first; /* local number of the first key */
    int count;
    bool partial; /* some row does not see some key, by lengths, causal, window, leave-one-out */
    bool zeros;   /* some key has the weight 0 */
    bool masked;  /* some row does not see some key, by the mask */
    const FN(pool_any) *v;
};

/* R_BITS bytes, or the first n, as bits. */
static U FN(pool_mask_word)(const uint8_t *from, int64_t col, int n)
{
    uint8_t bytes[R_BITS] = { 0 };
    if (col != 1 || n < R_BITS) {
        for (int k = 0; k < n; k++)
            bytes[k] = from[k * col];
        from = bytes;
    }
#if R_BITS == 32
    return vec_byte_bits(from);
#else
    return vec_byte_bits(from) | (U)vec_byte_bits(from + 32) << 32;
#endif
}

/* The mask of the block. False where it hides all keys from all rows. */
static bool FN(pool_block_mask)(const struct FN(pool_tile) *t, struct FN(pool_block) *x)
{
    const int64_t col = t->plan->a->masks.mask.col;
    const uint8_t *row[POOL_LANES(VN)];
    U some = 0, every = ~(U)0;
    FN(pool_mask_rows)(t, x->first, row);
    for (int j = 0; j < x->count; j += R_BITS) {
        const int n = (int)int_min(R_BITS, x->count - j);
        const U past = n < R_BITS ? ~(U)0 << n : 0;
        R *to = t->mask + j / R_BITS * t->lanes;
        for (int lane = 0; lane < t->lanes; lane++) {
            const U see = FN(pool_mask_word)(row[lane] + j * col, col, n);
            memcpy(to + lane, &see, sizeof see);
            some |= see;
            every &= see | past;
        }
    }
    FN(pool_mask_ahead)(t, x->first + x->count);
    x->masked = every != ~(U)0;
    return some != 0;
}

/* Key weights of the block; true where one of them is 0. */
static bool FN(pool_block_weights)(const struct FN(pool_tile) *t, int64_t first, int count)
{
    const struct array *x = &t->plan->a->key_weights;
    const FN(pool_any) *from = FN(pool_at)(x, t->b, t->head0) + first * x->col;
    M zero = m_first(0);
    if (x->col == 1)
        memcpy(t->weights, from, (size_t)count * sizeof(R));
    for (int j = 0; j < count && x->col != 1; j++)
        t->weights[j] = from[j * x->col];
    for (int j = count; j % VN != 0; j++)
        t->weights[j] = 1;
    for (int j = 0; j < count; j += VN)
        zero = m_or(zero, v_eq(v_loadu(t->weights + j), v_zero()));
    return m_any(zero) != 0;
}

/* The keys of absolute block `number` that are in sight: by whole vectors, those between the
 * first and the last one that some row sees. False where there are none, or the mask hides all. */
static bool FN(pool_block_at)(const struct FN(pool_tile) *t, int64_t number,
                              struct FN(pool_block) *x)
{
    const struct pool_args *a = t->plan->a;
    int64_t first = int_max(0, number * BLOCK - a->key_origin);
    int64_t end = int_min(a->m, (number + 1) * BLOCK - a->key_origin);
    if (first >= end || first >= t->high || end <= t->low)
        return false;
    first += int_max(0, t->low - first) / VN * VN;
    end = int_min(end, first + (t->high - first + VN - 1) / VN * VN);
    x->first = first;
    x->count = (int)(end - first);
    x->partial = first < t->all_low || end > t->all_high;
    for (int lane = 0; lane < t->count && a->masks.leave_one_out && !x->partial; lane++) {
        int64_t out = t->query[lane] + a->masks.excluded;
        x->partial = out >= first && out < end;
    }
    x->zeros = a->key_weights.data != NULL && FN(pool_block_weights)(t, first, x->count);
    x->masked = false;
    x->v = a->value.data != NULL ? FN(pool_at)(&a->value, t->b, t->head0) + first * a->value.row
                                 : NULL;
    return a->masks.mask.data == NULL || FN(pool_block_mask)(t, x);
}
