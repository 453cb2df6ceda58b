/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/kernels.h"
#include "backends/opencl/shape.h"
#include "core/cache.h"

#include <stdio.h>

/* The files of cl/ that make a program, in order, and its options. */
#define TYPES      "constants.h", "shared.h", "types", "fma"
#define ELEMENTARY "elementary.h", "elementary"
#define SCORES                                                                                     \
    TYPES, ELEMENTARY, "array", "slab", "masks", "width", "kernels.h", "score", "relative", "pair"
#define FUSED                                                                                      \
    TYPES, ELEMENTARY, "array", "slab", "masks", "width", "kernels.h", "score", "vector",          \
        "vector_exp2", "fused_score", "fused_weight"
#define LEAVES                                                                                     \
    TYPES, ELEMENTARY, "array", "slab", "masks", "width", "kernels.h", "score", "relative",        \
        "pair", "weight", "block", "philox.h", "drop", "moments", "tile", "pair_tile",             \
        "leaf_sums", "leaf_values", "leaves"
#define GRADIENTS                                                                                  \
    TYPES, ELEMENTARY, "array", "masks", "width", "kernels.h", "score", "relative", "slope",       \
        "philox.h", "drop", "grad_pair", "grad_point", "grad"
#define GRAD_TILES                                                                                 \
    TYPES, ELEMENTARY, "array", "masks", "width", "kernels.h", "score", "relative", "slope",       \
        "philox.h", "drop", "grad_pair", "grad_point", "tile", "pair_tile", "grad_tile"
#define GRADIENTS_OF(id, option)                                                                   \
    [id + POOL_CONSTANT] = { { GRADIENTS }, " -DSCORE=POOL_CONSTANT" option },                     \
          [id + POOL_DOT] = { { GRADIENTS }, " -DSCORE=POOL_DOT" option },                         \
          [id + POOL_ADDITIVE] = { { GRADIENTS }, " -DSCORE=POOL_ADDITIVE" option },               \
          [id + POOL_KERNEL] = { { GRADIENTS }, " -DSCORE=POOL_KERNEL" option },                   \
          [id + GRAD_PLAIN] = { { GRADIENTS }, " -DSCORE=POOL_KERNEL -DPLAIN_KERNELS" option }

static const struct {
    const char *files[BUILD_FILES + 1];
    const char *options;
} programs[PROGRAM_GRAD_TILES] = {
    [PROGRAM_ELEMENTWISE] = { { TYPES, ELEMENTARY, "elementwise" }, "" },
    [PROGRAM_BMM] = { { TYPES, "array", "slab", "tile", "bmm" }, " -DBMM_PARTS=1 -DBMM_DEPTH=16" },
    [PROGRAM_BMM_LARGE] = { { TYPES, "array", "slab", "tile", "bmm" },
                            " -DBMM_PARTS=2 -DBMM_DEPTH=8" },
    [PROGRAM_BMM_PANEL] = { { TYPES, "array", "slab", "vector", "bmm_panel" }, "" },
    [PROGRAM_SOFTMAX] = { { TYPES, ELEMENTARY, "array", "slab", "masks", "relative", "softmax" },
                          "" },
    [PROGRAM_SOFTMAX_ROWS] = { { TYPES, ELEMENTARY, "array", "slab", "masks", "relative", "vector",
                                 "vector_exp2", "softmax_rows" },
                               "" },
    [PROGRAM_CHECK] = { { TYPES, "array", "check" }, "" },
    [PROGRAM_SUMS] = { { TYPES, "array", "slab", "tile", "width", "sums" }, "" },
    [PROGRAM_SCORES_CONSTANT] = { { SCORES, "pool" }, " -DSCORE=POOL_CONSTANT" },
    [PROGRAM_SCORES_DOT] = { { SCORES, "pool" }, " -DSCORE=POOL_DOT" },
    [PROGRAM_SCORES_ADDITIVE] = { { SCORES, "pool" }, " -DSCORE=POOL_ADDITIVE" },
    [PROGRAM_SCORES_PLAIN] = { { SCORES, "pool" }, " -DSCORE=POOL_KERNEL -DPLAIN_KERNELS" },
    [PROGRAM_SCORES_ALL] = { { SCORES, "pool" }, " -DSCORE=POOL_KERNEL" },
    [PROGRAM_KERNEL] = { { TYPES, ELEMENTARY, "array", "slab", "kernel" }, "" },
    [PROGRAM_TREE] = { { TYPES, ELEMENTARY, "array", "slab", "relative", "weight", "block",
                         "tree" },
                       "" },
    [PROGRAM_SQUARED] = { { TYPES, ELEMENTARY, "array", "slab", "relative", "weight", "moments",
                            "squared" },
                          "" },
    [PROGRAM_NEAREST] = { { TYPES, "array", "slab", "philox.h", "drop", "nearest" }, "" },
    [PROGRAM_WEIGHTS] = { { TYPES, ELEMENTARY, "array", "slab", "relative", "weight", "weights" },
                          "" },
    GRADIENTS_OF(PROGRAM_GRAD, ""),
    GRADIENTS_OF(PROGRAM_GRAD_LOCAL, " -DGRAD_LOCAL"),
    [PROGRAM_GRAD_ITEMS] = { { TYPES, "array", "grad_items" }, "" },
};

#define EACH_SCORE(id, of_program, function)                                                       \
    [id + POOL_CONSTANT] = { of_program + POOL_CONSTANT, function },                               \
          [id + POOL_DOT] = { of_program + POOL_DOT, function },                                   \
          [id + POOL_ADDITIVE] = { of_program + POOL_ADDITIVE, function },                         \
          [id + POOL_KERNEL] = { of_program + POOL_KERNEL, function },                             \
          [id + GRAD_PLAIN] = { of_program + GRAD_PLAIN, function }
#define EACH_GRADIENT(id, function)                                                                \
    EACH_SCORE(id, PROGRAM_GRAD, function),                                                        \
        EACH_SCORE(KERNEL_GRAD_LOCAL - KERNEL_GRAD_FACTS + id, PROGRAM_GRAD_LOCAL, function)

static const struct {
    enum program_id program;
    const char *function;
} kernels[KERNEL_GRAD_TILES] = {
    [KERNEL_ELEMENTWISE] = { PROGRAM_ELEMENTWISE, "elementwise" },
    [KERNEL_BMM_TILE] = { PROGRAM_BMM, "bmm_tile" },
    [KERNEL_BMM_LARGE] = { PROGRAM_BMM_LARGE, "bmm_tile" },
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
    [KERNEL_GATHER] = { PROGRAM_SQUARED, "gather" },
    [KERNEL_SQUARE] = { PROGRAM_SQUARED, "square" },
    [KERNEL_MERGE] = { PROGRAM_TREE, "merge" },
    [KERNEL_MERGE_COLUMNS] = { PROGRAM_TREE, "merge_columns" },
    [KERNEL_ROOT] = { PROGRAM_TREE, "root" },
    [KERNEL_FINISH] = { PROGRAM_TREE, "finish" },
    [KERNEL_NEAREST] = { PROGRAM_NEAREST, "nearest" },
    [KERNEL_TAKE_NEAREST] = { PROGRAM_NEAREST, "take_nearest" },
    [KERNEL_OUT_WEIGHTS] = { PROGRAM_WEIGHTS, "out_weights" },
    EACH_GRADIENT(KERNEL_GRAD_FACTS, "grad_facts"),
    EACH_GRADIENT(KERNEL_GRAD_SWEEP, "grad_sweep"),
    EACH_GRADIENT(KERNEL_GRAD_PAIRS, "grad_pairs"),
    EACH_GRADIENT(KERNEL_GRAD_ROWS, "grad_rows"),
    [KERNEL_GRAD_COLLECT] = { PROGRAM_GRAD_ITEMS, "grad_collect" },
    [KERNEL_GRAD_COPY] = { PROGRAM_GRAD_ITEMS, "grad_copy" },
};

static enum program_id program_of(enum entry_id id)
{
    return id < KERNEL_GRAD_TILES ? kernels[id].program
                                  : PROGRAM_GRAD_TILES + (id - KERNEL_GRAD_TILES);
}

static const char *name_of(enum entry_id id)
{
    if (id < KERNEL_GRAD_TILES)
        return kernels[id].function;
    return id < KERNEL_LEAVES ? "grad_tiles" : id < KERNEL_FUSED ? "leaves" : "fused";
}

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

_Static_assert(ENTRIES - KERNEL_GRAD_TILES == PROGRAMS - PROGRAM_GRAD_TILES,
               "a program for each variant");

static const char *const tile_files[] = { GRAD_TILES, NULL },
                         *const leaf_files[] = { LEAVES, NULL },
                         *const fused_files[] = { FUSED, "fused", NULL },
                         *const block_files[] = { FUSED, "fused_blocks", NULL };

enum { OPTIONS_ROOM = 320 };

static void fused_options(const struct opencl *o, int variant, int type, char *text, size_t room)
{
    static const char *const scores[FUSED_SCORES] = { "POOL_DOT -DFUSED_DOT",
                                                      "POOL_KERNEL -DFUSED_LOG -DPLAIN_KERNELS",
                                                      "POOL_KERNEL -DFUSED_FACTOR -DPLAIN_KERNELS",
                                                      "POOL_ADDITIVE -DFUSED_DOT" };
    const struct fused_shape shape = ap_opencl_fused(o, type, variant);
    snprintf(text, room,
             " -DSCORE=%s%s%s%s -DNATIVE=%d -DROW_VECTORS=%d -DKEY_TILE=%d -DCOLUMN_TILE=%d",
             scores[variant / FUSED_OPTIONS], variant & FUSED_MASKS ? " -DWITH_MASKS" : "",
             variant & FUSED_LINE ? " -DONE_COLUMN" : "",
             variant & FUSED_BLOCKS ? " -DFUSED_BLOCKS" : "", shape.lanes, shape.vectors,
             shape.keys, shape.columns);
}

static void leaf_options(const struct opencl *o, int variant, int type, char *text, size_t room)
{
    static const char *const scores[LEAF_SCORES] = {
        [POOL_CONSTANT] = "POOL_CONSTANT",  [POOL_DOT] = "POOL_DOT",
        [POOL_ADDITIVE] = "POOL_ADDITIVE",  [POOL_KERNEL] = "POOL_KERNEL -DPLAIN_KERNELS",
        [LEAF_ALL_KERNELS] = "POOL_KERNEL",
    };
    const struct leaf_shape shape = ap_opencl_leaf(o, type, variant & LEAF_FACTORS);
    snprintf(
        text, room,
        " -DSCORE=%s -DWORD_SPACE=__local -DPAIR_ROWS=%d -DPAIR_ITEMS=%d "
        "-DLEAF_PLANES=%d%s%s%s%s%s",
        scores[variant / LEAF_OPTIONS], shape.rows, shape.items, variant & LEAF_FACTORS ? 2 : 1,
        variant & (LEAF_SUMS | LEAF_VALUES) ? " -DPAIR_TILES" : "",
        variant & LEAF_SUMS ? " -DLEAF_SUMS" : "", variant & LEAF_VALUES ? " -DLEAF_VALUES" : "",
        variant & LEAF_MOMENTS ? " -DLEAF_MOMENTS" : "",
        /* optimised, it takes seconds to compile */
        variant & LEAF_REST ? " -cl-opt-disable" : "");
}

static void tile_options(const struct opencl *o, int variant, int type, char *text, size_t room)
{
    static const char *const scores[GRAD_TILE_VARIANTS] = {
        [GRAD_TILE_DOT] = "POOL_DOT",
        [GRAD_TILE_PLAIN] = "POOL_KERNEL -DPLAIN_KERNELS",
        [GRAD_TILE_ALL] = "POOL_KERNEL",
    };
    const struct grad_shape shape = ap_opencl_grad(o, type, variant);
    snprintf(text, room,
             " -DSCORE=%s -DPAIR_TILES -DPAIR_ROWS=%d -DPAIR_PITCH=%d -DPAIR_BLOCK=%d "
             "-DPAIR_ITEMS=%d",
             scores[variant], shape.points, shape.points + 1, shape.items, shape.items);
}

static struct cl_recipe recipe_of(const struct opencl *o, enum program_id id, int type,
                                  char options[OPTIONS_ROOM])
{
    const struct panel_shape panel = ap_opencl_panel(o, type);
    const bool fused = id >= PROGRAM_FUSED, leaf = id >= PROGRAM_LEAVES && !fused;
    const bool tile = id >= PROGRAM_GRAD_TILES && id < PROGRAM_LEAVES;
    const size_t length = (size_t)snprintf(
        options, OPTIONS_ROOM, "%s%s",
        ap_opencl_options(type, o->soft_fma && type == TYPE_F32, o->division[type]),
        id >= PROGRAM_GRAD_TILES ? "" : programs[id].options);
    char *rest = options + length;

    if (id == PROGRAM_BMM_PANEL || id == PROGRAM_SOFTMAX_ROWS)
        snprintf(rest, OPTIONS_ROOM - length, " -DNATIVE=%u -DPANEL_TILE=%d -DPANEL_ROWS=%d",
                 o->native[type], panel.tile, panel.rows);
    else if (tile)
        tile_options(o, (int)(id - PROGRAM_GRAD_TILES), type, rest, OPTIONS_ROOM - length);
    else if (leaf)
        leaf_options(o, (int)(id - PROGRAM_LEAVES), type, rest, OPTIONS_ROOM - length);
    else if (fused)
        fused_options(o, (int)(id - PROGRAM_FUSED), type, rest, OPTIONS_ROOM - length);
    const bool blocks = fused && (id - PROGRAM_FUSED) & FUSED_BLOCKS;
    const char *const *files = tile     ? tile_files
                               : leaf   ? leaf_files
                               : blocks ? block_files
                               : fused  ? fused_files
                                        : programs[id].files;
    return (struct cl_recipe){ files, options, o->kept_only };
}

static bool build(struct engine *engine, enum program_id id, int type, const char *function)
{
    struct opencl *o = ap_engine_state(engine);
    char options[OPTIONS_ROOM], line[CL_NAME_ROOM], text[32];
    cl_int error = CL_SUCCESS;
    struct cl_built *built = &o->program[id][type];
    const struct cl_recipe recipe = recipe_of(o, id, type, options);

    if (ap_opencl_build(o->cl, o->context, o->device, &recipe, built, &error, line))
        return true;
    ap_engine_fail(engine, ATTPOOL_E_DEVICE, "%s cannot build the program for %s: %s%s%s", o->name,
                   function, ap_opencl_error_name(error, text), *line ? ": " : "", line);
    return false;
}

cl_kernel ap_opencl_function(struct engine *engine, enum entry_id id, int type)
{
    struct opencl *o = ap_engine_state(engine);
    enum program_id program = program_of(id);
    cl_kernel *kernel = &o->kernel[id][type];
    cl_int error = CL_SUCCESS;

    if (*kernel)
        return *kernel;
    if (!o->program[program][type].program && !build(engine, program, type, name_of(id)))
        return NULL;
    *kernel = o->cl->CreateKernel(o->program[program][type].program, name_of(id), &error);
    if (error != CL_SUCCESS) {
        *kernel = NULL;
        ap_opencl_fail(engine, error, name_of(id));
    }
    return *kernel;
}

/* PoCL compiles once more for grids beyond this. */
enum { LARGE_GRID = 0xffff };

void ap_opencl_note_launch(struct opencl *o, enum entry_id id, int type, cl_uint dimensions,
                           const size_t *global, const size_t *local)
{
    bool large = false;
    const int which[] = { (int)id, type };
    uint64_t way = ap_hash(AP_HASH_START, which, sizeof which);

    for (cl_uint i = 0; i < dimensions; i++)
        large |= global[i] / local[i] >= LARGE_GRID;
    way = ap_hash(way, local, dimensions * sizeof *local);
    way = ap_hash(way, &large, sizeof large) % LAUNCH_WAYS;
    /* Two ways may be one bit, so a program is kept once in any case. */
    if ((o->ways[way / 64] >> (way % 64) & 1) && o->program[program_of(id)][type].kept > 0)
        return;
    o->ways[way / 64] |= UINT64_C(1) << (way % 64);
    o->to_keep[program_of(id)][type] = o->any_to_keep = true;
}

void ap_opencl_keep_programs(struct opencl *o)
{
    char options[OPTIONS_ROOM];

    if (!o->any_to_keep)
        return;
    for (int id = 0; id < PROGRAMS; id++)
        for (int type = TYPE_F32; type <= TYPE_F64; type++) {
            if (!o->to_keep[id][type])
                continue;
            const struct cl_recipe recipe = recipe_of(o, (enum program_id)id, type, options);
            ap_opencl_keep(o->cl, o->device, &recipe, &o->program[id][type]);
            o->to_keep[id][type] = false;
        }
    o->any_to_keep = false;
}
