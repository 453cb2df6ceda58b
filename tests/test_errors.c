/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tests/call.h"
#include "tests/suites.h"

#include "core/context.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Every status is reached, by what its name says, with a message that names the argument; and
 * what fails changes nothing. */

enum { KINDS = CALL_BMM + 1, HUGE_ROWS = 1 << 20 };

#define SHAPE(...)                                                                                 \
    (int64_t[])                                                                                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static attpool_context *context;
static struct call_data data;
static enum call_kind kind;

static void open_context(void)
{
    attpool_options options = { .backend = "scalar", .threads = 1 };
    ck_assert_int_eq(attpool_open(&options, &context), ATTPOOL_OK);
}

static void close_context(void)
{
    attpool_close(context);
}

/* The word stands in the text, by itself. */
static bool says(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *p = strstr(text, word); p; p = strstr(p + 1, word)) {
        bool begins = p == text || !strchr("abcdefghijklmnopqrstuvwxyz_", p[-1]);
        if (begins && (!p[length] || strchr(" ,:;[.\"", p[length])))
            return true;
    }
    return false;
}

static void check(attpool_status got, attpool_status want, const char *word, const char *what)
{
    ck_assert_msg(got == want, "%s: %s (%s), not %s", what, attpool_status_name(got),
                  attpool_message(context), attpool_status_name(want));
    ck_assert_msg(want == ATTPOOL_OK || says(attpool_message(context), word),
                  "%s: the message \"%s\" does not name %s", what, attpool_message(context), word);
    ck_assert_msg(want != ATTPOOL_OK || attpool_message(context)[0] == '\0', "%s: %s", what,
                  attpool_message(context));
}

static void fresh(enum call_kind of)
{
    kind = of;
    call_new(&data, kind);
    call_mark_outputs(&data);
}

/* The call fails as said and changes nothing. */
static void fails(attpool_status want, const char *word, const char *what)
{
    check(call_run(context, &data, kind), want, word, what);
    ck_assert_msg(call_outputs_untouched(&data), "%s: an output was written", what);
    call_free(&data);
}

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
    data.kernel.widths = NULL;
    fails(ATTPOOL_E_WIDTH, "widths", "no widths");
    fresh(CALL_POOL_KERNEL);
    data.kernel.width_factors = NULL;
    fails(ATTPOOL_E_WIDTH, "width_factors", "no factors");
}
END_TEST

/* ---- Options -------------------------------------------------------------------------------- */

/* Set up by a statement, expect a status and a word. */
#define SPOILT(of, statement, status, word)                                                        \
    do {                                                                                           \
        fresh(of);                                                                                 \
        statement;                                                                                 \
        fails(status, word, #statement);                                                           \
    } while (0)

#define ONE_WIDTH(...)                                                                             \
    data.kernel = (attpool_kernel_options)                                                         \
    {                                                                                              \
        .size = sizeof data.kernel, __VA_ARGS__                                                    \
    }

START_TEST(options_out_of_range_are_named)
{
    const attpool_status options = ATTPOOL_E_OPTIONS, width = ATTPOOL_E_WIDTH;
    double bad = (double)NAN;
    SPOILT(CALL_POOL_KERNEL, data.pool.score = (attpool_score)9, options, "score");
    SPOILT(CALL_POOL_KERNEL, data.pool.score = (attpool_score)-1, options, "score");
    SPOILT(CALL_POOL_KERNEL, data.pool.empty = (attpool_empty)6, options, "empty");
    SPOILT(CALL_POOL_KERNEL, data.pool.empty = (attpool_empty)-1, options, "empty");
    SPOILT(CALL_POOL_ADDITIVE, data.pool.empty = ATTPOOL_EMPTY_NEAREST, options, "empty");
    SPOILT(CALL_SOFTMAX, data.softmax.empty = ATTPOOL_EMPTY_NEAREST, options, "empty");
    SPOILT(CALL_KERNEL, data.kernel.kernel = (attpool_kernel_name)14, options, "kernel");
    SPOILT(CALL_KERNEL, data.kernel.kernel = (attpool_kernel_name)-1, options, "kernel");
    SPOILT(CALL_KERNEL, data.kernel.form = (attpool_form)2, options, "form");
    SPOILT(CALL_KERNEL, data.kernel.width_per = (attpool_width_per)5, options, "width_per");
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
    SPOILT(CALL_KERNEL, ONE_WIDTH(.bandwidth = -1), width, "bandwidth");
    SPOILT(CALL_KERNEL, ONE_WIDTH(.bandwidth = (double)NAN), width, "bandwidth");
    SPOILT(CALL_KERNEL, ONE_WIDTH(.bandwidth = HUGE_VAL), width, "bandwidth");
    SPOILT(CALL_KERNEL, ONE_WIDTH(.bandwidth = 1e-60), width, "bandwidth");
    SPOILT(CALL_KERNEL, ONE_WIDTH(.width = (double)NAN), width, "width");
    SPOILT(CALL_KERNEL, ONE_WIDTH(.width = 1e60), width, "width");
    SPOILT(CALL_KERNEL, ONE_WIDTH(.width = 1, .bandwidth = 1), width, "width");
    SPOILT(CALL_KERNEL, data.kernel.width = 1, width, "widths");
    SPOILT(CALL_KERNEL, data.kernel.width_per = ATTPOOL_WIDTH_COORDINATE, width, "width_factors");
    SPOILT(CALL_KERNEL,
           (data.kernel.width_per = ATTPOOL_WIDTH_ONE, data.kernel.width_factors = NULL), width,
           "widths");
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

/* ---- Failures after the checks ------------------------------------------------------------- */

START_TEST(an_empty_row_can_be_an_error)
{
    for (int k = 0; k < 3; k++) {
        fresh(k == 0 ? CALL_POOL_KERNEL : k == 1 ? CALL_POOL_ADDITIVE : CALL_SOFTMAX);
        data.pool.empty = data.softmax.empty = ATTPOOL_EMPTY_ERROR;
        check(call_run(context, &data, kind), ATTPOOL_OK, "", "no empty row");
        tensor_set(&data.lengths.dl, 4, 0);
        check(call_run(context, &data, kind), ATTPOOL_E_EMPTY, "1", "an empty row");
        call_free(&data);
    }
}
END_TEST

START_TEST(memory_that_is_not_there)
{
    /* One key, 2^36 times by a stride of 0, whose projections would take 2^58 bytes. */
    fresh(CALL_POOL_ADDITIVE);
    struct tensor *const many[] = { &data.k, &data.v };
    data.pool =
        (attpool_pool_options){ .score = ATTPOOL_PROJECTION, .wq = &data.wq.dl, .wk = &data.wk.dl };
    data.wq.strides[0] = data.wk.strides[0] = 0;
    data.wq.shape[0] = data.wk.shape[0] = HUGE_ROWS;
    for (int i = 0; i < 2; i++) {
        many[i]->shape[1] = (int64_t)1 << 36;
        many[i]->strides[1] = 0;
    }
    fails(ATTPOOL_E_MEMORY, "memory", "projections of too many keys");
}
END_TEST

static attpool_status broken_pool(struct engine *engine, const struct pool_args *args)
{
    (void)args;
    return engine_fail(engine, ATTPOOL_E_DEVICE, "the device is on fire");
}

START_TEST(a_device_that_fails_is_told)
{
    const struct backend *good = context->engine.backend;
    struct backend broken = *good;
    broken.pool[TYPE_F32] = broken_pool;
    fresh(CALL_POOL_KERNEL);
    context->engine.backend = &broken;
    attpool_status status = call_run(context, &data, kind);
    context->engine.backend = good;
    ck_assert_int_eq(status, ATTPOOL_E_DEVICE);
    ck_assert_str_eq(attpool_message(context), "the device is on fire");
    check(call_run(context, &data, kind), ATTPOOL_OK, "", "the next call");
    call_free(&data);
}
END_TEST

START_TEST(unknown_backends_are_refused)
{
    static const char *const names[] = {
        "avx1024", "", "scala", "scalar2", "scalar:", "cuda", "opencl:no such platform", "openclx"
    };
    attpool_context *none;
    char message[200];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        attpool_options options = { .backend = names[i],
                                    .message = message,
                                    .message_size = sizeof message };
        if (strncmp(names[i], "opencl:", 7) == 0)
            continue; /* OpenCL is not touched here */
        memset(message, 0, sizeof message);
        none = context;
        attpool_status status = attpool_open(&options, &none);
        ck_assert_msg(status == ATTPOOL_E_BACKEND, "\"%s\": %s", names[i],
                      attpool_status_name(status));
        ck_assert_ptr_null(none);
        ck_assert_msg(strstr(message, names[i]), "%s", message);
        options.message_size = 5;
        memset(message, 'x', sizeof message);
        ck_assert_int_eq(attpool_open(&options, &none), ATTPOOL_E_BACKEND);
        ck_assert(message[4] == '\0' && message[5] == 'x');
        options.message = NULL;
        ck_assert_int_eq(attpool_open(&options, &none), ATTPOOL_E_BACKEND);
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

/* ---- States -----------------------------------------------------------------------------------
 */

static attpool_state *state_at(int64_t origin, attpool_score score, int64_t n)
{
    attpool_state *state = NULL;
    struct tensor q;
    data.masks = (attpool_masks){ .key_origin = origin };
    data.pool = (attpool_pool_options){ .score = score, .masks = &data.masks };
    tensor_view(&q, &data.q);
    tensor_slice(&q, 1, 0, n);
    attpool_status status =
        attpool_state_pool(context, &q.dl, &data.k.dl, &data.v.dl, &data.pool, &state);
    ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(context));
    return state;
}

START_TEST(states_are_checked)
{
    fresh(CALL_POOL_KERNEL);
    attpool_state *state = NULL, *other;
    attpool_pool_options *p = &data.pool;
    DLTensor *q = &data.q.dl, *k = &data.k.dl, *v = &data.v.dl, *o = &data.out.dl;
    check(attpool_state_pool(context, q, k, v, p, &state), ATTPOOL_E_OPTIONS, "lse", "lse");
    p->lse = NULL;
    check(attpool_state_pool(context, q, k, v, p, &state), ATTPOOL_E_OPTIONS, "n_eff", "n_eff");
    p->n_eff = NULL;
    check(attpool_state_pool(context, q, k, v, p, &state), ATTPOOL_E_OPTIONS, "weights", "W");
    *p = (attpool_pool_options){ .empty = ATTPOOL_EMPTY_MEAN };
    check(attpool_state_pool(context, q, k, v, p, &state), ATTPOOL_E_OPTIONS, "empty", "mean");
    *p = (attpool_pool_options){ .score = ATTPOOL_KERNEL, .empty = ATTPOOL_EMPTY_NEAREST };
    check(attpool_state_pool(context, q, k, v, p, &state), ATTPOOL_E_OPTIONS, "empty", "nearest");
    data.masks = (attpool_masks){ .key_origin = 1000 };
    *p = (attpool_pool_options){ .masks = &data.masks };
    check(attpool_state_pool(context, q, k, v, p, &state), ATTPOOL_E_OPTIONS, "key_origin",
          "an origin that is no multiple");
    ck_assert_ptr_null(state);
    data.masks.key_origin = INT64_MAX - 1023;
    check(attpool_state_pool(context, q, k, v, p, &state), ATTPOOL_E_OPTIONS, "key_origin",
          "an origin beyond all numbers");
    ck_assert_ptr_null(state);

    state = state_at(1024, ATTPOOL_DOT, CALL_N);
    check(attpool_state_merge(context, state, state), ATTPOOL_E_STATE, "state", "with itself");
    check(attpool_state_merge(context, state, NULL), ATTPOOL_E_STATE, "state", "with nothing");
    other = state_at(4096, ATTPOOL_DOT, CALL_N);
    check(attpool_state_merge(context, state, other), ATTPOOL_E_STATE, "keys", "with a gap");
    attpool_state_free(other);
    other = state_at(0, ATTPOOL_DOT, CALL_N); /* 5 keys do not reach 1024 */
    check(attpool_state_merge(context, state, other), ATTPOOL_E_STATE, "keys", "with a gap");
    attpool_state_free(other);
    other = state_at(2048, ATTPOOL_AVERAGE, CALL_N);
    check(attpool_state_merge(context, state, other), ATTPOOL_E_STATE, "states", "other scores");
    attpool_state_free(other);
    other = state_at(2048, ATTPOOL_DOT, CALL_N - 1);
    check(attpool_state_merge(context, state, other), ATTPOOL_E_STATE, "states", "other shapes");
    attpool_state_free(other);

    check(attpool_state_finish(context, state, ATTPOOL_EMPTY_MEAN, o, NULL), ATTPOOL_E_OPTIONS,
          "empty", "mean");
    check(attpool_state_finish(context, state, ATTPOOL_EMPTY_NAN, q, NULL), ATTPOOL_OK, "", "O");
    check(attpool_state_finish(context, state, ATTPOOL_EMPTY_NAN, k, NULL), ATTPOOL_E_OUTPUT, "O",
          "O of another shape");
    check(attpool_state_finish(context, state, ATTPOOL_EMPTY_NAN, NULL, o), ATTPOOL_E_LSE, "L",
          "L of another shape");
    attpool_state_free(state);
    call_free(&data);
}
END_TEST

START_TEST(names_of_statuses)
{
    static const struct {
        attpool_status status;
        const char *name;
    } names[] = {
#define NAME(name) { name, #name }
        NAME(ATTPOOL_OK),          NAME(ATTPOOL_E_CONTEXT), NAME(ATTPOOL_E_OPTIONS),
        NAME(ATTPOOL_E_BACKEND),   NAME(ATTPOOL_E_DEVICE),  NAME(ATTPOOL_E_MEMORY),
        NAME(ATTPOOL_E_CANCELLED), NAME(ATTPOOL_E_EMPTY),   NAME(ATTPOOL_E_QUERY),
        NAME(ATTPOOL_E_KEY),       NAME(ATTPOOL_E_VALUE),   NAME(ATTPOOL_E_OUTPUT),
        NAME(ATTPOOL_E_LSE),       NAME(ATTPOOL_E_WEIGHTS), NAME(ATTPOOL_E_ROWS),
        NAME(ATTPOOL_E_N_EFF),     NAME(ATTPOOL_E_WIDTH),   NAME(ATTPOOL_E_KEY_WEIGHTS),
        NAME(ATTPOOL_E_LENGTHS),   NAME(ATTPOOL_E_MASK),    NAME(ATTPOOL_E_BIAS),
        NAME(ATTPOOL_E_SCORES),    NAME(ATTPOOL_E_KERNEL),  NAME(ATTPOOL_E_A),
        NAME(ATTPOOL_E_B),         NAME(ATTPOOL_E_C),       NAME(ATTPOOL_E_WQ),
        NAME(ATTPOOL_E_WK),        NAME(ATTPOOL_E_WV),      NAME(ATTPOOL_E_STATE),
#undef NAME
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_str_eq(attpool_status_name(names[i].status), names[i].name);
    static const int none[] = { 1, -8, -9, -32, -1000 };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        ck_assert_str_eq(attpool_status_name((attpool_status)none[i]), "unknown status");
}
END_TEST

START_TEST(names_of_kernels)
{
    for (int k = 0; k <= ATTPOOL_CAUCHY; k++) {
        const char *name = attpool_kernel_to_name((attpool_kernel_name)k);
        ck_assert_ptr_nonnull(name);
        ck_assert_int_eq(attpool_kernel_from_name(name), k);
    }
    ck_assert_str_eq(attpool_kernel_to_name(ATTPOOL_EPANECHNIKOV), "epanechnikov");
    ck_assert_ptr_null(attpool_kernel_to_name((attpool_kernel_name)14));
    ck_assert_ptr_null(attpool_kernel_to_name((attpool_kernel_name)-1));
    ck_assert_int_eq(attpool_kernel_from_name("epanechikov"), -1);
    ck_assert_int_eq(attpool_kernel_from_name("Gaussian"), -1);
    ck_assert_int_eq(attpool_kernel_from_name(""), -1);
    ck_assert_int_eq(attpool_kernel_from_name(NULL), -1);
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
    tcase_add_test(tc, options_out_of_range_are_named);
    tcase_add_test(tc, kernels_of_coordinates_are_checked);
    tcase_add_test(tc, options_of_another_score_are_refused);
    tcase_add_test(tc, rows_are_checked);
    tcase_add_test(tc, values_are_checked);
    tcase_add_test(tc, an_empty_row_can_be_an_error);
    tcase_add_test(tc, memory_that_is_not_there);
    tcase_add_test(tc, a_device_that_fails_is_told);
    tcase_add_test(tc, unknown_backends_are_refused);
    tcase_add_loop_test(tc, option_structures_can_grow, 0, 4);
    tcase_add_test(tc, the_options_of_a_context_can_grow);
    tcase_add_test(tc, bad_context_options_are_named);
    tcase_add_test(tc, states_are_checked);
    tcase_add_test(tc, names_of_statuses);
    tcase_add_test(tc, names_of_kernels);
    suite_add_tcase(suite, tc);
    return suite;
}
