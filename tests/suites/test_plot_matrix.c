/* SPDX-License-Identifier: Apache-2.0 */
/* What gnuplot is given for heat maps. */
#include "tests/support/scratch.h"
#include "tests/support/stand_in.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static char *drawn_matrix(const char *path, const struct plot_matrix *m)
{
    const struct plot_layer layer = { .kind = PLOT_MATRIX, .label = "weight", .matrix = m };
    const struct plot_panel panel = {
        .x_label = "key", .y_label = "query", .layers = &layer, .layer_count = 1
    };
    const struct plot_figure figure = { .panels = &panel, .panel_count = 1 };
    return drawn_script(path, &figure);
}

START_TEST(a_matrix_is_drawn_row_by_row)
{
    const double f64[6] = { 0.5, 0.25, 0, (double)NAN, 1, 2 };
    const float f32[6] = { 0.5f, 0.25f, 0, (float)NAN, 1, 2 };
    for (int single = 0; single < 2; single++) {
        const struct plot_matrix m = { .rows = 2,
                                       .columns = 3,
                                       .f64 = single ? NULL : f64,
                                       .f32 = single ? f32 : NULL,
                                       .downward = true };
        char *text = drawn_matrix("p.png", &m);
        expect_part(text, "$d0 << EOD\n0.5 0.25 0 \nNaN 1 2 \nEOD\n");
        expect_part(text, "set xlabel 'key'\nset xtics nomirror ('0' 0, '1' 1, '2' 2)\n");
        expect_part(text, "set cbrange [0:2]\nset palette defined (0 '#ffffff', 0.15 ");
        expect_part(text, "set cblabel 'weight, grey: none'\n");
        expect_part(text, "set xrange [-0.5:2.5]\nset yrange [1.5:-0.5]\n"
                          "plot $d0 using ($1*1+0):($2*1+0):3 matrix with image\n");
    }
    const struct plot_matrix row = { .rows = 1, .columns = 3, .f64 = f64 };
    char *text = drawn_matrix("p.png", &row);
    expect_part(text, "$d0 << EOD\n0.5 0.25 0 \n0.5 0.25 0 \nEOD\n");
    expect_part(text, "set cblabel 'weight'\n");
    expect_part(text, "set yrange [-0.5:0.5]\nplot $d0 using ($1*1+0):($2*0.5+-0.25):3");
}
END_TEST

/* Viewers of SVG blur an image. */
START_TEST(in_an_svg_few_cells_are_drawn_as_many)
{
    const double f64[6] = { 0.5, 0.25, 0, 1, 1, 2 };
    char *text =
        drawn_matrix("p.svg", &(struct plot_matrix){ .rows = 2, .columns = 3, .f64 = f64 });
    ck_assert_uint_eq(rows_of_block(text), 240);
    expect_part(text,
                "using ($1*0.0125+-0.49375):($2*0.00833333333+-0.495833333):3 matrix with image\n");
}
END_TEST

START_TEST(negative_weights_have_a_colour_of_their_own)
{
    const double f64[2] = { -1, 3 };
    char *text =
        drawn_matrix("p.png", &(struct plot_matrix){ .rows = 1, .columns = 2, .f64 = f64 });
    expect_part(text, "set cbrange [-3:3]\nset palette defined (-1 '#8c2d04', -0.7 '#d9742f', -0.4 "
                      "'#f2b183', -0.15 '#fbe3d0', 0 '#ffffff', 0.15 '#d6e6f2', ");
    text = drawn_matrix("p.png", &(struct plot_matrix){ .rows = 1, .columns = 1, .f64 = f64 });
    expect_part(text, "set cbrange [-1:1]\n");
}
END_TEST

START_TEST(rows_and_columns_are_drawn_in_the_order_of_their_values)
{
    const double f64[9] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
    const double row_at[3] = { 2, (double)NAN, 1 },
                 column_at[3] = { 1600000020, 1600000000, 1600000010 };
    const struct plot_matrix m = {
        .rows = 3, .columns = 3, .f64 = f64, .row_at = row_at, .column_at = column_at
    };
    char *text = drawn_matrix("p.png", &m);
    expect_part(text, "$d0 << EOD\n7 8 6 \n1 2 0 \n4 5 3 \nEOD\n");
    expect_part(text, "set xlabel 'key \xE2\x88\x92 1600000000'\n"
                      "set xtics nomirror ('0' 0, '10' 1, '20' 2)\n");
    expect_part(text, "set ylabel 'query'\nset ytics nomirror ('1' 0, '2' 1)\n");
    expect_part(text, "set yrange [-0.5:2.5]\n");
}
END_TEST

static const struct {
    size_t count, first;
    double step, power; /* values (i * step) ^ power; step 0: numbers */
    const char *tics;
} tics[] = {
    { 300, 1, 0, 0, "('50' 49, '100' 99, '150' 149, '200' 199, '250' 249, '300' 299)" },
    { 51, 0, 0, 0, "('0' 0, '10' 10, '20' 20, '30' 30, '40' 40, '50' 50)" },
    { 51, 0, 0.1, 1, "('0' 0, '1' 10, '2' 20, '3' 30, '4' 40, '5' 50)" },
    { 101, 0, 0.1, 2,
      "('0' 0, '20' 44.7191, '40' 63.2441, '60' 77.4581, '80' 89.4413, '100' 100)" },
    /* all but one in one place: values of some of the cells */
    { 20, 0, 1, 40, "('0' 0, '1.215767e+19' 3" },
    { 20, 0, 1, 0, "('1' 0, '1' 3, '1' 6" },
    { 20, 0, -0.001, 1, "('-0.015' 4, '-0.01' 9, '-0.005' 14, '0' 19)" },
};

START_TEST(tics_of_cells_stand_at_round_values)
{
    double *value = calloc(tics[_i].count, sizeof *value);
    for (size_t i = 0; i < tics[_i].count; i++)
        value[i] = pow((double)i * tics[_i].step, tics[_i].power);
    struct plot_matrix m = {
        .rows = 1, .columns = tics[_i].count, .f64 = value, .first = tics[_i].first
    };
    m.column_at = tics[_i].step == 0 ? NULL : value;
    char *text = drawn_matrix("p.png", &m), setting[300];
    snprintf(setting, sizeof setting, "set xtics nomirror %s", tics[_i].tics);
    expect_part(text, setting);
    free(value);
}
END_TEST

static const struct {
    double low, high;
} ends[] = {
    { -1.7e308, 1.7e308 }, { 0, 5e-324 }, { 1, 1 + 4e-16 }, { 1, 1 + 4e-15 }, { 0, 3e-308 },
};

START_TEST(tics_of_any_values_end)
{
    double value[20];
    for (int i = 0; i < 20; i++)
        value[i] = i < 10 ? ends[_i].low : ends[_i].high;
    const struct plot_matrix m = { .rows = 1, .columns = 20, .f64 = value, .column_at = value };
    expect_part(drawn_matrix("p.png", &m), "matrix with image\n");
}
END_TEST

START_TEST(a_large_matrix_is_drawn_in_means)
{
    enum { ROWS = 1025, COLUMNS = 2 };
    static double f64[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++)
        f64[i] = i / COLUMNS;
    f64[6] = (double)NAN; /* left out of its mean */
    const struct plot_matrix m = { .rows = ROWS, .columns = COLUMNS, .f64 = f64 };
    char *text = drawn_matrix("p.png", &m);
    expect_part(text, "$d0 << EOD\n0.5 0.5 \n2 2.5 \n4.5 4.5 \n");
    ck_assert_uint_eq(rows_of_block(text), 513);
    expect_part(text, "1024 1024 \nEOD\n");
    expect_part(text, "set cblabel 'weight, means of 2 \xC3\x97 1'\n");
    expect_part(text, "set yrange [-0.5:1025.5]\nplot $d0 using ($1*1+0):($2*2+0.5):3");
    ck_assert_uint_eq(rows_of_block(drawn_matrix("p.svg", &m)), 257);
}
END_TEST

Suite *suite_plot_matrix(void)
{
    Suite *suite = suite_create("plot_matrix");
    TCase *tc = tcase_create("plot_matrix");
    tcase_set_timeout(tc, 60);
    tcase_add_unchecked_fixture(tc, scratch_open, scratch_close);
    tcase_add_test(tc, a_matrix_is_drawn_row_by_row);
    tcase_add_test(tc, in_an_svg_few_cells_are_drawn_as_many);
    tcase_add_test(tc, negative_weights_have_a_colour_of_their_own);
    tcase_add_test(tc, rows_and_columns_are_drawn_in_the_order_of_their_values);
    tcase_add_loop_test(tc, tics_of_cells_stand_at_round_values, 0,
                        (int)(sizeof tics / sizeof tics[0]));
    tcase_add_loop_test(tc, tics_of_any_values_end, 0, (int)(sizeof ends / sizeof ends[0]));
    tcase_add_test(tc, a_large_matrix_is_drawn_in_means);
    suite_add_tcase(suite, tc);
    return suite;
}
