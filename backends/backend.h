/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_BACKEND_H
#define BACKENDS_BACKEND_H

/* What a backend is: a constant table of functions, and the descriptors they get.
 *
 * The core has checked every argument: shapes agree, strides and offsets are in range, options
 * are legal. A backend checks nothing again; it asserts. NUMERICS.md says which operations in
 * which order every function must do, so that all of them give the same bits. */

#include "backends/constants.h"
#include "backends/operations.h"
#include "core/attpool.h"
#include "core/engine.h"
#include "core/index/index.h"

#include <stdbool.h>
#include <stdint.h>

enum { TYPE_F32 = 0, TYPE_F64 = 1, TYPES = 2 };

/* An array. Element (b, h, i, c) lies `b * batch + (h / group) * head + i * row + c * col`
 * elements after data. On the host, data is the address of element 0 and may have any alignment;
 * on a device it is the device's handle and element 0 lies `offset` bytes after its start, a
 * multiple of the element's size. A broadcast dimension has stride 0. */
struct array {
    void *data; /* NULL: this optional array is absent */
    int64_t offset;
    int64_t batch, head, row, col;
    int64_t group; /* >= 1 */
    bool unseen;   /* the caller has it on the device: the core has not looked at its values */
};

/* Who sees what. Key j takes part for query i of (b, h) when all of these hold:
 *   j < length(b, h, i)              lengths.data != NULL; int32 or int64 by length_bytes
 *   i + band_low <= j < i + band_high   local numbers; +-BAND_OPEN where there is no such bound
 *   j != i + excluded                leave_one_out
 *   mask(b, h, i, j) != 0            mask.data != NULL, bytes
 *   bias(b, h, i, j) != -Inf         bias.data != NULL
 *   key weight(b, h, j) != 0         where the operation has them */
#define BAND_OPEN ((int64_t)1 << 61)

struct masks {
    struct array lengths;
    int length_bytes; /* 4 or 8 */
    int64_t band_low, band_high;
    bool leave_one_out;
    int64_t excluded;
    struct array mask;
    struct array bias;
};

/* The weights of O that are left out: NUMERICS.md, "Dropout". */
struct dropout {
    double scale;       /* what O is multiplied by, a value of the type; 1 without dropout */
    uint64_t threshold; /* words below it drop their pair: up to 2^32, 0: none */
    uint64_t seed;
    int64_t query_origin, batch_origin; /* positions of query 0 and of item (0, 0) */
};

/* A kernel and its width. */
struct kernel {
    attpool_kernel_name name;
    attpool_form form;
    const int32_t *names; /* product form: one attpool_kernel_name a coordinate (host), or NULL */
    attpool_bandwidth_per per;
    double one; /* ATTPOOL_BANDWIDTH_ONE without a tensor: w, a value of the type */
    /* The backend takes |w|, of this and of every element read from these: */
    struct array
        inverse_bandwidths; /* COORDINATE (_KEY): col is the coordinate; KEY: col is the key; QUERY:
                             * row is the query; ONE in a tensor: element 0. Else absent. */
    struct array factors;   /* COORDINATE_KEY: col is the key */
};

struct bmm_args {
    int64_t batch, heads, n, k, m;
    double alpha, beta; /* values of the type */
    struct array a, b, c;
};

struct kernel_args {
    int64_t batch, heads, n, m, d;
    struct array q, k, g;
    struct kernel kernel;
};

/* empty is NAN, ZERO, MEAN or ERROR (write NaN, ap_engine_note_empty). w may be s. */
struct softmax_args {
    int64_t batch, heads, n, m;
    double c; /* scale * log2(e), rounded once to the type */
    struct masks masks;
    attpool_empty empty;
    struct array s, w;
};

/* The moments of a row about its query, for local lines: sums of weights times products of
 * z_a = (k_a - q_a) power_a, and of those times values. A row of out then has, of value c and
 * coordinates a, b, the columns
 *
 *     [v]            c              value c
 *     [v][d]         v + c d + a    value c times z_a
 *     [d]                           z_a
 *     [d (d + 1)/2]                 z_a z_b, b >= a; row a after row a - 1
 *
 * divided by the sum of weights like any other. For kernels alone; empty is NAN, and weights, n_eff
 * and nodes are absent. */
enum { MOMENTS_MOST = 64 }; /* coordinates */

struct moments {
    const double *power; /* d powers of two, on the host. NULL: no moments */
};

/* Writes out, lse, n_eff and weights of every row; empty rows by the policy, whichever it is; and
 * the row's final max (0 out of the log domain, and of an empty row) and sum (0: empty), before the
 * policy. */
struct pool_args {
    int64_t batch, heads, n, m, d, v;
    int64_t key_origin; /* absolute position of key 0: blocks and the tree are anchored by it */
    enum pool_score score;
    double c; /* dot, additive: scale * log2(e), rounded once to the type */
    struct kernel kernel;
    struct array q, k, value; /* value absent: O is not wanted, v = 0 */
    struct array wv;          /* col is h */
    struct array key_weights; /* col is the key */
    struct masks masks;
    struct dropout dropout;
    struct moments moments;
    attpool_empty empty;          /* as the caller said, DEFAULT resolved */
    struct array out, lse, n_eff; /* lse, n_eff: row is the query. Absent: not wanted */
    struct array max, sum;        /* likewise */
    struct array weights;         /* row is the query or its place in rows. Absent: not wanted */
    const int64_t *rows;          /* host; NULL: all n, row_count = n */
    int64_t row_count;
    const struct pool_nodes *nodes; /* not NULL: write the state instead of out, lse, n_eff */
    const struct pool_index *index; /* host; which keys can matter, for a backend that indexes. NULL
                                     * where it is of no use; of one batch item and head, without
                                     * mask, bias, dropout and weights of all rows */
};

static inline int64_t pool_columns(const struct pool_args *a)
{
    const int64_t d = a->d;
    return a->v + (a->moments.power != NULL ? a->v * d + d + d * (d + 1) / 2 : 0);
}

/* Poolings that differ in the bandwidths of the kernel and in their outputs alone, with the bits
 * that each has by itself. Of use where what does not depend on the bandwidth is made once. */
enum { POOL_BANDWIDTHS = 16 };

struct pool_bandwidths_args {
    const struct pool_args *pool; /* [count] */
    int count;                    /* at most POOL_BANDWIDTHS */
};

/* Sums of values by the squares of the weights of a pooling that has been: W t, t = tilt_0 + sum_a
 * tilt_(1 + a) z_a, z of moments. Rows with a sum of 0 get NaN. */
struct pool_squared_args {
    const struct pool_args *pool; /* value and out: v columns; max and sum are what it wrote;
                                   * moments where there is a tilt, which out has no columns for.
                                   * lse, n_eff, weights and nodes absent, empty is NAN */
    struct array tilt;            /* 1 + d columns. Absent: t = 1 */
};

/* A copy of projected queries or keys, for the gradient of their matrix: rows whose gradient is 0
 * become 0, since NaN may stand in one that no query sees. */
struct grad_copy {
    int64_t batch, heads, rows, p, width; /* of the array itself */
    struct array gradient;                /* p columns */
    struct array from, to;                /* `width` columns. to absent: not wanted */
};

/* The gradients of a pooling with respect to what it read, given those with respect to O and L.
 * A gradient has the shape of its array; where that broadcasts (stride 0) it is the sum over what
 * it was broadcast to. All of them are written, also where there are no queries or no keys. */
struct pool_grad_args {
    const struct pool_args
        *pool;                 /* out, max and sum are what it wrote; lse, n_eff, weights absent */
    int64_t query_origin;      /* absolute position of query 0: blocks are anchored by it */
    double scale;              /* s of dot and additive, a value of the type */
    struct array d_out, d_lse; /* like pool->out and pool->lse. Absent: 0, not both */
    /* Absent: not wanted */
    struct array dq, dk, dvalue, dbias, dkey_weights;
    struct array dscale;              /* one number */
    struct array dinverse_bandwidths; /* like kernel.inverse_bandwidths, or one number */
    struct array dfactors, dwv;
    struct grad_copy copy_q, copy_k; /* made when dq and dk have been written */
};

/* max (rows), sum (rows) and acc (rows, v), rows = batch * heads * n, contiguous, on the host. */
struct node_sums {
    void *max, *sum, *acc;
};

/* The state of a part: the anchored nodes that tile its super-blocks, in order. Node (level, index)
 * covers the super-blocks [index 2^level, (index + 1) 2^level). Which of its sums a row takes shows
 * when all nodes are merged; those of all keys may be anything in a row that has a near key in some
 * node. */
struct pool_node {
    int level;
    int64_t index;
    struct node_sums all;
    struct node_sums near; /* without far keys; NULL where far keys are not cut */
};

struct pool_nodes {
    int count;
    struct pool_node *node;
};

/* dst = left merged with right; dst may be left or right. */
struct merge_args {
    int64_t rows, v;
    struct node_sums left, right, dst;
};

/* O and L from one node (the whole tree merged). out, lse: batch * heads * n = rows. */
struct finish_args {
    int64_t batch, heads, n, v;
    struct pool_node node;
    bool has_max;        /* the score has a log domain or a bias */
    attpool_empty empty; /* NAN, ZERO or ERROR */
    double scale;        /* of dropout */
    struct array out, lse;
};

/* One elementary function over an array, for tests: y[i] = function(x[i]). x and y are on the host
 * for every backend. */
struct elementwise_args {
    int function; /* enum elementary_function */
    size_t n;
    const void *x;
    void *y;
};

enum bring { BRING_INPUT, BRING_OUTPUT, BRING_UPDATED };

/* Memory of a device. Buffers are handles as in struct array. */
struct device_memory {
    attpool_status (*alloc)(struct engine *engine, size_t bytes, void **buffer);
    void (*release)(struct engine *engine, void *buffer);
    /* Blocking copies between host memory and [offset, offset + bytes) of a buffer. */
    attpool_status (*upload)(struct engine *engine, void *buffer, size_t offset, const void *host,
                             size_t bytes);
    attpool_status (*download)(struct engine *engine, void *buffer, size_t offset, void *host,
                               size_t bytes);

    /* How many bytes of the host's arrays there is room for: in one of them, and in all of a call.
     */
    void (*room)(struct engine *engine, size_t *one, size_t *together);

    /* Memory of the host as a buffer for the time of a call, to be released after the next wait:
     * the memory itself where the device can compute in it, else a copy. `use` is what the call
     * does with it: at a BRING_OUTPUT nothing is read before it is written, all of it. `element`
     * are the bytes of a number. None of these waits: the host's memory has to be left alone
     * until the next wait, and has what `fetch` brings back from then on. */
    attpool_status (*bring)(struct engine *engine, void *host, size_t bytes, size_t element,
                            enum bring use, void **buffer);
    attpool_status (*fetch)(struct engine *engine, void *buffer, void *host, size_t bytes);

    /* Wait for everything queued. sync: and report what only device values show. */
    attpool_status (*wait)(struct engine *engine);
    attpool_status (*sync)(struct engine *engine);
};

/* One device of a backend that has several. Strings are owned by the caller of list. */
struct device_row {
    char name[96]; /* "opencl:PLATFORM:TYPE:INDEX" */
    char device[160];
    bool available, one_answer, float64;
    bool on_cpu; /* never taken by "auto" */
    char reason[160];
};

/* A slot per operation and type. No slot is NULL but where it is said. */
struct backend {
    const char *name;
    int rank;      /* "auto" takes the available CPU backend of the highest rank */
    bool emulated; /* computes another instruction set's vectors: never chosen by "auto" */
    bool indexes;  /* makes use of pool_args.index */

    /* Can it run here? Writes the reason either way. NULL for backends that list devices. */
    bool (*probe)(const char **reason);

    /* Fill up to `room` rows, return how many there are. NULL: the backend is the one device. */
    int (*list)(struct device_row *rows, int room);

    /* Take up work for a context; NULL where there is nothing to do. `device` is what follows
     * "opencl:" in the name asked for, NULL or "" for any. */
    attpool_status (*open)(struct engine *engine, const attpool_options *options,
                           const char *device);
    void (*close)(struct engine *engine);
    const char *(*device_name)(struct engine *engine); /* NULL: the core names the CPU */
    bool (*has_type)(struct engine *engine, int type); /* NULL: both */
    /* Texts for the cache (core/cache.h): what tells the device from others, and with that what a
     * verdict on it depends on. NULL: it is right by construction, and not judged. */
    void (*identify)(struct engine *engine, char *name, char *key, size_t room);

    /* NULL: arrays are on the host. Else every array of every descriptor is on the device
     * (pool_args.rows, kernel.names, nodes, and the arguments of merge, finish and
     * elementwise are not). */
    const struct device_memory *memory;

    /* The operations, a slot each: bmm, kernel, softmax, pool, pool_grad, ..., with the types that
     * they are for, as backend->pool[type]. NULL only for the optional ones. */
#define SLOT(name) attpool_status (*name[TYPES])(struct engine *, const struct name##_args *);
    OPERATION_TABLE(SLOT)
    STATE_OPERATION_TABLE(SLOT)
    OPTIONAL_OPERATION_TABLE(SLOT)
#undef SLOT
};

/* The tables. Several may share a name: the first whose probe agrees is taken. */
extern const struct backend ap_backend_scalar;
extern const struct backend ap_backend_scalar_fma;
extern const struct backend ap_backend_avx2;
extern const struct backend ap_backend_avx2_emulated;
extern const struct backend ap_backend_avx512;
extern const struct backend ap_backend_avx512_emulated;
extern const struct backend ap_backend_neon;
extern const struct backend ap_backend_neon_emulated;
extern const struct backend ap_backend_opencl;

#endif
