/* SPDX-License-Identifier: Apache-2.0 */

/* Template: from the state of a tile's rows to what was asked for. */

struct FN(pool_result) {
    R m[POOL_LANES(VN)], l[POOL_LANES(VN)];
    bool empty[POOL_LANES(VN)];
    int empties;
    R *count;         /* of the keys that the masks leave, under the policy mean; or NULL */
    int64_t *nearest; /* the nearest key or -1, under the policy nearest; or NULL */
};

static FN(pool_any) *FN(pool_row)(const struct FN(pool_tile) *t, const struct array *x, int lane)
{
    FN(pool_any) *first = (FN(pool_any) *)x->data + t->b * x->batch;
    return first + t->head[lane] / x->group * x->head + t->query[lane] * x->row;
}

static R FN(pool_canonical)(R x)
{
    return x == x ? x : R_NAN;
}

/* A number for each lane into an array of a number a row. */
static void FN(pool_finish_lanes)(const struct FN(pool_tile) *t, const struct array *x,
                                  const R *from)
{
    for (int lane = 0; lane < t->count && x->data != NULL; lane++)
        *FN(pool_row)(t, x, lane) = from[lane];
}

/* L and n_eff. */
static void FN(pool_finish_sums)(const struct FN(pool_tile) *t, const R *state)
{
    const struct FN(pool_plan) *p = t->plan;
    R lse[POOL_LANES(VN)], n_eff[POOL_LANES(VN)];
    for (int i = 0; i < t->lanes; i += VN) {
        const R *from = state + i;
        V m = v_loadu(from), l = v_loadu(from + t->lanes), sq = v_loadu(from + 2 * t->lanes);
        V log = FN(log)(l);
        if (p->has_max)
            log = v_fma(m, v_set1((R)0.6931471805599453), log);
        log = v_select(v_eq(l, v_zero()), v_set1(-R_INF), log);
        v_storeu(lse + i, FN(canonical_nan)(log));
        v_storeu(n_eff + i, FN(canonical_nan)(v_mul(v_div(l, sq), l)));
    }
    FN(pool_finish_lanes)(t, &p->a->lse, lse);
    FN(pool_finish_lanes)(t, &p->a->n_eff, n_eff);
}

/* Column c of the output for a vector of rows. */
VEC_FN V FN(pool_quotient)(const R *acc, int64_t c, int lanes, V l)
{
    V sum = v_add(v_loadu(acc + c * lanes), v_zero());
    return FN(canonical_nan)(v_div(sum, l));
}

/* VN columns from c on of VN rows of a contiguous output. */
VEC_FN void FN(pool_finish_square)(const R *acc, int64_t c, int lanes, V l, FN(pool_any) *const *to)
{
    V r[VN];
    UNROLL
    for (int i = 0; i < VN; i++)
        r[i] = FN(pool_quotient)(acc, c + i, lanes, l);
    v_transpose(r);
    UNROLL
    for (int k = 0; k < VN; k++)
        if (to[k] != NULL)
            v_storeu((R *)(void *)(to[k] + c), r[k]);
}

/* Rows of lanes of the state go to the rows of the output that are wanted. */
static void FN(pool_finish_store)(const struct FN(pool_tile) *t, const R *state, const bool *wanted)
{
    const struct pool_args *a = t->plan->a;
    const int64_t col = a->out.col;
    for (int first = 0; first < t->count; first += VN) {
        const V l = v_add(v_loadu(state + t->lanes + first), v_zero());
        const R *acc = state + 3 * t->lanes + first;
        FN(pool_any) *to[VN];
        int64_t c = 0;
        for (int k = 0; k < VN; k++) {
            const bool is = first + k < t->count && wanted[first + k];
            to[k] = is ? FN(pool_row)(t, &a->out, first + k) : NULL;
        }
        for (; c + VN <= a->v && col == 1; c += VN)
            FN(pool_finish_square)(acc, c, t->lanes, l, to);
        for (; c < a->v; c++) {
            R one[VN];
            v_storeu(one, FN(pool_quotient)(acc, c, t->lanes, l));
            for (int k = 0; k < VN; k++)
                if (to[k] != NULL)
                    to[k][c * col] = one[k];
        }
    }
}

static void FN(pool_finish_fill)(const struct FN(pool_tile) *t, int lane, R out, R n_eff)
{
    const struct pool_args *a = t->plan->a;
    if (a->n_eff.data != NULL)
        *FN(pool_row)(t, &a->n_eff, lane) = n_eff;
    if (a->out.data == NULL)
        return;
    FN(pool_any) *to = FN(pool_row)(t, &a->out, lane);
    for (int64_t c = 0; c < a->v; c++)
        to[c * a->out.col] = out;
}

/* What the rows got; outputs of those that are not empty, and NaN or 0 for the others. */
static void FN(pool_tile_finish)(struct FN(pool_tile) *t, R *state, struct FN(pool_result) *r)
{
    const struct pool_args *a = t->plan->a;
    bool full[POOL_LANES(VN)];
    r->empties = 0;
    for (int lane = 0; lane < t->count; lane++) {
        r->m[lane] = state[lane];
        r->l[lane] = state[t->lanes + lane];
        r->empty[lane] = r->l[lane] == 0;
        full[lane] = !r->empty[lane];
        r->empties += r->empty[lane];
    }
    if (a->lse.data != NULL || a->n_eff.data != NULL)
        FN(pool_finish_sums)(t, state);
    if (a->out.data != NULL)
        FN(pool_finish_store)(t, state, full);
    for (int lane = 0; lane < t->count && r->empties > 0; lane++)
        if (r->empty[lane])
            FN(pool_finish_fill)(t, lane, a->empty == ATTPOOL_EMPTY_ZERO ? 0 : R_NAN, R_NAN);
}

/* The states of a tile's rows go to the nodes. */
static void FN(pool_tile_nodes)(const struct FN(pool_tile) *t, const struct FN(pool_forest) *f)
{
    const struct pool_args *a = t->plan->a;
    assert(f->tree.count == a->nodes->count);
    for (int k = 0; k < f->tree.count; k++) {
        const struct pool_node *node = &a->nodes->node[k];
        const R *state = f->state[f->tree.node[k].slot];
        assert(node->level == f->tree.node[k].level && node->index == f->tree.node[k].index);
        for (int lane = 0; lane < t->count; lane++) {
            int64_t row = (t->b * a->heads + t->head[lane]) * a->n + t->query[lane];
            ((R *)node->max)[row] = state[lane];
            ((R *)node->sum)[row] = state[t->lanes + lane];
            for (int64_t c = 0; c < a->v; c++)
                ((R *)node->acc)[row * a->v + c] = state[(3 + c) * t->lanes + lane];
        }
    }
}
