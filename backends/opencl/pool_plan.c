/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/kernel_traits.h"
#include "backends/opencl/fused.h"
#include "backends/opencl/leaves.h"

/* Which slabs a pooling is cut into, and its scratch memory. */

enum { LEAST_ROWS = 64, TANH_TERMS = 16 };

#define SCRATCH_BYTES ((int64_t)64 << 20)

/* The rows and keys of a slab, by the memory for its pairs and by the time that they take. */
static void plan_slabs(struct pooling *p, int64_t rows)
{
    const struct pool_args *args = p->args;
    int64_t words = SCRATCH_BYTES / (int64_t)type_bytes(p->type);
    int64_t terms = args->score == POOL_ADDITIVE ? args->d * TANH_TERMS : args->d;
    int64_t pairs = words / (p->has_factor ? 2 : 1);
    int64_t keys = p->slots * SUPER_BLOCK;

    pairs = min64(pairs, LAUNCH_TERMS / max64(16, max64(terms, p->column_count)));
    rows = min64(rows, max64(LEAST_ROWS, pairs / keys));
    rows = min64(rows, max64(1, words / (p->slots * (p->column_count + 3))));
    rows = min64(rows, max64(1, pairs / SUPER_BLOCK));
    p->slab_rows = rows;
    p->slab_keys = min64(keys, max64(1, pairs / rows / SUPER_BLOCK) * SUPER_BLOCK);
}

static int64_t rows_of(const struct pool_args *args)
{
    return max64(1, args->batch * args->heads * max64(args->n, args->row_count));
}

static bool reserve_scratch(const struct pooling *p, cl_mem *buffer, enum scratch_id id,
                            int64_t words, size_t bytes)
{
    return (*buffer = ap_opencl_scratch(p->engine, id, (size_t)words * bytes));
}

/* The states of a slab's leaves, and what is kept of all rows. */
static bool plan_states(struct pooling *p, int64_t all_rows)
{
    size_t size = type_bytes(p->type);
    int64_t rows = p->slab_rows;
    return reserve_scratch(p, &p->nodes, SCRATCH_NODES, 3 * rows * p->slots, size) &&
           reserve_scratch(p, &p->columns, SCRATCH_COLUMNS, rows * p->slots * p->column_count,
                           size) &&
           reserve_scratch(p, &p->row_max, SCRATCH_MAX, all_rows, size) &&
           reserve_scratch(p, &p->row_sum, SCRATCH_SUM, all_rows, size) &&
           reserve_scratch(p, &p->row_info, SCRATCH_INFO, all_rows, sizeof(cl_long));
}

attpool_status ap_pool_plan_slabs(struct pooling *p)
{
    size_t size = type_bytes(p->type);
    int64_t all_rows = rows_of(p->args), planes = p->has_factor ? 2 : 1;

    p->fused = false;
    plan_slabs(p, all_rows);
    int64_t rows = p->slab_rows;
    bool done =
        reserve_scratch(p, &p->scores, SCRATCH_SCORES, planes * rows * p->slab_keys, size) &&
        reserve_scratch(p, &p->scales, SCRATCH_SCALES, rows, size) &&
        reserve_scratch(p, &p->blocks, SCRATCH_BLOCKS, 3 * rows * (p->slab_keys / BLOCK), size) &&
        plan_states(p, all_rows);
    return done ? ATTPOOL_OK : ATTPOOL_E_MEMORY;
}

/* Without memory for pairs. */
static attpool_status plan_leaves(struct pooling *p, bool fused)
{
    size_t size = type_bytes(p->type);
    int64_t words = SCRATCH_BYTES / (int64_t)size, all_rows = rows_of(p->args);
    int64_t rows = min64(all_rows, max64(1, words / (p->slots * (p->column_count + 3))));

    p->fused = fused;
    p->slab_rows = fused ? ap_fused_rows(p, rows) : ap_leaves_rows(p, rows);
    bool done = plan_states(p, all_rows) &&
                (!fused || reserve_scratch(p, &p->scores, SCRATCH_SCORES,
                                           ap_fused_tile_words(p, p->slab_rows), size));
    return done ? ATTPOOL_OK : ATTPOOL_E_MEMORY;
}

attpool_status ap_pool_each_slab(struct pooling *p, int queries, slab_step *step)
{
    const struct pool_args *args = p->args;
    struct cut cut = {
        .batch = args->batch,
        .heads = args->heads,
        .n = queries == QUERIES_ALL ? args->n : args->row_count,
        .m = args->m,
        .most = p->slab_rows,
        .queries = queries,
        .state_rows = queries == QUERIES_CHOSEN ? args->row_count : args->n,
    };
    return ap_slab_each(&cut, step, p);
}

/* The chosen rows alone are looked at where nothing of the others is wanted. */
static attpool_status run_pooling(struct pooling *p)
{
    const struct pool_args *args = p->args;
    bool others = args->out.data || args->lse.data || args->n_eff.data || args->max.data ||
                  args->sum.data || args->nodes;
    int how = args->rows && !others ? QUERIES_CHOSEN : QUERIES_ALL;
    bool fused = how == QUERIES_ALL && ap_fused_takes(p);
    attpool_status status = plan_leaves(p, fused);

    if (status == ATTPOOL_OK && p->cuts_far) {
        p->special = NEAR_KEYS;
        status = ap_pool_each_slab(p, how, ap_pool_slab);
        p->special = args->nodes ? USUAL : ALL_OF_LONELY;
    }
    if (status == ATTPOOL_OK)
        status = ap_pool_each_slab(p, how, ap_pool_slab);
    if (args->nodes || status != ATTPOOL_OK)
        return status;
    if (args->empty == ATTPOOL_EMPTY_MEAN) {
        p->special = EVEN_OF_EMPTY;
        status = plan_leaves(p, false);
        if (status == ATTPOOL_OK)
            status = ap_pool_each_slab(p, how, ap_pool_slab);
    }
    if (status == ATTPOOL_OK && (args->empty == ATTPOOL_EMPTY_NEAREST || args->weights.data))
        status = ap_pool_plan_slabs(p);
    if (status == ATTPOOL_OK && args->empty == ATTPOOL_EMPTY_NEAREST) {
        p->special = NEAREST_OF_EMPTY;
        status = ap_pool_each_slab(p, how, ap_pool_slab_nearest);
    }
    if (status != ATTPOOL_OK || !args->weights.data)
        return status;
    p->special = args->empty == ATTPOOL_EMPTY_MEAN ? EVEN_AND_OTHERS : USUAL;
    if (args->rows && others)
        how = QUERIES_CHOSEN_OF_ALL;
    return ap_pool_each_slab(p, how, ap_pool_slab_weights);
}

attpool_status ap_pool_plan(struct pooling *p, struct engine *engine, const struct pool_args *args,
                            int type)
{
    *p = (struct pooling){ .engine = engine, .args = args, .type = type };
    p->score = (struct score){ .score = args->score,
                               .kernel = &args->kernel,
                               .d = args->d,
                               .c = args->c,
                               .q = &args->q,
                               .k = &args->k,
                               .wv = &args->wv };
    p->sums = ap_score_sums(&p->score);
    p->tiles = ap_opencl_tiles(engine, type);
    p->log_domain = ap_score_has_log(&p->score) || args->masks.bias.data;
    p->has_factor = p->log_domain && ap_score_has_factor(&p->score) && args->score == POOL_KERNEL;
    p->cuts_far = pool_cuts_far(args);
    p->column_count = pool_columns(args);
    p->first_super = args->key_origin / SUPER_BLOCK;
    p->slots = max64(1, ceil_div(args->key_origin + args->m, SUPER_BLOCK) - p->first_super);
    return ap_opencl_turns(engine, ap_score_turns(&p->score));
}

/* What the host says of the call, to the device. */
static attpool_status copy_lists(struct pooling *p)
{
    const struct pool_args *args = p->args;
    const double *power = args->moments.power;
    float f32[MOMENTS_MOST];

    if (args->rows && args->row_count > 0 && args->weights.data &&
        !(p->chosen =
              ap_opencl_copy(p->engine, args->rows, (size_t)args->row_count * sizeof(int64_t))))
        return ATTPOOL_E_MEMORY;
    if (!power || args->d == 0)
        return ATTPOOL_OK;
    for (int64_t a = 0; a < args->d; a++)
        f32[a] = (float)power[a];
    p->power = ap_opencl_copy(p->engine, p->type == TYPE_F32 ? (const void *)f32 : power,
                              (size_t)args->d * type_bytes(p->type));
    return p->power ? ATTPOOL_OK : ATTPOOL_E_MEMORY;
}

attpool_status ap_pool_begin(struct pooling *p, struct engine *engine, const struct pool_args *args,
                             int type)
{
    attpool_status status = ap_opencl_check(engine, &args->masks, &args->key_weights, args->batch,
                                            args->heads, args->n, args->m, type);

    if (status == ATTPOOL_OK)
        status = ap_pool_plan(p, engine, args, type);
    if (status != ATTPOOL_OK)
        return status;
    status = copy_lists(p);
    if (status == ATTPOOL_OK && ap_score_open(engine, &p->score))
        return ATTPOOL_OK;
    ap_opencl_release(engine, p->power);
    ap_opencl_release(engine, p->chosen);
    return ATTPOOL_E_MEMORY;
}

void ap_pool_end(struct pooling *p)
{
    ap_score_close(p->engine, &p->score);
    ap_opencl_release(p->engine, p->power);
    ap_opencl_release(p->engine, p->chosen);
}

attpool_status ap_opencl_pool(struct engine *engine, const struct pool_args *args, int type)
{
    struct pooling p;
    attpool_status status = ap_pool_begin(&p, engine, args, type);

    if (status != ATTPOOL_OK)
        return status;
    status = run_pooling(&p);
    ap_pool_end(&p);
    return status;
}
