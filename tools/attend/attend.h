/* SPDX-License-Identifier: Apache-2.0 */
/* attpool attend, in the order of its work: options, arrays, attention, gradients, pictures. */
#ifndef TOOLS_ATTEND_ATTEND_H
#define TOOLS_ATTEND_ATTEND_H

#include "tools/io/npy.h"
#include "tools/command/kernel_options.h"
#include "tools/command/params.h"
#include "tools/command/report.h"
#include "tools/command/session.h"

/* The arrays of the command line. Q, K and V decide the type. */
enum attend_input {
    IN_Q,
    IN_K,
    IN_V,
    IN_WQ,
    IN_WK,
    IN_WV,
    IN_LENGTHS,
    IN_MASK,
    IN_BIAS,
    IN_KEY_WEIGHTS,
    IN_INVERSE_BANDWIDTH,
    IN_KEY_FACTORS,
    IN_GRAD_OUTPUT,
    IN_GRAD_LSE,
    INPUTS
};

enum attend_output {
    OUT_RESULT,
    OUT_LSE,
    OUT_WEIGHTS,
    OUT_GRAD_Q, /* from here on gradients */
    OUT_GRAD_K,
    OUT_GRAD_V,
    OUT_GRAD_BIAS,
    OUT_GRAD_KEY_WEIGHTS,
    OUT_GRAD_SCALE,
    OUT_GRAD_INVERSE_BANDWIDTH,
    OUT_GRAD_KEY_FACTORS,
    OUT_GRAD_WQ,
    OUT_GRAD_WK,
    OUT_GRAD_WV,
    OUTPUTS
};

struct attend_options {
    struct common common;
    const char *input[INPUTS];   /* files; NULL: not given */
    const char *output[OUTPUTS]; /* likewise; OUT_RESULT is resolved: NULL when not wanted */
    const char *heatmap;
    bool keep_scripts;
    const char *params; /* a file, or NULL; then what it says is here, too */
    struct params learned;
    attpool_score score;
    const char *score_text; /* as it was given; NULL: it was not */
    struct kernels kernels;
    attpool_form form;
    struct numbers bandwidths;
    attpool_bandwidth_per bandwidth_per;
    double scale;
    bool scale_given;
    attpool_lengths_per lengths_per;
    bool lengths_per_given;
    bool causal, window, loo;
    int64_t left, right, offset;
    int64_t query_origin, key_origin, batch_origin;
    double dropout;
    int64_t seed;
    attpool_empty empty;
    struct integers rows;
};

/* An array: read from its file, or made for a result. */
struct attend_array {
    void *data;
    int dims;
    int64_t shape[NPY_DIMS];
    size_t count;
};

struct attend_work {
    struct report report;
    char backend[64]; /* that computed */
    bool single;
    struct attend_array input[INPUTS];
    struct attend_array output[OUTPUTS];
    struct attend_array max, sum; /* of the rows, where gradients are asked for */
};

/* "dot" and so on, NULL for a kernel and past the last. */
const char *attend_score_name(int score);

/* The command line into o; *done: there was only a help to print. */
int attend_options_read(int argc, char **argv, struct attend_options *o, bool *done,
                        struct error *e);
/* The option of a file. */
const char *attend_input_option(enum attend_input i);
const char *attend_output_option(enum attend_output i);

/* Learned parameters: of their file into the options, then into the arrays (attend_params.c). */
int attend_params(struct attend_options *o, struct error *e);
int attend_params_arrays(const struct attend_options *o, struct attend_work *work, struct error *e);
/* Whether parameters of rows are for these keys: CMD_DATA for another number and, of numbers that
 * are not rounded to float32, for another checksum. */
int attend_params_keys(const struct attend_options *o, const struct attend_array *keys,
                       bool rounded, struct error *e);
/* The array of params that an input is, or PARAMS_ARRAYS. */
enum params_array attend_params_of(const struct attend_options *o, enum attend_input i);

/* Is some gradient asked for? */
bool attend_has_gradients(const struct attend_options *o);

int attend_read(const struct attend_options *o, struct attend_work *work, struct error *e);
int attend_run(const struct attend_options *o, struct attend_work *work, struct error *e);
int attend_write(const struct attend_options *o, const struct attend_work *work, struct error *e);
/* What was computed, for --json and, where all is written, in a line on stderr. */
void attend_report(const struct attend_options *o, struct attend_work *work, bool written);
void attend_free(struct attend_work *work);

#endif
