/* SPDX-License-Identifier: Apache-2.0 */
/* How the command fails: a text and an exit code travel up, main prints and exits. */
#ifndef TOOLS_COMMAND_ERROR_H
#define TOOLS_COMMAND_ERROR_H

#include <stddef.h>
#include <stdint.h>

/* The exit codes of the command. Every function of tools/ that can fail returns one. */
enum {
    CMD_OK = 0,
    CMD_FAILED = 1,  /* the machine: no file, no memory, no space, no gnuplot */
    CMD_USAGE = 2,   /* the command line */
    CMD_DATA = 3,    /* what a file holds */
    CMD_BACKEND = 4, /* the backend asked for is not available */
    CMD_PIPE = 141   /* nobody reads the output any more: no message, and SIGPIPE's exit status */
};

/* Zero-initialise. The first failure is kept, later ones are ignored, so a clean-up that
 * fails too does not hide the cause; but CMD_PIPE hides nothing. */
struct error {
    int code;
    char text[5120];
};

/* Both return the code, so that a failure is one statement: return error_set(e, ...). */
int error_set(struct error *e, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Bad data at a place: "file:line:column: what". A line or column of 0 is left out.
 * Lines, rows and columns count from 1. Returns CMD_DATA. */
int error_at(struct error *e, const char *file, uint64_t line, uint64_t column, const char *format,
             ...) __attribute__((format(printf, 5, 6)));

int error_memory(struct error *e, size_t bytes);

/* "attpool: text" as one line on stderr; nothing when there is no error, or CMD_PIPE. Returns the
 * code. */
int error_print(const struct error *e);

/* What is said on stderr besides errors. By default warnings, notes and progress, and on a terminal
 * a summary too. */
enum messages {
    MESSAGES_QUIET = -1, /* nothing */
    MESSAGES_DEFAULT,
    MESSAGES_VERBOSE /* a summary wherever stderr leads */
};
void messages_show(enum messages messages);
enum messages messages_shown(void);

/* Called before each message: it removes what else stands on the line. */
void messages_clear_by(void (*clear)(void));

/* "attpool: warning: ...", "attpool: note: ..." or, as a summary, "attpool: ..." as one line on
 * stderr. */
void error_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void error_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void error_summary(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Of warnings that differ in what they name alone only the first few are shown: how many more there
 * were. To be called last. */
void messages_end(void);

/* The warnings so far, i from 0, whether shown or not; NULL after the last. */
const char *error_warning(size_t i);

/* Text of the user's for a message: in double quotes, one line, clipped when long. Lives to
 * the end of the full expression: error_set(e, CMD_USAGE, "no %s", quoted(s, n).text). */
struct quoted {
    char text[80];
};
struct quoted quoted(const char *text, size_t length);
struct quoted quoted_name(const char *name);

#endif
