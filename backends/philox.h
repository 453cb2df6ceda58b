/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_PHILOX_H
#define BACKENDS_PHILOX_H

/* Philox4x32-10 (Salmon et al. 2011): random words by a counter and a key. Read by C and by OpenCL
 * C. */

#ifdef __OPENCL_VERSION__
#define PHILOX_WORD uint
#define PHILOX_LONG ulong
#else
#include <stdint.h>
#define PHILOX_WORD uint32_t
#define PHILOX_LONG uint64_t
#endif

enum { PHILOX_ROUNDS = 10 };

/* What words 0 and 2 are multiplied by, and the halves of the key grow by. */
#define PHILOX_FACTOR_0 0xD2511F53U
#define PHILOX_FACTOR_2 0xCD9E8D57U
#define PHILOX_STEP_0   0x9E3779B9U
#define PHILOX_STEP_1   0xBB67AE85U

struct philox {
    PHILOX_WORD word[4];
};

static inline struct philox philox_round(struct philox x, PHILOX_WORD key0, PHILOX_WORD key1)
{
    const PHILOX_LONG a = (PHILOX_LONG)PHILOX_FACTOR_0 * x.word[0];
    const PHILOX_LONG b = (PHILOX_LONG)PHILOX_FACTOR_2 * x.word[2];
    struct philox y;
    y.word[0] = (PHILOX_WORD)(b >> 32) ^ x.word[1] ^ key0;
    y.word[1] = (PHILOX_WORD)b;
    y.word[2] = (PHILOX_WORD)(a >> 32) ^ x.word[3] ^ key1;
    y.word[3] = (PHILOX_WORD)a;
    return y;
}

/* The words of a counter. */
static inline struct philox philox(struct philox counter, PHILOX_WORD key0, PHILOX_WORD key1)
{
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        counter = philox_round(counter, key0, key1);
        key0 += PHILOX_STEP_0;
        key1 += PHILOX_STEP_1;
    }
    return counter;
}

/* Dropout: the words of the keys at positions 4 quad to 4 quad + 3 for query i of item b, b and i
 * with their origins. */
static inline struct philox philox_pairs(PHILOX_LONG seed, PHILOX_LONG quad, PHILOX_LONG i,
                                         PHILOX_LONG b)
{
    struct philox counter;
    counter.word[0] = (PHILOX_WORD)quad;
    counter.word[1] = (PHILOX_WORD)i;
    counter.word[2] = (PHILOX_WORD)b;
    counter.word[3] = 0;
    return philox(counter, (PHILOX_WORD)seed, (PHILOX_WORD)(seed >> 32));
}

#endif
