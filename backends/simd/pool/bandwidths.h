/* SPDX-License-Identifier: Apache-2.0 */

/* The slot pool_bandwidths: poolings by several bandwidths, whose squared differences are made once
 * for all of them. Those of a Gaussian are the same numbers for every bandwidth but for powers of
 * two, which c takes up where no number leaves its range. A tile has a state of each bandwidth;
 * what else a row without a near key needs is pooled for its bandwidth alone. */
#ifndef BACKENDS_SIMD_POOL_BANDWIDTHS_H
#define BACKENDS_SIMD_POOL_BANDWIDTHS_H

#include "backends/simd/pool/job.h"

struct pool_bandwidth {
    struct pool_job job;  /* of this bandwidth alone */
    struct pool_plan raw; /* the same for squares without a power */
};

struct bandwidths_job {
    struct pool_bandwidth *bandwidth; /* [count] */
    int count, slots;
    size_t tile; /* bytes of scratch memory before the states */
    bool prunes;
};

/* What a worker has of a tile. */
struct bandwidths_tile {
    const struct bandwidths_job *w;
    struct pool_tile t;
    real *states;                 /* of each bandwidth slots of them */
    bool first[POOL_BANDWIDTHS];  /* nothing of the super-block is in the bandwidth's state */
    bool within[POOL_BANDWIDTHS]; /* some key of the super-block matters to the bandwidth, */
    bool takes[POOL_BANDWIDTHS];  /* and of the block */
};

/* ---- what can be shared ---- */

/* Is it a Gaussian whose squares need nothing but c, and are values one column? */
static bool bandwidths_are_plain(const struct pool_plan *p)
{
    const struct pool_args *a = p->a;
    return p->measure == MEASURE_SQUARES && p->name == ATTPOOL_GAUSSIAN && p->smallest &&
           p->cuts_far && !p->steps && !p->has_w2 && !p->folded && !p->drops && !p->shape.by_key &&
           a->d > 0 && a->v == 1 && a->kernel.form == ATTPOOL_RADIAL &&
           a->kernel.per == ATTPOOL_BANDWIDTH_ONE && a->moments.power == NULL && a->nodes == NULL &&
           a->weights.data == NULL;
}

/* The least and the largest size of a number other than 0 among rows of d. */
static void bandwidths_sizes(const struct array *x, int64_t batch, int64_t heads, int64_t rows,
                             int64_t d, real *least, real *most)
{
    for (int64_t b = 0; b < batch; b++)
        for (int64_t h = 0; h < heads; h++)
            for (int64_t i = 0; i < rows; i++)
                for (int64_t c = 0; c < d; c++) {
                    const real size = r_abs(get(row_at(x, b, h, i) + c * x->col));
                    *least = size < *least && size > 0 ? size : *least;
                    *most = size <= *most ? *most : size;
                }
}

/* Do squares keep their digits with and without these powers? Differences are multiples of the last
 * place of the least number. */
static bool bandwidths_in_range(const struct bandwidths_job *w, const struct pool_args *a)
{
    const double range = REAL_BITS == 32 ? 0x1p120 : 0x1p1000;
    const double place = 1 / (double)((real_uint)1 << REAL_FRACTION_BITS);
    real least = REAL_MAX, most = 0;
    double low = 1, high = 1;
    bandwidths_sizes(&a->q, a->batch, a->heads, a->n, a->d, &least, &most);
    bandwidths_sizes(&a->k, a->batch, a->heads, a->m, a->d, &least, &most);
    for (int k = 0; k < w->count; k++) {
        const double power = (double)w->bandwidth[k].job.plan.power;
        low = power < low ? power : low;
        high = power > high ? power : high;
    }
    const double small = (double)least * place * low / 2, large = 2 * (double)most * high;
    return small * small > 1 / range && large * large * (double)a->d < range && high < 0x1p50 &&
           low > 0x1p-50;
}

/* The plans of all bandwidths. False where they share nothing. */
static bool bandwidths_plan(struct bandwidths_job *w, struct engine *engine,
                            const struct pool_args *args)
{
    for (int k = 0; k < w->count; k++) {
        struct pool_bandwidth *x = &w->bandwidth[k];
        x->job = (struct pool_job){ .engine = engine, .a = &args[k], .notes = true };
        x->job.plan = pool_plan_of(&args[k]);
        if (!bandwidths_are_plain(&x->job.plan))
            return false;
        x->job.plan.shape.split = x->job.plan.power_matters = false;
        x->job.prune.w = pool_prune_w(&x->job.plan);
        x->raw = x->job.plan;
        x->raw.c *= x->raw.power * x->raw.power;
        x->raw.power = 1;
    }
    return bandwidths_in_range(w, args);
}

/* ---- a tile ---- */

static real *bandwidths_state(const struct bandwidths_tile *x, int k, int slot)
{
    const size_t size = pool_tile_state(x->t.plan, x->t.vectors);
    return x->states + (size_t)(k * x->w->slots + slot) * size;
}

/* The block into the states of the bandwidths that it matters to. */
static void bandwidths_block(struct bandwidths_tile *x, const struct pool_block *block, int slot)
{
    struct pool_tile *t = &x->t;
    t->spent = true;
    for (int k = 0; k < x->w->count; k++) {
        if (!x->takes[k])
            continue;
        t->plan = &x->w->bandwidth[k].raw;
        t->ahead = !t->spent;
        pool_block_pool(t, block, NULL, bandwidths_state(x, k, slot), x->first[k]);
        x->first[k] = false;
    }
    t->ahead = false;
}

/* Whether the block, or the super-block, matters to some bandwidth, and to which. */
static bool bandwidths_look(struct bandwidths_tile *x, int64_t number, bool super_block)
{
    bool some = false;
    for (int k = 0; k < x->w->count; k++) {
        const struct pool_bandwidth *bandwidth = &x->w->bandwidth[k];
        x->t.plan = &bandwidth->raw;
        x->t.prune = x->w->prunes ? &bandwidth->job.prune : NULL;
        bool *takes = super_block ? &x->within[k] : &x->takes[k];
        *takes = super_block ? !pool_super_block_pruned(&x->t, number)
                             : x->within[k] && !pool_block_pruned(&x->t, number);
        some |= *takes;
    }
    return some;
}

static void bandwidths_super_block(struct bandwidths_tile *x, int64_t number, int slot)
{
    const bool some = bandwidths_look(x, number, true);
    for (int k = 0; k < x->w->count; k++)
        x->first[k] = true;
    for (int i = 0; i < POOL_BLOCKS && some; i++) {
        struct pool_block block;
        if (bandwidths_look(x, number * POOL_BLOCKS + i, false) &&
            pool_block_at(&x->t, number * POOL_BLOCKS + i, &block))
            bandwidths_block(x, &block, slot);
    }
    for (int k = 0; k < x->w->count; k++)
        if (x->first[k])
            pool_state_identity(x->t.plan, bandwidths_state(x, k, slot), x->t.lanes);
}

static void bandwidths_merge(const struct bandwidths_tile *x, const struct tree_merge *step)
{
    for (int k = 0; k < x->w->count; k++)
        pool_state_merge(x->t.plan, bandwidths_state(x, k, step->left),
                         bandwidths_state(x, k, step->right), x->t.lanes);
}

/* The near keys of all bandwidths; returns the slot of the roots. */
static int bandwidths_run(struct bandwidths_tile *x)
{
    int64_t first, end;
    struct tree tree = { .count = 0 };
    struct tree_merge step;
    x->t.near = true;
    pool_tile_range(&x->t, &first, &end);
    for (int64_t s = first; s < end; s++) {
        bandwidths_super_block(x, s, tree_push(&tree, 0, s));
        while (tree_join(&tree, &step))
            bandwidths_merge(x, &step);
    }
    for (int k = 0; k < x->w->count && tree.count == 0; k++)
        pool_state_identity(x->t.plan, bandwidths_state(x, k, 0), x->t.lanes);
    if (tree.count == 0)
        return 0;
    while (tree_collapse(&tree, &step))
        bandwidths_merge(x, &step);
    return tree.node[0].slot;
}

/* What is wanted of a bandwidth; rows without a near key take all keys. */
static void bandwidths_finish(struct bandwidths_tile *x, int k, int slot)
{
    const struct pool_job *job = &x->w->bandwidth[k].job;
    struct pool_tile *t = &x->t;
    real *root = bandwidths_state(x, k, slot);
    t->plan = &job->plan;
    t->prune = x->w->prunes ? &job->prune : NULL;
    if (pool_near_rows(root, t->count) != t->count) {
        struct pool_forest f;
        memcpy(t->other, root, pool_tile_state(t->plan, t->vectors) * sizeof(real));
        pool_job_side(t, NULL, false, &f);
        root = pool_tile_root(t, &f);
        pool_state_choose(t->plan, root, t->other, t->lanes);
    }
    pool_job_end(job, t, root, NULL);
}

static void bandwidths_task(void *arg, int64_t index, int worker)
{
    const struct bandwidths_job *w = arg;
    const struct pool_job *job = &w->bandwidth[0].job;
    struct bandwidths_tile x = { .w = w };
    struct by_key by_key;
    pool_job_begin(job, index, worker, &x.t, &by_key);
    x.states = (real *)(void *)((char *)ap_engine_scratch(job->engine, worker) + w->tile);
    const int slot = bandwidths_run(&x);
    for (int k = 0; k < w->count; k++)
        bandwidths_finish(&x, k, slot);
}

/* ---- the slot ---- */

/* The boxes of keys are those of every bandwidth. */
static bool bandwidths_reserve(struct bandwidths_job *w)
{
    struct pool_job *job = &w->bandwidth[0].job;
    const struct pool_shape *s = &job->plan.shape;
    const int vectors = (int)(s->tile_vectors + (s->tile_extra > 0));
    struct pool_tile t;
    struct by_key by_key;
    pool_job_tile(job, vectors, NULL, &t, &by_key, &w->tile);
    w->slots = tree_slots(s->first, s->end) + 1;
    const size_t states = (size_t)(w->count * w->slots) * pool_tile_state(&job->plan, vectors);
    const size_t boxes = pool_prune_room(&job->prune, &job->plan);
    if (!ap_engine_reserve(job->engine, w->tile + states * sizeof(real), boxes * sizeof(real)))
        return false;
    for (int k = 0; k < w->count; k++) {
        struct pool_job *other = &w->bandwidth[k].job;
        pool_prune_place(&other->prune, &other->plan, ap_engine_shared(job->engine));
    }
    w->prunes = job->prune.w > 0;
    return true;
}

static attpool_status bandwidths_alone(struct engine *engine,
                                       const struct pool_bandwidths_args *args)
{
    attpool_status st = ATTPOOL_OK;
    for (int k = 0; k < args->count && st == ATTPOOL_OK; k++)
        st = simd_pool(engine, &args->pool[k]);
    return st;
}

#define simd_pool_bandwidths SIMD_SYMBOL(TYPED(pool_bandwidths))
attpool_status simd_pool_bandwidths(struct engine *engine, const struct pool_bandwidths_args *args)
{
    struct pool_bandwidth bandwidth[POOL_BANDWIDTHS];
    struct bandwidths_job w = { .bandwidth = bandwidth, .count = args->count };
    const struct pool_args *a = args->pool;
    assert(args->count <= POOL_BANDWIDTHS);
    if (args->count < 2 || a->batch * a->heads * a->n == 0 || !bandwidths_plan(&w, engine, a))
        return bandwidths_alone(engine, args);
    if (!bandwidths_reserve(&w))
        return ap_engine_fail(engine, ATTPOOL_E_MEMORY, "no memory for pooling");
    struct pool_job *job = &bandwidth[0].job;
    const struct pool_shape *s = &job->plan.shape;
    attpool_status st = ATTPOOL_OK;
    ap_engine_part(engine, 0, 0);
    if (w.prunes)
        st = ap_engine_parallel(engine, s->end - s->first, pool_prune_task, &job->prune);
    ap_engine_part(engine, 0, 1);
    return st == ATTPOOL_OK ? ap_engine_parallel(engine, s->sets * s->tiles, bandwidths_task, &w)
                            : st;
}

#endif
