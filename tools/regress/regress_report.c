/* SPDX-License-Identifier: Apache-2.0 */
/* What regress computed, for --json and in a line on stderr. */
#include "config.h"

#include "tools/regress/regress.h"

#include <stdio.h>

/* ---- the line on stderr ---- */

static void summarise(const struct regress_options *o, const struct regress_data *data,
                      const struct regress_score *score)
{
    char what[64] = "", rows[64];
    if (score->at_data && o->loo)
        snprintf(what, sizeof what, "leave-one-out error %.4g, ", score->error);
    else if (score->at_data)
        snprintf(what, sizeof what, "R^2 %.4g, ", 1 - score->relative);
    if (score->at_data)
        snprintf(rows, sizeof rows, "n %zu", data->m);
    else
        snprintf(rows, sizeof rows, "n %zu at %zu query point%s", data->m, data->n,
                 data->n == 1 ? "" : "s");
    error_summary("%s%s, n_eff %.4g (%.4g to %.4g)", what, rows, score->n_eff_median,
                  score->n_eff_least, score->n_eff_most);
}

/* ---- --json ---- */

static json_t *names(struct report *r, char *const *name, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        report_append(r, array, report_text(name[i]));
    return array;
}

static void report_input(const struct regress_options *o, const struct regress_data *data,
                         struct report *r)
{
    report_put(r, r->root, "data", report_text(o->data));
    report_put(r, r->root, "x", names(r, data->x_names, data->d));
    report_put(r, r->root, "y", names(r, data->y_names, data->v));
    report_put(r, r->root, "case_weights", report_text(o->case_weights));
    report_put(r, r->root, "omitted", json_integer((json_int_t)data->table.omitted));
    report_put(r, r->root, "at", report_text(o->at));
    report_put(r, r->root, "grid", o->grid > 0 ? json_integer(o->grid) : json_null());
    report_put(r, r->root, "loo", json_boolean(o->loo));
    report_put(r, r->root, "form", json_string(o->form == ATTPOOL_RADIAL ? "radial" : "product"));
}

static void report_errors(const struct regress_options *o, const struct regress_data *data,
                          const struct regress_score *score, struct report *r, json_t *fit)
{
    bool fitted = score->at_data && !o->loo, predicted = score->at_data && o->loo;
    json_t *columns = json_array();
    report_put(r, fit, "r_squared", fitted ? report_number(1 - score->relative) : json_null());
    report_put(r, fit, "leave_one_out_error",
               predicted ? report_number(score->error) : json_null());
    report_put(r, fit, "rows_without_fit",
               score->at_data ? json_integer((json_int_t)score->without_fit) : json_null());
    for (size_t k = 0; score->at_data && k < data->v; k++)
        report_append(r, columns,
                      json_pack("{s:o, s:o, s:o}", "y", report_text(data->y_names[k]),
                                "mean_squared_error", report_number(score->column[k].squared),
                                "variance", report_number(score->column[k].variance)));
    report_put(r, fit, "columns", columns);
}

static json_t *fit_of(const struct regress_options *o, const struct regress_data *data,
                      const struct regress_score *score, struct report *r)
{
    json_t *fit = json_object();
    report_put(r, fit, "kernel", report_kernels(&o->kernels));
    report_put(r, fit, "bandwidth", report_bandwidths(&o->bandwidths));
    report_put(r, fit, "m", json_integer((json_int_t)data->m));
    report_put(r, fit, "n", json_integer((json_int_t)data->n));
    report_put(r, fit, "n_eff",
               json_pack("{s:o, s:o, s:o}", "least", report_number(score->n_eff_least), "median",
                         report_number(score->n_eff_median), "most",
                         report_number(score->n_eff_most)));
    report_errors(o, data, score, r, fit);
    return fit;
}

int regress_report(const struct regress_options *o, const struct regress_data *data,
                   const struct regress_result *result, struct report *r, struct error *e)
{
    struct regress_score score;
    json_t *fits = json_array();
    int st = regress_score(o, data, result, &score, e);
    report_input(o, data, r);
    report_put(r, r->root, "fits", fits);
    if (st == CMD_OK) {
        report_append(r, fits, fit_of(o, data, &score, r));
        summarise(o, data, &score);
    }
    regress_score_free(&score);
    return st;
}
