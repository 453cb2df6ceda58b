/* SPDX-License-Identifier: Apache-2.0 */

/* Scores of a tile, in vectors of rows: ROW_VECTORS of NATIVE rows and the keys of a block, of which
 * KEY_TILE are in registers at a time. What a number of a vector is stays vertical, so that its bits
 * are those of one row by itself. */

enum { ROWS = ROW_VECTORS * NATIVE };

/* Keys that are weighed at a time. Vectors side by side wait for nobody, as far as registers go: vectors
 * of 64 bytes come with 32 of them. */
#define CHAINS (NATIVE * (int)sizeof(REAL) == 64 ? 8 : 4)
enum { WEIGHED = CHAINS / ROW_VECTORS > 1 ? CHAINS / ROW_VECTORS : 1 };

#define EACH_KEY     _Pragma("unroll") for (int i = 0; i < KEY_TILE; i++)
#define EACH_WEIGHED _Pragma("unroll") for (int i = 0; i < WEIGHED; i++)
#define EACH_VECTOR _Pragma("unroll") for (int x = 0; x < ROW_VECTORS; x++)

/* Number n of an array, for all rows; or, where lanes are blocks, those of each lane. */
#ifdef FUSED_BLOCKS
typedef const VECTOR *source;
#define NUMBER(from, n, stride, x) ((from)[(n) * ROW_VECTORS + (x)])
#else
typedef __global const REAL *source;
#define NUMBER(from, n, stride, x) ((VECTOR)((from)[(n) * (stride)]))
#endif

typedef struct {
    bool line; /* one coordinate, and not the Gaussian: scores are u */
    int d;
    int name;
    REAL square; /* u2 is the sum times this */
    REAL c;      /* of the score, < 0 of a distance, else > 0 */
    bool fast;   /* the scale is an ordinary number */
} fused_measure;

/* What each coordinate's difference or tanh is multiplied by, and the rest, from the tile's first row. */
static void measure_of(fused_measure *f, REAL *by, const metric *a)
{
    f->d = (int)a->how.d;
    f->name = (int)a->how.name;
    f->line = SCORE == POOL_KERNEL && f->d == 1 && f->name != GAUSSIAN;
    f->square = a->one.square;
    f->c = SCORE == POOL_KERNEL ? a->scale : fabs(a->scale);
    f->fast = fabs(f->c) <= GREATEST && (REAL)0.25 * f->c != 0 && f->square <= GREATEST;
    for (int t = 0; t < f->d && SCORE == POOL_ADDITIVE; t++)
        by[t] = a->scale < 0 ? -a->wv[t * a->wv_col] : a->wv[t * a->wv_col];
    if (SCORE != POOL_KERNEL)
        return;
    bool by_power = sums_by_power(a);
    if (!by_power || (f->name == GAUSSIAN && a->how.per == BANDWIDTH_ONE))
        f->square = 1;
    for (int t = 0; t < f->d; t++)
        by[t] = by_power ? a->one.power : omega(a, 0, t);
}

/* The rows' queries, coordinate by coordinate. A row past the last is the last. A product's have the
 * sign of the scale, which then is positive. */
static void pack_queries(VECTOR *packed, __global const REAL *q, long q_row, long q_col, int rows,
                         int d, bool negative)
{
    REAL *to = (REAL *)packed;
    for (int r = 0; r < ROWS; r++) {
        __global const REAL *from = q + min(r, rows - 1) * q_row;
        for (int t = 0; t < d; t++)
            to[t * ROWS + r] = negative ? -from[t * q_col] : from[t * q_col];
    }
}

/* tanh of elementary.cl, of each number of a vector, where division is the device's. */
static VECTOR tanh_each(VECTOR x)
{
    VECTOR size = fabs(x), a = CHOOSE(size, (VECTOR)CONSTANT(TANH_LIMIT), size > (VECTOR)CONSTANT(TANH_LIMIT));
    VECTOR z = fma(a - CONSTANT(TANH_SHIFT), (VECTOR)CONSTANT(TANH_SCALE), (VECTOR)CONSTANT(TANH_MAGIC));
    VECTOR r = fma(z - CONSTANT(TANH_MAGIC), (VECTOR)CONSTANT(TANH_STEP), a);
    VECTOR square = r * r, p = tanh_poly[0];
    _Pragma("unroll") for (int i = 1; i < (int)(sizeof tanh_poly / sizeof tanh_poly[0]); i++)
        p = fma(p, square, (VECTOR)tanh_poly[i]);
    VECTOR t = fma(r * square, p, r), s = AS_VECTOR(AS_VECTOR_WORDS(z) << FRACTION);
    VECTOR y = fma(s + (REAL)0.5, t, s - (REAL)0.5);
    y = y / (y + (1 - t));
    y = CHOOSE(y, size, size < (VECTOR)CONSTANT(TANH_TINY));
    return copysign(y, x);
}

static VECTOR add_terms(VECTOR q, VECTOR k, REAL by, VECTOR sum)
{
    if (SCORE == POOL_DOT)
        return fma(q, k, sum);
    if (SCORE == POOL_ADDITIVE)
        return fma((VECTOR)by, tanh_each(q + k), sum);
    VECTOR z = (q - k) * by;
    return fma(z, z, sum);
}

#ifndef FUSED_BLOCKS
/* Of keys [from, to) of a block that begins at k, at s[key][vector]; up to KEY_TILE - 1 more are
 * written. */
static void score_keys(VECTOR *s, const VECTOR *q, const REAL *by, const fused_measure *f,
                       __global const REAL *k, long k_row, long k_col, int from, int to)
{
    for (int n = from; n < to; n += KEY_TILE) {
        __global const REAL *key[KEY_TILE];
        VECTOR sum[KEY_TILE][ROW_VECTORS];
        EACH_KEY key[i] = k + min(n + i, to - 1) * k_row;
        EACH_KEY EACH_VECTOR sum[i][x] = 0;
        for (int t = 0; t < f->d; t++)
            EACH_KEY
            {
                VECTOR y = key[i][t * k_col];
                EACH_VECTOR sum[i][x] = add_terms(q[t * ROW_VECTORS + x], y, by[t], sum[i][x]);
            }
        EACH_KEY EACH_VECTOR s[(n + i) * ROW_VECTORS + x] = sum[i][x];
    }
}
#endif

#ifndef FUSED_DOT
/* The same of one coordinate. */
static void score_line(VECTOR *s, const VECTOR *q, REAL by, bool line, source k, long k_row,
                       int from, int to)
{
    VECTOR own[ROW_VECTORS]; /* not in memory that the scores might be written to */
    VECTOR *at = s + from * ROW_VECTORS;
    int n = from;
    EACH_VECTOR own[x] = q[x];
    for (; n + WEIGHED <= to && !line; n += WEIGHED, at += WEIGHED * ROW_VECTORS)
        EACH_WEIGHED
        EACH_VECTOR
        {
            VECTOR z = (own[x] - NUMBER(k, n + i, k_row, x)) * by;
            at[i * ROW_VECTORS + x] = z * z;
        }
    for (; n < to; n++, at += ROW_VECTORS)
        EACH_VECTOR
        {
            VECTOR z = (own[x] - NUMBER(k, n, k_row, x)) * by;
            at[x] = line ? fabs(z) : z * z;
        }
}
#endif

#if !defined FUSED_BLOCKS && !defined FUSED_DOT
/* Of two coordinates or three, whose number is known when the program is compiled. */
static void score_narrow(VECTOR *s, const VECTOR *q, const REAL *by, const int d, __global const REAL *k,
                      long k_row, long k_col, int from, int to)
{
    VECTOR own[3][ROW_VECTORS], scale[3];
    VECTOR *at = s + from * ROW_VECTORS;
    _Pragma("unroll") for (int t = 0; t < d; t++)
    {
        scale[t] = by[t];
        EACH_VECTOR own[t][x] = q[t * ROW_VECTORS + x];
    }
    k += from * k_row;
    for (int n = from; n < to; n++, at += ROW_VECTORS, k += k_row)
        EACH_VECTOR
        {
            VECTOR sum = 0;
            _Pragma("unroll") for (int t = 0; t < d; t++)
            {
                VECTOR z = (own[t][x] - k[t * k_col]) * scale[t];
                sum = fma(z, z, sum);
            }
            at[x] = sum;
        }
}
#endif

#ifndef FUSED_BLOCKS
static void score_block(VECTOR *s, const VECTOR *q, const REAL *by, const fused_measure *f,
                        __global const REAL *k, long k_row, long k_col, int from, int to)
{
#ifndef FUSED_DOT
    if (f->d == 1) {
        score_line(s, q, by[0], f->line, k, k_row, from, to);
        return;
    }
    if (f->d == 2 || f->d == 3) {
        if (f->d == 2)
            score_narrow(s, q, by, 2, k, k_row, k_col, from, to);
        else
            score_narrow(s, q, by, 3, k, k_row, k_col, from, to);
        return;
    }
#endif
    score_keys(s, q, by, f, k, k_row, k_col, from, to);
}
#endif
