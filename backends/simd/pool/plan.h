/* SPDX-License-Identifier: Apache-2.0 */

/* How the rows and keys of a call are split into tasks, and what has to be done to a pair, worked
 * out once. */
#ifndef BACKENDS_SIMD_POOL_PLAN_H
#define BACKENDS_SIMD_POOL_PLAN_H

#include "backends/kernel_traits.h"
#include "backends/simd/integers.h"
#include "backends/simd/masks.h"
#include "backends/simd/math/kernels.h"
#include "backends/simd/math/relative.h"
#include "backends/tree.h"

/* --- how rows and keys are split into tasks; bits do not depend on it ---------------------------
 */

enum {
    POOL_VECTORS = 4,    /* most vectors of rows in a tile */
    POOL_PIECES = 64,    /* with fewer tasks than this the keys are split too, */
    POOL_WORK = 1 << 18, /* but into pieces of at least this many steps */
    POOL_FAR = 2 << 20,  /* bytes of keys and values that are read from afar */
    POOL_BLOCKS = SUPER_BLOCK / BLOCK,
    POOL_PANEL = 16, /* by key: coordinates up to which keys are transposed in memory */
    POOL_DEEP = NREG >= 32   ? 8
                : NREG >= 16 ? 4
                             : 2 /* points of a tile of up to 3 vectors */
};

#define POOL_LANES(lanes) (POOL_VECTORS * (lanes))

struct pool_span {
    int64_t low, high; /* keys [low, high) */
};

/* Heads that share keys and values make a set; its rows are their queries, head by head. */
struct pool_shape {
    int64_t group, sets, rows;
    int64_t vectors;             /* of rows, in a set */
    int64_t tiles, tile_vectors; /* of a set; the first tile_extra have one vector more */
    int64_t tile_extra;
    int64_t first, end; /* super-blocks of the keys */
    bool by_key;        /* few rows: a lane has keys of one block, a task all rows of a set */
    bool split;         /* a task has a piece of the keys */
    int level;          /* of the largest pieces */
    int64_t pieces;
};

/* Does dropout leave pairs out of O? */
static inline bool pool_drops(const struct pool_args *a)
{
    return a->dropout.threshold > 0 && a->v > 0;
}

/* Is something wanted of each row besides O and W? */
static inline bool pool_wants_sums(const struct pool_args *a)
{
    return a->lse.data != NULL || a->n_eff.data != NULL || a->max.data != NULL ||
           a->sum.data != NULL;
}

static inline bool pool_shares(const struct array *x, int64_t group)
{
    return x->data == NULL || x->head == 0 || x->group == group;
}

/* Heads that may be pooled together. */
static int64_t pool_group(const struct pool_args *a)
{
    const struct array *all[] = { &a->k, &a->value, &a->key_weights, &a->kernel.inverse_bandwidths,
                                  &a->kernel.factors };
    int64_t group = a->heads;
    size_t count = sizeof all / sizeof all[0];
    bool per_query = a->kernel.per == ATTPOOL_BANDWIDTH_QUERY;
    for (size_t i = 0; i < count; i++)
        if (all[i]->data != NULL && all[i]->head != 0 && !(i == 3 && per_query))
            group = int_min(group, all[i]->group);
    for (size_t i = 0; i < count; i++)
        if (!pool_shares(all[i], group) && !(i == 3 && per_query))
            return 1;
    return a->heads % group == 0 ? group : 1;
}

/* Splits the keys into nodes of at most shape->level, into `nodes` unless that is NULL. */
static int64_t pool_split_keys(const struct pool_shape *s, struct tree_node *nodes)
{
    int64_t count = 0;
    for (int64_t first = s->first; first < s->end; count++) {
        struct tree_node node = tree_largest(first, s->end, s->level);
        first = tree_end(node);
        if (nodes != NULL)
            nodes[count] = node;
    }
    return count;
}

/* `lanes` of a vector, the most vectors of a tile, the most rows that go one at a time. */
static struct pool_shape pool_shape_of(const struct pool_args *a, int64_t lanes, int64_t most,
                                       int64_t by_key)
{
    struct pool_shape s = { .group = 1 };
    if (a->n < 2 * lanes)
        s.group = pool_group(a);
    s.sets = a->batch * a->heads / s.group;
    s.rows = s.group * a->n;
    s.by_key = s.rows <= by_key && a->m > BLOCK && a->dropout.threshold == 0 && a->index == NULL;
    s.vectors = (s.rows + lanes - 1) / lanes;
    s.tiles = s.by_key ? 1 : (s.vectors + most - 1) / most;
    s.tile_vectors = s.vectors / s.tiles;
    s.tile_extra = s.vectors % s.tiles;
    s.first = a->key_origin / SUPER_BLOCK;
    s.end = (a->key_origin + a->m + SUPER_BLOCK - 1) / SUPER_BLOCK;
    if (a->m == 0)
        s.end = s.first;
    s.pieces = 1;
    int64_t tasks = s.sets * s.tiles;
    if (tasks >= POOL_PIECES || s.end - s.first < 2 || a->index != NULL)
        return s;
    s.split = true;
    /* Pieces of some work, and no more of them than are of use. */
    const int64_t work = s.rows * SUPER_BLOCK * (16 + a->d + pool_columns(a));
    while ((s.end - s.first) >> s.level > 2 * POOL_PIECES / tasks || work << s.level < POOL_WORK)
        s.level++;
    s.pieces = pool_split_keys(&s, NULL);
    return s;
}

static inline int64_t pool_tile_first(const struct pool_shape *s, int64_t tile)
{
    return tile * s->tile_vectors + int_min(tile, s->tile_extra);
}

static inline int64_t pool_tile_vectors(const struct pool_shape *s, int64_t tile)
{
    return s->tile_vectors + (tile < s->tile_extra);
}

/* What lengths, causal and window leave of the keys. */
static struct pool_span pool_span_of(const struct pool_args *a, int64_t b, int64_t h, int64_t i)
{
    const struct visible all = visible_of(&a->masks, b, h, i, a->m);
    return (struct pool_span){ all.first, all.end };
}

/* --- what is done to a pair ------------------------------------------------------------------ */

/* What is computed of a pair before it becomes a weight. */
enum pool_measure {
    MEASURE_NONE, /* nothing: all pairs are alike */
    MEASURE_DOT,
    MEASURE_ADDITIVE,
    MEASURE_LINEAR, /* u of one coordinate */
    MEASURE_SQUARES,
    MEASURE_PRODUCT
};

struct pool_plan {
    const struct pool_args *a;
    struct pool_shape shape;
    enum pool_measure measure;
    bool by_coordinate; /* |w| differs from coordinate to coordinate */
    attpool_kernel_name name;
    real power, w; /* of a bandwidth for all: P and W2 of split_w for squares, else 1 and |w| */
    bool power_matters; /* P is not 1 */
    bool has_w2;        /* S is multiplied by W2 */
    bool steps;         /* the measure becomes x or a factor */
    bool has_max;       /* weights are relative to the row's maximum */
    bool factor;        /* a weight has a factor besides its exponential */
    bool compact;       /* keys outside of the support take no part */
    bool divide;        /* W is e / l; otherwise e times 1 / l */
    bool squares;       /* n_eff is wanted: sums of squared weights */
    bool drops;         /* some pairs are left out of O */
    bool cuts_far;      /* far keys take no part in rows that have a near one */
    bool ahead;         /* scores of a block may come with the weights of the one before */
    bool final;         /* maxima and sums are known: values are summed by squared weights */
    bool folded;        /* the score is x itself, scale and bias folded in: c is 1 */
    bool smallest;      /* c < 0: the extreme of the scores is the smallest */
    bool bias_masks;    /* the bias does nothing but mask */
    bool weighted;      /* by key weights; otherwise they only mask */
    real scale;         /* c of the score before it is folded into x, */
    real saturation;    /* and where it does so */
    real c;             /* of x */
    real masked;        /* x of a key that takes no part */
    size_t state;       /* numbers of the state of a row */
};

/* The measure of kernels, with its inverse bandwidths. */
static void pool_plan_distance(struct pool_plan *p, bool squares)
{
    const struct pool_args *a = p->a;
    const struct kernel *kernel = &a->kernel;
    bool coordinates = kernel_by_coordinate(kernel);
    p->measure = MEASURE_SQUARES;
    if (kernel->form == ATTPOOL_PRODUCT)
        p->measure = squares ? MEASURE_SQUARES : MEASURE_PRODUCT;
    else if (a->d == 1 && kernel->name != ATTPOOL_GAUSSIAN)
        p->measure = MEASURE_LINEAR;
    p->by_coordinate = coordinates || kernel->form == ATTPOOL_PRODUCT;
    bool power = p->measure == MEASURE_SQUARES && !p->by_coordinate;
    p->has_w2 = power;
    p->power = 1;
    p->w = 1;
    if (kernel->per == ATTPOOL_BANDWIDTH_ONE) {
        real w = kernel->inverse_bandwidths.data != NULL
                     ? get(row_at(&kernel->inverse_bandwidths, 0, 0, 0))
                     : (real)kernel->one;
        if (power)
            split_w(w, &p->power, &p->w);
        else
            p->w = r_abs(w);
        if (kernel->name == ATTPOOL_GAUSSIAN)
            p->has_w2 = false; /* it is in c */
    }
    p->power_matters = power && !(kernel->per == ATTPOOL_BANDWIDTH_ONE && p->power == 1);
}

/* Does the radial form take a step from the measures to x or a factor? Gaussians have x itself. */
VEC_FN bool pool_has_step(attpool_kernel_name name)
{
    return name != ATTPOOL_GAUSSIAN && name != ATTPOOL_CONSTANT;
}

static void pool_plan_kernel(struct pool_plan *p)
{
    const struct kernel *kernel = &p->a->kernel;
    const real half = REAL(LOG2_E) / 2, whole = REAL(LOG2_E);
    p->name = kernel->name;
    p->divide = kernel_any(kernel, p->a->d, kernel_has_factor);
    p->has_max = kernel_any(kernel, p->a->d, kernel_has_log);
    p->compact = kernel_any(kernel, p->a->d, kernel_is_compact);
    p->scale = 1;
    if (kernel->form == ATTPOOL_RADIAL && kernel->name == ATTPOOL_CONSTANT)
        return;
    p->factor = p->divide;
    pool_plan_distance(p, false);
    p->steps = kernel->form == ATTPOOL_RADIAL && pool_has_step(kernel->name) &&
               !(kernel->name == ATTPOOL_LAPLACIAN && p->measure == MEASURE_LINEAR);
    if (kernel->form == ATTPOOL_PRODUCT || !p->has_max)
        return;
    p->scale = -whole;
    if (kernel->name == ATTPOOL_GAUSSIAN)
        p->scale = kernel->per == ATTPOOL_BANDWIDTH_ONE ? -(half * p->w) : -half;
}

/* The scores' factor c, and what stands for a key that takes no part. */
static void pool_plan_score(struct pool_plan *p)
{
    bool bias = p->a->masks.bias.data != NULL && !p->bias_masks;
    p->has_max |= bias;
    p->folded = p->has_max && (bias || p->scale / 4 == 0 || p->scale != p->scale);
    p->saturation = saturation_of(p->scale);
    p->c = p->folded ? 4 : p->scale;
    p->smallest = p->c < 0;
    p->masked = p->has_max ? (p->smallest ? REAL_INF : -REAL_INF) : 0;
    p->factor &= p->has_max;
}

/* Whether whole super-blocks of keys are transposed for few rows. */
static bool by_key_has_panel(const struct pool_plan *p)
{
    const struct pool_args *a = p->a;
    return a->score == POOL_KERNEL && p->measure != MEASURE_NONE && a->d > 0 && a->d <= POOL_PANEL;
}

/* So many rows go one at a time. */
static int64_t by_key_most_rows(const struct pool_plan *p)
{
    const int64_t work = p->a->d + p->a->v;
    if (p->a->moments.power != NULL)
        return 0;
    if (p->a->score == POOL_DOT) /* a vector with few rows takes as long as a full one */
        return int_min(LANES / 2, work * LANES <= 256 ? 2 : work <= 64 ? 4 : 7);
    if (!by_key_has_panel(p) || p->a->v != 1)
        return LANES / 2;
    return p->a->d <= 4 ? 2 * LANES - 1 : LANES - 1;
}

/* Whether scores of a block may come ahead: they are squares, all that a block needs, and there are
 * registers for more than one thing at a time. */
static bool pool_plan_is_ahead(const struct pool_plan *p)
{
    const struct pool_args *a = p->a;
    return NREG >= 32 && a->v <= 1 && a->moments.power == NULL && !p->drops && p->cuts_far &&
           p->measure == MEASURE_SQUARES && p->smallest && !p->steps && !p->has_w2 &&
           !p->weighted && a->d > 0 && a->d <= CHUNK && a->masks.mask.data == NULL;
}

static struct pool_plan pool_plan_of(const struct pool_args *a)
{
    struct pool_plan p = { .a = a };
    const bool products = a->score == POOL_DOT || a->score == POOL_ADDITIVE;
    bool distance = a->score == POOL_KERNEL;
    p.measure = MEASURE_NONE;
    p.scale = 1;
    p.name = ATTPOOL_CONSTANT;
    p.weighted = a->key_weights.data != NULL;
    p.squares = a->n_eff.data != NULL;
    p.drops = pool_drops(a);
    if (distance)
        pool_plan_kernel(&p);
    if (a->score == POOL_CONSTANT)
        p.divide = true;
    if (products) {
        p.measure = a->score == POOL_DOT ? MEASURE_DOT : MEASURE_ADDITIVE;
        p.scale = (real)a->c;
        p.has_max = true;
    }
    p.divide |= p.weighted;
    p.cuts_far = pool_cuts_far(a);
    pool_plan_score(&p);
    p.ahead = pool_plan_is_ahead(&p);
    p.state = (size_t)(3 + pool_columns(a));
    p.shape = pool_shape_of(a, LANES, products ? 3 : POOL_VECTORS, by_key_most_rows(&p));
    return p;
}

/* Every key that the masks leave, with the weight 1. */
static struct pool_plan pool_plan_mean(const struct pool_plan *of)
{
    struct pool_plan p = { .a = of->a, .shape = of->shape, .state = of->state, .drops = of->drops };
    p.name = ATTPOOL_CONSTANT;
    p.bias_masks = true;
    p.scale = 1;
    pool_plan_score(&p);
    return p;
}

/* Distances alone. */
static inline struct pool_plan pool_plan_nearest(const struct pool_plan *of)
{
    struct pool_plan p = pool_plan_mean(of);
    if (p.a->score == POOL_KERNEL) {
        pool_plan_distance(&p, true);
        p.power_matters = false; /* there may be no room for scaled queries */
    }
    return p;
}

#endif
