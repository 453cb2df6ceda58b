/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_ENGINE_H
#define CORE_ENGINE_H

/* What the core does for a backend during a call: threads, memory, progress, messages. */

#include "core/attpool.h"

#include <stdbool.h>

struct engine;

/* Run task(arg, index, worker) for index 0 .. count - 1 on the context's threads, worker in
 * 0 .. ap_engine_workers - 1. Returns ATTPOOL_OK or ATTPOOL_E_CANCELLED. The floating-point
 * environment is the default one in every worker. */
typedef void engine_task(void *arg, int64_t index, int worker);
attpool_status ap_engine_parallel(struct engine *engine, int64_t count, engine_task *task,
                                  void *arg);
int ap_engine_workers(const struct engine *engine); /* 1 in a call too small for threads */

/* Make sure every worker has bytes_each of scratch memory, aligned to 64, and the call bytes_shared
 * for all; kept in the context for the next call. It never becomes smaller: a call that needs it
 * in several ways asks for each of them before anything is written. false: out of memory. The
 * content is undefined. */
bool ap_engine_reserve(struct engine *engine, size_t bytes_each, size_t bytes_shared);
void *ap_engine_scratch(const struct engine *engine, int worker);
void *ap_engine_shared(const struct engine *engine);

/* What ap_engine_parallel does from now on is this part of the call, for its progress; at first all
 * of it, 0 to 1. */
void ap_engine_part(struct engine *engine, double from, double to);

/* For a backend that runs its own loop, in the calling thread: report the fraction of the call that
 * is done. ATTPOOL_E_CANCELLED asks to stop. */
attpool_status ap_engine_progress(struct engine *engine, double fraction);

/* Note rows that are empty under ATTPOOL_EMPTY_ERROR (thread-safe); the core turns it into the
 * status at the end of the call. */
void ap_engine_note_empty(struct engine *engine, int64_t rows);

/* Set the message of the context; returns status. */
attpool_status ap_engine_fail(struct engine *engine, attpool_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What the backend keeps in the context. */
void *ap_engine_state(const struct engine *engine);
void ap_engine_set_state(struct engine *engine, void *state);

/* Is nothing to be compiled but what the cache has? */
bool ap_engine_kept_only(const struct engine *engine);
/* Is this a call of the self-test, which the user's limits do not hold for? */
bool ap_engine_in_self_test(const struct engine *engine);

/* For the core itself. */

/* About how many multiply-adds the backend's next work takes: little work starts no thread. */
void ap_engine_expect(struct engine *engine, double work);

/* The backend's next work, all of it, is this part of the call, for its progress; at first 0 to 1.
 */
void ap_engine_span(struct engine *engine, double from, double to);

/* Log a line where the verbosity is at least `level`. */
void ap_engine_log(struct engine *engine, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
