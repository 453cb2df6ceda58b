/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_CONSTANTS_H
#define BACKENDS_CONSTANTS_H

/* What every backend must agree on, read by C and by OpenCL C. */

/* Lengths of the summation orders (NUMERICS.md): never to be changed after a release. */
enum {
    CHUNK = 256,        /* inner products: length of one fma chain */
    BLOCK = 128,        /* pooling: keys of a block, at absolute key positions */
    SUPER_BLOCK = 1024, /* pooling: keys of a leaf of the merge tree */
    SUPER_BLOCK_BLOCKS = SUPER_BLOCK / BLOCK,
    SOFTMAX_LANES_F32 = 32,
    SOFTMAX_LANES_F64 = 16,
    CUT_BITS = 6 /* far keys are cut where factors take no more from a weight */
};

enum pool_score {
    POOL_CONSTANT, /* weight 1; q and k absent */
    POOL_DOT,      /* c * q.k */
    POOL_ADDITIVE, /* c * sum_h wv_h tanh(q_h + k_h); q and k already projected, d is p */
    POOL_KERNEL
};

/* What the gradient of a log-weight is multiplied by to be one of queries and keys. */
enum grad_path {
    GRAD_FLAT,     /* nothing depends on them */
    GRAD_DOT,      /* the other side's coordinates */
    GRAD_ADDITIVE, /* w_v (1 - tanh^2) */
    GRAD_RADIAL,   /* differences, by a coefficient of the pair */
    GRAD_PRODUCT   /* signs of differences, by a coefficient of each coordinate */
};

/* What becomes of a row: the key that it takes under the policy nearest, or one of these. */
enum { GRAD_WEIGHTED = -1, GRAD_EVEN = -2, GRAD_BLANK = -3 };

/* Enumerations of attpool.h that OpenCL C reads; opencl/program.c sees that they stay equal. */
enum { EMPTY_NAN = 1, EMPTY_ZERO, EMPTY_MEAN, EMPTY_NEAREST, EMPTY_ERROR };
enum {
    BANDWIDTH_ONE,
    BANDWIDTH_COORDINATE,
    BANDWIDTH_KEY,
    BANDWIDTH_QUERY,
    BANDWIDTH_COORDINATE_KEY
};

#endif
