/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters on their way into the library and back. */
#include "tools/train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void describe_kernel(const struct params *p, struct train_model *m, DLTensor *w)
{
    static const attpool_bandwidth_per per[] = {
        [PARAMS_W] = ATTPOOL_BANDWIDTH_ONE,
        [PARAMS_W_COORDINATE] = ATTPOOL_BANDWIDTH_COORDINATE,
        [PARAMS_W_KEY] = ATTPOOL_BANDWIDTH_KEY,
    };
    const bool several = p->kernels.count > 1;
    m->kernel = (attpool_kernel_options){ .size = sizeof m->kernel,
                                          .kernel = p->kernels.name[0],
                                          .form = several ? ATTPOOL_PRODUCT : p->form,
                                          .kernels = several ? p->kernels.name : NULL,
                                          .bandwidth_per = per[p->kind],
                                          .inverse_bandwidths = w };
    m->options.score = ATTPOOL_KERNEL;
    m->options.kernel = &m->kernel;
    m->parameters.inverse_bandwidths = w;
}

void train_describe(const struct train_run *run, void *x, void *y, void *const *value,
                    struct train_model *m)
{
    const struct params *p = &run->params;
    const struct regress_group *g = run->group;
    const int64_t rows = (int64_t)g->m, d = (int64_t)g->d, v = (int64_t)g->v;
    const bool single = p->single;
    *m = (struct train_model){ .options = { .size = sizeof m->options } };
    m->X = operand_real(&m->x, x, single, 2, (const int64_t[]){ rows, d });
    m->Y = operand_real(&m->y, y, single, 2, (const int64_t[]){ rows, v });
    m->training = (attpool_training){ .size = sizeof m->training,
                                      .loss = run->o->loss,
                                      .rate = run->o->rate };
    m->parameters.size = sizeof m->parameters;
    DLTensor *t[PARAMS_ARRAYS] = { NULL };
    for (int k = 0; k < PARAMS_ARRAYS; k++) {
        const int64_t count = params_count(p, (enum params_array)k);
        const bool matrix = k == PARAMS_WQ || k == PARAMS_WK;
        const int64_t shape[2] = { matrix ? p->p : count, p->d };
        if (count > 0)
            t[k] = operand_real(&m->value[k], value[k], single, matrix ? 2 : 1, shape);
    }
    if (params_have_kernel(p)) {
        describe_kernel(p, m, t[PARAMS_W_ARRAY]);
        return;
    }
    m->options.score = p->kind == PARAMS_ADDITIVE ? ATTPOOL_ADDITIVE : ATTPOOL_PROJECTION;
    m->options.wq = m->parameters.wq = t[PARAMS_WQ];
    m->options.wk = m->parameters.wk = t[PARAMS_WK];
    m->options.wv = m->parameters.wv = t[PARAMS_WV];
}

bool train_finite(const struct train_run *run, const struct train_model *m)
{
    for (int k = 0; k < PARAMS_ARRAYS; k++)
        for (int64_t i = 0; i < params_count(&run->params, (enum params_array)k); i++)
            if (!isfinite(real_get(m->value[k].tensor.data, run->params.single, (size_t)i)))
                return false;
    return true;
}

void train_take(struct train_run *run)
{
    for (int k = 0; k < PARAMS_ARRAYS; k++)
        for (int64_t i = 0; i < params_count(&run->params, (enum params_array)k); i++)
            run->params.value[k][i] = real_get(run->value[k], run->params.single, (size_t)i);
}

void train_put(struct train_run *run)
{
    for (int k = 0; k < PARAMS_ARRAYS; k++)
        for (int64_t i = 0; i < params_count(&run->params, (enum params_array)k); i++)
            real_set(run->value[k], run->params.single, (size_t)i, run->params.value[k][i]);
}

/* ---- records ---- */

static int grow_parameters(double **numbers, size_t room, struct error *e)
{
    double *more = realloc(*numbers, room * sizeof **numbers);
    if (more == NULL)
        return error_memory(e, room * sizeof **numbers);
    *numbers = more;
    return CMD_OK;
}

static int make_room(struct train_record *r, struct error *e)
{
    const size_t columns = r->widths > 0 ? r->widths : 1;
    if (r->count < r->room)
        return CMD_OK;
    r->room = r->room > 0 ? 2 * r->room : 16;
    if (r->w == NULL && (r->w = calloc(columns, sizeof *r->w)) == NULL)
        return error_memory(e, columns * sizeof *r->w);
    int st = grow_parameters(&r->epoch, r->room, e);
    if (st == CMD_OK)
        st = grow_parameters(&r->loss, r->room, e);
    for (size_t c = 0; c < columns && st == CMD_OK; c++)
        st = grow_parameters(&r->w[c], r->room, e);
    return st;
}

static double largest(const struct params *p)
{
    double most = 0;
    for (int k = 0; k < PARAMS_ARRAYS; k++)
        for (int64_t i = 0; i < params_count(p, (enum params_array)k); i++)
            most = fmax(most, fabs(p->value[k][i]));
    return most;
}

/* In units of a power of two: squares of numbers above 1e154 overflow. */
double train_norm(const struct params *p)
{
    int unit;
    double sum = 0;
    frexp(largest(p), &unit);
    for (int k = 0; k < PARAMS_ARRAYS; k++)
        for (int64_t i = 0; i < params_count(p, (enum params_array)k); i++) {
            const double x = ldexp(p->value[k][i], -unit);
            sum = fma(x, x, sum);
        }
    return ldexp(sqrt(sum), unit);
}

int train_note(struct train_run *run, double loss, struct error *e)
{
    struct train_record *r = &run->record;
    int st = make_room(r, e);
    if (st != CMD_OK)
        return st;
    r->epoch[r->count] = (double)run->params.epoch;
    r->loss[r->count] = loss;
    for (size_t c = 0; c < r->widths; c++)
        r->w[c][r->count] = run->params.value[PARAMS_W_ARRAY][c];
    if (r->widths == 0)
        r->w[0][r->count] = train_norm(&run->params);
    r->count++;
    return CMD_OK;
}

void train_keep(struct train_run *run, int64_t epoch)
{
    for (int k = 0; k < PARAMS_ARRAYS; k++)
        if (run->good[k] != NULL)
            memcpy(run->good[k], run->params.value[k],
                   (size_t)params_count(&run->params, (enum params_array)k) * sizeof(double));
    run->good_epoch = epoch;
}

void train_restore(struct train_run *run)
{
    for (int k = 0; k < PARAMS_ARRAYS; k++)
        if (run->good[k] != NULL)
            memcpy(run->params.value[k], run->good[k],
                   (size_t)params_count(&run->params, (enum params_array)k) * sizeof(double));
    run->params.epoch = run->good_epoch;
    train_put(run);
}

int train_stop(struct train_run *run, double loss, struct error *e)
{
    const int64_t epoch = run->params.epoch;
    const char *what = isnan(loss)   ? "the loss is not a number"
                       : isinf(loss) ? "the loss is infinite"
                                     : "the step gives parameters that are not finite";
    train_restore(run);
    run->stopped = true;
    return error_set(e, CMD_FAILED, "%s in %s %lld; the parameters are those after %lld%s", what,
                     run->o->lbfgs ? "evaluation" : "epoch", (long long)epoch,
                     (long long)run->good_epoch,
                     isnan(loss) && run->group->m == 1 ? ": the table has one row alone"
                     : isnan(loss) && run->record.count == 0 && !run->stepped
                         ? ": some row has no other row in reach, try another --init or kernel"
                     : run->o->lbfgs ? ""
                                     : "; a smaller --rate may help");
}
