/* SPDX-License-Identifier: Apache-2.0 */

/* Words of Philox4x32-10 (backends/philox.h) for LANES rows at a time. A word is the lower half of
 * a lane of 64 bits, whose upper half may be anything; so with float the even rows are one part of
 * the vectors, the odd ones another. */
#ifndef BACKENDS_SIMD_MATH_PHILOX_H
#define BACKENDS_SIMD_MATH_PHILOX_H

#include "backends/philox.h"
#include "backends/simd/real.h"

enum { PHILOX_PARTS = 64 / REAL_BITS, PHILOX_BEGUN = 2 };

struct philox_rows {
    vec_int word[4][PHILOX_PARTS];
};

/* The key of each round. */
struct philox_keys {
    uint32_t half[PHILOX_ROUNDS][2];
};

static inline struct philox_keys philox_keys_of(uint64_t seed)
{
    struct philox_keys key;
    for (uint32_t round = 0; round < PHILOX_ROUNDS; round++) {
        key.half[round][0] = (uint32_t)seed + round * PHILOX_STEP_0;
        key.half[round][1] = (uint32_t)(seed >> 32) + round * PHILOX_STEP_1;
    }
    return key;
}

/* The first two rounds for a quad of keys, item b and its row i are those of (quad, 0, 0, 0) and of
 * (0, i, b, 0), added bit by bit: no word that is multiplied has parts of both. Of the words after
 * them 1 is the quad's alone, and 3 the row's. */
static inline struct philox philox_quad_begin(const struct philox_keys *key, uint64_t quad)
{
    const struct philox counter = { .word = { (uint32_t)quad } };
    return philox_round(philox_round(counter, 0, key->half[0][1]), 0, 0);
}

static inline struct philox philox_row_begin(const struct philox_keys *key, uint64_t i, uint64_t b)
{
    const struct philox counter = { .word = { 0, (uint32_t)i, (uint32_t)b } };
    const struct philox x = philox_round(counter, key->half[0][0], 0);
    return philox_round(x, key->half[1][0], key->half[1][1]);
}

VEC_FN vec_int v_word(uint32_t x)
{
    return v_iset1((real_int)x);
}

VEC_FN void philox_rows_round(struct philox_rows *x, uint32_t key0, uint32_t key1)
{
    UNROLL_FOR (int p = 0; p < PHILOX_PARTS; p++) {
        const vec_int a = v_imul_low(x->word[0][p], v_word(PHILOX_FACTOR_0));
        const vec_int b = v_imul_low(x->word[2][p], v_word(PHILOX_FACTOR_2));
        x->word[0][p] = v_ixor(v_ixor(v_ihigh(b), x->word[1][p]), v_word(key0));
        x->word[2][p] = v_ixor(v_ixor(v_ihigh(a), x->word[3][p]), v_word(key1));
        x->word[1][p] = b;
        x->word[3][p] = a;
    }
}

/* The words of a quad for the rows, of both of which the first rounds are given. */
VEC_FN struct philox_rows philox_rows_words(const struct philox_rows *rows,
                                            const struct philox *quad,
                                            const struct philox_keys *key)
{
    struct philox_rows x;
    UNROLL_FOR (int p = 0; p < PHILOX_PARTS; p++) {
        x.word[0][p] = v_ixor(rows->word[0][p], v_word(quad->word[0]));
        x.word[1][p] = v_word(quad->word[1]);
        x.word[2][p] = v_ixor(rows->word[2][p], v_word(quad->word[2]));
        x.word[3][p] = rows->word[3][p];
    }
    UNROLL_FOR (int round = PHILOX_BEGUN; round < PHILOX_ROUNDS; round++)
        philox_rows_round(&x, key->half[round][0], key->half[round][1]);
    return x;
}

/* Which rows have a word k above the limit. */
VEC_FN vec_mask philox_rows_above(const struct philox_rows *x, const int k, uint32_t limit)
{
    if (REAL_BITS == 64)
        return v_igt(v_iand(x->word[k][0], v_word(UINT32_MAX)), v_word(limit));
    const vec_int word = v_ijoin(x->word[k][0], x->word[k][PHILOX_PARTS - 1]);
    return v_igt(v_ixor(word, v_word(1U << 31)), v_word(limit ^ 1U << 31));
}

/* LANES rows, whose words are numbers of the lanes' width. */
VEC_FN struct philox_rows philox_rows_load(real_uint word[4][LANES])
{
    struct philox_rows rows;
    UNROLL_FOR (int k = 0; k < 4; k++) {
        rows.word[k][0] = v_as_int(v_loadu(word[k]));
        if (PHILOX_PARTS > 1)
            rows.word[k][PHILOX_PARTS - 1] = v_ihigh(rows.word[k][0]);
    }
    return rows;
}

#endif
