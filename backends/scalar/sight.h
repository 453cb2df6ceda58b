/* SPDX-License-Identifier: Apache-2.0 */

/* Which keys a query sees (struct masks). */
#ifndef BACKENDS_SCALAR_SIGHT_H
#define BACKENDS_SCALAR_SIGHT_H

#include "backends/scalar/number.h"

struct sight {
    int64_t i;
    int64_t first, end; /* lengths, causal and window: no key outside [first, end) */
    int64_t left_out;
    struct view mask, bias, key_weights;
};

static struct sight sight_of(const struct masks *masks, const struct array *key_weights, int64_t b,
                             int64_t h, int64_t i, int64_t m)
{
    struct sight sight = { .i = i, .end = m, .left_out = -1 };
    struct view lengths = view_of(&masks->lengths, b, h, (size_t)masks->length_bytes);
    if (lengths.at != NULL) {
        int64_t length = view_length(lengths, i, masks->length_bytes);
        sight.end = length < sight.end ? length : sight.end;
    }
    if (i + masks->band_low > sight.first)
        sight.first = i + masks->band_low;
    if (i + masks->band_high < sight.end)
        sight.end = i + masks->band_high;
    if (sight.first >= sight.end)
        sight.first = sight.end = 0;
    if (masks->leave_one_out)
        sight.left_out = i + masks->excluded;
    sight.mask = view_of(&masks->mask, b, h, 1);
    sight.bias = view_of(&masks->bias, b, h, sizeof(real));
    if (key_weights != NULL)
        sight.key_weights = view_of(key_weights, b, h, sizeof(real));
    return sight;
}

/* Of a key in [first, end). */
static bool sees(const struct sight *sight, int64_t j)
{
    if (j == sight->left_out)
        return false;
    if (sight->mask.at != NULL && *view_at(sight->mask, sight->i, j) == 0)
        return false;
    if (sight->bias.at != NULL && get(sight->bias, sight->i, j) == -REAL_INF)
        return false;
    return sight->key_weights.at == NULL || get(sight->key_weights, 0, j) != 0;
}

#endif
