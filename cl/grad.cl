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

static void add_radial(const duo *x, long j, SUMS *block, long step)
{
    factor2 f = before_sums(x, j);
    REAL h = x->coefficient, scaled = scaled_by(h, f);
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
        REAL scaled = u == 0 ? (REAL)0 : scaled_by(h, f);
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
    if (SCORE != POOL_KERNEL && x->g.path != GRAD_FLAT)
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
        if (duo_of(&x, j, false, 0, 0))
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
            if (duo_of(&x, j, false, 0, 0) && x.kind == GRAD_WEIGHTED)
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
    IN_ORDER
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
