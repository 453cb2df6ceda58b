/* SPDX-License-Identifier: Apache-2.0 */

/* One query of a pooling, from its blocks of keys to its state. */
#ifndef BACKENDS_SCALAR_POOL_ROW_H
#define BACKENDS_SCALAR_POOL_ROW_H

#include "backends/scalar/pool_pair.h"
#include "backends/scalar/state.h"
#include "backends/tree.h"

/* The keys of a block that take part. */
struct block {
    int count;
    int64_t key[BLOCK];
    int exponent[BLOCK]; /* of the key weight */
    real x[BLOCK], factor[BLOCK], key_weight[BLOCK], weight[BLOCK];
};

/* Key j, unless it is left out. */
static void block_add(const struct row *row, int64_t j, const struct pair *pair,
                      struct block *block)
{
    const int n = block->count;
    block->key[n] = j;
    block->x[n] = row_score(row, j, pair->x);
    block->factor[n] = pair->factor;
    block->key_weight[n] = 1;
    block->exponent[n] = 0;
    if (row->visible.key_weights.at != NULL)
        block->key_weight[n] = get(row->visible.key_weights, 0, j);
    if (row->visible.key_weights.at != NULL && row->has_max)
        block->exponent[n] = take_exponent(&block->key_weight[n]);
    if (!row->near || !is_far(row->scoring.c, block->x[n], block->exponent[n]))
        block->count++;
}

/* The keys [first, end), all of one block, with their scores. */
static void block_fill(const struct row *row, int64_t first, int64_t end, struct block *block)
{
    block->count = 0;
    for (int64_t j = first; j < end; j++) {
        if (!is_visible(&row->visible, j))
            continue;
        struct pair pair = row_pair(row, j);
        if (pair.inside)
            block_add(row, j, &pair, block);
    }
}

static real block_max(const struct row *row, const struct block *block)
{
    if (!row->has_max || row->even)
        return 0;
    real max = row->near ? REAL(NEAR_LIMIT) : -REAL_MAX;
    for (int n = 0; n < block->count; n++)
        max = keep_max(max, quarter(row->scoring.c, block->x[n], block->exponent[n]));
    return max;
}

/* Weights relative to max; for sums those that are nothing beside a near key's are 0. */
static void block_weights(const struct row *row, real max, bool sums, struct block *block)
{
    for (int n = 0; n < block->count; n++) {
        real p = 1;
        if (!row->even) {
            if (row->has_max)
                p = relative(row->scoring.c, block->x[n], block->exponent[n], max,
                             row->cuts_far && sums);
            p *= block->factor[n];
            if (row->visible.key_weights.at != NULL)
                p *= block->key_weight[n];
        }
        block->weight[n] = p;
    }
}

/* Are the sums relative to a maximum? */
static bool is_relative(const struct row *row)
{
    return row->has_max && !row->even && row->given == NULL;
}

static void state_clear(const struct row *row, struct state *state)
{
    state->max = is_relative(row) ? -REAL_MAX : 0;
    state->sum = 0;
    state->square = 0;
    state->exponent = 0;
    for (int64_t c = 0; c < row->columns; c++)
        state->acc[c] = 0;
}

/* z of coordinate a. */
static real row_offset(const struct row *row, int64_t j, int64_t a)
{
    return (get(row->metric.k, j, a) - row->metric.q[a]) * (real)row->args->moments.power[a];
}

/* Moments of key j, of weight p. */
static void pair_moments(const struct row *row, int64_t j, real p, real *acc)
{
    const int64_t d = row->args->d, v = row->args->v;
    real *products = acc + v, *first = products + v * d, *second = first + d;
    for (int64_t a = 0; a < d; a++) {
        const real t = p * row_offset(row, j, a);
        first[a] += t;
        for (int64_t c = 0; c < v; c++)
            products[c * d + a] = r_fma(t, get(row->value, j, c), products[c * d + a]);
        for (int64_t b = a; b < d; b++, second++)
            *second = r_fma(t, row_offset(row, j, b), *second);
    }
}

static void block_sum(const struct row *row, const struct block *block, struct state *state)
{
    for (int n = 0; n < block->count; n++) {
        real p = block->weight[n];
        state->sum += p;
        state->square = r_fma(p, p, state->square);
        if (is_dropped(row, block->key[n]))
            continue;
        for (int64_t c = 0; c < row->args->v; c++)
            state->acc[c] = r_fma(p, get(row->value, block->key[n], c), state->acc[c]);
        if (row->args->moments.power != NULL)
            pair_moments(row, block->key[n], p, state->acc);
    }
}

/* Squares of weights that are all small or large are made again with an exponent. */
static void block_squares(const struct block *block, struct state *state)
{
    real most = 0;
    for (int n = 0; n < block->count; n++)
        most = keep_max(most, r_abs(block->weight[n]));
    if (state->sum == 0 || most == 0 || (most >= REAL(WEIGHT_LEAST) && most < REAL(WEIGHT_MOST)))
        return;
    int e;
    frexp((double)most, &e);
    e = e - 1 < -REAL(EXPONENT_MOST) ? -REAL(EXPONENT_MOST) : e - 1;
    state->exponent = e > REAL(EXPONENT_MOST) ? REAL(EXPONENT_MOST) : e;
    state->square = 0;
    for (int n = 0; n < block->count; n++) {
        real p = block->weight[n] * r_power_of_two(-state->exponent);
        state->square = r_fma(p, p, state->square);
    }
}

/* What a normalised weight of key j is multiplied by. */
static real row_tilt(const struct row *row, int64_t j)
{
    const struct matrix tilt = row->given->tilt;
    real t = get(tilt, row->visible.i, 0);
    for (int64_t a = 0; a < row->args->d; a++)
        t = r_fma(get(tilt, row->visible.i, 1 + a), row_offset(row, j, a), t);
    return t;
}

/* Sums by squares of the final weights. */
static void block_squared(const struct row *row, struct block *block, struct state *state)
{
    const real sum = row->given->sum, inverse = 1 / sum;
    block_weights(row, row->given->max, true, block);
    for (int n = 0; n < block->count; n++) {
        const int64_t j = block->key[n];
        real w =
            r_abs(sum) >= REAL(SUM_LEAST) ? block->weight[n] * inverse : block->weight[n] / sum;
        if (row->given->tilt.at != NULL)
            w *= row_tilt(row, j);
        w *= w;
        for (int64_t c = 0; c < row->args->v; c++)
            state->acc[c] = r_fma(w, get(row->value, j, c), state->acc[c]);
    }
}

/* The local number of the first key at or after both `first` and the position `position`. */
static int64_t local(const struct row *row, int64_t position, int64_t first)
{
    int64_t j = position - row->args->key_origin;
    return j > first ? j : first;
}

/* The visible keys at the positions [from, from + length): none is left out of [first, end). */
static bool row_cut(const struct row *row, int64_t from, int64_t length, int64_t *first,
                    int64_t *end)
{
    int64_t last = from + length - row->args->key_origin;
    *first = local(row, from, row->visible.first);
    *end = last < row->visible.end ? last : row->visible.end;
    return *first < *end;
}

/* The state of a block. */
static void block_pool(const struct row *row, struct block *block, struct state *state)
{
    state->max = block_max(row, block);
    block_weights(row, state->max, true, block);
    block_sum(row, block, state);
    if (!row->has_max && !row->even)
        block_squares(block, state);
}

/* The state of super-block `super`; `spare` is room for a block's. */
static void super_block(const struct row *row, int64_t super, struct state *state,
                        struct state *spare)
{
    struct block block;
    int64_t first, end;
    state_clear(row, state);
    for (int64_t at = super * SUPER_BLOCK; at < (super + 1) * SUPER_BLOCK; at += BLOCK) {
        if (!row_cut(row, at, BLOCK, &first, &end))
            continue;
        block_fill(row, first, end, &block);
        if (block.count == 0)
            continue;
        state_clear(row, spare);
        if (row->given != NULL)
            block_squared(row, &block, spare);
        else
            block_pool(row, &block, spare);
        state_merge(is_relative(row), state, spare, row->columns);
    }
}

/* Super-blocks [first, end) into states at the slots of `tree`; state[TREE_NODES] is spare. */
static void row_states(const struct row *row, int64_t first, int64_t end, struct tree *tree,
                       struct state *state)
{
    struct tree_merge step;
    tree->count = 0;
    for (int64_t super = first; super < end; super++) {
        int slot = tree_push(tree, 0, super);
        super_block(row, super, &state[slot], &state[TREE_NODES]);
        while (tree_join(tree, &step))
            state_merge(is_relative(row), &state[step.left], &state[step.right], row->columns);
    }
}

/* The row's keys, or with row->near those that are not far, in state[0]. Super-blocks before the
 * first visible key and after the last are left out. */
static void row_tree(const struct row *row, struct state *state)
{
    struct tree tree;
    struct tree_merge step;
    int64_t origin = row->args->key_origin;
    int64_t first = (origin + row->visible.first) / SUPER_BLOCK;
    int64_t end = (origin + row->visible.end + SUPER_BLOCK - 1) / SUPER_BLOCK;
    if (row->visible.first == row->visible.end) {
        state_clear(row, &state[0]);
        return;
    }
    row_states(row, first, end, &tree, state);
    while (tree_collapse(&tree, &step))
        state_merge(is_relative(row), &state[step.left], &state[step.right], row->columns);
}

/* The whole row in state[0]: without its far keys where a key is near. */
static void row_pool(struct row *row, struct state *state)
{
    row->near = row->cuts_far && !row->even;
    row_tree(row, state);
    if (row->near && !(state->max > REAL(NEAR_LIMIT))) {
        row->near = false;
        row_tree(row, state);
    }
}

#endif
