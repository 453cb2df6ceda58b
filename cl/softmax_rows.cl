/* SPDX-License-Identifier: Apache-2.0 */

/* Row softmax on processors, in vectors of NATIVE columns. A work-item has whole rows, whose numbers
 * are neighbours, and whose visible columns are a range. W may be S. */

#ifdef HAVE_F64
enum { LANES = SOFTMAX_LANES_F64 };
#else
enum { LANES = SOFTMAX_LANES_F32 };
#endif
enum { VECTORS = LANES / NATIVE };

#define EACH_VECTOR _Pragma("unroll") for (int v = 0; v < VECTORS; v++)

WEIGHT_EXP2(weight_exp2_all, VECTORS)

static VECTOR larger(VECTOR a, VECTOR b)
{
    return CHOOSE(a, b, b > a);
}

static REAL row_best(__global const REAL *S, REAL c, long first, long end)
{
    REAL sign = c > 0 ? (REAL)1 : -(REAL)1, best = -GREATEST, part[NATIVE];
    VECTOR w = best, x = best, y = best, z = best;
    long j = first;
    for (; j + 4 * NATIVE <= end; j += 4 * NATIVE) {
        w = larger(w, sign * LOAD_VECTOR(S + j));
        x = larger(x, sign * LOAD_VECTOR(S + j + NATIVE));
        y = larger(y, sign * LOAD_VECTOR(S + j + 2 * NATIVE));
        z = larger(z, sign * LOAD_VECTOR(S + j + 3 * NATIVE));
    }
    STORE_VECTOR(larger(larger(w, x), larger(y, z)), part);
    _Pragma("unroll") for (int step = NATIVE / 2; step > 0; step /= 2)
        _Pragma("unroll") for (int l = 0; l < step; l++)
            part[l] = part[l + step] > part[l] ? part[l + step] : part[l];
    best = part[0];
    for (; j < end; j++)
        best = sign * S[j] > best ? sign * S[j] : best;
    return sign * best;
}

/* The weights relative to m of columns [at, at + LANES), 0 outside of [first, end). */
static void weigh_some(VECTOR sum[VECTORS], __global const REAL *S, __global REAL *W, REAL c, REAL m,
                       long at, long first, long end)
{
    REAL part[LANES];
    for (int l = 0; l < LANES; l++)
        part[l] = at + l >= first && at + l < end ? relative(c, S[at + l], m, 0, false) : (REAL)0;
    EACH_VECTOR sum[v] += LOAD_VECTOR(part + v * NATIVE);
    for (int l = 0; l < LANES; l++)
        if (at + l >= first && at + l < end)
            W[at + l] = part[l];
}

/* The same of all columns in [at, end), which are whole blocks. */
static void weigh_whole(VECTOR sum[VECTORS], __global const REAL *S, __global REAL *W, REAL c, REAL m,
                        long at, long end)
{
    for (; at < end; at += LANES) {
        VECTOR e[VECTORS];
        EACH_VECTOR e[v] = fma((VECTOR)c, LOAD_VECTOR(S + at + v * NATIVE), (VECTOR)(0 - 4 * m));
        weight_exp2_all(e);
        EACH_VECTOR STORE_VECTOR(e[v], W + at + v * NATIVE);
        EACH_VECTOR sum[v] += e[v];
    }
}

static REAL row_weights(__global const REAL *S, __global REAL *W, REAL c, REAL m, long first,
                        long end)
{
    VECTOR sum[VECTORS];
    REAL part[NATIVE];
    bool fused = fabs(m) < CONSTANT(SCORE_LARGE);
    long at = first / LANES * LANES;
    EACH_VECTOR sum[v] = 0;
    while (at < end) {
        long whole = at < first || !fused ? at : end / LANES * LANES;
        weigh_whole(sum, S, W, c, m, at, whole);
        at = max(at, whole);
        if (at < end)
            weigh_some(sum, S, W, c, m, at, first, end);
        at += LANES;
    }
    _Pragma("unroll") for (int step = VECTORS / 2; step > 0; step /= 2)
        _Pragma("unroll") for (int v = 0; v < step; v++)
            sum[v] += sum[v + step];
    STORE_VECTOR(sum[0], part);
    _Pragma("unroll") for (int step = NATIVE / 2; step > 0; step /= 2)
        _Pragma("unroll") for (int l = 0; l < step; l++)
            part[l] += part[l + step];
    return part[0];
}

static void fill(__global REAL *W, REAL value, long from, long to)
{
    for (long j = from; j < to; j++)
        W[j] = value;
}

static void scale_vector(__global REAL *W, VECTOR by)
{
    VECTOR w = LOAD_VECTOR(W) * by;
    STORE_VECTOR(CHOOSE((VECTOR)AS_REAL((WORD)QUIET_NAN), w, w == w), W);
}

static void scale_row(__global REAL *W, REAL by, long from, long to)
{
    long j = from;
    for (; j + 4 * NATIVE <= to; j += 4 * NATIVE) {
        scale_vector(W + j, by);
        scale_vector(W + j + NATIVE, by);
        scale_vector(W + j + 2 * NATIVE, by);
        scale_vector(W + j + 3 * NATIVE, by);
    }
    for (; j < to; j++)
        W[j] = clean(W[j] * by);
}

/* A row in which nothing has weight. */
static void empty_row(__global REAL *W, int empty, long first, long end, long m,
                      __global uint *flags)
{
    REAL nothing = AS_REAL((WORD)QUIET_NAN), of_visible = nothing;
    if (empty == EMPTY_ERROR)
        atomic_inc(&flags[FLAG_EMPTY]);
    if (empty == EMPTY_ZERO || (empty == EMPTY_MEAN && end > first))
        nothing = 0;
    if (empty == EMPTY_ZERO)
        of_visible = 0;
    else if (empty == EMPTY_MEAN)
        of_visible = TYPED(div_rn)((REAL)1, (REAL)(end - first));
    fill(W, nothing, 0, first);
    fill(W, of_visible, first, end);
    fill(W, nothing, end, m);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
softmax_rows(slab s, __global const REAL *S, array s_at, __global REAL *W, array w_at,
             MASK_PARAMETERS, REAL scale, int empty, __global uint *flags, int each)
{
    int r = (int)get_global_id(0) * each, last = min(r + each, (int)s.rows);
    for (; r < last; r++) {
        row_place at;
        visible_keys visible;
        place_of(&at, s, 0, r);
        VISIBLE_OF(&visible, at.b, at.h, at.i, s.m);
        long first = min(visible.first, s.m), end = max(first, visible.end);
        __global const REAL *from = S + array_at(s_at, at.b, at.h) + at.i * s_at.row;
        __global REAL *to = W + array_at(w_at, at.b, at.h) + at.i * w_at.row;
        REAL m = maximum_of(scale, row_best(from, scale, first, end));
        REAL sum = row_weights(from, to, scale, m, first, end);
        if (sum == 0) {
            empty_row(to, empty, first, end, s.m, flags);
            continue;
        }
        fill(to, 0, 0, first);
        scale_row(to, TYPED(div_rn)((REAL)1, sum), first, end);
        fill(to, 0, end, s.m);
    }
}
