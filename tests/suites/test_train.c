/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backends.h"
#include "tests/support/failing.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <string.h>

/* Training: losses, their gradients, steps, batches, the order of an epoch. */

enum { M = 150, D = 2, P = 3, V = 2, PARAMETERS = P * D * 2 + P + M };

/* A model: its kind, and room for all that it may learn. */
enum model { ONE, COORDINATE, KEY, MATRIX, ADDITIVE, PROJECTION, MODELS };

struct data {
    double k[M * D], v[M * V];
    double w[M], factors[M], wq[P * D], wk[P * D], wv[P];
    int64_t keys[2], values[2], widths[1], per_key[1], matrix[2], vector[1];
    DLTensor K, values_of, W, F, WQ, WK, WV;
    attpool_kernel_options kernel;
    attpool_pool_options options;
    attpool_training training;
    attpool_parameters parameters;
};

static void fill(double *x, int count, uint64_t seed, double low)
{
    for (int i = 0; i < count; i++)
        x[i] = low + 0.5 * random_at(seed, (uint64_t)i);
}

static void describe_kernel(struct data *x, enum model model)
{
    static const attpool_bandwidth_per per[] = { [ONE] = ATTPOOL_BANDWIDTH_ONE,
                                                 [COORDINATE] = ATTPOOL_BANDWIDTH_COORDINATE,
                                                 [KEY] = ATTPOOL_BANDWIDTH_KEY,
                                                 [MATRIX] = ATTPOOL_BANDWIDTH_COORDINATE_KEY };
    x->widths[0] = model == ONE ? 1 : model == KEY ? M : D;
    x->W = tensor_of(x->w, ELEMENT_F64, 1, x->widths);
    x->kernel = (attpool_kernel_options){ .bandwidth_per = per[model],
                                          .inverse_bandwidths = &x->W,
                                          .key_factors = model == MATRIX ? &x->F : NULL };
    x->options = (attpool_pool_options){ .score = ATTPOOL_KERNEL, .kernel = &x->kernel };
    x->parameters = (attpool_parameters){ .inverse_bandwidths = &x->W,
                                          .key_factors = model == MATRIX ? &x->F : NULL };
}

static void data_new(struct data *x, enum model model)
{
    memset(x, 0, sizeof *x);
    fill(x->k, M * D, 1, 0);
    fill(x->v, M * V, 2, 0);
    fill(x->w, M, 3, 3);
    fill(x->factors, M, 4, 2);
    fill(x->wq, P * D, 5, 1);
    fill(x->wk, P * D, 6, -1);
    fill(x->wv, P, 7, 1);
    x->keys[0] = x->values[0] = x->per_key[0] = M;
    x->keys[1] = x->matrix[1] = D;
    x->values[1] = V;
    x->matrix[0] = x->vector[0] = P;
    x->K = tensor_of(x->k, ELEMENT_F64, 2, x->keys);
    x->values_of = tensor_of(x->v, ELEMENT_F64, 2, x->values);
    x->F = tensor_of(x->factors, ELEMENT_F64, 1, x->per_key);
    x->WQ = tensor_of(x->wq, ELEMENT_F64, 2, x->matrix);
    x->WK = tensor_of(x->wk, ELEMENT_F64, 2, x->matrix);
    x->WV = tensor_of(x->wv, ELEMENT_F64, 1, x->vector);
    x->training.rate = 0.01;
    if (model < ADDITIVE) {
        describe_kernel(x, model);
        return;
    }
    DLTensor *const wv = model == ADDITIVE ? &x->WV : NULL;
    x->options =
        (attpool_pool_options){ .score = model == ADDITIVE ? ATTPOOL_ADDITIVE : ATTPOOL_PROJECTION,
                                .wq = &x->WQ,
                                .wk = &x->WK,
                                .wv = wv };
    x->parameters = (attpool_parameters){ .wq = &x->WQ, .wk = &x->WK, .wv = wv };
}

static attpool_status step(attpool_context *c, struct data *x, double *loss)
{
    return attpool_train_step(c, &x->K, &x->values_of, &x->options, &x->training, &x->parameters,
                              loss);
}

static double loss_of(struct data *x)
{
    double loss = NAN;
    ck_assert_int_eq(
        attpool_train_loss(context, &x->K, &x->values_of, &x->options, &x->training, &loss, NULL),
        ATTPOOL_OK);
    return loss;
}

static int64_t tensor_elements(const DLTensor *t)
{
    int64_t count = 1;
    for (int c = 0; c < t->ndim; c++)
        count *= t->shape[c];
    return count;
}

/* The parameters of the model. */
static int parameters_of(struct data *x, enum model model, double **list)
{
    const DLTensor *const all[] = { &x->W, &x->F, &x->WQ, &x->WK, &x->WV };
    const bool learned[] = { model < ADDITIVE, model == MATRIX, model >= ADDITIVE,
                             model >= ADDITIVE, model == ADDITIVE };
    int count = 0;
    for (int i = 0; i < 5; i++)
        for (int64_t k = 0; learned[i] && k < tensor_elements(all[i]); k++)
            list[count++] = (double *)all[i]->data + k;
    return count;
}

/* The loss is that of the formula, from predictions of attpool_pool. */
START_TEST(losses_are_those_of_leave_one_out)
{
    static double out[M * V];
    struct data x;
    data_new(&x, COORDINATE);
    attpool_masks masks = { .leave_one_out = 1 };
    attpool_pool_options options = x.options;
    DLTensor O = tensor_of(out, ELEMENT_F64, 2, x.values);
    options.masks = &masks;
    ck_assert_int_eq(attpool_pool(context, &x.K, &x.K, &x.values_of, &options, &O), ATTPOOL_OK);
    double squares = 0, part = 0;
    for (int i = 0; i < M * V; i++) {
        squares += (out[i] - x.v[i]) * (out[i] - x.v[i]);
        if (i >= 20 * V && i < 37 * V)
            part += (out[i] - x.v[i]) * (out[i] - x.v[i]);
    }
    ck_assert_double_eq_tol(loss_of(&x), squares / 2, 1e-12 * squares);
    x.training.loss = ATTPOOL_LOSS_SUM;
    ck_assert_double_eq_tol(loss_of(&x), squares, 1e-12 * squares);
    x.training.loss = ATTPOOL_LOSS_MEAN;
    ck_assert_double_eq_tol(loss_of(&x), squares / (M * V), 1e-12);
    x.training.first = 20, x.training.count = 17;
    ck_assert_double_eq_tol(loss_of(&x), part / (17 * V), 1e-12);
}
END_TEST

/* A step changes each parameter by the rate times the central difference of the loss. */
START_TEST(steps_follow_the_gradient)
{
    const enum model model = (enum model)(_i / 3);
    static double *list[PARAMETERS], differences[PARAMETERS], before[PARAMETERS];
    struct data x;
    double loss;
    data_new(&x, model);
    x.training.loss = (attpool_loss)(_i % 3);
    x.training.first = _i % 2 ? 30 : 0;
    x.training.count = _i % 2 ? 40 : 0;
    const int count = parameters_of(&x, model, list);
    for (int i = 0; i < count; i++) {
        const double old = *list[i], h = 1e-5;
        *list[i] = old + h;
        differences[i] = loss_of(&x);
        *list[i] = old - h;
        differences[i] = (differences[i] - loss_of(&x)) / (2 * h);
        *list[i] = before[i] = old;
    }
    const double whole = loss_of(&x);
    ck_assert_int_eq(step(context, &x, &loss), ATTPOOL_OK);
    ck_assert_double_eq(loss, whole);
    for (int i = 0; i < count; i++)
        ck_assert_double_eq_tol((before[i] - *list[i]) / x.training.rate, differences[i], 1e-7);
    ck_assert_double_lt(loss_of(&x), whole);
}
END_TEST

START_TEST(every_backend_takes_the_same_steps)
{
    struct data x, y;
    double loss, other;
    for (int backend = 0; backend < TEST_BACKENDS; backend++) {
        if (is_opencl(test_backends[backend]))
            continue;
        attpool_context *c = open_backend(test_backends[backend], 3);
        for (int model = 0; c && model < MODELS; model++) {
            data_new(&x, (enum model)model);
            data_new(&y, (enum model)model);
            for (int i = 0; i < 3; i++) {
                ck_assert_int_eq(step(context, &x, &loss), ATTPOOL_OK);
                ck_assert_int_eq(step(c, &y, &other), ATTPOOL_OK);
                ck_assert_mem_eq(&loss, &other, sizeof loss);
            }
            ck_assert_mem_eq(x.w, y.w, sizeof x.w);
            ck_assert_mem_eq(x.wq, y.wq, sizeof x.wq);
            ck_assert_mem_eq(x.wk, y.wk, sizeof x.wk);
            ck_assert_mem_eq(x.wv, y.wv, sizeof x.wv);
        }
        attpool_close(c);
    }
}
END_TEST

/* A parameter of any strides, in float32 too. */
START_TEST(parameters_may_be_strided)
{
    float k[6] = { 0, 1, 2, 4, 1, 3 }, v[6] = { 1, 2, 0, 5, 2, 2 }, w[5] = { 0.5f, 9, 8, 0.25f, 7 };
    float plain[2] = { 0.5f, 0.25f };
    int64_t points[] = { 3, 2 }, widths[] = { 2 }, stride[] = { 3 };
    double loss, other;
    DLTensor K = tensor_of(k, ELEMENT_F32, 2, points), Y = tensor_of(v, ELEMENT_F32, 2, points);
    DLTensor W = tensor_of(w, ELEMENT_F32, 1, widths), U = tensor_of(plain, ELEMENT_F32, 1, widths);
    attpool_kernel_options kernel = { .bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE };
    attpool_pool_options options = { .score = ATTPOOL_KERNEL, .kernel = &kernel };
    attpool_training training = { .rate = 0.5 };
    attpool_parameters parameters = { .inverse_bandwidths = &W };
    W.strides = stride;
    kernel.inverse_bandwidths = &W;
    ck_assert_int_eq(attpool_train_step(context, &K, &Y, &options, &training, &parameters, &loss),
                     ATTPOOL_OK);
    kernel.inverse_bandwidths = parameters.inverse_bandwidths = &U;
    ck_assert_int_eq(attpool_train_step(context, &K, &Y, &options, &training, &parameters, &other),
                     ATTPOOL_OK);
    ck_assert(loss == other && w[0] == plain[0] && w[3] == plain[1] && w[3] != 0.25f);
    ck_assert(w[1] == 9 && w[2] == 8 && w[4] == 7);
}
END_TEST

START_TEST(a_loss_that_is_not_finite_changes_nothing)
{
    struct data x;
    double loss = 0;
    data_new(&x, ONE);
    x.kernel.kernel = ATTPOOL_BOXCAR;
    x.w[0] = 1e6; /* nothing is in reach */
    ck_assert_int_eq(step(context, &x, &loss), ATTPOOL_OK);
    ck_assert_double_nan(loss);
    ck_assert_double_eq(x.w[0], 1e6);
    x.kernel.kernel = ATTPOOL_GAUSSIAN;
    x.w[0] = 3;
    x.v[5] = 1e200;
    ck_assert_int_eq(step(context, &x, &loss), ATTPOOL_OK);
    ck_assert_double_infinite(loss);
    ck_assert_double_eq(x.w[0], 3);
}
END_TEST

static void refuses(struct data *x, attpool_status want, const char *word, const char *what)
{
    double loss, kept = x->w[0];
    check(step(context, x, &loss), want, word, what);
    ck_assert_double_eq(x->w[0], kept);
}

START_TEST(each_mistake_is_named)
{
    const attpool_status options = ATTPOOL_E_OPTIONS, gradient = ATTPOOL_E_GRADIENT;
    struct data x;
    double loss, number;
    data_new(&x, ONE);
    x.training.loss = (attpool_loss)3;
    refuses(&x, options, "loss is 3, which is not an attpool_loss", "a loss");
    x.training = (attpool_training){ .rate = NAN };
    refuses(&x, options, "rate is nan, it should be finite", "a rate");
    x.training = (attpool_training){ .first = M };
    refuses(&x, options, "first is 150, it should be 0 to 149", "a row");
    x.training = (attpool_training){ .first = 100, .count = 51 };
    refuses(&x, options, "count is 51, it should be 0 to 50", "a batch");
    data_new(&x, ONE);
    x.parameters = (attpool_parameters){ .size = 0 };
    refuses(&x, gradient, "no parameter is to be learned", "nothing");
    x.parameters.wq = &x.WQ;
    refuses(&x, gradient, "the parameter wq is not the tensor of the options", "another one");
    data_new(&x, ONE);
    DLTensor twin = x.W;
    twin.strides = (int64_t[]){ 1000 };
    x.parameters.inverse_bandwidths = &twin;
    refuses(&x, gradient, "the parameter inverse_bandwidths is not the tensor of the options",
            "other strides");
    data_new(&x, ONE);
    x.W.data = x.K.data;
    refuses(&x, gradient, "inverse_bandwidths overlaps K", "what is learned from");
    data_new(&x, COORDINATE);
    x.W.strides = (int64_t[]){ 0 };
    refuses(&x, gradient, "inverse_bandwidths overlaps itself", "a broadcast one");
    data_new(&x, ONE);
    x.options.lse = &x.W;
    refuses(&x, options, "lse, n_eff, weights, rows, max and sum should be NULL", "an output");
    data_new(&x, ONE);
    x.values[0] = M - 1;
    refuses(&x, ATTPOOL_E_VALUE, "V has 149 rows, K has 150", "too few values");
    data_new(&x, ONE);
    x.keys[0] = x.values[0] = 0;
    refuses(&x, ATTPOOL_E_KEY, "K has no rows", "no rows");
    data_new(&x, ONE);
    check(attpool_train_step(context, &x.K, &x.values_of, &x.options, NULL, &x.parameters, NULL),
          ATTPOOL_E_CONTEXT, "loss is NULL", "no loss");
    attpool_gradients gradients = { .V = &x.values_of };
    check(attpool_train_loss(context, &x.K, &x.values_of, &x.options, NULL, &loss, &gradients),
          gradient, "dV is asked for, which is not a parameter", "values");
    gradients = (attpool_gradients){ .inverse_bandwidths = &x.W };
    DLTensor one = tensor_of(&number, ELEMENT_F64, 1, (int64_t[]){ 1 });
    gradients.inverse_bandwidths = &one;
    check(attpool_train_loss(context, &x.K, &x.values_of, &x.options, NULL, &loss, &gradients),
          ATTPOOL_OK, "", "its gradient");
}
END_TEST

/* ---- the order of an epoch ---- */

START_TEST(orders_are_permutations)
{
    enum { COUNT = 1000 };
    static int64_t order[COUNT], again[COUNT];
    bool seen[COUNT] = { false };
    ck_assert_int_eq(attpool_train_order(7, 3, COUNT, order), ATTPOOL_OK);
    for (int i = 0; i < COUNT; i++) {
        ck_assert(order[i] >= 0 && order[i] < COUNT && !seen[order[i]]);
        seen[order[i]] = true;
    }
    ck_assert_int_eq(attpool_train_order(7, 3, COUNT, again), ATTPOOL_OK);
    ck_assert_mem_eq(order, again, sizeof order);
    const struct {
        uint64_t seed;
        int64_t epoch;
    } others[] = { { 7, 4 }, { 8, 3 }, { 7 + (UINT64_C(1) << 32), 3 } };
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(attpool_train_order(others[i].seed, others[i].epoch, COUNT, again),
                         ATTPOOL_OK);
        ck_assert_mem_ne(order, again, sizeof order);
    }
    ck_assert_int_eq(attpool_train_order(7, -1, 3, order), ATTPOOL_E_OPTIONS);
    ck_assert_int_eq(attpool_train_order(7, INT64_C(1) << 32, 3, order), ATTPOOL_E_OPTIONS);
    ck_assert_int_eq(attpool_train_order(7, 0, -3, order), ATTPOOL_E_OPTIONS);
    ck_assert_int_eq(attpool_train_order(7, 0, 3, NULL), ATTPOOL_E_OPTIONS);
}
END_TEST

/* Each of the 24 orders of four rows comes as often as the others. */
START_TEST(orders_are_equally_likely)
{
    enum { EPOCHS = 24000 };
    int counts[256] = { 0 }, kinds = 0;
    double chi = 0;
    for (int64_t epoch = 0; epoch < EPOCHS; epoch++) {
        int64_t order[4];
        ck_assert_int_eq(attpool_train_order(1, epoch, 4, order), ATTPOOL_OK);
        counts[order[0] | order[1] << 2 | order[2] << 4 | order[3] << 6]++;
    }
    for (int i = 0; i < 256; i++) {
        kinds += counts[i] > 0;
        if (counts[i] > 0)
            chi += (counts[i] - 1000.0) * (counts[i] - 1000.0) / 1000;
    }
    ck_assert_int_eq(kinds, 24);
    ck_assert_double_lt(chi, 50); /* of 23 degrees of freedom: 0.1 % lie above 49.7 */
}
END_TEST

Suite *suite_train(void)
{
    Suite *suite = suite_create("train");
    TCase *tc = tcase_create("train");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_add_test(tc, losses_are_those_of_leave_one_out);
    tcase_add_loop_test(tc, steps_follow_the_gradient, 0, 3 * MODELS);
    tcase_add_test(tc, every_backend_takes_the_same_steps);
    tcase_add_test(tc, parameters_may_be_strided);
    tcase_add_test(tc, a_loss_that_is_not_finite_changes_nothing);
    tcase_add_test(tc, each_mistake_is_named);
    tcase_add_test(tc, orders_are_permutations);
    tcase_add_test(tc, orders_are_equally_likely);
    suite_add_tcase(suite, tc);
    return suite;
}
