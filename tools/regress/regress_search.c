/* SPDX-License-Identifier: Apache-2.0 */
/* Bandwidths by a score: a grid, narrowed down about its least score, then rounded. */
#include "tools/regress/regress_search.h"

#include "backends/kernels.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRID = 40, NARROWINGS = 6, NARROW = 3, DEFAULT_ROWS = 20000 };

/* Factors that differ by rounding alone. */
#define SAME 1e-9

/* ---- the grid ---- */

/* More points between the neighbours of the best one. */
static int narrow(struct search *s, const struct sample *rows, const struct numbers *h,
                  struct error *e)
{
    const struct regress_selection *c = &s->fit->selection;
    const size_t best = search_best(c);
    const double low = c->point[best > 0 ? best - 1 : 0].factor;
    const double high = c->point[best + 1 < c->points ? best + 1 : best].factor;
    double all[NARROW + 2], factors[NARROW];
    size_t count = 0;
    search_geometric(low, high, NARROW + 2, all);
    for (int k = 1; k <= NARROW; k++)
        if (all[k] > low && all[k] < high && fabs(all[k] / c->point[best].factor - 1) > SAME)
            factors[count++] = all[k];
    return count > 0 ? search_curve(s, rows, h, count, factors, e) : CMD_OK;
}

/* No bandwidth is better than another, as of two rows or of one class. */
static bool all_same(const struct regress_selection *c, size_t best)
{
    for (size_t k = 0; k < c->points; k++)
        if (isfinite(c->point[k].score) &&
            c->point[k].score - c->point[best].score > SAME * fabs(c->point[best].score))
            return false;
    return true;
}

/* What the least score at twice the range says of the data. */
static const char *widest_means(const struct search *s)
{
    const bool density = s->o->cv == ATTPOOL_CRITERION_LIKELIHOOD;
    return s->fit->choice->steps > 0 || density || s->far ? ""
           : s->o->degree == 1 ? "; the fit is close to one straight line"
           : s->o->classes     ? "; the classes hardly depend on x"
                               : "; y hardly depends on x";
}

/* A minimum beside bandwidths that were not looked at, or that have no score. */
static void warn_end(const struct search *s, size_t best)
{
    const struct regress_selection *c = &s->fit->selection;
    const bool wide = best + 1 == c->points;
    const struct regress_label label = regress_label_without_bandwidths(s->o, s->fit);
    if (!isfinite(c->point[best].score) || (c->points > 1 && all_same(c, best)) ||
        (best > 0 && !wide && isfinite(c->point[best - 1].score)))
        return;
    error_warn("%s%sthe least score is that of the %s bandwidth looked at%s", label.text,
               label.text[0] != '\0' ? ": " : "", wide ? "widest" : "narrowest",
               wide ? widest_means(s)
               : best > 0 || c->point[best].factor <= c->least * (1 + SAME)
                   ? " that predicts every row"
                   : "");
}

/* ---- one column ---- */

static bool is_compact(const struct search *s)
{
    for (size_t k = 0; k < s->fit->kernels->count; k++)
        if (kernel_is_compact((int)s->fit->kernels->name[k]))
            return true;
    return false;
}

/* One that is certain to be wider than the gap, in float32 too. */
static double beyond(const struct search *s, double gap)
{
    return gap * (1 + (s->fit->group->single ? 0x1p-20 : 0x1p-40));
}

/* From which on a kernel reaches another row from each one. */
static int least_in_reach(const struct search *s, const struct sample *rows, double *h,
                          struct error *e)
{
    double gap = 0;
    int st = CMD_OK;
    if (is_compact(s) && s->o->adaptive.method == ADAPTIVE_NONE)
        st = sample_gap(s->fit->group, rows, &gap, e);
    *h = beyond(s, gap);
    return st;
}

static int narrowest(const struct search *s, double *h, struct error *e)
{
    const int st = search_narrowest(s, &s->sorted, 0, h, e);
    *h = fmax(*h, s->fit->selection.least);
    return st;
}

/* Between the neighbours of the best, again and again. */
static int narrow_down(struct search *s, const struct sample *rows, struct error *e)
{
    const struct numbers one = { (double[]){ 1 }, 1 };
    int st = CMD_OK;
    for (int k = 0; k < NARROWINGS && st == CMD_OK; k++)
        st = narrow(s, rows, &one, e);
    return st;
}

static int search_one(struct search *s, double *h, bool *at_top, struct error *e)
{
    const struct bandwidth_choice *choice = s->fit->choice;
    const struct numbers one = { (double[]){ 1 }, 1 };
    double start = choice->start, stop = choice->stop;
    size_t count = (size_t)choice->steps;
    int st = least_in_reach(s, &s->sorted, &s->fit->selection.least, e);
    if (count == 0 && st == CMD_OK) {
        st = narrowest(s, &start, e);
        stop = 2 * s->range[0];
        count = GRID;
    }
    if (st == CMD_OK)
        st = search_grid(s, &s->sorted, &one, start, stop, count, e);
    if (st != CMD_OK)
        return st;
    const size_t coarse = search_best(&s->fit->selection);
    *at_top = coarse + 1 == s->fit->selection.points;
    warn_end(s, coarse);
    if (choice->steps == 0)
        st = narrow_down(s, &s->sorted, e);
    const struct regress_point *best = &s->fit->selection.point[search_best(&s->fit->selection)];
    *h = best->factor;
    s->found = best->score;
    return st;
}

/* What the distances of neighbours are multiplied by. */
static int search_multiple(struct search *s, double *h, bool *at_top, struct error *e)
{
    const struct bandwidth_choice *choice = s->fit->choice;
    const struct numbers one = { (double[]){ 1 }, 1 };
    const bool own = choice->steps > 0;
    const struct regress_selection *c = &s->fit->selection;
    int st = search_grid(s, &s->rows, &one, own ? choice->start : 0.05, own ? choice->stop : 50,
                         own ? (size_t)choice->steps : GRID, e);
    if (st != CMD_OK)
        return st;
    *at_top = search_best(c) + 1 == c->points;
    if (!own)
        st = narrow_down(s, &s->rows, e);
    for (size_t i = 0; i < s->fit->group->d; i++)
        h[i] = c->point[search_best(c)].factor;
    return st;
}

/* ---- rounding ---- */

enum { DIGITS = 4, MOST_DIGITS = 13 };

/* Of scores that are as good. */
#define NEAR 0.005

/* Up but for what rounding may have added. */
static double round_up(double h, int digits)
{
    h *= 1 - 0x1p-46;
    char text[40];
    snprintf(text, sizeof text, "%.*e", digits - 1, h);
    double rounded = strtod(text, NULL);
    if (rounded >= h)
        return rounded;
    const int exponent = atoi(strchr(text, 'e') + 1) - (digits - 1);
    const long long number = llround(rounded / pow(10, exponent)) + 1;
    snprintf(text, sizeof text, "%llde%d", number, exponent);
    return strtod(text, NULL);
}

/* Rounded bandwidths, and the best of those looked at. */
struct rounding {
    struct numbers *h;
    double *found, *best; /* [h->count] */
    double score;         /* of the best */
    size_t *without;
};

/* Their score, and whether it is not far above that of the ones found. */
static int judge_rounded(struct search *s, struct rounding *r, bool *fine, struct error *e)
{
    double *score = &s->fit->selection.score;
    const int st = search_score(s, &s->rows, r->h, score, r->without, NULL, e);
    if (!(*score >= r->score)) {
        r->score = *score;
        memcpy(r->best, r->h->value, r->h->count * sizeof *r->best);
    }
    *fine = !(*score - s->found > NEAR * fabs(s->found));
    return st;
}

/* Where the score hangs on the last digit, narrower ones that were looked at and are as good. */
static int round_narrower(struct search *s, struct rounding *r, bool *fine, struct error *e)
{
    enum { MOST_TRIED = 12 };
    const struct regress_selection *c = &s->fit->selection;
    const size_t best = search_best(c);
    int st = CMD_OK;
    for (size_t k = 1; k <= MOST_TRIED && k <= best && !*fine && st == CMD_OK; k++) {
        if (c->point[best - k].score - s->found > NEAR * fabs(s->found))
            break;
        r->h->value[0] = round_up(c->point[best - k].factor, DIGITS);
        st = judge_rounded(s, r, fine, e);
    }
    return st;
}

/* To 4 digits, or to more where those cross a jump of the score: another row comes into reach, or
 * the data in reach of one determine a line. */
static int round_found(struct search *s, struct numbers *h, size_t *without, struct error *e)
{
    const size_t bytes = h->count * sizeof *h->value;
    void *memory;
    int st = array_new(&memory, 2 * h->count, sizeof *h->value, e);
    if (st != CMD_OK)
        return st;
    struct rounding r = { h, memory, (double *)memory + h->count, HUGE_VAL, without };
    memcpy(r.found, h->value, bytes);
    memcpy(r.best, h->value, bytes);
    bool fine = false;
    for (int digits = DIGITS; digits <= MOST_DIGITS && !fine && st == CMD_OK; digits += 3) {
        for (size_t i = 0; i < h->count; i++)
            h->value[i] = round_up(r.found[i], digits);
        st = judge_rounded(s, &r, &fine, e);
    }
    if (st == CMD_OK && !fine && h->count == 1)
        st = round_narrower(s, &r, &fine, e);
    if (st == CMD_OK && !fine) {
        memcpy(h->value, r.best, bytes);
        st = judge_rounded(s, &r, &fine, e);
    }
    free(memory);
    return st;
}

/* Wider until each row has a prediction. */
static int settle(struct search *s, struct numbers *h, struct error *e)
{
    enum { MOST_RAISES = 400 };
    size_t without = 0;
    int st = round_found(s, h, &without, e);
    for (int k = 0; k < MOST_RAISES && st == CMD_OK && without > 0 && is_compact(s); k++) {
        s->raised = true;
        for (size_t i = 0; i < h->count; i++)
            h->value[i] = round_up(h->value[i] * 1.02, DIGITS);
        st = search_score(s, &s->rows, h, &s->fit->selection.score, &without, NULL, e);
    }
    return st;
}

static void warn_raised(const struct search *s)
{
    const struct bandwidth_choice *choice = s->fit->choice;
    const struct regress_label label = regress_label_without_bandwidths(s->o, s->fit);
    const bool several = s->fit->group->d > 1;
    char text[400], none[100] = "";
    if (!s->raised)
        return;
    if (choice->steps > 0)
        snprintf(none, sizeof none, "; none %sfrom %.6g to %.6g does",
                 several ? "by a factor " : "", choice->start, choice->stop);
    regress_bandwidths_text(s->fit, text, sizeof text);
    error_warn("%s%s%s %s every row%s%s", label.text, label.text[0] != '\0' ? ": " : "", text,
               several ? "are raised to predict" : "is the narrowest that predicts",
               choice->method == BANDWIDTH_AICC ? " from the others" : "", none);
}

/* ---- the whole ---- */

size_t search_most_rows(const struct regress_options *o)
{
    return o->cv_rows == 0 ? DEFAULT_ROWS : o->cv_rows > INT32_MAX ? SIZE_MAX : (size_t)o->cv_rows;
}

double regress_search_pairs(const struct regress_options *o, const struct regress_fit *fit)
{
    const double rows = fmin((double)fit->group->m, (double)search_most_rows(o));
    const double steps = (double)fit->choice->steps;
    if (!bandwidth_is_searched(fit->choice) || !kernels_have_bandwidth(fit->kernels))
        return 0;
    if (fit->group->d > 1)
        return search_columns_pairs(fit, rows);
    return (steps > 0 ? steps + 1 : GRID + NARROWINGS * (NARROW - 1) + 1) * rows * rows;
}

static int find_ranges(struct search *s, struct error *e)
{
    const struct regress_group *g = s->fit->group;
    void *memory;
    int st = array_new(&memory, g->d, sizeof *s->range, e);
    s->range = memory;
    for (size_t c = 0; st == CMD_OK && c < g->d; c++) {
        double least = HUGE_VAL, most = -HUGE_VAL;
        for (size_t j = 0; j < g->m; j++)
            if (case_weight(g, j) > 0) {
                least = fmin(least, g->columns[c][j]);
                most = fmax(most, g->columns[c][j]);
            }
        s->range[c] = most - least;
        const double limit = g->single ? (double)FLT_MAX : DBL_MAX;
        const bool large = 2 * s->range[c] > limit, small = LEAST_PART / s->range[c] > limit;
        if (large || (small && s->fit->choice->steps == 0))
            st = error_at(e, s->t->data.file, 0, 0,
                          "column %s: its range is too %s for a search, %s it by a number",
                          quoted_name(s->t->x_names[c]).text, large ? "large" : "small",
                          large ? "divide" : "multiply");
    }
    return st;
}

/* Some values may lie so far from the others that the range says nothing of these. */
static int warn_far(struct search *s, struct error *e)
{
    const struct regress_group *g = s->fit->group;
    void *column;
    const int st = array_new(&column, s->rows.m, real_size(g->single), e);
    for (size_t c = 0; c < g->d && st == CMD_OK; c++) {
        const double least = s->range[c] / LEAST_PART, h = search_rule_of(s, c, column);
        if (2 * h >= least)
            continue;
        s->far = true;
        error_warn("%s%scolumn %s has values far from the others: no bandwidth below %.4g, its "
                   "range / %d, is looked at, and Silverman's rule says %.4g; leave them out, "
                   "or give --bandwidth%s",
                   g->label != NULL ? g->label : "", g->label != NULL ? ": " : "",
                   quoted_name(s->t->x_names[c]).text, least, LEAST_PART, h,
                   g->d > 1 ? "" : " START:STOP:N");
    }
    free(column);
    return st;
}

static int begin_search(struct search *s, struct error *e)
{
    enum { FEWEST_ROWS = 3 };
    const struct regress_group *g = s->fit->group;
    if (search_most_rows(s->o) < FEWEST_ROWS)
        return error_set(e, CMD_USAGE, "--cv-rows: %zu rows are too few", search_most_rows(s->o));
    int st = sample_take(g, search_most_rows(s->o), s->o->seed, &s->rows, e);
    if (st == CMD_OK && g->d == 1)
        st = sample_sort(g, &s->rows, &s->sorted, e);
    if (st == CMD_OK)
        st = find_ranges(s, e);
    if (st == CMD_OK && s->rows.m < g->m)
        error_note("%s%s--bandwidth %s looks at %zu of %zu rows (see --cv-rows)",
                   g->label != NULL ? g->label : "", g->label != NULL ? ": " : "",
                   bandwidth_choice_name(s->fit->choice), s->rows.m, g->m);
    s->fit->selection.rows = s->rows.m;
    if (st == CMD_OK && s->fit->choice->steps == 0 && s->o->adaptive.method != ADAPTIVE_KNN)
        st = warn_far(s, e);
    return st;
}

/* From the rows looked at to all of them, each of which a compact kernel needs another one for. */
static int widen_to_all(struct search *s, bool at_top, struct error *e)
{
    const struct regress_group *g = s->fit->group;
    struct numbers *h = &s->fit->chosen;
    const struct sample all = { .m = g->m, .x = g->x, .y = g->y, .a = g->a };
    const double scale = pow((double)s->rows.m / (double)g->m, 1.0 / ((double)g->d + 4));
    double least = 0;
    const bool scales = !at_top && s->rows.m < g->m;
    s->fit->selection.scale = scales ? scale : 1;
    for (size_t c = 0; c < g->d; c++)
        h->value[c] *= s->fit->selection.scale;
    if (scales)
        s->found = HUGE_VAL;
    const int st = g->d == 1 ? least_in_reach(s, &all, &least, e) : CMD_OK;
    s->raised = h->value[0] < least;
    h->value[0] = fmax(h->value[0], least);
    return st;
}

static const char *why_no_score(const struct search *s)
{
    const struct regress_selection *c = &s->fit->selection;
    for (size_t k = 0; k < c->points; k++)
        if (c->point[k].without == 0)
            return s->fit->choice->method == BANDWIDTH_AICC ? "; there are too few rows for it"
                                                            : "";
    return s->fit->choice->steps > 0 ? "; they are too narrow to predict every row" : "";
}

static int no_score(const struct search *s, struct error *e)
{
    const struct regress_group *g = s->fit->group;
    return error_at(
        e, s->t->data.file, 0, 0, "%s%s--bandwidth %s: no bandwidth looked at has a finite score%s",
        g->label != NULL ? quoted_name(g->label).text : "", g->label != NULL ? ": " : "",
        bandwidth_choice_name(s->fit->choice), why_no_score(s));
}

int regress_search(const struct regress_options *o, const struct regress_tables *t,
                   struct regress_fit *fit, struct session *session, struct error *e)
{
    struct search s = { .o = o,
                        .t = t,
                        .fit = fit,
                        .session = session,
                        .done = session->done,
                        .share = session->share,
                        .planned = regress_search_pairs(o, fit),
                        .found = HUGE_VAL };
    bool at_top = false;
    int st = begin_search(&s, e);
    if (st == CMD_OK)
        st = o->adaptive.method == ADAPTIVE_KNN ? search_multiple(&s, fit->chosen.value, &at_top, e)
             : fit->group->d == 1               ? search_one(&s, fit->chosen.value, &at_top, e)
                                                : search_columns(&s, fit->chosen.value, e);
    if (st == CMD_OK)
        st = widen_to_all(&s, at_top, e);
    if (st == CMD_OK)
        st = settle(&s, &fit->chosen, e);
    if (st == CMD_OK && !isfinite(fit->selection.score))
        st = no_score(&s, e);
    else if (st == CMD_OK)
        warn_raised(&s);
    sample_free(&s.rows);
    sample_free(&s.sorted);
    free(s.range);
    return st;
}
