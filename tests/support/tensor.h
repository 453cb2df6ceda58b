/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_TENSOR_H
#define TESTS_SUPPORT_TENSOR_H

/* Tensors for tests: every one lies in a mapping of its own between two pages that cannot be
 * touched, flush with one of them, and what is left of its pages holds a pattern. */

#include "attpool.h"

#include <stdbool.h>
#include <stdint.h>

enum element { ELEMENT_F32, ELEMENT_F64, ELEMENT_U8, ELEMENT_BOOL, ELEMENT_I32, ELEMENT_I64 };

/* How the elements lie in memory. */
enum arrangement {
    ARRANGE_COMPACT,    /* row-major, strides NULL */
    ARRANGE_EXPLICIT,   /* row-major, strides given */
    ARRANGE_PADDED,     /* rows, and matrices, with gaps between them */
    ARRANGE_SPREAD,     /* a column stride of 2 */
    ARRANGE_TRANSPOSED, /* column-major with a gap */
    ARRANGE_REVERSED,   /* every stride negative, so a byte_offset */
    ARRANGE_UNALIGNED,  /* row-major at an odd address */
    ARRANGE_SHARED,     /* stride 0 in every leading dimension */
    ARRANGEMENTS
};

/* Which end of the array touches a forbidden page. */
enum place { PLACE_END, PLACE_START };

struct tensor {
    DLTensor dl; /* points into this structure: a tensor is not copied by = */
    int64_t shape[4], strides[4];
    unsigned char *map; /* NULL for a view of another tensor */
    size_t map_size;
    unsigned char *bytes; /* first to last byte of the array */
    size_t size;
};

/* A new tensor of zeros. */
void tensor_new(struct tensor *t, enum element element, enum arrangement arrangement,
                enum place place, int ndim, const int64_t *shape);
void tensor_free(struct tensor *t);

/* Every byte outside of the guard pages becomes the pattern. */
void tensor_pattern(struct tensor *t);
/* Only reading is allowed from here on; and writing again. */
void tensor_protect(struct tensor *t);
void tensor_unprotect(struct tensor *t);
/* Nothing was written around the array. */
bool tensor_surroundings_intact(const struct tensor *t);

/* Another name for the same elements, to be cut and turned. */
void tensor_view(struct tensor *view, const struct tensor *t);
/* Keep [start, start + count) of a dimension; -1 is the last one. A dimension that is not there,
 * or has one element, stays (it broadcasts). */
void tensor_slice(struct tensor *view, int dimension, int64_t start, int64_t count);
void tensor_reverse(struct tensor *view, int dimension);

int64_t tensor_count(const struct tensor *t);
/* Element number i in row-major order. */
double tensor_get(const DLTensor *t, int64_t i);
void tensor_set(DLTensor *t, int64_t i, double value);
/* For a NaN that is not the usual one. */
void tensor_set_bits(DLTensor *t, int64_t i, uint64_t bits);
/* Element at (batch, head, row, col) of an array whose own dimensions are the `places` given, as
 * in "bhrc" or "hr"; a size of 1 broadcasts, fewer heads than `heads` are grouped. */
double tensor_at(const DLTensor *t, const char *places, int64_t heads, const int64_t index[4]);

/* Same values, bit for bit, whatever the arrangements. */
bool tensor_same(const DLTensor *a, const DLTensor *b);

/* A wrapper for memory of the test's own. */
DLTensor tensor_of(void *data, enum element element, int ndim, int64_t *shape);

/* Number i of the series `seed`, uniform in [-1, 1). */
double random_at(uint64_t seed, uint64_t i);
uint64_t random_bits(uint64_t seed, uint64_t i);

#endif
