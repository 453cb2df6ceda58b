/* SPDX-License-Identifier: Apache-2.0 */

/* A work-item's place in a tile of leaves.cl, and the sums of the pairs of a tile's block: inner
 * products, or squared differences scaled by the power of two of an inverse bandwidth that is one, a
 * query's or a key's. */

typedef struct {
    int row, rows;         /* of the tile: the first one's number in the slab */
    int item, room;        /* room: `rows`, up to a power of two */
    int r, part, parts;    /* the work-item's row, and which of its keys or columns: every so many */
    long low, high;        /* no row sees a key outside; */
    long inner_low, inner_high, out_low, out_high; /* see leaf_reach */
} leaf_place;

/* Of a row. */
typedef struct {
    long first, end, excluded;
} leaf_range;

#if defined LEAF_SUMS || defined LEAF_VALUES
#define LEAF_TILES

/* 8 x LEAF_ACROSS work-items: each has LEAF_MICRO rows, and two times four keys or four columns. */
enum {
    LEAF_MICRO = LEAF_ROWS / 8,
    LEAF_ACROSS = LEAF_ITEMS < 128 ? LEAF_ITEMS / 8 : 16,
    LEAF_KEYS = 8 * LEAF_ACROSS, /* of a pass over the block */
    LEAF_COLUMNS = 4 * LEAF_ACROSS,
    LEAF_DEPTH = 8, /* terms of a slice; rows of slices are so far apart that banks do not clash: */
    LEAF_Q_PITCH = LEAF_ROWS + 4,
    LEAF_K_PITCH = LEAF_KEYS + 4,
    LEAF_SLICES = LEAF_DEPTH * (LEAF_Q_PITCH + LEAF_K_PITCH) / 4 /* REAL4s of two slices */
};

#define EACH_MICRO _Pragma("unroll") for (int i = 0; i < LEAF_MICRO; i++)

#endif

#ifdef LEAF_SUMS
static REAL power_of(__global const REAL *inverse_bandwidths, long at, bool in)
{
    width w;
    if (!in)
        return 0;
    width_of(&w, inverse_bandwidths[at]);
    return w.power;
}

/* A slice's terms, added up. */
static void add_slice(REAL4 sum[LEAF_MICRO][2], __local const REAL *q, __local const REAL *k,
                      const REAL of_row[LEAF_MICRO], const REAL4 of_key[2], bool by_key)
{
    for (int e = 0; e < LEAF_DEPTH; e++) {
        REAL4 k0 = *(__local const REAL4 *)(k + e * LEAF_K_PITCH);
        REAL4 k1 = *(__local const REAL4 *)(k + e * LEAF_K_PITCH + LEAF_KEYS / 2);
        EACH_MICRO
        {
            REAL4 x = q[e * LEAF_Q_PITCH + i];
            if (SCORE == POOL_DOT) {
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

static void put_sums(__local WORD *x, REAL4 total[LEAF_MICRO][2], int row, int key)
{
    EACH_MICRO
    for (int side = 0; side < 2; side++) {
        REAL part[4];
        vstore4(total[i][side], 0, part);
        for (int j = 0; j < 4; j++)
            x[(key + side * LEAF_KEYS / 2 + j) * LEAF_ROWS + row + i] = AS_WORD(part[j]);
    }
}

/* Those of the block that begins at `key`. a: of the work-item's own row; q_row and width_row: how far
 * those of its tile are apart. */
static void sum_leaf(__local WORD *x, __local REAL *slices, int kind, const metric *a,
                     const leaf_place *t, long q_row, long width_row, long key, long m)
{
    __local REAL *k_slice = slices + LEAF_DEPTH * LEAF_Q_PITCH;
    int own = min(t->r, t->rows - 1);
    __global const REAL *q = a->q - own * q_row;
    int y = t->item % 8 * LEAF_MICRO, z = t->item / 8 * 4;
    bool works = t->item < 8 * LEAF_ACROSS, products = SCORE == POOL_DOT;
    REAL of_row[LEAF_MICRO];
    REAL4 of_key[2];

    EACH_MICRO of_row[i] = a->one.power;
    if (kind == SUM_QUERY)
        EACH_MICRO of_row[i] = power_of(a->inverse_bandwidths,
                                        a->width_at + (y + i - own) * width_row, y + i < t->rows);
    for (int pass = 0; pass < BLOCK; pass += LEAF_KEYS) {
        REAL4 sum[LEAF_MICRO][2], total[LEAF_MICRO][2];
        EACH_MICRO sum[i][0] = sum[i][1] = total[i][0] = total[i][1] = 0;
        for (int side = 0; side < 2 && kind == SUM_KEY; side++) {
            REAL part[4];
            for (int j = 0; j < 4; j++) {
                long at = key + pass + side * LEAF_KEYS / 2 + z + j;
                part[j] = power_of(a->inverse_bandwidths, at * a->widths_col, works && at >= 0 && at < m);
            }
            of_key[side] = vload4(0, part);
        }
        for (long from = 0; from < a->how.d; from += LEAF_DEPTH) {
            barrier(CLK_LOCAL_MEM_FENCE);
            /* Past the end a product is -0 and a difference 0, which no sum notices. */
            load_slice(slices, LEAF_Q_PITCH, LEAF_ROWS, LEAF_DEPTH, LEAF_ITEMS, t->item, q, q_row,
                       a->q_col, 0, t->rows, from, a->how.d, products ? -(REAL)0 : (REAL)0);
            load_slice(k_slice, LEAF_K_PITCH, LEAF_KEYS, LEAF_DEPTH, LEAF_ITEMS, t->item, a->k,
                       a->k_row, a->k_col, key + pass, m, from, a->how.d, (REAL)0);
            barrier(CLK_LOCAL_MEM_FENCE);
            if (works)
                add_slice(sum, slices + y, k_slice + z, of_row, of_key, kind == SUM_KEY);
            if ((from + LEAF_DEPTH) % CHUNK == 0 || from + LEAF_DEPTH >= a->how.d)
                EACH_MICRO
                for (int side = 0; side < 2; side++) {
                    total[i][side] += sum[i][side];
                    sum[i][side] = 0;
                }
        }
        if (works)
            put_sums(x, total, y, pass + z);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
}
#endif
