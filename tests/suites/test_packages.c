/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/suites/golden.h"
#include "tests/suites/suites.h"
#include "tools/command/packages.h"
#include "tools/io/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* attpool-packages(7) and --bandwidth-from say which bandwidth here is another package's: what such
 * a package computes comes out here too. The bounds are those of rounding, but where the package
 * bins its data or cuts its kernel, or drops small weights. */

enum { QUERIES = 6, MOST_COLUMNS = 3 };

enum data { FAITHFUL, MCYCLE, IRIS, IRIS_3 };

/* FIT_EACH: a bandwidth for each query. */
enum kind { FIT, FIT_EACH, DENSITY, DENSITY_PRODUCT };

static const struct golden {
    const char *call; /* package, version and what was computed */
    const char *from; /* the package's name for --bandwidth-from */
    enum kind kind;
    enum data data;
    attpool_kernel_name kernel;
    double factor, theirs[QUERIES]; /* our bandwidth is factor * theirs, one a column or query */
    double bound, value[QUERIES];
} packages[] = {
#include "tests/packages/packages.inc"
};

static const struct {
    const char *name;
    const char *columns[MOST_COLUMNS + 1]; /* the last is y */
    size_t d;
    double at[QUERIES][MOST_COLUMNS];
} data[] = {
    { "faithful",
      { "eruptions", "waiting" },
      1,
      { { 1.75 }, { 2.1 }, { 2.9 }, { 3.5 }, { 4.15 }, { 4.85 } } },
    { "mcycle",
      { "times", "accel" },
      1,
      { { 5.05 }, { 14.25 }, { 21.35 }, { 30.15 }, { 41.75 }, { 55.55 } } },
    { "iris",
      { "Sepal.Length", "Sepal.Width", "Petal.Width" },
      2,
      { { 4.9, 3.1 }, { 4.7, 3.2 }, { 5.2, 2.7 }, { 5.5, 2.5 }, { 6, 2.2 }, { 5.9, 3 } } },
    { "iris",
      { "Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width" },
      3,
      { { 4.9, 3.1, 1.5 },
        { 4.7, 3.2, 1.6 },
        { 5.2, 2.7, 3.9 },
        { 5.5, 2.5, 4 },
        { 6, 2.2, 5 },
        { 5.9, 3, 5.1 } } },
};

static void read_data(enum data which, struct table *t)
{
    struct error e = { 0 };
    char path[1000];
    const char *source = getenv("srcdir");
    struct table_options options = { .columns = data[which].columns,
                                     .column_count = data[which].d + 1,
                                     .format = &(struct table_format){ 0 } };
    snprintf(path, sizeof path, "%s/tests/data/%s.csv", source ? source : ".", data[which].name);
    ck_assert_int_eq(table_read(path, &options, t, &e), CMD_OK);
}

static const struct package *package_of(const struct golden *g)
{
    struct error e = { 0 };
    const struct package *p;
    ck_assert_msg(package_find(g->from, strlen(g->from), &p, &e) == CMD_OK, "%s", e.text);
    return p;
}

static double deviation(const struct table *t, size_t column)
{
    double mean = 0, sum = 0;
    for (size_t j = 0; j < t->rows; j++)
        mean += t->columns[column][j] / (double)t->rows;
    for (size_t j = 0; j < t->rows; j++)
        sum += pow(t->columns[column][j] - mean, 2);
    return sqrt(sum / (double)(t->rows - 1));
}

/* --bandwidth-from makes the same of their numbers; but of a closed boxcar a little more. */
static void check_bandwidths(const struct golden *g, const struct table *t)
{
    const struct package *p = package_of(g);
    const double closed = p->closed && g->kernel == ATTPOOL_BOXCAR ? 1 + 1e-9 : 1;
    for (size_t c = 0; c < data[g->data].d && g->kind != FIT_EACH; c++) {
        const double h =
            package_bandwidth(p, g->kernel, data[g->data].d, g->theirs[c], deviation(t, c));
        ck_assert_msg(fabs(h / (g->factor * g->theirs[c]) - closed) < 1e-14, "%s: %.17g", g->call,
                      h);
    }
}

/* The fits or the densities. */
static void compute(const struct golden *g, const struct table *t, double *result)
{
    int64_t n = QUERIES, m = (int64_t)t->rows, d = (int64_t)data[g->data].d;
    double *x = malloc(t->rows * data[g->data].d * sizeof *x), inverse[QUERIES];
    for (size_t j = 0; j < t->rows; j++)
        for (size_t c = 0; c < data[g->data].d; c++)
            x[j * data[g->data].d + c] = t->columns[c][j];
    for (int i = 0; i < QUERIES; i++)
        inverse[i] = g->theirs[i] > 0 ? attpool_inverse_bandwidth_f64(g->factor * g->theirs[i]) : 0;
    int64_t wide = MOST_COLUMNS;
    const bool fit = g->kind == FIT || g->kind == FIT_EACH;
    DLTensor Q = tensor_of((void *)data[g->data].at, ELEMENT_F64, 2, SHAPE(n, d));
    DLTensor K = tensor_of(x, ELEMENT_F64, 2, SHAPE(m, d));
    DLTensor V = tensor_of(t->columns[d], ELEMENT_F64, 2, SHAPE(m, 1));
    DLTensor R = tensor_of(result, ELEMENT_F64, fit ? 2 : 1, SHAPE(n, 1));
    DLTensor w = tensor_of(inverse, ELEMENT_F64, 1, SHAPE(g->kind == FIT_EACH ? n : d));
    attpool_kernel_options kernel = { .kernel = g->kernel,
                                      .form = g->kind == DENSITY_PRODUCT ? ATTPOOL_PRODUCT
                                                                         : ATTPOOL_RADIAL,
                                      .bandwidth_per = g->kind == FIT_EACH
                                                           ? ATTPOOL_BANDWIDTH_QUERY
                                                           : ATTPOOL_BANDWIDTH_COORDINATE,
                                      .inverse_bandwidths = &w };
    attpool_pool_options options = { .score = ATTPOOL_KERNEL, .kernel = &kernel };
    Q.strides = (int64_t[]){ wide, 1 };
    succeeds(fit ? attpool_pool(context, &Q, &K, &V, &options, &R)
                 : attpool_density(context, &Q, &K, &options, &R, NULL));
    free(x);
}

START_TEST(computes_the_same)
{
    const struct golden *g = &packages[_i];
    struct table t;
    double result[QUERIES];
    read_data(g->data, &t);
    check_bandwidths(g, &t);
    compute(g, &t, result);
    for (int i = 0; i < QUERIES; i++) {
        const double x = result[i];
        double bound = g->bound * fmax(1, fabs(g->value[i]));
        ck_assert_msg(fabs(x - g->value[i]) <= bound, "%s, %d: %.17g, not %.17g, difference %.3g",
                      g->call, i, x, g->value[i], x - g->value[i]);
    }
    table_free(&t);
}
END_TEST

/* Each has been run, or says that it has not. gbkreg has no points but its own: see
 * tests/packages/compare. */
START_TEST(every_package_has_numbers)
{
    const struct package *p;
    for (size_t i = 0; (p = package_at(i)) != NULL; i++) {
        bool found = p->differs != NULL && strstr(p->differs, "has not been run") != NULL;
        found = found || strcmp(p->name, "gbkreg") == 0;
        for (size_t k = 0; k < COUNT(packages); k++)
            found = found || strcmp(packages[k].from, p->name) == 0;
        ck_assert_msg(found, "packages.inc has no row of %s", p->name);
    }
}
END_TEST

Suite *suite_packages(void)
{
    Suite *suite = suite_create("packages");
    TCase *tc = tcase_create("packages");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_add_loop_test(tc, computes_the_same, 0, COUNT(packages));
    tcase_add_test(tc, every_package_has_numbers);
    suite_add_tcase(suite, tc);
    return suite;
}
