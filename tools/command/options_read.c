/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/options.h"

#include <stdlib.h>

/* A number among them was meant for the option before it. */
static int several_data(const struct option_reader *r, char **data, int count, struct error *e)
{
    for (int i = 0; i < count; i++) {
        char *end;
        (void)strtod(data[i], &end);
        if (end != data[i] && *end == '\0')
            return usage_error(r, e,
                               "there is more than one DATA: %s; several values of an option "
                               "are joined by commas, as in 0.5,2",
                               quoted_name(data[i]).text);
    }
    return usage_error(r, e, "there is more than one DATA: %s", quoted_name(data[1]).text);
}

int options_read(const struct option_reader *r, int argc, char **argv, option_function *take,
                 void *of, const char **data, bool *done, struct error *e)
{
    int option, st;
    do {
        st = options_next(r, argc, argv, &option, e);
        *done = option == OPTION_DONE;
        if (st == CMD_OK && option != OPTION_END && !*done)
            st = take(of, option, e);
        *done = *done || r->common->done;
    } while (st == CMD_OK && option != OPTION_END && !*done);
    if (st != CMD_OK || *done)
        return st;
    if (argc == optind)
        return usage_error(r, e, "DATA is missing");
    if (argc - optind > 1)
        return several_data(r, argv + optind, argc - optind, e);
    *data = argv[optind];
    return CMD_OK;
}
