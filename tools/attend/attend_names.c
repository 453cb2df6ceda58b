/* SPDX-License-Identifier: Apache-2.0 */
/* The files of attend by their options. */
#include "tools/attend/attend.h"

const char *attend_input_option(enum attend_input i)
{
    static const char *const names[INPUTS] = {
        [IN_Q] = "-q",
        [IN_K] = "-k",
        [IN_V] = "-v",
        [IN_WQ] = "--wq",
        [IN_WK] = "--wk",
        [IN_WV] = "--wv",
        [IN_LENGTHS] = "--lengths",
        [IN_MASK] = "--mask",
        [IN_BIAS] = "--bias",
        [IN_KEY_WEIGHTS] = "--key-weights",
        [IN_INVERSE_BANDWIDTH] = "--inverse-bandwidth",
        [IN_KEY_FACTORS] = "--key-factors",
        [IN_GRAD_OUTPUT] = "--grad-output",
        [IN_GRAD_LSE] = "--grad-lse",
    };
    return names[i];
}

const char *attend_output_option(enum attend_output i)
{
    static const char *const names[OUTPUTS] = {
        [OUT_RESULT] = "-o",
        [OUT_LSE] = "--lse",
        [OUT_WEIGHTS] = "--weights",
        [OUT_GRAD_Q] = "--grad-q",
        [OUT_GRAD_K] = "--grad-k",
        [OUT_GRAD_V] = "--grad-v",
        [OUT_GRAD_BIAS] = "--grad-bias",
        [OUT_GRAD_KEY_WEIGHTS] = "--grad-key-weights",
        [OUT_GRAD_SCALE] = "--grad-scale",
        [OUT_GRAD_INVERSE_BANDWIDTH] = "--grad-inverse-bandwidth",
        [OUT_GRAD_KEY_FACTORS] = "--grad-key-factors",
        [OUT_GRAD_WQ] = "--grad-wq",
        [OUT_GRAD_WK] = "--grad-wk",
        [OUT_GRAD_WV] = "--grad-wv",
    };
    return names[i];
}

bool attend_has_gradients(const struct attend_options *o)
{
    for (int i = OUT_GRAD_Q; i < OUTPUTS; i++)
        if (o->output[i] != NULL)
            return true;
    return false;
}
