/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_SCALAR_SCALAR_H
#define BACKENDS_SCALAR_SCALAR_H

/* The functions of the scalar backend. Its sources are built twice: as scalar_* for any
 * processor of the family, and with ATTPOOL_SCALAR_FMA as scalar_fma_* for those that have a
 * fused multiply-add (x86: libm's fma is several times slower). In its sources SCALAR(name) is
 * the one being built. Other backends take merge and finish from here. */

#include "backends/backend.h"

#ifdef ATTPOOL_SCALAR_FMA
#define SCALAR(name) SCALAR_PASTE(scalar_fma_, name)
#else
#define SCALAR(name) SCALAR_PASTE(scalar_, name)
#endif
#define SCALAR_PASTE(prefix, name)   SCALAR_PASTE_2(prefix, name)
#define SCALAR_PASTE_2(prefix, name) prefix##name

#define scalar_bmm         SCALAR(TYPED(bmm))
#define scalar_elementwise SCALAR(TYPED(elementwise))
#define scalar_finish      SCALAR(TYPED(finish))
#define scalar_kernel      SCALAR(TYPED(kernel))
#define scalar_merge       SCALAR(TYPED(merge))
#define scalar_pool        SCALAR(TYPED(pool))
#define scalar_softmax     SCALAR(TYPED(softmax))

#define SCALAR_DECLARE(prefix, type)                                                               \
    attpool_status prefix##_bmm_##type(struct engine *, const struct bmm_args *);                  \
    attpool_status prefix##_kernel_##type(struct engine *, const struct kernel_args *);            \
    attpool_status prefix##_softmax_##type(struct engine *, const struct softmax_args *);          \
    attpool_status prefix##_pool_##type(struct engine *, const struct pool_args *);                \
    void prefix##_merge_##type(const struct merge_args *);                                         \
    attpool_status prefix##_finish_##type(struct engine *, const struct finish_args *);            \
    attpool_status prefix##_elementwise_##type(struct engine *, int function, size_t n,            \
                                               const void *x, void *y);

SCALAR_DECLARE(scalar, f32)
SCALAR_DECLARE(scalar, f64)
SCALAR_DECLARE(scalar_fma, f32)
SCALAR_DECLARE(scalar_fma, f64)

#endif
