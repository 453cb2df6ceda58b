/* SPDX-License-Identifier: Apache-2.0 */
/* A bandwidth for each of several columns: coarsely by one factor, then by local searches from many
 * places, since the score has several valleys where a column does not matter. */
#include "backends/philox.h"
#include "tools/regress/regress_search.h"

#include <math.h>
#include <nlopt.h>
#include <stdlib.h>
#include <string.h>

/* The searches from all starts look at START_ROWS rows, those from the best at all. */
enum {
    GRID = 40,
    START_ROWS = 1000,
    MOST_FINALS = 2,
    MOST_EVALUATIONS = 100,
    USUAL_EVALUATIONS = 25,
    DRAWS = 8,     /* places of which the best is a start */
    MOST_TIMES = 8 /* as many starts where rows are few */
};

/* A step from the coarse bandwidth to a start. */
#define START_STEP 6.0
/* Of a search from a start, in logarithms of bandwidths; of them those are the same. */
#define TOLERANCE       1e-4
#define START_TOLERANCE 1e-2 /* where another search goes on */
#define SAME            0.05

/* Of searches that know no gradient, in logarithms of bandwidths. */
#define FIRST_STEP 0.5
#define FINAL_STEP 0.1

/* A score that is not finite, in units of the first one. */
#define PENALTY 10.0

struct place {
    double *x; /* [d], logarithms of bandwidths */
    double score;
};

struct columns {
    struct search *s;
    const struct sample *rows;
    size_t d, starts;
    double *low, *high; /* [d] bounds of x */
    struct place *place;
    double *drawn;  /* [d] */
    double *memory; /* of all of these */
    struct numbers h;
    double unit; /* of the score */
    bool smooth;
    double step; /* where there is no gradient */
    struct error *e;
};

/* Few rows have room for more valleys than their searches cost. */
static size_t start_count(size_t d, double rows)
{
    const double times = START_ROWS / rows * (START_ROWS / rows);
    return (3 * d + 1) * (size_t)fmin(fmax(times, 1), MOST_TIMES);
}

double search_columns_pairs(const struct regress_fit *fit, double rows)
{
    const size_t d = fit->group->d;
    const double starts = (double)start_count(d, rows), drawn = starts - 2 * (double)d - 1;
    const double some = fmin(rows, START_ROWS);
    const double finals = some < rows ? MOST_FINALS : 0;
    if (fit->choice->steps > 0)
        return (double)(fit->choice->steps + 1) * rows * rows;
    return (GRID + starts * USUAL_EVALUATIONS + drawn * DRAWS) * some * some +
           (finals * USUAL_EVALUATIONS + 1) * rows * rows;
}

/* Has each kernel a derivative everywhere? */
static bool is_smooth(const struct kernels *kernels)
{
    for (size_t k = 0; k < kernels->count; k++)
        switch (kernels->name[k]) {
        case ATTPOOL_BOXCAR:
        case ATTPOOL_TRIANGULAR:
        case ATTPOOL_EPANECHNIKOV:
        case ATTPOOL_COSINE:
        case ATTPOOL_LAPLACIAN:
            return false;
        default:
            break;
        }
    return true;
}

/* ---- local searches ---- */

static double objective(unsigned count, const double *x, double *gradient, void *data)
{
    struct columns *c = data;
    double score = (double)NAN;
    for (unsigned i = 0; i < count; i++)
        c->h.value[i] = exp(x[i]);
    const bool failed = search_score(c->s, c->rows, &c->h, &score, NULL, gradient, c->e) != CMD_OK;
    const bool finite = !failed && isfinite(score);
    for (unsigned i = 0; gradient != NULL && i < count; i++)
        gradient[i] = finite ? gradient[i] / c->unit : -1; /* wider is better */
    return failed ? (double)NAN : finite ? score / c->unit : PENALTY;
}

static int place_score(struct columns *c, struct place *place, struct error *e)
{
    for (size_t i = 0; i < c->d; i++)
        c->h.value[i] = exp(place->x[i]);
    return search_score(c->s, c->rows, &c->h, &place->score, NULL, NULL, e);
}

/* From place to the bottom of its valley. */
static int descend(struct columns *c, struct place *place, struct error *e)
{
    nlopt_opt search = nlopt_create(c->smooth ? NLOPT_LD_SLSQP : NLOPT_LN_BOBYQA, (unsigned)c->d);
    double value;
    if (search == NULL)
        return error_memory(e, 0);
    nlopt_set_min_objective(search, objective, c);
    nlopt_set_lower_bounds(search, c->low);
    nlopt_set_upper_bounds(search, c->high);
    nlopt_set_xtol_abs1(search, c->rows->m < c->s->rows.m ? START_TOLERANCE : TOLERANCE);
    nlopt_set_ftol_rel(search, 1e-9);
    nlopt_set_maxeval(search, MOST_EVALUATIONS);
    if (!c->smooth)
        nlopt_set_initial_step1(search, c->step);
    /* Whatever stops it, the place is the best of those that it looked at. */
    (void)nlopt_optimize(search, place->x, &value);
    nlopt_destroy(search);
    return e->code != CMD_OK ? e->code : place_score(c, place, e);
}

static int compare_places(const void *left, const void *right)
{
    const struct place *l = left, *r = right;
    return (l->score > r->score) - (l->score < r->score);
}

static bool same_place(const struct columns *c, const struct place *a, const struct place *b)
{
    for (size_t i = 0; i < c->d; i++)
        if (fabs(a->x[i] - b->x[i]) > SAME)
            return false;
    return true;
}

/* ---- starts ---- */

static double clip(const struct columns *c, size_t i, double x)
{
    return fmin(fmax(x, c->low[i]), c->high[i]);
}

/* Uniform below 1, by the seed, the number of a start, that of a place and the column. */
static double draw_number(uint64_t seed, size_t start, size_t number, size_t column)
{
    const struct philox counter = { { (uint32_t)start, (uint32_t)column, (uint32_t)number, 1 } };
    return philox(counter, (uint32_t)seed, (uint32_t)(seed >> 32)).word[0] * 0x1p-32;
}

/* The best of some places anywhere. */
static int draw_start(struct columns *c, size_t start, struct error *e)
{
    struct place *best = &c->place[start], next = { .x = c->drawn };
    const uint64_t seed = (uint64_t)c->s->o->seed;
    int st = CMD_OK;
    for (size_t number = 0; number < DRAWS && st == CMD_OK; number++) {
        for (size_t i = 0; i < c->d; i++)
            next.x[i] = c->low[i] + (c->high[i] - c->low[i]) * draw_number(seed, start, number, i);
        st = place_score(c, &next, e);
        if (number > 0 && !(next.score < best->score))
            continue;
        best->score = next.score;
        memcpy(best->x, next.x, c->d * sizeof *next.x);
    }
    return st;
}

/* The coarse bandwidths, each column of them wider and narrower, and places drawn. */
static int set_starts(struct columns *c, const double *coarse, struct error *e)
{
    int st = CMD_OK;
    for (size_t k = 0; k < c->starts && st == CMD_OK; k++) {
        for (size_t i = 0; i < c->d; i++) {
            const double step = k > 0 && (k - 1) / 2 == i ? log(START_STEP) : 0;
            c->place[k].x[i] = clip(c, i, coarse[i] + (k % 2 == 1 ? step : -step));
        }
        if (k > 2 * c->d)
            st = draw_start(c, k, e);
    }
    return st;
}

/* ---- the coarse bandwidths ---- */

/* Silverman's for the Gaussian, whatever the kernel: only their ratios count. */
static int set_base(struct search *s, const struct sample *rows, struct error *e)
{
    struct numbers *base = &s->fit->selection.base;
    void *memory;
    int st = array_new(&memory, s->fit->group->d, sizeof *base->value, e);
    *base = (struct numbers){ memory, s->fit->group->d };
    return st == CMD_OK ? search_rule(s, rows, base->value, e) : st;
}

static int search_factor(struct search *s, const struct sample *rows, double *factor,
                         struct error *e)
{
    const struct bandwidth_choice *choice = s->fit->choice;
    const struct numbers *base = &s->fit->selection.base;
    double start = choice->start, stop = choice->stop;
    for (size_t i = 0; i < base->count && choice->steps == 0; i++) {
        const double low = s->range[i] / LEAST_PART / base->value[i];
        const double high = 2 * s->range[i] / base->value[i];
        start = i == 0 ? low : fmin(start, low);
        stop = i == 0 ? high : fmax(stop, high);
    }
    const int st = search_grid(s, rows, base, start, stop,
                               choice->steps > 0 ? (size_t)choice->steps : GRID, e);
    if (st == CMD_OK)
        *factor = s->fit->selection.point[search_best(&s->fit->selection)].factor;
    return st;
}

/* ---- the whole ---- */

static int columns_new(struct columns *c, struct error *e)
{
    const size_t d = c->d;
    void *memory;
    c->starts = start_count(d, (double)c->rows->m);
    int st = array_new(&memory, (c->starts + 4) * d, sizeof(double), e);
    c->memory = memory;
    c->place = calloc(c->starts, sizeof *c->place);
    if (st == CMD_OK && c->place == NULL)
        st = error_memory(e, c->starts * sizeof *c->place);
    if (st != CMD_OK)
        return st;
    c->low = c->memory;
    c->high = c->low + d;
    c->h = (struct numbers){ c->high + d, d };
    c->drawn = c->h.value + d;
    for (size_t k = 0; k < c->starts; k++)
        c->place[k].x = c->memory + (k + 4) * d;
    for (size_t i = 0; i < d && st == CMD_OK; i++) {
        st = search_narrowest(c->s, c->rows, i, &c->low[i], e);
        c->low[i] = log(c->low[i]);
        c->high[i] = log(2 * c->s->range[i]);
    }
    return st;
}

/* From all starts by some rows; then from the best ends by all. */
static int search_places(struct columns *c, const struct sample *all, struct error *e)
{
    int st = CMD_OK;
    for (size_t k = 0; k < c->starts && st == CMD_OK; k++)
        st = descend(c, &c->place[k], e);
    qsort(c->place, c->starts, sizeof *c->place, compare_places);
    if (c->rows->m == all->m)
        return st;
    const double scale = log((double)c->rows->m / (double)all->m) / ((double)c->d + 4);
    c->rows = all;
    /* So near to the end gradients, of which even a Gaussian's takes as long as three or four
     * scores, have no advantage: two columns take 1.5 times as long by SLSQP or L-BFGS, four take
     * 1.1 times and 0.9 times. */
    c->smooth = false;
    c->step = FINAL_STEP;
    size_t finals = 0;
    for (size_t k = 0; k < c->starts && finals < MOST_FINALS && st == CMD_OK; k++) {
        if (k > 0 && same_place(c, &c->place[k], &c->place[k - 1]))
            continue;
        struct place *place = &c->place[finals];
        struct place swap = *place;
        *place = c->place[k];
        c->place[k] = swap;
        for (size_t i = 0; i < c->d; i++)
            place->x[i] = clip(c, i, place->x[i] + scale);
        st = descend(c, place, e);
        finals++;
    }
    qsort(c->place, finals, sizeof *c->place, compare_places);
    return st;
}

/* A column that tells little about y is as good as left out. */
static void warn_ends(const struct columns *c)
{
    const double *x = c->place[0].x;
    const struct regress_options *o = c->s->o;
    const struct regress_label label = regress_label_without_bandwidths(o, c->s->fit);
    const char *means = o->cv == ATTPOOL_CRITERION_LIKELIHOOD ? ""
                        : o->degree == 1 ? "; along it the fit is close to straight"
                        : o->classes     ? "; the classes hardly depend on it"
                                         : "; y hardly depends on it";
    for (size_t i = 0; i < c->d; i++) {
        const bool wide = x[i] > c->high[i] - 10 * TOLERANCE;
        if (wide || x[i] < c->low[i] + 10 * TOLERANCE)
            error_warn("%s%sthe bandwidth of column %s is the %s looked at%s%s", label.text,
                       label.text[0] != '\0' ? ": " : "", quoted_name(c->s->t->x_names[i]).text,
                       wide ? "widest" : "narrowest", wide ? ", twice its range" : "",
                       wide ? means : "");
    }
}

static int optimise(struct search *s, const struct sample *rows, double factor, double *h,
                    struct error *e)
{
    const struct numbers *base = &s->fit->selection.base;
    struct columns c = {
        .s = s, .rows = rows, .d = base->count, .e = e, .unit = 1, .step = FIRST_STEP
    };
    /* the gradient is that of local constants and of bandwidths that no row changes */
    c.smooth =
        is_smooth(s->fit->kernels) && s->o->adaptive.method == ADAPTIVE_NONE && s->o->degree == 0;
    int st = columns_new(&c, e);
    if (st == CMD_OK) {
        const double score = s->fit->selection.point[search_best(&s->fit->selection)].score;
        if (s->fit->choice->method == BANDWIDTH_CV && score > 0)
            c.unit = score;
        for (size_t i = 0; i < c.d; i++)
            h[i] = log(factor * base->value[i]);
        st = set_starts(&c, h, e);
    }
    if (st == CMD_OK)
        st = search_places(&c, &s->rows, e);
    for (size_t i = 0; i < c.d && st == CMD_OK; i++)
        h[i] = exp(c.place[0].x[i]);
    if (st == CMD_OK)
        warn_ends(&c);
    if (st == CMD_OK)
        s->found = c.place[0].score;
    free(c.place);
    free(c.memory);
    return st;
}

int search_columns(struct search *s, double *h, struct error *e)
{
    struct sample some = { .m = 0 };
    const bool few = s->rows.m <= START_ROWS || s->fit->choice->steps > 0;
    double factor = 1;
    int st = few ? CMD_OK : sample_take(s->fit->group, START_ROWS, s->o->seed, &some, e);
    const struct sample *rows = few ? &s->rows : &some;
    if (st == CMD_OK)
        st = set_base(s, rows, e);
    if (st == CMD_OK)
        st = search_factor(s, rows, &factor, e);
    if (st == CMD_OK && s->fit->choice->steps > 0)
        for (size_t i = 0; i < s->fit->group->d; i++)
            h[i] = factor * s->fit->selection.base.value[i];
    else if (st == CMD_OK)
        st = optimise(s, rows, factor, h, e);
    sample_free(&some);
    return st;
}
