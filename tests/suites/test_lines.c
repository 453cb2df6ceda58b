/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/datasets.h"
#include "tests/suites/golden.h"
#include "tests/suites/suites.h"

#include <stdlib.h>
#include <string.h>

/* Local regressions of other packages: fits, slopes, effective numbers and standard errors at six
 * of the data's own points. */

enum { POINTS = 6, MOST = 3 };

/* SLOPE + a: by coordinate a. */
enum result { FIT, N_EFF, STANDARD_ERROR, SLOPE };

static const struct golden_line {
    const char *call; /* package, version and what was computed */
    enum dataset data;
    int64_t d; /* of the first columns */
    attpool_kernel_name kernel;
    int32_t degree;
    double h[POINTS]; /* one a coordinate; of one coordinate one, or one a point */
    int result;
    double bound, value[POINTS];
} lines[] = {
#include "tests/packages/lines.inc"
};

struct results {
    double fit[POINTS], n_eff[POINTS], error[POINTS], slope[POINTS * MOST];
};

/* The inverse bandwidths of a row. */
static void set_bandwidths(const struct golden_line *g, double *w, int64_t *count, DLTensor *W,
                           attpool_kernel_options *kernel)
{
    const bool each = g->d == 1 && g->h[1] != 0;
    *count = each ? POINTS : g->d;
    for (int64_t i = 0; i < *count; i++)
        w[i] = 1 / g->h[i];
    *W = tensor_of(w, ELEMENT_F64, 1, count);
    *kernel = (attpool_kernel_options){
        .size = sizeof *kernel,
        .kernel = g->kernel,
        .bandwidth_per = each ? ATTPOOL_BANDWIDTH_QUERY : ATTPOOL_BANDWIDTH_COORDINATE,
        .inverse_bandwidths = W,
    };
}

/* Of the value in the column after the d of x, of iris in the last one. */
static void regress(const struct golden_line *g, struct results *r)
{
    const int64_t d = g->d, y_column = g->data == IRIS ? dataset_columns(IRIS) - 1 : d;
    double q[POINTS * MOST], w[POINTS];
    int64_t m, count;
    double *x = dataset_read(g->data, 0, d, &m), *y = dataset_read(g->data, y_column, 1, &m);
    double *e = calloc((size_t)m, sizeof *e);
    for (int i = 0; i < POINTS; i++)
        memcpy(q + i * d, x + (17 * i + 3) * d, (size_t)d * sizeof *q);
    DLTensor K = tensor_of(x, ELEMENT_F64, 2, SHAPE(m, d)),
             Q = tensor_of(q, ELEMENT_F64, 2, SHAPE(POINTS, d));
    DLTensor V = tensor_of(y, ELEMENT_F64, 2, SHAPE(m, 1)),
             E = tensor_of(e, ELEMENT_F64, 2, SHAPE(m, 1));
    DLTensor O = tensor_of(r->fit, ELEMENT_F64, 2, SHAPE(POINTS, 1));
    DLTensor S = tensor_of(r->slope, ELEMENT_F64, 2, SHAPE(POINTS, d));
    DLTensor SE = tensor_of(r->error, ELEMENT_F64, 2, SHAPE(POINTS, 1));
    DLTensor N = tensor_of(r->n_eff, ELEMENT_F64, 1, SHAPE(POINTS)), W;
    attpool_kernel_options kernel;
    set_bandwidths(g, w, &count, &W, &kernel);
    attpool_pool_options pool = { .size = sizeof pool, .score = ATTPOOL_KERNEL, .kernel = &kernel };
    attpool_regression_options o = { .size = sizeof o, .degree = g->degree, .pool = &pool };
    if (g->result == STANDARD_ERROR)
        succeeds(attpool_residuals(context, &K, &V, &o, &E));
    pool.n_eff = &N;
    o.slope = &S;
    o.residuals = &E;
    o.standard_errors = &SE;
    succeeds(attpool_regression(context, &Q, &K, &V, &o, &O));
    free(e);
    free(y);
    free(x);
}

START_TEST(local_regressions_are_those_of_other_packages)
{
    const struct golden_line *g = &lines[_i];
    struct results r;
    regress(g, &r);
    for (int i = 0; i < POINTS; i++) {
        const double got = g->result == FIT              ? r.fit[i]
                           : g->result == N_EFF          ? r.n_eff[i]
                           : g->result == STANDARD_ERROR ? r.error[i]
                                                         : r.slope[i * g->d + g->result - SLOPE];
        const double size = g->value[i] < 0 ? -g->value[i] : g->value[i];
        near(got, g->value[i], g->bound * (size > 1 ? size : 1), g->call);
    }
}
END_TEST

Suite *suite_lines(void)
{
    Suite *suite = suite_create("lines");
    TCase *tc = tcase_create("packages");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_add_loop_test(tc, local_regressions_are_those_of_other_packages, 0, COUNT(lines));
    suite_add_tcase(suite, tc);
    return suite;
}
