/* SPDX-License-Identifier: Apache-2.0 */
#include "core/selftest/tested.h"

#include "backends/kernel_traits.h"

/* A vector of queries, on any device; coordinates of cl/leaf_sums.cl. */
enum { MOST_FEW = 16, LEAST_WIDE = 8 };

/* An unknown score is tested for nothing: the call will report it. A projection is a product and
 * the pooling of another score. */
static unsigned score_of(const attpool_pool_options *options)
{
    const unsigned score = options ? (unsigned)options->score : ATTPOOL_DOT;
    return score == ATTPOOL_PROJECTION ? ATTPOOL_DOT : score;
}

static unsigned product_of(const attpool_pool_options *options)
{
    const unsigned score = options ? (unsigned)options->score : ATTPOOL_DOT;
    return score == ATTPOOL_PROJECTION || score == ATTPOOL_ADDITIVE ? TESTED_BMM : 0;
}

static unsigned tested_kernel_of(const attpool_pool_options *options)
{
    const attpool_kernel_options *kernel = options ? options->kernel : NULL;
    if (score_of(options) != ATTPOOL_KERNEL || !kernel || (unsigned)kernel->kernel >= KERNEL_COUNT)
        return 0;
    if (kernel->form != ATTPOOL_RADIAL || kernel_is_intricate((int)kernel->kernel))
        return TESTED_INTRICATE;
    return kernel->kernel == ATTPOOL_GAUSSIAN ? 0 : TESTED_POLYNOMIAL;
}

unsigned ap_tested_of_pool(const attpool_pool_options *options)
{
    const unsigned score = score_of(options);
    const bool whole = options && (options->size == 0 || options->size >= sizeof *options);
    const attpool_masks *masks = whole ? options->masks : NULL;
    const bool all = masks && (masks->size == 0 || masks->size >= sizeof *masks);
    const bool masked = options && (!whole || options->key_weights ||
                                    (masks && (!all || masks->mask || masks->bias)));
    if (score > ATTPOOL_PROJECTION)
        return 0;
    return product_of(options) | tested_kernel_of(options) | TESTED_POOL << score |
           (masked ? TESTED_MASKED << score : 0);
}

unsigned ap_tested_with_queries(unsigned tested, const DLTensor *Q)
{
    const unsigned scores = (tested & (TESTED_FEW - TESTED_POOL)) / TESTED_POOL;
    const bool known = Q && Q->shape && Q->ndim >= 2;
    const bool few = known && Q->shape[Q->ndim - 2] <= MOST_FEW;
    const bool wide = known && Q->shape[Q->ndim - 1] >= LEAST_WIDE;
    return tested | (few ? scores * TESTED_FEW : 0) | (wide ? scores * TESTED_WIDE : 0);
}

unsigned ap_tested_of_gradients(const attpool_pool_options *options)
{
    const unsigned score = score_of(options);
    if (score > ATTPOOL_PROJECTION)
        return 0;
    return product_of(options) | TESTED_GRADIENTS << score;
}

unsigned ap_tested_of_kernel(const attpool_pool_options *options)
{
    return options ? ap_tested_of_pool(options) : TESTED_POOL << ATTPOOL_KERNEL;
}

unsigned ap_tested_of_regression(const attpool_regression_options *o)
{
    if (!o)
        return ap_tested_of_kernel(NULL);
    const bool whole = o->size == 0 || o->size >= sizeof *o;
    const bool moments = o->degree != 0 || !whole || o->standard_errors;
    const bool gradients = whole && o->degree == 0 && o->slope;
    return ap_tested_of_kernel(o->pool) | (moments ? TESTED_MOMENTS : 0) |
           (gradients ? TESTED_GRADIENTS << ATTPOOL_KERNEL : 0);
}

unsigned ap_tested_of_selection(const attpool_pool_options *options,
                                const attpool_selection_options *selection, bool gradient)
{
    return ap_tested_of_kernel(options) | (selection && selection->degree ? TESTED_MOMENTS : 0) |
           (gradient ? TESTED_GRADIENTS << ATTPOOL_KERNEL : 0);
}
