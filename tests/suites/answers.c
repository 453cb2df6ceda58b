/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/suites/suites.h"

/* The answers of every backend. */
int main(void)
{
    static Suite *(*const suites[])(void) = {
        suite_one_answer, suite_batch,         suite_corners,
        suite_elementary, suite_device_oracle, suite_statistics,
    };
    return run_suites(suites, sizeof suites / sizeof suites[0]);
}
