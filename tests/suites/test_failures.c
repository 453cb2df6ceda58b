/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/failing.h"
#include "tests/suites/suites.h"

#include "backends/kernels.h"
#include "core/context.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What fails after the checks, states, and names. */

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

/* The library's own: how many calls of it still succeed. */
static int memory_calls = -1;

int posix_memalign(void **memory, size_t alignment, size_t bytes)
{
    if (memory_calls == 0)
        return ENOMEM;
    memory_calls -= memory_calls > 0;
    *memory = aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    return *memory ? 0 : ENOMEM;
}

/* O is not written where there is no memory for the weights of many rows. */
START_TEST(memory_is_asked_for_first)
{
    enum { N = 2, M = 100, ROWS = 40 };
    float x[M], o[N], w[ROWS * M];
    int64_t points[] = { N, 1 }, keys[] = { M, 1 }, chosen[] = { ROWS, M }, rows[ROWS] = { 0 };
    const DLDataType type = { .code = kDLFloat, .bits = 32, .lanes = 1 };
    const DLDevice device = { .device_type = kDLCPU };
    DLTensor q = { x, device, 2, type, points, NULL, 0 }, k = { x, device, 2, type, keys, NULL, 0 };
    DLTensor out = { o, device, 2, type, points, NULL, 0 };
    DLTensor weights = { w, device, 2, type, chosen, NULL, 0 };
    const attpool_pool_options options = {
        .score = ATTPOOL_KERNEL, .weights = &weights, .rows = rows, .row_count = ROWS
    };
    attpool_status status = ATTPOOL_E_MEMORY;
    for (int i = 0; i < M; i++)
        x[i] = (float)i;
    for (int calls = 0; status == ATTPOOL_E_MEMORY; calls++) {
        attpool_context *own;
        ck_assert_int_eq(attpool_open(NULL, &own), ATTPOOL_OK);
        o[0] = o[1] = -1;
        memory_calls = calls;
        status = attpool_pool(own, &q, &k, &k, &options, &out);
        memory_calls = -1;
        attpool_close(own);
        ck_assert_msg(status == ATTPOOL_OK || (status == ATTPOOL_E_MEMORY && o[0] == -1), "%d: %d",
                      calls, (int)status);
        ck_assert_int_lt(calls, 10);
    }
    ck_assert(o[0] >= 0);
}
END_TEST

static attpool_status broken_pool(struct engine *engine, const struct pool_args *args)
{
    (void)args;
    return ap_engine_fail(engine, ATTPOOL_E_DEVICE, "the device is on fire");
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

/* ---- States ---- */

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
        NAME(ATTPOOL_OK),
        NAME(ATTPOOL_E_CONTEXT),
        NAME(ATTPOOL_E_OPTIONS),
        NAME(ATTPOOL_E_BACKEND),
        NAME(ATTPOOL_E_DEVICE),
        NAME(ATTPOOL_E_MEMORY),
        NAME(ATTPOOL_E_CANCELLED),
        NAME(ATTPOOL_E_EMPTY),
        NAME(ATTPOOL_E_BUSY),
        NAME(ATTPOOL_E_QUERY),
        NAME(ATTPOOL_E_KEY),
        NAME(ATTPOOL_E_VALUE),
        NAME(ATTPOOL_E_OUTPUT),
        NAME(ATTPOOL_E_LSE),
        NAME(ATTPOOL_E_WEIGHTS),
        NAME(ATTPOOL_E_ROWS),
        NAME(ATTPOOL_E_N_EFF),
        NAME(ATTPOOL_E_BANDWIDTH),
        NAME(ATTPOOL_E_KEY_WEIGHTS),
        NAME(ATTPOOL_E_LENGTHS),
        NAME(ATTPOOL_E_MASK),
        NAME(ATTPOOL_E_BIAS),
        NAME(ATTPOOL_E_SCORES),
        NAME(ATTPOOL_E_KERNEL),
        NAME(ATTPOOL_E_A),
        NAME(ATTPOOL_E_B),
        NAME(ATTPOOL_E_C),
        NAME(ATTPOOL_E_WQ),
        NAME(ATTPOOL_E_WK),
        NAME(ATTPOOL_E_WV),
        NAME(ATTPOOL_E_STATE),
        NAME(ATTPOOL_E_MAX),
        NAME(ATTPOOL_E_SUM),
        NAME(ATTPOOL_E_GRADIENT),
        NAME(ATTPOOL_E_SLOPE),
        NAME(ATTPOOL_E_EQUIVALENT),
        NAME(ATTPOOL_E_RESIDUALS),
        NAME(ATTPOOL_E_STANDARD_ERRORS),
        NAME(ATTPOOL_E_CLASSES),
#undef NAME
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_str_eq(attpool_status_name(names[i].status), names[i].name);
    static const int none[] = { 1, -9, -40, -1000 };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        ck_assert_str_eq(attpool_status_name((attpool_status)none[i]), "unknown status");
}
END_TEST

START_TEST(names_of_kernels)
{
    for (int k = 0; k < KERNEL_COUNT; k++) {
        const char *name = attpool_kernel_to_name((attpool_kernel_name)k);
        ck_assert_ptr_nonnull(name);
        ck_assert_int_eq(attpool_kernel_from_name(name), k);
        const char *alias;
        for (size_t i = 0; (alias = attpool_kernel_alias((attpool_kernel_name)k, i)) != NULL; i++)
            ck_assert_msg(attpool_kernel_from_name(alias) == k, "%s is not %s", alias, name);
    }
    ck_assert_str_eq(attpool_kernel_to_name(ATTPOOL_EPANECHNIKOV), "epanechnikov");
    ck_assert_ptr_null(attpool_kernel_to_name((attpool_kernel_name)KERNEL_COUNT));
    ck_assert_ptr_null(attpool_kernel_to_name((attpool_kernel_name)-1));
    ck_assert_int_eq(attpool_kernel_from_name("epanechikov"), -1);
    ck_assert_int_eq(attpool_kernel_from_name("Gaussian"), -1);
    ck_assert_int_eq(attpool_kernel_from_name(""), -1);
    ck_assert_int_eq(attpool_kernel_from_name(NULL), -1);
    ck_assert_ptr_null(attpool_kernel_alias(ATTPOOL_GAUSSIAN, SIZE_MAX));
    ck_assert_ptr_null(attpool_kernel_alias((attpool_kernel_name)KERNEL_COUNT, 0));
    ck_assert_ptr_null(attpool_kernel_alias((attpool_kernel_name)-1, 0));
}
END_TEST

/* As R, statsmodels, scikit-learn, scikit-fda, KDEpy, locfit and nprobust call them. */
START_TEST(kernels_have_the_names_of_other_packages)
{
    static const struct {
        const char *name;
        int kernel;
    } names[] = {
        { "normal", ATTPOOL_GAUSSIAN },
        { "gauss", ATTPOOL_GAUSSIAN },
        { "gau", ATTPOOL_GAUSSIAN },
        { "box", ATTPOOL_BOXCAR },
        { "uniform", ATTPOOL_BOXCAR },
        { "uni", ATTPOOL_BOXCAR },
        { "rectangular", ATTPOOL_BOXCAR },
        { "rect", ATTPOOL_BOXCAR },
        { "tophat", ATTPOOL_BOXCAR },
        { "tri", ATTPOOL_TRIANGULAR },
        { "tria", ATTPOOL_TRIANGULAR },
        { "epa", ATTPOOL_EPANECHNIKOV },
        { "epan", ATTPOOL_EPANECHNIKOV },
        { "epanech", ATTPOOL_EPANECHNIKOV },
        { "quartic", ATTPOOL_BIWEIGHT },
        { "bisq", ATTPOOL_BIWEIGHT },
        { "biw", ATTPOOL_BIWEIGHT },
        { "tri_weight", ATTPOOL_TRIWEIGHT },
        { "triw", ATTPOOL_TRIWEIGHT },
        { "tcub", ATTPOOL_TRICUBE },
        { "tricubic", ATTPOOL_TRICUBE },
        { "optcosine", ATTPOOL_COSINE },
        { "exponential", ATTPOOL_LAPLACIAN },
        { "exp", ATTPOOL_LAPLACIAN },
        /* what means another kernel there, or one there and another elsewhere */
        { "trwt", -1 },
        { "cos", -1 },
        { "linear", -1 },
        { "triweigh", -1 },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_msg(attpool_kernel_from_name(names[i].name) == names[i].kernel, "%s is %d",
                      names[i].name, attpool_kernel_from_name(names[i].name));
}
END_TEST

/* The rest of the line of attpool(1)'s table of names that begins with this one. */
static void find_names(const char *name, char *line, size_t size)
{
    char path[512];
    const char *source = getenv("srcdir");
    size_t length = strlen(name);
    snprintf(path, sizeof path, "%s/man/attpool.1", source != NULL ? source : ".");
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "no %s", path);
    bool in_names = false, found = false;
    while (!found && fgets(line, (int)size, f) != NULL) {
        in_names = in_names || strncmp(line, "The names that other packages", 29) == 0;
        found = in_names && strncmp(line, name, length) == 0 && line[length] == '\t';
    }
    fclose(f);
    ck_assert_msg(found, "attpool(1) has no other names of %s", name);
    memmove(line, line + length + 1, strlen(line + length));
}

START_TEST(the_manual_lists_all_names_of_kernels)
{
    const char *alias;
    for (int k = 0; k < KERNEL_COUNT; k++) {
        char line[256] = "", expected[256] = "";
        const attpool_kernel_name kernel = (attpool_kernel_name)k;
        if (attpool_kernel_alias(kernel, 0) == NULL)
            continue;
        for (size_t i = 0; (alias = attpool_kernel_alias(kernel, i)) != NULL; i++) {
            strcat(expected, i > 0 ? ", " : "");
            strcat(expected, alias);
        }
        find_names(attpool_kernel_to_name(kernel), line, sizeof line);
        ck_assert_str_eq(line, strcat(expected, "\n"));
    }
}
END_TEST

Suite *suite_failures(void)
{
    Suite *suite = suite_create("failures");
    TCase *tc = tcase_create("failures");
    tcase_add_checked_fixture(tc, open_context, close_context);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, an_empty_row_can_be_an_error);
    tcase_add_test(tc, memory_is_asked_for_first);
    tcase_add_test(tc, memory_that_is_not_there);
    tcase_add_test(tc, a_device_that_fails_is_told);
    tcase_add_test(tc, unknown_backends_are_refused);
    tcase_add_test(tc, states_are_checked);
    tcase_add_test(tc, names_of_statuses);
    tcase_add_test(tc, names_of_kernels);
    tcase_add_test(tc, kernels_have_the_names_of_other_packages);
    tcase_add_test(tc, the_manual_lists_all_names_of_kernels);
    suite_add_tcase(suite, tc);
    return suite;
}
