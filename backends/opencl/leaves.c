/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/leaves.h"
#include "backends/kernel_traits.h"
#include "backends/opencl/shape.h"

enum { GROUPS_A_UNIT = 8, PAIR_TERMS = 16, TANH_TERMS = 16 };

/* Coordinates and columns from which on tiles of registers are worth it. */
enum { LEAST_TERMS = 8, LEAST_COLUMNS = 16 };

static struct leaf_shape leaves_shape_of(const struct pooling *p)
{
    return ap_opencl_leaf(ap_engine_state(p->engine), p->type, p->has_factor);
}

static enum entry_id leaves_entry_of(const struct pooling *p, int64_t count, bool every_query,
                                     bool rest)
{
    const struct pool_args *args = p->args;
    const struct leaf_shape shape = leaves_shape_of(p);
    const bool all = args->score == POOL_KERNEL && ap_score_kernel(&p->score) == KERNEL_SCORES_ALL;
    const bool tiles = shape.tiles && !rest && count >= shape.rows && every_query;
    const unsigned score = all ? LEAF_ALL_KERNELS : (unsigned)args->score;
    unsigned options = (p->has_factor ? LEAF_FACTORS : 0) | (rest ? LEAF_REST : 0);

    if (tiles && p->sums != SUM_NONE && args->d >= LEAST_TERMS && p->special != EVEN_OF_EMPTY)
        options |= LEAF_SUMS;
    if (p->power)
        options |= LEAF_MOMENTS;
    else if (tiles && args->v >= LEAST_COLUMNS)
        options |= LEAF_VALUES;
    return KERNEL_LEAVES + score * LEAF_OPTIONS + options;
}

/* Of a launch. Rates are of terms that may be hidden, so a launch that hides none has no more than
 * is right for slow devices. */
static double most_terms(const struct pooling *p)
{
    const enum entry_id id = leaves_entry_of(p, p->args->n, true, false);
    return (double)min64(LAUNCH_TERMS, ap_opencl_most_terms(p->engine, id, p->type));
}

static double leaves_terms_of(const struct pooling *p, int64_t rows)
{
    const double each = p->args->score == POOL_ADDITIVE ? TANH_TERMS : 1;
    return (double)rows * (double)max64(1, p->args->m) *
           ((double)p->args->d * each + (double)p->column_count + PAIR_TERMS);
}

int64_t ap_leaves_rows(const struct pooling *p, int64_t rows)
{
    const int64_t tile = leaves_shape_of(p).rows;

    rows = min64(rows, max64(tile, (int64_t)(most_terms(p) / leaves_terms_of(p, 1))));
    return tile < rows && rows < p->args->n ? rows / tile * tile : rows;
}

/* Of the loops of a work-item in one block. */
static int64_t turns_of(const struct pooling *p)
{
    enum { WEIGH_TURNS = 4 * BLOCK };
    const struct leaf_shape shape = leaves_shape_of(p);
    const int64_t keys = ceil_div((int64_t)BLOCK * shape.rows, shape.items);
    const int64_t columns = ceil_div(p->column_count * shape.rows, shape.items);
    return keys * ap_score_turns(&p->score) / ap_score_keys_each(&p->score) + WEIGH_TURNS +
           columns * BLOCK + 3 * p->column_count;
}

/* What of a slab is launched at once: these super-blocks of the call, and of each these blocks. */
struct part {
    int64_t first, end;
    int from, to;
};

/* A unit of work is a tile of `height` rows and some of the super-blocks. */
static attpool_status launch(const struct pooling *p, const struct slab *s, bool rest, int height,
                             const struct part *part)
{
    const struct opencl *o = ap_engine_state(p->engine);
    const struct leaf_shape shape = leaves_shape_of(p);
    const size_t local[1] = { (size_t)shape.items };
    const int64_t wanted = GROUPS_A_UNIT * (int64_t)max64(1, o->units);
    const int64_t tiles = s->rows / s->count * ceil_div(s->count, height);
    const int64_t slots = part->end - part->first;
    const int64_t each =
        rest || o->short_loops ? 1 : ceil_div(slots, min64(slots, ceil_div(wanted, tiles)));
    const int64_t units = tiles * ceil_div(slots, each);
    /* Where nothing is left, groups have nothing to do. */
    const int64_t groups = rest ? min64(units, max64(1, o->units)) : units;
    const int64_t items[1] = { groups * shape.items };
    const enum entry_id id = leaves_entry_of(p, s->count, s->queries == QUERIES_ALL, rest);
    struct slab leaves = *s;
    struct launch l;

    leaves.key = p->first_super * SUPER_BLOCK - p->args->key_origin;
    if (ap_launch_begin(&l, p->engine, id, p->type)) {
        l.terms = rest ? 0 : leaves_terms_of(p, s->rows) * (double)slots / (double)p->slots;
        pooling_put_slab(&l, p, &leaves);
        ap_put_masks(&l, &p->args->masks, &p->args->key_weights);
        ap_put_score(&l, &p->score);
        pooling_put_weighing(&l, p);
        ap_put_int(&l, p->special);
        ap_put_buffer(&l, p->row_sum);
        ap_put_int(&l, p->sums);
        ap_put_array(&l, &p->args->value);
        ap_put_long(&l, p->args->v);
        ap_put_long(&l, p->column_count);
        ap_put_buffer(&l, p->power);
        ap_put_dropping(&l, p->args);
        ap_put_int(&l, rest);
        ap_put_buffer(&l, p->scores);
        ap_put_int(&l, height);
        ap_put_buffer(&l, p->nodes);
        ap_put_buffer(&l, p->columns);
        ap_put_long(&l, p->slots);
        ap_put_int(&l, (int)part->first);
        ap_put_int(&l, (int)part->end);
        ap_put_int(&l, (int)each);
        ap_put_int(&l, part->from);
        ap_put_int(&l, part->to);
        ap_launch_run(&l, 1, items, local);
    }
    return ap_launch_end(&l);
}

attpool_status ap_leaves_rest(const struct pooling *p, const struct slab *s, int height)
{
    const struct part all = { 0, p->slots, 0, SUPER_BLOCK_BLOCKS };
    return launch(p, s, true, height, &all);
}

/* A tile of rows may be too much for one launch. */
attpool_status ap_leaves(const struct pooling *p, const struct slab *s)
{
    const struct opencl *o = ap_engine_state(p->engine);
    const int blocks = o->short_loops ? 1 : SUPER_BLOCK_BLOCKS;
    const double share = most_terms(p) / leaves_terms_of(p, s->rows);
    const int64_t slots = share >= 1 ? p->slots : max64(1, (int64_t)(share * (double)p->slots));
    attpool_status status = ap_opencl_turns(p->engine, turns_of(p));

    for (int64_t slot = 0; slot < p->slots && status == ATTPOOL_OK; slot += slots)
        for (int block = 0; block < SUPER_BLOCK_BLOCKS && status == ATTPOOL_OK; block += blocks) {
            const struct part part = { slot, min64(slot + slots, p->slots), block, block + blocks };
            status = launch(p, s, false, leaves_shape_of(p).rows, &part);
        }
    return status;
}
