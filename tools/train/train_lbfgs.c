/* SPDX-License-Identifier: Apache-2.0 */
/* Full batches by NLopt's L-BFGS; each evaluation of the loss is a row of the result. */
#include "tools/train/train.h"

#include <math.h>
#include <nlopt.h>
#include <stdlib.h>
#include <string.h>

/* A search ends where the loss and the parameters change by less than this part of them. */
static const double TOLERANCE = 1e-10, TOLERANCE_F32 = 1e-6;

struct search {
    struct train_run *run;
    nlopt_opt opt;
    struct train_model model;
    struct train_gradient gradient;
    double *unit; /* of each parameter that NLopt sees, */
    double scale; /* and of the loss; 0 until the first gradient is known */
    double slope; /* train_change of the best evaluation by its loss */
    bool limited; /* by the number of evaluations */
    bool flat;    /* where it begins */
    bool wall;    /* some step led to where there is no loss */
    int status;
    struct error *e;
};

/* All parameters one after the other, in their units, from x or to it. */
static void exchange(const struct search *s, double *x, bool to)
{
    struct params *p = &s->run->params;
    const double *unit = s->unit;
    for (int k = 0; k < PARAMS_ARRAYS; k++)
        for (int64_t i = 0; i < params_count(p, (enum params_array)k); i++, x++, unit++) {
            if (to)
                *x = p->value[k][i] / *unit;
            else
                p->value[k][i] = p->single ? (double)(float)(*x * *unit) : *x * *unit;
        }
}

/* NLopt has a gradient below 1e-8 for none, and knows one unit for all. So parameters count in what
 * they are at the start: w of a coordinate, whose unit is its own, in itself, others in the root of
 * their array's mean square. */
static void choose_units(const struct search *s)
{
    const struct params *p = &s->run->params;
    double *unit = s->unit;
    for (int k = 0; k < PARAMS_ARRAYS; k++) {
        const int64_t count = params_count(p, (enum params_array)k);
        double size = 0;
        for (int64_t i = 0; i < count; i++)
            size = hypot(size, p->value[k][i]);
        size /= sqrt((double)count);
        for (int64_t i = 0; i < count; i++) {
            const double own = p->kind == PARAMS_W_COORDINATE ? fabs(p->value[k][i]) : size;
            *unit++ = isnormal(own) ? own : isnormal(size) ? size : 1;
        }
    }
}

/* Knowing nothing of curvature yet, the search begins with a step as long as the gradient: far into
 * where the loss is flat, in most units of y. So its loss has the unit that makes the step a tenth
 * of the parameters. */
static double step_scale_of(const double *x, const double *gradient, unsigned n)
{
    double size = 0, slope = 0;
    for (unsigned i = 0; i < n; i++) {
        size = hypot(size, x[i]);
        slope = hypot(slope, gradient[i]);
    }
    const double scale = 0.1 * (size > 0 ? size : 1) / slope;
    return isnormal(scale) ? scale : 1;
}

/* The loss of the parameters, and its gradient. */
static double loss_of(struct search *s)
{
    struct train_run *run = s->run;
    struct params *p = &run->params;
    double loss = NAN;
    run->evaluations = ++p->epoch;
    run->session.done = (double)(p->epoch - 1) / (double)run->o->epochs;
    run->session.share = 1 / (double)run->o->epochs;
    attpool_status status =
        attpool_train_loss(run->session.context, s->model.X, s->model.Y, &s->model.options,
                           &s->model.training, &loss, &s->gradient.tensors);
    s->status = session_status(&run->session, status, NULL, 0, s->e);
    return loss;
}

/* No loss: NLopt goes half the way back. */
static double nothing(double *gradient, unsigned n)
{
    for (unsigned i = 0; gradient != NULL && i < n; i++)
        gradient[i] = 0;
    return HUGE_VAL;
}

/* What NLopt sees of the gradient, and of the loss. */
static double show(struct search *s, double loss, unsigned n, const double *x, double *gradient)
{
    const struct params *p = &s->run->params;
    for (int k = 0, at = 0; k < PARAMS_ARRAYS && gradient != NULL; k++)
        for (int64_t i = 0; i < params_count(p, (enum params_array)k); i++)
            gradient[at++] = real_get(s->gradient.memory[k], p->single, (size_t)i);
    for (unsigned i = 0; gradient != NULL && i < n; i++)
        gradient[i] *= s->unit[i];
    if (s->scale == 0)
        s->scale = gradient != NULL ? step_scale_of(x, gradient, n) : 1;
    for (unsigned i = 0; gradient != NULL && i < n; i++)
        gradient[i] *= s->scale;
    return loss * s->scale;
}

static double evaluate(unsigned n, const double *x, double *gradient, void *arg)
{
    struct search *s = arg;
    struct train_run *run = s->run;
    struct params *p = &run->params;
    /* Its line search looks neither at the number of evaluations nor whether it should stop. */
    if (s->status != CMD_OK || p->epoch == run->o->epochs) {
        s->limited = s->status == CMD_OK;
        nlopt_force_stop(s->opt);
        return nothing(gradient, n);
    }
    exchange(s, (double *)(uintptr_t)x, false);
    train_put(run);
    const double loss = loss_of(s);
    const bool known = isfinite(loss) && train_finite(run, &s->model);
    /* A step to where a row has no neighbour in a kernel's reach is too long. */
    if (s->status == CMD_OK && !known && run->record.count > 0) {
        s->wall = true;
        return nothing(gradient, n);
    }
    if (s->status == CMD_OK)
        s->status = known ? train_note(run, loss, s->e) : train_stop(run, loss, s->e);
    if (s->status != CMD_OK) {
        nlopt_force_stop(s->opt);
        return nothing(gradient, n);
    }
    s->flat = p->epoch == 1 ? train_is_flat(run, loss, &s->gradient) : s->flat;
    if (!(loss >= run->best)) {
        run->best = loss;
        s->slope = train_change(run, &s->gradient) / loss;
        train_keep(run, p->epoch);
    }
    return show(s, loss, n, x, gradient);
}

/* Warns unless it has converged, as has a search that rounding has stopped at a minimum. */
static void judge_result(struct search *s, nlopt_result result)
{
    static const double STEEP = 1e-3; /* more than rounding leaves at a minimum */
    struct train_run *run = s->run;
    const long long most = (long long)run->o->epochs;
    const bool stuck = s->wall && s->slope > STEEP;
    s->flat = s->flat && run->params.epoch == 1;
    run->converged = !s->flat && !s->limited && !stuck && result != NLOPT_MAXEVAL_REACHED;
    if (s->flat)
        train_warn_flat(run);
    else if (s->limited || result == NLOPT_MAXEVAL_REACHED)
        error_warn("L-BFGS has not converged within %lld evaluation%s; --epochs allows more", most,
                   most == 1 ? "" : "s");
    else if (stuck)
        error_warn("L-BFGS has stopped where a further step leaves a row with no other in reach, "
                   "although the loss still falls: try another --init, or a kernel of unbounded "
                   "support");
}

static int search(struct search *s, double *x, unsigned n, struct error *e)
{
    const double tolerance = s->run->params.single ? TOLERANCE_F32 : TOLERANCE;
    double least;
    s->opt = nlopt_create(NLOPT_LD_LBFGS, n);
    if (s->opt == NULL)
        return error_memory(e, 0);
    nlopt_set_min_objective(s->opt, evaluate, s);
    nlopt_set_maxeval(s->opt, (int)s->run->o->epochs);
    nlopt_set_ftol_rel(s->opt, tolerance);
    nlopt_set_xtol_rel(s->opt, tolerance);
    nlopt_result result = nlopt_optimize(s->opt, x, &least);
    nlopt_destroy(s->opt);
    if (s->status != CMD_OK)
        return s->status;
    if (result == NLOPT_OUT_OF_MEMORY)
        return error_memory(e, 0);
    train_restore(s->run);
    judge_result(s, result);
    return CMD_OK;
}

int train_lbfgs(struct train_run *run, struct error *e)
{
    struct search s = { .run = run, .e = e };
    int64_t count = 0;
    void *x = NULL, *unit = NULL;
    train_describe(run, run->x, run->group->y, run->value, &s.model);
    for (int k = 0; k < PARAMS_ARRAYS; k++)
        count += params_count(&run->params, (enum params_array)k);
    int st = train_gradient_new(run, &s.gradient, e);
    if (st == CMD_OK)
        st = array_new(&x, (size_t)count, sizeof(double), e);
    if (st == CMD_OK)
        st = array_new(&unit, (size_t)count, sizeof(double), e);
    if (st == CMD_OK) {
        run->best = HUGE_VAL;
        s.unit = unit;
        choose_units(&s);
        exchange(&s, x, true);
        st = search(&s, x, (unsigned)count, e);
    }
    free(x);
    free(unit);
    train_gradient_free(&s.gradient);
    return st;
}
