/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/suites/suites.h"

/* Devices: memory, launches, faults. */
int main(void)
{
    static Suite *(*const suites[])(void) = {
        suite_devices, suite_graphics, suite_faults, suite_memory,
        suite_offload, suite_launches, suite_room,
    };
    return run_suites(suites, sizeof suites / sizeof suites[0]);
}
