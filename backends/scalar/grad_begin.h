/* SPDX-License-Identifier: Apache-2.0 */

/* Before and after the sweeps of a call for gradients: outputs become 0, facts of the rows, and the
 * sums over rows. The other backends of the host take these from here. */
#ifndef BACKENDS_SCALAR_GRAD_BEGIN_H
#define BACKENDS_SCALAR_GRAD_BEGIN_H

#include "backends/grad_real.h"
#include "backends/scalar/grad_pair.h"
#include "backends/scalar/scalar.h"

struct grad_job {
    struct engine *engine;
    const struct grad_plan *plan;
    const struct grad_facts *facts;
};

/* Adds x to an element of a gradient. */
static void grad_put(struct matrix to, int64_t row, int64_t col, real x)
{
    put(to, row, col, get(to, row, col) + x);
}

static void grad_clear_task(void *arg, int64_t index, int worker)
{
    const struct grad_job *job = arg;
    struct grad_output list[GRAD_OUTPUTS];
    (void)worker;
    grad_outputs_of(job->plan->a, list);
    const struct grad_output *x = &list[index];
    const int64_t group = x->array->group;
    for (int64_t b = 0; b < x->batch && x->array->data != NULL; b++)
        for (int64_t h = 0; h < x->heads; h++) {
            struct matrix to = matrix_of(x->array, b, h * group, sizeof(real));
            for (int64_t i = 0; i < x->rows; i++)
                for (int64_t c = 0; c < x->cols; c++)
                    put(to, i, c, 0);
        }
}

/* How many keys the masks leave. */
static int64_t grad_left(const struct row *row)
{
    int64_t count = 0;
    for (int64_t j = row->visible.first; j < row->visible.end; j++)
        count += is_visible(&row->visible, j);
    return count;
}

/* An empty row: its kind, and the number of its keys. */
static int64_t grad_empty_kind(const struct row *row, real *sum)
{
    int64_t kind = GRAD_BLANK;
    *sum = 1;
    if (row->args->empty == ATTPOOL_EMPTY_MEAN) {
        *sum = (real)grad_left(row);
        kind = *sum > 0 ? GRAD_EVEN : GRAD_BLANK;
    } else if (row->args->empty == ATTPOOL_EMPTY_NEAREST) {
        kind = row_nearest(row);
        kind = kind >= 0 ? kind : GRAD_BLANK;
    }
    return kind;
}

static void grad_facts_task(void *arg, int64_t index, int worker)
{
    const struct grad_job *job = arg;
    const struct pool_grad_args *a = job->plan->a;
    const struct pool_args *p = a->pool;
    struct task task = task_at(index, p->heads, p->n);
    real *q = ap_engine_scratch(job->engine, worker);
    struct matrix out = matrix_of(&p->out, task.b, task.h, sizeof(real));
    struct matrix d_out = matrix_of(&a->d_out, task.b, task.h, sizeof(real));
    struct matrix d_lse = matrix_of(&a->d_lse, task.b, task.h, sizeof(real));
    struct matrix sums = matrix_of(&p->sum, task.b, task.h, sizeof(real));
    for (int64_t i = task.first; i < task.end; i++) {
        int64_t at = grad_row_number(p, task.b, task.h, i), kind = GRAD_WEIGHTED;
        real gain = d_lse.at != NULL ? get(d_lse, i, 0) : 0, sum = get(sums, i, 0);
        if (d_out.at != NULL)
            gain -= grad_inner(d_out, i, out, i, p->v);
        if (sum == 0) {
            read_query(p, task.b, task.h, i, q);
            struct row row = row_of(p, task.b, task.h, i, q);
            kind = grad_empty_kind(&row, &sum);
        }
        ((real *)job->facts->gain)[at] = gain;
        ((real *)job->facts->sum)[at] = sum;
        job->facts->kind[at] = kind;
    }
}

#define scalar_grad_begin SCALAR(TYPED(grad_begin))
attpool_status scalar_grad_begin(struct engine *engine, const struct grad_plan *plan,
                                 const struct grad_facts *facts)
{
    struct grad_job job = { engine, plan, facts };
    const struct pool_args *p = plan->a->pool;
    attpool_status st = ap_engine_parallel(engine, GRAD_OUTPUTS, grad_clear_task, &job);
    if (st == ATTPOOL_OK)
        st =
            ap_engine_parallel(engine, task_count(p->batch, p->heads, p->n), grad_facts_task, &job);
    return st;
}

/* The sum of number `at` over the rows of an item. */
static real grad_item_sum(const struct grad_plan *plan, const struct grad_facts *facts, int64_t b,
                          int64_t h, int64_t at)
{
    const struct pool_args *p = plan->a->pool;
    const int64_t origin = plan->a->query_origin;
    real sum = 0, block = 0;
    for (int64_t i = 0; i < p->n; i++) {
        if ((origin + i) % BLOCK == 0) {
            sum += block;
            block = 0;
        }
        block += ((const real *)facts->sums)[grad_row_number(p, b, h, i) * plan->sums + at];
    }
    return sum + block;
}

static void grad_end_widths(const struct grad_plan *plan, const struct grad_facts *facts, int64_t b,
                            int64_t h)
{
    const struct kernel *kernel = &plan->a->pool->kernel;
    const struct matrix w = matrix_of(&kernel->inverse_bandwidths, b, h, sizeof(real));
    const struct matrix to = matrix_of(&plan->a->dinverse_bandwidths, b, h, sizeof(real));
    const int64_t count = kernel_by_coordinate(kernel) ? plan->a->pool->d : 1;
    for (int64_t c = 0; c < count; c++)
        grad_put(to, 0, c,
                 grad_by_width(grad_item_sum(plan, facts, b, h, plan->widths_at + c),
                               w.at != NULL ? get(w, 0, c) : (real)kernel->one));
}

static void grad_end_item(const struct grad_plan *plan, const struct grad_facts *facts, int64_t b,
                          int64_t h)
{
    const struct pool_grad_args *a = plan->a;
    const real scale = (real)a->scale;
    if (plan->scale_at >= 0)
        grad_put(matrix_of(&a->dscale, b, h, sizeof(real)), 0, 0,
                 grad_item_sum(plan, facts, b, h, plan->scale_at));
    if (plan->bias_at >= 0)
        grad_put(matrix_of(&a->dbias, b, h, sizeof(real)), 0, 0,
                 grad_item_sum(plan, facts, b, h, plan->bias_at));
    if (plan->widths_at >= 0)
        grad_end_widths(plan, facts, b, h);
    for (int64_t c = 0; c < a->pool->d && plan->wv_at >= 0; c++)
        grad_put(matrix_of(&a->dwv, b, h, sizeof(real)), 0, c,
                 scale * grad_item_sum(plan, facts, b, h, plan->wv_at + c));
}

/* Is there anything but zeros? */
static bool grad_any(struct matrix x, int64_t row, int64_t cols)
{
    for (int64_t c = 0; c < cols; c++)
        if (get(x, row, c) != 0)
            return true;
    return false;
}

static void grad_copy_rows(const struct grad_copy *x)
{
    for (int64_t b = 0; b < x->batch && x->to.data != NULL; b++)
        for (int64_t h = 0; h < x->heads; h++) {
            struct matrix gradient = matrix_of(&x->gradient, b, h, sizeof(real));
            struct matrix from = matrix_of(&x->from, b, h, sizeof(real));
            struct matrix to = matrix_of(&x->to, b, h, sizeof(real));
            for (int64_t i = 0; i < x->rows; i++) {
                bool any = grad_any(gradient, i, x->p);
                for (int64_t c = 0; c < x->width; c++)
                    put(to, i, c, any ? get(from, i, c) : 0);
            }
        }
}

#define scalar_grad_end SCALAR(TYPED(grad_end))
void scalar_grad_end(const struct grad_plan *plan, const struct grad_facts *facts)
{
    for (int64_t b = 0; b < plan->a->pool->batch && plan->sums > 0; b++)
        for (int64_t h = 0; h < plan->a->pool->heads; h++)
            grad_end_item(plan, facts, b, h);
    grad_copy_rows(&plan->a->copy_q);
    grad_copy_rows(&plan->a->copy_k);
}

#endif
