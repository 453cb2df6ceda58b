/* SPDX-License-Identifier: Apache-2.0 */
/* Epochs of gradient descent. With batches an epoch takes the rows in an order of its own, in which
 * keys, values and what belongs to keys are put, so that a batch is a range of them. */
#include "tools/train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct epoch {
    struct train_run *run;
    size_t rows, batch;
    int64_t *order;  /* NULL: as in the data */
    void *x, *y, *w; /* in this order; w of w-key, or NULL */
    bool lost;       /* a step gave parameters that are not finite */
};

/* Rows of `width` numbers in the order, or back from it. */
static void reorder(const struct epoch *p, void *to, const void *from, size_t width, bool back)
{
    const size_t bytes = width * real_size(p->run->params.single);
    for (size_t i = 0; i < p->rows; i++) {
        const size_t at = (size_t)p->order[i] * bytes;
        memcpy((char *)to + (back ? at : i * bytes), (const char *)from + (back ? i * bytes : at),
               bytes);
    }
}

static int begin_descent(struct train_run *run, struct epoch *p, struct error *e)
{
    const struct regress_group *g = run->group;
    const size_t size = real_size(run->params.single);
    void *order;
    *p = (struct epoch){ .run = run, .rows = g->m, .batch = g->m };
    if (!train_batches(run))
        return CMD_OK;
    p->batch = (size_t)run->o->batch;
    int st = array_new(&order, g->m, sizeof *p->order, e);
    if (st != CMD_OK)
        return st;
    p->order = order;
    st = array_new(&p->x, g->m * g->d, size, e);
    if (st == CMD_OK)
        st = array_new(&p->y, g->m * g->v, size, e);
    if (st == CMD_OK && run->params.kind == PARAMS_W_KEY)
        st = array_new(&p->w, g->m, size, e);
    return st;
}

static void end(struct epoch *p)
{
    free(p->order);
    free(p->x);
    free(p->y);
    free(p->w);
}

/* What the loss of a batch adds to that of the epoch. */
static double share_of(const struct train_run *run, double loss, size_t count)
{
    if (run->o->loss != ATTPOOL_LOSS_MEAN)
        return loss;
    return loss * ((double)count / (double)run->group->m);
}

static int make_steps(struct epoch *p, struct train_model *m, double *total, struct error *e)
{
    struct train_run *run = p->run;
    struct session *s = &run->session;
    const double done = s->done, share = s->share;
    int st = CMD_OK;
    *total = 0;
    for (size_t first = 0; first < p->rows && st == CMD_OK; first += p->batch) {
        const size_t count = p->batch < p->rows - first ? p->batch : p->rows - first;
        double loss = NAN;
        m->training.first = (int64_t)first;
        m->training.count = (int64_t)count;
        s->done = done + share * (double)first / (double)p->rows;
        s->share = share * (double)count / (double)p->rows;
        attpool_status status = attpool_train_step(s->context, m->X, m->Y, &m->options,
                                                   &m->training, &m->parameters, &loss);
        st = session_status(s, status, NULL, 0, e);
        *total += share_of(run, loss, count);
        if (!isfinite(loss))
            break;
        run->stepped = true;
        if (first == 0) /* what this epoch began with was good */
            train_keep(run, run->params.epoch - 1);
        p->lost = st == CMD_OK && !train_finite(run, m);
        if (p->lost)
            break;
    }
    return st;
}

static int one_epoch(struct epoch *p, double *loss, struct error *e)
{
    struct train_run *run = p->run;
    const struct regress_group *g = run->group;
    struct train_model model;
    void *value[PARAMS_ARRAYS];
    memcpy(value, run->value, sizeof value);
    run->params.epoch++;
    if (p->order != NULL) {
        const attpool_status status = attpool_train_order(
            (uint64_t)run->params.seed, run->params.epoch - 1, (int64_t)p->rows, p->order);
        const int st = session_status(&run->session, status, NULL, 0, e);
        if (st != CMD_OK)
            return st;
        reorder(p, p->x, run->x, g->d, false);
        reorder(p, p->y, g->y, g->v, false);
    }
    if (p->w != NULL) {
        reorder(p, p->w, value[PARAMS_W_ARRAY], 1, false);
        value[PARAMS_W_ARRAY] = p->w;
    }
    train_describe(run, p->order != NULL ? p->x : run->x, p->order != NULL ? p->y : g->y, value,
                   &model);
    int st = make_steps(p, &model, loss, e);
    if (p->w != NULL)
        reorder(p, run->value[PARAMS_W_ARRAY], p->w, 1, true);
    train_take(run);
    return st;
}

/* The loss ends above where it began, or on the plain where w is so large that each row is
 * predicted from its neighbour alone and the gradient is 0. */
static void warn_diverged(const struct train_run *run, double before)
{
    static const double FAR = 1000;
    const double rounding = run->params.single ? 1e-6 : 1e-9;
    const struct train_record *r = &run->record;
    const double first = r->loss[0], last = r->loss[r->count - 1], after = train_norm(&run->params);
    static const char advice[] = "try a smaller --rate, or --optimizer lbfgs, which needs none";
    if (last > first * (1 + rounding))
        error_warn("the loss has grown from %.6g to %.6g: %s", first, last, advice);
    else if (before > 0 && after > FAR * before)
        error_warn("the norm of the parameters has grown from %.6g to %.6g: %s", before, after,
                   advice);
}

/* Parameters that have stayed where they began may be where the loss has no slope; those of another
 * run, where it ends. */
static int check_slope(struct train_run *run, double before, struct error *e)
{
    struct train_gradient gradient = { .memory = { NULL } };
    struct train_model m;
    double loss;
    static const double STILL = 1e-6; /* but for what rounding errors of batches add up to */
    if (run->o->rate == 0 || run->o->params_in != NULL ||
        fabs(train_norm(&run->params) - before) > STILL * before)
        return CMD_OK;
    train_describe(run, run->x, run->group->y, run->value, &m);
    int st = train_gradient_new(run, &gradient, e);
    if (st == CMD_OK) {
        const attpool_status status = attpool_train_loss(run->session.context, m.X, m.Y, &m.options,
                                                         &m.training, &loss, &gradient.tensors);
        st = session_status(&run->session, status, NULL, 0, e);
    }
    if (st == CMD_OK && train_is_flat(run, loss, &gradient))
        train_warn_flat(run);
    train_gradient_free(&gradient);
    return st;
}

int train_descend(struct train_run *run, struct error *e)
{
    struct epoch p;
    const int64_t epochs = run->o->epochs;
    const double before = train_norm(&run->params);
    int st = begin_descent(run, &p, e);
    for (int64_t k = 0; k < epochs && st == CMD_OK; k++) {
        double loss = NAN;
        run->session.done = (double)k / (double)epochs;
        run->session.share = 1 / (double)epochs;
        st = one_epoch(&p, &loss, e);
        if (st == CMD_OK && (!isfinite(loss) || p.lost))
            st = train_stop(run, loss, e);
        else if (st == CMD_OK)
            st = train_note(run, loss, e);
    }
    end(&p);
    if (st != CMD_OK)
        return st;
    warn_diverged(run, before);
    return check_slope(run, before, e);
}
