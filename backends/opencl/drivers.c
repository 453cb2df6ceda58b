/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Loaders look for drivers in the .icd files of a folder, each of which names a library, and skip
 * those that they cannot use in silence. */
static const char standard[] = "/etc/OpenCL/vendors";

static bool is_icd(const char *name)
{
    const size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".icd") == 0;
}

/* Does the library that the file names load? false, with the reason in `text`. What the loader has
 * just tried is no new risk, and is not closed again: some drivers do not survive that. */
static bool icd_loads(const char *path, char text[CL_NAME_ROOM])
{
    char library[256] = "";
    FILE *f = fopen(path, "re");

    if (!f) {
        snprintf(text, CL_NAME_ROOM, "%.120s cannot be read", path);
        return false;
    }
    if (!fgets(library, sizeof library, f))
        library[0] = '\0';
    fclose(f);
    library[strcspn(library, " \t\r\n")] = '\0';
    if (library[0] == '\0') {
        snprintf(text, CL_NAME_ROOM, "%.120s names no library", path);
        return false;
    }
    if (dlopen(library, RTLD_LAZY | RTLD_LOCAL))
        return true;
    snprintf(text, CL_NAME_ROOM, "the library of %.60s cannot be loaded: %.60s", path, dlerror());
    return false;
}

static void explain_folder(const char *folder, char text[CL_NAME_ROOM])
{
    char path[512];
    const struct dirent *entry;
    DIR *directory = opendir(folder);
    int files = 0;
    bool all_load = true;

    while (directory && all_load && (entry = readdir(directory))) {
        if (!is_icd(entry->d_name))
            continue;
        files++;
        snprintf(path, sizeof path, "%.250s/%.250s", folder, entry->d_name);
        all_load = icd_loads(path, text);
    }
    if (directory)
        closedir(directory);
    if (files == 0)
        snprintf(text, CL_NAME_ROOM, "no OpenCL driver is installed: no .icd file in %.100s",
                 folder);
    else if (all_load)
        snprintf(text, CL_NAME_ROOM, "the drivers of %.100s offer no OpenCL platform", folder);
}

void ap_opencl_explain(char text[CL_NAME_ROOM])
{
    const char *vendors = getenv("OCL_ICD_VENDORS");
    struct stat st;

    if (!vendors || !*vendors)
        explain_folder(standard, text);
    else if (stat(vendors, &st) != 0)
        snprintf(text, CL_NAME_ROOM, "OCL_ICD_VENDORS is %.80s, which does not exist", vendors);
    else if (S_ISDIR(st.st_mode))
        explain_folder(vendors, text);
    else if (icd_loads(vendors, text))
        snprintf(text, CL_NAME_ROOM,
                 "no platform from the file %.60s: some OpenCL loaders want a folder in "
                 "OCL_ICD_VENDORS",
                 vendors);
}
