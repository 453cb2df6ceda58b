/* SPDX-License-Identifier: Apache-2.0 */
/* Errors, warnings and the progress bar. */
#include "tools/command/error.h"

#include "tests/support/scratch.h"
#include "tests/suites/suites.h"
#include "tools/command/progress.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct error e;

/* What f writes to stderr. */
static char *stderr_of(void (*f)(void))
{
    fflush(stderr);
    int before = dup(STDERR_FILENO);
    int fd = open("stderr.txt", O_CREAT | O_TRUNC | O_WRONLY, 0600);
    dup2(fd, STDERR_FILENO);
    f();
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    return read_back("stderr.txt", NULL);
}

static void print_error(void)
{
    ck_assert_int_eq(error_print(&e), e.code);
}

static void warn(void)
{
    error_warn("%d rows\nleft out", 3);
    error_note("%d rows", 3);
}

static void make_progress(void)
{
    struct timespec nap = { .tv_nsec = 50000000 };
    for (int i = 0; i < 20; i++) {
        progress_update(i / 20., "fitting", NULL);
        nanosleep(&nap, NULL);
    }
    error_warn("done");
}

START_TEST(an_error_is_one_line_and_the_first_one)
{
    ck_assert_str_eq(stderr_of(print_error), "");
    ck_assert_int_eq(error_at(&e, "a\nb.csv", 3, 2, "%s", "bad"), CMD_DATA);
    ck_assert_int_eq(error_set(&e, CMD_FAILED, "later"), CMD_DATA);
    ck_assert_str_eq(stderr_of(print_error), "attpool: a?b.csv:3:2: bad\n");
    ck_assert_str_eq(stderr_of(warn), "attpool: warning: 3 rows?left out\nattpool: note: 3 rows\n");
}
END_TEST

START_TEST(quoted_text_is_short_and_printable)
{
    char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xC3\xA9 and more";
    ck_assert_str_eq(quoted("a\tb\n\x01", 5).text, "\"a\\tb\\n\\x01\"");
    ck_assert_str_eq(quoted_name(text).text,
                     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\"");
    memset(text, 1, 30);
    ck_assert_uint_lt(strlen(quoted(text, 30).text), sizeof(struct quoted));
    ck_assert_ptr_nonnull(strstr(quoted(text, 30).text, "..."));
}
END_TEST

START_TEST(no_progress_without_a_terminal)
{
    ck_assert_str_eq(stderr_of(make_progress), "attpool: warning: done\n");
}
END_TEST

START_TEST(progress_on_a_terminal_is_drawn_and_cleared)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert_int_ge(terminal, 0);
    ck_assert_int_eq(grantpt(terminal) | unlockpt(terminal), 0);
    int other = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(other, 0);
    int before = dup(STDERR_FILENO);
    setenv("TERM", "xterm", 1);
    dup2(other, STDERR_FILENO);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    make_progress();
    clock_gettime(CLOCK_MONOTONIC, &end);
    dup2(before, STDERR_FILENO);
    char text[8192];
    ssize_t n = 0, got;
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    while ((got = read(terminal, text + n, sizeof text - 1 - (size_t)n)) > 0)
        n += got;
    ck_assert_int_gt(n, 4);
    text[n] = '\0';
    int drawn = 0;
    for (const char *p = text; (p = strstr(p, "fitting [")) != NULL; p++)
        drawn++;
    /* ten a second after the first half second, however slow the machine is */
    double seconds =
        (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
    ck_assert_int_ge(drawn, 2);
    ck_assert_double_le(drawn, (seconds - 0.5) * 10 + 1);
    ck_assert_ptr_null(strstr(text, "] 100%"));
    ck_assert_ptr_nonnull(strstr(text, " s left\033[K"));
    ck_assert_ptr_nonnull(strstr(text, "\r\033[Kattpool: warning: done\r\n"));
}
END_TEST

Suite *suite_messages(void)
{
    Suite *suite = suite_create("messages");
    TCase *tc = tcase_create("messages");
    tcase_set_timeout(tc, 60);
    tcase_add_unchecked_fixture(tc, scratch_open, scratch_close);
    tcase_add_test(tc, an_error_is_one_line_and_the_first_one);
    tcase_add_test(tc, quoted_text_is_short_and_printable);
    tcase_add_test(tc, no_progress_without_a_terminal);
    tcase_add_test(tc, progress_on_a_terminal_is_drawn_and_cleared);
    suite_add_tcase(suite, tc);
    return suite;
}
