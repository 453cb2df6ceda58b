/* SPDX-License-Identifier: Apache-2.0 */

/* A point of a sweep, a query or a key: how its row begins, and what becomes of its sums. */

static REAL query_at(const duo *x, long c)
{
    return x->a.q[c * x->a.q_col];
}

static REAL key_at(const duo *x, long j, long c)
{
    return x->a.k[j * x->a.k_row + c * x->a.k_col];
}

/* By w, of the sum of h u^2. */
static REAL by_width(REAL sum, REAL w)
{
    return w == 0 || sum == 0 ? (REAL)0 : TYPED(div_rn)(-sum, w);
}

/* By scale: the query or w_v times its sums. */
static REAL by_scale(const duo *x, __global const REAL *total, long step)
{
    REAL sum = 0;
    for (long from = 0; from < x->a.how.d; from += CHUNK) {
        long to = min(from + CHUNK, x->a.how.d);
        REAL s = 0;
        for (long c = from; c < to; c++)
            s = SCORE == POOL_ADDITIVE
                    ? fma(x->a.wv[c * x->a.wv_col], total[(x->g.at_each + c) * step], s)
                    : fma(query_at(x, c), total[(x->g.at_point + c) * step], s);
        sum += s;
    }
    return sum;
}

/* The sums of a point become its gradients. */
static void end_point(const duo *x, long j, REAL s, __global REAL *total, long step)
{
    bool column = x->g.column;
    if (x->g.at_scale >= 0)
        total[x->g.at_scale * step] = by_scale(x, total, step);
    for (long c = 0; c < x->a.how.d && x->g.at_point >= 0; c++) {
        __global REAL *to = total + (x->g.at_point + c) * step;
        if (SCORE == POOL_DOT) {
            *to = s * *to;
        } else if (SCORE == POOL_ADDITIVE) {
            factor2 f = { s * x->a.wv[c * x->a.wv_col], 1 };
            *to = scaled_by(*to, f);
        } else {
            *to = scaled_by(column ? *to : -*to, after_sums(x, j, c));
        }
    }
    for (long c = 0; c < x->g.v && x->g.at_value >= 0; c++)
        total[(x->g.at_value + c) * step] *= x->drop_scale;
    if (x->g.at_width >= 0 && x->g.width_of_point) {
        REAL w = x->a.how.per == BANDWIDTH_COORDINATE_KEY ? x->a.factors[j * x->a.factors_col]
                 : column ? x->a.inverse_bandwidths[j * x->a.widths_col]
                          : x->a.inverse_bandwidths[x->i * x->g.width_row];
        total[x->g.at_width * step] = by_width(total[x->g.at_width * step], w);
    }
    if (x->g.at_weight >= 0) {
        REAL a = x->visible.key_weights[j * x->visible.key_weights_col];
        REAL of = TYPED(div_rn)(total[x->g.at_gradient * step], a);
        total[x->g.at_weight * step] = a == 0 ? (REAL)0 : of;
    }
}

#define BEGIN_ROW(x, number)                                                                          \
    do {                                                                                           \
        long fact = ((x).b * g.heads + (x).h) * g.n + (number);                                     \
        array out = at[AT_D_OUT], top = at[AT_MAX];                                                \
        (x).i = (number);                                                                             \
        METRIC_OF(&(x).a, (x).b, (x).h, number);                                                      \
        VISIBLE_OF(&(x).visible, (x).b, (x).h, number, g.m);                                                \
        (x).kind = kind[fact];                                                                   \
        (x).sum = sum[fact];                                                                     \
        (x).inverse = TYPED(div_rn)((REAL)1, (x).sum);                                             \
        (x).gain = gain[fact];                                                                   \
        (x).max = row_max[array_at(top, (x).b, (x).h) + (number) * top.row];                          \
        (x).d_out = d_out + array_at(out, (x).b, (x).h) + (number) * out.row;                         \
        (x).d_out_col = out.col;                                                                   \
    } while (0)

#define BEGIN_ITEM(x, item)                                                                        \
    do {                                                                                           \
        array of = at[AT_VALUE];                                                                   \
        (x).g = g;                                                                                 \
        (x).drop = how_dropped;                                                                    \
        (x).drop_scale = drop_scale;                                                               \
        (x).b = (item) / g.heads;                                                                  \
        (x).h = (int)((item) % g.heads);                                                           \
        (x).value = value + array_at(of, (x).b, (x).h);                                            \
        (x).value_row = of.row;                                                                    \
        (x).value_col = of.col;                                                                    \
    } while (0)
