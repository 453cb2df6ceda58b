/* SPDX-License-Identifier: Apache-2.0 */
/* Bandwidths that are other packages' numbers. */
#include "tools/regress/regress.h"

#include <math.h>

/* The standard deviation of a column, of divisor m - 1. */
static double deviation(const struct regress_group *g, size_t column)
{
    const double *x = g->columns[column];
    double mean = 0, sum = 0;
    for (size_t j = 0; j < g->m; j++)
        mean += (x[j] - x[0]) / (double)g->m;
    for (size_t j = 0; j < g->m; j++)
        sum += (x[j] - x[0] - mean) * (x[j] - x[0] - mean);
    return sqrt(sum / ((double)g->m - 1));
}

int regress_from(struct regress_fit *fit, struct error *e)
{
    const struct regress_group *g = fit->group;
    const struct package *p = fit->choice->package;
    const struct kernels *kernels = fit->kernels;
    fit->chosen.count = fit->choice->given.count;
    for (size_t c = 0; c < fit->chosen.count; c++) {
        const double h =
            package_bandwidth(p, kernels->name[kernels->count > 1 ? c : 0], g->d,
                              fit->choice->given.value[c], p->deviations ? deviation(g, c) : 1);
        if (!isfinite(h) || !(h > 0))
            return error_set(e, CMD_DATA, "--bandwidth-from: %s makes %g of %g", p->name, h,
                             fit->choice->given.value[c]);
        fit->chosen.value[c] = h;
    }
    if (p->differs != NULL)
        error_summary("%s: %s", p->name, p->differs);
    return CMD_OK;
}
