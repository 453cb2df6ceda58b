/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/suites/suites.h"

#include "backends/tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The merge tree: a state is written as the text of its merges, "(0 1)" for super-block 0 merged
 * with 1, and must be the one that the definition of a node gives. */

enum { TEXT = 1200, FIRST = 24, LAST = 56 };

static char state[TREE_NODES][TEXT];

static void merge(struct tree_merge step)
{
    static char both[2 * TEXT + 4];
    int length = snprintf(both, sizeof both, "(%s %s)", state[step.left], state[step.right]);
    ck_assert_int_lt(length, TEXT);
    memcpy(state[step.left], both, (size_t)length + 1);
}

/* By recursion, as tree.h defines it. Empty where the node has none of [first, end). */
static void define(int level, int64_t index, int64_t first, int64_t end, char *text)
{
    if ((index + 1) << level <= first || index << level >= end) {
        text[0] = '\0';
    } else if (level == 0) {
        snprintf(text, TEXT, "%" PRId64, index);
    } else {
        char left[TEXT], right[TEXT];
        define(level - 1, 2 * index, first, end, left);
        define(level - 1, 2 * index + 1, first, end, right);
        size_t l = strlen(left), r = strlen(right);
        ck_assert_uint_lt(l + r + 4, TEXT);
        if (l > 0 && r > 0)
            sprintf(text, "(%s %s)", left, right);
        else
            memcpy(text, l > 0 ? left : right, (l > 0 ? l : r) + 1);
    }
}

static void push_all(struct tree *tree, int64_t first, int64_t end)
{
    struct tree_merge step;
    int most = 0;
    tree->count = 0;
    for (int64_t s = first; s < end; s++) {
        snprintf(state[tree_push(tree, 0, s)], TEXT, "%" PRId64, s);
        most = tree->count > most ? tree->count : most;
        while (tree_join(tree, &step))
            merge(step);
    }
    ck_assert_int_le(most, tree_slots(first, end));
}

static void check_same(const struct tree *a, const struct tree *b)
{
    ck_assert_int_eq(a->count, b->count);
    for (int i = 0; i < a->count; i++) {
        ck_assert_int_eq(a->node[i].level, b->node[i].level);
        ck_assert_int_eq(a->node[i].index, b->node[i].index);
        ck_assert_int_eq(a->node[i].slot, b->node[i].slot);
    }
}

START_TEST(the_root_is_what_its_definition_says)
{
    for (int64_t first = 0; first < FIRST; first++)
        for (int64_t end = first + 1; end <= LAST; end++) {
            struct tree tree;
            struct tree_merge step;
            char want[TEXT];
            push_all(&tree, first, end);
            while (tree_collapse(&tree, &step))
                merge(step);
            define(6, 0, first, end, want);
            ck_assert_str_eq(state[0], want);
        }
}
END_TEST

START_TEST(pieces_become_the_tiling_of_the_whole)
{
    for (int64_t first = 0; first < FIRST; first++)
        for (int64_t end = first + 1; end <= LAST; end++) {
            struct tree pushed, whole;
            struct tree_merge step;
            push_all(&pushed, first, end);
            tree_tile(&whole, first, end);
            check_same(&pushed, &whole);
            for (int64_t cut = first + 1; cut < end; cut++) {
                struct tree left, right;
                tree_tile(&left, first, cut);
                tree_tile(&right, cut, end);
                for (int i = 0; i < right.count; i++) {
                    tree_push(&left, right.node[i].level, right.node[i].index);
                    while (tree_join(&left, &step))
                        ;
                }
                check_same(&left, &whole);
            }
        }
}
END_TEST

START_TEST(the_longest_range_has_room)
{
    struct tree tree;
    tree_tile(&tree, 1, ((int64_t)1 << 52) - 1);
    ck_assert_int_eq(tree.count, 2 * 51);
    ck_assert_int_le(tree.count, tree_slots(1, ((int64_t)1 << 52) - 1));
    ck_assert_int_lt(tree.count, TREE_NODES);
}
END_TEST

Suite *suite_tree(void)
{
    Suite *suite = suite_create("tree");
    TCase *tc = tcase_create("tree");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, the_root_is_what_its_definition_says);
    tcase_add_test(tc, pieces_become_the_tiling_of_the_whole);
    tcase_add_test(tc, the_longest_range_has_room);
    suite_add_tcase(suite, tc);
    return suite;
}
