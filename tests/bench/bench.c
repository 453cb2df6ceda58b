/* SPDX-License-Identifier: Apache-2.0 */
/* Times attpool and other libraries in turn. tests/bench/run calls it. */
#include "tests/bench/bench.h"

#include "tools/command/report.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_THREADS = 4, MOST_RESULTS = 100 };

struct settings {
    const char *text, *plugins, *python, *script, *folder, *results;
    int threads[MOST_THREADS], runs;
    double least, most; /* seconds of a sample, and of all of a candidate's */
    bool quick, processor_time;
};

static bool is_wanted(const struct settings *s, const struct bench_case *c)
{
    return (c->with & BENCH_OWN) == 0 && (s->text == NULL || strstr(c->name, s->text) != NULL) &&
           (!s->quick || (c->with & BENCH_QUICK) != 0);
}

/* Threads of OpenMP and OpenBLAS wait in a loop for a while before they sleep. */
static void let_threads_sleep(const struct candidates *all)
{
    if (all->threads > 1)
        nanosleep(&(struct timespec){ .tv_nsec = 30000000 }, NULL);
}

static void time_once(const struct settings *s, struct candidates *all, int i)
{
    struct candidate *c = all->at[i];
    if (!c->has || c->samples >= ROUNDS ||
        (c->samples > 0 && c->sample[0] * c->calls * c->samples > s->most))
        return;
    if (c->calls == 0) {
        double once = candidate_time(c, 1);
        c->calls = bench_calls(once, s->least);
        /* Warm by now, and too long to be done again. */
        if (once > s->most)
            c->sample[c->samples++] = once;
        let_threads_sleep(all);
        return;
    }
    /* Sleeping threads and caches with others' data should not affect the comparison. */
    if (c->calls >= 4)
        (void)candidate_time(c, c->calls / 4);
    c->sample[c->samples++] = candidate_time(c, c->calls);
    let_threads_sleep(all);
}

/* One round to learn how long a call takes, then samples. */
static void time_candidates(const struct settings *s, struct candidates *all)
{
    for (int round = 0; round <= ROUNDS; round++)
        for (int i = 0; i < all->count; i++)
            time_once(s, all, round % 2 == 0 ? i : all->count - 1 - i);
}

struct run {
    struct candidates all;
    struct bench_limits limits;
    struct result results[MOST_RESULTS];
    size_t count;
    json_t *json;
};

static int run_case(const struct settings *s, struct run *run, const struct run *one,
                    const struct bench_case *c, struct error *e)
{
    struct bench_data data;
    int st = bench_data_new(&data, c, bench_single(c, PRECISION_DEFAULT), e);
    if (st == CMD_OK && (st = candidates_begin(&run->all, &data, e)) == CMD_OK) {
        time_candidates(s, &run->all);
        struct result *r = &run->results[run->count];
        *r = result_of(&run->all, &data, &run->limits);
        report_row(&run->all, r, run->results, run->count, one != NULL ? one->results : NULL,
                   one != NULL ? one->count : 0);
        json_array_append_new(run->json, report_json(&run->all, r));
        run->count++;
        candidates_end(&run->all);
    }
    bench_data_free(&data);
    return st;
}

static int open_us(struct run *run, struct error *e)
{
    struct candidate *us = calloc(1, sizeof *us);
    char message[200] = "";
    attpool_options options = { .threads = run->all.threads,
                                .message = message,
                                .message_size = sizeof message };
    if (us == NULL)
        return error_memory(e, sizeof *us);
    run->all.at[run->all.count++] = us;
    if (attpool_open(&options, &us->context) != ATTPOOL_OK)
        return error_set(e, CMD_BACKEND, "%s", message);
    snprintf(us->name, sizeof us->name, "attpool");
    snprintf(us->version, sizeof us->version, "%s %s", attpool_version(),
             attpool_backend_name(us->context));
    return CMD_OK;
}

static int run_all(const struct settings *s, struct run *run, const struct run *one,
                   struct error *e)
{
    int st = open_us(run, e);
    if (st != CMD_OK)
        return st;
    candidates_open(&run->all, s->plugins, s->python, s->script);
    bench_measure(&run->limits, run->all.threads, (size_t)512 << 20);
    report_head(&run->all, &run->limits);
    run->json = json_array();
    for (size_t i = 0; st == CMD_OK && i < bench_case_count; i++)
        if (is_wanted(s, &bench_cases[i]) && run->count < MOST_RESULTS)
            st = run_case(s, run, one, &bench_cases[i], e);
    return st;
}

static json_t *json_of(const struct run *run)
{
    json_t *versions = json_object();
    for (int i = 0; i < run->all.count; i++)
        json_object_set_new(versions, run->all.at[i]->name, json_string(run->all.at[i]->version));
    return json_pack("{s:i, s:f, s:f, s:f, s:o, s:s, s:O}", "threads", run->all.threads,
                     "gflops_f32", run->limits.gflops[0], "gflops_f64", run->limits.gflops[1],
                     "read", run->limits.read, "versions", versions, "lacking", run->all.lacking,
                     "cases", run->json);
}

static int write_results(const struct settings *s, json_t *all, struct error *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/bench.json", s->results);
    return json_write(path, all, e);
}

/* Two numbers of threads would make the processes of the first compete with the second. */
static int bench(const struct settings *s, struct error *e)
{
    static struct run runs[MOST_THREADS];
    json_t *all = json_array();
    int st = CMD_OK;
    for (int i = 0; st == CMD_OK && i < s->runs; i++) {
        struct run *run = &runs[i];
        run->all.threads = s->threads[i];
        run->all.folder = s->folder;
        st = run_all(s, run, i > 0 && runs[0].all.threads == 1 ? &runs[0] : NULL, e);
        if (run->json != NULL)
            json_array_append_new(all, json_of(run));
        candidates_close(&run->all);
        if (st == CMD_OK)
            st = write_results(s, all, e);
        if (st == CMD_OK)
            st = figures_draw(run->json, s->threads[i], s->results, e);
        json_decref(run->json);
    }
    json_decref(all);
    return st;
}

static int read_threads(struct settings *s, const char *text, struct error *e)
{
    struct integers threads = { 0 };
    int st = integers_read("--threads", text, 1, &threads, e);
    s->runs = 0;
    for (size_t i = 0; st == CMD_OK && i < threads.count && i < MOST_THREADS; i++)
        s->threads[s->runs++] = (int)threads.value[i];
    free(threads.value);
    return st;
}

/* The options of tests/bench/run, and the places that it chose. */
static int read_settings(struct settings *s, int argc, char **argv, struct error *e)
{
    static const struct option options[] = {
        { "op", required_argument, NULL, 'o' },     { "threads", required_argument, NULL, 't' },
        { "quick", no_argument, NULL, 'q' },        { "plugins", required_argument, NULL, 'p' },
        { "python", required_argument, NULL, 'y' }, { "script", required_argument, NULL, 's' },
        { "folder", required_argument, NULL, 'f' }, { "results", required_argument, NULL, 'r' },
        { "cpu-time", no_argument, NULL, 'c' },     { NULL, 0, NULL, 0 },
    };
    int option, st = CMD_OK;
    while (st == CMD_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char **text[] = { ['o'] = &s->text,   ['p'] = &s->plugins, ['y'] = &s->python,
                                ['s'] = &s->script, ['f'] = &s->folder,  ['r'] = &s->results };
        if (option == 't')
            st = read_threads(s, optarg, e);
        else if (option == 'q')
            s->quick = true;
        else if (option == 'c')
            s->processor_time = true;
        else if (option == '?')
            st = error_set(e, CMD_USAGE, "see tests/bench/run --help");
        else
            *text[option] = optarg;
    }
    return st;
}

int main(int argc, char **argv)
{
    struct error e = { 0 };
    struct settings s = {
        .plugins = ".",
        .python = "",
        .script = "",
        .folder = ".",
        .results = ".",
        .threads = { 1, 2 },
        .runs = 2,
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (read_settings(&s, argc, argv, &e) == CMD_OK) {
        if (s.processor_time) {
            bench_use_processor_time();
            setenv("BENCH_CPU_TIME", "1", 1);
            s.runs = 1;
            s.threads[0] = 1;
        }
        s.least = s.quick ? 0.002 : 0.02;
        s.most = s.quick ? 0.2 : 6;
        bench(&s, &e);
    }
    return error_print(&e);
}
