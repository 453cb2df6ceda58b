/* SPDX-License-Identifier: Apache-2.0 */

/* Whether an index pays: from a sample of the inputs, so that it is the same wherever they are
 * pooled. */

#include "backends/kernel_traits.h"
#include "core/index/build.h"
#include "core/statistics/elementary.h"

#include <math.h>

enum {
    TILE = 32,
    TILES = 16, /* in the sample */
    SAMPLE_ROWS = 32,
    SAMPLE_KEYS = 512, /* each with each of these */
    LEAST_KEYS = 256,  /* of sorted keys are looked at anyway */
    /* Costs in units of a key of a full block with TILE queries, d = 1 and a compact kernel: */
    KEY_COST = 5,   /* what a key on a list takes more, */
    BLOCK_COST = 6, /* a block of such keys, */
    ROW_COST = 32   /* the place of a query or key in its order */
};

/* How much smaller the cost with an index has to be. */
#define LEAST_GAIN 0.9

/* Pairs from which on it is worth taking a sample; and where the index is there. */
#define LEAST_PAIRS       0x1p26
#define LEAST_PAIRS_BUILT 0x1p20

struct sample {
    const struct pool_args *a;
    int type;
    const struct reach *reach;
};

/* The bandwidth of a key or query that has a bandwidth of its own. */
double ap_index_bandwidth(const struct array *w, int type, int64_t i, int64_t c)
{
    const double size = fabs(index_element(w, type, i, c));
    return size > 0 && size < (double)INFINITY ? 1 / size : (double)INFINITY;
}

static double pair_bandwidth(const struct sample *s, int64_t i, int64_t j)
{
    const struct kernel *kernel = &s->a->kernel;
    if (kernel->per == ATTPOOL_BANDWIDTH_KEY)
        return ap_index_bandwidth(&kernel->inverse_bandwidths, s->type, 0, j);
    if (kernel->per == ATTPOOL_BANDWIDTH_COORDINATE_KEY)
        return ap_index_bandwidth(&kernel->factors, s->type, 0, j);
    if (kernel->per == ATTPOOL_BANDWIDTH_QUERY)
        return ap_index_bandwidth(&kernel->inverse_bandwidths, s->type, i, 0);
    return 1;
}

/* Of `count` numbers below `most` one that is far from the others. */
static int64_t pick(int64_t k, int64_t count, int64_t most)
{
    return most <= count ? k : (int64_t)((double)most * ((double)k + 0.5) / (double)count);
}

/* The share of the pairs that are in reach, estimated from `rows` rows and `keys` keys. */
static double share_in_reach(const struct sample *s, int64_t rows, int64_t keys)
{
    const struct pool_args *a = s->a;
    const int64_t n = a->n < rows ? a->n : rows, m = a->m < keys ? a->m : keys;
    int64_t in = 0;
    for (int64_t k = 0; k < n; k++)
        for (int64_t l = 0; l < m; l++) {
            const int64_t i = pick(k, n, a->n), j = pick(l, m, a->m);
            const double bandwidth = pair_bandwidth(s, i, j);
            double sum = 0, most = 0;
            for (int64_t c = 0; c < a->d; c++) {
                const double g = s->reach->inverse[c] * fabs(index_element(&a->q, s->type, i, c) -
                                                             index_element(&a->k, s->type, j, c));
                sum += g * g;
                most = g > most ? g : most;
            }
            in += !(most > bandwidth) && !(s->reach->ball && sum > bandwidth * bandwidth);
        }
    return ((double)in + 0.5) / ((double)n * (double)m);
}

/* The box of some points. */
static void box_of(const struct sample *s, const struct array *x, int64_t first, int64_t end,
                   struct index_box *box)
{
    for (int64_t c = 0; c < s->a->d; c++) {
        box->low[c] = INFINITY;
        box->high[c] = -INFINITY;
        for (int64_t i = first; i < end; i++) {
            const double y = index_element(x, s->type, i, c);
            box->low[c] = y < box->low[c] ? y : box->low[c];
            box->high[c] = y > box->high[c] ? y : box->high[c];
        }
    }
}

static bool boxes_meet(const struct sample *s, const struct index_box *x, const struct index_box *y)
{
    double sum = 0;
    for (int64_t c = 0; c < s->a->d; c++) {
        const double below = x->low[c] - y->high[c], above = y->low[c] - x->high[c];
        const double gap = below > above ? below : above;
        const double g = gap > 0 ? gap * s->reach->inverse[c] : 0;
        if (g > 1)
            return false;
        sum += g * g;
    }
    return !(s->reach->ball && sum > 1);
}

/* The share of the blocks of keys, as they lie, that tiles of queries, as they lie, look at
 * without an index. */
static double share_of_blocks(const struct sample *s)
{
    enum { BLOCKS = SAMPLE_KEYS / 8 };
    const struct pool_args *a = s->a;
    const int64_t tiles = a->n / TILE, blocks = a->m / BLOCK;
    struct index_box keys[BLOCKS], rows;
    int64_t in = 0;
    if (a->kernel.form != ATTPOOL_RADIAL || a->kernel.per != ATTPOOL_BANDWIDTH_ONE ||
        tiles < TILES || blocks < BLOCKS)
        return 1;
    for (int64_t b = 0; b < BLOCKS; b++) {
        const int64_t first = pick(b, BLOCKS, blocks) * BLOCK;
        box_of(s, &a->k, first, first + BLOCK, &keys[b]);
    }
    for (int64_t t = 0; t < TILES; t++) {
        const int64_t first = pick(t, TILES, tiles) * TILE;
        box_of(s, &a->q, first, first + TILE, &rows);
        for (int64_t b = 0; b < BLOCKS; b++)
            in += boxes_meet(s, &rows, &keys[b]);
    }
    return (double)in / (TILES * BLOCKS);
}

/* What a key of a full block costs. */
static double pair_cost(const struct pool_args *a)
{
    const double weight = kernel_is_compact((int)a->kernel.name) ? 1 : 5;
    return weight + 1.2 * (double)(a->d - 1);
}

static double least_of(double x, double y)
{
    return x < y ? x : y;
}

bool ap_index_may_pay(const struct pool_args *a, bool built)
{
    return (double)a->n * (double)a->m >= (built ? LEAST_PAIRS_BUILT : LEAST_PAIRS);
}

bool ap_index_pays(const struct pool_args *a, int type, const struct reach *reach, bool built)
{
    const struct sample s = { a, type, reach };
    const double n = (double)a->n, m = (double)a->m, tiles = n / TILE;
    const double pair = pair_cost(a), most = LEAST_GAIN * pair / (pair + KEY_COST);
    /* A small sample is enough where far too many pairs are in reach; the whole one would take a
     * noticeable part of such a call. */
    if (share_in_reach(&s, SAMPLE_ROWS / 4, SAMPLE_KEYS / 8) > most + 0.1)
        return false;
    const double share = share_in_reach(&s, SAMPLE_ROWS, SAMPLE_KEYS);
    /* of what a tile reaches, to one row's */
    const double side = 1 + ap_exp(ap_log(TILE / (n * share)) / (double)a->d);
    double keys = m * share;
    for (int64_t c = 0; c < a->d; c++)
        keys *= side;
    keys = least_of(keys, m);
    const double look = least_of(m * share_of_blocks(&s) + LEAST_KEYS, m) * pair;
    const double list = keys * (pair + KEY_COST) + least_of(keys, m / BLOCK) * BLOCK_COST;
    const double cost = list * (tiles > 1 ? tiles : 1) + ROW_COST * (built ? n : n + m);
    return cost < LEAST_GAIN * tiles * look;
}
