/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/philox.h"
#include "tests/oracle/oracle_dropout.h"
#include "tests/support/failing.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <string.h>

/* Dropout: its generator, its mean, its limits. That every backend, split and number of threads
 * drops the same pairs, and those of the formula, is tested by the rows of the case table. */

enum { N = 6, M = 24, V = 2 };

struct data {
    double q[N], k[M], v[M * V], o[N * V];
    DLTensor Q, K, values, O;
    int64_t queries[2], keys[2], columns[2], outputs[2];
    attpool_masks masks;
    attpool_pool_options options;
};

static void data_new(struct data *x)
{
    memset(x, 0, sizeof *x);
    x->queries[0] = x->outputs[0] = N;
    x->keys[0] = x->columns[0] = M;
    x->queries[1] = x->keys[1] = 1;
    x->columns[1] = x->outputs[1] = V;
    for (int i = 0; i < N; i++)
        x->q[i] = random_at(1, (uint64_t)i);
    for (int i = 0; i < M; i++)
        x->k[i] = random_at(2, (uint64_t)i);
    for (int i = 0; i < M * V; i++)
        x->v[i] = 1 + random_at(3, (uint64_t)i);
    x->Q = tensor_of(x->q, ELEMENT_F64, 2, x->queries);
    x->K = tensor_of(x->k, ELEMENT_F64, 2, x->keys);
    x->values = tensor_of(x->v, ELEMENT_F64, 2, x->columns);
    x->O = tensor_of(x->o, ELEMENT_F64, 2, x->outputs);
    x->options = (attpool_pool_options){ .masks = &x->masks };
}

static attpool_status run(struct data *x)
{
    return attpool_pool(context, &x->Q, &x->K, &x->values, &x->options, &x->O);
}

/* kat_vectors of Random123, the authors' own. */
static const struct {
    uint32_t counter[4], key[2], words[4];
} known[] = {
    { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
    { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
      { 0xffffffff, 0xffffffff },
      { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
    { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
      { 0xa4093822, 0x299f31d0 },
      { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
};

START_TEST(philox_has_the_published_answers)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct philox counter;
        uint32_t words[4];
        memcpy(counter.word, known[i].counter, sizeof counter.word);
        const struct philox got = philox(counter, known[i].key[0], known[i].key[1]);
        oracle_philox(known[i].counter, known[i].key, words);
        ck_assert_mem_eq(got.word, known[i].words, sizeof words);
        ck_assert_mem_eq(words, known[i].words, sizeof words);
    }
}
END_TEST

/* Keys one by one: a value of 1 at key j alone gives W, or 0, or W / (1 - p). */
static double part_kept(struct data *x, double p, uint64_t seed)
{
    double plain[N * V];
    int kept = 0;
    for (int j = 0; j < M; j++) {
        memset(x->v, 0, sizeof x->v);
        x->v[j * V] = 1;
        x->options.dropout = 0;
        ck_assert_int_eq(run(x), ATTPOOL_OK);
        memcpy(plain, x->o, sizeof plain);
        x->options.dropout = p;
        x->options.seed = seed;
        ck_assert_int_eq(run(x), ATTPOOL_OK);
        for (int i = 0; i < N; i++) {
            kept += x->o[i * V] != 0;
            if (x->o[i * V] != 0)
                ck_assert_double_eq_tol(x->o[i * V], plain[i * V] / (1 - p), 1e-14);
        }
    }
    return kept / (double)(N * M);
}

START_TEST(kept_weights_grow)
{
    struct data x;
    data_new(&x);
    ck_assert_double_eq_tol(part_kept(&x, 0.25, 7), 0.75, 0.15);
    ck_assert_double_eq_tol(part_kept(&x, 0.9, UINT64_C(1) << 40), 0.1, 0.1);
}
END_TEST

/* Over many seeds the mean is what it is without dropout, and so is the variance what it should be.
 */
START_TEST(mean_over_seeds_is_unchanged)
{
    enum { SEEDS = 20000 };
    const double p = 0.3;
    struct data x;
    double plain[N * V], mean[N * V] = { 0 }, square[N * V] = { 0 };
    data_new(&x);
    ck_assert_int_eq(run(&x), ATTPOOL_OK);
    memcpy(plain, x.o, sizeof plain);
    x.options.dropout = p;
    for (int s = 0; s < SEEDS; s++) {
        x.options.seed = (uint64_t)s << (s % 2 ? 32 : 0);
        ck_assert_int_eq(run(&x), ATTPOOL_OK);
        for (int i = 0; i < N * V; i++) {
            mean[i] += x.o[i] / SEEDS;
            square[i] += (x.o[i] - plain[i]) * (x.o[i] - plain[i]) / SEEDS;
        }
    }
    for (int i = 0; i < N * V; i++)
        ck_assert_double_le(fabs(mean[i] - plain[i]), 5 * sqrt(square[i] / SEEDS));
}
END_TEST

START_TEST(another_seed_or_place_drops_others)
{
    struct data x;
    double first[N * V];
    data_new(&x);
    x.options.dropout = 0.5;
    ck_assert_int_eq(run(&x), ATTPOOL_OK);
    memcpy(first, x.o, sizeof first);
    int64_t *const origins[] = { &x.masks.query_origin, &x.masks.key_origin,
                                 &x.masks.batch_origin };
    const int64_t most[] = { (INT64_C(1) << 32) - N, (INT64_C(1) << 34) - M,
                             (INT64_C(1) << 32) - 1 };
    for (int k = 0; k < 3; k++) {
        *origins[k] = most[k];
        ck_assert_int_eq(run(&x), ATTPOOL_OK);
        ck_assert_mem_ne(x.o, first, sizeof first);
        *origins[k] = 0;
    }
    x.options.seed = UINT64_C(1) << 32;
    ck_assert_int_eq(run(&x), ATTPOOL_OK);
    ck_assert_mem_ne(x.o, first, sizeof first);
}
END_TEST

START_TEST(limits_are_named)
{
    struct data x;
    data_new(&x);
    const double wrong[] = { -0.1, 1, NAN, HUGE_VAL };
    for (int i = 0; i < 4; i++) {
        x.options.dropout = wrong[i];
        check(run(&x), ATTPOOL_E_OPTIONS, "it should be at least 0 and below 1", "a probability");
    }
    x.options.dropout = 0.5;
    x.masks.query_origin = (INT64_C(1) << 32) - N + 1;
    check(run(&x), ATTPOOL_E_OPTIONS,
          "query_origin is 4294967291, which with dropout should be at "
          "most 4294967290",
          "queries");
    x.masks.query_origin = 0;
    x.masks.key_origin = (INT64_C(1) << 34) - M + 1;
    check(run(&x), ATTPOOL_E_OPTIONS, "key_origin is", "keys");
    x.masks.key_origin = 0;
    x.masks.batch_origin = INT64_C(1) << 32;
    check(run(&x), ATTPOOL_E_OPTIONS, "batch_origin is", "the batch");
    x.masks.batch_origin = -1;
    check(run(&x), ATTPOOL_E_OPTIONS, "batch_origin is negative", "a negative origin");
    x.options.dropout = 0;
    x.masks.batch_origin = (INT64_C(1) << 60) + 1;
    check(run(&x), ATTPOOL_E_OPTIONS, "batch_origin is above 2^60", "a large origin");
    x.masks.batch_origin = INT64_C(1) << 32;
    check(run(&x), ATTPOOL_OK, "", "without dropout");
}
END_TEST

static attpool_status state_of(struct data *x, double p, uint64_t seed, int64_t origin,
                               attpool_state **state)
{
    x->options.dropout = p;
    x->options.seed = seed;
    x->masks.key_origin = origin;
    return attpool_state_pool(context, &x->Q, &x->K, &x->values, &x->options, state);
}

START_TEST(states_of_other_dropout_do_not_merge)
{
    struct data x;
    attpool_state *first, *other;
    const struct {
        double p;
        uint64_t seed;
        attpool_status want;
    } all[] = { { 0.5, 3, ATTPOOL_OK }, { 0.25, 3, ATTPOOL_E_STATE }, { 0.5, 4, ATTPOOL_E_STATE } };
    data_new(&x);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(state_of(&x, 0.5, 3, ATTPOOL_SUPER_BLOCK, &first), ATTPOOL_OK);
        ck_assert_int_eq(state_of(&x, all[i].p, all[i].seed, 0, &other), ATTPOOL_OK);
        attpool_status status = attpool_state_merge(context, first, other);
        /* The first has 24 of 1024 keys, so that the two do not meet where dropout is the same. */
        check(status, ATTPOOL_E_STATE,
              all[i].want == ATTPOOL_OK ? "do not meet" : "different dropout or seeds", "merging");
        attpool_state_free(first);
        attpool_state_free(other);
    }
}
END_TEST

Suite *suite_dropout(void)
{
    Suite *suite = suite_create("dropout");
    TCase *tc = tcase_create("dropout");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_add_test(tc, philox_has_the_published_answers);
    tcase_add_test(tc, kept_weights_grow);
    tcase_add_test(tc, mean_over_seeds_is_unchanged);
    tcase_add_test(tc, another_seed_or_place_drops_others);
    tcase_add_test(tc, limits_are_named);
    tcase_add_test(tc, states_of_other_dropout_do_not_merge);
    suite_add_tcase(suite, tc);
    return suite;
}
