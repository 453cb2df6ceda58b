/* SPDX-License-Identifier: Apache-2.0 */

/* From the state of a tile's rows to what was asked for. */
#ifndef BACKENDS_SIMD_POOL_FINISH_H
#define BACKENDS_SIMD_POOL_FINISH_H

#include "backends/simd/math/elementary.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/state.h"
#include "backends/simd/pool/tile.h"

struct pool_result {
    real m[POOL_LANES(LANES)], l[POOL_LANES(LANES)];
    bool empty[POOL_LANES(LANES)];
    int empty_count;
    real *count;      /* of the keys that the masks leave, under the policy mean; or NULL */
    int64_t *nearest; /* the nearest key or -1, under the policy nearest; or NULL */
};

/* The lane's row of an output. */
static element *pool_row(const struct pool_tile *t, const struct array *x, int lane)
{
    return row_at(x, t->b, t->head[lane], t->query[lane]);
}

static real pool_canonical(real x)
{
    return x == x ? x : REAL_NAN;
}

/* A number for each lane into an array of a number a row. */
static void pool_finish_lanes(const struct pool_tile *t, const struct array *x, const real *from)
{
    for (int lane = 0; lane < t->count && x->data != NULL; lane++)
        put(pool_row(t, x, lane), from[lane]);
}

/* L, n_eff, and the state itself. */
static void pool_finish_sums(const struct pool_tile *t, const real *state)
{
    const struct pool_plan *p = t->plan;
    real lse[POOL_LANES(LANES)], n_eff[POOL_LANES(LANES)];
    real max[POOL_LANES(LANES)], sum[POOL_LANES(LANES)];
    for (int i = 0; i < t->lanes; i += LANES) {
        const real *from = state + i;
        vec m = v_loadu(from), l = v_loadu(from + t->lanes), sq = v_loadu(from + 2 * t->lanes);
        vec log = v_log(l);
        const vec_mask full = v_ne(l, v_zero());
        v_storeu(max + i, p->has_max ? v_where(full, v_add(m, v_zero())) : v_zero());
        v_storeu(sum + i, v_canonical_nan(v_add(l, v_zero())));
        if (p->has_max)
            log = v_fma(m, v_set1(4 * REAL(LN2)), log);
        log = v_select(v_eq(l, v_zero()), v_set1(-REAL_INF), log);
        v_storeu(lse + i, v_canonical_nan(log));
        if (!p->has_max)
            l = v_mul(l, pool_inverse_power(m));
        v_storeu(n_eff + i, v_canonical_nan(v_mul(v_div(l, sq), l)));
    }
    pool_finish_lanes(t, &p->a->lse, lse);
    pool_finish_lanes(t, &p->a->n_eff, n_eff);
    pool_finish_lanes(t, &p->a->max, max);
    pool_finish_lanes(t, &p->a->sum, sum);
}

/* Column c of the output for a vector of rows. */
VEC_FN vec pool_quotient(const real *acc, int64_t c, int lanes, vec l, vec scale)
{
    vec sum = v_add(v_loadu(acc + c * lanes), v_zero());
    return v_canonical_nan(v_mul(v_div(sum, l), scale));
}

/* LANES columns from c on of LANES rows of a contiguous output. */
VEC_FN void pool_finish_square(const real *acc, int64_t c, int lanes, vec l, vec scale,
                               element *const *to)
{
    vec r[LANES];
    UNROLL_FOR (int i = 0; i < LANES; i++)
        r[i] = pool_quotient(acc, c + i, lanes, l, scale);
    v_transpose(r);
    UNROLL_FOR (int k = 0; k < LANES; k++)
        if (to[k] != NULL)
            v_storeu(to[k] + c, r[k]);
}

/* Rows of lanes of the state go to the rows of the output that are wanted. */
static void pool_finish_store(const struct pool_tile *t, const real *state, const bool *wanted)
{
    const struct pool_args *a = t->plan->a;
    const int64_t col = a->out.col, columns = pool_columns(a);
    const vec scale = v_set1((real)a->dropout.scale);
    for (int first = 0; first < t->count; first += LANES) {
        const vec l = v_add(v_loadu(state + t->lanes + first), v_zero());
        const real *acc = state + 3 * t->lanes + first;
        element *to[LANES];
        int64_t c = 0;
        for (int k = 0; k < LANES; k++) {
            const bool is = first + k < t->count && wanted[first + k];
            to[k] = is ? pool_row(t, &a->out, first + k) : NULL;
        }
        for (; c + LANES <= columns && col == 1; c += LANES)
            pool_finish_square(acc, c, t->lanes, l, scale, to);
        for (; c < columns; c++) {
            real one[LANES];
            v_storeu(one, pool_quotient(acc, c, t->lanes, l, scale));
            for (int k = 0; k < LANES; k++)
                if (to[k] != NULL)
                    put(to[k] + c * col, one[k]);
        }
    }
}

static void pool_finish_fill(const struct pool_tile *t, int lane, real out, real n_eff)
{
    const struct pool_args *a = t->plan->a;
    if (a->n_eff.data != NULL)
        put(pool_row(t, &a->n_eff, lane), n_eff);
    if (a->out.data == NULL)
        return;
    element *to = pool_row(t, &a->out, lane);
    for (int64_t c = 0; c < pool_columns(a); c++)
        put(to + c * a->out.col, out);
}

/* What the rows got; outputs of those that are not empty, and NaN or 0 for the others. */
static void pool_tile_finish(struct pool_tile *t, real *state, struct pool_result *r)
{
    const struct pool_args *a = t->plan->a;
    bool full[POOL_LANES(LANES)];
    r->empty_count = 0;
    for (int lane = 0; lane < t->count; lane++) {
        r->m[lane] = state[lane];
        r->l[lane] = state[t->lanes + lane];
        r->empty[lane] = r->l[lane] == 0;
        full[lane] = !r->empty[lane];
        r->empty_count += r->empty[lane];
    }
    if (pool_wants_sums(a))
        pool_finish_sums(t, state);
    if (a->out.data != NULL)
        pool_finish_store(t, state, full);
    for (int lane = 0; lane < t->count && r->empty_count > 0; lane++)
        if (r->empty[lane])
            pool_finish_fill(t, lane, a->empty == ATTPOOL_EMPTY_ZERO ? 0 : REAL_NAN, REAL_NAN);
}

/* The states of a tile's rows go to that side of the nodes. */
static void pool_tile_nodes(const struct pool_tile *t, const struct pool_forest *f)
{
    const struct pool_args *a = t->plan->a;
    assert(f->tree.count == a->nodes->count);
    for (int k = 0; k < f->tree.count; k++) {
        const struct pool_node *node = &a->nodes->node[k];
        const real *state = f->state[f->tree.node[k].slot];
        assert(node->level == f->tree.node[k].level && node->index == f->tree.node[k].index);
        const struct node_sums *to = t->near ? &node->near : &node->all;
        for (int lane = 0; lane < t->count; lane++) {
            int64_t row = (t->b * a->heads + t->head[lane]) * a->n + t->query[lane];
            ((real *)to->max)[row] = state[lane];
            ((real *)to->sum)[row] = state[t->lanes + lane];
            for (int64_t c = 0; c < a->v; c++)
                ((real *)to->acc)[row * a->v + c] = state[(3 + c) * t->lanes + lane];
        }
    }
}

#endif
