/* SPDX-License-Identifier: Apache-2.0 */

/* Classification: pooled memberships, and the largest of them. */
#include "core/call/call.h"
#include "core/call/pool.h"
#include "core/selftest/tested.h"
#include "core/tensor/memory.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

struct classify_call {
    struct view *classes; /* or NULL */
    struct pool_call pool;
};

static attpool_status check_classify(struct classify_call *c, struct engine *e,
                                     const struct pool_tensors *tensors, const DLTensor *classes)
{
    struct pool_call *p = &c->pool;
    if (!tensors->O)
        return ap_engine_fail(e, ATTPOOL_E_OUTPUT, "P is NULL");
    attpool_status st = ap_pool_take(p, e, tensors, PURPOSE_POOL);
    if (st == ATTPOOL_OK && p->options.dropout != 0)
        st = ap_engine_fail(e, ATTPOOL_E_OPTIONS, "dropout is set, a classification has none");
    if (st == ATTPOOL_OK && classes)
        st = ap_arguments_add(&p->args, classes, "classes", ATTPOOL_E_CLASSES, ROLE_OUTPUT,
                              KIND_LENGTHS, LAYOUT_ROW, NULL, &c->classes);
    if (st == ATTPOOL_OK && classes)
        st = ap_leading_expect(e, c->classes, &p->leading, false, false);
    if (st == ATTPOOL_OK && classes)
        st = ap_view_expect(e, c->classes, 2, p->pool.n, "the rows of Q are");
    return st == ATTPOOL_OK ? ap_pool_describe(p, PURPOSE_POOL) : st;
}

/* -1 where no class is probable: all are 0 by ATTPOOL_EMPTY_ZERO, say. */
static int64_t class_of(const struct view *out, int64_t b, int64_t h, int64_t i)
{
    int64_t first = -1;
    double most = 0;
    for (int64_t c = 0; c < out->size[3]; c++) {
        const double p = ap_view_real(out, b, h, i, c);
        if (isnan(p))
            return -1;
        if (p > most) {
            first = c;
            most = p;
        }
    }
    return first;
}

static attpool_status run_classify(const struct classify_call *c)
{
    struct engine *e = c->pool.args.engine;
    struct view out, classes;
    void *memory[2] = { NULL, NULL };
    if (!c->classes)
        return ATTPOOL_OK;
    attpool_status st = ap_view_fetch(e, c->pool.out, &out, &memory[0]);
    if (st == ATTPOOL_OK)
        st = ap_view_fetch(e, c->classes, &classes, &memory[1]);
    for (int64_t b = 0; st == ATTPOOL_OK && b < classes.size[0]; b++)
        for (int64_t h = 0; h < classes.size[1]; h++)
            for (int64_t i = 0; i < classes.size[2]; i++)
                ap_view_set_integer(&classes, b, h, i, 0, class_of(&out, b, h, i));
    if (st == ATTPOOL_OK)
        st = ap_view_store(e, c->classes, memory[1]);
    free(memory[0]);
    free(memory[1]);
    return st;
}

attpool_status attpool_classify(attpool_context *context, const DLTensor *Q, const DLTensor *K,
                                const DLTensor *V, const attpool_pool_options *options, DLTensor *P,
                                DLTensor *classes)
{
    struct call call;
    struct classify_call c;
    const struct pool_tensors tensors = { Q, K, V, options, P };
    attpool_status st = ap_call_begin_tested(
        &call, context, "classify", ap_tested_with_queries(ap_tested_of_kernel(options), Q), V, Q);
    if (st != ATTPOOL_OK)
        return st;
    ap_clear(&c, offsetof(struct classify_call, pool));
    st = check_classify(&c, &context->engine, &tensors, classes);
    if (st == ATTPOOL_OK)
        st = ap_pool_run(&c.pool);
    if (st == ATTPOOL_OK)
        st = run_classify(&c);
    return ap_call_end(&call, st);
}
