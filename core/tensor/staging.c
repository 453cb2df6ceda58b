/* SPDX-License-Identifier: Apache-2.0 */

/* Host tensors for a device backend: copies on the device for the time of a call. */

#include "core/tensor/tensor.h"

static bool covers_its_range(const struct view *v)
{
    int64_t count = v->size[0] * v->size[1] * v->size[2] * v->size[3];
    return count * v->bytes == v->high - v->low;
}

/* An earlier host view of the same bytes: one copy serves both. */
static int same_bytes(const struct arguments *args, int k)
{
    const struct view *v = &args->view[k];
    for (int i = 0; i < k; i++) {
        const struct view *u = &args->view[i];
        if (args->buffer[i] && u->data == v->data && u->low == v->low && u->high == v->high)
            return i;
    }
    return -1;
}

static attpool_status stage(struct arguments *args, int k, void **buffer)
{
    struct engine *e = args->engine;
    const struct device_memory *memory = e->backend->memory;
    const struct view *v = &args->view[k];
    size_t bytes = (size_t)(v->high - v->low);
    int same = same_bytes(args, k);
    if (same >= 0) {
        *buffer = args->buffer[same];
        return ATTPOOL_OK;
    }
    attpool_status st = memory->alloc(e, bytes > 0 ? bytes : 16, &args->buffer[k]);
    *buffer = args->buffer[k];
    if (st != ATTPOOL_OK || bytes == 0)
        return st;
    /* The gaps of a strided output are the caller's: they go up to come back unchanged. */
    if (v->role == ROLE_OUTPUT && covers_its_range(v))
        return ATTPOOL_OK;
    return memory->upload(e, *buffer, 0, v->data + v->low, bytes);
}

attpool_status ap_arguments_stage(struct arguments *args)
{
    if (!args->engine->backend->memory)
        return ATTPOOL_OK;
    for (int k = 0; k < args->count; k++) {
        struct view *v = &args->view[k];
        void *buffer;
        if (v->device || !v->array)
            continue;
        attpool_status st = stage(args, k, &buffer);
        if (st != ATTPOOL_OK)
            return ap_arguments_unstage(args, st);
        v->array->data = buffer;
        v->array->offset = -v->low;
    }
    return ATTPOOL_OK;
}

attpool_status ap_arguments_unstage(struct arguments *args, attpool_status status)
{
    struct engine *e = args->engine;
    const struct device_memory *memory = e->backend->memory;
    if (!memory)
        return status;
    for (int k = 0; k < args->count && status == ATTPOOL_OK; k++) {
        struct view *v = &args->view[k];
        if (v->device || !v->array || v->role == ROLE_INPUT || v->high == v->low)
            continue;
        status =
            memory->download(e, v->array->data, 0, v->data + v->low, (size_t)(v->high - v->low));
    }
    for (int k = 0; k < args->count; k++)
        if (args->buffer[k]) {
            memory->release(e, args->buffer[k]);
            args->buffer[k] = NULL;
        }
    if (status == ATTPOOL_OK && ap_arguments_on_host(args))
        status = memory->sync(e);
    return status;
}
