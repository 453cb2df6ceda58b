/* SPDX-License-Identifier: Apache-2.0 */
/* The bandwidths of a fit: those given, or chosen for its rows. */
#include "tools/regress/regress.h"

#include <stdio.h>

static bool has_bandwidth(const struct kernels *kernels)
{
    for (size_t k = 0; k < kernels->count; k++)
        if (kernels->name[k] != ATTPOOL_CONSTANT)
            return true;
    return false;
}

/* Does a column vary among the rows that have a case weight? */
static bool varies(const struct regress_group *g, size_t column)
{
    const double *x = g->columns[column];
    const double *first = NULL;
    for (size_t j = 0; j < g->m; j++) {
        if (g->a != NULL && !(real_get(g->a, g->single, j) > 0))
            continue;
        if (first != NULL && x[j] != *first)
            return true;
        first = first != NULL ? first : &x[j];
    }
    return false;
}

static int check_columns(const struct regress_tables *t, const struct regress_fit *fit,
                         struct error *e)
{
    const struct regress_group *g = fit->group;
    for (size_t c = 0; c < g->d; c++)
        if (!varies(g, c))
            return error_at(e, t->data.file, 0, 0,
                            "column %s is constant%s%s: --bandwidth %s finds nothing in it",
                            quoted_name(t->x_names[c]).text, g->label != NULL ? " in group " : "",
                            g->label != NULL ? quoted_name(g->label).text : "",
                            bandwidth_method_name(fit->choice->method));
    return CMD_OK;
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

/* "bandwidth 0.5", of several columns each with its name. */
static void say(const struct regress_tables *t, const struct regress_fit *fit)
{
    char text[400];
    size_t used = 0;
    const struct numbers *h = fit->bandwidths;
    for (size_t c = 0; c < h->count && used < sizeof text; c++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.6g%s%s", c > 0 ? ", " : "",
                                 h->value[c], h->count > 1 ? " of " : "",
                                 h->count > 1 ? quoted_name(t->x_names[c]).text : "");
    error_summary("%s%sbandwidth%s %s by %s", fit->group->label != NULL ? fit->group->label : "",
                  fit->group->label != NULL ? ": " : "", h->count > 1 ? "s" : "", text,
                  bandwidth_method_name(fit->choice->method));
}

int regress_select(const struct regress_tables *t, struct regress_fit *fit,
                   const struct session *session, struct error *e)
{
    void *memory;
    fit->bandwidths = &fit->choice->given;
    if (fit->choice->method == BANDWIDTH_GIVEN || !has_bandwidth(fit->kernels))
        return CMD_OK;
    int st = array_new(&memory, fit->group->d, sizeof *fit->chosen.value, e);
    if (st != CMD_OK)
        return st;
    fit->chosen = (struct numbers){ memory, fit->group->d };
    fit->bandwidths = &fit->chosen;
    st = check_columns(t, fit, e);
    if (st == CMD_OK)
        st = select_by_rule(fit, session, e);
    if (st == CMD_OK)
        say(t, fit);
    return st;
}
