/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/plot/picture.h"

#include "tools/command/options.h"
#include "tools/command/output.h"
#include "tools/command/progress.h"
#include "tools/plot/run_gnuplot.h"

#include <stdio.h>
#include <stdlib.h>

static int script_name(const char *path, bool keep_script, char **script, struct error *e)
{
    *script = NULL;
    if (!keep_script || asprintf(script, "%s.gp", path) >= 0)
        return CMD_OK;
    *script = NULL;
    return error_memory(e, 0);
}

int draw_picture(const char *path, bool keep_script, const struct plot_figure *figure,
                 struct error *e)
{
    char *script;
    int st = script_name(path, keep_script, &script, e);
    progress_clear();
    if (st == CMD_OK)
        st = plot_write(path, script, figure, e);
    free(script);
    return st;
}

size_t grid_columns(size_t panels)
{
    size_t columns = 1;
    while (columns * columns < panels)
        columns++;
    return columns;
}
