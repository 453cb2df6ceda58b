/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/kernels.h"
#include "backends/opencl/opencl.h"
#include "core/cache.h"

#include <stdio.h>

/* The files of cl/ that make a program, in order, and its options. */
#define TYPES      "constants.h", "shared.h", "types", "fma"
#define ELEMENTARY "elementary.h", "elementary"
#define SCORES                                                                                     \
    TYPES, ELEMENTARY, "array", "slab", "masks", "width", "kernels.h", "score", "relative", "pool"
#define GRADIENTS                                                                                  \
    TYPES, ELEMENTARY, "array", "masks", "width", "kernels.h", "score", "relative", "slope",       \
        "philox.h", "drop", "grad_pair", "grad"
static const struct {
    const char *files[BUILD_FILES + 1];
    const char *options;
} programs[PROGRAMS] = {
    [PROGRAM_ELEMENTWISE] = { { TYPES, ELEMENTARY, "elementwise" }, "" },
    [PROGRAM_BMM] = { { TYPES, "array", "slab", "tile", "bmm" }, "" },
    [PROGRAM_BMM_PANEL] = { { TYPES, "array", "slab", "bmm_panel" }, "" },
    [PROGRAM_SOFTMAX] = { { TYPES, ELEMENTARY, "array", "slab", "masks", "relative", "softmax" },
                          "" },
    [PROGRAM_SOFTMAX_ROWS] = { { TYPES, ELEMENTARY, "array", "slab", "masks", "relative",
                                 "softmax_rows" },
                               "" },
    [PROGRAM_CHECK] = { { TYPES, "array", "check" }, "" },
    [PROGRAM_SUMS] = { { TYPES, "array", "slab", "tile", "width", "sums" }, "" },
    [PROGRAM_SCORES_CONSTANT] = { { SCORES }, " -DSCORE=POOL_CONSTANT" },
    [PROGRAM_SCORES_DOT] = { { SCORES }, " -DSCORE=POOL_DOT" },
    [PROGRAM_SCORES_ADDITIVE] = { { SCORES }, " -DSCORE=POOL_ADDITIVE" },
    [PROGRAM_SCORES_PLAIN] = { { SCORES }, " -DSCORE=POOL_KERNEL -DPLAIN_KERNELS" },
    [PROGRAM_SCORES_ALL] = { { SCORES }, " -DSCORE=POOL_KERNEL" },
    [PROGRAM_KERNEL] = { { TYPES, ELEMENTARY, "array", "slab", "kernel" }, "" },
    [PROGRAM_STATE] = { { TYPES, ELEMENTARY, "array", "slab", "relative", "weight", "state" }, "" },
    [PROGRAM_MOMENTS] = { { TYPES, ELEMENTARY, "array", "slab", "relative", "weight", "moments" },
                          "" },
    [PROGRAM_GATHER] = { { TYPES, "array", "slab", "tile", "gather" }, "" },
    [PROGRAM_NEAREST] = { { TYPES, "array", "slab", "philox.h", "drop", "nearest" }, "" },
    [PROGRAM_DROP] = { { TYPES, "array", "slab", "philox.h", "drop" }, " -DDROP_WEIGHTS" },
    [PROGRAM_WEIGHTS] = { { TYPES, ELEMENTARY, "array", "slab", "relative", "weight", "weights" },
                          "" },
    [PROGRAM_GRAD + POOL_CONSTANT] = { { GRADIENTS }, " -DSCORE=POOL_CONSTANT" },
    [PROGRAM_GRAD + POOL_DOT] = { { GRADIENTS }, " -DSCORE=POOL_DOT" },
    [PROGRAM_GRAD + POOL_ADDITIVE] = { { GRADIENTS }, " -DSCORE=POOL_ADDITIVE" },
    [PROGRAM_GRAD + POOL_KERNEL] = { { GRADIENTS }, " -DSCORE=POOL_KERNEL" },
    [PROGRAM_GRAD_ITEMS] = { { TYPES, "array", "grad_items" }, "" },
};

#define EACH_SCORE(id, function)                                                                   \
    [id + POOL_CONSTANT] = { PROGRAM_GRAD + POOL_CONSTANT, function },                             \
          [id + POOL_DOT] = { PROGRAM_GRAD + POOL_DOT, function },                                 \
          [id + POOL_ADDITIVE] = { PROGRAM_GRAD + POOL_ADDITIVE, function },                       \
          [id + POOL_KERNEL] = { PROGRAM_GRAD + POOL_KERNEL, function }

static const struct {
    enum program_id program;
    const char *function;
} kernels[KERNELS] = {
    [KERNEL_ELEMENTWISE] = { PROGRAM_ELEMENTWISE, "elementwise" },
    [KERNEL_BMM_TILE] = { PROGRAM_BMM, "bmm_tile" },
    [KERNEL_BMM_EACH] = { PROGRAM_BMM, "bmm_each" },
    [KERNEL_BMM_PANEL] = { PROGRAM_BMM_PANEL, "bmm_panel" },
    [KERNEL_SOFTMAX] = { PROGRAM_SOFTMAX, "softmax" },
    [KERNEL_SOFTMAX_ROWS] = { PROGRAM_SOFTMAX_ROWS, "softmax_rows" },
    [KERNEL_CHECK] = { PROGRAM_CHECK, "check_values" },
    [KERNEL_SUMS] = { PROGRAM_SUMS, "sums_tile" },
    [KERNEL_SCORES_CONSTANT] = { PROGRAM_SCORES_CONSTANT, "scores" },
    [KERNEL_SCORES_DOT] = { PROGRAM_SCORES_DOT, "scores" },
    [KERNEL_SCORES_ADDITIVE] = { PROGRAM_SCORES_ADDITIVE, "scores" },
    [KERNEL_SCORES_PLAIN] = { PROGRAM_SCORES_PLAIN, "scores" },
    [KERNEL_SCORES_ALL] = { PROGRAM_SCORES_ALL, "scores" },
    [KERNEL_EVALUATE] = { PROGRAM_KERNEL, "evaluate" },
    [KERNEL_WEIGH] = { PROGRAM_STATE, "weigh" },
    [KERNEL_DROP] = { PROGRAM_DROP, "drop" },
    [KERNEL_FOLD] = { PROGRAM_STATE, "fold" },
    [KERNEL_GATHER_TILE] = { PROGRAM_GATHER, "gather_tile" },
    [KERNEL_GATHER_EACH] = { PROGRAM_STATE, "gather_each" },
    [KERNEL_GATHER_MOMENTS] = { PROGRAM_MOMENTS, "gather_moments" },
    [KERNEL_SQUARE] = { PROGRAM_MOMENTS, "square" },
    [KERNEL_MERGE] = { PROGRAM_STATE, "merge" },
    [KERNEL_MERGE_COLUMNS] = { PROGRAM_STATE, "merge_columns" },
    [KERNEL_ROOT] = { PROGRAM_STATE, "root" },
    [KERNEL_FINISH] = { PROGRAM_STATE, "finish" },
    [KERNEL_NEAREST] = { PROGRAM_NEAREST, "nearest" },
    [KERNEL_TAKE_NEAREST] = { PROGRAM_NEAREST, "take_nearest" },
    [KERNEL_OUT_WEIGHTS] = { PROGRAM_WEIGHTS, "out_weights" },
    EACH_SCORE(KERNEL_GRAD_FACTS, "grad_facts"),
    EACH_SCORE(KERNEL_GRAD_SWEEP, "grad_sweep"),
    EACH_SCORE(KERNEL_GRAD_PAIRS, "grad_pairs"),
    EACH_SCORE(KERNEL_GRAD_ROWS, "grad_rows"),
    [KERNEL_GRAD_COLLECT] = { PROGRAM_GRAD_ITEMS, "grad_collect" },
    [KERNEL_GRAD_COPY] = { PROGRAM_GRAD_ITEMS, "grad_copy" },
};

/* kernels.h and constants.h repeat for OpenCL C numbers that attpool.h has given to users. */
#define KERNEL_ROW(NAME, ...) ROW_##NAME,
enum { KERNEL_TABLE(KERNEL_ROW) };
#define KERNEL_SAME(NAME, ...) _Static_assert((int)ROW_##NAME == (int)ATTPOOL_##NAME, "a kernel");
KERNEL_TABLE(KERNEL_SAME)
_Static_assert((int)EMPTY_NAN == ATTPOOL_EMPTY_NAN && (int)EMPTY_ZERO == ATTPOOL_EMPTY_ZERO &&
                   (int)EMPTY_MEAN == ATTPOOL_EMPTY_MEAN &&
                   (int)EMPTY_NEAREST == ATTPOOL_EMPTY_NEAREST &&
                   (int)EMPTY_ERROR == ATTPOOL_EMPTY_ERROR,
               "the policies of empty rows");
_Static_assert((int)BANDWIDTH_ONE == ATTPOOL_BANDWIDTH_ONE &&
                   (int)BANDWIDTH_COORDINATE == ATTPOOL_BANDWIDTH_COORDINATE &&
                   (int)BANDWIDTH_KEY == ATTPOOL_BANDWIDTH_KEY &&
                   (int)BANDWIDTH_QUERY == ATTPOOL_BANDWIDTH_QUERY &&
                   (int)BANDWIDTH_COORDINATE_KEY == ATTPOOL_BANDWIDTH_COORDINATE_KEY,
               "what an inverse bandwidth belongs to");

static struct cl_recipe recipe_of(const struct opencl *o, enum program_id id, int type,
                                  char options[128])
{
    const struct panel_shape panel = ap_opencl_panel(o, type);
    int length =
        snprintf(options, 128, "%s%s", ap_opencl_options(type, o->soft_fma && type == TYPE_F32),
                 programs[id].options);
    if (id == PROGRAM_BMM_PANEL || id == PROGRAM_SOFTMAX_ROWS)
        snprintf(options + length, 128 - (size_t)length,
                 " -DNATIVE=%u -DPANEL_TILE=%d -DPANEL_ROWS=%d", o->native[type], panel.tile,
                 panel.rows);
    return (struct cl_recipe){ programs[id].files, options, o->kept_only };
}

static bool build(struct engine *engine, enum program_id id, int type, const char *function)
{
    struct opencl *o = ap_engine_state(engine);
    char options[128], line[CL_NAME_ROOM], text[32];
    cl_int error = CL_SUCCESS;
    struct cl_built *built = &o->program[id][type];
    const struct cl_recipe recipe = recipe_of(o, id, type, options);

    if (ap_opencl_build(o->cl, o->context, o->device, &recipe, built, &error, line))
        return true;
    ap_engine_fail(engine, ATTPOOL_E_DEVICE, "%s cannot build the program for %s: %s%s%s", o->name,
                   function, ap_opencl_error_name(error, text), *line ? ": " : "", line);
    return false;
}

cl_kernel ap_opencl_function(struct engine *engine, enum kernel_id id, int type)
{
    struct opencl *o = ap_engine_state(engine);
    enum program_id program = kernels[id].program;
    cl_kernel *kernel = &o->kernel[id][type];
    cl_int error = CL_SUCCESS;

    if (*kernel)
        return *kernel;
    if (!o->program[program][type].program && !build(engine, program, type, kernels[id].function))
        return NULL;
    *kernel = o->cl->CreateKernel(o->program[program][type].program, kernels[id].function, &error);
    if (error != CL_SUCCESS) {
        *kernel = NULL;
        ap_opencl_fail(engine, error, kernels[id].function);
    }
    return *kernel;
}

/* PoCL compiles once more for grids beyond this. */
enum { LARGE_GRID = 0xffff };

void ap_opencl_note_launch(struct opencl *o, enum kernel_id id, int type, cl_uint dimensions,
                           const size_t *global, const size_t *local)
{
    bool large = false;
    const int which[] = { (int)id, type };
    uint64_t way = ap_hash(AP_HASH_START, which, sizeof which);

    for (cl_uint i = 0; i < dimensions; i++)
        large |= global[i] / local[i] >= LARGE_GRID;
    way = ap_hash(way, local, dimensions * sizeof *local);
    way = ap_hash(way, &large, sizeof large) % LAUNCH_WAYS;
    if (o->ways[way / 64] >> (way % 64) & 1)
        return;
    o->ways[way / 64] |= UINT64_C(1) << (way % 64);
    o->to_keep[kernels[id].program][type] = o->any_to_keep = true;
}

void ap_opencl_keep_programs(struct opencl *o)
{
    char options[128];

    if (!o->any_to_keep)
        return;
    for (int id = 0; id < PROGRAMS; id++)
        for (int type = TYPE_F32; type <= TYPE_F64; type++) {
            const struct cl_recipe recipe = recipe_of(o, (enum program_id)id, type, options);
            if (o->to_keep[id][type])
                ap_opencl_keep(o->cl, o->device, &recipe, &o->program[id][type]);
            o->to_keep[id][type] = false;
        }
    o->any_to_keep = false;
}
