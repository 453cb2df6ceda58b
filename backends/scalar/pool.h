/* SPDX-License-Identifier: Apache-2.0 */

/* Pooling, the rows of a call and what is written of them. */
#ifndef BACKENDS_SCALAR_POOL_H
#define BACKENDS_SCALAR_POOL_H

#include "backends/scalar/pool_row.h"
#include "backends/scalar/scalar.h"

struct pool_job {
    struct engine *engine;
    const struct pool_args *args;
    int slots;
    bool note_empty;
};

/* What a row that has been pooled comes to. */
enum outcome_kind { WEIGHTED, NEAREST, BLANK };

struct outcome {
    enum outcome_kind kind;
    int64_t nearest;
    real blank; /* 0 or NaN */
    real lse;
    real max, sum; /* before the policy */
};

/* An empty row: the policy may pool it again, evenly. */
static void row_empty(struct row *row, struct state *state, struct outcome *outcome)
{
    outcome->kind = BLANK;
    outcome->blank = REAL_NAN;
    outcome->lse = -REAL_INF;
    switch (row->args->empty) {
    case ATTPOOL_EMPTY_ZERO:
        outcome->blank = 0;
        return;
    case ATTPOOL_EMPTY_MEAN:
        row->even = true;
        row_pool(row, state);
        if (state->sum != 0)
            outcome->kind = WEIGHTED;
        return;
    case ATTPOOL_EMPTY_NEAREST:
        outcome->nearest = row_nearest(row);
        if (outcome->nearest >= 0)
            outcome->kind = NEAREST;
        return;
    default:
        return;
    }
}

static struct outcome row_run(const struct pool_job *job, struct row *row, struct state *state)
{
    struct outcome outcome = { .kind = WEIGHTED };
    row_pool(row, state);
    outcome.max = state->sum == 0 ? 0 : state->max + 0;
    outcome.sum = state->sum + 0;
    if (state->sum == 0) {
        row_empty(row, state, &outcome);
        if (row->args->empty == ATTPOOL_EMPTY_ERROR && job->note_empty)
            ap_engine_note_empty(job->engine, 1);
    } else {
        outcome.lse = log_sum(row->has_max, state->max, state->sum);
    }
    return outcome;
}

static void write_out(const struct row *row, const struct outcome *outcome,
                      const struct state *state, struct matrix out)
{
    const real scale = (real)row->args->dropout.scale;
    const bool dropped = outcome->kind == NEAREST && is_dropped(row, outcome->nearest);
    for (int64_t c = 0; c < row->columns; c++) {
        real o = outcome->blank;
        if (outcome->kind == WEIGHTED)
            o = quotient(state->acc[c], state->sum) * scale;
        else if (outcome->kind == NEAREST)
            o = dropped ? 0 : (get(row->value, outcome->nearest, c) + 0) * scale;
        put(out, row->visible.i, c, o);
    }
}

static real effective_number(const struct outcome *outcome, const struct state *state)
{
    real sum = state->sum * r_power_of_two(-state->exponent);
    if (outcome->kind == WEIGHTED)
        return sum / state->square * sum;
    return outcome->kind == NEAREST ? 1 : REAL_NAN;
}

/* W of a row, at row `place` of the matrix. */
static void write_weights(const struct row *row, const struct outcome *outcome,
                          const struct state *state, struct matrix weights, int64_t place)
{
    struct block block;
    bool divide = divides(row->args);
    real inverse = 1 / state->sum;
    int64_t first, end, origin = row->args->key_origin;
    for (int64_t j = 0; j < row->args->m; j++)
        put(weights, place, j, outcome->kind == BLANK ? outcome->blank : 0);
    if (outcome->kind == NEAREST)
        put(weights, place, outcome->nearest, 1);
    if (outcome->kind != WEIGHTED)
        return;
    for (int64_t at = origin / BLOCK * BLOCK; at < origin + row->visible.end; at += BLOCK) {
        if (!row_cut(row, at, BLOCK, &first, &end))
            continue;
        block_fill(row, first, end, &block);
        block_weights(row, state->max, false, &block);
        for (int n = 0; n < block.count; n++)
            put(weights, place, block.key[n],
                divide ? block.weight[n] / state->sum : block.weight[n] * inverse);
    }
}

/* The scratch memory of a worker: accumulators, and a query. */
static real *pool_scratch(const struct pool_job *job, int worker, struct state *state)
{
    real *at = ap_engine_scratch(job->engine, worker);
    const int64_t columns = pool_columns(job->args);
    for (int slot = 0; slot < job->slots; slot++)
        state[slot].acc = at + slot * columns;
    state[TREE_NODES].acc = at + job->slots * columns;
    return state[TREE_NODES].acc + columns;
}

static void write_row(const struct pool_job *job, int64_t b, int64_t h, struct row *row,
                      struct state *state)
{
    const struct pool_args *args = job->args;
    struct matrix out = matrix_of(&args->out, b, h, sizeof(real));
    struct matrix lse = matrix_of(&args->lse, b, h, sizeof(real));
    struct matrix n_eff = matrix_of(&args->n_eff, b, h, sizeof(real));
    struct matrix max = matrix_of(&args->max, b, h, sizeof(real));
    struct matrix sum = matrix_of(&args->sum, b, h, sizeof(real));
    struct matrix weights = matrix_of(&args->weights, b, h, sizeof(real));
    struct outcome outcome = row_run(job, row, state);
    if (out.at != NULL)
        write_out(row, &outcome, state, out);
    if (lse.at != NULL)
        put(lse, row->visible.i, 0, outcome.lse);
    if (n_eff.at != NULL)
        put(n_eff, row->visible.i, 0, effective_number(&outcome, state));
    if (max.at != NULL)
        put(max, row->visible.i, 0, outcome.max);
    if (sum.at != NULL)
        put(sum, row->visible.i, 0, outcome.sum);
    if (weights.at != NULL && args->rows == NULL)
        write_weights(row, &outcome, state, weights, row->visible.i);
}

/* The super-blocks of all keys of the call: those of a state's nodes. */
static void call_range(const struct pool_args *args, int64_t *first, int64_t *end)
{
    *first = args->key_origin / SUPER_BLOCK;
    *end = (args->key_origin + args->m + SUPER_BLOCK - 1) / SUPER_BLOCK;
}

/* The state of a row, into one side of the nodes of the call. */
static void write_side(const struct row *row, int64_t at, struct state *state)
{
    const struct pool_nodes *nodes = row->args->nodes;
    int64_t first, end, v = row->args->v;
    struct tree tree;
    call_range(row->args, &first, &end);
    row_states(row, first, end, &tree, state);
    assert(tree.count == nodes->count);
    for (int n = 0; n < nodes->count; n++) {
        const struct pool_node *node = &nodes->node[n];
        const struct node_sums *sums = row->near ? &node->near : &node->all;
        assert(node->level == tree.node[n].level && node->index == tree.node[n].index);
        ((real *)sums->max)[at] = r_canonical_nan(state[n].max);
        ((real *)sums->sum)[at] = r_canonical_nan(state[n].sum);
        for (int64_t c = 0; c < v; c++)
            ((real *)sums->acc)[at * v + c] = r_canonical_nan(state[n].acc[c]);
    }
}

static void write_nodes(struct row *row, int64_t at, struct state *state)
{
    write_side(row, at, state);
    row->near = row->cuts_far;
    if (row->near)
        write_side(row, at, state);
}

static void pool_task(void *arg, int64_t index, int worker)
{
    const struct pool_job *job = arg;
    const struct pool_args *args = job->args;
    struct task task = task_at(index, args->heads, args->n);
    struct state state[TREE_NODES + 1];
    real *q = pool_scratch(job, worker, state);
    for (int64_t i = task.first; i < task.end; i++) {
        read_query(args, task.b, task.h, i, q);
        struct row row = row_of(args, task.b, task.h, i, q);
        if (args->nodes != NULL)
            write_nodes(&row, (task.b * args->heads + task.h) * args->n + i, state);
        else
            write_row(job, task.b, task.h, &row, state);
    }
}

/* The rows of W that were asked for, pooled once more. */
static void weights_task(void *arg, int64_t index, int worker)
{
    const struct pool_job *job = arg;
    const struct pool_args *args = job->args;
    struct task task = task_at(index, args->heads, args->row_count);
    struct matrix weights = matrix_of(&args->weights, task.b, task.h, sizeof(real));
    struct state state[TREE_NODES + 1];
    real *q = pool_scratch(job, worker, state);
    for (int64_t place = task.first; place < task.end; place++) {
        int64_t i = args->rows[place];
        read_query(args, task.b, task.h, i, q);
        struct row row = row_of(args, task.b, task.h, i, q);
        struct outcome outcome = row_run(job, &row, state);
        write_weights(&row, &outcome, state, weights, place);
    }
}

/* Memory for the workers. */
static attpool_status pool_reserve(struct pool_job *job)
{
    const struct pool_args *args = job->args;
    int64_t first, end;
    call_range(args, &first, &end);
    job->slots = tree_slots(first, end);
    size_t numbers = (size_t)(job->slots + 1) * (size_t)pool_columns(args) + (size_t)args->d;
    if (!ap_engine_reserve(job->engine, numbers * sizeof(real), 0))
        return ap_engine_fail(job->engine, ATTPOOL_E_MEMORY, "no memory for %zu bytes a thread",
                              numbers * sizeof(real));
    return ATTPOOL_OK;
}

#define scalar_pool SCALAR(TYPED(pool))
attpool_status scalar_pool(struct engine *engine, const struct pool_args *args)
{
    struct pool_job job = { .engine = engine, .args = args, .note_empty = true };
    bool chosen = args->weights.data != NULL && args->rows != NULL;
    bool all = !chosen || args->out.data != NULL || args->lse.data != NULL ||
               args->n_eff.data != NULL || args->max.data != NULL || args->sum.data != NULL;
    attpool_status status = pool_reserve(&job);
    if (status == ATTPOOL_OK && all)
        status = ap_engine_parallel(engine, task_count(args->batch, args->heads, args->n),
                                    pool_task, &job);
    job.note_empty = !all;
    if (status == ATTPOOL_OK && chosen)
        status = ap_engine_parallel(engine, task_count(args->batch, args->heads, args->row_count),
                                    weights_task, &job);
    return status;
}

#endif
