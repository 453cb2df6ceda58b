/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of loops.c: what a user's own C gives. */
#include "tests/bench/peer.h"

#include "tests/bench/loops.h"

#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>

static const struct bench_data *data;
static int threads;

static const char *version(void)
{
    static char text[100];
    snprintf(text, sizeof text, "gcc %s -Ofast -march=native, glibc %s", __VERSION__,
             gnu_get_libc_version());
    return text;
}

static bool loop_open(const struct bench_data *given, int count)
{
    const struct bench_case *c = given->c;
    data = given;
    threads = count;
    return c->operation == BENCH_SOFTMAX || c->operation == BENCH_REGRESS ||
           (c->operation == BENCH_KERNEL && c->kernel == ATTPOOL_GAUSSIAN) ||
           c->operation == BENCH_ADDITIVE;
}

/* x W^T, of few columns. */
#define PROJECT(T, x, w, rows, d, out)                                                             \
    for (long i = 0; i < (rows); i++)                                                              \
        for (long p = 0; p < (d); p++) {                                                           \
            T sum = 0;                                                                             \
            for (long e = 0; e < (d); e++)                                                         \
                sum += (x)[i * (d) + e] * (w)[p * (d) + e];                                        \
            (out)[i * (d) + p] = sum;                                                              \
        }

#define RUN(T, X)                                                                                  \
    static void additive_##X(void)                                                                 \
    {                                                                                              \
        const struct bench_case *c = data->c;                                                      \
        const struct bench_array *a = data->array;                                                 \
        const long n = c->n, m = c->m, d = c->d, v = c->v;                                         \
        _Pragma("omp parallel for num_threads(threads)") for (long b = 0; b < c->b; b++)           \
        {                                                                                          \
            const T *q = (const T *)a[1].data + b * n * d, *k = (const T *)a[2].data + b * m * d;  \
            const T *wq = a[4].data, *wk = a[5].data;                                              \
            T *pq = malloc((size_t)((n + m) * d) * sizeof *pq), *pk = pq + n * d;                  \
            PROJECT(T, q, wq, n, d, pq)                                                            \
            PROJECT(T, k, wk, m, d, pk)                                                            \
            loop_additive_##X(pq, pk, a[6].data, (const T *)a[3].data + b * m * v,                 \
                              (T *)a[0].data + b * n * v, n, m, d, v);                             \
            free(pq);                                                                              \
        }                                                                                          \
    }                                                                                              \
    static void run_##X(void)                                                                      \
    {                                                                                              \
        const struct bench_case *c = data->c;                                                      \
        const struct bench_array *a = data->array;                                                 \
        const T sigma = (T)bench_bandwidth(c);                                                     \
        if (c->operation == BENCH_SOFTMAX)                                                         \
            loop_softmax_##X(a[1].data, a[0].data, c->b * c->n, c->m, 1, threads);                 \
        else if (c->operation == BENCH_KERNEL)                                                     \
            loop_distances_##X(a[1].data, a[2].data, a[0].data, c->n, c->m, c->d, sigma, threads); \
        else if (c->operation == BENCH_REGRESS)                                                    \
            loop_regress_##X((int)c->kernel, a[1].data, a[2].data, a[3].data, a[0].data, c->n,     \
                             c->m, c->d, sigma, (c->with & BENCH_LOO) != 0, threads);              \
        else                                                                                       \
            additive_##X();                                                                        \
    }

RUN(float, f32)
RUN(double, f64)

static void run(void)
{
    if (data->single)
        run_f32();
    else
        run_f64();
}

static void loop_close(void)
{
}

PEER_EXPORT const struct peer peer = { "loop", version, loop_open, run, loop_close };
