/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_FAULTY_H
#define TESTS_SUPPORT_FAULTY_H

/* OpenCL behind the layer of opencl_faults.h. */

#include "tests/support/backends.h"
#include "tests/support/opencl_faults.h"

/* Each way through the backend once. */
extern const struct test_case faulty_cases[];
enum { FAULTY_CASES = 12, FAULTY_GAUSS = 6 };

/* Is OpenCL to be tested here? Does not look for it. */
bool opencl_is_asked_for(void);

/* A context behind the layer, which *faults controls; NULL, with a line on stdout, where it cannot
 * be had. */
attpool_context *open_layered(struct layer_faults **faults);

/* Has the layer been called, so does the loader know layers? */
bool layer_is_used(const struct layer_faults *faults);

/* With new outputs. */
attpool_status run_anew(attpool_context *context, struct job *job);

/* Everything that was created has been released. */
void expect_closed(const struct layer_faults *faults);

/* What a child returns. */
int in_child(int (*function)(int), int argument);

#endif
