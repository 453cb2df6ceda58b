/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_NPY_FILE_H
#define TESTS_SUPPORT_NPY_FILE_H

/* NPY files made by hand, and what is read from them. */

#include "tools/io/npy.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error e;
static const bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

/* A file: the header's text is padded to 64, the data follow. */
struct bytes {
    unsigned char b[4096];
    size_t n;
};

static inline struct bytes file_of(int version, const char *dict, const void *data, size_t length)
{
    struct bytes f = { .b = { 0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)version, 0 } };
    size_t start = version == 1 ? 10 : 12;
    size_t header = (start + strlen(dict) + 1 + 63) / 64 * 64 - start;
    for (size_t i = 0; i < start - 8; i++)
        f.b[8 + i] = (unsigned char)(header >> (8 * i) & 0xFF);
    memset(f.b + start, ' ', header);
    memcpy(f.b + start, dict, strlen(dict));
    f.b[start + header - 1] = '\n';
    f.n = start + header;
    if (length > 0)
        memcpy(f.b + f.n, data, length);
    f.n += length;
    return f;
}

static inline int load(const char *path, enum npy_as as, struct npy_info *info, void **data)
{
    struct source s;
    *data = NULL;
    int st = source_open(&s, path, &e);
    if (st != CMD_OK)
        return st;
    st = npy_header(&s, info, &e);
    if (st == CMD_OK)
        st = npy_data(&s, info, as, data, &e);
    source_close(&s);
    ck_assert((st == CMD_OK) == (*data != NULL));
    return st;
}

/* Four elements as bytes of a little-endian file, and what they are. */
static const struct {
    const char *descr;
    unsigned char bytes[32];
    size_t size;
    double value[4];
} types[] = {
    { "b1", { 0, 1, 2, 0 }, 1, { 0, 1, 1, 0 } },
    { "i1", { 0, 1, 0xFF, 0x80 }, 1, { 0, 1, -1, -128 } },
    { "u1", { 0, 1, 0xFF, 0x80 }, 1, { 0, 1, 255, 128 } },
    { "i2", { 0, 0, 1, 0, 0xFF, 0xFF, 0x02, 0x01 }, 2, { 0, 1, -1, 258 } },
    { "u2", { 0, 0, 1, 0, 0xFF, 0xFF, 0x02, 0x01 }, 2, { 0, 1, 65535, 258 } },
    { "i4", { 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 4, 3, 2, 1 }, 4, { 1, -1, 0x01020304, 0 } },
    { "u4",
      { 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 4, 3, 2, 1 },
      4,
      { 1, 4294967295, 0x01020304, 0 } },
    { "i8",
      { 1, 0, 0, 0, 0, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 1 },
      8,
      { 1, -2, 256, 0 } },
    { "u8", { 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 1 }, 8, { 1, 0x1p63, 256, 0 } },
    { "f2", { 0, 0x3C, 1, 0, 0xFF, 0xFB, 0, 0x7C }, 2, { 1, 0x1p-24, -65504, (double)INFINITY } },
    { "f4",
      { 0, 0, 0x80, 0x3F, 0xCD, 0xCC, 0xCC, 0x3D, 0, 0, 0, 0x80, 0xFF, 0xFF, 0x7F, 0x7F },
      4,
      { 1, (double)0.1f, -0.0, 0x1.fffffep127 } },
    { "f8",
      { 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0x9A, 0x99, 0x99, 0x99, 0x99, 0x99, 0xB9, 0x3F,
        0, 0, 0, 0, 0, 0, 0,    0x80, 0,    0,    0,    0,    0,    0,    0,    0x40 },
      8,
      { 1, 0.1, -0.0, 2 } },
};
enum { TYPES = sizeof types / sizeof types[0] };

static inline struct bytes typed_file(int k, bool big_endian, int version)
{
    unsigned char data[32];
    char dict[200];
    size_t size = types[k].size;
    for (size_t i = 0; i < 4 * size; i++)
        data[i] = types[k].bytes[big_endian ? i / size * size + size - 1 - i % size : i];
    snprintf(dict, sizeof dict, "{'descr': '%c%s', 'fortran_order': False, 'shape': (2, 2), }",
             size == 1 ? '|' : (big_endian ? '>' : '<'), types[k].descr);
    return file_of(version, dict, data, 4 * size);
}

static inline void check_typed(int k, const char *path)
{
    struct npy_info info;
    void *data;
    ck_assert_int_eq(load(path, NPY_AS_F64, &info, &data), CMD_OK);
    ck_assert_int_eq(info.dims, 2);
    ck_assert_int_eq(info.shape[0], 2);
    ck_assert_uint_eq(info.count, 4);
    ck_assert_msg(memcmp(data, types[k].value, sizeof types[k].value) == 0, "%s", types[k].descr);
    free(data);
    ck_assert_int_eq(load(path, NPY_AS_F32, &info, &data), CMD_OK);
    for (int i = 0; i < 4; i++) {
        float expected = (float)types[k].value[i];
        ck_assert_msg(memcmp((float *)data + i, &expected, sizeof expected) == 0, "%s",
                      types[k].descr);
    }
    free(data);
}

#endif
