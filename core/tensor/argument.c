/* SPDX-License-Identifier: Apache-2.0 */

/* A tensor by itself: its checks, and what it becomes. */

#include "core/tensor/tensor.h"

/* Sizes and strides up to here keep every byte count in an int64_t. */
#define MOST_ELEMENTS ((int64_t)1 << 58)

enum { BOOL_TYPE_CODE = 6 }; /* kDLBool of later DLPack releases */

bool ap_product_fits(int64_t a, int64_t b, int64_t c, int64_t d)
{
    const int64_t size[] = { b, c, d };
    for (int k = 0; k < 3; k++)
        if (__builtin_mul_overflow(a, size[k], &a) || a > MOST_ELEMENTS)
            return false;
    return true;
}

void ap_arguments_init(struct arguments *args, struct engine *engine)
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
        return ap_engine_fail(args->engine, v->status,
                              "%s has type code %d, %d bits, %d lanes; it should be %s", v->name,
                              code, bits, (int)t->dtype.lanes, want[v->kind]);
    }
    v->bytes = bits / 8;
    if (v->kind != KIND_REAL)
        return ATTPOOL_OK;
    int type = bits == 32 ? TYPE_F32 : TYPE_F64;
    if (args->type >= 0 && args->type != type)
        return ap_engine_fail(args->engine, v->status,
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
    [LAYOUT_PLAIN] = { 2, 2, { 2, 3 } },        [LAYOUT_SINGLE] = { 0, 3, { 0, 1, 3 } },
};

int ap_view_most_dimensions(const struct view *v)
{
    return layouts[v->layout].most;
}

int ap_view_own(const struct view *v, const int64_t four[4], int64_t own[4])
{
    const struct layout_range *range = &layouts[v->layout];
    for (int k = 0; k < v->ndim; k++)
        own[k] = four[range->place[range->most - v->ndim + k]];
    if (v->per_item)
        own[0] = four[0];
    return v->ndim;
}

static attpool_status wrong_ndim(struct engine *e, const struct view *v, int ndim,
                                 const struct layout_range *range)
{
    return ap_engine_fail(e, v->status,
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
    if (!t->shape && t->ndim > 0)
        return ap_engine_fail(args->engine, v->status, "%s has no shape", v->name);
    for (int k = 0; k < 4; k++) {
        v->size[k] = 1;
        v->stride[k] = 0;
    }
    v->ndim = t->ndim;
    v->full = t->ndim == range->most;
    for (int k = t->ndim - 1; k >= 0; k--) {
        int64_t size = t->shape[k], stride = t->strides ? t->strides[k] : compact;
        int to = range->place[range->most - t->ndim + k];
        if (size < 0)
            return ap_engine_fail(args->engine, v->status, "%s has a negative size, %lld", v->name,
                                  (long long)size);
        if (size > MOST_ELEMENTS || stride > MOST_ELEMENTS || stride < -MOST_ELEMENTS ||
            __builtin_mul_overflow(compact, size > 0 ? size : 1, &compact) ||
            compact > MOST_ELEMENTS)
            return ap_engine_fail(args->engine, v->status, "%s is too large", v->name);
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

void ap_view_range(struct view *v)
{
    v->low = v->high = 0;
    if (has_elements(v))
        (void)take_range(v); /* less than what was in range before */
}

static attpool_status check_place(struct arguments *args, const DLTensor *t, struct view *v)
{
    struct engine *e = args->engine;
    v->device = t->device.device_type == kDLOpenCL;
    if (t->device.device_type != kDLCPU && !v->device)
        return ap_engine_fail(e, v->status,
                              "%s is on device type %d; it should be kDLCPU or kDLOpenCL", v->name,
                              (int)t->device.device_type);
    if (v->device && !e->backend->memory)
        return ap_engine_fail(e, v->status,
                              "%s is in an OpenCL buffer, the context's backend is %s", v->name,
                              e->backend->name);
    if (!t->data && v->high > v->low)
        return ap_engine_fail(e, v->status, "%s has no data", v->name);
    if (t->byte_offset > (uint64_t)MOST_ELEMENTS)
        return ap_engine_fail(e, v->status, "%s has a byte_offset that is too large", v->name);
    if (v->device) {
        v->data = t->data;
        v->offset = (int64_t)t->byte_offset;
        if (v->offset % v->bytes != 0)
            return ap_engine_fail(e, v->status,
                                  "%s has a byte_offset of %lld, it should be a multiple of %d",
                                  v->name, (long long)v->offset, v->bytes);
        if (v->offset + v->low < 0)
            return ap_engine_fail(e, v->status, "%s begins before its buffer", v->name);
    } else if (t->data) {
        v->data = (char *)t->data + t->byte_offset;
    }
    return ATTPOOL_OK;
}

/* The common tensor at once: numbers in row-major order on the host, at least one, and no size so
 * large that a product could overflow. false where it is another or something is wrong with it. */
static bool take_dense(struct arguments *args, const DLTensor *t, struct view *v)
{
    const int bits = t->dtype.bits, type = bits == 32 ? TYPE_F32 : TYPE_F64, n = t->ndim;
    if (t->dtype.code != kDLFloat || t->dtype.lanes != 1 || (bits != 32 && bits != 64) ||
        (args->type >= 0 && args->type != type) || t->device.device_type != kDLCPU || !t->data ||
        t->byte_offset > (uint64_t)MOST_ELEMENTS || n < 2 || n > 4 || !t->shape)
        return false;
    const int64_t *shape = t->shape + n, *stride = t->strides;
    const int64_t col = shape[-1], row = shape[-2], head = n > 2 ? shape[-3] : 1;
    const int64_t batch = n > 3 ? shape[-4] : 1;
    const uint64_t sizes =
        ((uint64_t)col - 1) | ((uint64_t)row - 1) | ((uint64_t)head - 1) | ((uint64_t)batch - 1);
    if (sizes >= 1 << 14)
        return false;
    const int64_t matrix = row * col, matrices = head * matrix;
    if (stride && (stride[n - 1] != 1 || stride[n - 2] != col ||
                   (n > 2 && stride[n - 3] != matrix) || (n > 3 && stride[0] != matrices)))
        return false;
    args->type = type;
    v->device = false;
    v->dense = true;
    v->ndim = n;
    v->full = n == 4;
    v->bytes = bits / 8;
    v->data = (char *)t->data + t->byte_offset;
    v->size[0] = batch;
    v->size[1] = head;
    v->size[2] = row;
    v->size[3] = col;
    v->stride[0] = batch > 1 ? matrices : 0;
    v->stride[1] = head > 1 ? matrix : 0;
    v->stride[2] = row > 1 ? col : 0;
    v->stride[3] = col > 1;
    v->high = batch * matrices * v->bytes;
    return true;
}

/* Any tensor, and what is wrong with it. Not to be inlined: it would take the registers of the
 * common case. */
static __attribute__((noinline)) attpool_status take_any(struct arguments *args, const DLTensor *t,
                                                         const struct layout_range *range,
                                                         struct view *v)
{
    int64_t count = 1;
    attpool_status st = check_type(args, t, v);
    if (st == ATTPOOL_OK)
        st = take_shape(args, t, range, v, &count);
    if (st == ATTPOOL_OK && has_elements(v)) {
        if (!t->strides)
            v->high = count * v->bytes;
        else if (!take_range(v))
            st = ap_engine_fail(args->engine, v->status, "%s is too large", v->name);
    }
    return st == ATTPOOL_OK ? check_place(args, t, v) : st;
}

attpool_status ap_arguments_add(struct arguments *args, const DLTensor *tensor, const char *name,
                                attpool_status status, enum role role, enum kind kind,
                                enum layout layout, struct array *array, struct view **view)
{
    struct view *v = &args->view[args->count];
    v->name = name;
    v->status = status;
    v->role = role;
    v->kind = kind;
    v->layout = layout;
    v->dense = v->per_item = false;
    v->array = array;
    v->along[0] = v->along[1] = AXIS_NONE;
    v->packed = NULL;
    v->data = NULL;
    v->offset = v->low = v->high = 0;
    if (!tensor)
        return ap_engine_fail(args->engine, status, "%s is NULL", name);
    if (layout != LAYOUT_MATRIX || kind != KIND_REAL || !take_dense(args, tensor, v)) {
        attpool_status st = take_any(args, tensor, &layouts[layout], v);
        if (st != ATTPOOL_OK)
            return st;
    }
    args->count++;
    if (view)
        *view = v;
    return ATTPOOL_OK;
}
