/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_THREAD_CONTEXT_H
#define CORE_THREAD_CONTEXT_H

/* The context of the calls that are given none: one for each thread, opened with the defaults at
 * its first such call and closed when the thread ends. To open one takes many times as long as
 * the small calls that it is for. */

#include "core/attpool.h"

/* NULL: *status says why, and the message is noted for the thread. What is not NULL goes to
 * ap_thread_context_done. */
attpool_context *ap_thread_context(attpool_status *status);

/* The call is over: note its message for attpool_message(NULL). Returns its status. */
attpool_status ap_thread_context_done(attpool_context *context, attpool_status status);

#endif
