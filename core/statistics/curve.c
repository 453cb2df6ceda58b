/* SPDX-License-Identifier: Apache-2.0 */

/* Bandwidths by a score: each is that of a pooling of all rows. */

#include "core/call/call.h"
#include "core/call/pool_grad.h"
#include "core/statistics/density.h"
#include "core/statistics/regression.h"
#include "core/statistics/selection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- candidates ---- */

/* |w / f| rounded up, in the type. */
static double divide_up(int type, double w, double f)
{
    w = fabs(w);
    const double q = ap_to_type(type, w / f);
    if (!(fma(q, f, -w) < 0))
        return q;
    if (type == TYPE_F32) {
        float next = (float)q;
        uint32_t bits;
        memcpy(&bits, &next, sizeof bits);
        bits++;
        memcpy(&next, &bits, sizeof bits);
        return (double)next;
    }
    uint64_t bits;
    double next;
    memcpy(&bits, &q, sizeof bits);
    bits++;
    memcpy(&next, &bits, sizeof next);
    return next;
}

/* A tensor of inverse bandwidths by f, in memory of its own. */
static attpool_status scale_tensor(const struct selection *s, struct candidate *c, double f)
{
    struct engine *e = s->args.engine;
    struct arguments args;
    struct view *w;
    ap_arguments_init(&args, e);
    attpool_status st =
        ap_arguments_add(&args, s->kernel.inverse_bandwidths, "inverse_bandwidths",
                         ATTPOOL_E_BANDWIDTH, ROLE_INPUT, KIND_REAL, LAYOUT_COL, NULL, &w);
    if (st == ATTPOOL_OK &&
        (w->ndim != 1 || !ap_arguments_on_host(&args) || args.type != s->args.type))
        st = ap_engine_fail(e, ATTPOOL_E_BANDWIDTH,
                            "inverse_bandwidths should have one dimension, be on the host and have "
                            "the type of K");
    if (st != ATTPOOL_OK)
        return st;
    c->scaled = malloc(((size_t)w->size[3] + 1) * 8);
    if (!c->scaled)
        return ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for inverse bandwidths");
    for (int64_t i = 0; i < w->size[3]; i++)
        selection_set(s, c->scaled, i, divide_up(args.type, ap_view_real(w, 0, 0, 0, i), f));
    c->inverse_bandwidths = *s->kernel.inverse_bandwidths;
    c->inverse_bandwidths.data = c->scaled;
    c->inverse_bandwidths.byte_offset = 0;
    c->inverse_bandwidths.strides = NULL;
    c->kernel.inverse_bandwidths = &c->inverse_bandwidths;
    return ATTPOOL_OK;
}

static attpool_status begin_candidate(const struct selection *s, struct candidate *c, double f)
{
    *c = (struct candidate){ .kernel = s->kernel };
    if (f == 1)
        return ATTPOOL_OK;
    if (s->kernel.inverse_bandwidths)
        return scale_tensor(s, c, f);
    if (s->kernel.bandwidth != 0) {
        c->kernel.bandwidth = s->kernel.bandwidth * f;
        return ATTPOOL_OK;
    }
    const double w = s->kernel.inverse_bandwidth;
    c->kernel.inverse_bandwidth = divide_up(s->args.type, w != 0 ? w : 1, f);
    return ATTPOOL_OK;
}

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

static void describe(struct selection *s, const struct candidate *c, struct pooling *p)
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

static attpool_status pool(struct selection *s, const struct pool_tensors *tensors)
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
    return pool(s, &(struct pool_tensors){ s->K, s->K, NULL, &p->options, NULL });
}

/* Densities know no max and sum, which only a gradient needs. */
static attpool_status predict_densities(struct selection *s, const struct pooling *p, bool gradient)
{
    struct pool_tensors tensors = p->tensors;
    attpool_pool_options options = p->options;
    options.max = options.sum = NULL;
    tensors.options = &options;
    attpool_status st = ap_density(s->args.engine, &tensors, NULL, &p->row[ROW_LOG]);
    return st == ATTPOOL_OK && gradient ? pool(s, &p->tensors) : st;
}

static attpool_status predict(struct selection *s, const struct pooling *p, bool gradient)
{
    if (!selection_reads_values(s))
        return predict_densities(s, p, gradient);
    return s->options.degree == 1 ? predict_lines(s, p) : pool(s, &p->tensors);
}

/* ---- curve ---- */

static attpool_status judge_factor(struct selection *s, double factor, struct judged *judged)
{
    struct candidate c;
    struct pooling p;
    attpool_status st = begin_candidate(s, &c, factor);
    describe(s, &c, &p);
    if (st == ATTPOOL_OK)
        st = predict(s, &p, false);
    if (st == ATTPOOL_OK)
        *judged = ap_judge(s);
    free(c.scaled);
    return st;
}

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

attpool_status attpool_bandwidth_curve(attpool_context *context, const DLTensor *K,
                                       const DLTensor *V, const attpool_pool_options *options,
                                       const attpool_selection_options *selection, int64_t count,
                                       const double *factors, double *scores, int64_t *without)
{
    struct call call;
    struct selection s;
    const struct selection_tensors tensors = { K, V, options, selection };
    attpool_status st = ap_call_begin(&call, context, "bandwidth_curve");
    if (st != ATTPOOL_OK)
        return st;
    st = ap_selection_begin(&s, &context->engine, &tensors);
    if (st == ATTPOOL_OK)
        st = check_factors(&context->engine, count, factors, scores);
    for (int64_t k = 0; k < count && st == ATTPOOL_OK; k++) {
        struct judged judged;
        ap_engine_part(&context->engine, (double)k / (double)count,
                       (double)(k + 1) / (double)count);
        st = judge_factor(&s, factors[k], &judged);
        if (st != ATTPOOL_OK)
            break;
        scores[k] = judged.score;
        if (without)
            without[k] = judged.without;
    }
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
        gradient[i] = -inverse * selection_get(s, memory, i);
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
        return ap_engine_fail(s->args.engine, ATTPOOL_E_OPTIONS, "a gradient is of degree 0");
    if (per != ATTPOOL_BANDWIDTH_KEY && per != ATTPOOL_BANDWIDTH_QUERY)
        return ATTPOOL_OK;
    return ap_engine_fail(s->args.engine, ATTPOOL_E_OPTIONS,
                          "a gradient is by one bandwidth or one a coordinate");
}

static attpool_status judge_own(struct selection *s, struct judged *judged, double *gradient)
{
    struct engine *e = s->args.engine;
    struct candidate c = { .kernel = s->kernel };
    struct pooling p;
    int64_t count = 0;
    attpool_status st = gradient ? check_gradient(s, &count) : ATTPOOL_OK;
    describe(s, &c, &p);
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
    attpool_status st = ap_call_begin(&call, context, "bandwidth_score");
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
