/* SPDX-License-Identifier: Apache-2.0 */

/* Local regression: what can be wrong with a call, and its steps in their order. */

#include "backends/kernel_traits.h"
#include "core/statistics/regression.h"

#include "core/call/call.h"
#include "core/selftest/tested.h"

#include <math.h>

/* ---- Check ---- */

/* The options of its pooling: NULL is a Gaussian kernel, not dot products. */
static attpool_status take_pool_options(struct regression *r, struct engine *e,
                                        attpool_pool_options *pool)
{
    if (!ap_take_options(e, "attpool_pool_options", pool, sizeof *pool, r->options.pool))
        return ATTPOOL_E_OPTIONS;
    if (!r->options.pool)
        pool->score = ATTPOOL_KERNEL;
    pool->size = sizeof *pool;
    if (pool->max || pool->sum)
        return ap_engine_fail(e, pool->max ? ATTPOOL_E_MAX : ATTPOOL_E_SUM,
                              "max and sum are outputs of attpool_pool");
    return ATTPOOL_OK;
}

static attpool_status check_options(struct regression *r, struct engine *e,
                                    const attpool_pool_options *pool, bool has_out)
{
    const attpool_regression_options *o = &r->options;
    const bool projects = pool->score == ATTPOOL_ADDITIVE || pool->score == ATTPOOL_PROJECTION;
    if (o->degree != 0 && o->degree != 1)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "degree is %d, it should be 0 or 1",
                              (int)o->degree);
    if (o->degree == 1 && pool->score != ATTPOOL_KERNEL)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "degree 1 needs the score ATTPOOL_KERNEL");
    if (o->slope && !has_out)
        return ap_engine_fail(e, ATTPOOL_E_SLOPE, "slope is asked for, but O is NULL");
    if (o->slope && (pool->score == ATTPOOL_AVERAGE || (o->degree == 0 && projects)))
        return ap_engine_fail(e, ATTPOOL_E_SLOPE,
                              "there is no slope with the score average, additive or projection");
    if (pool->dropout != 0)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "a regression has no dropout");
    if (o->standard_errors && !o->residuals)
        return ap_engine_fail(e, ATTPOOL_E_RESIDUALS, "standard_errors need residuals");
    return ATTPOOL_OK;
}

/* An output of the core itself: no backend writes it. */
static attpool_status add_output(struct regression *r, const DLTensor *t, const char *name,
                                 attpool_status status, int64_t cols, const char *of,
                                 struct view **view)
{
    struct pool_call *c = &r->pool;
    if (!t)
        return ATTPOOL_OK;
    attpool_status st = ap_arguments_add(&c->args, t, name, status, ROLE_OUTPUT, KIND_REAL,
                                         LAYOUT_MATRIX, NULL, view);
    if (st == ATTPOOL_OK)
        st = ap_view_expect(c->args.engine, *view, 2, c->pool.n, "Q has");
    if (st == ATTPOOL_OK)
        st = ap_view_expect(c->args.engine, *view, 3, cols, of);
    return st == ATTPOOL_OK ? ap_leading_expect(c->args.engine, *view, &c->leading, false, false)
                            : st;
}

static attpool_status add_residuals(struct regression *r)
{
    struct pool_call *c = &r->pool;
    struct engine *e = c->args.engine;
    const DLTensor *t = r->options.residuals;
    if (!t)
        return ATTPOOL_OK;
    attpool_status st = ap_arguments_add(&c->args, t, "residuals", ATTPOOL_E_RESIDUALS, ROLE_INPUT,
                                         KIND_REAL, LAYOUT_MATRIX, NULL, &r->residuals);
    if (st == ATTPOOL_OK && r->residuals->size[2] > c->pool.m)
        st = ap_engine_fail(e, ATTPOOL_E_RESIDUALS, "residuals has %lld rows, K has %lld",
                            (long long)r->residuals->size[2], (long long)c->pool.m);
    return st == ATTPOOL_OK ? ap_leading_expect(e, r->residuals, &c->leading, true, true) : st;
}

static attpool_status add_all(struct regression *r)
{
    const attpool_regression_options *o = &r->options;
    const int64_t d = r->pool.pool.d, v = r->pool.pool.v;
    struct engine *e = r->pool.args.engine;
    if (o->degree == 1 && d > MOMENTS_MOST) /* read by tools/regress/regress_explain.c */
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "degree 1 takes up to %d coordinates, Q has %lld", MOMENTS_MOST,
                              (long long)d);
    attpool_status st = add_residuals(r);
    if (st == ATTPOOL_OK)
        st = add_output(r, o->slope, "slope", ATTPOOL_E_SLOPE, v * d, "v d is", &r->slope);
    if (st == ATTPOOL_OK)
        st = add_output(r, o->equivalent, "equivalent", ATTPOOL_E_EQUIVALENT, 1 + d, "1 + d is",
                        &r->equivalent);
    if (st == ATTPOOL_OK && r->residuals)
        st = add_output(r, o->standard_errors, "standard_errors", ATTPOOL_E_STANDARD_ERRORS,
                        r->residuals->size[3], "residuals has", &r->errors);
    if (st == ATTPOOL_OK && !r->pool.out && !r->errors && !r->equivalent && !r->pool.n_eff &&
        !r->pool.weights && !r->pool.lse)
        st = ap_engine_fail(e, ATTPOOL_E_OUTPUT, "O is NULL and no other output is asked for");
    if (st == ATTPOOL_OK && !ap_arguments_on_host(&r->pool.args))
        st = ap_engine_fail(e, ATTPOOL_E_OPTIONS, "a regression takes tensors on the host");
    return st;
}

/* 2^e of a number with 2^e <= x < 2^(e + 1), 1 of none. */
static double power_of(double x)
{
    int exponent;
    x = fabs(x);
    if (!(x > 0) || isinf(x))
        return 1;
    frexp(x, &exponent);
    return ldexp(1, exponent - 1);
}

/* Has key j of batch item b and head h of K a weight, in one of the items and heads that share it?
 */
static bool has_weight(const struct regression *r, int64_t b, int64_t h, int64_t j)
{
    const struct view *a = r->pool.key_weights, *k = r->pool.k;
    if (!a)
        return true;
    const int64_t items = k->size[0] < a->size[0] ? a->size[0] : 1;
    const int64_t heads = k->size[1] < a->size[1] ? a->size[1] / k->size[1] : 1;
    bool any = false;
    for (int64_t i = 0; i < items; i++)
        for (int64_t g = 0; g < heads; g++)
            any |= ap_view_real(a, (b + i) % a->size[0], (h * heads + g) % a->size[1], 0, j) > 0;
    return any;
}

/* The inverse of the size of coordinate a of the keys that have a weight. */
static double inverse_size(const struct regression *r, int64_t a)
{
    const struct view *k = r->pool.k;
    double size = 0;
    for (int64_t b = 0; b < k->size[0]; b++)
        for (int64_t h = 0; h < k->size[1]; h++) {
            double least = HUGE_VAL, most = -HUGE_VAL;
            for (int64_t j = 0; j < k->size[2]; j++) {
                const double x = ap_view_real(k, b, h, j, a);
                if (!isfinite(x) || !has_weight(r, b, h, j))
                    continue;
                least = x < least ? x : least;
                most = x > most ? x : most;
            }
            const double between = isinf(most - least) ? most / 2 - least / 2 : most - least;
            size = between > size ? between : size;
        }
    return power_of(1 / power_of(size));
}

/* The least inverse bandwidth above 0: where weights are, distances times it are no large numbers.
 */
static double least_inverse(const struct regression *r)
{
    const struct view *w = r->pool.inverse_bandwidths.inverse_bandwidths;
    double least = HUGE_VAL;
    for (int64_t b = 0; b < w->size[0]; b++)
        for (int64_t h = 0; h < w->size[1]; h++)
            for (int64_t i = 0; i < w->size[2] * w->size[3]; i++) { /* a column, or a row */
                const double x = fabs(ap_view_real(w, b, h, i / w->size[3], i % w->size[3]));
                least = x > 0 && x < least ? x : least;
            }
    return least;
}

/* That of an inverse bandwidth, but not so small that all squared differences underflow, as they
 * would where a bandwidth is wide beyond measure. */
static double power_for(const struct regression *r, double w, int64_t a)
{
    const double power = power_of(w), least = 0x1p-20 * inverse_size(r, a);
    return power > least ? power : least;
}

/* Powers of two that make differences of the size of a bandwidth into numbers around 1. */
static void choose_powers(struct regression *r)
{
    const struct pool_args *p = &r->pool.pool;
    const struct view *w = r->pool.inverse_bandwidths.inverse_bandwidths;
    for (int64_t a = 0; a < p->d; a++) {
        if (kernel_name_at(&p->kernel, a) == ATTPOOL_CONSTANT) { /* it has no bandwidth */
            r->power[a] = inverse_size(r, a);
            continue;
        }
        switch (p->kernel.per) {
        case ATTPOOL_BANDWIDTH_ONE:
            r->power[a] = power_for(r, p->kernel.one, a);
            break;
        case ATTPOOL_BANDWIDTH_KEY:
        case ATTPOOL_BANDWIDTH_QUERY:
            r->power[a] = power_for(r, least_inverse(r), a);
            break;
        default:
            r->power[a] = power_for(r, ap_view_real(w, 0, 0, 0, a), a);
        }
    }
}

/* What the core writes itself is nothing that a backend is to write. */
static void keep_outputs(struct regression *r)
{
    struct pool_call *c = &r->pool;
    if (r->options.degree == 0)
        return;
    if (c->out)
        c->out->array = NULL;
    if (c->n_eff)
        c->n_eff->array = NULL;
}

static attpool_status check_regression(struct regression *r, struct engine *e,
                                       const struct pool_tensors *t)
{
    attpool_pool_options pool;
    struct pool_tensors tensors = *t;
    attpool_status st = take_pool_options(r, e, &pool);
    tensors.options = &pool;
    if (st == ATTPOOL_OK)
        st = check_options(r, e, &pool, t->O != NULL);
    if (st == ATTPOOL_OK)
        st = ap_pool_take(&r->pool, e, &tensors, PURPOSE_REGRESSION);
    if (st == ATTPOOL_OK)
        st = add_all(r);
    if (st != ATTPOOL_OK)
        return st;
    keep_outputs(r);
    st = ap_pool_describe(&r->pool, PURPOSE_REGRESSION);
    r->empty = r->pool.pool.empty;
    return st;
}

/* ---- Run ---- */

static attpool_status take_memory(struct regression *r)
{
    struct engine *e = r->pool.args.engine;
    struct pool_args *p = &r->pool.pool;
    const size_t bytes = number_bytes(r->pool.args.type);
    const size_t rows = (size_t)regression_rows(r) * bytes;
    const bool line = r->options.degree == 1;
    attpool_status st = ATTPOOL_OK;
    if (!line && !r->slope && !r->errors)
        return st;
    st = ap_buffer_new(e, rows, &r->max);
    if (st == ATTPOOL_OK)
        st = ap_buffer_new(e, rows, &r->sum);
    if (st == ATTPOOL_OK && line && (r->errors || r->pool.n_eff || r->pool.weights))
        st = ap_buffer_new(e, rows * (size_t)(1 + p->d), &r->tilt);
    p->max = numbers_array(&r->max, p->heads, p->n, 1);
    p->sum = numbers_array(&r->sum, p->heads, p->n, 1);
    return st;
}

static attpool_status run_steps(struct regression *r)
{
    struct engine *e = r->pool.args.engine;
    const struct pool_args *p = &r->pool.pool;
    const bool line = r->options.degree == 1;
    const double work = (double)(p->d + pool_columns(p) + ELEMENT_WORK);
    ap_engine_expect(e, (double)regression_rows(r) * (double)p->m * work);
    attpool_status st = ap_regression_fit(r);
    if (st == ATTPOOL_OK)
        st = ap_regression_gradient(r);
    if (st == ATTPOOL_OK)
        st = ap_regression_band(r);
    if (st == ATTPOOL_OK)
        st = ap_regression_weights(r);
    if (st == ATTPOOL_OK)
        st = ap_regression_empty(r);
    for (int64_t row = 0; st == ATTPOOL_OK && line && row < regression_rows(r); row++)
        if (r->empty == ATTPOOL_EMPTY_ERROR && number_get(&r->sum, r->pool.args.type, row) == 0)
            ap_engine_note_empty(e, 1);
    return st;
}

/* Without standard errors where matrices come before the pooling: additive and projection scores.
 */
static attpool_status run_regression(struct regression *r)
{
    struct pool_call *c = &r->pool;
    if (c->wq && r->errors)
        return ap_engine_fail(c->args.engine, ATTPOOL_E_STANDARD_ERRORS,
                              "there are no standard errors with the score additive or projection");
    if (c->wq || regression_rows(r) == 0)
        return ap_pool_run(c);
    if (r->options.degree == 1) {
        choose_powers(r);
        c->pool.moments.power = r->power;
        c->pool.empty = ATTPOOL_EMPTY_NAN;
    }
    attpool_status st = ap_arguments_stage(&c->args);
    if (st != ATTPOOL_OK)
        return st;
    st = take_memory(r);
    if (st == ATTPOOL_OK)
        st = run_steps(r);
    st = ap_arguments_unstage(&c->args, st);
    if (st == ATTPOOL_OK)
        ap_regression_tilt_weights(r);
    ap_buffer_free(c->args.engine, &r->tilt);
    ap_buffer_free(c->args.engine, &r->sum);
    ap_buffer_free(c->args.engine, &r->max);
    return st;
}

/* t of degree 0. */
static void put_constant(const struct regression *r)
{
    const struct pool_args *p = &r->pool.pool;
    for (int64_t row = 0; row < regression_rows(r); row++)
        for (int64_t a = 0; a <= p->d; a++)
            ap_view_set(r->equivalent, row / p->n / p->heads, row / p->n % p->heads, row % p->n, a,
                        a == 0);
}

attpool_status ap_regress(struct regression *r, struct engine *e, const struct pool_tensors *t,
                          const attpool_regression_options *options)
{
    ap_clear(r, offsetof(struct regression, pool));
    if (!ap_take_options(e, "attpool_regression_options", &r->options, sizeof r->options, options))
        return ATTPOOL_E_OPTIONS;
    attpool_status st = check_regression(r, e, t);
    if (st == ATTPOOL_OK)
        st = run_regression(r);
    if (st != ATTPOOL_OK)
        return st;
    if (r->equivalent && r->options.degree == 0)
        put_constant(r);
    if (r->options.singular)
        *r->options.singular = r->singular;
    if (r->options.imprecise)
        *r->options.imprecise = r->imprecise;
    if (r->options.missing)
        *r->options.missing = r->missing;
    return ATTPOOL_OK;
}

attpool_status attpool_regression(attpool_context *context, const DLTensor *Q, const DLTensor *K,
                                  const DLTensor *V, const attpool_regression_options *options,
                                  DLTensor *O)
{
    struct call call;
    struct regression r;
    const struct pool_tensors tensors = { Q, K, V, NULL, O };
    attpool_status st =
        ap_call_begin_tested(&call, context, "regression",
                             ap_tested_with_queries(ap_tested_of_regression(options), Q), V, Q);
    if (st != ATTPOOL_OK)
        return st;
    return ap_call_end(&call, ap_regress(&r, &context->engine, &tensors, options));
}
