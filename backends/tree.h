/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_TREE_H
#define BACKENDS_TREE_H

/* The merge tree of pooling, integers only: which states merge with which, and in what order.
 *
 * Node (level, index) covers the super-blocks [index 2^level, (index + 1) 2^level), counted from
 * key position 0. Its state is its left child's merged with its right child's; where one of them
 * has no keys it is the other's as it stands. So the state of a node depends on the keys below
 * it, and on nothing that a caller, a thread or a device may choose.
 *
 * A list of nodes lies in a struct tree, in order and without overlap. Each node names a slot:
 * where the caller keeps its state. A step of an algorithm answers with two slots, `left` and
 * `right`: the caller does state[left] = merge(state[left], state[right]), and `right` is free.
 *
 * All super-blocks [first, end) of a row, one after the other, to the root:
 *
 *     struct tree tree = { 0 };
 *     struct tree_merge step;
 *     for (int64_t s = first; s < end; s++) {
 *         state[tree_push(&tree, 0, s)] = ...;        the state of super-block s
 *         while (tree_join(&tree, &step))
 *             ...                                     merge step.left, step.right
 *     }
 *     while (tree_collapse(&tree, &step))
 *         ...                                         merge step.left, step.right
 *                                                     the result is in slot 0
 *
 * Super-blocks that a row does not see are the identity and may be left out where they come
 * before or after all others, which only changes `first` and `end`; one between others is pushed
 * as the identity. */

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

/* Keys are fewer than 2^62, super-blocks than 2^52: a list has at most two nodes a level, and
 * one more while it is pushed. */
enum { TREE_LEVELS = 53, TREE_NODES = 2 * TREE_LEVELS + 2 };

struct tree_node {
    int level;
    int slot;
    int64_t index;
};

struct tree {
    int count;
    struct tree_node node[TREE_NODES];
};

struct tree_merge {
    int left, right;
};

static inline int64_t tree_first(struct tree_node node)
{
    return node.index << node.level;
}

static inline int64_t tree_end(struct tree_node node)
{
    return (node.index + 1) << node.level;
}

static inline bool tree_siblings(struct tree_node left, struct tree_node right)
{
    return left.level == right.level && left.index % 2 == 0 && right.index == left.index + 1;
}

/* The largest node of at most `top` levels that begins at super-block `first` and ends at or
 * before `end`, first < end. From first on, again and again from its tree_end, these tile
 * [first, end): with top = TREE_LEVELS, by the fewest nodes there can be, which is what a state
 * holds; with a smaller top, by pieces of work of bounded length. */
static inline struct tree_node tree_largest(int64_t first, int64_t end, int top)
{
    struct tree_node node = { .index = first };
    assert(0 <= first && first < end);
    while (node.level < top && node.index % 2 == 0 && end - first >= (int64_t)2 << node.level) {
        node.level++;
        node.index /= 2;
    }
    return node;
}

/* The tiling of [first, end) by the fewest nodes; slots count from 0. */
static inline void tree_tile(struct tree *tree, int64_t first, int64_t end)
{
    tree->count = 0;
    while (first < end) {
        struct tree_node node = tree_largest(first, end, TREE_LEVELS);
        assert(tree->count < TREE_NODES);
        node.slot = tree->count;
        tree->node[tree->count++] = node;
        first = tree_end(node);
    }
}

/* How many slots pushing the super-blocks [first, end) can take. */
static inline int tree_slots(int64_t first, int64_t end)
{
    int levels = 1;
    while (levels < TREE_LEVELS && (end - first) >> levels > 0)
        levels++;
    return 2 * levels + 1;
}

/* Append a node, which begins where the list ends. Returns its slot: its place in the list. */
static inline int tree_push(struct tree *tree, int level, int64_t index)
{
    struct tree_node node = { .level = level, .slot = tree->count, .index = index };
    assert(tree->count < TREE_NODES);
    assert(tree->count == 0 || tree_end(tree->node[tree->count - 1]) == tree_first(node));
    tree->node[tree->count] = node;
    return tree->count++;
}

/* After a push, until it returns false: fuse the last two nodes where they are siblings. A list
 * made by pushes that are each followed by this is the tiling of tree_tile, whatever the pushed
 * nodes were; slots are places in the list. */
static inline bool tree_join(struct tree *tree, struct tree_merge *step)
{
    struct tree_node *last = &tree->node[tree->count - 1];
    if (tree->count < 2 || !tree_siblings(last[-1], last[0]))
        return false;
    step->left = last[-1].slot;
    step->right = last[0].slot;
    last[-1].level++;
    last[-1].index /= 2;
    tree->count--;
    return true;
}

/* Until it returns false: bring the list to one node, the root. The lowest node (of several the
 * leftmost) fuses with its sibling where that is there, and else stands in for its parent. The
 * root is in the slot of the first node. */
static inline bool tree_collapse(struct tree *tree, struct tree_merge *step)
{
    while (tree->count > 1) {
        int low = 0;
        for (int i = 1; i < tree->count; i++)
            if (tree->node[i].level < tree->node[low].level)
                low = i;
        struct tree_node *node = &tree->node[low];
        bool fuse = low + 1 < tree->count && tree_siblings(node[0], node[1]);
        if (fuse) {
            step->left = node[0].slot;
            step->right = node[1].slot;
            for (int i = low + 1; i + 1 < tree->count; i++)
                tree->node[i] = tree->node[i + 1];
            tree->count--;
        }
        node->level++;
        node->index /= 2;
        if (fuse)
            return true;
    }
    return false;
}

#endif
