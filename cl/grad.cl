/* SPDX-License-Identifier: Apache-2.0 */

/* The sweeps of a call for gradients. A work-item has a point of an item, a query or a key, and goes
 * through its partners. Its sums stand in acc, [number][item][point]: first those of all blocks, then
 * those of the block at hand, so that a sweep can be made in several launches. With GRAD_LOCAL the latter
 * are in local memory, [number][work-item], until a launch ends. */
#ifdef GRAD_LOCAL
#define SUMS __local REAL
#else
#define SUMS __global REAL
#endif

static REAL query_at(const duo *x, long c)
{
    return x->a.q[c * x->a.q_col];
}

static REAL key_at(const duo *x, long j, long c)
{
    return x->a.k[j * x->a.k_row + c * x->a.k_col];
}

static void add_radial(const duo *x, long j, SUMS *block, long step)
{
    factor2 f = before_sums(x, j);
    REAL h = x->coefficient, scaled = h * f.one * f.two;
    bool each = x->a.how.per == BANDWIDTH_COORDINATE || x->a.how.per == BANDWIDTH_COORDINATE_KEY;
    for (long c = 0; c < x->a.how.d; c++) {
        REAL z = (query_at(x, c) - key_at(x, j, c)) * (each ? omega(&x->a, j, c) : x->a.one.power);
        SUMS *point = block + (x->g.at_point + c) * step;
        SUMS *own = block + (x->g.at_each + c) * step;
        if (x->g.at_point >= 0)
            *point = fma(scaled, scaled == 0 ? (REAL)0 : z, *point);
        z = h == 0 ? (REAL)0 : z;
        if (x->g.at_each >= 0)
            *own = fma(h * z, z, *own);
    }
    SUMS *width = block + x->g.at_width * step;
    if (x->g.at_width >= 0)
        *width = fma(h, h == 0 ? (REAL)0 : x->u2, *width);
}

static void add_product(const duo *x, long j, SUMS *block, long step)
{
    factor2 f = before_sums(x, j);
    long d = x->a.how.d;
    SUMS *total = block + x->g.at_width * step;
    REAL width = d == 1 && x->g.at_width >= 0 ? *total : (REAL)0;
    for (long c = 0; c < d; c++) {
        REAL h = x->room[(d + c) * x->step], u = coordinate_u(&x->a, j, c);
        REAL scaled = u == 0 ? (REAL)0 : h * f.one;
        scaled = query_at(x, c) - key_at(x, j, c) < 0 ? -scaled : scaled;
        u = h == 0 ? (REAL)0 : u;
        SUMS *own = block + (x->g.at_each + c) * step;
        if (x->g.at_point >= 0)
            block[(x->g.at_point + c) * step] += scaled;
        if (x->g.at_each >= 0)
            *own = fma(h, u, *own);
        width = fma(h, u, width);
    }
    if (x->g.at_width >= 0)
        *total = d == 1 ? width : *total + width;
}

static void add_inner(const duo *x, long j, SUMS *block, long step)
{
    for (long c = 0; c < x->a.how.d; c++) {
        SUMS *point = block + (x->g.at_point + c) * step;
        SUMS *own = block + (x->g.at_each + c) * step;
        REAL q = query_at(x, c), k = key_at(x, j, c);
        REAL t = SCORE == POOL_ADDITIVE ? TYPED(tanh)(q + k) : (REAL)0;
        REAL slope = x->g.column ? q : k;
        slope = SCORE == POOL_ADDITIVE ? fma(-t, t, (REAL)1) : slope;
        if (x->g.at_point >= 0)
            *point = fma(x->gradient, slope, *point);
        if (x->g.at_each >= 0)
            *own = fma(x->gradient, t, *own);
    }
}

static void add_duo(const duo *x, long j, SUMS *block, long step)
{
    for (long c = 0; c < x->g.v && x->g.at_value >= 0 && !x->dropped; c++) {
        SUMS *to = block + (x->g.at_value + c) * step;
        *to = fma(x->weight, x->d_out[c * x->d_out_col], *to);
    }
    if (x->kind != GRAD_WEIGHTED)
        return;
    if (x->g.at_gradient >= 0)
        block[x->g.at_gradient * step] += x->gradient;
    if (SCORE == POOL_DOT || SCORE == POOL_ADDITIVE)
        add_inner(x, j, block, step);
    else if (SCORE == POOL_KERNEL && x->g.path == GRAD_RADIAL)
        add_radial(x, j, block, step);
    else if (SCORE == POOL_KERNEL && x->g.path == GRAD_PRODUCT)
        add_product(x, j, block, step);
}

static void end_block(const gradient *g, __global REAL *total, long step, SUMS *block,
                      long block_step)
{
    for (long k = 0; k < g->count; k++) {
        total[k * step] += block[k * block_step];
        block[k * block_step] = 0;
    }
}

/* By w, of the sum of h u^2. */
static REAL by_width(REAL sum, REAL w)
{
    return w == 0 ? (REAL)0 : TYPED(div_rn)(-sum, w);
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
            *to = s * x->a.wv[c * x->a.wv_col] * *to;
        } else {
            factor2 f = after_sums(x, j, c);
            *to = (column ? *to : -*to) * f.one * f.two;
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

__kernel void grad_sweep(gradient g, MASK_PARAMETERS, SCORE_PARAMETERS, FACT_PARAMETERS, REAL s,
                         __global REAL *acc, __global REAL *room
#ifdef GRAD_LOCAL
                         , __local REAL *sums
#endif
                         )
{
    long points = g.column ? g.m : g.n, step = g.batch * g.heads * points, p = get_global_id(0);
    if (p >= step)
        return;
    long point = p % points, origin = g.column ? g.query_origin : g.key_origin;
    duo x;
    BEGIN_ITEM(x, p / points);
    x.room = room + p;
    x.step = step;
    acc += p;
    for (long k = 0; k < 2 * g.count && g.first == 0; k++)
        acc[k * step] = 0;
    __global REAL *kept = acc + g.count * step;
#ifdef GRAD_LOCAL
    SUMS *block = sums + get_local_id(0);
    long block_step = (long)get_local_size(0);
    for (long k = 0; k < g.count; k++)
        block[k * block_step] = kept[k * step];
#else
    SUMS *block = kept;
    long block_step = step;
#endif
    if (!g.column)
        BEGIN_ROW(x, point);
    for (long partner = g.first; partner < g.end; partner++) {
        long j = g.column ? point : partner;
        if ((origin + partner) % BLOCK == 0)
            end_block(&g, acc, step, block, block_step);
        if (g.column)
            BEGIN_ROW(x, partner);
        metric_key(&x.a, j);
        if (duo_of(&x, j))
            add_duo(&x, j, block, block_step);
    }
    if (!g.last) {
        for (long k = 0; k < g.count; k++)
            kept[k * step] = block[k * block_step];
        return;
    }
    end_block(&g, acc, step, block, block_step);
    if (g.column && g.n > 0)
        BEGIN_ROW(x, g.n - 1);
    if (g.column)
        metric_key(&x.a, point);
    if (!g.column || g.n > 0)
        end_point(&x, point, s, acc, step);
}

/* A bias of its own for each query and key, but perhaps for several items: an element of it adds
 * them up. */
__kernel void grad_pairs(gradient g, MASK_PARAMETERS, SCORE_PARAMETERS, FACT_PARAMETERS,
                         __global REAL *out, array out_at, long first_row)
{
    long j = get_global_id(0), i = first_row + get_global_id(1), matrix = get_global_id(2);
    long batches = out_at.batch == 0 ? 1 : g.batch, matrices = batches * g.heads;
    if (j >= g.m || i >= g.n || matrix >= matrices)
        return;
    long b = matrix / g.heads;
    int h = (int)(matrix % g.heads);
    if (out_at.head == 0 && h > 0)
        return;
    REAL total = 0;
    duo x;
    for (long item_b = b; item_b < (batches == g.batch ? b + 1 : g.batch); item_b++)
        for (int item_h = h; item_h < (out_at.head == 0 ? (int)g.heads : h + 1); item_h++) {
            BEGIN_ITEM(x, item_b * g.heads + item_h);
            BEGIN_ROW(x, i);
            metric_key(&x.a, j);
            if (duo_of(&x, j) && x.kind == GRAD_WEIGHTED)
                total += x.gradient;
        }
    out[array_at(out_at, b, h) + i * out_at.row + j * out_at.col] = clean(total);
}

/* What becomes of each row, before the sweeps. */
__kernel void grad_facts(gradient g, MASK_PARAMETERS, SCORE_PARAMETERS, int empty,
                         __global const array *at, __global const REAL *out,
                         __global const REAL *d_out, int has_d_lse, __global const REAL *d_lse,
                         __global const REAL *row_sum, __global REAL *gain, __global REAL *sum,
                         __global long *kind)
{
    long row = get_global_id(0);
    if (row >= g.batch * g.heads * g.n)
        return;
    long i = row % g.n, item = row / g.n, b = item / g.heads, count = 0, nearest = -1;
    int h = (int)(item % g.heads);
    array out_at = at[AT_OUT], d_out_at = at[AT_D_OUT], lse_at = at[AT_D_LSE], sum_at = at[AT_SUM];
    REAL l = row_sum[array_at(sum_at, b, h) + i * sum_at.row], least = 0, of = 0;
    REAL x = has_d_lse ? d_lse[array_at(lse_at, b, h) + i * lse_at.row] : (REAL)0;
    out += array_at(out_at, b, h) + i * out_at.row;
    d_out += array_at(d_out_at, b, h) + i * d_out_at.row;
    for (long from = 0; from < g.v && g.has_d_out; from += CHUNK) {
        REAL s = 0;
        for (long c = from; c < min(from + CHUNK, g.v); c++)
            s = fma(d_out[c * d_out_at.col], out[c * out_at.col], s);
        of += s;
    }
    gain[row] = g.has_d_out ? x - of : x;
    sum[row] = l;
    kind[row] = GRAD_WEIGHTED;
    if (l != 0)
        return;
    visible_keys visible;
    metric a;
    VISIBLE_OF(&visible, b, h, i, g.m);
    METRIC_OF(&a, b, h, i);
    for (long j = max(0L, visible.first); j < visible.end && (empty == EMPTY_MEAN || empty == EMPTY_NEAREST);
         j++) {
        if (!is_visible(&visible, j))
            continue;
        count++;
        if (SCORE != POOL_KERNEL || empty != EMPTY_NEAREST)
            continue;
        metric_key(&a, j);
        REAL u2 = nearness(&a, j, sum_terms(&a, j));
        if (nearest < 0 || u2 < least || (least != least && u2 == u2)) {
            nearest = j;
            least = u2;
        }
    }
    bool even = empty == EMPTY_MEAN && count > 0;
    sum[row] = even ? (REAL)count : (REAL)1;
    kind[row] = even ? GRAD_EVEN : nearest >= 0 ? nearest : GRAD_BLANK;
}

/* Number `number` of the items' sums over rows, by blocks, from slot `slot` of a sweep; times s, or,
 * by_w, divided by minus its inverse bandwidth, `number` of them. */
__kernel void grad_rows(gradient g, long slot, REAL s, int by_w, REAL one, int has_widths,
                        __global const REAL *widths, array widths_at, __global const REAL *acc,
                        __global REAL *items, long first)
{
    long item = get_global_id(0), number = get_global_id(1), all = g.batch * g.heads;
    if (item >= all)
        return;
    long step = all * g.n;
    REAL total = 0, block = 0;
    acc += (slot + number) * step + item * g.n;
    for (long i = 0; i < g.n; i++) {
        if ((g.query_origin + i) % BLOCK == 0) {
            total += block;
            block = 0;
        }
        block += acc[i];
    }
    total += block;
    if (has_widths)
        one = widths[array_at(widths_at, item / g.heads, (int)(item % g.heads)) +
                     number * widths_at.col];
    items[(first + number) * all + item] = by_w ? by_width(total, one) : s * total;
}
