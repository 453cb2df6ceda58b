/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs in places where a file cannot simply be renamed, and signals. */
#include "tools/command/output.h"

#include "tests/support/scratch.h"
#include "tests/suites/suites.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static struct error e;
static struct output o;

/* ---- files that cannot be renamed to ---- */

/* The command calls these and not libc's. */

static int no_rename; /* errno */
int rename(const char *from, const char *to)
{
    if (no_rename == 0)
        return renameat(AT_FDCWD, from, AT_FDCWD, to);
    errno = no_rename;
    return -1;
}

/* The last step of a copy. */
static int no_truncate, strike_at_truncate;
int ftruncate(int fd, off_t length)
{
    (void)fd, (void)length;
    if (strike_at_truncate != 0)
        raise(strike_at_truncate);
    if (no_truncate == 0)
        return (int)syscall(SYS_ftruncate, fd, length);
    errno = no_truncate;
    return -1;
}

static const char *const contents[] = { "", "old", "longer than what is written" };

START_TEST(what_cannot_be_renamed_to_is_copied_into)
{
    struct stat before, after;
    const char *old = contents[_i % 3];
    write_file("old.txt", old, strlen(old));
    chmod("old.txt", 0604);
    stat("old.txt", &before);
    no_rename = _i < 3 ? EBUSY : EPERM;
    ck_assert_int_eq(output_open(&o, "old.txt", &e), CMD_OK);
    output_text(&o, "new text");
    ck_assert_str_eq(read_back("old.txt", NULL), old);
    ck_assert_int_eq(output_close(&o, CMD_OK, &e), CMD_OK);
    ck_assert_str_eq(read_back("old.txt", NULL), "new text");
    stat("old.txt", &after);
    ck_assert(after.st_ino == before.st_ino && after.st_mode == before.st_mode);
    ck_assert_int_eq(scratch_count(), 1);
    unlink("old.txt");
}
END_TEST

START_TEST(what_cannot_be_renamed_at_all_is_copied)
{
    struct stat st;
    umask(027);
    no_rename = EPERM;
    ck_assert_int_eq(output_open(&o, "new.txt", &e), CMD_OK);
    output_text(&o, "new text");
    ck_assert_int_eq(output_close(&o, CMD_OK, &e), CMD_OK);
    ck_assert_str_eq(read_back("new.txt", NULL), "new text");
    stat("new.txt", &st);
    ck_assert_int_eq(st.st_mode & 0777, 0640);
    ck_assert_int_eq(scratch_count(), 1);
    unlink("new.txt");
}
END_TEST

/* The second failure of a command as well, whose message is not that of its end. */
START_TEST(a_copy_that_fails_leaves_the_whole_result)
{
    static const char said[] =
        "cannot write old.txt: Input/output error; the complete result is in ";
    write_file("old.txt", "old", 3);
    no_rename = EBUSY;
    no_truncate = EIO;
    if (_i == 1) {
        error_set(&e, CMD_FAILED, "the first");
        ck_assert_ptr_nonnull(freopen("said.txt", "w", stderr));
    }
    ck_assert_int_eq(output_open(&o, "old.txt", &e), CMD_OK);
    output_text(&o, "new text");
    ck_assert_int_eq(output_close(&o, CMD_OK, &e), CMD_FAILED);
    fflush(stderr);
    char *text = _i == 1 ? read_back("said.txt", NULL) + strlen("attpool: warning: ") : e.text;
    ck_assert_int_eq(strncmp(text, said, strlen(said)), 0);
    char *place = text + strlen(said);
    place[strcspn(place, "\n")] = '\0';
    ck_assert_str_eq(read_back(place, NULL), "new text");
    unlink(place);
    unlink("said.txt");
    ck_assert_int_eq(scratch_count(), 1);
    unlink("old.txt");
}
END_TEST

/* A file with a list of rights is not renamed to, and its temporary is in TMPDIR. */
static bool give_rights(const char *path)
{
    /* version 2; owner rw, user 1 r, group r, mask r, others none */
    static const unsigned char acl[] = { 2,    0,    0,    0, 1,    0,    6,    0,    0xff,
                                         0xff, 0xff, 0xff, 2, 0,    4,    0,    1,    0,
                                         0,    0,    4,    0, 4,    0,    0xff, 0xff, 0xff,
                                         0xff, 0x10, 0,    4, 0,    0xff, 0xff, 0xff, 0xff,
                                         0x20, 0,    0,    0, 0xff, 0xff, 0xff, 0xff };
    return setxattr(path, "system.posix_acl_access", acl, sizeof acl, 0) == 0;
}

START_TEST(a_list_of_rights_is_kept)
{
    write_file("old.txt", "old", 3);
    mkdir("room", 0700);
    setenv("TMPDIR", "room", 1);
    if (give_rights("old.txt")) {
        ck_assert_int_eq(output_open(&o, "old.txt", &e), CMD_OK);
        ck_assert_int_eq(scratch_count(), 2);
        output_text(&o, "new");
        ck_assert_int_eq(output_close(&o, CMD_OK, &e), CMD_OK);
        ck_assert_str_eq(read_back("old.txt", NULL), "new");
        ck_assert_int_gt(getxattr("old.txt", "system.posix_acl_access", NULL, 0), 0);
    }
    ck_assert_int_eq(rmdir("room"), 0); /* nothing is in it */
    unlink("old.txt");
}
END_TEST

START_TEST(a_name_may_be_as_long_as_can_be)
{
    char name[256] = "";
    for (int i = 0; i < 127; i++)
        memcpy(name + 2 * i, "\303\244", 3);
    name[254] = _i == 0 ? 'x' : '\0';
    ck_assert_int_eq(output_open(&o, name, &e), CMD_OK);
    output_text(&o, "new");
    ck_assert_int_eq(output_close(&o, CMD_OK, &e), CMD_OK);
    ck_assert_str_eq(read_back(name, NULL), "new");
    unlink(name);
}
END_TEST

/* ---- signals ---- */

/* Likewise: a signal can come as soon as there is the file. */
static int strikes;
int mkostemp(char *name, int flags)
{
    int fd = mkstemp(name);
    if (fd >= 0)
        fcntl(fd, F_SETFD, flags & O_CLOEXEC ? FD_CLOEXEC : 0);
    if (strikes != 0)
        raise(strikes);
    return fd;
}

static const int fatal[] = { SIGINT,  SIGTERM, SIGHUP,    SIGQUIT, SIGXCPU,
                             SIGUSR1, SIGUSR2, SIGVTALRM, SIGALRM, SIGPROF };

/* Runs `work` in a child, which has to die by the signal. */
static void die_by(int number, void (*work)(int number))
{
    signal(number, SIG_DFL);
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit no_core = { 0, 0 };
        setrlimit(RLIMIT_CORE, &no_core);
        work(number);
        _exit(8);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), number);
}

static void strike_while_opening(int number)
{
    strikes = number;
    output_open(&o, "x.txt", &e);
}

static void strike_after_opening(int number)
{
    if (output_open(&o, "x.txt", &e) != CMD_OK || scratch_count() != 1)
        _exit(7);
    raise(number);
}

START_TEST(a_signal_removes_what_is_not_whole)
{
    die_by(fatal[_i / 2], _i % 2 ? strike_while_opening : strike_after_opening);
    ck_assert_int_eq(scratch_count(), 0);
}
END_TEST

static void strike_while_copying(int number)
{
    no_rename = EBUSY;
    strike_at_truncate = number;
    if (output_open(&o, "old.txt", &e) != CMD_OK)
        _exit(7);
    output_text(&o, "new");
    output_close(&o, CMD_OK, &e);
}

START_TEST(a_signal_waits_for_a_copy)
{
    write_file("old.txt", "longer", 6);
    die_by(fatal[_i], strike_while_copying);
    ck_assert_str_eq(read_back("old.txt", NULL), "new");
    ck_assert_int_eq(scratch_count(), 1);
    unlink("old.txt");
}
END_TEST

Suite *suite_output_place(void)
{
    Suite *suite = suite_create("output place");
    TCase *tc = tcase_create("output place");
    tcase_set_timeout(tc, 60);
    tcase_add_unchecked_fixture(tc, scratch_open, scratch_close);
    tcase_add_loop_test(tc, what_cannot_be_renamed_to_is_copied_into, 0, 6);
    tcase_add_test(tc, what_cannot_be_renamed_at_all_is_copied);
    tcase_add_loop_test(tc, a_copy_that_fails_leaves_the_whole_result, 0, 2);
    tcase_add_test(tc, a_list_of_rights_is_kept);
    tcase_add_loop_test(tc, a_name_may_be_as_long_as_can_be, 0, 2);
    tcase_add_loop_test(tc, a_signal_removes_what_is_not_whole, 0, 20);
    tcase_add_loop_test(tc, a_signal_waits_for_a_copy, 0, 10);
    suite_add_tcase(suite, tc);
    return suite;
}
