/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "backends/opencl/opencl.h"

enum { TILE = 64, TILE_SIDE = 16, LEAST_TILED = 16 };

/* A launch of a few tenths of a second on a slow device: drivers end longer ones. */
#define LAUNCH_TERMS ((int64_t)1 << 32)

/* Rows [top, bottom) of the matrices [first, end) of the batch. */
static attpool_status launch_part(struct engine *engine, const struct bmm_args *args, int type,
                                  bool tiled, int64_t first, int64_t end, int64_t top,
                                  int64_t bottom)
{
    static const size_t tile_local[3] = { TILE_SIDE, TILE_SIDE, 1 };
    static const size_t each_local[3] = { 64, 1, 1 }, tall_local[3] = { 1, 64, 1 };
    int64_t rows = bottom - top;
    int64_t tiles[3] = { ceil_div(args->m, TILE) * TILE_SIDE, ceil_div(rows, TILE) * TILE_SIDE,
                         end - first };
    int64_t each[3] = { args->m, rows, end - first };
    struct launch l;

    if (!launch_begin(&l, engine, tiled ? KERNEL_BMM_TILE : KERNEL_BMM_EACH, type))
        return launch_end(&l);
    put_array(&l, &args->a);
    put_array(&l, &args->b);
    put_array(&l, &args->c);
    put_real(&l, args->alpha);
    put_real(&l, args->beta);
    put_long(&l, first);
    put_long(&l, top);
    put_long(&l, bottom);
    put_long(&l, args->heads);
    put_long(&l, args->m);
    put_long(&l, args->k);
    if (tiled)
        launch_run(&l, 3, tiles, tile_local);
    else
        launch_run(&l, 3, each, args->m < LEAST_TILED ? tall_local : each_local);
    return launch_end(&l);
}

attpool_status opencl_bmm(struct engine *engine, const struct bmm_args *args, int type)
{
    bool tiled = opencl_tiles(engine, type) && args->n >= LEAST_TILED && args->m >= LEAST_TILED;
    int64_t matrices = args->batch * args->heads;
    int64_t rows = max64(TILE, LAUNCH_TERMS / max64(1, args->m) / max64(1, args->k) / TILE * TILE);
    int64_t count = max64(1, rows / max64(1, args->n));
    attpool_status status = ATTPOOL_OK;

    for (int64_t first = 0; first < matrices; first += count)
        for (int64_t top = 0; top < args->n && status == ATTPOOL_OK; top += rows)
            status = launch_part(engine, args, type, tiled, first, min64(first + count, matrices),
                                 top, min64(top + rows, args->n));
    return status;
}
