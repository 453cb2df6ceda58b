/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PATTERN = 0xa5, GAP = 3 };

static const struct {
    uint8_t code, bits;
} types[] = {
    [ELEMENT_F32] = { kDLFloat, 32 }, [ELEMENT_F64] = { kDLFloat, 64 },
    [ELEMENT_U8] = { kDLUInt, 8 },    [ELEMENT_BOOL] = { 6, 8 },
    [ELEMENT_I32] = { kDLInt, 32 },   [ELEMENT_I64] = { kDLInt, 64 },
};

uint64_t random_bits(uint64_t seed, uint64_t i)
{
    uint64_t x = seed * 0xd1342543de82ef95u + i * 0x9e3779b97f4a7c15u + 0x632be59bd9b4e019u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

double random_at(uint64_t seed, uint64_t i)
{
    return (double)(random_bits(seed, i) >> 12) / (double)((uint64_t)1 << 51) - 1;
}

static void strides_of(struct tensor *t, enum arrangement arrangement)
{
    int n = t->dl.ndim;
    int64_t next = arrangement == ARRANGE_SPREAD ? 2 : 1;
    for (int k = n - 1; k >= 0; k--) {
        t->strides[k] = next;
        next *= t->shape[k];
        if (arrangement == ARRANGE_PADDED && k > 0)
            next += GAP;
    }
    if (arrangement == ARRANGE_TRANSPOSED && n >= 2) {
        t->strides[n - 2] = 1;
        t->strides[n - 1] = t->shape[n - 2] + 1;
        for (int k = n - 3; k >= 0; k--)
            t->strides[k] =
                (t->shape[n - 2] + 1) * t->shape[n - 1] * (k == n - 3 ? 1 : t->shape[n - 3]);
    }
    for (int k = 0; k < n; k++)
        if (arrangement == ARRANGE_REVERSED)
            t->strides[k] = -t->strides[k];
        else if (arrangement == ARRANGE_SHARED && k < n - 2)
            t->strides[k] = 0;
}

/* Elements from the first to the last byte, and how many of them come before element 0. */
static int64_t extent(const struct tensor *t, int64_t *before)
{
    int64_t low = 0, high = 1;
    for (int k = 0; k < t->dl.ndim; k++) {
        int64_t step = (t->shape[k] - 1) * t->strides[k];
        if (t->shape[k] == 0) {
            *before = 0;
            return 0;
        }
        *(step < 0 ? &low : &high) += step;
    }
    *before = -low;
    return high - low;
}

static unsigned char *map_between_guards(struct tensor *t, size_t bytes, enum place place)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t inner = (bytes + page - 1) / page * page;
    t->map_size = inner + 2 * page;
    t->map = mmap(NULL, t->map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (t->map == MAP_FAILED ||
        (inner > 0 && mprotect(t->map + page, inner, PROT_READ | PROT_WRITE) != 0)) {
        perror("mmap");
        abort();
    }
    return place == PLACE_END ? t->map + page + inner - bytes : t->map + page;
}

void tensor_new(struct tensor *t, enum element element, enum arrangement arrangement,
                enum place place, int ndim, const int64_t *shape)
{
    int64_t before;
    size_t unit = types[element].bits / 8u;
    memset(t, 0, sizeof *t);
    t->dl.ndim = ndim;
    memcpy(t->shape, shape, (size_t)ndim * sizeof *shape);
    strides_of(t, arrangement);
    size_t elements = (size_t)extent(t, &before);
    size_t odd = arrangement == ARRANGE_UNALIGNED && unit > 1;
    unsigned char *start = map_between_guards(t, elements * unit + odd, place);
    t->bytes = start + (place == PLACE_START ? odd : 0);
    t->size = elements * unit;
    tensor_pattern(t);
    memset(t->bytes, 0, t->size);
    t->dl.data = t->bytes;
    t->dl.byte_offset = (uint64_t)before * unit;
    t->dl.device = (DLDevice){ kDLCPU, 0 };
    t->dl.dtype = (DLDataType){ types[element].code, types[element].bits, 1 };
    t->dl.shape = t->shape;
    t->dl.strides = arrangement == ARRANGE_COMPACT ? NULL : t->strides;
}

void tensor_free(struct tensor *t)
{
    if (t->map)
        munmap(t->map, t->map_size);
    memset(t, 0, sizeof *t);
}

static unsigned char *inner_of(const struct tensor *t, size_t *size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    *size = t->map_size - 2 * page;
    return t->map + page;
}

void tensor_pattern(struct tensor *t)
{
    size_t size;
    unsigned char *inner = inner_of(t, &size);
    memset(inner, PATTERN, size);
}

static void protect(struct tensor *t, int how)
{
    size_t size;
    unsigned char *inner = inner_of(t, &size);
    if (size > 0 && mprotect(inner, size, how) != 0)
        abort();
}

void tensor_protect(struct tensor *t)
{
    protect(t, PROT_READ);
}

void tensor_unprotect(struct tensor *t)
{
    protect(t, PROT_READ | PROT_WRITE);
}

bool tensor_surroundings_intact(const struct tensor *t)
{
    size_t size;
    const unsigned char *inner = inner_of(t, &size);
    for (const unsigned char *p = inner; p < inner + size; p++) {
        if (p == t->bytes && t->size > 0) {
            p += t->size - 1;
            continue;
        }
        if (*p != PATTERN)
            return false;
    }
    return true;
}

void tensor_view(struct tensor *view, const struct tensor *t)
{
    *view = *t;
    view->map = NULL;
    view->dl.shape = view->shape;
    view->dl.strides = view->strides;
}

/* A view may step outside of what byte_offset can say, so it moves the address. */
static void move(struct tensor *view, int64_t elements)
{
    view->dl.data = (unsigned char *)view->dl.data + elements * (int64_t)(view->dl.dtype.bits / 8u);
}

static int own_dimension(const struct tensor *view, int dimension)
{
    int k = dimension < 0 ? view->dl.ndim + dimension : dimension;
    return view->dl.ndim > 0 && k >= 0 && k < view->dl.ndim && view->shape[k] > 1 ? k : -1;
}

void tensor_slice(struct tensor *view, int dimension, int64_t start, int64_t count)
{
    int k = own_dimension(view, dimension);
    if (k < 0)
        return;
    move(view, start * view->strides[k]);
    view->shape[k] = count;
}

void tensor_reverse(struct tensor *view, int dimension)
{
    int k = own_dimension(view, dimension);
    if (k < 0)
        return;
    move(view, (view->shape[k] - 1) * view->strides[k]);
    view->strides[k] = -view->strides[k];
}

int64_t tensor_count(const struct tensor *t)
{
    int64_t count = 1;
    for (int k = 0; k < t->dl.ndim; k++)
        count *= t->shape[k];
    return count;
}

static unsigned char *address(const DLTensor *t, int64_t i)
{
    int64_t offset = 0, compact = 1;
    for (int k = t->ndim - 1; k >= 0; k--) {
        offset += i % t->shape[k] * (t->strides ? t->strides[k] : compact);
        i /= t->shape[k];
        compact *= t->shape[k];
    }
    return (unsigned char *)t->data + t->byte_offset + offset * (int64_t)(t->dtype.bits / 8u);
}

static double load(const DLTensor *t, const unsigned char *at)
{
    float f;
    double d;
    int32_t i;
    int64_t l;
    if (t->dtype.bits == 8)
        return *at;
    if (t->dtype.bits == 32 && t->dtype.code == kDLFloat)
        return memcpy(&f, at, sizeof f), (double)f;
    if (t->dtype.bits == 32)
        return memcpy(&i, at, sizeof i), i;
    if (t->dtype.code == kDLFloat)
        return memcpy(&d, at, sizeof d), d;
    return memcpy(&l, at, sizeof l), (double)l;
}

double tensor_get(const DLTensor *t, int64_t i)
{
    return load(t, address(t, i));
}

void tensor_set(DLTensor *t, int64_t i, double value)
{
    unsigned char *at = address(t, i);
    if (t->dtype.bits == 8)
        *at = (unsigned char)value;
    else if (t->dtype.bits == 32 && t->dtype.code == kDLFloat)
        memcpy(at, &(float){ (float)value }, 4);
    else if (t->dtype.bits == 32)
        memcpy(at, &(int32_t){ (int32_t)value }, 4);
    else if (t->dtype.code == kDLFloat)
        memcpy(at, &value, 8);
    else
        memcpy(at, &(int64_t){ (int64_t)value }, 8);
}

void tensor_set_bits(DLTensor *t, int64_t i, uint64_t bits)
{
    if (t->dtype.bits == 32)
        memcpy(address(t, i), &(uint32_t){ (uint32_t)bits }, 4);
    else
        memcpy(address(t, i), &bits, 8);
}

static int place_number(char place)
{
    return place == 'b' ? 0 : place == 'h' ? 1 : place == 'r' ? 2 : 3;
}

double tensor_at(const DLTensor *t, const char *places, int64_t heads, const int64_t index[4])
{
    int64_t offset = 0, compact = 1;
    int full = 0;
    while (places[full])
        full++;
    for (int k = t->ndim - 1; k >= 0; k--) {
        int place = place_number(places[full - t->ndim + k]);
        int64_t size = t->shape[k], i = index[place];
        if (place == 1 && size > 1 && size < heads)
            i /= heads / size;
        else if (size == 1)
            i = 0;
        offset += i * (t->strides ? t->strides[k] : compact);
        compact *= size;
    }
    return load(t, (const unsigned char *)t->data + t->byte_offset +
                       offset * (int64_t)(t->dtype.bits / 8u));
}

bool tensor_same(const DLTensor *a, const DLTensor *b)
{
    int64_t count = 1;
    for (int k = 0; k < a->ndim; k++)
        count *= a->shape[k];
    for (int64_t i = 0; i < count; i++)
        if (memcmp(address(a, i), address(b, i), a->dtype.bits / 8u) != 0)
            return false;
    return true;
}

DLTensor tensor_of(void *data, enum element element, int ndim, int64_t *shape)
{
    return (DLTensor){ .data = data,
                       .device = { kDLCPU, 0 },
                       .ndim = ndim,
                       .dtype = { types[element].code, types[element].bits, 1 },
                       .shape = shape };
}
