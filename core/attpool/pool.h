/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTPOOL_POOL_H
#define ATTPOOL_POOL_H

/* Part of attpool.h: attention pooling, its gradients, partial states, plain arrays. */

#include <attpool/primitives.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------
 * Attention pooling
 * ---------------------------------------------------------------------------------------- */

typedef enum attpool_score {
    ATTPOOL_DOT = 0,       /* s q.k, s = 1/sqrt(d) */
    ATTPOOL_AVERAGE = 1,   /* equal weights; Q and K may be NULL */
    ATTPOOL_KERNEL = 2,    /* weight k(u) of options->kernel (parametric: its inverse bandwidths) */
    ATTPOOL_ADDITIVE = 3,  /* s w_v . tanh(W_q q + W_k k), s = 1 */
    ATTPOOL_PROJECTION = 4 /* s (W_q q).(W_k k), s = 1/sqrt(p) */
} attpool_score;

/** Where keys lie: an index that several calls share, which otherwise each makes for itself where
 * it pays. */
typedef struct attpool_index attpool_index;

typedef struct attpool_pool_options {
    uint32_t size; /* sizeof(attpool_pool_options), or 0: the fields of the first release */
    attpool_score score;
    attpool_empty empty;
    const double *scale;                  /* s of dot, additive and projection; finite */
    const attpool_kernel_options *kernel; /* of ATTPOOL_KERNEL; NULL: a radial Gaussian, w = 1 */
    const DLTensor *wq, *wk;              /* (p, d_q) and (p, d_k): additive and projection */
    const DLTensor *wv;                   /* (p): additive */
    const DLTensor *key_weights;          /* a (m), (b, m) or (b, h, m), >= 0, finite; NULL: 1.
                                           * The weight is a_j times the kernel or exp(score);
                                           * 0 masks. Its sum must not overflow, but where
                                           * weights have a logarithm (dot, gaussian, a bias
                                           * ...) it may. */
    const attpool_masks *masks;
    DLTensor *lse;       /* NULL, or receives L (b, n): log of the row's sum of weights before
                          * normalising, bias and key weights included; -Inf for an empty row, NaN
                          * where a silverman sum is negative */
    DLTensor *n_eff;     /* NULL, or receives (sum of weights)^2 / sum of squared weights (b, n),
                          * Kish's effective number of keys; NaN for an empty row */
    DLTensor *weights;   /* NULL, or receives W: (b, n, m), or (b, row_count, m) with rows */
    const int64_t *rows; /* the queries whose weights are wanted, from 0; NULL: all */
    int64_t row_count;
    DLTensor *max, *sum; /* NULL, or receive what attpool_pool_grad wants to know of each row:
                          * two numbers (b, n), to be handed on as they are */
    double dropout; /* p, 0 <= p < 1: each weight of O becomes 0 with this probability, the others
                     * are multiplied by 1 / (1 - p). L, n_eff, W, max and sum are those before */
    uint64_t seed;  /* of dropout */
    const attpool_index *index; /* NULL, or of the very K of this call, with ATTPOOL_KERNEL */
} attpool_pool_options;

/** An index of the keys K (m, d), on the host, for any number of calls with options->index: of
 *  whatever kernel, bandwidths and queries. It pays where the same keys are asked many times by few
 *  queries; bits do not depend on it, nor on whether a call makes use of it. With more than four
 *  coordinates none does.
 *
 *  index   receives the index, NULL on failure; free it with attpool_index_free
 *
 *  It keeps copies of what it needs of K. Later calls must be given keys of the same values: with
 * others the result is undefined, though no memory but theirs is read. An index is read alone, so
 * several contexts and threads may use it at once. It takes some (12 d + 4) m bytes.
 *
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT, _OPTIONS (index is NULL), _KEY, _MEMORY; a call whose K
 * has another shape ATTPOOL_E_KEY. */
ATTPOOL_API attpool_status attpool_index_new(attpool_context *context, const DLTensor *K,
                                             attpool_index **index);

/** NULL is allowed. */
ATTPOOL_API void attpool_index_free(attpool_index *index);

/** Attention pooling: O[b,i] = sum_j W[b,i,j] V[b,j].
 *
 *  Q        (b, n, d)
 *  K        (b, m, d); (b, m, d_k) for additive and projection
 *  V        (b, m, v)
 *  options  NULL for scaled dot-product attention
 *  O        (b, n, v); with V it may be NULL when lse, n_eff or weights is asked for
 *
 *  Gaussian, laplacian, logistic and sigmoid kernels without a bias: in a row with a key of a
 *  weight above 2^-32, those of a weight below 2^-158 (float64: 2^-191) take no part: their values
 *  are not read, their W is 0. A row without such a key keeps all. Of key weights powers of two
 *  beyond 2^32 count. NUMERICS.md, "Far keys", has the rule and says what it leaves out.
 *
 *  Dropout: Philox4x32-10 with the counter (j >> 2, i, b, 0) and the key (seed mod 2^32, seed >>
 * 32) gives four words, of which word j & 3 drops key j of query i where it is below p 2^32,
 * rounded to an integer. i, j and b, which counts O's batch items and heads as one, are positions
 * (attpool_masks has their origins): so it does not depend on how a call is cut. With dropout j is
 * below 2^34, i and b are below 2^32. The value of a key that is dropped is not read. An empty row
 * is one before dropout; a row all of whose keys are dropped is 0.
 *
 *  Needs O(n + m) memory besides W. NaN in a query, key or value that takes part gives NaN.
 *  n_eff, weights and lse under the policies mean and nearest: n_eff and weights follow the
 *  policy, lse stays -Inf.
 *
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT, _OPTIONS, _EMPTY, _MEMORY, _DEVICE, _CANCELLED, or the
 *  status that names the argument.
 *  Source: Nadaraya 1964, Watson 1964; Bahdanau et al. 2015; Vaswani et al. 2017; Salmon et al.
 * 2011. Example: the second program in README.md. */
ATTPOOL_API attpool_status attpool_pool(attpool_context *context, const DLTensor *Q,
                                        const DLTensor *K, const DLTensor *V,
                                        const attpool_pool_options *options, DLTensor *O);

/** The gradients that attpool_pool_grad is asked for, each NULL or a tensor of the shape of what it
 *  belongs to. Where that was broadcast, over the batch, heads, queries or keys, its gradient is
 *  the sum over what it was broadcast to. Zero-initialised: none. */
typedef struct attpool_gradients {
    uint32_t size; /* sizeof(attpool_gradients), or 0: the fields of the first release */
    DLTensor *Q, *K, *V;
    DLTensor *bias;               /* of masks->bias */
    DLTensor *key_weights;        /* of a */
    DLTensor *scale;              /* of s, one number */
    DLTensor *inverse_bandwidths; /* of the tensor w, or one number for inverse_bandwidth; of
                                   * 1 / sigma where a bandwidth was given */
    DLTensor *key_factors;
    DLTensor *wq, *wk, *wv;
} attpool_gradients;

/** The gradients of a function F of the results of attpool_pool.
 *
 *  Q, K, V    those of the call of attpool_pool whose results F takes
 *  options    its options, with max and sum as it wrote them; lse, n_eff, weights and rows are not
 *             looked at
 *  O          what it wrote; NULL where F takes L alone, then V and dO are NULL too
 *  dO         the gradient of F by O (b, n, v), or NULL
 *  dL         the gradient of F by L (b, n), or NULL: not both
 *  gradients  what is wanted
 *
 *  Needs O(n + m) memory besides the gradients; scores are computed again. A masked entry (also one
 *  with a bias of -Inf or a key weight of 0) has the gradient 0, and nothing that stands there is
 *  read. Empty rows: under the policies mean and nearest V has a gradient and all else 0; under nan
 *  and zero all is 0.
 *
 *  Where a kernel or u has no derivative: at u = 0 the gradient by u is 0 (triangular, laplacian);
 *  at the edge of a compact support, u = 1, it is that of the outside, 0, and below it that of the
 *  inside. The gradient by w = 0 is 0, and so is that by an infinite w, whose keys have no weight.
 *  ATTPOOL_BOXCAR and ATTPOOL_CONSTANT are flat: by Q, K and w their gradient is 0. Where the
 *  weights of a row of ATTPOOL_SILVERMAN sum to less than 0, L is NaN, and dL counts as the
 *  gradient by the log of minus the sum.
 *
 *  The bits do not depend on how queries are cut for the gradients by Q, a bias and an inverse
 *  bandwidth of the query; on how keys are cut for those that belong to keys; on how the batch is
 *  cut for those of an item (NUMERICS.md). Sums over what was cut are left to the caller.
 *
 *  Returns as attpool_pool; ATTPOOL_E_MAX, _SUM, _GRADIENT. */
ATTPOOL_API attpool_status attpool_pool_grad(attpool_context *context, const DLTensor *Q,
                                             const DLTensor *K, const DLTensor *V,
                                             const attpool_pool_options *options, const DLTensor *O,
                                             const DLTensor *dO, const DLTensor *dL,
                                             const attpool_gradients *gradients);

/** Pooling over a part of the keys, to be merged with the other parts: keys in pieces that do
 *  not fit in memory, or in other processes. A part begins at a key position (masks->key_origin)
 *  that is a multiple of ATTPOOL_SUPER_BLOCK, and so ends at one or at the last key. The result
 *  of attpool_state_finish has the bits of attpool_pool over all keys at once. */
typedef struct attpool_state attpool_state;

enum { ATTPOOL_SUPER_BLOCK = 1024 };

/** The state of queries Q over keys K. Arguments as for attpool_pool on host tensors; lse,
 *  n_eff, weights, ATTPOOL_EMPTY_MEAN and _NEAREST are errors. Free it with attpool_state_free.
 *  Returns as attpool_pool; ATTPOOL_E_OPTIONS where key_origin is not such a multiple. */
ATTPOOL_API attpool_status attpool_state_pool(attpool_context *context, const DLTensor *Q,
                                              const DLTensor *K, const DLTensor *V,
                                              const attpool_pool_options *options,
                                              attpool_state **state);

/** Add the state `other` to `state`: one begins where the other ends, else ATTPOOL_E_STATE (also
 *  for states of other shapes, types, scores, dropout or seeds). `other` stays as it is. Any
 * grouping gives the same bits. Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT, _STATE, _MEMORY. */
ATTPOOL_API attpool_status attpool_state_merge(attpool_context *context, attpool_state *state,
                                               const attpool_state *other);

/** O (b, n, v) and L (b, n) of a state, on the host; either may be NULL. The state stays valid.
 *  empty: the policy (MEAN and NEAREST are errors).
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT, _STATE, _OUTPUT, _LSE, _OPTIONS, _EMPTY, _MEMORY. */
ATTPOOL_API attpool_status attpool_state_finish(attpool_context *context,
                                                const attpool_state *state, attpool_empty empty,
                                                DLTensor *O, DLTensor *L);

ATTPOOL_API void attpool_state_free(attpool_state *state);

/* ------------------------------------------------------------------------------------------
 * Plain arrays: row-major, contiguous, on the host
 *
 * With NULL for the context a call uses one that the library keeps for the calling thread. It is
 * opened with the defaults at the thread's first such call, which is when the ATTPOOL_* variables
 * and the available CPUs are read; later changes affect only other threads and contexts that the
 * caller opens. Its memory and worker threads are released when the thread ends; those of the main
 * thread last as long as the process. After fork() a child can go on using it, on a CPU backend.
 * attpool_message(NULL) returns its message. Code that contains the static library and may be
 * unloaded should open a context of its own.
 * ---------------------------------------------------------------------------------------- */

/** Nadaraya-Watson regression: fit[i] = sum_j k(|| x_i - x_j || / bandwidth) y_j / sum_j k.
 *
 *  context    NULL: one that the library keeps for this thread (see above)
 *  n, m       number of query points and of data points
 *  d, v       columns of x and of y
 *  queries    (n, d)    x  (m, d)    y  (m, v)    fit  (n, v), overlaps none of them
 *  bandwidth  sigma > 0, in the unit of x; ignored for ATTPOOL_CONSTANT
 *
 *  A query out of reach of every x gets NaN. Returns as attpool_pool.
 *  Example: the first program in README.md. */
ATTPOOL_API attpool_status attpool_regress_f32(attpool_context *context, int64_t n, int64_t m,
                                               int64_t d, int64_t v, const float *queries,
                                               const float *x, const float *y,
                                               attpool_kernel_name kernel, double bandwidth,
                                               float *fit);
ATTPOOL_API attpool_status attpool_regress_f64(attpool_context *context, int64_t n, int64_t m,
                                               int64_t d, int64_t v, const double *queries,
                                               const double *x, const double *y,
                                               attpool_kernel_name kernel, double bandwidth,
                                               double *fit);

/** Scaled dot-product attention of b heads: O = softmax(Q K^T / sqrt(d)) V.
 *  queries (b, n, d), keys (b, m, d), values (b, m, v), output (b, n, v); causal: 1 lets query i
 *  see the keys j <= i. In all else like attpool_regress_f32. */
ATTPOOL_API attpool_status attpool_attend_f32(attpool_context *context, int64_t b, int64_t n,
                                              int64_t m, int64_t d, int64_t v, const float *queries,
                                              const float *keys, const float *values, int causal,
                                              float *output);
ATTPOOL_API attpool_status attpool_attend_f64(attpool_context *context, int64_t b, int64_t n,
                                              int64_t m, int64_t d, int64_t v,
                                              const double *queries, const double *keys,
                                              const double *values, int causal, double *output);

#ifdef __cplusplus
}
#endif

#endif
