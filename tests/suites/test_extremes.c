/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/suites/suites.h"
#include "tests/support/backends.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Scores and biases near the ends of the type: every finite one counts. A row repeats a few
 * scores, in units of the largest finite number, and all of them tie or weigh nothing. */

enum { MOST = 4, MOST_KEYS = 2800, MOST_QUERIES = 40 };

struct row {
    const char *name;
    int count;
    double scale; /* 0: 1 */
    double score[MOST];
    bool biased;
    double bias[MOST];
    double share[MOST]; /* of the weight; all 0: an empty row, NaN first: NaN */
};

#define INF HUGE_VAL
static const struct row rows[] = {
    /* clang-format off */
    { "the lowest, three times", 3, 0, { -1, -1, -1 }, .share = { 1. / 3, 1. / 3, 1. / 3 } },
    { "one low",                 1, 0, { -0.88 },      .share = { 1 } },
    { "low and lower",           2, 0, { -1, -0.9 },   .share = { 0, 1 } },
    { "high and higher",         2, 0, { 0.9, 1 },     .share = { 0, 1 } },
    { "past log2 e",             3, 0, { 0.71, 0.72, 0.72 }, .share = { 0, 0.5, 0.5 } },
    { "both ends",               3, 0, { 1, -1, 0 },   .share = { 1, 0, 0 } },
    { "the scale saturates",     3, 10, { 0.5, 0.2, -1 }, .share = { 0.5, 0.5, 0 } },
    { "the scale saturates below", 2, 10, { -0.5, -0.2 }, .share = { 0.5, 0.5 } },
    { "a negative scale",        3, -2.5, { -1, 1, 0.39 }, .share = { 1, 0, 0 } },
    { "a small scale",           2, 1e-3, { 1, 0.9 }, .share = { 1, 0 } },
    { "infinities",              3, 0, { -INF, -1, -INF }, .share = { 0, 1, 0 } },
    { "nothing but infinities",  2, 0, { -INF, -INF }, .share = { 0, 0 } },
    { "an infinity above",       2, 0, { INF, 1 },     .share = { NAN } },
    { "high bias",               2, 0, { 0, 0 }, true, { 0.88, 0 }, { 1, 0 } },
    { "highest bias",            3, 0, { 0, 0, 0 }, true, { 0.9, 1, 1 }, { 0, 0.5, 0.5 } },
    { "lowest bias",             3, 0, { 0, 0, 0 }, true, { -1, -1, -1 }, { 1. / 3, 1. / 3, 1. / 3 } },
    { "the sum saturates",       3, 0, { 1, 0.6, 0 }, true, { 1, 0.6, 0 }, { 0.5, 0.5, 0 } },
    { "the sum saturates below", 2, 0, { -1, -0.6 }, true, { -1, -0.6 }, { 0.5, 0.5 } },
    { "the sum cancels",         3, 0, { 1, -1, 0 }, true, { -0.9, 0.9, 0.05 }, { 1, 0, 0 } },
    { "scale first, then bias",  2, 4, { 1, 0 }, true, { -0.9, 0.5 }, { 0, 1 } },
    { "scale first, below",      2, 4, { -1, 0 }, true, { 0.95, -0.5 }, { 1, 0 } },
    { "scale -4, then bias",     2, -4, { -1, 0 }, true, { -0.9, 0.5 }, { 0, 1 } },
    { "a bias that hides",       3, 0, { 1, -1, -1 }, true, { -INF, 0, 0 }, { 0, 0.5, 0.5 } },
    { "a bias of nothing left",  2, 0, { 1, 1 }, true, { -INF, -INF }, { 0, 0 } },
    { "-Inf and a low bias",     2, 4, { -INF, -1 }, true, { 1, -1 }, { 0, 1 } },
    /* clang-format on */
};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* One shape of a call, with all its memory. */
struct extreme {
    const struct row *row;
    attpool_context *context;
    const char *backend;
    enum element element;
    int64_t n, m;
    double scale, largest;
    struct tensor q, k, v, s, bias, out, lse, weights;
    attpool_masks masks;
};

static void fill(struct extreme *x)
{
    const struct row *row = x->row;
    int count = row->count;
    x->scale = row->scale != 0 ? row->scale : 1;
    x->largest = x->element == ELEMENT_F32 ? (double)3.40282347e+38f : 1.7976931348623157e308;
    for (int64_t i = 0; i < x->n; i++) {
        tensor_set(&x->q.dl, i, 1);
        for (int64_t j = 0; j < x->m; j++) {
            tensor_set(&x->s.dl, i * x->m + j, row->score[j % count] * x->largest);
            tensor_set(&x->bias.dl, i * x->m + j, row->bias[j % count] * x->largest);
        }
    }
    for (int64_t j = 0; j < x->m; j++) {
        tensor_set(&x->k.dl, j, row->score[j % count] * x->largest);
        tensor_set(&x->v.dl, j, (double)(j % count));
    }
    x->masks = (attpool_masks){ .bias = row->biased ? &x->bias.dl : NULL };
}

static void extreme_new(struct extreme *x)
{
    const int64_t wide[] = { x->n, x->m }, query[] = { x->n, 1 }, key[] = { x->m, 1 };
    tensor_new(&x->q, x->element, ARRANGE_COMPACT, PLACE_END, 2, query);
    tensor_new(&x->k, x->element, ARRANGE_COMPACT, PLACE_END, 2, key);
    tensor_new(&x->v, x->element, ARRANGE_COMPACT, PLACE_END, 2, key);
    tensor_new(&x->s, x->element, ARRANGE_COMPACT, PLACE_END, 2, wide);
    tensor_new(&x->bias, x->element, ARRANGE_COMPACT, PLACE_END, 2, wide);
    tensor_new(&x->out, x->element, ARRANGE_COMPACT, PLACE_END, 2, query);
    tensor_new(&x->lse, x->element, ARRANGE_COMPACT, PLACE_END, 1, query);
    tensor_new(&x->weights, x->element, ARRANGE_COMPACT, PLACE_END, 2, wide);
    fill(x);
}

static void extreme_free(struct extreme *x)
{
    struct tensor *const all[] = { &x->q,    &x->k,   &x->v,   &x->s,
                                   &x->bias, &x->out, &x->lse, &x->weights };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        tensor_free(all[i]);
}

static void expect(const struct extreme *x, const char *what, double got, double want)
{
    bool same = isnan(want) ? isnan(got) : fabs(got - want) <= 1e-5 * (1 + fabs(want));
    ck_assert_msg(same, "%s, %s, %s, n %d, m %d: %s is %g, should be %g", x->backend,
                  element_name(x->element), x->row->name, (int)x->n, (int)x->m, what, got, want);
}

static bool is_empty(const struct row *row)
{
    double sum = 0;
    for (int c = 0; c < row->count; c++)
        sum += row->share[c];
    return sum == 0;
}

static void check_weights(struct extreme *x, const char *what)
{
    const struct row *row = x->row;
    double groups = (double)x->m / row->count;
    for (int64_t i = 0; i < x->n * x->m; i++) {
        double share = row->share[isnan(row->share[0]) ? 0 : i % x->m % row->count];
        expect(x, what, tensor_get(&x->weights.dl, i), share / groups);
    }
}

/* The mean of the keys' numbers, and L where it is not far from the ends. */
static void check_row(struct extreme *x, const char *what)
{
    const struct row *row = x->row;
    double mean = 0;
    for (int c = 0; c < row->count; c++)
        mean += c * row->share[c];
    if (isnan(row->share[0]))
        mean = NAN;
    for (int64_t i = 0; i < x->n; i++) {
        double l = tensor_get(&x->lse.dl, i);
        expect(x, what, tensor_get(&x->out.dl, i), mean);
        ck_assert_msg(is_empty(row)          ? l == -HUGE_VAL
                      : isnan(row->share[0]) ? isnan(l)
                                             : isfinite(l),
                      "%s, %s: L is %g", x->backend, row->name, l);
    }
}

static void clear(struct tensor *t)
{
    for (int64_t i = 0; i < tensor_count(t); i++)
        tensor_set(&t->dl, i, 12345);
}

static void run_softmax(struct extreme *x)
{
    attpool_softmax_options options = { .scale = &x->scale, .masks = &x->masks };
    clear(&x->weights);
    attpool_status status = attpool_softmax(x->context, &x->s.dl, &options, &x->weights.dl);
    ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(x->context));
    check_weights(x, "softmax W");
}

static void run_pool(struct extreme *x, const attpool_pool_options *score, const char *what)
{
    attpool_pool_options options = *score;
    options.masks = &x->masks;
    options.empty = ATTPOOL_EMPTY_ZERO;
    options.lse = &x->lse.dl;
    clear(&x->out);
    clear(&x->lse);
    clear(&x->weights);
    attpool_status status =
        attpool_pool(x->context, &x->q.dl, &x->k.dl, &x->v.dl, &options, &x->out.dl);
    ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(x->context));
    check_row(x, what);
    options.weights = &x->weights.dl;
    status = attpool_pool(x->context, &x->q.dl, &x->k.dl, &x->v.dl, &options, &x->out.dl);
    ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(x->context));
    check_row(x, what);
    check_weights(x, what);
}

/* The keys cut at every super-block. */
static void run_states(struct extreme *x)
{
    attpool_state *all = NULL;
    attpool_status status = ATTPOOL_OK;
    for (int64_t at = 0; at < x->m && status == ATTPOOL_OK; at += ATTPOOL_SUPER_BLOCK) {
        int64_t count = x->m - at < ATTPOOL_SUPER_BLOCK ? x->m - at : ATTPOOL_SUPER_BLOCK;
        struct tensor k, v, bias;
        attpool_state *part = NULL;
        attpool_masks masks = { .key_origin = at };
        attpool_pool_options options = { .scale = &x->scale, .masks = &masks };
        tensor_view(&k, &x->k);
        tensor_view(&v, &x->v);
        tensor_view(&bias, &x->bias);
        tensor_slice(&k, -2, at, count);
        tensor_slice(&v, -2, at, count);
        tensor_slice(&bias, -1, at, count);
        masks.bias = x->row->biased ? &bias.dl : NULL;
        status = attpool_state_pool(x->context, &x->q.dl, &k.dl, &v.dl, &options, &part);
        if (all && status == ATTPOOL_OK)
            status = attpool_state_merge(x->context, all, part);
        if (all)
            attpool_state_free(part);
        else
            all = part;
    }
    clear(&x->out);
    clear(&x->lse);
    if (status == ATTPOOL_OK)
        status = attpool_state_finish(x->context, all, ATTPOOL_EMPTY_ZERO, &x->out.dl, &x->lse.dl);
    ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(x->context));
    attpool_state_free(all);
    check_row(x, "O of states");
}

static bool has_scores(const struct row *row)
{
    for (int c = 0; c < row->count; c++)
        if (row->score[c] != 0)
            return true;
    return false;
}

static void run_all(struct extreme *x)
{
    static const attpool_kernel_options product = { .form = ATTPOOL_PRODUCT };
    static const attpool_kernel_options constant = { .kernel = ATTPOOL_CONSTANT };
    static const attpool_kernel_options logistic = { .kernel = ATTPOOL_LOGISTIC };
    extreme_new(x);
    run_softmax(x);
    run_pool(x, &(attpool_pool_options){ .scale = &x->scale }, "O of dots");
    run_states(x);
    if (x->row->biased && !has_scores(x->row)) {
        for (int64_t i = 0; i < x->n; i++)
            tensor_set(&x->q.dl, i, 0);
        run_pool(x, &(attpool_pool_options){ .score = ATTPOOL_AVERAGE }, "O of averages");
        run_pool(x, &(attpool_pool_options){ .score = ATTPOOL_KERNEL }, "O of Gaussians");
        run_pool(x, &(attpool_pool_options){ .score = ATTPOOL_KERNEL, .kernel = &product },
                 "O of products");
        run_pool(x, &(attpool_pool_options){ .score = ATTPOOL_KERNEL, .kernel = &constant },
                 "O of constants");
        run_pool(x, &(attpool_pool_options){ .score = ATTPOOL_KERNEL, .kernel = &logistic },
                 "O of logistics");
    }
    extreme_free(x);
}

START_TEST(every_finite_score_counts)
{
    enum { SHAPES = 6 };
    static const int64_t repeats[] = { 1, 5, 700 }, queries[] = { 1, MOST_QUERIES };
    const int step = test_every() > 1 ? SHAPES + 1 : 1; /* some rows, and all shapes */
    const char *name = test_backends[_i / 2];
    struct extreme x = { .element = _i % 2 ? ELEMENT_F64 : ELEMENT_F32, .backend = name };
    x.context = open_backend(name, 2);
    if (x.context && computes(x.context, x.element))
        for (int i = 0; i < ROWS * SHAPES; i += step) {
            x.row = &rows[i / SHAPES];
            x.m = x.row->count * repeats[i % SHAPES / 2];
            x.n = queries[i % 2];
            run_all(&x);
        }
    attpool_close(x.context);
}
END_TEST

Suite *suite_extremes(void)
{
    Suite *suite = suite_create("extremes");
    TCase *tc = tcase_create("extremes");
    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, every_finite_score_counts, 0, 2 * TEST_BACKENDS);
    suite_add_tcase(suite, tc);
    return suite;
}
