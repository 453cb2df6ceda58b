/* SPDX-License-Identifier: Apache-2.0 */
/* attpool regress: kernel regression of a table at query points. */
#include "tools/regress/regress.h"

#include "tools/command/command.h"
#include "tools/command/output.h"
#include "tools/plot/run_gnuplot.h"

#include <math.h>

/* ---- warnings ---- */

static void warn_empty(const struct regress_options *o, const struct regress_fits *fits)
{
    size_t empty = 0, all = 0, weightless = 0, underflow = 0;
    for (size_t f = 0; f < fits->count; f++) {
        const struct regress_group *g = fits->item[f].group;
        for (size_t i = 0; i < g->n; i++)
            empty += (g->missing == NULL || !g->missing[i]) &&
                     isnan(real_get(fits->item[f].n_eff, g->single, i));
        all += g->n;
        weightless += g->weightless;
        underflow += g->underflow;
    }
    if (empty > 0 && (o->empty == ATTPOOL_EMPTY_DEFAULT || weightless > 0))
        error_warn("%zu of %zu queries %s no data in reach%s%s (see --empty)", empty, all,
                   empty == 1 ? "has" : "have",
                   weightless == fits->count ? ", as every case weight is 0" : "",
                   underflow == fits->count ? " in float32" : "");
}

static void warn_fits(const struct regress_options *o, const struct regress_fits *fits)
{
    int64_t singular = 0, imprecise = 0, missing = 0;
    size_t all = 0;
    bool drawn = false, lacking = false; /* reasons that there may be */
    for (size_t f = 0; f < fits->count; f++) {
        const struct regress_fit *fit = &fits->item[f];
        const bool sampled = fit->residuals < fit->group->m;
        drawn = drawn || (fit->missing > 0 && sampled);
        lacking = lacking || (fit->missing > 0 && (!sampled || fit->lacking > 0));
        singular += fit->singular;
        imprecise += fit->imprecise;
        missing += fit->missing;
        all += fits->item[f].group->n;
    }
    if (singular > 0)
        error_warn("at %lld of %zu query points the data in reach determines no %s: the fit there "
                   "is the mean, of slope 0",
                   (long long)singular, all, o->x.count > 1 ? "plane" : "line");
    if (imprecise > 0)
        error_warn(
            "at %lld of %zu query points more than half of the digits of the %s are lost: nearly "
            "all weight is that of rows that hardly determine one",
            (long long)imprecise, all, o->x.count > 1 ? "plane" : "line");
    if (missing > 0 && o->se)
        error_warn("%lld of %zu query points have no standard error: %s%s%s", (long long)missing,
                   all, drawn ? "none of the rows drawn (--cv-rows) is in reach" : "",
                   drawn && lacking ? ", or " : "",
                   lacking ? "a row with weight has no leave-one-out residual" : "");
}

/* A sum may overflow where no value does. */
static void warn_infinite(const struct regress_options *o, const struct regress_fits *fits)
{
    size_t infinite = 0, bands = 0, all = 0;
    bool single = fits->item[0].group->single;
    for (size_t f = 0; f < fits->count; f++) {
        const struct regress_fit *fit = &fits->item[f];
        size_t count = fit->group->n * fit->group->v;
        for (size_t i = 0; i < count; i++) {
            const bool fitted = !isinf(real_get(fit->fit, single, i));
            infinite += !fitted;
            bands +=
                o->se && fitted &&
                (isinf(real_get(fit->se, single, i)) || isinf(real_get(fit->lower, single, i)) ||
                 isinf(real_get(fit->upper, single, i)));
        }
        all += count;
    }
    if (infinite > 0)
        error_warn("%zu of %zu fits are infinite: sums of y are outside the range of float%d",
                   infinite, all, single ? 32 : 64);
    if (bands > 0)
        error_warn("%zu of %zu standard errors or the ends of their bands are infinite: they are "
                   "outside the range of float%d",
                   bands, all, single ? 32 : 64);
}

void regress_warn_bandwidth(const struct regress_options *o)
{
    const struct fit_choices *c = &o->choices;
    bool one = false, used = false;
    for (size_t h = 0; h < c->bandwidth_count; h++)
        one =
            one || (c->bandwidths[h].given.count == 1 && c->bandwidths[h].method != BANDWIDTH_FROM);
    for (size_t k = 0; k < c->kernel_count; k++)
        used = used || c->kernels[k].name[0] != ATTPOOL_CONSTANT;
    if (o->x.count > 1 && one && used && o->params == NULL && o->adaptive.method != ADAPTIVE_KNN)
        error_warn("one bandwidth for %zu columns, as if all had the same unit", o->x.count);
}

/* ---- the whole ---- */

/* Minutes of work are not lost to a name that cannot be written. */
static int regress_check_files(const struct regress_options *o, struct error *e)
{
    struct files files = { 0 };
    files_input(&files, "DATA", o->data);
    files_input(&files, "--at", o->at);
    files_input(&files, "--params", o->params);
    files_output(&files, "-o", o->output);
    files_output(&files, "--json", o->common.json);
    files_output(&files, "--weights", o->weights);
    files_picture(&files, "--plot", o->plot, o->keep_scripts);
    files_picture(&files, "--heatmap", o->heatmap, o->keep_scripts);
    regress_trace_files(o, &files);
    int st = files_check(&files, e);
    return st == CMD_OK && (o->plot != NULL || o->heatmap != NULL || o->curve_plot != NULL)
               ? find_gnuplot(e)
               : st;
}

static int regress(const struct regress_options *o, struct report *r, struct error *e)
{
    struct regress_tables tables = { .single = false };
    struct regress_groups groups = { .count = 0 };
    struct regress_fits fits = { .count = 0 };
    regress_warn_bandwidth(o);
    int st = regress_check_files(o, e);
    if (st == CMD_OK)
        st = regress_read(o, &tables, e);
    if (st == CMD_OK)
        st = regress_group(o, &tables, &groups, e);
    if (st == CMD_OK)
        st = regress_params_check(o, &tables, &groups, e);
    if (st == CMD_OK)
        st = regress_fit(o, &tables, &groups, &fits, r, e);
    if (fits.whole) {
        warn_empty(o, &fits);
        warn_infinite(o, &fits);
        warn_fits(o, &fits);
        /* The error has the first failure; the rest is written all the same. */
        regress_write(o, &tables, &groups, &fits, e);
        regress_draw(o, &tables, &fits, e);
        regress_trace(o, &tables, &fits, e);
        regress_report(o, &tables, &fits, r, e);
        st = e->code;
    }
    regress_fits_free(&fits);
    regress_groups_free(&groups);
    regress_tables_free(&tables);
    return st;
}

int command_regress(int argc, char **argv, struct error *e)
{
    struct regress_options o = { .level = 0.95 };
    struct report r;
    bool done;
    report_begin(&r, "regress");
    int st = regress_arguments(argc, argv, &o, &done, e);
    if (st == CMD_OK && !done)
        st = regress(&o, &r, e);
    st = report_close(&r, done ? NULL : o.common.json, st, e);
    regress_options_free(&o);
    return st;
}
