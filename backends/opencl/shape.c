/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/shape.h"

#include "backends/constants.h"

bool ap_opencl_vectors(struct engine *engine, int type)
{
    const struct opencl *o = ap_engine_state(engine);
    const cl_uint lanes = o->native[type];
    return o->cpu && !o->soft_fma && (lanes == 4 || lanes == 8 || lanes == 16);
}

/* Vectors of 64 bytes come with 32 registers. */
struct panel_shape ap_opencl_panel(const struct opencl *o, int type)
{
    const bool wide = o->native[type] * type_bytes(type) == 64;
    return (struct panel_shape){ wide ? 12 : 6, type == TYPE_F32 ? 96 : 48 };
}

/* Registers hold a tile's sums, a query and a key: 16 of them, or 32 with vectors of 64 bytes. */
struct fused_shape ap_opencl_fused(const struct opencl *o, int type, int variant)
{
    const bool wide = o->native[type] * type_bytes(type) == 64;
    const bool dot = variant / FUSED_OPTIONS == FUSED_DOT;
    const int lanes = (int)max64(1, o->native[type]); /* 0 of a type that the device has not */
    if (variant & FUSED_BLOCKS)
        return (struct fused_shape){ lanes, (int)max64(1, SUPER_BLOCK_BLOCKS / lanes), 4, 1 };
    if (variant & FUSED_FEW)
        return (struct fused_shape){ lanes, 1, 8, 8 };
    if (variant / FUSED_OPTIONS == FUSED_ADDITIVE)
        return (struct fused_shape){ lanes, 2, wide ? 4 : 2, wide ? 8 : 4 };
    if (wide)
        return (struct fused_shape){ lanes, 2, 8, 8 };
    return (struct fused_shape){ lanes, dot ? 3 : 4, dot ? 4 : 2, dot ? 4 : 2 };
}

/* Local memory of a work-group of cl/leaves.cl. */
static size_t leaf_bytes(const struct leaf_shape *shape, int type, bool factors)
{
    enum { SLICE_TERMS = 8, SLICE_KEYS = 128, PITCH = 4 };
    const size_t rows = (size_t)shape->rows;
    const size_t slices = SLICE_TERMS * (rows + SLICE_KEYS + 2 * PITCH);
    const size_t words = rows * BLOCK * (factors ? 2 : 1) + (size_t)shape->items + 2 * rows;
    return (words + (shape->tiles ? slices : 0)) * type_bytes(type) + 3 * rows * sizeof(cl_long);
}

/* The words of a tile's block take 16 KiB, which leaves room for a second group where a device has
 * the least that OpenCL asks for. On processors, where each barrier has a price for each work-item,
 * there are as many as rows. A work-item whose loops are to be short has one key. */
struct leaf_shape ap_opencl_leaf(const struct opencl *o, int type, bool factors)
{
    enum { LEAST_TILE = 8, WORDS = 16 << 10, FEW_ITEMS = 32, ITEMS = 128, MOST_ITEMS = 1024 };
    const size_t wanted = o->short_loops ? MOST_ITEMS : o->cpu ? FEW_ITEMS : ITEMS;
    struct leaf_shape shape = { .items = 1 };

    shape.rows = WORDS / (BLOCK * (int)type_bytes(type) * (factors ? 2 : 1));
    if (o->short_loops)
        shape.rows = LEAST_TILE;
    while ((size_t)shape.items * 2 <= wanted && (size_t)shape.items * 2 <= o->max_group)
        shape.items *= 2;
    shape.tiles = !o->soft_fma;
    while (shape.rows > 1 && leaf_bytes(&shape, type, factors) > o->local_bytes) {
        shape.rows /= 2;
        shape.tiles = shape.tiles && shape.rows >= LEAST_TILE;
    }
    return shape;
}

/* Room for a second group where a device has the least that OpenCL asks for. */
struct grad_shape ap_opencl_grad(const struct opencl *o, int type, int variant)
{
    enum { ITEMS = 64, WORDS = 16 << 10, SLICE_TERMS = 8, SLICE_PITCH = ITEMS + 8 };
    const size_t size = type_bytes(type), planes = variant == GRAD_TILE_DOT ? 2 : 4;
    const size_t points = WORDS / (ITEMS * size * planes);
    const size_t words = (planes * (points + 1) + 1) * ITEMS * size;
    const size_t slices = SLICE_TERMS * (points + SLICE_PITCH) * size;

    if (o->soft_fma || o->short_loops || o->max_group < ITEMS ||
        words + slices + ITEMS > o->local_bytes)
        return (struct grad_shape){ 0 };
    return (struct grad_shape){ (int)points, ITEMS, slices };
}
