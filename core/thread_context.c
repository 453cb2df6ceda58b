/* SPDX-License-Identifier: Apache-2.0 */
#include "core/thread_context.h"

#include "core/thread_note.h"

#include <pthread.h>
#include <stdbool.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* its destructor closes the context of a thread that ends */
static bool have_key;     /* else a context lives for one call */
static _Thread_local attpool_context *kept;

static void close_kept(void *context)
{
    kept = NULL;
    attpool_close(context);
}

static void make_key(void)
{
    have_key = pthread_key_create(&key, close_kept) == 0;
}

attpool_context *ap_thread_context(attpool_status *status)
{
    attpool_context *context = kept;
    char message[256];
    attpool_options options = { .message = message, .message_size = sizeof message };
    if (context)
        return context;
    pthread_once(&once, make_key);
    *status = attpool_open(&options, &context);
    if (*status != ATTPOOL_OK)
        ap_thread_set_message(*status == ATTPOOL_E_MEMORY ? "no memory for a context" : message);
    else if (have_key && pthread_setspecific(key, context) == 0)
        kept = context;
    return context;
}

attpool_status ap_thread_context_done(attpool_context *context, attpool_status status)
{
    ap_thread_set_message(status == ATTPOOL_OK ? "" : attpool_message(context));
    if (context != kept)
        attpool_close(context);
    return status;
}
