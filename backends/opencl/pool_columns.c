/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/pool.h"

/* The accumulators of a pooling: weighted values, and moments. */

static const size_t across[3] = { GROUP, 1, 1 }, along[3] = { 1, GROUP, 1 };

static const size_t *group_of(int64_t columns)
{
    return columns < 16 ? along : across;
}

attpool_status ap_pool_gather(const struct pooling *p, const struct slab *s, int64_t slot)
{
    const struct pool_args *args = p->args;
    int64_t items[3] = { p->column_count, s->rows, max64(1, ceil_div(s->width, SUPER_BLOCK)) };
    struct launch l;

    if (ap_launch_begin(&l, p->engine, KERNEL_GATHER, p->type)) {
        pooling_put_slab(&l, p, s);
        ap_put_buffer(&l, p->scores);
        ap_put_buffer(&l, p->blocks);
        ap_put_array(&l, &args->value);
        ap_put_long(&l, args->v);
        ap_put_buffer(&l, p->columns);
        ap_put_long(&l, slot);
        ap_put_int(&l, p->special);
        ap_put_buffer(&l, p->row_sum);
        ap_launch_run(&l, 3, items, group_of(p->column_count));
    }
    return ap_launch_end(&l);
}

static void put_merge(struct launch *l, const struct pooling *p, const struct slab *s, int from,
                      int to)
{
    ap_put_long(l, s->rows);
    ap_put_long(l, p->first_super);
    ap_put_long(l, p->slots);
    ap_put_int(l, from);
    ap_put_int(l, to);
}

int ap_pool_levels(const struct pooling *p)
{
    int levels = 0;
    while ((int64_t)1 << levels < p->first_super + p->slots)
        levels++;
    return levels;
}

/* Work-items of a group take pairs of one row, or element, where there are few of these. */
static bool takes_pairs(const struct pooling *p, int64_t count)
{
    return count < GROUP * GROUP && p->slots >= GROUP / 4;
}

attpool_status ap_pool_merge(const struct pooling *p, const struct slab *s, int from, int to)
{
    static const size_t pairs[3] = { 1, GROUP, 1 }, column_pairs[3] = { 1, 1, GROUP };
    const bool few = takes_pairs(p, s->rows),
               few_columns = takes_pairs(p, s->rows * p->column_count);
    const int64_t items[2] = { s->rows, few ? GROUP : 1 };
    const int64_t column_items[3] = { p->column_count, s->rows, few_columns ? GROUP : 1 };
    struct launch l = { .status = ATTPOOL_OK };

    if (from >= to || p->slots == 1)
        return ATTPOOL_OK;
    if (!p->squared && ap_launch_begin(&l, p->engine, KERNEL_MERGE, p->type)) {
        put_merge(&l, p, s, from, to);
        ap_put_int(&l, pooling_has_maxima(p));
        ap_put_buffer(&l, p->nodes);
        ap_launch_run(&l, 2, items, few ? pairs : across);
    }
    if ((!p->squared && ap_launch_end(&l) != ATTPOOL_OK) || p->column_count == 0)
        return l.status;
    if (ap_launch_begin(&l, p->engine, KERNEL_MERGE_COLUMNS, p->type)) {
        put_merge(&l, p, s, from, to);
        ap_put_buffer(&l, p->nodes);
        ap_put_buffer(&l, p->columns);
        ap_put_long(&l, p->column_count);
        ap_launch_run(&l, 3, column_items, few_columns ? column_pairs : group_of(p->column_count));
    }
    return ap_launch_end(&l);
}

attpool_status ap_pool_finish(const struct pooling *p, const struct slab *s)
{
    const struct pool_args *args = p->args;
    int64_t items[2] = { p->column_count, s->rows };
    struct launch l;

    if (!args->out.data)
        return ATTPOOL_OK;
    if (ap_launch_begin(&l, p->engine, KERNEL_FINISH, p->type)) {
        pooling_put_slab(&l, p, s);
        ap_put_buffer(&l, p->nodes);
        ap_put_long(&l, p->slots);
        ap_put_buffer(&l, p->columns);
        ap_put_long(&l, p->column_count);
        ap_put_int(&l, p->special);
        ap_put_int(&l, (int)args->empty);
        ap_put_real(&l, args->dropout.scale);
        ap_put_buffer(&l, p->row_sum);
        ap_put_array(&l, &args->out);
        ap_launch_run(&l, 2, items, group_of(p->column_count));
    }
    return ap_launch_end(&l);
}
