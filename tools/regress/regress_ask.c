/* SPDX-License-Identifier: Apache-2.0 */
/* What the library says of bandwidths. */
#include "tools/regress/regress_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a call is made of. */
struct question {
    struct regress_fit fit; /* with the bandwidths asked about */
    struct regress_kernel kernel;
    struct operand x, y, a, row_weights;
    void *ones; /* row weights of 1, or NULL */
    attpool_pool_options options;
    attpool_selection_options selection;
    const DLTensor *K, *V;
};

static attpool_criterion criterion_of(const struct search *s)
{
    return s->fit->choice->method == BANDWIDTH_AICC ? ATTPOOL_CRITERION_AICC : s->o->cv;
}

/* The weights of the sums are not those of the rows. */
static int weigh_rows(const struct sample *rows, const struct regress_group *g, struct question *q,
                      struct error *e)
{
    const int64_t m = (int64_t)rows->m;
    void *ones = rows->a;
    int st = CMD_OK;
    if (ones == NULL) {
        st = array_new(&q->ones, rows->m, real_size(g->single), e);
        ones = q->ones;
    }
    for (size_t j = 0; st == CMD_OK && rows->a == NULL && j < rows->m; j++)
        real_set(ones, g->single, j, 1);
    q->options.key_weights = operand_real(&q->a, q->kernel.adaptive[1], g->single, 1, &m);
    q->selection.row_weights = operand_real(&q->row_weights, ones, g->single, 1, &m);
    return st;
}

static void end(struct question *q)
{
    regress_kernel_free(&q->kernel);
    free(q->ones);
}

static int ask(const struct search *s, const struct sample *rows, const struct numbers *h,
               struct question *q, struct error *e)
{
    const struct regress_group *g = s->fit->group;
    const int64_t m = (int64_t)rows->m, d = (int64_t)g->d, v = (int64_t)g->v;
    q->ones = NULL;
    q->fit = *s->fit;
    q->fit.bandwidths = h;
    int st = regress_kernel(s->o, &q->fit, &q->kernel, e);
    if (st == CMD_OK)
        st = regress_adapt(s->o, &q->fit, s->session, rows, &q->kernel, e);
    q->options = (attpool_pool_options){ .size = sizeof q->options,
                                         .score = ATTPOOL_KERNEL,
                                         .kernel = &q->kernel.options };
    if (rows->a != NULL)
        q->options.key_weights = operand_real(&q->a, rows->a, g->single, 1, &m);
    q->selection = (attpool_selection_options){ .size = sizeof q->selection,
                                                .criterion = criterion_of(s),
                                                .degree = (int32_t)s->o->degree };
    q->K = operand_real(&q->x, rows->x, g->single, 2, (const int64_t[]){ m, d });
    q->V = operand_real(&q->y, rows->y, g->single, 2, (const int64_t[]){ m, v });
    if (q->selection.criterion == ATTPOOL_CRITERION_LIKELIHOOD)
        q->V = NULL;
    else if (st == CMD_OK && q->kernel.adaptive[1] != NULL)
        st = weigh_rows(rows, g, q, e);
    return st;
}

/* The next pairs of rows of those planned. */
static void advance(struct search *s, const struct sample *rows, size_t count)
{
    struct regress_selection *c = &s->fit->selection;
    const double pairs = (double)count * (double)rows->m * (double)rows->m;
    const double done = fmin(c->pairs / s->planned, 1);
    s->session->done = s->done + s->share * done;
    s->session->share = s->share * fmin(pairs / s->planned, 1 - done);
    c->evaluations += count;
    c->pairs += pairs;
}

int search_score(struct search *s, const struct sample *rows, const struct numbers *h,
                 double *score, size_t *without, double *gradient, struct error *e)
{
    struct question q;
    int64_t missing;
    int st = ask(s, rows, h, &q, e);
    advance(s, rows, 1);
    if (st == CMD_OK)
        st = session_status(s->session,
                            attpool_bandwidth_score(s->session->context, q.K, q.V, &q.options,
                                                    &q.selection, score, &missing, gradient),
                            NULL, 0, e);
    if (st == CMD_OK && without != NULL)
        *without = (size_t)missing;
    end(&q);
    return st;
}

static int compare_points(const void *left, const void *right)
{
    const struct regress_point *l = left, *r = right;
    return (l->factor > r->factor) - (l->factor < r->factor);
}

static int keep_points(struct regress_selection *c, size_t count, const double *factors,
                       const double *scores, const int64_t *without, struct error *e)
{
    struct regress_point *more = realloc(c->point, (c->points + count) * sizeof *more);
    if (more == NULL)
        return error_memory(e, (c->points + count) * sizeof *more);
    c->point = more;
    for (size_t k = 0; k < count; k++)
        c->point[c->points++] = (struct regress_point){ factors[k], scores[k], (size_t)without[k] };
    qsort(c->point, c->points, sizeof *c->point, compare_points);
    return CMD_OK;
}

/* A pilot density of its own for each bandwidth. */
static int curve_of_pilots(struct search *s, const struct sample *rows, const struct numbers *base,
                           size_t count, const double *factors, struct error *e)
{
    void *memory;
    int st = array_new(&memory, base->count, sizeof(double), e);
    struct numbers h = { memory, base->count };
    for (size_t k = 0; k < count && st == CMD_OK; k++) {
        double score = (double)INFINITY;
        size_t without = 0;
        for (size_t i = 0; i < h.count; i++)
            h.value[i] = factors[k] * base->value[i];
        st = search_score(s, rows, &h, &score, &without, NULL, e);
        const int64_t missing = (int64_t)without;
        if (st == CMD_OK)
            st = keep_points(&s->fit->selection, 1, &factors[k], &score, &missing, e);
    }
    free(memory);
    return st;
}

int search_curve(struct search *s, const struct sample *rows, const struct numbers *h, size_t count,
                 const double *factors, struct error *e)
{
    if (s->o->adaptive.method == ADAPTIVE_ABRAMSON)
        return curve_of_pilots(s, rows, h, count, factors, e);
    struct question q;
    double *scores = calloc(count, sizeof *scores);
    int64_t *without = calloc(count, sizeof *without);
    int st = ask(s, rows, h, &q, e);
    if (st == CMD_OK && (scores == NULL || without == NULL))
        st = error_memory(e, count * sizeof *scores);
    advance(s, rows, count);
    if (st == CMD_OK)
        st = session_status(s->session,
                            attpool_bandwidth_curve(s->session->context, q.K, q.V, &q.options,
                                                    &q.selection, (int64_t)count, factors, scores,
                                                    without),
                            NULL, 0, e);
    if (st == CMD_OK)
        st = keep_points(&s->fit->selection, count, factors, scores, without, e);
    end(&q);
    free(without);
    free(scores);
    return st;
}

int search_narrowest(const struct search *s, const struct sample *rows, size_t column, double *h,
                     struct error *e)
{
    double spacing = 0;
    int st = CMD_OK;
    if (criterion_of(s) == ATTPOOL_CRITERION_LIKELIHOOD)
        st = sample_spacing(s->fit->group, rows, column, &spacing, e);
    *h = fmax(s->range[column] / LEAST_PART, spacing / 2);
    return st;
}

void search_geometric(double start, double stop, size_t count, double *h)
{
    const double steps = count > 1 ? (double)(count - 1) : 1, ratio = stop / start;
    const double whole = isfinite(ratio) ? log(ratio) : log(stop) - log(start);
    for (size_t k = 0; k < count; k++) {
        const double along = whole / steps * (double)k;
        /* in two steps, neither of which leaves the range of numbers */
        h[k] = k + 1 == count && k > 0 ? stop
               : isfinite(ratio)       ? start * exp(along)
                                       : start * exp(along / 2) * exp(along / 2);
    }
}

static attpool_status silverman(const struct search *s, const struct sample *rows, size_t d,
                                double *h)
{
    const struct regress_group *g = s->fit->group;
    const int64_t shape[] = { (int64_t)rows->m, (int64_t)d };
    struct operand x, a;
    return attpool_bandwidth_rule(
        s->session->context, ATTPOOL_RULE_SILVERMAN, operand_real(&x, rows->x, g->single, 2, shape),
        rows->a != NULL ? operand_real(&a, rows->a, g->single, 1, shape) : NULL, NULL, h);
}

int search_rule(const struct search *s, const struct sample *rows, double *h, struct error *e)
{
    return session_status(s->session, silverman(s, rows, s->fit->group->d, h), NULL, 0, e);
}

double search_rule_of(const struct search *s, size_t c, void *column)
{
    const struct regress_group *g = s->fit->group;
    const size_t size = real_size(g->single);
    const struct sample rows = { .m = s->rows.m, .x = column, .a = s->rows.a };
    double h;
    for (size_t j = 0; j < rows.m; j++)
        memcpy((char *)column + j * size, (const char *)s->rows.x + (j * g->d + c) * size, size);
    return silverman(s, &rows, 1, &h) == ATTPOOL_OK ? h : HUGE_VAL;
}

size_t search_best(const struct regress_selection *c)
{
    size_t first = 0;
    while (first + 1 < c->points && c->point[first].factor < c->least)
        first++;
    size_t best = first;
    for (size_t k = first + 1; k < c->points; k++)
        if (c->point[k].score <= c->point[best].score)
            best = k;
    return best;
}

int search_grid(struct search *s, const struct sample *rows, const struct numbers *h, double start,
                double stop, size_t count, struct error *e)
{
    void *memory;
    int st = array_new(&memory, count, sizeof(double), e);
    if (st == CMD_OK) {
        search_geometric(start, stop, count, memory);
        st = search_curve(s, rows, h, count, memory, e);
    }
    free(memory);
    return st;
}
