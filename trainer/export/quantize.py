"""Writes a graph's weights with fewer bits; what is computed stays float.

INT8: each output channel of a linear layer or convolution has its own scale, symmetric: w ≈ scale · q, q in −127 … 127.
INT4: linear layers have a scale for each 32 numbers along the input, q in −7 … 7; convolutions, and layers whose input isn't
a multiple of 32, are INT8. Both stand before DequantizeLinear, so that any ONNX Runtime reads them. What is small or sensitive
stays float: weights with fewer than 8 channels on a side (a UNet's first and last convolution), norms, biases, embeddings.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BLOCK = 32
INT4_OPSET = 21  # the first in which DequantizeLinear has blocks
FEWEST = 8  # channels on either side of a weight that is quantised
SMALLEST = 1e-30  # numbers that are no larger are zeros
CHANGED = {"GroupNormalization"}  # operators that mean something else between the opset of our graphs and INT4_OPSET


def bits_of(network: str, bits: int) -> int:
    """The bits that a network gets where a folder is to have so many. Only what is run at each step gets 4: text encoders
    and the VAE are small beside it, and their errors are seen."""
    return bits if bits != 4 or network.startswith(("unet", "controlnet")) else 8


def quantize(model: onnx.ModelProto, bits: int) -> set:
    """Quantises a graph's weights in place and returns the names of the initialisers that are gone. Bits are 8 or 4."""
    graph = model.graph
    values = {i.name: i for i in graph.initializer}
    axes = {name: axis for name, axis in _axes(graph).items() if name in values and _worthwhile(values[name])}
    nodes, four = [], False
    for name, (axis, linear) in axes.items():
        w = numpy_helper.to_array(values[name])
        blocks = bits == 4 and linear and w.shape[1 - axis] % BLOCK == 0
        four |= blocks
        tensors, node = _blocks(name, w, 1 - axis) if blocks else _channels(name, w, axis)
        graph.initializer.remove(values[name])
        graph.initializer.extend(tensors)
        nodes.append(node)
    old = list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes + old)
    if four:
        _raise_opset(model)
    return set(axes)


def _axes(graph: onnx.GraphProto) -> dict:
    """The weights that layers alone use: name → (axis of the output channels, whether it is a linear layer's)."""
    found, users = {}, {}
    for node in graph.node:
        for i, name in enumerate(node.input):
            users.setdefault(name, []).append((node, i))
    for name, uses in users.items():
        ways = {_axis(node) if i == 1 else None for node, i in uses}
        if len(ways) == 1 and None not in ways:
            found[name] = ways.pop()
    return found


def _axis(node: onnx.NodeProto):
    if node.op_type == "Conv":
        return 0, False
    if node.op_type == "MatMul":
        return 1, True
    if node.op_type == "Gemm":
        turned = any(a.name == "transB" and a.i for a in node.attribute)
        return (0, True) if turned else (1, True)
    return None


def _worthwhile(i: onnx.TensorProto) -> bool:
    return i.data_type == TensorProto.FLOAT and len(i.dims) >= 2 and min(i.dims[:2]) >= FEWEST


def _rounded(w: np.ndarray, largest: np.ndarray, most: int) -> tuple:
    # Zeros get the scale 1: one of nearly zero has no inverse, which operators may need.
    scale = np.where(largest > SMALLEST, largest / most, 1).astype(np.float32)
    return np.clip(np.rint(w / scale), -most, most).astype(np.int8), scale


def _channels(name: str, w: np.ndarray, axis: int) -> tuple:
    others = tuple(i for i in range(w.ndim) if i != axis)
    q, scale = _rounded(w, np.abs(w).max(axis=others, keepdims=True), 127)
    tensors = [numpy_helper.from_array(q, f"{name}_q"), numpy_helper.from_array(scale.reshape(-1), f"{name}_s")]
    return tensors, _node(name, axis=axis)


def _blocks(name: str, w: np.ndarray, axis: int) -> tuple:
    """Blocks along an axis of a matrix."""
    parts = np.split(w, w.shape[axis] // BLOCK, axis=axis)
    pairs = [_rounded(p, np.abs(p).max(axis=axis, keepdims=True), 7) for p in parts]
    q = np.concatenate([q for q, _ in pairs], axis=axis)
    scale = np.concatenate([s for _, s in pairs], axis=axis)
    flat = q.reshape(-1).astype(np.uint8) & 15
    flat = np.append(flat, np.zeros(flat.size % 2, np.uint8))
    four = helper.make_tensor(f"{name}_q", TensorProto.INT4, q.shape, (flat[0::2] | flat[1::2] << 4).tobytes(), raw=True)
    return [four, numpy_helper.from_array(scale, f"{name}_s")], _node(name, axis=axis, block_size=BLOCK)


def _node(name: str, **attributes) -> onnx.NodeProto:
    return helper.make_node("DequantizeLinear", [f"{name}_q", f"{name}_s"], [name], name=f"dequantize_{name}", **attributes)


def _raise_opset(model: onnx.ModelProto) -> None:
    """Names a newer opset, which is right where no operator has changed its meaning since."""
    changed = CHANGED & {n.op_type for n in model.graph.node}
    if changed:
        raise ValueError(f"the graph has {sorted(changed)}, which mean something else in opset {INT4_OPSET}")
    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx"):
            opset.version = max(opset.version, INT4_OPSET)
    model.ir_version = max(model.ir_version, 10)
