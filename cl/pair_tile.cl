/* SPDX-License-Identifier: Apache-2.0 */

/* Sums of the pairs of a tile's rows with the keys of a block, in tiles of registers: inner products, or
 * squared differences scaled by the power of two of an inverse bandwidth that is one, a row's or a
 * key's. PAIR_ROWS rows, PAIR_BLOCK keys and PAIR_ITEMS work-items. The words of a key are PAIR_PITCH
 * apart. */

#ifdef PAIR_TILES
#ifndef PAIR_BLOCK
#define PAIR_BLOCK BLOCK
#define PAIR_PITCH PAIR_ROWS
#endif

/* 8 x PAIR_ACROSS work-items: each has PAIR_MICRO rows, and two times four keys or columns. */
enum {
    PAIR_MICRO = PAIR_ROWS / 8,
    PAIR_ACROSS = PAIR_ITEMS < 128 ? PAIR_ITEMS / 8 : 16,
    PAIR_KEYS = 8 * PAIR_ACROSS, /* of a pass over the block */
    PAIR_DEPTH = 8, /* terms of a slice; rows of slices are so far apart that banks do not clash: */
    PAIR_A_PITCH = PAIR_ROWS + 4,
    PAIR_B_PITCH = PAIR_KEYS + 4,
    PAIR_SLICES = PAIR_DEPTH * (PAIR_A_PITCH + PAIR_B_PITCH) / 4 /* REAL4s of two slices */
};

#define EACH_MICRO _Pragma("unroll") for (int i = 0; i < PAIR_MICRO; i++)

/* Rows of a matrix, from number `first` on, of which those in [0, end) are there; and where each has
 * an inverse bandwidth of its own, these. */
typedef struct {
    __global const REAL *matrix, *widths;
    long row, col, width; /* strides */
    long first, end;
} pair_side;

/* The power of two of the inverse bandwidth of the tile's row number i. */
static REAL power_of(pair_side s, int i)
{
    width w;
    if (s.first + i < 0 || s.first + i >= s.end)
        return 0;
    width_of(&w, s.widths[(s.first + i) * s.width]);
    return w.power;
}

/* A slice's terms, added up. */
static void add_slice(REAL4 sum[PAIR_MICRO][2], __local const REAL *a, __local const REAL *b,
                      bool products, const REAL of_row[PAIR_MICRO], const REAL4 of_key[2], bool by_key)
{
    for (int e = 0; e < PAIR_DEPTH; e++) {
        REAL4 k0 = *(__local const REAL4 *)(b + e * PAIR_B_PITCH);
        REAL4 k1 = *(__local const REAL4 *)(b + e * PAIR_B_PITCH + PAIR_KEYS / 2);
        EACH_MICRO
        {
            REAL4 x = a[e * PAIR_A_PITCH + i];
            if (products) {
                sum[i][0] = fma(x, k0, sum[i][0]);
                sum[i][1] = fma(x, k1, sum[i][1]);
            } else {
                REAL4 z0 = (x - k0) * (by_key ? of_key[0] : (REAL4)of_row[i]);
                REAL4 z1 = (x - k1) * (by_key ? of_key[1] : (REAL4)of_row[i]);
                sum[i][0] = fma(z0, z0, sum[i][0]);
                sum[i][1] = fma(z1, z1, sum[i][1]);
            }
        }
    }
}

static void put_sums(__local WORD *x, REAL4 total[PAIR_MICRO][2], int row, int key)
{
    EACH_MICRO
    for (int side = 0; side < 2; side++) {
        REAL part[4];
        vstore4(total[i][side], 0, part);
        for (int j = 0; j < 4; j++)
            x[(key + side * PAIR_KEYS / 2 + j) * PAIR_PITCH + row + i] = AS_WORD(part[j]);
    }
}

/* Of rows a and keys b with `depth` coordinates; one: the power of a bandwidth that all share. A barrier
 * is needed before the words are read. */
static void sum_tile(__local WORD *x, __local REAL4 *slices, int item, bool products, REAL one,
                     pair_side a, pair_side b, long depth)
{
    __local REAL *a_slice = (__local REAL *)slices, *b_slice = a_slice + PAIR_DEPTH * PAIR_A_PITCH;
    int y = item % 8 * PAIR_MICRO, z = item / 8 * 4;
    bool works = item < 8 * PAIR_ACROSS;
    REAL of_row[PAIR_MICRO];
    REAL4 of_key[2];

    EACH_MICRO of_row[i] = one;
    if (a.widths)
        EACH_MICRO of_row[i] = power_of(a, y + i);
    for (int pass = 0; pass < PAIR_BLOCK; pass += PAIR_KEYS) {
        REAL4 sum[PAIR_MICRO][2], total[PAIR_MICRO][2];
        EACH_MICRO sum[i][0] = sum[i][1] = total[i][0] = total[i][1] = 0;
        for (int side = 0; side < 2 && b.widths && works; side++) {
            REAL part[4];
            for (int j = 0; j < 4; j++)
                part[j] = power_of(b, pass + side * PAIR_KEYS / 2 + z + j);
            of_key[side] = vload4(0, part);
        }
        for (long from = 0; from < depth; from += PAIR_DEPTH) {
            barrier(CLK_LOCAL_MEM_FENCE);
            /* Past the end a product is -0 and a difference 0, which no sum notices. */
            load_slice(a_slice, PAIR_A_PITCH, PAIR_ROWS, PAIR_DEPTH, PAIR_ITEMS, item, a.matrix, a.row,
                       a.col, a.first, a.end, from, depth, products ? -(REAL)0 : (REAL)0);
            load_slice(b_slice, PAIR_B_PITCH, PAIR_KEYS, PAIR_DEPTH, PAIR_ITEMS, item, b.matrix, b.row,
                       b.col, b.first + pass, b.end, from, depth, (REAL)0);
            barrier(CLK_LOCAL_MEM_FENCE);
            if (works)
                add_slice(sum, a_slice + y, b_slice + z, products, of_row, of_key, b.widths != 0);
            if ((from + PAIR_DEPTH) % CHUNK == 0 || from + PAIR_DEPTH >= depth)
                EACH_MICRO
                for (int side = 0; side < 2; side++) {
                    total[i][side] += sum[i][side];
                    sum[i][side] = 0;
                }
        }
        if (works)
            put_sums(x, total, y, pass + z);
    }
}
#endif
