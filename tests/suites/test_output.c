/* SPDX-License-Identifier: Apache-2.0 */
/* Output files, which exist whole or not at all, and tables as they are written. */
#include "tools/command/output.h"

#include "tests/support/scratch.h"
#include "tests/suites/suites.h"
#include "tools/io/table.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error e;
static struct output o;

/* ---- files ---- */

START_TEST(a_new_file_has_the_permissions_of_the_umask)
{
    struct stat st;
    umask(027);
    ck_assert_int_eq(output_open(&o, "new.txt", &e), CMD_OK);
    ck_assert_int_ne(stat("new.txt", &st), 0);
    output_text(&o, "one ");
    output_printf(&o, "%d %600d\n", 2, 3);
    ck_assert_int_eq(output_close(&o, CMD_OK, &e), CMD_OK);
    ck_assert_int_eq(stat("new.txt", &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0640);
    ck_assert_int_eq(st.st_size, 4 + 2 + 600 + 1);
    ck_assert_str_eq(read_back("new.txt", NULL) + 600, "     3\n");
    ck_assert_int_eq(scratch_count(), 1);
    unlink("new.txt");
}
END_TEST

START_TEST(an_old_file_is_replaced_and_keeps_its_permissions)
{
    struct stat st;
    write_file("old.txt", "old", 3);
    chmod("old.txt", 0604);
    ck_assert_int_eq(output_open(&o, "old.txt", &e), CMD_OK);
    output_text(&o, "new");
    ck_assert_str_eq(read_back("old.txt", NULL), "old");
    ck_assert_int_eq(output_close(&o, CMD_OK, &e), CMD_OK);
    ck_assert_str_eq(read_back("old.txt", NULL), "new");
    ck_assert_int_eq(stat("old.txt", &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0604);
    unlink("old.txt");
}
END_TEST

START_TEST(a_failure_leaves_the_old_file_and_nothing_else)
{
    write_file("old.txt", "old", 3);
    ck_assert_int_eq(output_open(&o, "old.txt", &e), CMD_OK);
    output_text(&o, "new");
    ck_assert_int_eq(output_close(&o, CMD_DATA, &e), CMD_DATA);
    ck_assert_int_eq(e.code, CMD_OK);
    ck_assert_str_eq(read_back("old.txt", NULL), "old");
    ck_assert_int_eq(scratch_count(), 1);
    unlink("old.txt");
}
END_TEST

START_TEST(a_link_is_followed)
{
    struct stat st;
    write_file("target.txt", "old", 3);
    ck_assert_int_eq(symlink("target.txt", "link.txt"), 0);
    ck_assert_int_eq(output_open(&o, "link.txt", &e), CMD_OK);
    output_text(&o, "new");
    ck_assert_int_eq(output_close(&o, CMD_OK, &e), CMD_OK);
    ck_assert_str_eq(read_back("target.txt", NULL), "new");
    ck_assert_int_eq(lstat("link.txt", &st), 0);
    ck_assert(S_ISLNK(st.st_mode));
    unlink("link.txt");
    unlink("target.txt");
}
END_TEST

/* Never a device of the machine's: a mistake here must not replace one. */
START_TEST(what_is_no_file_is_written_and_stays_what_it_is)
{
    struct stat st;
    char text[8] = "";
    ck_assert_int_eq(mkfifo("pipe.csv", 0600), 0);
    int reader = open("pipe.csv", O_RDONLY | O_NONBLOCK);
    ck_assert_int_eq(output_open(&o, "pipe.csv", &e), CMD_OK);
    output_text(&o, "new");
    ck_assert_int_eq(output_close(&o, CMD_OK, &e), CMD_OK);
    ck_assert_int_eq(read(reader, text, sizeof text - 1), 3);
    ck_assert_str_eq(text, "new");
    ck_assert_int_eq(stat("pipe.csv", &st), 0);
    ck_assert(S_ISFIFO(st.st_mode));
    unlink("pipe.csv");
}
END_TEST

START_TEST(what_cannot_be_written_is_said)
{
    ck_assert_int_eq(output_open(&o, "none/x.txt", &e), CMD_FAILED);
    ck_assert_str_eq(e.text, "cannot write none/x.txt: No such file or directory");
    e = (struct error){ 0 };
    ck_assert_int_eq(output_open(&o, ".", &e), CMD_FAILED);
    ck_assert_str_eq(e.text, "cannot write .: Is a directory");
}
END_TEST

START_TEST(what_cannot_be_written_is_known_before)
{
    const char *const bad[] = { "none/x.txt", ".", "" };
    ck_assert_int_eq(output_check(NULL, &e), CMD_OK);
    ck_assert_int_eq(output_check("-", &e), CMD_OK);
    ck_assert_int_eq(output_check("new.txt", &e), CMD_OK);
    ck_assert_int_eq(scratch_count(), 0);
    write_file("old.txt", "old", 3);
    ck_assert_int_eq(output_check("old.txt", &e), CMD_OK);
    ck_assert_str_eq(read_back("old.txt", NULL), "old");
    unlink("old.txt");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        e = (struct error){ 0 };
        ck_assert_int_eq(output_check(bad[i], &e), CMD_FAILED);
    }
    e = (struct error){ 0 };
    dup2(open("/dev/null", O_RDONLY), STDOUT_FILENO);
    ck_assert_int_eq(output_check("-", &e), CMD_FAILED);
    ck_assert_str_eq(e.text, "cannot write <stdout>: Bad file descriptor");
    /* a pipe without a reader: to open it would wait for one */
    ck_assert_int_eq(mkfifo("pipe.csv", 0600), 0);
    e = (struct error){ 0 };
    ck_assert_int_eq(output_check("pipe.csv", &e), CMD_OK);
    unlink("pipe.csv");
}
END_TEST

START_TEST(a_descriptor_that_only_reads_is_known_before)
{
    char name[40], text[100];
    write_file("old.txt", "old", 3);
    int fd = open("old.txt", O_RDONLY);
    snprintf(name, sizeof name, "/dev/fd/%d", fd);
    snprintf(text, sizeof text, "cannot write %s: Bad file descriptor", name);
    ck_assert_int_eq(output_check(name, &e), CMD_FAILED);
    ck_assert_str_eq(e.text, text);
    ck_assert_str_eq(read_back("old.txt", NULL), "old");
    close(fd);
    unlink("old.txt");
}
END_TEST

START_TEST(a_full_disk_is_said)
{
    static const char block[300000];
    struct rlimit before, small;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 150000;
    write_file("full.txt", "old", 3);
    ck_assert_int_eq(output_open(&o, "full.txt", &e), CMD_OK);
    setrlimit(RLIMIT_FSIZE, &small);
    int st = output_write(&o, block, _i == 0 ? 300000 : 200000);
    int end = output_close(&o, CMD_OK, &e);
    setrlimit(RLIMIT_FSIZE, &before);
    ck_assert_int_eq(st, _i == 0 ? CMD_FAILED : CMD_OK); /* the smaller one fits the buffer */
    ck_assert_int_eq(end, CMD_FAILED);
    ck_assert_str_eq(e.text, "cannot write full.txt: File too large");
    ck_assert_str_eq(read_back("full.txt", NULL), "old");
    ck_assert_int_eq(scratch_count(), 1);
    unlink("full.txt");
}
END_TEST

START_TEST(a_closed_pipe_is_told_apart)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    ck_assert_int_eq(output_open(&o, _i == 0 ? "-" : NULL, &e), CMD_OK);
    output_text(&o, "text");
    ck_assert_int_eq(output_close(&o, CMD_OK, &e), CMD_PIPE);
    ck_assert_str_eq(e.text, "cannot write <stdout>: Broken pipe");
    /* and hides no other failure */
    ck_assert_int_eq(error_set(&e, CMD_DATA, "bad"), CMD_DATA);
    ck_assert_str_eq(e.text, "bad");
    ck_assert_int_eq(error_set(&e, CMD_FAILED, "worse"), CMD_DATA);
}
END_TEST

START_TEST(stdout_takes_what_is_written)
{
    int fd = open("stdout.txt", O_CREAT | O_WRONLY, 0600);
    dup2(fd, STDOUT_FILENO);
    static char block[1000000];
    memset(block, 'x', 1000000);
    ck_assert_int_eq(output_open(&o, "-", &e), CMD_OK);
    output_text(&o, "a");
    output_write(&o, block, 1000000);
    output_text(&o, "b");
    ck_assert_int_eq(output_close(&o, CMD_OK, &e), CMD_OK);
    size_t length;
    char *text = read_back("stdout.txt", &length);
    ck_assert_uint_eq(length, 1000002);
    ck_assert(text[0] == 'a' && text[1] == 'x' && text[1000001] == 'b');
    unlink("stdout.txt");
}
END_TEST

/* ---- tables ---- */

static const double xs[3] = { 1, 0.1, -1e-20 };
static const double fits[3] = { 0.5, (double)NAN, 1. / 3 };
static const float narrow[3] = { 0.1f, 2, 3e38f };
static const unsigned char gone[3] = { 0, 1, 0 };

static const struct {
    struct table_out columns[3];
    size_t count;
    struct table_format format;
    const char *text;
} tables[] = {
    { { { .name = "x", .f64 = xs }, { .name = "fit", .f64 = fits } },
      2,
      { 0 },
      "x,fit\n1,0.5\n0.1,NaN\n-1e-20,0.3333333333333333\n" },
    { { { .name = "x", .f64 = xs }, { .name = "fit", .f64 = fits, .nan_is_missing = true } },
      2,
      { .delimiter = ';' },
      "x;fit\n1;0.5\n0.1;\n-1e-20;0.3333333333333333\n" },
    { { { .name = "x", .f64 = xs, .missing = gone }, { .name = "n", .f32 = narrow } },
      2,
      { .delimiter = '\t' },
      "x\tn\n1\t0.1\n\t2\n-1e-20\t3e+38\n" },
    { { { .name = "fit", .f64 = fits, .nan_is_missing = true } },
      1,
      { 0 },
      "fit\n0.5\n\"\"\n0.3333333333333333\n" },
    { { { .name = "a,b", .f64 = xs },
        { .name = "say \"x\"", .f64 = xs },
        { .name = " c\n", .f64 = xs } },
      3,
      { 0 },
      "\"a,b\",\"say \"\"x\"\"\",\" c\n\"\n1,1,1\n0.1,0.1,0.1\n-1e-20,-1e-20,-1e-20\n" },
    { { { .name = "a,b", .f64 = xs }, { .name = "", .f64 = xs }, { .name = "c;", .f64 = xs } },
      3,
      { .delimiter = ';' },
      "a,b;\"\";\"c;\"\n1;1;1\n0.1;0.1;0.1\n-1e-20;-1e-20;-1e-20\n" },
    { { { .name = "x", .f64 = xs }, { .name = "fit", .f64 = fits, .nan_is_missing = true } },
      2,
      { .decimal = ',' },
      "x;fit\n1;0.5\n0.1;\n-1e-20;0.3333333333333333\n" },
    { { { .name = "a b", .f64 = xs, .missing = gone }, { .name = "c\td", .f64 = xs } },
      2,
      { .delimiter = TABLE_BLANKS },
      "\"a b\" \"c\td\"\n1 1\nNA 0.1\n-1e-20 -1e-20\n" },
};

START_TEST(a_name_in_tsv_has_tabs)
{
    const struct table_format format = { .delimiter = ';' };
    ck_assert_int_eq(table_write("t.tsv", tables[0].columns, 2, 3, NULL, &e), CMD_OK);
    ck_assert_str_eq(read_back("t.tsv", NULL),
                     "x\tfit\n1\t0.5\n0.1\tNaN\n-1e-20\t0.3333333333333333\n");
    ck_assert_int_eq(table_write("t.tsv", tables[0].columns, 1, 1, &format, &e), CMD_OK);
    ck_assert_int_eq(table_write("t.tsv", tables[0].columns, 2, 1, &format, &e), CMD_OK);
    ck_assert_str_eq(read_back("t.tsv", NULL), "x\tfit\n1\t0.5\n");
}
END_TEST

START_TEST(a_table_is_written_as_csv)
{
    ck_assert_int_eq(
        table_write("t.csv", tables[_i].columns, tables[_i].count, 3, &tables[_i].format, &e),
        CMD_OK);
    ck_assert_str_eq(read_back("t.csv", NULL), tables[_i].text);
}
END_TEST

START_TEST(a_written_table_is_read_back)
{
    struct table t;
    const struct table_options options = { .columns = (const char *const[]){ "a,b", "say \"x\"" },
                                           .column_count = 2 };
    ck_assert_int_eq(table_write("t.csv", tables[4].columns, 3, 3, NULL, &e), CMD_OK);
    ck_assert_int_eq(table_read("t.csv", &options, &t, &e), CMD_OK);
    ck_assert_uint_eq(t.rows, 3);
    ck_assert_mem_eq(t.columns[1], xs, sizeof xs);
    table_free(&t);
}
END_TEST

START_TEST(a_table_is_written_as_npy)
{
    const struct table_out columns[] = { { .name = "x", .f64 = xs, .missing = gone },
                                         { .name = "n", .f32 = narrow } };
    const double wide[6] = { 1, (double)0.1f, (double)NAN, 2, -1e-20, (double)3e38f };
    size_t n;
    ck_assert_int_eq(table_write("t.npy", columns, 2, 3, NULL, &e), CMD_OK);
    char *bytes = read_back("t.npy", &n);
    ck_assert_ptr_nonnull(strstr(bytes + 10, "f8', 'fortran_order': False, 'shape': (3, 2)"));
    ck_assert_mem_eq(bytes + n - sizeof wide, wide, sizeof wide);
    ck_assert_int_eq(table_write("t.npy", columns + 1, 1, 3, NULL, &e), CMD_OK);
    bytes = read_back("t.npy", &n);
    ck_assert_ptr_nonnull(strstr(bytes + 10, "f4', 'fortran_order': False, 'shape': (3, 1)"));
    ck_assert_mem_eq(bytes + n - sizeof narrow, narrow, sizeof narrow);
}
END_TEST

START_TEST(a_table_that_cannot_be_written_is_said)
{
    ck_assert_int_eq(table_write("none/t.csv", tables[0].columns, 2, 3, NULL, &e), CMD_FAILED);
    ck_assert_str_eq(e.text, "cannot write none/t.csv: No such file or directory");
}
END_TEST

Suite *suite_output(void)
{
    Suite *suite = suite_create("output");
    TCase *tc = tcase_create("output");
    tcase_set_timeout(tc, 60);
    tcase_add_unchecked_fixture(tc, scratch_open, scratch_close);
    tcase_add_test(tc, a_new_file_has_the_permissions_of_the_umask);
    tcase_add_test(tc, an_old_file_is_replaced_and_keeps_its_permissions);
    tcase_add_test(tc, a_failure_leaves_the_old_file_and_nothing_else);
    tcase_add_test(tc, a_link_is_followed);
    tcase_add_test(tc, what_is_no_file_is_written_and_stays_what_it_is);
    tcase_add_test(tc, what_cannot_be_written_is_said);
    tcase_add_test(tc, what_cannot_be_written_is_known_before);
    tcase_add_test(tc, a_descriptor_that_only_reads_is_known_before);
    tcase_add_loop_test(tc, a_full_disk_is_said, 0, 2);
    tcase_add_loop_test(tc, a_closed_pipe_is_told_apart, 0, 2);
    tcase_add_test(tc, stdout_takes_what_is_written);
    tcase_add_test(tc, a_name_in_tsv_has_tabs);
    tcase_add_loop_test(tc, a_table_is_written_as_csv, 0, (int)(sizeof tables / sizeof tables[0]));
    tcase_add_test(tc, a_written_table_is_read_back);
    tcase_add_test(tc, a_table_is_written_as_npy);
    tcase_add_test(tc, a_table_that_cannot_be_written_is_said);
    suite_add_tcase(suite, tc);
    return suite;
}
