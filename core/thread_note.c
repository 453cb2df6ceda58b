/* SPDX-License-Identifier: Apache-2.0 */
#include "core/thread_note.h"

#include <stdio.h>

static _Thread_local struct {
    char message[256];
    uint64_t refused; /* 0: none */
} note;

const char *thread_message(void)
{
    return note.message;
}

void thread_set_message(const char *text)
{
    snprintf(note.message, sizeof note.message, "%s", text);
}

attpool_status thread_no_context(void)
{
    thread_set_message("the context is NULL");
    return ATTPOOL_E_CONTEXT;
}

void thread_note_refusal(uint64_t context)
{
    note.refused = context;
}

void thread_forget_refusal(uint64_t context)
{
    if (note.refused == context)
        note.refused = 0;
}

bool thread_was_refused(uint64_t context)
{
    return note.refused == context;
}
