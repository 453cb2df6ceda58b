/* SPDX-License-Identifier: Apache-2.0 */
/* Reading tables: the values, and the messages for what cannot be read. */
#include "tools/io/table.h"

#include "tests/support/reading.h"
#include "tests/support/scratch.h"
#include "tests/suites/suites.h"
#include "tools/io/npy.h"
#include "tools/io/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct reading readings[] = {
    /* headers and choices */
    { "x,y\n1,2\n3,4\n", "x,y", 0, 0, "x,y|2:1,2|3:3,4" },
    { "x,y\n1,2\n3,4\n", "y,x", 0, 0, "y,x|2:2,1|3:4,3" },
    { "x,y\n1,2\n", "2", 0, 0, "y|2:2" },
    { "x,y\n1,2\n", "y,y,2", 0, 0, "y,y,y|2:2,2,2" },
    { "1,2\n3,4\n", "1,2", 0, 0, "-,-|1:1,2|2:3,4" },
    { "1,NA\n3,4\n", "1,2", KEEP, 0, "-,-|1:1,NaN|2:3,4" },
    { "a,2\n3,4\n", "2", 0, 0, "-|1:2|2:4" },
    { "a,2\n3,4\n", "1,2", 0, 3,
      ":1:1: \"a\" is not a number, but is beside \"2\": --header yes if the first row is a "
      "header, "
      "--header no if it is data" },
    { "a,2\n3,4\n", "1", NO_HEADER, 3, ":1:1: column 1: \"a\" is not a number" },
    { "5,2\n3,4\n", "1", NO_HEADER, 0, "-|1:5|2:3" },
    { "x y,\"a,b\",\"q\"\"q\"\n1,2,3\n", "q\"q,x y", 0, 0, "q\"q,x y|2:3,1" },
    { "NA,1\n2,3\n", "NA", 0, 0, "NA|2:2" },
    /* forms of text */
    { "\xEF\xBB\xBFx,y\n1,2\n", "x", 0, 0, "x|2:1" },
    { "\xEF\xBB\xBF\"x\",y\n1,2\n", "x", 0, 0, "x|2:1" },
    { "x,y\r\n1,2\r\n3,4\r\n", "x,y", 0, 0, "x,y|2:1,2|3:3,4" },
    { "x,y\r1,2\r3,4", "x,y", 0, 0, "x,y|2:1,2|3:3,4" },
    { "x\r1\n2\r3\n", "x", 0, 0, "x|2:1|3:2|4:3" },
    { "x,y\n1,2", "x,y", 0, 0, "x,y|2:1,2" },
    { "x,y\n1,2\n\n\n  \n", "x,y", 0, 0, "x,y|2:1,2" },
    { "\n\nx,y\n1,2\n\r\n3,4\n", "x,y", 0, 0, "x,y|4:1,2|6:3,4" },
    { "x, y \n 1 ,\" 2 \"\n", "x,y", 0, 0, "x,y|2:1,2" },
    { "x;y\n1;2\n", "x,y", SEMICOLON, 0, "x,y|2:1,2" },
    { "x y\n1 2\n", "x,y", SPACE, 0, "x,y|2:1,2" },
    { "t,x\n\"a\nb\r\nc\rd\",1\n5,2\n", "x", 0, 0, "x|2:1|6:2" },
    { "\"a\nb\",1\n\"c\n\",2\n", "2", 0, 0, "-|1:1|3:2" },
    { "t,x\nabc,1\n\"d\"\"e\",2\n", "x", 0, 0, "x|2:1|3:2" },
    /* missing values */
    { "x,y\n1,2\n3,NA\n", "x,y", 0, 3,
      ":3:2: column \"y\": \"NA\" is a missing value; --na omit leaves such rows out" },
    { "x,y\n1,2\n,3\n", "x,y", 0, 3,
      ":3:1: column \"x\": the value is missing; --na omit leaves such rows out" },
    { "x,y\n1,2\n3,nan\n4,\n5,6\n", "x,y", OMIT, 0, "x,y|2:1,2|5:5,6|omitted 2" },
    { "x,y\n1,2\n3,nan\n4,\n5,6\n", "x,y", KEEP, 0, "x,y|2:1,2|3:3,NaN|4:4,NaN|5:5,6" },
    { "x,y\n1,NA\n", "x", 0, 0, "x|2:1" },
    { "x\n1\n\"\"\n2\n", "x", KEEP, 0, "x|2:1|3:NaN|4:2" },
    { "x,y\n1,NA\n", "y", OMIT, 3, ": no rows: all 1 have a missing value" },
    { "x,y\nNA,z\n", "x,y", OMIT, 3, ":2:2: column \"y\": \"z\" is not a number" },
    /* values that are not numbers */
    { "x,y\n1,2\n3,abc\n", "x,y", 0, 3, ":3:2: column \"y\": \"abc\" is not a number" },
    { "1,2\n3,abc\n", "1,2", 0, 3, ":2:2: column 2: \"abc\" is not a number" },
    { "x\n\"1\n2\"\n", "x", 0, 3, ":2:1: column \"x\": \"1\\n2\" is not a number" },
    { "x\n1,5\n", "x", SEMICOLON, 3,
      ":2:1: column \"x\": \"1,5\" is not a number; --decimal , reads decimal commas" },
    { "x\n0x10\n", "x", 0, 3, ":2:1: column \"x\": \"0x10\" is not a number" },
    { "x\n1\n-inf\n", "x", OMIT, 3,
      ":3:1: column \"x\": \"-inf\" is infinite; --missing \"-inf\" makes it a missing value" },
    { "\"a\nb\",Inf\n1,2\n", "2", 0, 3,
      ":2:2: column 2: \"Inf\" is infinite; --missing \"Inf\" makes it a missing value" },
    { "t,x\n\"a\nb\",Inf\n", "x", 0, 3,
      ":3:2: column \"x\": \"Inf\" is infinite; --missing \"Inf\" makes it a missing value" },
    { "Inf\n1\n", "1", 0, 3,
      ":1:1: column 1: \"Inf\" is infinite; --missing \"Inf\" makes it a missing value" },
    { "x\n1e400\n", "x", 0, 3, ":2:1: column \"x\": \"1e400\" is outside the range of float64" },
    { "x\n1e39\n", "x", 0, 0, "x|2:1e+39" },
    { "x\n1e39\n", "x", SINGLE, 3, ":2:1: column \"x\": \"1e39\" is outside the range of float32" },
    { "x\n1e-300\n", "x", SINGLE, 0, "x|2:1e-300" },
    /* shapes */
    { "", "x", 0, 3, ": the file is empty" },
    { "\n \n", "x", 0, 3, ": the file is empty" },
    { "x,y\n", "x", 0, 3, ": no rows" },
    { "x,y\n1,2\n3\n", "x", 0, 3, ":3:1: the row has 1 cell, the first row has 2" },
    { "x,y\n1,2,3,4\n", "x", 0, 3, ":2:3: the row has 4 cells, the first row has 2" },
    { "t,x\n\"a\nb\",1\n7\n", "x", 0, 3, ":4:1: the row has 1 cell, the first row has 2" },
    /* columns that are not there */
    { "x,y\n1,2\n", "z", 0, 3, ":1: no column \"z\"; the first row is \"x\", \"y\"" },
    { "\"a, b\",y\n1,2\n", "a", 0, 3,
      ":1: no column \"a\"; the first row is \"a, b\", \"y\"; give a column with a comma "
      "in its name by number" },
    { "x,y\n1,2\n", "3", 0, 3, ": no column 3: there are 2" },
    { "x,y\n1,2\n", "18446744073709551617", 0, 3, ": no column 18446744073709551617: there are 2" },
    { "x,y,x\n1,2,3\n", "x", 0, 3, ":1:3: the name \"x\" appears twice, in columns 1 and 3" },
    { "x,y,x\n1,2,3\n", "y", 0, 0, "y|2:2" },
    { "x,y\n1,2\n", "0", 0, 2, "there is no column 0: columns are numbered from 1" },
    { "x,y\n1,2\n", "", 0, 2, "a column's name is empty" },
    { "x,y\n1,2\n", "x", NO_HEADER, 2, "column \"x\": without a header columns have numbers only" },
    /* quotes */
    { "x,y\n1,\"2\n3,4\n", "x,y", 0, 3, ":2:2: a quoted cell begins here and never ends" },
    { "x,y\n1,5\" pipe\n", "x", 0, 3,
      ":2:2: a quote inside a cell (in a quoted cell, double it); is --delimiter right?" },
    { "x,y\n\"1\"2,3\n", "y", 0, 3,
      ":2:1: a quote inside a cell (in a quoted cell, double it); is --delimiter right?" },
    /* query points */
    { "b,t,a\n1,2,3\n", "a,b", IN_ORDER, 0, "a,b|2:3,1" },
    { "b,a\n1,3\n", "a,b", IN_ORDER, 0, "a,b|2:3,1" },
    { "b,a\n1,\n1,2\n", "a", IN_ORDER, 3,
      ":2:2: column \"a\": the value is missing; --na omit leaves the fit of such rows empty" },
    { "p,q\n1,3\n", "a,b", IN_ORDER, 0, "p,q|2:1,3" },
    { "1,3\n4,5\n", "a,b", IN_ORDER, 0, "-,-|1:1,3|2:4,5" },
    { "1,3\n", "?,?", IN_ORDER, 0, "-,-|1:1,3" },
    { "a,b\n1,3\n", "a,b", IN_ORDER | NO_HEADER, 3, ":1:1: column 1: \"a\" is not a number" },
    { "7\n8\n", "2", IN_ORDER, 0, "-|1:7|2:8" },
    { "a,c,d\n1,3,4\n", "a,b", IN_ORDER, 3,
      ":1: there is a column \"a\", but no \"b\": either all x columns by name, or none and "
      "exactly 2 "
      "columns" },
    { "c,d,e\n1,3,4\n", "a,b", IN_ORDER, 3,
      ":1: neither a column \"a\" nor exactly 2 columns: there are 3" },
    { "1,3,4\n", "?", IN_ORDER, 3, ":1: not exactly 1 column: there are 3" },
    { "a,a,b\n1,3,4\n", "a,b", IN_ORDER, 3,
      ":1:2: the name \"a\" appears twice, in columns 1 and 2" },
};

static struct error e;

START_TEST(csv_is_read_or_refused)
{
    write_file("t.csv", readings[_i].text, strlen(readings[_i].text));
    reading_check(&readings[_i], "t.csv", "t.csv");
}
END_TEST

START_TEST(stdin_is_read_like_a_file)
{
    stdin_from_pipe(readings[_i].text, strlen(readings[_i].text));
    reading_check(&readings[_i], "-", "<stdin>");
}
END_TEST

/* A block boundary within a number, a quoted cell and a CRLF changes nothing. */
START_TEST(blocks_do_not_show)
{
    const size_t rows = 150000;
    char *text = malloc(rows * 40), *p = text;
    p += sprintf(p, "\xEF\xBB\xBFt,x\r\n");
    for (size_t i = 0; i < rows; i++)
        p += sprintf(p, "\"a,\r\n\"\"b\",%zu.25\r\n", i);
    write_file("big.csv", text, (size_t)(p - text));
    struct table t;
    const struct table_options o = { .columns = (const char *const[]){ "x" }, .column_count = 1 };
    ck_assert_int_eq(table_read("big.csv", &o, &t, &e), CMD_OK);
    ck_assert_uint_eq(t.rows, rows);
    for (size_t i = 0; i < rows; i++) {
        ck_assert_double_eq(t.columns[0][i], (double)i + 0.25);
        ck_assert_uint_eq(table_line(&t, i), 2 + 2 * i);
    }
    ck_assert_int_eq(table_fault(&t, 7, 0, &e, "is %s", "odd"), CMD_DATA);
    ck_assert_str_eq(e.text, "big.csv:16:2: column \"x\": is odd");
    table_free(&t);
    free(text);
}
END_TEST

START_TEST(what_cannot_be_opened_is_no_bad_data)
{
    struct table t;
    const struct table_options o = { .columns = (const char *const[]){ "x" }, .column_count = 1 };
    ck_assert_int_eq(table_read("none.csv", &o, &t, &e), CMD_FAILED);
    ck_assert_str_eq(e.text, "cannot open none.csv: No such file or directory");
    e = (struct error){ 0 };
    ck_assert_int_eq(table_read("/", &o, &t, &e), CMD_FAILED);
    ck_assert_str_eq(e.text, "cannot read /: Is a directory");
}
END_TEST

START_TEST(contents_of_the_other_kind_are_bad_data)
{
    struct table t;
    const struct table_options o = { .columns = (const char *const[]){ "x" }, .column_count = 1 };
    write_file("a.npy", "x\n1\n2\n3\n", 8);
    ck_assert_int_eq(table_read("a.npy", &o, &t, &e), CMD_DATA);
    ck_assert_str_eq(e.text, "a.npy: not an NPY file, though the name ends in .npy");
    e = (struct error){ 0 };
    write_file("a.npy", "", 0);
    ck_assert_int_eq(table_read("a.npy", &o, &t, &e), CMD_DATA);
    ck_assert_str_eq(e.text, "a.npy: the file is empty");
    e = (struct error){ 0 };
    write_file("a.csv", "\x93NUMPY\1\0", 8);
    ck_assert_int_eq(table_read("a.csv", &o, &t, &e), CMD_DATA);
    ck_assert_str_eq(e.text, "a.csv: an NPY file, though the name does not end in .npy");
}
END_TEST

static const struct {
    const char *bytes;
    size_t length;
    const char *want;
} kinds[] = {
    { "\x1F\x8B\x08\0", 4, "this is gzip data; unpack it first (gzip -d)" },
    { "BZh91AY&SY", 10, "this is bzip2 data; unpack it first (bzip2 -d)" },
    { "PK\3\4\x14\0", 6,
      "this is a zip archive, as .xlsx, .ods and .npz files are; unpack it first, or save its "
      "table "
      "as CSV" },
    { "PAR1\x15\4", 6,
      "this is Parquet data; save its numbers as CSV, or as an array in an .npy file" },
    { "ARROW1\0\0", 8,
      "this is Arrow data, as Feather files are; save its numbers as CSV, or as an array in an "
      ".npy "
      "file" },
    { "\x89HDF\r\n\x1A\n", 8,
      "this is HDF5 data, as netCDF 4 files are; save its numbers as CSV, or as an array in an "
      ".npy "
      "file" },
    { "\xFF\xFEx\0\n\0", 6,
      "this is text in UTF-16, not UTF-8; convert it (iconv -f UTF-16 -t UTF-8)" },
    { "x\0\n\0", 4, "neither UTF-8 text nor a NumPy array: it has NUL bytes" },
    { "PAR1,x\n1,2\n", 11, NULL },
    { "x,PAR1\n1,2\n", 11, NULL },
    { "ARROW1,x\n1,2\n", 13, NULL },
};

START_TEST(other_kinds_are_named)
{
    struct table t;
    const struct table_options o = { .columns = (const char *const[]){ "2" }, .column_count = 1 };
    char text[300];
    write_file("a.csv", kinds[_i].bytes, kinds[_i].length);
    int st = table_read("a.csv", &o, &t, &e);
    if (kinds[_i].want == NULL) {
        ck_assert_int_eq(st, CMD_OK);
        table_free(&t);
        return;
    }
    ck_assert_int_eq(st, CMD_DATA);
    snprintf(text, sizeof text, "a.csv: %s", kinds[_i].want);
    ck_assert_str_eq(e.text, text);
}
END_TEST

/* ---- NPY ---- */

static int read_table(const char *path, const char *const *columns, size_t count,
                      enum table_missing missing, struct table *t)
{
    const struct table_options o = {
        .columns = columns, .column_count = count, .missing = missing, .single = true
    };
    e = (struct error){ 0 };
    return table_read(path, &o, t, &e);
}

START_TEST(an_array_is_a_table)
{
    double values[6] = { 1, 2, 3, (double)NAN, 5, 6 };
    struct table t;
    const char *const one[] = { "2", "1", "2" };
    ck_assert_int_eq(npy_write("t.npy", NPY_F64, 2, (const int64_t[]){ 3, 2 }, values, &e), 0);
    ck_assert_int_eq(read_table("t.npy", one, 3, TABLE_MISSING_ERROR, &t), CMD_DATA);
    ck_assert_str_eq(
        e.text, "t.npy:2:2: column 2: \"NaN\" is a missing value; --na omit leaves such rows out");
    ck_assert_int_eq(read_table("t.npy", one, 3, TABLE_MISSING_OMIT, &t), CMD_OK);
    ck_assert_uint_eq(t.rows, 2);
    ck_assert_uint_eq(t.omitted, 1);
    ck_assert_double_eq(t.columns[0][1], 6);
    ck_assert_double_eq(t.columns[1][1], 5);
    ck_assert_ptr_eq(t.columns[0], t.columns[2]);
    ck_assert_uint_eq(t.stored_count, 2);
    ck_assert_ptr_null(t.names[0]);
    ck_assert_uint_eq(table_line(&t, 1), 3);
    table_free(&t);
    ck_assert_int_eq(read_table("t.npy", one + 1, 1, TABLE_MISSING_ERROR, &t), CMD_OK);
    ck_assert_uint_eq(t.rows, 3);
    table_free(&t);
    ck_assert_int_eq(npy_write("t.npy", NPY_F64, 1, (const int64_t[]){ 6 }, values, &e), 0);
    ck_assert_int_eq(read_table("t.npy", one + 1, 1, TABLE_MISSING_KEEP, &t), CMD_OK);
    ck_assert_uint_eq(t.rows, 6);
    ck_assert_double_nan(t.columns[0][3]);
    table_free(&t);
}
END_TEST

static const struct {
    int dims;
    int64_t shape[3];
    double last;
    const char *column, *fault;
} arrays[] = {
    { 2,
      { 3, 2 },
      (double)INFINITY,
      "2",
      ":3:2: column 2: \"Inf\" is infinite; --missing \"Inf\" makes it a missing value" },
    { 2, { 3, 2 }, 1e39, "2", ":3:2: column 2: \"1e+39\" is outside the range of float32" },
    { 2, { 3, 2 }, 6, "3", ": no column 3: there are 2" },
    { 2, { 3, 2 }, 6, "x", ": no column \"x\": the columns of an NPY file have numbers only" },
    { 3, { 3, 2, 1 }, 6, "1", ": the array (3, 2, 1) has 3 dimensions, a table has 1 or 2" },
    { 0, { 0 }, 6, "1", ": the array () has 0 dimensions, a table has 1 or 2" },
    { 2, { 0, 2 }, 6, "1", ": the array (0, 2) has no rows or no columns" },
    { 2, { 2, 0 }, 6, "1", ": the array (2, 0) has no rows or no columns" },
};

START_TEST(an_array_that_is_no_table_is_refused)
{
    double values[6] = { 1, 2, 3, 4, 5, arrays[_i].last };
    struct table t;
    char expected[200];
    ck_assert_int_eq(npy_write("t.npy", NPY_F64, arrays[_i].dims, arrays[_i].shape, values, &e), 0);
    int st = read_table("t.npy", &arrays[_i].column, 1, TABLE_MISSING_ERROR, &t);
    ck_assert_int_eq(st, CMD_DATA);
    snprintf(expected, sizeof expected, "t.npy%s", arrays[_i].fault);
    ck_assert_str_eq(e.text, expected);
}
END_TEST

Suite *suite_table(void)
{
    const int count = (int)(sizeof readings / sizeof readings[0]);
    Suite *suite = suite_create("table");
    TCase *tc = tcase_create("table");
    tcase_set_timeout(tc, 60);
    tcase_add_unchecked_fixture(tc, scratch_open, scratch_close);
    tcase_add_loop_test(tc, csv_is_read_or_refused, 0, count);
    tcase_add_loop_test(tc, stdin_is_read_like_a_file, 0, count);
    tcase_add_test(tc, blocks_do_not_show);
    tcase_add_test(tc, what_cannot_be_opened_is_no_bad_data);
    tcase_add_test(tc, contents_of_the_other_kind_are_bad_data);
    tcase_add_loop_test(tc, other_kinds_are_named, 0, (int)(sizeof kinds / sizeof kinds[0]));
    tcase_add_test(tc, an_array_is_a_table);
    tcase_add_loop_test(tc, an_array_that_is_no_table_is_refused, 0,
                        (int)(sizeof arrays / sizeof arrays[0]));
    suite_add_tcase(suite, tc);
    return suite;
}
