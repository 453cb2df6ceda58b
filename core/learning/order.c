/* SPDX-License-Identifier: Apache-2.0 */

/* The order of an epoch's rows. */

#include "backends/philox.h"
#include "core/attpool.h"

/* Its third word keeps it apart from dropout's counters. */
enum { ORDER_COUNTER = 1 };

/* floor(r count / 2^64) for a random r of 64 bits, high * 2^32 + low. */
static int64_t below(uint64_t count, uint32_t low, uint32_t high)
{
    return (int64_t)((high * count + (low * count >> 32)) >> 32);
}

attpool_status attpool_train_order(uint64_t seed, int64_t epoch, int64_t count, int64_t *order)
{
    const int64_t most = INT64_C(1) << 32;
    if (!order || count < 0 || count > most || epoch < 0 || epoch >= most)
        return ATTPOOL_E_OPTIONS;
    for (int64_t i = 0; i < count; i++)
        order[i] = i;
    for (int64_t i = count - 1; i > 0; i--) {
        struct philox counter = { { (uint32_t)i, 0, (uint32_t)epoch, ORDER_COUNTER } };
        counter = philox(counter, (uint32_t)seed, (uint32_t)(seed >> 32));
        const int64_t j = below((uint64_t)i + 1, counter.word[0], counter.word[1]);
        const int64_t last = order[i];
        order[i] = order[j];
        order[j] = last;
    }
    return ATTPOOL_OK;
}
