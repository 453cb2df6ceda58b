/* SPDX-License-Identifier: Apache-2.0 */
/* Curves, bands, points and their legend. */
#include "tools/plot/plot_script.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_POINTS = 5000, COLOURS = 6, ENTRY_MAX = 256 };

/* Okabe and Ito's, which the colour-blind can tell apart, from dark to light. */
static const char *const colours[COLOURS] = { "#0072b2", "#d55e00", "#009e73",
                                              "#cc79a7", "#e69f00", "#56b4e9" };
#define DATA_COLOUR      "#8d96a0"
#define REFERENCE_COLOUR "#3d3d3d"
#define GRID_COLOUR      "#e3e7ec"

static bool is_line(const struct plot_layer *layer)
{
    return layer->kind == PLOT_CURVE || layer->kind == PLOT_BAND;
}

/* ---- which of the rows ---- */

static size_t step_of(const struct plot_layer *layer)
{
    return (layer->count + MOST_POINTS - 1) / MOST_POINTS;
}

/* Of each `step` points one at random, as every step-th would show a period of the data for the
 * data; of a curve every step-th and the last. The same ones each time. */
static size_t pick(const struct plot_layer *layer, size_t start, size_t step)
{
    size_t left = layer->count - start, most = left < step ? left : step;
    if (is_line(layer))
        return left <= step ? layer->count - 1 : start;
    uint64_t z = (start + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return start + (size_t)((z ^ (z >> 31)) % most);
}

static bool whole(const struct plot_layer *layer, size_t row)
{
    return isfinite(layer->x[row]) && isfinite(layer->y[row]) &&
           (layer->kind != PLOT_BAND || isfinite(layer->y_high[row]));
}

/* Data that has the same x several times has one fit there, and a line to itself is nothing. */
static bool repeats(const struct plot_layer *layer, size_t row, size_t before)
{
    return is_line(layer) && layer->x[row] == layer->x[before] &&
           layer->y[row] == layer->y[before] &&
           (layer->kind != PLOT_BAND || layer->y_high[row] == layer->y_high[before]);
}

/* The rows to draw, in the order of drawing; *count of them. NULL: no memory. */
static size_t *layer_rows_of(const struct plot_layer *layer, size_t *count)
{
    size_t *rows = order_of(is_line(layer) ? layer->x : NULL, layer->count);
    size_t step = step_of(layer), kept = 0;
    for (size_t i = 0; rows != NULL && i < layer->count; i += step) {
        size_t row = rows[pick(layer, i, step)];
        if (kept == 0 || !repeats(layer, row, rows[kept - 1]))
            rows[kept++] = row;
    }
    *count = kept;
    return rows;
}

/* ---- data ---- */

/* How numbers become places in a panel. */
struct scale {
    double x_offset, y_offset;
    double y_min, y_max; /* fixed where min < max */
    double speck;        /* a line of a smaller extent in x cannot be seen */
    double x_range;
};

static void put_row(struct script *s, const struct plot_layer *layer, size_t row,
                    const struct scale *scale)
{
    put_number(s, layer->x[row] - scale->x_offset);
    fputc(' ', s->f);
    put_number(s, layer->y[row] - scale->y_offset);
    if (layer->kind == PLOT_BAND) {
        fputc(' ', s->f);
        put_number(s, layer->y_high[row] - scale->y_offset);
    }
    fputc('\n', s->f);
}

/* Rows of a layer, and among them those of an uninterrupted line; all whole ones of points. */
struct run {
    const size_t *rows;
    size_t count, first, end;
};

static bool next_run(const struct plot_layer *layer, struct run *run)
{
    size_t i = run->end;
    while (i < run->count && !whole(layer, run->rows[i]))
        i++;
    run->first = i;
    while (i < run->count && whole(layer, run->rows[i]))
        i++;
    run->end = i;
    return run->first < run->end;
}

static bool is_speck(const struct plot_layer *layer, const struct run *run,
                     const struct scale *scale)
{
    return layer->kind == PLOT_CURVE &&
           layer->x[run->rows[run->end - 1]] - layer->x[run->rows[run->first]] < scale->speck;
}

static bool is_drawn(const struct plot_layer *layer, const struct run *run)
{
    return layer->kind != PLOT_CURVE || run->end - run->first > 1;
}

/* What a layer is to gnuplot: one block, or two for a curve with pieces too short to be seen. */
struct drawn {
    size_t block;
    bool whole, specks; /* block and block + 1, or only one */
};

static void put_whole(struct script *s, const struct plot_layer *layer, struct run run,
                      const struct scale *scale)
{
    bool first = true;
    fprintf(s->f, "$d%zu << EOD\n", s->blocks++);
    while (next_run(layer, &run)) {
        if (!is_drawn(layer, &run))
            continue;
        if (!first && is_line(layer))
            fputc('\n', s->f); /* an empty line interrupts a curve */
        for (size_t i = run.first; i < run.end; i++)
            put_row(s, layer, run.rows[i], scale);
        first = false;
    }
    fputs("EOD\n", s->f);
}

static void put_specks(struct script *s, const struct plot_layer *layer, struct run run,
                       const struct scale *scale)
{
    fprintf(s->f, "$d%zu << EOD\n", s->blocks++);
    while (next_run(layer, &run))
        if (is_speck(layer, &run, scale))
            put_row(s, layer, run.rows[run.first + (run.end - run.first) / 2], scale);
    fputs("EOD\n", s->f);
}

static int put_data(struct script *s, const struct plot_layer *layer, const struct scale *scale,
                    struct drawn *drawn, struct error *e)
{
    size_t count, *rows = layer_rows_of(layer, &count);
    if (rows == NULL)
        return error_memory(e, layer->count * sizeof *rows);
    *drawn = (struct drawn){ .block = s->blocks };
    const struct run start = { .rows = rows, .count = count };
    for (struct run run = start; next_run(layer, &run);) {
        drawn->whole = drawn->whole || is_drawn(layer, &run);
        drawn->specks = drawn->specks || is_speck(layer, &run, scale);
    }
    if (drawn->whole)
        put_whole(s, layer, start, scale);
    if (drawn->specks)
        put_specks(s, layer, start, scale);
    free(rows);
    return CMD_OK;
}

/* ---- looks ---- */

static const char *colour_of(const struct plot_layer *layer)
{
    if (layer->colour > 0)
        return colours[(layer->colour - 1) % COLOURS];
    return layer->kind == PLOT_CURVE ? REFERENCE_COLOUR : DATA_COLOUR;
}

/* Told apart without colour too, and all different up to 24. */
static const char *dashes_of(const struct plot_layer *layer)
{
    static const char *const dashes[] = { "solid", "(12,4)", "(4,3)", "(12,3,3,3)" };
    size_t i = layer->colour - 1;
    return dashes[(i + i / 12) % 4];
}

static void put_curve_look(struct script *s, const struct plot_layer *layer)
{
    if (layer->colour == 0)
        fputs(" with lines linewidth 1.5 dashtype (2,3) linecolor rgb '" REFERENCE_COLOUR "'",
              s->f);
    else
        fprintf(s->f, " with lines linewidth 2 dashtype %s linecolor rgb '%s'", dashes_of(layer),
                colour_of(layer));
}

static void put_look(struct script *s, const struct plot_layer *layer, bool legend)
{
    switch (layer->kind) {
    case PLOT_BAND:
        fprintf(s->f,
                " with filledcurves fillcolor rgb '%s' fillstyle transparent solid 0.22 noborder",
                colour_of(layer));
        break;
    case PLOT_POINTS:
        fprintf(s->f, " with points pointtype 7 pointsize %s linecolor rgb '%s'",
                legend                ? "0.6"
                : layer->count > 1000 ? "0.2"
                : layer->count > 200  ? "0.4"
                                      : "0.6",
                colour_of(layer));
        break;
    case PLOT_RINGS:
        fprintf(s->f, " with points pointtype 6 pointsize %s linewidth 1.5 linecolor rgb '%s'",
                layer->count > 50 && !legend ? "0.6" : "0.9", colour_of(layer));
        break;
    case PLOT_CURVE:
    case PLOT_MATRIX:
        put_curve_look(s, layer);
        break;
    }
}

static void put_layer(struct script *s, const struct plot_layer *layer, const struct drawn *drawn)
{
    const char *columns = layer->kind == PLOT_BAND ? "1:2:3" : "1:2";
    if (drawn->whole) {
        fprintf(s->f, "$d%zu using %s", drawn->block, columns);
        put_look(s, layer, false);
        put_title(s, layer->label);
    }
    if (drawn->specks) {
        fprintf(s->f, "%s$d%zu using 1:2 with points pointtype 7 pointsize 0.4 linecolor rgb '%s'",
                drawn->whole ? ", \\\n     " : "", drawn->block + drawn->whole, colour_of(layer));
        put_title(s, layer->label);
    }
}

/* ---- a panel ---- */

void put_empty_panel(struct script *s, const struct plot_panel *panel)
{
    put_range(s, "x", panel->x_min < panel->x_max ? panel->x_min : 0,
              panel->x_min < panel->x_max ? panel->x_max : 1);
    put_range(s, "y", panel->y_min < panel->y_max ? panel->y_min : 0,
              panel->y_min < panel->y_max ? panel->y_max : 1);
    fputs("plot NaN notitle\n", s->f);
    put_title(s, NULL);
}

static struct scale axis_scale_of(const struct plot_panel *panel)
{
    enum { SPECKS = 100 }; /* side by side */
    struct extent x = EXTENT_NONE, y = EXTENT_NONE;
    for (size_t k = 0; k < panel->layer_count; k++) {
        const struct plot_layer *layer = &panel->layers[k];
        for (size_t i = 0; i < layer->count; i++)
            if (whole(layer, i)) {
                extend(&x, layer->x[i]);
                extend(&y, layer->y[i]);
                extend(&y, layer->kind == PLOT_BAND ? layer->y_high[i] : layer->y[i]);
            }
    }
    double range = panel->x_min < panel->x_max ? panel->x_max - panel->x_min : x.high - x.low;
    struct scale scale = {
        axis_offset(x), axis_offset(y), panel->y_min, panel->y_max, range > 0 ? range / SPECKS : 1,
        range
    };
    /* the fit of a constant is one but for its rounding, which would fill the panel */
    if (!(scale.y_min < scale.y_max) && y.high > y.low && is_rounding(y)) {
        scale.y_min = y.low - 0.01 * fabs(y.low);
        scale.y_max = y.high + 0.01 * fabs(y.high);
    }
    return scale;
}

int put_layers(struct script *s, const struct plot_panel *panel, struct error *e)
{
    struct drawn *drawn = calloc(panel->layer_count + 1, sizeof *drawn);
    const struct scale scale = axis_scale_of(panel);
    int st = drawn == NULL ? error_memory(e, panel->layer_count * sizeof *drawn) : CMD_OK;
    for (size_t i = 0; st == CMD_OK && i < panel->layer_count; i++)
        st = put_data(s, &panel->layers[i], &scale, &drawn[i], e);
    put_axis_label(s, "x", panel->x_label, scale.x_offset);
    put_axis_label(s, "y", panel->y_label, scale.y_offset);
    fputs("set grid back linecolor rgb '" GRID_COLOUR "' linewidth 0.6 dashtype 1\n"
          "set xtics nomirror auto\nset ytics nomirror auto\nunset colorbox\nunset object\n",
          s->f);
    if (panel->x_counts)
        fprintf(s->f, "set xtics %.6g\n", integer_step(scale.x_range));
    put_range(s, "x", panel->x_min - scale.x_offset, panel->x_max - scale.x_offset);
    put_range(s, "y", scale.y_min - scale.y_offset, scale.y_max - scale.y_offset);
    size_t count = 0;
    for (size_t i = 0; st == CMD_OK && i < panel->layer_count; i++)
        if (drawn[i].whole || drawn[i].specks) {
            fputs(count++ == 0 ? "plot " : ", \\\n     ", s->f);
            put_layer(s, &panel->layers[i], &drawn[i]);
        }
    if (count > 0)
        fputc('\n', s->f);
    else
        put_empty_panel(s, panel);
    free(drawn);
    return st;
}

/* ---- the legend ---- */

static void put_entry_text(const struct plot_layer *layer, char *text, size_t size)
{
    if (is_line(layer) || layer->count <= MOST_POINTS) {
        snprintf(text, size, "%s", layer->label);
        return;
    }
    size_t step = step_of(layer);
    snprintf(text, size, "%.200s (%zu of %zu)", layer->label, (layer->count + step - 1) / step,
             layer->count);
}

static bool has_entry(const struct legend *legend, const struct plot_layer *layer, const char *text)
{
    char other[ENTRY_MAX];
    for (size_t i = 0; i < legend->count; i++) {
        const struct plot_layer *entry = legend->entry[i];
        put_entry_text(entry, other, sizeof other);
        if (entry->kind == layer->kind && entry->colour == layer->colour &&
            strcmp(other, text) == 0)
            return true;
    }
    return false;
}

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += is_character(*text);
    return width;
}

int legend_of(const struct plot_figure *figure, size_t width, struct legend *legend,
              struct error *e)
{
    enum { CHARACTER = 9, SAMPLE = 54 }; /* in dots: what gnuplot reckons for an SVG, or more */
    size_t most = 0, widest = 0;
    for (size_t p = 0; p < figure->panel_count; p++)
        most += figure->panels[p].layer_count;
    *legend = (struct legend){ .entry = calloc(most + 1, sizeof(struct plot_layer *)) };
    if (legend->entry == NULL)
        return error_memory(e, most * sizeof(struct plot_layer *));
    for (size_t p = 0; p < figure->panel_count; p++)
        for (size_t i = 0; i < figure->panels[p].layer_count; i++) {
            const struct plot_layer *layer = &figure->panels[p].layers[i];
            char text[ENTRY_MAX];
            if (layer->kind == PLOT_MATRIX || layer->label == NULL)
                continue;
            put_entry_text(layer, text, sizeof text);
            if (has_entry(legend, layer, text))
                continue;
            widest = width_of(text) > widest ? width_of(text) : widest;
            legend->entry[legend->count++] = layer;
        }
    if (legend->count == 0)
        return CMD_OK;
    size_t in_row = width / (widest * CHARACTER + SAMPLE);
    in_row = in_row > 0 ? in_row : 1;
    legend->rows = (legend->count + in_row - 1) / in_row;
    legend->in_row = (legend->count + legend->rows - 1) / legend->rows;
    return CMD_OK;
}

void put_legend(struct script *s, const struct legend *legend)
{
    char text[ENTRY_MAX];
    fprintf(s->f,
            "set key center center horizontal maxcols %zu reverse Left samplen 2 spacing 1.1 "
            "textcolor rgb '#374151'\n"
            "plot NaN notitle",
            legend->in_row);
    put_title(s, NULL);
    for (size_t i = 0; i < legend->count; i++) {
        put_entry_text(legend->entry[i], text, sizeof text);
        fputs(", \\\n     keyentry", s->f);
        put_look(s, legend->entry[i], true);
        fputs(" title ", s->f);
        put_string(s, text);
        put_title(s, legend->entry[i]->label);
    }
    fputs("\nunset key\n", s->f);
}
