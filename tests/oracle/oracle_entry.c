/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/oracle_entry.h"

#include <math.h>
#include <stdlib.h>

long double oracle_at(const struct tensor *t, const struct job *job, int64_t b, int64_t h,
                      int64_t r, int64_t c)
{
    return (long double)tensor_at(&t->dl, "bhrc", job->heads, (const int64_t[]){ b, h, r, c });
}

static void dot(const struct job *job, const int64_t x[INDEX], struct pair *pair)
{
    struct sum sum = { 0 };
    long double terms = 0;
    for (int64_t c = 0; c < job->c->d; c++) {
        long double p = oracle_at(&job->q, job, x[0], x[1], x[2], c) *
                        oracle_at(&job->k, job, x[0], x[1], x[3], c);
        sum_add(&sum, p);
        terms += fabsl(p);
    }
    pair->log = sum_value(&sum);
    pair->log_terms = terms;
}

/* Coordinate a of W_q q or W_k k. */
static long double projected(const struct job *job, const struct tensor *w, const struct tensor *t,
                             const int64_t x[3], int64_t row, int64_t a, long double *terms)
{
    struct sum sum = { 0 };
    *terms = 0;
    for (int64_t c = 0; c < t->shape[t->dl.ndim - 1]; c++) {
        long double p = oracle_at(w, job, 0, 0, a, c) * oracle_at(t, job, x[0], x[1], row, c);
        sum_add(&sum, p);
        *terms += fabsl(p);
    }
    return sum_value(&sum);
}

long double *oracle_query(const struct job *job, const int64_t x[3])
{
    int64_t p = tensor_present(&job->wq) ? job->c->p : 0;
    long double *q = calloc(2 * (size_t)p + 1, sizeof *q);
    for (int64_t a = 0; a < p; a++)
        q[a] = projected(job, &job->wq, &job->q, x, x[2], a, &q[p + a]);
    return q;
}

static void projection(const struct job *job, const long double *query, const int64_t x[INDEX],
                       struct pair *pair)
{
    struct sum sum = { 0 };
    long double k_terms;
    bool additive = job->c->score == ATTPOOL_ADDITIVE;
    pair->log_terms = 0;
    for (int64_t a = 0; a < job->c->p; a++) {
        long double q = query[a], q_terms = query[job->c->p + a];
        long double k = projected(job, &job->wk, &job->k, x, x[3], a, &k_terms);
        if (additive) {
            long double w = (long double)tensor_get(&job->wv.dl, a), slope = tanhl(q + k);
            sum_add(&sum, w * slope);
            slope = 1 - slope * slope;
            pair->log_terms += fabsl(w) * (2 * fabsl(tanhl(q + k)) + slope * (q_terms + k_terms));
        } else {
            sum_add(&sum, q * k);
            pair->log_terms += fabsl(q * k) + q_terms * fabsl(k) + k_terms * fabsl(q);
        }
    }
    pair->log = sum_value(&sum);
}

static long double scale_of(const struct job *job)
{
    const struct test_case *c = job->c;
    if (c->with & WITH_SCALE)
        return (long double)job->scale;
    if (c->operation == OPERATION_SOFTMAX || c->score == ATTPOOL_ADDITIVE)
        return 1;
    int width = c->score == ATTPOOL_PROJECTION ? c->p : c->d;
    return width == 0 ? 1 : 1 / sqrtl(width);
}

/* A finite score is no larger than the largest number. */
static long double saturated(const struct job *job, long double score)
{
    long double most = oracle_most(job->element);
    return isfinite(score) ? fminl(fmaxl(score, -most), most) : score;
}

static void score(const struct job *job, const long double *query, const int64_t x[INDEX],
                  struct pair *pair)
{
    const struct test_case *c = job->c;
    *pair = (struct pair){ .factor = 1, .factor_terms = 1 };
    if (c->operation == OPERATION_SOFTMAX) {
        pair->log = oracle_at(&job->q, job, x[0], x[1], x[2], x[3]);
        pair->log_terms = fabsl(pair->log);
    } else if (c->score == ATTPOOL_DOT) {
        dot(job, x, pair);
    } else if (c->score == ATTPOOL_ADDITIVE || c->score == ATTPOOL_PROJECTION) {
        projection(job, query, x, pair);
    } else if (c->score == ATTPOOL_KERNEL) {
        oracle_pair(job, x, pair);
        return;
    } else {
        return;
    }
    long double s = scale_of(job);
    pair->log = saturated(job, pair->log * s);
    pair->log_terms *= fabsl(s);
}

/* Do the masks leave key x[3] to the query? */
static bool left_by_masks(const struct job *job, const int64_t x[INDEX])
{
    const attpool_masks *o = &job->masks;
    int64_t i = x[2] + o->query_origin, j = x[3] + o->key_origin;
    if (o->lengths) {
        const char *places = job_places(job, o->lengths_per == ATTPOOL_LENGTHS_ROW ? "bhr" : "bh");
        if ((double)x[3] >= tensor_at(o->lengths, places, job->heads, x))
            return false;
    }
    if ((o->causal && j > i + o->offset) || (o->leave_one_out && i == j) ||
        (o->window && (j < i + o->offset - o->left || j > i + o->offset + o->right)))
        return false;
    if (o->mask && tensor_at(o->mask, "bhrc", job->heads, x) == 0)
        return false;
    if (o->bias && tensor_at(o->bias, "bhrc", job->heads, x) == -HUGE_VAL)
        return false;
    return !job->pool.key_weights ||
           tensor_at(job->pool.key_weights, job_places(job, "bhc"), job->heads, x) != 0;
}

void oracle_entry(const struct job *job, const long double *query, const int64_t x[INDEX],
                  struct entry *e)
{
    bool plain = (job->c->with & WITHOUT_OPTIONS) != 0;
    *e = (struct entry){ .left = plain || left_by_masks(job, x) };
    if (!e->left)
        return;
    score(job, query, x, &e->pair);
    e->part = !e->pair.outside;
    e->reach = e->pair.log / logl(2);
    if (job->masks.bias) {
        long double bias = (long double)tensor_at(job->masks.bias, "bhrc", job->heads, x);
        e->pair.log = saturated(job, e->pair.log + bias);
        e->pair.log_terms += fabsl(bias);
    }
    if (job->pool.key_weights) {
        long double a =
            (long double)tensor_at(job->pool.key_weights, job_places(job, "bhc"), job->heads, x);
        bool logs = job->c->score != ATTPOOL_AVERAGE || job->masks.bias;
        if (job->c->score == ATTPOOL_KERNEL)
            logs = oracle_has_log(job) || job->masks.bias;
        if (logs) {
            e->pair.log += logl(a);
            e->scaled = a != 0 && !(a >= 0x1p-32L && a < 0x1p32L);
            if (e->scaled) { /* its power of two is a part of the score */
                e->pair.log_terms += fabsl(logl(a));
                e->reach += 64 * floorl((logbl(a) + 32) / 64);
            }
            a = 1;
        }
        e->pair.factor *= a;
        e->pair.factor_terms = e->pair.factor_terms * a + fabsl(e->pair.factor);
    }
}
