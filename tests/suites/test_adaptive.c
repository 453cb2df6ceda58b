/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/suites/suites.h"
#include "tests/support/datasets.h"
#include "tests/support/selection.h"

/* Adaptive bandwidths: their formulas, and what other packages make of them. */

/* The sd of a column, by weights. */
static double deviation(const struct problem *p, int64_t c)
{
    double sum = 0, squares = 0, mean = 0, rest = 0;
    for (int64_t i = 0; i < p->m; i++) {
        sum += weight(p, i);
        squares += weight(p, i) * weight(p, i);
        mean += weight(p, i) * p->x[i * p->d + c];
    }
    for (int64_t i = 0; i < p->m; i++)
        rest += weight(p, i) * pow(p->x[i * p->d + c] - mean / sum, 2);
    return sqrt(rest / (sum - squares / sum));
}

static int ascending(const void *left, const void *right)
{
    const double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

/* The inverse distance of key j from its k-th other one, in deviations. */
static double inverse_distance(const struct problem *p, int64_t j, int k)
{
    double distance[M];
    int count = 0;
    for (int64_t i = 0; i < p->m; i++) {
        double sum = 0;
        for (int64_t c = 0; c < p->d; c++)
            sum += pow((p->x[i * p->d + c] - p->x[j * p->d + c]) / deviation(p, c), 2);
        if (i != j && weight(p, i) > 0)
            distance[count++] = sqrt(sum);
    }
    qsort(distance, (size_t)count, sizeof *distance, ascending);
    for (k--; distance[k] == 0; k++)
        ;
    return 1 / distance[k];
}

static attpool_status factors(struct problem *p, attpool_adaptive method, int k, void *s, void *b,
                              double *sd)
{
    problem_set(p);
    DLTensor S = tensor_of(s, p->element, 1, p->shape_a),
             B = tensor_of(b, p->element, 1, p->shape_a);
    p->options.masks = NULL;
    return attpool_adaptive_factors(context, method, k, &p->K, &p->options, &S, b ? &B : NULL, sd);
}

START_TEST(neighbours_are_counted)
{
    struct problem p;
    double s[M], b[M], sd[MOST_D];
    float sf[M];
    for (int variant = 0; variant < 12; variant++)
        for (int k = 1; k < 30; k += 7) {
            problem_new(&p, variant % 3 + 1, 1);
            p.weighted = variant >= 6;
            for (int64_t i = 0; i < M * p.d; i++) /* those with ties, and what float32 has too */
                p.x[i] = variant % 6 >= 3 ? rint(4 * p.x[i]) : (double)(float)p.x[i];
            succeeds(factors(&p, ATTPOOL_ADAPTIVE_NEIGHBOURS, k, s, b, sd));
            for (int64_t c = 0; c < p.d; c++)
                near(sd[c], deviation(&p, c), 1e-14, "the deviation");
            for (int64_t j = 0; j < M; j++) {
                const double want = weight(&p, j) > 0 ? inverse_distance(&p, j, k) : 1;
                near(s[j], want, 1e-13 * want, "the factor");
                near(b[j], weight(&p, j) * pow(s[j], (double)p.d), 1e-14 * b[j], "the weight");
            }
            p.element = ELEMENT_F32;
            succeeds(factors(&p, ATTPOOL_ADAPTIVE_NEIGHBOURS, k, sf, NULL, NULL));
            for (int64_t j = 0; j < M; j++)
                near((double)sf[j], s[j], 2e-6 * s[j], "float32");
        }
}
END_TEST

/* More keys than select_nth sorts at once, and more than a block of keys. */
START_TEST(the_nth_of_many_is_found)
{
    enum { MANY = 500 };
    static double x[MANY * 2], s[MANY], distance[MANY];
    double sd[2];
    for (int i = 0; i < 2 * MANY; i++)
        x[i] = random_at(8, (uint64_t)i);
    DLTensor K = tensor_of(x, ELEMENT_F64, 2, SHAPE(MANY, 2));
    DLTensor S = tensor_of(s, ELEMENT_F64, 1, SHAPE(MANY));
    for (int k = 1; k < MANY; k += 83) {
        succeeds(attpool_adaptive_factors(context, ATTPOOL_ADAPTIVE_NEIGHBOURS, k, &K, NULL, &S,
                                          NULL, sd));
        for (int j = 0; j < MANY; j++) {
            for (int i = 0; i < MANY; i++)
                distance[i] =
                    hypot((x[2 * i] - x[2 * j]) / sd[0], (x[2 * i + 1] - x[2 * j + 1]) / sd[1]);
            qsort(distance, MANY, sizeof *distance,
                  ascending); /* the first is that of the key itself */
            near(s[j], 1 / distance[k], 1e-12 / distance[k], "the factor");
        }
    }
}
END_TEST

START_TEST(abramson_takes_the_root_of_the_density)
{
    struct problem p;
    double s[M], b[M], f[M];
    for (int variant = 0; variant < 8; variant++) {
        double sum = 0, mean = 0;
        problem_new(&p, variant & 1 ? 3 : 1, 1);
        p.weighted = (variant & 2) != 0;
        p.kernel.kernel = variant & 4 ? ATTPOOL_EPANECHNIKOV : ATTPOOL_GAUSSIAN;
        for (int64_t c = 0; c < p.d && (variant & 1); c++)
            p.w[c] = 1 / (0.4 + 0.2 * (double)c);
        succeeds(factors(&p, ATTPOOL_ADAPTIVE_ABRAMSON, 0, s, b, NULL));
        DLTensor F = tensor_of(f, ELEMENT_F64, 1, SHAPE(M));
        succeeds(attpool_density(context, &p.K, &p.K, &p.options, &F, NULL));
        for (int64_t j = 0; j < M; j++) {
            sum += weight(&p, j);
            mean += weight(&p, j) > 0 ? weight(&p, j) * log(f[j]) : 0;
        }
        for (int64_t j = 0; j < M; j++) {
            const double want = weight(&p, j) > 0 ? sqrt(f[j] / exp(mean / sum)) : 1;
            near(s[j], want, 1e-13 * want, "the factor");
            near(b[j], weight(&p, j) * pow(s[j], (double)p.d), 1e-14 * b[j], "the weight");
        }
    }
}
END_TEST

/* By these factors and weights a regression has the sums of kernels of own widths. */
START_TEST(a_regression_has_kernels_of_own_widths)
{
    struct problem p;
    double s[M], b[M], out[M], one = 1 / 0.4;
    problem_new(&p, 1, 1);
    succeeds(factors(&p, ATTPOOL_ADAPTIVE_ABRAMSON, 0, s, b, NULL));
    DLTensor S = tensor_of(s, ELEMENT_F64, 1, SHAPE(M)), B = tensor_of(b, ELEMENT_F64, 1, SHAPE(M));
    DLTensor W = tensor_of(&one, ELEMENT_F64, 1, SHAPE(1)),
             O = tensor_of(out, ELEMENT_F64, 2, SHAPE(M, 1));
    p.kernel = (attpool_kernel_options){ .bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE_KEY,
                                         .inverse_bandwidths = &W,
                                         .key_factors = &S };
    p.options.key_weights = &B;
    succeeds(attpool_pool(context, &p.K, &p.K, &p.values, &p.options, &O));
    for (int i = 0; i < M; i++) {
        double sum = 0, fit = 0;
        for (int j = 0; j < M; j++) {
            const double k = s[j] * exp(-0.5 * pow((p.x[i] - p.x[j]) * one * s[j], 2));
            sum += k;
            fit += k * p.y[j];
        }
        near(out[i], fit / sum, 1e-13, "the fit");
    }
}
END_TEST

/* The distances of keys beside each other, with one of them far off, the first or the last. */
START_TEST(a_far_key_is_no_unit_of_the_others)
{
    struct problem p;
    double s[M];
    for (int d = 1; d <= 2; d++)
        for (int at = 0; at < 2; at++) {
            problem_new(&p, d, 1);
            for (int64_t i = 0; i < M; i++)
                for (int64_t c = 0; c < d; c++)
                    p.x[i * d + c] = (double)(i * i % 41) + (double)c;
            memset(p.x + (at ? M - 1 : 0) * d, 0, (size_t)d * sizeof *p.x);
            p.x[(at ? M - 1 : 0) * d] = 1e20;
            succeeds(factors(&p, ATTPOOL_ADAPTIVE_NEIGHBOURS, 2, s, NULL, NULL));
            for (int64_t j = 1; j < M - 1; j++) {
                const double want = inverse_distance(&p, j, 2);
                near(s[j], want, 1e-12 * want, "the factor");
            }
        }
}
END_TEST

START_TEST(outputs_stay_where_it_fails)
{
    struct problem p;
    double s[M], b[M];
    for (int j = 0; j < M; j++)
        s[j] = b[j] = 7;
    problem_new(&p, 1, 1);
    p.w[0] = 1;
    problem_set(&p);
    p.w[0] = 0; /* densities are 0 */
    p.options.masks = NULL;
    DLTensor S = tensor_of(s, ELEMENT_F64, 1, p.shape_a),
             B = tensor_of(b, ELEMENT_F64, 1, p.shape_a);
    is_refused(ATTPOOL_E_BANDWIDTH, "the density at key 0 is 0",
               attpool_adaptive_factors(context, ATTPOOL_ADAPTIVE_ABRAMSON, 0, &p.K, &p.options, &S,
                                        &B, NULL));
    for (int j = 0; j < M; j++)
        ck_assert(s[j] == 7 && b[j] == 7);
}
END_TEST

/* Options of a later release, which set nothing that is unknown here. */
START_TEST(options_may_be_larger)
{
    struct problem p;
    struct {
        attpool_pool_options options;
        char more[64];
    } later;
    double s[M], want[M];
    problem_new(&p, 1, 1);
    succeeds(factors(&p, ATTPOOL_ADAPTIVE_ABRAMSON, 1, want, NULL, NULL));
    memset(&later, 0, sizeof later);
    later.options = p.options;
    later.options.size = sizeof later;
    DLTensor S = tensor_of(s, ELEMENT_F64, 1, SHAPE(M));
    succeeds(attpool_adaptive_factors(context, ATTPOOL_ADAPTIVE_ABRAMSON, 0, &p.K, &later.options,
                                      &S, NULL, NULL));
    ck_assert(memcmp(s, want, sizeof s) == 0);
}
END_TEST

START_TEST(errors_name_what_is_wrong)
{
    struct problem p;
    double s[M], b[M];
    problem_new(&p, 2, 1);
    problem_set(&p);
    DLTensor two = tensor_of(s, ELEMENT_F64, 1, SHAPE(2));
    is_refused(ATTPOOL_E_OPTIONS, "method is 2", factors(&p, (attpool_adaptive)2, 1, s, b, NULL));
    is_refused(ATTPOOL_E_OPTIONS, "neighbours is 0, it should be 1 to 39",
               factors(&p, ATTPOOL_ADAPTIVE_NEIGHBOURS, 0, s, b, NULL));
    is_refused(ATTPOOL_E_OPTIONS, "neighbours is 40",
               factors(&p, ATTPOOL_ADAPTIVE_NEIGHBOURS, M, s, b, NULL));
    is_refused(ATTPOOL_E_BANDWIDTH, "key_factors is NULL",
               attpool_adaptive_factors(context, ATTPOOL_ADAPTIVE_NEIGHBOURS, 1, &p.K, NULL, NULL,
                                        NULL, NULL));
    is_refused(ATTPOOL_E_BANDWIDTH, "key_factors has 2",
               attpool_adaptive_factors(context, ATTPOOL_ADAPTIVE_NEIGHBOURS, 1, &p.K, NULL, &two,
                                        NULL, NULL));
    is_refused(ATTPOOL_E_WEIGHTS, "overlap",
               factors(&p, ATTPOOL_ADAPTIVE_NEIGHBOURS, 1, s, s, NULL));
    p.kernel.kernel = ATTPOOL_CONSTANT;
    is_refused(ATTPOOL_E_OPTIONS, "constant",
               factors(&p, ATTPOOL_ADAPTIVE_ABRAMSON, 1, s, b, NULL));
    for (int i = 0; i < M; i++)
        p.x[2 * i + 1] = 3;
    is_refused(ATTPOOL_E_KEY, "column 1 of K is constant",
               factors(&p, ATTPOOL_ADAPTIVE_NEIGHBOURS, 1, s, b, NULL));
    problem_set(&p);
    is_refused(ATTPOOL_E_OPTIONS, "no masks",
               attpool_adaptive_factors(context, ATTPOOL_ADAPTIVE_NEIGHBOURS, 1, &p.K, &p.options,
                                        &two, NULL, NULL));
}
END_TEST

Suite *suite_adaptive(void)
{
    Suite *suite = suite_create("adaptive");
    TCase *tc = tcase_create("adaptive");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_add_test(tc, neighbours_are_counted);
    tcase_add_test(tc, the_nth_of_many_is_found);
    tcase_add_test(tc, abramson_takes_the_root_of_the_density);
    tcase_add_test(tc, a_regression_has_kernels_of_own_widths);
    tcase_add_test(tc, a_far_key_is_no_unit_of_the_others);
    tcase_add_test(tc, outputs_stay_where_it_fails);
    tcase_add_test(tc, options_may_be_larger);
    tcase_add_test(tc, errors_name_what_is_wrong);
    suite_add_tcase(suite, tc);
    return suite;
}
