/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/failing.h"

#include <check.h>
#include <string.h>

attpool_context *context;
struct call_data data;
enum call_kind kind;

void open_context(void)
{
    attpool_options options = { .backend = "scalar", .threads = 1 };
    ck_assert_int_eq(attpool_open(&options, &context), ATTPOOL_OK);
}

void close_context(void)
{
    attpool_close(context);
}

/* The word stands in the text, by itself. */
bool says(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *p = strstr(text, word); p; p = strstr(p + 1, word)) {
        bool begins = p == text || !strchr("abcdefghijklmnopqrstuvwxyz_", p[-1]);
        if (begins && (!p[length] || strchr(" ,:;[.\"", p[length])))
            return true;
    }
    return false;
}

void check(attpool_status got, attpool_status want, const char *word, const char *what)
{
    ck_assert_msg(got == want, "%s: %s (%s), not %s", what, attpool_status_name(got),
                  attpool_message(context), attpool_status_name(want));
    ck_assert_msg(want == ATTPOOL_OK || says(attpool_message(context), word),
                  "%s: the message \"%s\" does not name %s", what, attpool_message(context), word);
    ck_assert_msg(want != ATTPOOL_OK || attpool_message(context)[0] == '\0', "%s: %s", what,
                  attpool_message(context));
}

void fresh(enum call_kind of)
{
    kind = of;
    call_new(&data, kind);
    call_mark_outputs(&data);
}

/* The call fails as said and changes nothing. */
void fails(attpool_status want, const char *word, const char *what)
{
    check(call_run(context, &data, kind), want, word, what);
    ck_assert_msg(call_outputs_untouched(&data), "%s: an output was written", what);
    call_free(&data);
}
