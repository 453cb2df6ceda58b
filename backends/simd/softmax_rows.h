/* SPDX-License-Identifier: Apache-2.0 */

/* Rows without masks, up to VN of them side by side. Template: see real_f32.h; part of softmax.h.
 */

/* What a group reads and writes should stay in the first cache, beside what is fetched for the
 * next one. */
enum { FN(softmax_group_limit) = 16384 / sizeof(R), FN(cache_line) = 64 / sizeof(R) };

struct FN(softmax_rows) {
    int64_t m;
    int count; /* of rows, at most VN */
    const R *src;
    R *dst; /* may be src */
    int64_t src_row, dst_row;
    int64_t ahead; /* the rows to fetch for the next group are so many further on */
};

/* --- rows along vectors: their reductions are made of VN rows at once ------------------------ */

VEC_FN V FN(softmax_rows_best)(const R *x, int64_t m, bool low)
{
    V best[4];
    int64_t j = 0;
    UNROLL
    for (int v = 0; v < 4; v++)
        best[v] = v_set1(low ? R_MAX : -R_MAX);
    for (; j + 4 * VN <= m; j += 4 * VN) {
        UNROLL
        for (int v = 0; v < 4; v++)
            best[v] = FN(softmax_better)(best[v], v_loadu(x + j + v * VN), low);
    }
    for (; j + VN <= m; j += VN)
        best[0] = FN(softmax_better)(best[0], v_loadu(x + j), low);
    if (j < m) {
        const V y = v_load_n(x + j, (size_t)(m - j));
        best[1] = FN(softmax_better)(best[1], v_select(m_first((size_t)(m - j)), y, best[1]), low);
    }
    best[0] = FN(softmax_better)(best[0], best[2], low);
    best[1] = FN(softmax_better)(best[1], best[3], low);
    return FN(softmax_better)(best[0], best[1], low);
}

/* Weights of a row's last n vectors, of the last of them `tail` elements. */
VEC_FN void FN(softmax_rows_rest)(const R *x, R *w, V c, V top, V *sum, size_t tail, const int n)
{
    V e[FN(softmax_vectors)];
    UNROLL
    for (int v = 0; v < n; v++)
        e[v] = v < n - 1 ? v_loadu(x + v * VN) : v_load_n(x + v * VN, tail);
    FN(softmax_powers)(e, c, top, false, n);
    e[n - 1] = v_select(m_first(tail), e[n - 1], v_zero());
    UNROLL
    for (int v = 0; v < n; v++) {
        if (v < n - 1)
            v_storeu(w + v * VN, e[v]);
        else
            v_store_n(w + v * VN, e[v], tail);
        sum[v] = v_add(sum[v], e[v]);
    }
}

/* Weights of a row and the sums of its lanes; fetches what lies ahead. */
VEC_FN void FN(softmax_rows_steps)(const struct FN(softmax_rows) *f, const R *x, R *w, V c, V top,
                                   V *sum)
{
    const int64_t x_ahead = f->ahead * f->src_row, w_ahead = f->ahead * f->dst_row;
    for (int64_t j = 0; j + FN(softmax_step) <= f->m; j += FN(softmax_step)) {
        V e[FN(softmax_vectors)];
        UNROLL
        for (int v = 0; v < FN(softmax_vectors); v++)
            e[v] = v_loadu(x + j + v * VN);
        UNROLL
        for (int l = 0; l < FN(softmax_step); l += FN(cache_line)) {
            vec_prefetch(x + j + x_ahead + l);
            vec_prefetch(w + j + w_ahead + l);
        }
        FN(softmax_powers)(e, c, top, false, FN(softmax_vectors));
        UNROLL
        for (int v = 0; v < FN(softmax_vectors); v++) {
            v_storeu(w + j + v * VN, e[v]);
            sum[v] = v_add(sum[v], e[v]);
        }
    }
}

/* The weights of row r; the sums of its elements that are VN apart. */
VEC_FN V FN(softmax_rows_weights)(const struct FN(softmax_rows) *f, int r, V c, V top)
{
    const int vectors = FN(softmax_vectors);
    const int64_t rest = f->m % FN(softmax_step), at = f->m - rest;
    const size_t tail = rest % VN == 0 ? VN : (size_t)(rest % VN);
    const R *x = f->src + r * f->src_row;
    R *w = f->dst + r * f->dst_row;
    V sum[FN(softmax_vectors)];
    UNROLL
    for (int v = 0; v < vectors; v++)
        sum[v] = v_zero();
    FN(softmax_rows_steps)(f, x, w, c, top, sum);
    switch (int_ceil(rest, VN)) {
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        if (n <= vectors)                                                                          \
            FN(softmax_rows_rest)(x + at, w + at, c, top, sum, tail, n <= vectors ? n : 1);        \
        break;
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
        CASE(5)
        CASE(6)
        CASE(7)
        CASE(8)
#undef CASE
    default:
        break;
    }
    UNROLL
    for (int v = vectors - 1; v >= 1; v--)
        sum[FN(halved)(v)] = v_add(sum[FN(halved)(v)], sum[v]);
    return sum[0];
}

VEC_FN void FN(softmax_rows_scale)(R *w, int64_t m, R by)
{
    const V ratio = v_set1(by);
    int64_t j = 0;
    for (; j + 4 * VN <= m; j += 4 * VN) {
        UNROLL
        for (int v = 0; v < 4; v++)
            v_storeu(w + j + v * VN, v_mul(v_loadu(w + j + v * VN), ratio));
    }
    for (; j + VN <= m; j += VN)
        v_storeu(w + j, v_mul(v_loadu(w + j), ratio));
    if (j < m)
        v_store_n(w + j, v_mul(v_load_n(w + j, (size_t)(m - j)), ratio), (size_t)(m - j));
}

/* False, and nothing is written, where one of the rows is no common case. */
static bool FN(softmax_rows)(const struct FN(softmax_rows) *f, bool low, R factor)
{
    const V c = v_set1(factor);
    V part[VN]; /* a row each, then a lane of all rows */
    R x[VN];
    UNROLL
    for (int r = 0; r < VN; r++)
        part[r] = v_zero();
    for (int r = 0; r < f->count; r++) {
        const R *row = f->src + r * f->src_row;
        part[r] =
            low ? FN(softmax_rows_best)(row, f->m, true) : FN(softmax_rows_best)(row, f->m, false);
    }
    v_transpose(part);
    UNROLL
    for (int l = VN - 1; l >= 1; l--)
        part[FN(halved)(l)] = FN(softmax_better)(part[FN(halved)(l)], part[l], low);
    const V top = v_max_keep(v_set1(-R_MAX), v_mul(c, part[0]));
    if (!m_all(v_lt(v_abs(top), v_set1(2 / R_EPS))))
        return false;
    v_storeu(x, top);
    for (int r = 0; r < f->count; r++)
        part[r] = FN(softmax_rows_weights)(f, r, c, v_set1(x[r]));
    v_transpose(part);
    UNROLL
    for (int l = VN - 1; l >= 1; l--)
        part[FN(halved)(l)] = v_add(part[FN(halved)(l)], part[l]);
    v_storeu(x, v_div(v_set1(1), part[0]));
    for (int r = 0; r < f->count; r++) {
        R *w = f->dst + r * f->dst_row;
        if (x[r] == x[r])
            FN(softmax_rows_scale)(w, f->m, x[r]);
        else /* a NaN is in the row */
            for (int64_t j = 0; j < f->m; j++)
                w[j] = R_NAN;
    }
    return true;
}

/* --- rows as lanes: up to VN rows of less than a step --------------------------------------- */

/* The rows by VN columns at a time, transposed between rows and x: column j is x + j * VN. Lanes
 * without a row have the last one. */
VEC_FN void FN(softmax_narrow_load)(const struct FN(softmax_rows) *f, const int count, R *x)
{
    for (int64_t j = 0; j < f->m; j += VN) {
        const int64_t n = int_min(VN, f->m - j);
        const R *row = f->src + j;
        V r[VN];
        UNROLL
        for (int i = 0; i < VN; i++) {
            r[i] = n == VN ? v_loadu(row) : v_load_n(row, (size_t)n);
            row += i + 1 < count ? f->src_row : 0;
        }
        v_transpose(r);
        UNROLL
        for (int i = 0; i < VN; i++)
            v_storeu(x + (j + i) * VN, r[i]);
    }
}

VEC_FN void FN(softmax_narrow_store)(const struct FN(softmax_rows) *f, const int count, const R *x,
                                     V ratio)
{
    for (int64_t j = 0; j < f->m; j += VN) {
        const int64_t n = int_min(VN, f->m - j);
        V r[VN];
        UNROLL
        for (int i = 0; i < VN; i++)
            r[i] = v_mul(v_loadu(x + (j + i) * VN), ratio);
        v_transpose(r);
        UNROLL
        for (int i = 0; i < VN; i++) {
            if (i >= count)
                break;
            if (n == VN)
                v_storeu(f->dst + i * f->dst_row + j, r[i]);
            else
                v_store_n(f->dst + i * f->dst_row + j, r[i], (size_t)n);
        }
    }
}

/* Weights of n columns from j on, in place, and as lanes of the sum. */
VEC_FN void FN(softmax_narrow_powers)(R *x, R *lanes, int64_t j, V c, V top, const int n)
{
    V e[4];
    UNROLL
    for (int i = 0; i < n; i++)
        e[i] = v_loadu(x + (j + i) * VN);
    FN(softmax_powers)(e, c, top, false, n);
    UNROLL
    for (int i = 0; i < n; i++) {
        v_storeu(x + (j + i) * VN, e[i]);
        v_storeu(lanes + (j + i) * VN, e[i]);
    }
}

/* False, and nothing is written, where one of the rows is no common case. */
VEC_FN bool FN(softmax_narrow_of)(const struct FN(softmax_rows) *f, const int count, bool low,
                                  R factor)
{
    R x[VN * FN(softmax_step)], lanes[VN * FN(softmax_step)];
    const V c = v_set1(factor);
    V top = v_set1(low ? R_MAX : -R_MAX);
    int64_t j = 0;
    v_storeu(lanes, v_zero()); /* there is a column */
    FN(softmax_narrow_load)(f, count, x);
    for (; j < f->m; j++)
        top = FN(softmax_better)(top, v_loadu(x + j * VN), low);
    top = v_max_keep(v_set1(-R_MAX), v_mul(c, top));
    if (!m_all(v_lt(v_abs(top), v_set1(2 / R_EPS))))
        return false;
    for (j = 0; j + 4 <= f->m; j += 4)
        FN(softmax_narrow_powers)(x, lanes, j, c, top, 4);
    for (; j < f->m; j++)
        FN(softmax_narrow_powers)(x, lanes, j, c, top, 1);
    for (j = f->m - 1; j >= 1; j--) { /* the lanes that are not there are 0 */
        R *to = lanes + FN(halved)((int)j) * VN;
        v_storeu(to, v_add(v_loadu(to), v_loadu(lanes + j * VN)));
    }
    const V sum = v_loadu(lanes);
    if (!m_all(v_gt(sum, v_zero())))
        return false;
    FN(softmax_narrow_store)(f, count, x, v_div(v_set1(1), sum));
    return true;
}

static bool FN(softmax_narrow)(const struct FN(softmax_rows) *f, bool low, R factor)
{
    return f->count == VN ? FN(softmax_narrow_of)(f, VN, low, factor)
                          : FN(softmax_narrow_of)(f, f->count, low, factor);
}
