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

/* ---- Shapes ---------------------------------------------------------------------------- */

struct maker {
    struct job *job;
    enum place place;
    unsigned salt;
};

/* Leading sizes of an array: those of the queries or of the keys, or ones. */
enum leading { LEADING_QUERIES, LEADING_KEYS, LEADING_ONES, LEADING_ITEMS, LEADING_NOTHING };

/* The leading sizes of lengths, key weights and the like. */
static enum leading leading_of(const struct job *job, enum leading otherwise)
{
    return has(job, WITH_ITEMS) && otherwise != LEADING_NOTHING ? LEADING_ITEMS : otherwise;
}

/* A tensor of the leading dimensions and up to two more; -1 is a dimension that is not there. */
static void make(struct maker *maker, struct tensor *t, enum element element, enum leading leading,
                 int64_t rows, int64_t columns)
{
    const struct test_case *c = maker->job->c;
    int64_t shape[4];
    int n = 0;
    if (leading != LEADING_NOTHING && c->b > 0)
        shape[n++] = leading == LEADING_ONES ? 1 : c->b;
    if (leading != LEADING_NOTHING && leading != LEADING_ITEMS && c->h > 0)
        shape[n++] = leading == LEADING_ONES                ? 1
                     : leading == LEADING_KEYS && c->hk > 0 ? c->hk
                                                            : c->h;
    if (rows >= 0)
        shape[n++] = rows;
    if (columns >= 0)
        shape[n++] = columns;
    if (n == 0)
        shape[n++] = 1;
    bool first = t == &maker->job->q || t == &maker->job->k || t == &maker->job->v;
    unsigned turn = (unsigned)c->in + (first ? 0 : ++maker->salt);
    enum arrangement in = first ? c->in : (enum arrangement)(turn % ARRANGEMENTS);
    bool output = t >= &maker->job->out && t <= &maker->job->dwv;
    tensor_new(t, element, output ? c->out : in, maker->place, n, shape);
}

static void make_masks(struct maker *m)
{
    struct job *job = m->job;
    const struct test_case *c = job->c;
    bool shared = has(job, WITH_SHARED_MASK);
    enum leading queries = shared ? LEADING_NOTHING : LEADING_QUERIES;
    if (has(job, WITH_LENGTHS))
        make(m, &job->lengths, ELEMENT_I32,
             leading_of(job, shared ? LEADING_ONES : LEADING_QUERIES), -1, -1);
    if (has(job, WITH_ROW_LENGTHS))
        make(m, &job->lengths, ELEMENT_I64, leading_of(job, queries), c->n, -1);
    if (has(job, WITH_MASK))
        make(m, &job->mask, has(job, WITH_BOOL) ? ELEMENT_BOOL : ELEMENT_U8, queries,
             has(job, WITH_ROW_MASK) ? 1 : c->n, c->m);
    if (has(job, WITH_BIAS))
        make(m, &job->bias, job->element, queries, c->n, has(job, WITH_ROW_MASK) ? 1 : c->m);
}

static void make_inverse_bandwidths(struct maker *m)
{
    struct job *job = m->job;
    const struct test_case *c = job->c;
    bool shared = has(job, WITH_SHARED_MASK);
    enum leading keys = shared || has(job, WITH_SHARED_KEYS) ? LEADING_NOTHING : LEADING_KEYS;
    enum leading queries =
        shared || c->operation == OPERATION_KERNEL || has(job, WITH_SHARED_QUERIES)
            ? LEADING_NOTHING
            : LEADING_QUERIES;
    keys = leading_of(job, keys);
    queries = leading_of(job, queries);
    switch (c->bandwidth_per) {
    case ATTPOOL_BANDWIDTH_ONE:
        if (has(job, WITH_WIDTH_TENSOR))
            make(m, &job->inverse_bandwidths, job->element, LEADING_NOTHING, 1, -1);
        break;
    case ATTPOOL_BANDWIDTH_KEY:
        make(m, &job->inverse_bandwidths, job->element, keys, c->m, -1);
        break;
    case ATTPOOL_BANDWIDTH_QUERY:
        make(m, &job->inverse_bandwidths, job->element, queries, c->n, -1);
        break;
    case ATTPOOL_BANDWIDTH_COORDINATE_KEY:
        make(m, &job->factors, job->element, keys, c->m, -1);
        make(m, &job->inverse_bandwidths, job->element, LEADING_NOTHING, c->d, -1);
        break;
    default:
        make(m, &job->inverse_bandwidths, job->element, LEADING_NOTHING, c->d, -1);
    }
}

static void make_pool(struct maker *m)
{
    struct job *job = m->job;
    const struct test_case *c = job->c;
    bool projected = c->score == ATTPOOL_ADDITIVE || c->score == ATTPOOL_PROJECTION;
    enum leading keys = has(job, WITH_SHARED_KEYS) ? LEADING_NOTHING : LEADING_KEYS;
    if (!has(job, WITHOUT_QUERIES)) {
        make(m, &job->q, job->element,
             has(job, WITH_SHARED_QUERIES) ? LEADING_ONES : LEADING_QUERIES, c->n, c->d);
        make(m, &job->k, job->element, keys, c->m, c->d + projected);
    }
    if (projected) {
        make(m, &job->wq, job->element, LEADING_NOTHING, c->p, c->d);
        make(m, &job->wk, job->element, LEADING_NOTHING, c->p, c->d + 1);
    }
    if (c->score == ATTPOOL_ADDITIVE)
        make(m, &job->wv, job->element, LEADING_NOTHING, c->p, -1);
    if (c->score == ATTPOOL_KERNEL)
        make_inverse_bandwidths(m);
    if (has(job, WITH_KEY_WEIGHTS))
        make(m, &job->key_weights, job->element,
             leading_of(job, has(job, WITH_SHARED_MASK) ? LEADING_NOTHING : keys), c->m, -1);
    if (!has(job, WITHOUT_OUTPUT)) {
        make(m, &job->v, job->element, keys, c->m, c->v);
        make(m, &job->out, job->element, LEADING_QUERIES, c->n, c->v);
    }
    if (has(job, WITH_LSE))
        make(m, &job->lse, job->element, LEADING_QUERIES, c->n, -1);
    if (has(job, WITH_N_EFF))
        make(m, &job->n_eff, job->element, LEADING_QUERIES, c->n, -1);
    job->pool.row_count = has(job, WITH_ROWS) ? (c->n < MOST_ROWS ? c->n : MOST_ROWS) : 0;
    if (has(job, WITH_WEIGHTS))
        make(m, &job->weights, job->element, LEADING_QUERIES,
             has(job, WITH_ROWS) ? job->pool.row_count : c->n, c->m);
}

/* A gradient by what is there. */
static void make_gradient(struct maker *m, struct tensor *t, const struct tensor *of)
{
    if (tensor_present(of))
        tensor_new(t, m->job->element, m->job->c->out, m->place, of->dl.ndim, of->shape);
}

static void make_gradients(struct maker *m)
{
    struct job *job = m->job;
    const struct test_case *c = job->c;
    const bool average = c->score == ATTPOOL_AVERAGE, kernel = c->score == ATTPOOL_KERNEL;
    if (!has(job, WITHOUT_OUTPUT)) {
        make(m, &job->d_out, job->element, LEADING_QUERIES, c->n, c->v);
        make_gradient(m, &job->dv, &job->v);
    }
    if (has(job, WITH_LSE))
        make(m, &job->d_lse, job->element, LEADING_QUERIES, c->n, -1);
    make(m, &job->max, job->element, LEADING_QUERIES, c->n, -1);
    make(m, &job->sum, job->element, LEADING_QUERIES, c->n, -1);
    if (!average) {
        make_gradient(m, &job->dq, &job->q);
        make_gradient(m, &job->dk, &job->k);
    }
    make_gradient(m, &job->dbias, &job->bias);
    make_gradient(m, &job->dkey_weights, &job->key_weights);
    make_gradient(m, &job->dinverse_bandwidths, &job->inverse_bandwidths);
    make_gradient(m, &job->dfactors, &job->factors);
    make_gradient(m, &job->dwq, &job->wq);
    make_gradient(m, &job->dwk, &job->wk);
    make_gradient(m, &job->dwv, &job->wv);
    if (!average && !kernel)
        make(m, &job->dscale, job->element, LEADING_NOTHING, 1, -1);
    if (kernel && !tensor_present(&job->inverse_bandwidths))
        make(m, &job->dinverse_bandwidths, job->element, LEADING_NOTHING, 1, -1);
}

static void make_all(struct maker *m)
{
    struct job *job = m->job;
    const struct test_case *c = job->c;
    enum leading keys = has(job, WITH_SHARED_KEYS) ? LEADING_NOTHING : LEADING_KEYS;
    enum leading queries = has(job, WITH_SHARED_QUERIES) ? LEADING_ONES : LEADING_QUERIES;
    make_masks(m);
    switch (c->operation) {
    case OPERATION_BMM:
        make(m, &job->q, job->element, queries, c->n, c->d);
        make(m, &job->k, job->element, keys, c->d, c->m);
        make(m, &job->out, job->element, LEADING_QUERIES, c->n, c->m);
        break;
    case OPERATION_KERNEL:
        make_inverse_bandwidths(m);
        make(m, &job->q, job->element, queries, c->n, c->d);
        make(m, &job->k, job->element, keys, c->m, c->d);
        make(m, &job->out, job->element, LEADING_QUERIES, c->n, c->m);
        break;
    case OPERATION_SOFTMAX:
        make(m, &job->q, job->element, LEADING_QUERIES, c->n, c->m);
        make(m, &job->out, job->element, LEADING_QUERIES, c->n, c->m);
        break;
    default:
        make_pool(m);
    }
    if (c->operation == OPERATION_POOL_GRAD)
        make_gradients(m);
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
enum { TENSORS = 31, INPUTS = TENSORS - JOB_OUTPUTS };

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
        &job->out,
        &job->lse,
        &job->n_eff,
        &job->weights,
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
    make_all(&(struct maker){ .job = job, .place = place });
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
        "O",  "L",     "n_eff",        "W",      "max", "sum",          "dQ",  "dK",
        "dV", "dbias", "dkey_weights", "dscale", "dw",  "dkey_factors", "dwq", "dwk",
        "dwv"
    };
    static const char *const of_operation[] = {
        [OPERATION_BMM] = "C",  [OPERATION_KERNEL] = "G",    [OPERATION_SOFTMAX] = "W",
        [OPERATION_POOL] = "O", [OPERATION_POOL_GRAD] = "O", [OPERATION_DENSITY] = "O"
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
