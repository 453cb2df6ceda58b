/* SPDX-License-Identifier: Apache-2.0 */
/* A context for a subcommand: opened by its options, logging to stderr, with progress on a
 * terminal, and its failures as exit codes. */
#ifndef TOOLS_COMMAND_SESSION_H
#define TOOLS_COMMAND_SESSION_H

#include "attpool.h"
#include "tools/command/options.h"

struct session {
    attpool_context *context;
    const char *label;  /* beside the progress bar */
    const char *advice; /* what would take less time, or NULL */
    double done, share; /* of the whole work: done before this call, and done by it */
    /* What the library says of arguments in the terms of the command: an error, or CMD_OK where the
     * message will do; NULL: it always will. */
    int (*explain)(const void *data, attpool_status status, const char *message, struct error *e);
    const void *explain_data;
};

/* Where an argument of a call came from. */
struct origin {
    attpool_status status; /* that names the argument */
    const char *path;
};

/* s must stay where it is until session_close. CMD_BACKEND where the backend asked for is not
 * available; CMD_USAGE for a bad environment variable. */
int session_open(struct session *s, const char *label, const struct common *common,
                 struct error *e);
void session_close(struct session *s);

/* The exit code of a call's status: with an origin for it, bad data in that file. */
int session_status(const struct session *s, attpool_status status, const struct origin *origins,
                   size_t count, struct error *e);

/* A tensor on the host. Must stay where it is. */
struct operand {
    DLTensor tensor;
    int64_t shape[4], strides[4];
};
DLTensor *operand_real(struct operand *o, void *data, bool single, int dims, const int64_t *shape);
DLTensor *operand_of_type(struct operand *o, void *data, DLDataType type, int dims,
                          const int64_t *shape);
/* A matrix whose columns lie one after the other, `stride` elements apart. */
DLTensor *operand_columns(struct operand *o, void *data, bool single, int64_t rows, int64_t columns,
                          int64_t stride);

/* Memory for an array (of at least one byte), or CMD_FAILED. */
int array_new(void **data, size_t count, size_t size, struct error *e);

static inline size_t real_size(bool single)
{
    return single ? sizeof(float) : sizeof(double);
}

static inline void real_set(void *data, bool single, size_t i, double value)
{
    if (single)
        ((float *)data)[i] = (float)value;
    else
        ((double *)data)[i] = value;
}

static inline double real_get(const void *data, bool single, size_t i)
{
    return single ? (double)((const float *)data)[i] : ((const double *)data)[i];
}

#endif
