/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/faulty.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const struct test_case faulty_cases[] = {
    { .name = "bmm", .operation = OPERATION_BMM, .n = 40, .m = 40, .d = 20, .alpha = 1, .beta = 2 },
    { .name = "bmm small", .operation = OPERATION_BMM, .b = 2, .n = 3, .m = 5, .d = 7, .alpha = 1 },
    { .name = "softmax",
      .operation = OPERATION_SOFTMAX,
      .b = 2,
      .n = 9,
      .m = 70,
      .with = WITH_LENGTHS | WITH_BIAS },
    { .name = "kernel",
      .operation = OPERATION_KERNEL,
      .n = 9,
      .m = 11,
      .d = 3,
      .form = ATTPOOL_PRODUCT,
      .with = WITH_MIXED_KERNELS },
    { .name = "dot",
      .operation = OPERATION_POOL,
      .h = 2,
      .n = 40,
      .m = 130,
      .d = 8,
      .v = 5,
      .score = ATTPOOL_DOT,
      .with = WITH_MASK | WITH_ALL_OUTPUTS },
    { .name = "additive",
      .operation = OPERATION_POOL,
      .n = 5,
      .m = 130,
      .d = 3,
      .v = 2,
      .p = 4,
      .score = ATTPOOL_ADDITIVE,
      .with = WITH_LSE },
    { .name = "gauss",
      .operation = OPERATION_POOL,
      .n = 7,
      .m = 1030,
      .d = 2,
      .v = 1,
      .score = ATTPOOL_KERNEL,
      .kernel = ATTPOOL_GAUSSIAN,
      .with = WITH_KEY_WEIGHTS | WITH_N_EFF },
    { .name = "nearest",
      .operation = OPERATION_POOL,
      .n = 7,
      .m = 140,
      .d = 1,
      .v = 1,
      .score = ATTPOOL_KERNEL,
      .kernel = ATTPOOL_BOXCAR,
      .empty = ATTPOOL_EMPTY_NEAREST,
      .special = SPECIAL_FAR },
    { .name = "dropout",
      .operation = OPERATION_POOL,
      .n = 7,
      .m = 140,
      .d = 4,
      .v = 3,
      .score = ATTPOOL_DOT,
      .dropout = 0.5 },
    { .name = "gradients",
      .operation = OPERATION_POOL_GRAD,
      .n = 7,
      .m = 140,
      .d = 4,
      .v = 3,
      .score = ATTPOOL_DOT,
      .with = WITH_BIAS },
    { .name = "gradients of a kernel",
      .operation = OPERATION_POOL_GRAD,
      .n = 7,
      .m = 20,
      .d = 2,
      .v = 1,
      .score = ATTPOOL_KERNEL,
      .kernel = ATTPOOL_GAUSSIAN },
    { .name = "regression",
      .operation = OPERATION_REGRESSION,
      .n = 7,
      .m = 140,
      .d = 2,
      .v = 1,
      .score = ATTPOOL_KERNEL,
      .kernel = ATTPOOL_GAUSSIAN,
      .degree = 1 },
};
_Static_assert(sizeof faulty_cases / sizeof faulty_cases[0] == FAULTY_CASES, "as declared");

bool opencl_is_asked_for(void)
{
    const char *opencl = getenv("ATTPOOL_TEST_OPENCL"), *only = getenv("ATTPOOL_TEST_BACKEND");
    return !(opencl && strcmp(opencl, "no") == 0) && !(only && *only && !is_opencl(only));
}

bool layer_is_used(const struct layer_faults *faults)
{
    if (faults->calls > 0)
        return true;
    printf("skipped: this OpenCL loader knows no layers\n");
    return false;
}

attpool_context *open_layered(struct layer_faults **faults)
{
    attpool_context *context;
    if (!(*faults = layer_load_faults()) || !(context = open_backend("opencl", 1)))
        return NULL;
    if (layer_is_used(*faults))
        return context;
    attpool_close(context);
    return NULL;
}

attpool_status run_anew(attpool_context *context, struct job *job)
{
    job_reset(job);
    return job_run(context, job);
}

void expect_closed(const struct layer_faults *faults)
{
    ck_assert_msg(faults->live == 0, "%d objects are left", faults->live);
}

int in_child(int (*function)(int), int argument)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(function(argument));
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "with %d: it crashed", argument);
    return WEXITSTATUS(status);
}
