/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/pool.h"

#include "backends/opencl/fused.h"
#include "backends/opencl/leaves.h"

/* The steps of pooling, for a slab of queries of bounded size at a time:
 *
 *     fused, leaves    super-blocks: the tree's leaves (fused.c, leaves.c)
 *     merge            the tree     (pool_columns.c)
 *     finish, root     the results                     (finish: pool_columns.c)
 *
 * Where far keys are cut, one pass leaves them out and a second one does the rows that turn out to
 * have no near key. A further pass does the empty rows of the policies `mean` and `nearest`, and
 * one more makes W from scores and what root kept of each row. Scores, for W, for `nearest` and for
 * squared weights, go through scratch memory, a part of the keys at a time:
 *
 *     sums, scores     what each pair says, masks applied     a word a pair */

static const size_t across[3] = { GROUP, 1, 1 }, along[3] = { 1, GROUP, 1 };
static const size_t tile_local[3] = { TILE_SIDE, TILE_SIDE, 1 };

/* ---- The steps ---- */

static bool sums_tiled(const struct pooling *p, const struct slab *s)
{
    return p->tiles && p->sums != SUM_NONE && pooling_takes_every_row(p) &&
           s->queries == QUERIES_ALL && s->count >= LEAST_TILED && s->width >= LEAST_TILED &&
           p->score.d >= 8;
}

static attpool_status launch_sums(const struct pooling *p, const struct slab *s)
{
    static const struct array none;
    const struct pool_args *args = p->args;
    const struct array *inverse_bandwidths =
        args->score == POOL_KERNEL ? &args->kernel.inverse_bandwidths : &none;
    int64_t items[3] = { ceil_div(s->count, TILE) * TILE_SIDE, ceil_div(s->width, TILE) * TILE_SIDE,
                         s->rows / s->count };
    struct launch l;

    if (ap_launch_begin(&l, p->engine, KERNEL_SUMS, p->type)) {
        ap_put(&l, sizeof *s, s);
        ap_put_int(&l, p->sums);
        ap_put_real(&l, args->kernel.one);
        ap_put_array(&l, &args->q);
        ap_put_array(&l, &args->k);
        ap_put_int(&l, inverse_bandwidths->data != NULL);
        ap_put_array(&l, inverse_bandwidths);
        ap_put_long(&l, args->d);
        ap_put_long(&l, args->masks.band_low);
        ap_put_long(&l, args->masks.band_high);
        ap_put_buffer(&l, p->scores);
        ap_launch_run(&l, 3, items, tile_local);
    }
    return ap_launch_end(&l);
}

static attpool_status make_scores(const struct pooling *p, const struct slab *s)
{
    int64_t items[2] = { s->rows, ceil_div(s->width, ap_score_keys_each(&p->score)) };
    bool tiled = sums_tiled(p, s);
    attpool_status status = tiled ? launch_sums(p, s) : ATTPOOL_OK;
    struct launch l;

    if (status != ATTPOOL_OK)
        return status;
    if (ap_launch_begin(&l, p->engine, ap_score_kernel(&p->score), p->type)) {
        pooling_put_slab(&l, p, s);
        ap_put_masks(&l, &p->args->masks, &p->args->key_weights);
        ap_put_score(&l, &p->score);
        ap_put_int(&l, (int)ap_score_keys_each(&p->score));
        ap_put_int(&l, tiled);
        ap_put_int(&l, p->log_domain);
        ap_put_int(&l, p->has_factor);
        ap_put_int(&l, p->special);
        ap_put_buffer(&l, p->row_sum);
        ap_put_buffer(&l, p->scores);
        ap_put_buffer(&l, p->scales);
        ap_launch_run(&l, 2, items, s->rows < 32 ? along : across);
    }
    return ap_launch_end(&l);
}

static attpool_status launch_root(const struct pooling *p, const struct slab *s)
{
    const struct pool_args *args = p->args;
    struct launch l;

    if (ap_launch_begin(&l, p->engine, KERNEL_ROOT, p->type)) {
        pooling_put_slab(&l, p, s);
        ap_put_buffer(&l, p->nodes);
        ap_put_long(&l, p->slots);
        ap_put_int(&l, p->log_domain);
        ap_put_int(&l, p->special);
        ap_put_int(&l, (int)args->empty);
        ap_put_int(&l, args->lse.data != NULL);
        ap_put_array(&l, &args->lse);
        ap_put_int(&l, args->n_eff.data != NULL);
        ap_put_array(&l, &args->n_eff);
        ap_put_int(&l, args->max.data != NULL);
        ap_put_array(&l, &args->max);
        ap_put_int(&l, args->sum.data != NULL);
        ap_put_array(&l, &args->sum);
        ap_put_buffer(&l, p->row_max);
        ap_put_buffer(&l, p->row_sum);
        ap_put_buffer(&l, p->row_info);
        ap_put_flags(&l, args->empty == ATTPOOL_EMPTY_ERROR);
        ap_launch_run(&l, 1, &s->rows, across);
    }
    return ap_launch_end(&l);
}

static attpool_status launch_nearest(const struct pooling *p, const struct slab *s)
{
    int64_t items[1] = { s->rows * GROUP };
    struct launch l;

    if (ap_launch_begin(&l, p->engine, KERNEL_NEAREST, p->type)) {
        pooling_put_slab(&l, p, s);
        ap_put_buffer(&l, p->scores);
        ap_put_buffer(&l, p->row_sum);
        ap_put_buffer(&l, p->row_max); /* which is of no use in rows that are empty */
        ap_put_buffer(&l, p->row_info);
        ap_launch_run(&l, 1, items, across);
    }
    return ap_launch_end(&l);
}

static attpool_status launch_take_nearest(const struct pooling *p, const struct slab *s)
{
    const struct pool_args *args = p->args;
    int64_t items[2] = { args->out.data ? max64(1, args->v) : 1, s->rows };
    struct launch l;

    if (s->queries != QUERIES_ALL || (!args->out.data && !args->n_eff.data))
        return ATTPOOL_OK;
    if (ap_launch_begin(&l, p->engine, KERNEL_TAKE_NEAREST, p->type)) {
        ap_put(&l, sizeof *s, s);
        ap_put_dropping(&l, args);
        ap_put_real(&l, args->dropout.scale);
        ap_put_buffer(&l, p->row_sum);
        ap_put_buffer(&l, p->row_info);
        ap_put_array(&l, &args->value);
        ap_put_long(&l, args->out.data ? args->v : 0);
        ap_put_array(&l, &args->out);
        ap_put_int(&l, args->n_eff.data != NULL);
        ap_put_array(&l, &args->n_eff);
        ap_launch_run(&l, 2, items, items[0] < 16 ? along : across);
    }
    return ap_launch_end(&l);
}

static attpool_status launch_weights(const struct pooling *p, const struct slab *s)
{
    const struct pool_args *args = p->args;
    int64_t items[2] = { s->rows, ceil_div(s->width, WEIGHTS_EACH) };
    struct launch l;

    if (ap_launch_begin(&l, p->engine, KERNEL_OUT_WEIGHTS, p->type)) {
        pooling_put_slab(&l, p, s);
        pooling_put_weighing(&l, p);
        ap_put_array(&l, &p->args->key_weights);
        ap_put_int(&l, args->key_weights.data || ap_score_has_factor(&p->score));
        ap_put_int(&l, (int)args->empty);
        ap_put_buffer(&l, p->scores);
        ap_put_buffer(&l, p->scales);
        ap_put_buffer(&l, p->row_max);
        ap_put_buffer(&l, p->row_sum);
        ap_put_buffer(&l, p->row_info);
        ap_put_array(&l, &args->weights);
        ap_launch_run(&l, 2, items, s->rows < 32 ? along : across);
    }
    return ap_launch_end(&l);
}

/* ---- Slabs ---- */

attpool_status ap_pool_each_scores(const struct pooling *p, struct slab *s, scores_step *step)
{
    attpool_status status = ATTPOOL_OK;

    for (int64_t slot = 0; slot < p->slots && status == ATTPOOL_OK;
         slot += p->slab_keys / SUPER_BLOCK) {
        s->key = (p->first_super + slot) * SUPER_BLOCK - p->args->key_origin;
        s->width = min64(p->slab_keys, ceil_div(p->args->m - s->key, BLOCK) * BLOCK);
        status = make_scores(p, s);
        if (status == ATTPOOL_OK)
            status = step(p, s);
    }
    return status;
}

/* The state's nodes of one level, which are complete before that level's merges. */
static attpool_status download_nodes(const struct pooling *p, const struct slab *s, int level)
{
    const struct pool_nodes *nodes = p->args->nodes;
    size_t size = type_bytes(p->type),
           row = (size_t)((s->batch * s->heads + s->head) * p->args->n + s->top) * size;
    size_t rows = (size_t)s->rows * size, plane = rows * (size_t)p->slots;
    size_t columns = (size_t)p->args->v;
    const struct device_memory *memory = &ap_opencl_memory;
    attpool_status status = ATTPOOL_OK;

    for (int n = 0; n < nodes->count && status == ATTPOOL_OK; n++) {
        const struct pool_node *node = &nodes->node[n];
        const struct node_sums *to = p->special == NEAR_KEYS ? &node->near : &node->all;
        size_t slot = (size_t)((node->index << level) - p->first_super);
        if (node->level != level)
            continue;
        status = memory->download(p->engine, p->nodes, slot * rows, (char *)to->max + row, rows);
        if (status == ATTPOOL_OK)
            status = memory->download(p->engine, p->nodes, plane + slot * rows,
                                      (char *)to->sum + row, rows);
        if (status == ATTPOOL_OK)
            status = memory->download(p->engine, p->columns, slot * rows * columns,
                                      (char *)to->acc + row * columns, rows * columns);
    }
    return status;
}

static attpool_status merge_to_nodes(const struct pooling *p, const struct slab *s, int levels)
{
    attpool_status status = ATTPOOL_OK;
    for (int level = 0; level <= levels && status == ATTPOOL_OK; level++) {
        status = download_nodes(p, s, level);
        if (status == ATTPOOL_OK && level < levels)
            status = ap_pool_merge(p, s, level, level + 1);
    }
    return status;
}

attpool_status ap_pool_slab(void *arg, struct slab *s)
{
    const struct pooling *p = arg;
    attpool_status status = p->fused ? ap_fused_leaves(p, s) : ap_leaves(p, s);
    const int levels = ap_pool_levels(p);
    if (p->args->nodes)
        return status == ATTPOOL_OK ? merge_to_nodes(p, s, levels) : status;
    if (status == ATTPOOL_OK)
        status = ap_pool_merge(p, s, 0, levels);
    if (status != ATTPOOL_OK)
        return status;
    /* root, which is last, changes what tells a later step which rows to leave alone */
    status = ap_pool_finish(p, s);
    return status == ATTPOOL_OK ? launch_root(p, s) : status;
}

attpool_status ap_pool_slab_nearest(void *arg, struct slab *s)
{
    attpool_status status = ap_pool_each_scores(arg, s, launch_nearest);
    return status == ATTPOOL_OK ? launch_take_nearest(arg, s) : status;
}

attpool_status ap_pool_slab_weights(void *arg, struct slab *s)
{
    return ap_pool_each_scores(arg, s, launch_weights);
}
