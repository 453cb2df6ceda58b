/* SPDX-License-Identifier: Apache-2.0 */

/* Everything that can be wrong with a pooling call, and its descriptor. */

#include "core/call/dropout.h"
#include "core/call/pool.h"
#include "core/index/handle.h"

#include <math.h>

static bool projects(const struct pool_call *c)
{
    return c->options.score == ATTPOOL_ADDITIVE || c->options.score == ATTPOOL_PROJECTION;
}

/* Options of one score are errors with another. */
static attpool_status check_options(struct pool_call *c)
{
    struct engine *e = c->args.engine;
    const attpool_pool_options *o = &c->options;
    bool kernel = o->score == ATTPOOL_KERNEL, additive = o->score == ATTPOOL_ADDITIVE;
    if ((int)o->score < ATTPOOL_DOT || (int)o->score > ATTPOOL_PROJECTION)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "score is %d, which is not an attpool_score",
                              (int)o->score);
    if (o->kernel && !kernel)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "kernel needs the score ATTPOOL_KERNEL");
    if (o->index && !kernel)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "index needs the score ATTPOOL_KERNEL");
    if (o->scale && (kernel || o->score == ATTPOOL_AVERAGE))
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "scale needs the score dot, additive or projection");
    if (o->wq && !projects(c))
        return ap_engine_fail(e, ATTPOOL_E_WQ, "wq needs the score additive or projection");
    if (o->wk && !projects(c))
        return ap_engine_fail(e, ATTPOOL_E_WK, "wk needs the score additive or projection");
    if (o->wv && !additive)
        return ap_engine_fail(e, ATTPOOL_E_WV, "wv needs the score additive");
    if (o->rows && !o->weights)
        return ap_engine_fail(e, ATTPOOL_E_ROWS, "rows is set, but weights is NULL");
    if (o->row_count < 0 || (!o->rows && o->row_count != 0))
        return ap_engine_fail(e, ATTPOOL_E_ROWS, "row_count is %lld%s", (long long)o->row_count,
                              o->row_count < 0 ? "" : ", rows is NULL");
    return ap_take_empty(
        e, o->empty, kernel || o->score == ATTPOOL_AVERAGE ? ATTPOOL_EMPTY_NAN : ATTPOOL_EMPTY_ZERO,
        kernel ? ATTPOOL_EMPTY_NEAREST : ATTPOOL_EMPTY_MEAN, &c->pool.empty);
}

static attpool_status add_tensor(struct pool_call *c, const DLTensor *t, bool wanted,
                                 const char *name, attpool_status status, enum role role,
                                 enum layout layout, struct array *array, struct view **view)
{
    if (!wanted)
        return ATTPOOL_OK;
    return ap_arguments_add(&c->args, t, name, status, role, KIND_REAL, layout, array, view);
}

static attpool_status add_inputs(struct pool_call *c, const struct pool_tensors *t)
{
    struct pool_args *p = &c->pool;
    const attpool_pool_options *o = &c->options;
    bool average = o->score == ATTPOOL_AVERAGE;
    attpool_status st = add_tensor(c, t->Q, !average || t->Q, "Q", ATTPOOL_E_QUERY, ROLE_INPUT,
                                   LAYOUT_MATRIX, average ? NULL : &p->q, &c->q);
    if (st == ATTPOOL_OK)
        st = add_tensor(c, t->K, !average || t->K, "K", ATTPOOL_E_KEY, ROLE_INPUT, LAYOUT_MATRIX,
                        average ? NULL : &p->k, &c->k);
    if (st == ATTPOOL_OK)
        st = add_tensor(c, t->V, t->V != NULL, "V", ATTPOOL_E_VALUE, ROLE_INPUT, LAYOUT_MATRIX,
                        &p->value, &c->value);
    if (st == ATTPOOL_OK)
        st = add_tensor(c, o->wq, projects(c), "wq", ATTPOOL_E_WQ, ROLE_INPUT, LAYOUT_PLAIN,
                        &c->wq_array, &c->wq);
    if (st == ATTPOOL_OK)
        st = add_tensor(c, o->wk, projects(c), "wk", ATTPOOL_E_WK, ROLE_INPUT, LAYOUT_PLAIN,
                        &c->wk_array, &c->wk);
    if (st == ATTPOOL_OK)
        st = add_tensor(c, o->wv, o->score == ATTPOOL_ADDITIVE, "wv", ATTPOOL_E_WV, ROLE_INPUT,
                        LAYOUT_COL, &p->wv, &c->wv);
    if (st == ATTPOOL_OK)
        st = add_tensor(c, o->key_weights, o->key_weights != NULL, "key_weights",
                        ATTPOOL_E_KEY_WEIGHTS, ROLE_INPUT, LAYOUT_COL, &p->key_weights,
                        &c->key_weights);
    if (st == ATTPOOL_OK && o->score == ATTPOOL_KERNEL)
        st = ap_kernel_options_take(&c->args, o->kernel, &p->kernel, &c->inverse_bandwidths);
    if (st == ATTPOOL_OK)
        st = ap_masks_take(&c->args, o->masks, &p->masks, &c->masks);
    return st;
}

static attpool_status add_outputs(struct pool_call *c, const struct pool_tensors *t,
                                  enum pool_purpose purpose)
{
    struct pool_args *p = &c->pool;
    const attpool_pool_options *o = &c->options;
    const bool gradient = purpose == PURPOSE_GRADIENT;
    const enum role role = gradient ? ROLE_INPUT : ROLE_OUTPUT;
    if (gradient && (o->max == NULL || o->sum == NULL))
        return ap_engine_fail(c->args.engine, o->max == NULL ? ATTPOOL_E_MAX : ATTPOOL_E_SUM,
                              "%s is NULL, it should be what attpool_pool wrote",
                              o->max == NULL ? "max" : "sum");
    attpool_status st = add_tensor(c, t->O, t->O != NULL, "O", ATTPOOL_E_OUTPUT, role,
                                   LAYOUT_MATRIX, &p->out, &c->out);
    if (st == ATTPOOL_OK)
        st = add_tensor(c, o->lse, o->lse != NULL && !gradient, "lse", ATTPOOL_E_LSE, ROLE_OUTPUT,
                        LAYOUT_ROW, &p->lse, &c->lse);
    if (st == ATTPOOL_OK)
        st = add_tensor(c, o->n_eff, o->n_eff != NULL && !gradient, "n_eff", ATTPOOL_E_N_EFF,
                        ROLE_OUTPUT, LAYOUT_ROW, &p->n_eff, &c->n_eff);
    if (st == ATTPOOL_OK)
        st = add_tensor(c, o->max, o->max != NULL || gradient, "max", ATTPOOL_E_MAX, role,
                        LAYOUT_ROW, &p->max, &c->max);
    if (st == ATTPOOL_OK)
        st = add_tensor(c, o->sum, o->sum != NULL || gradient, "sum", ATTPOOL_E_SUM, role,
                        LAYOUT_ROW, &p->sum, &c->sum);
    if (st == ATTPOOL_OK)
        st = add_tensor(c, o->weights, o->weights != NULL && !gradient, "weights",
                        ATTPOOL_E_WEIGHTS, ROLE_OUTPUT, LAYOUT_MATRIX, &p->weights, &c->weights);
    return st;
}

/* All that have a row for each query, those that are there. */
enum { ROW_VIEWS = 6 };
struct row_views {
    const struct view *view[ROW_VIEWS];
};
static struct row_views row_views(const struct pool_call *c)
{
    return (struct row_views){ { c->out, c->lse, c->n_eff, c->max, c->sum, c->weights } };
}

static attpool_status check_asked(struct pool_call *c, enum pool_purpose purpose)
{
    struct engine *e = c->args.engine;
    const bool state = purpose == PURPOSE_STATE;
    if ((state || purpose == PURPOSE_SUMS) &&
        (c->lse || c->n_eff || c->max || c->sum || c->weights))
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              state ? "%s cannot be computed from a part of the keys"
                                    : "%s is not part of this call",
                              c->lse     ? "lse"
                              : c->n_eff ? "n_eff"
                              : c->max   ? "max"
                              : c->sum   ? "sum"
                                         : "weights");
    if (purpose == PURPOSE_SUMS)
        return ATTPOOL_OK;
    if (state && (c->pool.empty == ATTPOOL_EMPTY_MEAN || c->pool.empty == ATTPOOL_EMPTY_NEAREST))
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "empty is %s, which needs all keys at once",
                              c->pool.empty == ATTPOOL_EMPTY_MEAN ? "MEAN" : "NEAREST");
    if (state)
        return ATTPOOL_OK;
    if (c->out && !c->value)
        return ap_engine_fail(e, ATTPOOL_E_VALUE, "V is NULL, but O is not");
    if (purpose != PURPOSE_REGRESSION && !c->out && !c->lse && !c->n_eff && !c->max && !c->sum &&
        !c->weights)
        return ap_engine_fail(e, ATTPOOL_E_OUTPUT, "O is NULL and no other output is asked for");
    return ATTPOOL_OK;
}

/* n and m: from Q and K, or for the average without them from the outputs and V. */
static attpool_status take_sizes(struct pool_call *c, bool state)
{
    struct pool_args *p = &c->pool;
    const struct row_views rows = row_views(c);
    const struct view *n = c->q;
    for (int i = 0; i < ROW_VIEWS && !n; i++)
        n = rows.view[i];
    const struct view *m = c->k ? c->k : c->value ? c->value : c->weights;
    if (!n || (!c->q && n == c->weights && c->options.rows))
        return ap_engine_fail(c->args.engine, ATTPOOL_E_QUERY,
                              "Q is NULL and nothing else gives the number of queries");
    if (!m)
        return ap_engine_fail(c->args.engine, ATTPOOL_E_KEY,
                              "K is NULL and nothing else gives the number of keys");
    p->n = n->size[2];
    p->m = m == c->weights ? m->size[3] : m->size[2];
    p->v = c->value && (c->out || state) ? c->value->size[3] : 0;
    c->leading = LEADING_NONE;
    if (!c->q)
        ap_leading_add(&c->leading, n);
    if (c->q)
        ap_leading_add(&c->leading, c->q);
    if (c->k) {
        ap_leading_add(&c->leading, c->k);
        c->leading.key_heads = c->k->size[1];
    }
    if (c->value) {
        ap_leading_add(&c->leading, c->value);
        c->leading.value_heads = c->value->size[1];
    }
    for (int i = 0; i < ROW_VIEWS; i++)
        if (rows.view[i])
            leading_note_heads(&c->leading, rows.view[i]);
    return ATTPOOL_OK;
}

static attpool_status fit_scores(struct pool_call *c)
{
    struct engine *e = c->args.engine;
    struct pool_args *p = &c->pool;
    attpool_status st = ATTPOOL_OK;
    if (c->options.score == ATTPOOL_AVERAGE)
        return st;
    p->d = c->q->size[3];
    if (!projects(c))
        return ap_view_expect(e, c->k, 3, p->d, "Q has");
    c->p = p->d = c->wq->size[2];
    st = ap_view_expect(e, c->wq, 3, c->q->size[3], "Q has");
    if (st == ATTPOOL_OK)
        st = ap_view_expect(e, c->wk, 3, c->k->size[3], "K has");
    if (st == ATTPOOL_OK)
        st = ap_view_expect(e, c->wk, 2, c->p, "wq has");
    if (st == ATTPOOL_OK && c->wv && c->wv->ndim != 1)
        st = ap_engine_fail(e, ATTPOOL_E_WV, "wv has %d dimensions, it should have 1", c->wv->ndim);
    if (st == ATTPOOL_OK && c->wv)
        st = ap_view_expect(e, c->wv, 3, c->p, "the rows of wq are");
    return st;
}

/* What broadcasts has no memory behind it that would bound the products of sizes. */
static attpool_status check_products(struct pool_call *c)
{
    struct engine *e = c->args.engine;
    const struct pool_args *p = &c->pool;
    const struct leading *l = &c->leading;
    if (!ap_product_fits(l->batch, l->heads, p->n, p->v + 2))
        return ap_engine_fail(e, ATTPOOL_E_QUERY, "Q has too many rows once it is broadcast");
    if (!projects(c))
        return ATTPOOL_OK;
    if (!ap_product_fits(c->q->size[0], c->q->size[1], c->q->size[2], c->p))
        return ap_engine_fail(e, ATTPOOL_E_WQ, "Q and wq are too large for a projection");
    if (!ap_product_fits(c->k->size[0], c->k->size[1], c->k->size[2], c->p))
        return ap_engine_fail(e, ATTPOOL_E_WK, "K and wk are too large for a projection");
    return ATTPOOL_OK;
}

static attpool_status fit_leading(struct pool_call *c)
{
    struct engine *e = c->args.engine;
    const struct leading *l = &c->leading;
    const struct row_views rows = row_views(c);
    attpool_status st = ATTPOOL_OK;
    if (c->q)
        st = ap_leading_expect(e, c->q, l, false, true);
    if (st == ATTPOOL_OK && c->k)
        st = ap_leading_expect(e, c->k, l, true, true);
    if (st == ATTPOOL_OK && c->value)
        st = ap_leading_expect(e, c->value, l, true, true);
    if (st == ATTPOOL_OK && c->key_weights)
        st = ap_leading_expect_vector(e, c->key_weights, l, true, 3, c->pool.m);
    for (int i = 0; i < ROW_VIEWS && st == ATTPOOL_OK; i++)
        if (rows.view[i])
            st = ap_leading_expect(e, rows.view[i], l, false, false);
    return st;
}

static attpool_status fit_sizes(struct pool_call *c)
{
    struct engine *e = c->args.engine;
    const struct pool_args *p = &c->pool;
    const struct row_views rows = row_views(c);
    attpool_status st = ATTPOOL_OK;
    if (c->value)
        st = ap_view_expect(e, c->value, 2, p->m, "K has");
    if (st == ATTPOOL_OK && c->out)
        st = ap_view_expect(e, c->out, 2, p->n, "Q has");
    if (st == ATTPOOL_OK && c->out)
        st = ap_view_expect(e, c->out, 3, p->v, "V has");
    for (int i = 1; i < ROW_VIEWS - 1 && st == ATTPOOL_OK; i++)
        if (rows.view[i])
            st = ap_view_expect(e, rows.view[i], 2, p->n, "the rows of Q are");
    if (st == ATTPOOL_OK && c->weights)
        st = ap_view_expect(e, c->weights, 2, p->row_count,
                            c->options.rows ? "row_count is" : "Q has");
    if (st == ATTPOOL_OK && c->weights)
        st = ap_view_expect(e, c->weights, 3, p->m, "the rows of K are");
    return st;
}

static attpool_status take_rows(struct pool_call *c)
{
    struct pool_args *p = &c->pool;
    p->rows = c->options.rows;
    p->row_count = c->options.rows ? c->options.row_count : p->n;
    for (int64_t r = 0; p->rows && r < p->row_count; r++)
        if (p->rows[r] < 0 || p->rows[r] >= p->n)
            return ap_engine_fail(c->args.engine, ATTPOOL_E_ROWS,
                                  "rows[%lld] is %lld, it should be 0 to %lld", (long long)r,
                                  (long long)p->rows[r], (long long)p->n - 1);
    return ATTPOOL_OK;
}

static attpool_status take_score(struct pool_call *c)
{
    struct pool_args *p = &c->pool;
    const attpool_pool_options *o = &c->options;
    double root = p->d > 0 ? 1 / sqrt((double)p->d) : 1;
    switch (o->score) {
    case ATTPOOL_AVERAGE:
        p->score = POOL_CONSTANT;
        return ATTPOOL_OK;
    case ATTPOOL_KERNEL:
        p->score = POOL_KERNEL;
        return ATTPOOL_OK;
    case ATTPOOL_ADDITIVE:
        p->score = POOL_ADDITIVE;
        root = 1;
        break;
    case ATTPOOL_DOT:
    case ATTPOOL_PROJECTION:
        p->score = POOL_DOT;
        break;
    }
    c->scale = o->scale ? *o->scale : root;
    return ap_take_scale(c->args.engine, c->args.type, c->scale, &p->c);
}

static attpool_status fit_all(struct pool_call *c, bool state)
{
    struct engine *e = c->args.engine;
    struct pool_args *p = &c->pool;
    attpool_status st = take_sizes(c, state);
    if (st == ATTPOOL_OK)
        st = fit_scores(c);
    if (st == ATTPOOL_OK)
        st = take_rows(c);
    if (st == ATTPOOL_OK)
        st = fit_sizes(c);
    if (st == ATTPOOL_OK)
        st = fit_leading(c);
    if (st == ATTPOOL_OK)
        st = check_products(c);
    if (st == ATTPOOL_OK && c->options.score == ATTPOOL_KERNEL)
        st = ap_kernel_options_fit(&c->args, &p->kernel, &c->inverse_bandwidths, &c->leading, p->n,
                                   p->m, p->d);
    if (st == ATTPOOL_OK)
        st = ap_masks_fit(&c->args, &c->masks, &c->leading, p->n, p->m);
    if (st == ATTPOOL_OK && c->key_weights)
        st = ap_check_key_weights(e, c->key_weights);
    if (st == ATTPOOL_OK)
        st = ap_dropout_take(c);
    if (st == ATTPOOL_OK)
        st = ap_index_take(e, c->options.index, p->m, p->d, &c->keys);
    return st == ATTPOOL_OK ? take_score(c) : st;
}

attpool_status ap_pool_take(struct pool_call *c, struct engine *engine,
                            const struct pool_tensors *tensors, enum pool_purpose purpose)
{
    ap_clear(c, offsetof(struct pool_call, args));
    ap_arguments_init(&c->args, engine);
    if (!ap_take_options(engine, "attpool_pool_options", &c->options, sizeof c->options,
                         tensors->options))
        return ATTPOOL_E_OPTIONS;
    attpool_status st = check_options(c);
    if (st == ATTPOOL_OK)
        st = add_inputs(c, tensors);
    if (st == ATTPOOL_OK)
        st = add_outputs(c, tensors, purpose);
    if (st == ATTPOOL_OK)
        st = check_asked(c, purpose);
    return st == ATTPOOL_OK ? fit_all(c, purpose == PURPOSE_STATE) : st;
}

attpool_status ap_pool_describe(struct pool_call *c, enum pool_purpose purpose)
{
    attpool_status st = ap_arguments_overlap(&c->args, NULL);
    if (st == ATTPOOL_OK)
        st = ap_need_type(c->args.engine, c->args.type);
    if (st != ATTPOOL_OK)
        return st;
    c->pool.batch = c->leading.batch;
    c->pool.heads = c->leading.heads;
    c->pool.key_origin = c->masks.options.key_origin;
    ap_arguments_fill(&c->args, &c->leading);
    if (!c->out && purpose != PURPOSE_STATE)
        c->pool.value = (struct array){ .data = NULL };
    if (c->options.score == ATTPOOL_KERNEL)
        ap_kernel_options_single(&c->pool.kernel, &c->inverse_bandwidths);
    return ATTPOOL_OK;
}

attpool_status ap_pool_check(struct pool_call *c, struct engine *engine,
                             const struct pool_tensors *tensors, enum pool_purpose purpose)
{
    attpool_status st = ap_pool_take(c, engine, tensors, purpose);
    return st == ATTPOOL_OK ? ap_pool_describe(c, purpose) : st;
}
