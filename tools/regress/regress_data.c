/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of data and of query points, and the names of their columns. */
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

static int name_fits(struct regress_tables *t, struct error *e)
{
    for (size_t k = 0; k < t->v; k++) {
        int length = t->v == 1 ? asprintf(&t->fit_names[k], "fit")
                               : asprintf(&t->fit_names[k], "fit_%s", t->y_names[k]);
        if (length < 0) {
            t->fit_names[k] = NULL;
            return error_memory(e, 20);
        }
    }
    return CMD_OK;
}

static int set_up_names(struct regress_tables *t, bool by, struct error *e)
{
    t->x_names = calloc(t->d, sizeof *t->x_names);
    t->y_names = calloc(t->v, sizeof *t->y_names);
    t->fit_names = calloc(t->v, sizeof *t->fit_names);
    if (t->x_names == NULL || t->y_names == NULL || t->fit_names == NULL)
        return error_memory(e, (t->d + t->v) * sizeof *t->x_names);
    int st = name_columns(t->x_names, t->d, t->data.names, "x", e);
    if (st == CMD_OK)
        st = name_columns(t->y_names, t->v, t->data.names + t->d, "y", e);
    if (st == CMD_OK && by)
        st = name_columns(&t->by, 1, t->data.names + t->data.column_count - 1, "group", e);
    return st == CMD_OK ? name_fits(t, e) : st;
}

/* ---- tables ---- */

/* Columns of numbers and, after them, that of the group. */
struct wanted {
    const char **columns;
    bool *labelled;
    size_t count;
};

static void wanted_free(struct wanted *w)
{
    free(w->columns);
    free(w->labelled);
}

static int wanted_new(struct wanted *w, size_t numbers, bool by, struct error *e)
{
    w->count = numbers + by;
    w->columns = calloc(w->count, sizeof *w->columns);
    w->labelled = calloc(w->count, sizeof *w->labelled);
    if (w->columns == NULL || w->labelled == NULL) {
        wanted_free(w);
        return error_memory(e, w->count * sizeof *w->columns);
    }
    if (by)
        w->labelled[numbers] = true;
    return CMD_OK;
}

static int read_table(const struct regress_options *o, struct regress_tables *t, struct error *e)
{
    struct wanted w;
    int st = wanted_new(&w, t->d + t->v + (o->case_weights != NULL), o->by != NULL, e);
    if (st != CMD_OK)
        return st;
    const char **column = w.columns;
    if (o->classes)
        w.labelled[t->d] = true;
    for (size_t c = 0; c < t->d; c++)
        *column++ = o->x.item[c];
    for (size_t c = 0; c < t->v; c++)
        *column++ = o->y.item[c];
    if (o->case_weights != NULL)
        *column++ = o->case_weights;
    if (o->by != NULL)
        *column = o->by;
    const struct table_options options = {
        .columns = w.columns,
        .labelled = w.labelled,
        .column_count = w.count,
        .format = &o->format,
        .missing = o->format.na,
        .single = t->single,
    };
    st = table_read(o->data, &options, &t->data, e);
    wanted_free(&w);
    if (st == CMD_OK && t->data.omitted > 0)
        error_warn("%s: %zu row%s with a missing value left out", t->data.file, t->data.omitted,
                   t->data.omitted == 1 ? "" : "s");
    return st;
}

static int read_at(const struct regress_options *o, struct regress_tables *t, struct error *e)
{
    struct wanted w;
    int st = wanted_new(&w, t->d, o->by != NULL, e);
    if (st != CMD_OK)
        return st;
    for (size_t c = 0; c < t->d; c++)
        w.columns[c] = t->data.names[c];
    if (o->by != NULL)
        w.columns[t->d] = t->data.names[t->data.column_count - 1];
    const struct table_options options = {
        .columns = w.columns,
        .labelled = w.labelled,
        .column_count = w.count,
        .or_in_order = true,
        .format = &o->format,
        .missing = o->format.na == TABLE_MISSING_OMIT ? TABLE_MISSING_KEEP : TABLE_MISSING_ERROR,
        .single = t->single,
    };
    st = table_read(o->at, &options, &t->at, e);
    wanted_free(&w);
    return st;
}

/* ---- the columns after n_eff ---- */

/* "se" or, of several y, "se_Y"; x NULL but for a slope. */
static int name_more(const struct regress_tables *t, const char *what, const char *y, const char *x,
                     char **name, struct error *e)
{
    const bool several = t->v > 1;
    const int length = asprintf(name, "%s%s%s%s%s", what, several ? "_" : "", several ? y : "",
                                x != NULL ? "_" : "", x != NULL ? x : "");
    if (length >= 0)
        return CMD_OK;
    *name = NULL;
    return error_memory(e, strlen(what) + strlen(y) + 3);
}

/* A name that a column of x has would be ambiguous. */
static int check_more(const struct regress_tables *t, size_t k, bool band, struct error *e)
{
    for (size_t c = 0; c < t->d; c++)
        if (strcmp(t->more_names[k], t->x_names[c]) == 0)
            return error_set(e, CMD_USAGE,
                             "%s would add a column %s, but a column of --x has that name",
                             band ? "--se" : "--slope", quoted_name(t->x_names[c]).text);
    return CMD_OK;
}

static int name_columns_after(const struct regress_options *o, struct regress_tables *t,
                              struct error *e)
{
    static const char *const band[] = { "se", "lower", "upper" };
    const size_t bands = o->se ? 3 * t->v : 0, slopes = o->slope ? t->v * t->d : 0;
    int st = CMD_OK;
    t->more_names = calloc(bands + slopes + 1, sizeof *t->more_names);
    if (t->more_names == NULL)
        return error_memory(e, (bands + slopes) * sizeof *t->more_names);
    t->more_count = bands + slopes;
    for (size_t k = 0; k < t->more_count && st == CMD_OK; k++) {
        const size_t i = k - bands;
        st = k < bands ? name_more(t, band[k % 3], t->y_names[k / 3], NULL, &t->more_names[k], e)
                       : name_more(t, "slope", t->y_names[i / t->d], t->x_names[i % t->d],
                                   &t->more_names[k], e);
        if (st == CMD_OK)
            st = check_more(t, k, k < bands, e);
    }
    return st;
}

int regress_read(const struct regress_options *o, struct regress_tables *t, struct error *e)
{
    t->single = o->common.precision == PRECISION_F32;
    t->d = o->x.count;
    t->v = o->y.count;
    int st = read_table(o, t, e);
    if (st == CMD_OK)
        st = set_up_names(t, o->by != NULL, e);
    if (st == CMD_OK)
        st = name_columns_after(o, t, e);
    return st == CMD_OK && o->at != NULL ? read_at(o, t, e) : st;
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; names != NULL && i < count; i++)
        free(names[i]);
    free(names);
}

void regress_tables_free(struct regress_tables *t)
{
    free_names(t->x_names, t->d);
    free_names(t->y_names, t->v);
    free_names(t->fit_names, t->v);
    free_names(t->more_names, t->more_count);
    free(t->by);
    table_free(&t->data);
    table_free(&t->at);
    *t = (struct regress_tables){ .single = false };
}
