/* SPDX-License-Identifier: Apache-2.0 */

/* weight_exp2 and exp2_full of n <= 8 vectors side by side: one after the other they would wait
 * for each other's place in the processor's queues. n should be a constant. Template: see
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
