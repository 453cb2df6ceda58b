/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/faulty.h"
#include "tests/suites/suites.h"

#include <dlfcn.h>
#include <fenv.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Devices that are not what they should be are found out, and programs are compiled once. */

static struct layer_faults *faults;

/* What one is instead, and what is said of it. */
static const struct other {
    const char *prelude, *options, *from, *to;
    bool no_float64, one_answer, usable;
    const char *said;
} others[] = {
    /* a product and a sum: the fma in software gives the bits */
    { .prelude = "#define fma(a, b, c) ((a) * (b) + (c))\n",
      .no_float64 = true,
      .one_answer = true,
      .usable = true },
    /* quotients and roots by our own steps */
    { .prelude = "#undef NATIVE_DIVISION\n", .one_answer = true, .usable = true },
    /* the first coefficient of exp2, which hardly matters */
    { .from = "0x1.3fa206p-13f",
      .to = "0x1.4fa206p-13f",
      .usable = true,
      .said = "does not give the bits of other backends: float32" },
    /* the last but two, of float64 */
    { .from = "0x1.ebfbdff82c5a6p-3",
      .to = "0x1.ebfbdff92c5a6p-3",
      .said = "computes wrongly: float64" },
};
enum { OTHERS = sizeof others / sizeof others[0] };

static char logged[1000];

static void keep_line(void *data, const char *line)
{
    size_t used = strlen(logged);
    (void)data;
    snprintf(logged + used, sizeof logged - used, "%s\n", line);
}

/* Opened by a process that has never seen it, and keeps nothing of it. */
static attpool_status open_other(const struct other *other, attpool_context **context,
                                 char message[256])
{
    const attpool_options options = { .size = sizeof options,
                                      .backend = "opencl",
                                      .log = keep_line,
                                      .message = message,
                                      .message_size = 256 };
    setenv("ATTPOOL_CACHE_DIR", "/dev/null", 1);
    faults->prelude = other->prelude;
    faults->options = other->options;
    faults->no_float64 = other->no_float64;
    faults->from = other->from;
    faults->to = other->to;
    logged[0] = '\0';
    return attpool_open(&options, context);
}

/* The row of the device that is there. */
static int listed_one_answer(void)
{
    attpool_device_list *list;
    int one_answer = -2;
    ck_assert_int_eq(attpool_list_devices(&list), ATTPOOL_OK);
    for (size_t i = 0; i < attpool_device_count(list); i++)
        if (is_opencl(attpool_device_at(list, i)->backend))
            one_answer = attpool_device_at(list, i)->one_answer;
    attpool_free_devices(list);
    return one_answer;
}

/* A pooling, and what plain C makes of it. */
struct known {
    attpool_context *judging;
    struct job job;
    struct answer right;
};

static void known_new(struct known *k, const struct test_case *c)
{
    k->judging = open_judge();
    job_new(&k->job, c, ELEMENT_F32, PLACE_END);
    answer_keep(&k->right, &k->job, run_anew(k->judging, &k->job));
}

static void known_free(struct known *k)
{
    attpool_close(k->judging);
    answer_free(&k->right);
    job_free(&k->job);
}

START_TEST(another_device)
{
    const struct other *other = &others[_i];
    char message[256];
    attpool_context *context;
    struct known known;
    if (!opencl_is_asked_for() || !(faults = layer_load_faults()))
        return;
    known_new(&known, &faulty_cases[FAULTY_GAUSS]);
    attpool_status status = open_other(other, &context, message);
    if (!layer_is_used(faults))
        return;
    if (!other->usable && status == ATTPOOL_OK && !computes(context, ELEMENT_F64)) {
        attpool_close(context);
        return;
    }
    if (!other->usable) {
        ck_assert_int_eq(status, ATTPOOL_E_BACKEND);
        ck_assert_msg(strstr(message, other->said) != NULL, "%s", message);
        ck_assert_int_eq(listed_one_answer(), -1);
        setenv("ATTPOOL_OPENCL_FORCE", "1", 1);
        status = open_other(other, &context, message);
    }
    ck_assert_msg(status == ATTPOOL_OK, "%s", message);
    ck_assert_msg(other->said ? strstr(logged, ": float") != NULL : logged[0] == '\0', "%s",
                  logged);
    ck_assert_int_eq(listed_one_answer(), other->one_answer);
    ck_assert_int_eq(run_anew(context, &known.job), ATTPOOL_OK);
    if (other->one_answer)
        answer_compare(&known.right, &known.job, ATTPOOL_OK, "on another device");
    answers_agree();
    attpool_close(context);
    expect_closed(faults);
    known_free(&known);
}
END_TEST

/* Wrong, or of other bits, in the sums of pooling and nowhere else: found by the first call of that
 * kind, before it computes. A product is not held up by it before, and refused after. */
static const struct other in_pooling[] = {
    { .from = "* scale;\n    if (l == 0)", .to = "* -scale;\n    if (l == 0)" },
    { .from = "* scale;\n    if (l == 0)",
      .to = "* scale * (REAL)1.000002;\n    if (l == 0)",
      .usable = true,
      .said = "does not give the bits of other backends: float32 gaussian pooling" },
};
enum { IN_POOLING = sizeof in_pooling / sizeof in_pooling[0] };

START_TEST(another_device_in_one_operation)
{
    const struct other *other = &in_pooling[_i];
    char message[256];
    attpool_context *context;
    struct job product, pooling;
    if (!opencl_is_asked_for() || !(faults = layer_load_faults()))
        return;
    job_new(&product, &faulty_cases[0], ELEMENT_F32, PLACE_END);
    job_new(&pooling, &faulty_cases[FAULTY_GAUSS], ELEMENT_F32, PLACE_END);
    ck_assert_int_eq(product.c->operation, OPERATION_BMM);
    const attpool_status status = open_other(other, &context, message);
    if (!layer_is_used(faults))
        return;
    ck_assert_msg(status == ATTPOOL_OK, "%s", message);
    ck_assert_int_eq(run_anew(context, &product), ATTPOOL_OK);
    ck_assert_str_eq(logged, "");
    const attpool_status wanted = other->usable ? ATTPOOL_OK : ATTPOOL_E_BACKEND;
    ck_assert_int_eq(run_anew(context, &pooling), wanted);
    if (other->usable) {
        ck_assert_msg(strstr(logged, other->said) != NULL, "%s", logged);
    } else {
        ck_assert_msg(strstr(attpool_message(context), "computes wrongly: float32 gaussian") !=
                          NULL,
                      "%s", attpool_message(context));
        ck_assert_int_eq(run_anew(context, &product), ATTPOOL_E_BACKEND);
    }
    attpool_close(context);
    ck_assert_int_eq(listed_one_answer(), other->usable ? 0 : -1);
    expect_closed(faults);
    job_free(&product);
    job_free(&pooling);
}
END_TEST

/* Wrong in a program for some shapes: where one vector holds all queries, or one query's blocks,
 * which devices without vectors do not know, or in the tiles of a graphics card. */
static const struct test_case one_query = { .name = "one query",
                                            .operation = OPERATION_POOL,
                                            .n = 1,
                                            .m = 3000,
                                            .d = 1,
                                            .v = 1,
                                            .score = ATTPOOL_KERNEL };
static const struct test_case wide = { .name = "many columns",
                                       .operation = OPERATION_POOL,
                                       .n = 40,
                                       .m = 300,
                                       .d = 20,
                                       .v = 20,
                                       .score = ATTPOOL_DOT };
static const struct {
    const struct test_case *c;
    struct other other;
    bool gpu;
} shaped[] = {
    { &faulty_cases[FAULTY_GAUSS],
      { .prelude = "#define SIGN (REAL)(ROW_VECTORS == 1 ? -1 : 1)\n",
        .from = "*to = fma(sums[col * ROW_VECTORS + x], w[x], *to * u[x]);",
        .to = "*to=fma(SIGN*sums[col*ROW_VECTORS+x], w[x], *to * u[x]); " },
      false },
    { &one_query,
      { .from = "acc[col] = fma(sums[col], w, acc[col] * u);",
        .to = "acc[col] = fma(sums[col], w, acc[col] * w);" },
      false },
    { &wide,
      { .from = "total[j] = fma(part[j], w, total[j] * u);",
        .to = "total[j] = fma(part[j], w, total[j] * w);" },
      true },
};
enum { SHAPED = sizeof shaped / sizeof shaped[0] };

START_TEST(another_device_for_some_shapes)
{
    char message[256];
    attpool_context *context;
    struct known known;
    if (!opencl_is_asked_for() || !(faults = layer_load_faults()))
        return;
    faults->gpu = shaped[_i].gpu;
    known_new(&known, shaped[_i].c);
    const attpool_status status = open_other(&shaped[_i].other, &context, message);
    if (!layer_is_used(faults))
        return;
    ck_assert_msg(status == ATTPOOL_OK, "%s", message);
    if (run_anew(context, &known.job) == ATTPOOL_OK)
        answer_compare(&known.right, &known.job, ATTPOOL_OK, "of some shape");
    else
        ck_assert_msg(strstr(attpool_message(context), "computes wrongly: float32 ") != NULL, "%s",
                      attpool_message(context));
    answers_agree();
    attpool_close(context);
    expect_closed(faults);
    known_free(&known);
}
END_TEST

/* Flushed subnormal numbers, if the compiler's option does that. */
START_TEST(without_subnormals)
{
    static const struct other flushing = { .options = "-cl-denorms-are-zero" };
    char message[256];
    attpool_context *context;
    if (!opencl_is_asked_for() || !(faults = layer_load_faults()))
        return;
    ck_assert_int_eq(open_other(&flushing, &context, message), ATTPOOL_OK);
    bool one_answer = listed_one_answer() == 1;
    ck_assert_int_eq(one_answer, logged[0] == '\0');
    printf("-cl-denorms-are-zero: one answer %d\n", one_answer);
    attpool_close(context);
}
END_TEST

/* A thread in another rounding mode uses OpenCL before the library does. */
static bool touch_opencl(void)
{
    void *library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    void *address[2] = { NULL }, *platform, *device;
    int32_t (*get_platforms)(uint32_t, void **, uint32_t *);
    int32_t (*get_devices)(void *, uint64_t, uint32_t, void **, uint32_t *);
    const uint64_t all = 0xffffffff;
    const int mode = fegetround();
    if (library) {
        address[0] = dlsym(library, "clGetPlatformIDs");
        address[1] = dlsym(library, "clGetDeviceIDs");
    }
    if (!address[0] || !address[1])
        return false;
    memcpy(&get_platforms, &address[0], sizeof get_platforms);
    memcpy(&get_devices, &address[1], sizeof get_devices);
    fesetround(FE_UPWARD);
    bool there =
        get_platforms(1, &platform, NULL) == 0 && get_devices(platform, all, 1, &device, NULL) == 0;
    fesetround(mode);
    return there;
}

START_TEST(a_first_thread_in_another_mode)
{
    static const struct other same = { .usable = true };
    char message[256];
    attpool_context *context, *judging = open_judge();
    struct job job;
    struct answer right;
    if (!opencl_is_asked_for() || !(faults = layer_load_faults()) || !touch_opencl())
        return;
    job_new(&job, &faulty_cases[FAULTY_GAUSS], ELEMENT_F32, PLACE_END);
    answer_keep(&right, &job, run_anew(judging, &job));
    attpool_status status = open_other(&same, &context, message);
    ck_assert_msg(status == ATTPOOL_OK, "%s", message);
    bool one_answer = listed_one_answer() == 1;
    printf("after a thread that rounds up: one answer %d\n", one_answer);
    ck_assert_int_eq(one_answer, logged[0] == '\0');
    ck_assert_int_eq(run_anew(context, &job), ATTPOOL_OK);
    if (one_answer)
        answer_compare(&right, &job, ATTPOOL_OK, "after a thread that rounds up");
    answers_agree();
    attpool_close(context);
    attpool_close(judging);
    answer_free(&right);
    job_free(&job);
}
END_TEST

START_TEST(without_a_compiler)
{
    static const struct other same = { .usable = true };
    char message[256];
    attpool_context *context;
    if (!opencl_is_asked_for() || !(faults = layer_load_faults()))
        return;
    faults->no_compiler = true;
    attpool_status status = open_other(&same, &context, message);
    if (!layer_is_used(faults))
        return;
    ck_assert_int_eq(status, ATTPOOL_E_BACKEND);
    ck_assert_msg(strstr(message, "no compiler") != NULL, "%s", message);
    expect_closed(faults);
}
END_TEST

START_TEST(without_float64)
{
    struct job job;
    if (!opencl_is_asked_for() || !(faults = layer_load_faults()))
        return;
    faults->no_float64 = true;
    attpool_context *context = open_layered(&faults);
    if (!context)
        return;
    signal(SIGFPE, SIG_DFL); /* PoCL's handler goes on after a division by 0 anywhere */
    job_new(&job, &faulty_cases[0], ELEMENT_F64, PLACE_END);
    ck_assert_int_eq(run_anew(context, &job), ATTPOOL_E_BACKEND);
    job_free(&job);
    job_new(&job, &faulty_cases[0], ELEMENT_F32, PLACE_END);
    ck_assert_int_eq(run_anew(context, &job), ATTPOOL_OK);
    job_free(&job);
    attpool_close(context);
    expect_closed(faults);
}
END_TEST

START_TEST(names_are_cleaned)
{
    if (!opencl_is_asked_for() || !(faults = layer_load_faults()))
        return;
    faults->name = " \x1b[1mGr\xc3\xb6\xc3\x9f"
                   "e\xff\xc3 \n\xe2\x82\xac\xc2\x85\t";
    attpool_context *context = open_layered(&faults);
    if (!context)
        return;
    ck_assert_str_eq(attpool_device_name(context), "[1mGr\xc3\xb6\xc3\x9f"
                                                   "e?? \xe2\x82\xac??");
    attpool_close(context);
}
END_TEST

/* ---- Programs are kept ---- */

enum { NOT_HERE = 10, COMPILED };

/* Runs all rows in both types; the number of programs compiled from source. */
static int compile(int unused)
{
    struct job job;
    (void)unused;
    attpool_context *context = open_layered(&faults);
    if (!context)
        return NOT_HERE;
    for (int i = 0; i < FAULTY_CASES; i++)
        for (int type = 0; type < 2; type++) {
            enum element element = type == 0 ? ELEMENT_F32 : ELEMENT_F64;
            if (!computes(context, element))
                continue;
            job_new(&job, &faulty_cases[i], element, PLACE_END);
            ck_assert_int_eq(run_anew(context, &job), ATTPOOL_OK);
            job_free(&job);
        }
    attpool_close(context);
    return faults->sources < 200 ? COMPILED + faults->sources : 1;
}

START_TEST(a_second_process_compiles_nothing)
{
    char folder[] = "/tmp/attpool-test-XXXXXX", command[64];
    if (!opencl_is_asked_for())
        return;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    setenv("ATTPOOL_CACHE_DIR", folder, 1);
    int first = in_child(compile, 0), second = in_child(compile, 0);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
    if (first == NOT_HERE)
        return;
    ck_assert_msg(first > COMPILED + 5, "the first returned %d", first);
    ck_assert_msg(second == NOT_HERE + 1, "the second compiled %d", second - COMPILED);
}
END_TEST

Suite *suite_devices(void)
{
    Suite *suite = suite_create("devices");
    TCase *tc = tcase_create("devices");
    tcase_set_timeout(tc, 600);
    tcase_set_tags(tc, "devices");
    tcase_add_loop_test(tc, another_device, 0, OTHERS);
    tcase_add_loop_test(tc, another_device_in_one_operation, 0, IN_POOLING);
    tcase_add_loop_test(tc, another_device_for_some_shapes, 0, SHAPED);
    tcase_add_test(tc, without_subnormals);
    tcase_add_test(tc, a_first_thread_in_another_mode);
    tcase_add_test(tc, without_a_compiler);
    tcase_add_test(tc, without_float64);
    tcase_add_test(tc, names_are_cleaned);
    tcase_add_test(tc, a_second_process_compiles_nothing);
    suite_add_tcase(suite, tc);
    return suite;
}
