/* SPDX-License-Identifier: Apache-2.0 */
/* NPY files: a header in Python's notation and the raw array. Versions 1 to 3 are read, in C
 * and Fortran order, both byte orders, of bool, i1 .. i8, u1 .. u8, f2, f4 and f8; version 1
 * in C order is written. */
#ifndef TOOLS_IO_NPY_H
#define TOOLS_IO_NPY_H

#include "tools/command/output.h"
#include "tools/io/source.h"

enum npy_type {
    NPY_BOOL, /* one byte, 0 or 1 */
    NPY_I8,
    NPY_I16,
    NPY_I32,
    NPY_I64,
    NPY_U8,
    NPY_U16,
    NPY_U32,
    NPY_U64,
    NPY_F16,
    NPY_F32,
    NPY_F64
};

enum { NPY_DIMS = 8 };

struct npy_info {
    enum npy_type type;
    bool swapped; /* in the other byte order than this machine's */
    bool fortran;
    int dims; /* 0 .. NPY_DIMS; 0 is a scalar, of one element */
    int64_t shape[NPY_DIMS];
    size_t count; /* the product of the shape; its bytes fit size_t */
};

/* What npy_data hands out, always in C order and this machine's byte order. */
enum npy_as {
    NPY_AS_F64, /* double, from every type; i8 and u8 are rounded where they must */
    NPY_AS_F32, /* float, from every type; what rounds to infinity is bad data */
    NPY_AS_I64, /* int64_t, from the integers; u8 above 2^63 - 1 is bad data */
    NPY_AS_BOOL /* uint8_t of 0 and 1, from bool, and from integers of 0 and 1 only */
};

const char *npy_type_name(enum npy_type type); /* "float64" */
size_t npy_type_size(enum npy_type type);

/* "(3, 4)", "(5,)", "()" as Python writes it. */
struct npy_shape_text {
    char text[200];
};
struct npy_shape_text npy_shape(int dims, const int64_t *shape);

/* Reads the header; s->npy holds. When the size of the file is known it is compared with the
 * shape here, before anything is allocated. */
int npy_header(struct source *s, struct npy_info *info, struct error *e);

/* Reads the array that follows. *data is malloc'd (never NULL, even for 0 elements) and the
 * caller's; NULL on failure. From a pipe, memory grows with what has arrived. Bytes missing or
 * left over are bad data. */
int npy_data(struct source *s, const struct npy_info *info, enum npy_as as, void **data,
             struct error *e);

/* The header of a file in C order (the elements that follow are the caller's to write), and
 * a file in one go. */
int npy_write_header(struct output *o, enum npy_type type, int dims, const int64_t *shape);
int npy_write(const char *path, enum npy_type type, int dims, const int64_t *shape,
              const void *data, struct error *e);

#endif
