/* SPDX-License-Identifier: Apache-2.0 */

/* Sums of the gradients of additive scores, over the keys of a block for lanes that are queries, or
 * over the queries of a tile for lanes that are keys. */
#ifndef BACKENDS_SIMD_GRAD_ADDITIVE_H
#define BACKENDS_SIMD_GRAD_ADDITIVE_H

#include "backends/simd/grad/block.h"
#include "backends/simd/math/powers.h"

struct grad_additive {
    bool column; /* lanes are keys */
    bool plain;  /* all numbers are finite */
    int first, end, others;
    const real *g, *included; /* step numbers for each of the other side */
    int64_t step;
    const real *lane; /* lane_step numbers for each coordinate */
    int64_t lane_step;
    const element *other;
    int64_t row, col, d;
};

/* LANES lanes from i on and n coordinates from c on; either sum may be NULL. */
VEC_FN void grad_additive_terms(const struct grad_additive *r, int i, int64_t c, real *points,
                                real *each, const int n, const bool plain)
{
    const int64_t at = c * r->lane_step + i;
    vec p[GRAD_COLUMNS], s[GRAD_COLUMNS], t[GRAD_COLUMNS];
    UNROLL_FOR (int e = 0; e < n; e++) {
        p[e] = r->column ? v_loadu(points + at + e * r->lane_step) : v_zero();
        s[e] = v_zero();
    }
    for (int o = 0; o < r->others; o++) {
        const vec g = v_loadu(r->g + o * r->step + i);
        const vec_mask in =
            plain ? m_first(LANES) : v_gt(v_loadu(r->included + o * r->step + i), v_zero());
        UNROLL_FOR (int e = 0; e < n; e++)
            t[e] = v_add(v_loadu(r->lane + at + e * r->lane_step),
                         v_set1(get(r->other + o * r->row + (c + e) * r->col)));
        tanhs(t, n);
        UNROLL_FOR (int e = 0; e < n; e++) {
            const vec point = v_fma(g, v_fma(v_neg(t[e]), t[e], v_set1(1)), p[e]);
            const vec sum = v_fma(g, t[e], s[e]);
            p[e] = plain ? point : v_select(in, point, p[e]);
            s[e] = plain ? sum : v_select(in, sum, s[e]);
        }
    }
    UNROLL_FOR (int e = 0; e < n; e++) {
        const int64_t to = at + e * r->lane_step;
        if (points != NULL)
            v_storeu(points + to, r->column ? p[e] : v_add(v_loadu(points + to), p[e]));
        if (each != NULL)
            v_storeu(each + to, v_add(v_loadu(each + to), s[e]));
    }
}

VEC_FN void grad_additive_all(const struct grad_additive *r, real *points, real *each,
                              const bool plain)
{
    for (int i = r->first; i < r->end; i += LANES) {
        int64_t c = 0;
        for (; c + GRAD_COLUMNS <= r->d; c += GRAD_COLUMNS)
            grad_additive_terms(r, i, c, points, each, GRAD_COLUMNS, plain);
        for (; c < r->d; c++)
            grad_additive_terms(r, i, c, points, each, 1, plain);
    }
}

/* By the projected points of the lanes, and by w_v: `each` is of rows alone. Either may be NULL. */
static void grad_additive_sums(const struct grad_additive *r, real *points, real *each)
{
    if (r->plain)
        grad_additive_all(r, points, each, true);
    else
        grad_additive_all(r, points, each, false);
}

#endif
