/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel of a fit, as the library takes it. */
#include "tools/regress/regress.h"

#include <stdlib.h>

int regress_kernel(const struct regress_options *o, const struct regress_fit *fit,
                   struct regress_kernel *k, struct error *e)
{
    const struct kernels *kernels = fit->kernels;
    const struct numbers *h = fit->bandwidths;
    const bool single = fit->group->single;
    const int64_t d = (int64_t)h->count;
    *k = (struct regress_kernel){ .options = {
                                      .size = sizeof k->options,
                                      .kernel = kernels->name[0],
                                      .form = kernels->count > 1 ? ATTPOOL_PRODUCT : o->form,
                                      .kernels = kernels->count > 1 ? kernels->name : NULL,
                                      .bandwidth = h->count == 1 ? h->value[0] : 0,
                                  } };
    if (o->params != NULL)
        return regress_params_kernel(o, single, k, e);
    if (h->count < 2)
        return CMD_OK;
    int st = array_new(&k->memory, h->count, real_size(single), e);
    for (size_t c = 0; st == CMD_OK && c < h->count; c++)
        real_set(k->memory, single, c,
                 single ? (double)attpool_inverse_bandwidth_f32((float)h->value[c])
                        : attpool_inverse_bandwidth_f64(h->value[c]));
    k->options.bandwidth_per = ATTPOOL_BANDWIDTH_COORDINATE;
    k->options.inverse_bandwidths = operand_real(&k->inverse, k->memory, single, 1, &d);
    return st;
}

void regress_kernel_free(struct regress_kernel *k)
{
    free(k->memory);
    free(k->adaptive[0]);
    free(k->adaptive[1]);
    k->memory = k->adaptive[0] = k->adaptive[1] = NULL;
}
