/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "tools/picture.h"

#include "tools/progress.h"

#include <stdio.h>
#include <stdlib.h>

int draw(const char *path, bool keep_script, const struct plot_figure *figure, struct error *e)
{
    char *script = NULL;
    if (keep_script && asprintf(&script, "%s.gp", path) < 0)
        return error_memory(e, 0);
    progress_clear();
    int st = plot_write(path, script, figure, e);
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
