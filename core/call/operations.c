/* SPDX-License-Identifier: Apache-2.0 */
#include "core/call/operations.h"

#include "backends/elementary.h"
#include "core/call/options.h"

#include <math.h>

attpool_status ap_need_type(struct engine *e, int type)
{
    if (!e->backend->has_type || e->backend->has_type(e, type))
        return ATTPOOL_OK;
    return ap_engine_fail(e, ATTPOOL_E_BACKEND, "the device has no %s",
                          type == TYPE_F64 ? "float64" : "float32");
}

attpool_status ap_take_scale(struct engine *e, int type, const double *scale, double otherwise,
                             double *c)
{
    double s = scale ? *scale : otherwise;
    if (!isfinite(s))
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "scale is %g, it should be finite", s);
    *c = ap_to_type(type, s * LOG2_E_F64);
    if (!isfinite(*c))
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "scale is %g, too large for the type", s);
    return ATTPOOL_OK;
}

attpool_status ap_take_empty(struct engine *e, attpool_empty given, attpool_empty otherwise,
                             attpool_empty most, attpool_empty *empty)
{
    bool legal = (int)given >= 0 && (int)given <= ATTPOOL_EMPTY_ERROR &&
                 (given == ATTPOOL_EMPTY_ERROR || given <= most);
    if (!legal)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "empty is %d, which is not a policy for this call", (int)given);
    *empty = given == ATTPOOL_EMPTY_DEFAULT ? otherwise : given;
    return ATTPOOL_OK;
}
