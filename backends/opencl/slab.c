/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/slab.h"

attpool_status ap_slab_each(const struct cut *cut, slab_step *step, void *arg)
{
    int64_t matrices = cut->batch * cut->heads;
    int64_t most = min64(max64(1, cut->most), MOST_ROWS);
    int64_t together = cut->n > 0 ? max64(1, most / cut->n) : 1;
    int64_t piece = min64(cut->n, most);

    for (int64_t first = 0; first < matrices; first += together)
        for (int64_t top = 0; top < cut->n; top += piece) {
            struct slab s = {
                .batch = first / cut->heads,
                .head = first % cut->heads,
                .heads = cut->heads,
                .by_heads = ap_opencl_divisor(cut->heads),
                .top = top,
                .count = min64(piece, cut->n - top),
                .queries = cut->queries,
                .state_rows = cut->state_rows,
                .m = cut->m,
            };
            s.rows = s.count * min64(together, matrices - first);
            s.by_count = ap_opencl_divisor(s.count);
            attpool_status status = step(arg, &s);
            if (status != ATTPOOL_OK)
                return status;
        }
    return ATTPOOL_OK;
}
