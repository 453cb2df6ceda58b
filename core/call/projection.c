/* SPDX-License-Identifier: Apache-2.0 */

/* Queries and keys times the matrices of additive and projection scores. */

#include "core/call/projection.h"

#include "core/tensor/memory.h"

void ap_projected_give(struct engine *e, const struct projected *projected)
{
    ap_memory_give(e, projected->memory);
}

attpool_status ap_projected_take(const struct pool_call *c, const struct view *x, int64_t p,
                                 int64_t group, struct projected *to)
{
    const int64_t rows = x->size[2];
    const size_t bytes = (size_t)(x->size[0] * x->size[1] * rows * p) * (size_t)x->bytes;
    attpool_status st = ap_memory_take(c->args.engine, bytes, &to->memory);
    to->array = (struct array){ .data = to->memory, .row = p, .col = 1, .group = group };
    if (x->size[0] > 1)
        to->array.batch = x->size[1] * rows * p;
    if (x->size[1] > 1)
        to->array.head = rows * p;
    return st;
}

attpool_status ap_project(const struct pool_call *c, const struct view *x, const struct array *from,
                          const struct array *w, struct projected *to)
{
    struct engine *e = c->args.engine;
    attpool_status st = ap_projected_take(c, x, c->p, from->group, to);
    if (st != ATTPOOL_OK)
        return st;
    struct bmm_args m = {
        .batch = x->size[0],
        .heads = x->size[1],
        .n = x->size[2],
        .k = x->size[3],
        .m = c->p,
        .alpha = 1,
        .a = *from,
        .b = { .data = w->data, .offset = w->offset, .row = w->col, .col = w->row, .group = 1 },
        .c = to->array,
    };
    m.a.group = m.c.group = 1;
    if (m.batch * m.heads * m.n * m.m == 0)
        return ATTPOOL_OK;
    ap_engine_expect(e, (double)(m.batch * m.heads * m.n) * (double)m.m * (double)(m.k + 1));
    return e->backend->bmm[c->args.type](e, &m);
}
