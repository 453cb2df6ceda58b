/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/npy_file.h"
#include "tests/support/scratch.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
        ck_assert_ptr_nonnull(strstr(e.text, ", it should be integers"));
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
    ck_assert_str_eq(e.text, "t.npy: the array is float64, it should be bool");
}
END_TEST

static const struct {
    double value;
    enum npy_as as;
    const char *fault;
} ranges[] = {
    { 1e39, NPY_AS_F64, NULL },
    { 1e39, NPY_AS_F32, "t.npy: element [1, 0] is outside the range of float32" },
    { -1e39, NPY_AS_F32, "t.npy: element [1, 0] is outside the range of float32" },
    { (double)INFINITY, NPY_AS_F32, NULL },
    { -(double)INFINITY, NPY_AS_F64, NULL },
    { (double)NAN, NPY_AS_F32, NULL },
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

Suite *suite_npy_types(void)
{
    Suite *suite = suite_create("npy types");
    TCase *tc = tcase_create("npy types");
    tcase_set_timeout(tc, 60);
    tcase_add_unchecked_fixture(tc, scratch_open, scratch_close);
    tcase_add_loop_test(tc, types_are_read_in_both_byte_orders_and_all_versions, 0, TYPES);
    tcase_add_loop_test(tc, integers_are_read_as_integers_and_reals_are_not, 0, TYPES);
    tcase_add_test(tc, a_mask_is_bool_or_zeros_and_ones);
    tcase_add_loop_test(tc, range_and_infinity_are_told_by_index, 0,
                        (int)(sizeof ranges / sizeof ranges[0]));
    tcase_add_loop_test(tc, fortran_order_becomes_c_order, 0, 5);
    suite_add_tcase(suite, tc);
    return suite;
}
