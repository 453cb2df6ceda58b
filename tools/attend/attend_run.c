/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of attend: shapes of the results, options, failures by the name of a file. */
#include "tools/attend/attend_call.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- shapes ---- */

/* Leading dimensions as Q, K and V broadcast, then `rows` and, with columns >= 0, columns. The
 * library reports those that do not agree. */
static void result_shape(const struct attend_work *work, int64_t rows, int64_t columns,
                         struct attend_array *result)
{
    int dims = 2;
    const struct attend_array *in = work->input;
    for (int i = IN_Q; i <= IN_V; i++)
        if (in[i].dims > dims)
            dims = in[i].dims;
    for (int c = 0; c < dims - 2; c++)
        result->shape[c] = 1;
    for (int i = IN_Q; i <= IN_V; i++)
        for (int c = 0; c < in[i].dims - 2; c++) {
            int64_t *size = &result->shape[dims - in[i].dims + c];
            if (*size == 1)
                *size = in[i].shape[c];
        }
    result->shape[dims - 2] = rows;
    result->shape[dims - 1] = columns;
    result->dims = columns < 0 ? dims - 1 : dims;
}

static int make_result(const struct attend_work *work, int64_t rows, int64_t columns,
                       struct attend_array *result, struct error *e)
{
    result_shape(work, rows, columns, result);
    result->count = 1;
    for (int c = 0; c < result->dims; c++)
        if (__builtin_mul_overflow(result->count, (size_t)result->shape[c], &result->count))
            return error_memory(e, SIZE_MAX);
    return array_new(&result->data, result->count, real_size(work->single), e);
}

/* Where rows without keys become NaN, which nobody has asked for. */
static bool may_warn(const struct attend_options *o)
{
    return o->empty == ATTPOOL_EMPTY_DEFAULT &&
           (o->score == ATTPOOL_KERNEL || o->score == ATTPOOL_AVERAGE);
}

static void warn_empty(const struct attend_options *o, const struct attend_work *work)
{
    const struct attend_array *lse = &work->output[OUT_LSE];
    size_t empty = 0;
    for (size_t i = 0; may_warn(o) && i < lse->count; i++)
        empty += real_get(lse->data, work->single, i) == -(double)INFINITY;
    if (empty > 0)
        error_warn("%zu of %zu queries %s no key (see --empty)", empty, lse->count,
                   empty == 1 ? "sees" : "see");
}

static int make_results(const struct attend_options *o, struct attend_work *work, struct error *e)
{
    const struct attend_array *q = &work->input[IN_Q], *v = &work->input[IN_V];
    const struct attend_array *keys = o->input[IN_K] != NULL ? &work->input[IN_K] : v;
    int64_t n = q->shape[q->dims - 2], m = keys->shape[keys->dims - 2];
    int64_t rows = o->rows.count > 0 ? (int64_t)o->rows.count : n;
    int st = CMD_OK;
    if (o->input[IN_V] != NULL)
        st = make_result(work, n, v->shape[v->dims - 1], &work->output[OUT_RESULT], e);
    if (st == CMD_OK && (o->output[OUT_LSE] != NULL || may_warn(o)))
        st = make_result(work, n, -1, &work->output[OUT_LSE], e);
    if (st == CMD_OK && (o->output[OUT_WEIGHTS] != NULL || o->heatmap != NULL))
        st = make_result(work, rows, m, &work->output[OUT_WEIGHTS], e);
    if (st == CMD_OK && attend_has_gradients(o))
        st = make_result(work, n, -1, &work->max, e);
    if (st == CMD_OK && attend_has_gradients(o))
        st = make_result(work, n, -1, &work->sum, e);
    return st;
}

/* ---- the call ---- */

static void describe_arrays(struct attend_call *c, const struct attend_work *work)
{
    const DLDataType lengths = { .code = kDLInt, .bits = 64, .lanes = 1 };
    const DLDataType mask = { .code = kDLUInt, .bits = 8, .lanes = 1 };
    for (int i = 0; i < INPUTS; i++) {
        const struct attend_array *a = &work->input[i];
        if (a->data == NULL)
            continue;
        c->in[i] =
            i == IN_LENGTHS ? operand_of_type(&c->input[i], a->data, lengths, a->dims, a->shape)
            : i == IN_MASK  ? operand_of_type(&c->input[i], a->data, mask, a->dims, a->shape)
                            : operand_real(&c->input[i], a->data, work->single, a->dims, a->shape);
    }
    for (int i = 0; i < OUTPUTS; i++) {
        const struct attend_array *a = &work->output[i];
        if (a->data != NULL)
            c->out[i] = operand_real(&c->output[i], a->data, work->single, a->dims, a->shape);
    }
    if (work->max.data == NULL)
        return;
    c->options.max =
        operand_real(&c->max, work->max.data, work->single, work->max.dims, work->max.shape);
    c->options.sum =
        operand_real(&c->sum, work->sum.data, work->single, work->sum.dims, work->sum.shape);
}

static int describe_kernel(struct attend_call *c, const struct attend_options *o,
                           const struct attend_work *work, struct error *e)
{
    const struct attend_array *q = &work->input[IN_Q];
    const struct numbers *h = &o->bandwidths;
    int64_t d = q->shape[q->dims - 1];
    if (o->kernels.count > 1 && (int64_t)o->kernels.count != d)
        return error_set(e, CMD_USAGE, "--score has %zu kernels, %s has %lld columns",
                         o->kernels.count, o->input[IN_Q], (long long)d);
    if (h->count > 1 && (int64_t)h->count != d)
        return error_set(e, CMD_USAGE, "--bandwidth has %zu values, %s has %lld columns", h->count,
                         o->input[IN_Q], (long long)d);
    c->kernel = (attpool_kernel_options){
        .size = sizeof c->kernel,
        .kernel = o->kernels.name[0],
        .form = o->form,
        .kernels = o->kernels.count > 1 ? o->kernels.name : NULL,
        .bandwidth = h->count == 1 ? h->value[0] : 0,
    };
    c->options.kernel = &c->kernel;
    if (c->in[IN_INVERSE_BANDWIDTH] != NULL) {
        c->kernel.bandwidth_per = o->bandwidth_per;
        c->kernel.inverse_bandwidths = c->in[IN_INVERSE_BANDWIDTH];
        c->kernel.key_factors = c->in[IN_KEY_FACTORS];
    }
    if (h->count < 2)
        return CMD_OK;
    int st = array_new(&c->coordinate_inverse_bandwidths, h->count, real_size(work->single), e);
    for (size_t k = 0; st == CMD_OK && k < h->count; k++) {
        double w = work->single ? (double)attpool_inverse_bandwidth_f32((float)h->value[k])
                                : attpool_inverse_bandwidth_f64(h->value[k]);
        if (!(w <= 1.7976931348623157e308))
            return error_set(e, CMD_USAGE, "--bandwidth: %g or its inverse is out of range",
                             h->value[k]);
        real_set(c->coordinate_inverse_bandwidths, work->single, k, w);
    }
    c->kernel.bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE;
    c->kernel.inverse_bandwidths =
        operand_real(&c->inverse_bandwidths, c->coordinate_inverse_bandwidths, work->single, 1, &d);
    return st;
}

/* Unless it is said, by rank: one dimension less than the output has means rows, and fewer mean
 * batches; but two beside heads could be either. */
static int lengths_per(const struct attend_options *o, const struct attend_work *work,
                       attpool_lengths_per *per, struct error *e)
{
    const struct attend_array *lengths = &work->input[IN_LENGTHS];
    struct attend_array result;
    result_shape(work, 0, 0, &result);
    *per = o->lengths_per_given               ? o->lengths_per
           : lengths->dims == result.dims - 1 ? ATTPOOL_LENGTHS_ROW
                                              : ATTPOOL_LENGTHS_BATCH;
    if (o->lengths_per_given || result.dims < 4 || lengths->dims != 2)
        return CMD_OK;
    return error_set(
        e, CMD_USAGE,
        "%s has shape %s, which is ambiguous: add --lengths-per batch for (b, h), row for "
        "(b, n)",
        o->input[IN_LENGTHS], npy_shape(lengths->dims, lengths->shape).text);
}

static void describe_masks(struct attend_call *c, const struct attend_options *o,
                           attpool_lengths_per per)
{
    c->masks = (attpool_masks){
        .size = sizeof c->masks,
        .lengths_per = per,
        .lengths = c->in[IN_LENGTHS],
        .mask = c->in[IN_MASK],
        .bias = c->in[IN_BIAS],
        .causal = o->causal,
        .window = o->window,
        .left = o->left,
        .right = o->right,
        .offset = o->offset,
        .leave_one_out = o->loo,
        .query_origin = o->query_origin,
        .key_origin = o->key_origin,
        .batch_origin = o->batch_origin,
    };
}

static attpool_status pool_rows(struct attend_call *c, const struct attend_options *o,
                                attpool_context *context)
{
    c->options.size = sizeof c->options;
    c->options.score = o->score;
    c->options.empty = o->empty;
    c->options.scale = o->scale_given ? &o->scale : NULL;
    c->options.wq = c->in[IN_WQ];
    c->options.wk = c->in[IN_WK];
    c->options.wv = c->in[IN_WV];
    c->options.key_weights = c->in[IN_KEY_WEIGHTS];
    c->options.masks = &c->masks;
    c->options.dropout = o->dropout;
    c->options.seed = (uint64_t)o->seed;
    c->options.lse = c->out[OUT_LSE];
    c->options.weights = c->out[OUT_WEIGHTS];
    if (c->options.weights != NULL && o->rows.count > 0) {
        c->options.rows = o->rows.value;
        c->options.row_count = (int64_t)o->rows.count;
    }
    return attpool_pool(context, c->in[IN_Q], c->in[IN_K], c->in[IN_V], &c->options,
                        c->out[OUT_RESULT]);
}

/* The library's name of an option at the beginning of a message becomes ours; NULL: there is none.
 */
static const char *option_of(const char *message, size_t *length)
{
    static const char *const names[][2] = {
        { "scale", "--scale" },
        { "dropout", "--dropout" },
        { "query_origin", "--query-origin" },
        { "key_origin", "--key-origin" },
        { "batch_origin", "--batch-origin" },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        *length = strlen(names[i][0]);
        if (strncmp(message, names[i][0], *length) == 0)
            return names[i][1];
    }
    return NULL;
}

static int report(const struct session *s, attpool_status status, const struct attend_options *o,
                  struct error *e)
{
    const char *message = attpool_message(s->context);
    const struct origin origins[] = {
        { ATTPOOL_E_QUERY, o->input[IN_Q] },
        { ATTPOOL_E_KEY, o->input[IN_K] },
        { ATTPOOL_E_VALUE, o->input[IN_V] },
        { ATTPOOL_E_WQ, o->input[IN_WQ] },
        { ATTPOOL_E_WK, o->input[IN_WK] },
        { ATTPOOL_E_WV, o->input[IN_WV] },
        { ATTPOOL_E_LENGTHS, o->input[IN_LENGTHS] },
        { ATTPOOL_E_MASK, o->input[IN_MASK] },
        { ATTPOOL_E_BIAS, o->input[IN_BIAS] },
        { ATTPOOL_E_KEY_WEIGHTS, o->input[IN_KEY_WEIGHTS] },
        { ATTPOOL_E_BANDWIDTH,
          o->input[strstr(message, "key_factors") == message ? IN_KEY_FACTORS
                                                             : IN_INVERSE_BANDWIDTH] },
        { ATTPOOL_E_GRADIENT,
          o->input[strncmp(message, "dL", 2) == 0 ? IN_GRAD_LSE : IN_GRAD_OUTPUT] },
    };
    size_t length;
    const char *option = status == ATTPOOL_E_OPTIONS ? option_of(message, &length) : NULL;
    if (option != NULL)
        return error_set(e, CMD_USAGE, "%s%s", option, message + length);
    /* The library's names of these are those of the options. */
    bool bandwidth = status == ATTPOOL_E_BANDWIDTH && o->input[IN_INVERSE_BANDWIDTH] == NULL;
    if (status == ATTPOOL_E_ROWS || bandwidth)
        return error_set(e, CMD_USAGE, "--%s", message);
    return session_status(s, status, origins, sizeof origins / sizeof origins[0], e);
}

int attend_run(const struct attend_options *o, struct attend_work *work, struct error *e)
{
    struct attend_call c = { .coordinate_inverse_bandwidths = NULL };
    struct session session;
    attpool_lengths_per per;
    int st = make_results(o, work, e);
    if (st == CMD_OK)
        st = attend_grad_results(o, work, e);
    if (st == CMD_OK)
        st = lengths_per(o, work, &per, e);
    if (st != CMD_OK)
        return st;
    describe_arrays(&c, work);
    describe_masks(&c, o, per);
    if (o->score == ATTPOOL_KERNEL)
        st = describe_kernel(&c, o, work, e);
    if (st == CMD_OK)
        st = session_open(&session, "attend", &o->common, e);
    if (st == CMD_OK) {
        const bool gradients = attend_has_gradients(o);
        session.share = gradients ? 0.3 : 1;
        attpool_status status = pool_rows(&c, o, session.context);
        if (status == ATTPOOL_OK && gradients) {
            session.done = session.share;
            session.share = 1 - session.done;
            status = attend_grad(&c, o, session.context);
        }
        st = report(&session, status, o, e);
        report_context(&work->report, session.context, work->single);
        snprintf(work->backend, sizeof work->backend, "%s", attpool_backend_name(session.context));
        session_close(&session);
        if (st == CMD_OK)
            warn_empty(o, work);
    }
    free(c.coordinate_inverse_bandwidths);
    return st;
}
