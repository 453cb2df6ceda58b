/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the result: one fit below the other, with columns for what differs between them. */
#include "tools/command/progress.h"
#include "tools/io/number.h"
#include "tools/io/source.h"
#include "tools/regress/regress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writing {
    const struct regress_options *o;
    const struct regress_tables *t;
    const struct regress_groups *groups;
    const struct regress_fits *fits;
    size_t keys, columns;     /* a row is keys, x, fits, n_eff */
    char **names;             /* [keys] */
    char **texts;             /* [fits][keys] */
    struct table_out *out;    /* [fits + 1][columns] */
    struct table_part *parts; /* [fits + 1], the last of query points without a fit */
};

/* ---- keys: what tells the fits apart ---- */

/* Of bandwidths: none, one, or one for each x column. */
static size_t bandwidth_keys(const struct regress_options *o, size_t columns)
{
    const struct fit_choices *c = &o->choices;
    size_t most = 1;
    for (size_t h = 0; h < c->bandwidth_count; h++)
        most = c->bandwidths[h].given.count > 1 || choices_search(c) ? columns : most;
    return regress_bandwidths_vary(o) ? most : 0;
}

static int keep(char **place, char *text, struct error *e)
{
    *place = text;
    return text != NULL ? CMD_OK : error_memory(e, 0);
}

static int name_keys(struct writing *w, struct error *e)
{
    char **name = w->names, *text;
    int st = CMD_OK;
    if (w->t->by != NULL)
        st = keep(name++, strdup(w->t->by), e);
    if (st == CMD_OK && w->o->choices.kernel_count > 1)
        st = keep(name++, strdup("kernel"), e);
    size_t bandwidths = bandwidth_keys(w->o, w->t->d);
    for (size_t c = 0; c < bandwidths && st == CMD_OK; c++) {
        int length = bandwidths == 1 ? asprintf(&text, "bandwidth")
                                     : asprintf(&text, "bandwidth_%s", w->t->x_names[c]);
        st = keep(name++, length < 0 ? NULL : text, e);
    }
    return st;
}

static char *kernel_text(const struct kernels *kernels)
{
    char *text = NULL, *more;
    for (size_t k = 0; k < kernels->count; k++) {
        const char *name = attpool_kernel_to_name(kernels->name[k]);
        int length = k == 0 ? asprintf(&more, "%s", name) : asprintf(&more, "%s,%s", text, name);
        free(text);
        if (length < 0)
            return NULL;
        text = more;
    }
    return text;
}

static char *bandwidth_text(const struct numbers *bandwidths, size_t column)
{
    char text[NUMBER_TEXT_MAX] = "";
    if (bandwidths->count > 0)
        number_format(text, bandwidths->value[bandwidths->count > 1 ? column : 0]);
    return strdup(text);
}

static int fill_keys(struct writing *w, size_t i, struct error *e)
{
    const struct regress_fit *fit = &w->fits->item[i];
    char **text = w->texts + i * w->keys;
    int st = CMD_OK;
    if (w->t->by != NULL)
        st = keep(text++, strdup(fit->group->label), e);
    if (st == CMD_OK && w->o->choices.kernel_count > 1)
        st = keep(text++, kernel_text(fit->kernels), e);
    size_t bandwidths = bandwidth_keys(w->o, w->t->d);
    for (size_t c = 0; c < bandwidths && st == CMD_OK; c++)
        st = keep(text++, bandwidth_text(fit->bandwidths, c), e);
    return st;
}

/* ---- parts ---- */

/* fit NULL: query points that have none. */
static void fill_part(struct writing *w, size_t i, const struct regress_group *g,
                      const struct regress_fit *fit)
{
    struct table_out *out = w->out + i * w->columns;
    w->parts[i] = (struct table_part){ out, g->n };
    for (size_t k = 0; k < w->keys; k++)
        *out++ = (struct table_out){ .name = w->names[k],
                                     .text = fit != NULL ? w->texts[i * w->keys + k] : NULL,
                                     .missing = g->missing };
    for (size_t c = 0; c < g->d; c++)
        *out++ = (struct table_out){ .name = w->t->x_names[c],
                                     .f64 = g->points[c],
                                     .nan_is_missing = true };
    for (size_t k = 0; k <= g->v; k++) {
        bool last = k == g->v;
        const void *column = fit == NULL ? NULL
                             : last      ? fit->n_eff
                                         : (const char *)fit->fit + k * g->n * real_size(g->single);
        *out++ = (struct table_out){ .name = last ? "n_eff" : w->t->fit_names[k],
                                     .missing = g->missing,
                                     .f32 = g->single ? column : NULL,
                                     .f64 = g->single ? NULL : column };
    }
}

static int set_up(struct writing *w, struct error *e)
{
    size_t fits = w->fits->count, parts = fits + 1;
    w->keys = (size_t)(w->t->by != NULL) + (w->o->choices.kernel_count > 1) +
              bandwidth_keys(w->o, w->t->d);
    w->columns = w->keys + w->t->d + w->t->v + 1;
    w->names = calloc(w->keys + 1, sizeof *w->names);
    w->texts = calloc(fits * w->keys + 1, sizeof *w->texts);
    w->out = calloc(parts * w->columns, sizeof *w->out);
    w->parts = calloc(parts, sizeof *w->parts);
    if (w->names == NULL || w->texts == NULL || w->out == NULL || w->parts == NULL)
        return error_memory(e, parts * w->columns * sizeof *w->out);
    int st = name_keys(w, e);
    for (size_t i = 0; i < fits && st == CMD_OK; i++) {
        st = fill_keys(w, i, e);
        fill_part(w, i, w->fits->item[i].group, &w->fits->item[i]);
    }
    if (st == CMD_OK)
        fill_part(w, fits, &w->groups->lost, NULL);
    return st;
}

static void give_back(struct writing *w)
{
    for (size_t k = 0; w->names != NULL && k < w->keys; k++)
        free(w->names[k]);
    for (size_t k = 0; w->texts != NULL && k < w->fits->count * w->keys; k++)
        free(w->texts[k]);
    free(w->names);
    free(w->texts);
    free(w->out);
    free(w->parts);
}

/* ---- the table ---- */

/* A column of x may be called fit, as after a regression. It can still be asked for by number. */
static void warn_same_names(const struct table_out *out, size_t count)
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
    int st = set_up(&w, e);
    progress_clear();
    if (st == CMD_OK && !name_is_npy(o->output))
        warn_same_names(w.out, w.columns);
    if (st == CMD_OK)
        st = table_write_parts(o->output, w.parts, fits->count + 1, w.columns, &o->format, e);
    give_back(&w);
    return st;
}
