/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_INDEX_BUILD_H
#define CORE_INDEX_BUILD_H

/* How the core makes an index. */

#include "backends/backend.h"
#include "core/index/index.h"

#include <string.h>

/* How many of `count` points, more than INDEX_LEAF, are in the first half: such that places from a
 * multiple of 128 on, or of 64 or 32, are those of a node. */
static inline int64_t index_half(int64_t count)
{
    int64_t half = INDEX_LEAF;
    if (count > 128)
        return (count / 2 + 64) / 128 * 128;
    while (2 * half < count)
        half *= 2;
    return half;
}

/* Element (i, c) of the first matrix of an array on the host. */
static inline double index_element(const struct array *x, int type, int64_t i, int64_t c)
{
    const int64_t at = i * x->row + c * x->col;
    double wide;
    float narrow;
    if (type == TYPE_F64) {
        memcpy(&wide, (const char *)x->data + at * (int64_t)sizeof wide, sizeof wide);
        return wide;
    }
    memcpy(&narrow, (const char *)x->data + at * (int64_t)sizeof narrow, sizeof narrow);
    return (double)narrow;
}

/* The order of the `count` rows of x, nodes being cut where they are widest, in units of
 * 1 / scale[c]; with points where `points`. false: no memory. */
bool ap_point_order_new(struct point_order *order, const struct array *x, int type, int64_t count,
                        int64_t d, const double *scale, bool points);
void ap_point_order_free(struct point_order *order);

/* An index of the m rows of k, whose order is wanted in units of 1 / scale[c]; or NULL. */
struct key_index *ap_key_index_new(const struct array *k, int type, int64_t m, int64_t d,
                                   const double *scale);
void ap_key_index_free(struct key_index *index);

/* The largest bandwidth of the keys of each node, given those of all keys by number; NULL: no
 * memory.
 */
double *ap_key_index_bandwidths(const struct key_index *index, const double *bandwidth);

/* How far the weights of a call reach: false where some reach all keys, or nobody knows. Without
 * the bandwidths of keys. */
bool ap_reach_of(const struct pool_args *a, int type, struct reach *reach);

/* 1 / |w|, of element (i, c) of w; infinite where that is no number. */
double ap_index_bandwidth(const struct array *w, int type, int64_t i, int64_t c);

/* Are there pairs enough for an index? `built`: it is there already. Of n and m alone, so that a
 * call of one query does not pay for the question. */
bool ap_index_may_pay(const struct pool_args *a, bool built);

/* And does it pay for these points? */
bool ap_index_pays(const struct pool_args *a, int type, const struct reach *reach, bool built);

#endif
