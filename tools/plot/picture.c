/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

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

int outputs_distinct(const char *const *output, size_t count, size_t pictures, bool keep_scripts,
                     struct error *e)
{
    enum { MOST = 16 };
    const char *name[MOST];
    char *script[MOST] = { NULL };
    size_t scripts = 0;
    int st = CMD_OK;
    for (size_t i = 0; i < count; i++)
        name[i] = output[i];
    for (size_t i = count - pictures; i < count && st == CMD_OK; i++)
        if (output[i] != NULL) {
            st = script_name(output[i], keep_scripts, &script[scripts], e);
            name[count + scripts] = script[scripts];
            scripts++;
        }
    if (st == CMD_OK)
        st = names_distinct(name, count + scripts, e);
    for (size_t i = 0; i < scripts; i++)
        free(script[i]);
    return st;
}

int draw_check(const char *path, bool keep_script, struct error *e)
{
    char *script;
    if (path == NULL)
        return CMD_OK;
    int st = script_name(path, keep_script, &script, e);
    if (st == CMD_OK)
        st = find_gnuplot(e);
    if (st == CMD_OK)
        st = output_check(path, e);
    if (st == CMD_OK)
        st = output_check(script, e);
    free(script);
    return st;
}

int draw(const char *path, bool keep_script, const struct plot_figure *figure, struct error *e)
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
