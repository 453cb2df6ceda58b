/* SPDX-License-Identifier: Apache-2.0 */
/* The options of attend. */
#include "tools/attend/attend_options.h"

#include "tools/command/nearest.h"
#include "tools/plot/picture.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: attpool attend -q FILE -k FILE -v FILE [OPTION]...\n"
    "Attention pooling: score every key for a query, normalise, average the values. Arrays\n"
    "are NPY files of shape (n, d), (b, n, d) or (b, h, n, d); '-' is stdin. Missing\n"
    "leading dimensions and those of size 1 broadcast; groups of query heads may share a head\n"
    "of the keys.\n"
    "\n"
    "  -q, --queries FILE   (b, n, d)\n"
    "  -k, --keys FILE      (b, m, d); with --score average it may be left out\n"
    "  -v, --values FILE    (b, m, v); it may be left out where --lse, --weights or --heatmap\n"
    "                       is all that is wanted\n"
    "\n"
    "Score:\n"
    "  --score NAME         dot (default), average, additive, projection or a kernel:\n" KERNEL_LIST
    "                       NAME[,NAME..] is a product of kernels, one for each column. What\n"
    "                       Dive into Deep Learning calls Epanechikov is triangular.\n"
    "  --scale S            the factor of dot (1/sqrt(d)), projection (1/sqrt(p)), additive (1)\n"
    "  --wq FILE --wk FILE  (p, d_q) and (p, d_k), for additive and projection\n"
    "  --wv FILE            the vector (p), for additive\n"
    "  --form radial|product   for a kernel\n"
    "  --bandwidth H[,H..]  for a kernel: one, or one for each column (default: 1)\n"
    "  --inverse-bandwidth FILE         instead: the inverse bandwidths, as an array\n"
    "  --bandwidth-per one|coordinate|key|query|coordinate-key   what each of them is for\n"
    "                       (default: one)\n"
    "  --key-factors FILE   of coordinate-key: (m), (b, m) or (b, h, m)\n"
    "  --params FILE        instead of all these: what train --params-out wrote\n"
    "\n"
    "Which keys a query sees; these options combine:\n"
    "  --lengths FILE       integers: keys from the length on are hidden; (b), or (b, n) with\n"
    "                       one for each row; with heads they hold for all heads of an item,\n"
    "                       and (b, h) and (b, h, n) give one for each head\n"
    "  --lengths-per batch|row   what two dimensions mean when there are heads\n"
    "  --mask FILE          (b, n, m), bool; false hides a key; with heads (b, h, n, m), or\n"
    "                       (h, n, m) for all batch items\n"
    "  --bias FILE          likewise, added to the score; -Inf hides a key\n"
    "  --causal             query i sees the keys up to i\n"
    "  --window LEFT,RIGHT  query i sees the keys from i - LEFT to i + RIGHT\n"
    "  --offset N           shifts both: i + N instead of i\n"
    "  --loo                query i does not see key i\n"
    "  --key-weights FILE   (m), (b, m) or (b, h, m), not negative; 0 hides a key\n"
    "  --empty POLICY       where no key is seen: nan (default for kernels and average), zero\n"
    "                       (default for the others), mean, nearest (kernels only), error\n"
    "  --query-origin N --key-origin N   positions of the first ones, if these are parts\n"
    "\n"
    "Dropout:\n"
    "  --dropout P          weights become 0 with this probability, the others are divided by\n"
    "                       1 - P; --lse and --weights are those before\n"
    "  --seed N             of the random numbers (default: 0)\n"
    "  --batch-origin N     position of the first batch item and head\n"
    "\n"
    "Results, as .npy, or else as CSV with a line for each row, led by its batch and head:\n"
    "  -o, --output FILE    the output (b, n, v) (default: CSV on stdout, or nothing where\n"
    "                       gradients are asked for)\n"
    "  --lse FILE           log of the sum of each row's weights (b, n)\n"
    "  --weights FILE       the weights (b, n, m)\n"
    "  --rows I[,I..]       only the weights of these queries, counted from 0\n"
    "  --heatmap FILE       the weights as a picture, .svg or .png\n"
    "  --keep-scripts       keep gnuplot's script beside the picture, as FILE.gp\n"
    "\n"
    "Gradients of a function of the output, of --lse, or of both:\n"
    "  --grad-output FILE   its gradient by the output (b, n, v)\n"
    "  --grad-lse FILE      its gradient by --lse (b, n)\n"
    "  --grad-q FILE --grad-k FILE --grad-v FILE   results, each of the shape of its array\n"
    "  --grad-bias FILE --grad-key-weights FILE --grad-scale FILE\n"
    "  --grad-wq FILE --grad-wk FILE --grad-wv FILE\n"
    "  --grad-inverse-bandwidth FILE --grad-key-factors FILE\n"
    "                       by 1 / bandwidth with --bandwidth\n";

static const char examples[] =
    "  attpool attend -q q.npy -k k.npy -v v.npy --causal -o out.npy --heatmap weights.svg\n"
    "  attpool attend -q x.npy -k x.npy -v y.npy --score gaussian --bandwidth 0.5 --loo\n";

static const struct option long_options[] = {
    { "queries", required_argument, NULL, 'q' },
    { "keys", required_argument, NULL, 'k' },
    { "values", required_argument, NULL, 'v' },
    { "wq", required_argument, NULL, OPTION_INPUT + IN_WQ },
    { "wk", required_argument, NULL, OPTION_INPUT + IN_WK },
    { "wv", required_argument, NULL, OPTION_INPUT + IN_WV },
    { "lengths", required_argument, NULL, OPTION_INPUT + IN_LENGTHS },
    { "lengths-per", required_argument, NULL, OPTION_LENGTHS_PER },
    { "mask", required_argument, NULL, OPTION_INPUT + IN_MASK },
    { "bias", required_argument, NULL, OPTION_INPUT + IN_BIAS },
    { "key-weights", required_argument, NULL, OPTION_INPUT + IN_KEY_WEIGHTS },
    { "inverse-bandwidth", required_argument, NULL, OPTION_INPUT + IN_INVERSE_BANDWIDTH },
    { "key-factors", required_argument, NULL, OPTION_INPUT + IN_KEY_FACTORS },
    { "score", required_argument, NULL, OPTION_SCORE },
    { "params", required_argument, NULL, OPTION_PARAMS },
    { "form", required_argument, NULL, OPTION_FORM },
    { "scale", required_argument, NULL, OPTION_SCALE },
    { "bandwidth", required_argument, NULL, OPTION_BANDWIDTH },
    { "bandwidth-per", required_argument, NULL, OPTION_BANDWIDTH_PER },
    { "causal", no_argument, NULL, OPTION_CAUSAL },
    { "offset", required_argument, NULL, OPTION_OFFSET },
    { "window", required_argument, NULL, OPTION_WINDOW },
    { "loo", no_argument, NULL, OPTION_LOO },
    { "query-origin", required_argument, NULL, OPTION_QUERY_ORIGIN },
    { "key-origin", required_argument, NULL, OPTION_KEY_ORIGIN },
    { "batch-origin", required_argument, NULL, OPTION_BATCH_ORIGIN },
    { "dropout", required_argument, NULL, OPTION_DROPOUT },
    { "seed", required_argument, NULL, OPTION_SEED },
    { "empty", required_argument, NULL, OPTION_EMPTY },
    { "output", required_argument, NULL, 'o' },
    { "lse", required_argument, NULL, OPTION_OUTPUT + OUT_LSE },
    { "weights", required_argument, NULL, OPTION_OUTPUT + OUT_WEIGHTS },
    { "rows", required_argument, NULL, OPTION_ROWS },
    { "heatmap", required_argument, NULL, OPTION_HEATMAP },
    { "keep-scripts", no_argument, NULL, OPTION_KEEP_SCRIPTS },
    { "grad-output", required_argument, NULL, OPTION_INPUT + IN_GRAD_OUTPUT },
    { "grad-lse", required_argument, NULL, OPTION_INPUT + IN_GRAD_LSE },
    { "grad-q", required_argument, NULL, OPTION_OUTPUT + OUT_GRAD_Q },
    { "grad-k", required_argument, NULL, OPTION_OUTPUT + OUT_GRAD_K },
    { "grad-v", required_argument, NULL, OPTION_OUTPUT + OUT_GRAD_V },
    { "grad-bias", required_argument, NULL, OPTION_OUTPUT + OUT_GRAD_BIAS },
    { "grad-key-weights", required_argument, NULL, OPTION_OUTPUT + OUT_GRAD_KEY_WEIGHTS },
    { "grad-scale", required_argument, NULL, OPTION_OUTPUT + OUT_GRAD_SCALE },
    { "grad-inverse-bandwidth", required_argument, NULL,
      OPTION_OUTPUT + OUT_GRAD_INVERSE_BANDWIDTH },
    { "grad-key-factors", required_argument, NULL, OPTION_OUTPUT + OUT_GRAD_KEY_FACTORS },
    { "grad-wq", required_argument, NULL, OPTION_OUTPUT + OUT_GRAD_WQ },
    { "grad-wk", required_argument, NULL, OPTION_OUTPUT + OUT_GRAD_WK },
    { "grad-wv", required_argument, NULL, OPTION_OUTPUT + OUT_GRAD_WV },
    COMMON_OPTIONS(required_argument),
};

static const struct option_repeat repeats[] = {
    { OPTION_SCORE, "list the kernels of a product as --score A,B" },
    { OPTION_BANDWIDTH, "list those of the columns as --bandwidth A,B" },
    { OPTION_ROWS, "list the queries as --rows A,B" },
    { 0, NULL },
};

static int read_score(struct attend_options *o, struct error *e)
{
    struct nearest nearest = { .typed = optarg };
    o->score_text = optarg;
    for (int i = 0; i <= ATTPOOL_PROJECTION; i++) {
        const char *name = attend_score_name(i);
        if (name != NULL && strcmp(optarg, name) == 0) {
            o->score = (attpool_score)i;
            o->kernels.count = 0;
            return CMD_OK;
        }
        if (name != NULL)
            nearest_offer(&nearest, name);
    }
    o->score = ATTPOOL_KERNEL;
    int st = kernels_read("--score", optarg, &o->kernels, e);
    if (st == CMD_OK || kernel_caution(optarg) != NULL)
        return st;
    kernels_offer(&nearest);
    *e = (struct error){ 0 };
    return error_set(e, CMD_USAGE,
                     "--score: %s is not dot, average, additive, projection or a kernel%s",
                     quoted_name(optarg).text, nearest_hint(&nearest).text);
}

static int read_window(struct attend_options *o, struct error *e)
{
    struct integers sides = { 0 };
    int st = integers_read("--window", optarg, 0, &sides, e);
    if (st == CMD_OK && sides.count != 2)
        st = error_set(e, CMD_USAGE, "--window: %s is not LEFT,RIGHT", quoted_name(optarg).text);
    if (st == CMD_OK) {
        o->window = true;
        o->left = sides.value[0];
        o->right = sides.value[1];
    }
    free(sides.value);
    return st;
}

static int read_bandwidth_per(struct attend_options *o, struct error *e)
{
    static const char *const names[] = {
        "one", "coordinate", "key", "query", "coordinate-key", NULL
    };
    int choice;
    int st = choice_read("--bandwidth-per", optarg, names, &choice, e);
    o->bandwidth_per = (attpool_bandwidth_per)(ATTPOOL_BANDWIDTH_ONE + choice);
    return st;
}

static int read_lengths_per(struct attend_options *o, struct error *e)
{
    static const char *const names[] = { "batch", "row", NULL };
    int choice;
    int st = choice_read("--lengths-per", optarg, names, &choice, e);
    o->lengths_per = choice == 0 ? ATTPOOL_LENGTHS_BATCH : ATTPOOL_LENGTHS_ROW;
    o->lengths_per_given = true;
    return st;
}

static int read_flag(struct attend_options *o, int option, struct error *e)
{
    switch (option) {
    case OPTION_CAUSAL:
        o->causal = true;
        return CMD_OK;
    case OPTION_LOO:
        o->loo = true;
        return CMD_OK;
    case OPTION_KEEP_SCRIPTS:
        o->keep_scripts = true;
        return CMD_OK;
    default:
        o->heatmap = optarg;
        return plot_check_name(optarg, e);
    }
}

/* Positions, and what dropout draws. The library says which positions it takes. */
static int read_position(struct attend_options *o, int option, struct error *e)
{
    switch (option) {
    case OPTION_DROPOUT:
        return number_read("--dropout", optarg, &o->dropout, e);
    case OPTION_SEED:
        return integer_read("--seed", optarg, 0, INT64_MAX, &o->seed, e);
    case OPTION_QUERY_ORIGIN:
        return integer_read("--query-origin", optarg, 0, INT64_MAX, &o->query_origin, e);
    case OPTION_KEY_ORIGIN:
        return integer_read("--key-origin", optarg, 0, INT64_MAX, &o->key_origin, e);
    default:
        return integer_read("--batch-origin", optarg, 0, INT64_MAX, &o->batch_origin, e);
    }
}

static int attend_option(struct attend_options *o, int option, struct error *e)
{
    switch (option) {
    case OPTION_SCORE:
        return read_score(o, e);
    case OPTION_FORM:
        return form_read(optarg, &o->form, e);
    case OPTION_SCALE:
        o->scale_given = true;
        return number_read("--scale", optarg, &o->scale, e);
    case OPTION_BANDWIDTH:
        return bandwidths_read(optarg, &o->bandwidths, e);
    case OPTION_BANDWIDTH_PER:
        return read_bandwidth_per(o, e);
    case OPTION_LENGTHS_PER:
        return read_lengths_per(o, e);
    case OPTION_OFFSET:
        return integer_read("--offset", optarg, INT64_MIN, INT64_MAX, &o->offset, e);
    case OPTION_WINDOW:
        return read_window(o, e);
    case OPTION_EMPTY:
        return empty_read(optarg, &o->empty, e);
    case OPTION_PARAMS:
        o->params = optarg;
        return CMD_OK;
    case OPTION_ROWS:
        return integers_read("--rows", optarg, 0, &o->rows, e);
    case OPTION_DROPOUT:
    case OPTION_SEED:
    case OPTION_QUERY_ORIGIN:
    case OPTION_KEY_ORIGIN:
    case OPTION_BATCH_ORIGIN:
        return read_position(o, option, e);
    default:
        return read_flag(o, option, e);
    }
}

/* Three inputs and an output are read by their letters. */
static int long_name(int option)
{
    switch (option) {
    case 'q':
        return OPTION_INPUT + IN_Q;
    case 'k':
        return OPTION_INPUT + IN_K;
    case 'v':
        return OPTION_INPUT + IN_V;
    case 'o':
        return OPTION_OUTPUT + OUT_RESULT;
    default:
        return option;
    }
}

int attend_options_read(int argc, char **argv, struct attend_options *o, bool *done,
                        struct error *e)
{
    const struct option_reader r = {
        .command = "attend",
        .help = help,
        .examples = examples,
        .precision_help = "default: f64 if queries, keys or values are float64 or integers\n"
                          "                       of more than 16 bits, else f32",
        .short_options = "q:k:v:o:",
        .long_options = long_options,
        .repeats = repeats,
        .common = &o->common,
    };
    struct given given = { { false } };
    int option, st;
    *done = false;
    for (;;) {
        st = options_next(&r, argc, argv, &option, e);
        *done = option == OPTION_DONE;
        if (st != CMD_OK || option == OPTION_END || *done)
            break;
        option = long_name(option);
        given.option[option] = true;
        if (option >= OPTION_OUTPUT)
            o->output[option - OPTION_OUTPUT] = optarg;
        else if (option >= OPTION_INPUT)
            o->input[option - OPTION_INPUT] = optarg;
        else
            st = attend_option(o, option, e);
        if (st != CMD_OK)
            break;
    }
    if (st != CMD_OK || *done)
        return st;
    if (optind < argc)
        return usage_error(&r, e, "attend takes no arguments besides its options: %s",
                           quoted_name(argv[optind]).text);
    return attend_check(&r, o, &given, e);
}
