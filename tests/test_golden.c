/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tests/suites.h"
#include "tests/tensor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers that must come out, from the literature and from arithmetic by hand. */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SHAPE(...)                                                                                 \
    (int64_t[])                                                                                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static attpool_context *context;

static void open_context(void)
{
    ck_assert_int_eq(attpool_open(NULL, &context), ATTPOOL_OK);
}

static void close_context(void)
{
    attpool_close(context);
}

static void succeeds(attpool_status status)
{
    ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(context));
}

static void near(double x, double want, double tolerance, const char *what)
{
    ck_assert_msg(fabs(x - want) <= tolerance, "%s is %.17g, should be %.17g", what, x, want);
}

START_TEST(product_of_ones)
{
    float a[2 * 4], b[2 * 4 * 6], c[2 * 6];
    for (size_t i = 0; i < COUNT(a); i++)
        a[i] = 1;
    for (size_t i = 0; i < COUNT(b); i++)
        b[i] = 1;
    DLTensor A = tensor_of(a, ELEMENT_F32, 3, SHAPE(2, 1, 4));
    DLTensor B = tensor_of(b, ELEMENT_F32, 3, SHAPE(2, 4, 6));
    DLTensor C = tensor_of(c, ELEMENT_F32, 3, SHAPE(2, 1, 6));
    succeeds(attpool_bmm(context, 1, &A, &B, 0, &C));
    for (size_t i = 0; i < COUNT(c); i++)
        ck_assert(c[i] == 4);
}
END_TEST

START_TEST(weighted_mean_as_a_product)
{
    double w[20], v[20], o[2];
    for (int i = 0; i < 20; i++) {
        w[i] = 0.1;
        v[i] = i;
    }
    DLTensor W = tensor_of(w, ELEMENT_F64, 3, SHAPE(2, 1, 10));
    DLTensor V = tensor_of(v, ELEMENT_F64, 3, SHAPE(2, 10, 1));
    DLTensor O = tensor_of(o, ELEMENT_F64, 3, SHAPE(2, 1, 1));
    succeeds(attpool_bmm(context, 1, &W, &V, 0, &O));
    near(o[0], 4.5, 1e-14, "the first mean");
    near(o[1], 14.5, 1e-14, "the second mean");
}
END_TEST

/* k(distance / sigma) by the library. */
static double kernel_at(attpool_kernel_name kernel, double distance, double sigma)
{
    double q = distance, k = 0, g = -1;
    attpool_kernel_options options = { .kernel = kernel, .bandwidth = sigma };
    DLTensor Q = tensor_of(&q, ELEMENT_F64, 2, SHAPE(1, 1));
    DLTensor K = tensor_of(&k, ELEMENT_F64, 2, SHAPE(1, 1));
    DLTensor G = tensor_of(&g, ELEMENT_F64, 2, SHAPE(1, 1));
    succeeds(attpool_kernel(context, &Q, &K, &options, &G));
    return g;
}

START_TEST(kernels_of_the_book)
{
    static const struct {
        attpool_kernel_name kernel;
        double distance, sigma, value;
    } rows[] = {
        { ATTPOOL_GAUSSIAN, 0.5508, 1, 0.85925 },
        { ATTPOOL_BOXCAR, 0.5508, 1, 1 },
        { ATTPOOL_TRIANGULAR, 0.5508, 1, 0.4492 },
        { ATTPOOL_GAUSSIAN, 4.6253, 1, 2.2622e-05 },
        { ATTPOOL_GAUSSIAN, 0.5508, 0.1, 2.5833e-07 },
        { ATTPOOL_GAUSSIAN, 0.5508, 0.2, 2.2545e-02 },
        { ATTPOOL_GAUSSIAN, 0.5508, 0.5, 5.4511e-01 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        /* The distances are printed to four digits and so are the values. */
        double u = rows[i].distance / rows[i].sigma;
        double relative = u * 1e-4 / rows[i].sigma + 1e-4;
        near(kernel_at(rows[i].kernel, rows[i].distance, rows[i].sigma), rows[i].value,
             relative * rows[i].value, attpool_kernel_to_name(rows[i].kernel));
    }
}
END_TEST

/* Every kernel against its formula at a few places. */
START_TEST(kernels_by_their_formula)
{
    static const double places[] = { 0, 0.125, 0.5, 0.9, 0.999, 1, 1.5, 3, 20 };
    const double pi = 3.14159265358979323846;
    for (size_t i = 0; i < COUNT(places); i++) {
        double u = places[i], in = u < 1, g = 1 - u * u, r = sqrt(0.5);
        const double want[] = {
            [ATTPOOL_GAUSSIAN] = exp(-u * u / 2),
            [ATTPOOL_BOXCAR] = in,
            [ATTPOOL_CONSTANT] = 1,
            [ATTPOOL_TRIANGULAR] = in * (1 - u),
            [ATTPOOL_EPANECHNIKOV] = in * g,
            [ATTPOOL_BIWEIGHT] = in * g * g,
            [ATTPOOL_TRIWEIGHT] = in * g * g * g,
            [ATTPOOL_TRICUBE] = in * pow(1 - u * u * u, 3),
            [ATTPOOL_COSINE] = in * cos(pi * u / 2),
            [ATTPOOL_LAPLACIAN] = exp(-u),
            [ATTPOOL_LOGISTIC] = 1 / (exp(u) + 2 + exp(-u)),
            [ATTPOOL_SIGMOID] = 1 / (exp(u) + exp(-u)),
            [ATTPOOL_SILVERMAN] = exp(-u * r) * sin(u * r + pi / 4),
            [ATTPOOL_CAUCHY] = 1 / (1 + u * u),
        };
        for (int k = 0; k <= ATTPOOL_CAUCHY; k++)
            near(kernel_at((attpool_kernel_name)k, u, 1), want[k], 1e-15,
                 attpool_kernel_to_name((attpool_kernel_name)k));
    }
}
END_TEST

START_TEST(attention_with_equal_keys)
{
    enum { B = 2, M = 10, D = 2, V = 4, P = 8 };
    static const float want[B][V] = { { 2, 3, 4, 5 }, { 10, 11, 12, 13 } };
    float q[B * 20], k[B * M * D], v[M * V], wq[P * 20], wk[P * D], wv[P], o[B * V];
    int32_t lengths[B] = { 2, 6 };
    for (int i = 0; i < B * 20; i++)
        q[i] = (float)random_at(1, (uint64_t)i);
    for (int i = 0; i < B * M * D; i++)
        k[i] = 1;
    for (int i = 0; i < M * V; i++)
        v[i] = (float)i;
    for (int i = 0; i < P * 20; i++)
        wq[i] = (float)random_at(2, (uint64_t)i);
    for (int i = 0; i < P * D; i++)
        wk[i] = (float)random_at(3, (uint64_t)i);
    for (int i = 0; i < P; i++)
        wv[i] = (float)random_at(4, (uint64_t)i);
    DLTensor K = tensor_of(k, ELEMENT_F32, 3, SHAPE(B, M, D));
    DLTensor values = tensor_of(v, ELEMENT_F32, 2, SHAPE(M, V)); /* repeated over the batch */
    DLTensor Wq = tensor_of(wq, ELEMENT_F32, 2, SHAPE(P, 20));
    DLTensor Wk = tensor_of(wk, ELEMENT_F32, 2, SHAPE(P, D));
    DLTensor Wv = tensor_of(wv, ELEMENT_F32, 1, SHAPE(P));
    DLTensor L = tensor_of(lengths, ELEMENT_I32, 1, SHAPE(B));
    DLTensor O = tensor_of(o, ELEMENT_F32, 3, SHAPE(B, 1, V));
    attpool_masks masks = { .lengths = &L };
    for (int additive = 0; additive < 2; additive++) {
        attpool_pool_options options = { .score = additive ? ATTPOOL_ADDITIVE : ATTPOOL_DOT,
                                         .masks = &masks };
        DLTensor Q = tensor_of(q, ELEMENT_F32, 3, SHAPE(B, 1, additive ? 20 : D));
        if (additive) {
            options.wq = &Wq;
            options.wk = &Wk;
            options.wv = &Wv;
        }
        succeeds(attpool_pool(context, &Q, &K, &values, &options, &O));
        for (int i = 0; i < B * V; i++)
            near((double)o[i], (double)want[i / V][i % V], 2e-6, "O");
    }
}
END_TEST

static void check_softmax(const int32_t *lengths, attpool_lengths_per per)
{
    float s[2 * 2 * 4], w[2 * 2 * 4];
    int64_t shape[] = { 2, 2, 4 };
    for (int i = 0; i < 16; i++)
        s[i] = (float)random_at(5, (uint64_t)i);
    int32_t copy[4];
    memcpy(copy, lengths, per == ATTPOOL_LENGTHS_ROW ? sizeof copy : sizeof copy / 2);
    DLTensor S = tensor_of(s, ELEMENT_F32, 3, shape), W = tensor_of(w, ELEMENT_F32, 3, shape);
    DLTensor L = tensor_of(copy, ELEMENT_I32, per == ATTPOOL_LENGTHS_ROW ? 2 : 1, SHAPE(2, 2));
    attpool_masks masks = { .lengths = &L, .lengths_per = per };
    attpool_softmax_options options = { .masks = &masks };
    succeeds(attpool_softmax(context, &S, &options, &W));
    for (int r = 0; r < 4; r++) {
        int length = lengths[per == ATTPOOL_LENGTHS_ROW ? r : r / 2];
        double sum = 0;
        for (int j = 0; j < 4; j++) {
            float x = w[4 * r + j];
            ck_assert(j < length ? x > 0 : x == 0 && !signbit(x));
            sum += (double)x;
        }
        near(sum, 1, 2e-7, "the sum of a row");
    }
}

START_TEST(masked_softmax)
{
    check_softmax((const int32_t[]){ 2, 3 }, ATTPOOL_LENGTHS_BATCH);
    check_softmax((const int32_t[]){ 1, 3, 2, 4 }, ATTPOOL_LENGTHS_ROW);
}
END_TEST

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
                double width = element == ELEMENT_F32 ? (double)attpool_width_f32((float)sigma)
                                                      : attpool_width_f64(sigma);
                attpool_kernel_options by_width = options;
                by_width.bandwidth = 0;
                by_width.width = width;
                ck_assert(pair_at(element, &by_width, 1, &at, &zero) == 0);
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
    ck_assert(attpool_width_f32(2) == 0.5f && attpool_width_f64(4) == 0.25);
    for (int sigma = 1; sigma <= 100000; sigma++) {
        double w = attpool_width_f64(sigma);
        ck_assert(fma(w, sigma, -1) >= 0 && fma(nextafter(w, 0), sigma, -1) < 0);
        float f = attpool_width_f32((float)sigma);
        ck_assert((double)f * sigma >= 1 && (double)nextafterf(f, 0) * sigma < 1);
    }
    static const double bad[] = { 0, -1, -0.0 };
    for (size_t i = 0; i < COUNT(bad); i++)
        ck_assert(isnan(attpool_width_f32((float)bad[i])) && isnan(attpool_width_f64(bad[i])));
    ck_assert(isnan(attpool_width_f64((double)NAN)) && isnan(attpool_width_f32(NAN)));
    ck_assert(isnan(attpool_width_f64(HUGE_VAL)) && isnan(attpool_width_f32(HUGE_VALF)));
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
    for (int k = 0; k <= ATTPOOL_CAUCHY; k++)
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
    for (int k = 0; k <= ATTPOOL_CAUCHY; k++)
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

Suite *suite_golden(void)
{
    Suite *suite = suite_create("golden");
    TCase *tc = tcase_create("golden");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, product_of_ones);
    tcase_add_test(tc, weighted_mean_as_a_product);
    tcase_add_test(tc, kernels_of_the_book);
    tcase_add_test(tc, kernels_by_their_formula);
    tcase_add_test(tc, attention_with_equal_keys);
    tcase_add_test(tc, masked_softmax);
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
