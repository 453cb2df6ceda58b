/* SPDX-License-Identifier: Apache-2.0 */

/* Template: scores become weights; denominators, and numerators of a single column with them. */

struct FN(pool_sums) {
    int vectors, count;
    R c;
    R *s;                  /* scores; then the weights where `keep` */
    const R *minus;        /* minus the maximum, for each lane */
    const R *factor;       /* or NULL */
    const R *weights;      /* of the keys, or NULL */
    R *l, *sq;             /* sq may be NULL */
    const FN(pool_any) *v; /* one column of values into acc, or NULL: the weights are kept */
    int64_t v_row;
    R *acc;
};

/* weight_exp2 of nv vectors, side by side: one after the other they would wait for each other's
 * place in the processor's queues. */
VEC_FN void FN(pool_powers)(V t[4], const int nv)
{
    static const R c[] = { RC(EXP2_POLY) };
    const V magic = v_set1(RC(MAGIC_BIASED)), zero = v_set1(RC(EXP2_ZERO));
    V z[4], p[4];
    UNROLL
    for (int i = 0; i < nv; i++) {
        t[i] = v_raise_to(t[i], zero);
        z[i] = v_add(t[i], magic);
        p[i] = v_set1(c[0]);
    }
    UNROLL
    for (int i = 0; i < nv; i++)
        t[i] = v_sub(t[i], v_sub(z[i], magic));
    UNROLL
    for (size_t k = 1; k < sizeof c / sizeof c[0]; k++)
        UNROLL
    for (int i = 0; i < nv; i++)
        p[i] = v_fma(p[i], t[i], v_set1(c[k]));
    UNROLL
    for (int i = 0; i < nv; i++)
        t[i] = v_mul(p[i], v_as_real(v_ishl(v_as_int(z[i]), R_FRAC_BITS)));
}

/* `more`: with factors, key weights or squares. */
VEC_FN void FN(pool_sums_n)(const struct FN(pool_sums) *x, const int nv, const bool log,
                            const bool one, const bool more)
{
    const V c = v_set1(x->c);
    V minus[4], l[4], acc[4], sq[4];
    R *s = x->s;
    UNROLL
    for (int i = 0; i < nv; i++) {
        minus[i] = v_loadu(x->minus + i * VN);
        l[i] = acc[i] = sq[i] = v_zero();
    }
    for (int j = 0; j < x->count; j++, s += nv * VN) {
        const V v = one ? v_set1(x->v[j * x->v_row]) : v_zero();
        V weight[4];
        UNROLL
        for (int i = 0; i < nv; i++) {
            weight[i] = v_loadu(s + i * VN);
            if (log)
                weight[i] = v_fma(c, weight[i], minus[i]);
        }
        if (log)
            FN(pool_powers)(weight, nv);
        UNROLL
        for (int i = 0; i < nv; i++) {
            V p = weight[i];
            if (more && x->factor != NULL)
                p = v_mul(p, v_loadu(x->factor + (j * nv + i) * VN));
            if (more && x->weights != NULL)
                p = v_mul(p, v_set1(x->weights[j]));
            l[i] = v_add(l[i], p);
            if (more)
                sq[i] = v_fma(p, p, sq[i]);
            if (one)
                acc[i] = v_fma(p, v, acc[i]);
            else if (log || more)
                v_storeu(s + i * VN, p);
        }
    }
    UNROLL
    for (int i = 0; i < nv; i++) {
        v_storeu(x->l + i * VN, l[i]);
        if (more && x->sq != NULL)
            v_storeu(x->sq + i * VN, sq[i]);
        if (one)
            v_storeu(x->acc + i * VN, acc[i]);
    }
}

VEC_FN void FN(pool_sums_v)(const struct FN(pool_sums) *x, const int nv, const bool log)
{
    const bool more = x->factor != NULL || x->weights != NULL || x->sq != NULL;
    if (x->v != NULL && more)
        FN(pool_sums_n)(x, nv, log, true, true);
    else if (x->v != NULL)
        FN(pool_sums_n)(x, nv, log, true, false);
    else if (more)
        FN(pool_sums_n)(x, nv, log, false, true);
    else
        FN(pool_sums_n)(x, nv, log, false, false);
}

static void FN(pool_sums)(const struct FN(pool_sums) *x, bool log)
{
    switch (x->vectors * 2 + log) {
    case 2:
        FN(pool_sums_v)(x, 1, false);
        break;
    case 3:
        FN(pool_sums_v)(x, 1, true);
        break;
    case 4:
        FN(pool_sums_v)(x, 2, false);
        break;
    case 5:
        FN(pool_sums_v)(x, 2, true);
        break;
    case 6:
        FN(pool_sums_v)(x, 3, false);
        break;
    case 7:
        FN(pool_sums_v)(x, 3, true);
        break;
    case 8:
        FN(pool_sums_v)(x, 4, false);
        break;
    default:
        FN(pool_sums_v)(x, 4, true);
    }
}

/* --- several columns of values ------------------------------------------------------------- */

struct FN(pool_values) {
    int vectors, count;
    const R *p;    /* the weights */
    const R *part; /* who takes part, or NULL: all, or their values are finite */
    const FN(pool_any) *v;
    int64_t v_row, v_col;
    const R *u, *w; /* how to merge into acc, or NULL: acc is overwritten */
    R *acc;         /* a row of lanes for each column */
    bool suspect;   /* stop at a NaN */
};

/* The block's numerators of kt columns. */
VEC_FN void FN(pool_values_block)(const struct FN(pool_values) *x, int64_t col, V a[8][4],
                                  const int kt, const int nv, const bool parts)
{
    const FN(pool_any) *v = x->v + col * x->v_col;
    const int64_t step = x->v_col;
    const R *p = x->p;
    UNROLL
    for (int k = 0; k < kt; k++)
        UNROLL
    for (int i = 0; i < nv; i++)
        a[k][i] = v_zero();
    UNROLL_8
    for (int j = 0; j < x->count; j++, v += x->v_row, p += nv * VN) {
        V weight[4];
        M see[4];
        UNROLL
        for (int i = 0; i < nv; i++) {
            weight[i] = v_loadu(p + i * VN);
            if (parts)
                see[i] = v_gt(v_loadu(x->part + (j * nv + i) * VN), v_zero());
        }
        UNROLL
        for (int k = 0; k < kt; k++) {
            V value = v_set1(v[k * step]);
            UNROLL
            for (int i = 0; i < nv; i++) {
                V sum = v_fma(weight[i], value, a[k][i]);
                a[k][i] = parts ? v_select(see[i], sum, a[k][i]) : sum;
            }
        }
    }
}

VEC_FN void FN(pool_values_merge)(const struct FN(pool_values) *x, int64_t col, V a[8][4],
                                  const int kt, const int nv)
{
    R *acc = x->acc + col * nv * VN;
    UNROLL
    for (int i = 0; i < nv; i++) {
        V u = v_zero(), w = v_zero();
        if (x->u != NULL) {
            u = v_loadu(x->u + i * VN);
            w = v_loadu(x->w + i * VN);
        }
        UNROLL
        for (int k = 0; k < kt; k++) {
            R *to = acc + (k * nv + i) * VN;
            V sum = a[k][i];
            if (x->u != NULL)
                sum = v_fma(sum, w, v_mul(v_loadu(to), u));
            v_storeu(to, sum);
        }
    }
}

VEC_FN bool FN(pool_values_nan)(V a[8][4], const int kt, const int nv)
{
    M bad = v_isnan(a[0][0]);
    UNROLL
    for (int k = 0; k < kt; k++)
        UNROLL
    for (int i = 0; i < nv; i++)
        bad = m_or(bad, v_isnan(a[k][i]));
    return m_any(bad);
}

/* Columns [col, end), kt at a time; returns the first that is not done, because of a NaN. */
VEC_FN int64_t FN(pool_values_n)(const struct FN(pool_values) *x, int64_t col, int64_t end,
                                 const int kt, const int nv)
{
    V a[8][4];
    for (; col + kt <= end; col += kt) {
        if (kt == 1 && x->part != NULL)
            FN(pool_values_block)(x, col, a, kt, nv, true);
        else
            FN(pool_values_block)(x, col, a, kt, nv, false);
        if (x->suspect && FN(pool_values_nan)(a, kt, nv))
            return col;
        FN(pool_values_merge)(x, col, a, kt, nv);
    }
    return col;
}

VEC_FN int64_t FN(pool_values_v)(const struct FN(pool_values) *x, int64_t col, int64_t end,
                                 const int kt, const int nv)
{
    if (x->part == NULL)
        col = FN(pool_values_n)(x, col, end, kt, nv);
    if (x->part != NULL || col + kt > end)
        col = FN(pool_values_n)(x, col, end, 1, nv);
    return col;
}

static int64_t FN(pool_values)(const struct FN(pool_values) *x, int64_t col, int64_t end)
{
    switch (x->vectors) {
    case 1:
        return FN(pool_values_v)(x, col, end, 8, 1);
    case 2:
        return FN(pool_values_v)(x, col, end, POOL_DEEP, 2);
    case 3:
        return FN(pool_values_v)(x, col, end, POOL_DEEP, 3);
    default:
        return FN(pool_values_v)(x, col, end, POOL_DEEP / 2, 4);
    }
}
