/* SPDX-License-Identifier: Apache-2.0 */

/* The three primitives: check, describe, call the backend's slot. */

#include "core/automatic/offload.h"
#include "core/call/call.h"
#include "core/call/options.h"
#include "core/selftest/tested.h"
#include "core/tensor/cut.h"

/* ---- Matrix product ---- */

static attpool_status bmm_check(struct arguments *args, double alpha, const DLTensor *A,
                                const DLTensor *B, double beta, DLTensor *C, struct bmm_args *m)
{
    struct engine *e = args->engine;
    struct leading leading = LEADING_NONE;
    struct view *a, *b, *c;
    attpool_status st = ap_arguments_add(args, A, "A", ATTPOOL_E_A, ROLE_INPUT, KIND_REAL,
                                         LAYOUT_MATRIX, &m->a, &a);
    if (st == ATTPOOL_OK)
        st = ap_arguments_add(args, B, "B", ATTPOOL_E_B, ROLE_INPUT, KIND_REAL, LAYOUT_MATRIX,
                              &m->b, &b);
    if (st == ATTPOOL_OK)
        st = ap_arguments_add(args, C, "C", ATTPOOL_E_C, beta == 0 ? ROLE_OUTPUT : ROLE_UPDATED,
                              KIND_REAL, LAYOUT_MATRIX, &m->c, &c);
    if (st == ATTPOOL_OK)
        st = ap_view_expect(e, b, 2, a->size[3], "the columns of A are");
    if (st == ATTPOOL_OK)
        st = ap_view_expect(e, c, 2, a->size[2], "A has");
    if (st == ATTPOOL_OK)
        st = ap_view_expect(e, c, 3, b->size[3], "B has");
    if (st != ATTPOOL_OK)
        return st;
    ap_leading_add(&leading, c);
    leading_note_heads(&leading, a);
    leading_note_heads(&leading, b);
    st = ap_leading_expect(e, a, &leading, true, true);
    if (st == ATTPOOL_OK)
        st = ap_leading_expect(e, b, &leading, true, true);
    if (st == ATTPOOL_OK)
        st = ap_arguments_overlap(args, NULL);
    if (st != ATTPOOL_OK)
        return st;
    m->batch = leading.batch;
    m->heads = leading.heads;
    m->n = a->size[2];
    m->k = a->size[3];
    m->m = b->size[3];
    m->alpha = ap_to_type(args->type, alpha);
    m->beta = ap_to_type(args->type, beta);
    view_goes_along(a, AXIS_N, AXIS_K);
    view_goes_along(b, AXIS_K, AXIS_M);
    view_goes_along(c, AXIS_N, AXIS_M);
    ap_arguments_fill(args, &leading);
    return ap_need_type(e, args->type);
}

struct bmm_call {
    struct bmm_args m;
    double beta;
    struct engine *engine;
    int type;
};

/* Of the terms of an element, those that come later are added to it. */
static attpool_status bmm_describe(void *arg, struct arguments *own, const struct part *part)
{
    struct bmm_call *c = arg;
    const bool later = part->first[AXIS_K] > 0;
    c->m.batch = part->count[AXIS_BATCH];
    c->m.heads = part->count[AXIS_HEADS];
    c->m.n = part->count[AXIS_N];
    c->m.k = part->count[AXIS_K];
    c->m.m = part->count[AXIS_M];
    c->m.beta = later ? 1 : c->beta;
    if (later)
        own->view[2].role = ROLE_UPDATED; /* C */
    return ATTPOOL_OK;
}

static double bmm_work(const struct bmm_args *m)
{
    return (double)(m->batch * m->heads * m->n) * (double)m->m * (double)(m->k + 1);
}

static attpool_status bmm_run(void *arg)
{
    const struct bmm_call *c = arg;
    const struct bmm_args *m = &c->m;
    ap_engine_expect(c->engine, bmm_work(m));
    return c->engine->backend->bmm[c->type](c->engine, m);
}

static attpool_status bmm_cut(const struct arguments *args, struct bmm_call *c)
{
    const struct bmm_args *m = &c->m;
    const struct cutting cutting = {
        .size = { m->batch, m->heads, m->n, m->m, m->k },
        .step = { 1, 1, 1, 1, CHUNK },
        .describe = bmm_describe,
        .run = bmm_run,
        .arg = c,
    };
    return args->engine->backend->memory ? ap_cut(args, &cutting) : bmm_run(c);
}

attpool_status attpool_bmm(attpool_context *context, double alpha, const DLTensor *A,
                           const DLTensor *B, double beta, DLTensor *C)
{
    struct call call;
    struct arguments args;
    struct bmm_call c;
    attpool_status st = ap_call_begin_tested(&call, context, "bmm", TESTED_BMM, A, B);
    if (st != ATTPOOL_OK)
        return st;
    c.engine = &context->engine;
    ap_arguments_init(&args, c.engine);
    ap_clear(&c.m, sizeof c.m);
    st = bmm_check(&args, alpha, A, B, beta, C, &c.m);
    c.beta = c.m.beta;
    c.type = args.type;
    attpool_context *device =
        st == ATTPOOL_OK ? ap_offload(c.engine, WORK_BMM, &args, bmm_work(&c.m)) : NULL;
    if (device) {
        st = attpool_bmm(device, alpha, A, B, beta, C);
        if (ap_offload_done(c.engine, device, WORK_BMM, st))
            return ap_call_end(&call, st);
        st = ATTPOOL_OK;
    }
    if (st == ATTPOOL_OK && c.m.batch * c.m.heads * c.m.n * c.m.m > 0)
        st = bmm_cut(&args, &c);
    return ap_call_end(&call, st);
}

/* ---- Kernel evaluation ---- */

static attpool_status kernel_check(struct arguments *args, const DLTensor *Q, const DLTensor *K,
                                   const attpool_kernel_options *options, DLTensor *G,
                                   struct kernel_args *k)
{
    struct engine *e = args->engine;
    struct leading leading = LEADING_NONE;
    struct kernel_tensors tensors;
    struct view *q, *key, *g;
    attpool_status st = ap_arguments_add(args, Q, "Q", ATTPOOL_E_QUERY, ROLE_INPUT, KIND_REAL,
                                         LAYOUT_MATRIX, &k->q, &q);
    if (st == ATTPOOL_OK)
        st = ap_arguments_add(args, K, "K", ATTPOOL_E_KEY, ROLE_INPUT, KIND_REAL, LAYOUT_MATRIX,
                              &k->k, &key);
    if (st == ATTPOOL_OK)
        st = ap_arguments_add(args, G, "G", ATTPOOL_E_KERNEL, ROLE_OUTPUT, KIND_REAL, LAYOUT_MATRIX,
                              &k->g, &g);
    if (st == ATTPOOL_OK)
        st = ap_kernel_options_take(args, options, &k->kernel, &tensors);
    if (st == ATTPOOL_OK)
        st = ap_view_expect(e, key, 3, q->size[3], "Q has");
    if (st == ATTPOOL_OK)
        st = ap_view_expect(e, g, 2, q->size[2], "Q has");
    if (st == ATTPOOL_OK)
        st = ap_view_expect(e, g, 3, key->size[2], "the rows of K are");
    if (st != ATTPOOL_OK)
        return st;
    ap_leading_add(&leading, g);
    leading_note_heads(&leading, q);
    leading_note_heads(&leading, key);
    leading.key_heads = key->size[1];
    st = ap_leading_expect(e, q, &leading, false, true);
    if (st == ATTPOOL_OK)
        st = ap_leading_expect(e, key, &leading, true, true);
    if (st == ATTPOOL_OK)
        st = ap_kernel_options_fit(args, &k->kernel, &tensors, &leading, q->size[2], key->size[2],
                                   q->size[3]);
    if (st == ATTPOOL_OK)
        st = ap_arguments_overlap(args, NULL);
    if (st != ATTPOOL_OK)
        return st;
    k->batch = leading.batch;
    k->heads = leading.heads;
    k->n = q->size[2];
    k->m = key->size[2];
    k->d = q->size[3];
    view_goes_along(q, AXIS_N, AXIS_NONE);
    view_goes_along(key, AXIS_M, AXIS_NONE);
    view_goes_along(g, AXIS_N, AXIS_M);
    ap_arguments_fill(args, &leading);
    ap_kernel_options_single(&k->kernel, &tensors);
    return ap_need_type(e, args->type);
}

static double kernel_work(const struct kernel_args *k)
{
    double each = k->kernel.form == ATTPOOL_PRODUCT ? ELEMENT_WORK * (double)k->d
                                                    : ELEMENT_WORK + (double)k->d;
    return (double)(k->batch * k->heads * k->n) * (double)k->m * each;
}

struct kernel_call {
    struct kernel_args k;
    struct engine *engine;
    int type;
};

static attpool_status kernel_describe(void *arg, struct arguments *own, const struct part *part)
{
    struct kernel_call *c = arg;
    (void)own;
    c->k.batch = part->count[AXIS_BATCH];
    c->k.heads = part->count[AXIS_HEADS];
    c->k.n = part->count[AXIS_N];
    c->k.m = part->count[AXIS_M];
    return ATTPOOL_OK;
}

static attpool_status kernel_run(void *arg)
{
    const struct kernel_call *c = arg;
    ap_engine_expect(c->engine, kernel_work(&c->k));
    return c->engine->backend->kernel[c->type](c->engine, &c->k);
}

static attpool_status kernel_cut(const struct arguments *args, struct kernel_call *c)
{
    const struct cutting cutting = {
        .size = { c->k.batch, c->k.heads, c->k.n, c->k.m, 1 },
        .step = { 1, 1, 1, 1, 0 },
        .describe = kernel_describe,
        .run = kernel_run,
        .arg = c,
    };
    return args->engine->backend->memory ? ap_cut(args, &cutting) : kernel_run(c);
}

attpool_status attpool_kernel(attpool_context *context, const DLTensor *Q, const DLTensor *K,
                              const attpool_kernel_options *options, DLTensor *G)
{
    struct call call;
    struct arguments args;
    struct kernel_call c;
    attpool_status st = ap_call_begin_tested(&call, context, "kernel", TESTED_KERNEL, Q, K);
    if (st != ATTPOOL_OK)
        return st;
    c.engine = &context->engine;
    ap_arguments_init(&args, c.engine);
    ap_clear(&c.k, sizeof c.k);
    st = kernel_check(&args, Q, K, options, G, &c.k);
    c.type = args.type;
    attpool_context *device =
        st == ATTPOOL_OK ? ap_offload(c.engine, WORK_KERNEL, &args, kernel_work(&c.k)) : NULL;
    if (device) {
        st = attpool_kernel(device, Q, K, options, G);
        if (ap_offload_done(c.engine, device, WORK_KERNEL, st))
            return ap_call_end(&call, st);
        st = ATTPOOL_OK;
    }
    if (st == ATTPOOL_OK && c.k.batch * c.k.heads * c.k.n * c.k.m > 0)
        st = kernel_cut(&args, &c);
    return ap_call_end(&call, st);
}

/* ---- Softmax ---- */

static attpool_status softmax_check(struct arguments *args, const DLTensor *S,
                                    const attpool_softmax_options *options, DLTensor *W,
                                    struct softmax_args *x)
{
    struct engine *e = args->engine;
    struct leading leading = LEADING_NONE;
    struct mask_tensors tensors;
    attpool_softmax_options o;
    struct view *s, *w;
    if (!ap_take_options(e, "attpool_softmax_options", &o, sizeof o, options))
        return ATTPOOL_E_OPTIONS;
    attpool_status st = ap_arguments_add(args, S, "S", ATTPOOL_E_SCORES, ROLE_INPUT, KIND_REAL,
                                         LAYOUT_MATRIX, &x->s, &s);
    if (st == ATTPOOL_OK)
        st = ap_arguments_add(args, W, "W", ATTPOOL_E_WEIGHTS, ROLE_OUTPUT, KIND_REAL,
                              LAYOUT_MATRIX, &x->w, &w);
    if (st == ATTPOOL_OK)
        st = ap_take_scale(e, args->type, o.scale ? *o.scale : 1, &x->c);
    if (st == ATTPOOL_OK)
        st = ap_take_empty(e, o.empty, ATTPOOL_EMPTY_ZERO, ATTPOOL_EMPTY_MEAN, &x->empty);
    if (st == ATTPOOL_OK)
        st = ap_masks_take(args, o.masks, &x->masks, &tensors);
    if (st == ATTPOOL_OK && x->masks.leave_one_out)
        st = ap_engine_fail(e, ATTPOOL_E_OPTIONS, "leave_one_out works only in pooling");
    if (st == ATTPOOL_OK)
        st = ap_view_expect(e, w, 2, s->size[2], "S has");
    if (st == ATTPOOL_OK)
        st = ap_view_expect(e, w, 3, s->size[3], "S has");
    if (st != ATTPOOL_OK)
        return st;
    ap_leading_add(&leading, w);
    leading_note_heads(&leading, s);
    st = ap_leading_expect(e, s, &leading, false, true);
    if (st == ATTPOOL_OK)
        st = ap_masks_fit(args, &tensors, &leading, s->size[2], s->size[3]);
    if (st == ATTPOOL_OK)
        st = ap_arguments_overlap(args, s);
    if (st != ATTPOOL_OK)
        return st;
    x->batch = leading.batch;
    x->heads = leading.heads;
    x->n = s->size[2];
    x->m = s->size[3];
    view_goes_along(s, AXIS_N, AXIS_NONE);
    view_goes_along(w, AXIS_N, AXIS_NONE);
    ap_arguments_fill(args, &leading);
    return ap_need_type(e, args->type);
}

struct softmax_call {
    struct softmax_args x;
    int64_t low, high; /* the band of the whole call */
    struct engine *engine;
    int type;
};

static attpool_status softmax_describe(void *arg, struct arguments *own, const struct part *part)
{
    struct softmax_call *c = arg;
    (void)own;
    c->x.batch = part->count[AXIS_BATCH];
    c->x.heads = part->count[AXIS_HEADS];
    c->x.n = part->count[AXIS_N];
    c->x.masks.band_low = c->low + part->first[AXIS_N];
    c->x.masks.band_high = c->high + part->first[AXIS_N];
    return ATTPOOL_OK;
}

static double softmax_work(const struct softmax_args *x)
{
    return (double)(x->batch * x->heads * x->n) * (double)x->m * ELEMENT_WORK;
}

static attpool_status softmax_run(void *arg)
{
    const struct softmax_call *c = arg;
    const struct softmax_args *x = &c->x;
    ap_engine_expect(c->engine, softmax_work(x));
    return c->engine->backend->softmax[c->type](c->engine, x);
}

/* A row stays whole. */
static attpool_status softmax_cut(const struct arguments *args, struct softmax_call *c)
{
    const struct cutting cutting = {
        .size = { c->x.batch, c->x.heads, c->x.n, c->x.m, 1 },
        .step = { 1, 1, 1, 0, 0 },
        .describe = softmax_describe,
        .run = softmax_run,
        .arg = c,
    };
    return args->engine->backend->memory ? ap_cut(args, &cutting) : softmax_run(c);
}

attpool_status attpool_softmax(attpool_context *context, const DLTensor *S,
                               const attpool_softmax_options *options, DLTensor *W)
{
    struct call call;
    struct arguments args;
    struct softmax_call c;
    attpool_status st = ap_call_begin_tested(&call, context, "softmax", TESTED_SOFTMAX, S, W);
    if (st != ATTPOOL_OK)
        return st;
    c.engine = &context->engine;
    ap_arguments_init(&args, c.engine);
    ap_clear(&c.x, sizeof c.x);
    st = softmax_check(&args, S, options, W, &c.x);
    c.low = c.x.masks.band_low;
    c.high = c.x.masks.band_high;
    c.type = args.type;
    attpool_context *device =
        st == ATTPOOL_OK ? ap_offload(c.engine, WORK_SOFTMAX, &args, softmax_work(&c.x)) : NULL;
    if (device) {
        st = attpool_softmax(device, S, options, W);
        if (ap_offload_done(c.engine, device, WORK_SOFTMAX, st))
            return ap_call_end(&call, st);
        st = ATTPOOL_OK;
    }
    if (st == ATTPOOL_OK && c.x.batch * c.x.heads * c.x.n * c.x.m > 0)
        st = softmax_cut(&args, &c);
    return ap_call_end(&call, st);
}
