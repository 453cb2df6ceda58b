/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/oracle.h"
#include "tests/support/backends.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Gradients in float64 against central differences of the long double formulas, for every case of
 * the table: some elements of each, within 1e-6 of the largest of a tensor. Those in float32
 * against those in float64, from the same numbers. */

enum { MOST_PRINTED = 20, ELEMENTS = 3 };

/* Pairs of a case that may be looked at for one tensor. */
static const double budget = 4e4;

struct tally {
    long elements, wrong, left_out;
    double worst;
    const char *where;
};

/* F = sum of dO O + dL L, over some rows; what does not count in an empty row is left out. */
static long double function_of(const struct job *job, struct oracle_row *row, bool *uncertain)
{
    long double sum = 0;
    for (int64_t b = 0; b < job->batch; b++)
        for (int64_t h = 0; h < job->heads; h++)
            for (int64_t i = 0; i < job->c->n; i++) {
                const int64_t x[4] = { b, h, i, 0 };
                oracle_pool(job, x, row);
                *uncertain = *uncertain || row->uncertain;
                for (int64_t c = 0; c < row->v && !isnan(row->out[c].value); c++) {
                    const int64_t at[4] = { b, h, i, c };
                    sum += row->out[c].value *
                           (long double)tensor_at(&job->d_out.dl, "bhrc", job->heads, at);
                }
                if (tensor_present(&job->d_lse) && isnan(row->lse.value))
                    *uncertain = true;
                if (tensor_present(&job->d_lse) && !row->empty && !isnan(row->lse.value))
                    sum += row->lse.value *
                           (long double)tensor_at(&job->d_lse.dl, "bhr", job->heads, x);
            }
    return sum;
}

/* A number of the call that is moved: an element of a tensor, or an option. */
struct moved {
    struct tensor *tensor;
    int64_t element;
    double *number;
};

static double moved_get(const struct moved *x)
{
    return x->number ? *x->number : tensor_get(&x->tensor->dl, x->element);
}

static void moved_set(const struct moved *x, double value)
{
    if (x->number)
        *x->number = value;
    else
        tensor_set(&x->tensor->dl, x->element, value);
}

static long double difference(struct job *job, const struct moved *x, double step,
                              struct oracle_row *row, bool *uncertain)
{
    const double old = moved_get(x);
    moved_set(x, old + step);
    const double above = moved_get(x);
    long double f = function_of(job, row, uncertain);
    moved_set(x, old - step);
    const double below = moved_get(x);
    f -= function_of(job, row, uncertain);
    moved_set(x, old);
    return f / ((long double)above - (long double)below);
}

/* The input that output number i of the job is the gradient of. */
static bool input_of(struct job *job, int output, struct moved *x)
{
    struct tensor *const inputs[JOB_OUTPUTS - FIRST_GRADIENT] = { &job->q,
                                                                  &job->k,
                                                                  &job->v,
                                                                  &job->bias,
                                                                  &job->key_weights,
                                                                  NULL,
                                                                  &job->inverse_bandwidths,
                                                                  &job->factors,
                                                                  &job->wq,
                                                                  &job->wk,
                                                                  &job->wv };
    *x = (struct moved){ 0 };
    if (output < FIRST_GRADIENT)
        return false;
    x->tensor = inputs[output - FIRST_GRADIENT];
    if (output - FIRST_GRADIENT == 5) {
        x->number = &job->scale;
        x->tensor = NULL;
        return (job->c->with & WITH_SCALE) != 0;
    }
    if (output - FIRST_GRADIENT == 6 && !tensor_present(x->tensor)) {
        x->tensor = NULL;
        x->number = &job->kernel.inverse_bandwidth;
        return *x->number != 0;
    }
    return true;
}

/* Elements that lie in one place cannot be moved one by one. */
static bool has_shared_elements(const struct tensor *t)
{
    for (int k = 0; t && k < t->dl.ndim; k++)
        if (t->dl.strides && t->dl.strides[k] == 0 && t->shape[k] > 1)
            return true;
    return false;
}

static double largest_of(const struct tensor *t)
{
    double most = 0;
    for (int64_t i = 0; i < tensor_count(t); i++)
        most = fmax(most, fabs(tensor_get(&t->dl, i)));
    return most;
}

static void check_element(struct job *job, const struct tensor *gradient, const char *name,
                          struct moved *x, double largest, struct tally *tally)
{
    const double tolerance = 1e-6;
    struct oracle_row row;
    bool uncertain = false;
    double old = moved_get(x), unit = 1, least = 1e-3;
    if ((x->tensor == &job->q || x->tensor == &job->k) && job->c->unit > 0)
        unit = job->c->unit;
    if ((x->tensor == &job->inverse_bandwidths || x->tensor == NULL) && old != 0)
        unit = fabs(old);
    least /= unit;
    if (x->tensor == &job->key_weights)
        unit = fabs(old) * 0.01;
    if (!isfinite(old) || unit == 0)
        return; /* hidden, or masked */
    double step = exp2(floor(log2(unit)) - 17);
    oracle_row_new(&row, job->c->m, tensor_present(&job->out) ? job->c->v : 0);
    long double coarse = difference(job, x, step, &row, &uncertain);
    long double fine = difference(job, x, step / 2, &row, &uncertain);
    long double want = fine + (fine - coarse) / 3;
    oracle_row_free(&row);
    /* On either side of a kink the differences themselves do not agree. */
    const double scale = fmax(fmax(largest, fabs((double)want)), least);
    if (uncertain || fabs((double)(fine - coarse)) > 100 * tolerance * scale) {
        tally->left_out++;
        return;
    }
    double got = tensor_get(&gradient->dl, x->element), error = fabs(got - (double)want);
    tally->elements++;
    if (error <= tolerance * scale) {
        if (scale > 0 && error / (tolerance * scale) > tally->worst) {
            tally->worst = error / (tolerance * scale);
            tally->where = job->c->name;
        }
        return;
    }
    if (tally->wrong++ < MOST_PRINTED)
        printf("%s: %s[%d] is %.12g, should be %.12g (of %.3g)\n", job->c->name, name,
               (int)x->element, got, (double)want, largest);
}

static void check_case(attpool_context *context, const struct test_case *c, struct tally *tally)
{
    struct job job;
    struct moved x;
    const char *name;
    const double pairs = (double)c->n * c->m * (c->b > 0 ? c->b : 1) * (c->h > 0 ? c->h : 1);
    const double each = c->score == ATTPOOL_ADDITIVE || c->score == ATTPOOL_PROJECTION
                            ? (double)c->p * (c->d + 2.0)
                            : c->d + 4.0;
    if (pairs * each > budget)
        return;
    now_testing(c, ELEMENT_F64, "gradients");
    job_new(&job, c, ELEMENT_F64, PLACE_END);
    attpool_status status = job_run(context, &job);
    ck_assert_msg(status == ATTPOOL_OK, "%s: %s", c->name, attpool_message(context));
    for (int i = 0; i < JOB_OUTPUTS; i++) {
        const struct tensor *gradient = job_output(&job, i, &name);
        if (!gradient || !input_of(&job, i, &x) || has_shared_elements(x.tensor))
            continue;
        const double largest = largest_of(gradient);
        const int64_t count = tensor_count(gradient);
        if (x.tensor && x.tensor->map)
            tensor_unprotect(x.tensor);
        for (int64_t k = 0; k < ELEMENTS && k < count; k++) {
            x.element = count <= ELEMENTS
                            ? k
                            : (int64_t)(random_bits(c->seed * 64u + 40, (uint64_t)(i * 8 + k)) %
                                        (uint64_t)count);
            check_element(&job, gradient, name, &x, largest, tally);
        }
    }
    job_free(&job);
}

static bool has_gradients(const struct test_case *c)
{
    return c->operation == OPERATION_POOL_GRAD && !(c->with & WITHOUT_ORACLE);
}

START_TEST(gradients_are_differences)
{
    struct tally tally = { 0 };
    const struct test_case *c;
    attpool_context *context = open_judge();
    for (size_t i = 0; next_case(&i, 1, &c);)
        if (has_gradients(c))
            check_case(context, c, &tally);
    attpool_close(context);
    printf("gradients: %ld elements, %ld left out, largest error %.2f of its bound in %s\n",
           tally.elements, tally.left_out, tally.worst, tally.where ? tally.where : "none");
    fflush(stdout);
    ck_assert_msg(tally.wrong == 0, "%ld gradients are wrong, see above", tally.wrong);
    ck_assert_msg(tally.left_out * 20 <= tally.elements, "too many differences disagree");
}
END_TEST

/* ---- float32 ---------------------------------------------------------------------------- */

/* The inputs of `job`, which are doubles, become those of `from`, which are floats. */
static void take_inputs(struct job *job, struct job *from)
{
    struct tensor *const to[] = { &job->q,     &job->k,           &job->v,
                                  &job->bias,  &job->key_weights, &job->inverse_bandwidths,
                                  &job->wq,    &job->wk,          &job->wv,
                                  &job->d_out, &job->d_lse,       &job->factors };
    struct tensor *const of[] = { &from->q,     &from->k,           &from->v,
                                  &from->bias,  &from->key_weights, &from->inverse_bandwidths,
                                  &from->wq,    &from->wk,          &from->wv,
                                  &from->d_out, &from->d_lse,       &from->factors };
    for (size_t i = 0; i < sizeof to / sizeof to[0]; i++) {
        if (!tensor_present(to[i]))
            continue;
        tensor_unprotect(to[i]);
        for (int64_t k = 0; k < tensor_count(to[i]); k++)
            tensor_set(&to[i]->dl, k, tensor_get(&of[i]->dl, k));
    }
    job->kernel.inverse_bandwidth = (double)(float)job->kernel.inverse_bandwidth;
}

/* Sums of a kernel of both signs may be nothing but rounding. */
static bool may_cancel(const struct test_case *c)
{
    return c->score == ATTPOOL_KERNEL &&
           (c->kernel == ATTPOOL_SILVERMAN || (c->with & WITH_MIXED_KERNELS));
}

static void compare_types(attpool_context *context, const struct test_case *c, struct tally *tally)
{
    struct job narrow, wide;
    const char *name;
    /* Weights have the errors of their scores. */
    const bool large = c->special == SPECIAL_FAR || (c->with & WITH_LARGE_BIAS);
    now_testing(c, ELEMENT_F32, "gradients");
    job_new(&narrow, c, ELEMENT_F32, PLACE_END);
    job_new(&wide, c, ELEMENT_F64, PLACE_END);
    take_inputs(&wide, &narrow);
    ck_assert_int_eq(job_run(context, &narrow), ATTPOOL_OK);
    ck_assert_int_eq(job_run(context, &wide), ATTPOOL_OK);
    for (int i = FIRST_GRADIENT; i < JOB_OUTPUTS; i++) {
        const struct tensor *t = job_output(&narrow, i, &name), *want = job_output(&wide, i, &name);
        const double unit = c->unit > 0 && i < 8 ? c->unit : 1;
        const double scale = want ? fmax(largest_of(want), 0.02 / unit) : 0;
        for (int64_t k = 0; t && k < tensor_count(t); k++) {
            double x = tensor_get(&want->dl, k), got = tensor_get(&t->dl, k);
            double error = fabs(got - x) / scale;
            tally->elements++;
            tally->wrong += !(error <= (large ? 1e-3 : 2e-5) || (isnan(x) && isnan(got)));
        }
    }
    job_free(&wide);
    job_free(&narrow);
}

START_TEST(floats_agree_with_doubles)
{
    struct tally tally = { 0 };
    const struct test_case *c;
    attpool_context *context = open_judge();
    for (size_t i = 0; next_case(&i, 1, &c);)
        if (has_gradients(c) && !may_cancel(c))
            compare_types(context, c, &tally);
    attpool_close(context);
    printf("gradients in float32: %ld of %ld elements differ by more than 2e-5\n", tally.wrong,
           tally.elements);
    fflush(stdout);
    /* A key near the edge of its support, or a sum that cancels, has few digits to begin with. */
    ck_assert_msg(tally.wrong * 1000 <= tally.elements, "%ld gradients differ", tally.wrong);
}
END_TEST

Suite *suite_grad_oracle(void)
{
    Suite *suite = suite_create("grad oracle");
    TCase *tc = tcase_create("grad oracle");
    tcase_set_timeout(tc, 900);
    tcase_add_test(tc, gradients_are_differences);
    tcase_add_test(tc, floats_agree_with_doubles);
    suite_add_tcase(suite, tc);
    return suite;
}
