/* SPDX-License-Identifier: Apache-2.0 */

/* The keys in reach of a box of queries. */

#include "core/index/build.h"

#include <string.h>

enum { WORD_BITS = 64, WORD_SHIFT = 6 };

/* Words for a bit per key, and for a bit per word of those that is not 0; and flags, a byte per
 * word of the latter that is not 0. */
static size_t key_words(const struct key_index *index)
{
    return (size_t)(index->keys.count + WORD_BITS - 1) >> WORD_SHIFT;
}

static size_t word_words(const struct key_index *index)
{
    return (key_words(index) + WORD_BITS - 1) >> WORD_SHIFT;
}

static size_t flag_words(const struct key_index *index)
{
    return (word_words(index) + 7) / 8;
}

static size_t all_words(const struct key_index *index)
{
    return key_words(index) + word_words(index) + flag_words(index);
}

size_t ap_index_list_bytes(const struct key_index *index)
{
    return all_words(index) * sizeof(uint64_t) + (size_t)index->keys.count * sizeof(uint32_t);
}

void ap_index_list_place(const struct key_index *index, void *memory, struct index_list *list)
{
    list->flags = memory;
    list->words = list->flags + flag_words(index);
    list->keys = list->words + word_words(index);
    list->key = (uint32_t *)(void *)(list->keys + key_words(index));
    list->count = 0;
}

void ap_index_list_clear(const struct key_index *index, const struct index_list *list)
{
    memset(list->flags, 0, all_words(index) * sizeof(uint64_t));
}

static inline void add_key(const struct index_list *list, uint32_t key)
{
    const uint32_t word = key >> WORD_SHIFT, flag = word >> WORD_SHIFT;
    list->keys[word] |= (uint64_t)1 << key % WORD_BITS;
    list->words[flag] |= (uint64_t)1 << word % WORD_BITS;
    ((unsigned char *)list->flags)[flag] = 1;
}

static void add_all(const struct pool_index *index, int64_t first, int64_t count,
                    struct index_list *list)
{
    const uint32_t *number = index->keys->keys.number + first;
    for (int64_t i = 0; i < count; i++)
        add_key(list, number[i]);
}

/* What there is to find, of keys of the bandwidth 1 or of the node's. */
struct search {
    const struct pool_index *index;
    const struct index_box *box;
    struct index_list *list;
    int64_t d;
};

/* Whether something from `low` to `high` is out of reach. */
static inline bool is_out(const struct search *s, const double *low, const double *high,
                          double bandwidth, const int64_t d)
{
    const struct reach *reach = &s->index->reach;
    double sum = 0;
    for (int64_t c = 0; c < d; c++) {
        const double below = s->box->low[c] - high[c], above = low[c] - s->box->high[c];
        const double gap = below > above ? below : above;
        const double g = gap > 0 ? gap * reach->inverse[c] : 0;
        if (g > bandwidth)
            return true;
        sum += g * g;
    }
    return reach->ball && sum > bandwidth * bandwidth;
}

/* Whether all that lies in the box of a node is in reach. */
static bool is_all_in(const struct search *s, const double *low, const double *high,
                      double bandwidth)
{
    const struct reach *reach = &s->index->reach;
    double sum = 0;
    for (int64_t c = 0; c < s->d; c++) {
        const double below = s->box->low[c] - low[c], above = high[c] - s->box->high[c];
        const double gap = below > above ? below : above;
        const double g = gap > 0 ? gap * reach->inverse[c] : 0;
        if (!(g <= bandwidth))
            return false;
        sum += g * g;
    }
    return !reach->ball || sum <= bandwidth * bandwidth;
}

static inline void find_keys_of(const struct search *s, int64_t first, int64_t count,
                                double bandwidth, const int64_t d)
{
    const struct point_order *keys = &s->index->keys->keys;
    for (int64_t i = first; i < first + count; i++) {
        const double *x = keys->point + i * d;
        if (!is_out(s, x, x, bandwidth, d))
            add_key(s->list, keys->number[i]);
    }
}

/* Of the keys at these places. */
static void find_keys(const struct search *s, int64_t first, int64_t count, double bandwidth)
{
    switch (s->d) {
    case 1:
        find_keys_of(s, first, count, bandwidth, 1);
        break;
    case 2:
        find_keys_of(s, first, count, bandwidth, 2);
        break;
    case 3:
        find_keys_of(s, first, count, bandwidth, 3);
        break;
    default:
        find_keys_of(s, first, count, bandwidth, s->d);
    }
}

/* Of the keys of a node. */
static void find_node(const struct search *s, size_t node, int64_t first, int64_t count)
{
    const struct key_index *keys = s->index->keys;
    const double *bandwidths = s->index->reach.node_bandwidth,
                 *low = keys->box + node * 2 * (size_t)s->d;
    const double bandwidth = s->box->bandwidth * (bandwidths ? bandwidths[node] : 1);
    if (is_out(s, low, low + s->d, bandwidth, s->d))
        return;
    if (is_all_in(s, low, low + s->d, bandwidth)) {
        add_all(s->index, first, count, s->list);
        return;
    }
    if (count > INDEX_LEAF) {
        const int64_t half = index_half(count);
        find_node(s, 2 * node, first, half);
        find_node(s, 2 * node + 1, first + half, count - half);
        return;
    }
    find_keys(s, first, count, bandwidth);
}

/* The keys of a word of words. */
static uint32_t *take_word(struct index_list *list, size_t flag, uint32_t *to)
{
    for (uint64_t some = list->words[flag]; some != 0; some &= some - 1) {
        const size_t word = flag * WORD_BITS + (size_t)__builtin_ctzll(some);
        const uint32_t first = (uint32_t)(word * WORD_BITS);
        for (uint64_t keys = list->keys[word]; keys != 0; keys &= keys - 1)
            *to++ = first + (uint32_t)__builtin_ctzll(keys);
        list->keys[word] = 0;
    }
    list->words[flag] = 0;
    return to;
}

/* The bits become the list, and 0. */
static void take_bits(const struct key_index *index, struct index_list *list)
{
    const size_t words = flag_words(index);
    uint32_t *to = list->key;
    for (size_t w = 0; w < words; w++) {
        const unsigned char *flag = (const unsigned char *)(list->flags + w);
        for (size_t k = 0; k < 8 && list->flags[w] != 0; k++)
            if (flag[k] != 0)
                to = take_word(list, w * 8 + k, to);
        list->flags[w] = 0;
    }
    list->count = to - list->key;
}

void ap_index_find(const struct pool_index *index, const struct index_box *box,
                   struct index_list *list)
{
    const struct point_order *keys = &index->keys->keys;
    const struct search search = { index, box, list, keys->d };
    if (keys->finite > 0)
        find_node(&search, 1, 0, keys->finite);
    add_all(index, keys->finite, keys->count - keys->finite, list);
    take_bits(index->keys, list);
}
