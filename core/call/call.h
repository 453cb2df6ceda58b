/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CALL_CALL_H
#define CORE_CALL_CALL_H

/* The frame of every public call that computes: ap_call_begin, work, ap_call_end. */

#include "core/context.h"
#include "core/float_env.h"

struct call {
    struct engine *engine;
    const char *name;
    double start;
    bool nested; /* in a self-test, which has the context */
    struct float_env env;
};

/* A status other than ATTPOOL_OK is the result of the call: there is no context, or another call is
 * using it. */
attpool_status ap_call_begin(struct call *call, attpool_context *context, const char *name);

/* The same of a call for which a device is tested (TESTED_...), in the type of the first tensor
 * that is not NULL. */
attpool_status ap_call_begin_tested(struct call *call, attpool_context *context, const char *name,
                                    unsigned tested, const DLTensor *x, const DLTensor *y);

/* Whether the calls of this thread in the context are those of a self-test from now on. */
void ap_call_self_test(attpool_context *context, bool on);

/* Gives the context back. Returns `status`, or ATTPOOL_E_EMPTY where rows without a key are an
 * error. */
attpool_status ap_call_end(struct call *call, attpool_status status);

#endif
