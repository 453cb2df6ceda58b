/* SPDX-License-Identifier: Apache-2.0 */
/* The loops for one type; see loops.c. */

enum { FN(BLOCK) = 512 }; /* keys whose scores stay in the cache */

static void FN(softmax_row)(const T *s, T *w, long m, T scale)
{
    T top = -LARGEST, sum = 0;
    for (long j = 0; j < m; j++)
        top = s[j] > top ? s[j] : top;
    for (long j = 0; j < m; j++) {
        w[j] = EXP((s[j] - top) * scale);
        sum += w[j];
    }
    sum = 1 / sum;
    for (long j = 0; j < m; j++)
        w[j] *= sum;
}

void FN(loop_softmax)(const T *s, T *w, long rows, long m, T scale, int threads)
{
#pragma omp parallel for num_threads(threads)
    for (long i = 0; i < rows; i++)
        FN(softmax_row)(s + i * m, w + i * m, m, scale);
}

/* Coordinates, one after the other. */
static T *FN(columns)(const T *k, long m, long d)
{
    T *columns = malloc((size_t)(m * d) * sizeof *columns);
    for (long j = 0; j < m; j++)
        for (long c = 0; c < d; c++)
            columns[c * m + j] = k[j * d + c];
    return columns;
}

/* (q - k)^2 of `count` keys from j. */
static void FN(squares)(const T *q, const T *columns, long j, long count, long m, long d, T *out)
{
    for (long i = 0; i < count; i++)
        out[i] = (q[0] - columns[j + i]) * (q[0] - columns[j + i]);
    for (long c = 1; c < d; c++) {
        const T *k = columns + c * m + j;
        for (long i = 0; i < count; i++)
            out[i] += (q[c] - k[i]) * (q[c] - k[i]);
    }
}

void FN(loop_distances)(const T *q, const T *k, T *g, long n, long m, long d, T sigma, int threads)
{
    T *columns = FN(columns)(k, m, d);
    const T factor = (T)-0.5 / (sigma * sigma);
#pragma omp parallel for num_threads(threads)
    for (long i = 0; i < n; i++) {
        T square[FN(BLOCK)];
        for (long j = 0; j < m; j += FN(BLOCK)) {
            long count = m - j < FN(BLOCK) ? m - j : FN(BLOCK);
            FN(squares)(q + i * d, columns, j, count, m, d, square);
            for (long l = 0; l < count; l++)
                g[i * m + j + l] = EXP(square[l] * factor);
        }
    }
    free(columns);
}

static void FN(norms)(const T *k, T *norm, long m, long d)
{
    for (long j = 0; j < m; j++) {
        norm[j] = 0;
        for (long c = 0; c < d; c++)
            norm[j] += k[j * d + c] * k[j * d + c];
    }
}

void FN(loop_products)(const T *q, const T *k, T *g, long n, long m, long d, T sigma, int threads)
{
    T *norm = malloc((size_t)(n + m) * sizeof *norm);
    const T factor = (T)-0.5 / (sigma * sigma);
    FN(norms)(q, norm + m, n, d);
    FN(norms)(k, norm, m, d);
#pragma omp parallel for num_threads(threads)
    for (long i = 0; i < n; i++)
        for (long j = 0; j < m; j++)
            g[i * m + j] = EXP((norm[m + i] + norm[j] - 2 * g[i * m + j]) * factor);
    free(norm);
}

/* Numerator and denominator of the keys of a block. */
static void FN(sums)(int kernel, T *square, const T *y, long count, T factor, T *top, T *bottom)
{
    T a = 0, b = 0;
    if (kernel == ATTPOOL_GAUSSIAN)
        for (long l = 0; l < count; l++) {
            T w = EXP(square[l] * factor * (T)-0.5);
            a += w * y[l];
            b += w;
        }
    else if (kernel == ATTPOOL_BOXCAR)
        for (long l = 0; l < count; l++) {
            T w = square[l] * factor < 1 ? 1 : 0;
            a += w * y[l];
            b += w;
        }
    else
        for (long l = 0; l < count; l++) {
            T w = 1 - square[l] * factor;
            w = w > 0 ? w : 0;
            a += w * y[l];
            b += w;
        }
    *top += a;
    *bottom += b;
}

void FN(loop_regress)(int kernel, const T *q, const T *k, const T *y, T *o, long n, long m, long d,
                      T sigma, bool skip, int threads)
{
    T *columns = FN(columns)(k, m, d);
    const T factor = 1 / (sigma * sigma);
#pragma omp parallel for num_threads(threads)
    for (long i = 0; i < n; i++) {
        T square[FN(BLOCK)], top = 0, bottom = 0;
        for (long j = 0; j < m; j += FN(BLOCK)) {
            long count = m - j < FN(BLOCK) ? m - j : FN(BLOCK);
            FN(squares)(q + i * d, columns, j, count, m, d, square);
            if (skip && i >= j && i < j + count)
                square[i - j] = (T)1e30;
            FN(sums)(kernel, square, y + j, count, factor, &top, &bottom);
        }
        o[i] = top / bottom;
    }
    free(columns);
}

void FN(loop_additive)(const T *q, const T *k, const T *w, const T *values, T *o, long n, long m,
                       long p, long v)
{
    T *score = malloc((size_t)m * sizeof *score), *columns = FN(columns)(k, m, p);
    for (long i = 0; i < n; i++) {
        for (long j = 0; j < m; j++)
            score[j] = 0;
        for (long c = 0; c < p; c++)
            for (long j = 0; j < m; j++)
                score[j] += w[c] * TANH(q[i * p + c] + columns[c * m + j]);
        FN(softmax_row)(score, score, m, 1);
        for (long c = 0; c < v; c++)
            o[i * v + c] = 0;
        for (long j = 0; j < m; j++)
            for (long c = 0; c < v; c++)
                o[i * v + c] += score[j] * values[j * v + c];
    }
    free(score);
    free(columns);
}
