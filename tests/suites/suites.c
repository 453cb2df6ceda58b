/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/suites/suites.h"

#include <stdlib.h>

int run_suites(Suite *(*const *suites)(void), size_t count)
{
    SRunner *runner = srunner_create(NULL);
    for (size_t i = 0; i < count; i++)
        srunner_add_suite(runner, suites[i]());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
