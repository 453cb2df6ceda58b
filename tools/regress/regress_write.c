/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the result: one fit below the other, with columns for what differs between them. */
#include "tools/command/progress.h"
#include "tools/io/source.h"
#include "tools/regress/regress.h"

#include <stdlib.h>
#include <string.h>

struct writing {
    const struct regress_options *o;
    const struct regress_tables *t;
    const struct regress_groups *groups;
    const struct regress_fits *fits;
    size_t columns; /* a row is keys, x, fits, n_eff, bands, slopes */
    struct regress_keys keys;
    struct table_out *out;    /* [fits + 1][columns] */
    struct table_part *parts; /* [fits + 1], the last of query points without a fit */
};

/* ---- parts ---- */

/* Column `k` of an array of the fit's, or of nothing. */
static struct table_out number_column(const struct regress_group *g, const char *name,
                                      const void *array, size_t k)
{
    const void *column =
        array != NULL ? (const char *)array + k * g->n * real_size(g->single) : NULL;
    return (struct table_out){ .name = name,
                               .missing = g->missing,
                               .f32 = g->single ? column : NULL,
                               .f64 = g->single ? NULL : column };
}

static struct table_out more_column(const struct writing *w, const struct regress_group *g,
                                    const struct regress_fit *fit, size_t k)
{
    const size_t bands = w->o->se ? 3 * g->v : 0;
    const void *array = NULL;
    if (fit != NULL && k < bands)
        array = k % 3 == 0 ? fit->se : k % 3 == 1 ? fit->lower : fit->upper;
    else if (fit != NULL)
        array = fit->slope;
    return number_column(g, w->t->more_names[k], array, k < bands ? k / 3 : k - bands);
}

/* fit NULL: query points that have none. */
static void fill_fit(struct writing *w, size_t i, const struct regress_group *g,
                     const struct regress_fit *fit)
{
    struct table_out *out = w->out + i * w->columns;
    w->parts[i] = (struct table_part){ out, g->n };
    for (size_t k = 0; k < w->keys.count; k++)
        *out++ = regress_key(&w->keys, k, i, g->missing, fit != NULL ? NULL : w->groups);
    for (size_t c = 0; c < g->d; c++)
        *out++ = (struct table_out){ .name = w->t->x_names[c],
                                     .f64 = g->points[c],
                                     .nan_is_missing = true };
    for (size_t k = 0; k < g->v; k++)
        *out++ = number_column(g, w->t->fit_names[k], fit != NULL ? fit->fit : NULL, k);
    *out++ = number_column(g, "n_eff", fit != NULL ? fit->n_eff : NULL, 0);
    for (size_t k = 0; k < w->t->more_count; k++)
        *out++ = more_column(w, g, fit, k);
}

static int set_up_table(struct writing *w, struct error *e)
{
    size_t fits = w->fits->count, parts = fits + 1;
    int st = regress_keys(w->o, w->t, w->fits, &w->keys, e);
    if (st != CMD_OK)
        return st;
    w->columns = w->keys.count + w->t->d + w->t->v + 1 + w->t->more_count;
    w->out = calloc(parts * w->columns, sizeof *w->out);
    w->parts = calloc(parts, sizeof *w->parts);
    if (w->out == NULL || w->parts == NULL)
        return error_memory(e, parts * w->columns * sizeof *w->out);
    for (size_t i = 0; i < fits; i++)
        fill_fit(w, i, w->fits->item[i].group, &w->fits->item[i]);
    fill_fit(w, fits, &w->groups->lost, NULL);
    return CMD_OK;
}

static void free_table(struct writing *w)
{
    regress_keys_free(&w->keys, w->fits->count);
    free(w->out);
    free(w->parts);
}

/* ---- the table ---- */

void regress_warn_names(const struct table_out *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            if (strcmp(out[i].name, out[j].name) == 0) {
                error_warn("two columns of the result are called %s, numbers %zu and %zu",
                           quoted_name(out[i].name).text, i + 1, j + 1);
                return;
            }
}

int regress_write(const struct regress_options *o, const struct regress_tables *t,
                  const struct regress_groups *groups, const struct regress_fits *fits,
                  struct error *e)
{
    struct writing w = { .o = o, .t = t, .groups = groups, .fits = fits };
    if (o->output == NULL)
        return CMD_OK;
    int st = set_up_table(&w, e);
    progress_clear();
    if (st == CMD_OK && !name_is_npy(o->output))
        regress_warn_names(w.out, w.columns);
    if (st == CMD_OK)
        st = table_write_parts(o->output, w.parts, fits->count + 1, w.columns, &o->format, e);
    free_table(&w);
    return st;
}
