/* SPDX-License-Identifier: Apache-2.0 */

/* What the core does for a backend during a call, and the frame of every call. */

#include "core/context.h"
#include "core/thread_note.h"
#include "core/threads.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SCRATCH_ALIGNMENT = 64 };

/* Seconds between two calls of the progress callback. */
#define PROGRESS_INTERVAL 0.05

void clear(void *memory, size_t bytes)
{
    memset(memory, 0, bytes);
}

double engine_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

attpool_status engine_fail(struct engine *engine, attpool_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(engine->message, sizeof engine->message, format, args);
    va_end(args);
    return status;
}

void engine_log(struct engine *engine, int level, const char *format, ...)
{
    char line[320];
    va_list args;
    if (engine->verbose < level || !engine->log)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    engine->log(engine->log_data, line);
}

int engine_workers(const struct engine *engine)
{
    return engine->alone ? 1 : threads_count(engine->threads);
}

void *engine_state(const struct engine *engine)
{
    return engine->state;
}

void engine_set_state(struct engine *engine, void *state)
{
    engine->state = state;
}

void engine_note_empty(struct engine *engine, int64_t rows)
{
    atomic_fetch_add_explicit(&engine->empty_rows, rows, memory_order_relaxed);
}

attpool_status engine_progress(struct engine *engine, double fraction)
{
    if (!engine->progress)
        return ATTPOOL_OK;
    double now = engine_clock();
    if (now - engine->progress_time < PROGRESS_INTERVAL)
        return ATTPOOL_OK;
    engine->progress_time = now;
    if (fraction > engine->progress_done)
        engine->progress_done = fraction;
    if (engine->progress(engine->progress_data, engine->progress_done) == 0)
        return ATTPOOL_OK;
    return engine_fail(engine, ATTPOOL_E_CANCELLED, "cancelled by the progress callback");
}

void engine_part(struct engine *engine, double from, double to)
{
    engine->progress_from = from;
    engine->progress_to = to;
}

static bool watch(void *arg, double fraction)
{
    const struct engine *e = arg;
    const double part = e->progress_to - e->progress_from;
    return engine_progress(arg, e->progress_from + part * fraction) != ATTPOOL_OK;
}

void engine_expect(struct engine *engine, double work)
{
    engine->alone = work < engine->threads_pay;
}

attpool_status engine_parallel(struct engine *engine, int64_t count, engine_task *task, void *arg)
{
    bool whole = threads_run(engine->threads, engine->alone, count, task, arg,
                             engine->progress ? watch : NULL, engine);
    return whole ? ATTPOOL_OK : ATTPOOL_E_CANCELLED;
}

bool engine_reserve(struct engine *engine, size_t bytes_each, size_t bytes_shared)
{
    size_t mask = SCRATCH_ALIGNMENT - 1, workers = (size_t)engine_workers(engine), all;
    if (bytes_each > SIZE_MAX / 2 || bytes_shared > SIZE_MAX / 2)
        return false;
    size_t each = (bytes_each + mask) & ~mask, shared = (bytes_shared + mask) & ~mask;
    if (__builtin_mul_overflow(each, workers, &all) || __builtin_add_overflow(all, shared, &all))
        return false;
    if (all > engine->scratch_size) {
        void *scratch;
        if (posix_memalign(&scratch, SCRATCH_ALIGNMENT, all) != 0)
            return false;
        free(engine->scratch);
        engine->scratch = scratch;
        engine->scratch_size = all;
    }
    engine->scratch_each = each;
    engine->scratch_shared = shared;
    return true;
}

void *engine_shared(const struct engine *engine)
{
    return engine->scratch;
}

void *engine_scratch(const struct engine *engine, int worker)
{
    return (char *)engine->scratch + engine->scratch_shared + (size_t)worker * engine->scratch_each;
}

attpool_status call_begin(struct call *call, attpool_context *context, const char *name)
{
    if (!context)
        return thread_no_context();
    struct engine *engine = &context->engine;
    if (atomic_exchange_explicit(&engine->busy, true, memory_order_acquire)) {
        thread_note_refusal(engine->number);
        engine->refused = true;
        return ATTPOOL_E_BUSY;
    }
    if (atomic_load_explicit(&engine->refused, memory_order_relaxed))
        thread_forget_refusal(engine->number);
    float_env_enter(&call->env);
    call->engine = engine;
    call->name = name;
    call->start = engine->verbose >= 2 || engine->progress ? engine_clock() : 0;
    engine->message[0] = '\0';
    engine->alone = false;
    atomic_store_explicit(&engine->empty_rows, 0, memory_order_relaxed);
    engine->progress_done = 0;
    engine_part(engine, 0, 1);
    engine->progress_time = call->start;
    return ATTPOOL_OK;
}

attpool_status call_end(struct call *call, attpool_status status)
{
    struct engine *engine = call->engine;
    int64_t empty = engine->empty_rows;
    if (status == ATTPOOL_OK && empty > 0)
        status = engine_fail(engine, ATTPOOL_E_EMPTY, "%lld rows have no key that takes part",
                             (long long)empty);
    if (engine->verbose >= 2)
        engine_log(engine, 2, "attpool: %s on %s: %s, %.6f s", call->name, engine->backend->name,
                   status == ATTPOOL_OK ? "ok" : attpool_status_name(status),
                   engine_clock() - call->start);
    if (status != ATTPOOL_OK && engine->message[0] == '\0')
        engine_fail(engine, status, "%s failed: %s", call->name, attpool_status_name(status));
    float_env_leave(&call->env);
    atomic_store_explicit(&engine->busy, false, memory_order_release);
    return status;
}
