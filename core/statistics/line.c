/* SPDX-License-Identifier: Apache-2.0 */
#include "core/statistics/line.h"

#include <math.h>

/* M with a diagonal of ones. false: a diagonal element is not positive. */
static bool scale_matrix(struct line *l, int d, const double *first, const double *second)
{
    const int n = l->size;
    const double *row = second;
    l->scale[0] = l->a[0] = 1;
    for (int a = 0; a < d; row += d - a, a++) {
        if (row[0] <= 0)
            return false;
        l->scale[1 + a] = 1 / sqrt(row[0]);
    }
    row = second;
    for (int a = 0; a < d; row += d - a, a++) {
        l->a[1 + a] = l->a[(1 + a) * n] = first[a] * l->scale[1 + a];
        l->a[(1 + a) * (n + 1)] = 1;
        for (int b = a + 1; b < d; b++)
            l->a[(1 + a) * n + 1 + b] = l->a[(1 + b) * n + 1 + a] =
                row[b - a] * l->scale[1 + a] * l->scale[1 + b];
    }
    return true;
}

static void swap(double *x, double *y)
{
    const double z = *x;
    *x = *y;
    *y = z;
}

/* The largest pivot that is left comes to place k, the first of several that are equal. */
static void choose_pivot(struct line *l, int k)
{
    const int n = l->size;
    int best = k;
    for (int i = k + 1; i < n; i++)
        if (l->a[i * n + i] > l->a[best * n + best])
            best = i;
    if (best == k)
        return;
    const int moved = l->order[k];
    l->order[k] = l->order[best];
    l->order[best] = moved;
    for (int j = 0; j < n; j++)
        swap(&l->a[k * n + j], &l->a[best * n + j]);
    for (int i = 0; i < n; i++)
        swap(&l->a[i * n + k], &l->a[i * n + best]);
}

bool ap_line_factor(struct line *l, int d, const double *first, const double *second, double least)
{
    const int n = l->size = 1 + d;
    if (!scale_matrix(l, d, first, second))
        return false;
    l->pivot = 1;
    for (int i = 0; i < n; i++)
        l->order[i] = i;
    for (int k = 0; k < n; k++) {
        choose_pivot(l, k);
        const double *pivots = l->a + k * n;
        if (pivots[k] < least)
            return false;
        l->pivot = pivots[k] < l->pivot ? pivots[k] : l->pivot;
        for (int i = k + 1; i < n; i++) {
            double *row = l->a + i * n;
            row[k] = row[k] / pivots[k];
            for (int j = k + 1; j < n; j++)
                row[j] -= row[k] * pivots[j];
        }
    }
    return true;
}

void ap_line_solve(const struct line *l, double *x)
{
    const int n = l->size;
    double y[LINE_MOST];
    for (int i = 0; i < n; i++) {
        y[i] = x[l->order[i]] * l->scale[l->order[i]];
        for (int k = 0; k < i; k++)
            y[i] -= l->a[i * n + k] * y[k];
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++)
            y[i] -= l->a[i * n + k] * y[k];
        y[i] /= l->a[i * n + i];
    }
    for (int i = 0; i < n; i++)
        x[l->order[i]] = y[i] * l->scale[l->order[i]];
}
