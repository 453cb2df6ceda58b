/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/oracle_regression.h"
#include "tests/support/backends.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Regressions of the scalar backend against the formulas of the public header in long double. */

enum { OUTPUTS = 5, MOST_PRINTED = 400, MOST_ROWS_OF_CASE = 8 };

struct tally {
    long rows, uncertain, singular, wrong;
    double worst[OUTPUTS]; /* error / bound */
    const char *where[OUTPUTS];
};

static void check(const struct job *job, struct tally *t, int output, const struct tensor *of,
                  const char *places, const int64_t at[4], struct expected e)
{
    static const char *const names[OUTPUTS] = { "fit", "slope", "n_eff", "W", "standard error" };
    if (!tensor_present(of))
        return;
    const double x = tensor_at(&of->dl, places, job->heads, at);
    const long double bound = oracle_epsilon(job->element) * (e.terms + oracle_least(job->element));
    const double ratio = isfinite(e.value) && isfinite(x) && isfinite(e.terms)
                             ? (double)(fabsl((long double)x - e.value) / bound)
                             : 0;
    if (oracle_accepts(e, x, job->element)) {
        if (ratio > t->worst[output]) {
            t->worst[output] = ratio;
            t->where[output] = job->c->name;
        }
        return;
    }
    if (t->wrong++ < MOST_PRINTED)
        printf("%s, %s: %s[%d,%d,%d,%d] is %.17g, should be %.17Lg +- %.3Lg\n", job->c->name,
               element_name(job->element), names[output], (int)at[0], (int)at[1], (int)at[2],
               (int)at[3], x, e.value, bound);
}

static int64_t place_of(const struct job *job, int64_t i)
{
    for (int64_t k = 0; job->pool.rows && k < job->pool.row_count; k++)
        if (job->rows[k] == i)
            return k;
    return job->pool.rows ? -1 : i;
}

static void check_row(const struct job *job, const int64_t x[3], struct oracle_row *row,
                      struct oracle_fit *fit, struct tally *t)
{
    int64_t at[4] = { x[0], x[1], x[2], 0 };
    const int v = job->c->v, d = job->c->d;
    oracle_pool(job, x, row);
    oracle_regression(job, x, row, fit);
    t->rows++;
    t->uncertain += fit->uncertain;
    if (fit->uncertain)
        return;
    t->singular += fit->singular && job->c->degree == 1 && !row->empty;
    check(job, t, 2, &job->n_eff, "bhr", at, fit->n_eff);
    for (int c = 0; c < v; c++) {
        at[3] = c;
        check(job, t, 0, &job->out, "bhrc", at, fit->fit[c]);
        check(job, t, 4, &job->errors, "bhrc", at, fit->errors[c]);
    }
    for (int k = 0; k < v * d; k++) {
        at[3] = k;
        check(job, t, 1, &job->slope, "bhrc", at, fit->slope[k]);
    }
    at[2] = place_of(job, x[2]);
    for (int64_t j = 0; j < job->c->m && at[2] >= 0; j++) {
        at[3] = j;
        check(job, t, 3, &job->weights, "bhrc", at, fit->weights[j]);
    }
}

static void check_case(attpool_context *context, const struct test_case *c, enum element element,
                       struct tally *t)
{
    struct job job;
    struct oracle_row row;
    struct oracle_fit fit;
    now_testing(c, element, "oracle");
    job_new(&job, c, element, PLACE_END);
    attpool_status status = job_run(context, &job);
    ck_assert_msg(status == ATTPOOL_OK, "%s: %s", c->name, attpool_message(context));
    oracle_row_new(&row, c->m, tensor_present(&job.out) ? c->v : 0);
    fit.weights = calloc((size_t)c->m + 1, sizeof *fit.weights);
    const int64_t step = c->n / MOST_ROWS_OF_CASE + 1;
    for (int64_t b = 0; b < job.batch; b++)
        for (int64_t h = 0; h < job.heads; h++)
            for (int64_t i = 0; i < c->n; i += step)
                check_row(&job, (const int64_t[]){ b, h, i }, &row, &fit, t);
    free(fit.weights);
    oracle_row_free(&row);
    job_free(&job);
}

START_TEST(regressions_are_within_the_bound)
{
    attpool_context *context = open_judge();
    struct tally t = { 0 };
    const struct test_case *c;
    const enum element element = _i ? ELEMENT_F64 : ELEMENT_F32;
    for (size_t i = 0; next_case(&i, 1, &c);)
        if (c->operation == OPERATION_REGRESSION && c->score == ATTPOOL_KERNEL &&
            !(c->with & WITHOUT_ORACLE) && c->kernel != ATTPOOL_SILVERMAN)
            check_case(context, c, element, &t);
    printf("regression, %s: %ld rows, %ld uncertain, %ld singular; largest error / bound:\n",
           element_name(element), t.rows, t.uncertain, t.singular);
    for (int i = 0; i < OUTPUTS; i++)
        printf("    %.2f in %s\n", t.worst[i], t.where[i] ? t.where[i] : "none");
    fflush(stdout);
    attpool_close(context);
    ck_assert_msg(t.wrong == 0, "%ld numbers outside of their bound, see above", t.wrong);
    ck_assert_msg(t.uncertain * 5 <= t.rows, "too many rows are uncertain");
}
END_TEST

Suite *suite_regression_oracle(void)
{
    Suite *suite = suite_create("regression oracle");
    TCase *tc = tcase_create("oracle");
    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, regressions_are_within_the_bound, 0, 2);
    suite_add_tcase(suite, tc);
    return suite;
}
