/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/suites/suites.h"

/* The same call in parts, with an index, near the ends of the type, on every backend. */
int main(void)
{
    static Suite *(*const suites[])(void) = {
        suite_splits, suite_grad_splits, suite_bandwidths,
        suite_index,  suite_extremes,    suite_weight_range,
    };
    return run_suites(suites, sizeof suites / sizeof suites[0]);
}
