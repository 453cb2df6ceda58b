/* SPDX-License-Identifier: Apache-2.0 */

/* What can be wrong with a call that judges bandwidths, and what is known before the first pooling.
 */

#include "core/statistics/selection.h"

#include <math.h>
#include <stdlib.h>

/* ---- options ---- */

static attpool_status check_pool_options(struct selection *s)
{
    struct engine *e = s->args.engine;
    const attpool_pool_options *o = &s->pool;
    if (o->score != ATTPOOL_KERNEL)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "%sscore should be ATTPOOL_KERNEL",
                              s->without_options ? "options is NULL: " : "");
    if (o->dropout != 0)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "dropout is set, a score has none");
    if (o->lse || o->n_eff || o->weights || o->rows || o->max || o->sum)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "lse, n_eff, weights, rows, max and sum should be NULL");
    return ATTPOOL_OK;
}

static attpool_status check_selection(struct selection *s)
{
    struct engine *e = s->args.engine;
    const attpool_selection_options *o = &s->options;
    if ((int)o->criterion < ATTPOOL_CRITERION_CV || (int)o->criterion > ATTPOOL_CRITERION_BRIER)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS,
                              "criterion is %d, which is not an attpool_criterion",
                              (int)o->criterion);
    if (o->degree < 0 || o->degree > 1)
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "degree is %d, it should be 0 or 1",
                              (int)o->degree);
    if (o->degree == 1 && !selection_reads_values(s))
        return ap_engine_fail(e, ATTPOOL_E_OPTIONS, "degree is 1, a density has none");
    return ATTPOOL_OK;
}

/* Row i is that of key i. */
static attpool_status take_masks(struct selection *s)
{
    const attpool_masks *m = &s->masks;
    const bool aicc = s->options.criterion == ATTPOOL_CRITERION_AICC;
    if (aicc && (m->lengths || m->mask || m->bias || m->causal || m->window))
        return ap_engine_fail(s->args.engine, ATTPOOL_E_OPTIONS, "AICc takes no masks");
    s->masks.query_origin = s->masks.key_origin = 0;
    s->masks.leave_one_out = !aicc;
    return ATTPOOL_OK;
}

static attpool_status take_options(struct selection *s, const struct selection_tensors *t)
{
    struct engine *e = s->args.engine;
    if (!ap_take_options(e, "attpool_pool_options", &s->pool, sizeof s->pool, t->options) ||
        !ap_take_options(e, "attpool_selection_options", &s->options, sizeof s->options,
                         t->selection) ||
        !ap_take_options(e, "attpool_kernel_options", &s->kernel, sizeof s->kernel,
                         s->pool.kernel) ||
        !ap_take_options(e, "attpool_masks", &s->masks, sizeof s->masks, s->pool.masks))
        return ATTPOOL_E_OPTIONS;
    s->pool.size = s->kernel.size = s->masks.size = 0;
    s->without_options = !t->options;
    attpool_status st = check_pool_options(s);
    if (st == ATTPOOL_OK)
        st = check_selection(s);
    s->pool.empty = selection_reads_values(s) ? ATTPOOL_EMPTY_NAN : ATTPOOL_EMPTY_DEFAULT;
    return st == ATTPOOL_OK ? take_masks(s) : st;
}

/* ---- tensors ---- */

static attpool_status add_weights(struct selection *s, const DLTensor *weights, const char *name,
                                  struct view **view)
{
    struct engine *e = s->args.engine;
    attpool_status st = ap_arguments_add(&s->args, weights, name, ATTPOOL_E_KEY_WEIGHTS, ROLE_INPUT,
                                         KIND_REAL, LAYOUT_COL, NULL, view);
    if (st == ATTPOOL_OK && (*view)->ndim != 1)
        st = ap_engine_fail(e, ATTPOOL_E_KEY_WEIGHTS, "%s has %d dimensions, it should have 1",
                            name, (*view)->ndim);
    if (st == ATTPOOL_OK)
        st = ap_view_expect(e, *view, 3, s->m, "the rows of K are");
    return st == ATTPOOL_OK ? ap_check_key_weights(e, *view) : st;
}

static attpool_status take_tensors(struct selection *s)
{
    struct engine *e = s->args.engine;
    const bool density = !selection_reads_values(s);
    if (density && s->V)
        return ap_engine_fail(e, ATTPOOL_E_VALUE, "the likelihood takes no V");
    attpool_status st = ap_arguments_add(&s->args, s->K, "K", ATTPOOL_E_KEY, ROLE_INPUT, KIND_REAL,
                                         LAYOUT_PLAIN, NULL, &s->k);
    if (st != ATTPOOL_OK)
        return st;
    s->m = s->k->size[2];
    s->d = s->k->size[3];
    if (!density)
        st = ap_arguments_add(&s->args, s->V, "V", ATTPOOL_E_VALUE, ROLE_INPUT, KIND_REAL,
                              LAYOUT_PLAIN, NULL, &s->value);
    if (st == ATTPOOL_OK && !density) {
        s->v = s->value->size[3];
        st = ap_view_expect(e, s->value, 2, s->m, "K has");
    }
    if (st == ATTPOOL_OK && s->pool.key_weights)
        st = add_weights(s, s->pool.key_weights, "key_weights", &s->key_weights);
    if (st == ATTPOOL_OK && s->options.row_weights)
        st = add_weights(s, s->options.row_weights, "row_weights", &s->row_weights);
    if (st == ATTPOOL_OK && !ap_arguments_on_host(&s->args))
        st = ap_engine_fail(e, ATTPOOL_E_KEY, "K, V and the weights should be on the host");
    return st;
}

static attpool_status check_finite(const struct selection *s, const struct view *v)
{
    for (int64_t i = 0; v && i < v->size[2]; i++)
        for (int64_t c = 0; c < v->size[3]; c++)
            if (!isfinite(ap_view_real(v, 0, 0, i, c)))
                return ap_engine_fail(s->args.engine, v->status,
                                      "%s[%lld,%lld] is %g, it should be finite", v->name,
                                      (long long)i, (long long)c, ap_view_real(v, 0, 0, i, c));
    return ATTPOOL_OK;
}

/* ---- what is known beforehand ---- */

static attpool_status read_weights(struct selection *s)
{
    const struct view *rows = s->row_weights ? s->row_weights : s->key_weights;
    for (int64_t j = 0; j < s->m; j++) {
        s->a[j] = rows ? ap_view_real(rows, 0, 0, 0, j) : 1;
        s->sum += s->a[j];
        s->rows += s->a[j] > 0;
    }
    if (s->rows == 0 || !isfinite(s->sum))
        return ap_engine_fail(s->args.engine, ATTPOOL_E_KEY_WEIGHTS,
                              s->rows == 0 ? "no row has a weight"
                                           : "the sum of the row weights is not finite");
    return ATTPOOL_OK;
}

static double variance_of(const struct selection *s, int64_t c)
{
    double mean = 0, squares = 0, first = (double)NAN;
    for (int64_t i = 0; i < s->m; i++) {
        const double y = ap_view_real(s->value, 0, 0, i, c);
        if (!(s->a[i] > 0))
            continue;
        first = isnan(first) ? y : first;
        mean = fma(s->a[i], y - first, mean);
    }
    mean = first + mean / s->sum;
    for (int64_t i = 0; i < s->m; i++) {
        const double off = ap_view_real(s->value, 0, 0, i, c) - mean;
        squares = fma(s->a[i], off * off, squares);
    }
    return squares / s->sum;
}

static bool varies(const struct selection *s, int64_t c)
{
    int64_t first = 0;
    while (!(s->a[first] > 0))
        first++;
    for (int64_t i = first; i < s->m; i++)
        if (s->a[i] > 0 &&
            ap_view_real(s->value, 0, 0, i, c) != ap_view_real(s->value, 0, 0, first, c))
            return true;
    return false;
}

static attpool_status read_values(struct selection *s)
{
    for (int64_t c = 0; c < s->v; c++) {
        s->variance[c] = variance_of(s, c);
        /* The message is read by tools/regress/regress_explain.c. */
        if (!(s->variance[c] < HUGE_VAL) || (s->variance[c] == 0 && varies(s, c)))
            return ap_engine_fail(s->args.engine, ATTPOOL_E_VALUE,
                                  "column %lld of V has numbers too %s to be squared: scale it",
                                  (long long)c, s->variance[c] == 0 ? "small" : "large");
        s->varying += s->variance[c] > 0;
    }
    /* Likewise. */
    if (s->value && s->varying == 0 && s->options.criterion != ATTPOOL_CRITERION_BRIER)
        return ap_engine_fail(s->args.engine, ATTPOOL_E_VALUE,
                              s->v == 1 ? "V is constant: every bandwidth predicts it"
                                        : "all columns of V are constant");
    return ATTPOOL_OK;
}

static attpool_status reserve_selection(struct selection *s)
{
    const size_t size = s->args.type == TYPE_F32 ? 4 : 8, m = (size_t)s->m + 1;
    const bool tilted = s->options.degree == 1 && s->options.criterion == ATTPOOL_CRITERION_AICC;
    bool whole = true;
    s->a = malloc(m * sizeof *s->a);
    s->variance = malloc(((size_t)s->v + 1) * sizeof *s->variance);
    s->out = malloc(m * (size_t)(s->v > 0 ? s->v : 1) * size);
    s->gradient = malloc(m * (size_t)(s->v > 0 ? s->v : 1) * size);
    if (tilted)
        s->tilt = malloc(m * (size_t)(s->d + 1) * size);
    whole = !tilted || s->tilt;
    for (int i = 0; i < ROWS; i++) {
        s->row[i] = malloc(m * size);
        whole = whole && s->row[i];
    }
    if (whole && s->a && s->variance && s->out && s->gradient)
        return ATTPOOL_OK;
    return ap_engine_fail(s->args.engine, ATTPOOL_E_MEMORY, "no memory for %lld rows",
                          (long long)s->m);
}

attpool_status ap_selection_begin(struct selection *s, struct engine *engine,
                                  const struct selection_tensors *tensors)
{
    ap_clear(s, offsetof(struct selection, args));
    ap_arguments_init(&s->args, engine);
    s->K = tensors->K;
    s->V = tensors->V;
    attpool_status st = take_options(s, tensors);
    if (st == ATTPOOL_OK)
        st = take_tensors(s);
    if (st == ATTPOOL_OK)
        st = check_finite(s, s->k);
    if (st == ATTPOOL_OK)
        st = check_finite(s, s->value);
    if (st == ATTPOOL_OK)
        st = reserve_selection(s);
    if (st == ATTPOOL_OK)
        st = read_weights(s);
    return st == ATTPOOL_OK ? read_values(s) : st;
}

void ap_selection_end(struct selection *s)
{
    for (int i = 0; i < ROWS; i++)
        free(s->row[i]);
    free(s->tilt);
    free(s->gradient);
    free(s->out);
    free(s->variance);
    free(s->a);
}
