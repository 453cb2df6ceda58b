/* SPDX-License-Identifier: Apache-2.0 */

/* The blocks of a super-block merged, for few rows, and their state (by_key.h). */
#ifndef BACKENDS_SIMD_POOL_BY_KEY_STATE_H
#define BACKENDS_SIMD_POOL_BY_KEY_STATE_H

#include "backends/simd/pool/by_key/by_key.h"
#include "backends/simd/pool/plan.h"
#include "backends/simd/pool/state.h"

/* LANES lanes of the blocks merged in order, into the first block's place. */
VEC_FN void by_key_merge_n(const struct by_key *w, int at, const bool max)
{
    vec m = v_loadu(w->m + at), l = v_loadu(w->l + at), sq = v_loadu(w->sq + at);
    vec a = v_loadu(w->sum + at);
    for (int b = 1, i = at + w->lanes; b < POOL_BLOCKS; b++, i += w->lanes) {
        const vec next = v_loadu(w->m + i);
        vec u = v_set1(1), y = u;
        if (max) {
            pool_merge_weights(m, next, &u, &y);
            m = v_max_keep(m, next);
            sq = pool_merged(sq, v_loadu(w->sq + i), v_mul(u, u), v_mul(y, y));
        } else {
            pool_merge_squares(&m, &sq, next, v_loadu(w->sq + i));
        }
        l = pool_merged(l, v_loadu(w->l + i), u, y);
        a = pool_merged(a, v_loadu(w->sum + i), u, y);
        v_storeu(w->u + i, u);
        v_storeu(w->y + i, y);
    }
    v_storeu(w->m + at, m);
    v_storeu(w->l + at, l);
    v_storeu(w->sq + at, sq);
    v_storeu(w->sum + at, a);
}

static void by_key_merge(const struct by_key *w)
{
    for (int i = 0; i < w->waiting * w->t->count; i += LANES)
        if (w->t->plan->has_max)
            by_key_merge_n(w, i, true);
        else
            by_key_merge_n(w, i, false);
}

/* Column by column likewise; these do not wait. */
static void by_key_merge_columns(const struct by_key *w, int k, int r, real *state)
{
    const int64_t room = by_key_room(w), v = w->t->plan->a->v;
    real *acc = w->acc + (r * BY_KEY_WIDE + k * (int)POOL_BLOCKS) * room;
    const int at = k * w->t->count + r;
    for (int64_t c = 0; c < v; c += LANES) { /* there is room for whole vectors */
        vec a = v_loadu(acc + c);
        for (int b = 1, i = w->lanes + at; b < POOL_BLOCKS; b++, i += w->lanes)
            a = pool_merged(a, v_loadu(acc + b * room + c), v_set1(w->u[i]), v_set1(w->y[i]));
        v_storeu(acc + c, a);
    }
    for (int64_t c = 0; c < v; c++)
        state[c * w->t->lanes] = acc[c];
}

/* The state of the super-block in slot k. */
static void by_key_state(const struct by_key *w, int k, real *state)
{
    const struct pool_plan *p = w->t->plan;
    const int lanes = w->t->lanes;
    pool_state_identity(p, state, lanes);
    for (int r = 0; r < w->t->count; r++, state++) {
        const int at = k * w->t->count + r;
        state[0] = w->m[at];
        state[lanes] = w->l[at];
        state[2 * lanes] = p->squares ? w->sq[at] : 0;
        if (p->a->v == 1)
            state[3 * lanes] = w->sum[at];
        else
            by_key_merge_columns(w, k, r, state + 3 * lanes);
    }
}

#endif
