/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CONTEXT_H
#define CORE_CONTEXT_H

/* The context behind the public handle, and the entry and exit of every public call. */

#include "backends/backend.h"
#include "core/float_env.h"

#include <stdatomic.h>

struct threads;

/* Some 20 microseconds of one processor; to wake another takes about as long. */
#define THREADS_PAY 5e5

/* Multiply-adds that take as long as what is done to a score or a number but for products: an
 * exponential or the like. */
#define ELEMENT_WORK 16

struct engine {
    const struct backend *backend;
    void *state;
    struct threads *threads;
    void *scratch;
    size_t scratch_size, scratch_each, scratch_shared;
    atomic_bool busy;    /* a call is in it */
    atomic_bool refused; /* some call has been refused: its thread may remember it */
    uint64_t number;     /* no other context of the process has it */
    _Atomic int64_t empty_rows;
    double threads_pay; /* multiply-adds of a call from which on it is worth waking threads */
    bool alone;         /* this call is below that */

    int verbose;
    attpool_log_function *log;
    void *log_data;
    attpool_progress_function *progress;
    void *progress_data;
    double progress_done, progress_time, progress_from, progress_to;

    char message[256];
};

struct attpool_context {
    struct engine engine;
};

/* Every public call that computes is call_begin, work, call_end. A status other than ATTPOOL_OK is
 * the call's: there is no context, or another call is in it. */
struct call {
    struct engine *engine;
    const char *name;
    double start;
    struct float_env env;
};

attpool_status call_begin(struct call *call, attpool_context *context, const char *name);
attpool_status call_end(struct call *call, attpool_status status);

/* memset to 0 by libc: spelt out by a compiler ("rep stos") it takes longer than a small softmax.
 */
void clear(void *memory, size_t bytes);

/* About how many multiply-adds the backend's next work takes: little work starts no thread. */
void engine_expect(struct engine *engine, double work);

/* Log a line where the verbosity is at least `level`. */
void engine_log(struct engine *engine, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Seconds of a clock that only goes forward. */
double engine_clock(void);

#endif
