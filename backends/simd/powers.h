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

VEC_FN void FN(tanhs)(V *x, const int n)
{
    static const R c[] = { RC(TANH_POLY) };
    V s[8], t[8], z[8], p[8];
    UNROLL
    for (int i = 0; i < n; i++) {
        const V a = v_min_keep(v_abs(x[i]), v_set1(RC(TANH_LIMIT)));
        s[i] =
            v_fma(v_sub(a, v_set1(RC(TANH_SHIFT))), v_set1(RC(TANH_SCALE)), v_set1(RC(TANH_MAGIC)));
        t[i] = v_fma(v_sub(s[i], v_set1(RC(TANH_MAGIC))), v_set1(RC(TANH_STEP)), a);
        z[i] = v_mul(t[i], t[i]);
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
        t[i] = v_fma(v_mul(t[i], z[i]), p[i], t[i]);
        s[i] = v_as_real(v_ishl(v_as_int(s[i]), R_FRAC_BITS));
        const V y = v_fma(v_add(s[i], v_set1((R)0.5)), t[i], v_sub(s[i], v_set1((R)0.5)));
        const V size = v_div(y, v_add(y, v_sub(v_set1(1), t[i])));
        const I sign = v_iand(v_as_int(x[i]), v_as_int(v_set1((R)-0.0)));
        x[i] = v_as_real(v_ior(v_as_int(size), sign));
    }
}
