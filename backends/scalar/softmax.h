/* SPDX-License-Identifier: Apache-2.0 */

/* Template: row softmax. W may be S: an entry is read for the last time when it is written. */
#include "backends/scalar/sight.h"

#define SOFTMAX_JOB FN(softmax_job)
struct SOFTMAX_JOB {
    struct engine *engine;
    const struct softmax_args *args;
};

/* A row, its scores by FN(softmax_score) in units of which c make a power of two. */
#define SOFTMAX_ROW FN(softmax_row)
struct SOFTMAX_ROW {
    struct SIGHT sight;
    struct view s, w;
    int64_t m;
    bool converted;
    T scale, c;
};

static bool FN(softmax_sees)(const struct SOFTMAX_ROW *row, int64_t j)
{
    return row->sight.first <= j && j < row->sight.end && FN(sees)(&row->sight, j);
}

static T FN(softmax_score)(const struct SOFTMAX_ROW *row, int64_t j)
{
    T x = FN(get)(row->s, row->sight.i, j);
    if (row->sight.bias.at != NULL)
        return FMA(row->scale, x, FN(get)(row->sight.bias, row->sight.i, j) * T_LOG2E);
    return row->converted ? row->scale * x : x;
}

static T FN(softmax_top)(const struct SOFTMAX_ROW *row)
{
    T best = row->c > 0 ? -T_MAX : T_MAX;
    for (int64_t j = row->sight.first; j < row->sight.end; j++) {
        if (!FN(sees)(&row->sight, j))
            continue;
        T x = FN(softmax_score)(row, j);
        if (row->c > 0 ? x > best : x < best)
            best = x;
    }
    return FN(keep_max)(-T_MAX, row->c * best);
}

/* Writes the weights relative to the largest, returns their sum. */
static T FN(softmax_weights)(const struct SOFTMAX_ROW *row, T top)
{
    T lane[SOFTMAX_LANES] = { 0 };
    for (int64_t j = 0; j < row->m; j++) {
        T e = 0;
        if (FN(softmax_sees)(row, j)) {
            e = FN(relative)(row->c, FN(softmax_score)(row, j), top);
            lane[j % SOFTMAX_LANES] += e;
        }
        FN(put)(row->w, row->sight.i, j, e);
    }
    for (int half = SOFTMAX_LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

static void FN(softmax_fill)(const struct SOFTMAX_ROW *row, T seen, T masked)
{
    for (int64_t j = 0; j < row->m; j++)
        FN(put)(row->w, row->sight.i, j, FN(softmax_sees)(row, j) ? seen : masked);
}

static void FN(softmax_empty)(struct engine *engine, attpool_empty empty,
                              const struct SOFTMAX_ROW *row)
{
    int64_t count = 0;
    switch (empty) {
    case ATTPOOL_EMPTY_ZERO:
        FN(softmax_fill)(row, 0, 0);
        return;
    case ATTPOOL_EMPTY_MEAN:
        for (int64_t j = row->sight.first; j < row->sight.end; j++)
            count += FN(sees)(&row->sight, j);
        FN(softmax_fill)(row, 1 / (T)count, count > 0 ? 0 : T_NAN);
        return;
    case ATTPOOL_EMPTY_ERROR:
        engine_note_empty(engine, 1);
        /* fall through */
    default:
        FN(softmax_fill)(row, T_NAN, T_NAN);
    }
}

static void FN(softmax_one)(const struct SOFTMAX_JOB *job, struct SOFTMAX_ROW *row)
{
    row->scale = (T)job->args->c;
    row->converted = row->scale == 0 || row->sight.bias.at != NULL;
    row->c = row->converted ? 1 : row->scale;
    T sum = FN(softmax_weights)(row, FN(softmax_top)(row));
    if (sum == 0) {
        FN(softmax_empty)(job->engine, job->args->empty, row);
        return;
    }
    T r = 1 / sum;
    for (int64_t j = row->sight.first; j < row->sight.end; j++)
        if (FN(sees)(&row->sight, j))
            FN(put)(row->w, row->sight.i, j, FN(get)(row->w, row->sight.i, j) * r);
}

static void FN(softmax_task)(void *arg, int64_t index, int worker)
{
    const struct SOFTMAX_JOB *job = arg;
    const struct softmax_args *args = job->args;
    struct tile tile = tile_at(index, args->heads, args->n);
    (void)worker;
    for (int64_t i = tile.first; i < tile.end; i++) {
        struct SOFTMAX_ROW row = { .m = args->m };
        row.sight = FN(sight_of)(&args->masks, NULL, tile.b, tile.h, i, args->m);
        row.s = view_of(&args->s, tile.b, tile.h, sizeof(T));
        row.w = view_of(&args->w, tile.b, tile.h, sizeof(T));
        FN(softmax_one)(job, &row);
    }
}

attpool_status SCALAR(FN(softmax))(struct engine *engine, const struct softmax_args *args)
{
    struct SOFTMAX_JOB job = { engine, args };
    return engine_parallel(engine, tile_count(args->batch, args->heads, args->n), FN(softmax_task),
                           &job);
}
