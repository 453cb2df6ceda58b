/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/fused.h"
#include "backends/kernel_traits.h"
#include "backends/opencl/leaves.h"
#include "backends/opencl/shape.h"

#include <math.h>

enum { ITEMS_A_UNIT = 4, PAIR_TERMS = 16, TANH_TERMS = 16 };

/* ---- Which program ---- */

static int fused_variant_of(const struct pooling *p)
{
    const struct pool_args *args = p->args;
    const bool masks = args->masks.mask.data || args->masks.bias.data || args->key_weights.data;
    const bool additive = args->score == POOL_ADDITIVE;
    const int score = args->score == POOL_DOT ? FUSED_DOT
                      : additive              ? FUSED_ADDITIVE
                      : p->log_domain         ? FUSED_LOG
                                              : FUSED_FACTOR;

    const struct opencl *o = ap_engine_state(p->engine);
    const int64_t lanes = (int64_t)o->native[p->type];
    const bool few = args->n <= lanes;
    /* A lane of rows costs the same with and without a row, one of blocks a lot for many columns.
     */
    const int64_t alone = max64(1, args->d == 1 && args->v == 1 ? lanes / 4 : lanes / 8);
    const bool blocks = args->n <= alone && args->m >= 2 * SUPER_BLOCK && !masks && !additive;
    return score * FUSED_OPTIONS + (masks ? FUSED_MASKS : 0) + (args->v == 1 ? FUSED_LINE : 0) +
           (blocks ? FUSED_BLOCKS
            : few  ? FUSED_FEW
                   : 0);
}

static enum entry_id fused_entry_of(const struct pooling *p)
{
    return KERNEL_FUSED + (unsigned)fused_variant_of(p);
}

static struct fused_shape fused_shape_of(const struct pooling *p)
{
    return ap_opencl_fused(ap_engine_state(p->engine), p->type, fused_variant_of(p));
}

/* Rows of a tile. */
static int height_of(const struct pooling *p)
{
    const struct fused_shape shape = fused_shape_of(p);
    return fused_variant_of(p) & FUSED_BLOCKS ? 1 : shape.lanes * shape.vectors;
}

/* A radial kernel whose weights need no division, and of several coordinates no root. */
static bool takes_kernel(const struct pooling *p)
{
    const struct kernel *kernel = &p->args->kernel;
    const int name = (int)kernel->name;

    if (kernel->form != ATTPOOL_RADIAL || name == ATTPOOL_CONSTANT ||
        (kernel->per != ATTPOOL_BANDWIDTH_ONE && kernel->per != ATTPOOL_BANDWIDTH_COORDINATE))
        return false;
    if (!kernel_takes_square(name) && p->args->d != 1)
        return false;
    if (kernel_has_log(name))
        return !kernel_has_factor(name);
    return !kernel_is_intricate(name) && !p->args->masks.bias.data;
}

static bool is_ordinary(double c, int type)
{
    return type == TYPE_F32 ? isfinite((float)c) && 0.25f * (float)c != 0
                            : isfinite(c) && 0.25 * c != 0;
}

bool ap_fused_takes(const struct pooling *p)
{
    const struct opencl *o = ap_engine_state(p->engine);
    const struct pool_args *args = p->args;

    if (!ap_opencl_vectors(p->engine, p->type) || o->short_loops || args->nodes ||
        args->dropout.threshold > 0 || args->moments.power || args->d > FUSED_COORDINATES ||
        args->v > FUSED_VALUES || args->m == 0)
        return false;
    /* what is left over goes by the same tiles */
    if (ap_opencl_leaf(o, p->type, false).rows < height_of(p))
        return false;
    if (args->score == POOL_KERNEL)
        return takes_kernel(p);
    const bool sums = args->score == POOL_DOT ||
                      (args->score == POOL_ADDITIVE && o->division[p->type] == DIVISION_NATIVE);
    return sums && is_ordinary(args->c, p->type);
}

/* ---- Slabs ---- */

/* Super-blocks of a work-item, at least. */
static int64_t least_supers(const struct pooling *p)
{
    const struct fused_shape shape = fused_shape_of(p);
    return fused_variant_of(p) & FUSED_BLOCKS ? shape.lanes * shape.vectors / SUPER_BLOCK_BLOCKS
                                              : 1;
}

/* Tiles of the rows of whole matrices or of a part of one. */
static int64_t tiles_of(const struct pooling *p, int64_t rows)
{
    const int64_t count = min64(rows, p->args->n);
    return ceil_div(rows, count) * ceil_div(count, height_of(p));
}

/* Super-blocks of a work-item: all, but where there are too few tiles. */
static int64_t supers_each(const struct pooling *p, int64_t tiles)
{
    const struct opencl *o = ap_engine_state(p->engine);
    const int64_t wanted = ITEMS_A_UNIT * (int64_t)max64(1, o->units);
    const int64_t least = least_supers(p), parts = ceil_div(p->slots, least);
    return ceil_div(parts, min64(parts, ceil_div(wanted, tiles))) * least;
}

int64_t ap_fused_tile_words(const struct pooling *p, int64_t rows)
{
    return tiles_of(p, rows) * p->slots;
}

static double fused_terms_of(const struct pooling *p, int64_t rows)
{
    const double each = p->args->score == POOL_ADDITIVE ? TANH_TERMS : 1;
    return (double)rows * (double)p->args->m *
           ((double)p->args->d * each + (double)(p->args->v + PAIR_TERMS));
}

int64_t ap_fused_rows(const struct pooling *p, int64_t rows)
{
    const int64_t tile = height_of(p);
    const double most = (double)ap_opencl_most_terms(p->engine, fused_entry_of(p), p->type);

    rows = min64(rows, max64(1, (int64_t)(most / fused_terms_of(p, 1))));
    return tile < rows && rows < p->args->n ? rows / tile * tile : rows;
}

static void put_call(struct launch *l, const struct pooling *p, const struct slab *s)
{
    struct slab from = *s;

    from.key = p->first_super * SUPER_BLOCK - p->args->key_origin;
    ap_put(l, sizeof from, &from);
    ap_put_masks(l, &p->args->masks, &p->args->key_weights);
    ap_put_score(l, &p->score);
    pooling_put_weighing(l, p);
    ap_put_int(l, p->special);
}

attpool_status ap_fused_leaves(const struct pooling *p, const struct slab *s)
{
    static const size_t local[2] = { 1, 1 };
    const struct pool_args *args = p->args;
    const int height = height_of(p);
    const int64_t tiles = s->rows / s->count * ceil_div(s->count, height);
    const int64_t each = supers_each(p, tiles);
    const int64_t items[2] = { tiles, ceil_div(p->slots, each) };
    struct launch l;

    if (ap_launch_begin(&l, p->engine, fused_entry_of(p), p->type)) {
        l.terms = fused_terms_of(p, s->rows);
        put_call(&l, p, s);
        ap_put_buffer(&l, p->row_sum);
        ap_put_array(&l, &args->value);
        ap_put_long(&l, args->v);
        ap_put_buffer(&l, p->scores);
        ap_put_buffer(&l, p->nodes);
        ap_put_buffer(&l, p->columns);
        ap_put_long(&l, p->slots);
        ap_put_int(&l, (int)each);
        ap_launch_run(&l, 2, items, local);
    }
    return ap_launch_end(&l) == ATTPOOL_OK ? ap_leaves_rest(p, s, height) : l.status;
}
