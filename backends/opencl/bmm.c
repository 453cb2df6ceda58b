/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

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

    if (!launch_begin(&l, p->engine, p->tiled ? KERNEL_BMM_TILE : KERNEL_BMM_EACH, p->type))
        return launch_end(&l);
    put(&l, sizeof *s, s);
    put_array(&l, &args->a);
    put_array(&l, &args->b);
    put_array(&l, &args->c);
    put_real(&l, args->alpha);
    put_real(&l, args->beta);
    put_long(&l, args->k);
    if (p->tiled)
        launch_run(&l, 3, tiles, tile_local);
    else
        launch_run(&l, 3, each, args->m < LEAST_TILED ? tall : wide);
    return launch_end(&l);
}

attpool_status opencl_bmm(struct engine *engine, const struct bmm_args *args, int type)
{
    struct product p = { .engine = engine, .args = args, .type = type };
    struct cut cut = { .batch = args->batch, .heads = args->heads, .n = args->n, .m = args->m };

    p.tiled = opencl_tiles(engine, type) && args->n >= LEAST_TILED && args->m >= LEAST_TILED;
    attpool_status status = opencl_turns(engine, 2 * args->k);
    if (status != ATTPOOL_OK)
        return status;
    cut.most = max64(TILE, LAUNCH_TERMS / max64(1, args->m) / max64(1, args->k) / TILE * TILE);
    return slab_each(&cut, launch_slab, &p);
}
