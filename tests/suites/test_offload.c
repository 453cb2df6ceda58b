/* SPDX-License-Identifier: Apache-2.0 */
#include "core/automatic/profile.h"
#include "core/context.h"
#include "tests/support/faulty.h"
#include "tests/suites/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What "auto" hands to a device: the one that is there, which says here that it is a GPU. */

static struct layer_faults *faults;
static char logged[2000];

enum { NOT_HERE = 10, HERE, TAKEN };

static const struct test_case large = { .name = "large",
                                        .operation = OPERATION_POOL,
                                        .n = 400,
                                        .m = 2000,
                                        .d = 8,
                                        .v = 3,
                                        .score = ATTPOOL_DOT },
                              in_place = { .name = "added to",
                                           .operation = OPERATION_BMM,
                                           .n = 300,
                                           .m = 300,
                                           .d = 300,
                                           .alpha = 1,
                                           .beta = 2 };

static void keep_line(void *data, const char *line)
{
    size_t used = strlen(logged);
    (void)data;
    snprintf(logged + used, sizeof logged - used, "%s\n", line);
}

static attpool_context *open_auto(void)
{
    const attpool_options options = {
        .size = sizeof options, .backend = "auto", .threads = 1, .verbose = 1, .log = keep_line
    };
    attpool_context *context;
    ck_assert_int_eq(attpool_open(&options, &context), ATTPOOL_OK);
    return context;
}

static bool driver_is_loaded(void)
{
    char line[1024];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && !found && fgets(line, sizeof line, maps))
        found = strstr(line, "libOpenCL") != NULL;
    if (maps)
        fclose(maps);
    return found;
}

/* Measures; then keeps a profile by which the device is much faster than the CPU. */
static int tune(int gpu)
{
    const attpool_options options = { .size = sizeof options, .threads = 1 };
    attpool_tune_result result;
    struct profile profile;
    struct job job;
    if (!(faults = layer_load_faults()))
        return NOT_HERE;
    faults->gpu = gpu != 0;
    attpool_status status = attpool_tune(&options, &result);
    if (faults->calls == 0)
        return NOT_HERE;
    if (!gpu)
        return status == ATTPOOL_E_BACKEND ? HERE : 1;
    ck_assert_int_eq(status, ATTPOOL_OK);
    ck_assert_msg(strstr(result.backend, ":gpu:") != NULL, "%s", result.backend);
    ck_assert(result.launch > 0 && result.transfer > 0 && result.rate[0] > 0 &&
              result.cpu_rate[0] > 0);
    attpool_context *context = open_auto(), *device = open_backend("opencl", 1);
    ck_assert(ap_profile_read(&context->engine, &profile));
    for (int i = 0; i < WORKS; i++) {
        profile.rate[i][TYPE_F32] = 1e15;
        profile.cpu_rate[i][TYPE_F32] = 1e9;
    }
    profile.launch = 1e-6;
    profile.transfer = 1e15;
    ck_assert(ap_profile_write(&context->engine, &profile));
    /* by name: so its programs are kept */
    job_new(&job, &large, ELEMENT_F32, PLACE_END);
    ck_assert_int_eq(run_anew(device, &job), ATTPOOL_OK);
    job_free(&job);
    attpool_close(device);
    attpool_close(context);
    expect_closed(faults);
    return HERE;
}

/* A large call by auto, which fails there from its call number fail_at on; 0: does not. */
static int call(int fail_at)
{
    struct job job, small, added;
    struct answer right;
    static const struct test_case tiny = {
        .name = "tiny", .operation = OPERATION_BMM, .n = 3, .m = 3, .d = 3, .alpha = 1
    };
    if (!(faults = layer_load_faults()))
        return NOT_HERE;
    faults->gpu = true;
    attpool_context *context = open_auto(), *judging = open_judge();
    job_new(&job, &large, ELEMENT_F32, PLACE_END);
    job_new(&small, &tiny, ELEMENT_F32, PLACE_END);
    job_new(&added, &in_place, ELEMENT_F32, PLACE_END);
    answer_keep(&right, &job, run_anew(judging, &job));
    ck_assert_int_eq(run_anew(context, &small), ATTPOOL_OK);
    ck_assert_int_eq(run_anew(context, &added), ATTPOOL_OK);
    ck_assert_msg(!driver_is_loaded(), "small calls loaded OpenCL");
    faults->fail_at = fail_at;
    faults->lost = fail_at > 0;
    answer_compare(&right, &job, run_anew(context, &job), "by auto");
    answers_agree();
    ck_assert_int_eq(faults->sources, 0);
    const bool taken = is_opencl(attpool_backend_name(context));
    ck_assert_int_eq(taken, strstr(logged, "auto takes opencl:") != NULL && fail_at == 0);
    ck_assert_int_eq(run_anew(context, &small), ATTPOOL_OK);
    ck_assert(!is_opencl(attpool_backend_name(context)));
    attpool_close(context);
    attpool_close(judging);
    expect_closed(faults);
    answer_free(&right);
    job_free(&job);
    job_free(&small);
    job_free(&added);
    return taken ? TAKEN : HERE;
}

START_TEST(a_large_call_goes_to_a_device)
{
    char folder[] = "/tmp/attpool-test-XXXXXX", command[96];
    if (!opencl_is_asked_for())
        return;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    setenv("ATTPOOL_CACHE_DIR", folder, 1);
    const int without = in_child(call, 0), of_cpu = in_child(tune, 0), tuned = in_child(tune, 1);
    const int taken = in_child(call, 0);
    const int lost[] = { in_child(call, 1), in_child(call, 40), in_child(call, 150) };
    snprintf(command, sizeof command, "rm -f %s/program-*", folder);
    ck_assert_int_eq(system(command), 0);
    const int not_compiled = in_child(call, 0);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
    if (tuned == NOT_HERE)
        return;
    ck_assert_int_eq(without, HERE);
    ck_assert_int_eq(of_cpu, HERE); /* the CPU is no device for auto */
    ck_assert_int_eq(tuned, HERE);
    ck_assert_int_eq(taken, TAKEN);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(lost[i], HERE);
    ck_assert_int_eq(not_compiled, HERE);
}
END_TEST

Suite *suite_offload(void)
{
    Suite *suite = suite_create("offload");
    TCase *tc = tcase_create("offload");
    tcase_set_timeout(tc, 600);
    tcase_set_tags(tc, "faults");
    tcase_add_test(tc, a_large_call_goes_to_a_device);
    suite_add_tcase(suite, tc);
    return suite;
}
