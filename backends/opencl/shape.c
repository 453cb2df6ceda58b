/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"

/* Which programs suit a device. */

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
    const int lanes = (int)o->native[type];
    if (variant & FUSED_FEW)
        return (struct fused_shape){ lanes, 1, 8, 8 };
    if (wide)
        return (struct fused_shape){ lanes, 2, 8, 8 };
    return (struct fused_shape){ lanes, dot ? 3 : 4, dot ? 4 : 2, dot ? 4 : 2 };
}
