/* SPDX-License-Identifier: Apache-2.0 */
/* The data of a case, and the call of attpool for it. */
#include "tools/bench/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Libraries for arrays ask for huge pages: without them a large array costs more to read. */
enum { PAGE = 2 << 20 };

static int add_array(struct bench_data *data, const char *name, bool bytes, int dims,
                     const int64_t *shape, struct error *e)
{
    struct bench_array *a = &data->array[data->count];
    size_t size = bytes ? 1 : real_size(data->single);
    *a = (struct bench_array){ .name = name, .bytes = bytes, .dims = dims };
    for (int i = 0; i < dims; i++) {
        a->shape[i] = shape[i];
        size *= (size_t)shape[i];
    }
    a->size = size;
    if (posix_memalign(&a->data, PAGE, (size + PAGE - 1) / PAGE * PAGE) != 0)
        return error_memory(e, size);
    if (size >= PAGE)
        madvise(a->data, size, MADV_HUGEPAGE);
    memset(a->data, 0, size);
    data->count++;
    return CMD_OK;
}

/* Uniform numbers of mean 0 and variance 1, or their sizes; the same for every case of these
 * sizes. */
static void fill_random(struct bench_data *data)
{
    uint64_t x = 88172645463325252u;
    for (int i = 1; i < data->count; i++) {
        struct bench_array *a = &data->array[i];
        size_t count = a->bytes ? a->size : a->size / real_size(data->single);
        for (size_t j = 0; j < count; j++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            double number = ((double)(x >> 11) * 0x1p-52 - 1) * 1.7320508075688772;
            if (a->bytes)
                ((unsigned char *)a->data)[j] = (x >> 40 & 3) != 0;
            else
                real_set(a->data, data->single, j, a->positive ? fabs(number) : number);
        }
    }
}

/* Queries and keys of one coordinate at even distances, in the range of the others. */
static void sort_points(struct bench_data *data)
{
    for (int i = 1; i <= 2; i++) {
        struct bench_array *a = &data->array[i];
        const size_t count = a->size / real_size(data->single);
        for (size_t j = 0; j < count; j++)
            real_set(a->data, data->single, j,
                     (2 * ((double)j + 0.5) / (double)count - 1) * 1.7320508075688772);
    }
}

struct shape {
    const char *name;
    int64_t size[3]; /* 0: not there */
};

static int add_shapes(struct bench_data *data, const struct shape *shapes, struct error *e)
{
    int st = CMD_OK;
    for (const struct shape *s = shapes; st == CMD_OK && s->name != NULL; s++) {
        int dims = s->size[2] > 0 ? 3 : s->size[1] > 0 ? 2 : 1;
        st = add_array(data, s->name, false, dims, s->size, e);
    }
    return st;
}

/* What a case may be with: an array a key, a coordinate, a query or a pair. */
enum { KEYS, COORDINATES, QUERIES, PAIRS };
static const struct extra {
    unsigned with;
    const char *name;
    int of;
    bool bytes, positive;
} extras[] = {
    { BENCH_MASK, "mask", PAIRS, true, false },
    { BENCH_BIAS, "bias", PAIRS, false, false },
    { BENCH_KEY_WEIGHTS, "key_weights", KEYS, false, true },
    { BENCH_KEY_BANDWIDTHS, "key_inverse_bandwidths", KEYS, false, true },
    { BENCH_WIDTHS, "inverse_bandwidths", COORDINATES, false, true },
    { BENCH_LSE, "lse", QUERIES, false, false },
    { BENCH_N_EFF, "n_eff", QUERIES, false, false },
    { BENCH_GRAD, "max", QUERIES, false, false },
    { BENCH_GRAD, "sum", QUERIES, false, false },
};

static int add_extras(struct bench_data *data, struct error *e)
{
    const struct bench_case *c = data->c;
    const bool flat = c->operation == BENCH_REGRESS;
    int st = CMD_OK;
    for (size_t i = 0; st == CMD_OK && i < sizeof extras / sizeof extras[0]; i++) {
        const struct extra *x = &extras[i];
        const int64_t shape[][3] = { [KEYS] = { c->m },
                                     [COORDINATES] = { c->d },
                                     [QUERIES] = { c->b, c->n },
                                     [PAIRS] = { c->b, c->n, c->m } };
        const int dims[] = { [KEYS] = 1, [COORDINATES] = 1, [QUERIES] = 2, [PAIRS] = 3 };
        const int first = flat && dims[x->of] > 1 ? 1 : 0;
        if (!(c->with & x->with))
            continue;
        st = add_array(data, x->name, x->bytes, dims[x->of] - first, shape[x->of] + first, e);
        if (st == CMD_OK)
            data->array[data->count - 1].positive = x->positive;
    }
    return st;
}

/* The gradient of the output, then those of queries, keys and values. */
static int add_gradients(struct bench_data *data, struct error *e)
{
    static const char *const names[] = { "d_out", "dq", "dk", "dv" };
    static const int64_t one[] = { 1 };
    int st = CMD_OK;
    if (!(data->c->with & BENCH_GRAD))
        return st;
    for (int i = 0; st == CMD_OK && i < 4; i++)
        st = add_array(data, names[i], false, data->array[i].dims, data->array[i].shape, e);
    if (st == CMD_OK && data->c->operation == BENCH_REGRESS)
        st = add_array(data, "dw", false, 1, one, e);
    return st;
}

int bench_data_new(struct bench_data *data, const struct bench_case *c, bool single,
                   struct error *e)
{
    const int64_t b = c->b, n = c->n, m = c->m, d = c->d, v = c->v;
    const bool nt = c->with & BENCH_NT, curve = c->with & BENCH_CURVE;
    const struct shape shapes[BENCH_OPERATIONS][BENCH_ARRAYS] = {
        { { "c", { b, n, m } }, { "a", { b, n, d } }, { "b", { b, nt ? m : d, nt ? d : m } } },
        { { "w", { b, n, m } }, { "s", { b, n, m } } },
        { { "g", { n, m } }, { "q", { n, d } }, { "k", { m, d } } },
        { { "o", { curve ? BENCH_CURVE_POINTS : n, v } },
          { "q", { n, d } },
          { "k", { m, d } },
          { "v", { m, v } } },
        { { "o", { b, n, v } }, { "q", { b, n, d } }, { "k", { b, m, d } }, { "v", { b, m, v } } },
        { { "o", { b, n, v } },
          { "q", { b, n, d } },
          { "k", { b, m, d } },
          { "v", { b, m, v } },
          { "wq", { d, d } },
          { "wk", { d, d } },
          { "wv", { d } } },
    };
    *data = (struct bench_data){ .c = c, .single = single };
    int st = add_shapes(data, shapes[c->operation], e);
    if (st == CMD_OK)
        st = add_extras(data, e);
    if (st == CMD_OK)
        st = add_gradients(data, e);
    if (st == CMD_OK)
        fill_random(data);
    if (st == CMD_OK && c->with & BENCH_SORTED)
        sort_points(data);
    /* A row without its own key means that the queries are the keys. */
    if (st == CMD_OK && c->with & BENCH_LOO)
        memcpy(data->array[1].data, data->array[2].data, data->array[1].size);
    return st;
}

void bench_data_free(struct bench_data *data)
{
    for (int i = 0; i < BENCH_ARRAYS; i++)
        free(data->array[i].data);
    *data = (struct bench_data){ 0 };
}

static void transpose(struct operand *o)
{
    const int64_t rows = o->shape[1], columns = o->shape[2];
    o->strides[0] = rows * columns;
    o->strides[1] = 1;
    o->strides[2] = columns;
    o->shape[1] = columns;
    o->shape[2] = rows;
    o->tensor.strides = o->strides;
}

/* NULL where the case is without it. */
static DLTensor *extra(struct bench_call *call, const char *name)
{
    for (int i = 1; i < call->data->count; i++)
        if (strcmp(call->data->array[i].name, name) == 0)
            return &call->operand[i].tensor;
    return NULL;
}

static void set_options(struct bench_call *call)
{
    const struct bench_case *c = call->data->c;
    struct operand *x = call->operand;
    DLTensor *key_inverse_bandwidths = extra(call, "key_inverse_bandwidths"),
             *inverse_bandwidths = extra(call, "inverse_bandwidths");
    call->kernel = (attpool_kernel_options){
        .kernel = c->kernel,
        .form = c->with & BENCH_PRODUCT ? ATTPOOL_PRODUCT : ATTPOOL_RADIAL,
        .bandwidth_per = key_inverse_bandwidths != NULL ? ATTPOOL_BANDWIDTH_KEY
                         : inverse_bandwidths != NULL   ? ATTPOOL_BANDWIDTH_COORDINATE
                                                        : ATTPOOL_BANDWIDTH_ONE,
        .bandwidth =
            key_inverse_bandwidths == NULL && inverse_bandwidths == NULL ? bench_bandwidth(c) : 0,
        .inverse_bandwidths =
            key_inverse_bandwidths != NULL ? key_inverse_bandwidths : inverse_bandwidths,
    };
    call->masks = (attpool_masks){
        .mask = extra(call, "mask"),
        .bias = extra(call, "bias"),
        .causal = (c->with & BENCH_CAUSAL) != 0,
        .window = (c->with & BENCH_WINDOW) != 0,
        .left = BENCH_WINDOW_LEFT,
        .leave_one_out = (c->with & BENCH_LOO) != 0,
    };
    call->pool = (attpool_pool_options){
        .score = c->operation == BENCH_REGRESS    ? ATTPOOL_KERNEL
                 : c->operation == BENCH_ADDITIVE ? ATTPOOL_ADDITIVE
                                                  : ATTPOOL_DOT,
        .kernel = c->operation == BENCH_REGRESS ? &call->kernel : NULL,
        .key_weights = extra(call, "key_weights"),
        .masks = &call->masks,
        .lse = extra(call, "lse"),
        .n_eff = extra(call, "n_eff"),
        .max = extra(call, "max"),
        .sum = extra(call, "sum"),
    };
    call->gradients = (attpool_gradients){
        .Q = extra(call, "dq"),
        .K = extra(call, "dk"),
        .V = extra(call, "dv"),
        .inverse_bandwidths = extra(call, "dw"),
    };
    if (c->operation == BENCH_ADDITIVE) {
        call->pool.wq = &x[4].tensor;
        call->pool.wk = &x[5].tensor;
        call->pool.wv = &x[6].tensor;
    }
}

void bench_call_new(struct bench_call *call, struct bench_data *data)
{
    struct operand *x = call->operand;
    *call = (struct bench_call){ .data = data };
    for (int i = 0; i < data->count; i++) {
        const struct bench_array *a = &data->array[i];
        if (a->bytes)
            operand_of_type(&x[i], a->data, (DLDataType){ kDLUInt, 8, 1 }, a->dims, a->shape);
        else
            operand_real(&x[i], a->data, data->single, a->dims, a->shape);
    }
    if (data->c->with & BENCH_NT)
        transpose(&x[2]);
    if (data->c->with & BENCH_DENSITY)
        operand_real(&call->density, data->array[0].data, data->single, 1, data->array[0].shape);
    set_options(call);
}

static attpool_status run_pool(attpool_context *context, struct bench_call *call)
{
    struct operand *x = call->operand;
    attpool_status st =
        attpool_pool(context, &x[1].tensor, &x[2].tensor, &x[3].tensor, &call->pool, &x[0].tensor);
    if (st != ATTPOOL_OK || !(call->data->c->with & BENCH_GRAD))
        return st;
    return attpool_pool_grad(context, &x[1].tensor, &x[2].tensor, &x[3].tensor, &call->pool,
                             &x[0].tensor, extra(call, "d_out"), NULL, &call->gradients);
}

/* The errors are the output. */
static attpool_status run_curve(attpool_context *context, struct bench_call *call)
{
    struct operand *x = call->operand;
    const struct bench_data *data = call->data;
    double factors[BENCH_CURVE_POINTS], scores[BENCH_CURVE_POINTS];
    attpool_kernel_options kernel = call->kernel;
    attpool_pool_options pool = { .score = ATTPOOL_KERNEL, .kernel = &kernel };
    kernel.bandwidth = 1;
    for (int k = 0; k < BENCH_CURVE_POINTS; k++)
        factors[k] = bench_curve_bandwidth(k);
    const attpool_status st =
        attpool_bandwidth_curve(context, &x[2].tensor, &x[3].tensor, &pool, NULL,
                                BENCH_CURVE_POINTS, factors, scores, NULL);
    for (int k = 0; k < BENCH_CURVE_POINTS && st == ATTPOOL_OK; k++)
        real_set(data->array[0].data, data->single, (size_t)k, scores[k]);
    return st;
}

static attpool_status run_line(attpool_context *context, struct bench_call *call)
{
    struct operand *x = call->operand;
    const attpool_regression_options line = { .degree = 1, .pool = &call->pool };
    return attpool_regression(context, &x[1].tensor, &x[2].tensor, &x[3].tensor, &line,
                              &x[0].tensor);
}

attpool_status bench_call_run(attpool_context *context, struct bench_call *call)
{
    struct operand *x = call->operand;
    switch (call->data->c->operation) {
    case BENCH_BMM:
        return attpool_bmm(context, 1, &x[1].tensor, &x[2].tensor, 0, &x[0].tensor);
    case BENCH_SOFTMAX:
        return attpool_softmax(context, &x[1].tensor, NULL, &x[0].tensor);
    case BENCH_KERNEL:
        return attpool_kernel(context, &x[1].tensor, &x[2].tensor, &call->kernel, &x[0].tensor);
    default:
        if (call->data->c->with & BENCH_DENSITY)
            return attpool_density(context, &x[1].tensor, &x[2].tensor, &call->pool,
                                   &call->density.tensor, NULL);
        if (call->data->c->with & BENCH_CURVE)
            return run_curve(context, call);
        if (call->data->c->with & BENCH_LINE)
            return run_line(context, call);
        return run_pool(context, call);
    }
}
