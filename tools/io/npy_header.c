/* SPDX-License-Identifier: Apache-2.0 */
/* The header of an NPY file: a literal of a Python dict with three known keys. */
#include "tools/io/npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A header of the types read here needs some 300 bytes, padding included. */
enum { HEADER_MAX = 1 << 16, MAGIC = 6, PREAMBLE = 8 };

/* The product of the other dimensions of an array that has one of 0. */
enum { MOST_WHERE_EMPTY = 10 * 1000 * 1000 };

static const struct {
    const char *code, *name;
    size_t size;
} types[] = {
    [NPY_BOOL] = { "b1", "bool", 1 },   [NPY_I8] = { "i1", "int8", 1 },
    [NPY_I16] = { "i2", "int16", 2 },   [NPY_I32] = { "i4", "int32", 4 },
    [NPY_I64] = { "i8", "int64", 8 },   [NPY_U8] = { "u1", "uint8", 1 },
    [NPY_U16] = { "u2", "uint16", 2 },  [NPY_U32] = { "u4", "uint32", 4 },
    [NPY_U64] = { "u8", "uint64", 8 },  [NPY_F16] = { "f2", "float16", 2 },
    [NPY_F32] = { "f4", "float32", 4 }, [NPY_F64] = { "f8", "float64", 8 },
};

static const bool little_machine = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

const char *npy_type_name(enum npy_type type)
{
    return types[type].name;
}

size_t npy_type_size(enum npy_type type)
{
    return types[type].size;
}

struct npy_shape_text npy_shape(int dims, const int64_t *shape)
{
    struct npy_shape_text t = { "(" };
    int used = 1;
    for (int i = 0; i < dims; i++)
        used += snprintf(t.text + used, sizeof t.text - (size_t)used, "%s%" PRId64,
                         i > 0 ? ", " : "", shape[i]);
    snprintf(t.text + used, sizeof t.text - (size_t)used, dims == 1 ? ",)" : ")");
    return t;
}

/* ---- the dict ---- */

struct parser {
    const char *p, *end;
    const char *file;
    struct error *e;
};

static int broken(struct parser *in, const char *what)
{
    return error_at(in->e, in->file, 0, 0, "NPY header: %s", what);
}

static void spaces(struct parser *in)
{
    while (in->p < in->end && strchr(" \t\n\r\f", *in->p) != NULL && *in->p != '\0')
        in->p++;
}

static bool take_token(struct parser *in, char c)
{
    spaces(in);
    if (in->p == in->end || *in->p != c)
        return false;
    in->p++;
    return true;
}

/* No escapes: no key or type that is read here has one. */
static bool string(struct parser *in, const char **text, size_t *length)
{
    spaces(in);
    if (in->p == in->end || (*in->p != '\'' && *in->p != '"'))
        return false;
    char quote = *in->p++;
    const char *stop = memchr(in->p, quote, (size_t)(in->end - in->p));
    if (stop == NULL)
        return false;
    *text = in->p;
    *length = (size_t)(stop - in->p);
    in->p = stop + 1;
    return true;
}

static bool word(struct parser *in, const char *expected)
{
    size_t n = strlen(expected);
    spaces(in);
    if ((size_t)(in->end - in->p) < n || memcmp(in->p, expected, n) != 0)
        return false;
    in->p += n;
    return true;
}

static int read_descr(struct parser *in, struct npy_info *info)
{
    const char *text;
    size_t length;
    if (!string(in, &text, &length))
        return broken(in, "the type is not a string: structured arrays are not supported");
    const char *code = text;
    char order = '=';
    if (length > 0 && strchr("<>=|", *code) != NULL && *code != '\0') {
        order = *code++;
        length--;
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (length != 2 || memcmp(code, types[i].code, 2) != 0)
            continue;
        info->type = (enum npy_type)i;
        info->swapped = order == (little_machine ? '>' : '<');
        return CMD_OK;
    }
    /* NumPy does not know the types of ml_dtypes and keeps no more than their size. */
    bool bytes = length == 2 && (memcmp(code, "V2", 2) == 0 || memcmp(code, "V1", 2) == 0);
    return error_at(in->e, in->file, 0, 0,
                    "NPY header: the type is %s%s; only bool, i1 .. i8, u1 .. u8, f2, f4 and "
                    "f8 are supported",
                    quoted(text, (size_t)(code - text) + length).text,
                    !bytes           ? ""
                    : code[1] == '2' ? ", as of bfloat16 (save it as float32)"
                                     : ", as of float8 (save it as float32)");
}

static int read_order(struct parser *in, struct npy_info *info)
{
    info->fortran = word(in, "True");
    if (info->fortran || word(in, "False"))
        return CMD_OK;
    return broken(in, "fortran_order is neither True nor False");
}

static int read_dimension(struct parser *in, int64_t *dimension)
{
    spaces(in);
    int64_t value = 0;
    const char *start = in->p;
    for (; in->p < in->end && *in->p >= '0' && *in->p <= '9'; in->p++) {
        int digit = *in->p - '0';
        if (value > (INT64_MAX - digit) / 10)
            return broken(in, "a dimension is above 2^63 - 1");
        value = value * 10 + digit;
    }
    if (in->p == start)
        return broken(in, start < in->end && *start == '-' ? "a dimension is negative"
                                                           : "a dimension is not a number");
    if (in->p < in->end && *in->p == 'L') /* as Python 2 wrote long integers */
        in->p++;
    *dimension = value;
    return CMD_OK;
}

static int read_shape(struct parser *in, struct npy_info *info)
{
    if (!take_token(in, '('))
        return broken(in, "the shape is not a tuple");
    info->dims = 0;
    while (!take_token(in, ')')) {
        if (info->dims == NPY_DIMS)
            return broken(in, "more than 8 dimensions");
        int st = read_dimension(in, &info->shape[info->dims++]);
        if (st != CMD_OK)
            return st;
        if (take_token(in, ','))
            continue;
        if (!take_token(in, ')') || info->dims == 1) /* (5) is a number, not a tuple */
            return broken(in, "the shape is not a tuple");
        break;
    }
    return CMD_OK;
}

static const struct {
    const char *name;
    int (*read)(struct parser *in, struct npy_info *info);
} keys[] = {
    { "descr", read_descr },
    { "fortran_order", read_order },
    { "shape", read_shape },
};
enum { KEYS = sizeof keys / sizeof keys[0] };

static int read_entry(struct parser *in, struct npy_info *info, bool seen[KEYS])
{
    const char *text;
    size_t length;
    if (!string(in, &text, &length) || !take_token(in, ':'))
        return broken(in, "not a dict");
    for (size_t i = 0; i < KEYS; i++) {
        if (strlen(keys[i].name) != length || memcmp(keys[i].name, text, length) != 0)
            continue;
        if (seen[i])
            return broken(in, "a key appears twice");
        seen[i] = true;
        return keys[i].read(in, info);
    }
    return error_at(in->e, in->file, 0, 0, "NPY header: unknown key %s", quoted(text, length).text);
}

static int read_dict(struct parser *in, struct npy_info *info)
{
    bool seen[KEYS] = { false };
    if (!take_token(in, '{'))
        return broken(in, "not a dict");
    while (!take_token(in, '}')) {
        int st = read_entry(in, info, seen);
        if (st != CMD_OK)
            return st;
        if (take_token(in, ','))
            continue;
        if (!take_token(in, '}'))
            return broken(in, "not a dict");
        break;
    }
    spaces(in);
    if (in->p != in->end)
        return broken(in, "something follows the dict");
    for (size_t i = 0; i < KEYS; i++)
        if (!seen[i])
            return error_at(in->e, in->file, 0, 0, "NPY header: no key \"%s\"", keys[i].name);
    return CMD_OK;
}

/* ---- sizes ---- */

/* A shape with a 0 has no elements, so that no size of a file bounds its other dimensions: those
 * are bounded here, as rows, names of columns and results are made of them. */
static int count_elements(const struct source *s, struct npy_info *info, struct error *e)
{
    bool empty = false;
    for (int i = 0; i < info->dims; i++)
        empty |= info->shape[i] == 0;
    const size_t most = empty ? MOST_WHERE_EMPTY : (size_t)INT64_MAX / 8;
    size_t count = 1;
    for (int i = 0; i < info->dims; i++) {
        if (info->shape[i] == 0)
            continue;
        if ((uint64_t)info->shape[i] > most / count)
            return error_at(e, s->name, 0, 0, "the shape %s is too large %s",
                            npy_shape(info->dims, info->shape).text,
                            empty ? "for an array without elements" : "for any memory");
        count *= (size_t)info->shape[i];
    }
    info->count = empty ? 0 : count;
    uint64_t bytes = (uint64_t)info->count * types[info->type].size;
    if (s->size_known && s->left != bytes)
        return error_at(
            e, s->name, 0, 0,
            "the header promises %s of %s, %" PRIu64 " bytes, but %" PRIu64 " bytes follow it",
            npy_shape(info->dims, info->shape).text, types[info->type].name, bytes, s->left);
    return CMD_OK;
}

static int read_exactly(struct source *s, void *to, size_t bytes, struct error *e)
{
    size_t got;
    int st = source_read(s, to, bytes, &got, e);
    if (st == CMD_OK && got < bytes)
        st = error_at(e, s->name, 0, 0, "the NPY header is truncated");
    return st;
}

static int header_length(struct source *s, size_t *length, struct error *e)
{
    unsigned char b[PREAMBLE + 4];
    int st = read_exactly(s, b, PREAMBLE, e);
    if (st != CMD_OK)
        return st;
    int major = b[MAGIC], minor = b[MAGIC + 1];
    if (major < 1 || major > 3 || minor != 0)
        return error_at(e, s->name, 0, 0, "NPY version %d.%d; only 1.0, 2.0 and 3.0 are supported",
                        major, minor);
    size_t wide = major == 1 ? 2 : 4;
    st = read_exactly(s, b + PREAMBLE, wide, e);
    if (st != CMD_OK)
        return st;
    *length = 0;
    for (size_t i = 0; i < wide; i++)
        *length |= (size_t)b[PREAMBLE + i] << (8 * i);
    if (*length > HEADER_MAX)
        return error_at(e, s->name, 0, 0, "the NPY header has %zu bytes; at most %d are supported",
                        *length, HEADER_MAX);
    return CMD_OK;
}

int npy_header(struct source *s, struct npy_info *info, struct error *e)
{
    size_t length = 0;
    *info = (struct npy_info){ .dims = 0 };
    int st = header_length(s, &length, e);
    if (st != CMD_OK)
        return st;
    char *text = malloc(length + 1);
    if (text == NULL)
        return error_memory(e, length + 1);
    st = read_exactly(s, text, length, e);
    struct parser in = { .p = text, .end = text + length, .file = s->name, .e = e };
    if (st == CMD_OK)
        st = read_dict(&in, info);
    if (st == CMD_OK)
        st = count_elements(s, info, e);
    free(text);
    return st;
}

int npy_write_header(struct output *o, enum npy_type type, int dims, const int64_t *shape)
{
    char text[512];
    char order = types[type].size == 1 ? '|' : (little_machine ? '<' : '>');
    int used =
        snprintf(text, sizeof text, "{'descr': '%c%s', 'fortran_order': False, 'shape': %s, }",
                 order, types[type].code, npy_shape(dims, shape).text);
    /* the array begins at a multiple of 64; the last byte before it is a newline */
    const size_t preamble = PREAMBLE + 2;
    size_t length = (preamble + (size_t)used + 1 + 63) / 64 * 64 - preamble;
    memset(text + used, ' ', length - (size_t)used);
    text[length - 1] = '\n';
    unsigned char start[PREAMBLE + 2] = { 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0 };
    start[PREAMBLE] = (unsigned char)(length & 0xFF);
    start[PREAMBLE + 1] = (unsigned char)(length >> 8);
    output_write(o, start, preamble);
    return output_write(o, text, length);
}

int npy_write(const char *path, enum npy_type type, int dims, const int64_t *shape,
              const void *data, struct error *e)
{
    struct output o;
    int st = output_open(&o, path, e);
    if (st != CMD_OK)
        return st;
    size_t bytes = types[type].size;
    for (int i = 0; i < dims; i++)
        bytes *= (size_t)shape[i];
    npy_write_header(&o, type, dims, shape);
    output_write(&o, data, bytes);
    return output_close(&o, CMD_OK, e);
}
