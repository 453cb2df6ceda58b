/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backends.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a caller may do to a call without a change of bits: cut it, turn it, mask it. Each test is
 * run by every backend and compares with the whole call on that backend. */

enum { EVERY = 3, MOST_PARTS = 64 };

struct run {
    attpool_context *context, *other; /* other: scalar, for states of mixed origin */
    const char *name;
};

typedef bool applies_to(const struct test_case *c);
/* Do it in another way into the outputs of `job`, which were reset. */
typedef attpool_status another_way(const struct run *run, struct job *job);

static bool with(const struct test_case *c, unsigned option)
{
    return (c->with & option) != 0;
}

/* ---- Cuts of queries, batch and heads ---------------------------------------------------- */

static bool has_queries(const struct test_case *c)
{
    return c->n > 1 && !with(c, WITH_ROWS) && c->operation != OPERATION_POOL_GRAD;
}

static attpool_status queries_in_pieces(const struct run *run, struct job *job)
{
    attpool_status status = ATTPOOL_OK;
    int64_t n = job->c->n;
    for (int64_t start = 0, count = 1; start < n && status == ATTPOOL_OK;
         start += count, count *= 3) {
        struct job part;
        if (count > n - start)
            count = n - start;
        job_view(&part, job);
        job_cut_queries(&part, start, count);
        status = job_run(run->context, &part);
    }
    return status;
}

static bool has_no_positions(const struct test_case *c)
{
    return has_queries(c) && c->dropout == 0 &&
           !with(c, WITH_CAUSAL | WITH_WINDOW | WITH_LEAVE_ONE_OUT);
}

static attpool_status queries_reversed(const struct run *run, struct job *job)
{
    struct job turned;
    job_view(&turned, job);
    job_reverse_queries(&turned);
    return job_run(run->context, &turned);
}

static bool has_batch(const struct test_case *c)
{
    return (c->b > 1 || c->h > 1) && c->operation != OPERATION_POOL_GRAD;
}

static attpool_status batch_in_pieces(const struct run *run, struct job *job)
{
    const struct test_case *c = job->c;
    attpool_status status = ATTPOOL_OK;
    bool heads_too = c->hk <= 1 || c->hk == c->h;
    int64_t heads = heads_too ? job->heads : 1;
    for (int64_t b = 0; b < job->batch && status == ATTPOOL_OK; b++)
        for (int64_t h = 0; h < heads && status == ATTPOOL_OK; h++) {
            struct job part;
            job_view(&part, job);
            job_cut_leading(&part, 0, b, 1);
            if (heads_too)
                job_cut_leading(&part, 1, h, 1);
            status = job_run(run->context, &part);
        }
    return status;
}

/* ---- Keys by states ----------------------------------------------------------------------- */

/* Length for the part of the keys that begins at `start`. */
static void cut_lengths(struct job *part, const struct job *job, int64_t start, int64_t count)
{
    const DLTensor *from = &job->lengths.dl;
    if (!tensor_present(&job->lengths))
        return;
    enum element element = from->dtype.bits == 32 ? ELEMENT_I32 : ELEMENT_I64;
    tensor_new(&part->lengths, element, ARRANGE_COMPACT, PLACE_END, from->ndim, from->shape);
    for (int64_t i = 0; i < tensor_count(&part->lengths); i++) {
        double length = tensor_get(from, i) - (double)start;
        tensor_set(&part->lengths.dl, i, fmin(fmax(length, 0), (double)count));
    }
    job_wire(part);
}

struct parts {
    int count;
    attpool_state *state[MOST_PARTS];
};

static attpool_status make_states(const struct run *run, struct job *job, struct parts *parts)
{
    int64_t m = job->c->m, step = ATTPOOL_SUPER_BLOCK;
    attpool_status status = ATTPOOL_OK;
    parts->count = 0;
    for (int64_t start = 0; (start < m || parts->count == 0) && status == ATTPOOL_OK;
         start += step) {
        struct job part;
        int64_t count = m - start < step ? m - start : step;
        job_view(&part, job);
        job_cut_keys(&part, start, count);
        cut_lengths(&part, job, start, count);
        part.pool.lse = NULL;
        status = job_state(parts->count % 2 ? run->other : run->context, &part,
                           &parts->state[parts->count]);
        parts->count += status == ATTPOOL_OK;
        tensor_free(&part.lengths);
    }
    return status;
}

static attpool_status merge(const struct run *run, struct parts *parts, int to, int from)
{
    attpool_status status = attpool_state_merge(run->context, parts->state[to], parts->state[from]);
    attpool_state_free(parts->state[from]);
    parts->count--;
    memmove(&parts->state[from], &parts->state[from + 1],
            (size_t)(parts->count - from) * sizeof parts->state[0]);
    return status;
}

/* Which neighbour takes which: from the left, from the right, or anywhere. */
enum grouping { FROM_LEFT, FROM_RIGHT, ANYWHERE };

static attpool_status by_states(const struct run *run, struct job *job, enum grouping grouping)
{
    struct parts parts;
    attpool_status status = make_states(run, job, &parts);
    while (parts.count > 1 && status == ATTPOOL_OK) {
        int i = grouping == FROM_LEFT    ? 0
                : grouping == FROM_RIGHT ? parts.count - 2
                                         : (int)(random_bits(job->c->seed, (uint64_t)parts.count) %
                                                 (uint64_t)(parts.count - 1));
        bool left = grouping == FROM_LEFT || (grouping == ANYWHERE && i % 2);
        status = left ? merge(run, &parts, i, i + 1) : merge(run, &parts, i + 1, i);
    }
    if (status == ATTPOOL_OK)
        status = attpool_state_finish(run->context, parts.state[0], job->c->empty,
                                      tensor_present(&job->out) ? &job->out.dl : NULL,
                                      tensor_present(&job->lse) ? &job->lse.dl : NULL);
    for (int i = 0; i < parts.count; i++)
        attpool_state_free(parts.state[i]);
    return status;
}

static bool can_be_a_state(const struct test_case *c)
{
    return c->operation == OPERATION_POOL && c->key_origin % ATTPOOL_SUPER_BLOCK == 0 &&
           !with(c, WITH_N_EFF | WITH_WEIGHTS | WITHOUT_QUERIES) &&
           c->empty != ATTPOOL_EMPTY_MEAN && c->empty != ATTPOOL_EMPTY_NEAREST;
}

static attpool_status states_from_left(const struct run *run, struct job *job)
{
    return by_states(run, job, FROM_LEFT);
}

static attpool_status states_from_right(const struct run *run, struct job *job)
{
    return by_states(run, job, FROM_RIGHT);
}

static attpool_status states_anywhere(const struct run *run, struct job *job)
{
    return by_states(run, job, ANYWHERE);
}

/* ---- The loop over cases ----------------------------------------------------------------- */

static const struct {
    const char *name;
    applies_to *applies;
    another_way *run;
    size_t every;
} ways[] = {
    { "queries in pieces", has_queries, queries_in_pieces, EVERY },
    { "queries reversed", has_no_positions, queries_reversed, EVERY },
    { "batch in pieces", has_batch, batch_in_pieces, EVERY },
    { "states from the left", can_be_a_state, states_from_left, 1 },
    { "states from the right", can_be_a_state, states_from_right, EVERY },
    { "states in any order", can_be_a_state, states_anywhere, EVERY },
};
enum { WAYS = sizeof ways / sizeof ways[0] };

static bool open_run(struct run *run, int i)
{
    *run = (struct run){ .name = test_backends[i] };
    run->context = open_backend(run->name, is_opencl(run->name) ? 1 : 2);
    run->other = open_judge();
    return run->context && promises_bits(run->context);
}

static void close_run(struct run *run)
{
    attpool_close(run->context);
    attpool_close(run->other);
}

static void compare_ways(const struct run *run, const struct test_case *c, enum element element,
                         int way)
{
    struct job job;
    struct answer answer;
    char how[96];
    snprintf(how, sizeof how, "%s, %s", run->name, ways[way].name);
    now_testing(c, element, how);
    job_new(&job, c, element, PLACE_END);
    answer_keep(&answer, &job, job_run(run->context, &job));
    job_reset(&job);
    answer_compare(&answer, &job, ways[way].run(run, &job), how);
    answer_free(&answer);
    job_free(&job);
}

START_TEST(another_way_gives_the_same_bits)
{
    struct run run;
    const struct test_case *c;
    int tested = 0;
    enum element element = _i % 2 ? ELEMENT_F64 : ELEMENT_F32;
    if (open_run(&run, _i / 2) && computes(run.context, element))
        for (int way = 0; way < WAYS; way++)
            for (size_t i = 0; next_case(&i, 1, &c);)
                if (ways[way].applies(c) && tested++ % (int)ways[way].every == 0 &&
                    (!is_opencl(run.name) || tested % 8 == 1))
                    compare_ways(&run, c, element, way);
    close_run(&run);
    answers_agree();
}
END_TEST

static bool has_masks(const struct test_case *c)
{
    return c->operation == OPERATION_SOFTMAX || c->operation == OPERATION_POOL;
}

/* ---- Masks -------------------------------------------------------------------------------- */

/* NaN into the keys and values from `start` on. */
static void spoil(struct tensor *t, int dimension, int64_t start)
{
    struct tensor view;
    if (!tensor_present(t))
        return;
    tensor_unprotect(t);
    tensor_view(&view, t);
    tensor_slice(&view, dimension, start, t->shape[t->dl.ndim + dimension] - start);
    for (int64_t i = 0; i < tensor_count(&view); i++)
        tensor_set(&view.dl, i, i % 2 ? (double)NAN : HUGE_VAL);
    tensor_protect(t);
}

/* Lengths that stop at `most`, in a tensor that the caller frees. */
static void limit_lengths(struct tensor *lengths, const struct job *job, int64_t most)
{
    const struct tensor *old = &job->lengths;
    int64_t shape[2];
    int n = 0;
    if (job->c->b > 0)
        shape[n++] = job->c->b;
    if (job->c->h > 0 || n == 0)
        shape[n++] = job->heads;
    if (tensor_present(old))
        tensor_new(lengths, old->dl.dtype.bits == 32 ? ELEMENT_I32 : ELEMENT_I64, ARRANGE_COMPACT,
                   PLACE_END, old->dl.ndim, old->shape);
    else
        tensor_new(lengths, ELEMENT_I32, ARRANGE_COMPACT, PLACE_END, n, shape);
    for (int64_t i = 0; i < tensor_count(lengths); i++)
        tensor_set(&lengths->dl, i,
                   tensor_present(old) ? fmin(tensor_get(&old->dl, i), (double)most)
                                       : (double)most);
}

/* W of the keys that were added: nothing, or NaN in a row without keys. */
static void check_tail(struct job *job, int64_t m)
{
    struct tensor tail;
    struct tensor *w = job->c->operation == OPERATION_SOFTMAX ? &job->out : &job->weights;
    if (!tensor_present(w))
        return;
    tensor_view(&tail, w);
    tensor_slice(&tail, -1, m, job->c->m - m);
    for (int64_t i = 0; i < tensor_count(&tail); i++) {
        double x = tensor_get(&tail.dl, i);
        ck_assert_msg(isnan(x) || (x == 0 && !signbit(x)), "%s: the weight of a masked key is %g",
                      job->c->name, x);
    }
}

/* The case with more keys at the end that lengths mask, against the case without them. */
static void compare_longer(const struct run *run, const struct test_case *c, enum element element)
{
    enum { MORE = 139 };
    struct test_case longer = *c;
    struct job job, front;
    struct answer answer;
    struct tensor lengths;
    int64_t m = c->m;
    longer.m += MORE;
    job_new(&job, &longer, element, PLACE_END);
    if (c->operation == OPERATION_SOFTMAX)
        spoil(&job.q, -1, m);
    spoil(&job.k, -2, m);
    spoil(&job.v, -2, m);
    limit_lengths(&lengths, &job, m);
    now_testing(c, element, run->name);
    tensor_free(&job.lengths);
    job.lengths = lengths;
    job.lengths.dl.shape = job.lengths.shape;
    job.lengths.dl.strides = NULL;
    job_wire(&job);
    job_view(&front, &job);
    job_cut_keys(&front, 0, m);
    answer_keep(&answer, &job, job_run(run->context, &front));
    /* W has columns that the shorter call does not write: they are looked at apart. */
    struct tensor *w = c->operation == OPERATION_SOFTMAX ? &job.out : &job.weights;
    int64_t count = tensor_present(w) ? tensor_count(w) : 0;
    double *kept = calloc((size_t)count + 1, sizeof *kept);
    for (int64_t i = 0; i < count; i++)
        kept[i] = tensor_get(&w->dl, i);
    job_reset(&job);
    attpool_status status = job_run(run->context, &job);
    check_tail(&job, m);
    for (int64_t i = 0; i < count; i++)
        if (i % longer.m >= m)
            tensor_set(&w->dl, i, kept[i]);
    answer_compare(&answer, &job, status, "masked keys at the end");
    free(kept);
    answer_free(&answer);
    job_free(&job);
}

START_TEST(masked_keys_at_the_end_change_nothing)
{
    struct run run;
    const struct test_case *c;
    int tested = 0;
    enum element element = _i % 2 ? ELEMENT_F64 : ELEMENT_F32;
    if (open_run(&run, _i / 2) && computes(run.context, element))
        for (size_t i = 0; next_case(&i, 1, &c);)
            if (has_masks(c) && c->m > 1 && c->special != SPECIAL_HIDDEN &&
                !with(c, WITHOUT_QUERIES | WITHOUT_OPTIONS) &&
                tested++ % (is_opencl(run.name) ? 24 : EVERY) == 0)
                compare_longer(&run, c, element);
    close_run(&run);
    answers_agree();
}
END_TEST

/* The same keys masked by the mask, and by -Inf in a copy of the bias. */
static void compare_mask_and_bias(const struct run *run, const struct test_case *c,
                                  enum element element)
{
    struct test_case both = *c;
    struct job job, other;
    struct answer answer;
    struct tensor bias;
    both.with |= WITH_BIAS | WITH_MASK;
    job_new(&job, &both, element, PLACE_END);
    now_testing(c, element, run->name);
    answer_keep(&answer, &job, job_run(run->context, &job));
    tensor_new(&bias, element, ARRANGE_COMPACT, PLACE_END, job.bias.dl.ndim, job.bias.shape);
    for (int64_t i = 0; i < tensor_count(&bias); i++)
        tensor_set(&bias.dl, i,
                   tensor_get(&job.mask.dl, i) != 0 ? tensor_get(&job.bias.dl, i) : -HUGE_VAL);
    job_reset(&job);
    job_view(&other, &job);
    tensor_view(&other.bias, &bias);
    memset(&other.mask, 0, sizeof other.mask);
    job_wire(&other);
    answer_compare(&answer, &job, job_run(run->context, &other), "mask as a bias of -Inf");
    answer_free(&answer);
    tensor_free(&bias);
    job_free(&job);
}

START_TEST(mask_is_a_bias_of_minus_infinity)
{
    struct run run;
    const struct test_case *c;
    int tested = 0;
    enum element element = _i % 2 ? ELEMENT_F64 : ELEMENT_F32;
    if (open_run(&run, _i / 2) && computes(run.context, element))
        for (size_t i = 0; next_case(&i, 1, &c);)
            if (has_masks(c) && c->n > 0 && c->m > 0 &&
                !with(c, WITHOUT_OPTIONS | WITHOUT_QUERIES | WITH_ROW_MASK) &&
                tested++ % (is_opencl(run.name) ? 24 : EVERY) == 0)
                compare_mask_and_bias(&run, c, element);
    close_run(&run);
    answers_agree();
}
END_TEST

Suite *suite_splits(void)
{
    Suite *suite = suite_create("splits");
    TCase *tc = tcase_create("splits");
    tcase_set_timeout(tc, 900);
    tcase_add_loop_test(tc, another_way_gives_the_same_bits, 0, 2 * TEST_BACKENDS);
    tcase_add_loop_test(tc, masked_keys_at_the_end_change_nothing, 0, 2 * TEST_BACKENDS);
    tcase_add_loop_test(tc, mask_is_a_bias_of_minus_infinity, 0, 2 * TEST_BACKENDS);
    suite_add_tcase(suite, tc);
    return suite;
}
