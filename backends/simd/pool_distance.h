/* SPDX-License-Identifier: Apache-2.0 */

/* Template: measures of the kernels, for struct pool_pairs: differences first, then
 * inverse_bandwidths. */

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

VEC_FN void FN(pool_squares_n)(const struct FN(pool_pairs) *x, const int kt, const int nv,
                               const enum pool_scaled how)
{
    V s[8][4], end[4];
    int j = 0;
    FN(pool_ends_start)(end, true, nv);
    for (; j + kt <= x->count; j += kt)
        for (int64_t c = 0; c < x->d; c += CHUNK) {
            FN(pool_squares_chunk)(x, j, c, int_min(c + CHUNK, x->d), s, kt, nv, how);
            FN(pool_chunk_out)(x, j, c, s, end, true, kt, nv);
        }
    for (; j < x->count && kt > 1; j++)
        for (int64_t c = 0; c < x->d; c += CHUNK) {
            FN(pool_squares_chunk)(x, j, c, int_min(c + CHUNK, x->d), s, 1, nv, how);
            FN(pool_chunk_out)(x, j, c, s, end, true, 1, nv);
        }
    FN(pool_ends_store)(x, end, nv);
}

/* One coordinate, the most frequent regression: all in one pass. */
VEC_FN void FN(pool_square_n)(const struct FN(pool_pairs) *x, const int nv,
                              const enum pool_scaled how, const enum pool_scaled post)
{
    V lane[4], end[4];
    FN(pool_ends_start)(end, true, nv);
    UNROLL
    for (int i = 0; i < nv; i++)
        lane[i] = v_loadu(x->lane + i * VN);
    for (int j = 0; j < x->count; j++) {
        R *to = x->out + j * x->step;
        UNROLL
        for (int i = 0; i < nv; i++) {
            V z = FN(pool_apart)(x, lane[i], j, 0, i, how);
            V s = v_mul(z, z);
            if (post == SCALED_CAST)
                s = v_mul(s, v_set1(x->cast_post[j * x->post_row]));
            if (post == SCALED_LANE)
                s = v_mul(s, v_loadu(x->lane_post + i * VN));
            end[i] = v_min_keep(end[i], s);
            v_storeu(to + i * VN, s);
        }
    }
    FN(pool_ends_store)(x, end, nv);
}

VEC_FN void FN(pool_square_v)(const struct FN(pool_pairs) *x, const int nv)
{
    const bool post = x->cast_post != NULL;
    if (x->lane_scale != NULL && x->lane_post != NULL)
        FN(pool_square_n)(x, nv, SCALED_LANE, SCALED_LANE);
    else if (x->lane_scale != NULL)
        FN(pool_square_n)(x, nv, SCALED_LANE, SCALED_NOT);
    else if (x->cast_scale != NULL && post)
        FN(pool_square_n)(x, nv, SCALED_CAST, SCALED_CAST);
    else if (x->cast_scale != NULL)
        FN(pool_square_n)(x, nv, SCALED_CAST, SCALED_NOT);
    else if (post)
        FN(pool_square_n)(x, nv, SCALED_NOT, SCALED_CAST);
    else
        FN(pool_square_n)(x, nv, SCALED_NOT, SCALED_NOT);
}

VEC_FN void FN(pool_squares_v)(const struct FN(pool_pairs) *x, const int kt, const int nv)
{
    if (x->d == 1)
        FN(pool_square_v)(x, nv);
    else if (x->lane_scale != NULL)
        FN(pool_squares_n)(x, 1, nv, SCALED_LANE);
    else if (x->cast_scale != NULL)
        FN(pool_squares_n)(x, 1, nv, SCALED_CAST);
    else
        FN(pool_squares_n)(x, kt, nv, SCALED_NOT);
}

/* The squares of inverse_bandwidths. */
static void FN(pool_post)(const struct FN(pool_pairs) *x)
{
    for (int j = 0; j < x->count; j++)
        for (int i = 0; i < x->vectors; i++) {
            R *s = x->out + j * x->step + i * VN;
            V times = x->lane_post != NULL ? v_loadu(x->lane_post + i * VN)
                                           : v_set1(x->cast_post[j * x->post_row]);
            v_storeu(s, v_mul(v_loadu(s), times));
        }
}

static void FN(pool_squares)(const struct FN(pool_pairs) *x)
{
    switch (x->vectors) {
    case 1:
        FN(pool_squares_v)(x, POOL_DEEP, 1);
        break;
    case 2:
        FN(pool_squares_v)(x, POOL_DEEP, 2);
        break;
    case 3:
        FN(pool_squares_v)(x, 2, 3);
        break;
    default:
        FN(pool_squares_v)(x, 2, 4);
    }
    for (int j = 0; j < x->count && x->d == 0; j++)
        for (int i = 0; i < x->vectors; i++)
            v_storeu(x->out + j * x->step + i * VN, v_zero());
    if (x->d != 1 && (x->cast_post != NULL || x->lane_post != NULL))
        FN(pool_post)(x);
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

VEC_FN void FN(pool_linear_n)(const struct FN(pool_pairs) *x, const int nv,
                              const enum pool_scaled how)
{
    V end[4];
    FN(pool_ends_start)(end, true, nv);
    for (int j = 0; j < x->count; j++)
        UNROLL
    for (int i = 0; i < nv; i++) {
        V u = v_abs(FN(pool_apart)(x, v_loadu(x->lane + i * VN), j, 0, i, how));
        end[i] = v_min_keep(end[i], u);
        v_storeu(x->out + j * x->step + i * VN, u);
    }
    FN(pool_ends_store)(x, end, nv);
}

VEC_FN void FN(pool_linear_v)(const struct FN(pool_pairs) *x, const int nv)
{
    if (x->lane_scale != NULL)
        FN(pool_linear_n)(x, nv, SCALED_LANE);
    else if (x->cast_scale != NULL)
        FN(pool_linear_n)(x, nv, SCALED_CAST);
    else
        FN(pool_linear_n)(x, nv, SCALED_NOT);
}

/* u of a single coordinate, with the smallest as ends. */
static void FN(pool_linear)(const struct FN(pool_pairs) *x)
{
    switch (x->vectors) {
    case 1:
        FN(pool_linear_v)(x, 1);
        break;
    case 2:
        FN(pool_linear_v)(x, 2);
        break;
    case 3:
        FN(pool_linear_v)(x, 3);
        break;
    default:
        FN(pool_linear_v)(x, 4);
    }
}
