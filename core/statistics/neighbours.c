/* SPDX-License-Identifier: Apache-2.0 */

/* The distances of keys from their k-th neighbours. */

#include "core/statistics/adaptive.h"

#include <math.h>
#include <stdlib.h>

struct search {
    int64_t count, d, neighbours;
    const double *x;       /* (count, d): keys that have a weight */
    const double *inverse; /* [d], of the deviations */
    double *distance;      /* [count], squared; of a single column not */
    double **scratch;      /* [workers][count] */
};

/* ---- one column: the neighbours of a key stand beside it ---- */

struct place {
    double x;
    int64_t key;
};

static int compare_places(const void *left, const void *right)
{
    const struct place *l = left, *r = right;
    return l->x != r->x ? (l->x > r->x) - (l->x < r->x) : (l->key > r->key) - (l->key < r->key);
}

/* The next one left or right; HUGE_VAL past an end. */
static double step_left(const struct place *p, int64_t i, int64_t left)
{
    return left >= 0 ? p[i].x - p[left].x : HUGE_VAL;
}

static double step_right(const struct place *p, int64_t count, int64_t i, int64_t right)
{
    return right < count ? p[right].x - p[i].x : HUGE_VAL;
}

static double nth_beside(const struct place *p, int64_t count, int64_t i, int64_t n)
{
    int64_t left = i - 1, right = i + 1;
    double distance = 0;
    for (int64_t k = 0; k < n || distance == 0; k++) {
        const double l = step_left(p, i, left), r = step_right(p, count, i, right);
        if (isinf(l) && isinf(r))
            break;
        distance = l <= r ? l : r;
        left -= l <= r;
        right += l > r;
    }
    return distance;
}

static bool search_column(struct search *s)
{
    struct place *p = malloc((size_t)s->count * sizeof *p);
    if (!p)
        return false;
    for (int64_t i = 0; i < s->count; i++)
        p[i] = (struct place){ s->x[i], i };
    qsort(p, (size_t)s->count, sizeof *p, compare_places);
    for (int64_t i = 0; i < s->count; i++)
        s->distance[p[i].key] = nth_beside(p, s->count, i, s->neighbours);
    free(p);
    return true;
}

/* ---- several columns ---- */

static int compare_distances(const void *left, const void *right)
{
    const double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

/* The n-th smallest is at its place, from 0; the order of the others is free. */
static double select_nth(double *x, int64_t count, int64_t n)
{
    int64_t low = 0, high = count - 1;
    while (high - low > 32) {
        const double pivot = x[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot)
                i++;
            while (x[j] > pivot)
                j--;
            if (i <= j) {
                const double swap = x[i];
                x[i++] = x[j];
                x[j--] = swap;
            }
        }
        if (n <= j)
            high = j;
        else if (n >= i)
            low = i;
        else
            return x[n];
    }
    qsort(x + low, (size_t)(high - low + 1), sizeof *x, compare_distances);
    return x[n];
}

static double squared_distance(const struct search *s, const double *x, const double *y)
{
    double sum = 0;
    for (int64_t c = 0; c < s->d; c++) {
        const double off = (x[c] - y[c]) * s->inverse[c];
        sum = fma(off, off, sum);
    }
    return sum;
}

static void search_key(void *data, int64_t i, int worker)
{
    const struct search *s = data;
    double *all = s->scratch[worker], least = HUGE_VAL;
    int64_t count = 0;
    for (int64_t j = 0; j < s->count; j++)
        if (j != i) {
            const double u = squared_distance(s, s->x + i * s->d, s->x + j * s->d);
            least = u > 0 && u < least ? u : least;
            all[count++] = u;
        }
    const double u = select_nth(all, count, s->neighbours - 1);
    s->distance[i] = u > 0 ? u : least;
}

static attpool_status search_all(struct engine *e, struct search *s)
{
    attpool_status st = ATTPOOL_OK;
    ap_engine_expect(e, (double)s->count * (double)s->count * (double)(s->d + 4));
    const int workers = ap_engine_workers(e);
    s->scratch = calloc((size_t)workers, sizeof *s->scratch);
    for (int w = 0; w < workers && s->scratch; w++)
        if (!(s->scratch[w] = malloc((size_t)s->count * sizeof **s->scratch)))
            st = ATTPOOL_E_MEMORY;
    if (!s->scratch || st != ATTPOOL_OK)
        st = ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for %lld distances",
                            (long long)s->count);
    else
        st = ap_engine_parallel(e, s->count, search_key, s);
    for (int w = 0; w < workers && s->scratch; w++)
        free(s->scratch[w]);
    free(s->scratch);
    return st;
}

/* ---- any ---- */

static attpool_status search(struct engine *e, struct search *s)
{
    if (s->neighbours < 1 ||
        s->neighbours >= s->count) /* read by tools/regress/regress_explain.c */
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "neighbours is %lld, it should be 1 to %lld, one less than the keys "
                              "that have a weight",
                              (long long)s->neighbours, (long long)s->count - 1);
    if (s->d != 1)
        return search_all(e, s);
    return search_column(s) ? ATTPOOL_OK
                            : ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for %lld keys",
                                             (long long)s->count);
}

attpool_status ap_neighbours(struct engine *e, const struct view *k, const struct view *key_weights,
                             const double *deviations, int64_t neighbours, double *inverse)
{
    const int64_t m = k->size[2], d = k->size[3];
    double *x = malloc((size_t)(m * d + 1) * sizeof *x);
    double *distance = malloc((size_t)(m + 1) * sizeof *distance);
    double *per_deviation = malloc((size_t)(d + 1) * sizeof *per_deviation);
    struct search s = {
        .d = d, .neighbours = neighbours, .x = x, .inverse = per_deviation, .distance = distance
    };
    attpool_status st = ATTPOOL_OK;
    for (int64_t c = 0; c < d && per_deviation; c++)
        per_deviation[c] = 1 / deviations[c];
    if (!x || !distance || !per_deviation)
        st = ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for %lld keys", (long long)m);
    for (int64_t j = 0; j < m && st == ATTPOOL_OK; j++)
        if (!key_weights || ap_view_real(key_weights, 0, 0, 0, j) > 0) {
            for (int64_t c = 0; c < d; c++)
                x[s.count * d + c] = ap_view_real(k, 0, 0, j, c);
            s.count++;
        }
    if (st == ATTPOOL_OK)
        st = search(e, &s);
    for (int64_t j = 0, i = 0; j < m && st == ATTPOOL_OK; j++)
        if (!key_weights || ap_view_real(key_weights, 0, 0, 0, j) > 0) {
            inverse[j] = 1 / (d == 1 ? distance[i] / deviations[0] : sqrt(distance[i]));
            i++;
        } else {
            inverse[j] = 1;
        }
    free(per_deviation);
    free(distance);
    free(x);
    return st;
}
