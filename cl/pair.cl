/* SPDX-License-Identifier: Apache-2.0 */

/* What a key is to a row, as a word of scratch memory. */

/* x, with scale and bias folded in where that is to be done. */
static REAL score_of(const metric *a, const visible_keys *s, REAL x, long j)
{
    if (is_folded(a->scale, s->has_bias))
        x = folded(a->scale, x, s->has_bias, s->has_bias ? s->bias[j * s->bias_col] : (REAL)0);
    return x;
}

static int exponent_of_key(const visible_keys *s, long j)
{
    REAL a = s->has_key_weights ? s->key_weights[j * s->key_weights_col] : (REAL)1;
    return take_exponent(&a);
}

/* The scale of a row's scores. */
static REAL scale_of(const metric *a, const visible_keys *s)
{
    return is_folded(a->scale, s->has_bias) ? (REAL)4 : a->scale;
}

/* The score of key j or, out of the log domain, the factor; MASKED where the key takes no part. In
 * *factor the factor in the log domain. `given`: *given is the sum of the pair's terms. `evenly`:
 * each key weighs 1. */
static WORD score_word(metric *a, const visible_keys *s, long j, const REAL *given, bool evenly,
                       int special, int log_domain, REAL *factor)
{
    pair weight = { 0, 1, true };
    REAL sum = 0;
    if (!is_visible(s, j))
        return MASKED;
    metric_key(a, j);
    if (given)
        sum = *given;
    else if (!evenly && (has_sum(a) || special == NEAREST_OF_EMPTY))
        sum = sum_terms(a, j);
    if (!evenly)
        pair_of(&weight, a, j, sum);
    REAL value = log_domain && !evenly ? score_of(a, s, weight.x, j) : weight.factor;
    if (SCORE == POOL_KERNEL && special == NEAREST_OF_EMPTY)
        value = nearness(a, j, sum);
    *factor = weight.factor;
    bool out = !weight.inside && special != NEAREST_OF_EMPTY;
    bool far = special == NEAR_KEYS && is_far(scale_of(a, s), value, exponent_of_key(s, j));
    return out || far ? (WORD)MASKED : AS_WORD(clean(value));
}
