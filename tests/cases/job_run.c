/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cases/job.h"

#include <stdio.h>

/* The calls of a job. */

static bool has(const struct job *job, unsigned with)
{
    return (job->c->with & with) != 0;
}

void job_drop_gradient(struct job *job, int i)
{
    attpool_gradients *g = &job->gradients;
    DLTensor **const all[JOB_OUTPUTS - FIRST_GRADIENT] = { &g->Q,
                                                           &g->K,
                                                           &g->V,
                                                           &g->bias,
                                                           &g->key_weights,
                                                           &g->scale,
                                                           &g->inverse_bandwidths,
                                                           &g->key_factors,
                                                           &g->wq,
                                                           &g->wk,
                                                           &g->wv };
    *all[i - FIRST_GRADIENT] = NULL;
}

attpool_status job_run_grad(attpool_context *context, struct job *job)
{
    return attpool_pool_grad(context, tensor_or_null(&job->q), tensor_or_null(&job->k),
                             tensor_or_null(&job->v), &job->pool, tensor_or_null(&job->out),
                             tensor_or_null(&job->d_out), tensor_or_null(&job->d_lse),
                             &job->gradients);
}

static attpool_status pool_and_grad(attpool_context *context, struct job *job)
{
    attpool_status status =
        attpool_pool(context, tensor_or_null(&job->q), tensor_or_null(&job->k),
                     tensor_or_null(&job->v), &job->pool, output_or_null(&job->out));
    return status == ATTPOOL_OK ? job_run_grad(context, job) : status;
}

static attpool_status density(attpool_context *context, struct job *job)
{
    attpool_pool_options options = job->pool;
    options.lse = options.n_eff = NULL;
    return attpool_density(context, tensor_or_null(&job->q), tensor_or_null(&job->k), &options,
                           output_or_null(&job->n_eff), output_or_null(&job->lse));
}

static attpool_status call(attpool_context *context, struct job *job)
{
    const struct test_case *c = job->c;
    bool plain = has(job, WITHOUT_OPTIONS);
    const DLTensor *q = tensor_or_null(&job->q), *k = tensor_or_null(&job->k);
    DLTensor *out = output_or_null(&job->out);
    switch (c->operation) {
    case OPERATION_BMM:
        return attpool_bmm(context, c->alpha, q, k, c->beta, out);
    case OPERATION_KERNEL:
        return attpool_kernel(context, q, k, plain ? NULL : &job->kernel, out);
    case OPERATION_SOFTMAX:
        return attpool_softmax(context, q, plain ? NULL : &job->softmax, out);
    case OPERATION_POOL_GRAD:
        return pool_and_grad(context, job);
    case OPERATION_DENSITY:
        return density(context, job);
    case OPERATION_REGRESSION:
        return attpool_regression(context, q, k, tensor_or_null(&job->v), &job->regression, out);
    default:
        return attpool_pool(context, q, k, tensor_or_null(&job->v), plain ? NULL : &job->pool, out);
    }
}

attpool_status job_run(attpool_context *context, struct job *job)
{
    attpool_status status = call(context, job);
    snprintf(job->message, sizeof job->message, "%s",
             status == ATTPOOL_OK ? "" : attpool_message(context));
    return status;
}

attpool_status job_state(attpool_context *context, struct job *job, attpool_state **state)
{
    return attpool_state_pool(context, tensor_or_null(&job->q), tensor_or_null(&job->k),
                              tensor_or_null(&job->v),
                              has(job, WITHOUT_OPTIONS) ? NULL : &job->pool, state);
}
