/* SPDX-License-Identifier: Apache-2.0 */
#include "core/context.h"
#include "tests/suites/suites.h"
#include "tests/support/selection.h"

/* Scores of bandwidths: factors, gradients, one answer, errors. */

/* ---- factors ---- */

START_TEST(a_factor_is_a_bandwidth)
{
    struct problem p;
    for (int kernel = ATTPOOL_GAUSSIAN; kernel <= ATTPOOL_TRIANGULAR; kernel++)
        for (int single = 0; single < 2; single++) {
            problem_new(&p, 2, 1);
            p.kernel.kernel = (attpool_kernel_name)kernel;
            p.element = single ? ELEMENT_F32 : ELEMENT_F64;
            p.w[0] = 2;
            p.w[1] = 3;
            const double got = score(&p, 1.5);
            p.w[0] = single ? (double)attpool_inverse_bandwidth_f32(1.5F) * 2
                            : attpool_inverse_bandwidth_f64(1.5) * 2;
            p.w[1] = 2;
            ck_assert(score(&p, 1) == got);
            ck_assert(own_score(&p, NULL) == got);
        }
}
END_TEST

/* Keys one bandwidth away stay outside of a compact kernel whatever the factor: on integers those
 * of 49 see their 48 neighbours on each side. */
START_TEST(supports_stay_open)
{
    struct problem p;
    static double out[M], lse[M];
    for (int h = 2; h < 30; h++) {
        problem_new(&p, 1, 1);
        for (int64_t i = 0; i < M; i++)
            p.x[i] = 7 * (double)i;
        p.kernel.kernel = ATTPOOL_BOXCAR;
        p.kernel.bandwidth = 0;
        p.kernel.inverse_bandwidth = 1;
        const double got = score(&p, 7 * h);
        p.kernel.inverse_bandwidth = 0;
        p.kernel.bandwidth = 7 * h - 1;
        pool(&p, true, out, lse, NULL);
        ck_assert(got == mean_square(&p, out, 0));
    }
}
END_TEST

/* ---- gradients ---- */

/* By differences of the curve, in steps of the logarithm. */
START_TEST(gradients_are_slopes)
{
    static const attpool_kernel_name kernels[] = { ATTPOOL_GAUSSIAN, ATTPOOL_LOGISTIC,
                                                   ATTPOOL_TRIWEIGHT, ATTPOOL_CAUCHY };
    struct problem p;
    double gradient[MOST_D], unused[MOST_D];
    for (int k = 0; k < 4; k++)
        for (int variant = 0; variant < 24; variant++) {
            const double step = 1e-5;
            problem_new(&p, variant % 3 + 1, variant & 4 ? 2 : 1);
            p.kernel.kernel = kernels[k];
            p.kernel.bandwidth = 1.5;
            p.kernel.form = k % 2 ? ATTPOOL_PRODUCT : ATTPOOL_RADIAL;
            p.weighted = (variant & 4) != 0;
            p.selection.criterion = (attpool_criterion)(variant / 3 % 3);
            const bool each = variant >= 12;
            for (int64_t c = 0; c < p.d && each; c++)
                p.w[c] = 1 / (1.3 + 0.2 * (double)c);
            own_score(&p, gradient);
            for (int64_t c = 0; c < (each ? p.d : 1); c++) {
                double side[2], w = p.w[c];
                for (int i = 0; i < 2; i++) {
                    const double factor = exp(i ? step : -step);
                    p.w[c] = w / factor;
                    p.kernel.bandwidth = each ? 0 : 1.5 * factor;
                    side[i] = own_score(&p, i ? NULL : unused);
                }
                p.w[c] = w;
                p.kernel.bandwidth = each ? 0 : 1.5;
                near(gradient[c], (side[1] - side[0]) / (2 * step), 2e-7, "the gradient");
                ck_assert(fabs(gradient[c]) > 1e-5);
            }
        }
}
END_TEST

/* Products of gradients and values leave the range of float32 where neither does. */
START_TEST(gradients_have_the_units_of_values)
{
    struct problem p;
    double want[MOST_D], got[MOST_D];
    for (int v = 1; v <= 2; v++)
        for (int criterion = 0; criterion <= ATTPOOL_CRITERION_BRIER; criterion++) {
            if (criterion == ATTPOOL_CRITERION_LIKELIHOOD)
                continue;
            problem_new(&p, 2, v);
            p.selection.criterion = (attpool_criterion)criterion;
            p.element = ELEMENT_F32;
            p.w[0] = p.w[1] = 2;
            own_score(&p, want);
            for (int64_t i = 0; i < M * v; i++)
                p.y[i] *= 0x1p80;
            own_score(&p, got);
            const bool squares = criterion == ATTPOOL_CRITERION_BRIER ||
                                 (criterion == ATTPOOL_CRITERION_CV && v == 1);
            for (int c = 0; c < 2; c++)
                near(got[c] / (squares ? 0x1p160 : 1), want[c], 1e-5 * fabs(want[c]), "the slope");
        }
}
END_TEST

START_TEST(infinite_scores_have_no_gradient)
{
    struct problem p;
    double gradient = 0;
    problem_new(&p, 1, 1);
    p.kernel.kernel = ATTPOOL_BIWEIGHT;
    p.kernel.bandwidth = 1e-9;
    ck_assert(isinf(own_score(&p, &gradient)) > 0 && isnan(gradient));
}
END_TEST

/* ---- one answer ---- */

START_TEST(scores_do_not_depend_on_threads_and_backends)
{
    struct problem p;
    const double factors[] = { 0.3, 1, 2.5 };
    double want[3], got[3];
    attpool_context *own = context;
    for (int criterion = 0; criterion <= ATTPOOL_CRITERION_BRIER; criterion++) {
        problem_new(&p, 2, criterion == ATTPOOL_CRITERION_LIKELIHOOD ? 1 : V);
        p.selection.criterion = (attpool_criterion)criterion;
        p.kernel.kernel = ATTPOOL_SIGMOID;
        p.weighted = true;
        succeeds(curve(&p, 3, factors, want, NULL));
        for (int threads = 1; threads < 8; threads += 3) {
            const attpool_options options = { .backend = "scalar", .threads = threads };
            ck_assert_int_eq(attpool_open(&options, &context), ATTPOOL_OK);
            succeeds(curve(&p, 3, factors, got, NULL));
            ck_assert(memcmp(got, want, sizeof got) == 0);
            attpool_close(context);
            context = own;
        }
    }
}
END_TEST

static int stop(void *data, double fraction)
{
    (void)data;
    (void)fraction;
    return 1;
}

START_TEST(curves_can_be_cancelled)
{
    enum { ROWS = 500, FACTORS = 10 };
    const attpool_options options = { .progress = stop, .threads = 1 };
    attpool_context *own = context;
    double x[ROWS], factors[FACTORS], scores[FACTORS];
    for (int i = 0; i < ROWS; i++)
        x[i] = random_at(9, (uint64_t)i);
    for (int k = 0; k < FACTORS; k++)
        factors[k] = 1;
    DLTensor K = tensor_of(x, ELEMENT_F64, 2, SHAPE(ROWS, 1));
    attpool_pool_options pooling = { .score = ATTPOOL_KERNEL };
    ck_assert_int_eq(attpool_open(&options, &context), ATTPOOL_OK);
    context->engine.progress_interval = 0;
    ck_assert_int_eq(
        attpool_bandwidth_curve(context, &K, &K, &pooling, NULL, FACTORS, factors, scores, NULL),
        ATTPOOL_E_CANCELLED);
    attpool_close(context);
    context = own;
}
END_TEST

/* ---- errors ---- */

static attpool_status judge(struct problem *p)
{
    double result;
    return attpool_bandwidth_score(context, &p->K, values_of(p), &p->options, &p->selection,
                                   &result, NULL, NULL);
}

START_TEST(errors_name_the_option)
{
    struct problem p;
    problem_new(&p, 1, 1);
    problem_set(&p);
    p.options.score = ATTPOOL_DOT;
    is_refused(ATTPOOL_E_OPTIONS, "score should be ATTPOOL_KERNEL", judge(&p));
    problem_set(&p);
    p.options.dropout = 0.5;
    is_refused(ATTPOOL_E_OPTIONS, "dropout is set", judge(&p));
    p.options.dropout = 0;
    p.options.lse = &p.weights;
    is_refused(ATTPOOL_E_OPTIONS, "lse, n_eff, weights", judge(&p));
    problem_set(&p);
    is_refused(
        ATTPOOL_E_OPTIONS, "options is NULL: score should be ATTPOOL_KERNEL",
        attpool_bandwidth_curve(context, &p.K, &p.values, NULL, &p.selection, 0, NULL, NULL, NULL));
}
END_TEST

START_TEST(errors_name_the_selection)
{
    struct problem p;
    double scores[2], gradient[2];
    problem_new(&p, 1, 1);
    problem_set(&p);
    p.selection.criterion = (attpool_criterion)4;
    is_refused(ATTPOOL_E_OPTIONS, "criterion is 4", judge(&p));
    p.selection.criterion = ATTPOOL_CRITERION_AICC;
    p.masks.causal = 1;
    is_refused(ATTPOOL_E_OPTIONS, "AICc takes no masks", judge(&p));
    p.selection.criterion = ATTPOOL_CRITERION_CV;
    ck_assert_int_eq(judge(&p), ATTPOOL_OK);
    p.masks.causal = 0;
    p.selection.degree = 2;
    is_refused(ATTPOOL_E_OPTIONS, "degree is 2", judge(&p));
    p.selection.degree = 1;
    is_refused(ATTPOOL_E_OPTIONS, "a gradient needs degree 0",
               attpool_bandwidth_score(context, &p.K, &p.values, &p.options, &p.selection, scores,
                                       NULL, gradient));
    p.selection.criterion = ATTPOOL_CRITERION_LIKELIHOOD;
    is_refused(ATTPOOL_E_OPTIONS, "a density has none", judge(&p));
    p.selection.criterion = ATTPOOL_CRITERION_CV;
    p.selection.degree = 0;
    is_refused(ATTPOOL_E_BANDWIDTH, "factors[1] is -2",
               curve(&p, 2, (double[]){ 1, -2 }, scores, NULL));
    is_refused(ATTPOOL_E_BANDWIDTH, "factors or scores is NULL", curve(&p, 1, NULL, scores, NULL));
    p.selection.criterion = ATTPOOL_CRITERION_LIKELIHOOD;
    is_refused(ATTPOOL_E_VALUE, "the likelihood takes no V",
               attpool_bandwidth_curve(context, &p.K, &p.values, &p.options, &p.selection, 0, NULL,
                                       NULL, NULL));
    p.kernel.bandwidth = 0;
    p.kernel.bandwidth_per = ATTPOOL_BANDWIDTH_KEY;
    p.kernel.inverse_bandwidths = &p.weights;
    p.selection.criterion = ATTPOOL_CRITERION_CV;
    is_refused(ATTPOOL_E_OPTIONS, "a gradient needs one bandwidth",
               attpool_bandwidth_score(context, &p.K, &p.values, &p.options, &p.selection, scores,
                                       NULL, gradient));
}
END_TEST

START_TEST(errors_name_the_array)
{
    struct problem p;
    problem_new(&p, 1, 1);
    problem_set(&p);
    p.shape_v[0] = M - 1;
    is_refused(ATTPOOL_E_VALUE, "V has 39", judge(&p));
    p.shape_v[0] = M;
    p.x[7] = (double)NAN;
    is_refused(ATTPOOL_E_KEY, "K[7,0] is nan", judge(&p));
    p.x[7] = 0;
    p.y[3] = (double)INFINITY;
    is_refused(ATTPOOL_E_VALUE, "V[3,0] is inf", judge(&p));
    p.y[3] = 0;
    p.options.key_weights = &p.weights;
    memset(p.a, 0, sizeof p.a);
    is_refused(ATTPOOL_E_KEY_WEIGHTS, "no row has a weight", judge(&p));
    p.kernel.bandwidth = -1;
    is_refused(ATTPOOL_E_KEY_WEIGHTS, "no row", judge(&p));
    p.options.key_weights = NULL;
    is_refused(ATTPOOL_E_BANDWIDTH, "bandwidth is -1", judge(&p));
}
END_TEST

Suite *suite_score(void)
{
    Suite *suite = suite_create("score");
    TCase *tc = tcase_create("score");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_add_test(tc, a_factor_is_a_bandwidth);
    tcase_add_test(tc, supports_stay_open);
    tcase_add_test(tc, gradients_are_slopes);
    tcase_add_test(tc, gradients_have_the_units_of_values);
    tcase_add_test(tc, infinite_scores_have_no_gradient);
    tcase_add_test(tc, scores_do_not_depend_on_threads_and_backends);
    tcase_add_test(tc, curves_can_be_cancelled);
    tcase_add_test(tc, errors_name_the_option);
    tcase_add_test(tc, errors_name_the_selection);
    tcase_add_test(tc, errors_name_the_array);
    suite_add_tcase(suite, tc);
    return suite;
}
