/* SPDX-License-Identifier: Apache-2.0 */
/* attpool attend: attention on arrays. */
#include "tools/attend/attend.h"
#include "tools/command/command.h"
#include "tools/command/output.h"
#include "tools/plot/run_gnuplot.h"

#include <stdlib.h>

/* Minutes of work are not lost to a name that cannot be written. */
static int attend_check_files(const struct attend_options *o, struct error *e)
{
    struct files files = { 0 };
    for (int i = 0; i < INPUTS; i++)
        if (attend_params_of(o, (enum attend_input)i) == PARAMS_ARRAYS)
            files_input(&files, attend_input_option((enum attend_input)i), o->input[i]);
    files_input(&files, "--params", o->params);
    for (int i = 0; i < OUTPUTS; i++)
        files_output(&files, attend_output_option((enum attend_output)i), o->output[i]);
    files_output(&files, "--json", o->common.json);
    files_picture(&files, "--heatmap", o->heatmap, o->keep_scripts);
    int st = files_check(&files, e);
    return st == CMD_OK && o->heatmap != NULL ? find_gnuplot(e) : st;
}

int command_attend(int argc, char **argv, struct error *e)
{
    struct attend_options o = { .score = ATTPOOL_DOT };
    struct attend_work work = { 0 };
    bool done;
    report_begin(&work.report, "attend");
    int st = attend_options_read(argc, argv, &o, &done, e);
    if (st == CMD_OK && !done)
        st = attend_check_files(&o, e);
    if (st == CMD_OK && !done)
        st = attend_read(&o, &work, e);
    if (st == CMD_OK && !done)
        st = attend_run(&o, &work, e);
    if (st == CMD_OK && !done) {
        st = attend_write(&o, &work, e);
        attend_report(&o, &work, st == CMD_OK);
    }
    st = report_close(&work.report, done ? NULL : o.common.json, st, e);
    attend_free(&work);
    free(o.kernels.name);
    params_free(&o.learned);
    free(o.bandwidths.value);
    free(o.rows.value);
    return st;
}
