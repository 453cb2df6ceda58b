/* SPDX-License-Identifier: Apache-2.0 */

/* From predictions to scores: sums over the rows in double, in their order (NUMERICS.md). */

#include "backends/elementary.h"
#include "core/statistics/elementary.h"
#include "core/statistics/selection.h"

#include <math.h>

static bool takes_column(const struct selection *s, int64_t c)
{
    return s->options.criterion == ATTPOOL_CRITERION_BRIER || s->variance[c] > 0;
}

static double residual_of(const struct selection *s, int64_t i, int64_t c)
{
    return ap_view_real(s->value, 0, 0, i, c) - selection_get(s, s->out, i * s->v + c);
}

/* The mean squared error of a column. */
static double mean_square(const struct selection *s, int64_t c)
{
    double sum = 0;
    for (int64_t i = 0; i < s->m; i++) {
        const double e = residual_of(s, i, c);
        if (s->a[i] > 0)
            sum = fma(s->a[i], e * e, sum);
    }
    return sum / s->sum;
}

/* What the mean squared error of a column is multiplied by. */
static double column_scale(const struct selection *s, int64_t c)
{
    if (s->options.criterion == ATTPOOL_CRITERION_BRIER || s->v == 1)
        return 1;
    return 1 / s->variance[c] / (double)s->varying;
}

/* Rows of which one of `columns` numbers is none. */
static int64_t count_missing(const struct selection *s, const void *data, int64_t columns)
{
    int64_t count = 0;
    for (int64_t i = 0; i < s->m; i++) {
        bool missing = false;
        for (int64_t c = 0; c < columns; c++) {
            const double x = selection_get(s, data, i * columns + c);
            missing |= isnan(x) || isinf(x) < 0;
        }
        count += s->a[i] > 0 && missing;
    }
    return count;
}

static double squared_errors(const struct selection *s)
{
    double score = 0;
    for (int64_t c = 0; c < s->v; c++)
        if (takes_column(s, c))
            score = fma(mean_square(s, c), column_scale(s, c), score);
    return score;
}

/* ---- AICc ---- */

static double kernel_at_zero(attpool_kernel_name name)
{
    switch (name) {
    case ATTPOOL_LOGISTIC:
        return 0.25;
    case ATTPOOL_SIGMOID:
        return 0.5;
    case ATTPOOL_SILVERMAN:
        return SQRT_HALF_F64;
    default:
        return 1;
    }
}

static double weight_at_zero(const struct selection *s)
{
    const attpool_kernel_options *k = &s->kernel;
    double weight = 1;
    if (k->form == ATTPOOL_RADIAL)
        return kernel_at_zero(k->kernel);
    for (int64_t c = 0; c < s->d; c++)
        weight *= kernel_at_zero(k->kernels ? k->kernels[c] : k->kernel);
    return weight;
}

/* W_ii, or of a line its equivalent weight, from the row's maximum, in units of 4 log 2, and its
 * sum. */
static double own_weight(const struct selection *s, int64_t i, double at_zero)
{
    if (selection_key_weight(s, i) == 0) /* then the row's maximum is none of its weight at 0 */
        return 0;
    const double max = selection_get(s, s->row[ROW_MAX], i);
    const double sum = selection_get(s, s->row[ROW_SUM], i);
    const double weight = selection_key_weight(s, i) * ap_exp2(-4 * max) * at_zero / sum;
    return s->tilt ? weight * selection_get(s, s->tilt, i * (s->d + 1)) : weight;
}

static void aicc(const struct selection *s, struct judged *j)
{
    const double at_zero = weight_at_zero(s), n = (double)s->rows;
    double logs = 0;
    for (int64_t i = 0; i < s->m; i++)
        if (s->a[i] > 0)
            j->trace += own_weight(s, i, at_zero);
    for (int64_t c = 0; c < s->v; c++)
        if (takes_column(s, c))
            logs += ap_log(mean_square(s, c));
    j->score = logs / (double)s->varying + (1 + j->trace / n) / (1 - (j->trace + 2) / n);
    if (j->trace + 2 >= n || isinf(logs))
        j->score = (double)INFINITY;
}

/* ---- likelihood ---- */

static double likelihood(const struct selection *s)
{
    double sum = 0;
    for (int64_t i = 0; i < s->m; i++)
        if (s->a[i] > 0)
            sum = fma(s->a[i], selection_get(s, s->row[ROW_LOG], i), sum);
    return -(sum / s->sum);
}

/* ---- any ---- */

struct judged ap_judge(const struct selection *s)
{
    struct judged j = { .score = (double)INFINITY };
    const bool values = selection_reads_values(s);
    j.without = count_missing(s, values ? s->out : s->row[ROW_LOG], values ? s->v : 1);
    if (j.without > 0)
        return j;
    if (s->options.criterion == ATTPOOL_CRITERION_AICC)
        aicc(s, &j);
    else
        j.score = values ? squared_errors(s) : likelihood(s);
    return j;
}

/* ---- gradients ---- */

/* What residuals of a column are multiplied by: of the mean squared errors, or of their logarithms.
 */
static double grad_scale(const struct selection *s, int64_t c)
{
    const double scale = takes_column(s, c) ? column_scale(s, c) : 0;
    return s->options.criterion == ATTPOOL_CRITERION_AICC && scale > 0
               ? 1 / mean_square(s, c) / (double)s->varying
               : scale;
}

static double grad_of(const struct selection *s, int64_t i, int64_t c, double scale)
{
    return s->a[i] > 0 ? -2 * (s->a[i] / s->sum) * scale * residual_of(s, i, c) : 0;
}

/* Products of gradients by values and values must stay in the type's range: large ones are in units
 * of a power of two. */
static void choose_unit(struct selection *s)
{
    double most = 0;
    int exponent = 0;
    for (int64_t c = 0; c < s->v; c++) {
        const double scale = grad_scale(s, c);
        for (int64_t i = 0; i < s->m; i++) {
            const double x = fabs(grad_of(s, i, c, scale));
            most = x > most ? x : most;
        }
    }
    if (most > 1 && !isinf(most))
        frexp(most, &exponent);
    s->gradient_exponent = exponent;
}

static void grad_out(struct selection *s)
{
    choose_unit(s);
    for (int64_t c = 0; c < s->v; c++) {
        const double scale = grad_scale(s, c);
        for (int64_t i = 0; i < s->m; i++)
            selection_set(s, s->gradient, i * s->v + c,
                          ldexp(grad_of(s, i, c, scale), -s->gradient_exponent));
    }
}

/* W_ii is the weight at 0, a number, by exp(L_i). */
static void grad_trace(struct selection *s, const struct judged *judged)
{
    const double n = (double)s->rows, rest = n - judged->trace - 2;
    const double slope = (2 * n - 2) / rest / rest, at_zero = weight_at_zero(s);
    for (int64_t i = 0; i < s->m; i++)
        selection_set(s, s->row[ROW_GRADIENT], i,
                      s->a[i] > 0 ? ldexp(-slope * own_weight(s, i, at_zero), -s->gradient_exponent)
                                  : 0);
}

static void grad_likelihood(struct selection *s)
{
    for (int64_t i = 0; i < s->m; i++)
        selection_set(s, s->row[ROW_GRADIENT], i, -(s->a[i] / s->sum));
}

void ap_judge_grad(struct selection *s, const struct judged *judged)
{
    s->gradient_exponent = 0;
    if (selection_reads_values(s))
        grad_out(s);
    else
        grad_likelihood(s);
    if (s->options.criterion == ATTPOOL_CRITERION_AICC)
        grad_trace(s, judged);
}
