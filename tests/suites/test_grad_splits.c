/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backends.h"
#include "tests/suites/suites.h"

#include <stdio.h>
#include <string.h>

/* What a caller may do to a call for gradients without a change of bits: ask for one of them at a
 * time, cut the queries, the keys or the batch. Sums over what is cut are the caller's and are not
 * looked at. Compared with the whole call on the same backend. */

enum { EVERY = 2, ALL_GRADIENTS = JOB_OUTPUTS - FIRST_GRADIENT };
enum gradient { DQ = FIRST_GRADIENT, DK, DV, DBIAS, DKEY_WEIGHTS, DSCALE, DW, DFACTORS };

static bool with(const struct test_case *c, unsigned option)
{
    return (c->with & option) != 0;
}

/* The calls of one way; false where gradient `i` of the job is none of its own. */
struct way {
    const char *name;
    bool (*applies)(const struct test_case *c);
    bool (*keeps)(const struct job *job, int i);
    attpool_status (*run)(attpool_context *context, struct job *job, const struct way *way);
};

/* The gradients that the way does not keep are not asked for. */
static void drop_others(struct job *part, const struct job *job, const struct way *way)
{
    for (int i = FIRST_GRADIENT; i < JOB_OUTPUTS; i++)
        if (!way->keeps(job, i))
            job_drop_gradient(part, i);
}

static bool always(const struct test_case *c)
{
    return c->m > 0;
}

static bool keeps_all(const struct job *job, int i)
{
    (void)job, (void)i;
    return true;
}

static attpool_status one_at_a_time(attpool_context *context, struct job *job,
                                    const struct way *way)
{
    attpool_status status = ATTPOOL_OK;
    const char *name;
    (void)way;
    for (int i = FIRST_GRADIENT; i < JOB_OUTPUTS && status == ATTPOOL_OK; i++) {
        if (!job_output(job, i, &name))
            continue;
        job_wire(job);
        for (int k = FIRST_GRADIENT; k < JOB_OUTPUTS; k++)
            if (k != i)
                job_drop_gradient(job, k);
        status = job_run_grad(context, job);
    }
    job_wire(job);
    return status;
}

static bool has_queries(const struct test_case *c)
{
    return c->n > 1 && !with(c, WITHOUT_QUERIES);
}

static bool keeps_queries(const struct job *job, int i)
{
    const struct tensor *bias = &job->bias;
    return i == DQ || (i == DW && job->kernel.bandwidth_per == ATTPOOL_BANDWIDTH_QUERY) ||
           (i == DBIAS && tensor_present(bias) && bias->shape[bias->dl.ndim - 2] > 1);
}

/* Calls for the first of n queries or keys, then `growth` times as many at a time. */
static attpool_status in_pieces(attpool_context *context, struct job *job, const struct way *way,
                                int64_t n, int64_t growth,
                                void (*cut)(struct job *part, int64_t start, int64_t count))
{
    attpool_status status = ATTPOOL_OK;
    for (int64_t start = 0, count = 1; start < n && status == ATTPOOL_OK;
         start += count, count *= growth) {
        struct job part;
        count = count > n - start ? n - start : count;
        job_view(&part, job);
        cut(&part, start, count);
        drop_others(&part, job, way);
        status = job_run_grad(context, &part);
    }
    return status;
}

static attpool_status queries_in_pieces(attpool_context *context, struct job *job,
                                        const struct way *way)
{
    return in_pieces(context, job, way, job->c->n, 3, job_cut_queries);
}

/* Lengths count from the first key of a part, and the policies look at all keys of a row. */
static bool has_keys(const struct test_case *c)
{
    return c->m > 1 && !with(c, WITHOUT_QUERIES | WITH_LENGTHS | WITH_ROW_LENGTHS) &&
           c->empty != ATTPOOL_EMPTY_MEAN && c->empty != ATTPOOL_EMPTY_NEAREST;
}

static bool keeps_keys(const struct job *job, int i)
{
    const struct tensor *bias = &job->bias;
    return i == DK || i == DV || i == DKEY_WEIGHTS || i == DFACTORS ||
           (i == DW && job->kernel.bandwidth_per == ATTPOOL_BANDWIDTH_KEY) ||
           (i == DBIAS && tensor_present(bias) && bias->shape[bias->dl.ndim - 1] > 1);
}

static attpool_status keys_in_pieces(attpool_context *context, struct job *job,
                                     const struct way *way)
{
    return in_pieces(context, job, way, job->c->m, 4, job_cut_keys);
}

static bool has_batch(const struct test_case *c)
{
    return (c->b > 1 || c->h > 1) &&
           !with(c, WITH_SHARED_KEYS | WITH_SHARED_QUERIES | WITH_SHARED_MASK | WITHOUT_QUERIES);
}

static bool keeps_items(const struct job *job, int i)
{
    const attpool_bandwidth_per per = job->kernel.bandwidth_per;
    return i == DQ || i == DK || i == DV || i == DBIAS || i == DKEY_WEIGHTS || i == DFACTORS ||
           (i == DW && (per == ATTPOOL_BANDWIDTH_KEY || per == ATTPOOL_BANDWIDTH_QUERY));
}

static attpool_status batch_in_pieces(attpool_context *context, struct job *job,
                                      const struct way *way)
{
    const struct test_case *c = job->c;
    attpool_status status = ATTPOOL_OK;
    const bool heads_too = (c->hk == 0 || c->hk == c->h) && !with(c, WITH_ITEMS);
    int64_t heads = heads_too ? job->heads : 1;
    for (int64_t b = 0; b < job->batch && status == ATTPOOL_OK; b++)
        for (int64_t h = 0; h < heads && status == ATTPOOL_OK; h++) {
            struct job part;
            job_view(&part, job);
            job_cut_leading(&part, 0, b, 1);
            if (heads_too)
                job_cut_leading(&part, 1, h, 1);
            drop_others(&part, job, way);
            status = job_run_grad(context, &part);
        }
    return status;
}

static const struct way ways[] = {
    { "one at a time", always, keeps_all, one_at_a_time },
    { "queries in pieces", has_queries, keeps_queries, queries_in_pieces },
    { "keys in pieces", has_keys, keeps_keys, keys_in_pieces },
    { "batch in pieces", has_batch, keeps_items, batch_in_pieces },
};
enum { WAYS = sizeof ways / sizeof ways[0] };

static void reset_gradients(struct job *job)
{
    const char *name;
    for (int i = FIRST_GRADIENT; i < JOB_OUTPUTS; i++) {
        struct tensor *t = job_output(job, i, &name);
        for (int64_t k = 0; t && k < tensor_count(t); k++)
            tensor_set(&t->dl, k, -7);
    }
}

/* Those that the way does not keep become what they were. */
static void restore_others(struct job *job, const struct answer *answer, const struct way *way)
{
    const char *name;
    for (int i = FIRST_GRADIENT; i < JOB_OUTPUTS; i++) {
        struct tensor *t = job_output(job, i, &name);
        if (t && !way->keeps(job, i))
            memcpy(t->bytes, answer->bytes[i], t->size);
    }
}

static void compare(attpool_context *context, const struct test_case *c, enum element element,
                    const struct way *way, const char *backend)
{
    struct job job;
    struct answer answer;
    const char *name;
    char how[96];
    bool any = false;
    snprintf(how, sizeof how, "%s, %s", backend, way->name);
    now_testing(c, element, how);
    job_new(&job, c, element, PLACE_END);
    for (int i = FIRST_GRADIENT; i < JOB_OUTPUTS; i++)
        any = any || (job_output(&job, i, &name) && way->keeps(&job, i));
    if (any) {
        attpool_status status = job_run(context, &job);
        answer_keep(&answer, &job, status);
        reset_gradients(&job);
        status = way->run(context, &job, way);
        restore_others(&job, &answer, way);
        answer_compare(&answer, &job, status, how);
        answer_free(&answer);
    }
    job_free(&job);
}

START_TEST(another_way_gives_the_same_bits)
{
    const struct test_case *c;
    const char *name = test_backends[_i / 2];
    enum element element = _i % 2 ? ELEMENT_F64 : ELEMENT_F32;
    attpool_context *context = open_backend(name, 2);
    size_t tested = 0;
    if (!context)
        return;
    if (promises_bits(context) && computes(context, element))
        for (int way = 0; way < WAYS; way++)
            for (size_t i = 0; next_case(&i, 1, &c);)
                if (c->operation == OPERATION_POOL_GRAD && ways[way].applies(c) &&
                    tested++ % (is_opencl(name) ? 12 : EVERY) == 0)
                    compare(context, c, element, &ways[way], name);
    attpool_close(context);
    answers_agree();
}
END_TEST

Suite *suite_grad_splits(void)
{
    Suite *suite = suite_create("grad splits");
    TCase *tc = tcase_create("grad splits");
    tcase_set_timeout(tc, 900);
    tcase_add_loop_test(tc, another_way_gives_the_same_bits, 0, 2 * TEST_BACKENDS);
    suite_add_tcase(suite, tc);
    return suite;
}
