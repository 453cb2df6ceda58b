/* SPDX-License-Identifier: Apache-2.0 */
/* The array of an NPY file, converted to one of four types on the way in. */
#include "tools/io/npy.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Converted while they are in the cache. */
enum { CHUNK = 1 << 16, TILE = 32 };

static enum npy_type target_of(enum npy_as as)
{
    switch (as) {
    case NPY_AS_F64:
        return NPY_F64;
    case NPY_AS_F32:
        return NPY_F32;
    case NPY_AS_I64:
        return NPY_I64;
    case NPY_AS_BOOL:
        break;
    }
    return NPY_BOOL;
}

/* ---- one chunk ---- */

static void swap_bytes(unsigned char *p, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++, p += size) {
        for (size_t j = 0; j < size / 2; j++) {
            unsigned char c = p[j];
            p[j] = p[size - 1 - j];
            p[size - 1 - j] = c;
        }
    }
}

static float half_to_float(uint16_t h)
{
    int exponent = h >> 10 & 31, fraction = h & 1023;
    float v;
    if (exponent == 0)
        v = (float)fraction * 0x1p-24f;
    else if (exponent == 31)
        v = fraction == 0 ? (float)INFINITY : (float)NAN;
    else
        v = (float)ldexp(1024 + fraction, exponent - 25);
    return h >> 15 ? -v : v;
}

/* The elements are not aligned in the file's terms: memcpy each. */
#define EACH(source_type, value)                                                                   \
    for (size_t i = 0; i < count; i++) {                                                           \
        source_type x;                                                                             \
        memcpy(&x, from + i * sizeof x, sizeof x);                                                 \
        to[i] = (value);                                                                           \
    }                                                                                              \
    break

#define TO_REAL(name, real)                                                                        \
    static void name(real *to, const unsigned char *from, size_t count, enum npy_type type)        \
    {                                                                                              \
        switch (type) {                                                                            \
        case NPY_BOOL:                                                                             \
            EACH(uint8_t, (real)(x != 0));                                                         \
        case NPY_I8:                                                                               \
            EACH(int8_t, (real)x);                                                                 \
        case NPY_I16:                                                                              \
            EACH(int16_t, (real)x);                                                                \
        case NPY_I32:                                                                              \
            EACH(int32_t, (real)x);                                                                \
        case NPY_I64:                                                                              \
            EACH(int64_t, (real)x);                                                                \
        case NPY_U8:                                                                               \
            EACH(uint8_t, (real)x);                                                                \
        case NPY_U16:                                                                              \
            EACH(uint16_t, (real)x);                                                               \
        case NPY_U32:                                                                              \
            EACH(uint32_t, (real)x);                                                               \
        case NPY_U64:                                                                              \
            EACH(uint64_t, (real)x);                                                               \
        case NPY_F16:                                                                              \
            EACH(uint16_t, (real)half_to_float(x));                                                \
        case NPY_F32:                                                                              \
            EACH(float, (real)x);                                                                  \
        case NPY_F64:                                                                              \
            EACH(double, (real)x);                                                                 \
        }                                                                                          \
    }

TO_REAL(to_f64, double)
TO_REAL(to_f32, float)

/* Unsigned ones above 2^63 - 1 come out negative. */
static void to_i64(int64_t *to, const unsigned char *from, size_t count, enum npy_type type)
{
    switch (type) {
    case NPY_I8:
        EACH(int8_t, x);
    case NPY_I16:
        EACH(int16_t, x);
    case NPY_I32:
        EACH(int32_t, x);
    case NPY_I64:
        EACH(int64_t, x);
    case NPY_U16:
        EACH(uint16_t, x);
    case NPY_U32:
        EACH(uint32_t, x);
    case NPY_U64:
        EACH(uint64_t, (int64_t)x);
    default:
        EACH(uint8_t, x);
    }
}

/* What is neither 0 nor 1 becomes 2, except in a bool, where all but 0 is true. */
static void to_bool(uint8_t *to, const unsigned char *from, size_t count, enum npy_type type)
{
    size_t size = npy_type_size(type);
    if (type == NPY_BOOL) {
        for (size_t i = 0; i < count; i++)
            to[i] = from[i] != 0;
        return;
    }
    for (size_t i = 0; i < count; i++, from += size) {
        int64_t x;
        to_i64(&x, from, 1, type);
        to[i] = x == 0 || x == 1 ? (uint8_t)x : 2;
    }
}

static void convert(const struct npy_info *info, enum npy_type t, void *to,
                    const unsigned char *from, size_t count)
{
    if (t == NPY_F64)
        to_f64(to, from, count, info->type);
    else if (t == NPY_F32)
        to_f32(to, from, count, info->type);
    else if (t == NPY_I64)
        to_i64(to, from, count, info->type);
    else
        to_bool(to, from, count, info->type);
}

/* ---- what a conversion may not meet ---- */

static int bad_type(const struct source *s, const struct npy_info *info, enum npy_type t,
                    struct error *e)
{
    bool floating = info->type >= NPY_F16;
    if (t == NPY_I64 && (floating || info->type == NPY_BOOL))
        return error_at(e, s->name, 0, 0, "the array is %s, it should be integers",
                        npy_type_name(info->type));
    if (t == NPY_BOOL && floating)
        return error_at(e, s->name, 0, 0, "the array is %s, it should be bool",
                        npy_type_name(info->type));
    return CMD_OK;
}

/* "[3, 1]", of the element that stands k-th in the file. */
static struct npy_shape_text position(const struct npy_info *info, size_t k)
{
    int64_t index[NPY_DIMS];
    for (int n = 0; n < info->dims; n++) {
        int axis = info->fortran ? n : info->dims - 1 - n;
        index[axis] = (int64_t)(k % (size_t)info->shape[axis]);
        k /= (size_t)info->shape[axis];
    }
    struct npy_shape_text t = { "[" };
    int used = 1;
    for (int i = 0; i < info->dims; i++)
        used += snprintf(t.text + used, sizeof t.text - (size_t)used, "%s%" PRId64,
                         i > 0 ? ", " : "", index[i]);
    snprintf(t.text + used, sizeof t.text - (size_t)used, "]");
    return t;
}

static bool infinite_in_file(const struct npy_info *info, const unsigned char *from, size_t i)
{
    double x;
    to_f64(&x, from + i * npy_type_size(info->type), 1, info->type);
    return isinf(x);
}

/* The fault of element i as converted, NULL for none. */
static const char *fault(const struct npy_info *info, enum npy_type t, const void *to,
                         const unsigned char *from, size_t i)
{
    if (t == NPY_BOOL)
        return ((const uint8_t *)to)[i] > 1 ? "is neither 0 nor 1" : NULL;
    if (t == NPY_I64)
        return info->type == NPY_U64 && ((const int64_t *)to)[i] < 0 ? "is above 2^63 - 1" : NULL;
    bool inf = t == NPY_F64 ? isinf(((const double *)to)[i]) : isinf(((const float *)to)[i]);
    if (!inf)
        return NULL;
    return infinite_in_file(info, from, i) ? NULL : "is outside the range of float32";
}

/* Whether a second look is due: most types cannot go wrong, and most reals are finite. */
static bool suspect(const struct npy_info *info, enum npy_type t, const void *to, size_t count)
{
    if (t == NPY_BOOL)
        return info->type != NPY_BOOL;
    if (t == NPY_I64)
        return info->type == NPY_U64;
    if (info->type < NPY_F16)
        return false;
    bool infinite = false;
    for (size_t i = 0; t == NPY_F64 && i < count; i++)
        infinite |= fabs(((const double *)to)[i]) == (double)INFINITY;
    for (size_t i = 0; t == NPY_F32 && i < count; i++)
        infinite |= fabsf(((const float *)to)[i]) == (float)INFINITY;
    return infinite;
}

static int check_element(const struct source *s, const struct npy_info *info, enum npy_type t,
                         const void *to, const unsigned char *from, size_t first, size_t count,
                         struct error *e)
{
    for (size_t i = 0; i < count; i++) {
        const char *what = fault(info, t, to, from, i);
        if (what != NULL)
            return error_at(e, s->name, 0, 0, "element %s %s", position(info, first + i).text,
                            what);
    }
    return CMD_OK;
}

/* ---- the whole array ---- */

struct growing {
    unsigned char *bytes;
    size_t capacity; /* elements */
};

/* A file of known size holds what it promised. A pipe is believed only as far as it came. */
static int grow_data(struct growing *g, const struct source *s, size_t have, size_t all,
                     size_t size, struct error *e)
{
    if (have < g->capacity)
        return CMD_OK;
    size_t capacity = all;
    if (!s->size_known && all / 2 > have)
        capacity = 2 * have > CHUNK ? 2 * have : (all < CHUNK ? all : CHUNK);
    size_t bytes = capacity > 0 ? capacity * size : 1;
    unsigned char *p = realloc(g->bytes, bytes);
    if (p == NULL)
        return error_memory(e, bytes);
    g->bytes = p;
    g->capacity = capacity;
    return CMD_OK;
}

static int cut_short(const struct source *s, const struct npy_info *info, struct error *e)
{
    return error_at(e, s->name, 0, 0, "the file ends before the %zu elements of %s", info->count,
                    npy_shape(info->dims, info->shape).text);
}

/* Elements [at, at + count), through the chunk, or directly where nothing has to be converted. */
static int read_part(struct source *s, const struct npy_info *info, enum npy_type t,
                     unsigned char *chunk, unsigned char *to, size_t at, size_t count,
                     struct error *e)
{
    size_t size = npy_type_size(info->type), got;
    bool straight = info->type == t && info->type != NPY_BOOL;
    unsigned char *from = straight ? to : chunk;
    int st = source_read(s, from, count * size, &got, e);
    if (st == CMD_OK && got < count * size)
        st = cut_short(s, info, e);
    if (st != CMD_OK)
        return st;
    if (info->swapped)
        swap_bytes(from, count, size);
    if (!straight)
        convert(info, t, to, from, count);
    return suspect(info, t, to, count) ? check_element(s, info, t, to, from, at, count, e) : CMD_OK;
}

static int read_elements(struct source *s, const struct npy_info *info, enum npy_type t,
                         struct growing *g, struct error *e)
{
    size_t size = npy_type_size(t);
    unsigned char *chunk = malloc((size_t)CHUNK * 8);
    int st = chunk == NULL ? error_memory(e, (size_t)CHUNK * 8)
                           : grow_data(g, s, 0, info->count, size, e);
    for (size_t at = 0; st == CMD_OK && at < info->count;) {
        size_t count = g->capacity - at < CHUNK ? g->capacity - at : CHUNK;
        st = read_part(s, info, t, chunk, g->bytes + at * size, at, count, e);
        at += count;
        if (st == CMD_OK && at < info->count)
            st = grow_data(g, s, at, info->count, size, e);
    }
    unsigned char extra;
    size_t got = 0;
    if (st == CMD_OK)
        st = source_read(s, &extra, 1, &got, e);
    if (got > 0)
        st = error_at(e, s->name, 0, 0, "bytes follow the %zu elements of %s", info->count,
                      npy_shape(info->dims, info->shape).text);
    free(chunk);
    return st;
}

/* ---- Fortran order ---- */

/* to[i * to_row + j] = from[j * from_row + i], in tiles that fit the cache. */
static void transpose(unsigned char *to, const unsigned char *from, size_t rows, size_t columns,
                      size_t to_row, size_t from_row, size_t size)
{
    for (size_t i0 = 0; i0 < rows; i0 += TILE)
        for (size_t j0 = 0; j0 < columns; j0 += TILE)
            for (size_t i = i0; i < rows && i < i0 + TILE; i++)
                for (size_t j = j0; j < columns && j < j0 + TILE; j++) {
                    unsigned char *p = to + (i * to_row + j) * size;
                    const unsigned char *q = from + (j * from_row + i) * size;
                    if (size == 8)
                        memcpy(p, q, 8);
                    else if (size == 4)
                        memcpy(p, q, 4);
                    else
                        *p = *q;
                }
}

/* The first axis is contiguous in the file, the last one in C order: transpose those two for
 * each index of the axes between. */
static int to_c_order(const struct npy_info *info, size_t size, unsigned char **data,
                      struct error *e)
{
    unsigned char *to = malloc(info->count * size);
    if (to == NULL)
        return error_memory(e, info->count * size);
    size_t rows = (size_t)info->shape[0];
    size_t columns = (size_t)info->shape[info->dims - 1];
    size_t row = info->count / rows, column = info->count / columns;
    for (size_t middle = 0; middle < info->count / rows / columns; middle++) {
        size_t rest = middle, to_step = columns, from_step = column, to_at = 0, from_at = 0;
        for (int axis = info->dims - 2; axis > 0; axis--) {
            size_t n = (size_t)info->shape[axis];
            from_step /= n;
            to_at += rest % n * to_step;
            from_at += rest % n * from_step;
            to_step *= n;
            rest /= n;
        }
        transpose(to + to_at * size, *data + from_at * size, rows, columns, row, column, size);
    }
    free(*data);
    *data = to;
    return CMD_OK;
}

int npy_data(struct source *s, const struct npy_info *info, enum npy_as as, void **data,
             struct error *e)
{
    enum npy_type t = target_of(as);
    struct growing g = { NULL, 0 };
    *data = NULL;
    int st = bad_type(s, info, t, e);
    if (st == CMD_OK)
        st = read_elements(s, info, t, &g, e);
    if (st == CMD_OK && info->fortran && info->dims > 1 && info->count > 0)
        st = to_c_order(info, npy_type_size(t), &g.bytes, e);
    if (st != CMD_OK) {
        free(g.bytes);
        return st;
    }
    *data = g.bytes;
    return CMD_OK;
}
