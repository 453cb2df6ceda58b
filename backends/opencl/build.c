/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"
#include "backends/opencl/sources.h"
#include "backends/opencl/text.h"
#include "core/cache.h"

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

/* The most informative line of a build log: the first with "error", else the first. */
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

#define STANDARD "-cl-std=CL1.2 -w" /* what compilers warn of is not for users */
#define ROUNDED  " -cl-fp32-correctly-rounded-divide-sqrt"

const char *ap_opencl_options(int type, bool soft_fma, enum cl_division division)
{
    static const char *const f32[] = { STANDARD, STANDARD ROUNDED,
                                       STANDARD ROUNDED " -DNATIVE_DIVISION" };
    static const char *const f64[] = { STANDARD " -DHAVE_F64", STANDARD " -DHAVE_F64",
                                       STANDARD " -DHAVE_F64 -DNATIVE_DIVISION" };
    if (type == TYPE_F64)
        return f64[division];
    return soft_fma ? STANDARD " -DSOFT_FMA" : f32[division];
}

/* The texts of a recipe's files. false: this library lacks one, which `line` names. */
static bool find_texts(const struct cl_recipe *recipe, const char *texts[BUILD_FILES],
                       size_t sizes[BUILD_FILES], cl_uint *count, char line[CL_NAME_ROOM])
{
    for (*count = 0; recipe->files[*count]; ++*count) {
        const struct cl_source *source = find_source(recipe->files[*count]);
        if (!source) {
            snprintf(line, CL_NAME_ROOM, "cl/%s is not in this library", recipe->files[*count]);
            return false;
        }
        texts[*count] = (const char *)source->text;
        sizes[*count] = source->size;
    }
    return true;
}

/* The program or NULL, built if there was no error. */
static cl_program finish(const struct cl_api *cl, cl_device_id device, const char *options,
                         cl_program program, cl_int *error, char line[CL_NAME_ROOM])
{
    if (*error != CL_SUCCESS || !program)
        return NULL;
    *error = cl->BuildProgram(program, 1, &device, options, NULL, NULL);
    if (*error == CL_SUCCESS)
        return program;
    read_log(cl, program, device, line);
    cl->ReleaseProgram(program);
    return NULL;
}

bool ap_opencl_build(const struct cl_api *cl, cl_context context, cl_device_id device,
                     const struct cl_recipe *recipe, struct cl_built *built, cl_int *error,
                     char line[CL_NAME_ROOM])
{
    const char *texts[BUILD_FILES];
    size_t sizes[BUILD_FILES];
    cl_uint count;

    *built = (struct cl_built){ .source = AP_HASH_START };
    line[0] = '\0';
    *error = CL_BUILD_PROGRAM_FAILURE;
    if (!find_texts(recipe, texts, sizes, &count, line))
        return false;
    for (cl_uint i = 0; i < count; i++)
        built->source = ap_hash(built->source, texts[i], sizes[i]);
    built->program = ap_opencl_kept(cl, context, device, recipe, built, error);
    built->program = finish(cl, device, recipe->options, built->program, error, line);
    if (built->program)
        return true;
    built->kept = 0;
    line[0] = '\0';
    if (recipe->kept_only) {
        snprintf(line, CL_NAME_ROOM, "it is not in the cache");
        *error = CL_BUILD_PROGRAM_FAILURE;
        return false;
    }
    built->program = cl->CreateProgramWithSource(context, count, texts, sizes, error);
    built->program = finish(cl, device, recipe->options, built->program, error, line);
    return built->program;
}
