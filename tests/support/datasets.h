/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_DATASETS_H
#define TESTS_SUPPORT_DATASETS_H

/* The data sets in tests/data, of which other packages' numbers are known. */

#include <stdint.h>

enum dataset { FAITHFUL, MCYCLE, IRIS };

int64_t dataset_columns(enum dataset which);

/* Columns from `first` on, row-major, to be freed; *rows says how many there are. */
double *dataset_read(enum dataset which, int64_t first, int64_t count, int64_t *rows);

#endif
