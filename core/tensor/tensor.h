/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_TENSOR_TENSOR_H
#define CORE_TENSOR_TENSOR_H

/* The arguments of a call: every tensor is read once, and becomes a struct array. */

#include "core/context.h"

/* The role of a tensor in its call. */
enum role { ROLE_INPUT, ROLE_OUTPUT, ROLE_UPDATED };

/* Which elements are legal. */
enum kind {
    KIND_REAL,    /* float32 or float64, the same for all of a call */
    KIND_LENGTHS, /* int32 or int64 */
    KIND_MASK     /* uint8, or bool of 8 bits */
};

/* How a tensor's own dimensions map to (batch, head, row, col). */
enum layout {
    LAYOUT_MATRIX, /* (row, col), (head, row, col), (batch, head, row, col) */
    LAYOUT_ROW,    /* (row), (head, row), (batch, head, row) */
    LAYOUT_COL,    /* (col), (head, col), (batch, head, col) */
    LAYOUT_HEADS,  /* (head), (batch, head) */
    LAYOUT_PLAIN,  /* (row, col) only */
    LAYOUT_SINGLE  /* (), or as LAYOUT_COL with one element */
};

/* What a call may be cut along (cut.h). K is the inner dimension of a matrix product. */
enum axis { AXIS_BATCH, AXIS_HEADS, AXIS_N, AXIS_M, AXIS_K, AXES, AXIS_NONE };

/* A tensor in four dimensions: batch, head, row, col. */
struct view {
    const char *name;      /* as in attpool.h: "K" */
    attpool_status status; /* that names it */
    enum role role;
    enum kind kind;
    enum layout layout;
    bool device;
    bool dense;                 /* host, row-major, not empty */
    bool per_item;              /* its first dimension turned out to be the batch */
    int ndim;                   /* the caller's */
    bool full;                  /* ndim is the most that its layout has */
    int bytes;                  /* of an element */
    char *data;                 /* host: first element's address; device: handle */
    int64_t offset;             /* device: bytes */
    int64_t size[4], stride[4]; /* elements */
    int64_t low, high;          /* range of bytes from element 0, [low, high); empty: 0, 0 */
    enum axis along[2];         /* which axis its rows and its columns are */
    void *packed;               /* memory of its own (cut.c) */
    struct array *array;        /* the descriptor's field to be filled */
};

enum { MOST_VIEWS = 32 };

/* Memory of the host that views share, as the device has it for the time of a call (stage.c). */
struct span {
    char *low, *high;
    int element; /* bytes */
    bool read, written;
    void *buffer;
};

struct arguments {
    struct engine *engine;
    int type; /* TYPE_F32 or TYPE_F64; -1 before the first real tensor */
    int count, spans;
    struct view view[MOST_VIEWS];
    struct span span[MOST_VIEWS];
};

void ap_arguments_init(struct arguments *args, struct engine *engine);

/* Whether a * b * c * d of sizes, in bytes as well, stays in an int64_t. */
bool ap_product_fits(int64_t a, int64_t b, int64_t c, int64_t d);

/* Check a tensor by itself and take it up. On success *view is its place in args. */
attpool_status ap_arguments_add(struct arguments *args, const DLTensor *tensor, const char *name,
                                attpool_status status, enum role role, enum kind kind,
                                enum layout layout, struct array *array, struct view **view);

/* The most dimensions that its layout has. */
int ap_view_most_dimensions(const struct view *view);
/* Of four sizes or indices those that the caller's tensor has, in its order; how many. */
int ap_view_own(const struct view *view, const int64_t four[4], int64_t own[4]);

/* Fail unless the view's size in a dimension is `want`; `of` is "K has", for example. */
attpool_status ap_view_expect(struct engine *engine, const struct view *view, int dimension,
                              int64_t want, const char *of);

/* The leading dimensions of the result: of Q's and the others', broadcast. Heads of a view with
 * `grouped` may divide those of the result. */
struct leading {
    int64_t batch, heads;
    bool four; /* some tensor has four dimensions: the second one is heads, else it is b */
    int64_t key_heads, value_heads;
};
#define LEADING_NONE ((struct leading){ -1, -1, false, 1, 1 })
void ap_leading_add(struct leading *leading, const struct view *view);
/* Part of ap_leading_add. */
static inline void leading_note_heads(struct leading *leading, const struct view *view)
{
    leading->four |= view->full;
}
attpool_status ap_leading_expect(struct engine *engine, const struct view *view,
                                 const struct leading *leading, bool grouped, bool broadcast);

/* Lengths, key weights and inverse bandwidths, whose last dimension, if any, is `dimension` of
 * `size` (-1: none). Beside heads, one with a dimension less than its layout has belongs to the
 * batch item; else it has the heads of the result or, `of_keys`, those of K or V. */
attpool_status ap_leading_expect_vector(struct engine *engine, struct view *view,
                                        const struct leading *leading, bool of_keys, int dimension,
                                        int64_t size);
/* A mask or bias, which broadcasts to (batch, heads, n, m). */
attpool_status ap_leading_expect_mask(struct engine *engine, const struct view *view,
                                      const struct leading *leading, int64_t n, int64_t m);

/* A gradient has the shape of what it belongs to. Both have passed the same check. */
attpool_status ap_view_expect_same(struct engine *engine, const struct view *view,
                                   const struct view *of);

/* Fill every descriptor field for the given leading dimensions. */
void ap_arguments_fill(struct arguments *args, const struct leading *leading);

/* No output overlaps itself or another argument; `may_alias` (or NULL) may be the very same
 * tensor as the first view. */
attpool_status ap_arguments_overlap(struct arguments *args, const struct view *may_alias);

bool ap_arguments_on_host(const struct arguments *args);

/* Make the range of bytes of a view that was cut. */
void ap_view_range(struct view *view);

/* Part of ap_arguments_stage: which memory of the host is to be brought to the device. */
void ap_arguments_span(struct arguments *args);

/* Bring host arrays to the device; fetch the outputs back and wait where there were any. Nothing
 * for a host backend, nor for arrays that are on the device. */
attpool_status ap_arguments_stage(struct arguments *args);
attpool_status ap_arguments_unstage(struct arguments *args, attpool_status status);

/* Element access on the host, alignment-free. */
double ap_view_real(const struct view *view, int64_t b, int64_t h, int64_t i, int64_t c);
int64_t ap_view_integer(const struct view *view, int64_t b, int64_t h, int64_t i, int64_t c);
/* How many numbers of a row, from the first on, are finite and without a sign; perhaps fewer. */
int64_t ap_view_plain_until(const struct view *view, int64_t b, int64_t h, int64_t i);

#endif
