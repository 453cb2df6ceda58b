/* SPDX-License-Identifier: Apache-2.0 */

/* Row softmax. W may be S: an entry is read for the last time when it is written. */
#ifndef BACKENDS_SCALAR_SOFTMAX_H
#define BACKENDS_SCALAR_SOFTMAX_H

#include "backends/scalar/scalar.h"
#include "backends/scalar/masks.h"
#include "backends/scalar/score.h"

struct softmax_job {
    struct engine *engine;
    const struct softmax_args *args;
};

struct softmax_row {
    struct visible visible;
    struct matrix s, w;
    int64_t m;
    struct scoring scoring;
};

static bool softmax_is_visible(const struct softmax_row *row, int64_t j)
{
    return row->visible.first <= j && j < row->visible.end && is_visible(&row->visible, j);
}

static real softmax_score(const struct softmax_row *row, int64_t j)
{
    real bias = row->visible.bias.at != NULL ? get(row->visible.bias, row->visible.i, j) : 0;
    return score_x(&row->scoring, get(row->s, row->visible.i, j),
                   row->visible.bias.at != NULL ? &bias : NULL);
}

static real softmax_row_maximum(const struct softmax_row *row)
{
    real maximum = -REAL_MAX;
    for (int64_t j = row->visible.first; j < row->visible.end; j++) {
        if (!is_visible(&row->visible, j))
            continue;
        maximum = keep_max(maximum, quarter(row->scoring.c, softmax_score(row, j), 0));
    }
    return maximum;
}

/* Writes the weights relative to the largest, returns their sum. */
static real softmax_weights(const struct softmax_row *row, real maximum)
{
    real lane[REAL(SOFTMAX_LANES)] = { 0 };
    for (int64_t j = 0; j < row->m; j++) {
        real e = 0;
        if (softmax_is_visible(row, j)) {
            e = relative(row->scoring.c, softmax_score(row, j), 0, maximum, false);
            lane[j % REAL(SOFTMAX_LANES)] += e;
        }
        put(row->w, row->visible.i, j, e);
    }
    for (int half = REAL(SOFTMAX_LANES) / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

static void softmax_fill(const struct softmax_row *row, real visible, real masked)
{
    for (int64_t j = 0; j < row->m; j++)
        put(row->w, row->visible.i, j, softmax_is_visible(row, j) ? visible : masked);
}

static void softmax_empty(struct engine *engine, attpool_empty empty, const struct softmax_row *row)
{
    int64_t count = 0;
    switch (empty) {
    case ATTPOOL_EMPTY_ZERO:
        softmax_fill(row, 0, 0);
        return;
    case ATTPOOL_EMPTY_MEAN:
        for (int64_t j = row->visible.first; j < row->visible.end; j++)
            count += is_visible(&row->visible, j);
        softmax_fill(row, 1 / (real)count, count > 0 ? 0 : REAL_NAN);
        return;
    case ATTPOOL_EMPTY_ERROR:
        ap_engine_note_empty(engine, 1);
        /* fall through */
    default:
        softmax_fill(row, REAL_NAN, REAL_NAN);
    }
}

static void softmax_one(const struct softmax_job *job, struct softmax_row *row)
{
    row->scoring = scoring_of((real)job->args->c, row->visible.bias.at != NULL);
    real sum = softmax_weights(row, softmax_row_maximum(row));
    if (sum == 0) {
        softmax_empty(job->engine, job->args->empty, row);
        return;
    }
    real r = 1 / sum;
    for (int64_t j = row->visible.first; j < row->visible.end; j++)
        if (is_visible(&row->visible, j))
            put(row->w, row->visible.i, j, get(row->w, row->visible.i, j) * r);
}

static void softmax_task(void *arg, int64_t index, int worker)
{
    const struct softmax_job *job = arg;
    const struct softmax_args *args = job->args;
    struct task task = task_at(index, args->heads, args->n);
    (void)worker;
    for (int64_t i = task.first; i < task.end; i++) {
        struct softmax_row row = { .m = args->m };
        row.visible = visible_of(&args->masks, NULL, task.b, task.h, i, args->m);
        row.s = matrix_of(&args->s, task.b, task.h, sizeof(real));
        row.w = matrix_of(&args->w, task.b, task.h, sizeof(real));
        softmax_one(job, &row);
    }
}

#define scalar_softmax SCALAR(TYPED(softmax))
attpool_status scalar_softmax(struct engine *engine, const struct softmax_args *args)
{
    struct softmax_job job = { engine, args };
    return ap_engine_parallel(engine, task_count(args->batch, args->heads, args->n), softmax_task,
                              &job);
}

#endif
