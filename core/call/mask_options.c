/* SPDX-License-Identifier: Apache-2.0 */

/* Masks, and the values of the tensors that are read here before a call. */

#include "core/call/options.h"
#include "core/tensor/cut.h"

#include <math.h>
#include <stdio.h>

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
    view_goes_along(tensors->lengths, row ? AXIS_N : AXIS_NONE, AXIS_NONE);
    view_goes_along(tensors->mask, AXIS_N, AXIS_M);
    view_goes_along(tensors->bias, AXIS_N, AXIS_M);
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
