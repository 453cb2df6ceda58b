/* SPDX-License-Identifier: Apache-2.0 */
/* A BLAS by its C interface; the file that includes this says which: LIBRARY, NAME, SET_THREADS
 * (a function of that library), THREADS_TYPE and version_of(library). Attention is done in three
 * steps and Gauss' kernel through the products, each with the loops of loops.c. */
#include "tests/bench/peer.h"

#include "tests/bench/loops.h"

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>

enum { ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112 };

static void (*sgemm)(int, int, int, int, int, int, float, const float *, int, const float *, int,
                     float, float *, int);
static void (*dgemm)(int, int, int, int, int, int, double, const double *, int, const double *, int,
                     double, double *, int);
static void (*set_threads)(THREADS_TYPE);
static const struct bench_data *data;
static int threads;
static float *scores; /* of a head */

static const char *version(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return NULL;
    *(void **)&sgemm = dlsym(library, "cblas_sgemm");
    *(void **)&dgemm = dlsym(library, "cblas_dgemm");
    *(void **)&set_threads = dlsym(library, SET_THREADS);
    if (sgemm == NULL || dgemm == NULL || set_threads == NULL)
        return NULL;
    return version_of(library);
}

static bool blas_open(const struct bench_data *given, int count)
{
    const struct bench_case *c = given->c;
    const bool plain = !(c->with & (BENCH_CAUSAL | BENCH_MASK | BENCH_WINDOW));
    data = given;
    threads = count;
    set_threads(count);
    if (c->operation == BENCH_BMM)
        return true;
    if (c->operation == BENCH_KERNEL)
        return data->single && c->kernel == ATTPOOL_GAUSSIAN && c->d >= 3;
    if (c->operation != BENCH_ATTEND || !plain || !data->single)
        return false;
    scores = malloc((size_t)(c->n * c->m) * sizeof *scores);
    return scores != NULL;
}

static void run_bmm(void)
{
    const struct bench_case *c = data->c;
    const int n = (int)c->n, m = (int)c->m, d = (int)c->d;
    const int trans = c->with & BENCH_NT ? TRANS : NO_TRANS, ldb = c->with & BENCH_NT ? d : m;
    for (int64_t b = 0; b < c->b; b++)
        if (data->single)
            sgemm(ROW_MAJOR, NO_TRANS, trans, n, m, d, 1,
                  (const float *)data->array[1].data + b * n * d, d,
                  (const float *)data->array[2].data + b * d * m, ldb, 0,
                  (float *)data->array[0].data + b * n * m, m);
        else
            dgemm(ROW_MAJOR, NO_TRANS, trans, n, m, d, 1,
                  (const double *)data->array[1].data + b * n * d, d,
                  (const double *)data->array[2].data + b * d * m, ldb, 0,
                  (double *)data->array[0].data + b * n * m, m);
}

static void run_kernel(void)
{
    const struct bench_case *c = data->c;
    const int n = (int)c->n, m = (int)c->m, d = (int)c->d;
    const float *q = data->array[1].data, *k = data->array[2].data;
    float *g = data->array[0].data;
    sgemm(ROW_MAJOR, NO_TRANS, TRANS, n, m, d, 1, q, d, k, d, 0, g, m);
    loop_products_f32(q, k, g, n, m, d, (float)bench_bandwidth(c), threads);
}

static void run_attend(void)
{
    const struct bench_case *c = data->c;
    const int n = (int)c->n, m = (int)c->m, d = (int)c->d, v = (int)c->v;
    const float scale = 1 / sqrtf((float)d);
    for (int64_t b = 0; b < c->b; b++) {
        sgemm(ROW_MAJOR, NO_TRANS, TRANS, n, m, d, 1,
              (const float *)data->array[1].data + b * n * d, d,
              (const float *)data->array[2].data + b * m * d, d, 0, scores, m);
        loop_softmax_f32(scores, scores, n, m, scale, threads);
        sgemm(ROW_MAJOR, NO_TRANS, NO_TRANS, n, v, m, 1, scores, m,
              (const float *)data->array[3].data + b * m * v, v, 0,
              (float *)data->array[0].data + b * n * v, v);
    }
}

static void run(void)
{
    if (data->c->operation == BENCH_BMM)
        run_bmm();
    else if (data->c->operation == BENCH_KERNEL)
        run_kernel();
    else
        run_attend();
}

static void blas_close(void)
{
    free(scores);
    scores = NULL;
}

PEER_EXPORT const struct peer peer = { NAME, version, blas_open, run, blas_close };
