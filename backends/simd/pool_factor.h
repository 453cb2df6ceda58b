/* SPDX-License-Identifier: Apache-2.0 */

/* Template: the factors of the kernels, and the product form. */

/* What becomes of a measure: u of the linear one, u^2 of the other. */
struct FN(pool_step) {
    bool linear, has_max;
    R *s;             /* the measure; then x, or the weight where there is no maximum */
    R *factor, *part; /* or NULL */
    R outside;        /* x of a pair outside the support */
    size_t vectors;
};

VEC_FN void FN(pool_step_n)(const struct FN(pool_step) *t, const attpool_kernel_name name)
{
    const V one = v_set1(1);
    const bool root = name != ATTPOOL_EPANECHNIKOV && name != ATTPOOL_BIWEIGHT &&
                      name != ATTPOOL_TRIWEIGHT && name != ATTPOOL_CAUCHY;
    for (size_t k = 0; k < t->vectors * VN; k += VN) {
        V m = v_loadu(t->s + k), u = m, u2 = m;
        if (t->linear)
            u2 = v_mul(u, u);
        else if (root)
            u = v_sqrt(u2);
        V f = FN(kernel_factor)(name, u, u2);
        M out = m_first(0);
        if (kernel_is_compact((int32_t)name))
            out = v_ge(m, one);
        if (t->part != NULL)
            v_storeu(t->part + k, v_select(out, v_zero(), one));
        f = v_select(out, v_zero(), f);
        if (!t->has_max) {
            v_storeu(t->s + k, f);
            continue;
        }
        V x = kernel_has_log((int32_t)name) ? u : v_zero();
        v_storeu(t->s + k, v_select(out, v_set1(t->outside), x));
        if (t->factor != NULL)
            v_storeu(t->factor + k, f);
    }
}

#define POOL_STEP(name)                                                                            \
    case name:                                                                                     \
        FN(pool_step_n)(t, name);                                                                  \
        break

static void FN(pool_step)(const struct FN(pool_step) *t, attpool_kernel_name name)
{
    switch (name) {
        POOL_STEP(ATTPOOL_BOXCAR);
        POOL_STEP(ATTPOOL_TRIANGULAR);
        POOL_STEP(ATTPOOL_EPANECHNIKOV);
        POOL_STEP(ATTPOOL_BIWEIGHT);
        POOL_STEP(ATTPOOL_TRIWEIGHT);
        POOL_STEP(ATTPOOL_TRICUBE);
        POOL_STEP(ATTPOOL_COSINE);
        POOL_STEP(ATTPOOL_LAPLACIAN);
        POOL_STEP(ATTPOOL_LOGISTIC);
        POOL_STEP(ATTPOOL_SIGMOID);
        POOL_STEP(ATTPOOL_SILVERMAN);
        POOL_STEP(ATTPOOL_CAUCHY);
    default:
        FN(pool_step_n)(t, ATTPOOL_CONSTANT);
    }
}

#undef POOL_STEP

/* --- product form -------------------------------------------------------------------------- */

struct FN(pool_product) {
    V x, factor;
    M outside, unordered;
};

VEC_FN void FN(pool_times)(struct FN(pool_product) *p, V u, const attpool_kernel_name name)
{
    V u2 = v_mul(u, u);
    p->unordered = m_or(p->unordered, v_isnan(u));
    if (kernel_is_compact((int32_t)name))
        p->outside = m_or(p->outside, v_ge(u, v_set1(1)));
    if (name == ATTPOOL_GAUSSIAN)
        p->x = v_fma(v_set1((R)-0.7213475204444817), u2, p->x);
    else if (kernel_has_log((int32_t)name))
        p->x = v_fma(v_set1((R)-1.4426950408889634), u, p->x);
    if (kernel_has_factor((int32_t)name))
        p->factor = v_mul(p->factor, FN(kernel_factor)(name, u, u2));
}

#define POOL_TIMES(name)                                                                           \
    case name:                                                                                     \
        for (int i = 0; i < x->vectors; i++)                                                       \
            FN(pool_times)(p + i, FN(pool_u)(x, j, c, i), name);                                   \
        break;

/* Coordinate c of point j with all lanes. */
static void FN(pool_times_any)(struct FN(pool_product) *p, const struct FN(pool_pairs) *x, int j,
                               int64_t c, int32_t name)
{
    switch (name) {
        KERNEL_EVERY_NAME(POOL_TIMES)
    default:
        break;
    }
}

#undef POOL_TIMES

static void FN(pool_product)(const struct FN(pool_pairs) *x, const struct kernel *kernel,
                             bool has_max, R outside)
{
    for (int j = 0; j < x->count; j++) {
        struct FN(pool_product) p[POOL_VECTORS];
        for (int i = 0; i < x->vectors; i++)
            p[i] = (struct FN(pool_product)){ v_zero(), v_set1(1), m_first(0), m_first(0) };
        for (int64_t c = 0; c < x->d; c++)
            FN(pool_times_any)(p, x, j, c, kernel_name_at(kernel, c));
        for (int i = 0; i < x->vectors; i++) {
            const int64_t at = j * x->step + i * VN;
            M out = m_andnot(p[i].outside, p[i].unordered);
            V f = v_select(out, v_zero(), p[i].factor);
            v_storeu(x->out + at, has_max ? v_select(out, v_set1(outside), p[i].x) : f);
            if (has_max && x->factor != NULL)
                v_storeu(x->factor + at, f);
            if (x->part != NULL)
                v_storeu(x->part + at, v_select(out, v_zero(), v_set1(1)));
        }
    }
}
