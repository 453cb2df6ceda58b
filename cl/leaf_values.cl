/* SPDX-License-Identifier: Apache-2.0 */

/* Sums of values by the weights of a tile's block (leaves.cl), merged into those of the super-block:
 * acc[row][column]. */

typedef struct {
    __global const REAL *value;
    long row, col; /* how far values of a row and a column are apart */
    long v, columns;
    __global const REAL *power; /* of moments */
} leaf_values;

/* A work-item has a row and one in `parts` columns. PoCL 3.1 loses sums of moments where the loop over
 * columns begins at the work-item's own. */
static void sum_each_value(__local const WORD *x, __local const REAL *u, __local const REAL *w,
                           const leaf_place *t, leaf_values values, long key, __global REAL *acc)
{
    int from = (int)(max(t->low, key) - key), to = (int)(min(t->high, key + BLOCK) - key);
    for (long first = 0; first < values.columns; first += t->parts) {
        long col = first + t->part;
        __global const REAL *y = values.value + key * values.row + col * values.col;
        __global REAL *total = acc + t->r * values.columns + col;
        REAL sum = 0;
        if (col >= values.columns || t->r >= t->rows)
            continue;
        for (int n = from; n < to; n++) {
            WORD word = x[n * PAIR_ROWS + t->r];
            if (word != MASKED)
                sum = fma(AS_REAL(word), y[n * values.row], sum);
        }
        *total = fma(sum, w[t->r], *total * u[t->r]);
    }
}

#ifdef LEAF_MOMENTS
static REAL add_moment(REAL sum, REAL weight, const moment *of, const metric *a, long j,
                       __global const REAL *power, __global const REAL *value)
{
    __global const REAL *k = a->k + j * a->k_row;
    if (of->first >= 0)
        weight *= offset_of(k, a->k_col, a->q, a->q_col, power, of->first);
    if (of->value >= 0)
        return fma(weight, *value, sum);
    if (of->second >= 0)
        return fma(weight, offset_of(k, a->k_col, a->q, a->q_col, power, of->second), sum);
    return sum + weight;
}

/* The same of moments: a is of the work-item's row. */
static void sum_each_moment(__local const WORD *x, __local const REAL *u, __local const REAL *w,
                            const leaf_place *t, const metric *a, leaf_values values, long key,
                            __global REAL *acc)
{
    int from = (int)(max(t->low, key) - key), to = (int)(min(t->high, key + BLOCK) - key);
    for (long first = 0; first < values.columns; first += t->parts) {
        long col = first + t->part;
        moment of = moment_of(min(col, values.columns - 1), values.v, a->how.d);
        __global const REAL *y = values.value + key * values.row + max(of.value, 0L) * values.col;
        __global REAL *total = acc + t->r * values.columns + col;
        REAL sum = 0;
        if (col >= values.columns || t->r >= t->rows)
            continue;
        IN_ORDER
        for (int n = from; n < to; n++) {
            WORD word = x[n * PAIR_ROWS + t->r];
            if (word != MASKED)
                sum = add_moment(sum, AS_REAL(word), &of, a, key + n, values.power,
                                 y + n * values.row);
        }
        *total = fma(sum, w[t->r], *total * u[t->r]);
    }
}
#endif

#ifdef LEAF_VALUES
enum { LEAF_COLUMNS = 4 * PAIR_ACROSS };

static void merge_values(REAL4 sum, REAL w, REAL u, __global REAL *total, long columns)
{
    REAL part[4];
    vstore4(sum, 0, part);
    for (int j = 0; j < 4 && j < columns; j++)
        total[j] = fma(part[j], w, total[j] * u);
}

/* The same in tiles of registers. */
static void sum_values(__local const WORD *x, __local REAL4 *slices, __local const REAL *u,
                       __local const REAL *w, const leaf_place *t, leaf_values values, long key,
                       __global REAL *acc)
{
    __local REAL *slice = (__local REAL *)slices;
    int y = t->item % 8 * PAIR_MICRO, z = t->item / 8 * 4;
    int first = (int)(max(t->low, key) - key) / PAIR_DEPTH * PAIR_DEPTH;
    int to = (int)(min(t->high, key + BLOCK) - key);
    bool works = t->item < 8 * PAIR_ACROSS;
    for (long col = 0; col < values.v; col += LEAF_COLUMNS) {
        REAL4 sum[PAIR_MICRO];
        EACH_MICRO sum[i] = 0;
        for (int from = first; from < to; from += PAIR_DEPTH) {
            barrier(CLK_LOCAL_MEM_FENCE);
            load_slice(slice, PAIR_B_PITCH, LEAF_COLUMNS, PAIR_DEPTH, PAIR_ITEMS, t->item,
                       values.value, values.col, values.row, col, values.v, key + from, t->high, (REAL)0);
            barrier(CLK_LOCAL_MEM_FENCE);
            for (int e = 0; e < PAIR_DEPTH && works; e++) {
                REAL4 across = *(__local const REAL4 *)(slice + e * PAIR_B_PITCH + z);
                EACH_MICRO
                {
                    WORD word = x[(from + e) * PAIR_ROWS + y + i];
                    REAL4 after = fma((REAL4)AS_REAL(word), across, sum[i]);
                    sum[i] = word == MASKED ? sum[i] : after;
                }
            }
        }
        EACH_MICRO
        if (works && y + i < t->rows && col + z < values.v)
            merge_values(sum[i], w[y + i], u[y + i], acc + (y + i) * values.v + col + z,
                         values.v - col - z);
    }
}
#endif
