/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a subcommand's arguments: getopt_long, and the kinds of values options have. */
#ifndef TOOLS_COMMAND_OPTIONS_H
#define TOOLS_COMMAND_OPTIONS_H

#include "tools/command/error.h"

#include <getopt.h>
#include <stdbool.h>

enum { MOST_OPTIONS = 64 };

enum precision { PRECISION_DEFAULT, PRECISION_F32, PRECISION_F64 };

/* What every subcommand takes. */
struct common {
    const char *backend;
    int threads;
    enum precision precision;
    const char *json;         /* a file for what was computed, "-" for stdout; NULL: not wanted */
    bool given[MOST_OPTIONS]; /* in the order of the long options */
    bool done;                /* an option has printed what was asked for */
};

/* Values of long options; a subcommand's own begin at OPTION_OWN. */
enum {
    OPTION_END = -1,
    OPTION_DONE = 256,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_BACKEND,
    OPTION_THREADS,
    OPTION_PRECISION,
    OPTION_JSON,
    OPTION_QUIET,
    OPTION_VERBOSE,
    OPTION_OWN
};

/* json: whether --json has an argument (devices has nothing else to print). */
#define COMMON_OPTIONS(json)                                                                       \
    { "backend", required_argument, NULL, OPTION_BACKEND },                                        \
        { "threads", required_argument, NULL, OPTION_THREADS },                                    \
        { "precision", required_argument, NULL, OPTION_PRECISION },                                \
        { "json", json, NULL, OPTION_JSON }, { "quiet", no_argument, NULL, OPTION_QUIET },         \
        { "verbose", no_argument, NULL, OPTION_VERBOSE },                                          \
        { "help", no_argument, NULL, OPTION_HELP },                                                \
        { "version", no_argument, NULL, OPTION_VERSION },                                          \
    {                                                                                              \
        NULL, 0, NULL, 0                                                                           \
    }

/* An option that more can be said of when it is given twice. */
struct option_repeat {
    int option;       /* its value */
    const char *hint; /* how several values are given; NULL: by repeating it */
};

/* A line of a help, in whose place the names of the kernels are printed. */
#define KERNEL_LIST "@kernels@\n"

struct option_reader {
    const char *command;        /* "regress" */
    const char *help;           /* up to the options of every command, */
    const char *more_help;      /* with this at its end, or NULL: C knows strings of 4095 bytes */
    const char *examples;       /* two, which end it */
    const char *precision_help; /* the line of --precision says this */
    const char *backend_help;   /* lines of --backend and --json; NULL: the usual ones */
    const char *json_help;
    const char *short_options;           /* of its own, "o:" */
    const struct option *long_options;   /* with one for every short one; at most MOST_OPTIONS */
    const struct option_repeat *repeats; /* up to one of option 0; NULL: none */
    struct common *common;
};

/* The next option of the subcommand's own in *option, OPTION_END after the last (the operands
 * are from argv[optind]), OPTION_DONE when the help or the version has been printed: then there is
 * nothing to do. Those of every command are stored in r->common. CMD_USAGE: unknown, cut short,
 * without its argument or with one too many; one with an argument given twice. */
int options_next(const struct option_reader *r, int argc, char **argv, int *option,
                 struct error *e);

/* All of them, each handed to `take`, and the one operand DATA. *done: as OPTION_DONE. */
typedef int option_function(void *of, int option, struct error *e);
int options_read(const struct option_reader *r, int argc, char **argv, option_function *take,
                 void *of, const char **data, bool *done, struct error *e);

/* CMD_USAGE with a hint to the subcommand's help. */
int usage_error(const struct option_reader *r, struct error *e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "a,b,c". */
struct list {
    char *text; /* the items are in here */
    char **item;
    size_t count;
};
int list_read(const char *option, const char *text, struct list *list, struct error *e);
/* With something else for the commas. */
int list_split(const char *option, const char *text, char separator, struct list *list,
               struct error *e);
void list_free(struct list *list);

/* Numbers are finite and in the C locale. `option` is for messages: "--scale". */
int number_read(const char *option, const char *text, double *value, struct error *e);
int integer_read(const char *option, const char *text, int64_t least, int64_t most, int64_t *value,
                 struct error *e);

struct numbers {
    double *value;
    size_t count;
};
int numbers_read(const char *option, const char *text, struct numbers *numbers, struct error *e);

struct integers {
    int64_t *value;
    size_t count;
};
int integers_read(const char *option, const char *text, int64_t least, struct integers *integers,
                  struct error *e);

/* The place of text in names, a list that ends with NULL. */
int choice_read(const char *option, const char *text, const char *const *names, int *choice,
                struct error *e);

#endif
