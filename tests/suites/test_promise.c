/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backends.h"
#include "tests/suites/suites.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* tests/data/bits.txt guards the promise of NUMERICS.md: it has hashes of what the scalar backend,
 * which the others equal, computed when the definitions were frozen. A line is the hash in float32,
 * that in float64 and the name of a case, the first with this name. The test prints what it misses:
 * a new case gets a new line, but no line ever changes. */

enum { MOST_LINES = 2000, MOST_NAME = 100 };

struct line {
    uint64_t hash[2];
    char name[MOST_NAME];
    bool used;
};

static struct line lines[MOST_LINES];
static int line_count;

static void read_lines(void)
{
    char path[400], text[200];
    const char *source = getenv("srcdir");
    snprintf(path, sizeof path, "%s/tests/data/bits.txt", source ? source : ".");
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot read %s", path);
    for (line_count = 0; fgets(text, sizeof text, file); line_count++) {
        struct line *line = &lines[line_count];
        ck_assert_int_lt(line_count, MOST_LINES - 1);
        ck_assert_msg(sscanf(text, "%16" SCNx64 " %16" SCNx64 " %99[^\n]", &line->hash[0],
                             &line->hash[1], line->name) == 3,
                      "%s:%d: %s", path, line_count + 1, text);
        line->used = false;
    }
    fclose(file);
}

static struct line *find_line(const char *name)
{
    for (int i = 0; i < line_count; i++)
        if (strcmp(lines[i].name, name) == 0)
            return &lines[i];
    return NULL;
}

/* FNV-1a, 64 bits. */
static uint64_t hash_number(uint64_t hash, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    for (int byte = 0; byte < 8; byte++)
        hash = (hash ^ (bits >> 8 * byte & 0xff)) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_case(attpool_context *judge, const struct test_case *c, enum element element)
{
    struct job job;
    const char *name;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    now_testing(c, element, "scalar, 1 thread");
    job_new(&job, c, element, PLACE_END);
    hash = hash_number(hash, (double)job_run(judge, &job));
    for (int i = 0; i < JOB_OUTPUTS; i++) {
        const struct tensor *t = job_output(&job, i, &name);
        for (int64_t k = 0; t != NULL && k < tensor_count(t); k++)
            hash = hash_number(hash, tensor_get(&t->dl, k));
    }
    job_free(&job);
    return hash;
}

/* A fourth of the cases, chosen by their names, so that others may come and go. */
static bool is_guarded(const struct test_case *cases, size_t i)
{
    uint64_t hash = 0;
    for (const char *p = cases[i].name; *p != '\0'; p++)
        hash = hash_number(hash, (double)*p);
    if (hash >> 62 != 0)
        return false;
    for (size_t k = 0; k < i; k++)
        if (strcmp(cases[k].name, cases[i].name) == 0)
            return false;
    return true;
}

/* Does a line agree? Else it is printed. */
static bool agrees(const char *name, uint64_t f32, uint64_t f64)
{
    struct line *line = find_line(name);
    if (line != NULL)
        line->used = true;
    if (line != NULL && line->hash[0] == f32 && line->hash[1] == f64)
        return true;
    printf("%016" PRIx64 " %016" PRIx64 " %s\n", f32, f64, name);
    return false;
}

/* ---- scores of bandwidths, which are no case ---- */

enum { SCORE_ROWS = 60, SCORES = 5 };

static const struct guarded_score {
    const char *name;
    attpool_criterion criterion;
    int32_t degree;
} guarded_scores[] = {
    { "bandwidth scores cv", ATTPOOL_CRITERION_CV, 0 },
    { "bandwidth scores cv line", ATTPOOL_CRITERION_CV, 1 },
    { "bandwidth scores aicc", ATTPOOL_CRITERION_AICC, 0 },
    { "bandwidth scores aicc line", ATTPOOL_CRITERION_AICC, 1 },
    { "bandwidth scores likelihood", ATTPOOL_CRITERION_LIKELIHOOD, 0 },
    { "bandwidth scores brier", ATTPOOL_CRITERION_BRIER, 0 },
};

/* Of two coordinates and two weighted values, for five kernels. */
static uint64_t hash_scores(attpool_context *judge, const struct guarded_score *g, bool single)
{
    static const double factors[SCORES] = { 0.3, 0.5, 1, 1.7, 40 };
    double x[2][2 * SCORE_ROWS], scores[SCORES], a[SCORE_ROWS];
    float xf[2][2 * SCORE_ROWS], af[SCORE_ROWS];
    int64_t shape[2] = { SCORE_ROWS, 2 };
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < 4 * SCORE_ROWS; i++) {
        x[i / 2 / SCORE_ROWS][i % (2 * SCORE_ROWS)] = random_at(71, (uint64_t)i);
        xf[i / 2 / SCORE_ROWS][i % (2 * SCORE_ROWS)] = (float)random_at(71, (uint64_t)i);
        a[i % SCORE_ROWS] = af[i % SCORE_ROWS] = (float)(i % 7);
    }
    const enum element element = single ? ELEMENT_F32 : ELEMENT_F64;
    const DLTensor K = tensor_of(single ? (void *)xf[0] : x[0], element, 2, shape),
                   V = tensor_of(single ? (void *)xf[1] : x[1], element, 2, shape),
                   A = tensor_of(single ? (void *)af : a, element, 1, shape);
    /* Those of the first release: a later kernel would change the hash. */
    for (int kernel = 0; kernel < ATTPOOL_CAUCHY; kernel += 3) {
        attpool_kernel_options options = { .kernel = (attpool_kernel_name)kernel, .bandwidth = 1 };
        attpool_pool_options pool = { .score = ATTPOOL_KERNEL,
                                      .kernel = &options,
                                      .key_weights = &A };
        attpool_selection_options selection = { .criterion = g->criterion, .degree = g->degree };
        const attpool_status st = attpool_bandwidth_curve(
            judge, &K, g->criterion == ATTPOOL_CRITERION_LIKELIHOOD ? NULL : &V, &pool, &selection,
            SCORES, factors, scores, NULL);
        ck_assert_msg(st == ATTPOOL_OK, "%s, kernel %d: %s", g->name, kernel,
                      attpool_message(judge));
        for (int k = 0; k < SCORES; k++)
            hash = hash_number(hash, scores[k]);
    }
    return hash;
}

/* ---- training, which is no case ---- */

enum { TRAIN_ROWS = 61, TRAIN_STEPS = 3, TRAIN_BATCH = 25 };

static const struct guarded_training {
    const char *name;
    attpool_loss loss;
    double dropout;
} guarded_trainings[] = {
    { "training half", ATTPOOL_LOSS_HALF, 0 },
    { "training sum", ATTPOOL_LOSS_SUM, 0 },
    { "training mean", ATTPOOL_LOSS_MEAN, 0 },
    { "training mean, dropout", ATTPOOL_LOSS_MEAN, 0.25 },
};

/* Steps by batches of two columns of values: the order of the rows, losses, and what is learned. */
static uint64_t hash_training(attpool_context *judge, const struct guarded_training *g, bool single)
{
    double x[2][2 * TRAIN_ROWS], w[2] = { 3, 5 }, loss;
    float xf[2][2 * TRAIN_ROWS], wf[2] = { 3, 5 };
    int64_t order[TRAIN_ROWS], shape[2] = { TRAIN_ROWS, 2 };
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    ck_assert_int_eq(attpool_train_order(UINT64_C(0x123456789a), 7, TRAIN_ROWS, order), ATTPOOL_OK);
    for (int i = 0; i < 2 * TRAIN_ROWS; i++) {
        const uint64_t row = (uint64_t)order[i / 2];
        for (uint64_t of = 0; of < 2; of++)
            x[of][i] = xf[of][i] = (float)random_at(72 + of, 2 * row + (uint64_t)i % 2);
        hash = hash_number(hash, (double)row);
    }
    const enum element element = single ? ELEMENT_F32 : ELEMENT_F64;
    const DLTensor K = tensor_of(single ? (void *)xf[0] : x[0], element, 2, shape),
                   V = tensor_of(single ? (void *)xf[1] : x[1], element, 2, shape);
    DLTensor W = tensor_of(single ? (void *)wf : w, element, 1, &shape[1]);
    const attpool_kernel_options kernel = { .bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE,
                                            .inverse_bandwidths = &W };
    const attpool_pool_options pool = {
        .score = ATTPOOL_KERNEL, .kernel = &kernel, .dropout = g->dropout, .seed = 9
    };
    const attpool_parameters parameters = { .inverse_bandwidths = &W };
    for (int k = 0; k < TRAIN_STEPS; k++) {
        const attpool_training training = { .loss = g->loss,
                                            .rate = 0.1,
                                            .first = k * TRAIN_BATCH,
                                            .count = k < TRAIN_STEPS - 1 ? TRAIN_BATCH : 0 };
        ck_assert_int_eq(attpool_train_step(judge, &K, &V, &pool, &training, &parameters, &loss),
                         ATTPOOL_OK);
        hash = hash_number(hash, loss);
        for (int c = 0; c < 2; c++)
            hash = hash_number(hash, single ? (double)wf[c] : w[c]);
    }
    return hash;
}

START_TEST(no_bit_moves)
{
    size_t count;
    int moved = 0;
    attpool_context *judge = open_judge();
    const struct test_case *cases = test_cases(&count);
    read_lines();
    for (size_t i = 0; i < count; i++) {
        if (!is_guarded(cases, i))
            continue;
        const uint64_t f32 = hash_case(judge, &cases[i], ELEMENT_F32);
        const uint64_t f64 = hash_case(judge, &cases[i], ELEMENT_F64);
        moved += !agrees(cases[i].name, f32, f64);
    }
    for (size_t i = 0; i < sizeof guarded_scores / sizeof guarded_scores[0]; i++) {
        const struct guarded_score *g = &guarded_scores[i];
        moved += !agrees(g->name, hash_scores(judge, g, true), hash_scores(judge, g, false));
    }
    for (size_t i = 0; i < sizeof guarded_trainings / sizeof guarded_trainings[0]; i++) {
        const struct guarded_training *g = &guarded_trainings[i];
        moved += !agrees(g->name, hash_training(judge, g, true), hash_training(judge, g, false));
    }
    for (int i = 0; i < line_count; i++)
        if (!lines[i].used) {
            printf("no case is called %s\n", lines[i].name);
            moved++;
        }
    attpool_close(judge);
    fflush(stdout);
    ck_assert_msg(moved == 0, "%d lines of tests/data/bits.txt do not agree, see above", moved);
}
END_TEST

Suite *suite_promise(void)
{
    Suite *suite = suite_create("promise");
    TCase *bits = tcase_create("bits");
    tcase_set_timeout(bits, 300);
    tcase_add_test(bits, no_bit_moves);
    suite_add_tcase(suite, bits);
    return suite;
}
