/* SPDX-License-Identifier: Apache-2.0 */

/* An index that the caller keeps. */

#include "core/index/handle.h"

#include "core/call/call.h"
#include "core/tensor/tensor.h"

#include <math.h>
#include <stdlib.h>

struct attpool_index {
    int64_t m, d;
    struct key_index *keys; /* NULL: of no use */
};

/* Columns are compared in units of their ranges. */
static void scale_by_ranges(const struct array *k, int type, int64_t m, int64_t d, double *scale)
{
    for (int64_t c = 0; c < d; c++) {
        double low = INFINITY, high = -INFINITY;
        for (int64_t j = 0; j < m; j++) {
            const double x = index_element(k, type, j, c);
            low = x < low && isfinite(x) ? x : low;
            high = x > high && isfinite(x) ? x : high;
        }
        scale[c] = high > low ? 1 / (high - low) : 1;
    }
}

static attpool_status take_keys(struct arguments *args, const DLTensor *K, struct attpool_index *to)
{
    struct engine *e = args->engine;
    struct view *k;
    double scale[INDEX_COORDINATES];
    attpool_status st = ap_arguments_add(args, K, "K", ATTPOOL_E_KEY, ROLE_INPUT, KIND_REAL,
                                         LAYOUT_PLAIN, NULL, &k);
    if (st == ATTPOOL_OK && !ap_arguments_on_host(args))
        st = ap_engine_fail(e, ATTPOOL_E_KEY, "K should be on the host");
    if (st != ATTPOOL_OK)
        return st;
    to->m = k->size[2];
    to->d = k->size[3];
    if (to->m < 1 || to->m > UINT32_MAX || to->d < 1 || to->d > INDEX_COORDINATES)
        return ATTPOOL_OK;
    const struct array array = { .data = k->data, .row = k->stride[2], .col = k->stride[3] };
    scale_by_ranges(&array, args->type, to->m, to->d, scale);
    to->keys = ap_key_index_new(&array, args->type, to->m, to->d, scale);
    return to->keys ? ATTPOOL_OK
                    : ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for an index of %lld keys",
                                     (long long)to->m);
}

attpool_status attpool_index_new(attpool_context *context, const DLTensor *K, attpool_index **index)
{
    struct call call;
    struct arguments args;
    attpool_status st = ap_call_begin(&call, context, "index_new");
    if (st != ATTPOOL_OK)
        return st;
    if (!index)
        return ap_call_end(&call, ap_engine_fail(call.engine, ATTPOOL_E_OPTIONS, "index is NULL"));
    *index = calloc(1, sizeof **index);
    ap_arguments_init(&args, call.engine);
    st = *index ? take_keys(&args, K, *index)
                : ap_engine_fail(call.engine, ATTPOOL_E_MEMORY, "no memory for an index");
    if (st != ATTPOOL_OK) {
        free(*index);
        *index = NULL;
    }
    return ap_call_end(&call, st);
}

void attpool_index_free(attpool_index *index)
{
    if (index)
        ap_key_index_free(index->keys);
    free(index);
}

attpool_status ap_index_take(struct engine *engine, const attpool_index *index, int64_t m,
                             int64_t d, const struct key_index **keys)
{
    *keys = NULL;
    if (!index)
        return ATTPOOL_OK;
    if (index->m != m || index->d != d)
        return ap_engine_fail(engine, ATTPOOL_E_KEY,
                              "index is of %lld keys of %lld coordinates, K has %lld of %lld",
                              (long long)index->m, (long long)index->d, (long long)m, (long long)d);
    *keys = index->keys;
    return ATTPOOL_OK;
}
