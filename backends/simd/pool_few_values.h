/* SPDX-License-Identifier: Apache-2.0 */

/* Template: numerators of few rows, lanes are columns of the values (pool_few.h). */

/* A row's weights of keys that lie in a block. */
struct FN(few_columns) {
    const FN(pool_any) *v; /* of the first key */
    int64_t row, col, columns;
    const R *p, *part; /* FEW_WIDE numbers apart; part may be NULL */
    R *acc;
};

/* Keys of a run whose values all rows look at in turn: 8 KB of them. */
static int FN(few_step)(const struct FN(pool_few) *w)
{
    const int64_t keys = (8 << 10) / (w->t->plan->a->v * (int64_t)sizeof(R));
    return keys >= FN(FEW_RUN) ? FN(FEW_RUN) : keys >= 32 ? 32 : 16;
}

/* Keys [0, keys) and nv vectors of columns from c on, the last one with n of its lanes. */
VEC_FN void FN(few_columns_n)(const struct FN(few_columns) *x, int keys, int64_t c, int n,
                              const int nv)
{
    const R *v = (const R *)(const void *)(x->v + c), *p = x->p, *part = x->part;
    V a[16];
    UNROLL
    for (int i = 0; i < nv; i++)
        a[i] = v_loadu(x->acc + c + i * VN);
    for (int j = 0; j < keys; j++, v += x->row, p += FN(FEW_WIDE)) {
        const V weight = v_set1(*p);
        if (part != NULL && !(part[j * FN(FEW_WIDE)] > 0))
            continue;
        UNROLL
        for (int i = 0; i < nv; i++)
            a[i] =
                v_fma(weight,
                      n == VN || i < nv - 1 ? v_loadu(v + i * VN) : v_load_n(v + i * VN, (size_t)n),
                      a[i]);
    }
    UNROLL
    for (int i = 0; i < nv; i++)
        v_storeu(x->acc + c + i * VN, a[i]);
}

static void FN(few_columns)(const struct FN(few_columns) *x, int keys)
{
    int64_t c = 0;
    for (int64_t k = 0; k < x->columns && x->col != 1; k++)
        for (int j = 0; j < keys; j++)
            if (x->part == NULL || x->part[j * FN(FEW_WIDE)] > 0)
                x->acc[k] = r_fma(x->p[j * FN(FEW_WIDE)], x->v[j * x->row + k * x->col], x->acc[k]);
    if (x->col != 1)
        return;
    for (; x->columns - c >= 16 * VN; c += 16 * VN)
        FN(few_columns_n)(x, keys, c, VN, 16);
    for (; x->columns - c >= 8 * VN; c += 8 * VN)
        FN(few_columns_n)(x, keys, c, VN, 8);
    for (; x->columns - c >= 4 * VN; c += 4 * VN)
        FN(few_columns_n)(x, keys, c, VN, 4);
    for (; x->columns - c >= VN; c += VN)
        FN(few_columns_n)(x, keys, c, VN, 1);
    if (c < x->columns)
        FN(few_columns_n)(x, keys, c, (int)(x->columns - c), 1);
}

/* Keys [o, o + keys) of the super-block, which lie in a run, for row r. */
static struct FN(few_columns)
    FN(few_columns_at)(const struct FN(pool_few) *w, int r, int o, bool parts)
{
    const struct pool_args *a = w->t->plan->a;
    const int b = o / BLOCK, run = o % BLOCK / FN(FEW_RUN);
    const int number = o % FN(FEW_RUN) *(int)FN(FEW_WIDE) + run * POOL_BLOCKS + b;
    const size_t at = FN(few_row)(w, r) + (size_t)number;
    struct FN(few_columns) x = { .row = a->value.row,
                                 .col = a->value.col,
                                 .columns = a->v,
                                 .p = w->s + at,
                                 .part = parts ? w->part + at : NULL };
    x.v = FN(pool_at)(&a->value, w->t->b, w->t->head0) + (w->base + o) * a->value.row;
    x.acc = w->acc + (r * POOL_BLOCKS + b) * FN(few_room)(w);
    return x;
}

/* Numerators of block b, of all rows. A key that takes no part has the weight 0: see
 * pool_block_pool in pool_run.h. */
static void FN(few_block)(const struct FN(pool_few) *w, int b, const bool *suspect)
{
    const int64_t room = FN(few_room)(w);
    const int from = (int)int_max(w->first, b * BLOCK), to = (int)int_min(w->end, (b + 1) * BLOCK);
    const int step = FN(few_step)(w);
    for (int r = 0; r < w->t->count; r++)
        FN(pool_fill)(w->acc + (r * POOL_BLOCKS + b) * room, (size_t)w->t->plan->a->v, 0);
    for (int o = from, end; o < to; o = end) {
        end = (int)int_min(to, (o / step + 1) * step);
        for (int r = 0; r < w->t->count; r++) {
            const struct FN(few_columns) x = FN(few_columns_at)(w, r, o, false);
            FN(few_columns)(&x, end - o);
        }
    }
    for (int r = 0; r < w->t->count; r++) {
        R *acc = w->acc + (r * POOL_BLOCKS + b) * room;
        if (!suspect[r] || !FN(few_has_nan)(acc, w->t->plan->a->v))
            continue;
        FN(pool_fill)(acc, (size_t)w->t->plan->a->v, 0);
        for (int o = from, end; o < to; o = end) {
            end = (int)int_min(to, (o / step + 1) * step);
            const struct FN(few_columns) x = FN(few_columns_at)(w, r, o, true);
            FN(few_columns)(&x, end - o);
        }
    }
}
