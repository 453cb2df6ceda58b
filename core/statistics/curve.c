/* SPDX-License-Identifier: Apache-2.0 */

/* Bandwidths by a score: each is that of a pooling of all rows, some of which a backend can make at
 * the same time. */

#include "core/call/call.h"
#include "core/call/pool_grad.h"
#include "core/selftest/tested.h"
#include "core/statistics/density.h"
#include "core/statistics/regression.h"
#include "core/statistics/selection.h"

#include <math.h>
#include <stdlib.h>

/* ---- pooling ---- */

static DLTensor tensor(const struct selection *s, void *data, int dims, int64_t *shape)
{
    return (DLTensor){
        .data = data,
        .device = { .device_type = kDLCPU },
        .ndim = dims,
        .dtype = { .code = kDLFloat, .bits = s->args.type == TYPE_F32 ? 32 : 64, .lanes = 1 },
        .shape = shape,
    };
}

/* The arrays of a selection, and the options of its pooling. */
struct pooling {
    int64_t shape[2];
    DLTensor out, gradient, row[ROWS];
    attpool_masks masks;
    attpool_pool_options options;
    struct pool_tensors tensors;
};

static void describe_candidate(struct selection *s, const struct candidate *c, struct pooling *p)
{
    p->shape[0] = s->m;
    p->shape[1] = s->v;
    p->out = tensor(s, s->out, 2, p->shape);
    p->gradient = tensor(s, s->gradient, 2, p->shape);
    for (int i = 0; i < ROWS; i++)
        p->row[i] = tensor(s, s->row[i], 1, p->shape);
    p->masks = s->masks;
    p->options = s->pool;
    p->options.masks = &p->masks;
    p->options.kernel = &c->kernel;
    p->options.max = &p->row[ROW_MAX];
    p->options.sum = &p->row[ROW_SUM];
    p->tensors = (struct pool_tensors){ s->K, s->K, s->V, &p->options, s->V ? &p->out : NULL };
}

static attpool_status pool_candidate(struct selection *s, const struct pool_tensors *tensors)
{
    struct pool_call call;
    attpool_status st = ap_pool_check(&call, s->args.engine, tensors, PURPOSE_POOL);
    return st == ATTPOOL_OK ? ap_pool_run(&call) : st;
}

/* Predictions of lines; their sums of weights are those of pooling. */
static attpool_status predict_lines(struct selection *s, const struct pooling *p)
{
    struct regression r;
    attpool_pool_options options = p->options;
    int64_t shape[2] = { s->m, s->d + 1 };
    DLTensor tilt = tensor(s, s->tilt, 2, shape);
    const attpool_regression_options lines = { .degree = 1,
                                               .pool = &options,
                                               .equivalent = s->tilt ? &tilt : NULL };
    options.max = options.sum = NULL;
    attpool_status st = ap_regress(&r, s->args.engine, &p->tensors, &lines);
    if (st != ATTPOOL_OK || !s->tilt)
        return st;
    return pool_candidate(s, &(struct pool_tensors){ s->K, s->K, NULL, &p->options, NULL });
}

/* Densities know no max and sum, which only a gradient needs. */
static attpool_status predict_densities(struct selection *s, const struct pooling *p, bool gradient)
{
    struct pool_tensors tensors = p->tensors;
    attpool_pool_options options = p->options;
    options.max = options.sum = NULL;
    tensors.options = &options;
    attpool_status st = ap_density(s->args.engine, &tensors, NULL, &p->row[ROW_LOG]);
    return st == ATTPOOL_OK && gradient ? pool_candidate(s, &p->tensors) : st;
}

static attpool_status predict(struct selection *s, const struct pooling *p, bool gradient)
{
    if (!selection_reads_values(s))
        return predict_densities(s, p, gradient);
    return s->options.degree == 1 ? predict_lines(s, p) : pool_candidate(s, &p->tensors);
}

/* ---- curve ---- */

static attpool_status judge_factor(struct selection *s, double factor, struct judged *judged)
{
    struct candidate c;
    struct pooling p;
    attpool_status st = ap_candidate_begin(s, &c, factor);
    describe_candidate(s, &c, &p);
    if (st == ATTPOOL_OK)
        st = predict(s, &p, false);
    if (st == ATTPOOL_OK)
        *judged = ap_judge(s);
    free(c.scaled);
    return st;
}

/* ---- several at a time ---- */

/* Candidates that are pooled together, each with outputs of its own. */
struct together {
    struct pool_call call[POOL_BANDWIDTHS];
    struct candidate candidate[POOL_BANDWIDTHS];
    struct pooling pooling[POOL_BANDWIDTHS];
    struct selection own; /* that of the caller, with the outputs of one of them */
    char *memory;
    size_t bytes; /* of the outputs of one */
};

/* Can the backend make something of several? Lines take moments, which are most of their work. */
static bool goes_together(const struct selection *s, int64_t count)
{
    return count > 1 && s->args.engine->backend->pool_bandwidths[s->args.type] &&
           selection_reads_values(s) && s->options.degree == 0;
}

static attpool_status together_new(const struct selection *s, struct together **t)
{
    const size_t size = s->args.type == TYPE_F32 ? 4 : 8;
    *t = malloc(sizeof **t);
    if (*t) {
        (*t)->own = *s;
        (*t)->bytes = (size_t)s->m * (size_t)(s->v + 2) * size;
        (*t)->memory = malloc(POOL_BANDWIDTHS * (*t)->bytes + 1);
    }
    return *t && (*t)->memory ? ATTPOOL_OK
                              : ap_engine_fail(s->args.engine, ATTPOOL_E_MEMORY,
                                               "no memory for %d bandwidths", POOL_BANDWIDTHS);
}

static void together_free(struct together *t)
{
    if (t)
        free(t->memory);
    free(t);
}

/* The outputs of candidate k. */
static void take_outputs(struct together *t, int k)
{
    const size_t column = t->bytes / (size_t)(t->own.v + 2);
    t->own.out = t->memory + (size_t)k * t->bytes;
    t->own.row[ROW_MAX] = (char *)t->own.out + column * (size_t)t->own.v;
    t->own.row[ROW_SUM] = (char *)t->own.row[ROW_MAX] + column;
}

static attpool_status check_together(struct together *t, int count, const double *factors)
{
    attpool_status st = ATTPOOL_OK;
    for (int k = 0; k < count && st == ATTPOOL_OK; k++) {
        struct pooling *p = &t->pooling[k];
        take_outputs(t, k);
        st = ap_candidate_begin(&t->own, &t->candidate[k], factors[k]);
        describe_candidate(&t->own, &t->candidate[k], p);
        if (!selection_reads_sums(&t->own))
            p->options.max = p->options.sum = NULL;
        if (st == ATTPOOL_OK)
            st = ap_pool_check(&t->call[k], t->own.args.engine, &p->tensors, PURPOSE_POOL);
    }
    return st;
}

static attpool_status judge_together(struct together *t, int count, const double *factors,
                                     struct judged *judged)
{
    for (int k = 0; k < count; k++)
        t->candidate[k].scaled = NULL;
    attpool_status st = check_together(t, count, factors);
    if (st == ATTPOOL_OK)
        st = ap_pool_run_bandwidths(t->call, count);
    for (int k = 0; k < count && st == ATTPOOL_OK; k++) {
        take_outputs(t, k);
        judged[k] = ap_judge(&t->own);
    }
    for (int k = 0; k < count; k++)
        free(t->candidate[k].scaled);
    return st;
}

/* ---- the curve ---- */

static attpool_status check_factors(struct engine *e, int64_t count, const double *factors,
                                    const double *scores)
{
    if (count < 0 || (count > 0 && (!factors || !scores)))
        return ap_engine_fail(e, ATTPOOL_E_BANDWIDTH, "count is %lld%s", (long long)count,
                              count < 0 ? "" : ", factors or scores is NULL");
    for (int64_t k = 0; k < count; k++)
        if (!(factors[k] > 0) || !isfinite(factors[k]))
            return ap_engine_fail(e, ATTPOOL_E_BANDWIDTH,
                                  "factors[%lld] is %g, it should be positive and finite",
                                  (long long)k, factors[k]);
    return ATTPOOL_OK;
}

static attpool_status judge_all(struct selection *s, int64_t count, const double *factors,
                                struct judged *judged)
{
    struct together *t = NULL;
    attpool_status st = goes_together(s, count) ? together_new(s, &t) : ATTPOOL_OK;
    for (int64_t k = 0; k < count && st == ATTPOOL_OK;) {
        const int some = !t ? 1 : count - k < POOL_BANDWIDTHS ? (int)(count - k) : POOL_BANDWIDTHS;
        ap_engine_span(s->args.engine, (double)k / (double)count,
                       (double)(k + some) / (double)count);
        st = t ? judge_together(t, some, factors + k, judged + k)
               : judge_factor(s, factors[k], judged + k);
        k += some;
    }
    together_free(t);
    return st;
}

/* Nothing is written unless all is known. */
static attpool_status make_curve(struct selection *s, int64_t count, const double *factors,
                                 double *scores, int64_t *without)
{
    struct judged *judged = calloc((size_t)count + 1, sizeof *judged);
    attpool_status st = judged ? judge_all(s, count, factors, judged)
                               : ap_engine_fail(s->args.engine, ATTPOOL_E_MEMORY,
                                                "no memory for %lld scores", (long long)count);
    for (int64_t k = 0; k < count && st == ATTPOOL_OK; k++) {
        scores[k] = judged[k].score;
        if (without)
            without[k] = judged[k].without;
    }
    free(judged);
    return st;
}

attpool_status attpool_bandwidth_curve(attpool_context *context, const DLTensor *K,
                                       const DLTensor *V, const attpool_pool_options *options,
                                       const attpool_selection_options *selection, int64_t count,
                                       const double *factors, double *scores, int64_t *without)
{
    struct call call;
    struct selection s;
    const struct selection_tensors tensors = { K, V, options, selection };
    attpool_status st = ap_call_begin_tested(
        &call, context, "bandwidth_curve", ap_tested_of_selection(options, selection, false), K, V);
    if (st != ATTPOOL_OK)
        return st;
    st = ap_selection_begin(&s, &context->engine, &tensors);
    if (st == ATTPOOL_OK)
        st = check_factors(&context->engine, count, factors, scores);
    if (st == ATTPOOL_OK)
        st = make_curve(&s, count, factors, scores, without);
    ap_selection_end(&s);
    return ap_call_end(&call, st);
}

/* ---- one bandwidth and its gradient ---- */

/* By the inverse bandwidths, then by the logarithms of the bandwidths. */
static attpool_status differentiate(struct selection *s, const struct pooling *p, int64_t count,
                                    double *gradient)
{
    const bool values = selection_reads_values(s);
    struct pool_grad_call call;
    double slopes[1];
    void *memory = count > 1 ? malloc((size_t)count * 8) : slopes;
    DLTensor slope = tensor(s, memory, s->kernel.inverse_bandwidths ? 1 : 0, &count);
    const attpool_gradients wanted = { .inverse_bandwidths = &slope };
    const struct pool_grad_tensors tensors = { p->tensors, values ? &p->gradient : NULL,
                                               selection_reads_sums(s) ? &p->row[ROW_GRADIENT]
                                                                       : NULL,
                                               &wanted };
    if (!memory)
        return ap_engine_fail(s->args.engine, ATTPOOL_E_MEMORY, "no memory for the gradient");
    attpool_status st = ap_pool_grad_check(&call, s->args.engine, &tensors);
    if (st == ATTPOOL_OK)
        st = ap_pool_grad_run(&call);
    for (int64_t i = 0; i < count && st == ATTPOOL_OK; i++) {
        const struct view *w = call.pool.inverse_bandwidths.inverse_bandwidths;
        const double inverse = w ? ap_view_real(w, 0, 0, 0, i) : call.pool.pool.kernel.one;
        gradient[i] = ldexp(-inverse * selection_get(s, memory, i), s->gradient_exponent);
        if (!values) /* the density's own factor of 1 / h, d times of one for all */
            gradient[i] += s->kernel.bandwidth_per == ATTPOOL_BANDWIDTH_ONE ? (double)s->d : 1;
    }
    if (memory != slopes)
        free(memory);
    return st;
}

static attpool_status check_gradient(struct selection *s, int64_t *count)
{
    const attpool_bandwidth_per per = s->kernel.bandwidth_per;
    *count = per == ATTPOOL_BANDWIDTH_ONE ? 1 : s->d;
    if (s->options.degree == 1)
        return ap_engine_fail(s->args.engine, ATTPOOL_E_OPTIONS, "a gradient needs degree 0");
    if (per != ATTPOOL_BANDWIDTH_KEY && per != ATTPOOL_BANDWIDTH_QUERY)
        return ATTPOOL_OK;
    return ap_engine_fail(s->args.engine, ATTPOOL_E_OPTIONS,
                          "a gradient needs one bandwidth, or one a coordinate");
}

static attpool_status judge_own(struct selection *s, struct judged *judged, double *gradient)
{
    struct engine *e = s->args.engine;
    struct candidate c = { .kernel = s->kernel };
    struct pooling p;
    int64_t count = 0;
    attpool_status st = gradient ? check_gradient(s, &count) : ATTPOOL_OK;
    describe_candidate(s, &c, &p);
    ap_engine_part(e, 0, gradient ? 1.0 / 3 : 1);
    if (st == ATTPOOL_OK)
        st = predict(s, &p, gradient != NULL);
    if (st != ATTPOOL_OK)
        return st;
    *judged = ap_judge(s);
    for (int64_t i = 0; i < count; i++)
        gradient[i] = (double)NAN;
    if (!gradient || !isfinite(judged->score))
        return st;
    ap_judge_grad(s, judged);
    ap_engine_part(e, 1.0 / 3, 1);
    return differentiate(s, &p, count, gradient);
}

attpool_status attpool_bandwidth_score(attpool_context *context, const DLTensor *K,
                                       const DLTensor *V, const attpool_pool_options *options,
                                       const attpool_selection_options *selection, double *score,
                                       int64_t *without, double *gradient)
{
    struct call call;
    struct selection s;
    struct judged judged = { .score = 0 };
    const struct selection_tensors tensors = { K, V, options, selection };
    attpool_status st =
        ap_call_begin_tested(&call, context, "bandwidth_score",
                             ap_tested_of_selection(options, selection, gradient != NULL), K, V);
    if (st != ATTPOOL_OK)
        return st;
    st = ap_selection_begin(&s, &context->engine, &tensors);
    if (st == ATTPOOL_OK && !score)
        st = ap_engine_fail(&context->engine, ATTPOOL_E_OUTPUT, "score is NULL");
    if (st == ATTPOOL_OK)
        st = judge_own(&s, &judged, gradient);
    if (st == ATTPOOL_OK) {
        *score = judged.score;
        if (without)
            *without = judged.without;
    }
    ap_selection_end(&s);
    return ap_call_end(&call, st);
}
