/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/stand_in.h"

#include "tests/support/scratch.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void stand_in(const char *script)
{
    char folder[4096], path[4200];
    ck_assert_ptr_nonnull(getcwd(folder, sizeof folder));
    snprintf(path, sizeof path, "%s/gnuplot", folder);
    if (script != NULL) {
        write_file(path, script, strlen(script));
        chmod(path, 0700);
    } else {
        unlink(path);
    }
    setenv("PATH", folder, 1);
}

char *drawn_script(const char *path, const struct plot_figure *figure)
{
    struct error e = { 0 };
    stand_in("#!/bin/sh\nexec /bin/cat \"$2\"\n");
    setenv("TMPDIR", ".", 1); /* the script's, which must not be left behind */
    unlink(path);
    int files = scratch_count();
    ck_assert_msg(plot_write(path, NULL, figure, &e) == CMD_OK, "%s", e.text);
    ck_assert_int_eq(scratch_count(), files + 1);
    return read_back(path, NULL);
}

void expect_part(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "no %s in\n%.4000s", part, text);
}

size_t rows_of_block(const char *text)
{
    size_t rows = 0;
    for (const char *p = strchr(strstr(text, "EOD\n"), '\n') + 1; strncmp(p, "EOD", 3) != 0; rows++)
        p = strchr(p, '\n') + 1;
    return rows;
}
