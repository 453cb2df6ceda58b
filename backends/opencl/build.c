/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"
#include "backends/opencl/sources.h"
#include "backends/opencl/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cl_source *find_source(const char *name)
{
    const struct cl_source *s = ap_cl_sources;
    while (s->name && strcmp(s->name, name) != 0)
        s++;
    return s->name ? s : NULL;
}

/* The line of a build log that says most: the first with "error", else the first. */
static void first_line(char *log, char line[CL_NAME_ROOM])
{
    char *at = strstr(log, "error");
    if (at)
        while (at > log && at[-1] != '\n')
            at--;
    else
        at = log + strspn(log, "\n ");
    at[strcspn(at, "\n")] = '\0';
    ap_opencl_clean(line, CL_NAME_ROOM, at);
}

static void read_log(const struct cl_api *cl, cl_program program, cl_device_id device,
                     char line[CL_NAME_ROOM])
{
    size_t size = 0;
    char *log;

    cl->GetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
    if (!(log = calloc(1, size + 1)))
        return;
    cl->GetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, size, log, NULL);
    first_line(log, line);
    free(log);
}

const char *ap_opencl_options(int type, bool soft_fma)
{
    if (type == TYPE_F64)
        return "-cl-std=CL1.2 -DHAVE_F64";
    return soft_fma ? "-cl-std=CL1.2 -DSOFT_FMA" : "-cl-std=CL1.2";
}

cl_program ap_opencl_build(const struct cl_api *cl, cl_context context, cl_device_id device,
                           const char *const files[], const char *options, cl_int *error,
                           char line[CL_NAME_ROOM])
{
    const char *texts[BUILD_FILES];
    size_t sizes[BUILD_FILES];
    cl_uint count = 0;
    cl_program program;

    line[0] = '\0';
    for (; files[count]; count++) {
        const struct cl_source *source = find_source(files[count]);
        if (!source) {
            snprintf(line, CL_NAME_ROOM, "cl/%s is not in this library", files[count]);
            *error = CL_BUILD_PROGRAM_FAILURE;
            return NULL;
        }
        texts[count] = (const char *)source->text;
        sizes[count] = source->size;
    }
    program = cl->CreateProgramWithSource(context, count, texts, sizes, error);
    if (*error != CL_SUCCESS)
        return NULL;
    *error = cl->BuildProgram(program, 1, &device, options, NULL, NULL);
    if (*error == CL_SUCCESS)
        return program;
    read_log(cl, program, device, line);
    cl->ReleaseProgram(program);
    return NULL;
}
