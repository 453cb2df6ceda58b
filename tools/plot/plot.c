/* SPDX-License-Identifier: Apache-2.0 */
/* The gnuplot script of a figure. Running it is run_gnuplot.c's. */
#include "tools/plot/plot.h"

#include "tools/io/number.h"
#include "tools/command/output.h"
#include "tools/plot/plot_script.h"
#include "tools/plot/run_gnuplot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_POINTS = 20000, CURVES = 6 };

/* Muted, told apart by the colour-blind too, and not all of the same lightness. */
static const char *const curve_colours[CURVES] = { "#2f6690", "#c8553d", "#4f8a5b",
                                                   "#8a6bab", "#b8860b", "#5a6570" };
#define POINT_COLOUR "#9aa5b1"
#define TRUTH_COLOUR "#3d3d3d"
#define FRAME_COLOUR "#6b7280"
#define GRID_COLOUR  "#d9dee4"

/* ---- pieces ---- */

void put_string(struct script *s, const char *text)
{
    fputc('\'', s->f);
    for (; text != NULL && *text != '\0'; text++) {
        if (*text == '\'')
            fputc('\'', s->f);
        fputc((unsigned char)*text < ' ' ? ' ' : *text, s->f);
    }
    fputc('\'', s->f);
}

void put_number(struct script *s, double value)
{
    char text[NUMBER_TEXT_MAX];
    number_format(text, value);
    fputs(text, s->f);
}

void put_setting(struct script *s, const char *setting, const char *text)
{
    if (text == NULL || *text == '\0') {
        fprintf(s->f, "unset %s\n", setting);
        return;
    }
    fprintf(s->f, "set %s ", setting);
    put_string(s, text);
    fputc('\n', s->f);
}

void put_range(struct script *s, const char *axis, double low, double high)
{
    if (!(low < high)) {
        fprintf(s->f, "set %srange [*:*]\n", axis);
        return;
    }
    fprintf(s->f, "set %srange [", axis);
    put_number(s, low);
    fputc(':', s->f);
    put_number(s, high);
    fputs("]\n", s->f);
}

/* ---- series ---- */

struct by_x {
    double x;
    size_t row;
};

/* NaN last, equal ones in the order of their rows. */
static int compare_x(const void *a, const void *b)
{
    const struct by_x *p = a, *q = b;
    if (isnan(p->x) != isnan(q->x))
        return isnan(p->x) ? 1 : -1;
    if (p->x < q->x || p->x > q->x)
        return p->x < q->x ? -1 : 1;
    return (p->row > q->row) - (p->row < q->row);
}

static size_t step_of(const struct plot_series *series)
{
    return (series->count + MOST_POINTS - 1) / MOST_POINTS;
}

static void put_row(struct script *s, const struct plot_series *series, size_t row)
{
    bool band = series->style == PLOT_BAND;
    bool whole = isfinite(series->x[row]) && isfinite(series->y[row]) &&
                 (!band || isfinite(series->y_high[row]));
    if (whole) {
        put_number(s, series->x[row]);
        fputc(' ', s->f);
        put_number(s, series->y[row]);
        if (band) {
            fputc(' ', s->f);
            put_number(s, series->y_high[row]);
        }
    } else if (series->style == PLOT_POINTS) {
        return;
    }
    fputc('\n', s->f); /* an empty line interrupts a curve */
}

static int put_block(struct script *s, const struct plot_series *series, struct error *e)
{
    size_t count = series->count;
    struct by_x *order = malloc((count > 0 ? count : 1) * sizeof *order);
    if (order == NULL)
        return error_memory(e, count * sizeof *order);
    for (size_t i = 0; i < count; i++)
        order[i] = (struct by_x){ series->x[i], i };
    if (series->style != PLOT_POINTS)
        qsort(order, count, sizeof *order, compare_x);
    fprintf(s->f, "$d%zu << EOD\n", s->blocks++);
    size_t step = step_of(series);
    for (size_t i = 0; i < count; i += step)
        put_row(s, series, order[i].row);
    if (count == 0)
        fputs("\n", s->f);
    fputs("EOD\n", s->f);
    free(order);
    return CMD_OK;
}

static bool drawable(const struct plot_series *series)
{
    for (size_t i = 0; i < series->count; i += step_of(series))
        if (isfinite(series->x[i]) && isfinite(series->y[i]))
            return true;
    return false;
}

static void put_label(struct script *s, const struct plot_series *series)
{
    if (series->label == NULL || *series->label == '\0') {
        fputs(" notitle", s->f);
        return;
    }
    char label[256];
    snprintf(label, sizeof label, "%s", series->label);
    if (step_of(series) > 1)
        snprintf(label, sizeof label, "%.200s (one in %zu)", series->label, step_of(series));
    fputs(" title ", s->f);
    put_string(s, label);
}

static void put_series(struct script *s, const struct plot_series *series, size_t block,
                       size_t curve)
{
    const char *colour = curve_colours[curve % CURVES];
    /* past the colours, dashes tell curves apart */
    size_t dash = curve / CURVES % 4;
    fprintf(s->f, "$d%zu using 1:2", block);
    switch (series->style) {
    case PLOT_BAND:
        fprintf(s->f,
                ":3 with filledcurves fillcolor rgb '%s' fillstyle transparent solid 0.22"
                " noborder",
                colour);
        break;
    case PLOT_POINTS:
        fprintf(s->f, " with points pointtype 7 pointsize %s linecolor rgb '" POINT_COLOUR "'",
                series->count > 1000 ? "0.2" : (series->count > 200 ? "0.4" : "0.6"));
        break;
    case PLOT_CURVE:
        fprintf(s->f, " with lines linewidth 2 linecolor rgb '%s'", colour);
        if (dash > 0)
            fprintf(s->f, " dashtype %zu", dash + 1);
        break;
    case PLOT_TRUTH:
        fputs(" with lines linewidth 1.6 dashtype (8,5) linecolor rgb '" TRUTH_COLOUR "'", s->f);
        break;
    }
    put_label(s, series);
}

void put_empty_panel(struct script *s, const struct plot_panel *panel)
{
    put_range(s, "x", panel->x_min < panel->x_max ? panel->x_min : 0,
              panel->x_min < panel->x_max ? panel->x_max : 1);
    put_range(s, "y", panel->y_min < panel->y_max ? panel->y_min : 0,
              panel->y_min < panel->y_max ? panel->y_max : 1);
    fputs("plot NaN notitle\n", s->f);
}

static int put_series_panel(struct script *s, const struct plot_panel *panel, struct error *e)
{
    size_t first = s->blocks, drawn = 0, curve = 0;
    for (size_t i = 0; i < panel->series_count; i++) {
        int st = put_block(s, &panel->series[i], e);
        if (st != CMD_OK)
            return st;
    }
    fputs("set grid back linecolor rgb '" GRID_COLOUR "' linewidth 0.6 dashtype 1\n"
          "set xtics auto\nset ytics auto\nunset colorbox\n",
          s->f);
    put_range(s, "x", panel->x_min, panel->x_max);
    put_range(s, "y", panel->y_min, panel->y_max);
    for (size_t i = 0; i < panel->series_count; i++) {
        const struct plot_series *series = &panel->series[i];
        if (drawable(series)) {
            fputs(drawn++ == 0 ? "plot " : ", \\\n     ", s->f);
            put_series(s, series, first + i, curve);
        }
        curve += series->style == PLOT_CURVE;
    }
    if (drawn > 0)
        fputc('\n', s->f);
    else
        put_empty_panel(s, panel);
    return CMD_OK;
}

/* ---- the figure ---- */

static bool is_svg(const char *path)
{
    size_t n = strlen(path);
    return n >= 4 && strcmp(path + n - 4, ".svg") == 0;
}

int plot_check_name(const char *path, struct error *e)
{
    size_t n = strlen(path);
    if (is_svg(path) || (n >= 4 && strcmp(path + n - 4, ".png") == 0))
        return CMD_OK;
    return error_set(e, CMD_USAGE, "a plot is an .svg or .png file, %s is neither",
                     quoted_name(path).text);
}

/* The size is that of a panel times the grid. PNG has twice the pixels, for fine screens and
 * print. */
static void put_terminal(struct script *s, size_t rows, size_t columns, bool titled)
{
    size_t width = columns == 1 ? 680 : 380 * columns, height = rows * (columns == 1 ? 460 : 345);
    height += titled ? 36 : 0;
    if (s->svg)
        fprintf(s->f,
                "set terminal svg size %zu,%zu noenhanced font 'Helvetica,Arial,sans-serif,13' "
                "background rgb 'white'\n",
                width, height);
    else
        fprintf(s->f,
                "if (strstrt(GPVAL_TERMINALS, 'pngcairo') > 0) {\n"
                "  set terminal pngcairo size %zu,%zu noenhanced font 'Sans,11' fontscale 1.8 "
                "linewidth 2 pointscale 2 background rgb 'white'\n"
                "} else {\n"
                "  set terminal png size %zu,%zu noenhanced\n"
                "}\n",
                2 * width, 2 * height, width, height);
}

static void put_defaults(struct script *s)
{
    fprintf(s->f, "set encoding utf8\n"
                  "set border 3 linecolor rgb '" FRAME_COLOUR "'\n"
                  "set tics nomirror out scale 0.6 textcolor rgb '#374151'\n"
                  "set key bmargin center horizontal reverse Left samplen 2 spacing 1.1 "
                  "textcolor rgb '#374151'\n"
                  "set palette defined (0 '#ffffff', 0.15 '#dbe7f0', 0.4 '#8fb7d3', 0.7 '#3f7cac', "
                  "1 '#12355b')\n"
                  "set colorbox noborder\n");
}

static int put_panel(struct script *s, const struct plot_panel *panel, struct error *e)
{
    put_setting(s, "title", panel->title);
    put_setting(s, "xlabel", panel->x_label);
    put_setting(s, "ylabel", panel->y_label);
    if (panel->matrix == NULL)
        return put_series_panel(s, panel, e);
    put_matrix_panel(s, panel);
    return CMD_OK;
}

static int put_figure(struct script *s, const struct plot_figure *figure, size_t rows,
                      size_t columns, struct error *e)
{
    bool many = figure->panel_count > 1 || figure->title != NULL;
    if (many) {
        fprintf(s->f, "set multiplot layout %zu,%zu", rows, columns);
        if (figure->title != NULL) {
            fputs(" title ", s->f);
            put_string(s, figure->title);
        }
        fputc('\n', s->f);
    }
    int st = CMD_OK;
    for (size_t i = 0; st == CMD_OK && i < figure->panel_count; i++)
        st = put_panel(s, &figure->panels[i], e);
    if (many)
        fputs("unset multiplot\n", s->f);
    return st;
}

static int write_script(FILE *f, const char *path, const struct plot_figure *figure,
                        struct error *e)
{
    size_t count = figure->panel_count;
    struct script s = { .f = f, .svg = is_svg(path) };
    size_t columns = figure->columns > 0 ? figure->columns : count;
    columns = columns < count ? columns : count;
    size_t rows = columns > 0 ? (count + columns - 1) / columns : 0;
    put_terminal(&s, rows, columns, figure->title != NULL);
    put_defaults(&s);
    return put_figure(&s, figure, rows, columns, e);
}

/* What a kept script has and the one that is run has not: where the picture goes. */
static int keep_script(const char *script, const char *path, const char *text, size_t length,
                       struct error *e)
{
    struct output o;
    int st = output_open(&o, script, e);
    if (st != CMD_OK)
        return st;
    output_text(&o, "#!/usr/bin/env gnuplot\nset output '");
    for (const char *p = path; *p != '\0'; p++)
        output_write(&o, *p == '\'' ? "''" : p, *p == '\'' ? 2 : 1);
    output_text(&o, "'\n");
    output_write(&o, text, length);
    return output_close(&o, CMD_OK, e);
}

int plot_write(const char *path, const char *script, const struct plot_figure *figure,
               struct error *e)
{
    char *text = NULL;
    size_t length = 0;
    int st = plot_check_name(path, e);
    if (st != CMD_OK)
        return st;
    FILE *f = open_memstream(&text, &length);
    if (f == NULL)
        return error_memory(e, 0);
    st = write_script(f, path, figure, e);
    if (fclose(f) != 0 && st == CMD_OK)
        st = error_memory(e, length);
    if (st == CMD_OK && script != NULL)
        st = keep_script(script, path, text, length, e);
    if (st == CMD_OK)
        st = run_gnuplot(text, length, path, e);
    free(text);
    return st;
}
