/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/options.h"

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
    if (argc - optind != 1)
        return usage_error(r, e,
                           argc == optind ? "DATA is missing" : "there is more than one DATA");
    *data = argv[optind];
    return CMD_OK;
}
