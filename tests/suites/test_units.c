/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/kernels.h"
#include "tests/suites/golden.h"
#include "tests/suites/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a compact support ends, and data in any unit. */

/* ---- Edges of compact supports ----------------------------------------------------------- */

/* G of one query at `from` and one key at `to` of d coordinates. */
static double pair_at(enum element element, const attpool_kernel_options *options, int d,
                      const double *from, const double *to)
{
    double q[4], k[4], g = -1;
    float qf[4], kf[4], gf = -1;
    bool single = element == ELEMENT_F32;
    for (int c = 0; c < d; c++) {
        q[c] = from[c];
        k[c] = to[c];
        qf[c] = (float)from[c];
        kf[c] = (float)to[c];
    }
    DLTensor Q = tensor_of(single ? (void *)qf : (void *)q, element, 2, SHAPE(1, d));
    DLTensor K = tensor_of(single ? (void *)kf : (void *)k, element, 2, SHAPE(1, d));
    DLTensor G = tensor_of(single ? (void *)&gf : (void *)&g, element, 2, SHAPE(1, 1));
    succeeds(attpool_kernel(context, &Q, &K, options, &G));
    return single ? (double)gf : g;
}

START_TEST(a_key_one_bandwidth_away_is_outside)
{
    static const attpool_kernel_name kernels[] = {
        ATTPOOL_BOXCAR,    ATTPOOL_TRIANGULAR, ATTPOOL_EPANECHNIKOV, ATTPOOL_BIWEIGHT,
        ATTPOOL_TRIWEIGHT, ATTPOOL_TRICUBE,    ATTPOOL_COSINE,
    };
    enum element element = _i ? ELEMENT_F64 : ELEMENT_F32;
    for (int sigma = 1; sigma <= 1000; sigma++)
        for (size_t k = 0; k < COUNT(kernels); k++)
            for (int form = 0; form < 2; form++) {
                attpool_kernel_options options = { .kernel = kernels[k],
                                                   .form = (attpool_form)form,
                                                   .bandwidth = sigma };
                double at = sigma, inside = nextafter(sigma, 0), zero = 0;
                double g = pair_at(element, &options, 1, &at, &zero);
                ck_assert_msg(g == 0 && !signbit(g), "sigma %d, %s: %g", sigma,
                              attpool_kernel_to_name(kernels[k]), g);
                at = -sigma;
                ck_assert(pair_at(element, &options, 1, &at, &zero) == 0);
                /* The same by a width that was rounded up by the library's own function. */
                double width = element == ELEMENT_F32
                                   ? (double)attpool_inverse_bandwidth_f32((float)sigma)
                                   : attpool_inverse_bandwidth_f64(sigma);
                attpool_kernel_options by_inverse = options;
                by_inverse.bandwidth = 0;
                by_inverse.inverse_bandwidth = width;
                ck_assert(pair_at(element, &by_inverse, 1, &at, &zero) == 0);
                inside = element == ELEMENT_F32 ? (double)nextafterf((float)sigma, 0) : inside;
                /* Four of the next numbers inside are certainly in for a kernel that jumps. */
                inside -= 4 * (sigma - inside);
                if (kernels[k] == ATTPOOL_BOXCAR)
                    ck_assert_msg(pair_at(element, &options, 1, &inside, &zero) == 1, "sigma %d",
                                  sigma);
            }
}
END_TEST

START_TEST(a_key_on_the_circle_is_outside)
{
    /* Whole numbers with a^2 + b^2 = c^2. */
    static const int triples[][3] = { { 3, 4, 5 },    { 5, 12, 13 },  { 8, 15, 17 },
                                      { 7, 24, 25 },  { 20, 21, 29 }, { 12, 35, 37 },
                                      { 9, 40, 41 },  { 28, 45, 53 }, { 11, 60, 61 },
                                      { 16, 63, 65 }, { 33, 56, 65 }, { 48, 55, 73 } };
    enum element element = _i ? ELEMENT_F64 : ELEMENT_F32;
    for (size_t t = 0; t < COUNT(triples); t++)
        for (int times = 1; times <= 49; times += 6)
            for (int d = 2; d <= 3; d++) {
                attpool_kernel_options options = { .kernel = ATTPOOL_BOXCAR,
                                                   .bandwidth = triples[t][2] * times };
                double q[] = { 1000.0 + triples[t][0] * times, -2.0 - triples[t][1] * times, 7 };
                double k[] = { 1000, -2, 7 };
                double g = pair_at(element, &options, d, q, k);
                ck_assert_msg(g == 0, "%d^2 + %d^2 = %d^2, times %d: %g", triples[t][0],
                              triples[t][1], triples[t][2], times, g);
                k[0] += 1;
                ck_assert(pair_at(element, &options, d, q, k) == 1);
            }
}
END_TEST

START_TEST(width_of_a_bandwidth)
{
    ck_assert(attpool_inverse_bandwidth_f32(2) == 0.5f && attpool_inverse_bandwidth_f64(4) == 0.25);
    for (int sigma = 1; sigma <= 100000; sigma++) {
        double w = attpool_inverse_bandwidth_f64(sigma);
        ck_assert(fma(w, sigma, -1) >= 0 && fma(nextafter(w, 0), sigma, -1) < 0);
        float f = attpool_inverse_bandwidth_f32((float)sigma);
        ck_assert((double)f * sigma >= 1 && (double)nextafterf(f, 0) * sigma < 1);
    }
    static const double bad[] = { 0, -1, -0.0 };
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert(isnan(attpool_inverse_bandwidth_f32((float)bad[i])) &&
                  isnan(attpool_inverse_bandwidth_f64(bad[i])));
    ck_assert(isnan(attpool_inverse_bandwidth_f64((double)NAN)) &&
              isnan(attpool_inverse_bandwidth_f32(NAN)));
    ck_assert(isnan(attpool_inverse_bandwidth_f64(HUGE_VAL)) &&
              isnan(attpool_inverse_bandwidth_f32(HUGE_VALF)));
}
END_TEST

/* ---- Units and ranges -------------------------------------------------------------------- */

/* Regression of the same data in another unit. */
static void regress_in_unit(enum element element, attpool_kernel_name kernel, double unit, int d,
                            double *fit)
{
    enum { N = 7, M = 40 };
    double q[N * 3], x[M * 3], y[M];
    float qf[N * 3], xf[M * 3], yf[M], fitf[N];
    for (int i = 0; i < N * d; i++)
        qf[i] = (float)(q[i] = unit * (double)(float)random_at(6, (uint64_t)i));
    for (int j = 0; j < M * d; j++)
        xf[j] = (float)(x[j] = unit * (double)(float)random_at(7, (uint64_t)j));
    for (int j = 0; j < M; j++)
        yf[j] = (float)(y[j] = random_at(8, (uint64_t)j));
    double bandwidth = 1.25 * unit;
    if (element == ELEMENT_F64) {
        succeeds(attpool_regress_f64(context, N, M, d, 1, q, x, y, kernel, bandwidth, fit));
        return;
    }
    succeeds(attpool_regress_f32(context, N, M, d, 1, qf, xf, yf, kernel, bandwidth, fitf));
    for (int i = 0; i < N; i++)
        fit[i] = (double)fitf[i];
}

START_TEST(units_cost_nothing)
{
    static const double units[] = { 1e-30, 1e-35, 1e30, 1e37 };
    enum element element = _i ? ELEMENT_F64 : ELEMENT_F32;
    double epsilon = element == ELEMENT_F64 ? 2.3e-16 : 1.2e-7;
    for (int k = 0; k < KERNEL_COUNT; k++)
        for (int d = 1; d <= 3; d++)
            for (size_t i = 0; i < COUNT(units); i++) {
                double plain[7], scaled[7];
                regress_in_unit(element, (attpool_kernel_name)k, 1, d, plain);
                regress_in_unit(element, (attpool_kernel_name)k, units[i], d, scaled);
                for (int n = 0; n < 7; n++)
                    ck_assert_msg((isnan(plain[n]) && isnan(scaled[n])) ||
                                      fabs(plain[n] - scaled[n]) <= 60 * epsilon,
                                  "%s, d %d, unit %g: %.9g, not %.9g",
                                  attpool_kernel_to_name((attpool_kernel_name)k), d, units[i],
                                  scaled[n], plain[n]);
            }
}
END_TEST

/* A power of two is exact: the same bits. */
START_TEST(a_unit_of_a_power_of_two_changes_no_bit)
{
    enum element element = _i ? ELEMENT_F64 : ELEMENT_F32;
    for (int k = 0; k < KERNEL_COUNT; k++)
        for (int d = 1; d <= 3; d++) {
            double plain[7], small[7], large[7];
            regress_in_unit(element, (attpool_kernel_name)k, 1, d, plain);
            regress_in_unit(element, (attpool_kernel_name)k, 0x1p-95, d, small);
            regress_in_unit(element, (attpool_kernel_name)k, 0x1p+110, d, large);
            ck_assert(memcmp(plain, small, sizeof plain) == 0);
            ck_assert(memcmp(plain, large, sizeof plain) == 0);
        }
}
END_TEST

START_TEST(times_since_1970_keep_their_accuracy)
{
    /* Every minute of a day in 2024, a width of a minute; y is a straight line, which symmetric
     * neighbours reproduce. */
    enum { M = 1440 };
    double base = 1.7e9;
    double *x = malloc(M * sizeof *x), *y = malloc(M * sizeof *y), q[3], fit[3];
    for (int j = 0; j < M; j++) {
        x[j] = base + 60.0 * j;
        y[j] = j;
    }
    for (int i = 0; i < 3; i++)
        q[i] = x[400 * (i + 1)];
    succeeds(attpool_regress_f64(context, 3, M, 1, 1, q, x, y, ATTPOOL_GAUSSIAN, 60, fit));
    for (int i = 0; i < 3; i++)
        near(fit[i], 400.0 * (i + 1), 1e-12 * 1200, "the fit");
    /* At a query off the grid, against the sums themselves. */
    q[0] = base + 60.0 * 700 + 17.25;
    succeeds(attpool_regress_f64(context, 1, M, 1, 1, q, x, y, ATTPOOL_GAUSSIAN, 60, fit));
    long double sum = 0, of_y = 0;
    for (int j = 0; j < M; j++) {
        long double u = (long double)(q[0] - x[j]) / 60, w = expl(-u * u / 2);
        sum += w;
        of_y += w * (long double)y[j];
    }
    near(fit[0], (double)(of_y / sum), 1e-15 * 4 * 700, "the fit");
    free(x);
    free(y);
}
END_TEST

/* Kernels without end: a query far from every key still has weights that sum to 1. */
START_TEST(far_queries_still_have_weights)
{
    static const attpool_kernel_name kernels[] = { ATTPOOL_GAUSSIAN, ATTPOOL_LAPLACIAN,
                                                   ATTPOOL_LOGISTIC, ATTPOOL_SIGMOID };
    enum { M = 100 };
    float k[M], v[M], w[M], o, lse, q;
    for (int j = 0; j < M; j++) {
        k[j] = (float)random_at(9, (uint64_t)j);
        v[j] = 3;
    }
    DLTensor Q = tensor_of(&q, ELEMENT_F32, 2, SHAPE(1, 1));
    DLTensor K = tensor_of(k, ELEMENT_F32, 2, SHAPE(M, 1));
    DLTensor V = tensor_of(v, ELEMENT_F32, 2, SHAPE(M, 1));
    DLTensor W = tensor_of(w, ELEMENT_F32, 2, SHAPE(1, M));
    DLTensor O = tensor_of(&o, ELEMENT_F32, 2, SHAPE(1, 1));
    DLTensor L = tensor_of(&lse, ELEMENT_F32, 1, SHAPE(1));
    for (size_t i = 0; i < COUNT(kernels); i++)
        for (double far = 10; far < 1e9; far *= 100) {
            attpool_kernel_options kernel = { .kernel = kernels[i] };
            attpool_pool_options options = {
                .score = ATTPOOL_KERNEL, .kernel = &kernel, .weights = &W, .lse = &L
            };
            double sum = 0;
            q = (float)far;
            succeeds(attpool_pool(context, &Q, &K, &V, &options, &O));
            for (int j = 0; j < M; j++)
                sum += (double)w[j];
            near(sum, 1, 1e-5, "the sum of the weights");
            near((double)o, 3, 3 * 11 * 1.2e-7, "the mean of a constant");
            ck_assert(lse < -5 && isfinite(lse));
        }
}
END_TEST

Suite *suite_units(void)
{
    Suite *suite = suite_create("units");
    TCase *tc = tcase_create("units");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, a_key_one_bandwidth_away_is_outside, 0, 2);
    tcase_add_loop_test(tc, a_key_on_the_circle_is_outside, 0, 2);
    tcase_add_test(tc, width_of_a_bandwidth);
    tcase_add_loop_test(tc, units_cost_nothing, 0, 2);
    tcase_add_loop_test(tc, a_unit_of_a_power_of_two_changes_no_bit, 0, 2);
    tcase_add_test(tc, times_since_1970_keep_their_accuracy);
    tcase_add_test(tc, far_queries_still_have_weights);
    suite_add_tcase(suite, tc);
    return suite;
}
