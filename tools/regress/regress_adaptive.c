/* SPDX-License-Identifier: Apache-2.0 */
/* --adaptive: a bandwidth for each row of the data. */
#include "tools/regress/regress_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int adaptive_read(const char *text, struct regress_adaptive *a, struct error *e)
{
    static const char knn[] = "knn:";
    if (strcmp(text, "abramson") == 0) {
        a->method = ADAPTIVE_ABRAMSON;
        return CMD_OK;
    }
    if (strncmp(text, knn, strlen(knn)) != 0)
        return error_set(e, CMD_USAGE, "--adaptive: %s is neither abramson nor knn:K",
                         quoted_name(text).text);
    a->method = ADAPTIVE_KNN;
    return integer_read("--adaptive knn", text + strlen(knn), 1, INT32_MAX, &a->neighbours, e);
}

int adaptive_check(const struct option_reader *r, struct regress_options *o, struct error *e)
{
    const struct fit_choices *c = &o->choices;
    if (o->adaptive.method == ADAPTIVE_NONE)
        return CMD_OK;
    if (o->params != NULL)
        return usage_error(r, e, "--adaptive and --params cannot be used together");
    if (o->adaptive.method == ADAPTIVE_ABRAMSON)
        return CMD_OK;
    for (size_t i = 0; i < c->bandwidth_count; i++)
        if (c->bandwidths[i].method != BANDWIDTH_GIVEN && !bandwidth_is_searched(&c->bandwidths[i]))
            return usage_error(
                r, e,
                "--adaptive knn multiplies the distances of neighbours, and --bandwidth "
                "%s is in the unit of x",
                bandwidth_choice_name(&c->bandwidths[i]));
    return c->bandwidth_count == 0 ? choices_add_bandwidths(&o->choices, "1", e) : CMD_OK;
}

/* Of a sample the neighbours are as much rarer. */
static int64_t neighbours_of(const struct regress_options *o, const struct regress_group *g,
                             size_t rows)
{
    const double share = (double)rows / (double)g->m;
    return (int64_t)fmax(1, round((double)o->adaptive.neighbours * share));
}

/* One a column, from the bandwidths and in units of the columns for neighbours. */
static void set_inverse(const struct regress_fit *fit, const double *deviations,
                        struct regress_kernel *k)
{
    const struct regress_group *g = fit->group;
    const struct numbers *h = fit->bandwidths;
    for (size_t c = 0; c < g->d; c++) {
        const double width =
            h->value[h->count > 1 ? c : 0] * (deviations != NULL ? deviations[c] : 1);
        real_set(k->memory, g->single, c,
                 g->single ? (double)attpool_inverse_bandwidth_f32((float)width)
                           : attpool_inverse_bandwidth_f64(width));
    }
}

static int adapt(const struct regress_options *o, const struct regress_fit *fit,
                 const struct session *session, const struct sample *rows, double *deviations,
                 struct regress_kernel *k, struct error *e)
{
    const struct regress_group *g = fit->group;
    const int64_t m = (int64_t)rows->m, d = (int64_t)g->d;
    const bool knn = o->adaptive.method == ADAPTIVE_KNN;
    struct operand x, a, weights;
    set_inverse(fit, NULL, k);
    k->options.bandwidth = 0;
    k->options.bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE;
    k->options.inverse_bandwidths = operand_real(&k->inverse, k->memory, g->single, 1, &d);
    const attpool_pool_options pilot = {
        .size = sizeof pilot,
        .score = ATTPOOL_KERNEL,
        .kernel = &k->options,
        .key_weights = rows->a != NULL ? operand_real(&a, rows->a, g->single, 1, &m) : NULL,
    };
    const attpool_status status = attpool_adaptive_factors(
        session->context, knn ? ATTPOOL_ADAPTIVE_NEIGHBOURS : ATTPOOL_ADAPTIVE_ABRAMSON,
        knn ? neighbours_of(o, g, rows->m) : 0,
        operand_real(&x, rows->x, g->single, 2, (const int64_t[]){ m, d }), &pilot,
        operand_real(&k->factors, k->adaptive[0], g->single, 1, &m),
        operand_real(&weights, k->adaptive[1], g->single, 1, &m), deviations);
    if (status == ATTPOOL_OK && knn)
        set_inverse(fit, deviations, k);
    k->options.bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE_KEY;
    k->options.key_factors = &k->factors.tensor;
    return session_status(session, status, NULL, 0, e);
}

int regress_adapt(const struct regress_options *o, const struct regress_fit *fit,
                  const struct session *session, const struct sample *rows,
                  struct regress_kernel *k, struct error *e)
{
    const struct regress_group *g = fit->group;
    void *deviations = NULL;
    int st = CMD_OK;
    if (o->adaptive.method == ADAPTIVE_NONE || fit->bandwidths->count == 0)
        return CMD_OK;
    free(k->memory);
    k->memory = NULL;
    st = array_new(&k->memory, g->d, real_size(g->single), e);
    for (int i = 0; i < 2 && st == CMD_OK; i++)
        st = array_new(&k->adaptive[i], rows->m, real_size(g->single), e);
    if (st == CMD_OK)
        st = array_new(&deviations, g->d, sizeof(double), e);
    if (st == CMD_OK)
        st = adapt(o, fit, session, rows, deviations, k, e);
    free(deviations);
    return st;
}

int regress_adapt_all(const struct regress_options *o, const struct regress_fit *fit,
                      const struct session *session, struct regress_kernel *k, struct error *e)
{
    const struct regress_group *g = fit->group;
    const struct sample all = { .m = g->m, .x = g->x, .y = g->y, .a = g->a };
    return regress_adapt(o, fit, session, &all, k, e);
}
