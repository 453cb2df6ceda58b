/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_GRAD_PLAN_H
#define BACKENDS_GRAD_PLAN_H

/* The integers of a call for gradients: what is summed over what, and who writes it. Rows are swept
 * over their keys for what belongs to queries, columns over their queries for what belongs to keys;
 * what belongs to neither is summed by row first, then over the rows. Items (a batch and a head)
 * that share an output are one class, the task of one thread, which adds them in their order. */

#include "backends/kernel_traits.h"

enum grad_bias {
    GRAD_BIAS_NONE,
    GRAD_BIAS_PAIRS,
    GRAD_BIAS_ROWS,
    GRAD_BIAS_COLUMNS,
    GRAD_BIAS_ALL
};

struct grad_classes {
    bool all; /* batch items are of one class */
    int64_t group, batches, groups;
};

struct grad_plan {
    const struct pool_grad_args *a;
    enum grad_path path;
    enum grad_bias bias;
    bool rows, columns; /* is there something to be swept? */
    struct grad_classes of_rows, of_columns;
    int64_t scale_at, widths_at, wv_at, bias_at, sums; /* in the sums of a row; -1: not wanted */
};

struct grad_items {
    int64_t batch, batch_end, head, head_end;
};

static inline bool grad_is_flat(int name)
{
    return name == ATTPOOL_BOXCAR || name == ATTPOOL_CONSTANT;
}

static inline bool grad_is_sloped(int name)
{
    return !grad_is_flat(name);
}

static inline enum grad_path grad_path_of(const struct pool_args *p)
{
    const struct kernel *kernel = &p->kernel;
    switch (p->score) {
    case POOL_DOT:
        return GRAD_DOT;
    case POOL_ADDITIVE:
        return GRAD_ADDITIVE;
    case POOL_KERNEL:
        break;
    default:
        return GRAD_FLAT;
    }
    if (p->d == 0 || !kernel_any(kernel, p->d, grad_is_sloped))
        return GRAD_FLAT;
    if (kernel->form == ATTPOOL_RADIAL && (p->d > 1 || kernel->name == ATTPOOL_GAUSSIAN))
        return GRAD_RADIAL;
    return GRAD_PRODUCT;
}

static inline enum grad_bias grad_bias_of(const struct pool_grad_args *a)
{
    const bool queries = a->dbias.row == 0 && a->pool->n != 1;
    const bool keys = a->dbias.col == 0 && a->pool->m != 1;
    if (a->dbias.data == NULL)
        return GRAD_BIAS_NONE;
    if (queries)
        return keys ? GRAD_BIAS_ALL : GRAD_BIAS_COLUMNS;
    return keys ? GRAD_BIAS_ROWS : GRAD_BIAS_PAIRS;
}

/* An output that belongs to neither queries nor keys. */
static inline bool grad_width_is_summed(const struct pool_grad_args *a)
{
    const attpool_bandwidth_per per = a->pool->kernel.per;
    return a->dinverse_bandwidths.data != NULL && per != ATTPOOL_BANDWIDTH_KEY &&
           per != ATTPOOL_BANDWIDTH_QUERY;
}

static inline int64_t grad_common_multiple(int64_t a, int64_t b)
{
    int64_t x = a, y = b;
    while (y != 0) {
        int64_t rest = x % y;
        x = y;
        y = rest;
    }
    return a / x * b;
}

static inline void grad_classes_add(struct grad_classes *c, const struct pool_args *p,
                                    const struct array *x)
{
    if (x->data == NULL)
        return;
    c->all |= x->batch == 0 && p->batch != 1;
    const int64_t group = x->head == 0 ? p->heads : x->group;
    c->group = grad_common_multiple(c->group, group > 0 ? group : 1);
}

static inline void grad_classes_end(struct grad_classes *c, const struct pool_args *p)
{
    c->batches = c->all ? 1 : p->batch;
    c->groups = p->heads > 0 ? p->heads / c->group : 1;
}

static inline int64_t grad_class_count(const struct grad_classes *c)
{
    return c->batches * c->groups;
}

static inline struct grad_items grad_items_of(const struct grad_classes *c,
                                              const struct pool_args *p, int64_t index)
{
    const int64_t b = index / c->groups, h = index % c->groups * c->group;
    struct grad_items items = { b, b + 1, h, h + c->group };
    if (c->all)
        items.batch_end = p->batch;
    if (items.head_end > p->heads)
        items.head_end = p->heads;
    return items;
}

static inline int64_t grad_take(int64_t *sums, const struct array *x, int64_t count)
{
    const int64_t at = *sums;
    if (x->data == NULL)
        return -1;
    *sums += count;
    return at;
}

static inline void grad_plan_sums(struct grad_plan *g)
{
    static const struct array none;
    const struct pool_grad_args *a = g->a;
    const struct pool_args *p = a->pool;
    const int64_t widths = kernel_by_coordinate(&p->kernel) ? p->d : 1;
    const bool summed = grad_width_is_summed(a) && g->path != GRAD_FLAT;
    g->scale_at = grad_take(&g->sums, &a->dscale, 1);
    g->widths_at = grad_take(&g->sums, summed ? &a->dinverse_bandwidths : &none, widths);
    g->wv_at = grad_take(&g->sums, &a->dwv, p->d);
    g->bias_at = grad_take(&g->sums, g->bias == GRAD_BIAS_ALL ? &a->dbias : &none, 1);
}

static inline struct grad_plan grad_plan_of(const struct pool_grad_args *a)
{
    const struct pool_args *p = a->pool;
    const attpool_bandwidth_per per = p->kernel.per;
    const bool kernel = p->score == POOL_KERNEL;
    static const struct array none;
    struct grad_plan g = { .a = a, .path = grad_path_of(p), .bias = grad_bias_of(a) };
    const bool flat = g.path == GRAD_FLAT;
    const struct array *const widths = kernel && !flat ? &a->dinverse_bandwidths : &none;
    const struct array *const row_outputs[] = {
        flat ? &none : &a->dq,
        per == ATTPOOL_BANDWIDTH_QUERY ? widths : &none,
        g.bias == GRAD_BIAS_PAIRS || g.bias == GRAD_BIAS_ROWS ? &a->dbias : &none,
    };
    const struct array *const column_outputs[] = {
        flat ? &none : &a->dk,
        flat ? &none : &a->dfactors,
        per == ATTPOOL_BANDWIDTH_KEY ? widths : &none,
        g.bias == GRAD_BIAS_COLUMNS ? &a->dbias : &none,
        &a->dvalue,
        &a->dkey_weights,
    };
    grad_plan_sums(&g);
    g.rows = g.sums > 0;
    g.of_rows.group = g.of_columns.group = 1; /* heads of a class */
    for (size_t i = 0; i < sizeof row_outputs / sizeof row_outputs[0]; i++) {
        g.rows |= row_outputs[i]->data != NULL;
        grad_classes_add(&g.of_rows, p, row_outputs[i]);
    }
    for (size_t i = 0; i < sizeof column_outputs / sizeof column_outputs[0]; i++) {
        g.columns |= column_outputs[i]->data != NULL;
        grad_classes_add(&g.of_columns, p, column_outputs[i]);
    }
    grad_classes_end(&g.of_rows, p);
    grad_classes_end(&g.of_columns, p);
    return g;
}

/* Items that share an output of either sweep. */
static inline struct grad_classes grad_classes_of_both(const struct grad_plan *g)
{
    const struct grad_classes *rows = &g->of_rows, *columns = &g->of_columns;
    struct grad_classes c = { .all = rows->all || columns->all };
    c.group = grad_common_multiple(rows->group, columns->group);
    grad_classes_end(&c, g->a->pool);
    return c;
}

/* What a row or a column adds up, of a block and of all blocks. */
enum grad_sum {
    GRAD_SUM_POINT,    /* d: by the query or the key, before its factor */
    GRAD_SUM_EACH,     /* d: by w of a coordinate, or by w_v */
    GRAD_SUM_VALUE,    /* v */
    GRAD_SUM_GRADIENT, /* 1: of g */
    GRAD_SUM_WIDTH,    /* 1: by w */
    GRAD_SUMS
};

/* How many numbers of it there are. */
static inline int64_t grad_sum_count(const struct grad_plan *plan, enum grad_sum k, bool column)
{
    const struct pool_grad_args *a = plan->a;
    const attpool_bandwidth_per per = a->pool->kernel.per;
    const bool additive = plan->path == GRAD_ADDITIVE, scale = !column && plan->scale_at >= 0;
    const bool width = !column && plan->widths_at >= 0;
    const bool by_coordinate = kernel_by_coordinate(&a->pool->kernel);
    const bool each =
        (width && by_coordinate) || (!column && plan->wv_at >= 0) || (additive && scale);
    const bool gradient = column ? a->dkey_weights.data != NULL || plan->bias == GRAD_BIAS_COLUMNS
                                 : plan->bias == GRAD_BIAS_ROWS || plan->bias_at >= 0;
    const bool own = a->dinverse_bandwidths.data != NULL &&
                     per == (column ? ATTPOOL_BANDWIDTH_KEY : ATTPOOL_BANDWIDTH_QUERY);
    bool point;
    switch (k) {
    case GRAD_SUM_POINT:
        point = (column ? a->dk.data : a->dq.data) != NULL || (scale && !additive);
        return point && plan->path != GRAD_FLAT ? a->pool->d : 0;
    case GRAD_SUM_EACH:
        return each ? a->pool->d : 0;
    case GRAD_SUM_VALUE:
        return column && a->dvalue.data != NULL ? a->pool->v : 0;
    case GRAD_SUM_GRADIENT:
        return gradient;
    default:
        return own || (width && !by_coordinate) || (column && a->dfactors.data != NULL);
    }
}

/* What is known of every row before the sweeps, numbers of the type. */
struct grad_facts {
    void *gain;    /* dL - dO . O */
    void *sum;     /* of its weights: l, under the policies mean and nearest the number of keys */
    int64_t *kind; /* a key, or GRAD_WEIGHTED, ... */
    void *sums;    /* plan->sums of each */
};

static inline size_t grad_facts_bytes(const struct grad_plan *g, size_t real_bytes)
{
    const struct pool_args *p = g->a->pool;
    return (size_t)(p->batch * p->heads * p->n) *
           ((2 + (size_t)g->sums) * real_bytes + sizeof(int64_t));
}

static inline struct grad_facts grad_facts_at(const struct grad_plan *g, size_t real_bytes,
                                              void *memory)
{
    const struct pool_args *p = g->a->pool;
    const size_t rows = (size_t)(p->batch * p->heads * p->n);
    struct grad_facts facts = { .kind = memory };
    facts.gain = (char *)memory + rows * sizeof(int64_t);
    facts.sum = (char *)facts.gain + rows * real_bytes;
    facts.sums = (char *)facts.sum + rows * real_bytes;
    return facts;
}

static inline int64_t grad_row_number(const struct pool_args *p, int64_t b, int64_t h, int64_t i)
{
    return (b * p->heads + h) * p->n + i;
}

/* The outputs of a call with their own sizes, to be cleared. */
enum { GRAD_OUTPUTS = 9 };
struct grad_output {
    const struct array *array;
    int64_t batch, heads, rows, cols;
};

static inline struct grad_output grad_output_of(const struct pool_args *p, const struct array *x,
                                                int64_t rows, int64_t cols)
{
    return (struct grad_output){
        .array = x,
        .batch = x->batch == 0 ? 1 : p->batch,
        .heads = x->head == 0 ? 1 : p->heads / x->group,
        .rows = x->row == 0 ? 1 : rows,
        .cols = x->col == 0 ? 1 : cols,
    };
}

static inline void grad_outputs_of(const struct pool_grad_args *a,
                                   struct grad_output list[GRAD_OUTPUTS])
{
    const struct pool_args *p = a->pool;
    const attpool_bandwidth_per per = p->kernel.per;
    const int64_t widths = per == ATTPOOL_BANDWIDTH_KEY ? p->m : p->d;
    list[0] = grad_output_of(p, &a->dq, p->n, p->d);
    list[1] = grad_output_of(p, &a->dk, p->m, p->d);
    list[2] = grad_output_of(p, &a->dvalue, p->m, p->v);
    list[3] = grad_output_of(p, &a->dbias, p->n, p->m);
    list[4] = grad_output_of(p, &a->dkey_weights, 1, p->m);
    list[5] = grad_output_of(p, &a->dscale, 1, 1);
    list[6] = grad_output_of(p, &a->dinverse_bandwidths, p->n, widths);
    list[7] = grad_output_of(p, &a->dfactors, 1, p->m);
    list[8] = grad_output_of(p, &a->dwv, 1, p->d);
}

#endif
