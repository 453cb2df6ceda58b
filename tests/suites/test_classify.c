/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/suites/golden.h"
#include "tests/suites/suites.h"
#include "tools/io/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Classes: the first of the most probable ones, with the probabilities of pooling. */

enum { N = 5, M = 6, CLASSES = 3 };

struct data {
    double q[N], k[M], v[M * CLASSES], p[N * CLASSES];
    int32_t classes[N];
    int64_t long_classes[N];
    DLTensor Q, K, V, P, C;
    int64_t queries[2], keys[2], values[2], outputs[2], rows[1];
    attpool_kernel_options kernel;
    attpool_masks masks;
    attpool_pool_options options;
};

/* Keys 0, 1, .. 5 of the classes 2, 0, 0, 1, 1, 2; a query beside each of the first. */
static void data_new(struct data *x)
{
    static const int class[M] = { 2, 0, 0, 1, 1, 2 };
    memset(x, 0, sizeof *x);
    for (int j = 0; j < M; j++) {
        x->k[j] = j;
        x->v[j * CLASSES + class[j]] = 1;
    }
    for (int i = 0; i < N; i++)
        x->q[i] = i;
    x->queries[0] = x->outputs[0] = x->rows[0] = N;
    x->keys[0] = x->values[0] = M;
    x->queries[1] = x->keys[1] = 1;
    x->values[1] = x->outputs[1] = CLASSES;
    x->Q = tensor_of(x->q, ELEMENT_F64, 2, x->queries);
    x->K = tensor_of(x->k, ELEMENT_F64, 2, x->keys);
    x->V = tensor_of(x->v, ELEMENT_F64, 2, x->values);
    x->P = tensor_of(x->p, ELEMENT_F64, 2, x->outputs);
    x->C = tensor_of(x->classes, ELEMENT_I32, 1, x->rows);
    x->kernel = (attpool_kernel_options){ .kernel = ATTPOOL_BOXCAR, .bandwidth = 1.5 };
    x->options =
        (attpool_pool_options){ .score = ATTPOOL_KERNEL, .kernel = &x->kernel, .masks = &x->masks };
}

static attpool_status run(struct data *x)
{
    return attpool_classify(context, &x->Q, &x->K, &x->V, &x->options, &x->P, &x->C);
}

START_TEST(the_first_of_the_most_probable)
{
    /* Of the neighbours 2 0 | 2 0 0 | 0 0 1 | 0 1 1 | 1 1 2 the first is a tie of 0 and 2. */
    static const int want[N] = { 0, 0, 0, 1, 1 };
    struct data x;
    data_new(&x);
    succeeds(run(&x));
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(x.classes[i], want[i]);
    near(x.p[0], 0.5, 1e-16, "p of class 0");
    near(x.p[2], 0.5, 1e-16, "p of class 2");
    x.C = tensor_of(x.long_classes, ELEMENT_I64, 1, x.rows);
    succeeds(run(&x));
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(x.long_classes[i], want[i]);
}
END_TEST

START_TEST(probabilities_are_those_of_pooling)
{
    struct data x;
    double p[N * CLASSES];
    data_new(&x);
    x.kernel = (attpool_kernel_options){ .bandwidth = 0.7 };
    x.masks.leave_one_out = 1;
    DLTensor P = tensor_of(p, ELEMENT_F64, 2, x.outputs);
    succeeds(run(&x));
    succeeds(attpool_pool(context, &x.Q, &x.K, &x.V, &x.options, &P));
    ck_assert(memcmp(p, x.p, sizeof p) == 0);
    ck_assert_int_eq(x.classes[0], 0);
    ck_assert_int_eq(x.classes[4], 2);
}
END_TEST

START_TEST(no_class_out_of_reach)
{
    struct data x;
    data_new(&x);
    x.q[1] = 1000;
    succeeds(run(&x));
    ck_assert_int_eq(x.classes[1], -1);
    ck_assert_int_eq(x.classes[2], 0);
    x.C = tensor_of(x.long_classes, ELEMENT_I64, 1, x.rows);
    succeeds(run(&x));
    ck_assert_int_eq(x.long_classes[1], -1);
    x.C = tensor_of(x.classes, ELEMENT_I32, 1, x.rows);
    x.options.empty = ATTPOOL_EMPTY_NEAREST;
    succeeds(run(&x));
    ck_assert_int_eq(x.classes[1], 2);
    x.options.empty = ATTPOOL_EMPTY_ZERO;
    succeeds(run(&x));
    ck_assert_int_eq(x.classes[1], -1);
    ck_assert_int_eq(x.classes[2], 0);
    x.values[1] = x.outputs[1] = 0;
    succeeds(run(&x));
    ck_assert_int_eq(x.classes[0], -1);
}
END_TEST

/* Of any leading dimensions and strides. */
START_TEST(classes_of_heads)
{
    struct data x;
    int32_t classes[2 * 2 * N];
    double p[2 * N * CLASSES], q[2 * N];
    data_new(&x);
    for (int i = 0; i < N; i++)
        q[i] = q[2 * N - 1 - i] = x.q[i];
    for (size_t i = 0; i < COUNT(classes); i++)
        classes[i] = 77;
    DLTensor Q = tensor_of(q, ELEMENT_F64, 3, SHAPE(2, N, 1));
    DLTensor P = tensor_of(p, ELEMENT_F64, 3, SHAPE(2, N, CLASSES));
    DLTensor C = tensor_of(classes, ELEMENT_I32, 2, SHAPE(2, N));
    C.strides = (int64_t[]){ 2 * N, 2 };
    succeeds(attpool_classify(context, &Q, &x.K, &x.V, &x.options, &P, &C));
    succeeds(run(&x));
    for (int i = 0; i < 2 * N; i++) {
        ck_assert_int_eq(classes[2 * i], x.classes[i < N ? i : 2 * N - 1 - i]);
        ck_assert_int_eq(classes[2 * i + 1], 77);
    }
}
END_TEST

static void refused(struct data *x, attpool_status want, const char *words)
{
    const attpool_status st = run(x);
    ck_assert_msg(st == want && strstr(attpool_message(context), words), "%s: %s, %s", words,
                  attpool_status_name(st), attpool_message(context));
    data_new(x);
}

START_TEST(what_is_wrong_is_named)
{
    struct data x;
    data_new(&x);
    ck_assert_int_eq(attpool_classify(context, &x.Q, &x.K, &x.V, &x.options, NULL, &x.C),
                     ATTPOOL_E_OUTPUT);
    ck_assert_int_eq(attpool_classify(context, &x.Q, &x.K, &x.V, &x.options, &x.P, NULL),
                     ATTPOOL_OK);
    x.C.dtype.code = kDLUInt;
    refused(&x, ATTPOOL_E_CLASSES, "classes has type code 1");
    x.C.shape = (int64_t[]){ N - 1 };
    refused(&x, ATTPOOL_E_CLASSES, "classes has 4 elements");
    x.C.data = x.q;
    refused(&x, ATTPOOL_E_CLASSES, "classes overlaps Q");
    x.options.dropout = 0.5;
    refused(&x, ATTPOOL_E_OPTIONS, "dropout is set");
    x.values[0] = M - 1;
    refused(&x, ATTPOOL_E_VALUE, "V has 5 rows");
}
END_TEST

/* ---- what scikit-learn has for iris, petals alone ---- */

enum { ROWS = 150, POINTS = 6 };

static const struct golden {
    const char *call;
    attpool_kernel_name kernel;
    double bandwidth, p[POINTS * CLASSES], accuracy, brier;
    int confusion[CLASSES * CLASSES]; /* by leave-one-out */
} golden[] = {
#include "tests/packages/classes.inc"
};

struct iris {
    double x[ROWS * 2], v[ROWS * CLASSES];
    int class[ROWS];
};

static void read_iris(struct iris *iris)
{
    struct error e = { 0 };
    struct table t;
    char path[1000];
    const char *source = getenv("srcdir");
    const struct table_options options = {
        .columns = (const char *const[]){ "Petal.Length", "Petal.Width", "Species" },
        .labelled = (const bool[]){ false, false, true },
        .column_count = 3,
        .format = &(struct table_format){ 0 },
    };
    snprintf(path, sizeof path, "%s/tests/data/iris.csv", source ? source : ".");
    ck_assert_int_eq(table_read(path, &options, &t, &e), CMD_OK);
    ck_assert_uint_eq(t.rows, ROWS);
    memset(iris->v, 0, sizeof iris->v);
    for (int j = 0; j < ROWS; j++) {
        iris->x[2 * j] = t.columns[0][j];
        iris->x[2 * j + 1] = t.columns[1][j];
        iris->class[j] = (int)t.columns[2][j];
        iris->v[j * CLASSES + iris->class[j]] = 1;
    }
    table_free(&t);
}

static void classify_iris(struct iris *iris, const struct golden *g, double *q, int64_t n, bool loo,
                          double *p, int32_t *classes)
{
    const attpool_kernel_options kernel = { .kernel = g->kernel, .bandwidth = g->bandwidth };
    const attpool_masks masks = { .leave_one_out = loo };
    const attpool_pool_options options = { .score = ATTPOOL_KERNEL,
                                           .kernel = &kernel,
                                           .masks = &masks };
    DLTensor Q = tensor_of(q, ELEMENT_F64, 2, SHAPE(n, 2));
    DLTensor K = tensor_of(iris->x, ELEMENT_F64, 2, SHAPE(ROWS, 2));
    DLTensor V = tensor_of(iris->v, ELEMENT_F64, 2, SHAPE(ROWS, CLASSES));
    DLTensor P = tensor_of(p, ELEMENT_F64, 2, SHAPE(n, CLASSES));
    DLTensor C = tensor_of(classes, ELEMENT_I32, 1, SHAPE(n));
    succeeds(attpool_classify(context, &Q, &K, &V, &options, &P, &C));
}

START_TEST(computes_what_scikit_learn_does)
{
    static double at[POINTS * 2] = { 1.5, 0.2, 2.6, 0.7, 4.0, 1.2, 4.85, 1.65, 5.1, 1.8, 6.5, 2.2 };
    const struct golden *g = &golden[_i];
    struct iris iris;
    double p[ROWS * CLASSES], brier = 0, right = 0;
    int32_t classes[ROWS];
    int confusion[CLASSES * CLASSES] = { 0 };
    read_iris(&iris);
    classify_iris(&iris, g, at, POINTS, false, p, classes);
    for (int i = 0; i < POINTS * CLASSES; i++)
        near(p[i], g->p[i], 1e-14, g->call);
    classify_iris(&iris, g, iris.x, ROWS, true, p, classes);
    for (int j = 0; j < ROWS; j++) {
        confusion[iris.class[j] * CLASSES + classes[j]]++;
        right += classes[j] == iris.class[j];
        for (int c = 0; c < CLASSES; c++)
            brier += pow(p[j * CLASSES + c] - iris.v[j * CLASSES + c], 2) / ROWS;
    }
    near(right / ROWS, g->accuracy, 1e-15, "the accuracy");
    near(brier, g->brier, 1e-14, "the Brier score");
    ck_assert(memcmp(confusion, g->confusion, sizeof confusion) == 0);
}
END_TEST

Suite *suite_classify(void)
{
    Suite *suite = suite_create("classify");
    TCase *tc = tcase_create("classify");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_add_test(tc, the_first_of_the_most_probable);
    tcase_add_test(tc, probabilities_are_those_of_pooling);
    tcase_add_test(tc, no_class_out_of_reach);
    tcase_add_test(tc, classes_of_heads);
    tcase_add_test(tc, what_is_wrong_is_named);
    tcase_add_loop_test(tc, computes_what_scikit_learn_does, 0, COUNT(golden));
    suite_add_tcase(suite, tc);
    return suite;
}
