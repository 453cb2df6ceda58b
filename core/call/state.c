/* SPDX-License-Identifier: Apache-2.0 */

/* Partial states: the nodes of the merge tree that tile a part of the keys. The calls. */

#include "core/call/state.h"

#include "core/call/call.h"
#include "core/selftest/tested.h"

#include <stdlib.h>

void attpool_state_free(attpool_state *state)
{
    if (!state)
        return;
    ap_state_clear(state);
    free(state);
}

static attpool_status state_check(const struct pool_call *c)
{
    struct engine *e = c->args.engine;
    const struct pool_args *p = &c->pool;
    if (p->key_origin % ATTPOOL_SUPER_BLOCK != 0)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "key_origin is %lld, it should be a multiple of %d",
                              (long long)p->key_origin, ATTPOOL_SUPER_BLOCK);
    if (!ap_arguments_on_host(&c->args))
        return ap_engine_fail(e, ATTPOOL_E_QUERY,
                              "a state can only be made from tensors on the host");
    return ATTPOOL_OK;
}

attpool_status attpool_state_pool(attpool_context *context, const DLTensor *Q, const DLTensor *K,
                                  const DLTensor *V, const attpool_pool_options *options,
                                  attpool_state **state)
{
    struct call call;
    struct pool_call c;
    struct pool_tensors tensors = { Q, K, V, options, NULL };
    if (state)
        *state = NULL;
    attpool_status st = ap_call_begin_tested(
        &call, context, "state_pool", ap_tested_with_queries(ap_tested_of_pool(options), Q), V, Q);
    if (st != ATTPOOL_OK)
        return st;
    struct engine *e = &context->engine;
    if (!state)
        return ap_call_end(&call, ap_engine_fail(e, ATTPOOL_E_CONTEXT, "state is NULL"));
    struct attpool_state *s = calloc(1, sizeof *s);
    st = s ? ap_pool_check(&c, e, &tensors, PURPOSE_STATE)
           : ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for the state");
    if (st == ATTPOOL_OK)
        st = state_check(&c);
    if (st == ATTPOOL_OK)
        st = ap_state_begin(&c, s);
    if (st == ATTPOOL_OK) {
        struct pool_nodes nodes = { s->count, s->node };
        c.pool.nodes = &nodes;
        if (s->count > 0)
            st = ap_pool_run(&c);
    }
    if (st == ATTPOOL_OK)
        *state = s;
    else
        attpool_state_free(s);
    return ap_call_end(&call, st);
}

static attpool_status check_adjacent(struct engine *e, const struct attpool_state *s,
                                     const struct attpool_state *other)
{
    if (s->type != other->type || s->score != other->score || s->has_max != other->has_max ||
        s->cuts_far != other->cuts_far)
        return ap_engine_fail(e, ATTPOOL_E_STATE, "the states have different types or scores");
    if (s->dropout != other->dropout || s->seed != other->seed)
        return ap_engine_fail(e, ATTPOOL_E_STATE, "the states have different dropout or seeds");
    if (s->batch != other->batch || s->heads != other->heads || s->n != other->n ||
        s->v != other->v)
        return ap_engine_fail(e, ATTPOOL_E_STATE, "the states have different shapes");
    bool after = s->key_end == other->key_begin && s->key_end % SUPER_BLOCK == 0;
    bool before = other->key_end == s->key_begin && other->key_end % SUPER_BLOCK == 0;
    if (after || before)
        return ATTPOOL_OK;
    return ap_engine_fail(
        e, ATTPOOL_E_STATE, "keys %lld to %lld and %lld to %lld do not meet at a multiple of %d",
        (long long)s->key_begin, (long long)s->key_end, (long long)other->key_begin,
        (long long)other->key_end, ATTPOOL_SUPER_BLOCK);
}

attpool_status attpool_state_merge(attpool_context *context, attpool_state *state,
                                   const attpool_state *other)
{
    struct call call;
    struct pool_node copies[TREE_NODES];
    attpool_status st = ap_call_begin(&call, context, "state_merge");
    if (st != ATTPOOL_OK)
        return st;
    struct engine *e = &context->engine;
    st = state && other && state != other
             ? check_adjacent(e, state, other)
             : ap_engine_fail(e, ATTPOOL_E_STATE, "a state is %s",
                              state && other ? "merged with itself" : "NULL");
    if (st == ATTPOOL_OK && !ap_state_copy(other, copies))
        st = ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for the state");
    if (st == ATTPOOL_OK)
        ap_state_join(e, state, other, copies);
    return ap_call_end(&call, st);
}

static attpool_status finish_check(struct arguments *args, const struct attpool_state *s,
                                   attpool_empty empty, DLTensor *O, DLTensor *L,
                                   struct finish_args *f)
{
    struct engine *e = args->engine;
    const struct leading leading = { s->batch, s->heads, true, 1, 1 };
    struct view *out = NULL, *lse = NULL;
    attpool_status st = ap_take_empty(e, empty, s->empty, ATTPOOL_EMPTY_ZERO, &f->empty);
    if (st == ATTPOOL_OK && O)
        st = ap_arguments_add(args, O, "O", ATTPOOL_E_OUTPUT, ROLE_OUTPUT, KIND_REAL, LAYOUT_MATRIX,
                              &f->out, &out);
    if (st == ATTPOOL_OK && L)
        st = ap_arguments_add(args, L, "L", ATTPOOL_E_LSE, ROLE_OUTPUT, KIND_REAL, LAYOUT_ROW,
                              &f->lse, &lse);
    for (int i = 0; i < args->count && st == ATTPOOL_OK; i++) {
        const struct view *v = &args->view[i];
        if (v->device)
            st = ap_engine_fail(e, v->status, "%s is not on the host", v->name);
        else if (args->type != s->type)
            st = ap_engine_fail(e, v->status, "%s has a different type from the state", v->name);
        else
            st = ap_leading_expect(e, v, &leading, false, false);
        if (st == ATTPOOL_OK)
            st = ap_view_expect(e, v, 2, s->n, "the state has");
    }
    if (st == ATTPOOL_OK && out)
        st = ap_view_expect(e, out, 3, s->v, "the state has");
    if (st == ATTPOOL_OK)
        st = ap_arguments_overlap(args, NULL);
    if (st == ATTPOOL_OK)
        ap_arguments_fill(args, &leading);
    return st;
}

attpool_status attpool_state_finish(attpool_context *context, const attpool_state *state,
                                    attpool_empty empty, DLTensor *O, DLTensor *L)
{
    struct call call;
    struct arguments args;
    struct finish_args f = { 0 };
    attpool_status st = ap_call_begin(&call, context, "state_finish");
    if (st != ATTPOOL_OK)
        return st;
    struct engine *e = &context->engine;
    ap_arguments_init(&args, e);
    st = state ? finish_check(&args, state, empty, O, L, &f)
               : ap_engine_fail(e, ATTPOOL_E_STATE, "the state is NULL");
    if (st == ATTPOOL_OK && args.count > 0 && state_rows(state) > 0)
        st = ap_state_finish(e, state, &f);
    return ap_call_end(&call, st);
}
