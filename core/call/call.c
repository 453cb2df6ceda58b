/* SPDX-License-Identifier: Apache-2.0 */
#include "core/call/call.h"

#include "core/clock.h"
#include "core/thread_note.h"

attpool_status ap_call_begin(struct call *call, attpool_context *context, const char *name)
{
    if (!context)
        return ap_thread_no_context();
    struct engine *engine = &context->engine;
    if (atomic_exchange_explicit(&engine->busy, true, memory_order_acquire)) {
        ap_thread_note_refusal(engine->number);
        engine->refused = true;
        return ATTPOOL_E_BUSY;
    }
    if (atomic_load_explicit(&engine->refused, memory_order_relaxed))
        ap_thread_forget_refusal(engine->number);
    float_env_enter(&call->env);
    call->engine = engine;
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
    return ATTPOOL_OK;
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
    atomic_store_explicit(&engine->busy, false, memory_order_release);
    return status;
}
