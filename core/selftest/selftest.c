/* SPDX-License-Identifier: Apache-2.0 */
#include "core/selftest/selftest.h"

#include "backends/elementary.h"
#include "backends/kernels.h"
#include "core/context.h"
#include "core/float_env.h"
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

/* Each way in which scores, weights and sums are made, at sizes beside those of tiles and blocks.
 */
static const struct trial short_form[] = {
    ELEMENTARY(500, ELEM_EXP),
    ELEMENTARY(500, ELEM_QUOTIENT),
    BMM(65, 63, 17, 0),
    BMM(33, 65, 9, TRIAL_SUBNORMAL),
    SOFTMAX(9, 129, TRIAL_MASKED),
    DOT(33, 1090, 5, 3, TRIAL_CAUSAL),
    GAUSSIAN(65, 129, 2, 2, TRIAL_WEIGHTS),
    GAUSSIAN(3, 260, 1, 1, TRIAL_SUBNORMAL),
};

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

static attpool_status run(const struct self_test *s, const struct trial *t)
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
        st = run(s, &table[i]);
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
        BY_KERNEL(TRIAL_GRADIENTS, at, other, 2, 3, ATTPOOL_GAUSSIAN, 0),
        ROW(TRIAL_GRADIENTS, other, at, depth, 2, ATTPOOL_DOT, ATTPOOL_GAUSSIAN, TRIAL_CAUSAL),
        BY_KERNEL(TRIAL_REGRESSION, at, 300, 2, 2, ATTPOOL_GAUSSIAN, 0),
    };
    return run_table(s, table, sizeof table / sizeof table[0]);
}

static attpool_status run_full(const struct self_test *s)
{
    attpool_status st = ATTPOOL_OK;
    for (int f = 0; f < ELEM_FUNCTIONS && st == ATTPOOL_OK; f++)
        st = run(s, &(struct trial)ELEMENTARY(3000, f));
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

static attpool_status self_test(attpool_context *context, bool full,
                                attpool_self_test_result *result)
{
    struct self_test s = { .tested = context, .result = result };
    const attpool_options scalar = { .size = sizeof scalar, .backend = "scalar", .verbose = -1 };
    const int verbose = context->engine.verbose;
    attpool_progress_function *progress = context->engine.progress;
    *result = (attpool_self_test_result){ .verdict = ATTPOOL_VERDICT_SAME };
    attpool_status st = ap_context_open(&scalar, &s.judge, OPEN_USUAL, NULL);
    if (st != ATTPOOL_OK)
        return st;
    context->engine.verbose = -1;
    context->engine.progress = NULL;
    st = run_table(&s, short_form, sizeof short_form / sizeof short_form[0]);
    if (st == ATTPOOL_OK && full)
        st = run_full(&s);
    context->engine.verbose = verbose;
    context->engine.progress = progress;
    attpool_close(s.judge);
    return st;
}

/* ---- The verdict ---- */

attpool_status ap_judge_device(attpool_context *context, bool forced)
{
    struct engine *e = &context->engine;
    attpool_self_test_result result;
    if (!e->backend->identify)
        return ATTPOOL_OK;
    if (!ap_verdict_find(context)) {
        attpool_status st = self_test(context, false, &result);
        if (st != ATTPOOL_OK)
            return ap_engine_fail(e, st, "no memory for the self-test");
        ap_verdict_keep(context, &result);
    }
    const char *device = e->backend->device_name(e), *first = e->verdict.first;
    if (e->verdict.failed > 0 && !forced)
        return ap_engine_fail(e, ATTPOOL_E_DEVICE, "the self-test of %.60s failed: %.150s", device,
                              first);
    if (e->verdict.verdict == ATTPOOL_VERDICT_WRONG && !forced)
        return ap_engine_fail(e, ATTPOOL_E_BACKEND,
                              "%.60s computes wrongly: %.130s; see attpool selftest", device,
                              first);
    if (e->verdict.verdict == ATTPOOL_VERDICT_WRONG)
        ap_engine_log(e, 0, "attpool: %.80s is used, but computes wrongly: %.130s", device, first);
    else if (e->verdict.verdict == ATTPOOL_VERDICT_CLOSE)
        ap_engine_log(e, 0, "attpool: %.80s does not give the bits of other backends: %.130s",
                      device, first);
    return ATTPOOL_OK;
}

attpool_status attpool_self_test(attpool_context *context, int32_t full,
                                 attpool_self_test_result *result)
{
    struct float_env env;
    if (!context || !result)
        return ATTPOOL_E_CONTEXT;
    float_env_enter(&env);
    attpool_status st = self_test(context, full != 0, result);
    if (st == ATTPOOL_OK)
        ap_verdict_keep(context, result);
    float_env_leave(&env);
    return st;
}
