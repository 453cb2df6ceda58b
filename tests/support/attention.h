/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_ATTENTION_H
#define TESTS_SUPPORT_ATTENTION_H

/* A context and something to compute with it. */

#include "core/attpool.h"

/* The variables that the library reads. */
enum { API_VARIABLES = 5 };
extern const char *const api_variables[API_VARIABLES];
void clean_environment(void);

attpool_context *open_with(const attpool_options *options);

/* Dot-product attention that any machine has done at once, and that threads share. */
enum { N = 70, M = 300, D = 8, V = 4 };
struct attention {
    float q[N * D], k[M * D], v[M * V], out[N * V];
};
void attention_new(struct attention *a);
attpool_status attend(attpool_context *context, struct attention *a);

/* Attention that takes seconds: n queries and 20000 keys. */
attpool_status long_call(attpool_context *context, int64_t n);

#endif
