#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# onnxruntime 1.32.0 (CPU), beside onnx 1.23.2: since opset 24 the mask of Attention may be shorter than the keys,
# "and will be padded to total_sequence_length with negative infinity". The runtime takes models of opset 24, but
# refuses such a mask when it runs,
#
#     attn_mask->Shape()[...] == parameters.total_sequence_length was false. inconsistent total_sequence_length
#
# where the reference hides the keys beyond it. The mask padded by the caller gives the same in both. So a model
# that the standard allows is to be given whole masks, as of opset 23.
#
# usage: findings/onnxruntime-short-mask.sh
# Installs into a temporary folder. Exit status 0 while it behaves as said.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/python"
"$tmp/python/bin/pip" install -q onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
"$tmp/python/bin/python" -W ignore - 2>"$tmp/log" <<'END' || { cat "$tmp/log"; exit 1; }
import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

rng = np.random.default_rng(0)
n, m, short, d = 3, 6, 4, 8
q, k, v = (rng.normal(size=(1, 1, rows, d)).astype(np.float32) for rows in (n, m, m))
mask = rng.normal(size=(n, short)).astype(np.float32)
padded = np.pad(mask, ((0, 0), (0, m - short)), constant_values=-np.inf)


def model_of(inputs):
    node = helper.make_node("Attention", list(inputs), ["Y"])
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, x.shape) for name, x in inputs.items()]
    output = helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)
    return helper.make_model(helper.make_graph([node], "attention", values, [output]),
                             opset_imports=[helper.make_opsetid("", 24)], ir_version=11)


def run_both(bias):
    inputs = {"Q": q, "K": k, "V": v, "mask": bias}
    model = model_of(inputs)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    want = ReferenceEvaluator(model).run(None, inputs)[0]
    try:
        return want, session.run(None, inputs)[0]
    except Exception as refusal:
        return want, str(refusal)


want, whole = run_both(padded)
assert np.allclose(want, whole, atol=1e-6)
reference, refusal = run_both(mask)
assert np.allclose(reference, want, atol=1e-6), "the reference does not pad"
assert isinstance(refusal, str) and "inconsistent total_sequence_length" in refusal, refusal
print("the reference pads, the runtime refuses: as described")
END
