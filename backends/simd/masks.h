/* SPDX-License-Identifier: Apache-2.0 */

/* Which keys are visible to a query (struct masks), a vector of keys at a time. */
#ifndef BACKENDS_SIMD_MASKS_H
#define BACKENDS_SIMD_MASKS_H

#include "backends/simd/array.h"

/* One query. */
struct visible {
    int64_t m;
    int64_t first, end; /* lengths, causal and window: no key outside [first, end) */
    int64_t excluded;   /* or -1 */
    const uint8_t *mask;
    int64_t mask_col;
    const element *bias;
    int64_t bias_col;
};

static inline int64_t visible_length(const struct masks *masks, int64_t b, int64_t h, int64_t i)
{
    const char *at = (const char *)masks->lengths.data +
                     row_offset(&masks->lengths, b, h, i) * masks->length_bytes;
    int64_t wide;
    int32_t narrow;
    if (masks->length_bytes == 8) {
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
    memcpy(&narrow, at, sizeof narrow);
    return narrow;
}

static inline struct visible visible_of(const struct masks *masks, int64_t b, int64_t h, int64_t i,
                                        int64_t m)
{
    struct visible s = { .m = m, .end = m, .excluded = -1 };
    if (masks->lengths.data != NULL) {
        const int64_t length = visible_length(masks, b, h, i);
        s.end = length < s.end ? length : s.end;
    }
    if (i + masks->band_low > s.first)
        s.first = i + masks->band_low;
    if (i + masks->band_high < s.end)
        s.end = i + masks->band_high;
    if (s.first >= s.end)
        s.first = s.end = 0;
    if (masks->leave_one_out)
        s.excluded = i + masks->excluded;
    if (masks->mask.data != NULL) {
        s.mask = (const uint8_t *)masks->mask.data + row_offset(&masks->mask, b, h, i);
        s.mask_col = masks->mask.col;
    }
    s.bias = row_at(&masks->bias, b, h, i);
    s.bias_col = masks->bias.col;
    return s;
}

static inline int64_t lanes_from(int64_t j, int64_t end)
{
    const int64_t n = end - j;
    return n < 0 ? 0 : n > LANES ? LANES : n;
}

/* The bias of keys j .. j + LANES - 1. */
static inline vec bias_at(const struct visible *s, int64_t j)
{
    return load_strided(s->bias + j * s->bias_col, s->bias_col, lanes_from(j, s->m));
}

static vec_mask mask_at(const struct visible *s, int64_t j)
{
    uint8_t bytes[LANES] = { 0 };
    const int64_t n = lanes_from(j, s->m);
    if (s->mask_col == 1)
        return n == LANES ? v_mask_from_bytes(s->mask + j)
                          : v_mask_from_bytes_n(s->mask + j, (size_t)n);
    for (int64_t l = 0; l < n; l++)
        bytes[l] = s->mask[(j + l) * s->mask_col];
    return v_mask_from_bytes(bytes);
}

/* Which of keys j .. j + LANES - 1 are visible. */
static inline vec_mask is_visible(const struct visible *s, int64_t j)
{
    vec_mask m = m_first((size_t)lanes_from(j, s->end));
    if (j < s->first)
        m = m_andnot(m, m_first((size_t)lanes_from(j, s->first)));
    if (s->excluded >= j && s->excluded < j + LANES) {
        const size_t lane = (size_t)(s->excluded - j);
        m = m_andnot(m, m_andnot(m_first(lane + 1), m_first(lane)));
    }
    if (s->mask != NULL)
        m = m_and(m, mask_at(s, j));
    if (s->bias != NULL)
        m = m_and(m, v_ne(bias_at(s, j), v_set1(-REAL_INF)));
    return m;
}

#endif
