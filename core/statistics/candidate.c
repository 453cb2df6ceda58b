/* SPDX-License-Identifier: Apache-2.0 */

/* A bandwidth that is judged: that of the options, by a factor. */

#include "core/statistics/selection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* |w / f| rounded up, in the type. */
static double divide_up(int type, double w, double f)
{
    w = fabs(w);
    const double q = ap_to_type(type, w / f);
    if (!(fma(q, f, -w) < 0))
        return q;
    if (type == TYPE_F32) {
        float next = (float)q;
        uint32_t bits;
        memcpy(&bits, &next, sizeof bits);
        bits++;
        memcpy(&next, &bits, sizeof bits);
        return (double)next;
    }
    uint64_t bits;
    double next;
    memcpy(&bits, &q, sizeof bits);
    bits++;
    memcpy(&next, &bits, sizeof next);
    return next;
}

/* A tensor of inverse bandwidths by f, in memory of its own. */
static attpool_status scale_tensor(const struct selection *s, struct candidate *c, double f)
{
    struct engine *e = s->args.engine;
    struct arguments args;
    struct view *w;
    ap_arguments_init(&args, e);
    attpool_status st =
        ap_arguments_add(&args, s->kernel.inverse_bandwidths, "inverse_bandwidths",
                         ATTPOOL_E_BANDWIDTH, ROLE_INPUT, KIND_REAL, LAYOUT_COL, NULL, &w);
    if (st == ATTPOOL_OK &&
        (w->ndim != 1 || !ap_arguments_on_host(&args) || args.type != s->args.type))
        st = ap_engine_fail(e, ATTPOOL_E_BANDWIDTH,
                            "inverse_bandwidths should have one dimension, be on the host and have "
                            "the type of K");
    if (st != ATTPOOL_OK)
        return st;
    c->scaled = malloc(((size_t)w->size[3] + 1) * 8);
    if (!c->scaled)
        return ap_engine_fail(e, ATTPOOL_E_MEMORY, "no memory for inverse bandwidths");
    for (int64_t i = 0; i < w->size[3]; i++)
        selection_set(s, c->scaled, i, divide_up(args.type, ap_view_real(w, 0, 0, 0, i), f));
    c->inverse_bandwidths = *s->kernel.inverse_bandwidths;
    c->inverse_bandwidths.data = c->scaled;
    c->inverse_bandwidths.byte_offset = 0;
    c->inverse_bandwidths.strides = NULL;
    c->kernel.inverse_bandwidths = &c->inverse_bandwidths;
    return ATTPOOL_OK;
}

attpool_status ap_candidate_begin(const struct selection *s, struct candidate *c, double f)
{
    *c = (struct candidate){ .kernel = s->kernel };
    if (f == 1)
        return ATTPOOL_OK;
    if (s->kernel.inverse_bandwidths)
        return scale_tensor(s, c, f);
    if (s->kernel.bandwidth != 0) {
        c->kernel.bandwidth = s->kernel.bandwidth * f;
        return ATTPOOL_OK;
    }
    const double w = s->kernel.inverse_bandwidth;
    c->kernel.inverse_bandwidth = divide_up(s->args.type, w != 0 ? w : 1, f);
    return ATTPOOL_OK;
}
