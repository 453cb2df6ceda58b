/* SPDX-License-Identifier: Apache-2.0 */
/* The tensors of a call together. */

#include "core/tensor/tensor.h"

#include <stdlib.h>
#include <string.h>

attpool_status ap_view_expect(struct engine *engine, const struct view *view, int dimension,
                              int64_t want, const char *of)
{
    if (view->size[dimension] == want)
        return ATTPOOL_OK;
    return ap_engine_fail(engine, view->status, "%s has %lld %s, %s %lld", view->name,
                          (long long)view->size[dimension], dimension == 2 ? "rows" : "columns", of,
                          (long long)want);
}

void ap_arguments_fill(struct arguments *args, const struct leading *leading)
{
    for (int k = 0; k < args->count; k++) {
        struct view *v = &args->view[k];
        struct array *a = v->array;
        if (!a)
            continue;
        /* An array without elements stays present: no backend reads it. */
        static char nothing;
        bool grouped = v->size[1] > 1 && v->size[1] < leading->heads;
        *a = (struct array){
            .data = v->data ? v->data : &nothing,
            .offset = v->offset,
            .batch = v->stride[0],
            .head = v->stride[1],
            .row = v->stride[2],
            .col = v->stride[3],
            .group = grouped ? leading->heads / v->size[1] : 1,
        };
    }
}

static bool same_place(const struct view *a, const struct view *b)
{
    return a->data == b->data && a->offset == b->offset && a->bytes == b->bytes &&
           memcmp(a->size, b->size, sizeof a->size) == 0 &&
           memcmp(a->stride, b->stride, sizeof a->stride) == 0;
}

static bool ranges_meet(const struct view *a, const struct view *b)
{
    if (a->device != b->device || a->high == a->low || b->high == b->low)
        return false;
    if (a->device)
        return a->data == b->data && a->offset + a->low < b->offset + b->high &&
               b->offset + b->low < a->offset + a->high;
    return (uintptr_t)a->data + (uintptr_t)a->low < (uintptr_t)b->data + (uintptr_t)b->high &&
           (uintptr_t)b->data + (uintptr_t)b->low < (uintptr_t)a->data + (uintptr_t)a->high;
}

/* Each dimension of more than one element, in this order, steps over all that those before it
 * cover. */
static bool steps_over(const struct view *v, const int order[4])
{
    int64_t covered = 0;
    for (int i = 0; i < 4; i++) {
        int k = order[i];
        int64_t step = llabs(v->stride[k]);
        if (v->size[k] <= 1)
            continue;
        if (step <= covered)
            return false;
        covered += (v->size[k] - 1) * step;
    }
    return true;
}

/* In the order of memory, which mostly is that of the dimensions. */
static bool overlaps_itself(const struct view *v)
{
    int order[4] = { 3, 2, 1, 0 };
    if (v->dense || v->high == v->low || steps_over(v, order))
        return false;
    for (int i = 0; i < 4; i++)
        for (int j = i + 1; j < 4; j++)
            if (llabs(v->stride[order[j]]) < llabs(v->stride[order[i]])) {
                int t = order[i];
                order[i] = order[j];
                order[j] = t;
            }
    return !steps_over(v, order);
}

attpool_status ap_arguments_overlap(struct arguments *args, const struct view *may_alias)
{
    for (int i = 0; i < args->count; i++) {
        const struct view *v = &args->view[i];
        if (v->role == ROLE_INPUT)
            continue;
        if (overlaps_itself(v))
            return ap_engine_fail(args->engine, v->status, "%s overlaps itself: check its strides",
                                  v->name);
        for (int j = 0; j < args->count; j++) {
            const struct view *u = &args->view[j];
            if (j == i || (j > i && u->role != ROLE_INPUT) || !ranges_meet(v, u))
                continue;
            if (u == may_alias && same_place(u, v))
                continue;
            return ap_engine_fail(args->engine, v->status, "%s overlaps %s", v->name, u->name);
        }
    }
    return ATTPOOL_OK;
}

bool ap_arguments_on_host(const struct arguments *args)
{
    for (int i = 0; i < args->count; i++)
        if (args->view[i].device)
            return false;
    return true;
}

/* ---- host tensors for a device backend: copies on the device for the time of a call ---- */

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

/* ---- elements of a view on the host ---- */

static const char *element(const struct view *v, int64_t b, int64_t h, int64_t i, int64_t c)
{
    return v->data +
           (b * v->stride[0] + h * v->stride[1] + i * v->stride[2] + c * v->stride[3]) * v->bytes;
}

double ap_view_real(const struct view *v, int64_t b, int64_t h, int64_t i, int64_t c)
{
    float f;
    double d;
    if (v->bytes == 4) {
        memcpy(&f, element(v, b, h, i, c), sizeof f);
        return (double)f;
    }
    memcpy(&d, element(v, b, h, i, c), sizeof d);
    return d;
}

int64_t ap_view_integer(const struct view *v, int64_t b, int64_t h, int64_t i, int64_t c)
{
    int32_t small;
    int64_t large;
    if (v->bytes == 4) {
        memcpy(&small, element(v, b, h, i, c), sizeof small);
        return small;
    }
    memcpy(&large, element(v, b, h, i, c), sizeof large);
    return large;
}

typedef uint32_t words __attribute__((vector_size(32), aligned(1), may_alias));
typedef uint64_t long_words __attribute__((vector_size(32), aligned(1), may_alias));

int64_t ap_view_plain_until(const struct view *v, int64_t b, int64_t h, int64_t i)
{
    enum { STEP = 1024 };
    const char *x = v->size[3] > 0 ? element(v, b, h, i, 0) : NULL;
    int64_t done = 0;
    /* A carry out of an exponent of ones sets the sign. */
    for (; v->stride[3] == 1 && done + STEP <= v->size[3]; done += STEP) {
        words any = { 0 };
        long_words any_long = { 0 };
        for (int k = 0; k < STEP * v->bytes; k += (int)sizeof any, x += sizeof any)
            if (v->bytes == 4)
                any |= *(const words *)x | (*(const words *)x + (1u << 23));
            else
                any_long |= *(const long_words *)x | (*(const long_words *)x + (1ull << 52));
        for (int k = 0; k < 8; k++)
            any[0] |= any[k];
        for (int k = 0; k < 4; k++)
            any_long[0] |= any_long[k];
        if (any[0] >> 31 || any_long[0] >> 63)
            break;
    }
    return done;
}
