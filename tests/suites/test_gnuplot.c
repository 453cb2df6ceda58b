/* SPDX-License-Identifier: Apache-2.0 */
/* Running gnuplot: a stand-in that fails or draws what is known, and the real one where there is
 * one. */
#include "tests/support/scratch.h"
#include "tests/support/stand_in.h"
#include "tests/suites/suites.h"
#include "tools/plot/run_gnuplot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error e;

static const double x[5] = { 2, 0, 1, 3, 4 };
static const double y[5] = { 20, 0, 10, (double)NAN, 40 };
static const double high[5] = { 21, 1, 11, 31, 41 };

static struct plot_figure simple(void)
{
    static const struct plot_layer layers[] = {
        { .kind = PLOT_BAND, .label = "band", .count = 5, .x = x, .y = y, .y_high = high },
        { .kind = PLOT_POINTS, .label = "data", .count = 5, .x = x, .y = y },
        { .kind = PLOT_CURVE, .label = "truth", .count = 5, .x = x, .y = high },
        { .kind = PLOT_CURVE, .label = "fit <& more", .colour = 1, .count = 5, .x = x, .y = y },
        { .kind = PLOT_RINGS, .count = 5, .x = x, .y = y },
    };
    static const double cells[4] = { 0, 0.5, 1, (double)NAN },
                        none[2] = { (double)NAN, (double)NAN };
    static const struct plot_matrix matrices[] = {
        { .rows = 2, .columns = 2, .f64 = cells, .row_at = none },
        { .rows = 1, .columns = 4, .f64 = cells, .column_at = cells },
        { .rows = 3, .columns = 1, .f64 = cells },
        { .f64 = cells },
    };
    static const struct plot_layer maps[] = {
        { .kind = PLOT_MATRIX, .label = "weight", .matrix = &matrices[0] },
        { .kind = PLOT_MATRIX, .matrix = &matrices[1] },
        { .kind = PLOT_MATRIX, .matrix = &matrices[2] },
        { .kind = PLOT_MATRIX, .matrix = &matrices[3] },
    };
    static const struct plot_panel panels[] = {
        { .title = "fit of y_1", .x_label = "x", .layers = layers, .layer_count = 5 },
        { .title = "\xCF\x83 = 1", .layers = &maps[0], .layer_count = 1 },
        { .layers = &maps[1], .layer_count = 1 },
        { .layers = &maps[2], .layer_count = 1 },
        { .title = "nothing" },
        { .layers = &maps[3], .layer_count = 1 },
    };
    return (struct plot_figure){ .panels = panels, .panel_count = 6, .columns = 3 };
}

/* gnuplot numbers what it draws, by names of its own. */
START_TEST(titles_in_an_svg_are_labels)
{
    struct plot_figure figure = simple();
    figure.title = "a < b & c";
    stand_in("#!/bin/sh\n"
             "echo '<svg>'\necho '<title>attpool</title>'\necho 'text'\n"
             "for i in 1 2 3 4 5 6 7 8 9; do\n"
             "    echo \"<g id='attpool_plot_$i' ><title>attpool_plot_$i</title>\"\n"
             "done\nprintf '</svg>'\n");
    ck_assert_msg(plot_write("p.svg", NULL, &figure, &e) == CMD_OK, "%s", e.text);
    ck_assert_str_eq(read_back("p.svg", NULL),
                     "<svg>\n<title>a &lt; b &amp; c</title>\ntext\n"
                     "<g id='attpool_plot_1' >\n"
                     "<g id='attpool_plot_2' ><title>band</title>\n"
                     "<g id='attpool_plot_3' ><title>data</title>\n"
                     "<g id='attpool_plot_4' ><title>truth</title>\n"
                     "<g id='attpool_plot_5' ><title>fit &lt;&amp; more</title>\n"
                     "<g id='attpool_plot_6' ><title>band</title>\n"
                     "<g id='attpool_plot_7' ><title>data</title>\n"
                     "<g id='attpool_plot_8' ><title>truth</title>\n"
                     "<g id='attpool_plot_9' ><title>fit &lt;&amp; more</title>\n"
                     "</svg>");
}
END_TEST

START_TEST(gnuplot_is_looked_for_on_the_path)
{
    char path[4200];
    stand_in("#!/bin/sh\n");
    ck_assert_int_eq(find_gnuplot(&e), CMD_OK);
    snprintf(path, sizeof path, "/nowhere:%s", getenv("PATH"));
    setenv("PATH", path, 1);
    ck_assert_int_eq(find_gnuplot(&e), CMD_OK);
    setenv("PATH", "/nowhere:", 1); /* nothing is the current folder */
    ck_assert_int_eq(find_gnuplot(&e), CMD_OK);
    chmod("gnuplot", 0600); /* root may read it, but not run it */
    ck_assert_int_eq(find_gnuplot(&e), CMD_FAILED);
    unlink("gnuplot");
    mkdir("gnuplot", 0700);
    e = (struct error){ 0 };
    ck_assert_int_eq(find_gnuplot(&e), CMD_FAILED);
    ck_assert_str_eq(e.text, "plots are drawn by gnuplot, which is not installed or not on PATH");
    rmdir("gnuplot");
    e = (struct error){ 0 };
    setenv("PATH", "", 1);
    ck_assert_int_eq(find_gnuplot(&e), CMD_FAILED);
}
END_TEST

START_TEST(the_kept_script_names_the_file)
{
    stand_in(NULL);
    struct plot_figure figure = simple();
    ck_assert_int_eq(plot_write("it's.png", "keep.gp", &figure, &e), CMD_FAILED);
    ck_assert_str_eq(e.text, "plots are drawn by gnuplot, which is not installed or not on PATH");
    ck_assert_int_ne(access("it's.png", F_OK), 0);
    char *text = read_back("keep.gp", NULL);
    expect_part(text, "#!/usr/bin/env gnuplot\nset output 'it' . \"'\" . 's.png'\n");
    expect_part(text, "set terminal pngcairo size");
}
END_TEST

static const struct {
    const char *script, *message;
} failures[] = {
    { "#!/bin/sh\nexit 0\n", "gnuplot failed: it drew nothing" },
    { "#!/bin/sh\nexit 127\n",
      "plots are drawn by gnuplot, which is not installed or not on PATH" },
    { "#!/bin/sh\necho drawn\nexit 3\n", "gnuplot failed: exit status 3" },
    { "#!/bin/sh\nprintf 'plot x\\n     ^\\n\"s\" line 7: undefined variable: x\\n' >&2\nexit 1\n",
      "gnuplot failed: undefined variable: x" },
    { "#!/bin/sh\nkill -9 $$\n", "gnuplot was killed by signal 9" },
};

START_TEST(a_failure_of_gnuplot_is_said_and_leaves_the_old_file)
{
    struct plot_figure figure = simple();
    write_file("p.png", "old", 3);
    stand_in(failures[_i].script);
    ck_assert_int_eq(plot_write("p.png", NULL, &figure, &e), CMD_FAILED);
    ck_assert_str_eq(e.text, failures[_i].message);
    ck_assert_str_eq(read_back("p.png", NULL), "old");
}
END_TEST

static const struct {
    const char *name;
    int code;
} names[] = {
    { "a.svg", 0 }, { "a.png", 0 }, { "a.pdf", 2 }, { "a", 2 }, { "-", 2 }, { "svg", 2 },
};

START_TEST(plots_are_svg_or_png)
{
    struct plot_figure figure = simple();
    ck_assert_int_eq(plot_check_name(names[_i].name, &e), names[_i].code);
    if (names[_i].code != 0)
        ck_assert_int_eq(plot_write(names[_i].name, NULL, &figure, &e), CMD_USAGE);
}
END_TEST

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

/* Without gnuplot there is nothing to see here: the command says so when asked to plot. */
START_TEST(gnuplot_draws_what_it_is_given)
{
    struct plot_figure figure = simple();
    int st = plot_write("real.png", "real.gp", &figure, &e);
    if (st != CMD_OK && strstr(e.text, "not installed") != NULL)
        return;
    ck_assert_msg(st == CMD_OK, "%s", e.text);
    ck_assert_mem_eq(read_back("real.png", NULL), "\x89PNG", 4);
    ck_assert_msg(plot_write("real.svg", NULL, &figure, &e) == CMD_OK, "%s", e.text);
    char *text = read_back("real.svg", NULL);
    expect_part(text, "fit of y_1");
    expect_part(text, "</svg>");
    ck_assert_uint_eq(count_of(text, "<image "), 3);
    /* once in the legend, as a line and as a dot */
    ck_assert_uint_eq(count_of(text, "<title>fit &lt;&amp; more</title>"), 3);
    ck_assert_ptr_null(strstr(text, "<title>Gnuplot"));
    ck_assert_ptr_null(strstr(text, "plot_1</title>"));
    unlink("real.png");
    ck_assert_int_eq(system("gnuplot -d real.gp 2>messages"), 0);
    ck_assert_int_eq(access("real.png", F_OK), 0);
}
END_TEST

/* In an SVG a line of text begins with its place. */
static size_t entries_within(const char *text, double top, double bottom)
{
    static const char place[] = "<g transform=\"translate(";
    size_t count = 0;
    for (const char *p = strstr(text, place); p != NULL; p = strstr(p + 1, place)) {
        const char *entry = strstr(p, ">entry "), *end = strstr(p, "</text>");
        double at = strtod(strchr(p, ',') + 1, NULL);
        count += entry != NULL && entry < end && at >= top && at <= bottom;
    }
    return count;
}

/* gnuplot estimates the width of text, and puts fewer entries in a row than it is told to. */
START_TEST(a_legend_stays_in_its_strip)
{
    char label[40];
    memset(label, 'm', sizeof label);
    memcpy(label, "entry ", 6);
    label[_i] = '\0';
    struct plot_layer layers[4];
    for (size_t i = 0; i < 4; i++)
        layers[i] = (struct plot_layer){
            .kind = PLOT_CURVE, .label = label, .colour = i + 1, .count = 5, .x = x, .y = high
        };
    const struct plot_panel panel = { .x_label = "times", .layers = layers, .layer_count = 4 };
    const struct plot_figure figure = { .panels = &panel, .panel_count = 1 };
    int st = plot_write("real.svg", "real.gp", &figure, &e);
    if (st != CMD_OK && strstr(e.text, "not installed") != NULL)
        return;
    ck_assert_msg(st == CMD_OK, "%s", e.text);
    const char *size = strstr(read_back("real.gp", NULL), "svg size 680,");
    double strip = strtod(size + strlen("svg size 680,"), NULL) - 440;
    ck_assert_uint_eq(entries_within(read_back("real.svg", NULL), 12, strip), 4);
}
END_TEST

START_TEST(a_heat_map_is_a_small_svg)
{
    enum { N = 1000 };
    double *noise = calloc(N * N, sizeof *noise);
    for (size_t i = 0; i < N * N; i++)
        noise[i] = (double)(i * 2654435761U % 1000003);
    const struct plot_matrix m = { .rows = N, .columns = N, .f64 = noise };
    const struct plot_layer layer = { .kind = PLOT_MATRIX, .matrix = &m };
    const struct plot_panel panel = { .layers = &layer, .layer_count = 1 };
    int st = plot_write("real.svg", NULL,
                        &(struct plot_figure){ .panels = &panel, .panel_count = 1 }, &e);
    free(noise);
    if (st != CMD_OK && strstr(e.text, "not installed") != NULL)
        return;
    ck_assert_msg(st == CMD_OK, "%s", e.text);
    ck_assert_uint_eq(count_of(read_back("real.svg", NULL), "<image "), 1);
    ck_assert_uint_lt(strlen(read_back("real.svg", NULL)), 400000);
}
END_TEST

Suite *suite_gnuplot(void)
{
    Suite *suite = suite_create("gnuplot");
    TCase *tc = tcase_create("gnuplot");
    tcase_set_timeout(tc, 60);
    tcase_add_unchecked_fixture(tc, scratch_open, scratch_close);
    tcase_add_test(tc, titles_in_an_svg_are_labels);
    tcase_add_test(tc, gnuplot_is_looked_for_on_the_path);
    tcase_add_test(tc, the_kept_script_names_the_file);
    tcase_add_loop_test(tc, a_failure_of_gnuplot_is_said_and_leaves_the_old_file, 0,
                        (int)(sizeof failures / sizeof failures[0]));
    tcase_add_loop_test(tc, plots_are_svg_or_png, 0, (int)(sizeof names / sizeof names[0]));
    tcase_add_test(tc, gnuplot_draws_what_it_is_given);
    tcase_add_loop_test(tc, a_legend_stays_in_its_strip, 7, 40);
    tcase_add_test(tc, a_heat_map_is_a_small_svg);
    suite_add_tcase(suite, tc);
    return suite;
}
