/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CONTEXT_H
#define CORE_CONTEXT_H

/* The context behind the public handle. */

#include "backends/backend.h"
#include "core/settings.h"

#include <stdatomic.h>

struct profile;
struct threads;

/* What is known of a device. */
struct verdict {
    attpool_self_test_result result; /* of all that was computed */
    uint32_t tested[TYPES];          /* bits of what that was */
};

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
    enum index_use index;
    double threads_pay; /* multiply-adds of a call from which on it is worth waking threads */
    bool alone;         /* this call is below that */

    struct verdict verdict; /* on a device that is judged, and before each call there: */
    attpool_status (*test)(attpool_context *context, unsigned tested, int type); /* or NULL */
    bool forced;              /* it is used even if it is wrong */
    atomic_bool in_self_test; /* the calls of one come from a thread that has the context */

    bool by_auto;            /* the backend is auto's choice */
    bool kept_only;          /* opened by OPEN_KEPT */
    struct profile *profile; /* of a device that auto may take, or NULL */
    attpool_context *device; /* that device's, once it was taken */
    unsigned no_offload;     /* bits of enum profile_work that failed there */
    attpool_context *last;   /* the device's where the last call was computed there */

    int verbose;
    attpool_log_function *log;
    void *log_data;
    attpool_progress_function *progress;
    void *progress_data;
    double progress_interval; /* seconds between two calls of progress; tests set 0 */
    double progress_done, progress_time, progress_from, progress_to;
    double span_from, span_to; /* 0 to 1 of these is this part of the call */

    char message[256];
};

struct attpool_context {
    struct engine engine;
};

/* attpool_open but for the judgement of a device. NULL with the message in `message`, of 256 bytes;
 * message may be NULL. OPEN_KEPT: in this context nothing is compiled that the cache does not have.
 */
enum open_how { OPEN_USUAL, OPEN_KEPT };
attpool_status ap_context_open(const attpool_options *options, attpool_context **context,
                               enum open_how how, char *message);

#endif
