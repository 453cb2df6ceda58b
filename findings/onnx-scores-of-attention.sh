#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# onnx 1.23.2 and onnxruntime 1.32.0 (CPU), opset 23: the fourth output of Attention has the scores of the stage
# that qk_matmul_output_mode names. The two do not agree on two of the four stages, though their Y does:
#
#     mode 0, with a softcap     reference: scale q.k after the softcap, as mode 1      runtime: before it
#     mode 2, with is_causal     reference: -inf at hidden keys                         runtime: -3.4028235e+38
#
# "The output of qk matmul" is, in both, that times the scale. Modes 1 and 3, and mode 0 without a softcap, are
# the same. So a score matrix from one cannot be compared with that of the other without knowing which it was,
# and a test for hidden keys by isinf finds none in the runtime's.
#
# usage: findings/onnx-scores-of-attention.sh
# Installs into a temporary folder. Exit status 0 while it behaves as said.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/python"
"$tmp/python/bin/pip" install -q onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
"$tmp/python/bin/python" -W ignore - <<'END'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

rng = np.random.default_rng(0)
n, m, d, cap = 4, 6, 8, 0.6
q, k, v = (rng.normal(size=(1, 2, rows, d)).astype(np.float32) for rows in (n, m, m))
scaled = q @ k.swapaxes(-1, -2) / np.sqrt(d)
capped = cap * np.tanh(scaled / cap)
seen = np.tril(np.ones((n, m), bool))


def scores(mode):
    """Of the reference, then of the runtime."""
    inputs = {"Q": q, "K": k, "V": v}
    node = helper.make_node("Attention", list(inputs), ["Y", "", "", "S"], softcap=cap, is_causal=1,
                            qk_matmul_output_mode=mode)
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, x.shape) for name, x in inputs.items()]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("Y", "S")]
    model = helper.make_model(helper.make_graph([node], "attention", values, outputs),
                              opset_imports=[helper.make_opsetid("", 23)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    one, two = ReferenceEvaluator(model).run(None, inputs), session.run(None, inputs)
    assert np.allclose(one[0], two[0], atol=1e-6), "Y differs"
    return one[1], two[1]


def same(x, y):
    return np.allclose(x, y, atol=1e-5)


reference, runtime = scores(0)
print("mode 0:", "capped" if same(reference, capped) else "?", "and", "not capped" if same(runtime, scaled) else "?")
assert same(reference, capped) and same(runtime, scaled)
assert all(same(x, capped) for x in scores(1))
reference, runtime = scores(2)
print("mode 2, hidden keys:", reference[0, 0, 0, m - 1], "and", runtime[0, 0, 0, m - 1])
assert np.all(np.isneginf(reference[..., ~seen])) and same(reference[..., seen], capped[..., seen])
assert np.all(runtime[..., ~seen] == np.finfo(np.float32).min) and same(runtime[..., seen], capped[..., seen])
reference, runtime = scores(3)
assert same(reference, runtime)
print("as described")
END
