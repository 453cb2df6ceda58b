/* SPDX-License-Identifier: Apache-2.0 */

/* Which keys are visible to a query (struct masks). */
#ifndef BACKENDS_SCALAR_MASKS_H
#define BACKENDS_SCALAR_MASKS_H

#include "backends/scalar/number.h"

struct visible {
    int64_t i;
    int64_t first, end; /* lengths, causal and window: no key outside [first, end) */
    int64_t excluded;
    struct matrix mask, bias, key_weights;
};

static struct visible visible_of(const struct masks *masks, const struct array *key_weights,
                                 int64_t b, int64_t h, int64_t i, int64_t m)
{
    struct visible visible = { .i = i, .end = m, .excluded = -1 };
    struct matrix lengths = matrix_of(&masks->lengths, b, h, (size_t)masks->length_bytes);
    if (lengths.at != NULL) {
        int64_t length = matrix_length(lengths, i, masks->length_bytes);
        visible.end = length < visible.end ? length : visible.end;
    }
    if (i + masks->band_low > visible.first)
        visible.first = i + masks->band_low;
    if (i + masks->band_high < visible.end)
        visible.end = i + masks->band_high;
    if (visible.first >= visible.end)
        visible.first = visible.end = 0;
    if (masks->leave_one_out)
        visible.excluded = i + masks->excluded;
    visible.mask = matrix_of(&masks->mask, b, h, 1);
    visible.bias = matrix_of(&masks->bias, b, h, sizeof(real));
    if (key_weights != NULL)
        visible.key_weights = matrix_of(key_weights, b, h, sizeof(real));
    return visible;
}

/* Of a key in [first, end). */
static bool is_visible(const struct visible *visible, int64_t j)
{
    if (j == visible->excluded)
        return false;
    if (visible->mask.at != NULL && *matrix_at(visible->mask, visible->i, j) == 0)
        return false;
    if (visible->bias.at != NULL && get(visible->bias, visible->i, j) == -REAL_INF)
        return false;
    return visible->key_weights.at == NULL || get(visible->key_weights, 0, j) != 0;
}

#endif
