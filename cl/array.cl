/* SPDX-License-Identifier: Apache-2.0 */

/* n / d for 0 <= n < 2^31, without the many instructions of a division: `by` holds the factor
 * and, in its upper half, the shift that the host found for d (launch.c). */
static int divide(int n, long by)
{
    return (int)((mul_hi((uint)n, (uint)by) + (uint)n) >> (uint)(by >> 32));
}

typedef struct array_place array;

/* Where the matrix of (b, h) begins. */
static long array_at(array a, long b, int h)
{
    return a.offset + b * a.batch + divide(h, a.group) * a.head;
}
