/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CALL_STATE_H
#define CORE_CALL_STATE_H

/* Partial states: what the calls for them, and calls that are made in parts, do with nodes
 * (nodes.c). */

#include "backends/tree.h"
#include "core/call/pool.h"

struct attpool_state {
    int type;
    int64_t batch, heads, n, v;
    int64_t key_begin, key_end; /* positions */
    attpool_score score;
    bool has_max;
    bool cuts_far; /* rows with a near key leave the far ones out */
    attpool_empty empty;
    double dropout, scale; /* p, and what it makes of O */
    uint64_t seed;
    int count;
    struct pool_node node[TREE_NODES];
};

static inline int64_t state_rows(const struct attpool_state *s)
{
    return s->batch * s->heads * s->n;
}

/* The nodes of a described call, whose keys begin at a super-block; s begins as zeros. */
attpool_status ap_state_begin(const struct pool_call *call, struct attpool_state *s);

/* Merge with the state of the keys next to it, whose nodes, or copies of them, s owns from here
 * on. */
void ap_state_join(struct engine *engine, struct attpool_state *s,
                   const struct attpool_state *other, const struct pool_node *nodes);

/* The results of a state of all keys: f has the policy and the outputs. */
attpool_status ap_state_finish(struct engine *engine, const struct attpool_state *s,
                               struct finish_args *f);

/* Copies of its nodes. false: no memory, and no copies. */
bool ap_state_copy(const struct attpool_state *s, struct pool_node *to);

/* Give back the nodes. */
void ap_state_clear(struct attpool_state *s);

#endif
