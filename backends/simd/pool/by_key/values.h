/* SPDX-License-Identifier: Apache-2.0 */

/* Numerators of few rows, lanes are columns of the values (by_key.h). */
#ifndef BACKENDS_SIMD_POOL_BY_KEY_VALUES_H
#define BACKENDS_SIMD_POOL_BY_KEY_VALUES_H

#include "backends/simd/pool/by_key/by_key.h"
#include "backends/simd/pool/by_key/sums.h"
#include "backends/simd/pool/score.h"

/* A row's weights of keys that lie in a block. */
struct by_key_columns {
    const element *v; /* of the first key */
    int64_t row, col, columns;
    const real *p, *included; /* BY_KEY_WIDE numbers apart; included may be NULL */
    real *acc;
};

/* How many keys all rows use in turn: their values, some 8 KB, stay in the nearest cache. */
static int by_key_step(const struct by_key *w)
{
    const int64_t keys = (8 << 10) / (w->t->plan->a->v * (int64_t)sizeof(real));
    return keys >= by_key_lane(w) ? by_key_lane(w) : keys >= 64 ? 64 : keys >= 32 ? 32 : 16;
}

/* Keys [0, keys) and nv vectors of columns from c on, the last one with n of its lanes. */
VEC_FN void by_key_columns_n(const struct by_key_columns *x, int keys, int64_t c, int n,
                             const int nv)
{
    const element *v = x->v + c;
    const real *p = x->p, *included = x->included;
    vec a[16];
    UNROLL_FOR (int i = 0; i < nv; i++)
        a[i] = v_loadu(x->acc + c + i * LANES);
    for (int j = 0; j < keys; j++, v += x->row, p += BY_KEY_WIDE) {
        const vec weight = v_set1(*p);
        if (included != NULL && !(included[j * BY_KEY_WIDE] > 0))
            continue;
        UNROLL_FOR (int i = 0; i < nv; i++)
            a[i] = v_fma(weight, load(v + i * LANES, i < nv - 1 ? LANES : n), a[i]);
    }
    UNROLL_FOR (int i = 0; i < nv; i++)
        v_storeu(x->acc + c + i * LANES, a[i]);
}

static void by_key_columns(const struct by_key_columns *x, int keys)
{
    int64_t c = 0;
    for (int64_t k = 0; k < x->columns && x->col != 1; k++)
        for (int j = 0; j < keys; j++)
            if (x->included == NULL || x->included[j * BY_KEY_WIDE] > 0)
                x->acc[k] =
                    r_fma(x->p[j * BY_KEY_WIDE], get(x->v + j * x->row + k * x->col), x->acc[k]);
    if (x->col != 1)
        return;
    for (; x->columns - c >= 16 * LANES; c += 16 * LANES)
        by_key_columns_n(x, keys, c, LANES, 16);
    for (; x->columns - c >= 8 * LANES; c += 8 * LANES)
        by_key_columns_n(x, keys, c, LANES, 8);
    for (; x->columns - c >= 4 * LANES; c += 4 * LANES)
        by_key_columns_n(x, keys, c, LANES, 4);
    for (; x->columns - c >= LANES; c += LANES)
        by_key_columns_n(x, keys, c, LANES, 1);
    if (c < x->columns)
        by_key_columns_n(x, keys, c, (int)(x->columns - c), 1);
}

/* Keys [o, o + keys) of the group, which lie in a lane, for row r. */
static struct by_key_columns by_key_columns_at(const struct by_key *w, int r, int o,
                                               bool with_included)
{
    const struct pool_args *a = w->t->plan->a;
    const int b = o / (int)BLOCK, piece = o % (int)BLOCK / by_key_lane(w);
    const int number = o % by_key_lane(w) * BY_KEY_WIDE + piece * by_key_blocks(w) + b;
    const size_t at = by_key_row_at(w, r) + (size_t)number;
    struct by_key_columns x = { .row = a->value.row,
                                .col = a->value.col,
                                .columns = a->v,
                                .p = w->s + at,
                                .included = with_included ? w->included + at : NULL };
    x.v = row_at(&a->value, w->t->b, w->t->head0, w->base + o);
    x.acc = w->acc + (r * BY_KEY_WIDE + b) * by_key_room(w);
    return x;
}

/* Numerators of block b, of all rows. A key that takes no part has the weight 0: see
 * pool_block_pool in pool/run.h. */
static void by_key_block(const struct by_key *w, int b, const bool *may_have_nan)
{
    const int64_t room = by_key_room(w);
    const int from = (int)int_max(w->first, b * BLOCK), to = (int)int_min(w->end, (b + 1) * BLOCK);
    const int step = by_key_step(w);
    for (int r = 0; r < w->t->count; r++)
        pool_fill(w->acc + (r * BY_KEY_WIDE + b) * room, (size_t)w->t->plan->a->v, 0);
    for (int o = from, end; o < to; o = end) {
        end = (int)int_min(to, (o / step + 1) * step);
        for (int r = 0; r < w->t->count; r++) {
            const struct by_key_columns x = by_key_columns_at(w, r, o, false);
            by_key_columns(&x, end - o);
        }
    }
    for (int r = 0; r < w->t->count; r++) {
        real *acc = w->acc + (r * BY_KEY_WIDE + b) * room;
        if (!may_have_nan[r] || !by_key_has_nan(acc, w->t->plan->a->v))
            continue;
        pool_fill(acc, (size_t)w->t->plan->a->v, 0);
        for (int o = from, end; o < to; o = end) {
            end = (int)int_min(to, (o / step + 1) * step);
            const struct by_key_columns x = by_key_columns_at(w, r, o, true);
            by_key_columns(&x, end - o);
        }
    }
}

#endif
