/* SPDX-License-Identifier: Apache-2.0 */
/* --json: what a command computed, as one object. */
#ifndef TOOLS_COMMAND_REPORT_H
#define TOOLS_COMMAND_REPORT_H

#include "attpool.h"
#include "tools/command/error.h"
#include "tools/command/kernel_options.h"
#include "tools/command/output.h"

#include <jansson.h>
#include <stdbool.h>

struct report {
    json_t *root;
    bool incomplete; /* for want of memory */
    bool computed;   /* all it is to tell is known: it is written even when another output fails */
    double start;
};

/* Begins with the command and the version; time counts from here. */
void report_begin(struct report *r, const char *command);

/* The members backend, device, threads and precision. */
void report_context(struct report *r, const attpool_context *context, bool single);

/* Into an object, or to the end of an array. They take `value`, and a NULL is remembered, so that
 * these and json_object() and the like need no check. */
void report_put(struct report *r, json_t *object, const char *key, json_t *value);
void report_append(struct report *r, json_t *array, json_t *value);

/* null where it is not finite, which JSON does not know. */
json_t *report_number(double value);
json_t *report_numbers(const double *values, size_t count);
/* Text of any bytes; those that are not UTF-8 become question marks. NULL becomes null. */
json_t *report_text(const char *text);

/* With the members seconds and warnings, into path; NULL: into nothing. After a failure (status)
 * only where `computed` says that it cost no more than another output. Frees the report. */
int report_close(struct report *r, const char *path, int status, struct error *e);

/* One as itself, several as an array, none as null. */
json_t *report_kernels(const struct kernels *kernels);
json_t *report_bandwidths(const struct numbers *bandwidths);

/* Since report_begin. */
double report_seconds(const struct report *r);

/* Where the tables of a command without --output go: JSON on stdout takes their place. */
const char *report_tables(const char *json);

/* The JSON and these tables, among the files of a command without --output. */
void report_files(struct files *files, const char *tables, const char *json);

/* A value as a file of its own (json_write.c). */
int json_write(const char *path, const json_t *value, struct error *e);

#endif
