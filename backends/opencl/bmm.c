/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/slab.h"

enum { LEAST_TILED = 32 };

struct product {
    struct engine *engine;
    const struct bmm_args *args;
    int type;
    bool tiled;
};

static attpool_status launch_slab(void *arg, struct slab *s)
{
    static const size_t tile_local[3] = { TILE_SIDE, TILE_SIDE, 1 };
    static const size_t wide[3] = { 64, 1, 1 }, tall[3] = { 1, 64, 1 };
    const struct product *p = arg;
    const struct bmm_args *args = p->args;
    int64_t matrices = s->rows / s->count;
    int64_t tiles[3] = { ceil_div(args->m, TILE) * TILE_SIDE, ceil_div(s->count, TILE) * TILE_SIDE,
                         matrices };
    int64_t each[3] = { args->m, s->count, matrices };
    struct launch l;

    if (!ap_launch_begin(&l, p->engine, p->tiled ? KERNEL_BMM_TILE : KERNEL_BMM_EACH, p->type))
        return ap_launch_end(&l);
    ap_put(&l, sizeof *s, s);
    ap_put_array(&l, &args->a);
    ap_put_array(&l, &args->b);
    ap_put_array(&l, &args->c);
    ap_put_real(&l, args->alpha);
    ap_put_real(&l, args->beta);
    ap_put_long(&l, args->k);
    if (p->tiled)
        ap_launch_run(&l, 3, tiles, tile_local);
    else
        ap_launch_run(&l, 3, each, args->m < LEAST_TILED ? tall : wide);
    return ap_launch_end(&l);
}

attpool_status ap_opencl_bmm(struct engine *engine, const struct bmm_args *args, int type)
{
    struct product p = { .engine = engine, .args = args, .type = type };
    struct cut cut = { .batch = args->batch, .heads = args->heads, .n = args->n, .m = args->m };

    p.tiled = ap_opencl_tiles(engine, type) && args->n >= LEAST_TILED && args->m >= LEAST_TILED;
    attpool_status status = ap_opencl_turns(engine, 2 * args->k);
    if (status != ATTPOOL_OK)
        return status;
    cut.most = max64(TILE, LAUNCH_TERMS / max64(1, args->m) / max64(1, args->k) / TILE * TILE);
    return ap_slab_each(&cut, launch_slab, &p);
}
