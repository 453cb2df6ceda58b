/* SPDX-License-Identifier: Apache-2.0 */

/* What is left of gradients when each item has its own: outputs, which items may share. */

typedef struct collected collected;

/* An element of an output, from acc [slot][item][point]. */
__kernel void grad_collect(collected s, __global const REAL *acc, __global REAL *out, array out_at)
{
    long col = get_global_id(0), row = get_global_id(1), number = get_global_id(2);
    if (col >= s.cols || row >= s.rows || number >= s.batch * s.heads)
        return;
    long b = number / s.heads, head = number % s.heads;
    long b_end = s.batch == s.items_batch ? b + 1 : s.items_batch;
    long step = s.items_batch * s.items_heads * s.points, slot = s.by_col ? s.slot : s.slot + col;
    REAL total = 0;
    for (long item_b = b; item_b < b_end && s.slot >= 0; item_b++)
        for (long h = head * s.group; h < (head + 1) * s.group; h++)
            total += acc[slot * step + (item_b * s.items_heads + h) * s.points +
                         (s.by_col ? col : row)];
    out[array_at(out_at, b, (int)(head * s.group)) + row * out_at.row + col * out_at.col] =
        clean(total);
}

/* A copy whose rows are 0 where the gradient's are: struct grad_copy. */
__kernel void grad_copy(long heads, long rows, long p, long width, __global const REAL *gradient,
                        array gradient_at, __global const REAL *from, array from_at,
                        __global REAL *to, array to_at)
{
    long row = get_global_id(0), b = get_global_id(1) / heads;
    int h = (int)(get_global_id(1) % heads);
    bool any = false;
    if (row >= rows)
        return;
    gradient += array_at(gradient_at, b, h) + row * gradient_at.row;
    from += array_at(from_at, b, h) + row * from_at.row;
    to += array_at(to_at, b, h) + row * to_at.row;
    for (long c = 0; c < p; c++)
        any = any || gradient[c * gradient_at.col] != 0;
    for (long c = 0; c < width; c++)
        to[c * to_at.col] = any ? from[c * from_at.col] : (REAL)0;
}
