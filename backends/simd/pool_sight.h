/* SPDX-License-Identifier: Apache-2.0 */

/* Template: masks and biases of a block, for lanes that are rows. */

/* to[j * lanes + lane] = from(lane)[j], for the block's keys. */
static void FN(pool_block_turn_bias)(struct FN(pool_tile) *t, const struct FN(pool_block) *block)
{
    const struct array *x = &t->plan->a->masks.bias;
    const FN(pool_any) *from[POOL_LANES(VN)];
    for (int lane = 0; lane < t->lanes; lane++)
        from[lane] =
            FN(pool_at)(x, t->b, t->head[lane]) + t->query[lane] * x->row + block->first * x->col;
    FN(pool_turn)(from, x->col, block->count, t->lanes, t->bias);
}

static const uint8_t *FN(pool_mask_row)(const struct pool_args *a, int64_t b, int64_t h, int64_t i,
                                        int64_t j)
{
    const struct array *x = &a->masks.mask;
    return (const uint8_t *)x->data + b * x->batch + h / x->group * x->head + i * x->row +
           j * x->col;
}

/* VN bytes of a mask row as 1 and 0. */
VEC_FN V FN(pool_mask_numbers)(const uint8_t *from, int64_t col, int n)
{
    uint8_t bytes[VN] = { 0 };
    M see;
    if (col == 1) {
        see = n == VN ? v_mask_from_bytes(from) : v_mask_from_bytes_n(from, (size_t)n);
    } else {
        for (int k = 0; k < n; k++)
            bytes[k] = from[k * col];
        see = v_mask_from_bytes(bytes);
    }
    return v_select(see, v_set1(1), v_zero());
}

/* VN keys of VN rows, from byte j of each on. */
VEC_FN void FN(pool_turn_mask)(const uint8_t *const *from, int64_t j, int64_t col, int n, R *to,
                               int step)
{
    V r[VN];
    UNROLL
    for (int k = 0; k < VN; k++)
        r[k] = FN(pool_mask_numbers)(from[k] + j * col, col, n);
    v_transpose(r);
    UNROLL
    for (int k = 0; k < VN; k++)
        v_storeu(to + k * step, r[k]);
}

static void FN(pool_block_turn_mask)(struct FN(pool_tile) *t, const struct FN(pool_block) *block)
{
    const struct pool_args *a = t->plan->a;
    const int64_t col = a->masks.mask.col;
    for (int lane = 0; lane < t->lanes; lane += VN) {
        const uint8_t *from[VN];
        R *to = t->mask + lane;
        int j = 0;
        for (int k = 0; k < VN; k++)
            from[k] =
                FN(pool_mask_row)(a, t->b, t->head[lane + k], t->query[lane + k], block->first);
        for (; j + VN <= block->count && col == 1; j += VN)
            FN(pool_turn_mask)(from, j, 1, VN, to + j * t->lanes, t->lanes);
        for (; j < block->count; j += VN)
            FN(pool_turn_mask)(from, j, col, (int)int_min(VN, block->count - j), to + j * t->lanes,
                               t->lanes);
    }
}

/* Bounds of a lane, counted from the block's first key. */
static R FN(pool_relative)(int64_t key, const struct FN(pool_block) *block)
{
    return (R)int_max(-1, int_min(key - block->first, block->count));
}

struct FN(pool_sight) {
    struct FN(pool_tile) *t;
    const struct FN(pool_block) *block;
    bool support, parts;
    const R *bias, *mask;
    V low, high, out; /* of the vector of lanes at work */
};

/* Who sees what: lengths and the like, the mask, and the rest. */
VEC_FN M FN(pool_sight_of)(const struct FN(pool_sight) *g, int j, int at, const bool mask,
                           const bool rest)
{
    const V key = v_set1((R)j);
    M see = m_andnot(m_and(v_ge(key, g->low), v_lt(key, g->high)), v_eq(key, g->out));
    if (mask)
        see = m_and(see, v_gt(v_loadu(g->mask + at), v_zero()));
    if (!rest)
        return see;
    if (g->bias != NULL)
        see = m_andnot(see, v_eq(v_loadu(g->bias + at), v_set1(-R_INF)));
    if (g->block->zeros && g->t->weights[j] == 0)
        see = m_first(0);
    if (g->support)
        see = m_and(see, v_gt(v_loadu(g->t->part + at), v_zero()));
    return see;
}

VEC_FN V FN(pool_sight_fold)(const struct FN(pool_sight) *g, V x, int at)
{
    const V scale = v_set1(g->t->plan->scale);
    if (g->bias == NULL)
        return v_mul(scale, x);
    return v_fma(scale, x, v_mul(v_loadu(g->bias + at), v_set1((R)1.4426950408889634)));
}

/* The keys of the block for vector i of the rows. */
VEC_FN void FN(pool_sight_rows)(struct FN(pool_sight) *g, int i, const bool mask, const bool rest)
{
    const struct FN(pool_plan) *p = g->t->plan;
    const V masked = v_set1(p->masked), one = v_set1(1);
    const bool low = p->low;
    V end = v_set1(low ? R_MAX : -R_MAX), seen = v_zero();
    for (int j = 0; j < g->block->count; j++) {
        const int at = j * g->t->lanes + i * VN;
        R *s = g->t->s + at;
        V x = v_loadu(s);
        M see = FN(pool_sight_of)(g, j, at, mask, rest);
        if (rest && p->fold)
            x = FN(pool_sight_fold)(g, x, at);
        x = v_select(see, x, masked);
        v_storeu(s, x);
        end = low ? v_min_keep(end, x) : v_max_keep(end, x);
        seen = v_select(see, one, seen);
        if (rest && p->factor) {
            R *factor = g->t->factor + at;
            v_storeu(factor, v_select(see, v_loadu(factor), v_zero()));
        }
        if (rest && g->parts)
            v_storeu(g->t->part + at, v_select(see, one, v_zero()));
    }
    v_storeu(g->t->ends + i * VN, end);
    v_storeu(g->t->seen + i * VN, seen);
}

/* VN keys from j on of VN rows, by the mask alone. */
VEC_FN void FN(pool_sight_square)(const struct FN(pool_sight) *g, const uint8_t *const *from, int j,
                                  int lane, V masked, V *end, V *seen)
{
    const bool low = g->t->plan->low;
    V r[VN];
    UNROLL
    for (int k = 0; k < VN; k++)
        r[k] = FN(pool_mask_numbers)(from[k] + j, 1, VN);
    v_transpose(r);
    UNROLL
    for (int k = 0; k < VN; k++) {
        R *s = g->t->s + (j + k) * g->t->lanes + lane;
        V x = v_select(v_gt(r[k], v_zero()), v_loadu(s), masked);
        v_storeu(s, x);
        *end = low ? v_min_keep(*end, x) : v_max_keep(*end, x);
        *seen = v_max_keep(*seen, r[k]);
    }
}

/* A mask and nothing else, its rows contiguous and the keys whole vectors. */
static void FN(pool_sight_mask)(struct FN(pool_sight) *g, int lane)
{
    const struct FN(pool_tile) *t = g->t;
    const V masked = v_set1(t->plan->masked);
    const uint8_t *from[VN];
    V end = v_set1(t->plan->low ? R_MAX : -R_MAX), seen = v_zero();
    for (int k = 0; k < VN; k++)
        from[k] = FN(pool_mask_row)(t->plan->a, t->b, t->head[lane + k], t->query[lane + k],
                                    g->block->first);
    for (int j = 0; j < g->block->count; j += VN)
        FN(pool_sight_square)(g, from, j, lane, masked, &end, &seen);
    v_storeu(t->ends + lane, end);
    v_storeu(t->seen + lane, seen);
}

static void FN(pool_sight_bounds)(struct FN(pool_sight) *g, int i)
{
    const struct FN(pool_tile) *t = g->t;
    const struct masks *masks = &t->plan->a->masks;
    R low[VN], high[VN], out[VN];
    for (int k = 0; k < VN; k++) {
        const int lane = i * VN + k;
        low[k] = FN(pool_relative)(t->span[lane].low, g->block);
        high[k] = FN(pool_relative)(t->span[lane].high, g->block);
        out[k] = masks->leave_one_out
                     ? FN(pool_relative)(t->query[lane] + masks->excluded, g->block)
                     : -1;
    }
    g->low = v_loadu(low);
    g->high = v_loadu(high);
    g->out = v_loadu(out);
}

/* The rows of the block as the masks leave them. */
static void FN(pool_block_sight)(struct FN(pool_tile) *t, const struct FN(pool_block) *block,
                                 bool support, bool parts)
{
    const struct pool_args *a = t->plan->a;
    struct FN(pool_sight) g = { .t = t, .block = block, .support = support, .parts = parts };
    const bool bias = a->masks.bias.data != NULL, mask = a->masks.mask.data != NULL;
    const bool rest = support || parts || block->zeros || t->plan->fold || t->plan->factor || bias;
    const bool alone =
        mask && !rest && !block->partial && a->masks.mask.col == 1 && block->count % VN == 0;
    if (bias) {
        FN(pool_block_turn_bias)(t, block);
        g.bias = t->bias;
    }
    if (mask && !alone) {
        FN(pool_block_turn_mask)(t, block);
        g.mask = t->mask;
    }
    for (int i = 0; i < t->vectors; i++) {
        if (alone) {
            FN(pool_sight_mask)(&g, i * VN);
            continue;
        }
        FN(pool_sight_bounds)(&g, i);
        if (rest)
            FN(pool_sight_rows)(&g, i, mask, true);
        else if (mask)
            FN(pool_sight_rows)(&g, i, true, false);
        else
            FN(pool_sight_rows)(&g, i, false, false);
    }
}
