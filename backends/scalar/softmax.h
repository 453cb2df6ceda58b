/* SPDX-License-Identifier: Apache-2.0 */

/* Row softmax. W may be S: an entry is read for the last time when it is written. */
#ifndef BACKENDS_SCALAR_SOFTMAX_H
#define BACKENDS_SCALAR_SOFTMAX_H

#include "backends/scalar/scalar.h"
#include "backends/scalar/sight.h"

struct softmax_job {
    struct engine *engine;
    const struct softmax_args *args;
};

/* A row, its scores by softmax_score in units of which c make a power of two. */
struct softmax_row {
    struct sight sight;
    struct view s, w;
    int64_t m;
    bool converted;
    real scale, c;
};

static bool softmax_sees(const struct softmax_row *row, int64_t j)
{
    return row->sight.first <= j && j < row->sight.end && sees(&row->sight, j);
}

static real softmax_score(const struct softmax_row *row, int64_t j)
{
    real x = get(row->s, row->sight.i, j);
    if (row->sight.bias.at != NULL)
        return r_fma(row->scale, x, get(row->sight.bias, row->sight.i, j) * REAL(LOG2_E));
    return row->converted ? row->scale * x : x;
}

static real softmax_top(const struct softmax_row *row)
{
    real best = row->c > 0 ? -REAL_MAX : REAL_MAX;
    for (int64_t j = row->sight.first; j < row->sight.end; j++) {
        if (!sees(&row->sight, j))
            continue;
        real x = softmax_score(row, j);
        if (row->c > 0 ? x > best : x < best)
            best = x;
    }
    return keep_max(-REAL_MAX, row->c * best);
}

/* Writes the weights relative to the largest, returns their sum. */
static real softmax_weights(const struct softmax_row *row, real top)
{
    real lane[REAL(SOFTMAX_LANES)] = { 0 };
    for (int64_t j = 0; j < row->m; j++) {
        real e = 0;
        if (softmax_sees(row, j)) {
            e = relative(row->c, softmax_score(row, j), top);
            lane[j % REAL(SOFTMAX_LANES)] += e;
        }
        put(row->w, row->sight.i, j, e);
    }
    for (int half = REAL(SOFTMAX_LANES) / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

static void softmax_fill(const struct softmax_row *row, real seen, real masked)
{
    for (int64_t j = 0; j < row->m; j++)
        put(row->w, row->sight.i, j, softmax_sees(row, j) ? seen : masked);
}

static void softmax_empty(struct engine *engine, attpool_empty empty, const struct softmax_row *row)
{
    int64_t count = 0;
    switch (empty) {
    case ATTPOOL_EMPTY_ZERO:
        softmax_fill(row, 0, 0);
        return;
    case ATTPOOL_EMPTY_MEAN:
        for (int64_t j = row->sight.first; j < row->sight.end; j++)
            count += sees(&row->sight, j);
        softmax_fill(row, 1 / (real)count, count > 0 ? 0 : REAL_NAN);
        return;
    case ATTPOOL_EMPTY_ERROR:
        engine_note_empty(engine, 1);
        /* fall through */
    default:
        softmax_fill(row, REAL_NAN, REAL_NAN);
    }
}

static void softmax_one(const struct softmax_job *job, struct softmax_row *row)
{
    row->scale = (real)job->args->c;
    row->converted = row->scale == 0 || row->sight.bias.at != NULL;
    row->c = row->converted ? 1 : row->scale;
    real sum = softmax_weights(row, softmax_top(row));
    if (sum == 0) {
        softmax_empty(job->engine, job->args->empty, row);
        return;
    }
    real r = 1 / sum;
    for (int64_t j = row->sight.first; j < row->sight.end; j++)
        if (sees(&row->sight, j))
            put(row->w, row->sight.i, j, get(row->w, row->sight.i, j) * r);
}

static void softmax_task(void *arg, int64_t index, int worker)
{
    const struct softmax_job *job = arg;
    const struct softmax_args *args = job->args;
    struct tile tile = tile_at(index, args->heads, args->n);
    (void)worker;
    for (int64_t i = tile.first; i < tile.end; i++) {
        struct softmax_row row = { .m = args->m };
        row.sight = sight_of(&args->masks, NULL, tile.b, tile.h, i, args->m);
        row.s = view_of(&args->s, tile.b, tile.h, sizeof(real));
        row.w = view_of(&args->w, tile.b, tile.h, sizeof(real));
        softmax_one(job, &row);
    }
}

#define scalar_softmax SCALAR(TYPED(softmax))
attpool_status scalar_softmax(struct engine *engine, const struct softmax_args *args)
{
    struct softmax_job job = { engine, args };
    return engine_parallel(engine, tile_count(args->batch, args->heads, args->n), softmax_task,
                           &job);
}

#endif
