/* SPDX-License-Identifier: Apache-2.0 */
/* The classifications: a call of the library for the query points, and one that leaves each row
 * out of its own class. */
#include "tools/classify/classify.h"

#include <math.h>
#include <stdlib.h>

/* More are validated only where leave-one-out is what was asked for. */
enum { MOST_VALIDATED = 20000 };

struct work {
    const struct regress_options *o;
    const struct regress_tables *tables;
    const struct classes *classes;
    struct session session;
};

/* p column after column. */
static attpool_status classify(struct work *w, const struct regress_fit *fit,
                               const struct regress_kernel *kernel, void *queries, size_t count,
                               bool loo, attpool_empty empty, void *p, int32_t *class)
{
    const struct regress_group *g = fit->group;
    const bool single = g->single;
    const DLDataType integer = { .code = kDLInt, .bits = 32, .lanes = 1 };
    int64_t n = (int64_t)count, m = (int64_t)g->m, d = (int64_t)g->d, v = (int64_t)g->v;
    struct operand q, k, y, a, out, classes;
    const attpool_masks masks = { .size = sizeof masks, .leave_one_out = loo };
    attpool_pool_options options = { .size = sizeof options,
                                     .score = ATTPOOL_KERNEL,
                                     .empty = empty,
                                     .kernel = &kernel->options,
                                     .masks = &masks };
    if (g->a != NULL)
        options.key_weights = operand_real(&a, g->a, single, 1, &m);
    return attpool_classify(w->session.context,
                            operand_real(&q, queries, single, 2, (const int64_t[]){ n, d }),
                            operand_real(&k, g->x, single, 2, (const int64_t[]){ m, d }),
                            operand_real(&y, g->y, single, 2, (const int64_t[]){ m, v }), &options,
                            operand_columns(&out, p, single, n, v, n),
                            operand_of_type(&classes, class, integer, 1, &n));
}

/* The query points; with --empty error the first that has no data in reach is named. */
static int classify_queries(struct work *w, const struct regress_fit *fit,
                            const struct regress_kernel *kernel, struct classification *r,
                            struct error *e)
{
    const struct regress_group *g = fit->group;
    attpool_status status =
        classify(w, fit, kernel, g->q, g->n, w->o->loo, w->o->empty, r->p, r->class);
    if (status != ATTPOOL_E_EMPTY)
        return session_status(&w->session, status, NULL, 0, e);
    status = classify(w, fit, kernel, g->q, g->n, w->o->loo, ATTPOOL_EMPTY_NAN, r->p, r->class);
    for (size_t i = 0; status == ATTPOOL_OK && i < g->n; i++)
        if (r->class[i] < 0 && !(g->missing != NULL && g->missing[i]))
            return regress_no_data(w->o, w->tables, g, i, e);
    return session_status(&w->session, status, NULL, 0, e);
}

/* ---- leave-one-out ---- */

/* What the probabilities of a row miss: the sum over the classes of the squared errors. */
static double row_error(const struct regress_group *g, const void *p, size_t row, size_t class)
{
    double sum = 0;
    for (size_t k = 0; k < g->v; k++) {
        const double off = real_get(p, g->single, k * g->m + row) - (k == class);
        sum += off * off;
    }
    return sum;
}

static void judge_rows(const struct work *w, const struct regress_group *g, const void *p,
                       const int32_t *class, struct classification *result)
{
    double errors = 0;
    for (size_t j = 0; j < g->m; j++) {
        const double a = case_weight(g, j);
        const size_t own = classify_class_of(g, w->classes, j);
        const size_t given = class[j] < 0 ? g->v : (size_t) class[j];
        if (!(a > 0))
            continue;
        result->confusion[own * (g->v + 1) + given] += a;
        result->right += own == given ? a : 0;
        result->all += a;
        errors += a * row_error(g, p, j, own);
    }
    result->brier = errors / result->all;
    result->validated = result->all > 0;
}

static int validate(struct work *w, const struct regress_fit *fit,
                    const struct regress_kernel *kernel, struct classification *result,
                    struct error *e)
{
    const struct regress_group *g = fit->group;
    void *p = NULL, *class = NULL;
    const bool known = w->o->loo;
    const attpool_empty empty =
        w->o->empty == ATTPOOL_EMPTY_ERROR ? ATTPOOL_EMPTY_NAN : w->o->empty;
    if (!known && g->m > MOST_VALIDATED)
        return CMD_OK;
    result->confusion = calloc(g->v * (g->v + 1), sizeof *result->confusion);
    int st = result->confusion == NULL ? error_memory(e, g->v * g->v * sizeof *result->confusion)
                                       : CMD_OK;
    if (st == CMD_OK && !known)
        st = array_new(&p, g->m * g->v, real_size(g->single), e);
    if (st == CMD_OK && !known)
        st = array_new(&class, g->m, sizeof *result->class, e);
    if (st == CMD_OK && !known)
        st = session_status(
            &w->session, classify(w, fit, kernel, g->x, g->m, true, empty, p, class), NULL, 0, e);
    if (st == CMD_OK)
        judge_rows(w, g, known ? result->p : p, known ? result->class : class, result);
    free(p);
    free(class);
    return st;
}

/* ---- all ---- */

static int compute_fit(struct work *w, struct regress_fit *fit, struct classification *result,
                       struct error *e)
{
    const struct regress_group *g = fit->group;
    struct regress_kernel kernel = { .memory = NULL };
    void *class;
    int st = regress_select_part(w->o, w->tables, fit, &w->session, e);
    if (st == CMD_OK)
        st = regress_kernel(w->o, fit, &kernel, e);
    if (st == CMD_OK)
        st = array_new(&result->p, g->n * g->v, real_size(g->single), e);
    if (st == CMD_OK) {
        st = array_new(&class, g->n, sizeof *result->class, e);
        result->class = class;
    }
    if (st == CMD_OK)
        st = classify_queries(w, fit, &kernel, result, e);
    if (st == CMD_OK)
        st = validate(w, fit, &kernel, result, e);
    regress_kernel_free(&kernel);
    return st;
}

int classify_compute(const struct regress_options *o, const struct regress_tables *t,
                     const struct classes *classes, struct regress_fits *fits,
                     struct classification **results, struct report *r, struct error *e)
{
    struct work w = { .o = o, .tables = t, .classes = classes };
    struct regress_explanation words = { .o = o, .t = t };
    struct classification *c = calloc(fits->count, sizeof *c);
    *results = c;
    if (c == NULL)
        return error_memory(e, fits->count * sizeof *c);
    int st = session_open(&w.session, "classify", &o->common, e);
    if (st != CMD_OK)
        return st;
    w.session.advice = "fewer query points (--grid, --at), --precision f32 and a kernel of bounded "
                       "support are faster";
    w.session.explain = regress_explain;
    w.session.explain_data = &words;
    report_context(r, w.session.context, t->single);
    for (size_t i = 0; i < fits->count && st == CMD_OK; i++) {
        words.group = fits->item[i].group;
        w.session.share = 1 / (double)fits->count;
        w.session.done = (double)i / (double)fits->count;
        st = compute_fit(&w, &fits->item[i], &c[i], e);
    }
    fits->whole = st == CMD_OK;
    session_close(&w.session);
    return st;
}

void classify_free(struct classification *results, size_t count)
{
    for (size_t i = 0; results != NULL && i < count; i++) {
        free(results[i].p);
        free(results[i].class);
        free(results[i].confusion);
    }
    free(results);
}
