/* SPDX-License-Identifier: Apache-2.0 */
/* What the user is told of work that takes minutes. */
#include "tools/command/progress.h"

#include "tests/support/scratch.h"
#include "tests/suites/suites.h"
#include "tools/command/error.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The command calls this one and not libc's. */
static long long clock_ms = -1;
int clock_gettime(clockid_t clock, struct timespec *t)
{
    if (clock_ms < 0)
        return (int)syscall(SYS_clock_gettime, clock, t);
    *t = (struct timespec){ .tv_sec = clock_ms / 1000, .tv_nsec = clock_ms % 1000 * 1000000 };
    return 0;
}

static void update_at(long long ms, double done)
{
    clock_ms = 5000000 + ms;
    progress_update(done, "regress", "take a nap");
}

/* Updates, 0 at the start left out, and what is on stderr after them. */
static const struct {
    struct {
        long long ms;
        double done;
    } update[4];
    const char *said;
} works[] = {
    { { { 1000, 0.001 } }, "" }, /* no pace yet */
    { { { 2000, 0.001 } }, "attpool: note: about 33 min left; take a nap\n" },
    { { { 2000, 0.001 }, { 4000, 0.002 }, { 500000, 0.2 } },
      "attpool: note: about 33 min left; take a nap\n" }, /* once */
    { { { 2000, 0.0001 } }, "attpool: note: about 6 h left; take a nap\n" },
    { { { 2000, 0.04 } }, "" }, /* 50 seconds; n m may be anything */
    { { { 2000, 0.03 } }, "attpool: note: about 65 s left; take a nap\n" },
    { { { 1900, 0.001 }, { 2000, 0.5 } }, "" },
    { { { 2000, 0 }, { 3000, 0 } }, "" },
    { { { 2000, 0.5 }, { 2100, 0.1 }, { 4200, 0.2 } }, "" }, /* a second work, of 17 s */
    { { { 2000, 0.5 }, { 2100, 0.1 }, { 4200, 0.11 } },
      "attpool: note: about 3 min left; take a nap\n" },
};

START_TEST(minutes_are_told_from_the_pace)
{
    ck_assert_ptr_nonnull(freopen("said.txt", "w", stderr));
    update_at(0, 0);
    for (int i = 0; i < 4 && works[_i].update[i].ms > 0; i++)
        update_at(works[_i].update[i].ms, works[_i].update[i].done);
    clock_ms = -1;
    fflush(stderr);
    ck_assert_str_eq(read_back("said.txt", NULL), works[_i].said);
}
END_TEST

START_TEST(quiet_is_quiet)
{
    ck_assert_ptr_nonnull(freopen("said.txt", "w", stderr));
    messages_show(MESSAGES_QUIET);
    update_at(0, 0);
    update_at(2000, 0.001);
    clock_ms = -1;
    fflush(stderr);
    ck_assert_str_eq(read_back("said.txt", NULL), "");
}
END_TEST

Suite *suite_progress(void)
{
    Suite *suite = suite_create("progress");
    TCase *tc = tcase_create("progress");
    tcase_add_unchecked_fixture(tc, scratch_open, scratch_close);
    tcase_add_loop_test(tc, minutes_are_told_from_the_pace, 0, sizeof works / sizeof works[0]);
    tcase_add_test(tc, quiet_is_quiet);
    suite_add_tcase(suite, tc);
    return suite;
}
