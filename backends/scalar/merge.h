/* SPDX-License-Identifier: Apache-2.0 */

/* The merge of two nodes, row by row. */
#ifndef BACKENDS_SCALAR_MERGE_H
#define BACKENDS_SCALAR_MERGE_H

#include "backends/scalar/scalar.h"
#include "backends/scalar/state.h"

static struct matrix node_view(void *at, int64_t cols)
{
    return (struct matrix){ .at = at, .row = cols * (int64_t)sizeof(real), .col = sizeof(real) };
}

#define scalar_merge SCALAR(TYPED(merge))
attpool_status scalar_merge(struct engine *engine, const struct merge_args *args)
{
    (void)engine;
    const struct node_sums *l = &args->left, *r = &args->right, *dst = &args->dst;
    struct matrix l_acc = node_view(l->acc, args->v), r_acc = node_view(r->acc, args->v);
    struct matrix acc = node_view(dst->acc, args->v);
    struct matrix l_max = node_view(l->max, 1), r_max = node_view(r->max, 1);
    struct matrix l_sum = node_view(l->sum, 1), r_sum = node_view(r->sum, 1);
    for (int64_t i = 0; i < args->rows; i++) {
        real m1 = get(l_max, i, 0), m2 = get(r_max, i, 0), u, w;
        merge_factors(m1, m2, &u, &w);
        real sum = r_fma(get(r_sum, i, 0), w, get(l_sum, i, 0) * u);
        put(node_view(dst->max, 1), i, 0, keep_max(m1, m2));
        put(node_view(dst->sum, 1), i, 0, sum);
        for (int64_t c = 0; c < args->v; c++)
            put(acc, i, c, r_fma(get(r_acc, i, c), w, get(l_acc, i, c) * u));
    }
    return ATTPOOL_OK;
}

#endif
