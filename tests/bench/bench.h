/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

/* The comparison with other libraries. Of each case and number of threads every library that has
 * something for it is a candidate; their samples are taken in turn, the order reversed each
 * round, and outputs are compared with attpool's. */

#include "tests/bench/peer.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/types.h>

enum { ROUNDS = 9, MOST_PEERS = 20, MOST_TEXT = 120 };

/* ---- Peers: shared objects, and Python processes that answer through pipes ---- */

struct peer_process {
    pid_t pid;
    FILE *to, *from;
};

struct candidate {
    char name[MOST_TEXT], version[MOST_TEXT];
    attpool_context *context;    /* attpool, the first candidate, */
    const struct peer *library;  /* or a shared object, */
    struct peer_process process; /* or a process */

    /* Of the current case */
    bool has;
    struct bench_call call;
    struct bench_data data;
    double difference; /* from attpool's output, by the largest number there */
    double sample[ROUNDS];
    int samples, calls;
};

struct candidates {
    struct candidate *at[MOST_PEERS];
    int count;
    char lacking[1000];
    const char *folder; /* where arrays lie for the processes */
    int threads;
};

void candidates_open(struct candidates *all, const char *plugins, const char *python,
                     const char *script);
void candidates_close(struct candidates *all);

/* The case's data for all of them, and one call of each, not timed, for has and difference. */
int candidates_begin(struct candidates *all, struct bench_data *data, struct error *e);
void candidates_end(struct candidates *all);

/* Seconds a call. */
double candidate_time(struct candidate *c, int calls);

/* ---- Results ---- */

/* A case that attpool was compared in, for one number of threads. */
struct result {
    const struct bench_case *c;
    bool single;
    double seconds;               /* attpool's median */
    double rate, spread, limit;   /* spread: half of the distance of the quartiles, a part */
    const struct candidate *best; /* of the peers; NULL: there is none */
    double best_rate;
    double rivals;              /* the like of ratio for c->rival, NaN where it is lacking */
    struct bench_summary ratio; /* the best's seconds by attpool's, round by round */
};

/* Fills in all but best's own data. Samples are in the candidates. */
struct result result_of(const struct candidates *all, const struct bench_data *data,
                        const struct bench_limits *limits);

/* A row of the table, in Markdown; earlier results of this number of threads and, for more than
 * one, those of one thread (NULL: none). */
void report_head(const struct candidates *all, const struct bench_limits *limits);
void report_row(const struct candidates *all, const struct result *r, const struct result *earlier,
                size_t count, const struct result *one, size_t one_count);
json_t *report_json(const struct candidates *all, const struct result *r);
/* Tolerance of the comparison of outputs. */
double report_tolerance(const struct bench_case *c, bool single);

/* An SVG file an operation, from the results in JSON: folder/NAME-THREADS.svg. */
int figures_draw(json_t *results, int threads, const char *folder, struct error *e);

#endif
