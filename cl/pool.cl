/* SPDX-License-Identifier: Apache-2.0 */

/* The scores of a slab; and the policy `nearest`. */

enum { KEYS_EACH = 16 };

/* c x + bias in units of which c make a power of two: c is 1 where it was converted. */
static REAL score_of(const metric *a, const sight *s, bool converted, REAL x, long j)
{
    if (s->has_bias)
        return fma(a->scale, x, s->bias[j * s->bias_col] * LOG2E);
    return converted ? a->scale * x : x;
}

/* Into plane 0 of x the scores or, out of the log domain, the factors; into plane 1 the factors
 * in the log domain; MASKED where a key takes no part. Into c each row's scale. A work-item has
 * KEYS_EACH keys of a row. sums_given: plane 0 holds the pairs' sums (sums.cl). */
__kernel void scores(slab s, __global const long *chosen, MASK_PARAMETERS, SCORE_PARAMETERS,
                     int sums_given, int log_domain, int has_factor, int even,
                     __global const REAL *row_sum, __global WORD *x, __global REAL *c)
{
    long r = get_global_id(0), from = KEYS_EACH * get_global_id(1);
    if (r >= s.rows || from >= s.width)
        return;
    row_place p = place_of(s, chosen, r);
    bool evenly = even != EVEN_NONE && row_sum[p.state] == 0;
    if (even == EVEN_EMPTY_ONLY && !evenly)
        return;
    sight see = SIGHT_OF(p.b, p.h, p.i, s.m);
    metric a = METRIC_OF(p.b, p.h, p.i);
    bool converted = a.scale == 0 || see.has_bias;
    if (from == 0)
        c[r] = converted ? (REAL)1 : a.scale;

    long to = min(from + KEYS_EACH, s.width);
    for (long n = from; n < to; n++) {
        long j = s.key + n, at = n * s.rows + r;
        WORD word = MASKED;
        if (sees(&see, j)) {
            pair weight = { 0, 1, true };
            if (!evenly)
                weight = pair_of(&a, j, sums_given ? AS_REAL(x[at]) : pair_sum(&a, j));
            if (weight.inside)
                word = AS_WORD(clean(log_domain && !evenly
                                         ? score_of(&a, &see, converted, weight.x, j)
                                         : weight.factor));
            if (has_factor)
                x[s.width * s.rows + at] = AS_WORD(weight.factor);
        }
        x[at] = word;
    }
}

/* A work-group a row that is empty: the key of least nearness, ties to the lowest. */
enum { NEAREST_ITEMS = 64 };

static bool nearer(REAL u2, long j, REAL least, long best)
{
    if (j < 0 || best < 0)
        return j >= 0;
    if (u2 != u2 || least != least)
        return u2 == u2 || (least != least && j < best);
    return u2 < least || (u2 == least && j < best);
}

__kernel __attribute__((reqd_work_group_size(NEAREST_ITEMS, 1, 1))) void
nearest(slab s, __global const long *chosen, MASK_PARAMETERS, SCORE_PARAMETERS,
        __global const REAL *row_sum, __global long *row_info, __global const REAL *value,
        array value_at, long v, __global REAL *out, array out_at, int has_n_eff,
        __global REAL *n_eff, array n_eff_at)
{
    __local REAL all_least[NEAREST_ITEMS];
    __local long all_best[NEAREST_ITEMS];
    int item = (int)get_local_id(0);
    row_place p = place_of(s, chosen, get_group_id(0));
    bool empty = row_sum[p.state] == 0;
    sight see = SIGHT_OF(p.b, p.h, p.i, s.m);
    metric a = METRIC_OF(p.b, p.h, p.i);
    REAL least = 0;
    long best = -1;
    for (long j = empty ? item : s.m; j < s.m; j += NEAREST_ITEMS)
        if (sees(&see, j)) {
            REAL u2 = nearness(&a, j);
            if (nearer(u2, j, least, best)) {
                least = u2;
                best = j;
            }
        }
    all_least[item] = least;
    all_best[item] = best;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int n = 0; n < NEAREST_ITEMS; n++)
        if (nearer(all_least[n], all_best[n], least, best)) {
            least = all_least[n];
            best = all_best[n];
        }
    if (item == 0 && empty)
        row_info[p.state] = best;
    if (best < 0)
        return;
    if (item == 0 && has_n_eff)
        n_eff[array_at(n_eff_at, p.b, p.h) + p.i * n_eff_at.row] = 1;
    value += array_at(value_at, p.b, p.h) + best * value_at.row;
    out += array_at(out_at, p.b, p.h) + p.i * out_at.row;
    for (long col = item; col < v; col += NEAREST_ITEMS)
        out[col * out_at.col] = clean(value[col * value_at.col] + (REAL)0);
}
