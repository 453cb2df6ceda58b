/* SPDX-License-Identifier: Apache-2.0 */

/* Moments about the query. */

/* z of coordinate a, of a key and a query that begin at k and q. */
static REAL offset_of(__global const REAL *k, long k_col, __global const REAL *q, long q_col,
                      __global const REAL *power, long a)
{
    return (k[a * k_col] - q[a * q_col]) * power[a];
}

/* What column `col` is the sum of beside weights: value `value`, z of `first`, z of `second`; -1:
 * not. */
typedef struct {
    long value, first, second;
} moment;

static moment moment_of(long col, long v, long d)
{
    moment x = { -1, -1, -1 };
    if (col < v) {
        x.value = col;
        return x;
    }
    col -= v;
    if (col < v * d) {
        x.value = col / d;
        x.first = col - x.value * d;
        return x;
    }
    col -= v * d;
    x.first = col;
    if (col < d)
        return x;
    col -= d;
    for (x.first = 0; col >= d - x.first; x.first++)
        col -= d - x.first;
    x.second = x.first + col;
    return x;
}
