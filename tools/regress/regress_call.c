/* SPDX-License-Identifier: Apache-2.0 */
/* One call of the library for some query points of a fit. */
#include "tools/regress/regress.h"

attpool_status regress_call(const struct regress_options *o, const struct regress_fit *fit,
                            const struct regress_keys_of *keys,
                            const attpool_kernel_options *kernel, const struct session *session,
                            struct regress_batch *b)
{
    const struct regress_group *g = fit->group;
    const bool single = g->single;
    const int64_t m = (int64_t)keys->m, d = (int64_t)g->d, v = (int64_t)g->v;
    struct operand q, k, y, a, out, se, slope, residuals, n_eff, weights;
    attpool_masks masks = { .size = sizeof masks,
                            .leave_one_out = b->loo,
                            .query_origin = b->origin };
    attpool_pool_options pool = { .size = sizeof pool,
                                  .score = ATTPOOL_KERNEL,
                                  .empty = b->empty,
                                  .kernel = kernel,
                                  .masks = &masks };
    attpool_regression_options options = { .size = sizeof options,
                                           .degree = (int32_t)o->degree,
                                           .pool = &pool,
                                           .singular = &b->singular,
                                           .missing = &b->missing,
                                           .imprecise = &b->imprecise };
    if (b->n_eff != NULL)
        pool.n_eff = operand_real(&n_eff, b->n_eff, single, 1, &b->n);
    if (keys->a != NULL)
        pool.key_weights = operand_real(&a, (void *)(uintptr_t)keys->a, single, 1, &m);
    if (b->weights != NULL)
        pool.weights = operand_real(&weights, b->weights, single, 2, (const int64_t[]){ b->n, m });
    if (b->slope != NULL)
        options.slope = operand_columns(&slope, b->slope, single, b->n, v * d, b->stride);
    if (b->se != NULL) {
        options.standard_errors = operand_columns(&se, b->se, single, b->n, v, b->stride);
        options.residuals = operand_real(&residuals, (void *)(uintptr_t)b->residuals, single, 2,
                                         (const int64_t[]){ b->rows, v });
    }
    return attpool_regression(
        session->context,
        operand_real(&q, (void *)(uintptr_t)b->q, single, 2, (const int64_t[]){ b->n, d }),
        operand_real(&k, (void *)(uintptr_t)keys->x, single, 2, (const int64_t[]){ m, d }),
        b->fit == NULL
            ? NULL
            : operand_real(&y, (void *)(uintptr_t)keys->y, single, 2, (const int64_t[]){ m, v }),
        &options,
        b->fit == NULL ? NULL : operand_columns(&out, b->fit, single, b->n, v, b->stride));
}
