/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_OPENCL_SCORE_H
#define BACKENDS_OPENCL_SCORE_H

/* What cl/score.cl gets of a score: kernels and pooling share it. */

#include "backends/opencl/opencl.h"

struct score {
    enum pool_score score;
    const struct kernel *kernel; /* of POOL_KERNEL */
    int64_t d;
    double c;
    const struct array *q, *k;
    const struct array *wv; /* NULL: none */
    cl_mem names;           /* see ap_score_open */
};

/* Puts kernel->names on the device; false: the message is set. ap_score_close once all is queued.
 */
bool ap_score_open(struct engine *engine, struct score *score);
void ap_score_close(struct engine *engine, struct score *score);

void ap_put_score(struct launch *l, const struct score *score);

/* Does a log2 part, or a factor, take part in the weights? */
bool ap_score_has_log(const struct score *score);
bool ap_score_has_factor(const struct score *score);

/* The program that makes its scores. */
enum entry_id ap_score_kernel(const struct score *score);

/* Keys of a work-item, one where a key takes long by itself, and the turns that its loops take, at
 * most. */
int64_t ap_score_keys_each(const struct score *score);
int64_t ap_score_turns(const struct score *score);

/* How cl/sums.cl can make the sums of many pairs: SUM_*. */
int ap_score_sums(const struct score *score);

#endif
