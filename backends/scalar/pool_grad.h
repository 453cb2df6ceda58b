/* SPDX-License-Identifier: Apache-2.0 */

/* Gradients of pooling: a sweep over the rows for what belongs to queries, and one over the columns
 * for what belongs to keys. */
#ifndef BACKENDS_SCALAR_POOL_GRAD_H
#define BACKENDS_SCALAR_POOL_GRAD_H

#include "backends/scalar/grad_begin.h"
#include "backends/scalar/grad_sums.h"

/* Memory of a worker. */
struct grad_room {
    real *q;
    struct grad_pair pair;
    struct grad_sums total, block;
};

/* Numbers of it; with `at` NULL it is only measured. */
static size_t grad_room_of(const struct grad_plan *plan, bool column, real *at,
                           struct grad_room *room)
{
    const size_t d = (size_t)plan->a->pool->d;
    real **pieces[] = { &room->q, &room->pair.coefficients, &room->pair.u, &room->pair.factors };
    size_t used = 0;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++, used += d)
        *pieces[i] = at != NULL ? at + used : NULL;
    struct grad_sums *sums[] = { &room->total, &room->block };
    for (int i = 0; i < 2; i++) {
        sums[i]->column = column;
        for (int k = 0; k < GRAD_SUMS; k++) {
            sums[i]->count[k] = grad_sum_count(plan, (enum grad_sum)k, column);
            sums[i]->at[k] = at != NULL ? at + used : NULL;
            used += (size_t)sums[i]->count[k];
        }
    }
    return used;
}

/* ---- Rows ---- */

static real grad_chunked(int64_t d, const real *x, const real *y)
{
    real sum = 0;
    for (int64_t first = 0; first < d; first += CHUNK) {
        real s = 0;
        for (int64_t c = first; c < d && c < first + CHUNK; c++)
            s = r_fma(x[c], y[c], s);
        sum += s;
    }
    return sum;
}

static void grad_row_sums(const struct grad_job *job, const struct grad_row *r, int64_t at,
                          struct grad_room *room)
{
    const struct grad_plan *plan = job->plan;
    const int64_t d = plan->a->pool->d;
    real *sums = (real *)job->facts->sums + at * plan->sums;
    real *const *total = room->total.at;
    if (plan->scale_at >= 0 && plan->path == GRAD_ADDITIVE) {
        for (int64_t c = 0; c < d; c++)
            room->pair.u[c] = get(r->row.wv, 0, c);
        sums[plan->scale_at] = grad_chunked(d, room->pair.u, total[GRAD_SUM_EACH]);
    } else if (plan->scale_at >= 0) {
        sums[plan->scale_at] = grad_chunked(d, room->q, total[GRAD_SUM_POINT]);
    }
    if (plan->widths_at >= 0 && !kernel_by_coordinate(&plan->a->pool->kernel))
        sums[plan->widths_at] = total[GRAD_SUM_WIDTH][0];
    else if (plan->widths_at >= 0)
        memcpy(sums + plan->widths_at, total[GRAD_SUM_EACH], (size_t)d * sizeof(real));
    if (plan->wv_at >= 0)
        memcpy(sums + plan->wv_at, total[GRAD_SUM_EACH], (size_t)d * sizeof(real));
    if (plan->bias_at >= 0)
        sums[plan->bias_at] = total[GRAD_SUM_GRADIENT][0];
}

/* By coordinate c of the query or the key, of its sum. */
static real grad_by_point(const struct grad_row *r, int64_t j, int64_t c, real sum, bool column)
{
    const real scale = (real)r->plan->a->scale;
    if (r->plan->path == GRAD_DOT)
        return scale * sum;
    if (r->plan->path == GRAD_ADDITIVE)
        return grad_scaled(sum, (struct grad_factor){ scale * get(r->row.wv, 0, c), 1 });
    return grad_scaled(column ? sum : -sum, grad_after(r, j, c, column));
}

static void grad_row_end(const struct grad_job *job, const struct grad_row *r, int64_t b, int64_t h,
                         struct grad_room *room)
{
    const struct grad_plan *plan = job->plan;
    const struct pool_grad_args *a = plan->a;
    const int64_t i = r->row.visible.i;
    const struct matrix dq = matrix_of(&a->dq, b, h, sizeof(real));
    for (int64_t c = 0; dq.at != NULL && c < room->total.count[GRAD_SUM_POINT]; c++)
        grad_put(dq, i, c, grad_by_point(r, 0, c, room->total.at[GRAD_SUM_POINT][c], false));
    if (plan->bias == GRAD_BIAS_ROWS)
        grad_put(matrix_of(&a->dbias, b, h, sizeof(real)), i, 0,
                 room->total.at[GRAD_SUM_GRADIENT][0]);
    if (a->dinverse_bandwidths.data != NULL && a->pool->kernel.per == ATTPOOL_BANDWIDTH_QUERY)
        grad_put(matrix_of(&a->dinverse_bandwidths, b, h, sizeof(real)), i, 0,
                 grad_by_width(room->total.at[GRAD_SUM_WIDTH][0],
                               get(r->row.metric.inverse_bandwidths, i, 0)));
    grad_row_sums(job, r, grad_row_number(a->pool, b, h, i), room);
}

/* Row i of item (b, h). */
static void grad_row(const struct grad_job *job, int64_t b, int64_t h, int64_t i,
                     struct grad_room *room)
{
    const struct grad_plan *plan = job->plan;
    const struct pool_args *p = plan->a->pool;
    const struct matrix bias = matrix_of(&plan->a->dbias, b, h, sizeof(real));
    read_query(p, b, h, i, room->q);
    struct grad_row r = grad_row_of(plan, job->facts, b, h, i, room->q);
    grad_clear(&room->total);
    grad_clear(&room->block);
    for (int64_t j = r.row.visible.first; j < r.row.visible.end; j++) {
        if ((p->key_origin + j) % BLOCK == 0) {
            grad_sums_add(&room->total, &room->block);
            grad_clear(&room->block);
        }
        if (!grad_pair_of(&r, j, &room->pair))
            continue;
        grad_add(&r, &room->pair, j, &room->block);
        if (plan->bias == GRAD_BIAS_PAIRS)
            grad_put(bias, i, j, room->pair.gradient);
    }
    grad_sums_add(&room->total, &room->block);
    grad_row_end(job, &r, b, h, room);
}

static void grad_rows_task(void *arg, int64_t index, int worker)
{
    const struct grad_job *job = arg;
    const struct pool_args *p = job->plan->a->pool;
    const struct grad_classes *classes = &job->plan->of_rows;
    const struct task task = task_at(index, classes->groups, p->n);
    const struct grad_items x = grad_items_of(classes, p, task.b * classes->groups + task.h);
    struct grad_room room;
    grad_room_of(job->plan, false, ap_engine_scratch(job->engine, worker), &room);
    for (int64_t i = task.first; i < task.end; i++)
        for (int64_t b = x.batch; b < x.batch_end; b++)
            for (int64_t h = x.head; h < x.head_end; h++)
                grad_row(job, b, h, i, &room);
}

/* ---- Columns ---- */

static void grad_column_end(const struct grad_plan *plan, const struct grad_row *r, int64_t b,
                            int64_t h, int64_t j, const struct grad_sums *total)
{
    const struct pool_grad_args *a = plan->a;
    const struct matrix dk = matrix_of(&a->dk, b, h, sizeof(real));
    const struct matrix dvalue = matrix_of(&a->dvalue, b, h, sizeof(real));
    const struct metric *metric = &r->row.metric;
    for (int64_t c = 0; c < total->count[GRAD_SUM_POINT]; c++)
        grad_put(dk, j, c, grad_by_point(r, j, c, total->at[GRAD_SUM_POINT][c], true));
    for (int64_t c = 0; c < total->count[GRAD_SUM_VALUE]; c++)
        grad_put(dvalue, j, c, total->at[GRAD_SUM_VALUE][c] * (real)a->pool->dropout.scale);
    if (plan->bias == GRAD_BIAS_COLUMNS)
        grad_put(matrix_of(&a->dbias, b, h, sizeof(real)), 0, j, total->at[GRAD_SUM_GRADIENT][0]);
    if (a->dkey_weights.data != NULL) {
        const real weight = get(r->row.visible.key_weights, 0, j);
        grad_put(matrix_of(&a->dkey_weights, b, h, sizeof(real)), 0, j,
                 weight == 0 ? 0 : total->at[GRAD_SUM_GRADIENT][0] / weight);
    }
    if (a->dinverse_bandwidths.data != NULL && a->pool->kernel.per == ATTPOOL_BANDWIDTH_KEY)
        grad_put(
            matrix_of(&a->dinverse_bandwidths, b, h, sizeof(real)), 0, j,
            grad_by_width(total->at[GRAD_SUM_WIDTH][0], get(metric->inverse_bandwidths, 0, j)));
    if (a->dfactors.data != NULL)
        grad_put(matrix_of(&a->dfactors, b, h, sizeof(real)), 0, j,
                 grad_by_width(total->at[GRAD_SUM_WIDTH][0], get(metric->factors, 0, j)));
}

/* Key j of item (b, h). */
static void grad_column(const struct grad_job *job, int64_t b, int64_t h, int64_t j,
                        struct grad_room *room)
{
    const struct grad_plan *plan = job->plan;
    const struct pool_args *p = plan->a->pool;
    struct grad_row r;
    grad_clear(&room->total);
    grad_clear(&room->block);
    for (int64_t i = 0; i < p->n; i++) {
        if ((plan->a->query_origin + i) % BLOCK == 0) {
            grad_sums_add(&room->total, &room->block);
            grad_clear(&room->block);
        }
        read_query(p, b, h, i, room->q);
        r = grad_row_of(plan, job->facts, b, h, i, room->q);
        if (grad_pair_of(&r, j, &room->pair))
            grad_add(&r, &room->pair, j, &room->block);
    }
    grad_sums_add(&room->total, &room->block);
    if (p->n > 0)
        grad_column_end(plan, &r, b, h, j, &room->total);
}

static void grad_columns_task(void *arg, int64_t index, int worker)
{
    const struct grad_job *job = arg;
    const struct pool_args *p = job->plan->a->pool;
    const struct grad_classes *classes = &job->plan->of_columns;
    const struct task task = task_at(index, classes->groups, p->m);
    const struct grad_items x = grad_items_of(classes, p, task.b * classes->groups + task.h);
    struct grad_room room;
    grad_room_of(job->plan, true, ap_engine_scratch(job->engine, worker), &room);
    for (int64_t j = task.first; j < task.end; j++)
        for (int64_t b = x.batch; b < x.batch_end; b++)
            for (int64_t h = x.head; h < x.head_end; h++)
                grad_column(job, b, h, j, &room);
}

#define scalar_pool_grad SCALAR(TYPED(pool_grad))
attpool_status scalar_pool_grad(struct engine *engine, const struct pool_grad_args *args)
{
    const struct pool_args *p = args->pool;
    const struct grad_plan plan = grad_plan_of(args);
    struct grad_room room;
    const size_t rows = grad_room_of(&plan, false, NULL, &room);
    const size_t columns = grad_room_of(&plan, true, NULL, &room);
    const size_t shared = grad_facts_bytes(&plan, sizeof(real));
    if (!ap_engine_reserve(engine, (rows > columns ? rows : columns) * sizeof(real), shared))
        return ap_engine_fail(engine, ATTPOOL_E_MEMORY, "no memory for gradients");
    const struct grad_facts facts = grad_facts_at(&plan, sizeof(real), ap_engine_shared(engine));
    struct grad_job job = { engine, &plan, &facts };
    const struct grad_classes *r = &plan.of_rows, *c = &plan.of_columns;
    attpool_status st = scalar_grad_begin(engine, &plan, &facts);
    if (st == ATTPOOL_OK && plan.rows)
        st = ap_engine_parallel(engine, task_count(r->batches, r->groups, p->n), grad_rows_task,
                                &job);
    if (st == ATTPOOL_OK && plan.columns)
        st = ap_engine_parallel(engine, task_count(c->batches, c->groups, p->m), grad_columns_task,
                                &job);
    if (st == ATTPOOL_OK)
        scalar_grad_end(&plan, &facts);
    return st;
}

#endif
