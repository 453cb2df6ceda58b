/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BACKENDS_OPENCL_OPENCL_H
#define BACKENDS_OPENCL_OPENCL_H

/* What the files of the OpenCL backend share. An operation is written as
 *
 *     struct launch l;
 *     if (ap_launch_begin(&l, engine, KERNEL_SOFTMAX, type)) {
 *         ap_put_array(&l, &args->s);          the arguments in the order of cl/softmax.cl
 *         ...
 *         ap_launch_run(&l, 2, global, local);
 *     }
 *     return ap_launch_end(&l);
 */

#include "backends/backend.h"
#include "backends/opencl/loader.h"
#include "backends/opencl/shared.h"

#include <stddef.h>

enum { CL_NAME_ROOM = 160 };

/* ---- Devices (devices.c, drivers.c, probe.c) ---- */

struct cl_found {
    cl_platform_id platform;
    cl_device_id device; /* NULL: a platform without devices */
    int platform_number;
    cl_device_type type;
    int index; /* among the devices of this type of this platform */
    char platform_name[CL_NAME_ROOM];
    char name[CL_NAME_ROOM];
    bool available;
    char reason[CL_NAME_ROOM];
};

/* All devices of all platforms, in the order of the drivers; the caller frees *found. Returns how
 * many there are; 0 with a reason where there is no library or no platform. */
int ap_opencl_find(const struct cl_api *cl, struct cl_found **found, const char **reason);

/* The one that "PLATFORM:TYPE:INDEX" names: of several, those of the best type that run programs,
 * and among them one that keeps one answer, then one with float64, then one whose fma is not
 * software. NULL, with the reason in `reason`. */
const struct cl_found *ap_opencl_choose(const struct cl_api *cl, const struct cl_found *found,
                                        int count, const char *name, char reason[CL_NAME_ROOM]);

/* Quotients and square roots: of steps of our own, or correctly rounded by the device, which the
 * specification promises of float64 and, of float32, some devices do. */
enum cl_division { DIVISION_OWN, DIVISION_CLAIMED, DIVISION_NATIVE };

/* What a device can compute, found by running programs. */
struct cl_answer {
    bool works; /* it built and ran a program */
    bool one_answer, float64;
    bool soft_fma; /* its float32 fma is wrong: cl/fma.cl has one */
    enum cl_division division[TYPES];
    bool short_loops; /* it ends loops after LOOP_TURNS turns, and so with a wrong result */
    char reason[CL_NAME_ROOM];
};

/* Kept for the life of the process: the first call for a device takes a moment. */
void ap_opencl_probe(const struct cl_api *cl, cl_device_id device, bool kept_only,
                     struct cl_answer *answer);

/* Why there is no platform, as far as files tell (drivers.c). */
void ap_opencl_explain(char text[CL_NAME_ROOM]);

int ap_opencl_list(struct device_row *rows, int room);

/* ---- Programs and launches (build.c, program.c, launch.c) ---- */

/* Gradients have programs of each score, of kernels any or those whose factor is a polynomial. */
enum { GRAD_PLAIN = POOL_KERNEL + 1, GRAD_SCORES };

/* Variants of cl/fused.cl: what a score is, and what else is in the program. */
enum fused_score { FUSED_DOT, FUSED_LOG, FUSED_FACTOR, FUSED_ADDITIVE, FUSED_SCORES };
enum {
    FUSED_MASKS = 1,  /* mask, bias, key weights */
    FUSED_LINE = 2,   /* one column of values */
    FUSED_FEW = 4,    /* one vector of rows */
    FUSED_BLOCKS = 8, /* cl/fused_blocks.cl: vectors of blocks */
    FUSED_OPTIONS = 16,
    FUSED_VARIANTS = FUSED_SCORES * FUSED_OPTIONS
};

/* Variants of cl/leaves.cl: a score, of kernels those whose factor is a polynomial or any; and what
 * else is in the program. */
enum leaf_score { LEAF_ALL_KERNELS = POOL_KERNEL + 1, LEAF_SCORES };
enum {
    LEAF_FACTORS = 1, /* factors beside scores */
    LEAF_SUMS = 2,    /* sums of pairs in tiles of registers, */
    LEAF_VALUES = 4,  /* and those of values */
    LEAF_MOMENTS = 8, /* moments instead of values */
    LEAF_REST = 16,   /* for what is left by cl/fused.cl, little if anything */
    LEAF_OPTIONS = 32,
    LEAF_VARIANTS = LEAF_SCORES * LEAF_OPTIONS
};

/* Variants of cl/grad_tile.cl: what has sums of pairs. */
enum {
    GRAD_TILE_DOT,
    GRAD_TILE_PLAIN, /* kernels whose factor is a polynomial */
    GRAD_TILE_ALL,   /* any kernel */
    GRAD_TILE_VARIANTS
};

/* The table in program.c has the function and the program of each. */
enum entry_id {
    KERNEL_ELEMENTWISE,
    KERNEL_BMM_TILE,
    KERNEL_BMM_LARGE,
    KERNEL_BMM_EACH,
    KERNEL_BMM_PANEL,
    KERNEL_SOFTMAX,
    KERNEL_SOFTMAX_ROWS,
    KERNEL_CHECK,
    KERNEL_SUMS,
    KERNEL_SCORES_CONSTANT,
    KERNEL_SCORES_DOT,
    KERNEL_SCORES_ADDITIVE,
    KERNEL_SCORES_PLAIN, /* kernels whose factor is a polynomial */
    KERNEL_SCORES_ALL,   /* any kernel */
    KERNEL_EVALUATE,
    KERNEL_GATHER,
    KERNEL_SQUARE,
    KERNEL_MERGE,
    KERNEL_MERGE_COLUMNS,
    KERNEL_ROOT,
    KERNEL_FINISH,
    KERNEL_NEAREST,
    KERNEL_TAKE_NEAREST,
    KERNEL_OUT_WEIGHTS,
    /* One for each score, see GRAD_PLAIN. */
    KERNEL_GRAD_FACTS,
    KERNEL_GRAD_SWEEP = KERNEL_GRAD_FACTS + GRAD_SCORES,
    KERNEL_GRAD_PAIRS = KERNEL_GRAD_SWEEP + GRAD_SCORES,
    KERNEL_GRAD_ROWS = KERNEL_GRAD_PAIRS + GRAD_SCORES,
    KERNEL_GRAD_LOCAL = KERNEL_GRAD_ROWS + GRAD_SCORES, /* the same from programs with GRAD_LOCAL */
    KERNEL_GRAD_COLLECT = 2 * KERNEL_GRAD_LOCAL - KERNEL_GRAD_FACTS,
    KERNEL_GRAD_COPY,
    KERNEL_GRAD_TILES,                                      /* for each variant */
    KERNEL_LEAVES = KERNEL_GRAD_TILES + GRAD_TILE_VARIANTS, /* for each variant */
    KERNEL_FUSED = KERNEL_LEAVES + LEAF_VARIANTS,           /* for each variant */
    ENTRIES = KERNEL_FUSED + FUSED_VARIANTS
};

enum program_id {
    PROGRAM_ELEMENTWISE,
    PROGRAM_BMM,
    PROGRAM_BMM_LARGE,
    PROGRAM_BMM_PANEL,
    PROGRAM_SOFTMAX,
    PROGRAM_SOFTMAX_ROWS,
    PROGRAM_CHECK,
    PROGRAM_SUMS,
    PROGRAM_SCORES_CONSTANT,
    PROGRAM_SCORES_DOT,
    PROGRAM_SCORES_ADDITIVE,
    PROGRAM_SCORES_PLAIN,
    PROGRAM_SCORES_ALL,
    PROGRAM_KERNEL,
    PROGRAM_TREE,
    PROGRAM_SQUARED,
    PROGRAM_NEAREST,
    PROGRAM_WEIGHTS,
    PROGRAM_GRAD, /* for each score */
    PROGRAM_GRAD_LOCAL = PROGRAM_GRAD + GRAD_SCORES,
    PROGRAM_GRAD_ITEMS = PROGRAM_GRAD_LOCAL + GRAD_SCORES,
    PROGRAM_GRAD_TILES,                                       /* for each variant */
    PROGRAM_LEAVES = PROGRAM_GRAD_TILES + GRAD_TILE_VARIANTS, /* for each variant */
    PROGRAM_FUSED = PROGRAM_LEAVES + LEAF_VARIANTS,           /* for each variant */
    PROGRAMS = PROGRAM_FUSED + FUSED_VARIANTS
};

enum { BUILD_FILES = 24 }; /* of a program, at most */

/* What a program is made of. `files` ends with NULL; names as in sources.h. */
struct cl_recipe {
    const char *const *files;
    const char *options;
    bool kept_only; /* not to be compiled where the cache does not have it */
};

struct cl_built {
    cl_program program;
    uint64_t source; /* a hash of it */
    size_t kept;     /* bytes of what the cache has of it, 0: nothing */
};

/* The program of a recipe for a device of a context: from the cache, else compiled. false: *error,
 * and the first line of the log in `line`. */
bool ap_opencl_build(const struct cl_api *cl, cl_context context, cl_device_id device,
                     const struct cl_recipe *recipe, struct cl_built *built, cl_int *error,
                     char line[CL_NAME_ROOM]);

/* The cache (kept.c): the program from there, not yet built, or NULL; and to keep what has become
 * of it. Drivers compile at the first launch of a kernel too, PoCL at that of each local size. */
cl_program ap_opencl_kept(const struct cl_api *cl, cl_context context, cl_device_id device,
                          const struct cl_recipe *recipe, struct cl_built *built, cl_int *error);
void ap_opencl_keep(const struct cl_api *cl, cl_device_id device, const struct cl_recipe *recipe,
                    struct cl_built *built);

/* Scratch memory of pooling (pool_plan.c). */
enum scratch_id {
    SCRATCH_SCORES,  /* planes of cl/pool.cl, a word a pair */
    SCRATCH_SCALES,  /* c, one a row */
    SCRATCH_BLOCKS,  /* three planes of cl/squared.cl */
    SCRATCH_NODES,   /* the same */
    SCRATCH_COLUMNS, /* acc of the nodes */
    SCRATCH_MAX,     /* one a row of the call: m, */
    SCRATCH_SUM,     /* l, */
    SCRATCH_INFO,    /* and what a policy found for it */
    SCRATCHES
};

const char *ap_opencl_options(int type, bool soft_fma, enum cl_division division);

enum { LAUNCH_WAYS = 4096 };

/* Buffers that a call has done with, kept for the next one (memory.c). */
enum { KEPT_BUFFERS = 16 };

struct cl_kept_buffer {
    cl_mem buffer;
    size_t bytes;
};

/* Mappings that could not be ended at once, and the memory that each is. */
enum { MOST_MAPPINGS = 16 };

struct cl_mapping {
    cl_mem buffer;
    void *host;
};

/* How fast a kernel runs, in terms a second (rate.c), and launches of which that is not read yet.
 */
enum { RATES = 32, TIMED_LAUNCHES = 8 };
struct cl_rate {
    cl_kernel kernel;
    double terms;
};
struct cl_timed_launch {
    cl_kernel kernel;
    double terms;
    cl_event event;
};

/* Bytes for one array of the host and for those of a call. */
struct cl_room {
    size_t one, together;
};

/* What is kept in a context. */
struct opencl {
    const struct cl_api *cl;
    cl_context context;
    cl_device_id device;
    cl_command_queue queue;
    bool unordered; /* the caller's queue runs out of order: barriers keep the order */
    bool one_answer, float64, soft_fma, short_loops; /* of struct cl_answer */
    enum cl_division division[TYPES];
    bool kept_only;
    bool unified; /* the device computes in the host's memory */
    bool cpu;
    cl_uint units, native[TYPES]; /* compute units; lanes of their vectors */
    size_t max_group, local_bytes;
    cl_ulong max_alloc;
    struct cl_room room, room_unlimited; /* with the user's limit and without (room.c) */
    char name[CL_NAME_ROOM];
    struct cl_built program[PROGRAMS][TYPES];
    bool to_keep[PROGRAMS][TYPES]; /* launched in a new way since it was kept */
    bool any_to_keep;
    uint64_t ways[LAUNCH_WAYS / 64]; /* of launches so far: a bit for each hash of a way */
    cl_kernel kernel[ENTRIES][TYPES];
    cl_mem flags;              /* FLAG_* below, set by kernels */
    bool flags_used;           /* since the last sync */
    cl_mem scratch[SCRATCHES]; /* kept for the next call */
    size_t scratch_bytes[SCRATCHES];
    struct cl_kept_buffer kept[KEPT_BUFFERS];
    int kept_count;
    struct cl_mapping mappings[MOST_MAPPINGS];
    int mapping_count;
    size_t kept_bytes;
    bool times_launches; /* the queue does */
    struct cl_rate rate[RATES];
    int rates;
    struct cl_timed_launch timed[TIMED_LAUNCHES];
    int timed_count;
};

/* The kernel, built when it is first asked for; NULL: the message is set. */
cl_kernel ap_opencl_function(struct engine *engine, enum entry_id id, int type);

/* Its kernel has been queued in this way; when the launches are done, its program is to be kept. */
void ap_opencl_note_launch(struct opencl *o, enum entry_id id, int type, cl_uint dimensions,
                           const size_t *global, const size_t *local);
void ap_opencl_keep_programs(struct opencl *o);

attpool_status ap_opencl_fail(struct engine *engine, cl_int error, const char *what);

/* Scratch memory of at least this many bytes; NULL: the message is set. */
cl_mem ap_opencl_scratch(struct engine *engine, enum scratch_id id, size_t bytes);

/* A device copy of host data that lives until the launches that use it are done: release it
 * once they are queued. NULL: the message is set. */
cl_mem ap_opencl_copy(struct engine *engine, const void *host, size_t bytes);
void ap_opencl_release(struct engine *engine, cl_mem buffer);

/* Set room and room_unlimited. */
attpool_status ap_opencl_room(struct engine *engine);

/* Give back the buffers that are kept; scratch memory, too. */
void ap_opencl_release_all(struct opencl *o);

/* A caller's queue may run commands in any order: a barrier before and after each keeps that of
 * calls. */
cl_int ap_opencl_order(struct opencl *o);

struct launch {
    struct engine *engine;
    struct opencl *opencl;
    cl_kernel kernel;
    enum entry_id id;
    int type;
    cl_uint count; /* of arguments put */
    double terms;  /* multiply-adds or the like; 0: the launch is not timed */
    cl_int error;
    attpool_status status;
};

bool ap_launch_begin(struct launch *l, struct engine *engine, enum entry_id id, int type);
void ap_put(struct launch *l, size_t bytes, const void *value);
void ap_put_int(struct launch *l, int value);
void ap_put_long(struct launch *l, int64_t value);
void ap_put_real(struct launch *l, double value);    /* rounded to the type */
void ap_put_buffer(struct launch *l, cl_mem buffer); /* NULL: a buffer that is not used */
/* The status flags. Only where a kernel may set one that is to be reported is `wanted` true: they
 * are read at the end of the call. */
void ap_put_flags(struct launch *l, bool wanted);
/* Two arguments: the buffer and its struct array, offset in elements. */
void ap_put_array(struct launch *l, const struct array *a);
void ap_put_bytes(struct launch *l, const struct array *a, size_t element);
/* For divide() of cl/array.cl. */
int64_t ap_opencl_divisor(int64_t d);
void ap_launch_run(struct launch *l, cl_uint dimensions, const int64_t *items, const size_t *local);
attpool_status ap_launch_end(struct launch *l);

/* Drivers of graphics cards end launches that take seconds: a launch of the kernel should have no
 * more terms than this, for about 100 ms at the rate at which it has run, which is that of the
 * launches with `terms`; at first there is a guess. */
int64_t ap_opencl_most_terms(struct engine *engine, enum entry_id id, int type);

/* Note a launch; read the times of those noted, all of which are done; forget them. */
void ap_opencl_note_time(struct opencl *o, cl_kernel kernel, double terms, cl_event event);
void ap_opencl_take_times(struct opencl *o);
void ap_opencl_forget_times(struct opencl *o);

enum { MOST_ROWS = 1 << 30 }; /* of a launch: numbers that divide() takes */

static inline int64_t ceil_div(int64_t a, int64_t b)
{
    return a / b + (a % b > 0);
}

static inline int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline size_t type_bytes(int type)
{
    return type == TYPE_F32 ? sizeof(float) : sizeof(double);
}

/* The arguments of MASK_PARAMETERS in cl/masks.cl; key_weights may be NULL. */
void ap_put_masks(struct launch *l, const struct masks *masks, const struct array *key_weights);

/* Pooling's struct dropping (cl/drop.cl). */
void ap_put_dropping(struct launch *l, const struct pool_args *args);

/* Queue the check of lengths and key weights that the core has not seen; what it finds is reported
 * by sync. */
attpool_status ap_opencl_check(struct engine *engine, const struct masks *masks,
                               const struct array *key_weights, int64_t batch, int64_t heads,
                               int64_t n, int64_t m, int type);

/* Of all loops of a work-item together, where the device has short_loops. */
#define LOOP_TURNS 65535

/* Refuse work whose loops, in a work-item, take more turns than the device makes. */
attpool_status ap_opencl_turns(struct engine *engine, int64_t turns);

/* Does the device have room for the work-groups of cl/tile.cl? */
bool ap_opencl_tiles(struct engine *engine, int type);

/* Multiply-adds of a launch, more or less: a few tenths of a second on a slow device. Drivers
 * end launches that take seconds. */
#define LAUNCH_TERMS ((int64_t)1 << 32)

/* ---- Operations ---- */

attpool_status ap_opencl_open(struct engine *engine, const attpool_options *options,
                              const char *device);
void ap_opencl_close(struct engine *engine);
const char *ap_opencl_device_name(struct engine *engine);
bool ap_opencl_has_type(struct engine *engine, int type);
void ap_opencl_identify(struct engine *engine, char *name, char *key, size_t room);

extern const struct device_memory ap_opencl_memory;

#define OPENCL_DECLARE(name)                                                                       \
    attpool_status ap_opencl_##name(struct engine *engine, const struct name##_args *args,         \
                                    int type);
OPERATION_TABLE(OPENCL_DECLARE)
#undef OPENCL_DECLARE

#endif
