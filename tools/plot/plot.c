/* SPDX-License-Identifier: Apache-2.0 */
/* The gnuplot script of a figure: a strip with title and legend, and the panels under it. */
#include "tools/plot/plot.h"

#include "tools/command/output.h"
#include "tools/plot/plot_script.h"
#include "tools/plot/run_gnuplot.h"

#include <stdlib.h>
#include <string.h>

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

/* ---- the page ---- */

enum { TITLE_ROW = 18 };

/* In dots; PNG has twice as many, for fine screens and print. */
struct page {
    const char *title; /* over all */
    size_t title_rows;
    size_t rows, columns, width, height;
    size_t header; /* of the height */
    struct legend legend;
};

static bool is_matrix(const struct plot_panel *panel)
{
    return panel->layer_count > 0 && panel->layers[0].kind == PLOT_MATRIX;
}

/* The bytes of the title's first line, which ends after a comma where it would be too wide. */
static size_t title_line(const char *title, size_t width)
{
    enum { CHARACTER = 7 };
    size_t characters = 0, end = 0, i = 0;
    for (; title[i] != '\0'; i++) {
        characters += is_character(title[i]);
        if (characters * CHARACTER > width && end > 0)
            return end;
        if (title[i] == ',' && title[i + 1] == ' ')
            end = i + 1;
    }
    return i;
}

static size_t title_rows(const char *title, size_t width)
{
    size_t rows = 0;
    for (; title != NULL && *title != '\0'; rows++)
        title += title_line(title, width);
    return rows;
}

static int lay_out(const struct plot_figure *figure, struct page *page, struct error *e)
{
    enum { TITLE = 34, LEGEND = 18, ENTRY = 20 };
    size_t count = figure->panel_count;
    size_t columns = figure->columns > 0 ? figure->columns : count;
    bool only = count == 1;
    *page = (struct page){ .title = figure->title, .columns = columns < count ? columns : count };
    if (only && page->title == NULL)
        page->title = figure->panels[0].title;
    page->rows = page->columns > 0 ? (count + page->columns - 1) / page->columns : 0;
    page->width = only ? (is_matrix(figure->panels) ? 560 : 680) : 380 * page->columns;
    int st = legend_of(figure, page->width, &page->legend, e);
    page->title_rows = title_rows(page->title, page->width);
    page->header = (page->title_rows > 0 ? TITLE + TITLE_ROW * (page->title_rows - 1) : 0) +
                   (page->legend.rows > 0 ? LEGEND + ENTRY * page->legend.rows : 0);
    page->height = page->header + (only ? 440 : 320 * page->rows);
    return st;
}

static void put_terminal(struct script *s, const struct page *page)
{
    if (s->svg)
        fprintf(s->f,
                "set terminal svg size %zu,%zu noenhanced font 'Helvetica,Arial,sans-serif,13' "
                "background rgb 'white' name 'attpool'\n",
                page->width, page->height);
    else
        fprintf(s->f,
                "if (strstrt(GPVAL_TERMINALS, 'pngcairo') > 0) {\n"
                "  set terminal pngcairo size %zu,%zu noenhanced font 'Sans,10' fontscale 1.8 "
                "linewidth 2 dashlength 2 pointscale 2.6 background rgb 'white'\n"
                "} else {\n"
                "  set terminal png size %zu,%zu noenhanced\n"
                "}\n",
                2 * page->width, 2 * page->height, page->width, page->height);
}

/* Origin and size of a part of the page, from its upper left corner. */
static void put_area(struct script *s, const struct page *page, size_t x, size_t y, size_t width,
                     size_t height)
{
    double w = (double)page->width, h = (double)page->height;
    fprintf(s->f, "set origin %.6g,%.6g\nset size %.6g,%.6g\n", (double)x / w,
            (h - (double)(y + height)) / h, (double)width / w, (double)height / h);
}

static void put_title_rows(struct script *s, const struct page *page)
{
    const char *title = page->title;
    for (size_t k = 0; k < page->title_rows; k++) {
        const size_t bytes = title_line(title, page->width);
        fprintf(s->f, "set label %zu ", k + 1);
        put_part(s, title + (*title == ' '), bytes - (*title == ' '));
        fprintf(s->f, " at screen 0.5,screen %.6g center textcolor rgb '#1f2937'\n",
                1 - (double)(20 + TITLE_ROW * k) / (double)page->height);
        title += bytes;
    }
}

static void put_header(struct script *s, const struct page *page)
{
    const size_t rows = page->title_rows, title = rows > 0 ? 30 + TITLE_ROW * (rows - 1) : 0;
    size_t legend = page->legend.rows > 0 ? page->header - title : 0;
    put_title(s, rows > 0 ? page->title : "attpool");
    put_title_rows(s, page);
    put_area(s, page, 0, page->header - legend, page->width, legend > 0 ? legend : 1);
    fputs("set margins 0,0,0,0\nunset border\nunset tics\nset xrange [0:1]\nset yrange [0:1]\n",
          s->f);
    put_legend(s, &page->legend);
    fputs("unset label\nset margins -1,-1,-1,-1\n", s->f);
}

static void put_frame(struct script *s)
{
    fputs("set border 3 linecolor rgb '#6b7280'\n"
          "set tics nomirror out scale 0.6 textcolor rgb '#374151'\n"
          "set colorbox noborder\nset cbtics nomirror\n",
          s->f);
}

/* In rows where it is wider than the panel. */
static void put_panel_title(struct script *s, const char *title, size_t width)
{
    const size_t rows = title_rows(title, width);
    fputs(rows > 0 ? "set title " : "unset title", s->f);
    for (size_t k = 0; k < rows; k++) {
        const size_t bytes = title_line(title, width);
        if (k > 0)
            fputs(" . \"\\n\" . ", s->f);
        put_part(s, title + (*title == ' '), bytes - (*title == ' '));
        title += bytes;
    }
    fputc('\n', s->f);
}

static int put_panel(struct script *s, const struct plot_figure *figure, size_t i, size_t width,
                     struct error *e)
{
    enum { SIDES = 40 };
    const struct plot_panel *panel = &figure->panels[i];
    put_panel_title(s, figure->panel_count > 1 ? panel->title : NULL, width - SIDES);
    return is_matrix(panel) ? put_matrix(s, panel, e) : put_layers(s, panel, e);
}

static int write_script(struct script *s, const struct plot_figure *figure, struct error *e)
{
    struct page page;
    int st = lay_out(figure, &page, e);
    if (st == CMD_OK) {
        put_terminal(s, &page);
        fputs("set encoding utf8\nset offsets graph 0.03,graph 0.03,graph 0.04,graph 0.04\n"
              "set multiplot\n",
              s->f);
        put_header(s, &page);
        put_frame(s);
    }
    size_t width = page.columns > 0 ? page.width / page.columns : 0;
    size_t height = page.rows > 0 ? (page.height - page.header) / page.rows : 0;
    for (size_t i = 0; st == CMD_OK && i < figure->panel_count; i++) {
        /* gnuplot keeps no room for the label of a colour bar */
        size_t colour_label = is_matrix(&figure->panels[i]) ? 16 : 0;
        put_area(s, &page, i % page.columns * width, page.header + i / page.columns * height,
                 width - colour_label, height);
        st = put_panel(s, figure, i, width, e);
    }
    fputs("unset multiplot\n", s->f);
    free(page.legend.entry);
    return st;
}

/* ---- files ---- */

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
        if (*p == '\'')
            output_text(&o, QUOTE_IN_QUOTES);
        else
            output_write(&o, p, 1);
    output_text(&o, "'\n");
    output_write(&o, text, length);
    return output_close(&o, CMD_OK, e);
}

int plot_write(const char *path, const char *script, const struct plot_figure *figure,
               struct error *e)
{
    char *text = NULL, *titles = NULL;
    size_t length = 0, titles_length = 0;
    int st = plot_check_name(path, e);
    if (st != CMD_OK)
        return st;
    struct script s = { .f = open_memstream(&text, &length), .svg = is_svg(path) };
    s.titles = open_memstream(&titles, &titles_length);
    if (s.f == NULL || s.titles == NULL)
        st = error_memory(e, 0);
    else
        st = write_script(&s, figure, e);
    if (s.f != NULL && fclose(s.f) != 0 && st == CMD_OK)
        st = error_memory(e, length);
    if (s.titles != NULL && fclose(s.titles) != 0 && st == CMD_OK)
        st = error_memory(e, titles_length);
    if (st == CMD_OK && script != NULL)
        st = keep_script(script, path, text, length, e);
    if (st == CMD_OK)
        st = run_gnuplot(text, length, s.svg ? titles : NULL, path, e);
    free(text);
    free(titles);
    return st;
}
