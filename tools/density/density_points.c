/* SPDX-License-Identifier: Apache-2.0 */
/* Where densities are computed: at the data, at points of a file, on a grid. */
#include "tools/density/density.h"

#include "backends/kernels.h"
#include "tools/regress/regress_group.h"

#include <math.h>
#include <stdlib.h>

/* What lies further from all data has no density worth looking at. */
static double reach_of(const struct regress_fit *fit, size_t c)
{
    enum { BANDWIDTHS = 3 };
    const struct kernels *k = fit->kernels;
    const struct numbers *h = fit->bandwidths;
    const bool compact = kernel_is_compact((int)k->name[k->count > 1 ? c : 0]);
    return h->value[h->count > 1 ? c : 0] * (compact ? 1 : BANDWIDTHS);
}

static bool is_finite(double x, bool single)
{
    return isfinite(single ? (double)(float)x : x);
}

/* From one end to the other along a column; `option` is what asks for them. */
static int find_ends(const struct regress_fit *fit, size_t c, const char *option, double ends[2],
                     struct error *e)
{
    const struct regress_group *g = fit->group;
    const double reach = reach_of(fit, c), origin = g->single ? g->columns[c][0] : 0;
    group_range(g, c, &ends[0], &ends[1]);
    ends[0] -= reach;
    ends[1] += reach;
    if (is_finite(ends[0] - origin, g->single) && is_finite(ends[1] - origin, g->single))
        return CMD_OK;
    return error_set(e, CMD_USAGE,
                     "%s goes %g beyond column %s, outside the range of float%d: a smaller "
                     "--bandwidth is needed",
                     option, reach, quoted_name(g->x_names[c]).text, g->single ? 32 : 64);
}

static int grid_new(const struct regress_fit *fit, const size_t *sides, const char *option,
                    struct density_points *p, struct error *e)
{
    const struct regress_group *g = fit->group;
    size_t after = 1;
    p->n = 1;
    for (size_t c = 0; c < g->d; c++)
        p->n *= sides[c];
    p->d = g->d;
    p->own = calloc(g->d, sizeof *p->own);
    if (p->own == NULL)
        return error_memory(e, g->d * sizeof *p->own);
    p->columns = p->own;
    for (size_t c = g->d; c-- > 0; after *= sides[c]) {
        double ends[2];
        void *column, *line;
        int st = find_ends(fit, c, option, ends, e);
        if (st != CMD_OK)
            return st;
        st = array_new(&column, p->n, sizeof(double), e);
        p->own[c] = column;
        if (st == CMD_OK)
            st = array_new(&line, sides[c], sizeof(double), e);
        if (st != CMD_OK)
            return st;
        group_grid(ends[0], ends[1], sides[c], line);
        for (size_t i = 0; i < p->n; i++)
            p->own[c][i] = ((double *)line)[i / after % sides[c]];
        free(line);
    }
    if (g->d == 2) {
        p->sides[0] = sides[0];
        p->sides[1] = sides[1];
    }
    int st = group_pack(g, p->columns, p->n, true, g->d, &p->own_q, NULL, e);
    p->q = p->own_q;
    return st;
}

static int grid_asked(const struct density_options *o, const struct regress_fit *fit,
                      struct density_points *p, struct error *e)
{
    const size_t d = fit->group->d;
    void *memory;
    int st = array_new(&memory, d, sizeof(size_t), e);
    size_t *sides = memory;
    for (size_t c = 0; st == CMD_OK && c < d; c++)
        sides[c] = (size_t)o->grid.value[o->grid.count > 1 ? c : 0];
    if (st == CMD_OK)
        st = grid_new(fit, sides, "--grid", p, e);
    free(memory);
    return st;
}

int density_points(const struct density_options *o, const struct regress_fit *fit,
                   struct density_points *p, struct error *e)
{
    const struct regress_group *g = fit->group;
    *p = (struct density_points){
        .n = g->n, .columns = g->points, .missing = g->missing, .q = g->q
    };
    return o->grid.count > 0 ? grid_asked(o, fit, p, e) : CMD_OK;
}

int density_picture_points(const struct density_options *o, const struct regress_fit *fit,
                           struct density_points *p, struct error *e)
{
    enum { SIDE = 100, LEAST = 200, MOST = 2000, POINTS_A_BANDWIDTH = 8 };
    const struct regress_group *g = fit->group;
    double least, most;
    *p = (struct density_points){ .n = 0 };
    if (o->table.plot == NULL || (o->grid.count > 0 && (g->d == 2 || o->grid.value[0] >= LEAST)))
        return CMD_OK;
    if (g->d == 2)
        return grid_new(fit, (const size_t[]){ SIDE, SIDE }, "--plot", p, e);
    group_range(g, 0, &least, &most);
    const double reach = reach_of(fit, 0), range = most - least + 2 * reach;
    const double points = range / fit->bandwidths->value[0] * POINTS_A_BANDWIDTH;
    const size_t n = (size_t)fmin(fmax(points, LEAST), MOST);
    return grid_new(fit, &n, "--plot", p, e);
}

void density_points_free(struct density_points *p)
{
    for (size_t c = 0; p->own != NULL && c < p->d; c++)
        free(p->own[c]);
    free(p->own);
    free(p->own_q);
}
