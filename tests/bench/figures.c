/* SPDX-License-Identifier: Apache-2.0 */
/* A figure for each operation and unit: groups of bars, a group a case, a bar a library; and one of
 * all cases, each with the ratio to the best of the others. */
#include "tests/bench/bench.h"

#include "tools/plot/run_gnuplot.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BARS = MOST_PEERS };

struct figure {
    const char *operation, *unit;
    const char *bar[MOST_BARS];
    int bars;
};

static bool belongs(const struct figure *f, const json_t *result)
{
    return strcmp(json_string_value(json_object_get(result, "operation")), f->operation) == 0 &&
           strcmp(json_string_value(json_object_get(result, "unit")), f->unit) == 0;
}

static double rate_of(const json_t *result, const char *name)
{
    size_t i;
    json_t *x;
    json_array_foreach(json_object_get(result, "candidates"), i,
                       x) if (strcmp(json_string_value(json_object_get(x, "name")), name) ==
                              0) return json_real_value(json_object_get(x, "rate"));
    return 0;
}

static void find_bars(struct figure *f, const json_t *results)
{
    size_t i, j;
    json_t *result, *x;
    json_array_foreach(results, i, result)
    {
        if (!belongs(f, result))
            continue;
        json_array_foreach(json_object_get(result, "candidates"), j, x)
        {
            const char *name = json_string_value(json_object_get(x, "name"));
            int k = 0;
            while (k < f->bars && strcmp(f->bar[k], name) != 0)
                k++;
            if (k == f->bars && k < MOST_BARS)
                f->bar[f->bars++] = name;
        }
    }
}

/* Names have letters, digits, dots and blanks: nothing that gnuplot's quotes would mind. */
static void write_script(FILE *out, const struct figure *f, const json_t *results, int threads)
{
    size_t i;
    json_t *result;
    int cases = 0;
    fprintf(out, "$d << END\ncase");
    for (int k = 0; k < f->bars; k++)
        fprintf(out, " \"%s\"", f->bar[k]);
    json_array_foreach(results, i, result)
    {
        if (!belongs(f, result))
            continue;
        cases++;
        fprintf(out, "\n\"%s\"",
                json_string_value(json_object_get(result, "case")) + strlen(f->operation) + 1);
        for (int k = 0; k < f->bars; k++) {
            double rate = rate_of(result, f->bar[k]);
            fprintf(out, rate > 0 ? " %g" : " NaN", rate);
        }
    }
    fprintf(out,
            "\nEND\nset terminal svg size %d,420 noenhanced font 'sans,12' background 'white'\n"
            "set title '%s, %s, %d thread%s'\nset style data histogram\n"
            "set style histogram clustered gap 1\nset style fill solid 0.8 noborder\n"
            "set xtics rotate by 25 right nomirror\nset grid ytics\nset yrange [0:*]\n"
            "set key outside right\nset key autotitle columnhead\n"
            "plot for [i=2:%d] $d using i:xtic(1)\n",
            400 + 10 * cases * (f->bars + 2), f->operation, f->unit, threads,
            threads > 1 ? "s" : "", f->bars + 1);
}

static int draw(const struct figure *f, const json_t *results, int threads, const char *folder,
                struct error *e)
{
    char path[4096], *script = NULL;
    size_t length = 0;
    /* "GB/s" in a file's name */
    int unit = (int)strcspn(f->unit, "/");
    snprintf(path, sizeof path, "%s/%s-%.*s-%d.svg", folder, f->operation, unit, f->unit, threads);
    FILE *out = open_memstream(&script, &length);
    if (out == NULL)
        return error_memory(e, 0);
    write_script(out, f, results, threads);
    fclose(out);
    int st = run_gnuplot(script, length, f->operation, path, e);
    free(script);
    return st;
}

/* A bar a case, the spread of the ratio as a line on it. */
static void write_ratios(FILE *out, const json_t *results, int threads)
{
    size_t i;
    json_t *result, *ratio;
    int cases = 0;
    fputs("$d << END\n", out);
    json_array_foreach(results, i, result)
    {
        ratio = json_object_get(result, "ratio");
        if (ratio == NULL)
            continue;
        cases++;
        fprintf(out, "\"%s (%s)\" %g %g %g\n", json_string_value(json_object_get(result, "case")),
                json_string_value(json_object_get(result, "best")), json_real_value(ratio),
                json_real_value(json_object_get(result, "ratio_low")),
                json_real_value(json_object_get(result, "ratio_high")));
    }
    fprintf(
        out,
        "END\nset terminal svg size 860,%d noenhanced font 'sans,11' background 'white'\n"
        "set title 'times as fast as the best of the others (in brackets), %d thread%s'\nset key "
        "off\nset xrange [0:*]\nset yrange [%d-0.5:-0.5]\n"
        "set grid xtics\nset tics nomirror\nset style fill solid 0.8 noborder\n"
        "set arrow from 1, graph 0 to 1, graph 1 nohead front lc 'black' lw 1.5\n"
        "plot $d using 2:0:(0):2:($0-0.35):($0+0.35):yticlabels(1) with boxxyerror lc '#4c72b0',"
        " '' using 2:0:3:4 with xerrorbars pt 0 lc '#333333'\n",
        110 + 17 * cases, threads, threads > 1 ? "s" : "", cases);
}

static int draw_ratios(const json_t *results, int threads, const char *folder, struct error *e)
{
    char path[4096], *script = NULL;
    size_t length = 0;
    snprintf(path, sizeof path, "%s/ratios-%d.svg", folder, threads);
    FILE *out = open_memstream(&script, &length);
    if (out == NULL)
        return error_memory(e, 0);
    write_ratios(out, results, threads);
    fclose(out);
    int st = run_gnuplot(script, length, "times as fast as the best of the others", path, e);
    free(script);
    return st;
}

int figures_draw(json_t *results, int threads, const char *folder, struct error *e)
{
    size_t i, j;
    json_t *result, *earlier;
    bool compared = false;
    json_array_foreach(results, i, result) compared |= json_object_get(result, "ratio") != NULL;
    int st = compared ? draw_ratios(results, threads, folder, e) : CMD_OK;
    json_array_foreach(results, i, result)
    {
        struct figure f = {
            .operation = json_string_value(json_object_get(result, "operation")),
            .unit = json_string_value(json_object_get(result, "unit")),
        };
        bool drawn = false;
        json_array_foreach(results, j, earlier) drawn |= j < i && belongs(&f, earlier);
        find_bars(&f, results);
        if (!drawn && st == CMD_OK)
            st = draw(&f, results, threads, folder, e);
    }
    return st;
}
