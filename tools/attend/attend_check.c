/* SPDX-License-Identifier: Apache-2.0 */
/* Which options of attend go together. */
#include "tools/attend/attend_options.h"

/* An option that has no meaning beside the score is a mistake. */
static int check_score(const struct option_reader *r, const struct attend_options *o,
                       const struct given *given, struct error *e)
{
    const bool learned = o->params != NULL;
    bool kernel = o->score == ATTPOOL_KERNEL, additive = o->score == ATTPOOL_ADDITIVE;
    bool projects = additive || o->score == ATTPOOL_PROJECTION;
    const struct {
        int option;
        bool allowed, needed;
        const char *name, *scores;
    } rules[] = {
        { OPTION_INPUT + IN_WQ, projects, projects, "--wq", "--score additive or projection" },
        { OPTION_INPUT + IN_WK, projects, projects, "--wk", "--score additive or projection" },
        { OPTION_INPUT + IN_WV, additive, additive, "--wv", "--score additive" },
        { OPTION_SCALE, projects || o->score == ATTPOOL_DOT, false, "--scale",
          "--score dot, additive or projection" },
        { OPTION_FORM, kernel, false, "--form", "kernels: --score NAME" },
        { OPTION_BANDWIDTH, kernel, false, "--bandwidth", "kernels: --score NAME" },
        { OPTION_INPUT + IN_INVERSE_BANDWIDTH, kernel, false, "--inverse-bandwidth",
          "kernels: --score NAME" },
        { OPTION_BANDWIDTH_PER, kernel, false, "--bandwidth-per", "kernels: --score NAME" },
        { OPTION_INPUT + IN_KEY_FACTORS, kernel, false, "--key-factors", "kernels: --score NAME" },
        { OPTION_OUTPUT + OUT_GRAD_SCALE, projects || o->score == ATTPOOL_DOT, false,
          "--grad-scale", "--score dot, additive or projection" },
        { OPTION_OUTPUT + OUT_GRAD_INVERSE_BANDWIDTH, kernel, false, "--grad-inverse-bandwidth",
          "kernels: --score NAME" },
        { OPTION_OUTPUT + OUT_GRAD_KEY_FACTORS, kernel && !learned, false, "--grad-key-factors",
          "kernels: --score NAME" },
        { OPTION_OUTPUT + OUT_GRAD_WQ, projects, false, "--grad-wq",
          "--score additive or projection" },
        { OPTION_OUTPUT + OUT_GRAD_WK, projects, false, "--grad-wk",
          "--score additive or projection" },
        { OPTION_OUTPUT + OUT_GRAD_WV, additive, false, "--grad-wv", "--score additive" },
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (given->option[rules[i].option] && !rules[i].allowed && learned)
            return usage_error(r, e, "%s does not apply to parameters of kind %s, as in %s",
                               rules[i].name, params_kind_names[o->learned.kind], o->params);
        if (given->option[rules[i].option] && !rules[i].allowed)
            return usage_error(r, e, "%s applies only to %s", rules[i].name, rules[i].scores);
        if (!given->option[rules[i].option] && rules[i].needed && !learned)
            return usage_error(r, e, "%s is missing, but --score %s needs it", rules[i].name,
                               additive ? "additive" : "projection");
    }
    if (o->empty == ATTPOOL_EMPTY_NEAREST && !kernel)
        return usage_error(r, e, "--empty nearest needs a kernel as --score");
    return CMD_OK;
}

static int check_bandwidths(const struct option_reader *r, struct attend_options *o,
                            const struct given *given, struct error *e)
{
    if (o->kernels.count > 1 && given->option[OPTION_FORM] && o->form == ATTPOOL_RADIAL)
        return usage_error(r, e, "--form radial takes one kernel, not %zu", o->kernels.count);
    if (o->kernels.count > 1)
        o->form = ATTPOOL_PRODUCT;
    if (o->input[IN_INVERSE_BANDWIDTH] != NULL && o->bandwidths.count > 0)
        return usage_error(r, e, "--bandwidth and --inverse-bandwidth cannot be used together");
    if (o->input[IN_INVERSE_BANDWIDTH] == NULL && given->option[OPTION_BANDWIDTH_PER])
        return usage_error(r, e, "--bandwidth-per needs --inverse-bandwidth");
    const bool factors = o->bandwidth_per == ATTPOOL_BANDWIDTH_COORDINATE_KEY;
    if (factors != (o->input[IN_KEY_FACTORS] != NULL))
        return usage_error(r, e, "%s",
                           factors ? "--bandwidth-per coordinate-key needs --key-factors"
                                   : "--key-factors needs --bandwidth-per coordinate-key");
    return CMD_OK;
}

/* Gradients by what is there, of what is there. */
static int check_gradients(const struct option_reader *r, const struct attend_options *o,
                           struct error *e)
{
    static const struct {
        enum attend_output output;
        enum attend_input of;
    } needs[] = {
        { OUT_GRAD_V, IN_GRAD_OUTPUT },
        { OUT_GRAD_K, IN_K },
        { OUT_GRAD_BIAS, IN_BIAS },
        { OUT_GRAD_KEY_WEIGHTS, IN_KEY_WEIGHTS },
        { OUT_GRAD_KEY_FACTORS, IN_KEY_FACTORS },
    };
    const bool given = o->input[IN_GRAD_OUTPUT] != NULL || o->input[IN_GRAD_LSE] != NULL;
    if (attend_has_gradients(o) != given)
        return usage_error(r, e, "%s",
                           given ? "--grad-output and --grad-lse need --grad-q or another gradient"
                                 : "a gradient needs --grad-output or --grad-lse");
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if (o->output[needs[i].output] != NULL && o->input[needs[i].of] == NULL)
            return usage_error(r, e, "%s needs %s", attend_output_option(needs[i].output),
                               attend_input_option(needs[i].of));
    if (o->score == ATTPOOL_AVERAGE && (o->output[OUT_GRAD_Q] != NULL || o->output[OUT_GRAD_K]))
        return usage_error(r, e, "--score average does not look at queries and keys: it has no %s",
                           o->output[OUT_GRAD_Q] != NULL ? "--grad-q" : "--grad-k");
    if (o->input[IN_GRAD_OUTPUT] != NULL && o->input[IN_V] == NULL)
        return usage_error(r, e, "-v is missing");
    return CMD_OK;
}

/* What parameters are for is theirs alone. */
static int check_params(const struct option_reader *r, const struct attend_options *o,
                        const struct given *given, struct error *e)
{
    static const struct {
        int option;
        const char *name;
    } taken[] = {
        { OPTION_SCORE, "--score" },
        { OPTION_FORM, "--form" },
        { OPTION_BANDWIDTH, "--bandwidth" },
        { OPTION_BANDWIDTH_PER, "--bandwidth-per" },
        { OPTION_INPUT + IN_INVERSE_BANDWIDTH, "--inverse-bandwidth" },
        { OPTION_INPUT + IN_KEY_FACTORS, "--key-factors" },
        { OPTION_INPUT + IN_WQ, "--wq" },
        { OPTION_INPUT + IN_WK, "--wk" },
        { OPTION_INPUT + IN_WV, "--wv" },
    };
    for (size_t i = 0; o->params != NULL && i < sizeof taken / sizeof taken[0]; i++)
        if (given->option[taken[i].option])
            return usage_error(r, e, "%s and --params cannot be used together", taken[i].name);
    return CMD_OK;
}

int attend_check(const struct option_reader *r, struct attend_options *o, const struct given *given,
                 struct error *e)
{
    const bool weights = o->output[OUT_WEIGHTS] != NULL || o->heatmap != NULL;
    const bool gradients = attend_has_gradients(o);
    int st = check_params(r, o, given, e);
    if (st == CMD_OK && o->params != NULL)
        st = attend_params(o, e);
    if (st != CMD_OK)
        return st;
    if (o->input[IN_Q] == NULL)
        return usage_error(r, e, "-q is missing");
    if (o->input[IN_K] == NULL && (o->score != ATTPOOL_AVERAGE || o->input[IN_V] == NULL))
        return usage_error(r, e, "-k is missing");
    if (o->input[IN_V] == NULL &&
        (o->output[OUT_RESULT] != NULL || !(weights || o->output[OUT_LSE] || gradients)))
        return usage_error(r, e, "-v is missing");
    if (given->option[OPTION_OFFSET] && !o->causal && !o->window)
        return usage_error(r, e, "--offset needs --causal or --window");
    if (o->lengths_per_given && o->input[IN_LENGTHS] == NULL)
        return usage_error(r, e, "--lengths-per needs --lengths");
    if (given->option[OPTION_ROWS] && !weights)
        return usage_error(r, e, "--rows needs --weights or --heatmap");
    if (given->option[OPTION_SEED] && !given->option[OPTION_DROPOUT])
        return usage_error(r, e, "--seed needs --dropout");
    if (given->option[OPTION_BATCH_ORIGIN] && !given->option[OPTION_DROPOUT])
        return usage_error(r, e, "--batch-origin needs --dropout");
    if (o->keep_scripts && o->heatmap == NULL)
        return usage_error(r, e, "--keep-scripts needs --heatmap");
    st = check_score(r, o, given, e);
    if (st == CMD_OK)
        st = check_bandwidths(r, o, given, e);
    if (st == CMD_OK)
        st = check_gradients(r, o, e);
    if (st != CMD_OK)
        return st;
    bool json_on_stdout = o->common.json != NULL && name_is_stdio(o->common.json);
    if (o->input[IN_V] != NULL && o->output[OUT_RESULT] == NULL && !json_on_stdout && !gradients)
        o->output[OUT_RESULT] = "-";
    return CMD_OK;
}
