/* SPDX-License-Identifier: Apache-2.0 */

enum { CHUNK = 256 }; /* terms of an inner product that make one fma chain */

/* Words of the flags: how often a kernel found this. */
enum { FLAG_LENGTHS, FLAG_KEY_WEIGHTS, FLAG_EMPTY };

/* n / d for 0 <= n < 2^31, without the many instructions of a division: `by` holds the factor
 * and, in its upper half, the shift that the host found for d (launch.c). */
static int divide(int n, long by)
{
    return (int)((mul_hi((uint)n, (uint)by) + (uint)n) >> (uint)(by >> 32));
}

/* struct array of backends/backend.h, its offset in elements, its group for divide(). */
typedef struct {
    long offset, batch, head, row, col, group;
} array;

/* Where the matrix of (b, h) begins. */
static long array_at(array a, long b, int h)
{
    return a.offset + b * a.batch + divide(h, a.group) * a.head;
}
