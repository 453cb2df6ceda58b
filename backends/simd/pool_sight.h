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

/* Bounds of a lane, counted from the block's first key. */
static R FN(pool_relative)(int64_t key, const struct FN(pool_block) *block)
{
    return (R)int_max(-1, int_min(key - block->first, block->count));
}

struct FN(pool_sight) {
    struct FN(pool_tile) *t;
    const struct FN(pool_block) *block;
    bool support, parts;
    const R *bias;
};

/* A vector of rows: what they see but for masks of keys, and what has been found. */
struct FN(pool_sight_rows) {
    V low, high, out, end;
    M seen;
};

/* What there is to look at: the mask, lengths and the like, and the rest. */
struct FN(pool_sight_what) {
    bool mask, span, rest;
};

/* The word of the mask for key j of vector i of the rows, and the bit of that key. */
struct FN(pool_sight_mask) {
    I bits, bit;
};

VEC_FN struct FN(pool_sight_mask)
    FN(pool_sight_mask_at)(const struct FN(pool_tile) *t, int i, int j, const bool masked)
{
    struct FN(pool_sight_mask) mask = { .bits = v_iset1(-1),
                                        .bit = v_iset1((S)((U)1 << j % R_BITS)) };
    if (masked)
        mask.bits = v_as_int(v_loadu(t->mask + j / R_BITS * t->lanes + i * VN));
    return mask;
}

/* Who sees the key; on to the next. */
VEC_FN M FN(pool_sight_mask_next)(struct FN(pool_sight_mask) *mask)
{
    const M see = v_ieq(v_iand(mask->bits, mask->bit), mask->bit);
    mask->bit = v_iadd(mask->bit, mask->bit);
    return see;
}

/* Who sees key j, of those who `see` it. */
VEC_FN M FN(pool_sight_of)(const struct FN(pool_sight) *g, const struct FN(pool_sight_rows) *r,
                           M see, int j, int64_t at, const struct FN(pool_sight_what) what)
{
    const V key = v_set1((R)j);
    if (what.span)
        see = m_and(see, m_andnot(m_and(v_ge(key, r->low), v_lt(key, r->high)), v_eq(key, r->out)));
    if (!what.rest)
        return see;
    if (g->bias != NULL)
        see = m_andnot(see, v_eq(v_loadu(g->bias + at), v_set1(-R_INF)));
    if (g->block->zeros && g->t->weights[j] == 0)
        see = m_first(0);
    if (g->support)
        see = m_and(see, v_gt(v_loadu(g->t->part + at), v_zero()));
    return see;
}

VEC_FN V FN(pool_sight_fold)(const struct FN(pool_sight) *g, V x, int64_t at)
{
    const V scale = v_set1(g->t->plan->scale);
    if (g->bias == NULL)
        return v_mul(scale, x);
    return v_fma(scale, x, v_mul(v_loadu(g->bias + at), v_set1((R)1.4426950408889634)));
}

/* Key j of the block, whose numbers stand at s[at]. */
VEC_FN void FN(pool_sight_key)(const struct FN(pool_sight) *g, struct FN(pool_sight_rows) *r, R *s,
                               int64_t at, int j, M see, V masked, const bool low,
                               const struct FN(pool_sight_what) what)
{
    const struct FN(pool_plan) *p = g->t->plan;
    V x = v_loadu(s + at);
    see = FN(pool_sight_of)(g, r, see, j, at, what);
    if (what.rest && p->fold)
        x = FN(pool_sight_fold)(g, x, at);
    x = v_select(see, x, masked);
    v_storeu(s + at, x);
    r->end = FN(pool_extreme)(low, r->end, x);
    r->seen = m_or(r->seen, see);
    if (what.rest && p->factor)
        v_storeu(g->t->factor + at, v_select(see, v_loadu(g->t->factor + at), v_zero()));
    if (what.rest && g->parts)
        v_storeu(g->t->part + at, v_select(see, v_set1(1), v_zero()));
}

/* At most R_BITS keys of the block from number `first` on, for vector i of the rows. */
VEC_FN void FN(pool_sight_word)(const struct FN(pool_sight) *g, struct FN(pool_sight_rows) *to,
                                int i, int first, const bool low,
                                const struct FN(pool_sight_what) what)
{
    const struct FN(pool_tile) *t = g->t;
    const V masked = v_set1(t->plan->masked);
    const int64_t step = t->lanes;
    const int end = (int)int_min(first + R_BITS, g->block->count);
    struct FN(pool_sight_mask) mask = FN(pool_sight_mask_at)(t, i, first, what.mask);
    struct FN(pool_sight_rows) r = *to;
    R *const s = t->s;
    int64_t at = first * step + i * VN;
    for (int j = first; j < end; j++, at += step) {
        const M see = what.mask ? FN(pool_sight_mask_next)(&mask) : m_first(VN);
        FN(pool_sight_key)(g, &r, s, at, j, see, masked, low, what);
    }
    *to = r;
}

/* --- biases in squares of VN rows and VN keys ------------------------------------------------ */

VEC_FN void FN(pool_sight_square)(const struct FN(pool_sight) *g, const FN(pool_any) *const *from,
                                  int i, int j, V *end, M *seen, const bool masked)
{
    const struct FN(pool_tile) *t = g->t;
    const V scale = v_set1(t->plan->scale), unit = v_set1((R)1.4426950408889634);
    R *s = t->s + j * t->lanes + i * VN;
    struct FN(pool_sight_mask) mask = FN(pool_sight_mask_at)(t, i, j, masked);
    V bias[VN];
    UNROLL
    for (int k = 0; k < VN; k++)
        bias[k] = FN(pool_load)(from[k] + j, VN);
    v_transpose(bias);
    UNROLL
    for (int k = 0; k < VN; k++, s += t->lanes) {
        M see = v_ne(bias[k], v_set1(-R_INF));
        if (masked)
            see = m_and(see, FN(pool_sight_mask_next)(&mask));
        V x = v_fma(scale, v_loadu(s), v_mul(bias[k], unit));
        x = v_select(see, x, v_set1(t->plan->masked));
        v_storeu(s, x);
        *end = v_max_keep(*end, x);
        *seen = m_or(*seen, see);
    }
}

/* The keys of the block for vector i of the rows. */
VEC_FN void FN(pool_sight_squares)(const struct FN(pool_sight) *g, int i, const bool masked)
{
    const struct FN(pool_tile) *t = g->t;
    const struct array *x = &t->plan->a->masks.bias;
    const FN(pool_any) *from[VN];
    V end = v_set1(-R_MAX);
    M seen = m_first(0);
    for (int k = 0; k < VN; k++) {
        const int lane = i * VN + k;
        from[k] = FN(pool_at)(x, t->b, t->head[lane]) + t->query[lane] * x->row + g->block->first;
    }
    for (int j = 0; j < g->block->count; j += VN)
        FN(pool_sight_square)(g, from, i, j, &end, &seen, masked);
    v_storeu(t->ends + i * VN, end);
    v_storeu(t->seen + i * VN, v_select(seen, v_set1(1), v_zero()));
}

/* A bias and perhaps a mask and nothing else, with contiguous rows of the bias and whole vectors
 * of keys; false where there is more to look at. A bias folds the scale into the scores, so that
 * c is 1. */
static bool FN(pool_sight_plain)(const struct FN(pool_sight) *g)
{
    const struct FN(pool_tile) *t = g->t;
    const struct array *bias = &t->plan->a->masks.bias;
    if (bias->data == NULL || bias->col != 1 || g->block->partial || g->block->zeros ||
        g->support || g->parts || t->plan->factor || !t->plan->fold || g->block->count % VN != 0)
        return false;
    for (int i = 0; i < t->vectors; i++)
        if (g->block->masked)
            FN(pool_sight_squares)(g, i, true);
        else
            FN(pool_sight_squares)(g, i, false);
    return true;
}

static void FN(pool_sight_bounds)(const struct FN(pool_sight) *g, int i,
                                  struct FN(pool_sight_rows) *r)
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
    r->low = v_loadu(low);
    r->high = v_loadu(high);
    r->out = v_loadu(out);
}

/* The rows of the block, by so many keys that their scores stay near. */
VEC_FN void FN(pool_sight_block)(const struct FN(pool_sight) *g, const bool low,
                                 const struct FN(pool_sight_what) what)
{
    const struct FN(pool_tile) *t = g->t;
    struct FN(pool_sight_rows) r[POOL_VECTORS];
    for (int i = 0; i < t->vectors; i++) {
        r[i].end = v_set1(low ? R_MAX : -R_MAX);
        r[i].seen = m_first(0);
        if (what.span)
            FN(pool_sight_bounds)(g, i, &r[i]);
    }
    for (int first = 0; first < g->block->count; first += R_BITS)
        for (int i = 0; i < t->vectors; i++)
            FN(pool_sight_word)(g, &r[i], i, first, low, what);
    for (int i = 0; i < t->vectors; i++) {
        v_storeu(t->ends + i * VN, r[i].end);
        v_storeu(t->seen + i * VN, v_select(r[i].seen, v_set1(1), v_zero()));
    }
}

VEC_FN void FN(pool_sight_low)(struct FN(pool_sight) *g, const bool low)
{
    const bool rest = g->support || g->parts || g->block->zeros || g->t->plan->fold ||
                      g->t->plan->factor || g->bias != NULL;
    if (rest && g->block->masked)
        FN(pool_sight_block)(
            g, low, (struct FN(pool_sight_what)){ .mask = true, .span = true, .rest = true });
    else if (rest)
        FN(pool_sight_block)(g, low, (struct FN(pool_sight_what)){ .span = true, .rest = true });
    else if (g->block->masked && g->block->partial)
        FN(pool_sight_block)(g, low, (struct FN(pool_sight_what)){ .mask = true, .span = true });
    else if (g->block->masked)
        FN(pool_sight_block)(g, low, (struct FN(pool_sight_what)){ .mask = true });
    else
        FN(pool_sight_block)(g, low, (struct FN(pool_sight_what)){ .span = true });
}

/* The rows of the block as the masks leave them. */
static void FN(pool_block_sight)(struct FN(pool_tile) *t, const struct FN(pool_block) *block,
                                 bool support, bool parts)
{
    struct FN(pool_sight) g = { .t = t, .block = block, .support = support, .parts = parts };
    if (FN(pool_sight_plain)(&g))
        return;
    if (t->plan->a->masks.bias.data != NULL) {
        FN(pool_block_turn_bias)(t, block);
        g.bias = t->bias;
    }
    if (t->plan->low)
        FN(pool_sight_low)(&g, true);
    else
        FN(pool_sight_low)(&g, false);
}
