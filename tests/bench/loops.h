/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BENCH_LOOPS_H
#define TESTS_BENCH_LOOPS_H

/* Plain loops, as a user would write them: gcc -Ofast -march=native makes vectors of them and
 * calls glibc's vector library. Row-major arrays; `threads` of OpenMP.
 *
 * softmax    w (rows, m) of scale * s, in place or not
 * distances  g (n, m): Gauss' kernel of q (n, d) and k (m, d) by differences
 * products   the same where g holds the products q.k already
 * regress    o (n) from q (n, d), k (m, d), y (m); skip: without key i for query i
 * additive   o (n, v) from projected q (n, p), k (m, p), w (p) and values (m, v) */
#include <stdbool.h>

#define LOOPS(T, X)                                                                                \
    void loop_softmax_##X(const T *s, T *w, long rows, long m, T scale, int threads);              \
    void loop_distances_##X(const T *q, const T *k, T *g, long n, long m, long d, T sigma,         \
                            int threads);                                                          \
    void loop_products_##X(const T *q, const T *k, T *g, long n, long m, long d, T sigma,          \
                           int threads);                                                           \
    void loop_regress_##X(int kernel, const T *q, const T *k, const T *y, T *o, long n, long m,    \
                          long d, T sigma, bool skip, int threads);                                \
    void loop_additive_##X(const T *q, const T *k, const T *w, const T *values, T *o, long n,      \
                           long m, long p, long v);

LOOPS(float, f32)
LOOPS(double, f64)

#endif
