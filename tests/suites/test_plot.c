/* SPDX-License-Identifier: Apache-2.0 */
/* What gnuplot is given, by a stand-in that draws its script, and what the real one makes of
 * it where there is one. */
#include "tools/plot/plot.h"

#include "tests/support/scratch.h"
#include "tests/suites/suites.h"
#include "tools/plot/run_gnuplot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error e;

/* A gnuplot of our own, alone on PATH. NULL: none. */
static void stand_in(const char *script)
{
    char folder[4096], path[4200];
    ck_assert_ptr_nonnull(getcwd(folder, sizeof folder));
    snprintf(path, sizeof path, "%s/gnuplot", folder);
    if (script != NULL) {
        write_file(path, script, strlen(script));
        chmod(path, 0700);
    } else {
        unlink(path);
    }
    setenv("PATH", folder, 1);
}

static const double x[5] = { 2, 0, 1, 3, 4 };
static const double y[5] = { 20, 0, 10, (double)NAN, 40 };
static const double high[5] = { 21, 1, 11, 31, 41 };

static char *drawn(const struct plot_figure *figure)
{
    stand_in("#!/bin/sh\nexec /bin/cat \"$2\"\n");
    setenv("TMPDIR", ".", 1); /* the script's, which must not be left behind */
    unlink("p.svg");
    int files = scratch_count();
    ck_assert_msg(plot_write("p.svg", NULL, figure, &e) == CMD_OK, "%s", e.text);
    ck_assert_int_eq(scratch_count(), files + 1);
    return read_back("p.svg", NULL);
}

static char *drawn_panel(const struct plot_panel *panel)
{
    return drawn(&(struct plot_figure){ .panels = panel, .panel_count = 1 });
}

static void expect(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no %s in\n%s", part, text);
}

START_TEST(curves_are_sorted_and_interrupted_and_points_are_not)
{
    const struct plot_series series[] = {
        { .style = PLOT_BAND, .count = 5, .x = x, .y = y, .y_high = high },
        { .style = PLOT_POINTS, .label = "data", .count = 5, .x = x, .y = y },
        { .style = PLOT_CURVE, .label = "fit", .count = 5, .x = x, .y = y },
        { .style = PLOT_TRUTH, .label = "truth", .count = 5, .x = x, .y = y },
    };
    char *text = drawn_panel(&(struct plot_panel){ .series = series, .series_count = 4 });
    expect(text, "$d0 << EOD\n0 0 1\n1 10 11\n2 20 21\n\n4 40 41\nEOD\n");
    expect(text, "$d1 << EOD\n2 20\n0 0\n1 10\n4 40\nEOD\n");
    expect(text, "$d2 << EOD\n0 0\n1 10\n2 20\n\n4 40\nEOD\n");
    expect(text, "\nplot $d0 using 1:2:3 with filledcurves");
    expect(text, "$d1 using 1:2 with points");
    expect(text, "title 'fit', \\\n     $d3 using 1:2 with lines");
    expect(text, "set xrange [*:*]\nset yrange [*:*]\n");
}
END_TEST

START_TEST(text_cannot_leave_its_quotes)
{
    const struct plot_series series = {
        .style = PLOT_CURVE, .label = "it's `touch x`\n@y", .count = 5, .x = x, .y = y
    };
    char *text = drawn_panel(&(struct plot_panel){
        .title = "a'b", .x_label = "x_1", .series = &series, .series_count = 1 });
    expect(text, "set title 'a''b'\nset xlabel 'x_1'\nunset ylabel\n");
    expect(text, "title 'it''s `touch x` @y'\n");
    expect(text, " noenhanced ");
}
END_TEST

START_TEST(many_points_are_thinned_and_it_is_said)
{
    const size_t count = 50001;
    double *many = calloc(count, sizeof *many);
    const struct plot_series series = {
        .style = PLOT_POINTS, .label = "data", .count = count, .x = many, .y = many
    };
    char *text = drawn_panel(&(struct plot_panel){ .series = &series, .series_count = 1 });
    expect(text, "title 'data (one in 3)'");
    size_t rows = 0;
    for (const char *p = strstr(text, "EOD\n"); strncmp(p + 4, "EOD", 3) != 0; rows++)
        p = strchr(p + 4, '\n') - 3;
    ck_assert_uint_eq(rows, count / 3);
    free(many);
}
END_TEST

START_TEST(nothing_to_draw_is_an_empty_panel)
{
    const double none[1] = { (double)NAN };
    const struct plot_series series = { .style = PLOT_CURVE, .count = 1, .x = none, .y = none };
    char *text = drawn_panel(
        &(struct plot_panel){ .series = &series, .series_count = 1, .x_min = 2, .x_max = 3 });
    expect(text, "set xrange [2:3]\nset yrange [0:1]\nplot NaN notitle\n");
}
END_TEST

START_TEST(a_matrix_is_drawn_row_by_row)
{
    const double f64[6] = { 0.5, 0.25, 0, (double)NAN, 1, 2 };
    const float f32[6] = { 0.5f, 0.25f, 0, (float)NAN, 1, 2 };
    for (int single = 0; single < 2; single++) {
        const struct plot_matrix m = {
            .rows = 2, .columns = 3, .f64 = single ? NULL : f64, .f32 = single ? f32 : NULL
        };
        char *text = drawn_panel(&(struct plot_panel){ .matrix = &m, .x_label = "key" });
        expect(text, "$d0 << EOD\n0.5 0.25 0 \nNaN 1 2 \nEOD\nset cbrange [0:2]\n");
        expect(text, "set xlabel 'key'\n");
        expect(text, "set xrange [-0.5:2.5]\nset yrange [1.5:-0.5]\n"
                     "plot $d0 using ($1*1+0):($2*1+0):3 matrix with image pixels");
    }
    const struct plot_matrix row = { .rows = 1, .columns = 3, .f64 = f64 };
    char *text = drawn_panel(&(struct plot_panel){ .matrix = &row, .y_min = -1, .y_max = 3 });
    expect(text, "$d0 << EOD\n0.5 0.25 0 \n0.5 0.25 0 \nEOD\nset cbrange [-1:3]\n");
    expect(text, "set yrange [0.5:-0.5]\nplot $d0 using ($1*1+0):($2*0.5+-0.25):3");
}
END_TEST

START_TEST(a_large_matrix_is_drawn_in_means)
{
    enum { ROWS = 1025, COLUMNS = 2 };
    static double f64[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++)
        f64[i] = i / COLUMNS;
    const struct plot_matrix m = { .rows = ROWS, .columns = COLUMNS, .f64 = f64 };
    char *text = drawn_panel(&(struct plot_panel){ .matrix = &m, .y_label = "query" });
    expect(text, "$d0 << EOD\n1 1 \n4 4 \n7 7 \n");
    expect(text, "1023.5 1023.5 \nEOD\n");
    expect(text, "set ylabel 'query (means of 3)'\n");
    expect(text, "set yrange [1025.5:-0.5]\nplot $d0 using ($1*1+0):($2*3+1):3");
}
END_TEST

START_TEST(panels_stand_in_a_grid)
{
    const struct plot_series series = { .style = PLOT_CURVE, .count = 5, .x = x, .y = y };
    const struct plot_panel panels[3] = {
        { .title = "one", .series = &series, .series_count = 1, .y_min = -1, .y_max = 1 },
        { .title = "two", .series = &series, .series_count = 1 },
        { .title = "three", .series = &series, .series_count = 1 },
    };
    char *text = drawn(&(struct plot_figure){ .title = "all", .panels = panels, .panel_count = 3 });
    expect(text, "set terminal svg size 1140,");
    expect(text, "set multiplot layout 1,3 title 'all'\nset title 'one'\n");
    expect(text, "set yrange [-1:1]\n");
    expect(text, "plot $d2 using");
    expect(text, "set key bmargin"); /* not on the data */
    text = drawn(&(struct plot_figure){ .panels = panels, .panel_count = 3, .columns = 2 });
    expect(text, "set multiplot layout 2,2\n");
}
END_TEST

static struct plot_figure simple(void)
{
    static const struct plot_series series[] = {
        { .style = PLOT_BAND, .label = "band", .count = 5, .x = x, .y = y, .y_high = high },
        { .style = PLOT_POINTS, .label = "data", .count = 5, .x = x, .y = y },
        { .style = PLOT_TRUTH, .label = "truth", .count = 5, .x = x, .y = high },
        { .style = PLOT_CURVE, .label = "fit", .count = 5, .x = x, .y = y },
    };
    static const double cells[4] = { 0, 0.5, 1, (double)NAN };
    static const struct plot_matrix m = { .rows = 2, .columns = 2, .f64 = cells };
    static const struct plot_matrix row = { .rows = 1, .columns = 4, .f64 = cells };
    static const struct plot_matrix nothing = { .f64 = cells };
    static const struct plot_matrix column = { .rows = 3, .columns = 1, .f64 = cells };
    static const struct plot_panel panels[] = {
        { .title = "fit of y_1", .x_label = "x", .series = series, .series_count = 4 },
        { .title = "\xCF\x83 = 1", .matrix = &m },
        { .matrix = &row },
        { .matrix = &column },
        { .title = "nothing" },
        { .matrix = &nothing },
    };
    return (struct plot_figure){ .panels = panels, .panel_count = 6, .columns = 3 };
}

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
    expect(text, "#!/usr/bin/env gnuplot\nset output 'it''s.png'\n");
    expect(text, "set terminal pngcairo size");
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
    expect(text, "fit of y_1");
    expect(text, "</svg>");
    unlink("real.png");
    ck_assert_int_eq(system("gnuplot -d real.gp 2>messages"), 0);
    ck_assert_int_eq(access("real.png", F_OK), 0);
}
END_TEST

Suite *suite_plot(void)
{
    Suite *suite = suite_create("plot");
    TCase *tc = tcase_create("plot");
    tcase_set_timeout(tc, 60);
    tcase_add_unchecked_fixture(tc, scratch_open, scratch_close);
    tcase_add_test(tc, curves_are_sorted_and_interrupted_and_points_are_not);
    tcase_add_test(tc, text_cannot_leave_its_quotes);
    tcase_add_test(tc, many_points_are_thinned_and_it_is_said);
    tcase_add_test(tc, nothing_to_draw_is_an_empty_panel);
    tcase_add_test(tc, a_matrix_is_drawn_row_by_row);
    tcase_add_test(tc, a_large_matrix_is_drawn_in_means);
    tcase_add_test(tc, panels_stand_in_a_grid);
    tcase_add_test(tc, gnuplot_is_looked_for_on_the_path);
    tcase_add_test(tc, the_kept_script_names_the_file);
    tcase_add_loop_test(tc, a_failure_of_gnuplot_is_said_and_leaves_the_old_file, 0,
                        (int)(sizeof failures / sizeof failures[0]));
    tcase_add_loop_test(tc, plots_are_svg_or_png, 0, (int)(sizeof names / sizeof names[0]));
    tcase_add_test(tc, gnuplot_draws_what_it_is_given);
    suite_add_tcase(suite, tc);
    return suite;
}
