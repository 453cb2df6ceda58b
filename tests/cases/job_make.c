/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cases/job.h"

/* The tensors of a job, by the shapes that its case asks for. */

static bool has(const struct job *job, unsigned with)
{
    return (job->c->with & with) != 0;
}

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

/* Slopes of O, and the standard errors of v columns of residuals. */
static void make_regression(struct maker *m)
{
    struct job *job = m->job;
    const struct test_case *c = job->c;
    enum leading keys = has(job, WITH_SHARED_KEYS) ? LEADING_NOTHING : LEADING_KEYS;
    if (tensor_present(&job->out))
        make(m, &job->slope, job->element, LEADING_QUERIES, c->n, (int64_t)c->v * c->d);
    make(m, &job->equivalent, job->element, LEADING_QUERIES, c->n,
         c->score == ATTPOOL_AVERAGE ? 1 : 1 + c->d);
    make(m, &job->residuals, job->element, keys, has(job, WITH_SAMPLE) ? (c->m + 1) / 2 : c->m,
         c->v);
    make(m, &job->errors, job->element, LEADING_QUERIES, c->n, c->v);
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
    if (c->operation == OPERATION_REGRESSION)
        make_regression(m);
}

void job_make(struct job *job, enum place place)
{
    make_all(&(struct maker){ .job = job, .place = place });
}
