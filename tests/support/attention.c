/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/attention.h"

#include "tests/support/backends.h"

#include <check.h>
#include <stdlib.h>

const char *const api_variables[API_VARIABLES] = { "ATTPOOL_BACKEND", "ATTPOOL_MAX_ISA",
                                                   "ATTPOOL_NUM_THREADS", "ATTPOOL_VERBOSE",
                                                   "ATTPOOL_OPENCL_DEVICE" };

void clean_environment(void)
{
    for (int i = 0; i < API_VARIABLES; i++)
        unsetenv(api_variables[i]);
}

attpool_context *open_with(const attpool_options *options)
{
    attpool_context *context = NULL;
    attpool_status status = attpool_open(options, &context);
    ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_status_name(status));
    return context;
}

void attention_new(struct attention *a)
{
    for (int i = 0; i < N * D; i++)
        a->q[i] = (float)random_at(1, (uint64_t)i);
    for (int i = 0; i < M * D; i++)
        a->k[i] = (float)random_at(2, (uint64_t)i);
    for (int i = 0; i < M * V; i++)
        a->v[i] = (float)random_at(3, (uint64_t)i);
}

attpool_status attend(attpool_context *context, struct attention *a)
{
    return attpool_attend_f32(context, 1, N, M, D, V, a->q, a->k, a->v, 0, a->out);
}

attpool_status long_call(attpool_context *context, int64_t n)
{
    enum { KEYS = 20000 };
    size_t queries = (size_t)n * D;
    float *q = calloc(queries, sizeof *q), *k = calloc(KEYS * D, sizeof *k);
    float *v = calloc(KEYS, sizeof *v), *out = calloc((size_t)n, sizeof *out);
    attpool_status status = attpool_attend_f32(context, 1, n, KEYS, D, 1, q, k, v, 0, out);
    free(q);
    free(k);
    free(v);
    free(out);
    return status;
}
