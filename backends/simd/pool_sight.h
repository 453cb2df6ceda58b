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

/* --- masks and biases in squares of VN rows and VN keys ------------------------------------- */

/* Rows of the mask and the bias, from the block's first key on. */
struct FN(pool_sight_lines) {
    const uint8_t *mask[VN];
    const FN(pool_any) *bias[VN];
};

VEC_FN void FN(pool_sight_square)(const struct FN(pool_sight) *g,
                                  const struct FN(pool_sight_lines) *from, int j, R *s, V *end,
                                  V *seen, const bool low, const bool mask, const bool bias)
{
    const struct FN(pool_tile) *t = g->t;
    const V scale = v_set1(t->plan->scale), masked = v_set1(t->plan->masked);
    const V unit = v_set1((R)1.4426950408889634), one = v_set1(1);
    const int64_t step = t->lanes;
    V r[VN], b[VN];
    UNROLL
    for (int k = 0; k < VN && mask; k++)
        r[k] = FN(pool_mask_numbers)(from->mask[k] + j, 1, VN);
    if (mask)
        v_transpose(r);
    UNROLL
    for (int k = 0; k < VN && bias; k++)
        b[k] = FN(pool_load)(from->bias[k] + j, VN);
    if (bias)
        v_transpose(b);
    UNROLL
    for (int k = 0; k < VN; k++, s += step) {
        V x = v_loadu(s);
        M see = mask ? v_gt(r[k], v_zero()) : v_ne(b[k], v_set1(-R_INF));
        if (mask && bias)
            see = m_and(see, v_ne(b[k], v_set1(-R_INF)));
        if (bias)
            x = v_fma(scale, x, v_mul(b[k], unit));
        x = v_select(see, x, masked);
        v_storeu(s, x);
        *end = low ? v_min_keep(*end, x) : v_max_keep(*end, x);
        *seen = bias ? v_select(see, one, *seen) : v_max_keep(*seen, r[k]);
    }
}

/* The keys of the block for VN rows. */
VEC_FN void FN(pool_sight_squares)(const struct FN(pool_sight) *g, int lane, const bool low,
                                   const bool mask, const bool bias)
{
    const struct FN(pool_tile) *t = g->t;
    const struct array *x = &t->plan->a->masks.bias;
    struct FN(pool_sight_lines) from;
    V end = v_set1(low ? R_MAX : -R_MAX), seen = v_zero();
    for (int k = 0; k < VN; k++) {
        const int64_t h = t->head[lane + k], i = t->query[lane + k];
        if (mask)
            from.mask[k] = FN(pool_mask_row)(t->plan->a, t->b, h, i, g->block->first);
        if (bias)
            from.bias[k] = FN(pool_at)(x, t->b, h) + i * x->row + g->block->first;
    }
    for (int j = 0; j < g->block->count; j += VN)
        FN(pool_sight_square)(g, &from, j, t->s + j * (int64_t)t->lanes + lane, &end, &seen, low,
                              mask, bias);
    v_storeu(t->ends + lane, end);
    v_storeu(t->seen + lane, seen);
}

/* A mask or a bias and nothing else, with contiguous rows and whole vectors of keys; false where
 * there is more to look at. A bias folds the scale into the scores, so that c is 1. */
static bool FN(pool_sight_plain)(struct FN(pool_sight) *g)
{
    const struct FN(pool_tile) *t = g->t;
    const struct masks *masks = &t->plan->a->masks;
    const bool mask = masks->mask.data != NULL, bias = masks->bias.data != NULL;
    if ((!mask && !bias) || (mask && masks->mask.col != 1) || (bias && masks->bias.col != 1))
        return false;
    if (g->block->partial || g->block->zeros || g->support || g->parts || t->plan->factor ||
        t->plan->fold != bias || g->block->count % VN != 0)
        return false;
    for (int lane = 0; lane < t->lanes; lane += VN)
        if (mask && bias)
            FN(pool_sight_squares)(g, lane, false, true, true);
        else if (bias)
            FN(pool_sight_squares)(g, lane, false, false, true);
        else if (t->plan->low)
            FN(pool_sight_squares)(g, lane, true, true, false);
        else
            FN(pool_sight_squares)(g, lane, false, true, false);
    return true;
}

/* Whether a row of n bytes has none but 0. */
static bool FN(pool_hidden_row)(const uint8_t *from, int n)
{
    uint64_t any = 0, some;
    int j = 0;
    for (; j + 8 <= n; j += 8) {
        memcpy(&some, from + j, 8);
        any |= some;
    }
    for (; j < n; j++)
        any |= from[j];
    return any == 0;
}

/* Whether the mask hides all keys of the block from all rows. If not it will be looked at when
 * there are scores, and had better be there. */
static bool FN(pool_block_hidden)(const struct FN(pool_tile) *t, const struct FN(pool_block) *x)
{
    const struct pool_args *a = t->plan->a;
    const int64_t row = a->masks.mask.row;
    const uint8_t *from = NULL;
    bool hidden = true;
    if (a->masks.mask.data == NULL || a->masks.mask.col != 1)
        return false;
    for (int lane = 0; lane < t->count; lane++) {
        if (lane == 0 || t->head[lane] != t->head[lane - 1])
            from = FN(pool_mask_row)(a, t->b, t->head[lane], 0, x->first);
        const uint8_t *at = from + t->query[lane] * row;
        hidden = hidden && FN(pool_hidden_row)(at, x->count);
        for (int j = 0; j < x->count; j += 64)
            vec_prefetch(at + j);
    }
    return hidden;
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
    if (FN(pool_sight_plain)(&g))
        return;
    if (bias) {
        FN(pool_block_turn_bias)(t, block);
        g.bias = t->bias;
    }
    if (mask) {
        FN(pool_block_turn_mask)(t, block);
        g.mask = t->mask;
    }
    for (int i = 0; i < t->vectors; i++) {
        FN(pool_sight_bounds)(&g, i);
        if (rest)
            FN(pool_sight_rows)(&g, i, mask, true);
        else if (mask)
            FN(pool_sight_rows)(&g, i, true, false);
        else
            FN(pool_sight_rows)(&g, i, false, false);
    }
}
