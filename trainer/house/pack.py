"""Smaller files of the same arithmetic. Large weights are stored as int8 with a scale for each output channel
(DequantizeLinear), those that LoRA changes as float16 (Cast); ONNX Runtime unpacks both when it loads the graph and
reckons in float32."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SMALL = 4096  # numbers up to which a weight stays as it is


def pack(model: onnx.ModelProto, half=frozenset()) -> tuple[int, float]:
    """Packs a model in place; `half` are initialisers to keep as float16. Returns how many were packed, and the largest
    error as a share of the largest weight of its channel."""
    graph = model.graph
    users = {}
    for node in graph.node:
        for k, name in enumerate(node.input):
            users.setdefault(name, (node, k))
    nodes, kept, worst = [], [], 0.0
    for tensor in graph.initializer:
        a = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or a.ndim < 2 or a.size < SMALL or tensor.name not in users:
            kept.append(tensor)
        elif tensor.name in half:
            kept.append(numpy_helper.from_array(a.astype(np.float16), f"{tensor.name}_h"))
            nodes.append(helper.make_node("Cast", [f"{tensor.name}_h"], [tensor.name], to=TensorProto.FLOAT, name=f"half_{tensor.name}"))
        else:
            q, scale, axis = quantise(a, *users[tensor.name])
            worst = max(worst, float(np.abs(a / spread(scale, a.ndim, axis) - q).max() / 127))
            kept += [numpy_helper.from_array(q, f"{tensor.name}_q"), numpy_helper.from_array(scale, f"{tensor.name}_s")]
            kept.append(numpy_helper.from_array(np.zeros(scale.shape, np.int8), f"{tensor.name}_z"))
            nodes.append(helper.make_node("DequantizeLinear", [f"{tensor.name}_{x}" for x in "qsz"], [tensor.name], axis=axis, name=f"dq_{tensor.name}"))
    own = list(graph.node)
    del graph.initializer[:]
    del graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes + own)
    onnx.checker.check_model(model)
    return len(nodes), worst


def spread(scale: np.ndarray, dims: int, axis: int) -> np.ndarray:
    return scale.reshape([-1 if i == axis else 1 for i in range(dims)])


def quantise(a: np.ndarray, user: onnx.NodeProto, place: int) -> tuple[np.ndarray, np.ndarray, int]:
    """int8 values, scales, and the axis that the scales run along: the output channels'."""
    axis = 0
    if user.op_type == "MatMul":
        axis = a.ndim - 1 if place == 1 else a.ndim - 2
    elif user.op_type == "Gemm":
        turned = any(x.name == "transB" and x.i for x in user.attribute)
        axis = 0 if turned else 1
    elif user.op_type == "ConvTranspose":
        axis = 1
    others = tuple(i for i in range(a.ndim) if i != axis)
    scale = (np.maximum(np.abs(a).max(axis=others), 1e-8) / 127).astype(np.float32)
    return np.clip(np.rint(a / spread(scale, a.ndim, axis)), -127, 127).astype(np.int8), scale, axis


def pack_file(source: Path, out: Path, note=lambda model: None, half=frozenset()) -> None:
    """Packs a file; `note` may write into the model before."""
    model = onnx.load(str(source))
    note(model)
    model.doc_string = ""
    for node in model.graph.node:
        node.doc_string = ""
    pack(model, half)
    onnx.save(model, str(out))
