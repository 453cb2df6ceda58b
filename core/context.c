/* SPDX-License-Identifier: Apache-2.0 */
#include "core/context.h"

#include "core/call/call.h"
#include "core/cpu.h"
#include "core/registry.h"
#include "core/settings.h"
#include "core/thread_note.h"
#include "core/threads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Some 20 microseconds of one processor; to wake another takes about as long. */
#define THREADS_PAY 5e5

/* Seconds between two calls of the progress callback. */
#define PROGRESS_INTERVAL 0.05

static attpool_status choose(struct engine *e, const attpool_options *o, const struct settings *set,
                             const char **device)
{
    char reason[200];
    const char *name = o->backend ? o->backend : set->backend;
    bool own = o->opencl_context || o->opencl_device || o->opencl_queue;
    if (own && !(o->opencl_context && o->opencl_device && o->opencl_queue))
        return ap_engine_fail(
            e, ATTPOOL_E_OPTIONS,
            "opencl_context, opencl_device and opencl_queue must be set together");
    if (own && !o->backend)
        name = "opencl";
    if (own && strcmp(name, "opencl") != 0)
        return ap_engine_fail(
            e, ATTPOOL_E_OPTIONS,
            "backend is \"%s\", it should be \"opencl\" where opencl_context is set", name);
    e->by_auto = !name || strcmp(name, "auto") == 0;
    e->backend = ap_registry_choose(name, set->max_isa, device, reason, sizeof reason);
    if (!e->backend)
        return ap_engine_fail(e, ATTPOOL_E_BACKEND, "%s%s",
                              name && name == set->backend ? "ATTPOOL_BACKEND: " : "", reason);
    if (e->backend->list && !*device && !own)
        *device = set->opencl_device;
    return ATTPOOL_OK;
}

static const char *device_name(struct engine *e)
{
    return e->backend->device_name ? e->backend->device_name(e) : ap_cpu_name(e->backend->emulated);
}

static attpool_status open_engine(struct engine *e, const attpool_options *o)
{
    struct settings set;
    const char *device = NULL;
    if (!ap_settings_read(&set, o, e->message, sizeof e->message))
        return ATTPOOL_E_OPTIONS;
    if (o->threads < 0 || o->threads > MOST_THREADS)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "threads is %d, it should be 0 to %d",
                              (int)o->threads, MOST_THREADS);
    if (o->verbose < -1 || o->verbose > 2)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "verbose is %d, it should be -1 to 2",
                              (int)o->verbose);
    e->verbose = o->verbose ? o->verbose : set.verbose;
    e->index = set.index;
    e->log = o->log;
    e->log_data = o->log_data;
    e->progress = o->progress;
    e->progress_interval = PROGRESS_INTERVAL;
    e->progress_data = o->progress_data;
    attpool_status st = choose(e, o, &set, &device);
    if (st != ATTPOOL_OK)
        return st;
    int threads = o->threads ? o->threads : set.threads ? set.threads : ap_cpu_count();
    e->threads_pay = THREADS_PAY;
    e->threads = ap_threads_new(threads);
    if (!e->threads)
        return ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for the threads");
    if (e->backend->open)
        st = e->backend->open(e, o, device);
    if (st != ATTPOOL_OK)
        return st;
    if (e->verbose >= 1)
        ap_engine_log(e, 1, "attpool: backend %s, device %s, %d threads%s", e->backend->name,
                      device_name(e), threads,
                      o->backend || set.backend ? "" : " (the best of this CPU)");
    return ATTPOOL_OK;
}

attpool_status ap_context_open(const attpool_options *options, attpool_context **context,
                               enum open_how how, char *message)
{
    static _Atomic uint64_t opened;
    struct attpool_context *c = *context = calloc(1, sizeof *c);
    if (!c)
        return ATTPOOL_E_MEMORY;
    c->engine.number = ++opened;
    c->engine.kept_only = how == OPEN_KEPT;
    attpool_status st = open_engine(&c->engine, options);
    if (st == ATTPOOL_OK)
        return st;
    if (message)
        snprintf(message, sizeof c->engine.message, "%s", c->engine.message);
    ap_threads_free(c->engine.threads);
    free(c);
    *context = NULL;
    return st;
}

void attpool_close(attpool_context *context)
{
    if (!context)
        return;
    struct engine *e = &context->engine;
    struct float_env env;
    float_env_enter(&env);
    if (e->backend->memory)
        (void)e->backend->memory->sync(e);
    if (e->backend->close)
        e->backend->close(e);
    ap_threads_free(e->threads);
    free(e->scratch);
    attpool_close(e->device);
    free(e->profile);
    free(context);
    float_env_leave(&env);
}

attpool_status attpool_finish(attpool_context *context)
{
    struct call call;
    attpool_status st = ap_call_begin(&call, context, "finish");
    if (st != ATTPOOL_OK)
        return st;
    struct engine *e = &context->engine;
    return ap_call_end(&call, e->backend->memory ? e->backend->memory->sync(e) : ATTPOOL_OK);
}

const char *attpool_message(const attpool_context *context)
{
    if (!context)
        return ap_thread_message();
    const struct engine *e = &context->engine;
    return ap_thread_was_refused(e->number) || e->busy ? "another call is using the context"
                                                       : e->message;
}

const char *attpool_backend_name(const attpool_context *context)
{
    if (!context)
        return "";
    return (context->engine.last ? context->engine.last : context)->engine.backend->name;
}

const char *attpool_device_name(const attpool_context *context)
{
    if (!context)
        return "";
    const attpool_context *c = context->engine.last ? context->engine.last : context;
    return device_name(&((struct attpool_context *)(uintptr_t)c)->engine);
}

int attpool_threads(const attpool_context *context)
{
    return context ? ap_threads_count(context->engine.threads) : 0;
}
