/* SPDX-License-Identifier: Apache-2.0 */
#include "core/automatic/profile.h"
#include "core/call/options.h"
#include "core/clock.h"
#include "core/context.h"
#include "core/float_env.h"
#include "core/registry.h"
#include "core/selftest/verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 64, SAMPLES = 3, N = 1500, M = 2000, D = 64, TRANSFER = 32 << 20 };

struct bench {
    attpool_context *context;
    void *q, *k, *v, *out; /* N x D, M x D, M x D, and N x M */
};

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static DLTensor matrix(void *data, int type, int64_t shape[2])
{
    return (
        DLTensor){ .data = data,
                   .device = { .device_type = kDLCPU },
                   .ndim = 2,
                   .dtype = { .code = kDLFloat, .bits = type == TYPE_F32 ? 32 : 64, .lanes = 1 },
                   .shape = shape };
}

/* One call of n queries, or the like; *adds and *bytes are what ap_offload would say of it. */
static attpool_status run_bench(const struct bench *b, enum profile_work work, int type, int64_t n,
                                double *adds, double *bytes)
{
    const int64_t d = work == WORK_POOL || work == WORK_KERNEL ? 3 : D;
    int64_t of_q[2] = { n, d }, of_k[2] = { M, d }, of_out[2] = { n, M }, of_o[2] = { n, d };
    int64_t of_a[2] = { n, D }, of_b[2] = { D, M };
    DLTensor q = matrix(b->q, type, of_q), k = matrix(b->k, type, of_k),
             v = matrix(b->v, type, of_k);
    DLTensor out = matrix(b->out, type, of_out), o = matrix(b->out, type, of_o);
    DLTensor left = matrix(b->q, type, of_a), right = matrix(b->k, type, of_b);
    DLTensor s = matrix((char *)b->out + (size_t)N * M * sizeof(double), type, of_out);
    const attpool_kernel_options kernel = { .size = sizeof kernel, .kernel = ATTPOOL_GAUSSIAN };
    const attpool_pool_options pool = { .size = sizeof pool,
                                        .score = work == WORK_DOT ? ATTPOOL_DOT : ATTPOOL_KERNEL,
                                        .kernel = work == WORK_DOT ? NULL : &kernel };
    const double pairs = (double)n * M, element = type == TYPE_F32 ? 4 : 8;
    switch (work) {
    case WORK_BMM:
        *adds = pairs * (D + 1);
        *bytes = element * ((double)(n + M) * D + pairs);
        return attpool_bmm(b->context, 1, &left, &right, 0, &out);
    case WORK_SOFTMAX:
        *adds = pairs * ELEMENT_WORK;
        *bytes = element * 2 * pairs;
        return attpool_softmax(b->context, &s, NULL, &out);
    case WORK_KERNEL:
        *adds = pairs * (double)(ELEMENT_WORK + d);
        *bytes = element * ((double)(n + M) * (double)d + pairs);
        return attpool_kernel(b->context, &q, &k, &kernel, &out);
    default:
        *adds = pairs * (double)(ELEMENT_WORK + 2 * d);
        *bytes = element * (double)(2 * (n + M) * d);
        return attpool_pool(b->context, &q, &k, &v, &pool, &o);
    }
}

/* The fastest of some; the first call, which may compile, does not count. */
static attpool_status time_call(const struct bench *b, enum profile_work work, int type, int64_t n,
                                double *best, double *adds, double *bytes)
{
    attpool_status st = run_bench(b, work, type, n, adds, bytes);
    *best = INFINITY;
    for (int i = 0; i < SAMPLES && st == ATTPOOL_OK; i++) {
        const double start = ap_clock_now();
        st = run_bench(b, work, type, n, adds, bytes);
        *best = smaller(*best, ap_clock_now() - start);
    }
    return st;
}

static attpool_status measure_rates(const struct bench *b, double launch, double transfer,
                                    double rate[WORKS][TYPES])
{
    struct engine *e = &b->context->engine;
    attpool_status st = ATTPOOL_OK;
    for (int type = 0; type < TYPES; type++)
        for (int work = 0; work < WORKS && st == ATTPOOL_OK; work++) {
            double best, adds, bytes;
            rate[work][type] = 0;
            if (e->backend->has_type && !e->backend->has_type(e, type))
                continue;
            st = time_call(b, (enum profile_work)work, type, N, &best, &adds, &bytes);
            /* What is left besides the launch and the transfers, which are measured roughly. */
            const double rest = best - launch - (transfer > 0 ? bytes / transfer : 0);
            rate[work][type] = adds / (rest > best / 10 ? rest : best / 10);
        }
    return st;
}

static attpool_status measure_transfer(const struct bench *b, double *transfer)
{
    struct engine *e = &b->context->engine;
    const struct device_memory *memory = e->backend->memory;
    void *buffer;
    double best = INFINITY;
    attpool_status st = memory->alloc(e, TRANSFER, &buffer);
    if (st != ATTPOOL_OK)
        return st;
    for (int i = 0; i <= SAMPLES && st == ATTPOOL_OK; i++) {
        const double start = ap_clock_now();
        st = memory->upload(e, buffer, 0, b->out, TRANSFER);
        if (st == ATTPOOL_OK)
            st = memory->download(e, buffer, 0, b->out, TRANSFER);
        best = i > 0 ? smaller(best, ap_clock_now() - start) : best;
    }
    memory->release(e, buffer);
    *transfer = 2.0 * TRANSFER / best;
    return st;
}

static attpool_status measure_device(struct bench *b, const struct device_row *row,
                                     struct profile *p)
{
    const attpool_options options = { .size = sizeof options, .backend = row->name, .verbose = -1 };
    double adds, bytes;
    attpool_status st = attpool_open(&options, &b->context);
    if (st != ATTPOOL_OK)
        return st;
    struct engine *e = &b->context->engine;
    memcpy(p->backend, row->name, sizeof p->backend);
    snprintf(p->device, sizeof p->device, "%s", e->backend->device_name(e));
    /* Nothing is tested in a call that auto hands over. */
    attpool_self_test_result tested;
    if (!ap_verdict_is_whole(&e->verdict))
        st = attpool_self_test(b->context, 0, &tested);
    if (st == ATTPOOL_OK && e->verdict.result.verdict != ATTPOOL_VERDICT_SAME)
        st = ATTPOOL_E_BACKEND;
    if (st == ATTPOOL_OK)
        st = time_call(b, WORK_SOFTMAX, TYPE_F32, 1, &p->launch, &adds, &bytes);
    if (st == ATTPOOL_OK)
        st = measure_transfer(b, &p->transfer);
    if (st == ATTPOOL_OK)
        st = measure_rates(b, p->launch, p->transfer, p->rate);
    attpool_close(b->context);
    return st;
}

/* The best of all devices; *found: is there one? */
static void measure_devices(struct bench *b, struct profile *best, bool *found)
{
    static const struct profile blank;
    struct device_row *rows = calloc(MOST_ROWS, sizeof *rows);
    const struct backend *backend;
    for (int i = 0; rows && (backend = ap_registry_at(i)); i++) {
        const int count = backend->list ? backend->list(rows, MOST_ROWS) : 0;
        for (int k = 0; k < count; k++) {
            struct profile p = blank;
            if (!rows[k].available || !rows[k].one_answer || rows[k].on_cpu ||
                measure_device(b, &rows[k], &p) != ATTPOOL_OK)
                continue;
            if (!*found || p.rate[WORK_POOL][TYPE_F32] > best->rate[WORK_POOL][TYPE_F32])
                *best = p;
            *found = true;
        }
    }
    free(rows);
}

/* Numbers in both types: two floats are a double near 2^-15. */
static void fill_numbers(void *data, size_t count)
{
    for (size_t i = 0; i < 2 * count; i++)
        ((float *)data)[i] = 0.25f + 0.75f * (float)(i % 1013) / 1013;
}

static attpool_status tune(struct bench *b, const attpool_options *options, struct profile *p)
{
    const size_t pairs = (size_t)N * M, side = (size_t)M * D;
    bool found = false;
    b->q = calloc(2 * pairs + 3 * side, sizeof(double));
    if (!b->q)
        return ATTPOOL_E_MEMORY;
    b->k = (double *)b->q + side;
    b->v = (double *)b->k + side;
    b->out = (double *)b->v + side;
    fill_numbers(b->q, 2 * pairs + 3 * side);
    measure_devices(b, p, &found);
    if (!found)
        return ATTPOOL_E_BACKEND;
    attpool_options of_cpu = *options;
    of_cpu.backend = "auto";
    attpool_status st = ap_context_open(&of_cpu, &b->context, OPEN_USUAL, NULL);
    if (st != ATTPOOL_OK)
        return st;
    st = measure_rates(b, 0, 0, p->cpu_rate);
    if (st == ATTPOOL_OK)
        ap_profile_write(&b->context->engine, p);
    attpool_close(b->context);
    return st;
}

attpool_status attpool_tune(const attpool_options *options, attpool_tune_result *result)
{
    struct bench b = { .q = NULL };
    struct profile p = { .launch = 0 };
    struct engine e = { .verbose = -1 };
    struct float_env env;
    attpool_options o;
    if (!result)
        return ATTPOOL_E_CONTEXT;
    if (!ap_take_options(&e, "attpool_options", &o, sizeof o, options))
        return ATTPOOL_E_OPTIONS;
    float_env_enter(&env);
    attpool_status st = tune(&b, &o, &p);
    float_env_leave(&env);
    free(b.q);
    *result = (attpool_tune_result){ .launch = p.launch, .transfer = p.transfer };
    memcpy(result->backend, p.backend, sizeof result->backend);
    memcpy(result->device, p.device, sizeof result->device);
    for (int type = 0; type < TYPES; type++) {
        result->rate[type] = p.rate[WORK_POOL][type];
        result->cpu_rate[type] = p.cpu_rate[WORK_POOL][type];
    }
    return st;
}
