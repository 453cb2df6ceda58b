/* SPDX-License-Identifier: Apache-2.0 */
/* The query points of a group, and the curve of its picture. */
#include "tools/regress/regress_group.h"

#include <math.h>
#include <stdlib.h>

/* The ends are exact, and so are decimal steps that divide the range. */
static double grid_point(double least, double most, size_t i, size_t last)
{
    if (i == 0 || last == 0)
        return least;
    if (i == last)
        return most;
    double step = (double)i / (double)last;
    double range = most - least;
    return isfinite((double)last * range) ? least + (double)i * range / (double)last
                                          : least * (1 - step) + most * step;
}

/* The query points may have NaN. */
static void widen(const double *x, size_t count, double *least, double *most)
{
    for (size_t i = 0; i < count; i++) {
        *least = x[i] < *least ? x[i] : *least;
        *most = x[i] > *most ? x[i] : *most;
    }
}

void group_grid(double least, double most, size_t n, double *grid)
{
    for (size_t i = 0; i < n; i++)
        grid[i] = grid_point(least, most, i, n - 1);
}

static int make_grid(double least, double most, size_t n, double **grid, struct error *e)
{
    void *memory;
    int st = array_new(&memory, n, sizeof(double), e);
    if (st != CMD_OK)
        return st;
    *grid = memory;
    group_grid(least, most, n, *grid);
    return CMD_OK;
}

void group_range(const struct regress_group *g, size_t c, double *least, double *most)
{
    *least = HUGE_VAL;
    *most = -HUGE_VAL;
    for (size_t j = 0; j < g->m; j++)
        if (g->weightless || case_weight(g, j) > 0)
            widen(&g->columns[c][j], 1, least, most);
}

static int find_missing(struct regress_group *g, struct error *e)
{
    g->missing = calloc(g->n + 1, 1);
    if (g->missing == NULL)
        return error_memory(e, g->n);
    for (size_t c = 0; c < g->d; c++)
        for (size_t i = 0; i < g->n; i++)
            if (isnan(g->points[c][i]))
                g->missing[i] = 1;
    return CMD_OK;
}

int group_points(const struct regress_options *o, struct regress_group *g, struct error *e)
{
    double least, most;
    if (o->at != NULL)
        return o->format.na == TABLE_MISSING_OMIT ? find_missing(g, e) : CMD_OK;
    if (o->grid == 0) {
        g->n = g->m;
        g->queries = g->rows;
        for (size_t c = 0; c < g->d; c++)
            g->points[c] = g->columns[c];
        return CMD_OK;
    }
    group_range(g, 0, &least, &most);
    g->n = (size_t)o->grid;
    int st = make_grid(least, most, g->n, &g->grid, e);
    g->points[0] = g->grid;
    return st;
}

/* ---- the curve of a picture ---- */

/* A curve through a few points asked for would show their number, not the fit; one whose points are
 * further apart than the bandwidth would join what is not related. */
int regress_curve(const struct regress_options *o, const struct regress_group *g,
                  const struct numbers *bandwidths, struct regress_curve *curve, struct error *e)
{
    enum { CURVE_POINTS = 200, MOST_CURVE_POINTS = 2000, POINTS_A_BANDWIDTH = 4 };
    double least, most, points = CURVE_POINTS;
    if (o->plot == NULL || g->d > 1 || o->grid >= CURVE_POINTS)
        return CMD_OK;
    group_range(g, 0, &least, &most);
    widen(g->points[0], g->n, &least, &most);
    if (bandwidths->count > 0)
        points = fmax(points, (most - least) / bandwidths->value[0] * POINTS_A_BANDWIDTH);
    curve->n = (size_t)fmin(points, MOST_CURVE_POINTS);
    int st = make_grid(least, most, curve->n, &curve->x, e);
    if (st == CMD_OK)
        st = array_new(&curve->fit, curve->n * g->v, real_size(g->single), e);
    return st == CMD_OK ? array_new(&curve->se, curve->n * g->v, real_size(g->single), e) : st;
}
