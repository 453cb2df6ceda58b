/* SPDX-License-Identifier: Apache-2.0 */

/* Dropout: pairs that are left out of O. */

typedef struct dropping dropping;

static bool is_dropped(dropping how, long heads, long b, int h, long i, long j)
{
    long at = how.key_origin + j;
    if (how.threshold == 0)
        return false;
    struct philox words = philox_pairs((ulong)how.seed, (ulong)at >> 2, (ulong)(how.query_origin + i),
                                       (ulong)(how.batch_origin + b * heads + h));
    return words.word[at & 3] < (ulong)how.threshold;
}
