/* SPDX-License-Identifier: Apache-2.0 */

/* Template: the merge of two nodes, row by row. */
#include "backends/scalar/state.h"

static struct view FN(node_view)(void *at, int64_t cols)
{
    return (struct view){ .at = at, .row = cols * (int64_t)sizeof(T), .col = sizeof(T) };
}

void SCALAR(FN(merge))(const struct merge_args *args)
{
    const struct pool_node *l = &args->left, *r = &args->right, *dst = &args->dst;
    struct view l_acc = FN(node_view)(l->acc, args->v), r_acc = FN(node_view)(r->acc, args->v);
    struct view acc = FN(node_view)(dst->acc, args->v);
    struct view l_max = FN(node_view)(l->max, 1), r_max = FN(node_view)(r->max, 1);
    struct view l_sum = FN(node_view)(l->sum, 1), r_sum = FN(node_view)(r->sum, 1);
    for (int64_t i = 0; i < args->rows; i++) {
        T m1 = FN(get)(l_max, i, 0), m2 = FN(get)(r_max, i, 0), u, w;
        FN(merge_factors)(m1, m2, &u, &w);
        T sum = FMA(FN(get)(r_sum, i, 0), w, FN(get)(l_sum, i, 0) * u);
        FN(put)(FN(node_view)(dst->max, 1), i, 0, FN(keep_max)(m1, m2));
        FN(put)(FN(node_view)(dst->sum, 1), i, 0, sum);
        for (int64_t c = 0; c < args->v; c++)
            FN(put)(acc, i, c, FMA(FN(get)(r_acc, i, c), w, FN(get)(l_acc, i, c) * u));
    }
}
