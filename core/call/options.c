/* SPDX-License-Identifier: Apache-2.0 */
#include "core/call/options.h"

#include "backends/elementary.h"
#include "core/float_env.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool ap_take_options(struct engine *engine, const char *name, void *own, size_t size,
                     const void *caller)
{
    uint32_t given;
    memset(own, 0, size);
    if (!caller)
        return true;
    memcpy(&given, caller, sizeof given);
    if (given == 0)
        given = (uint32_t)size;
    if (given < sizeof given) {
        ap_engine_fail(engine, ATTPOOL_E_OPTIONS, "%s has size %u", name, (unsigned)given);
        return false;
    }
    memcpy(own, caller, given < size ? given : size);
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

attpool_status ap_kernel_options_take(struct arguments *args, const attpool_kernel_options *caller,
                                      struct kernel *kernel, struct kernel_tensors *tensors,
                                      bool *has_names)
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
    *has_names = o.kernels != NULL;
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
                          ROLE_INPUT, KIND_REAL,
                          o.bandwidth_per == ATTPOOL_BANDWIDTH_ONE     ? LAYOUT_SINGLE
                          : o.bandwidth_per == ATTPOOL_BANDWIDTH_QUERY ? LAYOUT_ROW
                                                                       : LAYOUT_COL,
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
        return ap_leading_expect_vector(e, w, leading, false, 2, n);
    case ATTPOOL_BANDWIDTH_KEY:
        return ap_leading_expect_vector(e, w, leading, true, 3, m);
    case ATTPOOL_BANDWIDTH_COORDINATE:
    case ATTPOOL_BANDWIDTH_COORDINATE_KEY:
        return ap_view_expect(e, w, 3, d, "Q has");
    case ATTPOOL_BANDWIDTH_ONE:
        break;
    }
    if (w->size[0] * w->size[1] != 1)
        return ap_engine_fail(
            e, ATTPOOL_E_BANDWIDTH,
            "inverse_bandwidths has leading dimensions, it should have 1 element");
    return ap_view_expect(e, w, 3, 1, "a single one has");
}

attpool_status ap_kernel_options_fit(struct arguments *args, struct kernel *kernel,
                                     const struct kernel_tensors *tensors,
                                     const struct leading *leading, int64_t n, int64_t m, int64_t d)
{
    struct engine *e = args->engine;
    attpool_status st = fit_names(args, kernel, d);
    if (st != ATTPOOL_OK || !tensors->inverse_bandwidths)
        return st;
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

/* ---- Masks ---- */

/* Positions of keys and queries are sums with sizes, which are below 2^58. */
#define MOST_ORIGIN ((int64_t)1 << 60)

static int64_t clamp_band(int64_t value)
{
    return value > BAND_OPEN ? BAND_OPEN : value < -BAND_OPEN ? -BAND_OPEN : value;
}

static int64_t add_saturated(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

/* Clamped last: a step that saturates is further off than `shift` can bring back. */
static int64_t band_bound(int64_t offset, int64_t reach, int64_t shift)
{
    return clamp_band(add_saturated(add_saturated(offset, reach), shift));
}

static attpool_status take_bands(struct engine *e, const attpool_masks *o, struct masks *masks)
{
    const int64_t origins[] = { o->query_origin, o->key_origin, o->batch_origin };
    static const char *const names[] = { "query_origin", "key_origin", "batch_origin" };
    for (int k = 0; k < 3; k++)
        if (origins[k] < 0 || origins[k] > MOST_ORIGIN)
            return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "%s is %s", names[k],
                                  origins[k] < 0 ? "negative" : "above 2^60");
    if (o->window && (o->left < 0 || o->right < 0))
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "%s is %lld, it should not be negative",
                              o->left < 0 ? "left" : "right",
                              (long long)(o->left < 0 ? o->left : o->right));
    int64_t shift = o->query_origin - o->key_origin;
    masks->band_low = -BAND_OPEN;
    masks->band_high = BAND_OPEN;
    if (o->causal)
        masks->band_high = clamp_band(band_bound(o->offset, 0, shift) + 1);
    if (o->window) {
        int64_t high = band_bound(o->offset, o->right, shift) + 1;
        masks->band_low = band_bound(o->offset, -o->left, shift);
        if (high < masks->band_high)
            masks->band_high = high;
    }
    masks->leave_one_out = o->leave_one_out != 0;
    masks->excluded = shift;
    return ATTPOOL_OK;
}

attpool_status ap_masks_take(struct arguments *args, const attpool_masks *caller,
                             struct masks *masks, struct mask_tensors *tensors)
{
    struct engine *e = args->engine;
    attpool_masks *o = &tensors->options;
    tensors->lengths = tensors->mask = tensors->bias = NULL;
    if (!caller) {
        masks->band_low = -BAND_OPEN;
        masks->band_high = BAND_OPEN;
        return ATTPOOL_OK;
    }
    if (!ap_take_options(e, "attpool_masks", o, sizeof *o, caller))
        return ATTPOOL_E_OPTIONS;
    attpool_status st = take_bands(e, o, masks);
    if (st == ATTPOOL_OK && o->lengths) {
        bool row = o->lengths_per == ATTPOOL_LENGTHS_ROW;
        if (!row && o->lengths_per != ATTPOOL_LENGTHS_BATCH)
            return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                                  "lengths_per is %d, which is not an attpool_lengths_per",
                                  (int)o->lengths_per);
        st = ap_arguments_add(args, o->lengths, "lengths", ATTPOOL_E_LENGTHS, ROLE_INPUT,
                              KIND_LENGTHS, row ? LAYOUT_ROW : LAYOUT_HEADS, &masks->lengths,
                              &tensors->lengths);
        if (st == ATTPOOL_OK)
            masks->length_bytes = tensors->lengths->bytes;
    }
    if (st == ATTPOOL_OK && o->mask)
        st = ap_arguments_add(args, o->mask, "mask", ATTPOOL_E_MASK, ROLE_INPUT, KIND_MASK,
                              LAYOUT_MATRIX, &masks->mask, &tensors->mask);
    if (st == ATTPOOL_OK && o->bias)
        st = ap_arguments_add(args, o->bias, "bias", ATTPOOL_E_BIAS, ROLE_INPUT, KIND_REAL,
                              LAYOUT_MATRIX, &masks->bias, &tensors->bias);
    return st;
}

attpool_status ap_masks_fit(struct arguments *args, const struct mask_tensors *tensors,
                            const struct leading *leading, int64_t n, int64_t m)
{
    struct engine *e = args->engine;
    const bool row = tensors->options.lengths_per == ATTPOOL_LENGTHS_ROW;
    attpool_status st = ATTPOOL_OK;
    if (tensors->lengths)
        st = ap_leading_expect_vector(e, tensors->lengths, leading, false, 2, row ? n : -1);
    if (st == ATTPOOL_OK && tensors->lengths)
        st = ap_check_lengths(e, tensors->lengths, m);
    if (st == ATTPOOL_OK && tensors->mask)
        st = ap_leading_expect_mask(e, tensors->mask, leading, n, m);
    if (st == ATTPOOL_OK && tensors->bias)
        st = ap_leading_expect_mask(e, tensors->bias, leading, n, m);
    return st;
}

/* "lengths[1,2]", by the indices of the caller's own tensor. */
struct element_name {
    char text[100];
};

static struct element_name element_name(const struct view *v, int64_t b, int64_t h, int64_t i,
                                        int64_t j)
{
    struct element_name name;
    int64_t own[4];
    const int count = ap_view_own(v, (const int64_t[]){ b, h, i, j }, own);
    int used = snprintf(name.text, sizeof name.text, "%s", v->name);
    for (int k = 0; k < count; k++)
        used += snprintf(name.text + used, sizeof name.text - (size_t)used, "%s%lld%s",
                         k == 0 ? "[" : ",", (long long)own[k], k == count - 1 ? "]" : "");
    return name;
}

attpool_status ap_check_lengths(struct engine *e, const struct view *v, int64_t m)
{
    if (v->device)
        return ATTPOOL_OK;
    for (int64_t b = 0; b < v->size[0]; b++)
        for (int64_t h = 0; h < v->size[1]; h++)
            for (int64_t i = 0; i < v->size[2]; i++) {
                int64_t length = ap_view_integer(v, b, h, i, 0);
                if (length < 0 || length > m)
                    return ap_engine_fail(
                        e, ATTPOOL_E_LENGTHS, "%s is %lld, it should be 0 to %lld",
                        element_name(v, b, h, i, 0).text, (long long)length, (long long)m);
            }
    return ATTPOOL_OK;
}

static attpool_status check_weight(struct engine *e, const struct view *v, int64_t b, int64_t h,
                                   int64_t j)
{
    const double a = ap_view_real(v, b, h, 0, j);
    if (a >= 0 && !isinf(a))
        return ATTPOOL_OK;
    return ap_engine_fail(e, ATTPOOL_E_KEY_WEIGHTS,
                          "%s is %g, it should be finite and not negative",
                          element_name(v, b, h, 0, j).text, a);
}

attpool_status ap_check_key_weights(struct engine *e, const struct view *v)
{
    attpool_status st = ATTPOOL_OK;
    if (v->device)
        return ATTPOOL_OK;
    for (int64_t b = 0; b < v->size[0]; b++)
        for (int64_t h = 0; st == ATTPOOL_OK && h < v->size[1]; h++) {
            int64_t j = ap_view_plain_until(v, b, h, 0);
            for (; st == ATTPOOL_OK && j < v->size[3]; j++)
                st = check_weight(e, v, b, h, j);
        }
    return st;
}
