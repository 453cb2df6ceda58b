/* SPDX-License-Identifier: Apache-2.0 */
/* What attend computed, for --json and in a line on stderr. */
#include "tools/attend/attend.h"

const char *attend_score_name(int score)
{
    static const char *const names[] = { [ATTPOOL_DOT] = "dot",
                                         [ATTPOOL_AVERAGE] = "average",
                                         [ATTPOOL_KERNEL] = NULL,
                                         [ATTPOOL_ADDITIVE] = "additive",
                                         [ATTPOOL_PROJECTION] = "projection" };
    return score <= ATTPOOL_PROJECTION ? names[score] : NULL;
}

static json_t *shape_of(const struct attend_array *a)
{
    json_t *shape = a->data != NULL ? json_array() : json_null();
    for (int c = 0; c < a->dims; c++)
        json_array_append_new(shape, json_integer(a->shape[c]));
    return shape;
}

/* As for --score, for kernels of --params too. */
static json_t *score_of(const struct attend_options *o)
{
    if (o->score_text != NULL)
        return report_text(o->score_text);
    if (o->score != ATTPOOL_KERNEL)
        return json_string(attend_score_name((int)o->score));
    json_t *score = json_string(attpool_kernel_to_name(o->kernels.name[0]));
    for (size_t k = 1; k < o->kernels.count; k++) {
        json_t *more = json_sprintf("%s,%s", json_string_value(score),
                                    attpool_kernel_to_name(o->kernels.name[k]));
        json_decref(score);
        score = more;
    }
    return score;
}

static void report_score(const struct attend_options *o, struct report *r)
{
    const bool kernel = o->score == ATTPOOL_KERNEL;
    const bool given = o->input[IN_INVERSE_BANDWIDTH] != NULL || o->bandwidths.count > 0;
    const bool constant = o->kernels.count == 1 && o->kernels.name[0] == ATTPOOL_CONSTANT;
    const char *form = o->form == ATTPOOL_RADIAL ? "radial" : "product";
    report_put(r, r->root, "score", score_of(o));
    report_put(r, r->root, "kernel", kernel ? report_kernels(&o->kernels) : json_null());
    report_put(r, r->root, "form", kernel ? json_string(form) : json_null());
    report_put(r, r->root, "bandwidth",
               !kernel             ? json_null()
               : given || constant ? report_bandwidths(&o->bandwidths)
                                   : json_real(1));
}

static void report_masks(const struct attend_options *o, struct report *r)
{
    json_t *window =
        o->window ? json_pack("[I, I]", (json_int_t)o->left, (json_int_t)o->right) : json_null();
    report_put(r, r->root, "causal", json_boolean(o->causal));
    report_put(r, r->root, "window", window);
    report_put(r, r->root, "offset", json_integer(o->offset));
    report_put(r, r->root, "loo", json_boolean(o->loo));
    report_put(r, r->root, "dropout", json_real(o->dropout));
    report_put(r, r->root, "seed", o->dropout > 0 ? json_integer(o->seed) : json_null());
    report_put(r, r->root, "query_origin", json_integer(o->query_origin));
    report_put(r, r->root, "key_origin", json_integer(o->key_origin));
    report_put(r, r->root, "batch_origin", json_integer(o->batch_origin));
}

/* Each array by its file and shape. */
static void report_arrays(const struct attend_options *o, const struct attend_work *work,
                          struct report *r)
{
    static const char *const inputs[] = {
        [IN_Q] = "queries",
        [IN_K] = "keys",
        [IN_V] = "values",
        [IN_WQ] = "wq",
        [IN_WK] = "wk",
        [IN_WV] = "wv",
        [IN_LENGTHS] = "lengths",
        [IN_MASK] = "mask",
        [IN_BIAS] = "bias",
        [IN_KEY_WEIGHTS] = "key_weights",
        [IN_INVERSE_BANDWIDTH] = "inverse_bandwidth",
        [IN_KEY_FACTORS] = "key_factors",
        [IN_GRAD_OUTPUT] = "grad_output",
        [IN_GRAD_LSE] = "grad_lse",
    };
    json_t *arrays = json_object();
    for (int i = 0; i < INPUTS; i++)
        if (o->input[i] != NULL)
            report_put(r, arrays, inputs[i],
                       json_pack("{s:o, s:o}", "file", report_text(o->input[i]), "shape",
                                 shape_of(&work->input[i])));
    report_put(r, r->root, "inputs", arrays);
    if (o->input[IN_V] != NULL)
        report_put(r, r->root, "shape", shape_of(&work->output[OUT_RESULT]));
}

void attend_report(const struct attend_options *o, struct attend_work *work, bool written)
{
    struct report *r = &work->report;
    const struct attend_array *q = &work->input[IN_Q];
    const struct attend_array *keys = &work->input[o->input[IN_K] != NULL ? IN_K : IN_V];
    report_score(o, r);
    report_masks(o, r);
    report_arrays(o, work, r);
    r->computed = true;
    if (!written)
        return;
    const char *score = o->score == ATTPOOL_KERNEL && o->kernels.count > 1
                            ? "product kernel"
                            : attend_score_name((int)o->score);
    error_summary("%s attention, %lld queries, %lld keys, on %s, %.3g s",
                  score != NULL ? score : attpool_kernel_to_name(o->kernels.name[0]),
                  (long long)q->shape[q->dims - 2], (long long)keys->shape[keys->dims - 2],
                  work->backend, report_seconds(r));
}
