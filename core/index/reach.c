/* SPDX-License-Identifier: Apache-2.0 */

/* How far the weights of a call reach. */

#include "backends/elementary.h"
#include "backends/kernel_traits.h"
#include "core/index/build.h"

#include <float.h>
#include <math.h>

/* Distances are a little larger than they have to be: they are computed with other roundings. */
#define MARGIN 1.01

/* Of the largest key weight 2^k, the k that belongs to the score: a heavy key is far from further
 * on. */
static double weight_power(const struct pool_args *a, int type)
{
    double most = 1;
    int e;
    for (int64_t j = 0; j < a->m && a->key_weights.data; j++) {
        const double weight = index_element(&a->key_weights, type, 0, j);
        most = weight > most ? weight : most;
    }
    frexp(most, &e);
    return (e + 31) / 64 * 64;
}

/* The |u| from which on no key of that kernel matters; 0: there is none. */
static double kernel_limit(int name, bool cuts_far, double score)
{
    if (kernel_is_compact(name))
        return 1;
    if (!cuts_far || !kernel_has_log(name))
        return 0;
    return name == ATTPOOL_GAUSSIAN ? sqrt(2 * score * LN2_F64) : score * LN2_F64;
}

/* The inverse bandwidth along coordinate c, but for what belongs to the key or query. */
static double inverse_bandwidth(const struct kernel *kernel, int type, int64_t c)
{
    const struct array *w = &kernel->inverse_bandwidths;
    const bool one = kernel->per == ATTPOOL_BANDWIDTH_ONE;
    if (kernel->per == ATTPOOL_BANDWIDTH_KEY || kernel->per == ATTPOOL_BANDWIDTH_QUERY)
        return 1;
    if (one && !w->data)
        return fabs(kernel->one);
    return fabs(index_element(w, type, 0, one ? 0 : c));
}

/* Is it a call whose keys an index finds? */
static bool is_plain(const struct pool_args *a)
{
    return a->score == POOL_KERNEL && a->batch * a->heads == 1 && a->n > 0 && a->m > 0 &&
           a->m <= UINT32_MAX && a->n <= UINT32_MAX && a->d >= 1 && a->d <= INDEX_COORDINATES &&
           !a->masks.bias.data && !a->masks.mask.data && a->dropout.threshold == 0 &&
           !(a->weights.data && !a->rows);
}

bool ap_reach_of(const struct pool_args *a, int type, struct reach *reach)
{
    const struct kernel *kernel = &a->kernel;
    const double most = type == TYPE_F32 ? (double)FLT_MAX : DBL_MAX;
    const double near = type == TYPE_F32 ? (double)NEAR_LIMIT_F32 : NEAR_LIMIT_F64;
    const double far = type == TYPE_F32 ? (double)FAR_LIMIT_F32 : FAR_LIMIT_F64;
    bool some = false;
    if (!is_plain(a))
        return false;
    const bool cuts_far = pool_cuts_far(a), product = kernel->form == ATTPOOL_PRODUCT;
    const double score = cuts_far ? weight_power(a, type) - 4 * near - far : 0;
    *reach = (struct reach){ .ball = true };
    for (int64_t c = 0; c < a->d; c++) {
        const int name = product ? kernel_name_at(kernel, c) : (int)kernel->name;
        const double limit = kernel_limit(name, cuts_far, score),
                     w = inverse_bandwidth(kernel, type, c);
        if (!(w <= most))
            return false;
        reach->ball &= !product || (cuts_far && name == ATTPOOL_GAUSSIAN);
        reach->inverse[c] = limit > 0 ? w / (limit * MARGIN) : 0;
        some |= reach->inverse[c] > 0;
    }
    return some;
}
