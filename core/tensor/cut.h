/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_TENSOR_CUT_H
#define CORE_TENSOR_CUT_H

/* Calls that a device has no room for at once are made in parts, each with its arrays. */

#include "core/tensor/tensor.h"

/* A range of each axis of a call. */
struct part {
    int64_t first[AXES], count[AXES];
};

struct cutting {
    int64_t size[AXES]; /* of the whole call */
    /* Parts are multiples of it, but for the last one. 0: the call is not cut there. Heads are
     * taken all or one by one, and then of one batch item. */
    int64_t step[AXES];
    /* Bytes of the device that a row of the queries, or of the keys, needs besides the arrays. */
    int64_t beside_n, beside_m;
    /* Describe a part before its arrays are brought to the device, and run it there. Views are cut
     * already, and may be changed; so is the group of each array. */
    attpool_status (*describe)(void *arg, struct arguments *own, const struct part *part);
    attpool_status (*run)(void *arg);
    void *arg;
};

static inline void view_goes_along(struct view *view, enum axis rows, enum axis cols)
{
    if (view) {
        view->along[0] = rows;
        view->along[1] = cols;
    }
}

/* Let a view of the host have memory of its own, without gaps, until its part is done. */
attpool_status ap_view_pack(struct engine *engine, struct view *view);

/* The part that is the whole call. */
struct part ap_cut_whole(const struct cutting *cutting);

/* Sizes of parts that fit into the device's memory; false where none does. */
bool ap_cut_plan(const struct arguments *args, const struct cutting *cutting, struct part *part);

/* Make the call in parts of these sizes, all of the last axis of a part before the next one. */
attpool_status ap_cut_run(const struct arguments *args, const struct cutting *cutting,
                          const struct part *part);

/* Plan and run. Nothing is cut for a host backend. */
attpool_status ap_cut(const struct arguments *args, const struct cutting *cutting);

/* There is no way to cut the call so that it fits. */
attpool_status ap_cut_fail(const struct arguments *args);

#endif
