/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "attpool.h"
#include "tests/suites/suites.h"

START_TEST(version_is_that_of_the_package)
{
    ck_assert_str_eq(attpool_version(), PACKAGE_VERSION);
}
END_TEST

Suite *suite_version(void)
{
    Suite *suite = suite_create("version");
    TCase *tc = tcase_create("version");
    tcase_add_test(tc, version_is_that_of_the_package);
    suite_add_tcase(suite, tc);
    return suite;
}
