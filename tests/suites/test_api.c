/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tests/support/attention.h"
#include "tests/support/backends.h"
#include "tests/suites/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Contexts: how they are opened and what they say. */

/* ---- Opening ------------------------------------------------------------------------------ */

START_TEST(the_default_is_the_best_of_the_cpu)
{
    attpool_context *context = open_with(NULL), *again;
    attpool_options zero = { 0 };
    attpool_options automatic = { .size = sizeof automatic, .backend = "auto" };
    const char *name = attpool_backend_name(context);
    ck_assert(!is_opencl(name));
    again = open_with(&zero);
    ck_assert_str_eq(attpool_backend_name(again), name);
    attpool_close(again);
    again = open_with(&automatic);
    ck_assert_str_eq(attpool_backend_name(again), name);
    attpool_close(again);
    ck_assert(attpool_device_name(context)[0] != '\0');
    ck_assert_int_ge(attpool_threads(context), 1);
    ck_assert_str_eq(attpool_message(context), "");
    attpool_close(context);
}
END_TEST

START_TEST(the_environment_chooses)
{
    attpool_options threads = { .threads = 2 };
    setenv("ATTPOOL_BACKEND", "scalar", 1);
    setenv("ATTPOOL_NUM_THREADS", "3", 1);
    attpool_context *context = open_with(NULL);
    ck_assert_str_eq(attpool_backend_name(context), "scalar");
    ck_assert_int_eq(attpool_threads(context), 3);
    attpool_close(context);

    /* The options win. */
    context = open_with(&threads);
    ck_assert_int_eq(attpool_threads(context), 2);
    attpool_close(context);
    setenv("ATTPOOL_BACKEND", "no such", 1);
    attpool_options by_name = { .backend = "scalar" };
    context = open_with(&by_name);
    ck_assert_str_eq(attpool_backend_name(context), "scalar");
    attpool_close(context);
    ck_assert_int_eq(attpool_open(NULL, &context), ATTPOOL_E_BACKEND);

    /* Empty is as good as not set. */
    for (int i = 0; i < API_VARIABLES; i++)
        setenv(api_variables[i], "", 1);
    attpool_close(open_with(NULL));
}
END_TEST

START_TEST(the_instruction_set_can_be_limited)
{
    setenv("ATTPOOL_MAX_ISA", "scalar", 1);
    attpool_context *context = open_with(NULL);
    ck_assert_str_eq(attpool_backend_name(context), "scalar");
    attpool_close(context);
#if defined(__x86_64__)
    attpool_options by_name = { .backend = "avx2" };
    if (attpool_open(&by_name, &context) == ATTPOOL_OK) {
        attpool_close(context);
        setenv("ATTPOOL_MAX_ISA", "avx2", 1);
        context = open_with(NULL);
        ck_assert_str_eq(attpool_backend_name(context), "avx2");
        attpool_close(context);
        /* A backend asked for by name is used all the same. */
        setenv("ATTPOOL_MAX_ISA", "scalar", 1);
        context = open_with(&by_name);
        ck_assert_str_eq(attpool_backend_name(context), "avx2");
        attpool_close(context);
    }
#endif
}
END_TEST

START_TEST(a_bad_environment_is_named)
{
    static const char *const bad[][2] = {
        { "ATTPOOL_NUM_THREADS", "0" },    { "ATTPOOL_NUM_THREADS", "-2" },
        { "ATTPOOL_NUM_THREADS", "many" }, { "ATTPOOL_NUM_THREADS", "1000000" },
        { "ATTPOOL_VERBOSE", "3" },        { "ATTPOOL_VERBOSE", "yes" },
        { "ATTPOOL_MAX_ISA", "avx3" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char message[200] = "";
        attpool_context *context;
        attpool_options options = { .message = message, .message_size = sizeof message };
        clean_environment();
        setenv(bad[i][0], bad[i][1], 1);
        ck_assert_int_eq(attpool_open(&options, &context), ATTPOOL_E_OPTIONS);
        ck_assert_ptr_null(context);
        ck_assert_msg(strstr(message, bad[i][0]) && strstr(message, bad[i][1]), "%s", message);
    }
}
END_TEST

START_TEST(devices_are_what_can_be_opened)
{
    attpool_device_list *list;
    int chosen = 0, scalars = 0;
    setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
    attpool_context *standard = open_with(NULL), *context;
    ck_assert_int_eq(attpool_list_devices(&list), ATTPOOL_OK);
    size_t count = attpool_device_count(list);
    ck_assert_ptr_null(attpool_device_at(list, count));
    for (size_t i = 0; i < count; i++) {
        const attpool_device *d = attpool_device_at(list, i);
        char message[8] = "old";
        attpool_options options = { .backend = d->backend,
                                    .message = message,
                                    .message_size = sizeof message };
        ck_assert(d->backend && d->device && d->reason && d->reason[0]);
        ck_assert(d->available == 0 || d->available == 1);
        ck_assert_int_eq(d->one_answer, d->available ? 1 : -1);
        scalars += strcmp(d->backend, "scalar") == 0;
        if (d->chosen) {
            chosen++;
            ck_assert_str_eq(d->backend, attpool_backend_name(standard));
        }
        attpool_status status = attpool_open(&options, &context);
        ck_assert_int_eq(status == ATTPOOL_OK, d->available);
        ck_assert_int_eq(message[0] == '\0', d->available);
        if (d->available)
            ck_assert_str_eq(attpool_device_name(context), d->device);
        attpool_close(context);
    }
    ck_assert_int_eq(chosen, 1);
    ck_assert_int_eq(scalars, 1);
    attpool_free_devices(list);
    attpool_close(standard);
}
END_TEST

START_TEST(no_opencl_is_a_normal_condition)
{
    char folder[] = "/tmp/attpool-empty-XXXXXX", message[200] = "";
    attpool_device_list *list;
    attpool_context *context;
    attpool_options options = { .backend = "opencl",
                                .message = message,
                                .message_size = sizeof message };
    ck_assert_ptr_nonnull(mkdtemp(folder));
    setenv("OCL_ICD_VENDORS", folder, 1);
    ck_assert_int_eq(attpool_open(&options, &context), ATTPOOL_E_BACKEND);
    ck_assert_ptr_null(context);
    ck_assert_msg(message[0], "no reason is given");
    ck_assert_int_eq(attpool_list_devices(&list), ATTPOOL_OK);
    int rows = 0;
    for (size_t i = 0; i < attpool_device_count(list); i++) {
        const attpool_device *d = attpool_device_at(list, i);
        rows += is_opencl(d->backend);
        ck_assert(!is_opencl(d->backend) || !d->available);
    }
#ifdef ATTPOOL_HAVE_OPENCL
    ck_assert_int_eq(rows, 1);
#else
    ck_assert_int_eq(rows, 0);
#endif
    attpool_free_devices(list);
    rmdir(folder);
}
END_TEST

#ifdef ATTPOOL_HAVE_OPENCL
/* A folder with one .icd file of that text, NULL: without; what opening says of it, or of the file.
 */
static const struct {
    const char *text;
    bool by_file;
    const char *said;
} drivers[] = {
    { NULL, false, "no .icd file in FOLDER" },
    { "libattpool-none.so\n", false,
      "the library of FOLDER/x.icd cannot be loaded: libattpool-none.so" },
    { "libattpool-none.so\n", true,
      "the library of FOLDER/x.icd cannot be loaded: libattpool-none.so" },
    { "\n", false, "FOLDER/x.icd names no library" },
    { "libc.so.6\n", false, "the drivers of FOLDER offer no OpenCL platform" },
    { "libc.so.6\n", true, "FOLDER/x.icd: some OpenCL loaders want a folder in OCL_ICD_VENDORS" },
};

START_TEST(why_there_is_no_opencl_is_told)
{
    char folder[] = "/tmp/attpool-icd-XXXXXX", path[60], said[200] = "", message[200] = "";
    attpool_context *context;
    attpool_options options = { .backend = "opencl",
                                .message = message,
                                .message_size = sizeof message };
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/x.icd", folder);
    if (drivers[_i].text) {
        FILE *f = fopen(path, "w");
        fputs(drivers[_i].text, f);
        fclose(f);
    }
    setenv("OCL_ICD_VENDORS", drivers[_i].by_file ? path : folder, 1);
    const char *at = strstr(drivers[_i].said, "FOLDER");
    snprintf(said, sizeof said, "%.*s%s%s", (int)(at - drivers[_i].said), drivers[_i].said, folder,
             at + strlen("FOLDER"));
    ck_assert_int_eq(attpool_open(&options, &context), ATTPOOL_E_BACKEND);
    unlink(path);
    rmdir(folder);
    ck_assert_msg(strstr(message, said) || strstr(message, "no OpenCL library"), "%s, not %s",
                  message, said);
}
END_TEST
#endif

/* ---- Sizes of 0 --------------------------------------------------------------------------- */

START_TEST(an_empty_batch_is_nothing_to_do)
{
    int64_t q[] = { 0, 3, 4, 2 }, k[] = { 0, 3, 5, 2 }, o[] = { 0, 3, 4, 2 }, w[] = { 0, 3, 4, 5 };
    DLTensor Q = tensor_of(NULL, ELEMENT_F32, 4, q), K = tensor_of(NULL, ELEMENT_F32, 4, k);
    DLTensor O = tensor_of(NULL, ELEMENT_F32, 4, o), W = tensor_of(NULL, ELEMENT_F32, 4, w);
    attpool_pool_options options = { .weights = &W };
    attpool_context *context = open_with(NULL);
    ck_assert_int_eq(attpool_pool(context, &Q, &K, &K, &options, &O), ATTPOOL_OK);
    ck_assert_int_eq(attpool_kernel(context, &Q, &K, NULL, &W), ATTPOOL_OK);
    ck_assert_int_eq(attpool_softmax(context, &W, NULL, &W), ATTPOOL_OK);
    k[2] = 2, k[3] = 5;
    ck_assert_int_eq(attpool_bmm(context, 1, &Q, &K, 0, &W), ATTPOOL_OK);
    attpool_close(context);
}
END_TEST

Suite *suite_api(void)
{
    Suite *suite = suite_create("api");
    TCase *tc = tcase_create("api");
    tcase_add_checked_fixture(tc, clean_environment, NULL);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, the_default_is_the_best_of_the_cpu);
    tcase_add_test(tc, the_environment_chooses);
    tcase_add_test(tc, the_instruction_set_can_be_limited);
    tcase_add_test(tc, a_bad_environment_is_named);
    tcase_add_test(tc, devices_are_what_can_be_opened);
    tcase_add_test(tc, no_opencl_is_a_normal_condition);
#ifdef ATTPOOL_HAVE_OPENCL
    tcase_add_loop_test(tc, why_there_is_no_opencl_is_told, 0, sizeof drivers / sizeof drivers[0]);
#endif
    tcase_add_test(tc, an_empty_batch_is_nothing_to_do);
    suite_add_tcase(suite, tc);
    return suite;
}
