/* SPDX-License-Identifier: Apache-2.0 */
/* The regressions of the demo. */
#include "tools/demo/demo.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* One call for the queries and, without weights, the points of the curve. */
int demo_fit_one(struct demo *demo, const struct demo_data *data, struct demo_fit *fit,
                 struct error *e)
{
    enum { ALL = DEMO_QUERIES + DEMO_CURVE };
    bool single = demo->single;
    size_t n = data->n, size = real_size(single);
    int64_t rows[DEMO_QUERIES];
    void *memory, *weights;
    int st = array_new(&weights, DEMO_QUERIES * n, sizeof(double), e);
    fit->weights = weights;
    if (st == CMD_OK)
        st = array_new(&memory, 3 * ALL + 2 * n + DEMO_QUERIES * n, size, e);
    if (st != CMD_OK)
        return st;
    char *q = memory, *o = q + ALL * size, *n_eff = o + ALL * size;
    char *x = n_eff + ALL * size, *y = x + n * size, *w = y + n * size;
    for (size_t i = 0; i < ALL; i++)
        real_set(q, single, i, i < DEMO_QUERIES ? data->query[i] : data->curve_x[i - DEMO_QUERIES]);
    for (size_t j = 0; j < n; j++) {
        real_set(x, single, j, data->x[j]);
        real_set(y, single, j, data->y[j]);
    }
    for (int i = 0; i < DEMO_QUERIES; i++)
        rows[i] = i;
    struct operand tq, tx, ty, to, tn, tw;
    const int64_t queries[] = { ALL, 1 }, keys[] = { (int64_t)n, 1 };
    const attpool_kernel_options kernel = { .size = sizeof kernel,
                                            .kernel = fit->kernel,
                                            .bandwidth = fit->bandwidth };
    const attpool_pool_options options = {
        .size = sizeof options,
        .score = ATTPOOL_KERNEL,
        .kernel = &kernel,
        .n_eff = operand_real(&tn, n_eff, single, 1, queries),
        .weights = operand_real(&tw, w, single, 2, (const int64_t[]){ DEMO_QUERIES, (int64_t)n }),
        .rows = rows,
        .row_count = DEMO_QUERIES,
    };
    attpool_status status =
        attpool_pool(demo->session.context, operand_real(&tq, q, single, 2, queries),
                     operand_real(&tx, x, single, 2, keys), operand_real(&ty, y, single, 2, keys),
                     &options, operand_real(&to, o, single, 2, queries));
    st = session_status(&demo->session, status, NULL, 0, e);
    for (size_t i = 0; st == CMD_OK && i < DEMO_QUERIES; i++) {
        fit->fit[i] = real_get(o, single, i);
        fit->n_eff[i] = real_get(n_eff, single, i);
    }
    for (size_t i = 0; st == CMD_OK && i < DEMO_CURVE; i++)
        fit->curve[i] = real_get(o, single, DEMO_QUERIES + i);
    for (size_t i = 0; st == CMD_OK && i < DEMO_QUERIES * n; i++)
        fit->weights[i] = real_get(w, single, i);
    free(memory);
    return st;
}

/* The root of the mean squared distance to the truth, and the mean of n_eff, where there is a
 * fit; their number is returned. */
static int summarise_fits(const struct demo_data *data, const struct demo_fit *fit, double *error,
                          double *n_eff)
{
    int count = 0;
    *error = *n_eff = 0;
    for (int i = 0; i < DEMO_QUERIES; i++)
        if (isfinite(fit->fit[i]) && isfinite(fit->n_eff[i])) {
            double d = fit->fit[i] - data->truth[i];
            *error += d * d;
            *n_eff += fit->n_eff[i];
            count++;
        }
    if (count > 0) {
        *error = sqrt(*error / count);
        *n_eff /= count;
    }
    return count;
}

int demo_fits(struct demo *demo, const struct demo_data *data, struct demo_fit *fits, size_t count,
              struct error *e)
{
    output_printf(&demo->out,
                  "\nKernel regression: %s, n = %zu, x in [0, 5), %s\n"
                  "  kernel        bandwidth  error    n_eff\n",
                  data->name, data->n, data->formula);
    for (size_t k = 0; k < count; k++) {
        double error, n_eff;
        int st = demo_fit_one(demo, data, &fits[k], e);
        if (st != CMD_OK)
            return st;
        int queries = summarise_fits(data, &fits[k], &error, &n_eff);
        char width[32] = "-";
        if (fits[k].kernel != ATTPOOL_CONSTANT)
            snprintf(width, sizeof width, "%g", fits[k].bandwidth);
        output_printf(&demo->out, "  %-12s  %-9s  %-7.4f  %-6.1f",
                      attpool_kernel_to_name(fits[k].kernel), width, error, n_eff);
        report_append(
            &demo->report, demo->fits,
            json_pack(
                "{s:s, s:s, s:o, s:o, s:o, s:i}", "data", data->name, "kernel",
                attpool_kernel_to_name(fits[k].kernel), "bandwidth",
                fits[k].kernel != ATTPOOL_CONSTANT ? report_number(fits[k].bandwidth) : json_null(),
                "error", report_number(error), "n_eff", report_number(n_eff), "queries", queries));
        if (queries < DEMO_QUERIES)
            output_printf(&demo->out, "  at the %d of %d queries with data in reach", queries,
                          DEMO_QUERIES);
        output_text(&demo->out, "\n");
    }
    return CMD_OK;
}

void demo_fits_free(struct demo_fit *fits, size_t count)
{
    for (size_t k = 0; k < count; k++)
        free(fits[k].weights);
}
