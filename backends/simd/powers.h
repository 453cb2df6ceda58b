/* SPDX-License-Identifier: Apache-2.0 */

/* weight_exp2, exp2_full and tanh of n <= 8 vectors side by side: one after the other they would
 * wait for each other's place in the processor's queues. n should be a constant. Template: see
 * real_f32.h; after elementary.h. */

/* 2^(t - rint t), and rint t in the low bits of z. */
VEC_FN void FN(powers_of_fraction)(V *t, V *z, V *p, const int n, V magic)
{
    static const R c[] = { RC(EXP2_POLY) };
    UNROLL
    for (int i = 0; i < n; i++) {
        z[i] = v_add(t[i], magic);
        p[i] = v_set1(c[0]);
    }
    UNROLL
    for (int i = 0; i < n; i++)
        t[i] = v_sub(t[i], v_sub(z[i], magic));
    UNROLL
    for (size_t k = 1; k < sizeof c / sizeof c[0]; k++) {
        UNROLL
        for (int i = 0; i < n; i++)
            p[i] = v_fma(p[i], t[i], v_set1(c[k]));
    }
}

VEC_FN void FN(weight_powers)(V *t, const int n)
{
    V z[8], p[8];
    UNROLL
    for (int i = 0; i < n; i++)
        t[i] = v_raise_to(t[i], v_set1(RC(EXP2_ZERO)));
    FN(powers_of_fraction)(t, z, p, n, v_set1(RC(MAGIC_BIASED)));
    UNROLL
    for (int i = 0; i < n; i++)
        t[i] = v_mul(p[i], v_as_real(v_ishl(v_as_int(z[i]), R_FRAC_BITS)));
}

VEC_FN void FN(full_powers)(V *t, const int n)
{
    V z[8], p[8];
    UNROLL
    for (int i = 0; i < n; i++)
        t[i] = v_min_keep(v_raise_to(t[i], v_set1(RC(EXP2_LOW))), v_set1(RC(EXP2_HIGH)));
    FN(powers_of_fraction)(t, z, p, n, v_set1(RC(MAGIC)));
    UNROLL
    for (int i = 0; i < n; i++)
        t[i] = FN(scale_by)(p[i], z[i]);
}

/* The small arguments' polynomial comes last: the divisions are under way meanwhile. */
VEC_FN void FN(tanhs)(V *x, const int n)
{
    static const R c[] = { RC(TANH_POLY) };
    V e[8], a[8], z[8], p[8];
    UNROLL
    for (int i = 0; i < n; i++)
        e[i] = v_mul(v_abs(x[i]), v_set1(RC(TANH_SCALE)));
    FN(weight_powers)(e, n);
    UNROLL
    for (int i = 0; i < n; i++)
        e[i] = v_div(v_add(e[i], e[i]), v_add(v_set1(1), e[i]));
    UNROLL
    for (int i = 0; i < n; i++) {
        a[i] = v_abs(x[i]);
        z[i] = v_mul(a[i], a[i]);
        p[i] = v_set1(c[0]);
    }
    UNROLL
    for (size_t k = 1; k < sizeof c / sizeof c[0]; k++) {
        UNROLL
        for (int i = 0; i < n; i++)
            p[i] = v_fma(p[i], z[i], v_set1(c[k]));
    }
    UNROLL
    for (int i = 0; i < n; i++) {
        const V small = v_fma(v_mul(a[i], z[i]), p[i], a[i]), large = v_sub(v_set1(1), e[i]);
        const M is_small = v_lt(a[i], v_set1(RC(TANH_SPLIT)));
        x[i] = v_copysign(v_select(is_small, small, large), x[i]);
    }
}
