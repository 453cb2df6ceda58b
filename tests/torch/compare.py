#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gradients of `attpool attend` against PyTorch's autograd.

usage: compare.py ATTPOOL [TEXT]

Each case is computed by the command in float64 and float32, and by PyTorch in both. In
float64 the two agree; in float32 the error against PyTorch's float64 is at most FACTOR
times that of PyTorch's own float32. Errors are those of the largest element, relative to
the largest element: of each of TRIALS gradients by the output where there are at least
MANY elements, whose largest error is not small by chance. That of one number may be, so
of fewer elements they are root mean squares over the trials, which stand for the error
that is to be expected of the case; with one trial alone three single numbers were
5 to 9 times PyTorch's. A line for each case: PASS or FAIL, its
name, and the worst gradient. TEXT: only the cases whose names contain it.
"""
import math
import os
import subprocess
import sys
import tempfile

import numpy
import torch

DOUBLE = 1e-10  # of the largest number of a gradient
FACTOR = 4
FLOOR = 4  # units in the last place of float32 that are always granted
TRIALS = 6
MANY = 8
LEAST = numpy.finfo(numpy.float32).eps

KERNELS = {
    "gaussian": lambda u2, u: (-u2 / 2, None),
    "laplacian": lambda u2, u: (-u, None),
    "logistic": lambda u2, u: (None, 1 / (torch.exp(u) + 2 + torch.exp(-u))),
    "sigmoid": lambda u2, u: (None, 1 / (torch.exp(u) + torch.exp(-u))),
    "cauchy": lambda u2, u: (None, 1 / (1 + u2)),
    "silverman": lambda u2, u: (None, torch.exp(-u / math.sqrt(2)) *
                                torch.sin(u / math.sqrt(2) + math.pi / 4)),
    "triangular": lambda u2, u: (None, torch.clamp(1 - u, min=0)),
    "epanechnikov": lambda u2, u: (None, torch.clamp(1 - u2, min=0)),
    "biweight": lambda u2, u: (None, torch.clamp(1 - u2, min=0) ** 2),
    "triweight": lambda u2, u: (None, torch.clamp(1 - u2, min=0) ** 3),
    "tricube": lambda u2, u: (None, torch.clamp(1 - u ** 3, min=0) ** 3),
    "cosine": lambda u2, u: (None, torch.where(u < 1, torch.cos(math.pi / 2 * u), 0 * u)),
}


class Case:
    """Arrays by the names of their options, options, and the function in PyTorch."""

    def __init__(self, name, arrays, options, gradients, function, lse=False):
        self.name, self.arrays, self.options = name, arrays, options
        self.gradients, self.function, self.lse = gradients, function, lse


def random(*shape, seed=0, low=-1, high=1):
    generator = numpy.random.default_rng([len(shape), seed, *shape])
    # Numbers of float32, so that both types compute from the same ones.
    return generator.uniform(low, high, shape).astype(numpy.float32).astype(numpy.float64)


def softmax(scores, a):
    """Weights and L of scores with masks as -inf, key weights included in `scores`."""
    lse = torch.logsumexp(scores, -1)
    return torch.exp(scores - lse[..., None]) @ a["v"], lse


def masked(scores, keep):
    return scores if keep is None else scores.masked_fill(~keep, -math.inf)


def dot(a, keep=None):
    scale = a.get("scale", torch.tensor(1 / math.sqrt(a["q"].shape[-1]), dtype=a["q"].dtype))
    scores = scale * (a["q"] @ a["k"].transpose(-1, -2))
    if "bias" in a:
        scores = scores + a["bias"]
    if "key-weights" in a:
        scores = scores + torch.log(a["key-weights"])[..., None, :]
    return softmax(masked(scores, keep), a)


def additive(a):
    hidden = torch.tanh((a["q"] @ a["wq"].T)[..., :, None, :] + (a["k"] @ a["wk"].T)[..., None, :, :])
    return softmax(hidden @ a["wv"], a)


def projection(a):
    scores = (a["q"] @ a["wq"].T) @ (a["k"] @ a["wk"].T).transpose(-1, -2)
    return softmax(scores / math.sqrt(a["wq"].shape[0]), a)


def kernel(name, per, product=False):
    def widths(a):
        w = a["inverse-bandwidth"]
        if per == "one":
            return w[0]
        if per == "coordinate":
            return w
        if per == "key":
            return w[:, None]
        if per == "query":
            return w[:, None, None]
        return w * a["key-factors"][:, None]

    def weigh(u2, u):
        log, factor = KERNELS[name](u2, u)
        return torch.exp(log) if factor is None else factor

    def function(a):
        z = (a["q"][:, None, :] - a["k"][None, :, :]) * widths(a)
        if product:
            weights = weigh(z * z, z.abs()).prod(-1)
        else:
            u2 = (z * z).sum(-1)
            weights = weigh(u2, torch.sqrt(u2))
        total = weights.sum(-1)
        return (weights @ a["v"]) / total[:, None], torch.log(total)
    return function


def cases():
    b, n, m, d, v, p = 2, 37, 150, 16, 5, 6
    q, k, values = random(b, n, d, seed=1), random(b, m, d, seed=2), random(b, m, v, seed=3)
    plain = {"q": q, "k": k, "v": values}
    qkv = ["q", "k", "v"]
    yield Case("dot", plain, [], qkv, dot)
    yield Case("dot, by L", plain, [], qkv, dot, lse=True)
    yield Case("dot, scale", {**plain, "scale": numpy.float64(numpy.float32(0.7))},
               ["--scale", repr(float(numpy.float32(0.7)))], qkv + ["scale"], dot, lse=True)
    keep = torch.ones(n, m, dtype=torch.bool).tril(40)
    yield Case("dot, causal", plain, ["--causal", "--offset", "40"], qkv,
               lambda a: dot(a, keep), lse=True)
    rows = torch.from_numpy(random(b, n, m, seed=4) > -0.5)
    yield Case("dot, mask", {**plain, "mask": rows.numpy()}, [], qkv, lambda a: dot(a, rows))
    yield Case("dot, bias and key weights",
               {**plain, "bias": random(b, n, m, seed=5), "key-weights": random(b, m, low=0.5, high=2)},
               [], qkv + ["bias", "key-weights"], dot, lse=True)
    yield Case("dot, heads", {"q": random(b, 2, n, d), "k": random(b, 2, m, d, seed=6),
                              "v": random(b, 2, m, v, seed=7)}, [], qkv, dot)
    matrices = {"wq": random(p, d, seed=8), "wk": random(p, d, seed=9)}
    yield Case("additive", {**plain, **matrices, "wv": random(p, seed=10)}, ["--score", "additive"],
               qkv + ["wq", "wk", "wv"], additive)
    yield Case("projection", {**plain, **matrices}, ["--score", "projection"],
               qkv + ["wq", "wk"], projection)
    few = 3
    points = {"q": random(n, few, seed=11), "k": random(m, few, seed=12), "v": random(m, v, seed=13)}
    shapes = {"one": 1, "coordinate": few, "key": m, "query": n, "coordinate-key": few}
    for name in KERNELS:
        for per, size in shapes.items():
            for product in (False, True):
                # Wide enough that no row is empty.
                w = random(size, seed=14, low=0.35, high=0.45)
                arrays = {**points, "inverse-bandwidth": w}
                wanted = qkv + ["inverse-bandwidth"]
                if per == "coordinate-key":
                    arrays["key-factors"] = random(m, seed=15, low=0.9, high=1.1)
                    wanted = wanted + ["key-factors"]
                yield Case(f"{name} per {per}{', product' if product else ''}", arrays,
                           ["--score", name, "--form", "product" if product else "radial",
                            "--bandwidth-per", per], wanted, kernel(name, per, product))


def outputs(shape, trial):
    return random(*shape, seed=20 + trial), random(*shape[:-1], seed=40 + trial)


def by_torch(case, dtype, trial):
    a = {name: torch.tensor(x, dtype=dtype, requires_grad=name in case.gradients)
         for name, x in case.arrays.items() if name != "mask"}
    out, lse = case.function(a)
    d_out, d_lse = outputs(tuple(out.shape), trial)
    total = (out * torch.tensor(d_out, dtype=dtype)).sum()
    if case.lse:
        total = total + (lse * torch.tensor(d_lse, dtype=dtype)).sum()
    total.backward()
    return {name: a[name].grad.double().numpy() for name in case.gradients}, tuple(out.shape)


def by_attpool(program, case, precision, shape, trial, folder):
    letters = {"q": "-q", "k": "-k", "v": "-v"}
    command = [*program, "attend", "--precision", precision, "--quiet", *case.options]
    d_out, d_lse = outputs(shape, trial)
    arrays = {name: x for name, x in case.arrays.items() if name != "scale"}
    arrays["grad-output"] = d_out
    if case.lse:
        arrays["grad-lse"] = d_lse
    for name, x in arrays.items():
        path = os.path.join(folder, name + ".npy")
        numpy.save(path, x)
        command += [letters.get(name, "--" + name), path]
    for name in case.gradients:
        command += ["--grad-" + name, os.path.join(folder, "grad-" + name + ".npy")]
    subprocess.run(command, check=True)
    return {name: numpy.load(os.path.join(folder, "grad-" + name + ".npy")).astype(numpy.float64)
            for name in case.gradients}


def largest(x):
    return float(numpy.max(numpy.abs(x)))


def relative(errors, sizes):
    return math.sqrt(sum(e * e for e in errors) / sum(x * x for x in sizes))


def judge(program, case, folder):
    errors = {name: ([], [], []) for name in case.gradients}
    sizes, counts = {name: [] for name in case.gradients}, {}
    for trial in range(TRIALS):
        want, shape = by_torch(case, torch.float64, trial)
        narrow, _ = by_torch(case, torch.float32, trial)
        double = by_attpool(program, case, "f64", shape, trial, folder)
        single = by_attpool(program, case, "f32", shape, trial, folder)
        for name, lists in errors.items():
            sizes[name].append(largest(want[name]))
            counts[name] = want[name].size
            for found, one in zip(lists, (double, single, narrow)):
                found.append(largest(one[name] - want[name].reshape(one[name].shape)))
    good, worst, factor = True, 0.0, 0.0
    for name, lists in errors.items():
        every = range(TRIALS)
        for trials in [[i] for i in every] if counts[name] >= MANY else [every]:
            wide, ours, theirs = (relative([found[i] for i in trials], [sizes[name][i] for i in trials])
                                  for found in lists)
            granted = max(FACTOR * theirs, FLOOR * LEAST)
            worst, factor = max(worst, wide), max(factor, FACTOR * ours / granted)
            if not (wide <= DOUBLE and ours <= granted):
                print(f"  {name}: float64 {wide:.2g}, float32 {ours:.2g}, PyTorch's {theirs:.2g}")
                good = False
    print(f"{'PASS' if good else 'FAIL'}: {case.name}: float64 within {worst:.1g}, "
          f"float32 {factor:.2g} of {FACTOR} times PyTorch's", flush=True)
    return good


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    program, text = sys.argv[1].split(), sys.argv[2] if len(sys.argv) == 3 else ""
    torch.set_num_threads(1)
    good = True
    for case in cases():
        if text in case.name:
            with tempfile.TemporaryDirectory() as folder:
                good = judge(program, case, folder) and good
    sys.exit(not good)


if __name__ == "__main__":
    main()
