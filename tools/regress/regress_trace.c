/* SPDX-License-Identifier: Apache-2.0 */
/* The scores of the bandwidths that were looked at, as a table and a picture. */
#include "tools/command/progress.h"
#include "tools/io/source.h"
#include "tools/plot/picture.h"
#include "tools/regress/regress_search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ---- */

/* Of each fit: factors or bandwidths, then for several columns bandwidths, scores, rows. */
struct columns {
    double *value; /* [count][points] */
    size_t count;
};

static int copy_points(const struct regress_fit *fit, struct columns *c, struct error *e)
{
    const struct regress_selection *s = &fit->selection;
    void *memory;
    c->count = s->base.count + 3;
    const int st = array_new(&memory, c->count * s->points, sizeof(double), e);
    c->value = memory;
    for (size_t k = 0; st == CMD_OK && k < s->points; k++) {
        double *value = c->value + k;
        *value = s->point[k].factor;
        for (size_t i = 0; i < s->base.count; i++)
            *(value += s->points) = s->point[k].factor * s->base.value[i];
        *(value += s->points) = isfinite(s->point[k].score) ? s->point[k].score : (double)NAN;
        *(value + s->points) = (double)s->point[k].without;
    }
    return st;
}

/* ---- table ---- */

/* A row is group, kernel and method where they vary, then numbers. */
struct table_of_points {
    const struct regress_options *o;
    const struct regress_tables *t;
    struct regress_keys keys;
    size_t own;               /* keys other than bandwidths */
    char **names;             /* of bandwidths of several columns */
    struct columns *columns;  /* [fits] */
    struct table_out *out;    /* [fits][width] */
    struct table_part *parts; /* [fits] */
    size_t width, count;
};

static void fill_points(struct table_of_points *p, size_t i, const struct regress_fit *fit)
{
    const struct regress_selection *s = &fit->selection;
    struct table_out *out = p->out + p->count * p->width;
    const double *value = p->columns[i].value;
    const size_t numbers = p->columns[i].count;
    p->parts[p->count++] = (struct table_part){ out, s->points };
    for (size_t k = 0; k < p->own; k++)
        *out++ = (struct table_out){ .name = p->keys.names[k],
                                     .text = p->keys.texts[i * p->keys.count + k] };
    if (p->o->choices.bandwidth_count > 1)
        *out++ = (struct table_out){ .name = "method",
                                     .text = fit->choice->steps > 0
                                                 ? fit->choice->typed
                                                 : bandwidth_choice_name(fit->choice) };
    for (size_t k = 0; k < numbers; k++, value += s->points)
        *out++ = (struct table_out){ .name = k + 1 == numbers   ? "rows_without_prediction"
                                             : k + 2 == numbers ? "score"
                                             : k > 0            ? p->names[k - 1]
                                             : numbers > 3      ? "factor"
                                                                : "bandwidth",
                                     .f64 = value,
                                     .nan_is_missing = true };
}

static int set_up_points(struct table_of_points *p, const struct regress_fits *fits,
                         struct error *e)
{
    const size_t d = p->t->d > 1 ? p->t->d : 0;
    int st = regress_keys(p->o, p->t, fits, &p->keys, e);
    p->own = (size_t)(p->t->by != NULL) + (p->o->choices.kernel_count > 1);
    p->width = p->own + (p->o->choices.bandwidth_count > 1) + 3 + d;
    p->columns = calloc(fits->count, sizeof *p->columns);
    p->out = calloc(fits->count * p->width, sizeof *p->out);
    p->parts = calloc(fits->count, sizeof *p->parts);
    p->names = calloc(d + 1, sizeof *p->names);
    if (st == CMD_OK &&
        (p->columns == NULL || p->out == NULL || p->parts == NULL || p->names == NULL))
        st = error_memory(e, fits->count * p->width * sizeof *p->out);
    for (size_t c = 0; c < d && st == CMD_OK; c++)
        if (asprintf(&p->names[c], "bandwidth_%s", p->t->x_names[c]) < 0) {
            p->names[c] = NULL;
            st = error_memory(e, strlen(p->t->x_names[c]));
        }
    for (size_t i = 0; i < fits->count && st == CMD_OK; i++) {
        if (fits->item[i].selection.rows == 0)
            continue;
        st = copy_points(&fits->item[i], &p->columns[i], e);
        if (st == CMD_OK)
            fill_points(p, i, &fits->item[i]);
    }
    return st;
}

static void free_points(struct table_of_points *p, size_t fits)
{
    for (size_t i = 0; p->columns != NULL && i < fits; i++)
        free(p->columns[i].value);
    for (size_t c = 0; p->names != NULL && p->t->d > 1 && c < p->t->d; c++)
        free(p->names[c]);
    regress_keys_free(&p->keys, fits);
    free(p->names);
    free(p->columns);
    free(p->out);
    free(p->parts);
}

static int write_points(const struct regress_options *o, const struct regress_tables *t,
                        const struct regress_fits *fits, struct error *e)
{
    struct table_of_points p = { .o = o, .t = t };
    int st = set_up_points(&p, fits, e);
    if (st == CMD_OK)
        st = table_write_parts(o->curve, p.parts, p.count, p.width, &o->format, e);
    free_points(&p, fits->count);
    return st;
}

/* ---- picture ---- */

/* Over the logarithm: the bandwidths are as far apart there. */
static void log_points(const struct regress_fit *fit, double *x, double *y)
{
    const struct regress_selection *s = &fit->selection;
    for (size_t k = 0; k < s->points; k++) {
        x[k] = log10(s->point[k].factor);
        y[k] = isfinite(s->point[k].score) ? s->point[k].score : (double)NAN;
    }
}

struct curves {
    struct plot_layer *layers;    /* [2 * fits], those of a panel one after another */
    struct regress_label *labels; /* [fits] */
    void **memory;                /* [fits][2] */
    struct plot_panel panels[2];  /* one for each method, whose scores have units of their own */
    size_t layer_count, panel_count;
};

static int add_curve(const struct regress_options *o, const struct regress_fits *fits, size_t i,
                     struct curves *c, struct error *e)
{
    const struct regress_fit *fit = &fits->item[i];
    const size_t points = fit->selection.points;
    int st = array_new(&c->memory[2 * i], points, sizeof(double), e);
    if (st == CMD_OK)
        st = array_new(&c->memory[2 * i + 1], points, sizeof(double), e);
    if (st != CMD_OK)
        return st;
    log_points(fit, c->memory[2 * i], c->memory[2 * i + 1]);
    c->labels[i] = regress_label(o, fit, true);
    c->layers[c->layer_count++] =
        (struct plot_layer){ .kind = PLOT_CURVE,
                             .label = c->labels[i].text[0] != '\0' ? c->labels[i].text : NULL,
                             .colour = i + 1,
                             .count = points,
                             .x = c->memory[2 * i],
                             .y = c->memory[2 * i + 1] };
    const size_t best = search_best(&fit->selection);
    c->layers[c->layer_count] = c->layers[c->layer_count - 1];
    c->layers[c->layer_count].kind = PLOT_RINGS;
    c->layers[c->layer_count].label = c->layer_count == 1 ? "the least score" : NULL;
    c->layers[c->layer_count].count = 1;
    c->layers[c->layer_count].x += best;
    c->layers[c->layer_count++].y += best;
    return CMD_OK;
}

/* Of scores that run away at the narrow end only what is near those of the wide end is shown, or
 * the least ones would look like a line. */
static void limit_scores(struct plot_panel *panel)
{
    double least = HUGE_VAL, most = -HUGE_VAL, wide = -HUGE_VAL;
    for (size_t j = 0; j < panel->layer_count; j++) {
        const struct plot_layer *l = &panel->layers[j];
        for (size_t k = 0; k < l->count; k++) {
            least = fmin(least, l->y[k]);
            most = fmax(most, l->y[k]);
        }
        wide = fmax(wide, l->y[l->count - 1]);
    }
    const double shown = 3 * (wide - least);
    if (!(shown > 0 && most - least > shown))
        return;
    panel->y_min = least - 0.05 * shown;
    panel->y_max = least + shown;
}

static int add_panel(const struct regress_options *o, const struct regress_tables *t,
                     const struct regress_fits *fits, enum bandwidth_method method,
                     struct curves *c, struct error *e)
{
    const size_t first = c->layer_count;
    const struct regress_fit *fit = NULL;
    int st = CMD_OK;
    for (size_t i = 0; i < fits->count && st == CMD_OK; i++)
        if (fits->item[i].choice->method == method && fits->item[i].selection.points > 0) {
            fit = &fits->item[i];
            st = add_curve(o, fits, i, c, e);
        }
    if (fit != NULL)
        c->panels[c->panel_count++] =
            (struct plot_panel){ .x_label =
                                     t->d > 1 ? "log10 of the factor" : "log10 of the bandwidth",
                                 .y_label = regress_score_name(o, fit),
                                 .layers = c->layers + first,
                                 .layer_count = c->layer_count - first };
    if (fit != NULL)
        limit_scores(&c->panels[c->panel_count - 1]);
    return st;
}

static int draw_points(const struct regress_options *o, const struct regress_tables *t,
                       const struct regress_fits *fits, struct error *e)
{
    struct curves c = { .layers = calloc(2 * fits->count, sizeof *c.layers),
                        .labels = calloc(fits->count, sizeof *c.labels),
                        .memory = calloc(2 * fits->count, sizeof *c.memory) };
    int st = c.layers == NULL || c.labels == NULL || c.memory == NULL ? error_memory(e, fits->count)
                                                                      : CMD_OK;
    if (st == CMD_OK)
        st = add_panel(o, t, fits, BANDWIDTH_CV, &c, e);
    if (st == CMD_OK)
        st = add_panel(o, t, fits, BANDWIDTH_AICC, &c, e);
    const struct regress_label title = regress_label(o, &fits->item[0], false);
    const struct plot_figure figure = { .title = title.text[0] != '\0' ? title.text : NULL,
                                        .panels = c.panels,
                                        .panel_count = c.panel_count };
    if (st == CMD_OK)
        st = draw_picture(o->curve_plot, o->keep_scripts, &figure, e);
    for (size_t i = 0; c.memory != NULL && i < 2 * fits->count; i++)
        free(c.memory[i]);
    free(c.memory);
    free(c.labels);
    free(c.layers);
    return st;
}

int regress_trace(const struct regress_options *o, const struct regress_tables *t,
                  const struct regress_fits *fits, struct error *e)
{
    progress_clear();
    if (o->curve != NULL)
        write_points(o, t, fits, e);
    if (o->curve_plot != NULL)
        draw_points(o, t, fits, e);
    return e->code;
}

void regress_trace_files(const struct regress_options *o, struct files *files)
{
    files_output(files, "--curve", o->curve);
    files_picture(files, "--curve-plot", o->curve_plot, o->keep_scripts);
}

int regress_trace_check(const struct option_reader *r, const struct regress_options *o,
                        struct error *e)
{
    const char *what = o->curve != NULL ? "--curve" : "--curve-plot";
    const size_t kinds = o->choices.kernel_count * o->choices.bandwidth_count;
    if (o->curve == NULL && o->curve_plot == NULL)
        return CMD_OK;
    for (size_t i = 0; i < o->choices.bandwidth_count; i++)
        if (bandwidth_is_searched(&o->choices.bandwidths[i]) && choices_need_bandwidth(&o->choices))
            return o->curve != NULL && name_is_npy(o->curve) && (kinds > 1 || o->by != NULL)
                       ? usage_error(r, e, "--curve in NPY takes one fit")
                       : CMD_OK;
    return usage_error(r, e, "%s needs --bandwidth cv or aicc%s", what,
                       choices_need_bandwidth(&o->choices) ? ""
                                                           : ", and a kernel that has a bandwidth");
}
