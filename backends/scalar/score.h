/* SPDX-License-Identifier: Apache-2.0 */

/* Scores c x in units of log 2, and weights relative to a maximum m in units of 4 log 2, in which
 * all scores have room: NUMERICS.md, "Weights". */
#ifndef BACKENDS_SCALAR_SCORE_H
#define BACKENDS_SCALAR_SCORE_H

#include "backends/scalar/number.h"

#include <stdbool.h>

struct scoring {
    real scale; /* c of a score as it is computed */
    real c;     /* of x; 4 where a bias, or a scale that vanishes, has been put into x */
    bool folded;
};

static inline struct scoring scoring_of(real scale, bool has_bias)
{
    bool folded = has_bias || scale / 4 == 0;
    return (struct scoring){ .scale = scale, .c = folded ? 4 : scale, .folded = folded };
}

/* A finite score is at most the largest number after the scale, too. */
static inline real scaled_within(real scale, real x)
{
    real most = REAL(SCORE_MOST) / r_abs(scale / 4);
    if (!(r_abs(scale) > REAL(LOG2_E)) || !(r_abs(x) <= REAL_MAX))
        return x;
    return x > most ? most : x < -most ? -most : x;
}

/* x of a score; `bias` may be NULL. */
static inline real score_x(const struct scoring *s, real score, const real *bias)
{
    if (bias != NULL)
        return r_fma(s->scale / 4, scaled_within(s->scale, score), *bias * (REAL(LOG2_E) / 4));
    return s->folded ? s->scale / 4 * score : score;
}

/* A key weight is a' 2^k, 2^-32 <= a' < 2^32. Leaves a' and returns k, a multiple of 64. */
static inline int take_exponent(real *a)
{
    int e;
    frexp((double)*a, &e);
    int steps = (e - 1 + 32) >> 6;
    *a = *a * r_power_of_two(-32 * steps) * r_power_of_two(-32 * steps);
    return 64 * steps;
}

/* c x + k in units of 4 log 2. */
static inline real quarter(real c, real x, int k)
{
    const real most = REAL(SCORE_MOST);
    real h = r_fma(c / 4, x, (real)k / 4);
    if (r_abs(x) <= REAL_MAX && r_abs(c) <= REAL_MAX)
        h = h > most ? most : h < -most ? -most : h;
    return h;
}

/* What the weight relative to m is a power of. */
static inline real relative_power(real c, real x, int k, real m)
{
    return r_abs(m) < REAL(SCORE_LARGE) ? r_fma(c, x, (real)k - 4 * m) : 4 * (quarter(c, x, k) - m);
}

static inline bool is_far(real c, real x, int k)
{
    return relative_power(c, x, k, REAL(NEAR_LIMIT)) <= REAL(FAR_LIMIT);
}

/* The weight; with `cuts_far` it is 0 for keys that are far even from the faintest near one. */
static inline real relative(real c, real x, int k, real m, bool cuts_far)
{
    real t = relative_power(c, x, k, m);
    return cuts_far && t <= REAL(FAR_LIMIT) ? 0 : r_weight_exp2(t);
}

#endif
