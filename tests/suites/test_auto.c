/* SPDX-License-Identifier: Apache-2.0 */
#include "attpool.h"
#include "tests/suites/suites.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What "auto" does. */

/* Is a library of this name loaded? Without a list of what is mapped, false. */
static bool is_loaded(const char *name)
{
    char line[1024];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && !found && fgets(line, sizeof line, maps))
        found = strstr(line, name) != NULL;
    if (maps)
        fclose(maps);
    return found;
}

static void small_calls(void)
{
    static const double x[] = { 1, 2, 3 }, y[] = { 1, 0, 2 };
    double fit[3];
    attpool_context *context;
    ck_assert_int_eq(attpool_regress_f64(NULL, 3, 3, 1, 1, x, x, y, ATTPOOL_GAUSSIAN, 1, fit),
                     ATTPOOL_OK);
    ck_assert_int_eq(attpool_open(NULL, &context), ATTPOOL_OK);
    ck_assert_int_eq(attpool_regress_f64(context, 3, 3, 1, 1, x, x, y, ATTPOOL_GAUSSIAN, 1, fit),
                     ATTPOOL_OK);
    ck_assert_str_ne(attpool_backend_name(context), "opencl");
    attpool_close(context);
}

START_TEST(small_calls_open_no_opencl)
{
    attpool_device_list *list;
    unsetenv("ATTPOOL_BACKEND");
    small_calls();
    ck_assert(!is_loaded("libOpenCL"));
    if (getenv("ATTPOOL_TEST_OPENCL") && strcmp(getenv("ATTPOOL_TEST_OPENCL"), "require") == 0) {
        ck_assert_int_eq(attpool_list_devices(&list), ATTPOOL_OK);
        attpool_free_devices(list);
        ck_assert(is_loaded("libOpenCL")); /* it would show */
    }
}
END_TEST

Suite *suite_auto(void)
{
    Suite *suite = suite_create("auto");
    TCase *tc = tcase_create("auto");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, small_calls_open_no_opencl);
    suite_add_tcase(suite, tc);
    return suite;
}
