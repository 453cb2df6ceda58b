/* SPDX-License-Identifier: Apache-2.0 */

/* The integers of a kernel evaluation. */
#ifndef BACKENDS_SIMD_KERNEL_PLAN_H
#define BACKENDS_SIMD_KERNEL_PLAN_H

#include "backends/kernel_traits.h"

/* How a difference is scaled before it is squared, or becomes u. */
enum kernel_scaling {
    SCALE_NONE,
    SCALE_ROW,           /* a number a query */
    SCALE_KEY,           /* a number a key */
    SCALE_COORDINATE,    /* a number a coordinate */
    SCALE_COORDINATE_KEY /* a number a coordinate and key */
};

enum { KERNEL_ROWS = 256, KERNEL_TILE_ROWS = 4, KERNEL_TILE_VECS = 2, KERNEL_VALUES = 4 };

struct kernel_plan {
    bool product, linear;  /* linear: u of one coordinate, no sum of squares */
    bool has_log, squared; /* squared: S is multiplied by W2 to give u^2 */
    bool fused;            /* Gaussians that need no planes */
    enum kernel_scaling scaling;
    int64_t keys;   /* of a block: a multiple of the tile */
    int64_t depth;  /* coordinates at a time: at most CHUNK */
    int64_t kept;   /* rows whose planes are kept: all where there are several chunks */
    int64_t planes; /* product form: log part, factor, support */
    int64_t key_blocks, row_blocks;
    /* Scratch of a worker, in numbers: where each part begins, and all of it. */
    int64_t k_at, q_at, scale_at, square_at, planes_at, room;
};

static enum kernel_scaling kernel_scaling_of(const struct kernel *kernel)
{
    switch (kernel->per) {
    case ATTPOOL_BANDWIDTH_COORDINATE:
        return SCALE_COORDINATE;
    case ATTPOOL_BANDWIDTH_COORDINATE_KEY:
        return SCALE_COORDINATE_KEY;
    case ATTPOOL_BANDWIDTH_KEY:
        return SCALE_KEY;
    default:
        return SCALE_ROW;
    }
}

static struct kernel_plan kernel_plan_of(const struct kernel_args *a, int64_t lanes, int64_t size)
{
    const struct kernel *kernel = &a->kernel;
    struct kernel_plan p = { .product = kernel->form == ATTPOOL_PRODUCT };
    const int64_t tile = lanes * KERNEL_TILE_VECS, all = (a->m + tile - 1) / tile * tile;
    p.linear = p.product || (a->d == 1 && kernel->name != ATTPOOL_GAUSSIAN);
    p.has_log = kernel_any(kernel, a->d, kernel_has_log);
    p.scaling = kernel_scaling_of(kernel);
    p.squared = !p.linear && p.scaling != SCALE_COORDINATE && p.scaling != SCALE_COORDINATE_KEY;
    p.fused = !p.product && kernel->name == ATTPOOL_GAUSSIAN &&
              kernel->per == ATTPOOL_BANDWIDTH_ONE && a->d >= 1 && a->d <= 4 && a->g.col == 1;
    p.depth = a->d < CHUNK ? a->d : CHUNK;
    p.kept = a->d > CHUNK ? KERNEL_ROWS : KERNEL_TILE_ROWS;
    p.planes = p.product ? 3 : 1;
    p.keys = 65536 / size / (p.depth < 1 ? 1 : p.depth);
    p.keys = p.keys > 4096 / size ? 4096 / size : p.keys;
    p.keys = p.keys / tile * tile;
    p.keys = p.keys < tile ? tile : p.keys > all ? all : p.keys;
    p.key_blocks = p.keys == 0 ? 0 : (a->m + p.keys - 1) / p.keys;
    p.row_blocks = (a->n + KERNEL_ROWS - 1) / KERNEL_ROWS;

    const int64_t block = p.keys * p.depth + lanes; /* packing may spill */
    p.q_at = block;
    p.scale_at = p.q_at + KERNEL_ROWS * p.depth;
    p.square_at =
        p.scale_at + KERNEL_ROWS + p.depth + (p.scaling == SCALE_COORDINATE_KEY ? block : p.keys);
    p.planes_at = p.square_at + KERNEL_ROWS + p.keys;
    p.room = p.planes_at + p.planes * p.kept * p.keys;
    return p;
}

#endif
