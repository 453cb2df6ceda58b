/* SPDX-License-Identifier: Apache-2.0 */

/* What the gradients want to know of a query and a key. */

typedef struct gradient gradient;

/* What is known of every row. */
#define FACT_PARAMETERS                                                                            \
    __global const array *at, __global const REAL *value, __global const REAL *d_out,              \
        __global const REAL *row_max, __global const REAL *gain, __global const REAL *sum,         \
        __global const long *kind, dropping how_dropped, REAL drop_scale

/* A query and a key that takes part. */
typedef struct {
    gradient g;
    metric a;
    visible_keys visible;
    long b, i, kind;
    int h;
    REAL max, sum, inverse, gain; /* inverse: 1 / sum */
    __global const REAL *value, *d_out; /* the matrix; the query's row */
    long value_row, value_col, d_out_col;
    __global REAL *room; /* of the product form: [2 d][step] */
    long step;
    REAL weight, gradient, coefficient, u2;
    dropping drop; /* from O, */
    REAL drop_scale;
    bool dropped;
} duo;

static REAL normal(const duo *x, REAL p)
{
    return x->g.divides ? TYPED(div_rn)(p, x->sum) : p * x->inverse;
}

/* W of e times a factor or what stands in its place, and a key weight. */
static REAL part_of(const duo *x, REAL e, REAL part, REAL a)
{
    REAL p = e * part;
    return normal(x, x->visible.has_key_weights ? p * a : p);
}

/* dO . v_j. */
static REAL inner_of(const duo *x, long j)
{
    REAL sum = 0;
    for (long from = 0; from < x->g.v; from += CHUNK) {
        long to = min(from + CHUNK, x->g.v);
        REAL s = 0;
        for (long c = from; c < to; c++)
            s = fma(x->d_out[c * x->d_out_col], x->value[j * x->value_row + c * x->value_col], s);
        sum += s;
    }
    return sum;
}

static int name_at(const metric *a, long c)
{
    return a->how.has_names ? a->names[c] : (int)a->how.name;
}

/* The coefficients of the product form, into room. */
static void product_coefficients(const duo *x, long j, REAL e, REAL a, REAL gain)
{
    long d = x->a.how.d;
    REAL before = 1, after = 1;
    for (long c = 0; c < d; c++) {
        REAL u = coordinate_u(&x->a, j, c);
        REAL f = kernel_factor(name_at(&x->a, c), u, u * u);
        x->room[c * x->step] = f;
        x->room[(d + c) * x->step] = before;
        before *= f;
    }
    for (long c = d - 1; c >= 0; c--) {
        int name = name_at(&x->a, c);
        REAL u = coordinate_u(&x->a, j, c), f = x->room[c * x->step];
        REAL others = x->room[(d + c) * x->step] * after;
        REAL h = part_of(x, e, others * slope(name, u, u * u, f), a) * gain;
        x->room[(d + c) * x->step] = name == BOXCAR || name == CONSTANT ? (REAL)0 : h;
        after *= f;
    }
}

static void radial_coefficient(duo *x, REAL terms, REAL e, REAL a, REAL factor, REAL gain)
{
    bool one = sums_by_power(&x->a);
    x->u2 = one ? terms * x->a.one.square : terms;
    REAL s = slope_over_u((int)x->a.how.name, TYPED(sqrt_rn)(x->u2), x->u2, factor);
    x->coefficient = part_of(x, e, s, a) * gain;
}

/* false: key j takes no part. metric_key has been called. `given`: sum is that of the pair's terms
 * and inner is dO . v_j. */
static bool duo_of(duo *x, long j, bool given, REAL sum, REAL inner)
{
    if (x->kind == GRAD_BLANK || !is_visible(&x->visible, j) || (x->kind >= 0 && x->kind != j))
        return false;
    pair w = { 0, 1, true };
    bool weighted = x->kind == GRAD_WEIGHTED;
    REAL terms = weighted && has_sum(&x->a) ? given ? sum : sum_terms(&x->a, j) : (REAL)0;
    if (weighted)
        pair_of(&w, &x->a, j, terms);
    if (!w.inside)
        return false;
    x->gradient = 0;
    x->dropped = is_dropped(x->drop, x->g.heads, x->b, x->h, x->i, j);
    if (!weighted) {
        x->weight = x->inverse;
        return true;
    }
    REAL a = x->visible.has_key_weights ? x->visible.key_weights[j * x->visible.key_weights_col] : (REAL)1;
    REAL e = 1, gain = x->gain;
    if (x->g.has_max) {
        bool folds = is_folded(x->a.scale, x->visible.has_bias);
        REAL bias = x->visible.has_bias ? x->visible.bias[j * x->visible.bias_col] : (REAL)0;
        REAL score = folds ? folded(x->a.scale, w.x, x->visible.has_bias, bias) : w.x;
        int k = x->visible.has_key_weights ? take_exponent(&a) : 0;
        REAL c = folds ? (REAL)4 : x->a.scale;
        if (x->g.cuts_far && x->max > CONSTANT(NEAR_LIMIT) && is_far(c, score, k))
            return false;
        e = relative(c, score, x->max, k, false);
    }
    if (x->g.has_d_out)
        gain = (x->dropped ? (REAL)0 : (given ? inner : inner_of(x, j)) * x->drop_scale) + gain;
    x->weight = part_of(x, e, w.factor, a);
    x->gradient = x->weight * gain;
    if (SCORE == POOL_KERNEL && x->g.path == GRAD_RADIAL)
        radial_coefficient(x, terms, e, a, w.factor, gain);
    if (SCORE == POOL_KERNEL && x->g.path == GRAD_PRODUCT)
        product_coefficients(x, j, e, a, gain);
    return true;
}

/* ---- Factors before and after the sums ---- */

typedef struct {
    REAL one, two;
} factor2;

static factor2 width_factor(const duo *x)
{
    bool product = x->g.path == GRAD_PRODUCT;
    factor2 f = { product ? x->a.one.size : x->a.one.square, product ? (REAL)1 : x->a.one.power };
    return f;
}

/* A coefficient or a sum that is 0 stays so: the inverse bandwidth of a key that is hidden, or too far
 * for a weight, may be anything. */
static REAL scaled_by(REAL x, factor2 f)
{
    return x == 0 ? (REAL)0 : x * f.one * f.two;
}

static factor2 before_sums(const duo *x, long j)
{
    long per = x->a.how.per;
    bool column = x->g.column;
    factor2 f = { 1, 1 };
    if ((per == BANDWIDTH_KEY && !column) || (per == BANDWIDTH_QUERY && column))
        f = width_factor(x);
    if (per == BANDWIDTH_COORDINATE_KEY && !column)
        f.one = fabs(x->a.factors[j * x->a.factors_col]);
    return f;
}

static factor2 after_sums(const duo *x, long j, long c)
{
    long per = x->a.how.per;
    bool column = x->g.column;
    factor2 f = { 1, 1 };
    if (per == BANDWIDTH_ONE || (per == BANDWIDTH_KEY && column) ||
        (per == BANDWIDTH_QUERY && !column))
        f = width_factor(x);
    if (per == BANDWIDTH_COORDINATE || (per == BANDWIDTH_COORDINATE_KEY && !column))
        f.one = fabs(x->a.inverse_bandwidths[c * x->a.widths_col]);
    if (per == BANDWIDTH_COORDINATE_KEY && column)
        f.one = omega(&x->a, j, c);
    return f;
}
