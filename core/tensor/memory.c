/* SPDX-License-Identifier: Apache-2.0 */
#include "core/tensor/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

static attpool_status no_memory(struct engine *e, size_t bytes)
{
    return ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory, %zu bytes", bytes);
}

/* Whole lines, and never nothing. */
static size_t rounded(size_t bytes)
{
    return (bytes / ALIGNMENT + 1) * ALIGNMENT;
}

attpool_status ap_memory_take(struct engine *e, size_t bytes, void **memory)
{
    *memory = NULL;
    if (bytes > SIZE_MAX / 2)
        return no_memory(e, bytes);
    if (e->backend->memory)
        return e->backend->memory->alloc(e, rounded(bytes), memory);
    *memory = aligned_alloc(ALIGNMENT, rounded(bytes));
    return *memory ? ATTPOOL_OK : no_memory(e, bytes);
}

void ap_memory_give(struct engine *e, void *memory)
{
    if (memory && e->backend->memory)
        e->backend->memory->release(e, memory);
    else
        free(memory);
}

attpool_status ap_buffer_new(struct engine *e, size_t bytes, struct buffer *buffer)
{
    *buffer = (struct buffer){ .bytes = bytes };
    attpool_status st = ap_memory_take(e, bytes, &buffer->memory);
    if (st != ATTPOOL_OK)
        return st;
    buffer->host = e->backend->memory ? malloc(rounded(bytes)) : buffer->memory;
    return buffer->host ? ATTPOOL_OK : no_memory(e, bytes);
}

attpool_status ap_buffer_upload(struct engine *e, const struct buffer *buffer)
{
    const struct device_memory *memory = e->backend->memory;
    if (!memory || buffer->bytes == 0)
        return ATTPOOL_OK;
    return memory->upload(e, buffer->memory, 0, buffer->host, buffer->bytes);
}

attpool_status ap_buffer_download(struct engine *e, const struct buffer *buffer)
{
    const struct device_memory *memory = e->backend->memory;
    if (!memory || buffer->bytes == 0)
        return ATTPOOL_OK;
    return memory->download(e, buffer->memory, 0, buffer->host, buffer->bytes);
}

void ap_buffer_free(struct engine *e, const struct buffer *buffer)
{
    if (e->backend->memory)
        free(buffer->host);
    ap_memory_give(e, buffer->memory);
}

attpool_status ap_view_fetch(struct engine *e, const struct view *view, struct view *own,
                             void **memory)
{
    const size_t bytes = (size_t)(view->high - view->low);
    *own = *view;
    *memory = NULL;
    if (!view->device)
        return ATTPOOL_OK;
    *memory = malloc(rounded(bytes));
    if (!*memory)
        return no_memory(e, bytes);
    own->device = false;
    own->data = (char *)*memory - view->low;
    if (bytes == 0)
        return ATTPOOL_OK;
    return e->backend->memory->download(e, view->data, (size_t)(view->offset + view->low), *memory,
                                        bytes);
}

attpool_status ap_view_store(struct engine *e, const struct view *view, const void *memory)
{
    const size_t bytes = (size_t)(view->high - view->low);
    if (!view->device || bytes == 0)
        return ATTPOOL_OK;
    return e->backend->memory->upload(e, view->data, (size_t)(view->offset + view->low), memory,
                                      bytes);
}

static char *element(const struct view *v, int64_t b, int64_t h, int64_t i, int64_t c)
{
    return v->data +
           (b * v->stride[0] + h * v->stride[1] + i * v->stride[2] + c * v->stride[3]) * v->bytes;
}

void ap_view_set(const struct view *v, int64_t b, int64_t h, int64_t i, int64_t c, double value)
{
    char *to = element(v, b, h, i, c);
    const double plain = isnan(value) ? (double)NAN : value;
    const float single = (float)plain;
    if (v->bytes == 4)
        memcpy(to, &single, sizeof single);
    else
        memcpy(to, &plain, sizeof plain);
}

void ap_view_set_integer(const struct view *v, int64_t b, int64_t h, int64_t i, int64_t c,
                         int64_t value)
{
    const int32_t small = (int32_t)value;
    if (v->bytes == 4)
        memcpy(element(v, b, h, i, c), &small, sizeof small);
    else
        memcpy(element(v, b, h, i, c), &value, sizeof value);
}
