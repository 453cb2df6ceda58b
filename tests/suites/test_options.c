/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/kernels.h"
#include "tests/support/failing.h"
#include "tests/suites/suites.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Options that are wrong, and those of other releases. */

/* ---- Options -------------------------------------------------------------------------------- */

/* Set up by a statement, expect a status and a word. */
#define SPOILT(of, statement, status, word)                                                        \
    do {                                                                                           \
        fresh(of);                                                                                 \
        statement;                                                                                 \
        fails(status, word, #statement);                                                           \
    } while (0)

#define ONE_BANDWIDTH(...)                                                                         \
    data.kernel = (attpool_kernel_options)                                                         \
    {                                                                                              \
        .size = sizeof data.kernel, __VA_ARGS__                                                    \
    }

START_TEST(options_out_of_range_are_named)
{
    const attpool_status options = ATTPOOL_E_OPTIONS, width = ATTPOOL_E_BANDWIDTH;
    double bad = (double)NAN;
    SPOILT(CALL_POOL_KERNEL, data.pool.score = (attpool_score)9, options, "score");
    SPOILT(CALL_POOL_KERNEL, data.pool.score = (attpool_score)-1, options, "score");
    SPOILT(CALL_POOL_KERNEL, data.pool.empty = (attpool_empty)6, options, "empty");
    SPOILT(CALL_POOL_KERNEL, data.pool.empty = (attpool_empty)-1, options, "empty");
    SPOILT(CALL_POOL_ADDITIVE, data.pool.empty = ATTPOOL_EMPTY_NEAREST, options, "empty");
    SPOILT(CALL_SOFTMAX, data.softmax.empty = ATTPOOL_EMPTY_NEAREST, options, "empty");
    SPOILT(CALL_KERNEL, data.kernel.kernel = (attpool_kernel_name)KERNEL_COUNT, options, "kernel");
    SPOILT(CALL_KERNEL, data.kernel.kernel = (attpool_kernel_name)-1, options, "kernel");
    SPOILT(CALL_KERNEL, data.kernel.form = (attpool_form)2, options, "form");
    SPOILT(CALL_KERNEL, data.kernel.bandwidth_per = (attpool_bandwidth_per)5, options,
           "bandwidth_per");
    SPOILT(CALL_KERNEL, data.kernel.kernels = &data.kernel.kernel, options, "kernels");
    SPOILT(CALL_SOFTMAX, data.masks.lengths_per = (attpool_lengths_per)2, options, "lengths_per");
    SPOILT(CALL_SOFTMAX, data.masks.leave_one_out = 1, options, "leave_one_out");
    SPOILT(CALL_SOFTMAX, (data.masks.window = 1, data.masks.left = -1), options, "left");
    SPOILT(CALL_SOFTMAX, (data.masks.window = 1, data.masks.right = -1), options, "right");
    SPOILT(CALL_SOFTMAX, data.masks.query_origin = -1, options, "query_origin");
    SPOILT(CALL_SOFTMAX, data.masks.key_origin = -1, options, "key_origin");
    SPOILT(CALL_SOFTMAX, data.masks.query_origin = INT64_MAX, options, "query_origin");
    SPOILT(CALL_SOFTMAX, data.masks.key_origin = INT64_MAX, options, "key_origin");
    SPOILT(CALL_SOFTMAX, data.softmax.scale = &bad, options, "scale");
    SPOILT(CALL_POOL_ADDITIVE, data.pool.scale = &bad, options, "scale");
    bad = HUGE_VAL;
    SPOILT(CALL_POOL_ADDITIVE, data.pool.scale = &bad, options, "scale");
    bad = 1e300; /* infinite in float32 */
    SPOILT(CALL_POOL_ADDITIVE, data.pool.scale = &bad, options, "scale");
    SPOILT(CALL_KERNEL, ONE_BANDWIDTH(.bandwidth = -1), width, "bandwidth");
    SPOILT(CALL_KERNEL, ONE_BANDWIDTH(.bandwidth = (double)NAN), width, "bandwidth");
    SPOILT(CALL_KERNEL, ONE_BANDWIDTH(.bandwidth = HUGE_VAL), width, "bandwidth");
    SPOILT(CALL_KERNEL, ONE_BANDWIDTH(.bandwidth = 1e-60), width, "bandwidth");
    SPOILT(CALL_KERNEL, ONE_BANDWIDTH(.inverse_bandwidth = (double)NAN), width,
           "inverse_bandwidth");
    SPOILT(CALL_KERNEL, ONE_BANDWIDTH(.inverse_bandwidth = 1e60), width, "inverse_bandwidth");
    SPOILT(CALL_KERNEL, ONE_BANDWIDTH(.inverse_bandwidth = 1, .bandwidth = 1), width,
           "inverse_bandwidth");
    SPOILT(CALL_KERNEL, data.kernel.inverse_bandwidth = 1, width, "inverse_bandwidths");
    SPOILT(CALL_KERNEL, data.kernel.bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE, width,
           "key_factors");
    SPOILT(CALL_KERNEL,
           (data.kernel.bandwidth_per = ATTPOOL_BANDWIDTH_ONE, data.kernel.key_factors = NULL),
           width, "inverse_bandwidths");
}
END_TEST

START_TEST(kernels_of_coordinates_are_checked)
{
    attpool_kernel_name names[CALL_D] = { ATTPOOL_GAUSSIAN, (attpool_kernel_name)99 };
    SPOILT(CALL_KERNEL, (data.kernel.form = ATTPOOL_PRODUCT, data.kernel.kernels = names),
           ATTPOOL_E_OPTIONS, "kernels");
}
END_TEST

START_TEST(options_of_another_score_are_refused)
{
    double scale = 1;
    SPOILT(CALL_POOL_ADDITIVE, data.pool.kernel = &data.kernel, ATTPOOL_E_OPTIONS, "kernel");
    SPOILT(CALL_POOL_KERNEL, data.pool.scale = &scale, ATTPOOL_E_OPTIONS, "scale");
    SPOILT(CALL_POOL_KERNEL, data.pool.wq = &data.wq.dl, ATTPOOL_E_WQ, "wq");
    SPOILT(CALL_POOL_KERNEL, data.pool.wk = &data.wk.dl, ATTPOOL_E_WK, "wk");
    SPOILT(CALL_POOL_KERNEL, data.pool.wv = &data.wv.dl, ATTPOOL_E_WV, "wv");
    SPOILT(CALL_POOL_ADDITIVE, data.pool.score = ATTPOOL_PROJECTION, ATTPOOL_E_WV, "wv");
}
END_TEST

START_TEST(rows_are_checked)
{
    int64_t rows[] = { 0, CALL_N };
    SPOILT(CALL_POOL_KERNEL, data.pool.rows = rows, ATTPOOL_E_ROWS, "rows");
    rows[1] = -1;
    SPOILT(CALL_POOL_KERNEL, data.pool.rows = rows, ATTPOOL_E_ROWS, "rows");
    SPOILT(CALL_POOL_KERNEL, data.pool.row_count = -1, ATTPOOL_E_ROWS, "row_count");
    SPOILT(CALL_POOL_KERNEL, data.pool.rows = NULL, ATTPOOL_E_ROWS, "row_count");
    SPOILT(CALL_POOL_KERNEL, data.pool.row_count = 1, ATTPOOL_E_WEIGHTS, "weights");
    SPOILT(CALL_POOL_KERNEL, data.pool.weights = NULL, ATTPOOL_E_ROWS, "rows");
}
END_TEST

START_TEST(values_are_checked)
{
    static const double weights[] = { -1, HUGE_VAL, -1e-30 };
    for (int i = 0; i < 3; i++)
        SPOILT(CALL_POOL_KERNEL, tensor_set(&data.key_weights.dl, 9, weights[i]),
               ATTPOOL_E_KEY_WEIGHTS, "key_weights");
    SPOILT(CALL_POOL_KERNEL, tensor_set(&data.key_weights.dl, 0, (double)NAN),
           ATTPOOL_E_KEY_WEIGHTS, "key_weights");
    SPOILT(CALL_POOL_KERNEL, tensor_set(&data.lengths.dl, 5, CALL_M + 1), ATTPOOL_E_LENGTHS,
           "lengths");
    SPOILT(CALL_SOFTMAX, tensor_set(&data.lengths.dl, 0, -1), ATTPOOL_E_LENGTHS, "lengths");
}
END_TEST

/* ---- Windows that lie far off ---- */

START_TEST(windows_may_be_anywhere)
{
    enum { KEYS = 5 };
    const int64_t far = INT64_MAX, most = (int64_t)1 << 60, big = (int64_t)1 << 61;
    const struct {
        int64_t offset, left, right, query_origin, key_origin;
        int first, end; /* of what is seen */
    } rows[] = {
        { 0, 1, 1, 2, 0, 1, 4 },          { 2 * big - 1, big, 0, 0, 0, 0, 0 },
        { big, big, 0, 0, 0, 0, KEYS },   { big + 1, big - 1, 0, 0, 0, 2, KEYS },
        { far, far, far, 0, 0, 0, KEYS }, { -far, 0, far, 0, 0, 0, 1 },
        { far, far, 0, most, 0, 0, 0 },   { far, far, 0, 0, most, 0, KEYS },
        { -far, far, far, 0, 0, 0, 1 },   { -far - 1, 0, far, 3, 0, 0, 3 },
    };
    float s[KEYS] = { 0 }, w[KEYS];
    int64_t shape[] = { 1, KEYS };
    DLTensor S = tensor_of(s, ELEMENT_F32, 2, shape), W = tensor_of(w, ELEMENT_F32, 2, shape);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        attpool_masks masks = { .window = 1,
                                .offset = rows[i].offset,
                                .left = rows[i].left,
                                .right = rows[i].right,
                                .query_origin = rows[i].query_origin,
                                .key_origin = rows[i].key_origin };
        attpool_softmax_options options = { .masks = &masks };
        ck_assert_int_eq(attpool_softmax(context, &S, &options, &W), ATTPOOL_OK);
        for (int j = 0; j < KEYS; j++)
            ck_assert_msg((w[j] > 0) == (j >= rows[i].first && j < rows[i].end),
                          "row %zu, key %d has the weight %g", i, j, (double)w[j]);
    }
}
END_TEST

/* ---- Structures of other releases ---------------------------------------------------------- */

/* The options of a kind of call, and the words that a bad one must say. */
static void *options_of(int i, size_t *size, enum call_kind *of)
{
    static const enum call_kind kinds[] = { CALL_POOL_KERNEL, CALL_POOL_KERNEL, CALL_POOL_KERNEL,
                                            CALL_SOFTMAX };
    *of = kinds[i];
    void *const options[] = { &data.pool, &data.kernel, &data.masks, &data.softmax };
    const size_t sizes[] = { sizeof data.pool, sizeof data.kernel, sizeof data.masks,
                             sizeof data.softmax };
    *size = sizes[i];
    return options[i];
}

/* Let the call use these bytes instead of its own options. */
static void replace_options(int i, void *bytes)
{
    if (i == 1)
        data.pool.kernel = bytes;
    else if (i == 2)
        data.pool.masks = bytes;
}

static attpool_status run_with(int i, void *bytes)
{
    if (i == 0)
        return attpool_pool(context, &data.q.dl, &data.k.dl, &data.v.dl, bytes, &data.out.dl);
    if (i == 3)
        return attpool_softmax(context, &data.s.dl, bytes, &data.g.dl);
    replace_options(i, bytes);
    return call_run(context, &data, kind);
}

START_TEST(option_structures_can_grow)
{
    size_t size;
    enum call_kind of;
    unsigned char bytes[512];
    uint32_t given;
    options_of(_i, &size, &of);
    fresh(of);
    void *own = options_of(_i, &size, &of);

    /* One of a later release, which leaves what is unknown here at 0. */
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, own, size);
    given = sizeof bytes;
    memcpy(bytes, &given, sizeof given);
    check(run_with(_i, bytes), ATTPOOL_OK, "", "a larger structure");

    /* Which sets something unknown: refused, not ignored. */
    bytes[sizeof bytes - 1] = 1;
    call_mark_outputs(&data);
    check(run_with(_i, bytes), ATTPOOL_E_OPTIONS, "field", "an unknown field");
    ck_assert(call_outputs_untouched(&data));

    /* Size 0 is the first release's: what comes after is not looked at. */
    given = 0;
    memcpy(bytes, &given, sizeof given);
    check(run_with(_i, bytes), ATTPOOL_OK, "", "size 0");

    /* A structure so short that it ends with its size: the rest has its default. */
    memset(bytes, 0x5a, sizeof bytes);
    given = sizeof given;
    memcpy(bytes, &given, sizeof given);
    attpool_status status = run_with(_i, bytes);
    ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(context));

    given = 2;
    memcpy(bytes, &given, sizeof given);
    check(run_with(_i, bytes), ATTPOOL_E_OPTIONS, "size", "a size below that of size");
    memcpy(bytes, own, size);
    given = (uint32_t)size - 1;
    memcpy(bytes, &given, sizeof given);
    check(run_with(_i, bytes), ATTPOOL_E_OPTIONS, "size", "a size that ends inside a field");
    call_free(&data);
}
END_TEST

START_TEST(the_options_of_a_context_can_grow)
{
    struct {
        attpool_options known;
        char unknown[64];
    } later;
    char message[100] = "";
    attpool_context *other;
    memset(&later, 0, sizeof later);
    later.known.size = sizeof later;
    later.known.backend = "scalar";
    later.known.message = message;
    later.known.message_size = sizeof message;
    ck_assert_int_eq(attpool_open(&later.known, &other), ATTPOOL_OK);
    attpool_close(other);
    later.unknown[3] = 1;
    ck_assert_int_eq(attpool_open(&later.known, &other), ATTPOOL_E_OPTIONS);
    ck_assert(strstr(message, "attpool_options"));
    later.known.size = offsetof(attpool_options, threads);
    ck_assert_int_eq(attpool_open(&later.known, &other), ATTPOOL_OK);
    attpool_close(other);
}
END_TEST

START_TEST(bad_context_options_are_named)
{
    static const struct {
        attpool_options options;
        const char *word;
    } bad[] = {
        { { .threads = -1 }, "threads" },
        { { .threads = 1 << 20 }, "threads" },
        { { .verbose = 3 }, "verbose" },
        { { .verbose = -2 }, "verbose" },
        { { .opencl_context = (void *)8 }, "opencl_context" },
        { { .opencl_context = (void *)8,
            .opencl_device = (void *)8,
            .opencl_queue = (void *)8,
            .backend = "scalar" },
          "backend" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char message[200] = "";
        attpool_context *none = context;
        attpool_options options = bad[i].options;
        options.message = message;
        options.message_size = sizeof message;
        ck_assert_int_eq(attpool_open(&options, &none), ATTPOOL_E_OPTIONS);
        ck_assert_ptr_null(none);
        ck_assert_msg(says(message, bad[i].word), "%s", message);
    }
}
END_TEST

/* Weights are looked at many at a time. */
static void weight_at(enum element element, int64_t at, double weight, bool legal)
{
    enum { MANY = 2100 };
    static double room[MANY], v[MANY], q[1], o[1];
    int64_t row[] = { MANY }, column[] = { MANY, 1 }, one[] = { 1, 1 };
    DLTensor A = tensor_of(room, element, 1, row), V = tensor_of(v, element, 2, column);
    DLTensor O = tensor_of(o, element, 2, one), Q = tensor_of(q, element, 2, one);
    attpool_pool_options options = { .score = ATTPOOL_AVERAGE, .key_weights = &A };
    char place[40] = "";
    for (int64_t i = 0; i < MANY; i++)
        tensor_set(&A, i, i == at ? weight : element == ELEMENT_F32 ? FLT_MAX / MANY : 1);
    if (!legal)
        snprintf(place, sizeof place, "key_weights[%lld] is", (long long)at);
    check(attpool_pool(context, &Q, &V, &V, &options, &O),
          legal ? ATTPOOL_OK : ATTPOOL_E_KEY_WEIGHTS, place, "a weight");
}

START_TEST(every_key_weight_is_looked_at)
{
    static const int64_t places[] = { 0, 7, 1023, 1024, 1800, 2047, 2048, 2099 };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        for (int e = 0; e < 2; e++) {
            enum element element = e ? ELEMENT_F64 : ELEMENT_F32;
            weight_at(element, places[i], -1, false);
            weight_at(element, places[i], NAN, false);
            weight_at(element, places[i], HUGE_VAL, false);
            weight_at(element, places[i], -HUGE_VAL, false);
            weight_at(element, places[i], -0.0, true);
        }
}
END_TEST

Suite *suite_options(void)
{
    Suite *suite = suite_create("options");
    TCase *tc = tcase_create("options");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, options_out_of_range_are_named);
    tcase_add_test(tc, kernels_of_coordinates_are_checked);
    tcase_add_test(tc, options_of_another_score_are_refused);
    tcase_add_test(tc, rows_are_checked);
    tcase_add_test(tc, values_are_checked);
    tcase_add_test(tc, windows_may_be_anywhere);
    tcase_add_loop_test(tc, option_structures_can_grow, 0, 4);
    tcase_add_test(tc, the_options_of_a_context_can_grow);
    tcase_add_test(tc, bad_context_options_are_named);
    tcase_add_test(tc, every_key_weight_is_looked_at);
    suite_add_tcase(suite, tc);
    return suite;
}
