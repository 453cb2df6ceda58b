/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cases/job.h"

#include "backends/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool tensor_present(const struct tensor *t)
{
    return t->dl.shape != NULL;
}

const DLTensor *tensor_or_null(const struct tensor *t)
{
    return tensor_present(t) ? &t->dl : NULL;
}

DLTensor *output_or_null(struct tensor *t)
{
    return tensor_present(t) ? &t->dl : NULL;
}

static bool has(const struct job *job, unsigned with)
{
    return (job->c->with & with) != 0;
}

const char *job_places(const struct job *job, const char *places)
{
    const bool items = has(job, WITH_ITEMS);
    return strcmp(places, "bhc") == 0   ? items ? "bc" : "bhc"
           : strcmp(places, "bhr") == 0 ? items ? "br" : "bhr"
           : items                      ? "b"
                                        : "bh";
}

/* ---- Options --------------------------------------------------------------------------- */

void job_wire(struct job *job)
{
    attpool_masks *masks = &job->masks;
    attpool_pool_options *pool = &job->pool;
    masks->lengths = tensor_or_null(&job->lengths);
    masks->mask = tensor_or_null(&job->mask);
    masks->bias = tensor_or_null(&job->bias);
    job->kernel.inverse_bandwidths = tensor_or_null(&job->inverse_bandwidths);
    job->kernel.key_factors = tensor_or_null(&job->factors);
    job->kernel.kernels = has(job, WITH_MIXED_KERNELS) ? job->kernels : NULL;
    job->softmax.masks = masks;
    job->softmax.scale = has(job, WITH_SCALE) ? &job->scale : NULL;
    pool->masks = masks;
    pool->scale = job->softmax.scale;
    pool->kernel = pool->score == ATTPOOL_KERNEL ? &job->kernel : NULL;
    pool->wq = tensor_or_null(&job->wq);
    pool->wk = tensor_or_null(&job->wk);
    pool->wv = tensor_or_null(&job->wv);
    pool->key_weights = tensor_or_null(&job->key_weights);
    pool->lse = output_or_null(&job->lse);
    pool->n_eff = output_or_null(&job->n_eff);
    pool->weights = output_or_null(&job->weights);
    pool->rows = has(job, WITH_ROWS) ? job->rows : NULL;
    pool->max = output_or_null(&job->max);
    pool->sum = output_or_null(&job->sum);
    job->regression = (attpool_regression_options){
        .size = sizeof job->regression,
        .degree = job->c->degree,
        .pool = pool,
        .slope = output_or_null(&job->slope),
        .equivalent = output_or_null(&job->equivalent),
        .residuals = tensor_or_null(&job->residuals),
        .standard_errors = output_or_null(&job->errors),
    };
    job->gradients = (attpool_gradients){
        .size = sizeof job->gradients,
        .Q = output_or_null(&job->dq),
        .K = output_or_null(&job->dk),
        .V = output_or_null(&job->dv),
        .bias = output_or_null(&job->dbias),
        .key_weights = output_or_null(&job->dkey_weights),
        .scale = output_or_null(&job->dscale),
        .inverse_bandwidths = output_or_null(&job->dinverse_bandwidths),
        .key_factors = output_or_null(&job->dfactors),
        .wq = output_or_null(&job->dwq),
        .wk = output_or_null(&job->dwk),
        .wv = output_or_null(&job->dwv),
    };
}

static void set_options(struct job *job)
{
    const struct test_case *c = job->c;
    job->scale = c->alpha;
    if (has(job, WITH_MIXED_KERNELS) && c->d > MOST_MIXED)
        abort();
    for (int i = 0; i < c->d && has(job, WITH_MIXED_KERNELS); i++)
        job->kernels[i] = (attpool_kernel_name)((3 * i + (int)c->seed) % KERNEL_COUNT);
    job->rows[0] = c->n - 1;
    job->rows[1] = 0;
    job->rows[2] = c->n / 2;
    job->kernel.size = sizeof job->kernel;
    job->kernel.kernel = c->kernel;
    job->kernel.form = c->form;
    job->kernel.bandwidth_per = c->bandwidth_per;
    job->masks = (attpool_masks){
        .size = sizeof job->masks,
        .lengths_per = has(job, WITH_ROW_LENGTHS) ? ATTPOOL_LENGTHS_ROW : ATTPOOL_LENGTHS_BATCH,
        .causal = has(job, WITH_CAUSAL),
        .window = has(job, WITH_WINDOW),
        .left = c->left,
        .right = c->right,
        .offset = c->offset,
        .leave_one_out = has(job, WITH_LEAVE_ONE_OUT),
        .query_origin = c->query_origin,
        .key_origin = c->key_origin,
        .batch_origin = c->batch_origin,
    };
    job->softmax.size = sizeof job->softmax;
    job->softmax.empty = c->empty;
    job->pool.size = sizeof job->pool;
    job->pool.score = c->score;
    job->pool.empty = c->empty;
    job->pool.dropout = c->dropout;
    job->pool.seed = UINT64_C(0x9e3779b97f4a7c15) * c->seed;
}

/* ---- Interface ------------------------------------------------------------------------- */

/* Every tensor of a job, inputs first. */
enum { TENSORS = 35, INPUTS = TENSORS - JOB_OUTPUTS };

static struct tensor *tensor_number(struct job *job, int i)
{
    struct tensor *const all[TENSORS] = {
        &job->q,
        &job->k,
        &job->v,
        &job->wq,
        &job->wk,
        &job->wv,
        &job->inverse_bandwidths,
        &job->factors,
        &job->lengths,
        &job->mask,
        &job->bias,
        &job->key_weights,
        &job->d_out,
        &job->d_lse,
        &job->residuals,
        &job->out,
        &job->lse,
        &job->n_eff,
        &job->weights,
        &job->slope,
        &job->equivalent,
        &job->errors,
        &job->max,
        &job->sum,
        &job->dq,
        &job->dk,
        &job->dv,
        &job->dbias,
        &job->dkey_weights,
        &job->dscale,
        &job->dinverse_bandwidths,
        &job->dfactors,
        &job->dwq,
        &job->dwk,
        &job->dwv,
    };
    return all[i];
}

void job_new(struct job *job, const struct test_case *c, enum element element, enum place place)
{
    memset(job, 0, sizeof *job);
    job->c = c;
    job->element = element;
    job->batch = c->b > 0 ? c->b : 1;
    job->heads = c->h > 0 ? c->h : 1;
    set_options(job);
    job_make(job, place);
    job_fill(job);
    for (int i = 0; i < INPUTS; i++)
        if (tensor_present(tensor_number(job, i)))
            tensor_protect(tensor_number(job, i));
    job_wire(job);
    job_reset(job);
}

void job_free(struct job *job)
{
    for (int i = 0; i < TENSORS; i++)
        tensor_free(tensor_number(job, i));
}

void job_view(struct job *view, const struct job *job)
{
    struct job copy = *job; /* tensor_number wants one that it may hand out */
    *view = *job;
    for (int i = 0; i < TENSORS; i++)
        if (tensor_present(tensor_number(&copy, i)))
            tensor_view(tensor_number(view, i), tensor_number(&copy, i));
    job_wire(view);
}

struct tensor *job_output(struct job *job, int i, const char **name)
{
    static const char *const names[JOB_OUTPUTS] = {
        "O",      "L",   "n_eff",        "W",   "slope", "t",     "standard errors",
        "max",    "sum", "dQ",           "dK",  "dV",    "dbias", "dkey_weights",
        "dscale", "dw",  "dkey_factors", "dwq", "dwk",   "dwv"
    };
    static const char *const of_operation[] = {
        [OPERATION_BMM] = "C",       [OPERATION_KERNEL] = "G",    [OPERATION_SOFTMAX] = "W",
        [OPERATION_POOL] = "O",      [OPERATION_POOL_GRAD] = "O", [OPERATION_DENSITY] = "O",
        [OPERATION_REGRESSION] = "O"
    };
    struct tensor *t = tensor_number(job, INPUTS + i);
    *name = i == 0 ? of_operation[job->c->operation] : names[i];
    return tensor_present(t) ? t : NULL;
}

void job_reset(struct job *job)
{
    const char *name;
    bool added = job->c->operation == OPERATION_BMM && job->c->beta != 0;
    for (int i = 0; i < JOB_OUTPUTS; i++) {
        struct tensor *t = job_output(job, i, &name);
        if (!t)
            continue;
        tensor_pattern(t);
        for (int64_t k = 0; k < tensor_count(t); k++)
            tensor_set(&t->dl, k, added ? random_at(job->c->seed * 64u + 20, (uint64_t)k) : NAN);
        if (added && job->c->special == SPECIAL_HUGE)
            tensor_set(&t->dl, 0, job_largest(job));
    }
}
