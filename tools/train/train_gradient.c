/* SPDX-License-Identifier: Apache-2.0 */
/* The gradient of the loss of all rows by what is learned. */
#include "tools/train/train.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

int train_gradient_new(const struct train_run *run, struct train_gradient *g, struct error *e)
{
    const struct params *p = &run->params;
    DLTensor *t[PARAMS_ARRAYS] = { NULL };
    int st = CMD_OK;
    for (int k = 0; k < PARAMS_ARRAYS && st == CMD_OK; k++) {
        const int64_t count = params_count(p, (enum params_array)k);
        const bool matrix = k == PARAMS_WQ || k == PARAMS_WK;
        const int64_t shape[2] = { matrix ? p->p : count, p->d };
        if (count == 0)
            continue;
        st = array_new(&g->memory[k], (size_t)count, real_size(p->single), e);
        if (st == CMD_OK)
            t[k] = operand_real(&g->operand[k], g->memory[k], p->single, matrix ? 2 : 1, shape);
    }
    g->tensors = (attpool_gradients){ .size = sizeof g->tensors,
                                      .inverse_bandwidths = t[PARAMS_W_ARRAY],
                                      .wq = t[PARAMS_WQ],
                                      .wk = t[PARAMS_WK],
                                      .wv = t[PARAMS_WV] };
    return st;
}

void train_gradient_free(struct train_gradient *g)
{
    for (int k = 0; k < PARAMS_ARRAYS; k++)
        free(g->memory[k]);
}

/* No kernel that falls or rises anywhere. */
static bool kernels_are_flat(const struct params *p)
{
    for (size_t k = 0; k < p->kernels.count; k++)
        if (p->kernels.name[k] != ATTPOOL_BOXCAR && p->kernels.name[k] != ATTPOOL_CONSTANT)
            return false;
    return params_have_kernel(p);
}

double train_change(const struct train_run *run, const struct train_gradient *g)
{
    const struct params *p = &run->params;
    double change = 0;
    for (int k = 0; k < PARAMS_ARRAYS; k++)
        for (int64_t i = 0; i < params_count(p, (enum params_array)k); i++) {
            const double slope = real_get(g->memory[k], p->single, (size_t)i);
            if (slope != 0 && p->value[k][i] == 0)
                return INFINITY;
            change += fabs(slope * p->value[k][i]);
        }
    return change;
}

/* Less than the digits of the loss; exactly 0 is rare, as rows at the same distance leave rounding
 * errors. */
bool train_is_flat(const struct train_run *run, double loss, const struct train_gradient *g)
{
    const double least = loss * (run->params.single ? FLT_EPSILON : DBL_EPSILON);
    return loss > 0 && train_change(run, g) < least;
}

void train_warn_flat(const struct train_run *run)
{
    const size_t rows = run->group->m;
    if (rows <= 2)
        error_warn("the gradient is 0, so nothing was learned: a row is predicted from the others, "
                   "and the table has %zu row%s",
                   rows, rows == 1 ? "" : "s");
    else
        error_warn("the gradient is 0 at the start, so nothing was learned: try %s",
                   kernels_are_flat(&run->params)
                       ? "a --kernel that has a slope, which boxcar and constant do not"
                       : "another --init, or x in another unit");
}
