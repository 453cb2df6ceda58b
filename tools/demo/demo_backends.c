/* SPDX-License-Identifier: Apache-2.0 */
/* The same work on every backend and device there is: how long it takes, and whether the
 * results have the same bits. */
#include "tools/demo/demo.h"

#include "tools/command/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two jobs: kernel regression in float64, and causal attention in float32. */
enum { POINTS = 2048, COLUMNS = 2, HEADS = 2, LENGTH = 512, WIDTH = 64 };
enum { JOBS = 2, REGRESS = 0, ATTEND = 1 };

struct work {
    double *points, *values; /* (POINTS, COLUMNS), (POINTS) */
    float *q, *k, *v;        /* (HEADS, LENGTH, WIDTH) each */
    void *answer[JOBS];      /* of the first backend */
    void *result[JOBS];
    size_t bytes[JOBS];
};

static int work_make(struct work *w, uint64_t seed, struct error *e)
{
    const size_t inputs = POINTS * (COLUMNS + 1), each = (size_t)HEADS * LENGTH * WIDTH;
    void *memory[2] = { NULL, NULL };
    struct random r = random_new(seed, 9);
    *w = (struct work){ .bytes = { POINTS * sizeof(double), each * sizeof(float) } };
    int st = array_new(&memory[0], inputs, sizeof(double), e);
    if (st == CMD_OK)
        st = array_new(&memory[1], 3 * each, sizeof(float), e);
    w->points = memory[0];
    w->q = memory[1];
    for (int j = 0; j < JOBS && st == CMD_OK; j++) {
        st = array_new(&w->answer[j], w->bytes[j], 1, e);
        if (st == CMD_OK)
            st = array_new(&w->result[j], w->bytes[j], 1, e);
    }
    if (st != CMD_OK)
        return st;
    w->values = w->points + POINTS * COLUMNS;
    w->k = w->q + each;
    w->v = w->k + each;
    for (size_t i = 0; i < inputs; i++)
        w->points[i] = random_normal(&r);
    for (size_t i = 0; i < 3 * each; i++)
        w->q[i] = (float)random_normal(&r);
    return CMD_OK;
}

static void work_free(struct work *w)
{
    for (int j = 0; j < JOBS; j++) {
        free(w->answer[j]);
        free(w->result[j]);
    }
    free(w->points);
    free(w->q);
}

static attpool_status run_job(struct work *w, int job, attpool_context *context, void *result)
{
    if (job == REGRESS)
        return attpool_regress_f64(context, POINTS, POINTS, COLUMNS, 1, w->points, w->points,
                                   w->values, ATTPOOL_GAUSSIAN, 0.3, result);
    return attpool_attend_f32(context, HEADS, LENGTH, LENGTH, WIDTH, WIDTH, w->q, w->k, w->v, 1,
                              result);
}

/* The first call may compile a program or start threads, so the second is timed. */
static attpool_status time_job(struct work *w, int job, attpool_context *context, void *result,
                               double *seconds)
{
    attpool_status status = run_job(w, job, context, result);
    double start = clock_seconds();
    if (status == ATTPOOL_OK)
        status = run_job(w, job, context, result);
    *seconds = clock_seconds() - start;
    return status;
}

/* One backend: its line. `first` is the one that the others are compared with. */
static void run_backend(struct demo *demo, struct work *w, const attpool_device *d, bool first)
{
    struct session s;
    struct error e = { 0 };
    struct common common = demo->common;
    bool same = true, whole = true;
    char times[JOBS][32] = { "-", "-" };
    double taken[JOBS] = { (double)NAN, (double)NAN };
    common.backend = d->backend;
    if (session_open(&s, d->backend, &common, &e) == CMD_OK) {
        for (int j = 0; j < JOBS && whole; j++) {
            void *result = first ? w->answer[j] : w->result[j];
            if (j == REGRESS && !d->float64)
                continue;
            whole = session_status(&s, time_job(w, j, s.context, result, &taken[j]), NULL, 0, &e) ==
                    CMD_OK;
            if (whole)
                snprintf(times[j], sizeof times[j], "%.2f ms", 1000 * taken[j]);
            same = same && whole && memcmp(result, w->answer[j], w->bytes[j]) == 0;
        }
        session_close(&s);
    } else {
        whole = false;
    }
    const char *verdict = first                ? "compared with"
                          : same && whole      ? "the same bits"
                          : d->one_answer == 1 ? "DIFFERENT BITS"
                                               : "different bits, none promised";
    if (!whole) {
        verdict = e.text;
        same = false;
    }
    demo->differences += !same && d->one_answer == 1;
    report_append(&demo->report, demo->backends,
                  json_pack("{s:s, s:o, s:o, s:o, s:b, s:o}", "backend", d->backend, "device",
                            report_text(d->device), "regression_seconds",
                            report_number(taken[REGRESS]), "attention_seconds",
                            report_number(taken[ATTEND]), "same_bits", whole && same, "failure",
                            report_text(whole ? NULL : e.text)));
    output_printf(&demo->out, "  %-16.60s %-34.34s %-12s %-12s %.200s\n", d->backend, d->device,
                  times[REGRESS], times[ATTEND], verdict);
}

int demo_backends(struct demo *demo, struct error *e)
{
    struct work w;
    attpool_device_list *list = NULL;
    const attpool_device *d;
    bool first = true;
    int before = demo->differences, promised = 0;
    int st = work_make(&w, (uint64_t)demo->seed, e);
    if (st == CMD_OK && attpool_list_devices(&list) != ATTPOOL_OK)
        st = error_memory(e, 0);
    output_printf(&demo->out,
                  "\nThe same work on every backend: regression of %d points at %d, float64; "
                  "attention of\n%d heads, %d queries and keys of %d columns, causal, float32\n"
                  "  %-16s %-34s %-12s %-12s result\n",
                  POINTS, POINTS, HEADS, LENGTH, WIDTH, "backend", "device", "regression",
                  "attention");
    for (size_t i = 0; st == CMD_OK && (d = attpool_device_at(list, i)) != NULL; i++)
        if (d->available) {
            run_backend(demo, &w, d, first);
            promised += d->one_answer == 1;
            first = false;
        }
    if (st == CMD_OK && demo->differences == before)
        output_printf(&demo->out, "One answer: all %d that promise it gave the same bits.\n",
                      promised);
    attpool_free_devices(list);
    work_free(&w);
    return st;
}
