/* SPDX-License-Identifier: Apache-2.0 */

/* The functions of contract.h for one type, on both halves: avx512_emulated.h includes this twice.
 */

typedef struct {
    HALF lo, hi;
} HALVES_T;

typedef HALVES_T P(mask);

typedef struct {
    simde__m256i lo, hi;
} P(int);

/* clang-format off */ /* a function a line reads as a table */

#define T HALVES_T
#define BOTH_1(type, f, a) (type){ f((a).lo), f((a).hi) }
#define BOTH_2(type, f, a, b) (type){ f((a).lo, (b).lo), f((a).hi, (b).hi) }
#define BOTH_3(type, f, a, b, c) (type){ f((a).lo, (b).lo, (c).lo), f((a).hi, (b).hi, (c).hi) }
#define COMPARE(a, b, how) \
    (P(mask)){ OP(cmp)((a).lo, (b).lo, how), OP(cmp)((a).hi, (b).hi, how) }

VEC_FN T P(set1)(HALVES_REAL x) { return (T){ OP(set1)(x), OP(set1)(x) }; }
VEC_FN T P(zero)(void) { return P(set1)(0); }
VEC_FN T P(loadu)(const HALVES_REAL *p) { return (T){ OP(loadu)(p), OP(loadu)(p + HALVES_LANES / 2) }; }
VEC_FN void P(storeu)(HALVES_REAL *p, T a) { OP(storeu)(p, a.lo); OP(storeu)(p + HALVES_LANES / 2, a.hi); }

VEC_FN T P(add)(T a, T b) { return BOTH_2(T, OP(add), a, b); }
VEC_FN T P(sub)(T a, T b) { return BOTH_2(T, OP(sub), a, b); }
VEC_FN T P(mul)(T a, T b) { return BOTH_2(T, OP(mul), a, b); }
VEC_FN T P(div)(T a, T b) { return BOTH_2(T, OP(div), a, b); }
VEC_FN T P(sqrt)(T a) { return BOTH_1(T, OP(sqrt), a); }

VEC_FN P(int) P(as_int)(T a) { return BOTH_1(P(int), TO_INT, a); }
VEC_FN T P(as_real)(P(int) a) { return BOTH_1(T, TO_REAL, a); }
VEC_FN P(int) P(iset1)(HALVES_INT x) { return (P(int)){ ISET1(x), ISET1(x) }; }
VEC_FN P(int) P(iadd)(P(int) a, P(int) b) { return BOTH_2(P(int), IOP(add), a, b); }
VEC_FN P(int) P(isub)(P(int) a, P(int) b) { return BOTH_2(P(int), IOP(sub), a, b); }
VEC_FN P(int) P(iand)(P(int) a, P(int) b) { return BOTH_2(P(int), simde_mm256_and_si256, a, b); }
VEC_FN P(int) P(ior)(P(int) a, P(int) b) { return BOTH_2(P(int), simde_mm256_or_si256, a, b); }
VEC_FN P(int) P(ixor)(P(int) a, P(int) b) { return BOTH_2(P(int), simde_mm256_xor_si256, a, b); }
VEC_FN P(int) P(ishl)(P(int) a, int n) { return (P(int)){ IOP(slli)(a.lo, n), IOP(slli)(a.hi, n) }; }
VEC_FN P(int) P(ishr)(P(int) a, int n) { return (P(int)){ IOP(srli)(a.lo, n), IOP(srli)(a.hi, n) }; }
VEC_FN P(mask) P(ieq)(P(int) a, P(int) b) { return P(as_real)(BOTH_2(P(int), IOP(cmpeq), a, b)); }

VEC_FN P(int) P(isar)(P(int) a, int n)
{
    P(int) sign = P(iset1)((HALVES_INT)1 << (HALVES_BITS - 1 - n));
    return P(isub)(P(ixor)(P(ishr)(a, n), sign), sign);
}

VEC_FN T P(neg)(T a) { return P(as_real)(P(ixor)(P(as_int)(a), P(iset1)(HALVES_SIGN))); }
VEC_FN T P(abs)(T a) { return P(as_real)(P(iand)(P(as_int)(a), P(iset1)(~HALVES_SIGN))); }

#ifdef __FMA__
VEC_FN T P(fma)(T a, T b, T c) { return BOTH_3(T, OP(fmadd), a, b, c); }
VEC_FN T P(fnma)(T a, T b, T c) { return BOTH_3(T, OP(fnmadd), a, b, c); }
#else
VEC_FN T P(fma)(T a, T b, T c)
{
    HALVES_REAL x[HALVES_LANES], y[HALVES_LANES], z[HALVES_LANES];
    P(storeu)(x, a);
    P(storeu)(y, b);
    P(storeu)(z, c);
    for (int i = 0; i < HALVES_LANES; i++)
        z[i] = HALVES_FMA(x[i], y[i], z[i]);
    return P(loadu)(z);
}

VEC_FN T P(fnma)(T a, T b, T c) { return P(fma)(P(neg)(a), b, c); }
#endif

VEC_FN P(mask) P(lt)(T a, T b) { return COMPARE(a, b, SIMDE_CMP_LT_OQ); }
VEC_FN P(mask) P(le)(T a, T b) { return COMPARE(a, b, SIMDE_CMP_LE_OQ); }
VEC_FN P(mask) P(gt)(T a, T b) { return COMPARE(a, b, SIMDE_CMP_GT_OQ); }
VEC_FN P(mask) P(ge)(T a, T b) { return COMPARE(a, b, SIMDE_CMP_GE_OQ); }
VEC_FN P(mask) P(eq)(T a, T b) { return COMPARE(a, b, SIMDE_CMP_EQ_OQ); }
VEC_FN P(mask) P(ne)(T a, T b) { return COMPARE(a, b, SIMDE_CMP_NEQ_UQ); }
VEC_FN P(mask) P(isnan)(T a) { return COMPARE(a, a, SIMDE_CMP_UNORD_Q); }

VEC_FN P(mask) P(m_and)(P(mask) a, P(mask) b) { return BOTH_2(P(mask), OP(and), a, b); }
VEC_FN P(mask) P(m_or)(P(mask) a, P(mask) b) { return BOTH_2(P(mask), OP(or), a, b); }
VEC_FN P(mask) P(m_andnot)(P(mask) a, P(mask) b) { return BOTH_2(P(mask), OP(andnot), b, a); }
VEC_FN P(mask) P(m_not)(P(mask) m) { return P(as_real)(P(ixor)(P(as_int)(m), P(iset1)(-1))); }
VEC_FN int P(m_any)(P(mask) m) { return OP(movemask)(OP(or)(m.lo, m.hi)) != 0; }
VEC_FN int P(m_all)(P(mask) m) { return OP(movemask)(OP(and)(m.lo, m.hi)) == (1 << HALVES_LANES / 2) - 1; }

VEC_FN unsigned P(m_bits)(P(mask) m)
{
    return (unsigned)OP(movemask)(m.lo) | (unsigned)OP(movemask)(m.hi) << HALVES_LANES / 2;
}

VEC_FN T P(select)(P(mask) m, T a, T b) { return BOTH_3(T, OP(blendv), b, a, m); }

#ifdef __AVX__
VEC_FN T P(max_keep)(T a, T b) { return BOTH_2(T, OP(max), b, a); }
VEC_FN T P(min_keep)(T a, T b) { return BOTH_2(T, OP(min), b, a); }
VEC_FN T P(raise_to)(T x, T lo) { return BOTH_2(T, OP(max), lo, x); }
#else
VEC_FN T P(max_keep)(T a, T b) { return P(select)(P(gt)(b, a), b, a); }
VEC_FN T P(min_keep)(T a, T b) { return P(select)(P(lt)(b, a), b, a); }
VEC_FN T P(raise_to)(T x, T lo) { return P(select)(P(lt)(x, lo), lo, x); }
#endif

VEC_FN T P(load_n)(const HALVES_REAL *p, size_t n)
{
    HALVES_REAL x[HALVES_LANES] = { 0 };
    memcpy(x, p, n * sizeof *p);
    return P(loadu)(x);
}

VEC_FN void P(store_n)(HALVES_REAL *p, T a, size_t n)
{
    HALVES_REAL x[HALVES_LANES];
    P(storeu)(x, a);
    memcpy(p, x, n * sizeof *p);
}

VEC_FN P(mask) P(m_first)(size_t n)
{
    HALVES_REAL x[HALVES_LANES];
    for (int i = 0; i < HALVES_LANES; i++)
        x[i] = (HALVES_REAL)i;
    return P(lt)(P(loadu)(x), P(set1)((HALVES_REAL)n));
}

VEC_FN P(mask) P(mask_from_bytes)(const uint8_t *p)
{
    HALVES_REAL x[HALVES_LANES];
    for (int i = 0; i < HALVES_LANES; i++)
        x[i] = (HALVES_REAL)p[i];
    return P(ne)(P(loadu)(x), P(zero)());
}

VEC_FN P(mask) P(mask_from_bytes_n)(const uint8_t *p, size_t n)
{
    uint8_t b[HALVES_LANES] = { 0 };
    memcpy(b, p, n);
    return P(mask_from_bytes)(b);
}

VEC_FN void P(transpose)(T r[HALVES_LANES])
{
    HALVES_REAL x[HALVES_LANES][HALVES_LANES], y[HALVES_LANES][HALVES_LANES];
    for (int i = 0; i < HALVES_LANES; i++)
        P(storeu)(x[i], r[i]);
    for (int i = 0; i < HALVES_LANES; i++)
        for (int j = 0; j < HALVES_LANES; j++)
            y[j][i] = x[i][j];
    for (int i = 0; i < HALVES_LANES; i++)
        r[i] = P(loadu)(y[i]);
}

#undef T
#undef BOTH_1
#undef BOTH_2
#undef BOTH_3
#undef COMPARE
#undef HALVES_T
#undef HALVES_REAL
#undef HALVES_LANES
#undef HALVES_INT
#undef HALVES_SIGN
#undef HALVES_BITS
#undef HALVES_FMA
#undef P
#undef HALF
#undef OP
#undef IOP
#undef ISET1
#undef TO_INT
#undef TO_REAL
