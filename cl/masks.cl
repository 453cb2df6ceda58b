/* SPDX-License-Identifier: Apache-2.0 */

/* The keys visible to a query: struct masks, and the key weights, 0 of which masks. */

typedef struct masking masking;

#define MASK_PARAMETERS                                                                            \
    masking mask_how, __global const int *lengths, array lengths_at, __global const uchar *mask,   \
        array mask_at, __global const REAL *bias, array bias_at,                                   \
        __global const REAL *key_weights, array key_weights_at

typedef struct {
    long first, end; /* lengths and band: no key outside */
    long excluded;
    __global const uchar *mask; /* of the row; key_weights: of its keys */
    __global const REAL *bias, *key_weights;
    long mask_col, bias_col, key_weights_col;
    int has_mask, has_bias, has_key_weights;
} visible_keys;

static void visible_of(visible_keys *s, MASK_PARAMETERS, long b, int h, long i, long m)
{
    s->first = max(0L, i + mask_how.band_low);
    s->end = min(m, i + mask_how.band_high);
    if (mask_how.length_bytes) {
        long at = array_at(lengths_at, b, h) + i * lengths_at.row;
        s->end = min(s->end, mask_how.length_bytes == 8 ? ((__global const long *)lengths)[at]
                                                      : (long)lengths[at]);
    }
    s->excluded = mask_how.leave_one_out ? i + mask_how.excluded : -1;
    s->has_mask = (int)mask_how.has_mask;
    s->mask = mask + array_at(mask_at, b, h) + i * mask_at.row;
    s->mask_col = mask_at.col;
    s->has_bias = (int)mask_how.has_bias;
    s->bias = bias + array_at(bias_at, b, h) + i * bias_at.row;
    s->bias_col = bias_at.col;
    s->has_key_weights = (int)mask_how.has_key_weights;
    s->key_weights = key_weights + array_at(key_weights_at, b, h);
    s->key_weights_col = key_weights_at.col;
}

#define MASK_ARGUMENTS                                                                             \
    mask_how, lengths, lengths_at, mask, mask_at, bias, bias_at, key_weights, key_weights_at

#define VISIBLE_OF(s, b, h, i, m) visible_of(s, MASK_ARGUMENTS, b, h, i, m)

static bool is_visible(const visible_keys *s, long j)
{
    bool visible = j >= s->first && j < s->end && j != s->excluded;
    if (visible && s->has_mask)
        visible = s->mask[j * s->mask_col] != 0;
    if (visible && s->has_bias)
        visible = s->bias[j * s->bias_col] != -(REAL)INFINITY;
    if (visible && s->has_key_weights)
        visible = s->key_weights[j * s->key_weights_col] != 0;
    return visible;
}
