/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_BACKENDS_H
#define TESTS_SUPPORT_BACKENDS_H

/* The backends under test, and the comparison of what they compute.
 *
 * ATTPOOL_TEST_OPENCL   see CONTRIBUTING.md
 * ATTPOOL_TEST_BACKEND  only this one
 * ATTPOOL_TEST_CASES    only the cases whose name contains this
 * ATTPOOL_TEST_EVERY    only every N-th case and number: for a driver that interprets */

#include "tests/cases/job.h"

/* Names for attpool_open; the first one, "scalar", is the judge. */
extern const char *const test_backends[];
enum { TEST_BACKENDS = 5 };
bool is_opencl(const char *backend);

/* A context, or NULL where the machine has no such backend: says so on stdout. */
attpool_context *open_backend(const char *name, int threads);
/* The scalar backend with one thread. */
attpool_context *open_judge(void);
/* Does the OpenCL device of this context promise the bits of the others? */
bool promises_bits(const attpool_context *context);

/* Does the backend compute in this type? */
bool computes(attpool_context *context, enum element element);

/* ATTPOOL_TEST_EVERY, or 1. */
size_t test_every(void);

/* The cases that the environment leaves; *c is the next one, false at the end. `every`: only one
 * in this many. */
bool next_case(size_t *at, size_t every, const struct test_case **c);

/* The outputs of a job, kept. */
struct answer {
    unsigned char *bytes[JOB_OUTPUTS];
    attpool_status status;
};
void answer_keep(struct answer *answer, struct job *job, attpool_status status);
void answer_free(struct answer *answer);

/* Compare with what was kept, bit for bit, and look around the outputs for strayed writes.
 * Counts and prints differences; `how` says what was done. */
void answer_compare(const struct answer *answer, struct job *job, attpool_status status,
                    const char *how);
/* Fail where differences were counted since the last call of this. */
void answers_agree(void);

/* Named by the message of a crash. */
void now_testing(const struct test_case *c, enum element element, const char *how);

const char *element_name(enum element element);

#endif
