/* SPDX-License-Identifier: Apache-2.0 */

/* The slots of pooling, with an index where it pays. */

#include "core/index/pool.h"

#include "core/context.h"
#include "core/index/build.h"

#include <math.h>
#include <stdlib.h>

/* An index of one call: what pool_index points to. */
struct used {
    struct pool_index index;
    struct key_index *keys; /* made for this call, or NULL */
    struct point_order rows;
    double *bandwidth;
};

static bool same_points(const struct pool_args *a)
{
    return a->q.data == a->k.data && a->q.row == a->k.row && a->q.col == a->k.col && a->n == a->m;
}

/* The bandwidths of keys with bandwidths of their own. false: no memory. */
static bool take_bandwidths(struct used *u, const struct pool_args *a, int type)
{
    const bool matrix = a->kernel.per == ATTPOOL_BANDWIDTH_COORDINATE_KEY;
    const struct array *w = matrix ? &a->kernel.factors : &a->kernel.inverse_bandwidths;
    if (!matrix && a->kernel.per != ATTPOOL_BANDWIDTH_KEY)
        return true;
    double *bandwidth = malloc((size_t)a->m * sizeof *bandwidth);
    for (int64_t j = 0; j < a->m && bandwidth; j++)
        bandwidth[j] = ap_index_bandwidth(w, type, 0, j);
    if (bandwidth)
        u->bandwidth = ap_key_index_bandwidths(u->index.keys, bandwidth);
    free(bandwidth);
    u->index.reach.node_bandwidth = u->bandwidth;
    return u->bandwidth != NULL;
}

static void used_free(struct used *u)
{
    ap_key_index_free(u->keys);
    ap_point_order_free(&u->rows);
    free(u->bandwidth);
}

/* false: no memory, so without an index. */
static bool used_make(struct used *u, const struct pool_args *a, int type, int64_t most)
{
    const double *scale = u->index.reach.inverse;
    if (!u->index.keys)
        u->index.keys = u->keys = ap_key_index_new(&a->k, type, a->m, a->d, scale);
    if (!u->index.keys || !take_bandwidths(u, a, type))
        return false;
    u->index.most = most;
    u->index.row_bandwidths = a->kernel.per == ATTPOOL_BANDWIDTH_QUERY;
    u->index.rows = u->index.keys->keys.number;
    if (same_points(a))
        return true;
    const bool ok = ap_point_order_new(&u->rows, &a->q, type, a->n, a->d, scale, false);
    u->index.rows = u->rows.number;
    return ok;
}

/* Whether the index of a call is to be looked for, which costs little to know. */
static bool may_use(const struct engine *e, const struct pool_args *a, const struct key_index *keys)
{
    return e->index != INDEX_NEVER && e->backend->indexes &&
           (e->index == INDEX_ALWAYS || ap_index_may_pay(a, keys != NULL));
}

/* The index of a call in `u`, if one is of use. */
static bool used_take(struct used *u, const struct engine *e, int type, const struct pool_args *a,
                      const struct key_index *keys)
{
    const bool always = e->index == INDEX_ALWAYS;
    *u = (struct used){ .keys = NULL };
    if (!ap_reach_of(a, type, &u->index.reach))
        return false;
    u->index.keys = keys;
    if (!always && !ap_index_pays(a, type, &u->index.reach, keys != NULL))
        return false;
    return used_make(u, a, type, always ? a->m : a->m / 3);
}

attpool_status ap_index_pool(struct engine *e, int type, const struct pool_args *args,
                             const struct key_index *keys)
{
    if (!may_use(e, args, keys))
        return e->backend->pool[type](e, args);
    struct pool_args a = *args;
    struct used u;
    a.index = used_take(&u, e, type, args, keys) ? &u.index : NULL;
    const attpool_status st = e->backend->pool[type](e, &a);
    used_free(&u);
    return st;
}

attpool_status ap_index_pool_squared(struct engine *e, int type,
                                     const struct pool_squared_args *args,
                                     const struct key_index *keys)
{
    if (!may_use(e, args->pool, keys))
        return e->backend->pool_squared[type](e, args);
    struct pool_args a = *args->pool;
    const struct pool_squared_args squared = { .pool = &a, .tilt = args->tilt };
    struct used u;
    a.index = used_take(&u, e, type, args->pool, keys) ? &u.index : NULL;
    const attpool_status st = e->backend->pool_squared[type](e, &squared);
    used_free(&u);
    return st;
}
