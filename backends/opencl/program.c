/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "backends/opencl/opencl.h"
#include "backends/opencl/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILES = 9 };

/* The files of cl/ that make a program, in order. */
#define ELEMENTARY "elementary.h", "elementary"
static const char *const program_files[PROGRAMS][MAX_FILES + 1] = {
    [PROGRAM_ELEMENTWISE] = { "types", ELEMENTARY, "elementwise" },
    [PROGRAM_BMM] = { "types", "array", "tile", "bmm" },
    [PROGRAM_SOFTMAX] = { "types", ELEMENTARY, "array", "masks", "softmax" },
    [PROGRAM_KERNEL] = { "types", ELEMENTARY, "array", "width", "score", "kernel" },
    [PROGRAM_CHECK] = { "types", "array", "check" },
    [PROGRAM_SUMS] = { "types", "array", "tile", "width", "slab", "sums" },
    [PROGRAM_POOL] = { "types", ELEMENTARY, "array", "slab", "masks", "width", "score", "pool" },
    [PROGRAM_STATE] = { "types", ELEMENTARY, "array", "slab", "state" },
    [PROGRAM_GATHER] = { "types", "array", "tile", "slab", "gather" },
};

static const struct {
    enum program_id program;
    const char *function;
} kernels[KERNELS] = {
    [KERNEL_ELEMENTWISE] = { PROGRAM_ELEMENTWISE, "elementwise" },
    [KERNEL_BMM_TILE] = { PROGRAM_BMM, "bmm_tile" },
    [KERNEL_BMM_EACH] = { PROGRAM_BMM, "bmm_each" },
    [KERNEL_SOFTMAX] = { PROGRAM_SOFTMAX, "softmax" },
    [KERNEL_CHECK] = { PROGRAM_CHECK, "check_values" },
    [KERNEL_EVALUATE] = { PROGRAM_KERNEL, "evaluate" },
    [KERNEL_SUMS] = { PROGRAM_SUMS, "sums_tile" },
    [KERNEL_SCORES] = { PROGRAM_POOL, "scores" },
    [KERNEL_NEAREST] = { PROGRAM_POOL, "nearest" },
    [KERNEL_WEIGH] = { PROGRAM_STATE, "weigh" },
    [KERNEL_FOLD] = { PROGRAM_STATE, "fold" },
    [KERNEL_GATHER_TILE] = { PROGRAM_GATHER, "gather_tile" },
    [KERNEL_GATHER_EACH] = { PROGRAM_STATE, "gather_each" },
    [KERNEL_MERGE] = { PROGRAM_STATE, "merge" },
    [KERNEL_MERGE_COLUMNS] = { PROGRAM_STATE, "merge_columns" },
    [KERNEL_ROOT] = { PROGRAM_STATE, "root" },
    [KERNEL_FINISH] = { PROGRAM_STATE, "finish" },
    [KERNEL_OUT_WEIGHTS] = { PROGRAM_STATE, "out_weights" },
};

static const struct cl_source *find_source(const char *name)
{
    const struct cl_source *s = cl_sources;
    while (s->name && strcmp(s->name, name) != 0)
        s++;
    return s->name ? s : NULL;
}

/* The line of a build log that says most: the first with "error", else the first. */
static void first_line(const char *log, char line[CL_NAME_ROOM])
{
    const char *at = strstr(log, "error");
    if (at)
        while (at > log && at[-1] != '\n')
            at--;
    else
        at = log + strspn(log, "\n ");
    snprintf(line, CL_NAME_ROOM, "%.*s", (int)strcspn(at, "\n"), at);
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

cl_program opencl_build(const struct cl_api *cl, cl_context context, cl_device_id device,
                        const char *const files[], const char *options, cl_int *error,
                        char line[CL_NAME_ROOM])
{
    const char *texts[MAX_FILES];
    size_t sizes[MAX_FILES];
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

cl_kernel opencl_kernel(struct engine *engine, enum kernel_id id, int type)
{
    struct opencl *o = engine_state(engine);
    enum program_id p = kernels[id].program;
    char line[CL_NAME_ROOM], text[32];
    cl_int error = CL_SUCCESS;

    if (o->kernel[id][type])
        return o->kernel[id][type];
    if (!o->program[p][type])
        o->program[p][type] = opencl_build(
            o->cl, o->context, o->device, program_files[p],
            type == TYPE_F64 ? "-cl-std=CL1.2 -DHAVE_F64" : "-cl-std=CL1.2", &error, line);
    if (!o->program[p][type]) {
        engine_fail(engine, ATTPOOL_E_DEVICE, "%s does not build the program of %s: %s%s%s",
                    o->name, kernels[id].function, opencl_error_name(error, text),
                    *line ? ": " : "", line);
        return NULL;
    }
    o->kernel[id][type] = o->cl->CreateKernel(o->program[p][type], kernels[id].function, &error);
    if (error != CL_SUCCESS)
        opencl_fail(engine, error, kernels[id].function);
    return o->kernel[id][type];
}
