/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTPOOL_PRIMITIVES_H
#define ATTPOOL_PRIMITIVES_H

/* Part of attpool.h: kernels, softmax, matrix product. */

#include <attpool/context.h>
#include <dlpack/dlpack.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------
 * Kernels and bandwidths
 * ---------------------------------------------------------------------------------------- */

/** Kernels k(u). Compact supports are open: |u| < 1. Dive into Deep Learning's "Epanechikov" is
 *  ATTPOOL_TRIANGULAR; R's np and Stata scale Epanechnikov to |u| < sqrt 5. */
typedef enum attpool_kernel_name {
    ATTPOOL_GAUSSIAN = 0,     /* exp(-u^2/2) */
    ATTPOOL_BOXCAR = 1,       /* 1,              |u| < 1 */
    ATTPOOL_CONSTANT = 2,     /* 1: average pooling */
    ATTPOOL_TRIANGULAR = 3,   /* 1 - |u|,        |u| < 1 */
    ATTPOOL_EPANECHNIKOV = 4, /* 1 - u^2,        |u| < 1 */
    ATTPOOL_BIWEIGHT = 5,     /* (1 - u^2)^2,    |u| < 1 */
    ATTPOOL_TRIWEIGHT = 6,    /* (1 - u^2)^3,    |u| < 1 */
    ATTPOOL_TRICUBE = 7,      /* (1 - |u|^3)^3,  |u| < 1 */
    ATTPOOL_COSINE = 8,       /* cos(pi u/2),    |u| < 1 */
    ATTPOOL_LAPLACIAN = 9,    /* exp(-|u|) */
    ATTPOOL_LOGISTIC = 10,    /* 1/(exp(u) + 2 + exp(-u)) */
    ATTPOOL_SIGMOID = 11,     /* 1/(exp(u) + exp(-u)) */
    ATTPOOL_SILVERMAN = 12,   /* exp(-|u|/sqrt2) sin(|u|/sqrt2 + pi/4); takes both signs */
    ATTPOOL_CAUCHY = 13       /* 1/(1 + u^2) */
} attpool_kernel_name;

/** "gaussian" and so on, NULL for an unknown value; and back: -1 for an unknown name. Names
 *  that other packages use are accepted too ("normal", "quartic"). */
ATTPOOL_API const char *attpool_kernel_to_name(attpool_kernel_name kernel);
ATTPOOL_API int attpool_kernel_from_name(const char *name);

/** Those other names, i from 0; NULL after the last. */
ATTPOOL_API const char *attpool_kernel_alias(attpool_kernel_name kernel, size_t i);

typedef enum attpool_form {
    ATTPOOL_RADIAL = 0, /* k(|| w * (q - k) ||) */
    ATTPOOL_PRODUCT = 1 /* product over the coordinates c of k_c(w_c (q_c - k_c)) */
} attpool_form;

/** What an inverse bandwidth belongs to. */
typedef enum attpool_bandwidth_per {
    ATTPOOL_BANDWIDTH_ONE =
        0, /* one: `inverse_bandwidth` or `bandwidth`, or a tensor of 1 element */
    ATTPOOL_BANDWIDTH_COORDINATE = 1, /* a tensor (d) */
    ATTPOOL_BANDWIDTH_KEY = 2,        /* a tensor (m), (b, m) or (b, h, m): adaptive bandwidths */
    ATTPOOL_BANDWIDTH_QUERY = 3,      /* a tensor (n), (b, n) or (b, h, n) */
    ATTPOOL_BANDWIDTH_COORDINATE_KEY = 4 /* a tensor (d), times key_factors shaped as for KEY */
} attpool_bandwidth_per;

/** A kernel with its inverse bandwidth w = 1 / sigma. Zero-initialised: a radial
 *  Gaussian with w = 1. w may be 0 (every key alike) or negative (its size counts). */
typedef struct attpool_kernel_options {
    uint32_t size; /* sizeof(attpool_kernel_options), or 0: the fields of the first release */
    attpool_kernel_name kernel;
    attpool_form form;
    attpool_bandwidth_per bandwidth_per;
    const attpool_kernel_name *kernels; /* product form: d kernels, one a coordinate, or NULL */
    double inverse_bandwidth;           /* w in the unit 1/x; 0: see bandwidth */
    double
        bandwidth; /* sigma > 0 in the unit of x; 0: w = 1 where inverse_bandwidth is 0 too. It is
                    * rounded to the type of the tensors, its inverse rounded up, so
                    * that a key one bandwidth away is outside a compact support */
    const DLTensor *inverse_bandwidths; /* the tensor that bandwidth_per asks for; NULL where it
                                           asks for none */
    const DLTensor *key_factors;        /* of ATTPOOL_BANDWIDTH_COORDINATE_KEY */
} attpool_kernel_options;

/** The inverse of a bandwidth: 1 / sigma rounded up. NaN where sigma is not positive and finite. */
ATTPOOL_API float attpool_inverse_bandwidth_f32(float sigma);
ATTPOOL_API double attpool_inverse_bandwidth_f64(double sigma);

/** Kernel evaluation: G[b,i,j] = k(u_ij), u_ij = || w * (q_i - k_j) || (radial), or the product
 *  of 1-D kernels over the coordinates. Differences are taken before any scaling.
 *
 *  Q        (b, n, d)
 *  K        (b, m, d)
 *  options  NULL for a radial Gaussian with w = 1
 *  G        (b, n, m)
 *
 *  NaN in Q or K gives NaN in its row or column (not for ATTPOOL_CONSTANT). d = 0: u = 0.
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT, _QUERY, _KEY, _KERNEL, _OPTIONS, _BANDWIDTH, _MEMORY,
 *  _DEVICE, _CANCELLED. Source: Nadaraya 1964; Silverman 1986, table 3.1. */
ATTPOOL_API attpool_status attpool_kernel(attpool_context *context, const DLTensor *Q,
                                          const DLTensor *K, const attpool_kernel_options *options,
                                          DLTensor *G);

/* ------------------------------------------------------------------------------------------
 * Masks and softmax
 * ---------------------------------------------------------------------------------------- */

typedef enum attpool_lengths_per {
    ATTPOOL_LENGTHS_BATCH = 0, /* (b), one for each batch item, or (b, h) */
    ATTPOOL_LENGTHS_ROW = 1    /* (n), (b, n) or (b, h, n) */
} attpool_lengths_per;

/** Which keys a query sees; masks combine. The weight of a masked entry is exactly 0,
 *  and neither what is stored there nor its value ever reaches an output. Zero-initialised: no
 *  mask.
 *
 *  The position of query i is i + query_origin, that of key j is j + key_origin: causal, window
 *  and leave_one_out compare these. lengths, mask and bias belong to the part given. */
typedef struct attpool_masks {
    uint32_t size; /* sizeof(attpool_masks), or 0: the fields of the first release */
    attpool_lengths_per lengths_per;
    const DLTensor *lengths; /* int32 or int64; key j is seen when j < length; 0..m */
    const DLTensor *mask;    /* (b, n, m) bytes (uint8, or type code 6 of 8 bits); 0 masks.
                              * Beside heads three dimensions are (h, n, m); 1 broadcasts */
    const DLTensor *bias;    /* likewise, of the type of the data; added to the scaled score, a
                              * kernel is multiplied by exp(bias); -Inf masks */
    int32_t causal;          /* 1: key j is seen when j <= i + offset */
    int32_t window;        /* 1: key j is seen when i + offset - left <= j <= i + offset + right */
    int64_t left, right;   /* >= 0 */
    int64_t offset;        /* 0 as in PyTorch; m - n lines up the last query and the last key */
    int32_t leave_one_out; /* 1: key j is not seen when j = i (pooling only) */
    int64_t query_origin;  /* 0 to 2^60 */
    int64_t key_origin;    /* 0 to 2^60 */
    int64_t batch_origin;  /* 0 to 2^60: position of the first of O's batch items and heads,
                            * counted as one; dropout looks at it */
} attpool_masks;

/** What a row gets if all its keys are masked or out of reach, or all weights underflow to 0 (its L
 *  is -Inf). */
typedef enum attpool_empty {
    ATTPOOL_EMPTY_DEFAULT = 0, /* NAN for kernels and average, ZERO for the other scores */
    ATTPOOL_EMPTY_NAN = 1,
    ATTPOOL_EMPTY_ZERO = 2,
    ATTPOOL_EMPTY_MEAN = 3,    /* equal weights over the keys that the masks leave; NaN if none */
    ATTPOOL_EMPTY_NEAREST = 4, /* kernels: the key of least || w * (q - k) ||, ties to the lowest
                                * j, of those that the masks leave; NaN if none */
    ATTPOOL_EMPTY_ERROR = 5
} attpool_empty;

typedef struct attpool_softmax_options {
    uint32_t size; /* sizeof(attpool_softmax_options), or 0: the fields of the first release */
    attpool_empty empty;        /* default: ATTPOOL_EMPTY_ZERO; NEAREST is an error */
    const double *scale;        /* s, finite; NULL: 1 */
    const attpool_masks *masks; /* NULL: none; leave_one_out is an error */
} attpool_softmax_options;

/** Row softmax: W[b,i,j] = exp(s S[b,i,j] + bias - max) / sum over the j that i may see.
 *
 *  S        scores (b, n, m), any strides
 *  options  NULL for s = 1 and no mask
 *  W        weights (b, n, m); may be S itself (same data, offset, shape and strides)
 *
 *  Masked entries are exactly 0. NaN in a visible entry makes its row NaN.
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT, _SCORES, _WEIGHTS, _OPTIONS, _LENGTHS, _MASK, _BIAS,
 *  _MEMORY, _DEVICE, _CANCELLED, _EMPTY.
 *  Source: the numerically stable form of Goodfellow et al. 2016, section 4.1. */
ATTPOOL_API attpool_status attpool_softmax(attpool_context *context, const DLTensor *S,
                                           const attpool_softmax_options *options, DLTensor *W);

/* ------------------------------------------------------------------------------------------
 * Matrix product
 * ---------------------------------------------------------------------------------------- */

/** Batched matrix product: C[b] = alpha A[b] B[b] + beta C[b].
 *
 *  A  (b, n, k)     B  (b, k, m)     C  (b, n, m)
 *
 *  A transposed matrix is the same data with two sizes and two strides exchanged; a stride of 0
 *  broadcasts. beta = 0 never reads C. k = 0 gives beta C. Heads of A and of B may be grouped.
 *  alpha and beta are rounded to the type of the tensors.
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT, _A, _B, _C, _MEMORY, _DEVICE, _CANCELLED. */
ATTPOOL_API attpool_status attpool_bmm(attpool_context *context, double alpha, const DLTensor *A,
                                       const DLTensor *B, double beta, DLTensor *C);

#ifdef __cplusplus
}
#endif

#endif
