/* SPDX-License-Identifier: Apache-2.0 */
#include "core/call/pool_parts.h"

#include "core/call/state.h"
#include "core/tensor/cut.h"
#include "core/tensor/memory.h"

#include <string.h>

struct pool_parts {
    struct pool_call *call;
    attpool_status (*slot)(struct pool_call *);
    const struct pool_args whole; /* as it was described; for the views of the call likewise: */
    struct view *const q, *const k;
    bool by_keys;
    struct attpool_state part, state;
    struct finish_args finish; /* O and L of the queries of a part, on the host */
};

static void describe_queries(struct pool_parts *w, const struct part *part)
{
    const struct pool_args *whole = &w->whole;
    struct pool_args *p = &w->call->pool;
    const int64_t i = part->first[AXIS_N], j = part->first[AXIS_M];
    p->batch = part->count[AXIS_BATCH];
    p->heads = part->count[AXIS_HEADS];
    p->n = part->count[AXIS_N];
    p->m = part->count[AXIS_M];
    p->row_count = whole->rows ? whole->row_count : p->n;
    p->key_origin = whole->key_origin + j;
    p->masks.band_low = whole->masks.band_low + i - j;
    p->masks.band_high = whole->masks.band_high + i - j;
    p->masks.excluded = whole->masks.excluded + i - j;
    p->dropout.query_origin = whole->dropout.query_origin + i;
    p->dropout.batch_origin = whole->dropout.batch_origin + part->first[AXIS_BATCH] * whole->heads +
                              part->first[AXIS_HEADS];
}

/* ---- A part of the keys ---- */

/* Lengths are counted from the first key of the part. */
static attpool_status clip_lengths(struct engine *e, struct view *v, const struct part *part)
{
    attpool_status st = ap_view_pack(e, v);
    for (int64_t b = 0; b < v->size[0] && st == ATTPOOL_OK; b++)
        for (int64_t h = 0; h < v->size[1]; h++)
            for (int64_t i = 0; i < v->size[2]; i++) {
                int64_t length = ap_view_integer(v, b, h, i, 0);
                /* With a stride of 0 all have one length, which is clipped once. */
                if ((b > 0 && v->stride[0] == 0) || (h > 0 && v->stride[1] == 0) ||
                    (i > 0 && v->stride[2] == 0))
                    continue;
                length -= part->first[AXIS_M];
                length = length > part->count[AXIS_M] ? part->count[AXIS_M] : length;
                ap_view_set_integer(v, b, h, i, 0, length < 0 ? 0 : length);
            }
    return st;
}

/* An output that the state gives at the end. */
static void keep_for_finish(struct arguments *own, const struct view *of_call,
                            const struct arguments *all, struct array *array)
{
    *array = (struct array){ .data = NULL };
    if (!of_call)
        return;
    struct view *v = &own->view[of_call - all->view];
    *array = *v->array;
    array->data = v->data;
    v->array->data = NULL;
    v->array = NULL;
}

static attpool_status describe_keys(struct pool_parts *w, struct arguments *own,
                                    const struct part *part)
{
    struct pool_call *c = w->call;
    keep_for_finish(own, c->out, &c->args, &w->finish.out);
    keep_for_finish(own, c->lse, &c->args, &w->finish.lse);
    attpool_status st = ATTPOOL_OK;
    if (c->masks.lengths)
        st = clip_lengths(c->args.engine, &own->view[c->masks.lengths - c->args.view], part);
    memset(&w->part, 0, sizeof w->part);
    return st == ATTPOOL_OK ? ap_state_begin(c, &w->part) : st;
}

/* The state of a part of the keys goes to that of those before; behind the last one are results. */
static attpool_status take_state(struct pool_parts *w)
{
    struct engine *e = w->call->args.engine;
    if (w->part.key_begin == w->whole.key_origin)
        w->state = w->part;
    else
        ap_state_join(e, &w->state, &w->part, w->part.node);
    w->part.count = 0;
    if (w->state.key_end < w->whole.key_origin + w->whole.m)
        return ATTPOOL_OK;
    w->finish.empty = w->whole.empty;
    attpool_status st = ap_state_finish(e, &w->state, &w->finish);
    ap_state_clear(&w->state);
    return st;
}

/* ---- Any part ---- */

static attpool_status describe_part(void *arg, struct arguments *own, const struct part *part)
{
    struct pool_parts *w = arg;
    struct pool_call *c = w->call;
    describe_queries(w, part);
    c->q = w->q ? &own->view[w->q - c->args.view] : NULL;
    c->k = w->k ? &own->view[w->k - c->args.view] : NULL;
    return w->by_keys ? describe_keys(w, own, part) : ATTPOOL_OK;
}

static attpool_status run_part(void *arg)
{
    struct pool_parts *w = arg;
    struct pool_nodes nodes = { w->part.count, w->part.node };
    if (w->by_keys)
        w->call->pool.nodes = &nodes;
    attpool_status st = w->slot(w->call);
    w->call->pool = w->whole;
    return st == ATTPOOL_OK && w->by_keys ? take_state(w) : st;
}

static void take_axes(const struct pool_call *c)
{
    view_goes_along(c->q, AXIS_N, AXIS_NONE);
    view_goes_along(c->k, AXIS_M, AXIS_NONE);
    view_goes_along(c->value, AXIS_M, AXIS_NONE);
    view_goes_along(c->out, AXIS_N, AXIS_NONE);
    view_goes_along(c->lse, AXIS_N, AXIS_NONE);
    view_goes_along(c->n_eff, AXIS_N, AXIS_NONE);
    view_goes_along(c->max, AXIS_N, AXIS_NONE);
    view_goes_along(c->sum, AXIS_N, AXIS_NONE);
    view_goes_along(c->weights, c->options.rows ? AXIS_NONE : AXIS_N, AXIS_M);
    view_goes_along(c->key_weights, AXIS_NONE, AXIS_M);
}

static bool is_on_device(const struct view *v)
{
    return v && v->device;
}

static bool keys_can_be_cut(const struct pool_call *c)
{
    const struct pool_args *p = &c->pool;
    return !p->nodes && !c->n_eff && !c->weights && !c->max && !c->sum &&
           p->empty != ATTPOOL_EMPTY_MEAN && p->empty != ATTPOOL_EMPTY_NEAREST &&
           p->key_origin % SUPER_BLOCK == 0 && !is_on_device(c->out) && !is_on_device(c->lse) &&
           !is_on_device(c->masks.lengths);
}

attpool_status ap_pool_parts(struct pool_call *c, attpool_status (*slot)(struct pool_call *))
{
    const struct pool_args *p = &c->pool;
    struct pool_parts w = { .call = c, .slot = slot, .whole = *p, .q = c->q, .k = c->k };
    const int64_t projected = c->wq ? c->p * (c->args.type == TYPE_F32 ? 4 : 8) : 0;
    struct cutting cutting = {
        .size = { p->batch, p->heads, p->n, p->m, 1 },
        .step = { !p->nodes, !p->nodes, !p->nodes && !p->rows, 0, 0 },
        .beside_n = projected,
        .beside_m = projected,
        .describe = describe_part,
        .run = run_part,
        .arg = &w,
    };
    struct part sizes;
    take_axes(c);
    if (!ap_cut_plan(&c->args, &cutting, &sizes)) {
        cutting.step[AXIS_M] = SUPER_BLOCK;
        w.by_keys = keys_can_be_cut(c);
        if (!w.by_keys || !ap_cut_plan(&c->args, &cutting, &sizes))
            return ap_cut_fail(&c->args);
    }
    attpool_status st = ap_cut_run(&c->args, &cutting, &sizes);
    ap_state_clear(&w.part);
    ap_state_clear(&w.state);
    c->q = w.q;
    c->k = w.k;
    c->pool = w.whole;
    return st;
}
