/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/score.h"
#include "backends/kernel_traits.h"

static const struct kernel no_kernel;

static const struct kernel *score_kernel_of(const struct score *score)
{
    return score->score == POOL_KERNEL ? score->kernel : &no_kernel;
}

bool ap_score_open(struct engine *engine, struct score *score)
{
    const struct kernel *kernel = score_kernel_of(score);

    score->names = NULL;
    if (kernel->form == ATTPOOL_PRODUCT && kernel->names && score->d > 0) {
        score->names = ap_opencl_copy(engine, kernel->names, (size_t)score->d * sizeof(int32_t));
        return score->names;
    }
    return true;
}

void ap_score_close(struct engine *engine, struct score *score)
{
    ap_opencl_release(engine, score->names);
}

void ap_put_score(struct launch *l, const struct score *score)
{
    static const struct array none;
    const struct kernel *kernel = score_kernel_of(score);
    const struct measure how = {
        .name = kernel->name,
        .product = kernel->form == ATTPOOL_PRODUCT,
        .per = kernel->per,
        .has_names = score->names != NULL,
        .has_inverse_bandwidths = kernel->inverse_bandwidths.data != NULL,
        .d = score->d,
    };

    ap_put(l, sizeof how, &how);
    ap_put_real(l, kernel->one);
    ap_put_real(l, score->score == POOL_CONSTANT ? 1 : score->c);
    ap_put_array(l, score->q);
    ap_put_array(l, score->k);
    ap_put_array(l, score->wv ? score->wv : &none);
    ap_put_buffer(l, score->names);
    ap_put_array(l, &kernel->inverse_bandwidths);
    ap_put_array(l, &kernel->factors);
}

bool ap_score_has_log(const struct score *score)
{
    if (score->score == POOL_KERNEL)
        return kernel_any(score->kernel, score->d, kernel_has_log);
    return score->score != POOL_CONSTANT;
}

bool ap_score_has_factor(const struct score *score)
{
    if (score->score == POOL_KERNEL)
        return kernel_any(score->kernel, score->d, kernel_has_factor);
    return score->score == POOL_CONSTANT;
}

int ap_score_sums(const struct score *score)
{
    const struct kernel *kernel = score->kernel;

    if (score->score == POOL_DOT)
        return SUM_PRODUCTS;
    if (score->score != POOL_KERNEL || kernel->form == ATTPOOL_PRODUCT ||
        kernel->name == ATTPOOL_CONSTANT || kernel_by_coordinate(kernel) ||
        (score->d == 1 && kernel->name != ATTPOOL_GAUSSIAN))
        return SUM_NONE;
    if (kernel->per == ATTPOOL_BANDWIDTH_KEY)
        return SUM_KEY;
    return kernel->per == ATTPOOL_BANDWIDTH_QUERY ? SUM_QUERY : SUM_ONE;
}

enum entry_id ap_score_kernel(const struct score *score)
{
    switch (score->score) {
    case POOL_CONSTANT:
        return KERNEL_SCORES_CONSTANT;
    case POOL_DOT:
        return KERNEL_SCORES_DOT;
    case POOL_ADDITIVE:
        return KERNEL_SCORES_ADDITIVE;
    default:
        return kernel_any(score->kernel, score->d, kernel_is_intricate) ? KERNEL_SCORES_ALL
                                                                        : KERNEL_SCORES_PLAIN;
    }
}

/* Is a term of a sum an elementary function? */
static bool has_element_terms(const struct score *score)
{
    return score->score == POOL_ADDITIVE ||
           (score->score == POOL_KERNEL && score->kernel->form == ATTPOOL_PRODUCT);
}

int64_t ap_score_keys_each(const struct score *score)
{
    return has_element_terms(score) ? 1 : 16;
}

int64_t ap_score_turns(const struct score *score)
{
    /* the loops of an elementary function, or of none */
    enum { ELEMENT_TURNS = 32, TERM_TURNS = 2 };
    int64_t term = has_element_terms(score) ? ELEMENT_TURNS : TERM_TURNS;
    return ap_score_keys_each(score) * (score->d * term + 4 * ELEMENT_TURNS);
}
