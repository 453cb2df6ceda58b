/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backends.h"
#include "tests/oracle/oracle.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The scalar backend against the formulas, for every case of the table; the others have its
 * bits. A device that does not promise them is held to the same bounds. */

enum { MOST_QUERIES = 24, MOST_PRINTED = 12, OUTPUTS = 4 }; /* O, L, n_eff, W */

/* Multiplications in long double that a case may take; of one that has more some rows are left
 * out. */
static const double budget = 1e6;

struct tally {
    long rows, uncertain, wrong;
    double worst[OUTPUTS]; /* error / bound */
    const char *where[OUTPUTS];
};

static double ratio(struct expected e, double x, enum element element)
{
    long double bound = oracle_epsilon(element) * (e.terms + oracle_least(element));
    return isfinite(e.value) && isfinite(x) && isfinite(e.terms)
               ? (double)(fabsl((long double)x - e.value) / bound)
               : 0;
}

static void check(const struct job *job, struct tally *tally, int output, const char *name,
                  const int64_t index[4], struct expected e, double x)
{
    double r = ratio(e, x, job->element);
    if (oracle_accepts(e, x, job->element)) {
        if (r > tally->worst[output]) {
            tally->worst[output] = r;
            tally->where[output] = job->c->name;
        }
        return;
    }
    if (tally->wrong++ < MOST_PRINTED)
        printf(
            "%s, %s: %s[%d,%d,%d,%d] is %.17g, should be %.17Lg +- %.3Lg: %.3g times the bound\n",
            job->c->name, element_name(job->element), name, (int)index[0], (int)index[1],
            (int)index[2], (int)index[3], x, e.value, e.terms * oracle_epsilon(job->element), r);
}

/* Element (b, h, i, c) of an output without broadcasts. */
static double element_of(const struct job *job, const struct tensor *t, const char *places,
                         const int64_t x[4])
{
    return tensor_at(&t->dl, places, job->heads, x);
}

static int64_t place_in_rows(const struct job *job, int64_t i)
{
    for (int64_t k = 0; job->pool.rows && k < job->pool.row_count; k++)
        if (job->rows[k] == i)
            return k;
    return job->pool.rows ? -1 : i;
}

static void check_row(struct job *job, const int64_t x[3], struct oracle_row *row,
                      struct tally *tally)
{
    bool softmax = job->c->operation == OPERATION_SOFTMAX;
    const struct tensor *w = softmax ? &job->out : &job->weights;
    int64_t at[4] = { x[0], x[1], x[2], 0 };
    tally->rows++;
    if (softmax)
        oracle_softmax(job, x, row);
    else if (job->c->operation == OPERATION_DENSITY)
        oracle_density(job, x, row);
    else
        oracle_pool(job, x, row);
    if (row->uncertain) {
        tally->uncertain++;
        return;
    }
    for (int64_t c = 0; c < row->v; c++) {
        at[3] = c;
        check(job, tally, 0, "O", at, row->out[c], element_of(job, &job->out, "bhrc", at));
    }
    at[3] = 0;
    if (tensor_present(&job->lse))
        check(job, tally, 1, "L", at, row->lse, element_of(job, &job->lse, "bhr", at));
    if (tensor_present(&job->n_eff))
        check(job, tally, 2, "n_eff", at, row->n_eff, element_of(job, &job->n_eff, "bhr", at));
    at[2] = place_in_rows(job, x[2]);
    for (int64_t j = 0; tensor_present(w) && at[2] >= 0 && j < row->m; j++) {
        at[3] = j;
        check(job, tally, 3, "W", at, row->weights[j], element_of(job, w, "bhrc", at));
    }
}

static void check_elements(struct job *job, const int64_t x[3], double *before, struct tally *tally)
{
    const struct test_case *c = job->c;
    for (int64_t j = 0; j < c->m; j++) {
        int64_t at[4] = { x[0], x[1], x[2], j };
        int64_t place = ((x[0] * job->heads + x[1]) * c->n + x[2]) * c->m + j;
        struct expected e = c->operation == OPERATION_BMM
                                ? oracle_bmm(job, at, (long double)before[place])
                                : oracle_kernel(job, at);
        check(job, tally, 0, c->operation == OPERATION_BMM ? "C" : "G", at, e,
              element_of(job, &job->out, "bhrc", at));
    }
}

static int64_t step_of(const struct job *job)
{
    const struct test_case *c = job->c;
    int64_t step = c->n > MOST_QUERIES ? c->n / MOST_QUERIES + 1 : 1;
    double row = (double)(job->batch * job->heads) * c->m * (c->d + c->v + c->p * (c->d + 1.0));
    double some = ceil(row * c->n / budget);
    return some > (double)step ? (int64_t)some : step;
}

static void check_case(attpool_context *context, const struct test_case *c, enum element element,
                       struct tally *tally)
{
    struct job job;
    struct oracle_row row;
    bool rows = c->operation == OPERATION_SOFTMAX || c->operation == OPERATION_POOL ||
                c->operation == OPERATION_DENSITY;
    now_testing(c, element, "oracle");
    job_new(&job, c, element, PLACE_END);
    int64_t count = tensor_present(&job.out) ? tensor_count(&job.out) : 0;
    double *before = calloc((size_t)count + 1, sizeof *before);
    for (int64_t i = 0; i < count; i++)
        before[i] = tensor_get(&job.out.dl, i);
    attpool_status status = job_run(context, &job);
    ck_assert_msg(status == ATTPOOL_OK, "%s: %s", c->name, attpool_message(context));
    oracle_row_new(&row, c->m,
                   c->operation == OPERATION_POOL && tensor_present(&job.out) ? c->v : 0);
    int64_t step = step_of(&job);
    for (int64_t b = 0; b < job.batch; b++)
        for (int64_t h = 0; h < job.heads; h++)
            for (int64_t i = 0; i < c->n; i += step) {
                if (rows)
                    check_row(&job, (const int64_t[]){ b, h, i }, &row, tally);
                else
                    check_elements(&job, (const int64_t[]){ b, h, i }, before, tally);
            }
    free(before);
    oracle_row_free(&row);
    job_free(&job);
}

static void check_backend(attpool_context *context, enum element element)
{
    struct tally tally = { 0 };
    const struct test_case *c;
    if (computes(context, element))
        for (size_t i = 0; next_case(&i, 1, &c);)
            if (!(c->with & WITHOUT_ORACLE) && c->operation < OPERATION_POOL_GRAD)
                check_case(context, c, element, &tally);
    printf("%s, %s: %ld rows, %ld uncertain; largest error in units of its bound:\n",
           attpool_backend_name(context), element_name(element), tally.rows, tally.uncertain);
    for (int i = 0; i < OUTPUTS; i++)
        printf("    %.2f in %s\n", tally.worst[i], tally.where[i] ? tally.where[i] : "none");
    fflush(stdout);
    ck_assert_msg(tally.wrong == 0, "%ld numbers outside of their bound, see above", tally.wrong);
    ck_assert_msg(tally.uncertain * 10 <= tally.rows, "too many rows are uncertain");
}

START_TEST(scalar_is_within_the_bound)
{
    attpool_context *context = open_judge();
    check_backend(context, _i ? ELEMENT_F64 : ELEMENT_F32);
    attpool_close(context);
}
END_TEST

/* Only where the bits are not promised: else they are those of the scalar backend. */
START_TEST(a_device_without_a_promise_is_within_the_bound)
{
    attpool_context *context = open_backend("opencl", 1);
    if (context && !promises_bits(context))
        check_backend(context, _i ? ELEMENT_F64 : ELEMENT_F32);
    attpool_close(context);
}
END_TEST

static Suite *suite_of(const char *name, const TTest *test)
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);
    tcase_set_timeout(tc, 900);
    tcase_add_loop_test(tc, test, 0, 2);
    suite_add_tcase(suite, tc);
    return suite;
}

Suite *suite_oracle(void)
{
    return suite_of("oracle", scalar_is_within_the_bound);
}

Suite *suite_device_oracle(void)
{
    return suite_of("device oracle", a_device_without_a_promise_is_within_the_bound);
}
