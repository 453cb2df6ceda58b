/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cases/job.h"

#include <math.h>

/* Queries and keys of SPECIAL_CUT: from 0 on along the first coordinate lie near keys, keys at both
 * sides of where a key is near, and of where it is far, and far ones with values that must not be
 * read. Queries lie before, at both sides of where they have a near key, and behind. */

static double uniform(const struct job *job, unsigned salt, int64_t i)
{
    return 0.5 * (1 + random_at(job->c->seed * 64u + salt, (uint64_t)i));
}

/* The distance at which a weight is 2^-bits. */
static double distance(const struct job *job, double bits)
{
    const double score = bits * log(2);
    return job->c->kernel == ATTPOOL_GAUSSIAN ? sqrt(2 * score) : score;
}

static double near_distance(const struct job *job)
{
    return distance(job, 32);
}

static double far_distance(const struct job *job)
{
    return distance(job, job->element == ELEMENT_F32 ? 157.5 : 191.5);
}

static double query_at(const struct job *job, int64_t i)
{
    const double near = near_distance(job), far = far_distance(job), by = i % 16 < 8 ? 0.01 : 1e-5;
    switch (i % 8) {
    case 1:
        return 0.3;
    case 2:
        return -near + by;
    case 3:
        return -near - by;
    case 4:
        return -far + by;
    case 5:
        return -far - by;
    case 6:
        return 1.6 * far;
    case 7:
        return -1000 * far;
    default:
        return 0;
    }
}

/* All of them are far: a super-block of them, or a block. */
static bool are_far(const struct job *job, int64_t j)
{
    const int64_t seed = job->c->seed;
    return (j / 1024 + seed) % 3 == 1 || (j / 128 + seed) % 5 == 2;
}

static double key_at(const struct job *job, int64_t j)
{
    const double near = near_distance(job), far = far_distance(job), u = uniform(job, 20, j);
    const double aside = (2 * u - 1) * (j % 4 < 2 ? 0.1 : 1e-5);
    if (are_far(job, j))
        return j % 16 == 5 ? HUGE_VAL : (1.05 + u) * far;
    switch ((j / 128 + job->c->seed) % 5) {
    case 0:
        return u * (j % 16 > 0);
    case 1:
        return far + aside;
    case 3:
        return near + aside;
    default:
        return u * 1.2 * far;
    }
}

void job_fill_cut(struct job *job)
{
    const int64_t d = job->c->d, v = job->c->v, m = job->c->m;
    for (int64_t i = 0; i < tensor_count(&job->q); i++)
        tensor_set(&job->q.dl, i, i % d ? 0 : query_at(job, i / d % job->c->n));
    for (int64_t i = 0; i < tensor_count(&job->k); i++)
        tensor_set(&job->k.dl, i, i % d ? 0 : key_at(job, i / d % m));
    for (int64_t i = 0; i < (v > 0 ? tensor_count(&job->v) : 0); i++)
        if (are_far(job, i / v % m) && i / v % 3 > 0)
            tensor_set(&job->v.dl, i, i / v % 3 == 1 ? NAN : HUGE_VAL);
}
