/* SPDX-License-Identifier: Apache-2.0 */

/* Template: kernels without a maximum, from measures to sums in one pass: a regression on one
 * column of values with no mask in sight. Four vectors of rows only. */

struct FN(pool_direct) {
    const struct FN(pool_pairs) *x; /* of linear measures, which are not computed before */
    const R *s;                     /* squares, which are */
    const FN(pool_any) *v;
    int64_t v_row;
    R *l, *sq, *acc; /* sq may be NULL */
};

/* The weight of a pair: its factor, 0 outside the support. A NaN stays. */
VEC_FN V FN(pool_direct_weight)(const attpool_kernel_name name, V u, V u2)
{
    const V one = v_set1(1), zero = v_zero();
    V g;
    switch (name) {
    case ATTPOOL_BOXCAR:
        return v_select(v_ge(u2, one), zero, v_fma(u2, zero, one));
    case ATTPOOL_TRIANGULAR:
        return v_raise_to(v_sub(one, u), zero);
    case ATTPOOL_EPANECHNIKOV:
        return v_raise_to(v_sub(one, u2), zero);
    case ATTPOOL_BIWEIGHT:
        g = v_raise_to(v_sub(one, u2), zero);
        return v_mul(g, g);
    case ATTPOOL_TRIWEIGHT:
        g = v_raise_to(v_sub(one, u2), zero);
        return v_mul(v_mul(g, g), g);
    case ATTPOOL_TRICUBE:
        g = v_raise_to(v_fnma(u2, u, one), zero);
        return v_mul(v_mul(g, g), g);
    case ATTPOOL_COSINE:
        return v_select(v_ge(u2, one), zero, FN(kernel_factor)(name, u, u2));
    default:
        return FN(kernel_factor)(name, u, u2);
    }
}

VEC_FN void FN(pool_direct_n)(const struct FN(pool_direct) *t, const attpool_kernel_name name,
                              const bool linear)
{
    enum { NV = POOL_VECTORS };
    const struct FN(pool_pairs) *x = t->x;
    const R one = 1;
    const R *scale = x->cast_scale != NULL ? x->cast_scale : &one;
    const int64_t scale_row = x->cast_scale != NULL ? x->scale_row : 0;
    const bool root = !kernel_takes_square((int32_t)name);
    const R *s = t->s;
    V l[NV], acc[NV], q[NV], sq[NV];
    UNROLL
    for (int i = 0; i < NV; i++) {
        l[i] = acc[i] = sq[i] = v_zero();
        q[i] = linear ? v_loadu(x->lane + i * VN) : v_zero();
    }
    for (int j = 0; j < x->count; j++, s += NV * VN) {
        const V value = v_set1(t->v[j * t->v_row]), width = v_set1(scale[j * scale_row]);
        const V point = v_set1(x->cast[j * x->row]);
        V p[NV];
        UNROLL
        for (int i = 0; i < NV; i++) {
            V u, u2;
            if (linear) {
                u = v_mul(v_sub(q[i], point), width);
                u2 = v_mul(u, u);
                u = v_abs(u);
            } else {
                u2 = v_loadu(s + i * VN);
                u = root ? v_sqrt(u2) : u2;
            }
            p[i] = FN(pool_direct_weight)(name, u, u2);
            l[i] = v_add(l[i], p[i]);
            acc[i] = v_fma(p[i], value, acc[i]);
        }
        if (t->sq != NULL)
            UNROLL
        for (int i = 0; i < NV; i++)
            sq[i] = v_fma(p[i], p[i], sq[i]);
    }
    UNROLL
    for (int i = 0; i < NV; i++) {
        v_storeu(t->l + i * VN, l[i]);
        v_storeu(t->acc + i * VN, acc[i]);
        if (t->sq != NULL)
            v_storeu(t->sq + i * VN, sq[i]);
    }
}

#define POOL_DIRECT(name)                                                                          \
    case name:                                                                                     \
        if (linear)                                                                                \
            FN(pool_direct_n)(t, name, true);                                                      \
        else                                                                                       \
            FN(pool_direct_n)(t, name, false);                                                     \
        break

static void FN(pool_direct)(const struct FN(pool_direct) *t, attpool_kernel_name name, bool linear)
{
    switch (name) {
        POOL_DIRECT(ATTPOOL_BOXCAR);
        POOL_DIRECT(ATTPOOL_TRIANGULAR);
        POOL_DIRECT(ATTPOOL_EPANECHNIKOV);
        POOL_DIRECT(ATTPOOL_BIWEIGHT);
        POOL_DIRECT(ATTPOOL_TRIWEIGHT);
        POOL_DIRECT(ATTPOOL_TRICUBE);
        POOL_DIRECT(ATTPOOL_COSINE);
        POOL_DIRECT(ATTPOOL_SILVERMAN);
    default:
        POOL_DIRECT(ATTPOOL_CAUCHY);
    }
}

#undef POOL_DIRECT
