/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_STATISTICS_NUMBERS_H
#define CORE_STATISTICS_NUMBERS_H

/* Numbers of either type in a buffer. */

#include "core/tensor/memory.h"

static inline size_t number_bytes(int type)
{
    return type == TYPE_F32 ? 4 : 8;
}

/* Items of `rows` rows of `cols` numbers, for the backend. */
static inline struct array numbers_array(const struct buffer *buffer, int64_t heads, int64_t rows,
                                         int64_t cols)
{
    return (struct array){
        .data = buffer->memory,
        .batch = heads * rows * cols,
        .head = rows * cols,
        .row = cols,
        .col = 1,
        .group = 1,
    };
}

/* Number `at`. */
static inline double number_get(const struct buffer *b, int type, int64_t at)
{
    return type == TYPE_F32 ? (double)((const float *)b->host)[at] : ((const double *)b->host)[at];
}

static inline void number_set(const struct buffer *b, int type, int64_t at, double x)
{
    if (type == TYPE_F32)
        ((float *)b->host)[at] = (float)x;
    else
        ((double *)b->host)[at] = x;
}

#endif
