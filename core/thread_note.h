/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_THREAD_NOTE_H
#define CORE_THREAD_NOTE_H

/* What the library notes for each thread: the message of its last call without a context, and
 * the context that last refused it because another thread was in it. */

#include "core/attpool.h"

#include <stdbool.h>

/* What attpool_message(NULL) says. */
const char *ap_thread_message(void);
void ap_thread_set_message(const char *text);
/* A call without a context, which needs one: ATTPOOL_E_CONTEXT. */
attpool_status ap_thread_no_context(void);

/* Contexts by their numbers, which are never used again. */
void ap_thread_note_refusal(uint64_t context);
void ap_thread_forget_refusal(uint64_t context);
bool ap_thread_was_refused(uint64_t context);

#endif
