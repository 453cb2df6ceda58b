/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CASES_CASES_H
#define TESTS_CASES_CASES_H

/* The one table of cases: what to compute, on which shapes, with which options. The test of one
 * answer, those of splits and the oracle's read the same rows. Inputs come from `seed`. */

#include "tests/support/tensor.h"

#include <stddef.h>

enum operation {
    OPERATION_BMM,
    OPERATION_KERNEL,
    OPERATION_SOFTMAX,
    OPERATION_POOL,
    OPERATION_POOL_GRAD, /* after a pooling, whose outputs count too; by L WITH_LSE */
    OPERATION_DENSITY,   /* n_eff is the density, L its logarithm; there is no O */
    OPERATION_REGRESSION /* with slope, t and standard errors */
};

/* Options, to be combined. */
enum with {
    WITH_LENGTHS = 1 << 0,     /* one a batch and head, int32 */
    WITH_ROW_LENGTHS = 1 << 1, /* one a row, int64 */
    WITH_MASK = 1 << 2,        /* uint8 */
    WITH_BOOL = 1 << 3,        /* the mask has type code 6 */
    WITH_BIAS = 1 << 4,        /* some of it -Inf */
    WITH_CAUSAL = 1 << 5,
    WITH_WINDOW = 1 << 6, /* `left` and `right` */
    WITH_LEAVE_ONE_OUT = 1 << 7,
    WITH_KEY_WEIGHTS = 1 << 8, /* some of them 0 */
    WITH_LSE = 1 << 9,
    WITH_N_EFF = 1 << 10,
    WITH_WEIGHTS = 1 << 11,
    WITH_ROWS = 1 << 12,           /* weights of chosen rows only */
    WITH_WIDTH_TENSOR = 1 << 13,   /* ATTPOOL_BANDWIDTH_ONE in a tensor */
    WITH_BANDWIDTH = 1 << 14,      /* 1 / width as bandwidth */
    WITH_MIXED_KERNELS = 1 << 15,  /* product form: one a coordinate */
    WITH_SHARED_KEYS = 1 << 16,    /* K and V (or A) without leading dimensions */
    WITH_SHARED_QUERIES = 1 << 17, /* Q (or B) with leading dimensions of 1 */
    WITH_SHARED_MASK =
        1 << 18, /* mask, bias, key weights, lengths and inverse_bandwidths likewise */
    WITH_SCALE = 1 << 19,
    WITHOUT_OUTPUT = 1 << 20,    /* V and O are NULL */
    WITHOUT_OPTIONS = 1 << 21,   /* the options are NULL */
    WITHOUT_QUERIES = 1 << 22,   /* average: Q and K are NULL */
    WITHOUT_ORACLE = 1 << 23,    /* overflows somewhere: the bits alone are compared */
    WITH_SIGNED_WIDTH = 1 << 24, /* inverse_bandwidths are negative */
    WITH_LARGE_BIAS = 1 << 25,   /* of the size of 1000 */
    WITH_ROW_MASK = 1 << 26,     /* mask of one row, bias of one column, for all */
    WITH_ITEMS = 1 << 27,        /* lengths, key weights and inverse bandwidths of the key or query
                                  * have no heads: they belong to the batch item */
    WITH_HUGE_BIAS = 1 << 28,    /* near the largest number */
    WITH_WIDE_WEIGHTS = 1 << 29, /* key weights of any size, more of them as they go on */
    WITH_SAMPLE = 1 << 30,       /* residuals of the first half of the keys */
};
#define WITH_ALL_OUTPUTS (WITH_LSE | WITH_N_EFF | WITH_WEIGHTS)

/* Values that do not happen by chance. */
enum special {
    SPECIAL_NONE,
    SPECIAL_HIDDEN,    /* NaN and Inf in masked keys, values and biases */
    SPECIAL_NAN_KEY,   /* in one key */
    SPECIAL_NAN_QUERY, /* in one query */
    SPECIAL_INF_KEY,
    SPECIAL_NAN_VALUE,
    SPECIAL_INF_VALUE,      /* +Inf and -Inf */
    SPECIAL_ZERO,           /* -0 everywhere */
    SPECIAL_SUBNORMAL,      /* values below the least normal number */
    SPECIAL_HUGE,           /* values near the largest number */
    SPECIAL_ENDS,           /* so are scores: of softmax, or of keys with d = 1 */
    SPECIAL_EQUAL,          /* keys equal to queries, so differences of 0, and many ties */
    SPECIAL_FAR,            /* queries far from every key */
    SPECIAL_CUT,            /* keys and queries around where a key is near, and where it is far */
    SPECIAL_PAYLOAD,        /* negative, signalling and other NaN */
    SPECIAL_BLOCKS,         /* of keys, by the mask: open, hidden with NaN and Inf, mixed */
    SPECIAL_SORTED,         /* queries and keys, by their first coordinate */
    SPECIAL_SORTED_NAN,     /* and the last one of some is NaN or Inf */
    SPECIAL_FAR_BLOCKS,     /* 64 queries far from every key, 64 near, ... */
    SPECIAL_HIDDEN_WIDTHS,  /* of keys that the mask or a weight hides NaN and Inf, widths too */
    SPECIAL_ENDLESS_WIDTHS, /* some inverse bandwidths are Inf */
    SPECIAL_EMPTY           /* every entry of row 0 masked by the mask; lengths of 0 */
};

struct test_case {
    const char *name;
    enum operation operation;
    int b, h, hk;      /* leading dimensions; 0: not there. hk: heads of keys, 0 for h */
    int n, m, d, v, p; /* bmm: (n, d) (d, m); p of additive and projection */
    unsigned with;
    attpool_score score;
    attpool_kernel_name kernel;
    attpool_form form;
    attpool_bandwidth_per bandwidth_per;
    double width; /* 0: such that a part of the keys is in reach */
    double unit;  /* of queries and keys; 0: 1 */
    int left, right, offset;
    int query_origin, key_origin;
    attpool_empty empty;
    enum arrangement in, out;
    enum special special;
    int degree;         /* of a regression */
    double alpha, beta; /* of bmm; alpha is the scale of WITH_SCALE too */
    double dropout;
    int batch_origin;
    unsigned seed;
};

/* The table; made at the first call. */
const struct test_case *test_cases(size_t *count);

#endif
