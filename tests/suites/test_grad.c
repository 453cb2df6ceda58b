/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/failing.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <string.h>

/* What can be wrong with a call for gradients, and what it writes when nothing is. */

enum { N = 3, M = 4, D = 2, V = 2 };

struct data {
    float q[N * D], k[M * D], v[M * V], o[N * V], d_out[N * V], d_lse[N], max[N], sum[N];
    float dq[N * D], dk[M * D], dv[M * V], number;
    DLTensor Q, K, value, O, dO, dL, top, total, dQ, dK, dV, one;
    int64_t queries[2], keys[2], values[2], outputs[2], rows[1], single[1];
    attpool_pool_options options;
    attpool_gradients gradients;
};

static void data_new(struct data *x)
{
    memset(x, 0, sizeof *x);
    x->queries[0] = x->outputs[0] = x->rows[0] = N;
    x->keys[0] = x->values[0] = M;
    x->queries[1] = x->keys[1] = D;
    x->values[1] = x->outputs[1] = V;
    x->single[0] = 1;
    for (int i = 0; i < N * D; i++)
        x->q[i] = (float)random_at(1, (uint64_t)i);
    for (int i = 0; i < M * D; i++)
        x->k[i] = x->v[i] = (float)random_at(2, (uint64_t)i);
    for (int i = 0; i < N * V; i++)
        x->d_out[i] = (float)random_at(3, (uint64_t)i);
    x->Q = tensor_of(x->q, ELEMENT_F32, 2, x->queries);
    x->dQ = tensor_of(x->dq, ELEMENT_F32, 2, x->queries);
    x->K = tensor_of(x->k, ELEMENT_F32, 2, x->keys);
    x->dK = tensor_of(x->dk, ELEMENT_F32, 2, x->keys);
    x->value = tensor_of(x->v, ELEMENT_F32, 2, x->values);
    x->dV = tensor_of(x->dv, ELEMENT_F32, 2, x->values);
    x->O = tensor_of(x->o, ELEMENT_F32, 2, x->outputs);
    x->dO = tensor_of(x->d_out, ELEMENT_F32, 2, x->outputs);
    x->dL = tensor_of(x->d_lse, ELEMENT_F32, 1, x->rows);
    x->top = tensor_of(x->max, ELEMENT_F32, 1, x->rows);
    x->total = tensor_of(x->sum, ELEMENT_F32, 1, x->rows);
    x->one = tensor_of(&x->number, ELEMENT_F32, 1, x->single);
    x->options = (attpool_pool_options){ .max = &x->top, .sum = &x->total };
    x->gradients = (attpool_gradients){ .Q = &x->dQ, .K = &x->dK, .V = &x->dV };
    ck_assert_int_eq(attpool_pool(context, &x->Q, &x->K, &x->value, &x->options, &x->O),
                     ATTPOOL_OK);
}

static attpool_status run(struct data *x)
{
    return attpool_pool_grad(context, &x->Q, &x->K, &x->value, &x->options, &x->O, &x->dO, NULL,
                             &x->gradients);
}

START_TEST(each_argument_is_named)
{
    struct data x;
    int64_t wrong[] = { N, D + 1 };
    float room[N * (D + 1)];
    DLTensor other = tensor_of(room, ELEMENT_F32, 2, wrong);
    data_new(&x);
    check(run(&x), ATTPOOL_OK, "", "nothing");
    x.options.max = NULL;
    check(run(&x), ATTPOOL_E_MAX, "max", "no max");
    data_new(&x);
    x.options.sum = NULL;
    check(run(&x), ATTPOOL_E_SUM, "sum", "no sum");
    data_new(&x);
    x.gradients.Q = &other;
    check(run(&x), ATTPOOL_E_GRADIENT, "dQ has shape (3, 3), it should be (3, 2), that of Q",
          "a shape");
    x.gradients.Q = &x.Q;
    check(run(&x), ATTPOOL_E_GRADIENT, "dQ overlaps Q", "an overlap");
    x.gradients.Q = &x.dK;
    check(run(&x), ATTPOOL_E_GRADIENT, "dQ has shape", "another shape");
    data_new(&x);
    x.gradients.wq = &x.dQ;
    check(run(&x), ATTPOOL_E_GRADIENT, "dwq is asked for, but the call has no wq", "no matrix");
    data_new(&x);
    x.gradients.inverse_bandwidths = &x.one;
    check(run(&x), ATTPOOL_E_GRADIENT, "no inverse bandwidth", "no kernel");
    data_new(&x);
    x.gradients = (attpool_gradients){ .Q = NULL };
    check(run(&x), ATTPOOL_E_GRADIENT, "no gradient", "nothing asked for");
    check(attpool_pool_grad(context, &x.Q, &x.K, &x.value, &x.options, &x.O, &x.dO, NULL, NULL),
          ATTPOOL_E_GRADIENT, "no gradient", "no structure");
    data_new(&x);
    check(attpool_pool_grad(context, &x.Q, &x.K, &x.value, &x.options, &x.O, NULL, NULL,
                            &x.gradients),
          ATTPOOL_E_GRADIENT, "dO and dL", "neither dO nor dL");
    check(attpool_pool_grad(context, &x.Q, &x.K, &x.value, &x.options, NULL, &x.dO, NULL,
                            &x.gradients),
          ATTPOOL_E_OUTPUT, "O is NULL", "no O");
    check(attpool_pool_grad(context, &x.Q, &x.K, &x.value, &x.options, &x.O, NULL, &x.dL,
                            &x.gradients),
          ATTPOOL_E_GRADIENT, "dV is asked for", "V by L");
    check(attpool_pool_grad(context, &x.Q, &x.K, &x.value, &x.options, &x.O, &other, NULL,
                            &x.gradients),
          ATTPOOL_E_GRADIENT, "dO has shape", "a shape of dO");
}
END_TEST

/* F = the sum of O: as W sums to 1, moving all values by a number moves each O by it. */
START_TEST(values_share_what_outputs_get)
{
    struct data x;
    data_new(&x);
    for (int i = 0; i < N * V; i++)
        x.d_out[i] = 1;
    ck_assert_int_eq(run(&x), ATTPOOL_OK);
    for (int c = 0; c < V; c++) {
        float sum = 0;
        for (int j = 0; j < M; j++)
            sum += x.dv[j * V + c];
        ck_assert_float_eq_tol(sum, N, 1e-5f);
    }
}
END_TEST

/* A key whose weights are 0, for it is hidden or its inverse bandwidth is infinite, moves nothing,
 * and nothing moves it: key 1. */
static void check_weightless(attpool_kernel_name kernel, attpool_form form, float width, bool hide)
{
    struct data x;
    float widths[M] = { 1, width, 0.5f, 0.8f }, d_widths[M];
    uint8_t open[M] = { 1, !hide, 1, 1 };
    DLTensor w = tensor_of(widths, ELEMENT_F32, 1, (int64_t[]){ M });
    DLTensor dw = tensor_of(d_widths, ELEMENT_F32, 1, (int64_t[]){ M });
    DLTensor mask = tensor_of(open, ELEMENT_U8, 2, (int64_t[]){ 1, M });
    const attpool_masks masks = { .mask = &mask };
    const attpool_kernel_options options = { .kernel = kernel,
                                             .form = form,
                                             .bandwidth_per = ATTPOOL_BANDWIDTH_KEY,
                                             .inverse_bandwidths = &w };
    data_new(&x);
    x.options.score = ATTPOOL_KERNEL;
    x.options.kernel = &options;
    x.options.masks = &masks;
    x.gradients.inverse_bandwidths = &dw;
    ck_assert_int_eq(attpool_pool(context, &x.Q, &x.K, &x.value, &x.options, &x.O), ATTPOOL_OK);
    ck_assert_int_eq(run(&x), ATTPOOL_OK);
    for (int i = 0; i < N * D; i++)
        ck_assert_msg(isfinite(x.dq[i]), "%d: dQ is %g", kernel, x.dq[i]);
    for (int c = 0; c < D; c++) {
        ck_assert_msg(x.dk[D + c] == 0, "%d: dK is %g", kernel, x.dk[D + c]);
        ck_assert_msg(x.dv[V + c] == 0, "%d: dV is %g", kernel, x.dv[V + c]);
    }
    ck_assert_msg(d_widths[1] == 0, "%d: dw is %g", kernel, d_widths[1]);
}

START_TEST(a_key_without_weight_has_no_gradient)
{
    static const attpool_form forms[] = { ATTPOOL_RADIAL, ATTPOOL_PRODUCT };
    static const attpool_kernel_name kernels[] = { ATTPOOL_GAUSSIAN,     ATTPOOL_LAPLACIAN,
                                                   ATTPOOL_EPANECHNIKOV, ATTPOOL_TRICUBE,
                                                   ATTPOOL_LOGISTIC,     ATTPOOL_SILVERMAN,
                                                   ATTPOOL_CAUCHY };
    for (size_t k = 0; k < sizeof kernels / sizeof kernels[0]; k++)
        for (int form = 0; form < 2; form++) {
            check_weightless(kernels[k], forms[form], HUGE_VALF, false);
            check_weightless(kernels[k], forms[form], HUGE_VALF, true);
            check_weightless(kernels[k], forms[form], NAN, true);
        }
}
END_TEST

START_TEST(a_state_has_no_max)
{
    struct data x;
    attpool_state *state;
    data_new(&x);
    check(attpool_state_pool(context, &x.Q, &x.K, &x.value, &x.options, &state), ATTPOOL_E_OPTIONS,
          "max", "max of a state");
}
END_TEST

Suite *suite_grad(void)
{
    Suite *suite = suite_create("grad");
    TCase *tc = tcase_create("grad");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_add_test(tc, each_argument_is_named);
    tcase_add_test(tc, values_share_what_outputs_get);
    tcase_add_test(tc, a_key_without_weight_has_no_gradient);
    tcase_add_test(tc, a_state_has_no_max);
    suite_add_tcase(suite, tc);
    return suite;
}
