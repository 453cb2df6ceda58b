/* SPDX-License-Identifier: Apache-2.0 */
/* What regress computed, for --json and in a line on stderr. */
#include "tools/regress/regress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the line on stderr ---- */

struct range {
    double least, most;
    size_t first; /* fit that has the least */
};

static struct range range_of(const struct regress_score *scores, size_t count,
                             double value(const struct regress_score *score))
{
    struct range r = { (double)NAN, (double)NAN, 0 };
    for (size_t i = 0; i < count; i++) {
        double v = value(&scores[i]);
        if (v < r.least || isnan(r.least)) {
            r.least = v;
            r.first = i;
        }
        r.most = v > r.most || isnan(r.most) ? v : r.most;
    }
    return r;
}

static double reported_error_of(const struct regress_score *score)
{
    return score->error;
}

static double r_squared_of(const struct regress_score *score)
{
    return 1 - score->relative;
}

static double n_eff_of(const struct regress_score *score)
{
    return score->n_eff_median;
}

/* "0.5", or "0.5 to 0.7" of several. */
static const char *range_text(struct range r, size_t count, char text[64])
{
    if (count == 1)
        snprintf(text, 64, "%.4g", r.least);
    else
        snprintf(text, 64, "%.4g to %.4g", r.least, r.most);
    return text;
}

/* Nothing where the number does not exist, as for a constant y. */
static void describe_errors(const struct regress_options *o, const struct regress_fits *fits,
                            const struct regress_score *scores, char *text, size_t size)
{
    char range[64];
    const struct range r = range_of(scores, fits->count, o->loo ? reported_error_of : r_squared_of);
    text[0] = '\0';
    if (!scores[0].at_data || isnan(r.least))
        return;
    range_text(r, fits->count, range);
    if (!o->loo) {
        snprintf(text, size, "R^2 %s, ", range);
        return;
    }
    const struct regress_label best = regress_label(o, &fits->item[r.first], true);
    bool compared = fits->count > 1 && o->by == NULL; /* groups have errors of their own */
    const char *unit = fits->item[0].group->v > 1 ? " (in units of the variances)" : "";
    bool none = isinf(r.least) != 0;
    snprintf(text, size, "leave-one-out error %s%s, %s%s%s", range, unit,
             !compared ? ""
             : none    ? "no fit predicts every row"
                       : "the least with ",
             compared && !none ? best.text : "", compared ? ", " : "");
}

/* Of one fit for each group. */
static void count_rows(const struct regress_options *o, const struct regress_fits *fits, size_t *m,
                       size_t *n)
{
    size_t each = o->choices.kernel_count * o->choices.bandwidth_count;
    *m = *n = 0;
    for (size_t i = 0; i < fits->count; i += each) {
        *m += fits->item[i].group->m;
        *n += fits->item[i].group->n;
    }
}

/* The best of several fits of each group; more of these than MOST_GROUPS nobody reads. */
static void summarise_groups(const struct regress_options *o, const struct regress_fits *fits,
                             const struct regress_score *scores)
{
    enum { MOST_GROUPS = 24 };
    size_t each = o->choices.kernel_count * o->choices.bandwidth_count;
    for (size_t i = 0; i < fits->count && each > 1 && i < MOST_GROUPS * each; i += each) {
        const struct range r = range_of(scores + i, each, reported_error_of);
        const struct regress_fit *best = &fits->item[i + r.first];
        if (isinf(r.least))
            error_summary("group %s: no fit predicts every row", best->group->label);
        else if (!isnan(r.least))
            error_summary("%s: %.4g, the least leave-one-out error of the group",
                          regress_label(o, best, true).text, r.least);
    }
}

static void summarise_fit(const struct regress_options *o, const struct regress_fits *fits,
                          const struct regress_score *scores)
{
    char errors[700], count[40] = "", queries[40] = "", n_eff[64], spread[64] = "";
    size_t m, n;
    count_rows(o, fits, &m, &n);
    describe_errors(o, fits, scores, errors, sizeof errors);
    if (fits->count > 1)
        snprintf(count, sizeof count, "%zu fits, ", fits->count);
    else
        snprintf(spread, sizeof spread, " (%.4g to %.4g)", scores[0].n_eff_least,
                 scores[0].n_eff_most);
    if (!scores[0].at_data)
        snprintf(queries, sizeof queries, " at %zu query point%s", n, n == 1 ? "" : "s");
    range_text(range_of(scores, fits->count, n_eff_of), fits->count, n_eff);
    error_summary("%s%sn %zu%s, n_eff %s%s", count, errors, m, queries, n_eff, spread);
    if (o->by != NULL && o->loo)
        summarise_groups(o, fits, scores);
}

/* ---- --json ---- */

static json_t *names(struct report *r, char *const *name, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        report_append(r, array, report_text(name[i]));
    return array;
}

void regress_report_input(const struct regress_options *o, const struct regress_tables *t,
                          struct report *r)
{
    report_put(r, r->root, "data", report_text(o->data));
    report_put(r, r->root, "x", names(r, t->x_names, t->d));
    if (t->v > 0)
        report_put(r, r->root, "y", names(r, t->y_names, t->v));
    report_put(r, r->root, "case_weights", report_text(o->case_weights));
    report_put(r, r->root, "by", report_text(t->by));
    report_put(r, r->root, "omitted", json_integer((json_int_t)t->data.omitted));
    report_put(r, r->root, "at", report_text(o->at));
    report_put(r, r->root, "grid", o->grid > 0 ? json_integer(o->grid) : json_null());
    report_put(r, r->root, "loo", json_boolean(o->loo));
    report_put(r, r->root, "seed", json_integer((json_int_t)o->seed));
    report_put(r, r->root, "degree",
               t->v > 0 && !o->classes ? json_integer((json_int_t)o->degree) : json_null());
    report_put(r, r->root, "level", o->se ? report_number(o->level) : json_null());
}

static void report_errors(const struct regress_options *o, const struct regress_tables *t,
                          const struct regress_score *score, struct report *r, json_t *fit)
{
    bool fitted = score->at_data && !o->loo, predicted = score->at_data && o->loo;
    json_t *columns = json_array();
    report_put(r, fit, "r_squared", fitted ? report_number(1 - score->relative) : json_null());
    report_put(r, fit, "leave_one_out_error",
               predicted ? report_number(score->error) : json_null());
    report_put(r, fit, "rows_without_fit", json_integer((json_int_t)score->without_fit));
    for (size_t k = 0; score->at_data && k < t->v; k++)
        report_append(r, columns,
                      json_pack("{s:o, s:o, s:o}", "y", report_text(t->y_names[k]),
                                "mean_squared_error", report_number(score->column[k].squared),
                                "variance", report_number(score->column[k].variance)));
    report_put(r, fit, "columns", columns);
}

static json_t *report_selection(const struct regress_fit *fit, struct report *r)
{
    const struct regress_selection *c = &fit->selection;
    json_t *curve = json_array();
    if (c->rows == 0) {
        json_decref(curve);
        return json_null();
    }
    for (size_t k = 0; k < c->points; k++)
        report_append(r, curve,
                      json_pack("{s:o, s:o, s:I}", c->base.count > 0 ? "factor" : "bandwidth",
                                report_number(c->point[k].factor), "score",
                                report_number(c->point[k].score), "rows_without_prediction",
                                (json_int_t)c->point[k].without));
    return json_pack("{s:o, s:I, s:f, s:I, s:f, s:o, s:o}", "score", report_number(c->score),
                     "rows", (json_int_t)c->rows, "scale", c->scale, "evaluations",
                     (json_int_t)c->evaluations, "pairs", c->pairs, "base",
                     report_bandwidths(&c->base), "curve", curve);
}

static json_t *report_adaptive(const struct regress_adaptive *a)
{
    return a->method == ADAPTIVE_NONE       ? json_null()
           : a->method == ADAPTIVE_ABRAMSON ? json_string("abramson")
                                            : json_sprintf("knn:%lld", (long long)a->neighbours);
}

json_t *regress_report_choice(const struct regress_options *o, const struct regress_fit *fit,
                              struct report *r)
{
    json_t *object = json_object();
    bool product = fit->kernels->count > 1 || o->form == ATTPOOL_PRODUCT;
    report_put(r, object, "group", report_text(fit->group->label));
    report_put(r, object, "kernel", report_kernels(fit->kernels));
    report_put(r, object, "form", json_string(product ? "product" : "radial"));
    report_put(r, object, "bandwidth", report_bandwidths(fit->bandwidths));
    report_put(r, object, "bandwidth_method", report_text(bandwidth_choice_name(fit->choice)));
    report_put(r, object, "adaptive", report_adaptive(&o->adaptive));
    report_put(r, object, "selection", report_selection(fit, r));
    report_put(r, object, "m", json_integer((json_int_t)fit->group->m));
    return object;
}

static json_t *report_fit(const struct regress_options *o, const struct regress_tables *t,
                          const struct regress_fit *fit, const struct regress_score *score,
                          struct report *r)
{
    json_t *object = regress_report_choice(o, fit, r);
    report_put(r, object, "n", json_integer((json_int_t)fit->group->n));
    report_put(r, object, "singular_rows", json_integer((json_int_t)fit->singular));
    report_put(r, object, "imprecise_rows", json_integer((json_int_t)fit->imprecise));
    report_put(r, object, "residual_rows",
               fit->residuals > 0 ? json_integer((json_int_t)fit->residuals) : json_null());
    report_put(r, object, "rows_without_standard_error",
               fit->residuals > 0 ? json_integer((json_int_t)fit->missing) : json_null());
    report_put(r, object, "n_eff",
               json_pack("{s:o, s:o, s:o}", "least", report_number(score->n_eff_least), "median",
                         report_number(score->n_eff_median), "most",
                         report_number(score->n_eff_most)));
    report_errors(o, t, score, r, object);
    return object;
}

int regress_report(const struct regress_options *o, const struct regress_tables *t,
                   const struct regress_fits *fits, struct report *r, struct error *e)
{
    struct regress_score *scores = calloc(fits->count, sizeof *scores);
    json_t *array = json_array();
    int st = scores == NULL ? error_memory(e, fits->count * sizeof *scores) : CMD_OK;
    for (size_t i = 0; i < fits->count && st == CMD_OK; i++)
        st = regress_score(o, &fits->item[i], &scores[i], e);
    r->computed = st == CMD_OK;
    if (e->code == CMD_OK)
        summarise_fit(o, fits, scores);
    regress_report_input(o, t, r);
    report_put(r, r->root, "fits", array);
    for (size_t i = 0; i < fits->count && st == CMD_OK; i++)
        report_append(r, array, report_fit(o, t, &fits->item[i], &scores[i], r));
    for (size_t i = 0; i < fits->count && scores != NULL; i++)
        regress_score_free(&scores[i]);
    free(scores);
    return st;
}
