/* SPDX-License-Identifier: Apache-2.0 */
/* libxsmm: small products of float32, B not transposed. */
#include "tests/bench/peer.h"

#include <libxsmm.h>

static const struct bench_data *data;
static libxsmm_smmfunction product;
static int threads;

static const char *version(void)
{
    libxsmm_init();
    return LIBXSMM_VERSION;
}

/* Its matrices are column-major: the transposed product. */
static bool xsmm_open(const struct bench_data *given, int count)
{
    const struct bench_case *c = given->c;
    const libxsmm_blasint n = (int)c->n, m = (int)c->m, k = (int)c->d;
    const float one = 1, zero = 0;
    data = given;
    threads = count;
    if (c->operation != BENCH_BMM || c->with & BENCH_NT || !data->single || c->b == 1 || n == 1)
        return false;
    product = libxsmm_smmdispatch(m, n, k, &m, &k, &m, &one, &zero, NULL, NULL);
    return product != NULL;
}

static void run(void)
{
    const struct bench_case *c = data->c;
    const int64_t n = c->n, m = c->m, k = c->d;
    const float *a = data->array[1].data, *b = data->array[2].data;
    float *out = data->array[0].data;
#pragma omp parallel for num_threads(threads)
    for (int64_t i = 0; i < c->b; i++)
        product(b + i * k * m, a + i * n * k, out + i * n * m);
}

static void xsmm_close(void)
{
}

PEER_EXPORT const struct peer peer = { "libxsmm", version, xsmm_open, run, xsmm_close };
