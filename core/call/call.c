/* SPDX-License-Identifier: Apache-2.0 */
#include "core/call/call.h"

#include "core/clock.h"
#include "core/thread_note.h"

/* Whose self-test runs in this thread. */
static _Thread_local const attpool_context *self_tested;

void ap_call_self_test(attpool_context *context, bool on)
{
    self_tested = on ? context : NULL;
    atomic_store_explicit(&context->engine.in_self_test, on, memory_order_relaxed);
}

static bool is_nested(const attpool_context *context)
{
    return atomic_load_explicit(&context->engine.in_self_test, memory_order_relaxed) &&
           self_tested == context;
}

/* The context is this call's; false: it is another's. */
static bool take_context(struct call *call, attpool_context *context)
{
    struct engine *engine = &context->engine;
    call->engine = engine;
    call->nested = is_nested(context);
    if (call->nested)
        return true;
    if (atomic_exchange_explicit(&engine->busy, true, memory_order_acquire)) {
        ap_thread_note_refusal(engine->number);
        engine->refused = true;
        return false;
    }
    if (atomic_load_explicit(&engine->refused, memory_order_relaxed))
        ap_thread_forget_refusal(engine->number);
    return true;
}

static void begin_call(struct call *call, const char *name)
{
    struct engine *engine = call->engine;
    call->name = name;
    call->start = engine->verbose >= 2 || engine->progress ? ap_clock_now() : 0;
    engine->message[0] = '\0';
    engine->alone = false;
    engine->last = NULL;
    atomic_store_explicit(&engine->empty_rows, 0, memory_order_relaxed);
    engine->progress_done = 0;
    ap_engine_span(engine, 0, 1);
    ap_engine_part(engine, 0, 1);
    engine->progress_time = call->start;
}

static int type_of(const DLTensor *x)
{
    return x->dtype.bits == 64 ? TYPE_F64 : TYPE_F32;
}

attpool_status ap_call_begin_tested(struct call *call, attpool_context *context, const char *name,
                                    unsigned tested, const DLTensor *x, const DLTensor *y)
{
    attpool_status st = ATTPOOL_OK;
    if (!context)
        return ap_thread_no_context();
    if (!take_context(call, context))
        return ATTPOOL_E_BUSY;
    float_env_enter(&call->env);
    if (context->engine.test && tested && !call->nested && (x || y))
        st = context->engine.test(context, tested, type_of(x ? x : y));
    if (st != ATTPOOL_OK) {
        call->name = name;
        call->start = 0;
        return ap_call_end(call, st);
    }
    begin_call(call, name);
    return ATTPOOL_OK;
}

attpool_status ap_call_begin(struct call *call, attpool_context *context, const char *name)
{
    return ap_call_begin_tested(call, context, name, 0, NULL, NULL);
}

attpool_status ap_call_end(struct call *call, attpool_status status)
{
    struct engine *engine = call->engine;
    int64_t empty = engine->empty_rows;
    if (status == ATTPOOL_OK && empty > 0)
        status = ap_engine_fail(engine, ATTPOOL_E_EMPTY, "%lld rows have no key that takes part",
                                (long long)empty);
    if (engine->verbose >= 2)
        ap_engine_log(engine, 2, "attpool: %s on %s: %s, %.6f s", call->name, engine->backend->name,
                      status == ATTPOOL_OK ? "ok" : attpool_status_name(status),
                      ap_clock_now() - call->start);
    if (status != ATTPOOL_OK && engine->message[0] == '\0')
        ap_engine_fail(engine, status, "%s failed: %s", call->name, attpool_status_name(status));
    /* A callback of this call may have tried another one, which was not the thread's last. */
    if (atomic_load_explicit(&engine->refused, memory_order_relaxed))
        ap_thread_forget_refusal(engine->number);
    float_env_leave(&call->env);
    if (call->nested)
        return status;
    atomic_store_explicit(&engine->busy, false, memory_order_release);
    return status;
}
