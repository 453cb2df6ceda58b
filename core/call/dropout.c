/* SPDX-License-Identifier: Apache-2.0 */
#include "core/call/dropout.h"

#include <math.h>

/* A count of Philox is 32 bits wide; that of keys, four to a counter, 34. */
#define MOST_COUNT ((int64_t)1 << 32)

static attpool_status check_count(struct engine *e, const char *name, int64_t origin, int64_t count,
                                  int64_t most)
{
    if (origin <= most - count)
        return ATTPOOL_OK;
    return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                          "%s is %lld, which with dropout should be at most %lld", name,
                          (long long)origin, (long long)(most - count));
}

/* To the nearest integer, halves up. */
static uint64_t rounded(double x)
{
    const double whole = floor(x);
    return (uint64_t)whole + (x - whole >= 0.5);
}

attpool_status ap_dropout_take(struct pool_call *c)
{
    struct engine *e = c->args.engine;
    struct dropout *drop = &c->pool.dropout;
    const attpool_masks *masks = &c->masks.options;
    const double p = c->options.dropout;
    *drop = (struct dropout){ .scale = 1 };
    if (p == 0)
        return ATTPOOL_OK;
    if (!(p > 0 && p < 1))
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "dropout is %g, it should be at least 0 and below 1", p);
    attpool_status st = check_count(e, "key_origin", masks->key_origin, c->pool.m, 4 * MOST_COUNT);
    if (st == ATTPOOL_OK)
        st = check_count(e, "query_origin", masks->query_origin, c->pool.n, MOST_COUNT);
    if (st == ATTPOOL_OK)
        st = check_count(e, "batch_origin", masks->batch_origin,
                         c->leading.batch * c->leading.heads, MOST_COUNT);
    drop->scale = ap_to_type(c->args.type, 1 / (1 - p));
    drop->threshold = rounded(p * (double)MOST_COUNT);
    drop->seed = c->options.seed;
    drop->query_origin = masks->query_origin;
    drop->batch_origin = masks->batch_origin;
    return st;
}
