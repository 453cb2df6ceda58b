/* SPDX-License-Identifier: Apache-2.0 */

enum { CHUNK = 256 }; /* terms of an inner product that make one fma chain */

/* Words of the flags: how often a kernel found this. */
enum { FLAG_LENGTHS, FLAG_KEY_WEIGHTS, FLAG_EMPTY };

/* struct array of backends/backend.h, its offset in elements. */
typedef struct {
    long offset, batch, head, row, col, group;
} array;

/* Where the matrix of (b, h) begins. */
static long array_at(array a, long b, long h)
{
    return a.offset + b * a.batch + h / a.group * a.head;
}
