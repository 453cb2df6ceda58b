// SPDX-License-Identifier: Apache-2.0
// oneDNN 2 and 3: matrix product, softmax, and attention in three steps.
#include "tests/bench/peer.h"

#include <cmath>
#include <cstdio>
#include <omp.h>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

using namespace dnnl;
using dims = memory::dims;

namespace {

struct step {
    primitive what;
    std::unordered_map<int, memory> arguments;
};

engine *cpu;
stream *queue;
std::vector<step> steps;
std::vector<float> scores;

const char *version()
{
    static char text[40];
    const version_t *v = dnnl_version();
    std::snprintf(text, sizeof text, "%d.%d.%d", v->major, v->minor, v->patch);
    cpu = new engine(engine::kind::cpu, 0);
    queue = new stream(*cpu);
    return text;
}

memory matrix(void *data, int64_t b, int64_t rows, int64_t columns, bool transposed)
{
    dims strides =
        transposed ? dims{ rows * columns, 1, rows } : dims{ rows * columns, columns, 1 };
    return memory({ { b, rows, columns }, memory::data_type::f32, strides }, *cpu, data);
}

void add_product(memory a, memory b, memory c, float scale)
{
    primitive_attr attr;
    if (scale != 1) {
        post_ops ops;
#if DNNL_VERSION_MAJOR >= 3
        ops.append_eltwise(algorithm::eltwise_linear, scale, 0);
#else
        ops.append_eltwise(1, algorithm::eltwise_linear, scale, 0);
#endif
        attr.set_post_ops(ops);
    }
#if DNNL_VERSION_MAJOR >= 3
    matmul::primitive_desc pd(*cpu, a.get_desc(), b.get_desc(), c.get_desc(), attr);
#else
    matmul::primitive_desc pd({ a.get_desc(), b.get_desc(), c.get_desc() }, attr, *cpu);
#endif
    steps.push_back(
        { matmul(pd), { { DNNL_ARG_SRC, a }, { DNNL_ARG_WEIGHTS, b }, { DNNL_ARG_DST, c } } });
}

void add_softmax(memory s, memory w)
{
#if DNNL_VERSION_MAJOR >= 3
    softmax_forward::primitive_desc pd(*cpu, prop_kind::forward_inference,
                                       algorithm::softmax_accurate, s.get_desc(), w.get_desc(), 2);
#else
    softmax_forward::primitive_desc pd({ prop_kind::forward_inference, s.get_desc(), 2 }, *cpu);
#endif
    steps.push_back({ softmax_forward(pd), { { DNNL_ARG_SRC, s }, { DNNL_ARG_DST, w } } });
}

bool open(const bench_data *data, int threads)
{
    const bench_case *c = data->c;
    const bench_array *x = data->array;
    const int64_t b = c->b, n = c->n, m = c->m, d = c->d, v = c->v;
    omp_set_num_threads(threads);
    if (!data->single || c->with & (BENCH_CAUSAL | BENCH_MASK | BENCH_WINDOW))
        return false;
    if (c->operation == BENCH_BMM) {
        add_product(matrix(x[1].data, b, n, d, false),
                    matrix(x[2].data, b, d, m, c->with & BENCH_NT),
                    matrix(x[0].data, b, n, m, false), 1);
    } else if (c->operation == BENCH_SOFTMAX) {
        add_softmax(matrix(x[1].data, b, n, m, false), matrix(x[0].data, b, n, m, false));
    } else if (c->operation == BENCH_ATTEND) {
        scores.resize((size_t)(b * n * m));
        memory s = matrix(scores.data(), b, n, m, false);
        add_product(matrix(x[1].data, b, n, d, false), matrix(x[2].data, b, d, m, true), s,
                    1 / std::sqrt((float)d));
        add_softmax(s, s);
        add_product(s, matrix(x[3].data, b, m, v, false), matrix(x[0].data, b, n, v, false), 1);
    } else {
        return false;
    }
    return true;
}

void run()
{
    for (step &s : steps)
        s.what.execute(*queue, s.arguments);
    queue->wait();
}

void close()
{
    steps.clear();
    scores = {};
}

} // namespace

PEER_EXPORT const struct peer peer;
const struct peer peer = { "oneDNN", version, open, run, close };
