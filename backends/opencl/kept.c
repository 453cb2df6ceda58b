/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"
#include "backends/opencl/sources.h"
#include "backends/opencl/text.h"
#include "core/cache.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Compiled programs, kept for later processes. */

enum { NAME_ROOM = 1024, MOST_DEVICES = 64 };

static void append(char text[NAME_ROOM], const char *more)
{
    size_t used = strlen(text);
    snprintf(text + used, NAME_ROOM - used, "%s\n", more);
}

static void append_device(char text[NAME_ROOM], const struct cl_api *cl, cl_device_id device,
                          cl_device_info what)
{
    char value[CL_NAME_ROOM];
    ap_opencl_device_text(cl, device, what, value, sizeof value);
    append(text, value);
}

/* A file for each device and program, which changes with driver and source: what is out of date
 * does not pile up. */
static void find_place(const struct cl_api *cl, cl_device_id device, const struct cl_recipe *recipe,
                       uint64_t source, char name[NAME_ROOM], char key[NAME_ROOM])
{
    cl_platform_id platform = NULL;
    char text[CL_NAME_ROOM];

    name[0] = key[0] = '\0';
    cl->GetDeviceInfo(device, CL_DEVICE_PLATFORM, sizeof(cl_platform_id), &platform, NULL);
    ap_opencl_platform_text(cl, platform, CL_PLATFORM_NAME, text, sizeof text);
    append(name, text);
    append_device(name, cl, device, CL_DEVICE_NAME);
    append_device(name, cl, device, CL_DEVICE_VENDOR);
    append(name, recipe->options);
    for (const char *const *file = recipe->files; *file; file++)
        append(name, *file);
    append(key, name);
    ap_opencl_platform_text(cl, platform, CL_PLATFORM_VERSION, text, sizeof text);
    append(key, text);
    append_device(key, cl, device, CL_DEVICE_VERSION);
    append_device(key, cl, device, CL_DRIVER_VERSION);
    snprintf(text, sizeof text, "%016llx %zu", (unsigned long long)source, sizeof(void *));
    append(key, text);
}

cl_program ap_opencl_kept(const struct cl_api *cl, cl_context context, cl_device_id device,
                          const struct cl_recipe *recipe, struct cl_built *built, cl_int *error)
{
    char name[NAME_ROOM], key[NAME_ROOM];
    const struct cache_place place = { "program", name, key };
    cl_int status = CL_SUCCESS;

    find_place(cl, device, recipe, built->source, name, key);
    unsigned char *binary = ap_cache_read(&place, &built->kept);
    if (!binary)
        return NULL;
    const unsigned char *start = binary;
    cl_program program =
        cl->CreateProgramWithBinary(context, 1, &device, &built->kept, &start, &status, error);
    free(binary);
    if (*error == CL_SUCCESS && status == CL_SUCCESS)
        return program;
    if (*error == CL_SUCCESS)
        cl->ReleaseProgram(program);
    return NULL;
}

/* The place of the device among the program's, whose count it returns; 0: it cannot be told. */
static cl_uint find_device(const struct cl_api *cl, cl_program program, cl_device_id device,
                           cl_uint *place)
{
    cl_device_id devices[MOST_DEVICES];
    size_t bytes = 0;

    if (cl->GetProgramInfo(program, CL_PROGRAM_DEVICES, sizeof devices, devices, &bytes) !=
        CL_SUCCESS)
        return 0;
    cl_uint count = (cl_uint)(bytes / sizeof devices[0]);
    for (*place = 0; *place < count; ++*place)
        if (devices[*place] == device)
            return count;
    return 0;
}

void ap_opencl_keep(const struct cl_api *cl, cl_device_id device, const struct cl_recipe *recipe,
                    struct cl_built *built)
{
    char name[NAME_ROOM], key[NAME_ROOM];
    const struct cache_place place = { "program", name, key };
    size_t sizes[MOST_DEVICES] = { 0 };
    unsigned char *binaries[MOST_DEVICES] = { NULL }, *binary = NULL;
    cl_uint at, count = find_device(cl, built->program, device, &at);

    if (count == 0 || cl->GetProgramInfo(built->program, CL_PROGRAM_BINARY_SIZES,
                                         count * sizeof sizes[0], sizes, NULL) != CL_SUCCESS)
        return;
    if (sizes[at] == 0 || sizes[at] == built->kept || !(binary = malloc(sizes[at])))
        return;
    binaries[at] = binary;
    if (cl->GetProgramInfo(built->program, CL_PROGRAM_BINARIES, count * sizeof binaries[0],
                           binaries, NULL) == CL_SUCCESS) {
        find_place(cl, device, recipe, built->source, name, key);
        ap_cache_write(&place, binary, sizes[at]);
        built->kept = sizes[at]; /* or cannot be: not to be tried again */
    }
    free(binary);
}

/* A verdict is on all programs, and on what the device's arithmetic is in this process: some
 * drivers compute in the mode of the thread that used them first. */
void ap_opencl_identify(struct engine *engine, char *name, char *key, size_t room)
{
    static const char *const files[] = { NULL };
    const struct opencl *o = ap_engine_state(engine);
    const struct cl_recipe recipe = { files, "", false };
    const int answer[] = {
        o->cpu,
        o->one_answer,
        o->float64,
        o->soft_fma,
        o->short_loops,
        (int)o->division[TYPE_F32],
        (int)o->division[TYPE_F64],
    };
    uint64_t source = ap_hash(AP_HASH_START, answer, sizeof answer);

    assert(room >= NAME_ROOM);
    (void)room;
    for (const struct cl_source *s = ap_cl_sources; s->name; s++)
        source = ap_hash(source, s->text, s->size);
    find_place(o->cl, o->device, &recipe, source, name, key);
}
