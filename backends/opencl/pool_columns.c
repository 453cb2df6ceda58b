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

static void put_merge(struct launch *l, const struct pooling *p, const struct slab *s,
                      int64_t right, int64_t reach, int64_t pairs)
{
    ap_put_long(l, s->rows);
    ap_put_long(l, p->first_super);
    ap_put_long(l, right);
    ap_put_long(l, reach);
    ap_put_long(l, pairs);
    ap_put_long(l, p->slots);
}

attpool_status ap_pool_merge(const struct pooling *p, const struct slab *s, int64_t reach)
{
    int64_t right = (p->first_super / reach / 2 * 2 + 1) * reach;
    int64_t end = p->first_super + p->slots, items[3];
    struct launch l = { .status = ATTPOOL_OK };

    if (right <= p->first_super)
        right += 2 * reach;
    if (right >= end)
        return ATTPOOL_OK;
    items[0] = p->column_count;
    items[1] = s->rows;
    items[2] = (end - 1 - right) / (2 * reach) + 1;
    if (!p->squared && ap_launch_begin(&l, p->engine, KERNEL_MERGE, p->type)) {
        put_merge(&l, p, s, right, reach, items[2]);
        ap_put_int(&l, pooling_has_maxima(p));
        ap_put_buffer(&l, p->nodes);
        ap_launch_run(&l, 2, items + 1, across);
    }
    if ((!p->squared && ap_launch_end(&l) != ATTPOOL_OK) || p->column_count == 0)
        return l.status;
    if (ap_launch_begin(&l, p->engine, KERNEL_MERGE_COLUMNS, p->type)) {
        put_merge(&l, p, s, right, reach, items[2]);
        ap_put_buffer(&l, p->nodes);
        ap_put_buffer(&l, p->columns);
        ap_put_long(&l, p->column_count);
        ap_launch_run(&l, 3, items, group_of(p->column_count));
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
