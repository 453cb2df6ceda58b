/* SPDX-License-Identifier: Apache-2.0 */

/* Dots and squares of many coordinates for few rows; keys are transposed on their way. */
#ifndef BACKENDS_SIMD_POOL_BY_KEY_TRANSPOSE_H
#define BACKENDS_SIMD_POOL_BY_KEY_TRANSPOSE_H

#include "backends/simd/array.h"
#include "backends/simd/integers.h"
#include "backends/simd/pool/by_key/by_key.h"

struct by_key_transposed {
    const element *k; /* of the first key */
    int64_t row, d;
    const real *q; /* of the first row; coordinates are `step` numbers apart */
    int64_t step;
    real scale;    /* of differences */
    real *out;     /* rows of BY_KEY_KEYS numbers, in the order of keys */
    int vectors;   /* of keys */
    int64_t ahead; /* how many bytes ahead to prefetch; 0 if keys have gaps */
};

/* n coordinates from c on, of LANES keys and nr rows. */
VEC_FN void by_key_transposed_square(const struct by_key_transposed *x, const element *k, int64_t c,
                                     int n, vec s[4], const int nr, const bool dot)
{
    const vec scale = v_set1(x->scale);
    const real *q = x->q + c * x->step;
    vec r[LANES];
    UNROLL_FOR (int i = 0; i < LANES; i++, k += x->row)
        r[i] = load(k, n);
    v_transpose(r);
    UNROLL_FOR (int i = 0; i < LANES; i++, q += x->step)
        UNROLL_FOR (int j = 0; j < nr; j++) {
            if (i >= n)
                continue;
            vec point = v_set1(q[j]);
            vec z = dot ? point : v_mul(v_sub(r[i], point), scale);
            s[j] = v_fma(z, dot ? r[i] : z, s[j]);
        }
}

/* LANES keys, from k on. */
VEC_FN void by_key_transposed_n(const struct by_key_transposed *x, const element *k, real *out,
                                const int nr, const bool dot)
{
    const unsigned lines = (unsigned)(LANES * LANES * sizeof(real) / 64);
    vec sum[4], s[4];
    UNROLL_FOR (int j = 0; j < nr; j++)
        sum[j] = v_zero();
    for (int64_t first = 0; first < x->d; first += CHUNK) {
        const int64_t end = int_min(x->d, first + CHUNK);
        int64_t c = first;
        UNROLL_FOR (int j = 0; j < nr; j++)
            s[j] = v_zero();
        for (; c + LANES <= end; c += LANES) {
            const uintptr_t next =
                (uintptr_t)k + (size_t)(x->ahead + c * LANES * (int)sizeof(real));
            const uintptr_t near = next - (size_t)x->ahead + (size_t)(LANES * x->d) * sizeof(real);
            for (unsigned i = 0; i < lines && x->ahead != 0; i++) {
                vec_prefetch((const void *)(near + 64 * i));
                vec_prefetch_far((const void *)(next + 64 * i));
            }
            by_key_transposed_square(x, k + c, c, LANES, s, nr, dot);
        }
        if (c < end)
            by_key_transposed_square(x, k + c, c, (int)(end - c), s, nr, dot);
        UNROLL_FOR (int j = 0; j < nr; j++)
            sum[j] = v_add(sum[j], s[j]);
    }
    UNROLL_FOR (int j = 0; j < nr; j++)
        v_storeu(out + j * BY_KEY_KEYS, sum[j]);
}

VEC_FN void by_key_transposed_rows(const struct by_key_transposed *x, const int nr, const bool dot)
{
    const element *k = x->k;
    for (int v = 0; v < x->vectors; v++, k += LANES * x->row)
        by_key_transposed_n(x, k, x->out + v * LANES, nr, dot);
}

#define BY_KEY_TRANSPOSED(nr)                                                                      \
    case nr:                                                                                       \
        if (dot)                                                                                   \
            by_key_transposed_rows(&some, nr, true);                                               \
        else                                                                                       \
            by_key_transposed_rows(&some, nr, false);                                              \
        break;

static void by_key_transposed(const struct by_key_transposed *x, int rows, bool dot)
{
    struct by_key_transposed some = *x;
    for (int r = 0; r < rows; r += 4) {
        some.q = x->q + r;
        some.out = x->out + (int64_t)r * BY_KEY_KEYS;
        switch (rows - r) {
            BY_KEY_TRANSPOSED(1)
            BY_KEY_TRANSPOSED(2)
            BY_KEY_TRANSPOSED(3)
        default:
            BY_KEY_TRANSPOSED(4)
        }
    }
}

#undef BY_KEY_TRANSPOSED

/* A key outside the vectors. */
static real by_key_single(const struct by_key_transposed *x, const element *k, int r, bool dot)
{
    real sum = 0;
    for (int64_t first = 0; first < x->d; first += CHUNK) {
        real s = 0;
        for (int64_t c = first; c < int_min(x->d, first + CHUNK); c++) {
            const real point = x->q[c * x->step + r];
            const real key = get(k + c), z = dot ? point : (key - point) * x->scale;
            s = r_fma(z, dot ? key : z, s);
        }
        sum += s;
    }
    return sum;
}

#endif
