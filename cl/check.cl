/* SPDX-License-Identifier: Apache-2.0 */

/* What only values on a device show: lengths outside 0..m, key weights that are negative or not
 * finite. A work-item an element of the larger of the two arrays. */
__kernel void check_values(__global const int *lengths, array lengths_at, int length_bytes,
                           long length_rows, __global const REAL *key_weights,
                           array key_weights_at, int has_key_weights, long m,
                           __global uint *flags)
{
    long at = get_global_id(0), b = get_global_id(2);
    int h = (int)get_global_id(1);
    if (length_bytes && at < length_rows) {
        long place = array_at(lengths_at, b, h) + at * lengths_at.row;
        long length = length_bytes == 8 ? ((__global const long *)lengths)[place]
                                        : (long)lengths[place];
        if (length < 0 || length > m)
            atomic_inc(&flags[FLAG_LENGTHS]);
    }
    if (has_key_weights && at < m) {
        REAL a = key_weights[array_at(key_weights_at, b, h) +
                             at * key_weights_at.col];
        if (!(a >= 0 && a <= GREATEST))
            atomic_inc(&flags[FLAG_KEY_WEIGHTS]);
    }
}
