/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/error.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_kept(const struct error *e)
{
    return e->code != CMD_OK && e->code != CMD_PIPE;
}

int error_set(struct error *e, int code, const char *format, ...)
{
    if (is_kept(e))
        return e->code;
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    e->code = code;
    return code;
}

int error_at(struct error *e, const char *file, uint64_t line, uint64_t column, const char *format,
             ...)
{
    if (is_kept(e))
        return e->code;
    char where[64] = "";
    if (line != 0 && column != 0)
        snprintf(where, sizeof where, ":%" PRIu64 ":%" PRIu64, line, column);
    else if (line != 0)
        snprintf(where, sizeof where, ":%" PRIu64, line);
    int used = snprintf(e->text, sizeof e->text, "%s%s: ", file, where);
    if (used > 0 && (size_t)used < sizeof e->text) {
        va_list args;
        va_start(args, format);
        vsnprintf(e->text + used, sizeof e->text - (size_t)used, format, args);
        va_end(args);
    }
    e->code = CMD_DATA;
    return e->code;
}

int error_memory(struct error *e, size_t bytes)
{
    return error_set(e, CMD_FAILED, "out of memory (%zu bytes)", bytes);
}

static void (*clear_line)(void);

void messages_clear_by(void (*clear)(void))
{
    clear_line = clear;
}

/* A file name may hold a newline, a message is one line. */
static void print_line(const char *prefix, const char *text)
{
    char line[sizeof((struct error *)0)->text];
    snprintf(line, sizeof line, "%s", text);
    for (char *p = line; *p != '\0'; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    if (clear_line != NULL)
        clear_line();
    fprintf(stderr, "attpool: %s%s\n", prefix, line);
}

int error_print(const struct error *e)
{
    if (is_kept(e))
        print_line("", e->text);
    return e->code;
}

/* ---- what is no error ---- */

static enum messages shown_messages;

static struct {
    char **text;
    size_t count;
} warnings;

void messages_show(enum messages messages)
{
    shown_messages = messages;
}

enum messages messages_shown(void)
{
    return shown_messages;
}

/* Of a hundred groups each may have the same to say. */
enum { MOST_ALIKE = 5, MOST_KINDS = 32 };

static struct {
    const char *format;
    size_t count;
} kinds[MOST_KINDS];

/* How many of this format came before. */
static size_t count_alike(const char *format)
{
    size_t k = 0;
    while (k < MOST_KINDS && kinds[k].format != NULL && kinds[k].format != format)
        k++;
    if (k == MOST_KINDS)
        return 0;
    kinds[k].format = format;
    return kinds[k].count++;
}

void messages_end(void)
{
    size_t more = 0;
    for (size_t k = 0; k < MOST_KINDS; k++)
        more += kinds[k].count > MOST_ALIKE ? kinds[k].count - MOST_ALIKE : 0;
    if (more > 0)
        error_warn("%zu more warning%s like these, which the report of --json has", more,
                   more == 1 ? "" : "s");
}

static void keep_warning(const char *text)
{
    char **more = realloc(warnings.text, (warnings.count + 1) * sizeof *more);
    if (more == NULL)
        return;
    warnings.text = more;
    warnings.text[warnings.count] = strdup(text);
    warnings.count += warnings.text[warnings.count] != NULL;
}

const char *error_warning(size_t i)
{
    return i < warnings.count ? warnings.text[i] : NULL;
}

void error_warn(const char *format, ...)
{
    char text[sizeof((struct error *)0)->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    keep_warning(text);
    if (shown_messages != MESSAGES_QUIET && count_alike(format) < MOST_ALIKE)
        print_line("warning: ", text);
}

static void print_message(const char *prefix, const char *format, va_list args)
{
    char text[sizeof((struct error *)0)->text];
    vsnprintf(text, sizeof text, format, args);
    print_line(prefix, text);
}

void error_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (shown_messages != MESSAGES_QUIET)
        print_message("note: ", format, args);
    va_end(args);
}

void error_summary(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (shown_messages == MESSAGES_VERBOSE ||
        (shown_messages == MESSAGES_DEFAULT && isatty(STDERR_FILENO)))
        print_message("", format, args);
    va_end(args);
}

/* ---- the user's text in a message ---- */

/* Never half of a UTF-8 sequence: a clip goes back to the start of a character. */
static size_t clip(const char *text, size_t length, size_t most)
{
    if (length <= most)
        return length;
    while (most > 0 && ((unsigned char)text[most] & 0xC0) == 0x80)
        most--;
    return most;
}

/* Bytes of the character at `text` that a terminal shows: 0 for a control character and for
 * what is no UTF-8. */
static size_t shown(const char *text, size_t length)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (n > length || p[0] > 0xF4 || p[0] < ' ' || p[0] == 0x7f || (p[0] == 0xC2 && p[1] < 0xA0))
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

struct quoted quoted(const char *text, size_t length)
{
    struct quoted q;
    const size_t most = 48;
    size_t n = clip(text, length, most);
    size_t used = 0;
    q.text[used++] = '"';
    size_t i = 0;
    for (; i < n && used < sizeof q.text - 8; i++) {
        unsigned char c = (unsigned char)text[i];
        size_t bytes = shown(text + i, n - i);
        if (bytes > 0) {
            memcpy(q.text + used, text + i, bytes);
            used += bytes;
            i += bytes - 1;
        } else if (c == '\n' || c == '\r' || c == '\t')
            used +=
                (size_t)sprintf(q.text + used, "\\%c", c == '\n' ? 'n' : (c == '\r' ? 'r' : 't'));
        else
            used += (size_t)sprintf(q.text + used, "\\x%02X", c);
    }
    if (i < length) {
        memcpy(q.text + used, "...", 3);
        used += 3;
    }
    q.text[used++] = '"';
    q.text[used] = '\0';
    return q;
}

struct quoted quoted_name(const char *name)
{
    return quoted(name, strlen(name));
}
