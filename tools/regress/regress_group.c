/* SPDX-License-Identifier: Apache-2.0 */
/* From tables to arrays: rows that are fitted together, their query points, and their shift in
 * float32. */
#include "config.h"

#include "tools/regress/regress.h"

#include <math.h>
#include <stdlib.h>

/* ---- query points ---- */

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

static int make_grid(double least, double most, size_t n, double **grid, struct error *e)
{
    void *memory;
    int st = array_new(&memory, n, sizeof(double), e);
    if (st != CMD_OK)
        return st;
    *grid = memory;
    for (size_t i = 0; i < n; i++)
        (*grid)[i] = grid_point(least, most, i, n - 1);
    return CMD_OK;
}

static void range_of(const struct regress_group *g, double *least, double *most)
{
    *least = *most = g->columns[0][0];
    widen(g->columns[0], g->m, least, most);
}

static int find_missing(struct regress_group *g, struct error *e)
{
    g->missing = calloc(g->n, 1);
    if (g->missing == NULL)
        return error_memory(e, g->n);
    for (size_t c = 0; c < g->d; c++)
        for (size_t i = 0; i < g->n; i++)
            if (isnan(g->points[c][i]))
                g->missing[i] = 1;
    return CMD_OK;
}

static int choose_points(const struct regress_options *o, const struct regress_tables *t,
                         struct regress_group *g, struct error *e)
{
    double least, most;
    g->points = calloc(g->d, sizeof *g->points);
    if (g->points == NULL)
        return error_memory(e, g->d * sizeof *g->points);
    if (o->grid > 0) {
        range_of(g, &least, &most);
        g->n = (size_t)o->grid;
        int st = make_grid(least, most, g->n, &g->grid, e);
        g->points[0] = g->grid;
        return st;
    }
    g->n = o->at != NULL ? t->at.rows : g->m;
    for (size_t c = 0; c < g->d; c++)
        g->points[c] = o->at != NULL ? t->at.columns[c] : g->columns[c];
    return o->at != NULL && o->format.na == TABLE_MISSING_OMIT ? find_missing(g, e) : CMD_OK;
}

/* ---- arrays ---- */

/* Columns into rows. In float32 x is taken relative to the first row of the data, so that
 * its digits are spent on differences. t is the table they stand in, or NULL. */
static int pack(const struct regress_group *g, const struct table *t, double *const *columns,
                size_t rows, bool shift, size_t count, void **packed, struct error *e)
{
    int st = array_new(packed, rows * count, real_size(g->single), e);
    for (size_t c = 0; st == CMD_OK && c < count; c++) {
        double origin = shift && g->single ? g->columns[c][0] : 0;
        for (size_t i = 0; i < rows; i++) {
            double value = columns[c][i] - origin;
            if (t != NULL && g->single && isinf((float)value))
                return table_fault(t, i, c, e,
                                   "minus the first row's value is outside the range of float32");
            real_set(*packed, g->single, i * count + c, value);
        }
    }
    return st;
}

static int pack_weights(const struct regress_tables *t, struct regress_group *g, struct error *e)
{
    size_t column = g->d + g->v;
    const double *a = g->columns[column];
    double sum = 0;
    int st = array_new(&g->a, g->m, real_size(g->single), e);
    for (size_t j = 0; st == CMD_OK && j < g->m; j++) {
        if (a[j] < 0)
            return table_fault(&t->data, j, column, e, "a case weight is negative: %g", a[j]);
        real_set(g->a, g->single, j, a[j]);
        sum += g->single ? (double)(float)a[j] : a[j];
        if (isinf(g->single ? (double)(float)sum : sum))
            return table_fault(&t->data, j, column, e,
                               "the sum of the case weights is outside the range of float%d",
                               g->single ? 32 : 64);
    }
    g->weightless = sum == 0;
    return st;
}

static int make_group(const struct regress_options *o, const struct regress_tables *t,
                      struct regress_group *g, struct error *e)
{
    const struct table *data = &t->data;
    int st = choose_points(o, t, g, e);
    if (st == CMD_OK)
        st = pack(g, data, g->columns, g->m, true, g->d, &g->x, e);
    if (st == CMD_OK)
        st = pack(g, data, g->columns + g->d, g->m, false, g->v, &g->y, e);
    if (st == CMD_OK)
        st = pack(g, o->at != NULL ? &t->at : data, g->points, g->n, true, g->d, &g->q, e);
    return st == CMD_OK && o->case_weights != NULL ? pack_weights(t, g, e) : st;
}

int regress_group(const struct regress_options *o, const struct regress_tables *t,
                  struct regress_groups *groups, struct error *e)
{
    groups->item = calloc(1, sizeof *groups->item);
    if (groups->item == NULL)
        return error_memory(e, sizeof *groups->item);
    groups->count = 1;
    groups->item[0] = (struct regress_group){
        .single = t->single, .m = t->data.rows, .d = t->d, .v = t->v, .columns = t->data.columns
    };
    return make_group(o, t, &groups->item[0], e);
}

void regress_groups_free(struct regress_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        struct regress_group *g = &groups->item[i];
        free(g->x);
        free(g->y);
        free(g->a);
        free(g->q);
        free(g->points);
        free(g->grid);
        free(g->missing);
    }
    free(groups->item);
    *groups = (struct regress_groups){ .count = 0 };
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
    range_of(g, &least, &most);
    widen(g->points[0], g->n, &least, &most);
    if (bandwidths->count > 0)
        points = fmax(points, (most - least) / bandwidths->value[0] * POINTS_A_BANDWIDTH);
    curve->n = (size_t)fmin(points, MOST_CURVE_POINTS);
    int st = make_grid(least, most, curve->n, &curve->x, e);
    if (st == CMD_OK)
        st = pack(g, NULL, &curve->x, curve->n, true, 1, &curve->q, e);
    return st == CMD_OK ? array_new(&curve->fit, curve->n * g->v, real_size(g->single), e) : st;
}
