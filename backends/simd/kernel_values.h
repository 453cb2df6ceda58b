/* SPDX-License-Identifier: Apache-2.0 */

/* A row of G from what was measured of its pairs. Template: see real_f32.h. */

/* Vectors of G from what was measured: S, or u where linear. */
VEC_FN void FN(kernel_values)(attpool_kernel_name name, bool linear, V *x, const V *square, V c,
                              const int n)
{
    V e[KERNEL_VALUES];
    UNROLL
    for (int i = 0; i < n; i++) {
        const V u2 = linear ? v_mul(x[i], x[i]) : v_mul(x[i], square[i]);
        const V u = linear ? x[i] : kernel_takes_square((int32_t)name) ? u2 : v_sqrt(u2);
        e[i] = v_mul(c, name == ATTPOOL_GAUSSIAN ? u2 : u);
        x[i] = FN(kernel_factor)(name, u, u2);
        if (kernel_is_compact((int32_t)name))
            x[i] = v_select(FN(kernel_inside)(linear ? u : u2), x[i], v_zero());
    }
    if (kernel_has_log((int32_t)name)) {
        FN(full_powers)(e, n);
        UNROLL
        for (int i = 0; i < n; i++)
            x[i] = kernel_has_factor((int32_t)name) ? v_mul(e[i], x[i]) : e[i];
    }
    UNROLL
    for (int i = 0; i < n; i++)
        x[i] = FN(canonical_nan)(x[i]);
}

/* Vectors from j on of a row of the radial form; `cut`: all but the first keys are absent. */
VEC_FN void FN(kernel_piece)(attpool_kernel_name name, bool linear, const R *x, const R *square,
                             bool by_key, V c, R *g, int64_t j, const int n, size_t cut)
{
    V y[KERNEL_VALUES], s[KERNEL_VALUES];
    UNROLL
    for (int i = 0; i < n; i++) {
        y[i] = v_loadu(x + j + i * VN);
        s[i] = by_key ? v_loadu(square + j + i * VN) : v_set1(*square);
    }
    FN(kernel_values)(name, linear, y, s, c, n);
    UNROLL
    for (int i = 0; i < n; i++) {
        if (cut != 0)
            v_store_n(g + j + i * VN, y[i], cut);
        else
            v_storeu(g + j + i * VN, y[i]);
    }
}

/* A row of the radial form: `square` is W2 of the row or of each key. */
VEC_FN void FN(kernel_row_of)(attpool_kernel_name name, bool linear, const R *x, int64_t keys,
                              const R *square, bool by_key, R factor, R *g)
{
    const int n = kernel_has_log((int32_t)name) ? KERNEL_VALUES : 1;
    const V c = v_set1(factor);
    int64_t j = 0;
    for (; j + n * VN <= keys; j += n * VN)
        FN(kernel_piece)(name, linear, x, square, by_key, c, g, j, n, 0);
    for (; j < keys; j += VN)
        FN(kernel_piece)(name, linear, x, square, by_key, c, g, j, 1,
                         (size_t)int_min(VN, keys - j));
}

/* Gaussians of one width and few coordinates, without a plane between: vectors from j on. */
VEC_FN void FN(kernel_direct_piece)(const struct FN(measure) *m, bool scaled, V c, R *g, int64_t j,
                                    const int n, size_t cut)
{
    V s[KERNEL_VALUES];
    UNROLL
    for (int i = 0; i < n; i++)
        s[i] = v_zero();
    for (int64_t k = 0; k < m->depth; k++) {
        const V q = v_set1(m->q[k]), scale = v_set1(*m->scale);
        UNROLL
        for (int i = 0; i < n; i++) {
            V z = v_sub(q, v_loadu(m->k + FN(in_panels)(m->depth, k, j + i * VN)));
            if (scaled)
                z = v_mul(z, scale);
            s[i] = v_fma(z, z, s[i]);
        }
    }
    UNROLL
    for (int i = 0; i < n; i++)
        s[i] = v_mul(c, s[i]);
    FN(full_powers)(s, n);
    UNROLL
    for (int i = 0; i < n; i++) {
        s[i] = FN(canonical_nan)(s[i]);
        if (cut != 0)
            v_store_n(g + j + i * VN, s[i], cut);
        else
            v_storeu(g + j + i * VN, s[i]);
    }
}

VEC_FN void FN(kernel_direct_row)(const struct FN(measure) *m, bool scaled, R factor, R *g)
{
    const int n = KERNEL_VALUES;
    const V c = v_set1(factor);
    int64_t j = 0;
    for (; j + n * VN <= m->keys; j += n * VN)
        FN(kernel_direct_piece)(m, scaled, c, g, j, n, 0);
    for (; j < m->keys; j += VN)
        FN(kernel_direct_piece)(m, scaled, c, g, j, 1, (size_t)int_min(VN, m->keys - j));
}

/* Vectors from j on of a row of the product form; `cut`: all but the first keys are absent. */
VEC_FN void FN(kernel_product_piece)(bool has_log, const R *x, int64_t plane, R *g, int64_t j,
                                     const int n, size_t cut)
{
    V e[KERNEL_VALUES];
    UNROLL
    for (int i = 0; i < n; i++)
        e[i] = v_loadu(x + j + i * VN);
    if (has_log)
        FN(full_powers)(e, n);
    UNROLL
    for (int i = 0; i < n; i++) {
        const V factor = v_loadu(x + plane + j + i * VN);
        const M outside = v_eq(v_loadu(x + 2 * plane + j + i * VN), v_set1(1));
        const V y = has_log ? v_mul(e[i], factor) : factor;
        const V value = v_select(v_isnan(y), v_set1(R_NAN), v_select(outside, v_zero(), y));
        if (cut != 0)
            v_store_n(g + j + i * VN, value, cut);
        else
            v_storeu(g + j + i * VN, value);
    }
}

VEC_FN void FN(kernel_product_row)(bool has_log, const R *x, int64_t plane, int64_t keys, R *g)
{
    const int n = KERNEL_VALUES;
    int64_t j = 0;
    for (; j + n * VN <= keys; j += n * VN)
        FN(kernel_product_piece)(has_log, x, plane, g, j, n, 0);
    for (; j < keys; j += VN)
        FN(kernel_product_piece)(has_log, x, plane, g, j, 1, (size_t)int_min(VN, keys - j));
}
