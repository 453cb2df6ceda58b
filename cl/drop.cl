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

#ifdef DROP_WEIGHTS
/* The weights of a slab: a work-item has four keys of a row. */
__kernel void drop(slab s, __global const long *chosen, dropping how, __global WORD *x)
{
    int r = (int)get_global_id(0);
    long from = 4 * get_global_id(1);
    if (r >= s.rows || from >= s.width)
        return;
    row_place p;
    place_of(&p, s, chosen, r);
    for (long n = from; n < from + 4; n++)
        if (is_dropped(how, s.heads, p.b, p.h, p.i, s.key + n))
            x[n * s.rows + r] = MASKED;
}
#endif
