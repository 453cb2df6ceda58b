/* SPDX-License-Identifier: Apache-2.0 */

/* What can be wrong with a call for gradients besides its pooling, and its descriptor. */

#include "core/call/pool_grad.h"

enum { GRADIENTS = 11 };

/* A gradient that can be asked for. */
struct gradient {
    const char *name, *of_name; /* "dK", "K" */
    const DLTensor *tensor;     /* NULL: not asked for */
    enum layout layout;
    struct array *array;
    const struct view *of; /* what it belongs to; NULL: there is none, or it is a number */
    bool number;           /* the call has it, but not in a tensor */
    struct view *view;
};

static void list_gradients(struct pool_grad_call *c, const attpool_gradients *g,
                           struct gradient list[GRADIENTS])
{
    struct pool_grad_args *a = &c->grad;
    const struct pool_call *p = &c->pool;
    const attpool_pool_options *o = &p->options;
    const bool average = o->score == ATTPOOL_AVERAGE, kernel = o->score == ATTPOOL_KERNEL;
    const enum attpool_bandwidth_per per = p->pool.kernel.per;
    const struct view *w = kernel ? p->inverse_bandwidths.inverse_bandwidths : NULL;
    const struct view *f = kernel ? p->inverse_bandwidths.factors : NULL;
    const enum layout w_layout = per == ATTPOOL_BANDWIDTH_ONE     ? LAYOUT_SINGLE
                                 : per == ATTPOOL_BANDWIDTH_QUERY ? LAYOUT_ROW
                                                                  : LAYOUT_COL;
    const struct gradient all[GRADIENTS] = {
        { "dQ", "Q", g->Q, LAYOUT_MATRIX, p->wq ? &c->dq : &a->dq, average ? NULL : p->q, false,
          0 },
        { "dK", "K", g->K, LAYOUT_MATRIX, p->wk ? &c->dk : &a->dk, average ? NULL : p->k, false,
          0 },
        { "dV", "V", g->V, LAYOUT_MATRIX, &a->dvalue, p->value, false, 0 },
        { "dbias", "bias", g->bias, LAYOUT_MATRIX, &a->dbias, p->masks.bias, false, 0 },
        { "dkey_weights", "key_weights", g->key_weights, LAYOUT_COL, &a->dkey_weights,
          p->key_weights, false, 0 },
        { "dscale", "scale", g->scale, LAYOUT_SINGLE, &a->dscale, NULL, !average && !kernel, 0 },
        { "dinverse_bandwidths", "inverse bandwidth", g->inverse_bandwidths, w_layout,
          &a->dinverse_bandwidths, w, kernel && !w, 0 },
        { "dkey_factors", "key_factors", g->key_factors, LAYOUT_COL, &a->dfactors, f, false, 0 },
        { "dwq", "wq", g->wq, LAYOUT_PLAIN, &c->dwq, p->wq, false, 0 },
        { "dwk", "wk", g->wk, LAYOUT_PLAIN, &c->dwk, p->wk, false, 0 },
        { "dwv", "wv", g->wv, LAYOUT_COL, &a->dwv, p->wv, false, 0 },
    };
    for (int i = 0; i < GRADIENTS; i++)
        list[i] = all[i];
}

/* A vector that accompanies keys or queries takes its heads as the one that it belongs to. */
static attpool_status fit_vector(struct pool_grad_call *c, struct gradient *g)
{
    const bool query = g->layout == LAYOUT_ROW;
    const struct pool_call *p = &c->pool;
    const bool of_keys =
        g->array == &c->grad.dkey_weights || g->array == &c->grad.dfactors ||
        (g->array == &c->grad.dinverse_bandwidths && p->pool.kernel.per == ATTPOOL_BANDWIDTH_KEY);
    if (!query && !of_keys)
        return ATTPOOL_OK;
    return ap_leading_expect_vector(p->args.engine, g->view, &p->leading, of_keys, query ? 2 : 3,
                                    query ? p->pool.n : p->pool.m);
}

static attpool_status add_gradient(struct pool_grad_call *c, struct gradient *g)
{
    struct engine *e = c->pool.args.engine;
    if (!g->of && !g->number)
        return ap_engine_fail(e, ATTPOOL_E_GRADIENT, "%s is asked for, but the call has no %s",
                              g->name, g->of_name);
    attpool_status st = ap_arguments_add(&c->pool.args, g->tensor, g->name, ATTPOOL_E_GRADIENT,
                                         ROLE_OUTPUT, KIND_REAL, g->layout, g->array, &g->view);
    if (st == ATTPOOL_OK)
        st = fit_vector(c, g);
    if (st != ATTPOOL_OK)
        return st;
    if (g->view->high == g->view->low)
        g->view->array = NULL; /* without elements: nothing is to be written */
    if (g->of)
        return ap_view_expect_same(e, g->view, g->of);
    if (g->view->size[0] * g->view->size[1] * g->view->size[3] != 1)
        return ap_engine_fail(e, ATTPOOL_E_GRADIENT, "%s should have 1 element", g->name);
    return ATTPOOL_OK;
}

static attpool_status add_gradients(struct pool_grad_call *c, const struct pool_grad_tensors *t)
{
    struct engine *e = c->pool.args.engine;
    struct gradient list[GRADIENTS];
    attpool_gradients g;
    if (!ap_take_options(e, "attpool_gradients", &g, sizeof g, t->gradients))
        return ATTPOOL_E_OPTIONS;
    list_gradients(c, &g, list);
    int asked = 0;
    attpool_status st = ATTPOOL_OK;
    for (int i = 0; i < GRADIENTS && st == ATTPOOL_OK; i++)
        if (list[i].tensor) {
            st = add_gradient(c, &list[i]);
            asked++;
        }
    if (st == ATTPOOL_OK && asked == 0)
        st = ap_engine_fail(e, ATTPOOL_E_GRADIENT, "no gradient is asked for");
    if (st == ATTPOOL_OK && g.V && !t->dO)
        st = ap_engine_fail(e, ATTPOOL_E_GRADIENT, "dV is asked for, but dO is NULL");
    return st;
}

/* dO and dL. */
static attpool_status add_given(struct pool_grad_call *c, const struct pool_grad_tensors *t)
{
    struct pool_call *p = &c->pool;
    struct engine *e = p->args.engine;
    struct view *out, *lse;
    attpool_status st = ATTPOOL_OK;
    if (!t->dO && !t->dL)
        return ap_engine_fail(e, ATTPOOL_E_GRADIENT, "dO and dL are NULL");
    if (t->dO && !p->out)
        return ap_engine_fail(e, ATTPOOL_E_OUTPUT, "O is NULL, but dO is not");
    if (t->dO)
        st = ap_arguments_add(&p->args, t->dO, "dO", ATTPOOL_E_GRADIENT, ROLE_INPUT, KIND_REAL,
                              LAYOUT_MATRIX, &c->grad.d_out, &out);
    if (st == ATTPOOL_OK && t->dO)
        st = ap_view_expect_same(e, out, p->out);
    if (st == ATTPOOL_OK && t->dL)
        st = ap_arguments_add(&p->args, t->dL, "dL", ATTPOOL_E_GRADIENT, ROLE_INPUT, KIND_REAL,
                              LAYOUT_ROW, &c->grad.d_lse, &lse);
    if (st == ATTPOOL_OK && t->dL)
        st = ap_view_expect_same(e, lse, p->sum);
    return st;
}

attpool_status ap_pool_grad_check(struct pool_grad_call *c, struct engine *engine,
                                  const struct pool_grad_tensors *tensors)
{
    struct pool_call *p = &c->pool;
    ap_clear(c, offsetof(struct pool_grad_call, pool));
    attpool_status st = ap_pool_take(p, engine, &tensors->pool, PURPOSE_GRADIENT);
    if (st == ATTPOOL_OK)
        st = add_given(c, tensors);
    if (st == ATTPOOL_OK)
        st = add_gradients(c, tensors);
    if (st == ATTPOOL_OK)
        st = ap_pool_describe(p, PURPOSE_GRADIENT);
    c->grad.pool = &p->pool;
    c->grad.query_origin = p->masks.options.query_origin;
    c->grad.scale = ap_to_type(p->args.type, p->scale);
    return st;
}
