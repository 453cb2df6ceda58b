/* SPDX-License-Identifier: Apache-2.0 */
#include "core/context.h"
#include "core/index/build.h"
#include "tests/support/backends.h"
#include "tests/suites/suites.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The index of keys: it finds all that matter, is used where that pays, and changes no bit. */

static const int thread_counts[] = { 1, 3 };

static attpool_context *open_index(const char *name, int threads, enum index_use use)
{
    attpool_context *context = open_backend(name, threads);
    if (context)
        context->engine.index = use;
    return context;
}

/* ---- the same bits with it and without, and those of the judge ---- */

static bool may_have_index(const struct test_case *c)
{
    return c->score == ATTPOOL_KERNEL && c->operation >= OPERATION_POOL && c->b <= 1 && c->h <= 1;
}

static void compare(attpool_context *judge, attpool_context *context, const struct test_case *c,
                    enum element element, enum place place, const char *how)
{
    struct job job;
    struct answer answer;
    job_new(&job, c, element, place);
    now_testing(c, element, "without an index");
    answer_keep(&answer, &job, job_run(judge, &job));
    now_testing(c, element, how);
    job_reset(&job);
    answer_compare(&answer, &job, job_run(context, &job), how);
    answer_free(&answer);
    job_free(&job);
}

START_TEST(no_bit_moves)
{
    const struct test_case *c;
    const char *name = test_backends[_i / 2];
    const enum element element = _i % 2 ? ELEMENT_F64 : ELEMENT_F32;
    attpool_context *judge = open_judge();
    for (int t = 0; t < 2; t++) {
        attpool_context *context = open_index(name, thread_counts[t], INDEX_ALWAYS);
        if (context && promises_bits(context) && computes(context, element))
            for (size_t i = 0, k = 0; next_case(&i, 1, &c); k++)
                if (may_have_index(c))
                    compare(judge, context, c, element, k % 2 ? PLACE_START : PLACE_END,
                            "with an index");
        attpool_close(context);
    }
    attpool_close(judge);
    answers_agree();
}
END_TEST

/* ---- states ---- */

static bool has_states(const struct test_case *c)
{
    return may_have_index(c) && c->operation == OPERATION_POOL &&
           strncmp(c->name, "index", 5) == 0 &&
           !(c->with & (WITH_N_EFF | WITH_WEIGHTS | WITH_ROW_LENGTHS | WITHOUT_OUTPUT)) &&
           c->key_origin % ATTPOOL_SUPER_BLOCK == 0 && c->empty < ATTPOOL_EMPTY_MEAN;
}

/* Two parts, whose lengths are not powers of two, merged. */
static attpool_status by_parts(attpool_context *context, struct job *job)
{
    const int64_t m = job->c->m, cut = m / 2 / ATTPOOL_SUPER_BLOCK * ATTPOOL_SUPER_BLOCK;
    attpool_state *state[2] = { NULL, NULL };
    attpool_status status = ATTPOOL_OK;
    for (int i = 0; i < 2 && status == ATTPOOL_OK; i++) {
        struct job part;
        job_view(&part, job);
        job_cut_keys(&part, i * cut, i == 0 ? cut : m - cut);
        part.pool.lse = NULL;
        status = job_state(context, &part, &state[i]);
    }
    if (status == ATTPOOL_OK)
        status = attpool_state_merge(context, state[0], state[1]);
    if (status == ATTPOOL_OK)
        status = attpool_state_finish(context, state[0], job->pool.empty, output_or_null(&job->out),
                                      job->pool.lse);
    attpool_state_free(state[0]);
    attpool_state_free(state[1]);
    return status;
}

START_TEST(states_have_the_bits_of_a_whole)
{
    const struct test_case *c;
    const char *name = test_backends[_i / 2];
    const enum element element = _i % 2 ? ELEMENT_F64 : ELEMENT_F32;
    attpool_context *judge = open_judge(), *context = open_index(name, 2, INDEX_ALWAYS);
    if (context && promises_bits(context) && computes(context, element))
        for (size_t i = 0; next_case(&i, 1, &c);) {
            struct job job;
            struct answer answer;
            if (!has_states(c))
                continue;
            job_new(&job, c, element, PLACE_END);
            now_testing(c, element, "states with an index");
            answer_keep(&answer, &job, job_run(judge, &job));
            job_reset(&job);
            answer_compare(&answer, &job, by_parts(context, &job), "states with an index");
            answer_free(&answer);
            job_free(&job);
        }
    attpool_close(context);
    attpool_close(judge);
    answers_agree();
}
END_TEST

/* ---- what is found ---- */

static double uniform(unsigned salt, int64_t i)
{
    return 0.5 * (1 + random_at(salt, (uint64_t)i));
}

/* All keys that are in reach, and each once and in order. */
static void check_list(const struct pool_index *index, const double *x, int64_t m,
                       const struct index_box *box, const struct index_list *list)
{
    const int64_t d = index->keys->keys.d;
    int64_t at = 0;
    bool ascends = true;
    for (int64_t k = 1; k < list->count; k++)
        ascends &= list->key[k - 1] < list->key[k];
    ck_assert(ascends);
    for (int64_t j = 0; j < m; j++) {
        double sum = 0;
        for (int64_t c = 0; c < d; c++) {
            const double y = x[j * d + c];
            const double gap = fmax(fmax(box->low[c] - y, y - box->high[c]), 0);
            sum += gap * gap * index->reach.inverse[c] * index->reach.inverse[c];
        }
        while (at < list->count && list->key[at] < j)
            at++;
        const bool listed = at < list->count && list->key[at] == j;
        const bool right = listed ? sum <= 1 + 1e-9 : sum > 1;
        if (!right) /* an assertion for each would take long */
            ck_abort_msg("key %lld of %lld is %s the list, d %lld", (long long)j, (long long)m,
                         listed ? "on" : "not on", (long long)d);
    }
}

static void find_some(int64_t m, int64_t d, double reach, int64_t strange)
{
    double *x = malloc((size_t)(m * d) * sizeof *x);
    const double one[INDEX_COORDINATES] = { 1, 1, 1, 1 };
    for (int64_t i = 0; i < m * d; i++)
        x[i] = uniform(3, i);
    if (strange >= 0)
        x[strange] = (double)INFINITY;
    const struct array k = { .data = x, .row = d, .col = 1, .group = 1 };
    struct key_index *keys = ap_key_index_new(&k, TYPE_F64, m, d, one);
    struct pool_index index = { .keys = keys, .reach = { .ball = true } };
    struct index_list list;
    void *memory = malloc(ap_index_list_bytes(keys));
    for (int64_t c = 0; c < d; c++)
        index.reach.inverse[c] = 1 / reach;
    ap_index_list_place(keys, memory, &list);
    ap_index_list_clear(keys, &list);
    for (unsigned i = 0; i < 20; i++) {
        struct index_box box = { .bandwidth = 1 };
        for (int64_t c = 0; c < d; c++) {
            box.low[c] = uniform(5 + i, c);
            box.high[c] = box.low[c] + 0.01 * uniform(50 + i, c);
        }
        ap_index_find(&index, &box, &list);
        if (strange < 0)
            check_list(&index, x, m, &box, &list);
        else
            ck_assert_uint_eq(list.key[0], (uint32_t)(strange / d));
    }
    free(memory);
    ap_key_index_free(keys);
    free(x);
}

START_TEST(keys_in_reach_are_found)
{
    static const int64_t counts[] = { 1, 15, 16, 17, 129, 300, 4097, 20000 };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (int64_t d = 1; d <= INDEX_COORDINATES; d++) {
            find_some(counts[i], d, 0.02, -1);
            find_some(counts[i], d, 0.3, -1);
            find_some(counts[i], d, 1e-9, 0);
        }
}
END_TEST

/* Number i of a kind. */
static double number_of(int kind, int64_t i)
{
    const double u = uniform(21, i);
    switch (kind) {
    case 0:
        return u;
    case 1:
        return 7;
    case 2: /* a range that overflows */
        return (i % 2 ? DBL_MAX : -DBL_MAX) * u;
    case 3:
        return DBL_TRUE_MIN * (double)(i % 5000);
    case 4: /* nearly all in one part of the range */
        return exp(40 * u);
    case 5:
        return i % 97 == 5 ? NAN : i % 89 == 3 ? -(double)INFINITY : -u;
    default:
        return NAN;
    }
}

START_TEST(numbers_of_any_range_are_ordered)
{
    enum { COUNT = 20000 };
    static double x[COUNT];
    static bool seen[COUNT];
    const double one = 1;
    int64_t finite = 0;
    for (int64_t i = 0; i < COUNT; i++) {
        x[i] = number_of(_i, i);
        seen[i] = false;
        finite += isfinite(x[i]) != 0;
    }
    const struct array k = { .data = x, .row = 1, .col = 1, .group = 1 };
    struct key_index *index = ap_key_index_new(&k, TYPE_F64, COUNT, 1, &one);
    const struct point_order *order = &index->keys;
    ck_assert_int_eq(order->finite, finite);
    for (int64_t i = 0; i < COUNT; i++) {
        const uint32_t number = order->number[i];
        if (number >= COUNT || seen[number])
            ck_abort_msg("%u is there twice", number);
        seen[number] = true;
        if (i < finite && order->point[i] != x[number])
            ck_abort_msg("place %lld is not that of %u", (long long)i, number);
        if (i > 0 && i < finite && order->point[i] < order->point[i - 1])
            ck_abort_msg("place %lld is not in order", (long long)i);
    }
    ap_key_index_free(index);
}
END_TEST

/* ---- the caller's ---- */

enum { OWN_M = 4000, OWN_N = 100 };

START_TEST(the_callers_index_changes_no_bit)
{
    static double x[OWN_M], y[OWN_M], q[OWN_N], want[OWN_N], got[OWN_N];
    int64_t keys[] = { OWN_M, 1 }, queries[] = { OWN_N, 1 };
    DLTensor K = tensor_of(x, ELEMENT_F64, 2, keys), V = tensor_of(y, ELEMENT_F64, 2, keys);
    DLTensor Q = tensor_of(q, ELEMENT_F64, 2, queries),
             O = tensor_of(want, ELEMENT_F64, 2, queries);
    attpool_kernel_options kernel = { .kernel = ATTPOOL_EPANECHNIKOV };
    attpool_pool_options options = { .size = sizeof options, .score = ATTPOOL_KERNEL };
    attpool_context *context = open_index(test_backends[_i], 1, INDEX_ALWAYS);
    attpool_index *index;
    if (!context || !computes(context, ELEMENT_F64) || !promises_bits(context))
        return;
    for (int64_t i = 0; i < OWN_M; i++) {
        x[i] = uniform(11, i);
        y[i] = uniform(12, i);
        q[i % OWN_N] = uniform(13, i);
    }
    options.kernel = &kernel;
    ck_assert_int_eq(attpool_index_new(context, &K, &index), ATTPOOL_OK);
    for (int k = 0; k < 3; k++) {
        kernel.bandwidth = k == 0 ? 1e-3 : k == 1 ? 0.1 : 5;
        O.data = want;
        options.index = NULL;
        ck_assert_int_eq(attpool_pool(context, &Q, &K, &V, &options, &O), ATTPOOL_OK);
        O.data = got;
        options.index = index;
        ck_assert_int_eq(attpool_pool(context, &Q, &K, &V, &options, &O), ATTPOOL_OK);
        ck_assert(memcmp(want, got, sizeof want) == 0);
    }
    attpool_index_free(index);
    attpool_close(context);
}
END_TEST

START_TEST(the_callers_index_is_checked)
{
    static double x[OWN_M];
    int64_t keys[] = { OWN_M, 1 }, fewer[] = { OWN_M - 1, 1 }, flat[] = { OWN_M };
    DLTensor K = tensor_of(x, ELEMENT_F64, 2, keys), F = tensor_of(x, ELEMENT_F64, 2, fewer);
    DLTensor L = tensor_of(x, ELEMENT_F64, 1, flat);
    attpool_pool_options options = { .size = sizeof options, .score = ATTPOOL_KERNEL };
    attpool_context *context = open_judge();
    attpool_index *index = NULL;
    ck_assert_int_eq(attpool_index_new(NULL, &K, &index), ATTPOOL_E_CONTEXT);
    ck_assert_int_eq(attpool_index_new(context, &K, NULL), ATTPOOL_E_OPTIONS);
    ck_assert_int_eq(attpool_index_new(context, NULL, &index), ATTPOOL_E_KEY);
    ck_assert_int_eq(attpool_index_new(context, &L, &index), ATTPOOL_E_KEY);
    ck_assert_ptr_null(index);
    ck_assert_int_eq(attpool_index_new(context, &K, &index), ATTPOOL_OK);
    options.index = index;
    ck_assert_int_eq(attpool_pool(context, &F, &F, &F, &options, &F), ATTPOOL_E_KEY);
    ck_assert_msg(strstr(attpool_message(context), "index is of 4000 keys") != NULL, "%s",
                  attpool_message(context));
    options.score = ATTPOOL_DOT;
    ck_assert_int_eq(attpool_pool(context, &K, &K, &K, &options, &K), ATTPOOL_E_OPTIONS);
    attpool_index_free(index);
    attpool_index_free(NULL);
    attpool_close(context);
}
END_TEST

/* ---- where it is used ---- */

/* Epanechnikov, of reach `reach`. */
static bool pays(const double *x, int64_t n, double reach, bool built)
{
    struct pool_args a = { .batch = 1, .heads = 1, .n = n, .m = n, .d = 1 };
    struct reach r;
    a.score = POOL_KERNEL;
    a.kernel = (struct kernel){ .name = ATTPOOL_EPANECHNIKOV, .one = 1 / reach };
    a.k = a.q = (struct array){ .data = (void *)(uintptr_t)x, .row = 1, .col = 1, .group = 1 };
    ck_assert(ap_reach_of(&a, TYPE_F64, &r));
    return ap_index_pays(&a, TYPE_F64, &r, built);
}

START_TEST(it_is_used_where_it_pays)
{
    enum { N = 20000 };
    double *x = malloc(N * sizeof *x);
    for (int64_t i = 0; i < N; i++)
        x[i] = uniform(9, i);
    ck_assert(pays(x, N, 1e-3, false));
    ck_assert(pays(x, N, 1e-3, true));
    ck_assert(!pays(x, N, 0.5, false));
    ck_assert(!pays(x, N, 10, true));
    ck_assert(!pays(x, 300, 1e-3, false));
    for (int64_t i = 0; i < N; i++)
        x[i] = (double)i / N; /* blocks out of reach are left out anyway */
    ck_assert(!pays(x, N, 1e-3, false));
    free(x);
}
END_TEST

Suite *suite_index(void)
{
    Suite *suite = suite_create("index");
    TCase *bits = tcase_create("bits"), *parts = tcase_create("parts");
    tcase_set_timeout(bits, 1800);
    tcase_add_loop_test(bits, no_bit_moves, 0, 2 * TEST_BACKENDS);
    tcase_add_loop_test(bits, states_have_the_bits_of_a_whole, 0, 2 * TEST_BACKENDS);
    suite_add_tcase(suite, bits);
    tcase_set_timeout(parts, 120);
    tcase_add_test(parts, keys_in_reach_are_found);
    tcase_add_loop_test(parts, numbers_of_any_range_are_ordered, 0, 7);
    tcase_add_loop_test(parts, the_callers_index_changes_no_bit, 0, TEST_BACKENDS);
    tcase_add_test(parts, the_callers_index_is_checked);
    tcase_add_test(parts, it_is_used_where_it_pays);
    suite_add_tcase(suite, parts);
    return suite;
}
