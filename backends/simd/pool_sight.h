/* SPDX-License-Identifier: Apache-2.0 */

/* Template: masks and biases of a block, for lanes that are rows. */

/* to[j * lanes + lane] = from(lane)[j], for the block's keys. */
static void FN(pool_block_turn_bias)(struct FN(pool_tile) *t, const struct FN(pool_block) *block)
{
    const struct array *x = &t->plan->a->masks.bias;
    const FN(pool_any) *from[POOL_LANES(VN)];
    for (int lane = 0; lane < t->lanes; lane++)
        from[lane] = FN(pool_at)(x, t->b, t->head[lane]) + t->query[lane] * x->row +
                     block->first * x->col;
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

static void FN(pool_block_turn_mask)(struct FN(pool_tile) *t, const struct FN(pool_block) *block)
{
    const struct pool_args *a = t->plan->a;
    const int64_t col = a->masks.mask.col;
    for (int lane = 0; lane < t->lanes; lane += VN) {
        const uint8_t *from[VN];
        for (int k = 0; k < VN; k++)
            from[k] = FN(pool_mask_row)(a, t->b, t->head[lane + k], t->query[lane + k], block->first);
        for (int j = 0; j < block->count; j += VN) {
            V r[VN];
            for (int k = 0; k < VN; k++)
                r[k] = FN(pool_mask_numbers)(from[k] + j * col, col,
                                        (int)pool_min(VN, block->count - j));
            v_transpose(r);
            for (int k = 0; k < VN; k++)
                v_storeu(t->mask + (j + k) * t->lanes + lane, r[k]);
        }
    }
}

/* Bounds of a lane, counted from the block's first key. */
static R FN(pool_relative)(int64_t key, const struct FN(pool_block) *block)
{
    return (R)pool_max(-1, pool_min(key - block->first, block->count));
}

struct FN(pool_sight) {
    struct FN(pool_tile) *t;
    const struct FN(pool_block) *block;
    bool support, parts;
    const R *bias, *mask;
    V low, high, out; /* of the vector of lanes at work */
    V end, seen;
};

VEC_FN M FN(pool_sight_of)(const struct FN(pool_sight) *g, int j, int at)
{
    const V key = v_set1((R)j);
    M see = m_and(v_ge(key, g->low), v_lt(key, g->high));
    see = m_andnot(see, v_eq(key, g->out));
    if (g->mask != NULL)
        see = m_and(see, v_gt(v_loadu(g->mask + at), v_zero()));
    if (g->bias != NULL)
        see = m_andnot(see, v_eq(v_loadu(g->bias + at), v_set1(-R_INF)));
    if (g->block->zeros && g->t->weights[j] == 0)
        see = m_first(0);
    if (g->support)
        see = m_and(see, v_gt(v_loadu(g->t->part + at), v_zero()));
    return see;
}

VEC_FN void FN(pool_sight_pair)(struct FN(pool_sight) *g, int j, int at)
{
    const struct FN(pool_plan) *p = g->t->plan;
    R *s = g->t->s + at;
    V x = v_loadu(s);
    M see = FN(pool_sight_of)(g, j, at);
    if (p->fold) {
        V scale = v_set1(p->scale);
        V bias = g->bias != NULL ? v_loadu(g->bias + at) : v_zero();
        x = g->bias != NULL
                ? v_fma(scale, x, v_mul(bias, v_set1((R)1.4426950408889634)))
                : v_mul(scale, x);
    }
    x = v_select(see, x, v_set1(p->masked));
    v_storeu(s, x);
    if (p->factor) {
        R *factor = g->t->factor + at;
        v_storeu(factor, v_select(see, v_loadu(factor), v_zero()));
    }
    g->end = FN(pool_extreme)(p->low, g->end, x);
    g->seen = v_select(see, v_set1(1), g->seen);
    if (g->parts)
        v_storeu(g->t->part + at, v_select(see, v_set1(1), v_zero()));
}

/* The rows of the block as the masks leave them. */
static void FN(pool_block_sight)(struct FN(pool_tile) *t, const struct FN(pool_block) *block,
                            bool support, bool parts)
{
    const struct pool_args *a = t->plan->a;
    struct FN(pool_sight) g = { .t = t, .block = block, .support = support, .parts = parts };
    if (a->masks.bias.data != NULL) {
        FN(pool_block_turn_bias)(t, block);
        g.bias = t->bias;
    }
    if (a->masks.mask.data != NULL) {
        FN(pool_block_turn_mask)(t, block);
        g.mask = t->mask;
    }
    for (int i = 0; i < t->vectors; i++) {
        R low[VN], high[VN], out[VN];
        for (int k = 0; k < VN; k++) {
            const int lane = i * VN + k;
            low[k] = FN(pool_relative)(t->span[lane].low, block);
            high[k] = FN(pool_relative)(t->span[lane].high, block);
            out[k] = a->masks.leave_one_out
                         ? FN(pool_relative)(t->query[lane] + a->masks.excluded, block)
                         : -1;
        }
        g.low = v_loadu(low);
        g.high = v_loadu(high);
        g.out = v_loadu(out);
        g.end = v_set1(t->plan->low ? R_MAX : -R_MAX);
        g.seen = v_zero();
        for (int j = 0; j < block->count; j++)
            FN(pool_sight_pair)(&g, j, (j * t->vectors + i) * VN);
        v_storeu(t->ends + i * VN, g.end);
        v_storeu(t->seen + i * VN, g.seen);
    }
}
