/* SPDX-License-Identifier: Apache-2.0 */
/* Tables as text: headers, comments, delimiters and missing values in all their forms. */
#include "tests/support/reading.h"
#include "tests/support/scratch.h"
#include "tests/suites/suites.h"
#include "tools/io/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASKS ": --header yes if the first row is a header, --header no if it is data"

static const struct reading readings[] = {
    /* a header by the cells in use */
    { "x,y\n1,2\n", "1,2", 0, 0, "x,y|2:1,2" },
    { "x,y\n", "1,2", 0, 3, ": no rows" },
    { "1,2\n", "1,2", 0, 0, "-,-|1:1,2" },
    { "1,NA\n2,3\n", "1,2", OMIT, 0, "-,-|2:2,3|omitted 1" },
    { "a,b,3\n1,2,3\n", "1,2", 0, 0, "a,b|2:1,2" },
    { "x,NA\n1,2\n", "1,2", 0, 3, ":1:1: \"x\" is not a number, but is beside \"NA\"" ASKS },
    { "1e3,2020-01-02\n1,2\n", "1,2", 0, 3,
      ":1:2: \"2020-01-02\" is not a number, but is beside \"1e3\"" ASKS },
    { "12:30,5/6\n1,2\n", "1,2", 0, 3, ":1:1: \"12:30\" is not a number" ASKS },
    { "x,2\n1,2\n", "1,2", HEADER, 0, "x,2|2:1,2" },
    { "3,4\n1,2\n", "1,2", HEADER, 0, "3,4|2:1,2" },
    { "3,4\n1,2\n", "1,2", NO_HEADER, 0, "-,-|1:3,4|2:1,2" },
    /* names that are numbers */
    { "0,1\n5,6\n", "0", 0, 0, "0|2:5" },
    { "7,8\n5,6\n", "8", 0, 0, "8|2:6" },
    { "7,8\n5,6\n", "9", 0, 3, ": no column 9: there are 2" },
    { "7,7\n5,6\n", "7", 0, 3, ":1:2: the name \"7\" appears twice, in columns 1 and 2" },
    { "2,1\n5,6\n", "2", HEADER, 0, "2|2:5" },
    { "2,7\n5,6\n", "1", HEADER, 0, "2|2:5" },
    { "7,8\n5,6\n", "8", NO_HEADER, 3, ": no column 8: there are 2" },
    /* a header one cell short */
    { "x y\na 1 2\n", "x,y", BLANKS, 0, "x,y|2:1,2" },
    { "x y\na 1 2\n", "2,3", BLANKS, 0, "x,y|2:1,2" },
    { "x y\n7 1 2\n", "1,y", BLANKS, 0, "-,y|2:7,2" },
    { "8 9\n7 1 2\n", "8,9", BLANKS, 0, "8,9|2:1,2" },
    { "8 9\n7 1 2\n", "1,2", BLANKS, 3,
      ":2:3: the row has 3 cells, the first row has 2; --header yes if the first row is a header "
      "without a name for the first column" },
    { "8 9\n7 1 2\n", "1,2", BLANKS | HEADER, 0, "-,8|2:7,1" },
    { "8 9\n7 1 2\n", "1,2", BLANKS | NO_HEADER, 3,
      ":2:3: the row has 3 cells, the first row has 2" },
    { "x y\na 1 2\nb 3\n", "x", BLANKS, 3, ":3:2: the row has 2 cells, the one before 3" },
    { "x\ty\n\"a\"\t1\t2\n", "y", TAB, 0, "y|2:2" },
    /* an empty cell behind the last */
    { "x,y,\n1,2,\n", "x,y", 0, 0, "x,y|2:1,2" },
    { "x,y\n1,2,\n3,4,\n", "x,y", 0, 0, "x,y|2:1,2|3:3,4" },
    { "x,y\n1,2,\n3,4,5\n", "x,y", 0, 3, ":3:3: the row has 3 cells, the first row has 2" },
    { "x,y\n1,2\n3,4,\n", "x,y", 0, 0, "x,y|2:1,2|3:3,4" },
    { "x,y\n1,2\n3,4,,\n", "x,y", 0, 3, ":3:3: the row has 4 cells, the first row has 2" },
    { "x,y,\n1,2\n", "x,y", 0, 0, "x,y|2:1,2" },
    { "x,y,\n1,2\n", "3", 0, 3, ": no column 3: there are 2" },
    { "x;y;z\n1;2;\n", "z", SEMICOLON, 3, ":2:3: column \"z\": the value is missing" },
    /* comments */
    { "# x,y\n1,2\n", "x,y", HASH, 0, "x,y|2:1,2" },
    { "#x, y \r\n1,2\r\n", "y", HASH, 0, "y|2:2" },
    { " ## \"x, y\",z\n1,2\n", "z", HASH, 0, "z|2:2" },
    { "# x y\n1 2\n", "y", HASH | BLANKS, 0, "y|2:2" },
    { "# x,y\n1,2\n", "1,2", HASH, 0, "-,-|2:1,2" },
    { "# x,y\n1,2\n", "1,y", HASH, 0, "x,y|2:1,2" },
    { "# x,y\n1,2\n", "1,2", HASH | HEADER, 3, ": no rows" },
    { "# 2,1\n5,6\n", "2", HASH | HEADER, 0, "2|2:5" },
    { "# x,y\n#\n1,2\n", "x", HASH, 0, "x|3:1" },
    { "# x,y\n# z,w\n1,2\n", "x", HASH, 3, ":3: no column \"x\"; the first row is \"1\", \"2\"" },
    { "# x,y\n1,2\n", "x,z", HASH, 3, ":1: no column \"z\"; the header is \"x\", \"y\"" },
    { "# x,y,z\n1,2\n", "x", HASH, 3, ":2: no column \"x\"; the first row is \"1\", \"2\"" },
    { "# a,x\nx,y\n1,2\n", "y", HASH, 0, "y|3:2" },
    { "# say \"x\nx,y\n1,2\n# \"\n3,4\n#", "x", HASH, 0, "x|3:1|5:3" },
    { "x,t\n1,\"a\n#b\"\n2,c\n", "x", HASH, 0, "x|2:1|4:2" },
    { "x\r# a\r1\r", "x", HASH, 0, "x|3:1" },
    { "#\n#\n", "x", HASH, 3, ": the file is empty" },
    { "# x,x\n1,2\n", "x", HASH, 3, ":1:2: the name \"x\" appears twice, in columns 1 and 2" },
    { "# b,a,c\n1,2,3\n", "a,b", HASH | IN_ORDER, 0, "a,b|2:2,1" },
    { "# p,q\n1,2\n", "a,b", HASH | IN_ORDER, 0, "-,-|2:1,2" },
    { "# x,y\n1,2\n", "x", 0, 3,
      ":1: no column \"x\"; the first row is \"# x\", \"y\"; --comment \"#\" skips such lines" },
    { "x,y\n1,2\n# end\n", "x", 0, 3,
      ":3:1: column \"x\": \"# end\" is not a number; --comment \"#\" skips such lines" },
    { "x,y\n1,2\n% end\n", "y", 0, 3,
      ":3:1: the row has 1 cell, the first row has 2; --comment \"%\" skips such lines" },
    /* blanks */
    { "  x \t y\n\t1   2  \n\n3 4", "x,y", BLANKS, 0, "x,y|2:1,2|4:3,4" },
    { " 1 2\r\n 3 4\r\n", "1,2", BLANKS, 0, "-,-|1:1,2|2:3,4" },
    { "1 2\r3 4\r", "2", BLANKS, 0, "-|1:2|2:4" },
    { "\"a b\" \"c\"\"d\"\n1 2\n", "a b,c\"d", BLANKS, 0, "a b,c\"d|2:1,2" },
    { "x\n\"1\"\n \"2\" \n", "x", BLANKS, 0, "x|2:1|3:2" },
    { "x y\n\"1 2\n3 4\n", "x", BLANKS, 3, ":2:1: a quoted cell begins here and never ends" },
    { "x y\n\"1\"2 3\n", "x", BLANKS, 3,
      ":2:1: a quote inside a cell (in a quoted cell, double it); is --delimiter right?" },
    { "\"x\",\"y\"\n1,2\n", "x", BLANKS, 3,
      ":1:1: a quote inside a cell (in a quoted cell, double it); did you mean --delimiter "
      "\",\"?" },
    { "\xEF\xBB\xBFx y\n1 2\n", "x", BLANKS, 0, "x|2:1" },
    { " \n", "x", BLANKS, 3, ": the file is empty" },
    { "x y\n1 2\n3\n", "x", BLANKS, 3, ":3:1: the row has 1 cell, the first row has 2" },
    { " 1 2\n", "1,2", SPACE, 3,
      ":1:1: column 1: the value is missing; --delimiter blanks takes a run of them as one" },
    { "1 2\n3  4\n", "1", SPACE | NO_HEADER, 3,
      ":2:3: the row has 3 cells, the first row has 2; --delimiter blanks takes a run of them as "
      "one" },
    /* other delimiters */
    { "x;y\n1;2\n", "y", 0, 3,
      ":1: no column \"y\"; the first row is \"x;y\"; did you mean --delimiter \";\"?" },
    { "x\ty\n1\t2\n", "y", 0, 3,
      ":1: no column \"y\"; the first row is \"x\\ty\"; did you mean --delimiter tab?" },
    { "x|y\n1|2\n", "2", 0, 3, ": no column 2: there is 1; did you mean --delimiter \"|\"?" },
    { "x y\n1 2\n", "y", 0, 3,
      ":1: no column \"y\"; the first row is \"x y\"; did you mean --delimiter blanks?" },
    { "x,y\n1,2\n", "y", SEMICOLON, 3,
      ":1: no column \"y\"; the first row is \"x,y\"; did you mean --delimiter \",\"?" },
    { "x y\n1 2\n", "z", 0, 3, ":1: no column \"z\"; the first row is \"x y\"" },
    { "x\n1\n1 2\n", "x", 0, 3,
      ":3:1: column \"x\": \"1 2\" is not a number; did you mean --delimiter blanks?" },
    /* decimal commas */
    { "x;y\n1,5;-2\n", "x,y", COMMA, 0, "x,y|2:1.5,-2" },
    { "1,5;2\n", "1,2", COMMA, 0, "-,-|1:1.5,2" },
    { "x y\n1,5 2\n", "x,y", COMMA | BLANKS, 0, "x,y|2:1.5,2" },
    { "x;y\n1.5;2\n", "x", COMMA, 3,
      ":2:1: column \"x\": \"1.5\" is not a number; with --decimal , a point is not accepted" },
    { "x\n\"1,234.5\"\n", "x", 0, 3,
      ":2:1: column \"x\": \"1,234.5\" is not a number; thousands separators are not accepted" },
    /* missing values */
    { "x,y\n1,N/A\n3,4\n", "x,y", MARKERS, 3,
      ":2:2: column \"y\": \"N/A\" is a missing value; --na omit leaves such rows out" },
    { "x,y\n1, N/A \n3,-999.0\n5,-9990e-1\n7,8\n", "x,y", MARKERS | OMIT, 0,
      "x,y|5:7,8|omitted 3" },
    { "x,y\n1,n/a\n", "y", MARKERS | OMIT, 3,
      ":2:2: column \"y\": \"n/a\" is not a number; --missing \"n/a\" makes it a missing value" },
    { "N/A,2\n3,4\n", "1,2", MARKERS | KEEP, 0, "-,-|1:NaN,2|2:3,4" },
    { "x,y\n1,NA\n2,NA\n", "x,y", 0, 3, ":2:2: column \"y\": \"NA\" is a missing value" },
    { "x,y\n1,NA\n2,z\n", "x,y", 0, 3, ":2:2: column \"y\": \"NA\" is a missing value" },
    { "x,y\n1,2\n1,NA\n2,z\n", "x,y", 0, 3,
      ":3:2: column \"y\": \"NA\" is a missing value; --na omit leaves such rows out" },
    /* a second line of the header */
    { "x,y\ns,m\n1,2\n", "x,y", 0, 3,
      ":2:1: column \"x\": \"s\" is not a number; if line 2 holds units or more of the header, "
      "delete it (sed 2d)" },
    { "x y\n--- ---\n1 2\n", "x", BLANKS, 3,
      ":2:1: column \"x\": \"---\" is not a number; if line 2 is a rule below the header, delete "
      "it (sed 2d)" },
    { "x,y\ns,2\n", "x,y", 0, 3, ":2:1: column \"x\": \"s\" is not a number" },
};

START_TEST(text_is_read_or_refused)
{
    write_file("t.txt", readings[_i].text, strlen(readings[_i].text));
    reading_check(&readings[_i], "t.txt", "t.txt");
}
END_TEST

/* Rows between commas and between blanks, with comments and without: where a block ends shows
 * nowhere. A row is its text with the number of it, twice. */
static const struct form {
    unsigned char delimiter;
    char comment;
    const char *before, *between, *end;
    uint64_t lines;
} forms[] = {
    { ',', '#', "\"a, #", "\",", "\r\n", 1 },
    { ',', '\0', "\"a\n ", "\",", "\n", 2 },
    { TABLE_BLANKS, '#', "  \"a ", "\"   ", " \r\n", 1 },
    { TABLE_BLANKS, '\0', "a", " ", "\n", 1 },
    { TABLE_BLANKS, '#', "\ta", "\t", "\r", 1 },
    { '\t', '#', "a", "\t", "\r", 1 },
};

START_TEST(blocks_do_not_show)
{
    const struct form *f = &forms[_i];
    const size_t rows = 120000;
    char *text = malloc(rows * 60), *p = text;
    uint64_t *lines = malloc(rows * sizeof *lines), line = 1;
    for (size_t i = 0; i < rows; i++) {
        if (f->comment != '\0' && i % 3 == 0) {
            p += sprintf(p, "%s# \"%zu%s", i % 2 == 0 ? " " : "", i, f->end);
            line++;
        }
        lines[i] = line;
        line += f->lines;
        p += sprintf(p, "%s%zu%s%zu.25%s", f->before, i, f->between, i, f->end);
    }
    write_file("big.txt", text, (size_t)(p - text));
    const struct table_format format = { .delimiter = f->delimiter,
                                         .comment = f->comment,
                                         .header = TABLE_HEADER_NO };
    const struct table_options o = { .columns = (const char *const[]){ "2" },
                                     .column_count = 1,
                                     .format = &format };
    struct error e = { 0 };
    struct table t;
    ck_assert_msg(table_read("big.txt", &o, &t, &e) == CMD_OK, "%s", e.text);
    ck_assert_uint_eq(t.rows, rows);
    for (size_t i = 0; i < rows; i++) {
        ck_assert_double_eq(t.columns[0][i], (double)i + 0.25);
        ck_assert_uint_eq(table_line(&t, i), lines[i]);
    }
    table_free(&t);
    free(lines);
    free(text);
}
END_TEST

/* Longer than a block. */
START_TEST(a_long_line_is_read)
{
    const size_t cells = 300000;
    char *text = malloc(cells * 16), *p = text;
    for (size_t row = 0; row < 2; row++) {
        for (size_t i = 0; i < cells; i++)
            p += sprintf(p, "%zu ", i + row);
        p[-1] = '\n';
    }
    write_file("long.txt", text, (size_t)(p - text));
    const struct table_format format = { .delimiter = TABLE_BLANKS, .header = TABLE_HEADER_NO };
    const struct table_options o = { .columns = (const char *const[]){ "1", "300000" },
                                     .column_count = 2,
                                     .format = &format };
    struct error e = { 0 };
    struct table t;
    ck_assert_msg(table_read("long.txt", &o, &t, &e) == CMD_OK, "%s", e.text);
    ck_assert_uint_eq(t.rows, 2);
    ck_assert_double_eq(t.columns[0][1], 1);
    ck_assert_double_eq(t.columns[1][1], 300000);
    table_free(&t);
    free(text);
}
END_TEST

/* A header in the last comment line, with the end of a block inside it. */
START_TEST(a_comment_over_the_end_of_a_block_is_read)
{
    const size_t block = (size_t)1 << 20;
    char *text = malloc(block + 40);
    memset(text, 'a', block);
    text[0] = '#';
    strcpy(text + block - 7, "\n# xx,yy\n1,2\n");
    write_file("comment.csv", text, strlen(text));
    const struct table_format format = { .comment = '#' };
    const struct table_options o = { .columns = (const char *const[]){ "yy", "xx" },
                                     .column_count = 2,
                                     .format = &format };
    struct error e = { 0 };
    struct table t;
    ck_assert_msg(table_read("comment.csv", &o, &t, &e) == CMD_OK, "%s", e.text);
    ck_assert_double_eq(t.columns[0][0], 2);
    ck_assert_uint_eq(table_line(&t, 0), 3);
    table_free(&t);
    free(text);
}
END_TEST

Suite *suite_table_text(void)
{
    Suite *suite = suite_create("table_text");
    TCase *tc = tcase_create("table_text");
    tcase_set_timeout(tc, 60);
    tcase_add_unchecked_fixture(tc, scratch_open, scratch_close);
    tcase_add_loop_test(tc, text_is_read_or_refused, 0,
                        (int)(sizeof readings / sizeof readings[0]));
    tcase_add_loop_test(tc, blocks_do_not_show, 0, (int)(sizeof forms / sizeof forms[0]));
    tcase_add_test(tc, a_long_line_is_read);
    tcase_add_test(tc, a_comment_over_the_end_of_a_block_is_read);
    suite_add_tcase(suite, tc);
    return suite;
}
