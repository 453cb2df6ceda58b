/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/suites/suites.h"

/* The library and the command, on the CPU. */
int main(void)
{
    static Suite *(*const suites[])(void) = {
        suite_version,
        suite_oracle,
        suite_promise,
        suite_golden,
        suite_units,
        suite_errors,
        suite_options,
        suite_shapes,
        suite_failures,
        suite_api,
        suite_busy,
        suite_plain,
        suite_callbacks,
        suite_threads,
        suite_tree,
        suite_data,
        suite_packages,
        suite_number,
        suite_table,
        suite_table_text,
        suite_npy,
        suite_npy_types,
        suite_output,
        suite_output_place,
        suite_progress,
        suite_messages,
        suite_nearest,
        suite_plot,
        suite_plot_matrix,
        suite_gnuplot,
        suite_grad_oracle,
        suite_grad,
        suite_rule,
        suite_dropout,
        suite_density,
        suite_curve,
        suite_score,
        suite_adaptive,
        suite_regression,
        suite_regression_errors,
        suite_regression_oracle,
        suite_lines,
        suite_train,
        suite_classify,
    };
    return run_suites(suites, sizeof suites / sizeof suites[0]);
}
