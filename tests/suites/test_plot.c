/* SPDX-License-Identifier: Apache-2.0 */
/* What gnuplot is given for curves, points and their legend. */
#include "tests/support/scratch.h"
#include "tests/support/stand_in.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double x[5] = { 2, 0, 1, 3, 4 };
static const double y[5] = { 20, 0, 10, (double)NAN, 40 };
static const double high[5] = { 21, 1, 11, 31, 41 };

static char *drawn(const struct plot_figure *figure)
{
    return drawn_script("p.svg", figure);
}

static char *drawn_panel(const struct plot_panel *panel)
{
    return drawn(&(struct plot_figure){ .panels = panel, .panel_count = 1 });
}

START_TEST(curves_are_sorted_and_interrupted_and_points_are_not)
{
    const struct plot_layer layers[] = {
        { .kind = PLOT_BAND, .colour = 2, .count = 5, .x = x, .y = y, .y_high = high },
        { .kind = PLOT_POINTS, .label = "data", .count = 5, .x = x, .y = y },
        { .kind = PLOT_CURVE, .label = "fit", .colour = 2, .count = 5, .x = x, .y = y },
        { .kind = PLOT_RINGS, .colour = 2, .count = 5, .x = x, .y = y },
        { .kind = PLOT_CURVE, .label = "truth", .count = 5, .x = x, .y = high },
    };
    char *text = drawn_panel(&(struct plot_panel){ .layers = layers, .layer_count = 5 });
    expect_part(text, "$d0 << EOD\n0 0 1\n1 10 11\n2 20 21\n\n4 40 41\nEOD\n");
    expect_part(text, "$d1 << EOD\n2 20\n0 0\n1 10\n4 40\nEOD\n");
    expect_part(text, "$d2 << EOD\n0 0\n1 10\n2 20\nEOD\n$d3 << EOD\n4 40\nEOD\n");
    expect_part(text, "\nplot $d0 using 1:2:3 with filledcurves fillcolor rgb '#d55e00'");
    expect_part(text, "$d1 using 1:2 with points");
    expect_part(text,
                "$d2 using 1:2 with lines linewidth 2 dashtype (12,4) linecolor rgb '#d55e00', \\\n"
                "     $d3 using 1:2 with points pointtype 7 pointsize 0.4 linecolor rgb '#d55e00'");
    expect_part(text, "$d4 using 1:2 with points pointtype 6");
    expect_part(text, "$d5 using 1:2 with lines linewidth 1.5 dashtype (2,3)");
    expect_part(text, "set xrange [*:*] noextend\nset yrange [*:*] noextend\n");
}
END_TEST

START_TEST(values_between_gaps_are_dots)
{
    const double gaps[5] = { 3, 2, (double)NAN, (double)INFINITY, 5 };
    const struct plot_layer layer = {
        .kind = PLOT_CURVE, .label = "fit", .colour = 1, .count = 5, .x = high, .y = gaps
    };
    char *text = drawn_panel(&(struct plot_panel){ .layers = &layer, .layer_count = 1 });
    expect_part(text, "$d0 << EOD\n1 2\n21 3\n41 5\nEOD\n");
    expect_part(text, "\nplot $d0 using 1:2 with points pointtype 7");
    expect_part(text, "keyentry with lines"); /* the legend's line all the same */
}
END_TEST

START_TEST(lines_too_short_to_be_seen_are_dots_too)
{
    const double at[7] = { 0, 0.1, 1, 2, 4, 100, 101 }, none = (double)NAN;
    const double fit[7] = { 1, 2, none, 3, 4, none, 5 };
    const struct plot_layer layer = { .kind = PLOT_CURVE, .count = 7, .x = at, .y = fit };
    char *text = drawn_panel(&(struct plot_panel){ .layers = &layer, .layer_count = 1 });
    expect_part(text, "$d0 << EOD\n0 1\n0.1 2\n\n2 3\n4 4\nEOD\n$d1 << EOD\n0.1 2\n101 5\nEOD\n");
    expect_part(text, "plot $d0 using 1:2 with lines ");
    expect_part(text, "$d1 using 1:2 with points ");
}
END_TEST

START_TEST(a_value_twice_is_still_a_dot)
{
    const double twice[5] = { 1, 3, 1, 2, 3 }, fit[5] = { 5, 6, 5, (double)NAN, 6.5 };
    const struct plot_layer layer = { .kind = PLOT_CURVE, .count = 5, .x = twice, .y = fit };
    char *text = drawn_panel(&(struct plot_panel){ .layers = &layer, .layer_count = 1 });
    expect_part(text, "$d0 << EOD\n3 6\n3 6.5\nEOD\n$d1 << EOD\n1 5\n3 6.5\nEOD\n");
}
END_TEST

START_TEST(text_cannot_leave_its_quotes)
{
    const struct plot_layer layer = {
        .kind = PLOT_CURVE, .label = "it's `touch x`\n@y", .count = 5, .x = x, .y = high
    };
    char *text = drawn_panel(&(struct plot_panel){
        .title = "a'b", .x_label = "x_1\xFC\xC3\xBC", .layers = &layer, .layer_count = 1 });
    expect_part(text, "set label 1 'a' . \"'\" . 'b' at screen");
    expect_part(text, "unset title\n"); /* once is enough */
    /* Latin-1, which no SVG may have, and the same letter in UTF-8 */
    expect_part(text, "set xlabel 'x_1\xEF\xBF\xBD\xC3\xBC'\nunset ylabel\n");
    expect_part(text, "title 'it' . \"'\" . 's `touch x` @y'\n");
    expect_part(text, " noenhanced ");
}
END_TEST

static const struct {
    const char *text, *written;
} characters[] = {
    { "\x7F", "'\x7F'" },
    { "\xC2\x80", "'\xC2\x80'" },
    { "\xE2\x82\xAC", "'\xE2\x82\xAC'" },
    { "\xF0\x9F\x98\x80", "'\xF0\x9F\x98\x80'" },
    { "\xC1\xBF", "'\xEF\xBF\xBD\xEF\xBF\xBD'" },                 /* too long a form */
    { "\xED\xA0\x80", "'\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD'" }, /* half a pair */
    { "\xEF\xBF\xBF", "'\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD'" }, /* not a character */
    { "\xF4\x90\x80\x80", "'\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD'" },
    { "\xE2\x82", "'\xEF\xBF\xBD\xEF\xBF\xBD'" }, /* cut */
};

START_TEST(labels_are_utf8)
{
    char *text = drawn_panel(&(struct plot_panel){ .x_label = characters[_i].text });
    char setting[80];
    snprintf(setting, sizeof setting, "set xlabel %s\n", characters[_i].written);
    expect_part(text, setting);
}
END_TEST

START_TEST(many_points_are_thinned_and_it_is_said)
{
    const size_t count = 59999;
    double *many = calloc(count, sizeof *many), *at = calloc(count, sizeof *at);
    for (size_t i = 0; i < count; i++) {
        many[i] = (double)(i % 6);
        at[i] = (double)(i / 24);
    }
    struct plot_layer layer = {
        .kind = PLOT_POINTS, .label = "data", .count = count, .x = many, .y = many
    };
    const struct plot_panel panel = { .layers = &layer, .layer_count = 1 };
    char *text = drawn_panel(&panel);
    expect_part(text, "title 'data (5000 of 59999)'");
    ck_assert_uint_eq(rows_of_block(text), 5000);
    /* every twelfth would be the same value each time */
    expect_part(text, "\n0 0\n");
    expect_part(text, "\n5 5\n");
    layer.kind = PLOT_CURVE;
    layer.x = at;
    text = drawn_panel(&panel);
    expect_part(text, "title 'data'");
    ck_assert_uint_eq(rows_of_block(text), 2501); /* of pairs of equals one */
    expect_part(text, "\n2499 0\n2499 4\nEOD\n"); /* the last */
    free(many);
    free(at);
}
END_TEST

START_TEST(nothing_to_draw_is_an_empty_panel)
{
    const double none[1] = { (double)NAN };
    const struct plot_layer layer = { .kind = PLOT_CURVE, .count = 1, .x = none, .y = none };
    char *text = drawn_panel(
        &(struct plot_panel){ .layers = &layer, .layer_count = 1, .x_min = 2, .x_max = 3 });
    expect_part(text, "set xrange [2:3]\nset yrange [0:1]\nplot NaN notitle\n");
}
END_TEST

/* ---- axes ---- */

static const struct {
    double low, high, offset;
    const char *label;
} offsets[] = {
    { 1990, 2024, 0, "set xlabel 't'\n" },
    { 0, 1e9, 0, "set xlabel 't'\n" },
    { 3, 3, 0, "set xlabel 't'\n" },
    { 1e9, 1e9 + 1e-6, 0, "set xlabel 't'\n" }, /* of rounding there is nothing to see */
    { 1600000012, 1631536000, 1.6e9, "set xlabel 't \xE2\x88\x92 1600000000'\n" },
    { 1600000012, 1600003012, 1.6e9, "set xlabel 't \xE2\x88\x92 1600000000'\n" },
    { 1699990000, 1700010000, 1.6999e9, "set xlabel 't \xE2\x88\x92 1699900000'\n" },
    { 2451545, 2451645, 2451500, "set xlabel 't \xE2\x88\x92 2451500'\n" },
    { -1600003012, -1600000012, -1.60001e9, "set xlabel 't + 1600010000'\n" },
    { 7.00001, 7.00007, 7, "set xlabel 't \xE2\x88\x92 7'\n" },
};

START_TEST(large_numbers_are_drawn_from_an_offset)
{
    const double at[2] = { offsets[_i].low, offsets[_i].high }, zero[2] = { 0, 1 };
    const struct plot_layer layer = { .kind = PLOT_POINTS, .count = 2, .x = at, .y = zero };
    char *text =
        drawn_panel(&(struct plot_panel){ .x_label = "t", .layers = &layer, .layer_count = 1 });
    expect_part(text, offsets[_i].label);
    double first = strtod(strstr(text, "EOD\n") + 4, NULL);
    ck_assert_double_eq(first, offsets[_i].low - offsets[_i].offset);
}
END_TEST

START_TEST(the_rounding_of_a_constant_does_not_fill_the_panel)
{
    const double at[3] = { 1, 2, 3 }, fit[3] = { 5, 5 + 1e-15, 5 - 1e-15 };
    struct plot_layer layer = { .kind = PLOT_CURVE, .count = 3, .x = at, .y = fit };
    const struct plot_panel panel = { .layers = &layer, .layer_count = 1 };
    expect_part(drawn_panel(&panel), "set yrange [4.949999999999999:5.050000000000001]\n");
    layer.y = at;
    expect_part(drawn_panel(&panel), "set yrange [*:*] noextend\n");
}
END_TEST

static const struct {
    const char *label, *drawn;
} labels[] = {
    { "46 characters are not more than one can read .",
      "46 characters are not more than one can read ." },
    { "47 characters are one too many for a label here",
      "47 characters are one t\xE2\x80\xA6o many for a label here" },
    { "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4 9 ......... 20 ...... 29 "
      "........ 40 .. e\xC3\xA4"
      "\xC3\xA4z",
      "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4 9 ......... 20\xE2\x80\xA6 "
      "29 ........ 40 .. e\xC3\xA4\xC3\xA4z" },
};

START_TEST(long_labels_lose_their_middle)
{
    char setting[300];
    snprintf(setting, sizeof setting, "set ylabel '%s'\n", labels[_i].drawn);
    expect_part(drawn_panel(&(struct plot_panel){ .y_label = labels[_i].label }), setting);
}
END_TEST

START_TEST(both_axes_and_their_ranges_have_the_offset)
{
    const double at[2] = { 1600000012, 1600003012 };
    const struct plot_layer layers[] = {
        { .kind = PLOT_BAND, .count = 2, .x = at, .y = at, .y_high = at },
        { .kind = PLOT_CURVE, .count = 2, .x = at, .y = at },
    };
    char *text = drawn_panel(&(struct plot_panel){
        .layers = layers, .layer_count = 2, .x_min = 1600000000, .x_max = 1600004000 });
    expect_part(text, "\n12 12 12\n3012 3012 3012\nEOD\n");
    expect_part(text, "\n12 12\n3012 3012\nEOD\n");
    expect_part(text, "set xrange [0:4000]\n");
}
END_TEST

/* ---- figures ---- */

START_TEST(panels_stand_in_a_grid_under_one_legend)
{
    const struct plot_layer layers[] = {
        { .kind = PLOT_CURVE, .label = "fit", .colour = 1, .count = 5, .x = x, .y = y },
        { .kind = PLOT_CURVE, .label = "fit", .colour = 2, .count = 5, .x = x, .y = y },
    };
    const struct plot_panel panels[3] = {
        { .title = "one", .layers = layers, .layer_count = 1, .y_min = -1, .y_max = 1 },
        { .title = "two", .layers = layers, .layer_count = 1 },
        { .title = "three", .layers = layers, .layer_count = 2 },
    };
    char *text = drawn(&(struct plot_figure){ .title = "all", .panels = panels, .panel_count = 3 });
    expect_part(text, "set terminal svg size 1140,392 ");
    expect_part(text, "set label 1 'all' at screen 0.5,");
    expect_part(text, "horizontal maxcols 2 ");
    expect_part(text,
                "plot NaN notitle, \\\n"
                "     keyentry with lines linewidth 2 dashtype solid linecolor rgb '#0072b2' "
                "title 'fit', \\\n"
                "     keyentry with lines linewidth 2 dashtype (12,4) linecolor rgb '#d55e00' "
                "title 'fit'\nunset key\n");
    expect_part(text, "set origin 0,0\nset size 0.333333,0.816327\nset title 'one'\n");
    expect_part(text, "set origin 0.333333,0\n");
    expect_part(text, "set yrange [-1:1]\n");
    text = drawn(&(struct plot_figure){ .panels = panels, .panel_count = 3, .columns = 2 });
    expect_part(text, "set terminal svg size 760,678 ");
    expect_part(text, "set origin 0,0\nset size 0.5,0.471976\nset title 'three'\n");
}
END_TEST

START_TEST(a_long_legend_has_several_rows)
{
    enum { FITS = 30 };
    static char names[FITS][40];
    struct plot_layer layers[FITS];
    for (size_t i = 0; i < FITS; i++) {
        snprintf(names[i], sizeof names[i], "a group with a name, %zu", i);
        layers[i] = (struct plot_layer){
            .kind = PLOT_CURVE, .label = names[i], .colour = i + 1, .count = 5, .x = x, .y = y
        };
    }
    char *text = drawn_panel(&(struct plot_panel){ .layers = layers, .layer_count = FITS });
    expect_part(text, "horizontal maxcols 2 ");
    expect_part(text, "set terminal svg size 680,758 ");
    /* all different, some by their dashes alone */
    expect_part(text,
                "keyentry with lines linewidth 2 dashtype solid linecolor rgb '#0072b2' title 'a "
                "group with a name, 0'");
    expect_part(text,
                "keyentry with lines linewidth 2 dashtype (4,3) linecolor rgb '#0072b2' title 'a "
                "group with a name, 6'");
}
END_TEST

Suite *suite_plot(void)
{
    Suite *suite = suite_create("plot");
    TCase *tc = tcase_create("plot");
    tcase_set_timeout(tc, 60);
    tcase_add_unchecked_fixture(tc, scratch_open, scratch_close);
    tcase_add_test(tc, curves_are_sorted_and_interrupted_and_points_are_not);
    tcase_add_test(tc, values_between_gaps_are_dots);
    tcase_add_test(tc, lines_too_short_to_be_seen_are_dots_too);
    tcase_add_test(tc, a_value_twice_is_still_a_dot);
    tcase_add_test(tc, text_cannot_leave_its_quotes);
    tcase_add_loop_test(tc, labels_are_utf8, 0, (int)(sizeof characters / sizeof characters[0]));
    tcase_add_test(tc, many_points_are_thinned_and_it_is_said);
    tcase_add_test(tc, nothing_to_draw_is_an_empty_panel);
    tcase_add_loop_test(tc, large_numbers_are_drawn_from_an_offset, 0,
                        (int)(sizeof offsets / sizeof offsets[0]));
    tcase_add_test(tc, the_rounding_of_a_constant_does_not_fill_the_panel);
    tcase_add_loop_test(tc, long_labels_lose_their_middle, 0,
                        (int)(sizeof labels / sizeof labels[0]));
    tcase_add_test(tc, both_axes_and_their_ranges_have_the_offset);
    tcase_add_test(tc, panels_stand_in_a_grid_under_one_legend);
    tcase_add_test(tc, a_long_legend_has_several_rows);
    suite_add_tcase(suite, tc);
    return suite;
}
