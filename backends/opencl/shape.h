/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_OPENCL_SHAPE_H
#define BACKENDS_OPENCL_SHAPE_H

/* Which programs suit a device, and the sizes that they are compiled with. */

#include "backends/opencl/opencl.h"

/* Is it a processor, with vectors that programs name themselves? */
bool ap_opencl_vectors(struct engine *engine, int type);

/* Of cl/bmm_panel.cl: rows of a tile, and the most of a work-item. */
struct panel_shape {
    int tile, rows;
};
struct panel_shape ap_opencl_panel(const struct opencl *o, int type);

/* Of cl/fused.cl: lanes and vectors of rows in a tile, and the keys and columns of values that are
 * in registers at a time. */
struct fused_shape {
    int lanes, vectors, keys, columns;
};
struct fused_shape ap_opencl_fused(const struct opencl *o, int type, int variant);

/* Of cl/leaves.cl: rows of a tile, work-items of a group, and whether it has tiles of registers;
 * with room for factors beside the scores or without. */
struct leaf_shape {
    int rows, items;
    bool tiles;
};
struct leaf_shape ap_opencl_leaf(const struct opencl *o, int type, bool factors);

/* Of cl/grad_tile.cl: points of a tile, 0 where the device is not made for it; work-items of a
 * group, which are as many as partners; and local memory for slices. */
struct grad_shape {
    int points, items;
    size_t slice_bytes;
};
struct grad_shape ap_opencl_grad(const struct opencl *o, int type, int variant);

#endif
