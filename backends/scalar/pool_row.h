/* SPDX-License-Identifier: Apache-2.0 */

/* Template: one query of a pooling, from its scores to its state. */
#include "backends/scalar/distance.h"
#include "backends/scalar/sight.h"
#include "backends/scalar/state.h"
#include "backends/tree.h"

#define ROW FN(row)
struct ROW {
    const struct pool_args *args;
    struct SIGHT sight;
    struct METRIC metric; /* q and k also of dot and additive */
    struct view value, wv;
    bool even; /* the policy mean: every key that is seen weighs 1 */
    bool has_max, converted;
    T scale, c; /* converted: t = scale x + bias is what is kept of a score, and c is 1 */
};

/* The keys of a block that take part. */
#define BLOCK_KEYS FN(block)
struct BLOCK_KEYS {
    int count;
    int64_t key[BLOCK];
    T x[BLOCK], factor[BLOCK], weight[BLOCK];
};

static struct ROW FN(row_of)(const struct pool_args *args, int64_t b, int64_t h, int64_t i,
                             const T *q)
{
    struct ROW row = { .args = args };
    row.sight = FN(sight_of)(&args->masks, &args->key_weights, b, h, i, args->m);
    row.metric = FN(metric_of)(&args->kernel, args->d, q, &args->k, b, h, i);
    row.value = view_of(&args->value, b, h, sizeof(T));
    row.wv = view_of(&args->wv, b, h, sizeof(T));
    row.scale = 1;
    if (args->score == POOL_DOT || args->score == POOL_ADDITIVE) {
        row.scale = (T)args->c;
        row.has_max = true;
    } else if (args->score == POOL_KERNEL) {
        row.scale = FN(kernel_scale)(&row.metric);
        row.has_max = kernel_any(&args->kernel, args->d, kernel_has_log);
    }
    row.has_max |= args->masks.bias.data != NULL;
    row.converted = row.scale == 0 || args->masks.bias.data != NULL;
    row.c = row.converted ? 1 : row.scale;
    return row;
}

/* q . k, or w_v . tanh(q + k). */
static T FN(inner)(const struct ROW *row, int64_t j)
{
    const struct METRIC *pair = &row->metric;
    bool additive = row->args->score == POOL_ADDITIVE;
    T sum = 0;
    for (int64_t first = 0; first < pair->d; first += CHUNK) {
        int64_t end = pair->d - first < CHUNK ? pair->d : first + CHUNK;
        T s = 0;
        for (int64_t c = first; c < end; c++) {
            T k = FN(get)(pair->k, j, c);
            s = additive ? FMA(FN(get)(row->wv, 0, c), FN(tanh)(pair->q[c] + k), s)
                         : FMA(pair->q[c], k, s);
        }
        sum += s;
    }
    return sum;
}

static struct PAIR FN(row_pair)(const struct ROW *row, int64_t j)
{
    struct PAIR pair = { .factor = 1, .inside = true };
    if (row->even || row->args->score == POOL_CONSTANT)
        return pair;
    if (row->args->score == POOL_KERNEL)
        return FN(kernel_pair)(&row->metric, j);
    pair.x = FN(inner)(row, j);
    return pair;
}

static T FN(row_score)(const struct ROW *row, int64_t j, T x)
{
    if (row->sight.bias.at != NULL)
        return FMA(row->scale, x, FN(get)(row->sight.bias, row->sight.i, j) * T_LOG2E);
    return row->converted ? row->scale * x : x;
}

/* The keys [first, end), all of one block, with their scores. */
static void FN(block_fill)(const struct ROW *row, int64_t first, int64_t end,
                           struct BLOCK_KEYS *block)
{
    block->count = 0;
    for (int64_t j = first; j < end; j++) {
        if (!FN(sees)(&row->sight, j))
            continue;
        struct PAIR pair = FN(row_pair)(row, j);
        if (!pair.inside)
            continue;
        block->key[block->count] = j;
        block->x[block->count] = FN(row_score)(row, j, pair.x);
        block->factor[block->count] = pair.factor;
        block->count++;
    }
}

static T FN(block_max)(const struct ROW *row, const struct BLOCK_KEYS *block)
{
    if (!row->has_max || row->even)
        return 0;
    T best = row->c > 0 ? -T_MAX : T_MAX;
    for (int n = 0; n < block->count; n++)
        if (row->c > 0 ? block->x[n] > best : block->x[n] < best)
            best = block->x[n];
    return FN(keep_max)(-T_MAX, row->c * best);
}

static void FN(block_weights)(const struct ROW *row, T max, struct BLOCK_KEYS *block)
{
    for (int n = 0; n < block->count; n++) {
        T p = 1;
        if (!row->even) {
            if (row->has_max)
                p = FN(relative)(row->c, block->x[n], max);
            p *= block->factor[n];
            if (row->sight.key_weights.at != NULL)
                p *= FN(get)(row->sight.key_weights, 0, block->key[n]);
        }
        block->weight[n] = p;
    }
}

static void FN(state_clear)(const struct ROW *row, struct STATE *state)
{
    state->max = row->has_max && !row->even ? -T_MAX : 0;
    state->sum = 0;
    state->square = 0;
    for (int64_t c = 0; c < row->args->v; c++)
        state->acc[c] = 0;
}

static void FN(block_sum)(const struct ROW *row, const struct BLOCK_KEYS *block,
                          struct STATE *state)
{
    for (int n = 0; n < block->count; n++) {
        T p = block->weight[n];
        state->sum += p;
        state->square = FMA(p, p, state->square);
        for (int64_t c = 0; c < row->args->v; c++)
            state->acc[c] = FMA(p, FN(get)(row->value, block->key[n], c), state->acc[c]);
    }
}

/* The local number of the first key at or after both `first` and the position `position`. */
static int64_t FN(local)(const struct ROW *row, int64_t position, int64_t first)
{
    int64_t j = position - row->args->key_origin;
    return j > first ? j : first;
}

/* The part of the keys that the row sees in the positions [from, from + length). */
static bool FN(row_cut)(const struct ROW *row, int64_t from, int64_t length, int64_t *first,
                        int64_t *end)
{
    int64_t last = from + length - row->args->key_origin;
    *first = FN(local)(row, from, row->sight.first);
    *end = last < row->sight.end ? last : row->sight.end;
    return *first < *end;
}

/* The state of super-block `super`; `spare` is room for a block's. */
static void FN(super_block)(const struct ROW *row, int64_t super, struct STATE *state,
                            struct STATE *spare)
{
    struct BLOCK_KEYS block;
    int64_t first, end;
    FN(state_clear)(row, state);
    for (int64_t at = super * SUPER_BLOCK; at < (super + 1) * SUPER_BLOCK; at += BLOCK) {
        if (!FN(row_cut)(row, at, BLOCK, &first, &end))
            continue;
        FN(block_fill)(row, first, end, &block);
        if (block.count == 0)
            continue;
        FN(state_clear)(row, spare);
        spare->max = FN(block_max)(row, &block);
        FN(block_weights)(row, spare->max, &block);
        FN(block_sum)(row, &block, spare);
        FN(state_merge)(state, spare, row->args->v);
    }
}

/* The super-blocks of all keys of the call: those of a state's nodes. */
static void FN(call_range)(const struct pool_args *args, int64_t *first, int64_t *end)
{
    *first = args->key_origin / SUPER_BLOCK;
    *end = (args->key_origin + args->m + SUPER_BLOCK - 1) / SUPER_BLOCK;
}

/* Super-blocks [first, end) into states at the slots of `tree`; state[TREE_NODES] is spare. */
static void FN(row_states)(const struct ROW *row, int64_t first, int64_t end, struct tree *tree,
                           struct STATE *state)
{
    struct tree_merge step;
    tree->count = 0;
    for (int64_t super = first; super < end; super++) {
        int slot = tree_push(tree, 0, super);
        FN(super_block)(row, super, &state[slot], &state[TREE_NODES]);
        while (tree_join(tree, &step))
            FN(state_merge)(&state[step.left], &state[step.right], row->args->v);
    }
}

/* The whole row in state[0]. Super-blocks before and after what it sees are left out. */
static void FN(row_pool)(const struct ROW *row, struct STATE *state)
{
    struct tree tree;
    struct tree_merge step;
    int64_t origin = row->args->key_origin;
    int64_t first = (origin + row->sight.first) / SUPER_BLOCK;
    int64_t end = (origin + row->sight.end + SUPER_BLOCK - 1) / SUPER_BLOCK;
    if (row->sight.first == row->sight.end) {
        FN(state_clear)(row, &state[0]);
        return;
    }
    FN(row_states)(row, first, end, &tree, state);
    while (tree_collapse(&tree, &step))
        FN(state_merge)(&state[step.left], &state[step.right], row->args->v);
}
