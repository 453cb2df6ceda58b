/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/shape.h"
#include "backends/opencl/slab.h"

enum {
    LEAST_TILED = 32,
    LARGE_TILE = 2 * TILE,
    LEAST_PANEL = 8,
    MOST_PANEL_COLS = 512,
    BLOCKS_A_UNIT = 2
};

struct product {
    struct engine *engine;
    const struct bmm_args *args;
    int type;
    bool tiled, large, panels;      /* large: tiles of LARGE_TILE */
    int64_t block_rows, block_cols; /* of a work-item, where it takes panels */
};

/* ceil(size / step) * step, or less: parts of equal size, in whole steps, of no more than `most`.
 */
static int64_t even_part(int64_t size, int64_t step, int64_t most)
{
    int64_t parts = ceil_div(size, most);
    return ceil_div(ceil_div(size, parts), step) * step;
}

/* Large blocks, but enough for all compute units. */
static void cut_blocks(struct product *p)
{
    const struct opencl *o = ap_engine_state(p->engine);
    const struct bmm_args *args = p->args;
    const struct panel_shape shape = ap_opencl_panel(o, p->type);
    const int64_t panel = 2 * (int64_t)o->native[p->type];
    const int64_t wanted = BLOCKS_A_UNIT * (int64_t)o->units;
    const int64_t matrices = args->batch * args->heads;
    int64_t rows = shape.rows, cols = MOST_PANEL_COLS;

    for (;;) {
        p->block_rows = even_part(args->n, shape.tile, rows);
        p->block_cols = even_part(args->m, panel, cols);
        int64_t blocks = matrices * ceil_div(args->n, p->block_rows);
        if (blocks * ceil_div(args->m, p->block_cols) >= wanted)
            return;
        if (cols > panel)
            cols = max64(panel, min64(cols, p->block_cols) / 2 / panel * panel);
        else if (rows > shape.tile)
            rows = max64(shape.tile, min64(rows, p->block_rows) / 2 / shape.tile * shape.tile);
        else
            return;
    }
}

/* Large tiles read each element half as often; there should be some for each compute unit. */
static bool takes_large(const struct product *p)
{
    const struct opencl *o = ap_engine_state(p->engine);
    const struct bmm_args *args = p->args;
    const int64_t tiles =
        args->batch * args->heads * ceil_div(args->n, LARGE_TILE) * ceil_div(args->m, LARGE_TILE);
    return p->tiled && !o->short_loops && args->n >= LARGE_TILE && args->m >= LARGE_TILE &&
           tiles >= 2 * (int64_t)o->units;
}

static enum entry_id bmm_entry_of(const struct product *p)
{
    return p->panels  ? KERNEL_BMM_PANEL
           : p->large ? KERNEL_BMM_LARGE
           : p->tiled ? KERNEL_BMM_TILE
                      : KERNEL_BMM_EACH;
}

static attpool_status launch_slab(void *arg, struct slab *s)
{
    static const size_t tile_local[3] = { TILE_SIDE, TILE_SIDE, 1 };
    static const size_t wide[3] = { 64, 1, 1 }, tall[3] = { 1, 64, 1 }, alone[3] = { 1, 1, 1 };
    const struct product *p = arg;
    const struct bmm_args *args = p->args;
    int64_t matrices = s->rows / s->count;
    int64_t tile = p->large ? LARGE_TILE : TILE;
    int64_t tiles[3] = { ceil_div(args->m, tile) * TILE_SIDE, ceil_div(s->count, tile) * TILE_SIDE,
                         matrices };
    int64_t each[3] = { args->m, s->count, matrices };
    int64_t blocks[3] = { ceil_div(args->m, max64(1, p->block_cols)),
                          ceil_div(s->count, max64(1, p->block_rows)), matrices };
    struct launch l;

    if (!ap_launch_begin(&l, p->engine, bmm_entry_of(p), p->type))
        return ap_launch_end(&l);
    l.terms = (double)s->rows * (double)args->m * (double)args->k;
    ap_put(&l, sizeof *s, s);
    ap_put_array(&l, &args->a);
    ap_put_array(&l, &args->b);
    ap_put_array(&l, &args->c);
    ap_put_real(&l, args->alpha);
    ap_put_real(&l, args->beta);
    ap_put_long(&l, args->k);
    if (p->panels) {
        ap_put_int(&l, (int)p->block_rows);
        ap_put_int(&l, (int)p->block_cols);
        ap_launch_run(&l, 3, blocks, alone);
    } else if (p->tiled)
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
    p.panels = ap_opencl_vectors(engine, type) && args->n >= LEAST_PANEL && args->m >= LEAST_PANEL;
    p.large = !p.panels && takes_large(&p);
    if (p.panels)
        cut_blocks(&p);
    const int64_t terms = ap_opencl_most_terms(engine, bmm_entry_of(&p), type);
    const int64_t tile = p.large ? LARGE_TILE : TILE;
    cut.most = max64(tile, terms / max64(1, args->m) / max64(1, args->k) / tile * tile);
    return ap_slab_each(&cut, launch_slab, &p);
}
