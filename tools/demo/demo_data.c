/* SPDX-License-Identifier: Apache-2.0 */
/* The data sets of the book from our own seed. Every step is exact or correctly rounded, or
 * one of the library's own elementary functions, so that the data is the same everywhere. */
#define REAL_BITS 64
#include "backends/scalar/elementary.h"
#include "tools/demo/demo.h"

#include <stdlib.h>

enum { CLASSIC_N = 50, SIMILARITY_N = 40 };

/* ---- random numbers ---- */

/* splitmix64 */
static uint64_t next(struct random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

struct random random_new(uint64_t seed, uint64_t stream)
{
    struct random mixer = { seed }, r;
    r.state = next(&mixer) ^ (stream * 0xd1342543de82ef95U);
    r.state = next(&r);
    return r;
}

double random_uniform(struct random *r)
{
    return (double)(next(r) >> 11) * 0x1p-53;
}

/* The polar method; its second number is not kept. */
double random_normal(struct random *r)
{
    double u, s;
    do {
        u = 2 * random_uniform(r) - 1;
        double v = 2 * random_uniform(r) - 1;
        s = u * u + v * v;
    } while (s >= 1 || s == 0);
    return u * sqrt(-2 * r_log(s) / s);
}

/* ---- data sets ---- */

static double truth_of(enum demo_set set, double x)
{
    double wave = 2 * r_sin(x);
    if (set == DEMO_SIMILARITY)
        return wave + x;
    return wave + (x > 0 ? r_exp(0.8 * r_log(x)) : 0);
}

static int ascending(const void *a, const void *b)
{
    const double *p = a, *q = b;
    return (*p > *q) - (*p < *q);
}

int demo_data_make(struct demo_data *data, enum demo_set set, size_t n, uint64_t seed,
                   struct error *e)
{
    bool classic = set == DEMO_CLASSIC;
    void *x, *y;
    *data = (struct demo_data){
        .set = set,
        .name = classic ? "classic" : "similarity",
        .formula = classic ? "y = 2 sin x + x^0.8 + N(0, 0.5)" : "y = 2 sin x + x + N(0, 1)",
        .n = n > 0     ? n
             : classic ? CLASSIC_N
                       : SIMILARITY_N,
    };
    int st = array_new(&x, data->n, sizeof(double), e);
    data->x = x;
    if (st == CMD_OK)
        st = array_new(&y, data->n, sizeof(double), e);
    if (st != CMD_OK)
        return st;
    data->y = y;
    struct random r = random_new(seed, (uint64_t)set);
    for (size_t i = 0; i < data->n; i++)
        data->x[i] = 5 * random_uniform(&r);
    qsort(data->x, data->n, sizeof *data->x, ascending);
    for (size_t i = 0; i < data->n; i++)
        data->y[i] = truth_of(set, data->x[i]) + (classic ? 0.5 : 1) * random_normal(&r);
    for (int i = 0; i < DEMO_QUERIES; i++) {
        data->query[i] = i / 10.0;
        data->truth[i] = truth_of(set, data->query[i]);
    }
    for (int i = 0; i < DEMO_CURVE; i++) {
        data->curve_x[i] = i / 50.0;
        data->curve_truth[i] = truth_of(set, data->curve_x[i]);
    }
    return CMD_OK;
}

void demo_data_free(struct demo_data *data)
{
    free(data->x);
    free(data->y);
    *data = (struct demo_data){ .name = NULL };
}
