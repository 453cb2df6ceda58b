/* SPDX-License-Identifier: Apache-2.0 */
#include "core/selftest/selftest.h"

#include "backends/elementary.h"
#include "backends/kernels.h"
#include "core/call/call.h"
#include "core/context.h"
#include "core/selftest/tested.h"
#include "core/selftest/trial.h"
#include "core/selftest/verdict.h"

/* ---- What is computed ---- */

#define ROW(operation, n, m, d, v, score, kernel, with)                                            \
    {                                                                                              \
        operation, n, m, d, v, score, kernel, with                                                 \
    }
#define ELEMENTARY(n, f)      ROW(TRIAL_ELEMENTARY, n, 0, f, 0, ATTPOOL_DOT, ATTPOOL_GAUSSIAN, 0)
#define BMM(n, m, d, with)    ROW(TRIAL_BMM, n, m, d, 0, ATTPOOL_DOT, ATTPOOL_GAUSSIAN, with)
#define SOFTMAX(n, m, with)   ROW(TRIAL_SOFTMAX, n, m, 0, 0, ATTPOOL_DOT, ATTPOOL_GAUSSIAN, with)
#define DOT(n, m, d, v, with) ROW(TRIAL_POOL, n, m, d, v, ATTPOOL_DOT, ATTPOOL_GAUSSIAN, with)
#define BY_KERNEL(operation, n, m, d, v, kernel, with)                                             \
    ROW(operation, n, m, d, v, ATTPOOL_KERNEL, kernel, with)
#define GAUSSIAN(n, m, d, v, with) BY_KERNEL(TRIAL_POOL, n, m, d, v, ATTPOOL_GAUSSIAN, with)
#define AVERAGE(n, m, v, with)     ROW(TRIAL_POOL, n, m, 2, v, ATTPOOL_AVERAGE, ATTPOOL_GAUSSIAN, with)
#define GRADIENTS(n, m, d, v, score, with)                                                         \
    ROW(TRIAL_GRADIENTS, n, m, d, v, score, ATTPOOL_GAUSSIAN, with)
#define ADDITIVE(n, m, v, with)                                                                    \
    ROW(TRIAL_POOL, n, m, 5, v, ATTPOOL_ADDITIVE, ATTPOOL_GAUSSIAN, with)

/* All functions are in one program. */
enum { ARITHMETIC_COUNT = 500 };

/* Each way in which scores, weights and sums are made, at sizes beside those of tiles and blocks,
 * and for which calls a device is tested by it. Subnormal results only tell what becomes of them:
 * next to the least normal number everything is near. */
static const struct {
    unsigned tested;
    struct trial trial;
} short_form[] = {
    { TESTED_BMM, BMM(65, 63, 17, 0) },
    { TESTED_BMM, BMM(33, 65, 9, TRIAL_SUBNORMAL) },
    { TESTED_SOFTMAX, SOFTMAX(9, 129, TRIAL_MASKED) },
    { TESTED_SOFTMAX, SOFTMAX(33, 129, 0) },
    { TESTED_KERNEL, BY_KERNEL(TRIAL_KERNEL, 33, 65, 3, 0, ATTPOOL_GAUSSIAN, 0) },
    { TESTED_POOL << ATTPOOL_DOT, DOT(33, 1090, 5, 3, TRIAL_CAUSAL) },
    { TESTED_POOL << ATTPOOL_AVERAGE, AVERAGE(33, 65, 3, 0) },
    { TESTED_POOL << ATTPOOL_KERNEL, GAUSSIAN(65, 129, 1, 1, 0) },
    { TESTED_POOL << ATTPOOL_KERNEL, GAUSSIAN(65, 129, 1, 1, TRIAL_SUBNORMAL) },
    { TESTED_POOL << ATTPOOL_ADDITIVE, ADDITIVE(33, 65, 3, 0) },
    { TESTED_MASKED << ATTPOOL_DOT, DOT(33, 65, 5, 3, TRIAL_MASKED | TRIAL_WEIGHTS) },
    { TESTED_MASKED << ATTPOOL_AVERAGE, AVERAGE(33, 65, 3, TRIAL_MASKED | TRIAL_WEIGHTS) },
    { TESTED_MASKED << ATTPOOL_KERNEL, GAUSSIAN(65, 129, 2, 2, TRIAL_WEIGHTS) },
    { TESTED_MASKED << ATTPOOL_ADDITIVE, ADDITIVE(33, 65, 3, TRIAL_MASKED | TRIAL_WEIGHTS) },
    { TESTED_GRADIENTS << ATTPOOL_DOT, GRADIENTS(33, 65, 5, 2, ATTPOOL_DOT, 0) },
    { TESTED_GRADIENTS << ATTPOOL_DOT, GRADIENTS(65, 130, 5, 2, ATTPOOL_DOT, TRIAL_WEIGHTS) },
    { TESTED_GRADIENTS << ATTPOOL_AVERAGE, GRADIENTS(33, 65, 2, 2, ATTPOOL_AVERAGE, 0) },
    { TESTED_GRADIENTS << ATTPOOL_KERNEL, GRADIENTS(33, 65, 2, 3, ATTPOOL_KERNEL, 0) },
    { TESTED_GRADIENTS << ATTPOOL_KERNEL, GRADIENTS(65, 130, 2, 3, ATTPOOL_KERNEL, TRIAL_WEIGHTS) },
    { TESTED_GRADIENTS << ATTPOOL_ADDITIVE, GRADIENTS(33, 65, 5, 2, ATTPOOL_ADDITIVE, 0) },
    { TESTED_MOMENTS, BY_KERNEL(TRIAL_REGRESSION, 33, 300, 2, 2, ATTPOOL_GAUSSIAN, 0) },
    { TESTED_FEW << ATTPOOL_DOT, DOT(3, 1090, 5, 3, TRIAL_CAUSAL) },
    { TESTED_FEW << ATTPOOL_KERNEL, GAUSSIAN(3, 260, 1, 1, 0) },
    { TESTED_FEW << ATTPOOL_ADDITIVE, ADDITIVE(3, 260, 3, TRIAL_MAY_FAIL) },
    { TESTED_FEW << ATTPOOL_DOT, DOT(1, 2100, 19, 18, TRIAL_MAY_FAIL) },
    { TESTED_FEW << ATTPOOL_KERNEL, GAUSSIAN(1, 2100, 1, 1, TRIAL_MAY_FAIL) },
    { TESTED_WIDE << ATTPOOL_DOT, DOT(33, 1090, 17, 18, TRIAL_CAUSAL | TRIAL_MAY_FAIL) },
    { TESTED_WIDE << ATTPOOL_KERNEL, GAUSSIAN(33, 129, 9, 17, TRIAL_MAY_FAIL) },
    { TESTED_POLYNOMIAL, BY_KERNEL(TRIAL_POOL, 65, 129, 1, 1, ATTPOOL_EPANECHNIKOV, 0) },
    { TESTED_INTRICATE, BY_KERNEL(TRIAL_POOL, 33, 65, 2, 2, ATTPOOL_LOGISTIC, 0) },
};
enum { SHORT_FORM = sizeof short_form / sizeof short_form[0] };

static const int edges[] = { 1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 257, 1023, 1025 };
enum { EDGES = sizeof edges / sizeof edges[0] };

static const struct trial large[] = {
    BMM(700, 500, 600, TRIAL_MAY_FAIL),
    BMM(3, 100000, 5, TRIAL_MAY_FAIL),
    BMM(100000, 3, 5, TRIAL_MAY_FAIL),
    SOFTMAX(20000, 50, TRIAL_MAY_FAIL),
    SOFTMAX(2, 300000, TRIAL_MAY_FAIL),
    GAUSSIAN(1, 300000, 1, 1, TRIAL_MAY_FAIL),
    BY_KERNEL(TRIAL_POOL, 100000, 20, 1, 1, ATTPOOL_EPANECHNIKOV, TRIAL_MAY_FAIL),
    DOT(500, 3000, 64, 65, TRIAL_CAUSAL | TRIAL_MAY_FAIL),
};

struct self_test {
    attpool_context *tested, *judge;
    attpool_self_test_result *result;
};

static bool has_type(const struct self_test *s, int type)
{
    struct engine *e = &s->tested->engine;
    return !e->backend->has_type || e->backend->has_type(e, type);
}

static attpool_status run_trial(const struct self_test *s, const struct trial *t)
{
    attpool_status st = ATTPOOL_OK;
    for (int type = 0; type < TYPES && st == ATTPOOL_OK; type++)
        if (has_type(s, type))
            st = ap_trial_run(s->tested, s->judge, t, type, s->result);
    return st;
}

static attpool_status run_table(const struct self_test *s, const struct trial *table, size_t count)
{
    attpool_status st = ATTPOOL_OK;
    for (size_t i = 0; i < count && st == ATTPOOL_OK; i++)
        st = run_trial(s, &table[i]);
    return st;
}

/* Every operation at one edge, beside others of no relation to it. */
static attpool_status run_edge(const struct self_test *s, int i)
{
    const int at = edges[i], other = edges[(i * 4 + 7) % EDGES], depth = edges[(i * 2 + 3) % 9];
    const struct trial table[] = {
        BMM(at, other, depth, 0),
        BMM(other, at, 257, TRIAL_SUBNORMAL),
        SOFTMAX(other, at, TRIAL_MASKED),
        SOFTMAX(at, other, 0),
        DOT(at, other, depth, 3, TRIAL_MASKED),
        DOT(other, at, 3, depth, TRIAL_CAUSAL | TRIAL_WEIGHTS),
        GAUSSIAN(at, other, 1, 1, 0),
        GAUSSIAN(other, at, 3, 2, TRIAL_WEIGHTS),
        BY_KERNEL(TRIAL_POOL, other, at, 2, 1, ATTPOOL_EPANECHNIKOV, TRIAL_SUBNORMAL),
        BY_KERNEL(TRIAL_GRADIENTS, at, other, 2, 3, ATTPOOL_GAUSSIAN, TRIAL_WEIGHTS),
        ROW(TRIAL_GRADIENTS, other, at, depth, 2, ATTPOOL_DOT, ATTPOOL_GAUSSIAN, TRIAL_CAUSAL),
        BY_KERNEL(TRIAL_REGRESSION, at, 300, 2, 2, ATTPOOL_GAUSSIAN, 0),
    };
    return run_table(s, table, sizeof table / sizeof table[0]);
}

static attpool_status run_full(const struct self_test *s)
{
    attpool_status st = ATTPOOL_OK;
    for (int f = 0; f < ELEM_FUNCTIONS && st == ATTPOOL_OK; f++)
        st = run_trial(s, &(struct trial)ELEMENTARY(3000, f));
    for (int k = 0; k < KERNEL_COUNT && st == ATTPOOL_OK; k++) {
        const attpool_kernel_name kernel = (attpool_kernel_name)k;
        const struct trial table[] = {
            BY_KERNEL(TRIAL_KERNEL, 33, 65, 3, 0, kernel, 0),
            BY_KERNEL(TRIAL_POOL, 65, 130, 2, 2, kernel, TRIAL_MASKED),
        };
        st = run_table(s, table, sizeof table / sizeof table[0]);
    }
    for (int i = 0; i < EDGES && st == ATTPOOL_OK; i++)
        st = run_edge(s, i);
    return st == ATTPOOL_OK ? run_table(s, large, sizeof large / sizeof large[0]) : st;
}

/* Those of the short form that have one of these bits, all of them where `every`. */
static attpool_status run_short(const struct self_test *s, unsigned tested, int type, bool every)
{
    attpool_status st = ATTPOOL_OK;
    if (!has_type(s, type))
        return st;
    for (int f = 0; f < ELEM_FUNCTIONS && st == ATTPOOL_OK; f++)
        if (every || (tested & TESTED_ARITHMETIC))
            st = ap_trial_run(s->tested, s->judge, &(struct trial)ELEMENTARY(ARITHMETIC_COUNT, f),
                              type, s->result);
    for (int i = 0; i < SHORT_FORM && st == ATTPOOL_OK; i++)
        if (every || (short_form[i].tested & tested))
            st = ap_trial_run(s->tested, s->judge, &short_form[i].trial, type, s->result);
    return st;
}

/* ---- A context that is tested ---- */

struct session {
    struct self_test test;
    int verbose;
    attpool_progress_function *progress;
};

static attpool_status session_begin(struct session *s, attpool_context *context,
                                    attpool_self_test_result *result)
{
    const attpool_options scalar = { .size = sizeof scalar, .backend = "scalar", .verbose = -1 };
    struct engine *e = &context->engine;
    *s = (struct session){ { context, NULL, result }, e->verbose, e->progress };
    const attpool_status st = ap_context_open(&scalar, &s->test.judge, OPEN_USUAL, NULL);
    if (st != ATTPOOL_OK)
        return ap_engine_fail(e, st, "no memory for the self-test");
    e->verbose = -1;
    e->progress = NULL;
    ap_call_self_test(context, true);
    return ATTPOOL_OK;
}

static void session_end(struct session *s)
{
    ap_call_self_test(s->test.tested, false);
    s->test.tested->engine.verbose = s->verbose;
    s->test.tested->engine.progress = s->progress;
    attpool_close(s->test.judge);
}

/* ---- The verdict ---- */

static attpool_status fail_by_verdict(struct engine *e, const attpool_self_test_result *r)
{
    const char *device = e->backend->device_name(e);
    if (r->failed > 0)
        return ap_engine_fail(e, ATTPOOL_E_DEVICE, "the self-test of %.60s failed: %.150s", device,
                              r->first);
    return ap_engine_fail(e, ATTPOOL_E_BACKEND,
                          "%.60s computes wrongly: %.130s; see attpool selftest", device, r->first);
}

static void log_verdict(struct engine *e, const attpool_self_test_result *r)
{
    const char *device = e->backend->device_name(e);
    if (r->verdict == ATTPOOL_VERDICT_WRONG)
        ap_engine_log(e, 0, "attpool: %.80s is used, but computes wrongly: %.130s", device,
                      r->first);
    else if (r->verdict == ATTPOOL_VERDICT_CLOSE)
        ap_engine_log(e, 0, "attpool: %.80s does not give the bits of other backends: %.130s",
                      device, r->first);
}

/* Compute what has not been tested, and add it to the verdict. What failed is not kept: that may
 * have reasons that pass. */
static attpool_status add_to_verdict(attpool_context *context, unsigned tested, int type)
{
    struct engine *e = &context->engine;
    struct verdict verdict = e->verdict;
    struct session s;
    ap_engine_log(e, 1, "attpool: testing %s before it is used", e->backend->device_name(e));
    attpool_status st = session_begin(&s, context, &verdict.result);
    if (st != ATTPOOL_OK)
        return st;
    verdict.result.failed = 0;
    st = run_short(&s.test, tested, type, false);
    session_end(&s);
    if (st != ATTPOOL_OK)
        return ap_engine_fail(e, st, "no memory for the self-test");
    if (verdict.result.failed > 0 && !e->forced)
        return fail_by_verdict(e, &verdict.result);
    const bool worse = verdict.result.verdict > e->verdict.result.verdict;
    verdict.tested[type] |= tested;
    if (verdict.result.failed > 0)
        e->verdict = verdict;
    else
        ap_verdict_keep(context, &verdict);
    if (worse && (e->forced || verdict.result.verdict == ATTPOOL_VERDICT_CLOSE))
        log_verdict(e, &verdict.result);
    return ATTPOOL_OK;
}

static attpool_status test_before_use(attpool_context *context, unsigned tested, int type)
{
    struct engine *e = &context->engine;
    const unsigned open = tested & ~e->verdict.tested[type];
    const struct self_test s = { .tested = context };
    attpool_status st =
        open && has_type(&s, type) ? add_to_verdict(context, open, type) : ATTPOOL_OK;
    if (st == ATTPOOL_OK && e->verdict.result.verdict == ATTPOOL_VERDICT_WRONG && !e->forced)
        st = fail_by_verdict(e, &e->verdict.result);
    return st;
}

attpool_status ap_judge_device(attpool_context *context, bool forced)
{
    struct engine *e = &context->engine;
    attpool_status st = ATTPOOL_OK;
    if (!e->backend->identify)
        return ATTPOOL_OK;
    e->forced = forced;
    if (ap_verdict_find(context) && (forced || e->verdict.result.verdict != ATTPOOL_VERDICT_WRONG))
        log_verdict(e, &e->verdict.result);
    for (int type = 0; type < TYPES && st == ATTPOOL_OK; type++)
        st = test_before_use(context, TESTED_ARITHMETIC, type);
    e->test = test_before_use;
    return st;
}

attpool_status attpool_self_test(attpool_context *context, int32_t full,
                                 attpool_self_test_result *result)
{
    struct verdict verdict = { .result = { .verdict = ATTPOOL_VERDICT_SAME } };
    struct session s;
    struct call call;
    if (!context || !result)
        return ATTPOOL_E_CONTEXT;
    attpool_status st = ap_call_begin(&call, context, "self_test");
    if (st != ATTPOOL_OK)
        return st;
    st = session_begin(&s, context, &verdict.result);
    if (st != ATTPOOL_OK)
        return ap_call_end(&call, st);
    for (int type = 0; type < TYPES && st == ATTPOOL_OK; type++) {
        st = run_short(&s.test, 0, type, true);
        verdict.tested[type] = ~0u;
    }
    if (st == ATTPOOL_OK && full)
        st = run_full(&s.test);
    session_end(&s);
    if (st == ATTPOOL_OK) {
        *result = verdict.result;
        context->engine.message[0] = '\0';
        if (verdict.result.failed == 0)
            ap_verdict_keep(context, &verdict);
        else
            context->engine.verdict = verdict;
    }
    return ap_call_end(&call, st);
}
