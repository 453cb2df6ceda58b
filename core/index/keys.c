/* SPDX-License-Identifier: Apache-2.0 */

/* The tree of boxes over the keys. */

#include "core/index/build.h"

#include <math.h>
#include <stdlib.h>

/* Nodes are numbered as in a heap, which the halves of index_half keep flat. */
static size_t node_count(int64_t points)
{
    size_t nodes = 2;
    for (int64_t most = INDEX_LEAF; most < points; most *= 2)
        nodes *= 2;
    return nodes > 16 ? nodes : 16;
}

static void box_of_points(const double *x, int64_t count, int64_t d, double *box)
{
    for (int64_t c = 0; c < d; c++) {
        box[c] = INFINITY;
        box[d + c] = -INFINITY;
    }
    for (int64_t i = 0; i < count; i++)
        for (int64_t c = 0; c < d; c++) {
            const double y = x[i * d + c];
            box[c] = y < box[c] ? y : box[c];
            box[d + c] = y > box[d + c] ? y : box[d + c];
        }
}

static void make_boxes(struct key_index *index, size_t node, int64_t first, int64_t count)
{
    const int64_t d = index->keys.d;
    double *box = index->box + node * 2 * (size_t)d;
    if (count <= INDEX_LEAF) {
        box_of_points(index->keys.point + first * d, count, d, box);
        return;
    }
    const int64_t half = index_half(count);
    make_boxes(index, 2 * node, first, half);
    make_boxes(index, 2 * node + 1, first + half, count - half);
    const double *left = index->box + 4 * node * (size_t)d, *right = left + 2 * d;
    for (int64_t c = 0; c < d; c++) {
        box[c] = left[c] < right[c] ? left[c] : right[c];
        box[d + c] = left[d + c] > right[d + c] ? left[d + c] : right[d + c];
    }
}

struct key_index *ap_key_index_new(const struct array *k, int type, int64_t m, int64_t d,
                                   const double *scale)
{
    struct key_index *index = calloc(1, sizeof *index);
    if (!index)
        return NULL;
    if (ap_point_order_new(&index->keys, k, type, m, d, scale, true)) {
        index->nodes = node_count(index->keys.finite);
        index->box = malloc(index->nodes * 2 * (size_t)d * sizeof *index->box);
    }
    if (!index->box) {
        ap_key_index_free(index);
        return NULL;
    }
    make_boxes(index, 1, 0, index->keys.finite);
    return index;
}

void ap_key_index_free(struct key_index *index)
{
    if (!index)
        return;
    ap_point_order_free(&index->keys);
    free(index->box);
    free(index);
}

static double make_bandwidths(const struct key_index *index, const double *bandwidth, double *to,
                              size_t node, int64_t first, int64_t count)
{
    double most = 0;
    if (count > INDEX_LEAF) {
        const int64_t half = index_half(count);
        const double left = make_bandwidths(index, bandwidth, to, 2 * node, first, half);
        const double right =
            make_bandwidths(index, bandwidth, to, 2 * node + 1, first + half, count - half);
        most = left > right ? left : right;
    } else {
        for (int64_t i = first; i < first + count; i++) {
            const double w = bandwidth[index->keys.number[i]];
            most = w > most ? w : most;
        }
    }
    return to[node] = most;
}

double *ap_key_index_bandwidths(const struct key_index *index, const double *bandwidth)
{
    double *to = malloc(index->nodes * sizeof *to);
    if (to)
        (void)make_bandwidths(index, bandwidth, to, 1, 0, index->keys.finite);
    return to;
}
