/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/datasets.h"

#include "tools/io/table.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_COLUMNS = 4 };

static const struct {
    const char *name, *columns[MOST_COLUMNS];
    int64_t count;
} sets[] = {
    { "faithful", { "eruptions", "waiting" }, 2 },
    { "mcycle", { "times", "accel" }, 2 },
    { "iris", { "Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width" }, 4 },
};

int64_t dataset_columns(enum dataset which)
{
    return sets[which].count;
}

double *dataset_read(enum dataset which, int64_t first, int64_t count, int64_t *rows)
{
    struct error e = { 0 };
    struct table t;
    char path[1000];
    const char *source = getenv("srcdir"), *columns[MOST_COLUMNS];
    struct table_options options = { .columns = columns,
                                     .column_count = (size_t)count,
                                     .format = &(struct table_format){ 0 } };
    for (int64_t c = 0; c < count; c++)
        columns[c] = sets[which].columns[first + c];
    snprintf(path, sizeof path, "%s/tests/data/%s.csv", source ? source : ".", sets[which].name);
    ck_assert_int_eq(table_read(path, &options, &t, &e), CMD_OK);
    double *data = malloc(t.rows * (size_t)count * sizeof *data);
    ck_assert_ptr_nonnull(data);
    for (size_t j = 0; j < t.rows; j++)
        for (size_t c = 0; c < (size_t)count; c++)
            data[j * (size_t)count + c] = t.columns[c][j];
    *rows = (int64_t)t.rows;
    table_free(&t);
    return data;
}
