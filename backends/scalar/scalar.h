/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_SCALAR_SCALAR_H
#define BACKENDS_SCALAR_SCALAR_H

/* The functions of the scalar backend. Its sources are built twice: as ap_scalar_* for any
 * processor of the family, and with ATTPOOL_SCALAR_FMA as ap_scalar_fma_* for those that have a
 * fused multiply-add (x86: libm's fma is several times slower). In its sources SCALAR(name) is
 * the one being built. Other backends take merge and finish from here. */

#include "backends/backend.h"

#ifdef ATTPOOL_SCALAR_FMA
#define SCALAR(name) SCALAR_PASTE(ap_scalar_fma_, name)
#else
#define SCALAR(name) SCALAR_PASTE(ap_scalar_, name)
#endif
#define SCALAR_PASTE(prefix, name)   SCALAR_PASTE_2(prefix, name)
#define SCALAR_PASTE_2(prefix, name) prefix##name

#define SCALAR_DECLARE(name)                                                                       \
    OPERATION_FUNCTION(name, ap_scalar_##name##_f32)                                               \
    OPERATION_FUNCTION(name, ap_scalar_##name##_f64)                                               \
    OPERATION_FUNCTION(name, ap_scalar_fma_##name##_f32)                                           \
    OPERATION_FUNCTION(name, ap_scalar_fma_##name##_f64)
OPERATION_TABLE(SCALAR_DECLARE)
STATE_OPERATION_TABLE(SCALAR_DECLARE)
#undef SCALAR_DECLARE

/* What comes before the sweeps of pool_grad and after them, for the other backends of the host. A
 * worker needs d numbers of scratch memory. */
struct grad_plan;
struct grad_facts;
#define GRAD_DECLARE(prefix, type)                                                                 \
    attpool_status prefix##grad_begin_##type(struct engine *, const struct grad_plan *,            \
                                             const struct grad_facts *);                           \
    void prefix##grad_end_##type(const struct grad_plan *, const struct grad_facts *);
GRAD_DECLARE(ap_scalar_, f32)
GRAD_DECLARE(ap_scalar_, f64)
GRAD_DECLARE(ap_scalar_fma_, f32)
GRAD_DECLARE(ap_scalar_fma_, f64)
#undef GRAD_DECLARE

#endif
