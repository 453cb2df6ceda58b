/* SPDX-License-Identifier: Apache-2.0 */

/* Template: measures of the kernels, for struct pool_pairs: differences first, then widths. */

/* How differences are scaled. */
#ifndef ATTPOOL_SIMD_POOL_SCALED
#define ATTPOOL_SIMD_POOL_SCALED
enum pool_scaled { SCALED_NOT, SCALED_CAST, SCALED_LANE };
#endif

VEC_FN V FN(pool_apart)(const struct FN(pool_pairs) *x, V lane, int j, int64_t c, int i,
                        const enum pool_scaled how)
{
    V z = v_sub(lane, v_set1(x->cast[j * x->row + c * x->col]));
    if (how == SCALED_CAST)
        return v_mul(z, v_set1(x->cast_scale[j * x->scale_row + c * x->scale_col]));
    if (how == SCALED_LANE)
        return v_mul(z, v_loadu(x->lane_scale + c * x->scale_step + i * VN));
    return z;
}

VEC_FN void FN(pool_squares_chunk)(const struct FN(pool_pairs) *x, int j, int64_t c, int64_t end,
                                   V s[8][4], const int kt, const int nv,
                                   const enum pool_scaled how)
{
    UNROLL
    for (int k = 0; k < kt; k++)
        UNROLL
        for (int i = 0; i < nv; i++)
            s[k][i] = v_zero();
    for (; c < end; c++)
        UNROLL
        for (int k = 0; k < kt; k++)
            UNROLL
            for (int i = 0; i < nv; i++) {
                V lane = v_loadu(x->lane + (c * nv + i) * VN);
                V z = FN(pool_apart)(x, lane, j + k, c, i, how);
                s[k][i] = v_fma(z, z, s[k][i]);
            }
}

VEC_FN void FN(pool_post)(const struct FN(pool_pairs) *x, int j, V s[8][4], const int kt,
                          const int nv)
{
    if (x->cast_post != NULL)
        UNROLL
        for (int k = 0; k < kt; k++)
            UNROLL
            for (int i = 0; i < nv; i++)
                s[k][i] = v_mul(s[k][i], v_set1(x->cast_post[(j + k) * x->post_row]));
    if (x->lane_post != NULL)
        UNROLL
        for (int k = 0; k < kt; k++)
            UNROLL
            for (int i = 0; i < nv; i++)
                s[k][i] = v_mul(s[k][i], v_loadu(x->lane_post + i * VN));
}

/* Points j .. j + kt - 1: their rows of the output. */
VEC_FN void FN(pool_squares_rows)(const struct FN(pool_pairs) *x, int j, V end[4], const int kt,
                                  const int nv, const enum pool_scaled how)
{
    V s[8][4], rest[8][4];
    FN(pool_squares_chunk)(x, j, 0, pool_min(x->d, CHUNK), s, kt, nv, how);
    for (int64_t c = CHUNK; c < x->d; c += CHUNK) {
        FN(pool_squares_chunk)(x, j, c, pool_min(x->d, c + CHUNK), rest, kt, nv, how);
        UNROLL
        for (int k = 0; k < kt; k++)
            UNROLL
            for (int i = 0; i < nv; i++)
                s[k][i] = v_add(s[k][i], rest[k][i]);
    }
    FN(pool_post)(x, j, s, kt, nv);
    FN(pool_chunk_out)(x, j, true, true, s, end, kt, nv);
}

VEC_FN void FN(pool_squares_n)(const struct FN(pool_pairs) *x, const int kt, const int nv,
                               const enum pool_scaled how)
{
    V end[4];
    int j = 0;
    FN(pool_ends_start)(x, end, nv);
    for (; j + kt <= x->count; j += kt)
        FN(pool_squares_rows)(x, j, end, kt, nv, how);
    for (; j < x->count; j++)
        FN(pool_squares_rows)(x, j, end, 1, nv, how);
    FN(pool_ends_store)(x, end, nv);
}

/* One coordinate that needs no scaling: the most frequent regression. */
VEC_FN void FN(pool_square_n)(const struct FN(pool_pairs) *x, const int nv)
{
    V lane[4], end[4];
    FN(pool_ends_start)(x, end, nv);
    UNROLL
    for (int i = 0; i < nv; i++)
        lane[i] = v_loadu(x->lane + i * VN);
    R *to = x->out;
    for (int j = 0; j < x->count; j++) {
        V point = v_set1(x->cast[j * x->row]);
        UNROLL
        for (int i = 0; i < nv; i++) {
            V z = v_sub(lane[i], point);
            V s = v_mul(z, z);
            if (x->extreme < 0)
                end[i] = v_min_keep(end[i], s);
            v_storeu(to, s);
            to += VN;
        }
    }
    FN(pool_ends_store)(x, end, nv);
}

VEC_FN void FN(pool_squares_v)(const struct FN(pool_pairs) *x, const int kt, const int nv)
{
    const bool post = x->cast_post != NULL || x->lane_post != NULL;
    if (x->lane_scale != NULL)
        FN(pool_squares_n)(x, kt, nv, SCALED_LANE);
    else if (x->cast_scale != NULL)
        FN(pool_squares_n)(x, kt, nv, SCALED_CAST);
    else if (x->d == 1 && !post && x->extreme <= 0)
        FN(pool_square_n)(x, nv);
    else
        FN(pool_squares_n)(x, kt, nv, SCALED_NOT);
}

static void FN(pool_squares)(const struct FN(pool_pairs) *x)
{
    switch (x->vectors) {
    case 1:
        FN(pool_squares_v)(x, 8, 1);
        break;
    case 2:
        FN(pool_squares_v)(x, 4, 2);
        break;
    case 3:
        FN(pool_squares_v)(x, 2, 3);
        break;
    default:
        FN(pool_squares_v)(x, 2, 4);
    }
}

/* |difference * width| of point j and coordinate c. */
VEC_FN V FN(pool_u)(const struct FN(pool_pairs) *x, int j, int64_t c, int i)
{
    V lane = v_loadu(x->lane + (c * x->vectors + i) * VN);
    if (x->lane_scale != NULL)
        return v_abs(FN(pool_apart)(x, lane, j, c, i, SCALED_LANE));
    if (x->cast_scale != NULL)
        return v_abs(FN(pool_apart)(x, lane, j, c, i, SCALED_CAST));
    return v_abs(FN(pool_apart)(x, lane, j, c, i, SCALED_NOT));
}

static void FN(pool_linear)(const struct FN(pool_pairs) *x)
{
    for (int j = 0; j < x->count; j++)
        for (int i = 0; i < x->vectors; i++)
            v_storeu(x->out + (j * x->vectors + i) * VN, FN(pool_u)(x, j, 0, i));
}
