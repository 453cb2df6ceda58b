/* SPDX-License-Identifier: Apache-2.0 */

/* Template: dots and squares of many coordinates for few rows; keys are turned on their way. */

struct FN(few_turned) {
    const FN(pool_any) *k; /* of the first key */
    int64_t row, d;
    const R *q; /* of the first row; coordinates are `step` numbers apart */
    int64_t step;
    R scale;       /* of differences */
    R *out;        /* rows of SUPER_BLOCK numbers, in the order of keys */
    int vectors;   /* of keys */
    int64_t ahead; /* bytes further on memory is wanted, or 0: keys have gaps */
};

/* n coordinates from c on, of VN keys and nr rows. */
VEC_FN void FN(few_turned_square)(const struct FN(few_turned) *x, const FN(pool_any) *k, int64_t c,
                                  int n, V s[4], const int nr, const bool dot)
{
    const V scale = v_set1(x->scale);
    const R *q = x->q + c * x->step;
    V r[VN];
    UNROLL
    for (int i = 0; i < VN; i++, k += x->row)
        r[i] = FN(pool_load)(k, n);
    v_transpose(r);
    UNROLL
    for (int i = 0; i < VN; i++, q += x->step)
        UNROLL
    for (int j = 0; j < nr; j++) {
        if (i >= n)
            continue;
        V point = v_set1(q[j]);
        V z = dot ? point : v_mul(v_sub(r[i], point), scale);
        s[j] = v_fma(z, dot ? r[i] : z, s[j]);
    }
}

/* VN keys, from k on. */
VEC_FN void FN(few_turned_n)(const struct FN(few_turned) *x, const FN(pool_any) *k, R *out,
                             const int nr, const bool dot)
{
    const int lines = (int)(VN * VN * sizeof(R) / 64);
    V sum[4], s[4];
    UNROLL
    for (int j = 0; j < nr; j++)
        sum[j] = v_zero();
    for (int64_t first = 0; first < x->d; first += CHUNK) {
        const int64_t end = int_min(x->d, first + CHUNK);
        int64_t c = first;
        UNROLL
        for (int j = 0; j < nr; j++)
            s[j] = v_zero();
        for (; c + VN <= end; c += VN) {
            const uintptr_t next = (uintptr_t)k + (size_t)(x->ahead + c * VN * (int)sizeof(R));
            for (int i = 0; i < lines && x->ahead != 0; i++)
                vec_prefetch((const void *)(next + 64 * (unsigned)i));
            FN(few_turned_square)(x, k + c, c, VN, s, nr, dot);
        }
        if (c < end)
            FN(few_turned_square)(x, k + c, c, (int)(end - c), s, nr, dot);
        UNROLL
        for (int j = 0; j < nr; j++)
            sum[j] = v_add(sum[j], s[j]);
    }
    UNROLL
    for (int j = 0; j < nr; j++)
        v_storeu(out + j * SUPER_BLOCK, sum[j]);
}

VEC_FN void FN(few_turned_rows)(const struct FN(few_turned) *x, const int nr, const bool dot)
{
    const FN(pool_any) *k = x->k;
    for (int v = 0; v < x->vectors; v++, k += VN * x->row)
        FN(few_turned_n)(x, k, x->out + v * VN, nr, dot);
}

#define FEW_TURNED(nr)                                                                             \
    case nr:                                                                                       \
        if (dot)                                                                                   \
            FN(few_turned_rows)(&some, nr, true);                                                  \
        else                                                                                       \
            FN(few_turned_rows)(&some, nr, false);                                                 \
        break;

static void FN(few_turned)(const struct FN(few_turned) *x, int rows, bool dot)
{
    struct FN(few_turned) some = *x;
    for (int r = 0; r < rows; r += 4) {
        some.q = x->q + r;
        some.out = x->out + (int64_t)r * SUPER_BLOCK;
        switch (rows - r) {
            FEW_TURNED(1)
            FEW_TURNED(2)
            FEW_TURNED(3)
        default:
            FEW_TURNED(4)
        }
    }
}

#undef FEW_TURNED

/* A key outside the vectors. */
static R FN(few_single)(const struct FN(few_turned) *x, const FN(pool_any) *k, int r, bool dot)
{
    R sum = 0;
    for (int64_t first = 0; first < x->d; first += CHUNK) {
        R s = 0;
        for (int64_t c = first; c < int_min(x->d, first + CHUNK); c++) {
            const R point = x->q[c * x->step + r];
            const R z = dot ? point : (k[c] - point) * x->scale;
            s = r_fma(z, dot ? k[c] : z, s);
        }
        sum += s;
    }
    return sum;
}
