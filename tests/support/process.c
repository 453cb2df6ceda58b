/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/process.h"

#include <check.h>
#include <dirent.h>

int threads_of_process(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/task");
    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *e; (e = readdir(folder));)
        count += e->d_name[0] != '.';
    closedir(folder);
    return count;
}
