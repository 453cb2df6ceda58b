/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backends.h"

#include "core/context.h"

#include <check.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_PRINTED = 12 };

const char *const test_backends[TEST_BACKENDS] = { "scalar", "avx2", "avx512", "neon", "opencl" };

static int differences;
static char testing[256];

bool is_opencl(const char *backend)
{
    return strncmp(backend, "opencl", 6) == 0;
}

const char *element_name(enum element element)
{
    return element == ELEMENT_F32 ? "float32" : "float64";
}

/* After a crash in the library, the report names the case. */
static void on_crash(int number)
{
    static const char text[] = "crashed: ";
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0 ||
        write(STDERR_FILENO, testing, strlen(testing)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
        _exit(1);
    signal(number, SIG_DFL);
    raise(number);
}

void now_testing(const struct test_case *c, enum element element, const char *how)
{
    static bool ready;
    snprintf(testing, sizeof testing, "%s, %s, %s", c->name, element_name(element), how);
    if (ready)
        return;
    ready = true;
    signal(SIGSEGV, on_crash);
    signal(SIGBUS, on_crash);
    signal(SIGILL, on_crash);
    signal(SIGFPE, on_crash);
    signal(SIGABRT, on_crash);
}

static attpool_status open_named(const char *name, int threads, char *message, size_t size,
                                 attpool_context **context)
{
    attpool_options options = { .size = sizeof options,
                                .threads = threads,
                                .backend = name,
                                .message = message,
                                .message_size = size };
    return attpool_open(&options, context);
}

attpool_context *open_judge(void)
{
    char message[256] = "";
    attpool_context *context;
    attpool_status status = open_named("scalar", 1, message, sizeof message, &context);
    ck_assert_msg(status == ATTPOOL_OK, "scalar: %s", message);
    return context;
}

attpool_context *open_backend(const char *name, int threads)
{
    char message[256] = "";
    attpool_context *context = NULL;
    const char *opencl = getenv("ATTPOOL_TEST_OPENCL"), *only = getenv("ATTPOOL_TEST_BACKEND");
    if (only && *only && strcmp(only, name) != 0)
        return NULL;
    if (is_opencl(name) && opencl && strcmp(opencl, "no") == 0) {
        printf("skipped: %s: ATTPOOL_TEST_OPENCL is no\n", name);
        return NULL;
    }
    attpool_status status = open_named(name, threads, message, sizeof message, &context);
    if (status == ATTPOOL_OK) {
        context->engine.threads_pay = 0; /* small cases are for threads too */
        return context;
    }
    ck_assert_msg(status == ATTPOOL_E_BACKEND, "%s: %s", name, message);
    ck_assert_msg(!is_opencl(name) || !opencl || strcmp(opencl, "require") != 0,
                  "ATTPOOL_TEST_OPENCL is require: %s", message);
    printf("skipped: %s\n", message);
    return NULL;
}

bool promises_bits(const attpool_context *context)
{
    attpool_device_list *list;
    bool promises = true;
    if (!is_opencl(attpool_backend_name(context)))
        return true;
    ck_assert_int_eq(attpool_list_devices(&list), ATTPOOL_OK);
    for (size_t i = 0; i < attpool_device_count(list); i++) {
        const attpool_device *d = attpool_device_at(list, i);
        if (is_opencl(d->backend) && strcmp(d->device, attpool_device_name(context)) == 0)
            promises = d->one_answer != 0;
    }
    attpool_free_devices(list);
    const char *opencl = getenv("ATTPOOL_TEST_OPENCL");
    ck_assert_msg(promises || !opencl || strcmp(opencl, "require") != 0,
                  "ATTPOOL_TEST_OPENCL is require: %s does not give one answer",
                  attpool_device_name(context));
    if (!promises)
        printf("%s does not promise the bits\n", attpool_device_name(context));
    return promises;
}

bool computes(attpool_context *context, enum element element)
{
    unsigned char data[3][8] = { { 0 } };
    int64_t shape[] = { 1, 1 };
    DLTensor a = tensor_of(data[0], element, 2, shape), b = tensor_of(data[1], element, 2, shape);
    DLTensor c = tensor_of(data[2], element, 2, shape);
    attpool_status status = attpool_bmm(context, 1, &a, &b, 0, &c);
    if (status == ATTPOOL_E_BACKEND) {
        printf("skipped: %s\n", attpool_message(context));
        return false;
    }
    ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(context));
    return true;
}

size_t test_every(void)
{
    const char *some = getenv("ATTPOOL_TEST_EVERY");
    return some && atoi(some) > 1 ? (size_t)atoi(some) : 1;
}

bool next_case(size_t *at, size_t every, const struct test_case **c)
{
    size_t count;
    const struct test_case *table = test_cases(&count);
    const char *only = getenv("ATTPOOL_TEST_CASES");
    every *= test_every();
    for (size_t i = *at; i < count; i++) {
        if (only ? !strstr(table[i].name, only) : i % every != 0)
            continue;
        *at = i + 1;
        *c = &table[i];
        return true;
    }
    return false;
}

void answer_keep(struct answer *answer, struct job *job, attpool_status status)
{
    const char *name;
    memset(answer, 0, sizeof *answer);
    answer->status = status;
    for (int i = 0; i < JOB_OUTPUTS; i++) {
        const struct tensor *t = job_output(job, i, &name);
        if (!t)
            continue;
        answer->bytes[i] = malloc(t->size + 1);
        memcpy(answer->bytes[i], t->bytes, t->size);
    }
}

void answer_free(struct answer *answer)
{
    for (int i = 0; i < JOB_OUTPUTS; i++)
        free(answer->bytes[i]);
}

static void print_difference(const struct answer *answer, struct job *job, int output,
                             const char *how)
{
    const char *name;
    const struct tensor *t = job_output(job, output, &name);
    size_t unit = t->dl.dtype.bits / 8u, i = 0, different = 0;
    for (size_t k = 0; k + unit <= t->size; k += unit)
        if (memcmp(t->bytes + k, answer->bytes[output] + k, unit) != 0 && different++ == 0)
            i = k;
    if (++differences > MOST_PRINTED)
        return;
    double want, got;
    if (unit == 4) {
        float f;
        memcpy(&f, answer->bytes[output] + i, 4), want = (double)f;
        memcpy(&f, t->bytes + i, 4), got = (double)f;
    } else {
        memcpy(&want, answer->bytes[output] + i, 8);
        memcpy(&got, t->bytes + i, 8);
    }
    printf("%s, %s, %s: %s differs in %zu places, first at %zu: %.17g (%a), not %.17g (%a)\n",
           job->c->name, element_name(job->element), how, name, different, i / unit, got, got, want,
           want);
}

void answer_compare(const struct answer *answer, struct job *job, attpool_status status,
                    const char *how)
{
    const char *name;
    if (status != answer->status) {
        if (++differences <= MOST_PRINTED)
            printf("%s, %s, %s: %s (%s), not %s\n", job->c->name, element_name(job->element), how,
                   attpool_status_name(status), job->message, attpool_status_name(answer->status));
        return;
    }
    for (int i = 0; i < JOB_OUTPUTS; i++) {
        struct tensor *t = job_output(job, i, &name);
        if (!t)
            continue;
        if (memcmp(answer->bytes[i], t->bytes, t->size) != 0)
            print_difference(answer, job, i, how);
        if (t->map && !tensor_surroundings_intact(t)) {
            differences++;
            printf("%s, %s, %s: written around %s\n", job->c->name, element_name(job->element), how,
                   name);
        }
    }
}

void answers_agree(void)
{
    int count = differences;
    differences = 0;
    fflush(stdout);
    ck_assert_msg(count == 0, "%d differences, see above", count);
}
