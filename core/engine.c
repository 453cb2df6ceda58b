/* SPDX-License-Identifier: Apache-2.0 */

/* What the core does for a backend during a call. */

#include "core/engine.h"

#include "core/clock.h"
#include "core/context.h"
#include "core/threads.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCRATCH_ALIGNMENT = 64 };

attpool_status ap_engine_fail(struct engine *engine, attpool_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(engine->message, sizeof engine->message, format, args);
    va_end(args);
    return status;
}

void ap_engine_log(struct engine *engine, int level, const char *format, ...)
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

int ap_engine_workers(const struct engine *engine)
{
    return engine->alone ? 1 : ap_threads_count(engine->threads);
}

bool ap_engine_kept_only(const struct engine *engine)
{
    return engine->kept_only;
}

bool ap_engine_in_self_test(const struct engine *engine)
{
    return atomic_load_explicit(&engine->in_self_test, memory_order_relaxed);
}

void *ap_engine_state(const struct engine *engine)
{
    return engine->state;
}

void ap_engine_set_state(struct engine *engine, void *state)
{
    engine->state = state;
}

void ap_engine_note_empty(struct engine *engine, int64_t rows)
{
    atomic_fetch_add_explicit(&engine->empty_rows, rows, memory_order_relaxed);
}

attpool_status ap_engine_progress(struct engine *engine, double fraction)
{
    if (!engine->progress)
        return ATTPOOL_OK;
    double now = ap_clock_now();
    if (now - engine->progress_time < engine->progress_interval)
        return ATTPOOL_OK;
    engine->progress_time = now;
    fraction = engine->span_from + (engine->span_to - engine->span_from) * fraction;
    if (fraction > engine->progress_done)
        engine->progress_done = fraction;
    if (engine->progress(engine->progress_data, engine->progress_done) == 0)
        return ATTPOOL_OK;
    return ap_engine_fail(engine, ATTPOOL_E_CANCELLED, "cancelled by the progress callback");
}

void ap_engine_part(struct engine *engine, double from, double to)
{
    engine->progress_from = from;
    engine->progress_to = to;
}

void ap_engine_span(struct engine *engine, double from, double to)
{
    engine->span_from = from;
    engine->span_to = to;
    ap_engine_part(engine, 0, 1);
}

static bool watch(void *arg, double fraction)
{
    const struct engine *e = arg;
    const double part = e->progress_to - e->progress_from;
    return ap_engine_progress(arg, e->progress_from + part * fraction) != ATTPOOL_OK;
}

void ap_engine_expect(struct engine *engine, double work)
{
    engine->alone = work < engine->threads_pay;
}

attpool_status ap_engine_parallel(struct engine *engine, int64_t count, engine_task *task,
                                  void *arg)
{
    if (count == 1 && !engine->progress) {
        task(arg, 0, 0);
        return ATTPOOL_OK;
    }
    bool whole = ap_threads_run(engine->threads, engine->alone, count, task, arg,
                                engine->progress ? watch : NULL, engine);
    return whole ? ATTPOOL_OK : ATTPOOL_E_CANCELLED;
}

bool ap_engine_reserve(struct engine *engine, size_t bytes_each, size_t bytes_shared)
{
    size_t mask = SCRATCH_ALIGNMENT - 1, workers = (size_t)ap_engine_workers(engine), all;
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

void *ap_engine_shared(const struct engine *engine)
{
    return engine->scratch;
}

void *ap_engine_scratch(const struct engine *engine, int worker)
{
    return (char *)engine->scratch + engine->scratch_shared + (size_t)worker * engine->scratch_each;
}
