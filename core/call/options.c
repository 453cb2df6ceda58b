/* SPDX-License-Identifier: Apache-2.0 */
#include "core/call/options.h"
#include "core/tensor/cut.h"

#include "backends/elementary.h"
#include "core/float_env.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool ap_take_options(struct engine *engine, const char *name, void *own, size_t size,
                     const void *caller)
{
    uint32_t given, copied;
    memset(own, 0, size);
    if (!caller)
        return true;
    memcpy(&given, caller, sizeof given);
    if (given == 0)
        given = (uint32_t)size;
    /* No release has a structure that ends inside a field. */
    if (given < sizeof given || (given > sizeof given && given % (size % 8 == 0 ? 8 : 4) != 0)) {
        ap_engine_fail(engine, ATTPOOL_E_OPTIONS, "%s has size %u", name, (unsigned)given);
        return false;
    }
    memcpy(own, caller, given < size ? given : size);
    copied = (uint32_t)size; /* of the copy, which may be handed on */
    memcpy(own, &copied, sizeof copied);
    for (size_t i = size; i < given; i++)
        if (((const char *)caller)[i] != 0) {
            ap_engine_fail(engine, ATTPOOL_E_OPTIONS,
                           "%s sets a field that this release does not know (byte %zu)", name, i);
            return false;
        }
    return true;
}

void ap_clear(void *memory, size_t bytes)
{
    memset(memory, 0, bytes);
}

double ap_to_type(int type, double value)
{
    return type == TYPE_F32 ? (double)(float)value : value;
}

attpool_status ap_need_type(struct engine *e, int type)
{
    if (!e->backend->has_type || e->backend->has_type(e, type))
        return ATTPOOL_OK;
    return ap_engine_fail(e, ATTPOOL_E_BACKEND, "the device has no %s",
                          type == TYPE_F64 ? "float64" : "float32");
}

attpool_status ap_take_scale(struct engine *e, int type, double s, double *c)
{
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

/* ---- Kernels ---- */

float attpool_inverse_bandwidth_f32(float sigma)
{
    struct float_env env;
    float_env_enter(&env);
    float w = sigma > 0 && isfinite(sigma) ? 1 / sigma : (float)NAN;
    if (fmaf(w, sigma, -1.0f) < 0) {
        uint32_t bits;
        memcpy(&bits, &w, sizeof bits);
        bits++;
        memcpy(&w, &bits, sizeof w);
    }
    float_env_leave(&env);
    return w;
}

double attpool_inverse_bandwidth_f64(double sigma)
{
    struct float_env env;
    float_env_enter(&env);
    double w = sigma > 0 && isfinite(sigma) ? 1 / sigma : (double)NAN;
    if (fma(w, sigma, -1.0) < 0) {
        uint64_t bits;
        memcpy(&bits, &w, sizeof bits);
        bits++;
        memcpy(&w, &bits, sizeof w);
    }
    float_env_leave(&env);
    return w;
}

static attpool_status single_inverse_bandwidth(struct arguments *args,
                                               const attpool_kernel_options *o, double *one)
{
    struct engine *e = args->engine;
    if (o->inverse_bandwidth != 0 && o->bandwidth != 0)
        return ap_engine_fail(e, ATTPOOL_E_BANDWIDTH,
                              "inverse_bandwidth and bandwidth are both set");
    *one = 1;
    if (o->bandwidth != 0) {
        double w = args->type == TYPE_F32
                       ? (double)attpool_inverse_bandwidth_f32((float)o->bandwidth)
                       : attpool_inverse_bandwidth_f64(o->bandwidth);
        if (!isfinite(w))
            return ap_engine_fail(
                e, ATTPOOL_E_BANDWIDTH,
                "bandwidth is %g, it and its inverse should be positive and finite "
                "in the type of the tensors",
                o->bandwidth);
        *one = w;
    } else if (o->inverse_bandwidth != 0) {
        *one = ap_to_type(args->type, o->inverse_bandwidth);
        if (!isfinite(*one))
            return ap_engine_fail(
                e, ATTPOOL_E_BANDWIDTH,
                "inverse_bandwidth is %g, it should be finite in the type of the tensors",
                o->inverse_bandwidth);
    }
    return ATTPOOL_OK;
}

static attpool_status check_names(struct engine *e, const attpool_kernel_options *o)
{
    if (!attpool_kernel_to_name(o->kernel))
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "kernel is %d, which is not an attpool_kernel_name", (int)o->kernel);
    if (o->form != ATTPOOL_RADIAL && o->form != ATTPOOL_PRODUCT)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "form is %d, which is not an attpool_form",
                              (int)o->form);
    if ((int)o->bandwidth_per < ATTPOOL_BANDWIDTH_ONE ||
        (int)o->bandwidth_per > ATTPOOL_BANDWIDTH_COORDINATE_KEY)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "bandwidth_per is %d, which is not an attpool_bandwidth_per",
                              (int)o->bandwidth_per);
    if (o->kernels && o->form != ATTPOOL_PRODUCT)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "kernels needs the product form");
    return ATTPOOL_OK;
}

enum layout ap_bandwidth_layout(attpool_bandwidth_per per)
{
    return per == ATTPOOL_BANDWIDTH_ONE     ? LAYOUT_SINGLE
           : per == ATTPOOL_BANDWIDTH_QUERY ? LAYOUT_ROW
                                            : LAYOUT_COL;
}

attpool_status ap_kernel_options_take(struct arguments *args, const attpool_kernel_options *caller,
                                      struct kernel *kernel, struct kernel_tensors *tensors)
{
    attpool_kernel_options o;
    struct engine *e = args->engine;
    bool both, coordinate;
    if (!ap_take_options(e, "attpool_kernel_options", &o, sizeof o, caller))
        return ATTPOOL_E_OPTIONS;
    attpool_status st = check_names(e, &o);
    if (st != ATTPOOL_OK)
        return st;
    ap_clear(kernel, sizeof *kernel);
    kernel->name = o.kernel;
    kernel->form = o.form;
    kernel->per = o.bandwidth_per;
    *tensors = (struct kernel_tensors){ NULL, NULL };
    kernel->names = (const int32_t *)(const void *)o.kernels;
    both = o.bandwidth_per == ATTPOOL_BANDWIDTH_COORDINATE_KEY;
    coordinate = both || o.bandwidth_per == ATTPOOL_BANDWIDTH_COORDINATE;
    if ((o.bandwidth_per != ATTPOOL_BANDWIDTH_ONE || o.inverse_bandwidths) &&
        (o.inverse_bandwidth != 0 || o.bandwidth != 0))
        return ap_engine_fail(
            e, ATTPOOL_E_BANDWIDTH,
            o.inverse_bandwidths
                ? "inverse_bandwidths and inverse_bandwidth or bandwidth are both set"
                : "inverse_bandwidth and bandwidth are for ATTPOOL_BANDWIDTH_ONE; "
                  "others need the tensor inverse_bandwidths");
    if (!both && o.key_factors)
        return ap_engine_fail(e, ATTPOOL_E_BANDWIDTH,
                              "key_factors needs ATTPOOL_BANDWIDTH_COORDINATE_KEY");
    if (o.bandwidth_per == ATTPOOL_BANDWIDTH_ONE && !o.inverse_bandwidths)
        return single_inverse_bandwidth(args, &o, &kernel->one);
    st = ap_arguments_add(args, o.inverse_bandwidths, "inverse_bandwidths", ATTPOOL_E_BANDWIDTH,
                          ROLE_INPUT, KIND_REAL, ap_bandwidth_layout(o.bandwidth_per),
                          &kernel->inverse_bandwidths, &tensors->inverse_bandwidths);
    if (st == ATTPOOL_OK && coordinate && tensors->inverse_bandwidths->ndim != 1)
        st = ap_engine_fail(e, ATTPOOL_E_BANDWIDTH,
                            "inverse_bandwidths has %d dimensions, it should have 1",
                            tensors->inverse_bandwidths->ndim);
    if (st == ATTPOOL_OK && both)
        st = ap_arguments_add(args, o.key_factors, "key_factors", ATTPOOL_E_BANDWIDTH, ROLE_INPUT,
                              KIND_REAL, LAYOUT_COL, &kernel->factors, &tensors->factors);
    return st;
}

static attpool_status fit_names(struct arguments *args, const struct kernel *kernel, int64_t d)
{
    for (int64_t c = 0; kernel->names && c < d; c++)
        if (!attpool_kernel_to_name((attpool_kernel_name)kernel->names[c]))
            return ap_engine_fail(args->engine, ATTPOOL_E_OPTIONS,
                                  "kernels[%lld] is %d, which is not an attpool_kernel_name",
                                  (long long)c, (int)kernel->names[c]);
    return ATTPOOL_OK;
}

static attpool_status fit_inverse_bandwidths(struct engine *e, const struct kernel *kernel,
                                             struct view *w, const struct leading *leading,
                                             int64_t n, int64_t m, int64_t d)
{
    switch (kernel->per) {
    case ATTPOOL_BANDWIDTH_QUERY:
        view_goes_along(w, AXIS_N, AXIS_NONE);
        return ap_leading_expect_vector(e, w, leading, false, 2, n);
    case ATTPOOL_BANDWIDTH_KEY:
        view_goes_along(w, AXIS_NONE, AXIS_M);
        return ap_leading_expect_vector(e, w, leading, true, 3, m);
    case ATTPOOL_BANDWIDTH_COORDINATE:
    case ATTPOOL_BANDWIDTH_COORDINATE_KEY:
        return ap_view_expect(e, w, 3, d, "the columns of Q are");
    case ATTPOOL_BANDWIDTH_ONE:
        break;
    }
    if (w->size[0] * w->size[1] != 1)
        return ap_engine_fail(
            e, ATTPOOL_E_BANDWIDTH,
            "inverse_bandwidths has leading dimensions, it should have 1 element");
    return ap_view_expect(e, w, 3, 1, "ATTPOOL_BANDWIDTH_ONE needs");
}

attpool_status ap_kernel_options_fit(struct arguments *args, struct kernel *kernel,
                                     const struct kernel_tensors *tensors,
                                     const struct leading *leading, int64_t n, int64_t m, int64_t d)
{
    struct engine *e = args->engine;
    attpool_status st = fit_names(args, kernel, d);
    if (st != ATTPOOL_OK || !tensors->inverse_bandwidths)
        return st;
    view_goes_along(tensors->factors, AXIS_NONE, AXIS_M);
    st = fit_inverse_bandwidths(e, kernel, tensors->inverse_bandwidths, leading, n, m, d);
    if (st == ATTPOOL_OK && tensors->factors)
        st = ap_leading_expect_vector(e, tensors->factors, leading, true, 3, m);
    return st;
}

void ap_kernel_options_single(struct kernel *kernel, const struct kernel_tensors *tensors)
{
    const struct view *w = tensors->inverse_bandwidths;
    if (kernel->per != ATTPOOL_BANDWIDTH_ONE || !w || w->device)
        return;
    kernel->one = ap_view_real(w, 0, 0, 0, 0);
    kernel->inverse_bandwidths = (struct array){ .data = NULL };
}
