/* SPDX-License-Identifier: Apache-2.0 */

/* A query of a pooling, and what its score says of a key. */
#ifndef BACKENDS_SCALAR_POOL_PAIR_H
#define BACKENDS_SCALAR_POOL_PAIR_H

#include "backends/philox.h"
#include "backends/scalar/distance.h"
#include "backends/scalar/masks.h"
#include "backends/scalar/score.h"

/* The final max and sum of a row whose squared weights are summed, and what they are multiplied by
 * before they are squared. */
struct given {
    real max, sum;
    struct matrix tilt;
};

struct row {
    const struct pool_args *args;
    int64_t item;    /* batch items and heads counted as one */
    int64_t columns; /* of the accumulators */
    struct visible visible;
    struct metric metric; /* q and k also of dot and additive */
    struct matrix value, wv;
    bool even; /* the policy mean: every visible key weighs 1 */
    bool has_max;
    bool cuts_far; /* far keys take no part where there is a near one */
    bool near;     /* as if there were: far keys are left out */
    struct scoring scoring;
    const struct given *given; /* or NULL */
};

static struct row row_of(const struct pool_args *args, int64_t b, int64_t h, int64_t i,
                         const real *q)
{
    struct row row = { .args = args, .item = b * args->heads + h, .columns = pool_columns(args) };
    row.visible = visible_of(&args->masks, &args->key_weights, b, h, i, args->m);
    row.metric = metric_of(&args->kernel, args->d, q, &args->k, b, h, i);
    row.value = matrix_of(&args->value, b, h, sizeof(real));
    row.wv = matrix_of(&args->wv, b, h, sizeof(real));
    real scale = 1;
    if (args->score == POOL_DOT || args->score == POOL_ADDITIVE) {
        scale = (real)args->c;
        row.has_max = true;
    } else if (args->score == POOL_KERNEL) {
        scale = kernel_scale(&row.metric);
        row.has_max = kernel_any(&args->kernel, args->d, kernel_has_log);
    }
    row.has_max |= args->masks.bias.data != NULL;
    row.cuts_far = pool_cuts_far(args);
    row.scoring = scoring_of(scale, args->masks.bias.data != NULL);
    return row;
}

/* Does dropout leave key j out of O? */
static bool is_dropped(const struct row *row, int64_t j)
{
    const struct dropout *drop = &row->args->dropout;
    if (drop->threshold == 0)
        return false;
    const uint64_t at = (uint64_t)(row->args->key_origin + j);
    const struct philox words =
        philox_pairs(drop->seed, at >> 2, (uint64_t)(drop->query_origin + row->visible.i),
                     (uint64_t)(drop->batch_origin + row->item));
    return words.word[at & 3] < drop->threshold;
}

/* q . k, or w_v . tanh(q + k). */
static real inner(const struct row *row, int64_t j)
{
    const struct metric *pair = &row->metric;
    bool additive = row->args->score == POOL_ADDITIVE;
    real sum = 0;
    for (int64_t first = 0; first < pair->d; first += CHUNK) {
        int64_t end = pair->d - first < CHUNK ? pair->d : first + CHUNK;
        real s = 0;
        for (int64_t c = first; c < end; c++) {
            real k = get(pair->k, j, c);
            s = additive ? r_fma(get(row->wv, 0, c), r_tanh(pair->q[c] + k), s)
                         : r_fma(pair->q[c], k, s);
        }
        sum += s;
    }
    return sum;
}

static struct pair row_pair(const struct row *row, int64_t j)
{
    struct pair pair = { .factor = 1, .inside = true };
    if (row->even || row->args->score == POOL_CONSTANT)
        return pair;
    if (row->args->score == POOL_KERNEL)
        return kernel_pair(&row->metric, j);
    pair.x = inner(row, j);
    return pair;
}

static real row_score(const struct row *row, int64_t j, real x)
{
    real bias = row->visible.bias.at != NULL ? get(row->visible.bias, row->visible.i, j) : 0;
    return score_x(&row->scoring, x, row->visible.bias.at != NULL ? &bias : NULL);
}

/* The nearest of the keys that the masks leave, -1 for none. */
static int64_t row_nearest(const struct row *row)
{
    int64_t extreme = -1;
    real least = 0;
    for (int64_t j = row->visible.first; j < row->visible.end; j++) {
        if (!is_visible(&row->visible, j))
            continue;
        real u2 = nearness(&row->metric, j);
        if (extreme < 0 || u2 < least || (least != least && u2 == u2)) {
            extreme = j;
            least = u2;
        }
    }
    return extreme;
}

/* Is a sum of weights possibly below 1, so that its inverse is not to be used? */
static bool divides(const struct pool_args *args)
{
    return args->key_weights.data != NULL || args->score == POOL_CONSTANT ||
           (args->score == POOL_KERNEL && kernel_any(&args->kernel, args->d, kernel_has_factor));
}

static void read_query(const struct pool_args *args, int64_t b, int64_t h, int64_t i, real *q)
{
    struct matrix queries = matrix_of(&args->q, b, h, sizeof(real));
    for (int64_t c = 0; queries.at != NULL && c < args->d; c++)
        q[c] = get(queries, i, c);
}

#endif
