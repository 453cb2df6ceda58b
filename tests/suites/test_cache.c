/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cache.h"
#include "tests/support/scratch.h"
#include "tests/suites/suites.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is kept for later processes: the same data or none. */

static char start[256]; /* the folder of the test */
static const struct cache_place place = { "test", "a name", "a key" };
static const char data[] = "some bytes\0and more";

static bool keep(void)
{
    return ap_cache_write(&place, data, sizeof data);
}

static bool is_kept_at(const struct cache_place *at)
{
    size_t bytes = 0;
    char *kept = ap_cache_read(at, &bytes);
    bool same = kept && bytes == sizeof data && memcmp(kept, data, bytes) == 0;
    ck_assert_msg(same || !kept, "%zu other bytes", bytes);
    free(kept);
    return same;
}

static bool is_kept(void)
{
    return is_kept_at(&place);
}

/* The one file of this folder. */
static const char *the_file(void)
{
    static char name[256];
    DIR *directory = opendir(".");
    const struct dirent *entry;
    ck_assert_ptr_nonnull(directory);
    ck_assert_int_eq(scratch_count(), 1);
    while ((entry = readdir(directory)))
        if (entry->d_name[0] != '.')
            snprintf(name, sizeof name, "%s", entry->d_name);
    closedir(directory);
    return name;
}

static const char *kept_file(void)
{
    ck_assert(keep());
    return the_file();
}

START_TEST(what_was_kept_is_read)
{
    struct stat st;
    ck_assert(!is_kept());
    const char *path = kept_file();
    ck_assert(is_kept());
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
}
END_TEST

START_TEST(another_key_is_another_thing)
{
    const struct cache_place other = { place.kind, place.name, "b key" },
                             longer = { place.kind, place.name, "a key more" };
    ck_assert(keep());
    ck_assert(!is_kept_at(&other));
    ck_assert(!is_kept_at(&longer));
    ck_assert(ap_cache_write(&other, data, sizeof data));
    ck_assert(is_kept_at(&other));
    ck_assert(!is_kept());
    ck_assert_int_eq(scratch_count(), 1);
}
END_TEST

START_TEST(nothing_can_be_kept)
{
    size_t bytes = 1;
    ck_assert(ap_cache_write(&place, "", 0));
    char *kept = ap_cache_read(&place, &bytes);
    ck_assert_ptr_nonnull(kept);
    ck_assert_uint_eq(bytes, 0);
    free(kept);
}
END_TEST

static void change_byte(const char *path, long at)
{
    FILE *f = fopen(path, "r+b");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
    int byte = fgetc(f);
    ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
    ck_assert_int_ne(fputc(byte ^ 0x10, f), EOF);
    ck_assert_int_eq(fclose(f), 0);
}

START_TEST(a_damaged_file_is_none)
{
    struct stat st;
    const char *path = kept_file();
    ck_assert_int_eq(stat(path, &st), 0);
    for (long i = 0; i < st.st_size; i++) {
        change_byte(path, i);
        ck_assert_msg(!is_kept(), "byte %ld", i);
        change_byte(path, i);
    }
    ck_assert(is_kept());
    for (long size = st.st_size - 1; size >= 0; size--) {
        ck_assert_int_eq(truncate(path, size), 0);
        ck_assert_msg(!is_kept(), "%ld bytes", size);
    }
    ck_assert(keep());
    ck_assert(is_kept());
    ck_assert_int_eq(truncate(path, st.st_size + 1), 0);
    ck_assert(!is_kept());
}
END_TEST

START_TEST(a_file_that_others_can_write_is_none)
{
    const char *path = kept_file();
    ck_assert_int_eq(chmod(path, 0622), 0);
    ck_assert(!is_kept());
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert(!is_kept());
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert(!is_kept());
    ck_assert(!keep());
    ck_assert_int_eq(scratch_count(), 1); /* and nothing beside */
}
END_TEST

static void expect_folder(const char *folder)
{
    ck_assert(keep());
    ck_assert(is_kept());
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(remove(the_file()), 0);
    ck_assert_int_eq(chdir(start), 0);
}

START_TEST(the_folder_is_made)
{
    setenv("ATTPOOL_CACHE_DIR", "a/b", 1);
    expect_folder("a/b");
    setenv("ATTPOOL_CACHE_DIR", "", 1);
    setenv("XDG_CACHE_HOME", start, 1);
    expect_folder("attpool");
    setenv("XDG_CACHE_HOME", "not/absolute", 1);
    setenv("HOME", start, 1);
    expect_folder(".cache/attpool");
    unsetenv("HOME");
    ck_assert(!keep());
    ck_assert(!is_kept());
    ck_assert_int_eq(remove("a/b") + remove(".cache/attpool"), 0);
}
END_TEST

START_TEST(no_folder_is_no_error)
{
    static const char *const folders[] = { "/dev/null", "/dev/null/below", "/proc/attpool" };
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        setenv("ATTPOOL_CACHE_DIR", folders[i], 1);
        ck_assert(!keep());
        ck_assert(!is_kept());
    }
}
END_TEST

START_TEST(a_folder_to_read_only)
{
    const struct cache_place other = { place.kind, "another name", place.key };
    ck_assert(keep());
    ck_assert_int_eq(chmod(".", 0500), 0);
    if (geteuid() == 0) /* whom modes do not stop */
        ck_assert_int_eq(seteuid(65534), 0);
    ck_assert(!ap_cache_write(&other, data, sizeof data));
    ck_assert_int_eq(seteuid(getuid()), 0);
    ck_assert(is_kept());
    ck_assert(!is_kept_at(&other));
    ck_assert_int_eq(chmod(".", 0700), 0);
}
END_TEST

/* As on a full disk: a write ends half-way, with an error. */
START_TEST(a_full_disk_leaves_what_was)
{
    static char large[100000];
    const struct rlimit limit = { 5000, 5000 };
    ck_assert(keep());
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert(!ap_cache_write(&place, large, sizeof large));
    ck_assert(is_kept());
    ck_assert_int_eq(scratch_count(), 1);
}
END_TEST

enum { WRITERS = 3, TURNS = 300, LENGTH = 20000 };

static bool write_and_read(int number)
{
    static char mine[LENGTH];
    bool whole = true;
    memset(mine, 'a' + number, sizeof mine);
    for (int i = 0; i < TURNS && whole; i++) {
        size_t bytes;
        whole = ap_cache_write(&place, mine, sizeof mine);
        char *kept = ap_cache_read(&place, &bytes);
        whole &= kept && bytes == sizeof mine;
        for (size_t k = 1; whole && k < bytes; k++)
            whole = kept[k] == kept[0];
        free(kept);
    }
    return whole;
}

START_TEST(processes_at_once)
{
    int status;
    for (int i = 0; i < WRITERS; i++) {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
            _exit(write_and_read(i) ? 0 : 1);
    }
    for (int i = 0; i < WRITERS; i++) {
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_int_eq(scratch_count(), 1);
}
END_TEST

static void set_up(void)
{
    scratch_open();
    ck_assert_ptr_nonnull(getcwd(start, sizeof start));
    setenv("ATTPOOL_CACHE_DIR", ".", 1);
}

Suite *suite_cache(void)
{
    Suite *suite = suite_create("cache");
    TCase *tc = tcase_create("cache");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, set_up, scratch_close);
    tcase_add_test(tc, what_was_kept_is_read);
    tcase_add_test(tc, another_key_is_another_thing);
    tcase_add_test(tc, nothing_can_be_kept);
    tcase_add_test(tc, a_damaged_file_is_none);
    tcase_add_test(tc, a_file_that_others_can_write_is_none);
    tcase_add_test(tc, the_folder_is_made);
    tcase_add_test(tc, no_folder_is_no_error);
    tcase_add_test(tc, a_folder_to_read_only);
    tcase_add_test(tc, a_full_disk_leaves_what_was);
    tcase_add_test(tc, processes_at_once);
    suite_add_tcase(suite, tc);
    return suite;
}
