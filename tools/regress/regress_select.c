/* SPDX-License-Identifier: Apache-2.0 */
/* The bandwidths of a fit: those given, or chosen for its rows. */
#include "tools/regress/regress.h"

#include <stdio.h>

/* Does a column vary among the rows that have a case weight? */
static bool varies(const struct regress_group *g, size_t column)
{
    const double *x = g->columns[column];
    const double *first = NULL;
    for (size_t j = 0; j < g->m; j++) {
        if (!(case_weight(g, j) > 0))
            continue;
        if (first != NULL && x[j] != *first)
            return true;
        first = first != NULL ? first : &x[j];
    }
    return false;
}

/* Does it vary where rows without a case weight count too? */
static bool varies_in_all(const struct regress_group *g, size_t column)
{
    for (size_t j = 1; j < g->m; j++)
        if (g->columns[column][j] != g->columns[column][0])
            return true;
    return false;
}

static int constant_column(const struct regress_options *o, const struct regress_tables *t,
                           const struct regress_fit *fit, size_t column, struct error *e)
{
    const struct regress_group *g = fit->group;
    const char *name = column < g->d ? t->x_names[column] : t->y_names[column - g->d];
    const bool given = fit->choice->method == BANDWIDTH_GIVEN;
    return error_at(e, t->data.file, 0, 0,
                    "column %s is constant%s%s%s: --%s %s finds nothing in it%s%s",
                    quoted_name(name).text, g->label != NULL ? " in group " : "",
                    g->label != NULL ? quoted_name(g->label).text : "",
                    varies_in_all(g, column) ? " where --case-weights are above 0" : "",
                    given ? "adaptive" : "bandwidth",
                    !given                                    ? bandwidth_choice_name(fit->choice)
                    : o->adaptive.method == ADAPTIVE_ABRAMSON ? "abramson"
                                                              : "knn",
                    g->label != NULL ? "" : "; leave the column out",
                    given              ? ""
                    : g->label != NULL ? "; give --bandwidth a number"
                                       : ", or give --bandwidth a number");
}

static int without_weights(const struct regress_options *o, const struct regress_tables *t,
                           const struct regress_group *g, struct error *e)
{
    return error_at(
        e, t->data.file, 0, 0, "--case-weights %s: all%s%s are 0%s: no bandwidth can be chosen",
        quoted_name(o->case_weights).text, g->label != NULL ? " of group " : "",
        g->label != NULL ? quoted_name(g->label).text : "", g->underflow ? " in float32" : "");
}

static int check_columns(const struct regress_options *o, const struct regress_tables *t,
                         const struct regress_fit *fit, struct error *e)
{
    const struct regress_group *g = fit->group;
    const bool y = bandwidth_is_searched(fit->choice) && o->cv == ATTPOOL_CRITERION_CV;
    bool same = true;
    if (g->weightless)
        return without_weights(o, t, g, e);
    for (size_t c = 0; c < g->d; c++)
        if (!varies(g, c))
            return constant_column(o, t, fit, c, e);
    for (size_t c = 0; y && c < g->v; c++)
        same = same && !varies(g, g->d + c);
    return y && same ? constant_column(o, t, fit, g->d, e) : CMD_OK;
}

/* Do the bandwidths, or factors of them, depend on the data? */
static bool needs_columns(const struct regress_options *o, const struct regress_fit *fit)
{
    if (!kernels_have_bandwidth(fit->kernels))
        return false;
    switch (fit->choice->method) {
    case BANDWIDTH_GIVEN:
        return o->adaptive.method != ADAPTIVE_NONE;
    case BANDWIDTH_FROM:
        return fit->choice->package->deviations;
    default:
        return true;
    }
}

int regress_check_group(const struct regress_options *o, const struct regress_tables *t,
                        const struct regress_group *g, struct error *e)
{
    const struct fit_choices *c = &o->choices;
    int st = CMD_OK;
    for (size_t k = 0; k < c->kernel_count; k++)
        for (size_t h = 0; h < c->bandwidth_count && st == CMD_OK; h++) {
            const struct regress_fit fit = { .group = g,
                                             .kernels = &c->kernels[k],
                                             .choice = &c->bandwidths[h] };
            st = needs_columns(o, &fit) ? check_columns(o, t, &fit, e) : CMD_OK;
        }
    return st;
}

static int select_by_rule(struct regress_fit *fit, const struct session *session, struct error *e)
{
    const struct regress_group *g = fit->group;
    const struct kernels *kernels = fit->kernels;
    int64_t m = (int64_t)g->m, d = (int64_t)g->d;
    struct operand k, a;
    const attpool_kernel_options kernel = {
        .size = sizeof kernel,
        .kernel = kernels->name[0],
        .form = kernels->count > 1 ? ATTPOOL_PRODUCT : ATTPOOL_RADIAL,
        .kernels = kernels->count > 1 ? kernels->name : NULL,
    };
    const attpool_status status = attpool_bandwidth_rule(
        session->context,
        fit->choice->method == BANDWIDTH_SCOTT ? ATTPOOL_RULE_SCOTT : ATTPOOL_RULE_SILVERMAN,
        operand_real(&k, g->x, g->single, 2, (const int64_t[]){ m, d }),
        g->a != NULL ? operand_real(&a, g->a, g->single, 1, &m) : NULL, &kernel, fit->chosen.value);
    return session_status(session, status, NULL, 0, e);
}

const char *regress_score_name(const struct regress_options *o, const struct regress_fit *fit)
{
    return fit->choice->method == BANDWIDTH_AICC   ? "AICc"
           : o->cv == ATTPOOL_CRITERION_LIKELIHOOD ? "mean negative log-likelihood"
           : o->cv == ATTPOOL_CRITERION_BRIER      ? "Brier score"
           : fit->group->v > 1                     ? "leave-one-out error in units of the variances"
                                                   : "leave-one-out mean squared error";
}

static void say(const struct regress_options *o, const struct regress_fit *fit)
{
    char text[400], score[200] = "";
    const struct regress_selection *c = &fit->selection;
    const struct regress_label label = regress_label_without_bandwidths(o, fit);
    regress_bandwidths_text(fit, text, sizeof text);
    if (c->rows > 0)
        snprintf(score, sizeof score, ", %s %.6g, of %zu %s of %zu rows, %.2g pairs",
                 regress_score_name(o, fit), c->score, c->evaluations,
                 c->evaluations == 1 ? "score" : "scores", c->rows, c->pairs);
    error_summary("%s%s%s%s", label.text, label.text[0] != '\0' ? ": " : "", text, score);
}

static int search_with_advice(const struct regress_options *o, const struct regress_tables *t,
                              struct regress_fit *fit, struct session *session, struct error *e)
{
    const char *advice = session->advice;
    session->advice =
        "a search by fewer rows (--cv-rows), a bandwidth of your own (--bandwidth) and "
        "--precision f32 are faster";
    const int st = regress_search(o, t, fit, session, e);
    session->advice = advice;
    return st;
}

int regress_select(const struct regress_options *o, const struct regress_tables *t,
                   struct regress_fit *fit, struct session *session, struct error *e)
{
    void *memory;
    int st = needs_columns(o, fit) ? check_columns(o, t, fit, e) : CMD_OK;
    fit->bandwidths = &fit->choice->given;
    if (st != CMD_OK || !kernels_have_bandwidth(fit->kernels) ||
        fit->choice->method == BANDWIDTH_GIVEN)
        return st;
    st = array_new(&memory, fit->group->d, sizeof *fit->chosen.value, e);
    if (st != CMD_OK)
        return st;
    fit->chosen = (struct numbers){ memory, fit->group->d };
    fit->bandwidths = &fit->chosen;
    st = fit->choice->method == BANDWIDTH_FROM ? regress_from(fit, e)
         : bandwidth_is_searched(fit->choice)  ? search_with_advice(o, t, fit, session, e)
                                               : select_by_rule(fit, session, e);
    if (st == CMD_OK)
        say(o, fit);
    return st;
}

/* Of the time of a fit whose bandwidth is searched. */
#define SEARCH_SHARE 0.9

int regress_select_part(const struct regress_options *o, const struct regress_tables *t,
                        struct regress_fit *fit, struct session *session, struct error *e)
{
    const double done = session->done, share = session->share;
    const double search = bandwidth_is_searched(fit->choice) ? SEARCH_SHARE * share : 0;
    session->share = search;
    const int st = regress_select(o, t, fit, session, e);
    session->done = done + search;
    session->share = share - search;
    return st;
}
