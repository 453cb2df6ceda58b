/* SPDX-License-Identifier: Apache-2.0 */
/* Results: the table in Markdown, and everything in JSON. */
#include "tests/bench/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double report_tolerance(const struct bench_case *c, bool single)
{
    /* A key whose distance is the bandwidth but for a rounding is inside for one and outside for
     * another, and a step of the boxcar is not small. */
    if (c->kernel == ATTPOOL_BOXCAR)
        return 1e-2;
    return single ? 2e-5 : 1e-11;
}

static bool agrees(const struct candidate *x, const struct result *r)
{
    return x->difference <= report_tolerance(r->c, r->single);
}

static struct bench_summary summary_of(const struct candidate *x)
{
    double sample[ROUNDS];
    memcpy(sample, x->sample, sizeof sample);
    return bench_summarise(sample, x->samples);
}

/* Round by round, so that what slows down a shared machine for a while is in both. */
static struct bench_summary ratio_of(const struct candidate *x, const struct candidate *us)
{
    double ratio[ROUNDS];
    int count = x->samples < us->samples ? x->samples : us->samples;
    for (int i = 0; i < count; i++)
        ratio[i] = x->sample[i] / us->sample[i];
    return bench_summarise(ratio, count);
}

struct result result_of(const struct candidates *all, const struct bench_data *data,
                        const struct bench_limits *limits)
{
    const struct candidate *us = all->at[0];
    struct bench_summary t = summary_of(us);
    struct result r = {
        .c = data->c,
        .single = data->single,
        .seconds = t.median,
        .rate = bench_rate(data->c, data->single, t.median),
        .spread = (t.high - t.low) / t.median / 2,
        .limit = bench_limit(data->c, data->single, limits),
    };
    double least = (double)INFINITY;
    r.rivals = (double)NAN;
    for (int i = 1; i < all->count; i++) {
        const struct candidate *x = all->at[i];
        if (!x->has || x->samples == 0 || !agrees(x, &r))
            continue;
        if (r.c->rival != NULL && strcmp(x->name, r.c->rival) == 0)
            r.rivals = ratio_of(x, us).median;
        if (summary_of(x).median >= least)
            continue;
        r.best = x;
        least = summary_of(x).median;
    }
    if (r.best != NULL) {
        r.best_rate = bench_rate(r.c, r.single, least);
        r.ratio = ratio_of(r.best, us);
    }
    return r;
}

void report_head(const struct candidates *all, const struct bench_limits *limits)
{
    printf("\n%d thread%s: multiply-adds %.1f GFLOP/s (f32), %.1f (f64); memory %.1f GB/s\n",
           all->threads, all->threads > 1 ? "s" : "", limits->gflops[0], limits->gflops[1],
           limits->read);
    for (int i = 0; i < all->count; i++)
        printf("- %s %s\n", all->at[i]->name, all->at[i]->version);
    printf("- lacking: %s\n\n", all->lacking[0] != '\0' ? all->lacking : "nothing");
    printf("| %-34s | %-8s | %8s | %6s | %5s | %-13s | %8s | %6s | %-12s | %-3s | %s\n", "case",
           "unit", "attpool", "spread", "limit", "best peer", "its", "x", "target", "met",
           "all peers |");
    printf("|---|---|--:|--:|--:|---|--:|--:|---|---|---|\n");
}

static const struct result *find(const struct result *results, size_t count, const char *name)
{
    for (size_t i = 0; name != NULL && i < count; i++)
        if (strcmp(results[i].c->name, name) == 0)
            return &results[i];
    return NULL;
}

struct verdict {
    char target[40];
    int met; /* 0, 1; -1: there is no target, or nothing to hold against it */
};

static void judge(struct verdict *v, bool met, const char *format, double value)
{
    size_t used = strlen(v->target);
    if (used > 0)
        used += (size_t)snprintf(v->target + used, sizeof v->target - used, ", ");
    snprintf(v->target + used, sizeof v->target - used, format, value);
    v->met = v->met != 0 && met;
}

/* For one thread what the table of cases says; else that two are nearly twice as fast. */
static struct verdict verdict_of(const struct result *r, const struct result *plain,
                                 const struct result *one, int threads)
{
    const int narrow = bench_has_avx512() ? 0 : 1;
    const double target = r->c->target[narrow], part = r->c->of_limit[narrow];
    const bool bound = r->c->with & (BENCH_MEMORY | BENCH_CALL) || r->c->operation == BENCH_SOFTMAX;
    struct verdict v = { "", -1 };
    if (one != NULL && !bound)
        judge(&v, one->seconds / r->seconds >= 0.95 * threads, "%.1f x one", 0.95 * threads);
    if (threads > 1)
        return v;
    if (target > 0 && r->c->rival != NULL && !isnan(r->rivals)) {
        judge(&v, r->rivals >= target, "%.0f x ", target);
        snprintf(v.target + strlen(v.target), sizeof v.target - strlen(v.target), "%s (%.1f)",
                 r->c->rival, r->rivals);
    } else if (target > 0 && r->c->rival == NULL && r->best != NULL) {
        judge(&v, r->ratio.median >= target, "%.2f x", target);
    }
    if (part > 0 && r->c->with & BENCH_CALL)
        judge(&v, r->rate <= part, "<= %.2f us", part);
    else if (part > 0 && r->c->plain != NULL && plain != NULL)
        judge(&v, plain->rate / r->rate <= part, "time <= %.2f", part);
    else if (part > 0 && r->c->plain == NULL && !isnan(r->limit))
        judge(&v, r->rate / r->limit >= part, "%.0f %% lim", 100 * part);
    return v;
}

/* "OpenBLAS 91.2, numpy 90.4 (differs 1e-3)", the best first. */
static void print_peers(const struct candidates *all, const struct result *r)
{
    bool done[MOST_PEERS] = { true };
    for (int k = 1; k < all->count; k++) {
        int next = 0;
        for (int i = 1; i < all->count; i++)
            if (!done[i] && all->at[i]->has && all->at[i]->samples > 0 &&
                (next == 0 || summary_of(all->at[i]).median < summary_of(all->at[next]).median))
                next = i;
        if (next == 0)
            break;
        const struct candidate *x = all->at[next];
        done[next] = true;
        printf("%s%s %.3g", k > 1 ? ", " : "", x->name,
               bench_rate(r->c, r->single, summary_of(x).median));
        if (!agrees(x, r))
            printf(" (differs by %.1g)", x->difference);
    }
    printf(" |\n");
}

void report_row(const struct candidates *all, const struct result *r, const struct result *earlier,
                size_t count, const struct result *one, size_t one_count)
{
    const struct result *plain = find(earlier, count, r->c->plain);
    const struct verdict v = verdict_of(r, plain, find(one, one_count, r->c->name), all->threads);
    char limit[16] = "", its[16] = "", ratio[16] = "";
    if (r->c->plain != NULL && plain != NULL)
        snprintf(limit, sizeof limit, "%.2f", plain->rate / r->rate);
    else if (r->c->plain == NULL && !isnan(r->limit))
        snprintf(limit, sizeof limit, "%.0f %%", 100 * r->rate / r->limit);
    if (r->best != NULL) {
        snprintf(its, sizeof its, "%.3g", r->best_rate);
        snprintf(ratio, sizeof ratio, "%.2f", r->ratio.median);
    }
    printf("| %-34s | %-8s | %8.3g | %4.1f %% | %5s | %-13s | %8s | %6s | %-12s | %-3s | ",
           r->c->name, bench_unit(r->c), r->rate, 100 * r->spread, limit,
           r->best != NULL ? r->best->name : "", its, ratio, v.target,
           v.met < 0 ? ""
           : v.met   ? "yes"
                     : "no");
    print_peers(all, r);
}

static json_t *samples_of(const struct candidate *x)
{
    json_t *seconds = json_array();
    for (int i = 0; i < x->samples; i++)
        json_array_append_new(seconds, json_real(x->sample[i]));
    return seconds;
}

json_t *report_json(const struct candidates *all, const struct result *r)
{
    json_t *each = json_array();
    for (int i = 0; i < all->count; i++) {
        const struct candidate *x = all->at[i];
        if (!x->has || x->samples == 0)
            continue;
        double rate = bench_rate(r->c, r->single, summary_of(x).median);
        json_array_append_new(
            each, json_pack("{s:s, s:f, s:f, s:b, s:i, s:o}", "name", x->name, "rate", rate,
                            "difference", isfinite(x->difference) ? x->difference : 1e300, "agrees",
                            i == 0 || agrees(x, r), "calls", x->calls, "seconds", samples_of(x)));
    }
    json_t *result =
        json_pack("{s:s, s:s, s:s, s:s, s:f, s:f, s:o}", "case", r->c->name, "operation",
                  bench_operation_name(r->c->operation), "unit", bench_unit(r->c), "precision",
                  r->single ? "f32" : "f64", "work", bench_work(r->c, r->single), "tolerance",
                  report_tolerance(r->c, r->single), "candidates", each);
    if (r->best != NULL)
        json_object_update_new(result, json_pack("{s:s, s:f, s:f, s:f}", "best", r->best->name,
                                                 "ratio", r->ratio.median, "ratio_low",
                                                 r->ratio.low, "ratio_high", r->ratio.high));
    return result;
}
