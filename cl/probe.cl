/* SPDX-License-Identifier: Apache-2.0 */

/* The device's results for the operations that everything else is built from. WORD is the
 * unsigned integer of REAL's size. Inputs come from memory, so nothing is folded away. */

enum { PROBE_INPUTS = 3, PROBE_RESULTS = 6, PROBE_QUOTIENTS = 2 };

/* Some drivers end all loops of a work-item after 65535 turns, all counted together. */
__kernel void count_turns(__global const uint *in, __global uint *out)
{
    uint x = 0;
    for (uint i = 0; i < in[0]; i++)
        for (uint j = 0; j < in[1]; j++)
            x = (x ^ i) * 1664525u + in[j & 1];
    out[0] = x;
}

__kernel void probe(__global const REAL *in, __global WORD *out, int n)
{
    int i = (int)get_global_id(0);
    if (i >= n)
        return;
    REAL a = in[PROBE_INPUTS * i], b = in[PROBE_INPUTS * i + 1], c = in[PROBE_INPUTS * i + 2];
    REAL product = a * b;
    __global WORD *o = out + PROBE_RESULTS * i;
    o[0] = AS_WORD(fma(a, b, c));
    o[1] = AS_WORD(product);
    o[2] = AS_WORD(a + c);
    o[3] = AS_WORD(product + c);
    o[4] = (AS_WORD(a) >> 3) + (AS_WORD(b) << 2) * 5u;
    o[5] = AS_WORD((c - a) + b * (REAL)0.5);
}

/* Its own division and square root. */
__kernel void quotients(__global const REAL *in, __global WORD *out, int n)
{
    int i = (int)get_global_id(0);
    if (i >= n)
        return;
    REAL a = in[PROBE_INPUTS * i], b = in[PROBE_INPUTS * i + 1], c = in[PROBE_INPUTS * i + 2];
    out[PROBE_QUOTIENTS * i] = AS_WORD(clean(a / b));
    out[PROBE_QUOTIENTS * i + 1] = AS_WORD(clean(sqrt(fabs(c))));
}
