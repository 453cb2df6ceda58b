/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cases/job.h"

#include <float.h>
#include <math.h>

/* The values of a job's inputs. */

static bool has(const struct job *job, unsigned with)
{
    return (job->c->with & with) != 0;
}

/* Of SPECIAL_BLOCKS: 0 open, 1 hidden, 2 mixed. */
static int kind_of_block(int64_t j)
{
    return (int)(j / 128 % 3);
}

/* A key that no query sees, where the case hides garbage. */
static bool hidden(const struct job *job, int64_t j)
{
    int64_t m = job->c->m;
    if (job->c->special == SPECIAL_BLOCKS)
        return kind_of_block(j) == 1 || (kind_of_block(j) == 2 && j % 5 == 4);
    return (job->c->special == SPECIAL_HIDDEN || job->c->special == SPECIAL_HIDDEN_WIDTHS) &&
           ((has(job, WITH_LENGTHS | WITH_ROW_LENGTHS) && j >= m - m / 4) ||
            (has(job, WITH_MASK) && j % 5 == 4) || (has(job, WITH_KEY_WEIGHTS) && j % 8 == 3) ||
            (has(job, WITH_BIAS) && j % 7 == 2));
}

static double tiny(const struct job *job)
{
    return job->element == ELEMENT_F32 ? 1e-40 : 1e-310;
}

double job_largest(const struct job *job)
{
    return job->element == ELEMENT_F32 ? FLT_MAX : DBL_MAX;
}

/* Of both signs, some of them equal, half of them so large that log2 e times them overflows. */
static double near_an_end(const struct job *job, uint64_t bits)
{
    static const double sizes[] = { 1, 0.99, 0.9, 0.72, 0.65, 0.3, 1e-3, 0 };
    double size = sizes[bits >> 1 & 7] * job_largest(job);
    return bits & 1 ? size : -size;
}

/* A size for key number 64 * part and the next: of one size, and then of several. */
static double any_size(const struct job *job, int64_t part, uint64_t bits)
{
    static const double powers[] = { 0, -30, -100, -145, 30, 50, 33, 98 };
    double power = powers[part % 8];
    if (part % 16 >= 8)
        power = powers[bits % 8];
    return exp2(job->element == ELEMENT_F32 ? power : 8 * power);
}

static void fill_uniform(struct job *job, struct tensor *t, unsigned salt, double low, double high)
{
    int64_t count = tensor_present(t) ? tensor_count(t) : 0;
    for (int64_t i = 0; i < count; i++)
        tensor_set(&t->dl, i,
                   low + (high - low) * 0.5 *
                             (1 + random_at(job->c->seed * 64u + salt, (uint64_t)i)));
}

/* Queries, keys and values: what the special asks for, else uniform. `keys`: which dimension
 * counts keys, -1 the last, -2 the one before, 0 none. */
static void fill_data(struct job *job, struct tensor *t, unsigned salt, int keys, double unit)
{
    int64_t count = tensor_present(t) ? tensor_count(t) : 0;
    enum special special = job->c->special;
    for (int64_t i = 0; i < count; i++) {
        int64_t last = t->shape[t->dl.ndim - 1], row = i / last;
        int64_t key = keys == -1 ? i % last : row % t->shape[t->dl.ndim - 2];
        double x = unit * random_at(job->c->seed * 64u + salt, (uint64_t)i);
        if (keys == -2 && key % 8 == 5)
            x *= 3;
        if (special == SPECIAL_ZERO)
            x = -0.0;
        else if (special == SPECIAL_HUGE)
            x = x < 0 ? -0.9 * job_largest(job) : 0.7 * job_largest(job);
        else if (special == SPECIAL_ENDS && keys == 0)
            x = x < 0 ? -1 : 1;
        else if (special == SPECIAL_ENDS && salt != 3)
            x = near_an_end(job, random_bits(job->c->seed * 64u + salt, (uint64_t)(i % 64)));
        else if (special == SPECIAL_SUBNORMAL && (job->c->operation < OPERATION_POOL || salt == 3))
            x *= tiny(job);
        else if (special == SPECIAL_FAR && keys == 0 && row % 2 == 0)
            x += 50 * unit;
        else if (special == SPECIAL_FAR_BLOCKS && keys == 0 && row / 64 % 2 == 1)
            x += 50 * unit;
        else if (keys != 0 && hidden(job, key))
            x = key % 2 ? NAN : HUGE_VAL;
        tensor_set(&t->dl, i, x);
    }
}

/* The first coordinates of points ascend, but for a little disorder. */
static void sort_points(struct job *job, struct tensor *t, double unit)
{
    const int64_t d = job->c->d, rows = t->shape[t->dl.ndim - 2];
    for (int64_t i = 0; i < tensor_count(t); i += d) {
        double place = (double)(i / d % rows) / (double)rows;
        tensor_set(&t->dl, i, unit * (4 * place - 2) + 0.01 * tensor_get(&t->dl, i));
    }
    if (job->c->special != SPECIAL_SORTED_NAN)
        return;
    tensor_set(&t->dl, rows / 3 * d + d - 1, NAN);
    tensor_set(&t->dl, rows / 2 * d + d - 1, HUGE_VAL);
}

static double default_width(const struct test_case *c)
{
    double unit = c->unit > 0 ? c->unit : 1, d = c->d;
    if (c->width != 0 || signbit(c->width))
        return c->width / unit;
    if (c->form == ATTPOOL_PRODUCT)
        return (c->d <= 3 ? 0.8 : 0.499 / 1.26) / unit;
    return (c->d == 0 ? 1 : 0.9 / sqrt(2 * d / 3)) / unit;
}

static void fill_special_widths(struct job *job)
{
    const enum special special = job->c->special;
    const int64_t count =
        tensor_present(&job->inverse_bandwidths) ? tensor_count(&job->inverse_bandwidths) : 0;
    for (int64_t i = 0; i < count; i++)
        if (special == SPECIAL_HIDDEN_WIDTHS && hidden(job, i % job->c->m))
            tensor_set(&job->inverse_bandwidths.dl, i, i % 2 ? NAN : HUGE_VAL);
        else if (special == SPECIAL_ENDLESS_WIDTHS && (i % 7 == 5 || count == 1))
            tensor_set(&job->inverse_bandwidths.dl, i, HUGE_VAL);
}

static void fill_inverse_bandwidths(struct job *job)
{
    double width = default_width(job->c);
    double sign = has(job, WITH_SIGNED_WIDTH) ? -1 : 1;
    if (job->c->bandwidth_per == ATTPOOL_BANDWIDTH_ONE)
        fill_uniform(job, &job->inverse_bandwidths, 6, sign * width, sign * width);
    else
        fill_uniform(job, &job->inverse_bandwidths, 6, 0.8 * sign * width, 1.2 * width * sign);
    fill_uniform(job, &job->factors, 7, 0.9, 1.05);
    fill_special_widths(job);
    if (tensor_present(&job->inverse_bandwidths))
        return;
    if (has(job, WITH_BANDWIDTH))
        job->kernel.bandwidth = 1 / width;
    else
        job->kernel.inverse_bandwidth = sign * width;
}

static void fill_masks(struct job *job)
{
    const struct test_case *c = job->c;
    uint64_t seed = c->seed * 64u;
    int64_t m = c->m, most = c->special == SPECIAL_HIDDEN ? m - m / 4 : m;
    int64_t count = tensor_present(&job->lengths) ? tensor_count(&job->lengths) : 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t length = (int64_t)(random_bits(seed + 8, (uint64_t)i) % (uint64_t)(most + 1));
        tensor_set(&job->lengths.dl, i,
                   i == 0 && c->special == SPECIAL_EMPTY ? 0 : (double)(i == 1 ? most : length));
    }
    count = tensor_present(&job->mask) ? tensor_count(&job->mask) : 0;
    for (int64_t i = 0; i < count; i++) {
        uint64_t bits = random_bits(seed + 9, (uint64_t)i);
        bool open = c->special == SPECIAL_BLOCKS && kind_of_block(i % m) == 0;
        bool none = hidden(job, i % m) || (c->special == SPECIAL_EMPTY && i / m % c->n == 0);
        tensor_set(&job->mask.dl, i,
                   none || (bits % 4 == 0 && !open) ? 0
                   : has(job, WITH_BOOL)            ? 1
                                                    : 1 + (double)(bits >> 57));
    }
    count = tensor_present(&job->bias) ? tensor_count(&job->bias) : 0;
    for (int64_t i = 0; i < count; i++) {
        double x = random_at(seed + 10, (uint64_t)i) * (has(job, WITH_LARGE_BIAS) ? 1000 : 2);
        if (has(job, WITH_HUGE_BIAS))
            x = near_an_end(job, random_bits(seed + 10, (uint64_t)(i % 64)));
        bool none = random_bits(seed + 11, (uint64_t)i) % 8 == 0 || hidden(job, i % m) ||
                    (c->special == SPECIAL_EMPTY && i / m % c->n == 0);
        tensor_set(&job->bias.dl, i, none ? -HUGE_VAL : x);
    }
    fill_uniform(job, &job->key_weights, 12, 0, 2);
    count = tensor_present(&job->key_weights) ? tensor_count(&job->key_weights) : 0;
    for (int64_t i = 0; i < count && has(job, WITH_WIDE_WEIGHTS); i++)
        tensor_set(&job->key_weights.dl, i,
                   tensor_get(&job->key_weights.dl, i) *
                       any_size(job, i % m / 64, random_bits(seed + 14, (uint64_t)i)));
    for (int64_t i = 3; i < count; i++)
        if (i % m % 8 == 3)
            tensor_set(&job->key_weights.dl, i, i % 2 ? 0.0 : -0.0);
}

/* Set one column of row `row` of every matrix of the tensor. */
static void set_row(struct tensor *t, int64_t row, double value)
{
    int n = t->dl.ndim;
    if (!tensor_present(t) || tensor_count(t) == 0)
        return;
    int64_t rows = t->shape[n - 2], columns = t->shape[n - 1];
    for (int64_t i = 0; i < tensor_count(t) / (rows * columns); i++)
        tensor_set(&t->dl, (i * rows + row % rows) * columns + (row + i) % columns, value);
}

static void fill_payload(struct job *job, struct tensor *t)
{
    bool single = job->element == ELEMENT_F32;
    int64_t count = tensor_present(t) ? tensor_count(t) : 0;
    if (count > 0)
        tensor_set_bits(&t->dl, count / 2, single ? 0xffc12345u : 0xfff8000012345678u);
    if (count > 9)
        tensor_set_bits(&t->dl, 7, single ? 0x7f800001u : 0x7ff0000000000001u);
}

static void fill_special(struct job *job)
{
    const struct test_case *c = job->c;
    bool scores = c->operation == OPERATION_SOFTMAX;
    struct tensor *keys = scores ? &job->q : &job->k;
    int64_t rows = c->operation == OPERATION_BMM ? c->d : scores ? c->n : c->m;
    switch (c->special) {
    case SPECIAL_NAN_KEY:
        set_row(keys, rows / 2, NAN);
        break;
    case SPECIAL_INF_KEY:
        set_row(keys, rows / 2, HUGE_VAL);
        set_row(keys, rows / 3, -HUGE_VAL);
        break;
    case SPECIAL_NAN_QUERY:
        set_row(&job->q, c->n / 2, NAN);
        break;
    case SPECIAL_NAN_VALUE:
        set_row(&job->v, c->m / 2, NAN);
        break;
    case SPECIAL_INF_VALUE:
        set_row(&job->v, c->m / 2, HUGE_VAL);
        set_row(&job->v, c->m / 3, -HUGE_VAL);
        break;
    case SPECIAL_PAYLOAD:
        fill_payload(job, c->operation >= OPERATION_POOL ? &job->v : &job->q);
        break;
    case SPECIAL_EQUAL:
        for (int64_t i = 0; i < (tensor_count(&job->q) > 0 ? tensor_count(&job->k) : 0); i++)
            tensor_set(&job->k.dl, i, tensor_get(&job->q.dl, i % tensor_count(&job->q)));
        break;
    case SPECIAL_CUT:
        job_fill_cut(job);
        break;
    case SPECIAL_SORTED:
    case SPECIAL_SORTED_NAN:
        sort_points(job, &job->q, c->unit > 0 ? c->unit : 1);
        sort_points(job, &job->k, c->unit > 0 ? c->unit : 1);
        break;
    default:
        break;
    }
}

/* Of every third case some are missing. */
static void fill_residuals(struct job *job)
{
    struct tensor *t = &job->residuals;
    fill_data(job, t, 17, -2, 1);
    for (int64_t i = 0; tensor_present(t) && job->c->seed % 3 == 0 && i < tensor_count(t); i++)
        if (random_bits(job->c->seed * 64u + 18, (uint64_t)i) % 16 == 0)
            tensor_set(&t->dl, i, NAN);
}

void job_fill(struct job *job)
{
    const struct test_case *c = job->c;
    double unit = c->unit > 0 ? c->unit : 1;
    bool matrices = c->operation == OPERATION_BMM, scores = c->operation == OPERATION_SOFTMAX;
    fill_data(job, &job->q, 1, scores ? -1 : 0, unit);
    fill_data(job, &job->k, 2, matrices ? -1 : -2, unit);
    fill_data(job, &job->v, 3, -2, 1);
    fill_uniform(job, &job->wq, 4, -1, 1);
    fill_uniform(job, &job->wk, 5, -1, 1);
    fill_uniform(job, &job->wv, 13, -1, 1);
    fill_uniform(job, &job->d_out, 15, -1, 1);
    fill_uniform(job, &job->d_lse, 16, -1, 1);
    fill_residuals(job);
    fill_masks(job);
    fill_inverse_bandwidths(job);
    fill_special(job);
}
