/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_SCALAR_MATRIX_H
#define BACKENDS_SCALAR_MATRIX_H

#include "backends/backend.h"

#include <string.h>

/* What needs no element type: the matrix of one (batch, head) of an array, and the cutting of
 * rows into tiles, each the task of one thread. */

struct matrix {
    char *at; /* NULL: the array is absent */
    int64_t row, col;
};

/* The matrix (b, h) of an array whose elements have `size` bytes; strides become bytes. */
static inline struct matrix matrix_of(const struct array *array, int64_t b, int64_t h, size_t size)
{
    struct matrix x = { .at = array->data };
    if (x.at == NULL)
        return x;
    int64_t bytes = (int64_t)size;
    x.at += (b * array->batch + h / array->group * array->head) * bytes;
    x.row = array->row * bytes;
    x.col = array->col * bytes;
    return x;
}

static inline char *matrix_at(struct matrix x, int64_t row, int64_t col)
{
    return x.at + row * x.row + col * x.col;
}

/* A length, int32 or int64. */
static inline int64_t matrix_length(struct matrix x, int64_t row, int bytes)
{
    int64_t wide;
    int32_t narrow;
    if (bytes == 8) {
        memcpy(&wide, matrix_at(x, row, 0), sizeof wide);
        return wide;
    }
    memcpy(&narrow, matrix_at(x, row, 0), sizeof narrow);
    return narrow;
}

enum { TASK_ROWS = 16 };

struct task {
    int64_t b, h, first, end; /* rows [first, end) of (b, h) */
};

static inline int64_t task_count(int64_t batch, int64_t heads, int64_t n)
{
    return batch * heads * ((n + TASK_ROWS - 1) / TASK_ROWS);
}

static inline struct task task_at(int64_t index, int64_t heads, int64_t n)
{
    int64_t tiles = (n + TASK_ROWS - 1) / TASK_ROWS;
    struct task task = { .h = index / tiles, .first = index % tiles * TASK_ROWS };
    task.end = n - task.first < TASK_ROWS ? n : task.first + TASK_ROWS;
    task.b = task.h / heads;
    task.h %= heads;
    return task;
}

#endif
