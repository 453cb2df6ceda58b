/* SPDX-License-Identifier: Apache-2.0 */
/* What `attpool bench` and the comparison with other libraries (tests/bench) share: the table of
 * cases, their data, the call of attpool, and how a call is timed. */
#ifndef TOOLS_BENCH_BENCH_H
#define TOOLS_BENCH_BENCH_H

#include "tools/command/session.h"

#include <math.h>
#include <stdint.h>

/* ---- Cases ---- */

enum bench_operation {
    BENCH_BMM,
    BENCH_SOFTMAX,
    BENCH_KERNEL,
    BENCH_REGRESS, /* Nadaraya-Watson */
    BENCH_ATTEND,
    BENCH_ADDITIVE,
    BENCH_OPERATIONS
};

enum {
    BENCH_NT = 1 << 0, /* B lies transposed */
    BENCH_CAUSAL = 1 << 1,
    BENCH_MASK = 1 << 2,   /* a byte for every query and key, a quarter of them 0 */
    BENCH_WINDOW = 1 << 3, /* the last 256 keys */
    BENCH_LOO = 1 << 4,    /* each row without its own key */
    BENCH_F64 = 1 << 5,    /* float64 whatever the precision asked for */
    BENCH_MEMORY = 1 << 6, /* bound by reading keys and values: GB/s */
    BENCH_CALL = 1 << 7,   /* the overhead of a call: us */
    BENCH_QUICK = 1 << 8,  /* also with --quick */
    BENCH_OWN = 1 << 9,    /* of attpool alone: what its kernels and options cost */
    BENCH_BIAS = 1 << 10,
    BENCH_KEY_WEIGHTS = 1 << 11,
    BENCH_KEY_BANDWIDTHS = 1 << 12,
    BENCH_WIDTHS = 1 << 13, /* of the coordinates */
    BENCH_PRODUCT = 1 << 14,
    BENCH_LSE = 1 << 15,
    BENCH_N_EFF = 1 << 16,
    BENCH_SORTED = 1 << 17,  /* queries and keys ascend */
    BENCH_DENSITY = 1 << 18, /* of the keys, in the place of the fit */
    BENCH_GRAD = 1 << 19,    /* and then the gradients by queries, keys, values and a bandwidth */
    BENCH_CURVE = 1 << 20, /* leave-one-out errors of BENCH_CURVE_POINTS bandwidths, for the fit */
    BENCH_LINE = 1 << 21   /* local linear */
};

enum { BENCH_WINDOW_LEFT = 255, BENCH_CURVE_POINTS = 50 };
/* They go from one part of the longest distance to two of it. */
#define BENCH_CURVE_RANGE 1000.0

/* Data: BMM A (b, n, d), B (b, d, m); SOFTMAX S (b, n, m); KERNEL Q (n, d), K (m, d); REGRESS those
 * and y (m, v); ATTEND (b, n, d), (b, m, d), (b, m, v); ADDITIVE those, W_q and W_k (p, d), w_v (p)
 * with p = d. */
struct bench_case {
    const char *name;
    enum bench_operation operation;
    unsigned with;
    int64_t b, n, m, d, v;
    attpool_kernel_name kernel;
    double target[2];   /* times the best peer; [1] on a processor without AVX-512 */
    double of_limit[2]; /* part of the limit, or us at most for BENCH_CALL */
    const char *rival;  /* the peer that target is about, where it is not the best */
    const char *plain;  /* of_limit is the time of a pair by that of this case */
};

enum { BENCH_MOST_CASES = 128 };
extern const struct bench_case bench_cases[];
extern const size_t bench_case_count;

const char *bench_operation_name(enum bench_operation operation);
bool bench_single(const struct bench_case *c, enum precision precision);
/* GFLOP, Gelem and so on of a call, divided by its seconds the rate in this unit. A causal mask or
 * a window counts as if all were seen. For BENCH_CALL the unit is us and the rate is the time. */
double bench_work(const struct bench_case *c, bool single);
const char *bench_unit(const struct bench_case *c);
double bench_rate(const struct bench_case *c, bool single, double seconds);

/* Bandwidth k of BENCH_CURVE. */
double bench_curve_bandwidth(int k);

/* A half, for a kernel matrix the whole, of the distance that two points commonly have. */
static inline double bench_bandwidth(const struct bench_case *c)
{
    return sqrt((double)c->d) * (c->operation == BENCH_KERNEL ? 1 : 0.5);
}

/* ---- Data and the call ---- */

enum { BENCH_ARRAYS = 12 };

struct bench_array {
    const char *name;
    void *data;
    bool bytes;    /* else float or double */
    bool positive; /* no number is negative */
    int dims;
    int64_t shape[3]; /* as it lies: B of BENCH_NT is (b, m, d) */
    size_t size;      /* in bytes */
};

/* array[0] is the output, then the inputs in the order of struct bench_case, then what the case is
 * with. */
struct bench_data {
    const struct bench_case *c;
    bool single;
    struct bench_array array[BENCH_ARRAYS];
    int count;
};

int bench_data_new(struct bench_data *data, const struct bench_case *c, bool single,
                   struct error *e);
void bench_data_free(struct bench_data *data);

/* Everything of a call but the context. */
struct bench_call {
    const struct bench_data *data;
    struct operand operand[BENCH_ARRAYS];
    struct operand density; /* the output of BENCH_DENSITY */
    attpool_kernel_options kernel;
    attpool_masks masks;
    attpool_pool_options pool;
    attpool_gradients gradients; /* of BENCH_GRAD */
};
void bench_call_new(struct bench_call *call, struct bench_data *data);
attpool_status bench_call_run(attpool_context *context, struct bench_call *call);

/* ---- Time ---- */

double bench_clock(void);
/* From now on bench_clock counts the time that the processor worked for this process, which for
 * one thread on a busy machine is nearer to what a quiet one would give. */
void bench_use_processor_time(void);

struct bench_summary {
    double median, low, high; /* the quartiles */
};
/* Sorts the samples. */
struct bench_summary bench_summarise(double *sample, int count);

/* How often to call for a sample of about `least` seconds. */
int bench_calls(double seconds, double least);

/* What this machine can do at most, with that many threads. */
struct bench_limits {
    double gflops[2]; /* multiply-adds in float, double; NaN where it is not known how to measure */
    double read;      /* memory, GB/s; NaN where there is no memory for it */
};
void bench_measure(struct bench_limits *limits, int threads, size_t bytes);

/* The processor has AVX-512, and ATTPOOL_MAX_ISA does not keep it from use. */
bool bench_has_avx512(void);

/* The highest rate that the machine allows the case, NaN where that is unknown. */
double bench_limit(const struct bench_case *c, bool single, const struct bench_limits *limits);

#endif
