/* SPDX-License-Identifier: Apache-2.0 */
#include "core/tensor.h"

#include <stdlib.h>
#include <string.h>

/* Sizes and strides up to here keep every byte count in an int64_t. */
#define MOST_ELEMENTS ((int64_t)1 << 58)

enum { BOOL_TYPE_CODE = 6 }; /* kDLBool of later DLPack releases */

bool product_fits(int64_t a, int64_t b, int64_t c, int64_t d)
{
    const int64_t size[] = { b, c, d };
    for (int k = 0; k < 3; k++)
        if (__builtin_mul_overflow(a, size[k], &a) || a > MOST_ELEMENTS)
            return false;
    return true;
}

void arguments_init(struct arguments *args, struct engine *engine)
{
    args->engine = engine;
    args->type = -1;
    args->count = 0;
}

static attpool_status check_type(struct arguments *args, const DLTensor *t, struct view *v)
{
    int code = t->dtype.code, bits = t->dtype.bits;
    bool ok = t->dtype.lanes == 1;
    switch (v->kind) {
    case KIND_REAL:
        ok = ok && code == kDLFloat && (bits == 32 || bits == 64);
        break;
    case KIND_LENGTHS:
        ok = ok && code == kDLInt && (bits == 32 || bits == 64);
        break;
    case KIND_MASK:
        ok = ok && (code == kDLUInt || code == BOOL_TYPE_CODE) && bits == 8;
        break;
    }
    if (!ok) {
        static const char *const want[] = { "float32 or float64", "int32 or int64",
                                            "uint8 or bool of 8 bits" };
        return engine_fail(args->engine, v->status,
                           "%s has type code %d, %d bits, %d lanes; it should be %s", v->name, code,
                           bits, (int)t->dtype.lanes, want[v->kind]);
    }
    v->bytes = bits / 8;
    if (v->kind != KIND_REAL)
        return ATTPOOL_OK;
    int type = bits == 32 ? TYPE_F32 : TYPE_F64;
    if (args->type >= 0 && args->type != type)
        return engine_fail(args->engine, v->status,
                           "%s is float%d, the arguments before it are not", v->name, bits);
    args->type = type;
    return ATTPOOL_OK;
}

/* Where a tensor's own dimensions go; the last ndim of `most` places. */
struct layout_range {
    int least, most;
    int place[4];
};
static const struct layout_range layouts[] = {
    [LAYOUT_MATRIX] = { 2, 4, { 0, 1, 2, 3 } }, [LAYOUT_ROW] = { 1, 3, { 0, 1, 2 } },
    [LAYOUT_COL] = { 1, 3, { 0, 1, 3 } },       [LAYOUT_HEADS] = { 1, 2, { 0, 1 } },
    [LAYOUT_PLAIN] = { 2, 2, { 2, 3 } },
};

static attpool_status wrong_ndim(struct engine *e, const struct view *v, int ndim,
                                 const struct layout_range *range)
{
    return engine_fail(e, v->status,
                       range->least == range->most
                           ? "%s has %d dimensions, it should have %d"
                           : "%s has %d dimensions, it should have %d to %d",
                       v->name, ndim, range->least, range->most);
}

/* Sizes and strides into the four dimensions. *count: of elements, an empty dimension as 1. */
static attpool_status take_shape(struct arguments *args, const DLTensor *t,
                                 const struct layout_range *range, struct view *v, int64_t *count)
{
    int64_t compact = 1;
    if (t->ndim < range->least || t->ndim > range->most)
        return wrong_ndim(args->engine, v, (int)t->ndim, range);
    if (!t->shape)
        return engine_fail(args->engine, v->status, "%s has no shape", v->name);
    for (int k = 0; k < 4; k++) {
        v->size[k] = 1;
        v->stride[k] = 0;
    }
    v->ndim = t->ndim;
    for (int k = t->ndim - 1; k >= 0; k--) {
        int64_t size = t->shape[k], stride = t->strides ? t->strides[k] : compact;
        int to = range->place[range->most - t->ndim + k];
        if (size < 0)
            return engine_fail(args->engine, v->status, "%s has a negative size, %lld", v->name,
                               (long long)size);
        if (size > MOST_ELEMENTS || stride > MOST_ELEMENTS || stride < -MOST_ELEMENTS ||
            __builtin_mul_overflow(compact, size > 0 ? size : 1, &compact) ||
            compact > MOST_ELEMENTS)
            return engine_fail(args->engine, v->status, "%s is too large", v->name);
        v->size[to] = size;
        v->stride[to] = size == 1 ? 0 : stride;
    }
    *count = compact;
    return ATTPOOL_OK;
}

static bool has_elements(const struct view *v)
{
    return v->size[0] > 0 && v->size[1] > 0 && v->size[2] > 0 && v->size[3] > 0;
}

/* The range of bytes that the elements cover, where there are any. */
static bool take_range(struct view *v)
{
    int64_t low = 0, high = 0, step;
    for (int k = 0; k < 4; k++) {
        if (__builtin_mul_overflow(v->size[k] - 1, v->stride[k], &step) ||
            __builtin_mul_overflow(step, (int64_t)v->bytes, &step) ||
            (step < 0 ? __builtin_add_overflow(low, step, &low)
                      : __builtin_add_overflow(high, step, &high)))
            return false;
    }
    v->low = low;
    return !__builtin_add_overflow(high, (int64_t)v->bytes, &v->high);
}

static attpool_status check_place(struct arguments *args, const DLTensor *t, struct view *v)
{
    struct engine *e = args->engine;
    v->device = t->device.device_type == kDLOpenCL;
    if (t->device.device_type != kDLCPU && !v->device)
        return engine_fail(e, v->status,
                           "%s is on device type %d; it should be kDLCPU or kDLOpenCL", v->name,
                           (int)t->device.device_type);
    if (v->device && !e->backend->memory)
        return engine_fail(e, v->status, "%s is in an OpenCL buffer, the context's backend is %s",
                           v->name, e->backend->name);
    if (!t->data && v->high > v->low)
        return engine_fail(e, v->status, "%s has no data", v->name);
    if (t->byte_offset > (uint64_t)MOST_ELEMENTS)
        return engine_fail(e, v->status, "%s has a byte_offset that is too large", v->name);
    if (v->device) {
        v->data = t->data;
        v->offset = (int64_t)t->byte_offset;
        if (v->offset % v->bytes != 0)
            return engine_fail(e, v->status, "%s has a byte_offset of %lld, no multiple of %d",
                               v->name, (long long)v->offset, v->bytes);
        if (v->offset + v->low < 0)
            return engine_fail(e, v->status, "%s begins before its buffer", v->name);
    } else if (t->data) {
        v->data = (char *)t->data + t->byte_offset;
    }
    return ATTPOOL_OK;
}

attpool_status arguments_add(struct arguments *args, const DLTensor *tensor, const char *name,
                             attpool_status status, enum role role, enum kind kind,
                             enum layout layout, struct array *array, struct view **view)
{
    struct view *v = &args->view[args->count];
    int64_t count = 1;
    v->name = name;
    v->status = status;
    v->role = role;
    v->kind = kind;
    v->array = array;
    v->data = NULL;
    v->offset = v->low = v->high = 0;
    args->buffer[args->count] = NULL;
    if (!tensor)
        return engine_fail(args->engine, status, "%s is NULL", name);
    attpool_status st = check_type(args, tensor, v);
    if (st == ATTPOOL_OK)
        st = take_shape(args, tensor, &layouts[layout], v, &count);
    if (st == ATTPOOL_OK && has_elements(v)) {
        if (!tensor->strides)
            v->high = count * v->bytes;
        else if (!take_range(v))
            st = engine_fail(args->engine, status, "%s is too large", name);
    }
    if (st == ATTPOOL_OK)
        st = check_place(args, tensor, v);
    if (st != ATTPOOL_OK)
        return st;
    args->count++;
    if (view)
        *view = v;
    return ATTPOOL_OK;
}

attpool_status view_expect(struct engine *engine, const struct view *view, int dimension,
                           int64_t want, const char *of)
{
    if (view->size[dimension] == want)
        return ATTPOOL_OK;
    return engine_fail(engine, view->status, "%s has %lld %s, %s %lld", view->name,
                       (long long)view->size[dimension], dimension == 2 ? "rows" : "columns", of,
                       (long long)want);
}

static void take_size(int64_t *size, int64_t other)
{
    if (*size < 0 || *size == 1)
        *size = other;
}

void leading_add(struct leading *leading, const struct view *view)
{
    leading->four = leading->four || view->ndim == 4;
    take_size(&leading->batch, view->size[0]);
    take_size(&leading->heads, view->size[1]);
}

attpool_status leading_expect(struct engine *engine, const struct view *view,
                              const struct leading *leading, bool grouped, bool broadcast)
{
    int64_t b = view->size[0], h = view->size[1];
    bool batch_ok = b == leading->batch || (broadcast && b == 1);
    bool heads_ok = h == leading->heads || (broadcast && h == 1) ||
                    (grouped && leading->four && h > 0 && leading->heads % h == 0);
    if (batch_ok && heads_ok)
        return ATTPOOL_OK;
    if (!leading->four)
        return engine_fail(engine, view->status, "%s has a batch of %lld, it should be %lld",
                           view->name, (long long)h, (long long)leading->heads);
    if (!batch_ok)
        return engine_fail(engine, view->status, "%s has a batch of %lld, it should be %lld",
                           view->name, (long long)b, (long long)leading->batch);
    return engine_fail(engine, view->status, "%s has %lld heads, which do not go into %lld",
                       view->name, (long long)h, (long long)leading->heads);
}

void arguments_fill(struct arguments *args, const struct leading *leading)
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
    if (v->high == v->low || steps_over(v, order))
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

attpool_status arguments_overlap(struct arguments *args, const struct view *may_alias)
{
    for (int i = 0; i < args->count; i++) {
        const struct view *v = &args->view[i];
        if (v->role == ROLE_INPUT)
            continue;
        if (overlaps_itself(v))
            return engine_fail(args->engine, v->status, "%s overlaps itself: check its strides",
                               v->name);
        for (int j = 0; j < args->count; j++) {
            const struct view *u = &args->view[j];
            if (j == i || (j > i && u->role != ROLE_INPUT) || !ranges_meet(v, u))
                continue;
            if (u == may_alias && same_place(u, v))
                continue;
            return engine_fail(args->engine, v->status, "%s overlaps %s", v->name, u->name);
        }
    }
    return ATTPOOL_OK;
}

bool arguments_on_host(const struct arguments *args)
{
    for (int i = 0; i < args->count; i++)
        if (args->view[i].device)
            return false;
    return true;
}

static const char *element(const struct view *v, int64_t b, int64_t h, int64_t i, int64_t c)
{
    return v->data +
           (b * v->stride[0] + h * v->stride[1] + i * v->stride[2] + c * v->stride[3]) * v->bytes;
}

double view_real(const struct view *v, int64_t b, int64_t h, int64_t i, int64_t c)
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

int64_t view_integer(const struct view *v, int64_t b, int64_t h, int64_t i, int64_t c)
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
