/* SPDX-License-Identifier: Apache-2.0 */
/* The band of a fit: residuals, and the ends that standard errors make. */
#include "tools/regress/regress_search.h"

#include <math.h>
#include <stdlib.h>

/* Of z: half of what the level leaves lies above. */
double regress_quantile(double level)
{
    const double tail = (1 - level) / 2;
    double low = 0, high = 40;
    for (;;) {
        const double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            return high;
        if (erfc(middle * sqrt(0.5)) / 2 > tail)
            low = middle;
        else
            high = middle;
    }
}

void regress_band(const struct regress_options *o, struct regress_fit *fit)
{
    const struct regress_group *g = fit->group;
    const double z = regress_quantile(o->level);
    for (size_t i = 0; i < g->n * g->v; i++) {
        const double at = real_get(fit->fit, g->single, i);
        const double reach = z * real_get(fit->se, g->single, i);
        if (g->single) {
            ((float *)fit->lower)[i] = (float)(at - reach);
            ((float *)fit->upper)[i] = (float)(at + reach);
        } else {
            ((double *)fit->lower)[i] = at - reach;
            ((double *)fit->upper)[i] = at + reach;
        }
    }
}

/* Fewer rows than there are, or all of them where --cv-rows asks for fewer. */
static void say_sample(const struct regress_options *o, const struct regress_fit *fit,
                       const struct regress_residuals *r)
{
    const size_t m = fit->group->m;
    const char *label = fit->group->label != NULL ? fit->group->label : "";
    const char *colon = fit->group->label != NULL ? ": " : "";
    if (r->rows < m)
        error_note("%s%sstandard errors from the residuals of %zu of %zu rows (see --cv-rows)",
                   label, colon, r->rows, m);
    else if (search_most_rows(o) < m)
        error_note("%s%sstandard errors from the residuals of all %zu rows: each has a bandwidth "
                   "of its own, so --cv-rows does not apply",
                   label, colon, m);
}

/* Each row of those that residuals are wanted of by all others. */
static attpool_status leave_each_out(const struct regress_options *o, const struct regress_fit *fit,
                                     const attpool_kernel_options *kernel,
                                     const struct session *session, struct regress_residuals *r)
{
    const struct regress_group *g = fit->group;
    const int64_t m = (int64_t)r->keys.m, d = (int64_t)g->d, v = (int64_t)g->v;
    struct operand k, y, a, e;
    attpool_pool_options pool = {
        .size = sizeof pool, .score = ATTPOOL_KERNEL, .empty = ATTPOOL_EMPTY_NAN, .kernel = kernel
    };
    const attpool_regression_options options = { .size = sizeof options,
                                                 .degree = (int32_t)o->degree,
                                                 .pool = &pool };
    if (r->keys.a != NULL)
        pool.key_weights = operand_real(&a, (void *)(uintptr_t)r->keys.a, g->single, 1, &m);
    return attpool_residuals(
        session->context,
        operand_real(&k, (void *)(uintptr_t)r->keys.x, g->single, 2, (const int64_t[]){ m, d }),
        operand_real(&y, (void *)(uintptr_t)r->keys.y, g->single, 2, (const int64_t[]){ m, v }),
        &options,
        operand_real(&e, r->values, g->single, 2, (const int64_t[]){ (int64_t)r->rows, v }));
}

int regress_residuals(const struct regress_options *o, const struct regress_fit *fit,
                      const struct regress_kernel *kernel, const struct session *session,
                      struct regress_residuals *r, struct error *e)
{
    const struct regress_group *g = fit->group;
    const attpool_bandwidth_per per = kernel->options.bandwidth_per;
    /* what belongs to rows keeps their order */
    const bool all = per == ATTPOOL_BANDWIDTH_KEY || per == ATTPOOL_BANDWIDTH_COORDINATE_KEY;
    struct sample ordered;
    int st = sample_first(g, all ? SIZE_MAX : search_most_rows(o), o->seed, &ordered, &r->rows, e);
    for (int k = 0; k < 3; k++)
        r->memory[k] = ordered.memory[k];
    r->keys = (struct regress_keys_of){ ordered.m, ordered.x, ordered.y, ordered.a };
    if (kernel->adaptive[1] != NULL)
        r->keys.a = kernel->adaptive[1];
    if (st == CMD_OK)
        st = array_new(&r->values, r->rows * g->v, real_size(g->single), e);
    if (st != CMD_OK)
        return st;
    say_sample(o, fit, r);
    return session_status(session, leave_each_out(o, fit, &kernel->options, session, r), NULL, 0,
                          e);
}

void regress_residuals_free(struct regress_residuals *r)
{
    for (int k = 0; k < 3; k++)
        free(r->memory[k]);
    free(r->values);
    *r = (struct regress_residuals){ .rows = 0 };
}
