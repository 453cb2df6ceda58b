/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/failing.h"
#include "tests/suites/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every status is reached, by what its name says, with a message that names the argument; and
 * what fails changes nothing. Here: tensors; test_options.c has options, test_failures.c the rest.
 */

START_TEST(calls_are_right_before_they_are_spoilt)
{
    for (int k = 0; k < KINDS; k++) {
        fresh((enum call_kind)k);
        check(call_run(context, &data, kind), ATTPOOL_OK, "", "a right call");
        call_free(&data);
    }
}
END_TEST

/* ---- What can be wrong with any tensor ----------------------------------------------------- */

typedef bool spoil(struct tensor *t); /* false: does not apply */

static bool no_dimensions(struct tensor *t)
{
    t->dl.ndim = 0;
    return true;
}

static bool negative_dimensions(struct tensor *t)
{
    t->dl.ndim = -1;
    return true;
}

static bool five_dimensions(struct tensor *t)
{
    static int64_t shape[5] = { 1, 1, 1, 1, 1 };
    t->dl.ndim = 5;
    t->dl.shape = shape;
    t->dl.strides = NULL;
    return true;
}

static bool no_shape(struct tensor *t)
{
    t->dl.shape = NULL;
    return true;
}

static bool negative_size(struct tensor *t)
{
    t->shape[t->dl.ndim - 1] = -1;
    return true;
}

static bool more_columns(struct tensor *t)
{
    t->shape[t->dl.ndim - 1]++;
    return true;
}

static bool more_rows(struct tensor *t)
{
    if (t->dl.ndim < 2)
        return false;
    t->shape[t->dl.ndim - 2]++;
    return true;
}

static bool other_batch(struct tensor *t)
{
    if (t->dl.ndim < 3)
        return false;
    t->shape[0]++;
    return true;
}

static bool too_large(struct tensor *t)
{
    t->shape[t->dl.ndim - 1] = INT64_MAX;
    return true;
}

static bool too_wide(struct tensor *t)
{
    t->strides[t->dl.ndim - 1] = INT64_MIN;
    return true;
}

static bool too_far(struct tensor *t)
{
    t->dl.byte_offset = UINT64_MAX;
    return true;
}

static bool no_data(struct tensor *t)
{
    t->dl.data = NULL;
    t->dl.byte_offset = 0;
    return true;
}

static bool complex_numbers(struct tensor *t)
{
    t->dl.dtype.code = kDLComplex;
    return true;
}

static bool half_precision(struct tensor *t)
{
    t->dl.dtype.bits = 16;
    return true;
}

static bool vectors(struct tensor *t)
{
    t->dl.dtype.lanes = 4;
    return true;
}

static bool whole_or_real(struct tensor *t)
{
    t->dl.dtype = t->dl.dtype.code == kDLFloat ? (DLDataType){ kDLInt, 32, 1 }
                                               : (DLDataType){ kDLFloat, 32, 1 };
    return true;
}

static bool on_a_cuda_device(struct tensor *t)
{
    t->dl.device.device_type = kDLCUDA;
    return true;
}

static bool on_another_device(struct tensor *t)
{
    t->dl.device.device_type = kDLOpenCL;
    return true;
}

static const struct {
    const char *name;
    spoil *spoil;
} damages[] = {
    { "no dimensions", no_dimensions },
    { "negative dimensions", negative_dimensions },
    { "five dimensions", five_dimensions },
    { "no shape", no_shape },
    { "negative size", negative_size },
    { "too large", too_large },
    { "too wide", too_wide },
    { "too far", too_far },
    { "no data", no_data },
    { "complex", complex_numbers },
    { "half precision", half_precision },
    { "vectors", vectors },
    { "integers for reals", whole_or_real },
    { "CUDA", on_a_cuda_device },
    { "OpenCL on the CPU", on_another_device },
};

START_TEST(a_bad_tensor_is_named)
{
    struct argument argument[MOST_ARGUMENTS];
    char what[128];
    for (size_t d = 0; d < sizeof damages / sizeof damages[0]; d++)
        for (int i = 0;; i++) {
            fresh((enum call_kind)_i);
            int count = call_arguments(&data, kind, argument);
            if (i == count || !damages[d].spoil(argument[i].tensor)) {
                call_free(&data);
                if (i == count)
                    break;
                continue;
            }
            snprintf(what, sizeof what, "call %d, %s, %s", _i, argument[i].name, damages[d].name);
            fails(argument[i].status, argument[i].name, what);
        }
}
END_TEST

/* A size that does not fit may be blamed on either of two arguments, but is refused. */
START_TEST(sizes_that_do_not_agree_are_refused)
{
    static spoil *const spoils[] = { more_columns, more_rows, other_batch };
    struct argument argument[MOST_ARGUMENTS];
    for (int s = 0; s < 3; s++)
        for (int i = 0;; i++) {
            fresh((enum call_kind)_i);
            int count = call_arguments(&data, kind, argument);
            if (i == count) {
                call_free(&data);
                break;
            }
            if (spoils[s](argument[i].tensor)) {
                attpool_status status = call_run(context, &data, kind);
                ck_assert_msg(status <= ATTPOOL_E_QUERY, "call %d, %s, %d: %s", _i,
                              argument[i].name, s, attpool_status_name(status));
                ck_assert(attpool_message(context)[0] != '\0');
                ck_assert(call_outputs_untouched(&data));
                bool first =
                    argument[i].status == ATTPOOL_E_QUERY || argument[i].status == ATTPOOL_E_KEY ||
                    argument[i].status == ATTPOOL_E_VALUE ||
                    argument[i].status == ATTPOOL_E_SCORES || argument[i].status == ATTPOOL_E_A ||
                    argument[i].status == ATTPOOL_E_B || argument[i].status == ATTPOOL_E_WQ;
                bool either = first || spoils[s] == other_batch;
                ck_assert_msg(either || status == argument[i].status, "call %d, %s, %d: %s: %s", _i,
                              argument[i].name, s, attpool_status_name(status),
                              attpool_message(context));
            }
            call_free(&data);
        }
}
END_TEST

START_TEST(two_precisions_are_refused)
{
    struct argument argument[MOST_ARGUMENTS];
    for (int i = 1;; i++) {
        fresh((enum call_kind)_i);
        int count = call_arguments(&data, kind, argument);
        if (i == count) {
            call_free(&data);
            break;
        }
        struct tensor wide, *old = argument[i].tensor;
        if (old->dl.dtype.code == kDLFloat) {
            tensor_new(&wide, ELEMENT_F64, ARRANGE_EXPLICIT, PLACE_END, old->dl.ndim, old->shape);
            DLTensor kept = old->dl;
            old->dl = wide.dl;
            check(call_run(context, &data, kind), argument[i].status, argument[i].name,
                  "another precision");
            old->dl = kept;
            tensor_free(&wide);
        }
        call_free(&data);
    }
}
END_TEST

/* ---- Overlaps ------------------------------------------------------------------------------- */

START_TEST(an_output_that_overlaps_is_refused)
{
    struct argument argument[MOST_ARGUMENTS];
    char what[128];
    fresh((enum call_kind)_i);
    int count = call_arguments(&data, kind, argument);
    call_free(&data);
    for (int out = 0; out < count; out++)
        for (int other = 0; other < count; other++) {
            fresh((enum call_kind)_i);
            call_arguments(&data, kind, argument);
            bool in_place = kind == CALL_SOFTMAX && argument[other].status == ATTPOOL_E_SCORES;
            if (argument[out].output && out != other && !in_place) {
                /* Make room: both in one mapping, the output one byte into the other. */
                struct tensor shared;
                tensor_new(&shared, ELEMENT_U8, ARRANGE_COMPACT, PLACE_END, 1, SHAPE(4096));
                unsigned char *at = shared.bytes;
                memcpy(at, argument[other].tensor->bytes, argument[other].tensor->size);
                memset(at + argument[other].tensor->size, 7, 1000);
                unsigned char kept[2048];
                memcpy(kept, at, sizeof kept);
                argument[other].tensor->dl.data = at;
                argument[out].tensor->dl.data = at + argument[other].tensor->size - 1;
                snprintf(what, sizeof what, "call %d, %s over %s", _i, argument[out].name,
                         argument[other].name);
                attpool_status status = call_run(context, &data, kind);
                ck_assert_msg(status == argument[out].status ||
                                  (argument[other].output && status == argument[other].status),
                              "%s: %s", what, attpool_status_name(status));
                ck_assert_msg(says(attpool_message(context), argument[out].name), "%s: %s", what,
                              attpool_message(context));
                ck_assert(memcmp(kept, at, sizeof kept) == 0);
                tensor_free(&shared);
            }
            call_free(&data);
        }
}
END_TEST

START_TEST(an_output_that_overlaps_itself_is_refused)
{
    struct argument argument[MOST_ARGUMENTS];
    fresh((enum call_kind)_i);
    int count = call_arguments(&data, kind, argument);
    call_free(&data);
    for (int i = 0; i < count; i++)
        for (int dimension = 0; dimension < 3; dimension++)
            for (int stride = 0; stride < 2; stride++) {
                fresh((enum call_kind)_i);
                call_arguments(&data, kind, argument);
                if (!argument[i].output || dimension >= argument[i].tensor->dl.ndim ||
                    argument[i].tensor->strides[dimension] == stride) {
                    call_free(&data);
                    continue;
                }
                argument[i].tensor->strides[dimension] = stride;
                fails(argument[i].status, argument[i].name, "an output over itself");
            }
}
END_TEST

START_TEST(a_softmax_in_place_is_whole_or_refused)
{
    fresh(CALL_SOFTMAX);
    DLTensor in_place = data.g.dl;
    for (int64_t i = 0; i < tensor_count(&data.g); i++)
        tensor_set(&data.g.dl, i, 0.25 * (double)(i % 4));
    check(attpool_softmax(context, &in_place, &data.softmax, &data.g.dl), ATTPOOL_OK, "",
          "in place");
    in_place.byte_offset = 4; /* one element on, one column less */
    data.softmax.masks = NULL;
    DLTensor s = tensor_of(data.g.bytes + 4, ELEMENT_F32, 2, SHAPE(2, 3));
    DLTensor w = tensor_of(data.g.bytes, ELEMENT_F32, 2, SHAPE(2, 3));
    check(attpool_softmax(context, &s, &data.softmax, &w), ATTPOOL_E_WEIGHTS, "W", "shifted");
    call_free(&data);
}
END_TEST

/* ---- NULL -------------------------------------------------------------------------------------
 */

START_TEST(null_arguments_are_named)
{
    fresh(CALL_POOL_KERNEL);
    DLTensor *q = &data.q.dl, *k = &data.k.dl, *v = &data.v.dl, *o = &data.out.dl;
    attpool_pool_options *p = &data.pool;
    attpool_state *state = NULL;
    check(attpool_pool(context, NULL, k, v, p, o), ATTPOOL_E_QUERY, "Q", "no Q");
    check(attpool_pool(context, q, NULL, v, p, o), ATTPOOL_E_KEY, "K", "no K");
    check(attpool_pool(context, q, k, NULL, p, o), ATTPOOL_E_VALUE, "V", "no V");
    check(attpool_pool(context, q, k, v, NULL, NULL), ATTPOOL_E_OUTPUT, "O", "no output at all");
    check(attpool_kernel(context, NULL, k, NULL, o), ATTPOOL_E_QUERY, "Q", "no Q");
    check(attpool_kernel(context, q, NULL, NULL, o), ATTPOOL_E_KEY, "K", "no K");
    check(attpool_kernel(context, q, k, NULL, NULL), ATTPOOL_E_KERNEL, "G", "no G");
    check(attpool_softmax(context, NULL, NULL, o), ATTPOOL_E_SCORES, "S", "no S");
    check(attpool_softmax(context, q, NULL, NULL), ATTPOOL_E_WEIGHTS, "W", "no W");
    check(attpool_bmm(context, 1, NULL, k, 0, o), ATTPOOL_E_A, "A", "no A");
    check(attpool_bmm(context, 1, q, NULL, 0, o), ATTPOOL_E_B, "B", "no B");
    check(attpool_bmm(context, 1, q, k, 0, NULL), ATTPOOL_E_C, "C", "no C");
    check(attpool_state_merge(context, NULL, NULL), ATTPOOL_E_STATE, "state", "no state");
    check(attpool_state_finish(context, NULL, ATTPOOL_EMPTY_NAN, o, NULL), ATTPOOL_E_STATE, "state",
          "no state");
    ck_assert_int_eq(attpool_pool(NULL, q, k, v, p, o), ATTPOOL_E_CONTEXT);
    ck_assert_int_eq(attpool_kernel(NULL, q, k, NULL, o), ATTPOOL_E_CONTEXT);
    ck_assert_int_eq(attpool_softmax(NULL, q, NULL, o), ATTPOOL_E_CONTEXT);
    ck_assert_int_eq(attpool_bmm(NULL, 1, q, k, 0, o), ATTPOOL_E_CONTEXT);
    ck_assert_int_eq(attpool_finish(NULL), ATTPOOL_E_CONTEXT);
    ck_assert_int_eq(attpool_state_pool(NULL, q, k, v, p, &state), ATTPOOL_E_CONTEXT);
    ck_assert_int_eq(attpool_state_pool(context, q, k, v, p, NULL), ATTPOOL_E_CONTEXT);
    ck_assert_int_eq(attpool_state_merge(NULL, NULL, NULL), ATTPOOL_E_CONTEXT);
    ck_assert_int_eq(attpool_state_finish(NULL, NULL, ATTPOOL_EMPTY_NAN, o, NULL),
                     ATTPOOL_E_CONTEXT);
    ck_assert_int_eq(attpool_open(NULL, NULL), ATTPOOL_E_CONTEXT);
    ck_assert_int_eq(attpool_list_devices(NULL), ATTPOOL_E_CONTEXT);
    ck_assert(call_outputs_untouched(&data));
    attpool_close(NULL);
    attpool_state_free(NULL);
    attpool_free_devices(NULL);
    ck_assert(attpool_message(NULL) && attpool_backend_name(NULL) && attpool_device_name(NULL));
    ck_assert_int_eq(attpool_threads(NULL), 0);
    ck_assert_uint_eq(attpool_device_count(NULL), 0);
    ck_assert_ptr_null(attpool_device_at(NULL, 0));
    call_free(&data);
}
END_TEST

START_TEST(tensors_that_options_need_are_named)
{
    static const struct {
        size_t at;
        attpool_status status;
        const char *name;
    } needed[] = {
        { offsetof(attpool_pool_options, wq), ATTPOOL_E_WQ, "wq" },
        { offsetof(attpool_pool_options, wk), ATTPOOL_E_WK, "wk" },
        { offsetof(attpool_pool_options, wv), ATTPOOL_E_WV, "wv" },
    };
    const DLTensor *none = NULL;
    for (int i = 0; i < 3; i++) {
        fresh(CALL_POOL_ADDITIVE);
        memcpy((char *)&data.pool + needed[i].at, &none, sizeof none);
        fails(needed[i].status, needed[i].name, "a matrix that is missing");
    }
    fresh(CALL_POOL_KERNEL);
    data.kernel.inverse_bandwidths = NULL;
    fails(ATTPOOL_E_BANDWIDTH, "inverse_bandwidths", "no inverse_bandwidths");
    fresh(CALL_POOL_KERNEL);
    data.kernel.key_factors = NULL;
    fails(ATTPOOL_E_BANDWIDTH, "key_factors", "no factors");
    int64_t two[] = { 2, 1 };
    float each[] = { 1, 2 };
    DLTensor inverse_bandwidths = tensor_of(each, ELEMENT_F32, 2, two);
    fresh(CALL_POOL_KERNEL);
    data.kernel.bandwidth_per = ATTPOOL_BANDWIDTH_ONE;
    data.kernel.inverse_bandwidths = &inverse_bandwidths;
    data.kernel.key_factors = NULL;
    fails(ATTPOOL_E_BANDWIDTH, "inverse_bandwidths", "more than one width");
    /* One element, in an array without dimensions as NumPy makes them. */
    DLTensor single = tensor_of(each, ELEMENT_F32, 0, NULL);
    fresh(CALL_POOL_KERNEL);
    data.kernel.bandwidth_per = ATTPOOL_BANDWIDTH_ONE;
    data.kernel.inverse_bandwidths = &single;
    data.kernel.key_factors = NULL;
    ck_assert_int_eq(call_run(context, &data, CALL_POOL_KERNEL), ATTPOOL_OK);
    fresh(CALL_POOL_KERNEL);
    data.kernel.bandwidth_per = ATTPOOL_BANDWIDTH_KEY;
    data.kernel.inverse_bandwidths = NULL;
    data.kernel.inverse_bandwidth = 1;
    data.kernel.key_factors = NULL;
    fails(ATTPOOL_E_BANDWIDTH, "need the tensor inverse_bandwidths", "a number for every key");
}
END_TEST

Suite *suite_errors(void)
{
    Suite *suite = suite_create("errors");
    TCase *tc = tcase_create("errors");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, calls_are_right_before_they_are_spoilt);
    tcase_add_loop_test(tc, a_bad_tensor_is_named, 0, KINDS);
    tcase_add_loop_test(tc, sizes_that_do_not_agree_are_refused, 0, KINDS);
    tcase_add_loop_test(tc, two_precisions_are_refused, 0, KINDS);
    tcase_add_loop_test(tc, an_output_that_overlaps_is_refused, 0, KINDS);
    tcase_add_loop_test(tc, an_output_that_overlaps_itself_is_refused, 0, KINDS);
    tcase_add_test(tc, a_softmax_in_place_is_whole_or_refused);
    tcase_add_test(tc, null_arguments_are_named);
    tcase_add_test(tc, tensors_that_options_need_are_named);
    suite_add_tcase(suite, tc);
    return suite;
}
