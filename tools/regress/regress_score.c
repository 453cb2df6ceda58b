/* SPDX-License-Identifier: Apache-2.0 */
/* How good a fit is: the residuals at the data's own points, and how many rows support its
 * values. */
#include "tools/regress/regress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is left of y ---- */

/* Means over the rows by their case weights, in the order of NUMERICS.md, "Bandwidth scores", which
 * has the same error; a row without a prediction makes it infinite. */
static struct regress_error squared_error_of(const struct regress_fit *fit, size_t k)
{
    const struct regress_group *g = fit->group;
    const double *y = g->columns[g->d + k];
    double weight = 0, mean = 0, first = (double)NAN;
    struct regress_error error = { 0, 0 };
    for (size_t j = 0; j < g->m; j++) {
        const double a = case_weight(g, j);
        weight += a;
        if (a > 0) {
            first = isnan(first) ? y[j] : first;
            mean = fma(a, y[j] - first, mean);
        }
    }
    mean = first + mean / weight;
    for (size_t j = 0; j < g->m; j++) {
        const double a = case_weight(g, j), off = y[j] - mean;
        const double left = y[j] - real_get(fit->fit, g->single, k * g->n + j);
        if (!(a > 0))
            continue;
        error.squared = fma(a, isnan(left) ? (double)INFINITY : left * left, error.squared);
        error.variance = fma(a, off * off, error.variance);
    }
    error.squared /= weight;
    error.variance /= weight;
    return error;
}

/* Of several y the mean over those that vary, each in units of its variance. */
static int score_errors(const struct regress_fit *fit, struct regress_score *score, struct error *e)
{
    const struct regress_group *g = fit->group;
    double sum = 0;
    size_t count = 0;
    score->column = calloc(g->v, sizeof *score->column);
    if (score->column == NULL)
        return error_memory(e, g->v * sizeof *score->column);
    for (size_t k = 0; k < g->v; k++) {
        score->column[k] = squared_error_of(fit, k);
        count += score->column[k].variance > 0;
    }
    for (size_t k = 0; k < g->v; k++) {
        const struct regress_error *c = &score->column[k];
        if (c->variance > 0)
            sum = fma(c->squared, 1 / c->variance / (double)count, sum);
    }
    score->relative = count > 0 ? sum : (double)NAN;
    score->error = g->v == 1 ? score->column[0].squared : score->relative;
    return CMD_OK;
}

/* Queries; at the data's own points those of case weight 0 do not count. */
static size_t count_without_fit(const struct regress_fit *fit, bool at_data)
{
    const struct regress_group *g = fit->group;
    size_t count = 0;
    for (size_t i = 0; i < g->n; i++)
        count += (!at_data || case_weight(g, i) > 0) && isnan(real_get(fit->fit, g->single, i));
    return count;
}

/* ---- how many rows ---- */

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int score_n_eff(const struct regress_fit *fit, struct regress_score *score, struct error *e)
{
    const struct regress_group *g = fit->group;
    void *memory;
    size_t count = 0;
    score->n_eff_least = score->n_eff_median = score->n_eff_most = (double)NAN;
    int st = array_new(&memory, g->n, sizeof(double), e);
    double *n_eff = memory;
    for (size_t i = 0; st == CMD_OK && i < g->n; i++) {
        double value = real_get(fit->n_eff, g->single, i);
        if (!isnan(value) && (g->missing == NULL || !g->missing[i]))
            n_eff[count++] = value;
    }
    if (count > 0) {
        qsort(n_eff, count, sizeof *n_eff, compare_numbers);
        score->n_eff_least = n_eff[0];
        score->n_eff_median = (n_eff[(count - 1) / 2] + n_eff[count / 2]) / 2;
        score->n_eff_most = n_eff[count - 1];
    }
    free(memory);
    return st;
}

int regress_score(const struct regress_options *o, const struct regress_fit *fit,
                  struct regress_score *score, struct error *e)
{
    *score = (struct regress_score){ .at_data = o->at == NULL && o->grid == 0 };
    score->without_fit = count_without_fit(fit, score->at_data);
    int st = score_n_eff(fit, score, e);
    return st == CMD_OK && score->at_data ? score_errors(fit, score, e) : st;
}

void regress_score_free(struct regress_score *score)
{
    free(score->column);
    *score = (struct regress_score){ .column = NULL };
}
