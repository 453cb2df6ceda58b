/* SPDX-License-Identifier: Apache-2.0 */
/* The densities: a call of the library for each fit, and one for its picture. */
#include "tools/density/density.h"

#include <math.h>
#include <stdlib.h>

struct work {
    const struct density_options *o;
    const struct regress_tables *tables;
    struct session session;
};

/* value and log may be NULL. */
static int density_at(struct work *w, const struct regress_fit *fit,
                      const struct regress_kernel *kernel, const struct density_points *at,
                      bool loo, void *value, void *log, struct error *e)
{
    const struct regress_group *g = fit->group;
    const bool single = g->single;
    int64_t n = (int64_t)at->n, m = (int64_t)g->m, d = (int64_t)g->d;
    struct operand q, k, a, f, l;
    const attpool_masks masks = { .size = sizeof masks, .leave_one_out = loo };
    attpool_pool_options options = { .size = sizeof options,
                                     .score = ATTPOOL_KERNEL,
                                     .kernel = &kernel->options,
                                     .masks = loo ? &masks : NULL };
    if (g->a != NULL)
        options.key_weights = operand_real(&a, g->a, single, 1, &m);
    const attpool_status status = attpool_density(
        w->session.context, operand_real(&q, at->q, single, 2, (const int64_t[]){ n, d }),
        operand_real(&k, g->x, single, 2, (const int64_t[]){ m, d }), &options,
        value != NULL ? operand_real(&f, value, single, 1, &n) : NULL,
        log != NULL ? operand_real(&l, log, single, 1, &n) : NULL);
    return session_status(&w->session, status, NULL, 0, e);
}

/* By case weight; a row of weight 0 does not count. */
static double mean_log(const struct regress_group *g, const void *log)
{
    double sum = 0, weight = 0;
    for (size_t j = 0; j < g->m; j++) {
        const double a = case_weight(g, j);
        sum += a > 0 ? a * real_get(log, g->single, j) : 0;
        weight += a;
    }
    return sum / weight;
}

static int compute_density(struct work *w, struct regress_fit *fit,
                           const struct regress_kernel *kernel, struct density *f, struct error *e)
{
    const struct regress_options *o = &w->o->table;
    const size_t size = real_size(fit->group->single);
    int st = density_points(w->o, fit, &f->at, e);
    if (st == CMD_OK)
        st = density_picture_points(w->o, fit, &f->picture, e);
    if (st == CMD_OK)
        st = array_new(&f->value, f->at.n, size, e);
    if (st == CMD_OK)
        st = array_new(&f->log, f->at.n, size, e);
    if (st == CMD_OK)
        st = array_new(&f->picture_value, f->picture.n, size, e);
    if (st == CMD_OK)
        st = density_at(w, fit, kernel, &f->at, o->loo, f->value, f->log, e);
    if (st == CMD_OK && f->picture.n > 0)
        st = density_at(w, fit, kernel, &f->picture, false, f->picture_value, NULL, e);
    const bool at_data = o->at == NULL && w->o->grid.count == 0;
    f->log_likelihood = st == CMD_OK && at_data ? mean_log(fit->group, f->log) : (double)NAN;
    return st;
}

static int compute_one(struct work *w, struct regress_fit *fit, struct density *f, struct error *e)
{
    struct regress_kernel kernel = { .memory = NULL };
    int st = regress_select_part(&w->o->table, w->tables, fit, &w->session, e);
    if (st == CMD_OK)
        st = regress_kernel(&w->o->table, fit, &kernel, e);
    if (st == CMD_OK)
        st = regress_adapt_all(&w->o->table, fit, &w->session, &kernel, e);
    if (st == CMD_OK)
        st = compute_density(w, fit, &kernel, f, e);
    regress_kernel_free(&kernel);
    return st;
}

int density_compute(const struct density_options *o, const struct regress_tables *t,
                    struct regress_fits *fits, struct density **densities, struct report *r,
                    struct error *e)
{
    struct work w = { .o = o, .tables = t };
    struct regress_explanation words = { .o = &o->table, .t = t };
    struct density *f = calloc(fits->count, sizeof *f);
    *densities = f;
    if (f == NULL)
        return error_memory(e, fits->count * sizeof *f);
    int st = session_open(&w.session, "density", &o->table.common, e);
    if (st != CMD_OK)
        return st;
    w.session.advice = "fewer points (--grid, --at), --precision f32 and a kernel of bounded "
                       "support are faster";
    w.session.explain = regress_explain;
    w.session.explain_data = &words;
    report_context(r, w.session.context, t->single);
    for (size_t i = 0; i < fits->count && st == CMD_OK; i++) {
        words.group = fits->item[i].group;
        w.session.share = 1 / (double)fits->count;
        w.session.done = (double)i / (double)fits->count;
        st = compute_one(&w, &fits->item[i], &f[i], e);
    }
    fits->whole = st == CMD_OK;
    session_close(&w.session);
    return st;
}

void density_free(struct density *f, size_t count)
{
    for (size_t i = 0; f != NULL && i < count; i++) {
        density_points_free(&f[i].at);
        density_points_free(&f[i].picture);
        free(f[i].value);
        free(f[i].log);
        free(f[i].picture_value);
    }
    free(f);
}
