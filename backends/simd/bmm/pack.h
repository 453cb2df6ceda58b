/* SPDX-License-Identifier: Apache-2.0 */

/* Packing for the matrix product, rows of A and columns of B alike: `width` lines become the
 * lanes of a panel. */
#ifndef BACKENDS_SIMD_BMM_PACK_H
#define BACKENDS_SIMD_BMM_PACK_H

#include "backends/simd/array.h"
#include "backends/simd/bmm/plan.h"

/* Line i, element p lies at src[i * line + p * depth]; it goes to dst[p * lanes + i]. Lanes from
 * width on become +0. */
struct bmm_panel {
    const element *src;
    int64_t line, depth;
    int64_t width, lanes, k;
    real *dst; /* lanes * k + LANES elements: stores of whole vectors may spill into the next row */
};

/* A square of LANES lines by LANES elements from line i and element p on: of `lines` and `deep`.
 * The loops are unrolled, so the vectors stay in registers. */
VEC_FN void bmm_pack_square(const struct bmm_panel *f, int64_t i, int64_t p, int64_t lines,
                            int64_t deep)
{
    vec r[LANES];
    const element *src = f->src + i * f->line + p;
    real *dst = f->dst + p * f->lanes + i;
    UNROLL_FOR (int q = 0; q < LANES; q++)
        r[q] = q >= lines ? v_zero() : load(src + q * f->line, deep);
    v_transpose(r);
    UNROLL_FOR (int q = 0; q < LANES; q++)
        if (deep == LANES || q < deep)
            v_storeu(dst + q * f->lanes, r[q]);
}

/* Lines are contiguous in k. A vector that reaches past `lanes` spills into the next row of the
 * panel, which is written later: so the last vector of a row goes first. */
static void bmm_pack_transposed(const struct bmm_panel *f)
{
    const int64_t last = (f->lanes - 1) / LANES * LANES;
    for (int64_t p = 0; p < f->k; p += LANES)
        for (int64_t i = last; i >= 0; i -= LANES) {
            const int64_t lines = f->width - i, deep = int_min(LANES, f->k - p);
            if (lines >= LANES && deep == LANES)
                bmm_pack_square(f, i, p, LANES, LANES);
            else if (lines == BMM_ROWS % LANES && deep == LANES)
                bmm_pack_square(f, i, p, BMM_ROWS % LANES, LANES);
            else
                bmm_pack_square(f, i, p, lines, deep);
        }
}

/* Lanes are contiguous. */
static void bmm_pack_contiguous(const struct bmm_panel *f)
{
    const element *src = f->src;
    real *dst = f->dst;
    if (f->width == f->lanes && f->lanes == BMM_VECS * LANES) {
        for (int64_t p = 0; p < f->k; p++, src += f->depth, dst += BMM_VECS * LANES) {
            UNROLL_FOR (int v = 0; v < BMM_VECS; v++)
                v_storeu(dst + v * LANES, v_loadu(src + v * LANES));
        }
        return;
    }
    for (int64_t p = 0; p < f->k; p++, src += f->depth, dst += f->lanes)
        for (int64_t i = 0; i < f->lanes; i += LANES) {
            const int64_t there = f->width - i;
            v_storeu(dst + i, there <= 0 ? v_zero() : load(src + i, int_min(there, LANES)));
        }
}

static void bmm_pack(const struct bmm_panel *f)
{
    if (f->line == 1) {
        bmm_pack_contiguous(f);
    } else if (f->depth == 1) {
        bmm_pack_transposed(f);
    } else {
        for (int64_t p = 0; p < f->k; p++)
            for (int64_t i = 0; i < f->lanes; i++)
                f->dst[p * f->lanes + i] =
                    i < f->width ? get(f->src + i * f->line + p * f->depth) : 0;
    }
}

#endif
