/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_FAILING_H
#define TESTS_SUPPORT_FAILING_H

/* One call that a test makes fail: its status, its message and what it leaves behind. */

#include "tests/support/call.h"

enum { KINDS = CALL_BMM + 1, HUGE_ROWS = 1 << 20 };

#define SHAPE(...)                                                                                 \
    (int64_t[])                                                                                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* Of the test that runs. */
extern attpool_context *context;
extern struct call_data data;
extern enum call_kind kind;

/* A fixture: a scalar context. */
void open_context(void);
void close_context(void);

/* The word stands in the text, by itself. */
bool says(const char *text, const char *word);

/* The status, and a message with the word, or none. */
void check(attpool_status got, attpool_status want, const char *word, const char *what);

/* A right call of this kind. */
void fresh(enum call_kind of);

/* The call fails as said and changes nothing. */
void fails(attpool_status want, const char *word, const char *what);

#endif
