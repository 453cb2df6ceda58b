/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/oracle.h"

#include "tests/oracle/oracle_density.h"
#include "tests/oracle/oracle_dropout.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The bound of a sum of weights, and so of O / max|v|, W / W and L, in units of epsilon:
 *
 *     ROUNDING + SCORE A + MERGE log2(m + 1) + FACTOR F
 *
 * A is the largest sum of absolute terms of a score that carries weight: what a score's own
 * rounding can do to a weight. F is the same for factors: the sum of the absolute terms of the
 * factors over the sum of weights. The constants are about twice what the cases of the table
 * reach. */
static const long double ROUNDING = 4, SCORE = 4, MERGE = 1, FACTOR = 4;

/* A matrix product, per sum of absolute terms. */
static const long double PRODUCT = 4;

long double oracle_epsilon(enum element element)
{
    return element == ELEMENT_F32 ? (long double)FLT_EPSILON : (long double)DBL_EPSILON;
}

long double oracle_least(enum element element)
{
    return element == ELEMENT_F32 ? (long double)FLT_MIN : (long double)DBL_MIN;
}

long double oracle_most(enum element element)
{
    return element == ELEMENT_F32 ? (long double)FLT_MAX : (long double)DBL_MAX;
}

bool oracle_accepts(struct expected expected, double x, enum element element)
{
    long double epsilon = oracle_epsilon(element);
    if (isinf(expected.terms))
        return true;
    if (isnan(expected.value))
        return isnan(x);
    if (isinf(expected.value))
        return (long double)x == expected.value;
    if (fabsl(expected.value) > 0.999L * oracle_most(element))
        return true;
    /* The quantum of subnormal numbers is what is left where the relative bound is nothing. */
    return fabsl((long double)x - expected.value) <=
           epsilon * (expected.terms + oracle_least(element));
}

void oracle_row_new(struct oracle_row *row, int64_t m, int64_t v)
{
    memset(row, 0, sizeof *row);
    row->m = m;
    row->v = v;
    row->weights = calloc((size_t)m + 1, sizeof *row->weights);
    row->out = calloc((size_t)v + 1, sizeof *row->out);
}

void oracle_row_free(struct oracle_row *row)
{
    free(row->weights);
    free(row->out);
}

/* ---- Rows ------------------------------------------------------------------------------ */

/* What the sums over a row come to. */
struct totals {
    long double max, sum, absolute, squares, least_weight, most_weight;
    long double relative;  /* the bound, in epsilons, of the sum of weights */
    long double floor;     /* what weights too small for the type may add, in epsilons */
    long double cancelled; /* sum of absolute weights / |sum| */
    bool any;
};

static void weigh(const struct job *job, struct entry *entry, int64_t m, bool has_max,
                  struct totals *t)
{
    struct sum sum = { 0 }, squares = { 0 };
    long double terms = 0, factor = 0, score_terms = 0, epsilon = oracle_epsilon(job->element);
    bool scaled = false;
    *t = (struct totals){ .max = -HUGE_VALL, .least_weight = HUGE_VALL };
    for (int64_t j = 0; j < m; j++)
        if (entry[j].part && entry[j].pair.log > t->max)
            t->max = entry[j].pair.log;
    if (!has_max || t->max == -HUGE_VALL)
        t->max = 0;
    for (int64_t j = 0; j < m; j++) {
        struct entry *e = &entry[j];
        if (!e->part)
            continue;
        long double exponential = has_max ? expl(e->pair.log - t->max) : 1;
        e->weight = exponential * e->pair.factor;
        t->any = true;
        sum_add(&sum, e->weight);
        sum_add(&squares, e->weight * e->weight);
        t->absolute += fabsl(e->weight);
        terms += exponential * e->pair.factor_terms;
        scaled = scaled || e->scaled;
        factor = fmaxl(factor, fabsl(e->pair.factor));
        t->most_weight = fmaxl(t->most_weight, fabsl(e->weight));
        t->least_weight = fminl(t->least_weight, fabsl(e->weight));
    }
    t->sum = sum_value(&sum);
    t->squares = sum_value(&squares);
    for (int64_t j = 0; j < m; j++)
        if (entry[j].part && fabsl(entry[j].weight) >= epsilon * t->absolute)
            score_terms = fmaxl(score_terms, entry[j].pair.log_terms);
    t->relative = ROUNDING + SCORE * score_terms + MERGE * log2l((long double)m + 1) +
                  FACTOR * terms / fabsl(t->sum);
    t->cancelled = t->absolute / fabsl(t->sum);
    t->floor = oracle_least(job->element) * (1 + factor) / fabsl(t->sum) / epsilon;
    if (scaled) /* what multiplies a power of two is anything from 2^-32 to 2^32 */
        t->floor *= 0x1p64L;
}

static struct expected number(long double value)
{
    return (struct expected){ .value = value };
}

static void fill(struct oracle_row *row, long double out, long double weight, long double n_eff)
{
    for (int64_t c = 0; c < row->v; c++)
        row->out[c] = number(out);
    for (int64_t j = 0; j < row->m; j++)
        row->weights[j] = number(weight);
    row->n_eff = number(n_eff);
    row->lse = number(-HUGE_VALL);
}

static attpool_empty policy(const struct job *job)
{
    bool plain = (job->c->with & WITHOUT_OPTIONS) != 0,
         softmax = job->c->operation == OPERATION_SOFTMAX;
    attpool_empty empty = plain ? ATTPOOL_EMPTY_DEFAULT : job->c->empty;
    bool nan = !softmax && (job->c->score == ATTPOOL_KERNEL || job->c->score == ATTPOOL_AVERAGE);
    if (empty == ATTPOOL_EMPTY_DEFAULT)
        return nan ? ATTPOOL_EMPTY_NAN : ATTPOOL_EMPTY_ZERO;
    return empty;
}

static void empty_mean(const struct job *job, const int64_t x[3], const struct entry *entry,
                       struct oracle_row *row)
{
    long double count = 0;
    for (int64_t j = 0; j < row->m; j++)
        count += entry[j].left;
    if (count == 0) {
        fill(row, NAN, NAN, NAN);
        return;
    }
    fill(row, 0, 0, count);
    for (int64_t j = 0; j < row->m; j++)
        if (entry[j].left)
            row->weights[j] = (struct expected){ 1 / count, 1 / count };
    for (int64_t c = 0; c < row->v; c++) {
        struct sum sum = { 0 };
        long double most = 0;
        for (int64_t j = 0; j < row->m; j++)
            if (entry[j].left && !entry[j].dropped) {
                long double v = oracle_at(&job->v, job, x[0], x[1], j, c);
                sum_add(&sum, v);
                most = fmaxl(most, fabsl(v));
            }
        const long double scale = oracle_kept_scale(job);
        row->out[c] =
            (struct expected){ scale * sum_value(&sum) / count,
                               scale * (ROUNDING + MERGE * log2l((long double)row->m + 1)) * most };
    }
}

static void empty_nearest(const struct job *job, const int64_t x[3], const struct entry *entry,
                          struct oracle_row *row)
{
    int64_t best = -1;
    long double near = (16 + 2 * (long double)job->c->d) * oracle_epsilon(job->element);
    for (int64_t j = 0; j < row->m; j++)
        if (entry[j].left && (best < 0 || entry[j].pair.square < entry[best].pair.square ||
                              (isnan(entry[best].pair.square) && !isnan(entry[j].pair.square))))
            best = j;
    if (best < 0) {
        fill(row, NAN, NAN, NAN);
        return;
    }
    long double least = entry[best].pair.square;
    for (int64_t j = 0; j < row->m; j++)
        if (entry[j].left && entry[j].pair.square != least &&
            entry[j].pair.square - least <= near * least)
            row->uncertain = true;
    fill(row, 0, 0, 1);
    row->weights[best] = number(1);
    for (int64_t c = 0; c < row->v; c++)
        row->out[c] =
            number(entry[best].dropped
                       ? 0
                       : oracle_kept_scale(job) * oracle_at(&job->v, job, x[0], x[1], best, c));
    for (int64_t c = 0; c < row->v; c++)
        row->out[c].terms = job->pool.dropout > 0 ? ROUNDING * fabsl(row->out[c].value) : 0;
}

static void empty_row(const struct job *job, const int64_t x[3], const struct entry *entry,
                      struct oracle_row *row)
{
    row->empty = true;
    switch (policy(job)) {
    case ATTPOOL_EMPTY_ZERO:
        fill(row, 0, 0, NAN);
        break;
    case ATTPOOL_EMPTY_MEAN:
        empty_mean(job, x, entry, row);
        break;
    case ATTPOOL_EMPTY_NEAREST:
        empty_nearest(job, x, entry, row);
        break;
    default:
        fill(row, NAN, NAN, NAN);
    }
}

static struct expected column(const struct job *job, const int64_t x[3], const struct entry *entry,
                              const struct totals *t, int64_t m, int64_t c)
{
    struct sum sum = { 0 };
    long double most = 0;
    bool vanishes = false;
    for (int64_t j = 0; j < m; j++) {
        if (!entry[j].part || entry[j].dropped)
            continue;
        long double v = oracle_at(&job->v, job, x[0], x[1], j, c);
        sum_add(&sum, entry[j].weight * v);
        most = fmaxl(most, fabsl(v));
        /* An infinity times what the type rounds to 0 is NaN. */
        if (!isfinite(v) && fabsl(entry[j].weight) < 4 * oracle_least(job->element))
            vanishes = true;
    }
    /* A numerator among the subnormal numbers loses a quantum a key. */
    long double quanta = (long double)m * oracle_least(job->element) / fabsl(t->sum);
    long double terms = t->cancelled * t->cancelled * t->relative + t->floor * (long double)m;
    const long double scale = oracle_kept_scale(job);
    return (struct expected){ scale * sum_value(&sum) / t->sum,
                              vanishes ? HUGE_VALL : scale * (terms * most + quanta) };
}

static void full_row(const struct job *job, const int64_t x[3], const struct entry *entry,
                     const struct totals *t, struct oracle_row *row)
{
    long double relative = t->cancelled * t->relative;
    bool signs = job->c->operation >= OPERATION_POOL && job->c->score == ATTPOOL_KERNEL &&
                 oracle_has_kernel(job, ATTPOOL_SILVERMAN);
    row->sum = t->sum;
    row->max = t->max;
    row->lse.value = signs && !(t->sum > 0) ? NAN : t->max + logl(t->sum);
    row->lse.terms =
        relative + t->floor + 2 * (1 + fabsl(t->max) + fabsl(t->max + logl(fabsl(t->sum))));
    row->n_eff.value = t->sum * t->sum / t->squares;
    row->n_eff.terms = 4 * t->cancelled * relative * row->n_eff.value;
    if (t->most_weight < oracle_least(job->element) / oracle_epsilon(job->element))
        row->n_eff.terms = HUGE_VALL; /* weights may be subnormal */
    for (int64_t j = 0; j < row->m; j++) {
        const struct pair *p = &entry[j].pair;
        if (!entry[j].part)
            continue;
        long double w = entry[j].weight / t->sum, own = FACTOR * p->factor_terms / fabsl(p->factor);
        row->weights[j].value = w;
        row->weights[j].terms =
            (w == 0 ? 0 : fabsl(w) * (relative + SCORE * p->log_terms + own)) + t->floor;
    }
    for (int64_t c = 0; c < row->v; c++)
        row->out[c] = column(job, x, entry, t, row->m, c);
}

/* In a row with a near key the far ones take no part. */
static void cut(const struct job *job, struct entry *entry, int64_t m)
{
    const long double limit = -32, far = job->element == ELEMENT_F32 ? -157.5L : -191.5L;
    bool near = false;
    for (int64_t j = 0; j < m; j++)
        near = near || (entry[j].part && entry[j].reach > limit);
    for (int64_t j = 0; j < m && near; j++)
        if (entry[j].part && entry[j].reach <= far)
            entry[j].part = false;
}

static void make_row(const struct job *job, const int64_t x[3], bool has_max,
                     struct oracle_row *row)
{
    struct entry *entry = calloc((size_t)row->m + 1, sizeof *entry);
    long double least = oracle_least(job->element), epsilon = oracle_epsilon(job->element);
    long double *query = oracle_query(job, x);
    struct totals t;
    row->uncertain = row->empty = false;
    memset(row->weights, 0, (size_t)row->m * sizeof *row->weights);
    for (int64_t j = 0; j < row->m; j++) {
        oracle_entry(job, query, (const int64_t[]){ x[0], x[1], x[2], j }, &entry[j]);
        entry[j].dropped = oracle_is_dropped(job, (const int64_t[]){ x[0], x[1], x[2], j });
        if (job->c->operation == OPERATION_DENSITY)
            oracle_density_entry(job, (const int64_t[]){ x[0], x[1], x[2], j }, &entry[j]);
        row->uncertain = row->uncertain || entry[j].pair.uncertain;
    }
    if (oracle_cuts(job))
        cut(job, entry, row->m);
    weigh(job, entry, row->m, has_max, &t);
    if (!t.any || (!isnan(t.sum) && t.most_weight < least * epsilon / 2)) {
        empty_row(job, x, entry, row);
    } else {
        row->uncertain = row->uncertain || t.most_weight < 4 * least ||
                         t.cancelled * t.relative * epsilon > 0.1L;
        full_row(job, x, entry, &t, row);
    }
    free(query);
    free(entry);
}

void oracle_pool(const struct job *job, const int64_t index[3], struct oracle_row *row)
{
    bool logs =
        job->c->score != ATTPOOL_KERNEL ? job->c->score != ATTPOOL_AVERAGE : oracle_has_log(job);
    make_row(job, index, logs || job->masks.bias, row);
}

void oracle_density(const struct job *job, const int64_t index[3], struct oracle_row *row)
{
    const long double total = oracle_density_total(job, index);
    make_row(job, index, oracle_has_log(job), row);
    if (!(total > 0)) {
        row->lse = row->n_eff = number(NAN);
        return;
    }
    if (row->empty) {
        row->n_eff = number(0);
        return;
    }
    const long double log = logl(oracle_constant(job) / total);
    row->n_eff.value = row->sum * expl(row->max + log);
    row->n_eff.terms = fabsl(row->n_eff.value) * row->lse.terms;
    row->lse.value += log;
    row->lse.terms += 2 * fabsl(log) + fabsl(row->lse.value);
}

void oracle_softmax(const struct job *job, const int64_t index[3], struct oracle_row *row)
{
    make_row(job, index, true, row);
}

/* ---- Primitives ------------------------------------------------------------------------ */

static long double in_type(const struct job *job, double x)
{
    return job->element == ELEMENT_F32 ? (long double)(float)x : (long double)x;
}

struct expected oracle_bmm(const struct job *job, const int64_t x[INDEX], long double c)
{
    struct sum sum = { 0 };
    long double terms = 0, alpha = in_type(job, job->c->alpha), beta = in_type(job, job->c->beta);
    for (int64_t k = 0; k < job->c->d; k++) {
        long double p = oracle_at(&job->q, job, x[0], x[1], x[2], k) *
                        oracle_at(&job->k, job, x[0], x[1], k, x[3]);
        sum_add(&sum, p);
        terms += fabsl(p);
    }
    long double added = beta == 0 ? 0 : beta * c;
    long double product = job->c->d == 0 ? 0 : alpha * sum_value(&sum);
    return (struct expected){ product + added, PRODUCT * (fabsl(alpha) * terms + fabsl(added)) };
}

struct expected oracle_kernel(const struct job *job, const int64_t x[INDEX])
{
    struct pair p;
    oracle_pair(job, x, &p);
    if (p.outside || p.uncertain)
        return (struct expected){ 0, p.uncertain ? HUGE_VALL : 0 };
    long double e = expl(p.log);
    return (struct expected){ e * p.factor, e * fabsl(p.factor) * (ROUNDING + SCORE * p.log_terms) +
                                                FACTOR * e * p.factor_terms };
}
