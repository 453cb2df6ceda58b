# SPDX-License-Identifier: Apache-2.0
"""Python libraries to compare with: one process each, `peers.py NAME THREADS FOLDER`.

Says "NAME VERSION" (or "lacking REASON"), then answers line by line:
  open OPERATION key=value ..   arrays in FOLDER, one call: "ok SECONDS" or "no"; FOLDER/out.bin
  run CALLS                     "SECONDS" a call
A case's function gets the arrays by name and returns a function without arguments that returns
its output, or None where the library has nothing for it. It keeps outputs where it can. With
`grad` the output is the gradient by the queries; those by keys, values and a bandwidth are made too.
"""

import ctypes
import glob
import math
import os
import sys
import time

THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else 1
for variable in ("OMP", "MKL", "OPENBLAS"):
    os.environ[variable + "_NUM_THREADS"] = str(THREADS)

import numpy as np  # noqa: E402

CLOCK = time.process_time if os.environ.get("BENCH_CPU_TIME") else time.perf_counter
CURVE_POINTS, CURVE_RANGE = 50, 1000  # tools/bench/bench.h
CHUNK = 500  # queries at once, where the weights would not fit in the cache


class Case:
    """What the line of `open` says, with the arrays."""

    def __init__(self, operation, settings, folder):
        self.operation = operation
        for key, value in settings.items():
            setattr(self, key, float(value) if key == "sigma" else value if key == "kernel" else int(value))
        real = np.float32 if self.single else np.float64
        self.real = real
        b, n, m, d, v = self.b, self.n, self.m, self.d, self.v
        shapes = {
            "bmm": {"a": (b, n, d), "b": (b, m, d) if self.nt else (b, d, m)},
            "softmax": {"s": (b, n, m)},
            "kernel": {"q": (n, d), "k": (m, d)},
            "regress": {"q": (n, d), "k": (m, d), "v": (m, v)},
            "curve": {"k": (m, d), "v": (m, v)},
            "density": {"q": (n, d), "k": (m, d)},
            "attend": {"q": (b, n, d), "k": (b, m, d), "v": (b, m, v)},
            "additive": {"q": (b, n, d), "k": (b, m, d), "v": (b, m, v), "wq": (d, d),
                         "wk": (d, d), "wv": (d,)},
        }[operation]
        self.out = {"bmm": (b, n, m), "softmax": (b, n, m), "kernel": (n, m),
                    "regress": (n, v), "curve": (CURVE_POINTS, v), "density": (n, v)}.get(operation, (b, n, v))
        self.x = {}
        for name, shape in shapes.items():
            self.x[name] = np.fromfile(f"{folder}/{name}.bin", real).reshape(shape)
        self.d_out = None
        if self.grad:
            self.d_out = np.fromfile(f"{folder}/d_out.bin", real).reshape(self.out)
            self.out = shapes["q"]
        if self.mask:
            self.x["mask"] = np.fromfile(f"{folder}/mask.bin", np.uint8).reshape(b, n, m) != 0
        self.plain = not (self.causal or self.mask or self.window)
        self.gaussian = self.kernel == "gaussian"

    def arrays(self):
        return self.x.values()

    def empty(self, shape=None):
        return np.empty(self.out if shape is None else shape, self.real)


def curve_bandwidths():
    """Those of bench_curve_bandwidth."""
    longest = 2 * math.sqrt(3)
    return np.geomspace(longest / CURVE_RANGE, 2 * longest, CURVE_POINTS)


def softmax_in_place(s):
    s -= s.max(-1, keepdims=True)
    np.exp(s, out=s)
    s /= s.sum(-1, keepdims=True)


class Numpy:
    def __init__(self):
        self.version = np.__version__

    def bmm(self, c):
        a, b = c.arrays()
        b = b.transpose(0, 2, 1) if c.nt else b
        out = c.empty()
        return lambda: np.matmul(a, b, out=out)

    def softmax(self, c):
        s, out = c.x["s"], c.empty()

        def run():
            np.subtract(s, s.max(-1, keepdims=True), out=out)
            np.exp(out, out=out)
            return np.divide(out, out.sum(-1, keepdims=True), out=out)
        return run

    @staticmethod
    def gauss(q, k, sigma, g):
        """By differences in one dimension, else by products."""
        if q.shape[1] == 1:
            np.subtract(q, k.T, out=g)
            np.multiply(g, g, out=g)
        else:
            np.matmul(q, k.T, out=g)
            g *= -2
            g += (q * q).sum(1)[:, None]
            g += (k * k).sum(1)
        g *= -0.5 / sigma ** 2
        return np.exp(g, out=g)

    def kernel(self, c):
        q, k = c.arrays()
        g = c.empty()
        return lambda: self.gauss(q, k, c.sigma, g)

    def regress(self, c):
        q, k, y = c.arrays()
        if not c.gaussian or c.n == 1:
            return None
        g, out = c.empty((CHUNK, c.m)), c.empty()
        rows = np.arange(CHUNK)

        def run():
            for i in range(0, c.n, CHUNK):
                self.gauss(q[i:i + CHUNK], k, c.sigma, g)
                if c.loo:
                    g[rows, rows + i] = 0
                out[i:i + CHUNK] = g @ y / g.sum(1)[:, None]
            return out
        return run

    def curve(self, c):
        """Squared differences once, then each bandwidth."""
        k, y = c.arrays()
        if c.d > 1 or not c.gaussian:
            return None
        x, y, count = k[:, 0], y[:, 0], min(CHUNK, c.m)
        d, g = c.empty((count, c.m)), c.empty((count, c.m))
        fit = c.empty((CURVE_POINTS, c.m))
        rows = np.arange(count)

        def run():
            for i in range(0, c.m, count):
                np.subtract(x[i:i + count, None], x, out=d)
                np.multiply(d, d, out=d)
                d[rows, rows + i] = np.inf
                for h, bandwidth in enumerate(curve_bandwidths()):
                    np.multiply(d, c.real(-0.5 / bandwidth ** 2), out=g)
                    np.exp(g, out=g)
                    fit[h, i:i + count] = g @ y / g.sum(1)
            return ((y - fit) ** 2).mean(1)[:, None]
        return run

    def density(self, c):
        q, k = c.arrays()
        if not c.gaussian:
            return None
        g, out = c.empty((CHUNK, c.m)), c.empty()
        scale = c.real(1 / c.m / (math.sqrt(2 * math.pi) * c.sigma) ** c.d)

        def run():
            for i in range(0, c.n, CHUNK):
                self.gauss(q[i:i + CHUNK], k, c.sigma, g)
                out[i:i + CHUNK, 0] = g.sum(1) * scale
            return out
        return run

    def attend(self, c):
        q, k, v = c.arrays() if c.plain else (None, None, None)
        if not c.plain:
            return None
        s, out, scale = c.empty((c.b, c.n, c.m)), c.empty(), 1 / math.sqrt(c.d)
        keys = k.transpose(0, 2, 1)

        def run():
            np.matmul(q, keys, out=s)
            np.multiply(s, c.real(scale), out=s)
            softmax_in_place(s)
            return np.matmul(s, v, out=out)
        return run

    def additive(self, c):
        q, k, v, wq, wk, wv = c.arrays()
        s, t, out = c.empty((c.n, c.m)), c.empty((c.m, c.d)), c.empty()

        def run():
            for b in range(c.b):
                projected, keys = q[b] @ wq.T, k[b] @ wk.T
                for i in range(c.n):
                    np.tanh(np.add(projected[i], keys, out=t), out=t)
                    np.matmul(t, wv, out=s[i])
                softmax_in_place(s)
                np.matmul(s, v[b], out=out[b])
            return out
        return run


class Scipy:
    def __init__(self):
        import scipy
        import scipy.special
        self.version = scipy.__version__
        import scipy.stats
        self.special, self.kde = scipy.special, scipy.stats.gaussian_kde

    def density(self, c):
        q, k = c.arrays()
        if not c.gaussian or c.d > 1 or c.single:
            return None
        kde = self.kde(k[:, 0], bw_method=c.sigma / k[:, 0].std(ddof=1))
        return lambda: kde(q[:, 0])[:, None]

    def softmax(self, c):
        s = c.x["s"]
        return lambda: self.special.softmax(s, axis=-1)


class Torch:
    def __init__(self):
        import torch
        torch.set_num_threads(THREADS)
        torch.set_grad_enabled(False)
        self.torch, self.version = torch, torch.__version__

    def tensors(self, c):
        return [self.torch.from_numpy(x) for x in c.arrays()]

    def bmm(self, c):
        a, b = self.tensors(c)
        b = b.transpose(1, 2) if c.nt else b
        out = self.torch.from_numpy(c.empty())
        return lambda: self.torch.bmm(a, b, out=out)

    def softmax(self, c):
        (s,) = self.tensors(c)
        out = self.torch.from_numpy(c.empty())
        return lambda: self.torch.softmax(s, -1, out=out)

    def kernel(self, c):
        q, k = self.tensors(c)
        f = self.compiled(lambda q, k: self.torch.exp(self.squares(q, k, c.d) * (-0.5 / c.sigma ** 2)))
        return lambda: f(q, k)

    def compiled(self, f):
        return f

    def squares(self, q, k, d):
        if d > 4:
            return self.torch.cdist(q, k) ** 2
        return sum((q[:, i, None] - k[None, :, i]) ** 2 for i in range(d))

    def gradients(self, f, d_out, *leaves):
        """Of f(*leaves); they are added to those that the leaves have."""
        with self.torch.enable_grad():
            f(*leaves).backward(d_out)

    def leaves(self, *tensors):
        return [x.clone().requires_grad_() for x in tensors]

    def regress_grad(self, c):
        torch = self.torch
        k, y, w = self.leaves(*self.tensors(c)[1:], torch.tensor([1 / c.sigma], dtype=torch.float32))
        out, d_out = torch.from_numpy(c.empty()), torch.from_numpy(c.d_out)
        parts = [self.leaves(q)[0] for q in self.tensors(c)[0].split(CHUNK)]

        def rows(q, k, y, w):
            g = torch.exp(self.squares(q, k, c.d) * (-0.5 * w * w))
            return (g * y[:, 0]).sum(1) / g.sum(1)
        f = self.compiled(rows)

        def run():
            k.grad = y.grad = w.grad = None
            for i, q in enumerate(parts):
                q.grad = None
                at = slice(i * CHUNK, i * CHUNK + len(q))
                self.gradients(f, d_out[at, 0], q, k, y, w)
                out[at] = q.grad
            return out
        return run

    def regress(self, c):
        if c.grad:
            return self.regress_grad(c)
        q, k, y = self.tensors(c)
        if not c.gaussian or c.loo or c.n == 1:
            return None
        torch = self.torch
        out = torch.from_numpy(c.empty())

        def rows(q, k, y):
            g = torch.exp(self.squares(q, k, c.d) * (-0.5 / c.sigma ** 2))
            return (g * y[:, 0]).sum(1) / g.sum(1)
        f = self.compiled(rows)

        def run():
            for i in range(0, c.n, CHUNK):
                out[i:i + CHUNK, 0] = f(q[i:i + CHUNK], k, y)
            return out
        return run

    def attend(self, c):
        q, k, v, *mask = [x[None] for x in self.tensors(c)]
        if c.window:
            return None
        sdpa = self.torch.nn.functional.scaled_dot_product_attention
        if c.grad:
            return self.attend_grad(c, lambda q, k, v: sdpa(q, k, v, is_causal=bool(c.causal)))
        mask = mask[0] if mask else None
        return lambda: sdpa(q, k, v, attn_mask=mask, is_causal=bool(c.causal))

    def attend_grad(self, c, f):
        leaves = self.leaves(*[x[None] for x in self.tensors(c)])
        d_out, f = self.torch.from_numpy(c.d_out)[None], self.compiled(f)

        def run():
            for x in leaves:
                x.grad = None
            self.gradients(f, d_out, *leaves)
            return leaves[0].grad
        return run

    def additive(self, c):
        q, k, v, wq, wk, wv = self.tensors(c)
        torch = self.torch

        def attention(q, k, v, wq, wk, wv):
            t = torch.tanh((q @ wq.T)[:, :, None] + (k @ wk.T)[:, None])
            return torch.softmax(t @ wv, -1) @ v
        f = self.compiled(attention)
        return lambda: f(q, k, v, wq, wk, wv)


class TorchCompile(Torch):
    """Only what a compiler can fuse."""

    bmm = softmax = None

    def attend(self, c):
        return super().attend(c) if c.grad else None

    def compiled(self, f):
        return self.torch.compile(f)


class Onnxruntime:
    def __init__(self):
        # It has no setting for its instruction set: with --avx2 it ran above the peak of AVX2.
        if os.environ.get("ATTPOOL_MAX_ISA") == "avx2":
            raise RuntimeError("cannot be held to AVX2")
        import onnx
        import onnxruntime
        self.onnx, self.ort, self.version = onnx, onnxruntime, onnxruntime.__version__

    def session(self, c, node, inputs):
        h = self.onnx.helper
        kind = self.onnx.TensorProto.FLOAT if c.single else self.onnx.TensorProto.DOUBLE
        value = h.make_tensor_value_info
        graph = h.make_graph([node], "case", [value(k, kind, x.shape) for k, x in inputs.items()],
                             [value("out", kind, c.out)])
        model = h.make_model(graph, ir_version=8, opset_imports=[
            h.make_opsetid("", 17), h.make_opsetid("com.microsoft", 1)])
        options = self.ort.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
        options.log_severity_level = 3
        session = self.ort.InferenceSession(model.SerializeToString(), options,
                                            providers=["CPUExecutionProvider"])
        binding, out = session.io_binding(), c.empty()
        for name, x in inputs.items():
            binding.bind_cpu_input(name, x)
        binding.bind_output("out", "cpu", 0, c.real, list(c.out), out.ctypes.data)

        def run():
            session.run_with_iobinding(binding)
            return out
        return run

    def bmm(self, c):
        make = self.onnx.helper.make_node
        if c.nt:
            node = make("FusedMatMul", ["a", "b"], ["out"], domain="com.microsoft", transB=1)
        else:
            node = make("MatMul", ["a", "b"], ["out"])
        return self.session(c, node, c.x) if c.single or not c.nt else None

    def softmax(self, c):
        return self.session(c, self.onnx.helper.make_node("Softmax", ["s"], ["out"], axis=-1), c.x)

    def attend(self, c):
        if c.window or not c.single:
            return None
        inputs, names = dict(c.x), ["q", "k", "v"]
        if c.mask:
            bias = np.where(inputs.pop("mask"), np.float32(0), np.float32(-np.inf))
            inputs["bias"] = bias[:, None]
            names += ["", "", "bias"]
        node = self.onnx.helper.make_node("MultiHeadAttention", names, ["out"],
                                          domain="com.microsoft", num_heads=1,
                                          unidirectional=int(c.causal))
        return self.session(c, node, inputs)


class Mkl:
    """Through ctypes: one call for a batch, so what Python adds is a microsecond."""

    def __init__(self):
        found = sorted(glob.glob(sys.prefix + "/lib/libmkl_rt.so*"))
        self.mkl = ctypes.CDLL(found[-1])
        self.mkl.MKL_Set_Interface_Layer(0)
        self.mkl.MKL_Set_Threading_Layer(3 if THREADS > 1 else 1)  # GNU, sequential
        self.mkl.MKL_Set_Num_Threads(THREADS)
        text = ctypes.create_string_buffer(200)
        self.mkl.mkl_get_version_string(text, 200)
        self.version = text.value.decode().split("Version ")[-1].split("Product")[0].rstrip(" -")

    def product(self, single, a, b, nt, c):
        """A function that computes c = a b, all with a batch."""
        name, real = ("s", ctypes.c_float) if single else ("d", ctypes.c_double)
        f = getattr(self.mkl, f"cblas_{name}gemm_batch_strided" if a.shape[0] > 1
                    else f"cblas_{name}gemm")
        batch, n, k = a.shape
        m = c.shape[2]
        i, p = ctypes.c_int, lambda x: ctypes.c_void_p(x.ctypes.data)
        head = [i(101), i(111), i(112 if nt else 111), i(n), i(m), i(k), real(1)]
        if batch == 1:
            call = head + [p(a), i(k), p(b), i(k if nt else m), real(0), p(c), i(m)]
        else:
            call = head + [p(a), i(k), i(n * k), p(b), i(k if nt else m), i(m * k), real(0), p(c),
                           i(m), i(n * m), i(batch)]
        return lambda: f(*call)

    def exp(self, x):
        n, p = ctypes.c_int(x.size), ctypes.c_void_p(x.ctypes.data)
        f = self.mkl.vsExp
        return lambda: f(n, p, p)

    def bmm(self, c):
        a, b = c.arrays()
        out = c.empty()
        f = self.product(c.single, a, b, c.nt, out)

        def run():
            f()
            return out
        return run

    def kernel(self, c):
        q, k = c.arrays()
        if not c.single or c.d < 3:
            return None
        g = c.empty()
        product, exp = self.product(True, q[None], k[None], 1, g[None]), self.exp(g)

        def run():
            product()
            np.multiply(g, np.float32(-2), out=g)
            np.add(g, (q * q).sum(1)[:, None], out=g)
            np.add(g, (k * k).sum(1), out=g)
            np.multiply(g, np.float32(-0.5 / c.sigma ** 2), out=g)
            exp()
            return g
        return run

    def attend(self, c):
        """A head at a time, so that its scores stay in the cache; a batch where they are few."""
        if not c.plain or not c.single:
            return None
        q, k, v = c.arrays()
        out, heads = c.empty(), max(1, min(c.b, (1 << 20) // (c.n * c.m)))
        s = c.empty((heads, c.n, c.m))
        keys = [self.product(True, q[b:b + heads], k[b:b + heads], 1, s)
                for b in range(0, c.b, heads)]
        values = [self.product(True, s, v[b:b + heads], 0, out[b:b + heads])
                  for b in range(0, c.b, heads)]
        exp, scale = self.exp(s), np.float32(1 / math.sqrt(c.d))

        def run():
            for b in range(0, c.b, heads):
                keys[b // heads]()
                np.subtract(s, s.max(-1, keepdims=True), out=s)
                np.multiply(s, scale, out=s)
                exp()
                total = s.sum(-1, keepdims=True)
                values[b // heads]()
                out[b:b + heads] /= total
            return out
        return run if c.b % heads == 0 else None


class Sklearn:
    def __init__(self):
        import sklearn
        import sklearn.metrics.pairwise
        sklearn.set_config(assume_finite=True)
        import sklearn.neighbors
        self.version, self.rbf = sklearn.__version__, sklearn.metrics.pairwise.rbf_kernel
        self.kde = sklearn.neighbors.KernelDensity

    def density(self, c):
        q, k = c.arrays()
        if not c.gaussian or c.single:
            return None
        kde = self.kde(bandwidth=c.sigma).fit(k)
        return lambda: np.exp(kde.score_samples(q))[:, None]

    def kernel(self, c):
        q, k = c.arrays()
        return lambda: self.rbf(q, k, gamma=0.5 / c.sigma ** 2)

    def regress(self, c):
        q, k, y = c.arrays()
        if not c.gaussian or c.loo or c.n == 1:
            return None
        out = c.empty()

        def run():
            for i in range(0, c.n, CHUNK):
                g = self.rbf(q[i:i + CHUNK], k, gamma=0.5 / c.sigma ** 2)
                out[i:i + CHUNK] = g @ y / g.sum(1)[:, None]
            return out
        return run


class Statsmodels:
    def __init__(self):
        import statsmodels
        from statsmodels.nonparametric.kernel_regression import KernelReg
        self.version, self.reg = statsmodels.__version__, KernelReg

    def regress(self, c):
        q, k, y = c.arrays()
        if not c.gaussian or c.loo or c.n == 1 or c.single or c.d > 1:
            return None
        fit = self.reg(y[:, 0], k, "c" * c.d, reg_type="lc", bw=np.full(c.d, c.sigma))
        return lambda: fit.fit(q)[0][:, None]


    def curve(self, c):
        """The score that its own search minimises."""
        k, y = c.arrays()
        if c.single or c.d > 1 or c.m > 2000:
            return None
        fit = self.reg(y[:, 0], k, "c", reg_type="lc", bw=np.ones(1))
        return lambda: np.array([[fit.cv_loo(np.full(1, h), fit.est["lc"])] for h in curve_bandwidths()])


class Kdepy:
    def __init__(self):
        import KDEpy
        self.version, self.kde = KDEpy.__version__, KDEpy.NaiveKDE

    def density(self, c):
        q, k = c.arrays()
        if not c.gaussian or c.single or c.d > 1:
            return None
        kde = self.kde(kernel="gaussian", bw=c.sigma).fit(k[:, 0])
        return lambda: kde.evaluate(q[:, 0])[:, None]


class Keops:
    def __init__(self):
        import pykeops
        from pykeops.numpy import LazyTensor
        pykeops.set_verbose(False)
        self.version, self.lazy = pykeops.__version__, LazyTensor

    def regress_grad(self, c):
        import torch
        from pykeops.torch import LazyTensor
        torch.set_num_threads(THREADS)
        arrays = [torch.from_numpy(x) for x in c.arrays()]
        arrays.append(torch.tensor([1 / c.sigma], dtype=torch.float32))
        q, k, y, w = leaves = [x.clone().requires_grad_() for x in arrays]
        d_out = torch.from_numpy(c.d_out)

        def run():
            for x in leaves:
                x.grad = None
            x, z = LazyTensor((q * w)[:, None, :]), LazyTensor((k * w)[None, :, :])
            ones = LazyTensor(torch.cat([y, torch.ones_like(y)], 1)[None, :, :])
            sums = ((((x - z) ** 2).sum(2) * -0.5).exp() * ones).sum(1)
            (sums[:, :1] / sums[:, 1:]).backward(d_out)
            return q.grad
        return run

    def regress(self, c):
        if c.grad:
            return self.regress_grad(c)
        q, k, y = c.arrays()
        if not c.gaussian or c.loo or c.n == 1:
            return None
        lazy, factor = self.lazy, -0.5 / c.sigma ** 2
        ones = np.concatenate([y, np.ones_like(y)], 1)

        def run():
            distance = ((lazy(q[:, None, :]) - lazy(k[None, :, :])) ** 2).sum(2)
            sums = ((distance * factor).exp() * lazy(ones[None, :, :])).sum(1)
            return sums[:, :1] / sums[:, 1:]
        return run


PEERS = {"numpy": Numpy, "scipy": Scipy, "torch": Torch, "torch.compile": TorchCompile,
         "onnxruntime": Onnxruntime, "mkl": Mkl, "sklearn": Sklearn, "statsmodels": Statsmodels,
         "pykeops": Keops, "kdepy": Kdepy}


def timed(run, calls):
    start = CLOCK()
    for _ in range(calls):
        out = run()
    return (CLOCK() - start) / calls, out


def main():
    name, folder = sys.argv[1], sys.argv[3]
    # What a library prints does not belong in the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(*words):
        print(*words, file=answers, flush=True)
    try:
        peer = PEERS[name]()
    except Exception as problem:  # whatever keeps it from being used
        say("lacking", str(problem).split("\n")[0])
        return
    say(name, peer.version)
    run = case = None
    for line in sys.stdin:
        words = line.split()
        if words[0] == "run":
            say(timed(run, int(words[1]))[0])
            continue
        run = case = None
        try:
            if getattr(peer, words[1], None) is None:
                say("no")
                continue
            case = Case(words[1], dict(word.split("=") for word in words[2:]), folder)
            if case.grad and name not in ("torch", "torch.compile", "pykeops"):
                say("no")
                continue
            run = getattr(peer, words[1])(case)
            if run is None:
                say("no")
                continue
            seconds, out = timed(run, 1)
            np.ascontiguousarray(out).astype(case.real).tofile(folder + "/out.bin")
            say("ok", seconds)
        except Exception as problem:
            print(f"{name}: {problem}", file=sys.stderr)
            say("no")


main()
