/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/kernels.h"
#include "backends/opencl/opencl.h"

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
    [PROGRAM_SOFTMAX] = { { TYPES, ELEMENTARY, "array", "slab", "masks", "relative", "softmax" },
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
    [KERNEL_SOFTMAX] = { PROGRAM_SOFTMAX, "softmax" },
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

static cl_program build(struct engine *engine, enum program_id id, int type, const char *function)
{
    struct opencl *o = ap_engine_state(engine);
    char options[128], line[CL_NAME_ROOM], text[32];
    cl_int error = CL_SUCCESS;
    cl_program program;

    snprintf(options, sizeof options, "%s%s",
             ap_opencl_options(type, o->soft_fma && type == TYPE_F32), programs[id].options);
    program =
        ap_opencl_build(o->cl, o->context, o->device, programs[id].files, options, &error, line);
    if (!program)
        ap_engine_fail(engine, ATTPOOL_E_DEVICE, "%s cannot build the program for %s: %s%s%s",
                       o->name, function, ap_opencl_error_name(error, text), *line ? ": " : "",
                       line);
    return program;
}

cl_kernel ap_opencl_function(struct engine *engine, enum kernel_id id, int type)
{
    struct opencl *o = ap_engine_state(engine);
    cl_program *program = &o->program[kernels[id].program][type];
    cl_kernel *kernel = &o->kernel[id][type];
    cl_int error = CL_SUCCESS;

    if (*kernel)
        return *kernel;
    if (!*program)
        *program = build(engine, kernels[id].program, type, kernels[id].function);
    if (!*program)
        return NULL;
    *kernel = o->cl->CreateKernel(*program, kernels[id].function, &error);
    if (error != CL_SUCCESS) {
        *kernel = NULL;
        ap_opencl_fail(engine, error, kernels[id].function);
    }
    return *kernel;
}
