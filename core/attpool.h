/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTPOOL_H
#define ATTPOOL_H

/** attpool: attention pooling, from Nadaraya-Watson regression to scaled dot-product attention.
 *
 *  One computation: score every key for a query, normalise, average the values,
 *
 *      O_i = sum_j W_ij v_j,   W_ij = weight_ij / sum_j weight_ij
 *
 *  on plain C, AVX2, AVX-512, NEON or an OpenCL device, with the same bits from each of them,
 *  for every number of threads and every split of the work (NUMERICS.md).
 *
 *  Arrays are DLPack tensors, float32 or float64 (one type per call), on the host (kDLCPU) or in
 *  an OpenCL buffer (kDLOpenCL, data is the cl_mem). Strides count elements and may be anything
 *  (0 broadcasts, NULL is row-major); byte_offset is honoured; no alignment is required on the
 *  host, that of the element on a device. Inputs are never written. An output overlaps neither
 *  itself nor another argument, unless its declaration allows it; two arrays overlap when the
 *  ranges from their first to their last byte do, and an array itself where the stride of a
 *  dimension is less than what those of smaller strides span.
 *
 *  Shapes. (b, n, d) stands for tensors of 2 to 4 dimensions: (n, d), (b, n, d) or
 *  (b, h, n, d). If there are fewer dimensions, the leftmost ones are missing. Missing and size-1
 *  leading dimensions broadcast; otherwise h is a multiple of the heads h_k of keys and values, and
 *  query head i uses key head i / (h / h_k). Sizes of 0 are legal.
 *
 *  Heads. A call has heads when Q, K, V, A, B, S or an output has four dimensions (L and n_eff:
 *  three). A mask or bias follows NumPy's rule: one of three dimensions is then (h, n, m) and
 *  holds for every batch item. Lengths, key weights, inverse bandwidths per key or per query and
 *  key factors belong to the batch item first, as padding does: (b), (b, n) and (b, m) hold for
 *  all heads of their item. (b, h), (b, h, n) and (b, h, m) name the heads, of which there are h
 *  or, for what follows the keys, h_k.
 *
 *  A NaN in an output is the positive quiet NaN. Calls on host tensors are complete on return.
 *  Calls in which a tensor is on a device are queued in order: see attpool_finish.
 *
 *  The library never prints, exits or changes the caller's floating-point environment.
 *
 *  Threads. A context serves one call at a time: a call made while another one is using the
 *  context, from another thread or from a callback, returns ATTPOOL_E_BUSY and has no effect.
 *  Two contexts can be used at the same time. attpool_close must not be called while a call is
 * running. */

#include <dlpack/dlpack.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ATTPOOL_API __attribute__((visibility("default")))
#else
#define ATTPOOL_API
#endif

/** Result of a call. A negative value names the argument or the resource at fault; the text is
 *  in attpool_message. Every call that computes in a context may also return ATTPOOL_E_BUSY, and
 *  ATTPOOL_E_BACKEND where the device lacks the type of the tensors. After ATTPOOL_E_DEVICE,
 * _CANCELLED and _EMPTY the outputs are undefined, after every other failure they are untouched. */
typedef enum attpool_status {
    ATTPOOL_OK = 0,
    ATTPOOL_E_CONTEXT = -1,      /* the context is NULL, or an argument that must not be */
    ATTPOOL_E_OPTIONS = -2,      /* a field of an option structure; the message names it */
    ATTPOOL_E_BACKEND = -3,      /* the backend or device asked for is unknown or not available */
    ATTPOOL_E_DEVICE = -4,       /* the device failed, or its driver cannot do this */
    ATTPOOL_E_MEMORY = -5,       /* out of memory, on the host or on the device */
    ATTPOOL_E_CANCELLED = -6,    /* the progress callback asked to stop */
    ATTPOOL_E_EMPTY = -7,        /* an empty row under ATTPOOL_EMPTY_ERROR */
    ATTPOOL_E_BUSY = -8,         /* another call is using the context; nothing was done */
    ATTPOOL_E_QUERY = -10,       /* shape, type, device, overlap or value of Q, */
    ATTPOOL_E_KEY = -11,         /* K, */
    ATTPOOL_E_VALUE = -12,       /* V, */
    ATTPOOL_E_OUTPUT = -13,      /* O, */
    ATTPOOL_E_LSE = -14,         /* L, */
    ATTPOOL_E_WEIGHTS = -15,     /* W, */
    ATTPOOL_E_ROWS = -16,        /* the rows of W asked for, */
    ATTPOOL_E_N_EFF = -17,       /* n_eff, */
    ATTPOOL_E_BANDWIDTH = -18,   /* a bandwidth, inverse bandwidth or key factor, */
    ATTPOOL_E_KEY_WEIGHTS = -19, /* the key weights, */
    ATTPOOL_E_LENGTHS = -20,     /* the valid lengths, */
    ATTPOOL_E_MASK = -21,        /* the boolean mask, */
    ATTPOOL_E_BIAS = -22,        /* the additive bias, */
    ATTPOOL_E_SCORES = -23,      /* S of the softmax, */
    ATTPOOL_E_KERNEL = -24,      /* G of the kernel evaluation, */
    ATTPOOL_E_A = -25,           /* A, B and C of the matrix product, */
    ATTPOOL_E_B = -26,
    ATTPOOL_E_C = -27,
    ATTPOOL_E_WQ = -28, /* the matrices of additive and projection scoring, */
    ATTPOOL_E_WK = -29,
    ATTPOOL_E_WV = -30,
    ATTPOOL_E_STATE = -31, /* a partial state */
    ATTPOOL_E_MAX = -32,   /* max and sum of the rows, */
    ATTPOOL_E_SUM = -33,
    ATTPOOL_E_GRADIENT = -34 /* dO, dL or a gradient asked for; the message names it */
} attpool_status;

/** "ATTPOOL_E_KEY" and so on; "unknown status" for any other value. Never NULL. */
ATTPOOL_API const char *attpool_status_name(attpool_status status);

/** The library's version, "1.2.3". */
ATTPOOL_API const char *attpool_version(void);

/* ------------------------------------------------------------------------------------------
 * Context
 * ---------------------------------------------------------------------------------------- */

typedef struct attpool_context attpool_context;

/** Receives one line of log text without a newline; see `verbose`. */
typedef void attpool_log_function(void *data, const char *line);

/** Called in the calling thread now and then during long calls, fraction in [0, 1]. A result
 *  other than 0 cancels the call, which returns ATTPOOL_E_CANCELLED. Must not use the context. */
typedef int attpool_progress_function(void *data, double fraction);

/** How to open a context. Zero-initialised is valid and means the defaults. */
typedef struct attpool_options {
    uint32_t size;       /* sizeof(attpool_options); 0: the fields of the first release */
    int32_t threads;     /* 0: ATTPOOL_NUM_THREADS, else the CPUs this process may use */
    const char *backend; /* NULL: ATTPOOL_BACKEND, else "auto". "scalar", "avx2", "avx512",
                          * "neon", "opencl", or "opencl:PLATFORM:TYPE:INDEX" (each part may be
                          * empty; see ATTPOOL_OPENCL_DEVICE in the manual) */
    int32_t verbose;     /* 0: ATTPOOL_VERBOSE; -1 silent, 1 the choice, 2 each call's time */
    attpool_log_function *log;
    void *log_data;
    attpool_progress_function *progress;
    void *progress_data;
    void *opencl_context; /* the caller's cl_context, cl_device_id and cl_command_queue, all or */
    void *opencl_device;  /* none of them; then the backend is "opencl". They are retained. */
    void *opencl_queue;   /* Tensors of type kDLOpenCL belong to this context. */
    char *message;        /* where attpool_open writes what failed, "" on success; or NULL */
    size_t message_size;
} attpool_options;

/** Open a context: choose the backend, copy nothing global, start no thread yet.
 *
 *  options  NULL for the defaults
 *  context  receives the context, NULL on failure
 *
 *  "auto" takes the best backend of this CPU (at most ATTPOOL_MAX_ISA) and loads no OpenCL
 *  driver. If a backend asked for by name cannot be used, the call fails.
 *
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT (context is NULL), _OPTIONS, _BACKEND, _DEVICE,
 *  _MEMORY. Example: the second program in README.md. */
ATTPOOL_API attpool_status attpool_open(const attpool_options *options, attpool_context **context);

/** Wait for queued calls, then release everything. NULL is allowed. */
ATTPOOL_API void attpool_close(attpool_context *context);

/** Wait for the queued calls. Reports errors in values that are on a device: a length outside
 *  0..m, a key weight that is negative or not finite, an empty row under ATTPOOL_EMPTY_ERROR.
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT, _DEVICE, _LENGTHS, _KEY_WEIGHTS, _EMPTY. */
ATTPOOL_API attpool_status attpool_finish(attpool_context *context);

/** The text of the last failure, "" if the last call succeeded. Valid until the next call.
 *
 *  context  NULL: of the last call that this thread made with NULL for its context
 *
 *  May be called at any time. For a thread whose last call was refused with ATTPOOL_E_BUSY, and
 *  while a call is using the context, it says that the context is in use. */
ATTPOOL_API const char *attpool_message(const attpool_context *context);

/** "avx2" and so on; the device's name as attpool_list_devices has it; the number of threads a
 *  call may use. */
ATTPOOL_API const char *attpool_backend_name(const attpool_context *context);
ATTPOOL_API const char *attpool_device_name(const attpool_context *context);
ATTPOOL_API int attpool_threads(const attpool_context *context);

/** A backend or device of this machine. */
typedef struct attpool_device {
    const char *backend; /* what to ask for: "avx2", "opencl:PLATFORM:TYPE:INDEX" */
    const char *device;  /* its own name; of a CPU the model, and whether it is emulated */
    int32_t available;   /* 1 if attpool_open would take it */
    int32_t chosen;      /* 1 for the one that "auto" takes */
    int32_t one_answer;  /* 1 if it promises the same bits, 0 if not, -1 if unavailable */
    int32_t float64;     /* 1 if it computes in float64 */
    const char *reason;  /* why it is available, chosen or not */
} attpool_device;

typedef struct attpool_device_list attpool_device_list;

/** List every backend and device (this loads the OpenCL drivers). No OpenCL platform, or one
 *  without devices, is not an error and has its own row.
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT (list is NULL), ATTPOOL_E_MEMORY. */
ATTPOOL_API attpool_status attpool_list_devices(attpool_device_list **list);
ATTPOOL_API size_t attpool_device_count(const attpool_device_list *list);
/** Row i, NULL past the end; valid until the list is freed. */
ATTPOOL_API const attpool_device *attpool_device_at(const attpool_device_list *list, size_t i);
ATTPOOL_API void attpool_free_devices(attpool_device_list *list);

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
    uint32_t size;
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
 * mask.
 *
 *  The position of query i is i + query_origin, that of key j is j + key_origin: causal, window
 *  and leave_one_out compare these. lengths, mask and bias belong to the part given. */
typedef struct attpool_masks {
    uint32_t size;
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
    uint32_t size;
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

typedef struct attpool_pool_options {
    uint32_t size;
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
} attpool_pool_options;

/** Attention pooling: O[b,i] = sum_j W[b,i,j] V[b,j].
 *
 *  Q        (b, n, d)
 *  K        (b, m, d); (b, m, d_k) for additive and projection
 *  V        (b, m, v)
 *  options  NULL for scaled dot-product attention
 *  O        (b, n, v); with V it may be NULL when lse, n_eff or weights is asked for
 *
 *  Gaussian, laplacian, logistic and sigmoid kernels without a bias: in a row with a key of a
 * weight above 2^-32, those of a weight below 2^-158 (float64: 2^-191) take no part: their values
 * are not read, their W is 0. A row without such a key keeps all. Of key weights powers of two
 * beyond 2^32 count. NUMERICS.md, "Far keys", has the rule and says what it leaves out.
 *
 *  Needs O(n + m) memory beside W. NaN in a query, key or value that takes part gives NaN.
 *  n_eff, weights and lse under the policies mean and nearest: n_eff and weights follow the
 *  policy, lse stays -Inf.
 *
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT, _OPTIONS, _EMPTY, _MEMORY, _DEVICE, _CANCELLED, or the
 *  status that names the argument.
 *  Source: Nadaraya 1964, Watson 1964; Bahdanau et al. 2015; Vaswani et al. 2017.
 *  Example: the second program in README.md. */
ATTPOOL_API attpool_status attpool_pool(attpool_context *context, const DLTensor *Q,
                                        const DLTensor *K, const DLTensor *V,
                                        const attpool_pool_options *options, DLTensor *O);

/** The gradients that attpool_pool_grad is asked for, each NULL or a tensor of the shape of what it
 *  belongs to. Where that was broadcast, over the batch, heads, queries or keys, its gradient is
 * the sum over what it was broadcast to. Zero-initialised: none. */
typedef struct attpool_gradients {
    uint32_t size;
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
 *  Needs O(n + m) memory beside the gradients; scores are computed again. A masked entry (also one
 *  with a bias of -Inf or a key weight of 0) has the gradient 0, and nothing that stands there is
 *  read. Empty rows: under the policies mean and nearest V has a gradient and all else 0; under nan
 *  and zero all is 0.
 *
 *  Where a kernel or u has no derivative: at u = 0 the gradient by u is 0 (triangular, laplacian);
 *  at the edge of a compact support, u = 1, it is that of the outside, 0, and below it that of the
 *  inside. The gradient by w = 0 is 0. ATTPOOL_BOXCAR and ATTPOOL_CONSTANT are flat: by
 *  Q, K and w their gradient is 0.
 *
 *  The bits do not depend on how queries are cut for the gradients by Q, a bias and an inverse
 *  bandwidth of the query; on how keys are cut for those that belong to keys; on how the batch is
 * cut for those of an item (NUMERICS.md). Sums over what was cut are left to the caller.
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
 *  for states of other shapes, types or scores). `other` stays as it is. Any grouping gives the
 *  same bits. Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT, _STATE, _MEMORY. */
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
