/* SPDX-License-Identifier: Apache-2.0 */
#include "core/tensor/cut.h"

#include <stdlib.h>
#include <string.h>

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- A part of the arguments ---- */

static void keep(struct view *v, int dimension, int64_t first, int64_t count)
{
    const int64_t skip = first * v->stride[dimension] * v->bytes;
    if (v->size[dimension] <= 1)
        return;
    if (v->device)
        v->offset += skip;
    else
        v->data += skip;
    v->size[dimension] = count;
}

static void set_strides(const struct view *v)
{
    v->array->batch = v->stride[0];
    v->array->head = v->stride[1];
    v->array->row = v->stride[2];
    v->array->col = v->stride[3];
}

static void cut_view(struct view *v, const struct part *all, const struct part *part)
{
    const int64_t heads = all->count[AXIS_HEADS], group = v->size[1] > 1 ? heads / v->size[1] : 1;
    const bool one_head = part->count[AXIS_HEADS] < heads;
    keep(v, 0, part->first[AXIS_BATCH], part->count[AXIS_BATCH]);
    if (one_head)
        keep(v, 1, part->first[AXIS_HEADS] / group, 1);
    for (int k = 0; k < 2; k++)
        if (v->along[k] != AXIS_NONE)
            keep(v, 2 + k, part->first[v->along[k]], part->count[v->along[k]]);
    ap_view_range(v);
    if (!v->array)
        return;
    set_strides(v);
    v->array->group = one_head ? 1 : group;
    if (v->device)
        v->array->offset = v->offset;
}

static void cut_arguments(const struct arguments *args, const struct part *all,
                          const struct part *part, struct arguments *own)
{
    *own = *args;
    for (int k = 0; k < own->count; k++)
        cut_view(&own->view[k], all, part);
}

/* ---- Parts that lie among others' bytes ---- */

/* Elements in memory: one for all along a stride of 0. */
static int64_t elements(const struct view *v)
{
    int64_t count = 1;
    for (int k = 0; k < 4; k++)
        count *= v->stride[k] == 0 && v->size[k] > 0 ? 1 : v->size[k];
    return count;
}

/* Is most of its range other elements', as it is where rows are cut in pieces? */
static bool is_sparse(const struct view *v)
{
    return !v->device && v->array && v->high - v->low > 2 * elements(v) * v->bytes;
}

static void copy_elements(const struct view *to, const struct view *from)
{
    const size_t bytes = (size_t)to->bytes;
    int64_t at[4];
    for (at[0] = 0; at[0] < to->size[0]; at[0]++)
        for (at[1] = 0; at[1] < to->size[1]; at[1]++)
            for (at[2] = 0; at[2] < to->size[2]; at[2]++)
                for (at[3] = 0; at[3] < to->size[3]; at[3]++) {
                    int64_t t = 0, f = 0;
                    for (int k = 0; k < 4; k++) {
                        t += at[k] * to->stride[k];
                        f += at[k] * from->stride[k];
                    }
                    memcpy(to->data + t * to->bytes, from->data + f * from->bytes, bytes);
                }
}

attpool_status ap_view_pack(struct engine *e, struct view *v)
{
    const struct view from = *v;
    int64_t stride = 1;
    if (!(v->data = malloc((size_t)(elements(v) * v->bytes + 1))))
        return ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for a part of %s", v->name);
    v->packed = v->data;
    for (int k = 3; k >= 0; k--) {
        const int64_t size = v->size[k];
        v->stride[k] = from.stride[k] == 0 ? 0 : stride;
        stride *= from.stride[k] == 0 ? 1 : size;
    }
    ap_view_range(v);
    set_strides(v);
    copy_elements(v, &from);
    return ATTPOOL_OK;
}

static attpool_status pack_sparse(struct arguments *own)
{
    attpool_status st = ATTPOOL_OK;
    for (int k = 0; k < own->count && st == ATTPOOL_OK; k++)
        if (is_sparse(&own->view[k]))
            st = ap_view_pack(own->engine, &own->view[k]);
    return st;
}

static void unpack(const struct arguments *own, const struct arguments *cut, attpool_status st)
{
    for (int k = 0; k < own->count; k++) {
        const struct view *v = &own->view[k];
        if (!v->packed)
            continue;
        if (st == ATTPOOL_OK && v->role != ROLE_INPUT)
            copy_elements(&cut->view[k], v);
        free(v->packed);
    }
}

/* ---- What fits ---- */

static bool is_whole(const struct cutting *c, const struct part *part)
{
    return memcmp(part->count, c->size, sizeof c->size) == 0;
}

/* How much of the device's memory a part takes, 1 being all that there is. */
static double share_filled(const struct arguments *args, const struct cutting *c,
                           const struct part *part)
{
    const struct part all = ap_cut_whole(c);
    const double items = (double)part->count[AXIS_BATCH] * (double)part->count[AXIS_HEADS];
    const double beside_n = (double)c->beside_n * items * (double)part->count[AXIS_N];
    const double beside_m = (double)c->beside_m * items * (double)part->count[AXIS_M];
    double largest = beside_n > beside_m ? beside_n : beside_m, sum = beside_n + beside_m;
    size_t one, together;
    struct arguments own = *args;
    for (int k = 0; k < own.count; k++) {
        struct view *v = &own.view[k];
        struct array *const array = v->array;
        v->array = NULL; /* that of the call */
        cut_view(v, &all, part);
        v->array = array;
        if (is_sparse(v) && !is_whole(c, part)) {
            const double bytes = (double)elements(v) * v->bytes;
            largest = bytes > largest ? bytes : largest;
            sum += bytes;
            v->array = NULL;
        }
    }
    ap_arguments_span(&own);
    for (int i = 0; i < own.spans; i++) {
        const double bytes = (double)(own.span[i].high - own.span[i].low);
        largest = bytes > largest ? bytes : largest;
        sum += bytes;
    }
    args->engine->backend->memory->room(args->engine, &one, &together);
    largest /= (double)one;
    sum /= (double)together;
    return largest > sum ? largest : sum;
}

/* Half of an axis, in whole steps; false where that is not possible. */
static bool halve(const struct cutting *c, struct part *part, enum axis axis)
{
    const int64_t step = c->step[axis];
    int64_t *count = &part->count[axis];
    if (step == 0 || *count <= step)
        return false;
    *count = axis == AXIS_HEADS ? 1 : ((*count + 1) / 2 + step - 1) / step * step;
    if (axis == AXIS_HEADS)
        part->count[AXIS_BATCH] = 1;
    return true;
}

struct part ap_cut_whole(const struct cutting *c)
{
    struct part all = { { 0 }, { 0 } };
    for (int axis = 0; axis < AXES; axis++)
        all.count[axis] = c->size[axis];
    return all;
}

bool ap_cut_plan(const struct arguments *args, const struct cutting *c, struct part *part)
{
    *part = ap_cut_whole(c);
    double filled = share_filled(args, c, part);
    while (filled > 1) {
        struct part best = *part;
        double least = filled;
        for (int axis = 0; axis < AXES; axis++) {
            struct part half = *part;
            const double with =
                halve(c, &half, (enum axis)axis) ? share_filled(args, c, &half) : filled;
            if (with < least) {
                least = with;
                best = half;
            }
        }
        if (least >= filled)
            return false;
        filled = least;
        *part = best;
    }
    return true;
}

/* ---- Runs ---- */

/* The next part; false behind the last one. */
static bool advance(const struct cutting *c, const struct part *sizes, struct part *part)
{
    for (int axis = AXES - 1; axis >= 0; axis--) {
        part->first[axis] += sizes->count[axis];
        if (part->first[axis] < c->size[axis])
            return true;
        part->first[axis] = 0;
    }
    return false;
}

attpool_status ap_cut_run(const struct arguments *args, const struct cutting *c,
                          const struct part *sizes)
{
    const struct part all = ap_cut_whole(c);
    struct part part = *sizes;
    attpool_status st = ATTPOOL_OK;
    do {
        struct arguments own, cut;
        for (int axis = 0; axis < AXES; axis++)
            part.count[axis] = min(sizes->count[axis], c->size[axis] - part.first[axis]);
        cut_arguments(args, &all, &part, &own);
        cut = own;
        st = c->describe(c->arg, &own, &part);
        if (st == ATTPOOL_OK && !is_whole(c, &part))
            st = pack_sparse(&own);
        if (st == ATTPOOL_OK)
            st = ap_arguments_stage(&own);
        if (st == ATTPOOL_OK)
            st = ap_arguments_unstage(&own, c->run(c->arg));
        unpack(&own, &cut, st);
    } while (st == ATTPOOL_OK && advance(c, sizes, &part));
    return st;
}

attpool_status ap_cut_fail(const struct arguments *args)
{
    size_t one, together;
    args->engine->backend->memory->room(args->engine, &one, &together);
    return ap_engine_fail(args->engine, ATTPOOL_E_MEMORY,
                          "the arrays do not fit into the device's memory, %zu bytes, of which an "
                          "array may have %zu, and the call cannot be cut further",
                          together, one);
}

attpool_status ap_cut(const struct arguments *args, const struct cutting *c)
{
    struct part part = ap_cut_whole(c);
    if (args->engine->backend->memory && !ap_cut_plan(args, c, &part))
        return ap_cut_fail(args);
    return ap_cut_run(args, c, &part);
}
