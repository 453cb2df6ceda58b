/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/oracle/oracle_dropout.h"

#include <math.h>

/* As the paper has it: two multiplications of 32 by 32 bits, a permutation, and a key that grows.
 */
void oracle_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4])
{
    uint32_t r0 = counter[0], l0 = counter[1], r1 = counter[2], l1 = counter[3];
    for (uint32_t round = 0; round < 10; round++) {
        const uint64_t product0 = UINT64_C(3528531795) * r0, product1 = UINT64_C(3449720151) * r1;
        r0 = (uint32_t)(product1 / 4294967296U) ^ (key[0] + round * 2654435769U) ^ l0;
        r1 = (uint32_t)(product0 / 4294967296U) ^ (key[1] + round * 3144134277U) ^ l1;
        l0 = (uint32_t)(product1 % 4294967296U);
        l1 = (uint32_t)(product0 % 4294967296U);
    }
    words[0] = r0, words[1] = l0, words[2] = r1, words[3] = l1;
}

bool oracle_is_dropped(const struct job *job, const int64_t x[4])
{
    const double p = job->pool.dropout;
    const int64_t j = x[3] + job->masks.key_origin;
    const int64_t b = x[0] * job->heads + x[1] + job->masks.batch_origin;
    const uint32_t counter[4] = { (uint32_t)(j / 4), (uint32_t)(x[2] + job->masks.query_origin),
                                  (uint32_t)b, 0 };
    const uint32_t key[2] = { (uint32_t)(job->pool.seed % 4294967296U),
                              (uint32_t)(job->pool.seed / 4294967296U) };
    uint32_t words[4];
    if (p == 0)
        return false;
    oracle_philox(counter, key, words);
    return (double)words[j % 4] < round(p * 4294967296.0);
}

long double oracle_kept_scale(const struct job *job)
{
    return 1 / (1 - (long double)job->pool.dropout);
}
