/* SPDX-License-Identifier: Apache-2.0 */

/* Template: masks and biases of few rows (pool_few.h). */

/* A row's mask and bias, from key 0 on, or NULL. */
struct FN(few_lines) {
    const uint8_t *mask;
    const FN(pool_any) *bias;
};

static struct FN(few_lines) FN(few_lines_of)(const struct FN(pool_few) *w, int r)
{
    const struct FN(pool_tile) *t = w->t;
    const struct masks *masks = &t->plan->a->masks;
    struct FN(few_lines) x = { .bias = FN(pool_at)(&masks->bias, t->b, t->head[r]) };
    if (masks->mask.data != NULL)
        x.mask = FN(pool_mask_row)(t->plan->a, t->b, t->head[r], t->query[r], 0);
    if (x.bias != NULL)
        x.bias += t->query[r] * masks->bias.row;
    return x;
}

/* What the masks leave of VN keys from number x on, apart from lengths and the like. */
static M FN(few_left)(const struct FN(pool_few) *w, const struct FN(few_lines) *line, int x,
                      V *bias)
{
    const struct masks *masks = &w->t->plan->a->masks;
    uint8_t bytes[VN];
    R b[VN];
    for (int k = 0; k < VN; k++) {
        const int64_t j = FN(few_there)(w, x + k);
        bool see = line->mask == NULL || line->mask[j * masks->mask.col] != 0;
        b[k] = line->bias != NULL ? line->bias[j * masks->bias.col] : 0;
        see &= b[k] != -R_INF;
        if (w->zeros)
            see &= w->weights[x + k] != 0;
        bytes[k] = see;
    }
    *bias = v_loadu(b);
    return v_mask_from_bytes(bytes);
}

/* Row r as the masks leave it. */
static void FN(few_sight)(const struct FN(pool_few) *w, int r)
{
    const struct FN(pool_tile) *t = w->t;
    const struct FN(pool_plan) *p = t->plan;
    const struct pool_args *a = p->a;
    const bool masks = a->masks.mask.data != NULL || a->masks.bias.data != NULL || w->zeros;
    const struct FN(few_lines) line = FN(few_lines_of)(w, r);
    const struct pool_span span = t->span[r];
    const V low = v_set1((R)int_max(w->first, int_min(span.low - w->base, w->end)));
    const V high = v_set1((R)int_min(w->end, int_max(span.high - w->base, w->first)));
    const int64_t out = t->query[r] + a->masks.excluded - w->base;
    const V left_out =
        v_set1(a->masks.leave_one_out && out >= 0 && out < SUPER_BLOCK ? (R)out : -1);
    for (int k = 0; k < SUPER_BLOCK; k += VN) {
        const size_t at = FN(few_row)(w, r) + (size_t)k;
        R *s = w->s + at, *part = w->part + at, key[VN];
        for (int i = 0; i < VN; i++)
            key[i] = (R)FN(few_key)(k + i);
        const V offset = v_loadu(key);
        V x = v_loadu(s), bias = v_zero();
        M see = m_and(v_ge(offset, low), v_lt(offset, high));
        see = m_andnot(see, v_eq(offset, left_out));
        if (masks)
            see = m_and(see, FN(few_left)(w, &line, k, &bias));
        if (p->compact)
            see = m_and(see, v_gt(v_loadu(part), v_zero()));
        if (p->fold) {
            V t2 = v_mul(v_set1(p->scale), x);
            V t3 = v_fma(v_set1(p->scale), x, v_mul(bias, v_set1((R)1.4426950408889634)));
            x = a->masks.bias.data != NULL ? t3 : t2;
        }
        v_storeu(s, v_select(see, x, v_set1(p->masked)));
        v_storeu(part, v_select(see, v_set1(1), v_zero()));
        if (p->factor)
            v_storeu(w->factor + at, v_select(see, v_loadu(w->factor + at), v_zero()));
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
