/* SPDX-License-Identifier: Apache-2.0 */

/* Template: pooling, the rows of a call and what is written of them. */
#include "backends/scalar/pool_row.h"

#define POOL_JOB FN(pool_job)
struct POOL_JOB {
    struct engine *engine;
    const struct pool_args *args;
    int slots;
    bool note_empty;
};

#define OUTCOME FN(outcome)
struct OUTCOME {
    enum outcome_kind kind;
    int64_t nearest;
    T blank; /* 0 or NaN */
    T lse;
};

/* The nearest of the keys that the masks leave, -1 for none. */
static int64_t FN(row_nearest)(const struct ROW *row)
{
    int64_t best = -1;
    T least = 0;
    for (int64_t j = row->sight.first; j < row->sight.end; j++) {
        if (!FN(sees)(&row->sight, j))
            continue;
        T u2 = FN(nearness)(&row->metric, j);
        if (best < 0 || u2 < least || (least != least && u2 == u2)) {
            best = j;
            least = u2;
        }
    }
    return best;
}

/* An empty row: the policy may pool it again, evenly. */
static void FN(row_empty)(struct ROW *row, struct STATE *state, struct OUTCOME *outcome)
{
    *outcome = (struct OUTCOME){ .kind = BLANK, .blank = T_NAN, .lse = -T_INFINITY };
    switch (row->args->empty) {
    case ATTPOOL_EMPTY_ZERO:
        outcome->blank = 0;
        return;
    case ATTPOOL_EMPTY_MEAN:
        row->even = true;
        FN(row_pool)(row, state);
        if (state->sum != 0)
            outcome->kind = WEIGHTED;
        return;
    case ATTPOOL_EMPTY_NEAREST:
        outcome->nearest = FN(row_nearest)(row);
        if (outcome->nearest >= 0)
            outcome->kind = NEAREST;
        return;
    default:
        return;
    }
}

static struct OUTCOME FN(row_run)(const struct POOL_JOB *job, struct ROW *row, struct STATE *state)
{
    struct OUTCOME outcome = { .kind = WEIGHTED };
    FN(row_pool)(row, state);
    if (state->sum == 0) {
        FN(row_empty)(row, state, &outcome);
        if (row->args->empty == ATTPOOL_EMPTY_ERROR && job->note_empty)
            engine_note_empty(job->engine, 1);
    } else {
        outcome.lse = FN(log_sum)(row->has_max, state->max, state->sum);
    }
    return outcome;
}

static void FN(write_out)(const struct ROW *row, const struct OUTCOME *outcome,
                          const struct STATE *state, struct view out)
{
    for (int64_t c = 0; c < row->args->v; c++) {
        T o = outcome->blank;
        if (outcome->kind == WEIGHTED)
            o = FN(quotient)(state->acc[c], state->sum);
        else if (outcome->kind == NEAREST)
            o = FN(get)(row->value, outcome->nearest, c) + 0;
        FN(put)(out, row->sight.i, c, o);
    }
}

static T FN(effective_number)(const struct OUTCOME *outcome, const struct STATE *state)
{
    if (outcome->kind == WEIGHTED)
        return state->sum / state->square * state->sum;
    return outcome->kind == NEAREST ? 1 : T_NAN;
}

/* Is a sum of weights possibly below 1, so that its inverse is not to be used? */
static bool FN(divides)(const struct pool_args *args)
{
    return args->key_weights.data != NULL || args->score == POOL_CONSTANT ||
           (args->score == POOL_KERNEL && kernel_any(&args->kernel, args->d, kernel_has_factor));
}

/* W of a row, at row `place` of the view. */
static void FN(write_weights)(const struct ROW *row, const struct OUTCOME *outcome,
                              const struct STATE *state, struct view weights, int64_t place)
{
    struct BLOCK_KEYS block;
    bool divide = FN(divides)(row->args);
    T inverse = 1 / state->sum;
    int64_t first, end, origin = row->args->key_origin;
    for (int64_t j = 0; j < row->args->m; j++)
        FN(put)(weights, place, j, outcome->kind == BLANK ? outcome->blank : 0);
    if (outcome->kind == NEAREST)
        FN(put)(weights, place, outcome->nearest, 1);
    if (outcome->kind != WEIGHTED)
        return;
    for (int64_t at = origin / BLOCK * BLOCK; at < origin + row->sight.end; at += BLOCK) {
        if (!FN(row_cut)(row, at, BLOCK, &first, &end))
            continue;
        FN(block_fill)(row, first, end, &block);
        FN(block_weights)(row, state->max, &block);
        for (int n = 0; n < block.count; n++)
            FN(put)
        (weights, place, block.key[n],
         divide ? block.weight[n] / state->sum : block.weight[n] * inverse);
    }
}

/* The scratch memory of a worker: accumulators, and a query. */
static T *FN(pool_scratch)(const struct POOL_JOB *job, int worker, struct STATE *state)
{
    T *at = engine_scratch(job->engine, worker);
    for (int slot = 0; slot < job->slots; slot++)
        state[slot].acc = at + slot * job->args->v;
    state[TREE_NODES].acc = at + job->slots * job->args->v;
    return state[TREE_NODES].acc + job->args->v;
}

static void FN(read_query)(const struct pool_args *args, int64_t b, int64_t h, int64_t i, T *q)
{
    struct view queries = view_of(&args->q, b, h, sizeof(T));
    for (int64_t c = 0; queries.at != NULL && c < args->d; c++)
        q[c] = FN(get)(queries, i, c);
}

static void FN(write_row)(const struct POOL_JOB *job, int64_t b, int64_t h, struct ROW *row,
                          struct STATE *state)
{
    const struct pool_args *args = job->args;
    struct view out = view_of(&args->out, b, h, sizeof(T));
    struct view lse = view_of(&args->lse, b, h, sizeof(T));
    struct view n_eff = view_of(&args->n_eff, b, h, sizeof(T));
    struct view weights = view_of(&args->weights, b, h, sizeof(T));
    struct OUTCOME outcome = FN(row_run)(job, row, state);
    if (out.at != NULL)
        FN(write_out)(row, &outcome, state, out);
    if (lse.at != NULL)
        FN(put)(lse, row->sight.i, 0, outcome.lse);
    if (n_eff.at != NULL)
        FN(put)(n_eff, row->sight.i, 0, FN(effective_number)(&outcome, state));
    if (weights.at != NULL && args->rows == NULL)
        FN(write_weights)(row, &outcome, state, weights, row->sight.i);
}

/* The state of a row, into the nodes of the call. */
static void FN(write_nodes)(const struct ROW *row, int64_t at, struct STATE *state)
{
    const struct pool_nodes *nodes = row->args->nodes;
    int64_t first, end, v = row->args->v;
    struct tree tree;
    FN(call_range)(row->args, &first, &end);
    FN(row_states)(row, first, end, &tree, state);
    assert(tree.count == nodes->count);
    for (int n = 0; n < nodes->count; n++) {
        const struct pool_node *node = &nodes->node[n];
        assert(node->level == tree.node[n].level && node->index == tree.node[n].index);
        ((T *)node->max)[at] = FN(canonical_nan)(state[n].max);
        ((T *)node->sum)[at] = FN(canonical_nan)(state[n].sum);
        for (int64_t c = 0; c < v; c++)
            ((T *)node->acc)[at * v + c] = FN(canonical_nan)(state[n].acc[c]);
    }
}

static void FN(pool_task)(void *arg, int64_t index, int worker)
{
    const struct POOL_JOB *job = arg;
    const struct pool_args *args = job->args;
    struct tile tile = tile_at(index, args->heads, args->n);
    struct STATE state[TREE_NODES + 1];
    T *q = FN(pool_scratch)(job, worker, state);
    for (int64_t i = tile.first; i < tile.end; i++) {
        FN(read_query)(args, tile.b, tile.h, i, q);
        struct ROW row = FN(row_of)(args, tile.b, tile.h, i, q);
        if (args->nodes != NULL)
            FN(write_nodes)(&row, (tile.b * args->heads + tile.h) * args->n + i, state);
        else
            FN(write_row)(job, tile.b, tile.h, &row, state);
    }
}

/* The rows of W that were asked for, pooled once more. */
static void FN(weights_task)(void *arg, int64_t index, int worker)
{
    const struct POOL_JOB *job = arg;
    const struct pool_args *args = job->args;
    struct tile tile = tile_at(index, args->heads, args->row_count);
    struct view weights = view_of(&args->weights, tile.b, tile.h, sizeof(T));
    struct STATE state[TREE_NODES + 1];
    T *q = FN(pool_scratch)(job, worker, state);
    for (int64_t place = tile.first; place < tile.end; place++) {
        int64_t i = args->rows[place];
        FN(read_query)(args, tile.b, tile.h, i, q);
        struct ROW row = FN(row_of)(args, tile.b, tile.h, i, q);
        struct OUTCOME outcome = FN(row_run)(job, &row, state);
        FN(write_weights)(&row, &outcome, state, weights, place);
    }
}

attpool_status SCALAR(FN(pool))(struct engine *engine, const struct pool_args *args)
{
    struct POOL_JOB job = { .engine = engine, .args = args, .note_empty = true };
    bool chosen = args->weights.data != NULL && args->rows != NULL;
    bool all =
        !chosen || args->out.data != NULL || args->lse.data != NULL || args->n_eff.data != NULL;
    attpool_status status = ATTPOOL_OK;
    int64_t first, end;
    FN(call_range)(args, &first, &end);
    job.slots = tree_slots(first, end);
    size_t bytes = ((size_t)(job.slots + 1) * (size_t)args->v + (size_t)args->d) * sizeof(T);
    if (!engine_reserve(engine, bytes, 0))
        return engine_fail(engine, ATTPOOL_E_MEMORY, "no memory for %zu bytes a thread", bytes);
    if (all)
        status = engine_parallel(engine, tile_count(args->batch, args->heads, args->n),
                                 FN(pool_task), &job);
    job.note_empty = !all;
    if (status == ATTPOOL_OK && chosen)
        status = engine_parallel(engine, tile_count(args->batch, args->heads, args->row_count),
                                 FN(weights_task), &job);
    return status;
}
