/* SPDX-License-Identifier: Apache-2.0 */

/* Template: from the state of a tile's rows to what was asked for. */

struct FN(pool_result) {
    R m[POOL_LANES(VN)], l[POOL_LANES(VN)];
    bool empty[POOL_LANES(VN)];
    int empties;
    R *count;         /* of the keys that the masks leave, under the policy mean; or NULL */
    int64_t *nearest; /* the nearest key or -1, under the policy nearest; or NULL */
};

static FN(pool_any) * FN(pool_row)(const struct FN(pool_tile) *t, const struct array *x, int lane)
{
    FN(pool_any) *first = (FN(pool_any) *)x->data + t->b * x->batch;
    return first + t->head[lane] / x->group * x->head + t->query[lane] * x->row;
}

static R FN(pool_canonical)(R x)
{
    return x == x ? x : R_NAN;
}

/* A number for each lane into an array of a number a row. */
static void FN(pool_finish_lanes)(const struct FN(pool_tile) *t, const struct array *x, const R *from)
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

/* Rows of lanes acc[c * lanes + lane], c < v, go to the rows of the output. */
static void FN(pool_finish_store)(const struct FN(pool_tile) *t, const R *acc, const bool *wanted)
{
    const struct pool_args *a = t->plan->a;
    const int64_t col = a->out.col;
    for (int first = 0; first < t->count; first += VN) {
        const int rows = (int)pool_min(VN, t->count - first);
        FN(pool_any) *to[VN];
        for (int k = 0; k < rows; k++)
            to[k] = FN(pool_row)(t, &a->out, first + k);
        for (int64_t c = 0; c < a->v; c += VN) {
            const int n = (int)pool_min(VN, a->v - c);
            V r[VN];
            if (n > 1 && col == 1) {
                for (int i = 0; i < VN; i++)
                    r[i] = i < n ? v_loadu(acc + (c + i) * t->lanes + first) : v_zero();
                v_transpose(r);
            }
            for (int k = 0; k < rows; k++) {
                if (!wanted[first + k])
                    continue;
                if (n > 1 && col == 1)
                    v_store_n((R *)(void *)(to[k] + c), r[k], (size_t)n);
                else
                    for (int i = 0; i < n; i++)
                        to[k][(c + i) * col] = acc[(c + i) * t->lanes + first + k];
            }
        }
    }
}

/* acc / l, in place. */
static void FN(pool_finish_quotients)(const struct FN(pool_tile) *t, R *state)
{
    for (int i = 0; i < t->lanes; i += VN) {
        const V l = v_add(v_loadu(state + t->lanes + i), v_zero());
        for (int64_t c = 0; c < t->plan->a->v; c++) {
            R *at = state + (3 + c) * t->lanes + i;
            V q = v_div(v_add(v_loadu(at), v_zero()), l);
            v_storeu(at, FN(canonical_nan)(q));
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
    if (a->out.data != NULL) {
        FN(pool_finish_quotients)(t, state);
        FN(pool_finish_store)(t, state + 3 * t->lanes, full);
    }
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
