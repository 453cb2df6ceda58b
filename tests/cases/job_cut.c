/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cases/job.h"

/* Parts of a job. */

static void cut(struct tensor *t, int dimension, int64_t start, int64_t count)
{
    if (tensor_present(t))
        tensor_slice(t, dimension, start, count);
}

void job_cut_queries(struct job *view, int64_t start, int64_t count)
{
    cut(&view->q, -2, start, count);
    cut(&view->out, -2, start, count);
    cut(&view->lse, -1, start, count);
    cut(&view->n_eff, -1, start, count);
    cut(&view->weights, -2, start, count);
    cut(&view->mask, -2, start, count);
    cut(&view->bias, -2, start, count);
    cut(&view->slope, -2, start, count);
    cut(&view->equivalent, -2, start, count);
    cut(&view->errors, -2, start, count);
    cut(&view->d_out, -2, start, count);
    cut(&view->d_lse, -1, start, count);
    cut(&view->max, -1, start, count);
    cut(&view->sum, -1, start, count);
    cut(&view->dq, -2, start, count);
    cut(&view->dbias, -2, start, count);
    if (view->masks.lengths_per == ATTPOOL_LENGTHS_ROW)
        cut(&view->lengths, -1, start, count);
    if (view->kernel.bandwidth_per == ATTPOOL_BANDWIDTH_QUERY) {
        cut(&view->inverse_bandwidths, -1, start, count);
        cut(&view->dinverse_bandwidths, -1, start, count);
    }
    view->masks.query_origin += start;
}

static void cut_leading(struct tensor *t, int from_right, int64_t start, int64_t count)
{
    if (tensor_present(t) && t->dl.ndim + from_right >= 0)
        tensor_slice(t, from_right, start, count);
}

void job_cut_leading(struct job *view, int dimension, int64_t start, int64_t count)
{
    int matrix = dimension == 0 ? -4 : -3;
    view->masks.batch_origin += start * (dimension == 0 ? view->heads : 1);
    struct tensor *const matrices[] = { &view->q,        &view->k,          &view->v,
                                        &view->mask,     &view->bias,       &view->weights,
                                        &view->out,      &view->d_out,      &view->dq,
                                        &view->dk,       &view->dv,         &view->dbias,
                                        &view->slope,    &view->equivalent, &view->errors,
                                        &view->residuals };
    struct tensor *const vectors[] = { &view->lse, &view->n_eff, &view->d_lse, &view->max,
                                       &view->sum };
    const bool widths = view->kernel.bandwidth_per == ATTPOOL_BANDWIDTH_KEY ||
                        view->kernel.bandwidth_per == ATTPOOL_BANDWIDTH_QUERY;
    struct tensor *const companions[] = {
        &view->key_weights,
        &view->factors,
        &view->dkey_weights,
        &view->dfactors,
        view->masks.lengths_per == ATTPOOL_LENGTHS_ROW ? &view->lengths : NULL,
        widths ? &view->inverse_bandwidths : NULL,
        widths ? &view->dinverse_bandwidths : NULL,
    };
    for (size_t i = 0; i < sizeof matrices / sizeof matrices[0]; i++)
        cut_leading(matrices[i], matrix, start, count);
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        cut_leading(vectors[i], matrix + 1, start, count);
    const bool items = (view->c->with & WITH_ITEMS) != 0;
    if (items && dimension == 1)
        return;
    for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++)
        if (companions[i])
            cut_leading(companions[i], matrix + 1 + items, start, count);
    if (view->masks.lengths_per == ATTPOOL_LENGTHS_BATCH)
        cut_leading(&view->lengths, matrix + 2 + items, start, count);
}

void job_cut_keys(struct job *view, int64_t start, int64_t count)
{
    bool matrices = view->c->operation == OPERATION_BMM;
    cut(&view->k, matrices ? -1 : -2, start, count);
    cut(&view->v, -2, start, count);
    cut(&view->mask, -1, start, count);
    cut(&view->bias, -1, start, count);
    cut(&view->weights, -1, start, count);
    cut(&view->key_weights, -1, start, count);
    cut(&view->factors, -1, start, count);
    cut(&view->dk, -2, start, count);
    cut(&view->dv, -2, start, count);
    cut(&view->dbias, -1, start, count);
    cut(&view->dkey_weights, -1, start, count);
    cut(&view->dfactors, -1, start, count);
    if (view->kernel.bandwidth_per == ATTPOOL_BANDWIDTH_KEY) {
        cut(&view->inverse_bandwidths, -1, start, count);
        cut(&view->dinverse_bandwidths, -1, start, count);
    }
    if (view->c->operation < OPERATION_POOL)
        cut(&view->out, -1, start, count);
    if (view->c->operation == OPERATION_SOFTMAX)
        cut(&view->q, -1, start, count);
    view->masks.key_origin += start;
}

static void reverse(struct tensor *t, int dimension)
{
    if (tensor_present(t))
        tensor_reverse(t, dimension);
}

void job_reverse_queries(struct job *view)
{
    reverse(&view->q, -2);
    reverse(&view->out, -2);
    reverse(&view->lse, -1);
    reverse(&view->n_eff, -1);
    reverse(&view->weights, -2);
    reverse(&view->slope, -2);
    reverse(&view->equivalent, -2);
    reverse(&view->errors, -2);
    reverse(&view->mask, -2);
    reverse(&view->bias, -2);
    if (view->masks.lengths_per == ATTPOOL_LENGTHS_ROW)
        reverse(&view->lengths, -1);
    if (view->kernel.bandwidth_per == ATTPOOL_BANDWIDTH_QUERY)
        reverse(&view->inverse_bandwidths, -1);
}
