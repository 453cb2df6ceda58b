/* SPDX-License-Identifier: Apache-2.0 */

/* Template: masks and biases of few rows (pool_few.h). */

/* The mask of row r, 1 and 0, and its bias, turned. */
static void FN(few_masks)(const struct FN(pool_few) *w, int r)
{
    const struct FN(pool_tile) *t = w->t;
    const struct masks *masks = &t->plan->a->masks;
    if (masks->mask.data != NULL) {
        const int64_t col = masks->mask.col;
        const int first = w->first, end = w->end;
        const uint8_t *mask =
            FN(pool_mask_row)(t->plan->a, t->b, t->head[r], t->query[r], w->base + first);
        if (!w->complete)
            FN(pool_fill)(w->copy, SUPER_BLOCK, 0);
        for (int o = first; o < end; o += VN, mask += VN * col)
            v_storeu(w->copy + o, FN(pool_mask_numbers)(mask, col, (int)int_min(VN, end - o)));
        FN(few_turn)(w->copy, 1, w->mask);
    }
    if (masks->bias.data != NULL) {
        const struct array *x = &masks->bias;
        const FN(pool_any) *bias = FN(pool_at)(x, t->b, t->head[r]) + t->query[r] * x->row;
        FN(few_panel)(w, (struct FN(few_source)){ bias, x->col, 1 }, 1, 0, w->bias);
    }
}

/* What a row sees, as offsets from the super-block's first position. */
struct FN(few_sight) {
    V low, high, out;
    const R *mask, *bias, *weights; /* turned, or NULL */
};

static struct FN(few_sight) FN(few_sight_of)(const struct FN(pool_few) *w, int r)
{
    const struct FN(pool_tile) *t = w->t;
    const struct masks *masks = &t->plan->a->masks;
    const struct pool_span span = t->span[r];
    const int64_t out = t->query[r] + masks->excluded - w->base;
    const bool left_out = masks->leave_one_out && out >= 0 && out < SUPER_BLOCK;
    return (struct FN(few_sight)){
        .low = v_set1((R)int_max(w->first, int_min(span.low - w->base, w->end))),
        .high = v_set1((R)int_min(w->end, int_max(span.high - w->base, w->first))),
        .out = v_set1(left_out ? (R)out : -1),
        .mask = masks->mask.data != NULL ? w->mask : NULL,
        .bias = masks->bias.data != NULL ? w->bias : NULL,
        .weights = w->zeros ? w->weights : NULL,
    };
}

/* Which of VN keys from number x on take part, for what masks are concerned. */
VEC_FN M FN(few_sees)(const struct FN(few_sight) *g, int x, V key)
{
    M see = m_andnot(m_and(v_ge(key, g->low), v_lt(key, g->high)), v_eq(key, g->out));
    if (g->mask != NULL)
        see = m_and(see, v_gt(v_loadu(g->mask + x), v_zero()));
    if (g->bias != NULL)
        see = m_and(see, v_ne(v_loadu(g->bias + x), v_set1(-R_INF)));
    if (g->weights != NULL)
        see = m_and(see, v_ne(v_loadu(g->weights + x), v_zero()));
    return see;
}

/* Row r as the masks leave it. */
static void FN(few_sight)(const struct FN(pool_few) *w, int r)
{
    const struct FN(pool_plan) *p = w->t->plan;
    const size_t at = FN(few_row)(w, r);
    const V scale = v_set1(p->scale), unit = v_set1((R)1.4426950408889634);
    R *s = w->s + at, *part = w->part + at, key[FN(FEW_WIDE)];
    FN(few_masks)(w, r);
    const struct FN(few_sight) g = FN(few_sight_of)(w, r);
    for (int k = 0; k < FN(FEW_WIDE); k++)
        key[k] = (R)FN(few_key)(k);
    for (int k = 0; k < SUPER_BLOCK; k += VN) {
        V x = v_loadu(s + k);
        const V offset = v_add(v_loadu(key + k % FN(FEW_WIDE)), v_set1((R)(k / FN(FEW_WIDE))));
        M see = FN(few_sees)(&g, k, offset);
        if (p->compact)
            see = m_and(see, v_gt(v_loadu(part + k), v_zero()));
        if (p->fold && g.bias != NULL)
            x = v_fma(scale, x, v_mul(v_loadu(g.bias + k), unit));
        else if (p->fold)
            x = v_mul(scale, x);
        v_storeu(s + k, v_select(see, x, v_set1(p->masked)));
        v_storeu(part + k, v_select(see, v_set1(1), v_zero()));
        if (p->factor)
            v_storeu(w->factor + at + k, v_select(see, v_loadu(w->factor + at + k), v_zero()));
    }
}

/* Whether every key of the super-block takes part for row r, for what masks are concerned. */
static bool FN(few_sees_all)(const struct FN(pool_few) *w, int r)
{
    const struct FN(pool_tile) *t = w->t;
    const struct pool_args *a = t->plan->a;
    const int64_t out = t->query[r] + a->masks.excluded - w->base;
    if (!w->complete || w->zeros || a->masks.mask.data != NULL || a->masks.bias.data != NULL ||
        t->plan->fold)
        return false;
    if (a->masks.leave_one_out && out >= 0 && out < SUPER_BLOCK)
        return false;
    return t->span[r].low <= w->base && t->span[r].high >= w->base + SUPER_BLOCK;
}
