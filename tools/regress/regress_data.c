/* SPDX-License-Identifier: Apache-2.0 */
/* From tables to arrays: the columns in use, the query points, and their shift in float32. */
#include "config.h"

#include "tools/regress/regress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

/* From the header, or else `prefix` and a number. */
static int name_columns(char **names, size_t count, char *const *header, const char *prefix,
                        struct error *e)
{
    for (size_t c = 0; c < count; c++) {
        int length = header[c] != NULL ? asprintf(&names[c], "%s", header[c])
                     : count == 1      ? asprintf(&names[c], "%s", prefix)
                                       : asprintf(&names[c], "%s%zu", prefix, c + 1);
        if (length < 0) {
            names[c] = NULL;
            return error_memory(e, strlen(prefix) + 20);
        }
    }
    return CMD_OK;
}

static int name_fits(struct regress_data *data, struct error *e)
{
    for (size_t k = 0; k < data->v; k++) {
        int length = data->v == 1 ? asprintf(&data->fit_names[k], "fit")
                                  : asprintf(&data->fit_names[k], "fit_%s", data->y_names[k]);
        if (length < 0) {
            data->fit_names[k] = NULL;
            return error_memory(e, 20);
        }
    }
    return CMD_OK;
}

static int set_up_names(struct regress_data *data, struct error *e)
{
    data->x_names = calloc(data->d, sizeof *data->x_names);
    data->y_names = calloc(data->v, sizeof *data->y_names);
    data->fit_names = calloc(data->v, sizeof *data->fit_names);
    if (data->x_names == NULL || data->y_names == NULL || data->fit_names == NULL)
        return error_memory(e, (data->d + data->v) * sizeof *data->x_names);
    int st = name_columns(data->x_names, data->d, data->table.names, "x", e);
    if (st == CMD_OK)
        st = name_columns(data->y_names, data->v, data->table.names + data->d, "y", e);
    return st == CMD_OK ? name_fits(data, e) : st;
}

/* ---- tables ---- */

static int read_table(const struct regress_options *o, struct regress_data *data, struct error *e)
{
    size_t count = data->d + data->v + (o->case_weights != NULL);
    const char **columns = calloc(count, sizeof *columns);
    if (columns == NULL)
        return error_memory(e, count * sizeof *columns);
    for (size_t c = 0; c < data->d; c++)
        columns[c] = o->x.item[c];
    for (size_t c = 0; c < data->v; c++)
        columns[data->d + c] = o->y.item[c];
    if (o->case_weights != NULL)
        columns[data->d + data->v] = o->case_weights;
    const struct table_options options = {
        .columns = columns,
        .column_count = count,
        .format = &o->format,
        .missing = o->format.na,
        .single = data->single,
    };
    int st = table_read(o->data, &options, &data->table, e);
    free(columns);
    data->m = data->table.rows;
    if (st == CMD_OK && data->table.omitted > 0)
        error_warn("%s: %zu row%s with a missing value left out", data->table.file,
                   data->table.omitted, data->table.omitted == 1 ? "" : "s");
    return st;
}

static int read_at(const struct regress_options *o, struct regress_data *data, struct error *e)
{
    const struct table_options options = {
        .columns = (const char *const *)data->table.names,
        .column_count = data->d,
        .or_in_order = true,
        .format = &o->format,
        .missing = o->format.na == TABLE_MISSING_OMIT ? TABLE_MISSING_KEEP : TABLE_MISSING_ERROR,
        .single = data->single,
    };
    int st = table_read(o->at, &options, &data->at, e);
    if (st != CMD_OK)
        return st;
    data->n = data->at.rows;
    for (size_t c = 0; c < data->d; c++)
        data->points[c] = data->at.columns[c];
    if (o->format.na != TABLE_MISSING_OMIT)
        return CMD_OK;
    data->missing = calloc(data->n, 1);
    if (data->missing == NULL)
        return error_memory(e, data->n);
    for (size_t c = 0; c < data->d; c++)
        for (size_t i = 0; i < data->n; i++)
            if (isnan(data->points[c][i]))
                data->missing[i] = 1;
    return CMD_OK;
}

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

static int choose_points(const struct regress_options *o, struct regress_data *data,
                         struct error *e)
{
    data->points = calloc(data->d, sizeof *data->points);
    if (data->points == NULL)
        return error_memory(e, data->d * sizeof *data->points);
    if (o->at != NULL)
        return read_at(o, data, e);
    if (o->grid > 0) {
        const double *x = data->table.columns[0];
        double least = x[0], most = x[0];
        widen(x, data->m, &least, &most);
        data->n = (size_t)o->grid;
        int st = make_grid(least, most, data->n, &data->grid, e);
        data->points[0] = data->grid;
        return st;
    }
    data->n = data->m;
    for (size_t c = 0; c < data->d; c++)
        data->points[c] = data->table.columns[c];
    return CMD_OK;
}

/* A curve through a few points asked for would show their number, not the fit; one whose points are
 * further apart than the bandwidth would join what is not related. */
static int choose_curve(const struct regress_options *o, struct regress_data *data, struct error *e)
{
    enum { CURVE_POINTS = 200, MOST_CURVE_POINTS = 2000, POINTS_A_BANDWIDTH = 4 };
    if (o->plot == NULL || data->d > 1 || o->grid >= CURVE_POINTS)
        return CMD_OK;
    const double *x = data->table.columns[0];
    double least = x[0], most = x[0];
    widen(x, data->m, &least, &most);
    widen(data->points[0], data->n, &least, &most);
    double points = CURVE_POINTS;
    if (o->bandwidths.count > 0)
        points = fmax(points, (most - least) / o->bandwidths.value[0] * POINTS_A_BANDWIDTH);
    data->curve_n = (size_t)fmin(points, MOST_CURVE_POINTS);
    return make_grid(least, most, data->curve_n, &data->curve_x, e);
}

/* ---- arrays ---- */

/* Columns into rows. In float32 x is taken relative to the first row of the data, so that
 * its digits are spent on differences. */
static int pack(const struct regress_data *data, const struct table *t, double *const *columns,
                size_t rows, bool shift, size_t count, void **packed, struct error *e)
{
    int st = array_new(packed, rows * count, real_size(data->single), e);
    for (size_t c = 0; st == CMD_OK && c < count; c++) {
        double origin = shift && data->single ? data->table.columns[c][0] : 0;
        for (size_t i = 0; i < rows; i++) {
            double value = columns[c][i] - origin;
            if (data->single && isinf((float)value))
                return table_fault(t, i, c, e,
                                   "minus the first row's value is outside the range of float32");
            real_set(*packed, data->single, i * count + c, value);
        }
    }
    return st;
}

static int pack_weights(struct regress_data *data, struct error *e)
{
    size_t column = data->d + data->v;
    const double *a = data->table.columns[column];
    double sum = 0;
    int st = array_new(&data->a, data->m, real_size(data->single), e);
    for (size_t j = 0; st == CMD_OK && j < data->m; j++) {
        if (a[j] < 0)
            return table_fault(&data->table, j, column, e, "a case weight is negative: %g", a[j]);
        real_set(data->a, data->single, j, a[j]);
        sum += data->single ? (double)(float)a[j] : a[j];
        if (isinf(data->single ? (double)(float)sum : sum))
            return table_fault(&data->table, j, column, e,
                               "the sum of the case weights is outside the range of float%d",
                               data->single ? 32 : 64);
    }
    data->weightless = sum == 0;
    return st;
}

int regress_read(const struct regress_options *o, struct regress_data *data, struct error *e)
{
    data->single = o->common.precision == PRECISION_F32;
    data->d = o->x.count;
    data->v = o->y.count;
    int st = read_table(o, data, e);
    if (st == CMD_OK)
        st = set_up_names(data, e);
    if (st == CMD_OK)
        st = choose_points(o, data, e);
    if (st == CMD_OK)
        st = choose_curve(o, data, e);
    const struct table *t = &data->table;
    if (st == CMD_OK)
        st = pack(data, t, t->columns, data->m, true, data->d, &data->x, e);
    if (st == CMD_OK)
        st = pack(data, t, t->columns + data->d, data->m, false, data->v, &data->y, e);
    if (st == CMD_OK)
        st = pack(data, o->at != NULL ? &data->at : t, data->points, data->n, true, data->d,
                  &data->q, e);
    if (st == CMD_OK && data->curve_n > 0)
        st = pack(data, t, &data->curve_x, data->curve_n, true, 1, &data->curve_q, e);
    if (st == CMD_OK && o->case_weights != NULL)
        st = pack_weights(data, e);
    return st;
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; names != NULL && i < count; i++)
        free(names[i]);
    free(names);
}

void regress_data_free(struct regress_data *data)
{
    free_names(data->x_names, data->d);
    free_names(data->y_names, data->v);
    free_names(data->fit_names, data->v);
    free(data->x);
    free(data->y);
    free(data->a);
    free(data->q);
    free(data->points);
    free(data->grid);
    free(data->curve_x);
    free(data->curve_q);
    free(data->missing);
    table_free(&data->table);
    table_free(&data->at);
    *data = (struct regress_data){ 0 };
}
