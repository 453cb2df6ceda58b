/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/npy_file.h"
#include "tests/support/scratch.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 10000000)}", 0, NULL },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 10000001)}", 3,
      "the shape (0, 10000001) is too large for an array without elements" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775807, 9, 0)}", 3,
      "the shape (9223372036854775807, 9, 0) is too large for an array without elements" },
    { "{'descr': '<f8', " TAIL, 15,
      "the header promises (2,) of float64, 16 bytes, but 15 bytes follow it" },
    { "{'descr': '<f8', " TAIL, 17,
      "the header promises (2,) of float64, 16 bytes, but 17 bytes follow it" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", 16,
      "the shape (4611686018427387904, 4) is too large for any memory" },
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
      "NPY header: the type is \"|O\"; only bool, i1 .. i8, u1 .. u8, f2, f4 and f8 are "
      "supported" },
    { "{'descr': '<V2', " TAIL, 4,
      "NPY header: the type is \"<V2\", as of bfloat16 (save it as float32); only bool, i1 .. "
      "i8, u1 .. u8, f2, f4 and f8 are supported" },
    { "{'descr': '<V1', " TAIL, 2,
      "NPY header: the type is \"<V1\", as of float8 (save it as float32); only bool, i1 .. "
      "i8, "
      "u1 .. u8, f2, f4 and f8 are supported" },
    { "{'descr': '<U5', " TAIL, 40,
      "NPY header: the type is \"<U5\"; only bool, i1 .. i8, u1 .. u8, f2, f4 and f8 are "
      "supported" },
    { "{'descr': '<f16', " TAIL, 32,
      "NPY header: the type is \"<f16\"; only bool, i1 .. i8, u1 .. u8, f2, f4 and f8 are "
      "supported" },
    { "{'descr': [('a', '<f8')], " TAIL, 16,
      "NPY header: the type is not a string: structured arrays are not supported" },
    { "{'descr': '<f8', 'fortran_order': 0, 'shape': (2,)}", 16,
      "NPY header: fortran_order is neither True nor False" },
    { "{'descr': '<f8', 'fortran_order': False}", 16, "NPY header: no key \"shape\"" },
    { "{'descr': '<f8', 'descr': '<f8', " TAIL, 16, "NPY header: a key appears twice" },
    { "{'descr': '<f8', 'order': 'C', " TAIL, 16, "NPY header: unknown key \"order\"" },
    { "{'descr': '<f8', " TAIL "}", 16, "NPY header: something follows the dict" },
    { "['descr', '<f8']", 16, "NPY header: not a dict" },
    { "{'descr' '<f8', " TAIL, 16, "NPY header: not a dict" },
    { "{'descr': '<f8' " TAIL, 16, "NPY header: not a dict" },
    { "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)", 16, "NPY header: not a dict" },
    { "{'descr': '<f8", 16,
      "NPY header: the type is not a string: structured arrays are not supported" },
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
            ck_assert_str_eq(e.text, "t.npy: the NPY header is truncated");
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
    ck_assert_str_eq(e.text, "t.npy: NPY version 4.0; only 1.0, 2.0 and 3.0 are supported");
    e = (struct error){ 0 };
    f.b[6] = 2;
    memset(f.b + 8, 0xFF, 4);
    write_file("t.npy", f.b, f.n);
    ck_assert_int_eq(load("t.npy", NPY_AS_F64, &info, &data), CMD_DATA);
    ck_assert_str_eq(e.text,
                     "t.npy: the NPY header has 4294967295 bytes; at most 65536 are supported");
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
