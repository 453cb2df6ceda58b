/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/oracle.h"
#include "tests/suites/suites.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The command on data of the literature: every prediction of `attpool regress` against the same
 * sums in long double.
 *
 * mcycle: acceleration of the head after an impact (Silverman 1985); faithful: eruptions of Old
 * Faithful (Azzalini and Bowman 1990); iris: Anderson 1935, Fisher 1936. */

enum { MOST_LINES = 400, MOST_COLUMNS = 8, MOST_NAME = 32 };

struct table {
    int rows, columns;
    char name[MOST_COLUMNS][MOST_NAME];
    double cell[MOST_LINES][MOST_COLUMNS]; /* NaN: no number */
};

/* One run of the command, and the formula that it should follow. */
struct run {
    const char *data;
    const char *x[4], *y[2]; /* columns */
    attpool_kernel_name kernel;
    double bandwidth[4]; /* the first is for all where the second is 0 */
    bool product, leave_one_out, single;
    int grid;         /* 0: not asked for */
    const double *at; /* NULL, or query points and their number */
    int at_count;
};

static const double far_times[] = { 0, 2.4, 14.25, 33.3, 57.6, 200, 1e4 };

#define MCYCLE   .data = "mcycle", .x = { "times" }, .y = { "accel" }
#define FAITHFUL .data = "faithful", .x = { "eruptions" }, .y = { "waiting" }
#define IRIS_3                                                                                     \
    .data = "iris", .x = { "Sepal.Length", "Sepal.Width", "Petal.Length" }, .y = { "Petal.Width" }
#define IRIS_4 .data = "iris", .x = { "Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width" }

static const struct run runs[] = {
    /* clang-format off */
    { MCYCLE, .kernel = ATTPOOL_GAUSSIAN, .bandwidth = { 1.5 } },
    { MCYCLE, .kernel = ATTPOOL_GAUSSIAN, .bandwidth = { 0.05 } },
    { MCYCLE, .kernel = ATTPOOL_GAUSSIAN, .bandwidth = { 2 }, .leave_one_out = true },
    { MCYCLE, .kernel = ATTPOOL_BOXCAR, .bandwidth = { 3.03 } },
    { MCYCLE, .kernel = ATTPOOL_CONSTANT, .bandwidth = { 1 } },
    { MCYCLE, .kernel = ATTPOOL_TRIANGULAR, .bandwidth = { 2.5 }, .grid = 101 },
    { MCYCLE, .kernel = ATTPOOL_EPANECHNIKOV, .bandwidth = { 2.5 } },
    { MCYCLE, .kernel = ATTPOOL_EPANECHNIKOV, .bandwidth = { 0.5 }, .leave_one_out = true },
    { MCYCLE, .kernel = ATTPOOL_BIWEIGHT, .bandwidth = { 5 }, .at = far_times, .at_count = 7 },
    { MCYCLE, .kernel = ATTPOOL_TRIWEIGHT, .bandwidth = { 5 } },
    { MCYCLE, .kernel = ATTPOOL_TRICUBE, .bandwidth = { 5 }, .single = true },
    { MCYCLE, .kernel = ATTPOOL_COSINE, .bandwidth = { 4 } },
    { MCYCLE, .kernel = ATTPOOL_LAPLACIAN, .bandwidth = { 1 }, .at = far_times, .at_count = 7 },
    { MCYCLE, .kernel = ATTPOOL_LOGISTIC, .bandwidth = { 1 }, .grid = 57 },
    { MCYCLE, .kernel = ATTPOOL_SIGMOID, .bandwidth = { 1 }, .leave_one_out = true },
    { MCYCLE, .kernel = ATTPOOL_CAUCHY, .bandwidth = { 1 } },
    { MCYCLE, .kernel = ATTPOOL_GAUSSIAN, .bandwidth = { 1.5 }, .single = true },
    { MCYCLE, .kernel = ATTPOOL_GAUSSIAN, .bandwidth = { 1.5 }, .at = far_times, .at_count = 7 },
    { FAITHFUL, .kernel = ATTPOOL_GAUSSIAN, .bandwidth = { 0.3 } },
    { FAITHFUL, .kernel = ATTPOOL_EPANECHNIKOV, .bandwidth = { 0.75 }, .leave_one_out = true },
    { FAITHFUL, .kernel = ATTPOOL_BIWEIGHT, .bandwidth = { 1 }, .grid = 200 },
    { .data = "faithful", .x = { "waiting" }, .y = { "eruptions" }, .kernel = ATTPOOL_LAPLACIAN, .bandwidth = { 3 }, .single = true },
    { IRIS_3, .kernel = ATTPOOL_GAUSSIAN, .bandwidth = { 0.4, 0.3, 0.6 } },
    { IRIS_3, .kernel = ATTPOOL_GAUSSIAN, .bandwidth = { 0.5, 0.5, 0.5 }, .leave_one_out = true },
    { IRIS_3, .kernel = ATTPOOL_EPANECHNIKOV, .bandwidth = { 1.6 } },
    { IRIS_3, .kernel = ATTPOOL_TRIWEIGHT, .bandwidth = { 1.3, 1.1, 2 }, .product = true },
    { IRIS_4, .y = { "Petal.Length", "Petal.Width" }, .kernel = ATTPOOL_GAUSSIAN, .bandwidth = { 0.4 } },
    { IRIS_4, .y = { "Sepal.Length" }, .kernel = ATTPOOL_TRICUBE, .bandwidth = { 0.9 }, .leave_one_out = true },
    { IRIS_4, .y = { "Sepal.Width" }, .kernel = ATTPOOL_LOGISTIC, .bandwidth = { 0.3, 0.2, 0.4, 0.1 }, .product = true },
    /* clang-format on */
};

static int columns_of(const char *const *names, int most)
{
    int n = 0;
    while (n < most && names[n])
        n++;
    return n;
}

/* ---- Tables ------------------------------------------------------------------------------- */

static void read_line(struct table *t, char *line, bool header)
{
    int column = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *cell = line, *next; cell; cell = next, column++) {
        char *end;
        if ((next = strchr(cell, ',')))
            *next++ = '\0';
        ck_assert_int_lt(column, MOST_COLUMNS);
        if (header) {
            snprintf(t->name[column], MOST_NAME, "%s", cell);
            continue;
        }
        double value = strtod(cell, &end);
        t->cell[t->rows][column] = *cell && !*end ? value : (double)NAN;
    }
    if (header)
        t->columns = column;
    ck_assert_int_eq(column, t->columns);
}

static void read_table(struct table *t, FILE *f)
{
    char line[512];
    memset(t, 0, sizeof *t);
    ck_assert_msg(fgets(line, sizeof line, f), "nothing to read");
    read_line(t, line, true);
    while (fgets(line, sizeof line, f)) {
        ck_assert_int_lt(t->rows, MOST_LINES);
        read_line(t, line, false);
        t->rows++;
    }
}

static void data_path(char *path, size_t size, const char *name)
{
    const char *source = getenv("srcdir");
    snprintf(path, size, "%s/tests/data/%s.csv", source ? source : ".", name);
}

static int column_named(const struct table *t, const char *name)
{
    for (int c = 0; c < t->columns; c++)
        if (strcmp(t->name[c], name) == 0)
            return c;
    ck_abort_msg("no column %s", name);
}

/* ---- The command --------------------------------------------------------------------------- */

static void append(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void append(char *text, size_t size, const char *format, ...)
{
    va_list args;
    size_t length = strlen(text);
    va_start(args, format);
    int added = vsnprintf(text + length, size - length, format, args);
    va_end(args);
    ck_assert_uint_lt(length + (size_t)added, size);
}

static void append_names(char *text, size_t size, const char *option, const char *const *names,
                         int count)
{
    for (int i = 0; i < count; i++)
        append(text, size, "%s%s", i ? "," : option, names[i]);
}

static void write_points(char *name, const struct run *run)
{
    int file = mkstemp(name);
    FILE *f = fdopen(file, "w");
    ck_assert_ptr_nonnull(f);
    fprintf(f, "%s\n", run->x[0]);
    for (int i = 0; i < run->at_count; i++)
        fprintf(f, "%.17g\n", run->at[i]);
    fclose(f);
}

static void run_command(const struct run *run, struct table *result)
{
    char command[2000] = "", data[1000], points[] = "/tmp/attpool-points-XXXXXX";
    const char *program = getenv("ATTPOOL");
    data_path(data, sizeof data, run->data);
    append(command, sizeof command, "%s regress '%s'", program ? program : "./attpool", data);
    append_names(command, sizeof command, " --x ", run->x, columns_of(run->x, 4));
    append_names(command, sizeof command, " --y ", run->y, columns_of(run->y, 2));
    append(command, sizeof command, " --kernel %s", attpool_kernel_to_name(run->kernel));
    for (int i = 0; i < 4 && run->bandwidth[i] > 0; i++)
        append(command, sizeof command, "%s%.17g", i ? "," : " --bandwidth ", run->bandwidth[i]);
    append(command, sizeof command, "%s%s%s", run->product ? " --form product" : "",
           run->leave_one_out ? " --loo" : "", run->single ? " --precision f32" : "");
    if (run->grid)
        append(command, sizeof command, " --grid %d", run->grid);
    if (run->at) {
        write_points(points, run);
        append(command, sizeof command, " --at %s", points);
    }
    append(command, sizeof command, " 2>/dev/null");
    FILE *f = popen(command, "r");
    ck_assert_ptr_nonnull(f);
    read_table(result, f);
    int status = pclose(f);
    if (run->at)
        unlink(points);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: status %d", command, status);
}

/* ---- The formula --------------------------------------------------------------------------- */

struct fit {
    long double value[2], n_eff, terms; /* terms: of the largest score that carries weight */
};

/* The kernels without end as exp(-score), so that a far query has weights. */
static bool score_of(attpool_kernel_name kernel, long double u, long double *score)
{
    switch (kernel) {
    case ATTPOOL_GAUSSIAN:
        *score = u * u / 2;
        return true;
    case ATTPOOL_LAPLACIAN:
        *score = u;
        return true;
    case ATTPOOL_LOGISTIC:
        *score = u + 2 * log1pl(expl(-u));
        return true;
    case ATTPOOL_SIGMOID:
        *score = u + log1pl(expl(-2 * u));
        return true;
    default:
        *score = 0;
        return false;
    }
}

/* The weight of a row, times exp(score) for a kernel that has one. */
static long double weight(const struct run *run, const struct table *data, const double *query,
                          int row, long double *score)
{
    long double sum = 0, scores = 0, product = 1, unused;
    int d = columns_of(run->x, 4);
    for (int c = 0; c < d; c++) {
        double h = run->bandwidth[run->bandwidth[1] > 0 ? c : 0];
        long double x = (long double)data->cell[row][column_named(data, run->x[c])];
        long double u = fabsl(((long double)query[c] - x) / (long double)h);
        sum += u * u;
        if (!score_of(run->kernel, u, score))
            product *= oracle_kernel_value(run->kernel, u, &unused);
        scores += *score;
    }
    *score = scores;
    if (run->product)
        return product;
    return score_of(run->kernel, sqrtl(sum), score)
               ? 1
               : oracle_kernel_value(run->kernel, sqrtl(sum), &unused);
}

static void compute(const struct run *run, const struct table *data, const double *query, int self,
                    struct fit *fit)
{
    long double w[MOST_LINES], score[MOST_LINES], total = 0, squares = 0, least = HUGE_VALL;
    *fit = (struct fit){ .terms = 0 };
    for (int j = 0; j < data->rows; j++) {
        w[j] = j == self && run->leave_one_out ? 0 : weight(run, data, query, j, &score[j]);
        if (w[j] > 0)
            least = fminl(least, score[j]);
    }
    for (int j = 0; j < data->rows; j++) {
        if (w[j] == 0)
            continue;
        w[j] *= expl(least - score[j]);
        total += w[j];
        squares += w[j] * w[j];
        for (int c = 0; c < columns_of(run->y, 2); c++)
            fit->value[c] += w[j] * (long double)data->cell[j][column_named(data, run->y[c])];
    }
    for (int c = 0; c < 2; c++)
        fit->value[c] /= total;
    fit->n_eff = total * total / squares;
    fit->terms = isfinite(least) ? least : 0;
}

static void compare(const struct run *run, int number, const char *what, double x, long double want,
                    long double bound)
{
    ck_assert_msg(isnan(want) ? isnan(x) : fabsl((long double)x - want) <= bound,
                  "%s, %s, bandwidth %g, row %d: %s is %.17g, should be %.17Lg +- %.3Lg", run->data,
                  attpool_kernel_to_name(run->kernel), run->bandwidth[0], number, what, x, want,
                  bound);
}

static double most(const struct table *data, const char *name)
{
    double value = 0;
    int c = column_named(data, name);
    for (int j = 0; j < data->rows; j++)
        value = fmax(value, fabs(data->cell[j][c]));
    return value;
}

/* The points that were asked for are the points that were answered. */
static void check_points(const struct run *run, const struct table *data,
                         const struct table *result)
{
    int rows = run->grid ? run->grid : run->at ? run->at_count : data->rows;
    int x = column_named(data, run->x[0]);
    double low = HUGE_VAL, high = -HUGE_VAL;
    ck_assert_int_eq(result->rows, rows);
    for (int j = 0; j < data->rows; j++) {
        low = fmin(low, data->cell[j][x]);
        high = fmax(high, data->cell[j][x]);
    }
    for (int i = 0; i < rows; i++) {
        double got = result->cell[i][0];
        if (run->grid)
            ck_assert(fabs(got - (low + (high - low) * i / (rows - 1))) <= 1e-12 * high);
        else
            ck_assert(got == (run->at ? run->at[i] : data->cell[i][x]));
    }
}

START_TEST(every_prediction)
{
    static struct table data, result;
    const struct run *run = &runs[_i];
    char path[1000];
    int d = columns_of(run->x, 4), columns = columns_of(run->y, 2);
    long double epsilon = oracle_epsilon(run->single ? ELEMENT_F32 : ELEMENT_F64);
    data_path(path, sizeof path, run->data);
    FILE *f = fopen(path, "r");
    ck_assert_msg(f, "%s cannot be read", path);
    read_table(&data, f);
    fclose(f);
    run_command(run, &result);
    check_points(run, &data, &result);
    ck_assert_int_eq(result.columns, d + columns + 1);
    for (int c = 0; c < d; c++)
        ck_assert_str_eq(result.name[c], run->x[c]);
    ck_assert_str_eq(result.name[d + columns], "n_eff");
    for (int i = 0; i < result.rows; i++) {
        struct fit fit;
        compute(run, &data, result.cell[i], i, &fit);
        long double relative = epsilon * (30 + 8 * fit.terms);
        for (int c = 0; c < columns; c++) {
            char name[MOST_NAME + 4];
            snprintf(name, sizeof name, columns > 1 ? "fit_%s" : "fit", run->y[c]);
            ck_assert_str_eq(result.name[d + c], name);
            compare(run, i, name, result.cell[i][d + c], fit.value[c],
                    relative * (long double)most(&data, run->y[c]));
        }
        compare(run, i, "n_eff", result.cell[i][d + columns], fit.n_eff, 4 * relative * fit.n_eff);
    }
}
END_TEST

Suite *suite_data(void)
{
    Suite *suite = suite_create("data");
    TCase *tc = tcase_create("data");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, every_prediction, 0, sizeof runs / sizeof runs[0]);
    suite_add_tcase(suite, tc);
    return suite;
}
