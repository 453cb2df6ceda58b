/* SPDX-License-Identifier: Apache-2.0 */

/* Packing for the matrix product, rows of A and columns of B alike: `width` lines become the
 * lanes of a panel. Template: see real_f32.h. */
#include "backends/simd/bmm_plan.h"

/* Line i, element p lies at src[i * line + p * depth]; it goes to dst[p * lanes + i]. Lanes from
 * width on become +0. */
struct FN(bmm_panel) {
    const R *src;
    int64_t line, depth;
    int64_t width, lanes, k;
    R *dst; /* lanes * k + VN elements: stores of whole vectors may spill into the next row */
};

/* A square of VN lines by VN elements from line i and element p on: of `lines` and `deep`. The
 * loops are dissolved: the vectors stay in registers. */
VEC_FN void FN(bmm_pack_square)(const struct FN(bmm_panel) *f, int64_t i, int64_t p, int64_t lines,
                                int64_t deep)
{
    V r[VN];
    const R *src = f->src + i * f->line + p;
    R *dst = f->dst + p * f->lanes + i;
    UNROLL
    for (int q = 0; q < VN; q++)
        r[q] = q >= lines   ? v_zero()
               : deep == VN ? v_loadu(src + q * f->line)
                            : v_load_n(src + q * f->line, (size_t)deep);
    v_transpose(r);
    UNROLL
    for (int q = 0; q < VN; q++)
        if (deep == VN || q < deep)
            v_storeu(dst + q * f->lanes, r[q]);
}

/* Lines are contiguous in k. A vector that reaches past `lanes` spills into the next row of the
 * panel, which is written later: so the last vector of a row goes first. */
static void FN(bmm_pack_transposed)(const struct FN(bmm_panel) *f)
{
    const int64_t last = (f->lanes - 1) / VN * VN;
    for (int64_t p = 0; p < f->k; p += VN)
        for (int64_t i = last; i >= 0; i -= VN) {
            const int64_t lines = f->width - i, deep = int_min(VN, f->k - p);
            if (lines >= VN && deep == VN)
                FN(bmm_pack_square)(f, i, p, VN, VN);
            else if (lines == BMM_ROWS % VN && deep == VN)
                FN(bmm_pack_square)(f, i, p, BMM_ROWS % VN, VN);
            else
                FN(bmm_pack_square)(f, i, p, lines, deep);
        }
}

/* Lanes are contiguous. */
static void FN(bmm_pack_straight)(const struct FN(bmm_panel) *f)
{
    const R *src = f->src;
    R *dst = f->dst;
    if (f->width == f->lanes && f->lanes == BMM_VECS * VN) {
        for (int64_t p = 0; p < f->k; p++, src += f->depth, dst += BMM_VECS * VN) {
            UNROLL
            for (int v = 0; v < BMM_VECS; v++)
                v_storeu(dst + v * VN, v_loadu(src + v * VN));
        }
        return;
    }
    for (int64_t p = 0; p < f->k; p++, src += f->depth, dst += f->lanes)
        for (int64_t i = 0; i < f->lanes; i += VN) {
            const int64_t there = f->width - i;
            v_storeu(dst + i, there <= 0   ? v_zero()
                              : there < VN ? v_load_n(src + i, (size_t)there)
                                           : v_loadu(src + i));
        }
}

static void FN(bmm_pack)(const struct FN(bmm_panel) *f)
{
    if (f->line == 1) {
        FN(bmm_pack_straight)(f);
    } else if (f->depth == 1) {
        FN(bmm_pack_transposed)(f);
    } else {
        for (int64_t p = 0; p < f->k; p++)
            for (int64_t i = 0; i < f->lanes; i++)
                f->dst[p * f->lanes + i] = i < f->width ? f->src[i * f->line + p * f->depth] : (R)0;
    }
}
