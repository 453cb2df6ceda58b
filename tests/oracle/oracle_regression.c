/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/oracle_regression.h"

#include "tests/oracle/oracle_entry.h"

#include <math.h>
#include <string.h>

typedef long double wide;

/* What is known of a row: the moments of 1 and k - q with the weights, those of absolute values,
 * the inverse of the first, and how well the library knows them, in epsilons. */
struct normal {
    int size;
    wide moments[ORACLE_MOST][ORACLE_MOST], absolute[ORACLE_MOST][ORACLE_MOST];
    wide inverse[ORACLE_MOST][ORACLE_MOST];
    wide relative;
};

static void offsets(const struct job *job, const int64_t x[3], int64_t j, wide *z)
{
    z[0] = 1;
    for (int a = 0; a < job->c->d; a++)
        z[1 + a] = oracle_at(&job->k, job, x[0], x[1], j, a) -
                   oracle_at(&job->q, job, x[0], x[1], x[2], a);
}

static void take_moments(const struct job *job, const int64_t x[3], const struct oracle_row *row,
                         struct normal *n)
{
    struct sum moments[ORACLE_MOST][ORACLE_MOST];
    wide z[ORACLE_MOST];
    memset(n, 0, sizeof *n);
    memset(moments, 0, sizeof moments);
    n->size = 1 + job->c->d;
    for (int64_t j = 0; j < row->m; j++) {
        const wide w = row->weights[j].value;
        if (w == 0)
            continue;
        offsets(job, x, j, z);
        if (fabsl(w) > oracle_epsilon(job->element))
            n->relative = fmaxl(n->relative, row->weights[j].terms / fabsl(w));
        for (int a = 0; a < n->size; a++)
            for (int b = 0; b < n->size; b++) {
                sum_add(&moments[a][b], w * z[a] * z[b]);
                n->absolute[a][b] += fabsl(w * z[a] * z[b]);
            }
    }
    for (int a = 0; a < n->size; a++)
        for (int b = 0; b < n->size; b++)
            n->moments[a][b] = sum_value(&moments[a][b]);
    n->relative += 16 + 4 * (wide)n->size;
}

/* The least pivot of the matrix scaled to a diagonal of ones, where the largest is taken first. */
static wide least_pivot(const struct normal *n)
{
    wide a[ORACLE_MOST][ORACLE_MOST], least = 1;
    bool done[ORACLE_MOST] = { false };
    for (int i = 0; i < n->size; i++) {
        if (!(n->moments[i][i] > 0))
            return 0;
        for (int j = 0; j < n->size; j++)
            a[i][j] = n->moments[i][j] / sqrtl(n->moments[i][i]) / sqrtl(n->moments[j][j]);
    }
    for (int step = 0; step < n->size && least > 0; step++) {
        int k = -1;
        for (int i = 0; i < n->size; i++)
            if (!done[i] && (k < 0 || a[i][i] > a[k][k]))
                k = i;
        done[k] = true;
        least = fminl(least, a[k][k]);
        for (int i = 0; i < n->size; i++)
            for (int j = 0; j < n->size; j++)
                if (!done[i] && !done[j])
                    a[i][j] -= a[i][k] / a[k][k] * a[k][j];
    }
    return least;
}

/* Gauss and Jordan, rows in units of their diagonal. */
static void invert(struct normal *n)
{
    wide a[ORACLE_MOST][2 * ORACLE_MOST] = { { 0 } }, unit[ORACLE_MOST];
    const int size = n->size;
    for (int i = 0; i < size; i++)
        unit[i] = sqrtl(n->moments[i][i]);
    for (int i = 0; i < size; i++) {
        for (int j = 0; j < size; j++)
            a[i][j] = n->moments[i][j] / unit[i] / unit[j];
        a[i][size + i] = 1;
    }
    for (int k = 0; k < size; k++) {
        const wide pivot = a[k][k];
        for (int j = 0; j < 2 * size; j++)
            a[k][j] /= pivot;
        for (int i = 0; i < size; i++) {
            const wide times = a[i][k];
            for (int j = 0; j < 2 * size && i != k; j++)
                a[i][j] -= times * a[k][j];
        }
    }
    for (int i = 0; i < size; i++)
        for (int j = 0; j < size; j++)
            n->inverse[i][j] = a[i][size + j] / unit[i] / unit[j];
}

/* How far x = M^-1 y may be off, y the moments of something with the absolute moments `right`,
 * which is NULL for the exact (1, 0, ..). */
static void spread(const struct normal *n, const wide *x, const wide *right, wide *error)
{
    wide each[ORACLE_MOST];
    for (int r = 0; r < n->size; r++) {
        each[r] = right ? right[r] : 0;
        for (int b = 0; b < n->size; b++)
            each[r] += n->absolute[r][b] * fabsl(x[b]);
    }
    for (int a = 0; a < n->size; a++) {
        error[a] = 2 * fabsl(x[a]);
        for (int r = 0; r < n->size; r++)
            error[a] += n->relative / 4 * fabsl(n->inverse[a][r]) * each[r];
    }
}

static bool is_vague(const struct normal *n, enum element element)
{
    wide worst = 0;
    for (int a = 0; a < n->size; a++)
        for (int r = 0; r < n->size; r++)
            for (int b = 0; b < n->size; b++)
                worst = fmaxl(worst, fabsl(n->inverse[a][r]) * n->absolute[r][b] *
                                         sqrtl(n->moments[a][a] / n->moments[b][b]));
    return worst * n->relative * oracle_epsilon(element) > 0.01L;
}

static void fit_column(const struct job *job, const int64_t x[3], const struct oracle_row *row,
                       const struct normal *n, int c, struct oracle_fit *f)
{
    wide right[ORACLE_MOST] = { 0 }, absolute[ORACLE_MOST] = { 0 }, z[ORACLE_MOST];
    wide beta[ORACLE_MOST], error[ORACLE_MOST];
    const int d = n->size - 1;
    for (int64_t j = 0; j < row->m; j++) {
        const wide w = row->weights[j].value;
        const wide y = w == 0 ? 0 : oracle_at(&job->v, job, x[0], x[1], j, c);
        offsets(job, x, j, z);
        for (int a = 0; a < n->size && w != 0; a++) {
            right[a] += w * z[a] * y;
            absolute[a] += fabsl(w * z[a] * y);
        }
    }
    for (int a = 0; a < n->size; a++) {
        beta[a] = 0;
        for (int r = 0; r < n->size; r++)
            beta[a] += n->inverse[a][r] * right[r];
    }
    spread(n, beta, absolute, error);
    f->fit[c] = (struct expected){ beta[0], error[0] };
    for (int a = 0; a < d; a++)
        f->slope[c * d + a] = (struct expected){ beta[1 + a], error[1 + a] };
}

/* Equivalent weights: of (1, 0, ..) where there is no line. */
static void tilt(const struct job *job, const int64_t x[3], const struct oracle_row *row,
                 const struct normal *n, struct oracle_fit *f)
{
    wide t[ORACLE_MOST] = { 1 }, error[ORACLE_MOST] = { 0 }, z[ORACLE_MOST];
    for (int a = 0; a < n->size && !f->singular; a++)
        t[a] = n->inverse[a][0];
    if (!f->singular)
        spread(n, t, NULL, error);
    for (int64_t j = 0; j < row->m; j++) {
        wide sum = 0, bound = 0, absolute = 0;
        if (row->weights[j].value == 0) {
            f->weights[j] = row->weights[j];
            continue;
        }
        offsets(job, x, j, z);
        for (int a = 0; a < n->size; a++) {
            sum += t[a] * z[a];
            absolute += fabsl(t[a] * z[a]);
            bound += error[a] * fabsl(z[a]);
        }
        f->weights[j].value = row->weights[j].value * sum;
        f->weights[j].terms = row->weights[j].terms * absolute +
                              fabsl(row->weights[j].value) * (bound + absolute * (n->size + 4));
    }
}

/* A sum of E^2 times something over the first keys, and how far it may be off. */
struct squares {
    wide value, terms;
};

static void squares_add(struct squares *s, struct expected e, wide times)
{
    s->value += e.value * e.value * times;
    s->terms += 2 * fabsl(e.value) * e.terms * times;
}

static struct expected error_of(const struct job *job, const int64_t x[3], int64_t m, int c,
                                const struct oracle_fit *f)
{
    struct squares all = { 0 }, part = { 0 }, sum = { 0 };
    const int64_t rows = job->residuals.shape[job->residuals.dl.ndim - 2];
    const wide tiny = sqrtl(oracle_least(job->element));
    /* below it the square may be nothing, or the weight itself where far keys are cut */
    const wide sure = fmaxl(tiny * 1e3L, 1e-46L);
    bool missing = false, perhaps = false;
    for (int64_t j = 0; j < m; j++) {
        squares_add(&all, f->weights[j], 1);
        if (j >= rows || f->weights[j].value == 0)
            continue;
        const wide e = oracle_at(&job->residuals, job, x[0], x[1], j, c);
        squares_add(&part, f->weights[j], 1);
        perhaps = perhaps || (isnan(e) && fabsl(f->weights[j].value) > tiny * 1e-6L);
        missing = missing || (isnan(e) && fabsl(f->weights[j].value) > sure);
        if (!isnan(e))
            squares_add(&sum, f->weights[j], e * e);
    }
    if (missing || part.value == 0)
        return (struct expected){ NAN, 0 };
    wide ratio = rows < m ? all.value / part.value : 1, value = sqrtl(ratio * sum.value);
    wide relative = 16 + 2 * log2l((wide)m + 1) + sum.terms / sum.value;
    if (rows < m)
        relative += all.terms / all.value + part.terms / part.value;
    if (perhaps || part.value < tiny * tiny * 1e3L ||
        relative * oracle_epsilon(job->element) > 0.1L)
        return (struct expected){ value, HUGE_VALL };
    return (struct expected){ value, value * relative };
}

static void empty_fit(const struct job *job, const struct oracle_row *row, struct oracle_fit *f)
{
    const int d = job->c->d, v = job->c->v;
    const bool missing = isnan(row->out[0].value) && v > 0;
    const bool blank = isnan(row->n_eff.value);
    for (int c = 0; c < v; c++) {
        f->fit[c] = row->out[c];
        for (int a = 0; a < d; a++)
            f->slope[c * d + a].value = missing ? (wide)NAN : 0;
        f->errors[c].value = blank && job->c->empty != ATTPOOL_EMPTY_ZERO ? (wide)NAN : 0;
    }
    f->n_eff = row->n_eff;
}

void oracle_regression(const struct job *job, const int64_t x[3], const struct oracle_row *row,
                       struct oracle_fit *f)
{
    struct normal n;
    const wide limit = (wide)(job->c->d + 1) * oracle_epsilon(job->element);
    const bool blank = row->empty && isnan(row->n_eff.value);
    f->uncertain = row->uncertain;
    f->singular = row->empty || job->c->degree == 0;
    take_moments(job, x, row, &n);
    if (!f->singular) {
        const wide least = least_pivot(&n);
        f->singular = least < limit;
        f->uncertain = f->uncertain || (least >= limit && least < 1e4L * limit);
    }
    if (!f->singular)
        invert(&n);
    f->uncertain = f->uncertain || (!f->singular && is_vague(&n, job->element));
    memcpy(f->weights, row->weights, (size_t)row->m * sizeof *f->weights);
    if (row->empty)
        empty_fit(job, row, f);
    if (blank || f->uncertain)
        return;
    tilt(job, x, row, &n, f);
    struct squares all = { 0 };
    for (int64_t j = 0; j < row->m; j++)
        squares_add(&all, f->weights[j], 1);
    f->n_eff = job->c->degree == 0 || row->empty
                   ? row->n_eff
                   : (struct expected){ 1 / all.value, (all.terms / all.value + 16) / all.value };
    for (int c = 0; c < job->c->v; c++) {
        f->errors[c] = error_of(job, x, row->m, c, f);
        if (row->v == 0 || row->empty)
            continue;
        f->fit[c] = row->out[c];
        for (int a = 0; a < job->c->d; a++)
            f->slope[c * job->c->d + a] =
                (struct expected){ 0, job->c->degree == 0 ? HUGE_VALL : 0 };
        if (!f->singular)
            fit_column(job, x, row, &n, c, f);
    }
}
