/* SPDX-License-Identifier: Apache-2.0 */
#include "core/thread_note.h"

#include <stdio.h>

static _Thread_local struct {
    char message[256];
    uint64_t refused; /* 0: none */
} note;

const char *ap_thread_message(void)
{
    return note.message;
}

void ap_thread_set_message(const char *text)
{
    snprintf(note.message, sizeof note.message, "%s", text);
}

attpool_status ap_thread_no_context(void)
{
    ap_thread_set_message("the context is NULL");
    return ATTPOOL_E_CONTEXT;
}

void ap_thread_note_refusal(uint64_t context)
{
    note.refused = context;
}

void ap_thread_forget_refusal(uint64_t context)
{
    if (note.refused == context)
        note.refused = 0;
}

bool ap_thread_was_refused(uint64_t context)
{
    return note.refused == context;
}
