/* SPDX-License-Identifier: Apache-2.0 */

/* Row softmax. LANES work-items a row, each with the columns of its lane; W may be S. */

#ifdef HAVE_F64
enum { LANES = SOFTMAX_LANES_F64 };
#else
enum { LANES = SOFTMAX_LANES_F32 };
#endif
enum { ROWS = GROUP / LANES };

typedef struct {
    REAL scale, c; /* c: of what score() returns */
} scoring;

static REAL score(scoring how, const visible_keys *s, REAL x, long j)
{
    if (is_folded(how.scale, s->has_bias))
        x = folded(how.scale, x, s->has_bias, s->has_bias ? s->bias[j * s->bias_col] : (REAL)0);
    return x;
}

static REAL lane_best(scoring how, const visible_keys *s, __global const REAL *S, long s_col, long lane)
{
    REAL best = how.c > 0 ? -GREATEST : GREATEST;
    for (long j = lane; j < s->end; j += LANES)
        if (is_visible(s, j)) {
            REAL x = score(how, s, S[j * s_col], j);
            best = (how.c > 0 ? x > best : x < best) ? x : best;
        }
    return best;
}

static long count_visible(const visible_keys *s)
{
    long count = 0;
    for (long j = s->first; j < s->end; j++)
        count += is_visible(s, j);
    return count;
}

__kernel __attribute__((reqd_work_group_size(LANES, ROWS, 1))) void
softmax(slab s, __global const REAL *S, array s_at, __global REAL *W, array w_at, MASK_PARAMETERS,
        REAL scale, int empty, __global uint *flags)
{
    __local REAL lanes[ROWS][LANES];
    int lane = (int)get_local_id(0), y = (int)get_local_id(1);
    int r = (int)get_global_id(1);
    bool in = r < s.rows;
    long m = s.m;
    row_place at;
    visible_keys visible;
    scoring how;

    place_of(&at, s, 0, in ? r : 0);
    VISIBLE_OF(&visible, at.b, at.h, at.i, m);
    visible.end = in ? visible.end : 0;
    how.scale = scale;
    how.c = is_folded(scale, visible.has_bias) ? (REAL)4 : scale;
    S += array_at(s_at, at.b, at.h) + at.i * s_at.row;
    W += array_at(w_at, at.b, at.h) + at.i * w_at.row;

    REAL best = lane_best(how, &visible, S, s_at.col, lane);
    lanes[y][lane] = best;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int l = 0; l < LANES; l++) {
        REAL x = lanes[y][l];
        best = (how.c > 0 ? x > best : x < best) ? x : best;
    }
    REAL top = maximum_of(how.c, best), sum = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (in) {
        IN_ORDER
        for (long j = lane; j < m; j += LANES) {
            REAL e = 0;
            if (is_visible(&visible, j)) {
                e = relative(how.c, score(how, &visible, S[j * s_at.col], j), top, 0, false);
                sum += e;
            }
            W[j * w_at.col] = e;
        }
    }
    lanes[y][lane] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int step = LANES / 2; step > 0; step /= 2) {
        if (lane < step)
            lanes[y][lane] += lanes[y][lane + step];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    sum = lanes[y][0];
    if (!in)
        return;

    long count = sum == 0 && empty == EMPTY_MEAN ? count_visible(&visible) : 0;
    REAL inverse = TYPED(div_rn)((REAL)1, sum == 0 ? (REAL)count : sum), of_visible = 0, masked = 0;
    if (sum == 0) {
        if (empty == EMPTY_ERROR && lane == 0)
            atomic_inc(&flags[FLAG_EMPTY]);
        if (empty == EMPTY_MEAN) {
            of_visible = inverse;
            masked = count > 0 ? (REAL)0 : AS_REAL((WORD)QUIET_NAN);
        } else if (empty != EMPTY_ZERO) {
            of_visible = masked = AS_REAL((WORD)QUIET_NAN);
        }
    }
    for (long j = lane; j < m; j += LANES)
        if (sum == 0)
            W[j * w_at.col] = is_visible(&visible, j) ? of_visible : masked;
        else
            W[j * w_at.col] = is_visible(&visible, j) ? clean(W[j * w_at.col] * inverse) : (REAL)0;
}
