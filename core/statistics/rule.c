/* SPDX-License-Identifier: Apache-2.0 */

/* Bandwidths by a rule of thumb. */

#include "backends/kernels.h"
#include "core/call/call.h"
#include "core/call/options.h"
#include "core/statistics/adaptive.h"
#include "core/statistics/elementary.h"

#include <math.h>
#include <stdlib.h>

#define KERNEL_ROUGHNESS(NAME, log, factor, compact, square, roughness, variance, ...)             \
    [ATTPOOL_##NAME] = (roughness),
#define KERNEL_VARIANCE(NAME, log, factor, compact, square, roughness, variance, ...)              \
    [ATTPOOL_##NAME] = (variance),
static const double kernel_roughness[KERNEL_COUNT] = { KERNEL_TABLE(KERNEL_ROUGHNESS) };
static const double kernel_variance[KERNEL_COUNT] = { KERNEL_TABLE(KERNEL_VARIANCE) };
#undef KERNEL_ROUGHNESS
#undef KERNEL_VARIANCE

struct rule_call {
    attpool_rule rule;
    struct view *k, *key_weights;
    attpool_kernel_options kernel;
    int64_t m, d;
    struct weighted *column; /* [m], of which `count` have a weight */
    int64_t count;
    double n;              /* (sum a)^2 / sum a^2 */
    struct arguments args; /* last: all before it begins as 0 */
};

/* A row of a column: a is its key weight by a power of two, not 0. */
struct weighted {
    double x, a;
};

/* ---- checks ---- */

static attpool_status check_kernel(struct rule_call *c, attpool_kernel_name kernel)
{
    struct engine *e = c->args.engine;
    const char *name = attpool_kernel_to_name(kernel);
    if (!name)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "kernel is %d, which is not an attpool_kernel_name", (int)kernel);
    if (kernel_variance[kernel] == 0)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "no rule has a bandwidth for the %s kernel",
                              name);
    return ATTPOOL_OK;
}

static attpool_status check_kernels(struct rule_call *c)
{
    attpool_status st = ATTPOOL_OK;
    if (!c->kernel.kernels)
        return check_kernel(c, c->kernel.kernel);
    for (int64_t i = 0; i < c->d && st == ATTPOOL_OK; i++)
        st = check_kernel(c, c->kernel.kernels[i]);
    return st;
}

static attpool_status take_weights(struct rule_call *c, const DLTensor *key_weights)
{
    struct engine *e = c->args.engine;
    if (!key_weights)
        return ATTPOOL_OK;
    attpool_status st =
        ap_arguments_add(&c->args, key_weights, "key_weights", ATTPOOL_E_KEY_WEIGHTS, ROLE_INPUT,
                         KIND_REAL, LAYOUT_COL, NULL, &c->key_weights);
    if (st == ATTPOOL_OK && c->key_weights->ndim != 1)
        st =
            ap_engine_fail(e, ATTPOOL_E_KEY_WEIGHTS,
                           "key_weights has %d dimensions, it should have 1", c->key_weights->ndim);
    if (st == ATTPOOL_OK)
        st = ap_view_expect(e, c->key_weights, 3, c->m, "the rows of K are");
    if (st == ATTPOOL_OK && ap_arguments_on_host(&c->args))
        st = ap_check_key_weights(e, c->key_weights);
    return st;
}

static attpool_status take_rule(struct rule_call *c, const DLTensor *K, const DLTensor *key_weights,
                                const attpool_kernel_options *kernel, const double *bandwidths)
{
    struct engine *e = c->args.engine;
    if (c->rule != ATTPOOL_RULE_SILVERMAN && c->rule != ATTPOOL_RULE_SCOTT)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "rule is %d, which is not an attpool_rule",
                              (int)c->rule);
    if (!bandwidths)
        return ap_engine_fail(e, ATTPOOL_E_BANDWIDTH, "bandwidths is NULL");
    attpool_status st = ap_arguments_add(&c->args, K, "K", ATTPOOL_E_KEY, ROLE_INPUT, KIND_REAL,
                                         LAYOUT_PLAIN, NULL, &c->k);
    if (st != ATTPOOL_OK)
        return st;
    c->m = c->k->size[2];
    c->d = c->k->size[3];
    st = take_weights(c, key_weights);
    if (st == ATTPOOL_OK && !ap_arguments_on_host(&c->args))
        st = ap_engine_fail(e, ATTPOOL_E_KEY, "K and key_weights should be on the host");
    if (st == ATTPOOL_OK &&
        !ap_take_options(e, "attpool_kernel_options", &c->kernel, sizeof c->kernel, kernel))
        st = ATTPOOL_E_OPTIONS;
    return st == ATTPOOL_OK ? check_kernels(c) : st;
}

/* ---- a column ---- */

static double weight_of(const struct rule_call *c, int64_t j)
{
    return c->key_weights ? ap_view_real(c->key_weights, 0, 0, 0, j) : 1;
}

/* With exponents of their own neither the squares of weights nor those of x leave the range. */
static int weight_exponent(const struct rule_call *c)
{
    double most = 0;
    int exponent;
    for (int64_t j = 0; j < c->m; j++)
        most = weight_of(c, j) > most ? weight_of(c, j) : most;
    frexp(most, &exponent);
    return exponent;
}

static attpool_status read_column(struct rule_call *c, int64_t column, int exponent)
{
    c->count = 0;
    for (int64_t j = 0; j < c->m; j++) {
        const double x = ap_view_real(c->k, 0, 0, j, column), a = weight_of(c, j);
        if (!isfinite(x))
            return ap_engine_fail(c->args.engine, ATTPOOL_E_KEY,
                                  "K[%lld][%lld] is %g, it should be finite", (long long)j,
                                  (long long)column, x);
        if (a > 0)
            c->column[c->count++] = (struct weighted){ x, ldexp(a, -exponent) };
    }
    return ATTPOOL_OK;
}

/* By the weights too, so that equal x have one order. */
static int compare_weighted(const void *left, const void *right)
{
    const struct weighted *l = left, *r = right;
    return l->x != r->x ? (l->x > r->x) - (l->x < r->x) : (l->a > r->a) - (l->a < r->a);
}

/* The standard deviation, in the order of x; sets n. */
static double deviation(struct rule_call *c)
{
    const struct weighted *x = c->column;
    const double origin = x[0].x, range = x[c->count - 1].x - origin;
    double sum = 0, squares = 0, mean = 0, rest = 0;
    int exponent;
    frexp(range, &exponent);
    for (int64_t i = 0; i < c->count; i++) {
        sum += x[i].a;
        squares = fma(x[i].a, x[i].a, squares);
        mean = fma(x[i].a, x[i].x - origin, mean);
    }
    mean /= sum;
    for (int64_t i = 0; i < c->count; i++) {
        const double off = ldexp(x[i].x - origin - mean, -exponent);
        rest = fma(x[i].a, off * off, rest);
    }
    c->n = sum / squares * sum;
    return ldexp(sqrt(rest / (sum - squares / sum)), exponent);
}

/* The value at the part p of the way between the middles of the first and the last weight. */
static double quantile(const struct rule_call *c, double p)
{
    const struct weighted *x = c->column;
    double way = 0, at = 0;
    for (int64_t i = 0; i + 1 < c->count; i++)
        way += 0.5 * (x[i].a + x[i + 1].a);
    way *= p;
    for (int64_t i = 0; i + 1 < c->count; i++) {
        const double step = 0.5 * (x[i].a + x[i + 1].a);
        if (at + step >= way)
            return fma((way - at) / step, x[i + 1].x - x[i].x, x[i].x);
        at += step;
    }
    return x[c->count - 1].x;
}

/* ---- the rule ---- */

/* Of d kernels the sum of the logarithms of R, less two of the last one's variance. */
static double canonical(const struct rule_call *c, int64_t column)
{
    const attpool_kernel_name *names = c->kernel.kernels;
    double sum = 0;
    for (int64_t i = 0; i < c->d; i++)
        sum += ap_log(kernel_roughness[names ? names[i] : c->kernel.kernel] /
                      kernel_roughness[ATTPOOL_GAUSSIAN]);
    return sum - 2 * ap_log(kernel_variance[names ? names[column] : c->kernel.kernel]);
}

static double rule_of(struct rule_call *c, int64_t column)
{
    const double d = (double)c->d;
    const bool silverman = c->rule == ATTPOOL_RULE_SILVERMAN;
    double spread = deviation(c), power = canonical(c, column) - ap_log(c->n);
    if (c->d == 1) {
        const double quartiles = (quantile(c, 0.75) - quantile(c, 0.25)) / 1.34;
        spread = quartiles > 0 && quartiles < spread ? quartiles : spread;
        spread *= silverman ? 0.9 : 1.06;
    } else if (silverman) {
        power += ap_log(4 / (d + 2));
    }
    return spread * ap_exp(power / (d + 4));
}

static attpool_status find_rule(struct rule_call *c, bool deviations, double *bandwidths)
{
    struct engine *e = c->args.engine;
    const int exponent = weight_exponent(c);
    for (int64_t i = 0; i < c->d; i++) {
        attpool_status st = read_column(c, i, exponent);
        if (st != ATTPOOL_OK)
            return st;
        qsort(c->column, (size_t)c->count, sizeof *c->column, compare_weighted);
        if (c->count == 0)
            return ap_engine_fail(e, ATTPOOL_E_KEY,
                                  c->m == 0 ? "K has no rows" : "every key has the weight 0");
        /* This message and the next are read by tools/regress/regress_explain.c. */
        if (!(c->column[0].x < c->column[c->count - 1].x))
            return ap_engine_fail(e, ATTPOOL_E_KEY,
                                  "column %lld of K is constant: it has no bandwidth",
                                  (long long)i);
        bandwidths[i] = deviations ? deviation(c) : rule_of(c, i);
        if (!(bandwidths[i] > 0) || !isfinite(bandwidths[i]))
            return ap_engine_fail(e, ATTPOOL_E_BANDWIDTH,
                                  "the bandwidth of column %lld is out of range", (long long)i);
    }
    return ATTPOOL_OK;
}

/* Failures leave the caller's numbers alone. */
static attpool_status find_all(struct rule_call *c, bool deviations, double *bandwidths)
{
    double *found = malloc((size_t)(c->d + 1) * sizeof *found);
    c->column = malloc((size_t)(c->m + 1) * sizeof *c->column);
    attpool_status st = found && c->column ? find_rule(c, deviations, found)
                                           : ap_engine_fail(c->args.engine, ATTPOOL_E_MEMORY,
                                                            "no memory for the rule (%zu bytes)",
                                                            (size_t)c->m * sizeof *c->column);
    for (int64_t i = 0; i < c->d && st == ATTPOOL_OK; i++)
        bandwidths[i] = found[i];
    free(c->column);
    free(found);
    return st;
}

attpool_status ap_deviations(struct engine *e, struct view *k, struct view *key_weights,
                             double *deviations)
{
    struct rule_call c;
    ap_clear(&c, offsetof(struct rule_call, args));
    ap_arguments_init(&c.args, e);
    c.k = k;
    c.key_weights = key_weights;
    c.m = k->size[2];
    c.d = k->size[3];
    return find_all(&c, true, deviations);
}

attpool_status attpool_bandwidth_rule(attpool_context *context, attpool_rule rule,
                                      const DLTensor *K, const DLTensor *key_weights,
                                      const attpool_kernel_options *kernel, double *bandwidths)
{
    struct call call;
    struct rule_call c;
    attpool_status st = ap_call_begin(&call, context, "bandwidth_rule");
    if (st != ATTPOOL_OK)
        return st;
    ap_clear(&c, offsetof(struct rule_call, args));
    ap_arguments_init(&c.args, &context->engine);
    c.rule = rule;
    st = take_rule(&c, K, key_weights, kernel, bandwidths);
    if (st == ATTPOOL_OK)
        st = find_all(&c, false, bandwidths);
    return ap_call_end(&call, st);
}
