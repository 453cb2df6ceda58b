/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/session.h"

#include "tools/command/nearest.h"
#include "tools/command/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void log_line(void *data, const char *line)
{
    (void)data;
    progress_clear();
    fprintf(stderr, "%s\n", line);
}

static int show_progress(void *data, double fraction)
{
    const struct session *s = data;
    progress_update(s->done + fraction * s->share, s->label, s->advice);
    return 0;
}

static int exit_code(attpool_status status)
{
    switch (status) {
    case ATTPOOL_OK:
        return CMD_OK;
    case ATTPOOL_E_BACKEND:
        return CMD_BACKEND;
    case ATTPOOL_E_CONTEXT:
    case ATTPOOL_E_DEVICE:
    case ATTPOOL_E_MEMORY:
    case ATTPOOL_E_CANCELLED:
    case ATTPOOL_E_BUSY:
        return CMD_FAILED;
    case ATTPOOL_E_OPTIONS:
    case ATTPOOL_E_BANDWIDTH:
    case ATTPOOL_E_ROWS:
        return CMD_USAGE;
    default:
        return CMD_DATA;
    }
}

/* Where the name asked for is near to one that there is. */
static struct nearest_hint near_backend(const char *name)
{
    static const char *const names[] = { "auto", "scalar", "avx2", "avx512", "neon", "opencl" };
    struct nearest nearest = { .typed = name };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0)
            return (struct nearest_hint){ "" };
        nearest_offer(&nearest, names[i]);
    }
    return nearest_hint(&nearest);
}

int session_open(struct session *s, const char *label, const struct common *common, struct error *e)
{
    char message[400] = "";
    *s = (struct session){ .label = label, .share = 1 };
    attpool_options options = {
        .size = sizeof options,
        .threads = common->threads,
        .backend = common->backend,
        .verbose = messages_shown() == MESSAGES_QUIET ? -1 : 0,
        .log = log_line,
        .progress = show_progress,
        .progress_data = s,
        .message = message,
        .message_size = sizeof message,
    };
    attpool_status status = attpool_open(&options, &s->context);
    if (status == ATTPOOL_OK)
        return CMD_OK;
    const char *name = common->backend != NULL ? common->backend : getenv("ATTPOOL_BACKEND");
    return error_set(e, exit_code(status), "%s%s",
                     message[0] != '\0' ? message : attpool_status_name(status),
                     status == ATTPOOL_E_BACKEND && name != NULL ? near_backend(name).text : "");
}

void session_close(struct session *s)
{
    progress_clear();
    attpool_close(s->context);
    s->context = NULL;
}

int session_status(const struct session *s, attpool_status status, const struct origin *origins,
                   size_t count, struct error *e)
{
    const char *message = attpool_message(s->context);
    if (status == ATTPOOL_OK)
        return CMD_OK;
    for (size_t i = 0; i < count; i++)
        if (origins[i].status == status && origins[i].path != NULL)
            return error_at(e, strcmp(origins[i].path, "-") == 0 ? "<stdin>" : origins[i].path, 0,
                            0, "%s", message);
    const int st = s->explain != NULL ? s->explain(s->explain_data, status, message, e) : CMD_OK;
    if (st != CMD_OK)
        return st;
    /* An open backend refuses a call for its type alone. */
    return error_set(e, exit_code(status), "%s%s", message,
                     status == ATTPOOL_E_BACKEND ? "; see --precision" : "");
}

DLTensor *operand_of_type(struct operand *o, void *data, DLDataType type, int dims,
                          const int64_t *shape)
{
    for (int i = 0; i < dims; i++)
        o->shape[i] = shape[i];
    o->tensor = (DLTensor){
        .data = data,
        .device = { .device_type = kDLCPU },
        .ndim = dims,
        .dtype = type,
        .shape = o->shape,
    };
    return &o->tensor;
}

DLTensor *operand_real(struct operand *o, void *data, bool single, int dims, const int64_t *shape)
{
    DLDataType type = { .code = kDLFloat, .bits = single ? 32 : 64, .lanes = 1 };
    return operand_of_type(o, data, type, dims, shape);
}

DLTensor *operand_columns(struct operand *o, void *data, bool single, int64_t rows, int64_t columns,
                          int64_t stride)
{
    operand_real(o, data, single, 2, (const int64_t[]){ rows, columns });
    o->strides[0] = 1;
    o->strides[1] = stride;
    o->tensor.strides = o->strides;
    return &o->tensor;
}

int array_new(void **data, size_t count, size_t size, struct error *e)
{
    size_t bytes;
    *data = NULL;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4)
        return error_memory(e, SIZE_MAX);
    *data = malloc(bytes > 0 ? bytes : 1);
    return *data != NULL ? CMD_OK : error_memory(e, bytes);
}
