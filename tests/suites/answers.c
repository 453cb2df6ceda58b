/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/suites/suites.h"

/* The tests of every backend. Only these use OpenCL. */
int main(void)
{
    static Suite *(*const suites[])(void) = {
        suite_one_answer, suite_batch,  suite_corners,  suite_splits,       suite_grad_splits,
        suite_elementary, suite_memory, suite_extremes, suite_weight_range, suite_device_oracle,
        suite_statistics, suite_faults, suite_devices,  suite_offload,      suite_widths,
        suite_launches,   suite_room,   suite_index,
    };
    return run_suites(suites, sizeof suites / sizeof suites[0]);
}
