/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/npy.h"

#include "tests/scratch.h"
#include "tests/suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct error e;
static const bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

/* A file: the header's text is padded to 64, the data follow. */
struct bytes {
    unsigned char b[4096];
    size_t n;
};

static struct bytes file_of(int version, const char *dict, const void *data, size_t length)
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

static int load(const char *path, enum npy_as as, struct npy_info *info, void **data)
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

/* ---- types ---- */

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

static struct bytes typed_file(int k, bool big_endian, int version)
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

static void check_typed(int k, const char *path)
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

START_TEST(types_are_read_in_both_byte_orders_and_all_versions)
{
    for (int big = 0; big < 2; big++)
        for (int version = 1; version <= 3; version++) {
            struct bytes f = typed_file(_i, big, version);
            write_file("t.npy", f.b, f.n);
            check_typed(_i, "t.npy");
        }
}
END_TEST

START_TEST(integers_are_read_as_integers_and_reals_are_not)
{
    struct npy_info info;
    void *data;
    struct bytes f = typed_file(_i, false, 1);
    write_file("t.npy", f.b, f.n);
    int st = load("t.npy", NPY_AS_I64, &info, &data);
    bool whole = types[_i].descr[0] == 'i' || types[_i].descr[0] == 'u';
    if (strcmp(types[_i].descr, "u8") == 0) {
        ck_assert_int_eq(st, CMD_DATA);
        ck_assert_str_eq(e.text, "t.npy: element [0, 1] is above 2^63 - 1");
    } else if (!whole) {
        ck_assert_int_eq(st, CMD_DATA);
        ck_assert_ptr_nonnull(strstr(e.text, " where integers belong"));
    } else {
        ck_assert_int_eq(st, CMD_OK);
        for (int i = 0; i < 4; i++)
            ck_assert_int_eq(((int64_t *)data)[i], (int64_t)types[_i].value[i]);
    }
    free(data);
}
END_TEST

START_TEST(a_mask_is_bool_or_zeros_and_ones)
{
    struct npy_info info;
    void *data;
    struct bytes f = typed_file(0, false, 1);
    write_file("t.npy", f.b, f.n);
    ck_assert_int_eq(load("t.npy", NPY_AS_BOOL, &info, &data), CMD_OK);
    ck_assert_mem_eq(data, "\0\1\1\0", 4);
    free(data);
    f = file_of(1, "{'descr': '<i2', 'fortran_order': False, 'shape': (2,)}", "\1\0\0\0", 4);
    write_file("t.npy", f.b, f.n);
    ck_assert_int_eq(load("t.npy", NPY_AS_BOOL, &info, &data), CMD_OK);
    ck_assert_mem_eq(data, "\1\0", 2);
    free(data);
    f = file_of(1, "{'descr': '<i2', 'fortran_order': False, 'shape': (2,)}", "\1\0\0\1", 4);
    write_file("t.npy", f.b, f.n);
    ck_assert_int_eq(load("t.npy", NPY_AS_BOOL, &info, &data), CMD_DATA);
    ck_assert_str_eq(e.text, "t.npy: element [1] is neither 0 nor 1");
    e = (struct error){ 0 };
    f = typed_file(TYPES - 1, false, 1);
    write_file("t.npy", f.b, f.n);
    ck_assert_int_eq(load("t.npy", NPY_AS_BOOL, &info, &data), CMD_DATA);
    ck_assert_str_eq(e.text, "t.npy: the array is float64 where bool belongs");
}
END_TEST

static const struct {
    double value;
    enum npy_as as;
    const char *fault;
} ranges[] = {
    { 1e39, NPY_AS_F64, NULL },
    { 1e39, NPY_AS_F64_FINITE, NULL },
    { 1e39, NPY_AS_F32, "t.npy: element [1, 0] is outside the range of float32" },
    { -1e39, NPY_AS_F32_FINITE, "t.npy: element [1, 0] is outside the range of float32" },
    { (double)INFINITY, NPY_AS_F32, NULL },
    { -(double)INFINITY, NPY_AS_F64, NULL },
    { -(double)INFINITY, NPY_AS_F64_FINITE, "t.npy: element [1, 0] is infinite" },
    { (double)INFINITY, NPY_AS_F32_FINITE, "t.npy: element [1, 0] is infinite" },
    { (double)NAN, NPY_AS_F64_FINITE, NULL },
    { (double)NAN, NPY_AS_F32_FINITE, NULL },
    { 1e-300, NPY_AS_F32, NULL },
};

START_TEST(range_and_infinity_are_told_by_index)
{
    struct npy_info info;
    void *data;
    double values[4] = { 1, 2, 3, 4 };
    for (int fortran = 0; fortran < 2; fortran++) {
        char dict[200];
        snprintf(dict, sizeof dict, "{'descr': '%cf8', 'fortran_order': %s, 'shape': (2, 2)}",
                 little ? '<' : '>', fortran ? "True" : "False");
        values[1] = fortran ? ranges[_i].value : 2;
        values[2] = fortran ? 3 : ranges[_i].value;
        struct bytes f = file_of(1, dict, values, sizeof values);
        write_file("t.npy", f.b, f.n);
        e = (struct error){ 0 };
        int st = load("t.npy", ranges[_i].as, &info, &data);
        ck_assert_int_eq(st, ranges[_i].fault ? CMD_DATA : CMD_OK);
        ck_assert_str_eq(e.text, ranges[_i].fault ? ranges[_i].fault : "");
        free(data);
    }
}
END_TEST

/* ---- order ---- */

START_TEST(fortran_order_becomes_c_order)
{
    static const int64_t shapes[][4] = {
        { 7, 1, 1, 1 }, { 1, 5, 1, 1 }, { 70, 37, 1, 1 }, { 3, 4, 5, 1 }, { 2, 4, 6, 3 },
    };
    static const int dims[] = { 1, 2, 2, 3, 4 };
    const int64_t *shape = shapes[_i];
    static uint32_t values[4096];
    size_t count = 1, steps[4];
    for (int a = 0; a < 4; a++) {
        steps[a] = count;
        count *= (size_t)shape[a];
    }
    for (size_t i = 0; i < count; i++)
        values[i] = (uint32_t)i;
    char dict[300];
    snprintf(dict, sizeof dict, "{'descr': '%cu4', 'fortran_order': True, 'shape': %s}",
             little ? '<' : '>', npy_shape(dims[_i], shape).text);
    static struct bytes f;
    f = file_of(1, dict, NULL, 0);
    FILE *to = fopen("t.npy", "wb");
    fwrite(f.b, 1, f.n, to);
    fwrite(values, 4, count, to);
    fclose(to);
    struct npy_info info;
    void *data;
    ck_assert_int_eq(load("t.npy", NPY_AS_F64, &info, &data), CMD_OK);
    ck_assert(info.fortran || dims[_i] == 1);
    const double *p = data;
    for (size_t i = 0; i < (size_t)shape[0]; i++)
        for (size_t j = 0; j < (size_t)shape[1]; j++)
            for (size_t k = 0; k < (size_t)shape[2]; k++)
                for (size_t l = 0; l < (size_t)shape[3]; l++)
                    ck_assert_double_eq(
                        *p++, (double)(i * steps[0] + j * steps[1] + k * steps[2] + l * steps[3]));
    free(data);
}
END_TEST

/* ---- headers ---- */

#define TAIL "'fortran_order': False, 'shape': (2,)}"

static const struct {
    const char *dict;
    size_t length;     /* of data */
    const char *fault; /* NULL for a good one */
} headers[] = {
    { "{'descr': '<f8', " TAIL, 16, NULL },
    { "{\"shape\": (2,), 'fortran_order':False,'descr':'<f8'}", 16, NULL },
    { "{ 'descr' : 'f8' , 'fortran_order' : True , 'shape' : ( 2L , ) , }", 16, NULL },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': ()}", 8, NULL },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 9223372036854775807)}", 0, NULL },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775807, 9, 0)}", 0, NULL },
    { "{'descr': '<f8', " TAIL, 15,
      "the header promises (2,) of float64, 16 bytes, but 15 bytes follow it" },
    { "{'descr': '<f8', " TAIL, 17,
      "the header promises (2,) of float64, 16 bytes, but 17 bytes follow it" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", 16,
      "the shape (4611686018427387904, 4) is larger than memory can be" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775808,)}", 16,
      "NPY header: a dimension is above 2^63 - 1" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}", 16,
      "the header promises (1000000000000,) of float64, 8000000000000 bytes, but 16 bytes follow "
      "it" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (-2,)}", 16,
      "NPY header: a dimension is negative" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (2.0,)}", 16,
      "NPY header: the shape is not a tuple" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (2)}", 16,
      "NPY header: the shape is not a tuple" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': 2}", 16,
      "NPY header: the shape is not a tuple" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (x,)}", 16,
      "NPY header: a dimension is not a number" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2)}", 16,
      "NPY header: more than 8 dimensions" },
    { "{'descr': '|O', " TAIL, 16,
      "NPY header: the type is \"|O\", and only bool, i1 .. i8, u1 .. u8, f2, f4 and f8 are "
      "read" },
    { "{'descr': '<U5', " TAIL, 40,
      "NPY header: the type is \"<U5\", and only bool, i1 .. i8, u1 .. u8, f2, f4 and f8 are "
      "read" },
    { "{'descr': '<f16', " TAIL, 32,
      "NPY header: the type is \"<f16\", and only bool, i1 .. i8, u1 .. u8, f2, f4 and f8 are "
      "read" },
    { "{'descr': [('a', '<f8')], " TAIL, 16,
      "NPY header: the type is not a plain one (structured arrays are not read)" },
    { "{'descr': '<f8', 'fortran_order': 0, 'shape': (2,)}", 16,
      "NPY header: fortran_order is neither True nor False" },
    { "{'descr': '<f8', 'fortran_order': False}", 16, "NPY header: no key \"shape\"" },
    { "{'descr': '<f8', 'descr': '<f8', " TAIL, 16, "NPY header: a key stands twice" },
    { "{'descr': '<f8', 'order': 'C', " TAIL, 16, "NPY header: unknown key \"order\"" },
    { "{'descr': '<f8', " TAIL "}", 16, "NPY header: something follows the dict" },
    { "['descr', '<f8']", 16, "NPY header: not a dict" },
    { "{'descr' '<f8', " TAIL, 16, "NPY header: not a dict" },
    { "{'descr': '<f8' " TAIL, 16, "NPY header: not a dict" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)", 16, "NPY header: not a dict" },
    { "{'descr': '<f8", 16,
      "NPY header: the type is not a plain one (structured arrays are not read)" },
    { "", 16, "NPY header: not a dict" },
};

START_TEST(headers_are_read_or_refused)
{
    static const double data[8] = { 1, 2 };
    struct bytes f = file_of(1 + _i % 3, headers[_i].dict, data, headers[_i].length);
    write_file("t.npy", f.b, f.n);
    struct npy_info info;
    void *array;
    char expected[300] = "";
    if (headers[_i].fault != NULL)
        snprintf(expected, sizeof expected, "t.npy: %s", headers[_i].fault);
    int st = load("t.npy", NPY_AS_F64, &info, &array);
    ck_assert_str_eq(e.text, expected);
    ck_assert_int_eq(st, headers[_i].fault == NULL ? CMD_OK : CMD_DATA);
    free(array);
}
END_TEST

START_TEST(a_file_cut_anywhere_is_bad_data)
{
    struct bytes f = typed_file(TYPES - 1, false, 1 + _i);
    struct npy_info info;
    void *data;
    for (size_t n = 0; n < f.n; n++) {
        e = (struct error){ 0 };
        write_file("t.npy", f.b, n);
        ck_assert_msg(load("t.npy", NPY_AS_F64, &info, &data) == CMD_DATA, "at %zu", n);
        if (n >= 6 && n < f.n - 32)
            ck_assert_str_eq(e.text, "t.npy: the NPY header is cut short");
    }
}
END_TEST

START_TEST(versions_and_header_lengths_are_bounded)
{
    struct npy_info info;
    void *data;
    struct bytes f = typed_file(TYPES - 1, false, 2);
    f.b[6] = 4;
    write_file("t.npy", f.b, f.n);
    ck_assert_int_eq(load("t.npy", NPY_AS_F64, &info, &data), CMD_DATA);
    ck_assert_str_eq(e.text, "t.npy: NPY version 4.0, and only 1.0, 2.0 and 3.0 are read");
    e = (struct error){ 0 };
    f.b[6] = 2;
    memset(f.b + 8, 0xFF, 4);
    write_file("t.npy", f.b, f.n);
    ck_assert_int_eq(load("t.npy", NPY_AS_F64, &info, &data), CMD_DATA);
    ck_assert_str_eq(e.text, "t.npy: an NPY header of 4294967295 bytes, at most 65536 are read");
}
END_TEST

/* ---- pipes ---- */

START_TEST(a_pipe_is_believed_as_far_as_it_comes)
{
    static const double values[2] = { 1, 2 };
    struct npy_info info;
    void *data;
    struct bytes f = file_of(
        1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000000,)}", values, 16);
    stdin_from_pipe(f.b, f.n);
    ck_assert_int_eq(load("-", NPY_AS_F64, &info, &data), CMD_DATA);
    ck_assert_str_eq(e.text, "<stdin>: the file ends before the 1000000000000000000 elements of "
                             "(1000000000000000000,)");
    e = (struct error){ 0 };
    f = file_of(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", values, 16);
    stdin_from_pipe(f.b, f.n);
    ck_assert_int_eq(load("-", NPY_AS_F64, &info, &data), CMD_DATA);
    ck_assert_str_eq(e.text, "<stdin>: bytes follow the 1 elements of (1,)");
}
END_TEST

START_TEST(a_long_pipe_is_read_whole)
{
    const size_t count = 300001;
    char dict[200];
    snprintf(dict, sizeof dict, "{'descr': '%ci4', 'fortran_order': True, 'shape': (%zu,)}",
             little ? '<' : '>', count);
    struct bytes f = file_of(1, dict, NULL, 0);
    unsigned char *all = malloc(f.n + 4 * count);
    memcpy(all, f.b, f.n);
    for (int32_t i = 0; i < (int32_t)count; i++)
        memcpy(all + f.n + 4 * i, &i, 4);
    stdin_from_pipe(all, f.n + 4 * count);
    struct npy_info info;
    void *data;
    ck_assert_int_eq(load("-", NPY_AS_F64, &info, &data), CMD_OK);
    for (size_t i = 0; i < count; i++)
        ck_assert_double_eq(((double *)data)[i], (double)i);
    free(data);
    free(all);
}
END_TEST

START_TEST(stdin_may_begin_in_the_middle_of_a_file)
{
    struct bytes f = typed_file(TYPES - 1, false, 1);
    memmove(f.b + 100, f.b, f.n);
    write_file("t.bin", f.b, f.n + 100);
    stdin_from_file("t.bin");
    ck_assert_int_eq(lseek(STDIN_FILENO, 100, SEEK_SET), 100);
    struct npy_info info;
    void *data;
    ck_assert_int_eq(load("-", NPY_AS_F64, &info, &data), CMD_OK);
    ck_assert_mem_eq(data, types[TYPES - 1].value, 4 * sizeof(double));
    free(data);
}
END_TEST

/* ---- writing ---- */

START_TEST(what_is_written_is_aligned_and_comes_back)
{
    static const int64_t shapes[][3] = { { 2, 3, 1 }, { 6, 1, 1 }, { 3, 1, 2 }, { 0, 5, 1 } };
    static const int dims[] = { 2, 1, 3, 2 };
    const double values[6] = { 1, -0.0, 0.1, (double)INFINITY, 1e300, 5e-324 };
    size_t length;
    struct npy_info info;
    void *data;
    ck_assert_int_eq(npy_write("o.npy", NPY_F64, dims[_i], shapes[_i], values, &e), CMD_OK);
    char *text = read_back("o.npy", &length);
    ck_assert_uint_eq(length % 64, _i == 3 ? 0 : 48);
    ck_assert_int_eq(text[length - (_i == 3 ? 1 : 49)], '\n');
    ck_assert_int_eq(load("o.npy", NPY_AS_F64, &info, &data), CMD_OK);
    ck_assert_int_eq(info.dims, dims[_i]);
    ck_assert_mem_eq(info.shape, shapes[_i], sizeof(int64_t) * (size_t)dims[_i]);
    if (_i != 3)
        ck_assert_mem_eq(data, values, sizeof values);
    free(data);
}
END_TEST

Suite *suite_npy(void)
{
    Suite *suite = suite_create("npy");
    TCase *tc = tcase_create("npy");
    tcase_set_timeout(tc, 60);
    tcase_add_unchecked_fixture(tc, scratch_open, scratch_close);
    tcase_add_loop_test(tc, types_are_read_in_both_byte_orders_and_all_versions, 0, TYPES);
    tcase_add_loop_test(tc, integers_are_read_as_integers_and_reals_are_not, 0, TYPES);
    tcase_add_test(tc, a_mask_is_bool_or_zeros_and_ones);
    tcase_add_loop_test(tc, range_and_infinity_are_told_by_index, 0,
                        (int)(sizeof ranges / sizeof ranges[0]));
    tcase_add_loop_test(tc, fortran_order_becomes_c_order, 0, 5);
    tcase_add_loop_test(tc, headers_are_read_or_refused, 0,
                        (int)(sizeof headers / sizeof headers[0]));
    tcase_add_loop_test(tc, a_file_cut_anywhere_is_bad_data, 0, 3);
    tcase_add_test(tc, versions_and_header_lengths_are_bounded);
    tcase_add_test(tc, a_pipe_is_believed_as_far_as_it_comes);
    tcase_add_test(tc, a_long_pipe_is_read_whole);
    tcase_add_test(tc, stdin_may_begin_in_the_middle_of_a_file);
    tcase_add_loop_test(tc, what_is_written_is_aligned_and_comes_back, 0, 4);
    suite_add_tcase(suite, tc);
    return suite;
}
