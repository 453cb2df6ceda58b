// SPDX-License-Identifier: Apache-2.0
// Eigen: products, and array expressions over blocks of keys.
#include "tests/bench/peer.h"

#include <Eigen/Core>
#include <cmath>
#include <cstdio>

namespace {

const bench_data *data;
int threads;

const char *version()
{
    static char text[40];
    std::snprintf(text, sizeof text, "%d.%d.%d", EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION,
                  EIGEN_MINOR_VERSION);
    return text;
}

bool open(const bench_data *given, int count)
{
    data = given;
    threads = count;
    Eigen::setNbThreads(count);
    const bench_case *c = data->c;
    return c->operation != BENCH_ATTEND && !(c->with & BENCH_LOO) &&
           (c->kernel == ATTPOOL_GAUSSIAN || c->kernel == ATTPOOL_BOXCAR ||
            c->kernel == ATTPOOL_EPANECHNIKOV);
}

template <typename T>
using rows = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <typename T> using array = Eigen::Array<T, Eigen::Dynamic, 1>;
template <typename T> using view = Eigen::Map<rows<T>>;
template <typename T> using line = Eigen::Map<array<T>>;

template <typename T> T *at(int i)
{
    return static_cast<T *>(data->array[i].data);
}

template <typename T> void bmm(const bench_case *c)
{
    const long n = c->n, m = c->m, d = c->d;
    for (long b = 0; b < c->b; b++) {
        view<T> a(at<T>(1) + b * n * d, n, d), out(at<T>(0) + b * n * m, n, m);
        if (c->with & BENCH_NT)
            out.noalias() = a * view<T>(at<T>(2) + b * m * d, m, d).transpose();
        else
            out.noalias() = a * view<T>(at<T>(2) + b * m * d, d, m);
    }
}

template <typename T> void softmax_row(line<T> s, line<T> w)
{
    w = (s - s.maxCoeff()).exp();
    w *= 1 / w.sum();
}

template <typename T> void softmax(const bench_case *c)
{
#pragma omp parallel for num_threads(threads)
    for (long i = 0; i < c->b * c->n; i++)
        softmax_row<T>(line<T>(at<T>(1) + i * c->m, c->m), line<T>(at<T>(0) + i * c->m, c->m));
}

enum { BLOCK = 1024 };

template <typename T>
void squares(const T *q, const rows<T> &columns, long j, long count, array<T> &out)
{
    out.head(count) = (columns.row(0).segment(j, count).transpose().array() - q[0]).square();
    for (long x = 1; x < columns.rows(); x++)
        out.head(count) += (columns.row(x).segment(j, count).transpose().array() - q[x]).square();
}

template <typename T> void kernel(const bench_case *c)
{
    const rows<T> columns = view<T>(at<T>(2), c->m, c->d).transpose();
    const T factor = T(-0.5) / T(bench_bandwidth(c) * bench_bandwidth(c));
#pragma omp parallel for num_threads(threads)
    for (long i = 0; i < c->n; i++) {
        array<T> s(BLOCK);
        for (long j = 0; j < c->m; j += BLOCK) {
            const long count = std::min<long>(BLOCK, c->m - j);
            squares<T>(at<T>(1) + i * c->d, columns, j, count, s);
            line<T>(at<T>(0) + i * c->m + j, count) = (s.head(count) * factor).exp();
        }
    }
}

template <typename T> void regress(const bench_case *c)
{
    const rows<T> columns = view<T>(at<T>(2), c->m, c->d).transpose();
    const T factor = 1 / T(bench_bandwidth(c) * bench_bandwidth(c));
#pragma omp parallel for num_threads(threads)
    for (long i = 0; i < c->n; i++) {
        array<T> s(BLOCK);
        T top = 0, bottom = 0;
        for (long j = 0; j < c->m; j += BLOCK) {
            const long count = std::min<long>(BLOCK, c->m - j);
            squares<T>(at<T>(1) + i * c->d, columns, j, count, s);
            auto u = s.head(count);
            if (c->kernel == ATTPOOL_GAUSSIAN)
                u = (u * (T(-0.5) * factor)).exp();
            else if (c->kernel == ATTPOOL_BOXCAR)
                u = (u * factor < 1).template cast<T>();
            else
                u = (1 - u * factor).max(T(0));
            top += (u * line<T>(at<T>(3) + j, count)).sum();
            bottom += u.sum();
        }
        at<T>(0)[i] = top / bottom;
    }
}

template <typename T> void additive(const bench_case *c)
{
    const long n = c->n, m = c->m, d = c->d, v = c->v;
    view<T> wq(at<T>(4), d, d), wk(at<T>(5), d, d);
    line<T> wv(at<T>(6), d);
#pragma omp parallel for num_threads(threads)
    for (long b = 0; b < c->b; b++) {
        const rows<T> q = view<T>(at<T>(1) + b * n * d, n, d) * wq.transpose();
        const rows<T> k = view<T>(at<T>(2) + b * m * d, m, d) * wk.transpose();
        view<T> values(at<T>(3) + b * m * v, m, v), out(at<T>(0) + b * n * v, n, v);
        array<T> s(m);
        for (long i = 0; i < n; i++) {
            for (long j = 0; j < m; j++)
                s[j] = ((q.row(i) + k.row(j)).array().tanh() * wv.transpose()).sum();
            softmax_row<T>(line<T>(s.data(), m), line<T>(s.data(), m));
            out.row(i).noalias() = s.matrix().transpose() * values;
        }
    }
}

template <typename T> void run_type()
{
    const bench_case *c = data->c;
    switch (c->operation) {
    case BENCH_BMM:
        return bmm<T>(c);
    case BENCH_SOFTMAX:
        return softmax<T>(c);
    case BENCH_KERNEL:
        return kernel<T>(c);
    case BENCH_REGRESS:
        return regress<T>(c);
    default:
        return additive<T>(c);
    }
}

void run()
{
    if (data->single)
        run_type<float>();
    else
        run_type<double>();
}

void close()
{
}

} // namespace

PEER_EXPORT const struct peer peer;
const struct peer peer = { "Eigen", version, open, run, close };
