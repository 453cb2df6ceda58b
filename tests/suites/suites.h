/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUITES_SUITES_H
#define TESTS_SUITES_SUITES_H

#include <check.h>
#include <stddef.h>

/* One a file; answers.c, splits.c, devices.c and run.c list them. */
Suite *suite_version(void);
Suite *suite_index(void);
Suite *suite_oracle(void);
Suite *suite_promise(void);
Suite *suite_grad_oracle(void);
Suite *suite_grad(void);
Suite *suite_room(void);
Suite *suite_rule(void);
Suite *suite_dropout(void);
Suite *suite_train(void);
Suite *suite_classify(void);
Suite *suite_density(void);
Suite *suite_adaptive(void);
Suite *suite_curve(void);
Suite *suite_score(void);
Suite *suite_lines(void);
Suite *suite_regression(void);
Suite *suite_regression_errors(void);
Suite *suite_regression_oracle(void);
Suite *suite_golden(void);
Suite *suite_units(void);
Suite *suite_api(void);
Suite *suite_auto(void);
Suite *suite_busy(void);
Suite *suite_cache(void);
Suite *suite_plain(void);
Suite *suite_callbacks(void);
Suite *suite_threads(void);
Suite *suite_tree(void);
Suite *suite_errors(void);
Suite *suite_options(void);
Suite *suite_shapes(void);
Suite *suite_failures(void);
Suite *suite_data(void);
Suite *suite_packages(void);
Suite *suite_number(void);
Suite *suite_table(void);
Suite *suite_table_text(void);
Suite *suite_nearest(void);
Suite *suite_npy(void);
Suite *suite_npy_types(void);
Suite *suite_output(void);
Suite *suite_progress(void);
Suite *suite_output_place(void);
Suite *suite_messages(void);
Suite *suite_plot(void);
Suite *suite_plot_matrix(void);
Suite *suite_gnuplot(void);

Suite *suite_one_answer(void);
Suite *suite_splits(void);
Suite *suite_bandwidths(void);
Suite *suite_grad_splits(void);
Suite *suite_elementary(void);
Suite *suite_devices(void);
Suite *suite_faults(void);
Suite *suite_graphics(void);
Suite *suite_launches(void);
Suite *suite_offload(void);
Suite *suite_memory(void);
Suite *suite_batch(void);
Suite *suite_corners(void);
Suite *suite_extremes(void);
Suite *suite_weight_range(void);
Suite *suite_device_oracle(void);
Suite *suite_statistics(void);

/* Status for main. */
int run_suites(Suite *(*const *suites)(void), size_t count);

#endif
