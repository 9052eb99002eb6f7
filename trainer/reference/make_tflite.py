"""Writes what TensorFlow Lite's own interpreter calculates, for the tests of internal/model.

    python -m venv venv
    venv/bin/pip install numpy==1.26.4 ai-edge-litert==2.3.0 flatbuffers==25.12.19
    pip download --no-deps mediapipe==0.10.14        # for its networks and its schema; it is not installed
    venv/bin/python trainer/reference/make_tflite.py mediapipe-0.10.14-*.whl internal/model/testdata/tflite

Networks of one operator each become small .tflite files with their results; of the networks in the wheel only results are
kept, thinned out. Inputs are those of the function ramp, which the test has too.
"""

import importlib.util
import json
import pathlib
import sys
import zipfile

import flatbuffers
import numpy as np
from ai_edge_litert.interpreter import Interpreter

SHIPPED = ("pose_detection/pose_detection", "pose_landmark/pose_landmark_full", "hand_landmark/hand_landmark_full",
           "face_landmark/face_landmark")


def ramp(n):
    """n numbers of 0..1 in a fixed disorder."""
    return ((np.arange(n, dtype=np.uint64) * 2654435761 % 2**32) >> 8).astype(np.float32) / np.float32(2**24)


def schema(wheel, folder):
    """The wheel's Python classes for the schema of TensorFlow Lite."""
    path = wheel.extract("mediapipe/tasks/metadata/schema_py_generated.py", folder)
    spec = importlib.util.spec_from_file_location("schema", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Network:
    """A network of a few operators, put together tensor by tensor."""

    def __init__(self, s):
        self.s, self.model, self.graph = s, s.ModelT(), s.SubGraphT()
        self.model.version, self.model.subgraphs, self.model.operatorCodes = 3, [self.graph], []
        self.model.buffers = [s.BufferT()]
        self.graph.tensors, self.graph.operators = [], []

    def tensor(self, shape, name="", data=None, sparsity=None, kind=None):
        t = self.s.TensorT()
        t.shape, t.name, t.buffer, t.sparsity = list(shape), name, 0, sparsity
        t.type = {None: 0, "float16": 1, "float32": 0, "int32": 2}[kind or (None if data is None else data.dtype.name)]
        if data is not None:
            b = self.s.BufferT()
            b.data = list(data.tobytes())
            self.model.buffers.append(b)
            t.buffer = len(self.model.buffers) - 1
        self.graph.tensors.append(t)
        return len(self.graph.tensors) - 1

    def operator(self, code, ins, outs, options=None, **values):
        c = self.s.OperatorCodeT()
        c.builtinCode, c.deprecatedBuiltinCode, c.version = code, min(code, 127), 1
        self.model.operatorCodes.append(c)
        o = self.s.OperatorT()
        o.opcodeIndex, o.inputs, o.outputs = len(self.model.operatorCodes) - 1, ins, outs
        if options:
            o.builtinOptions = getattr(self.s, options + "T")()
            o.builtinOptionsType = getattr(self.s.BuiltinOptions, options)
            for k, v in values.items():
                assert hasattr(o.builtinOptions, k), k
                setattr(o.builtinOptions, k, v)
        self.graph.operators.append(o)

    def pack(self, ins, outs):
        self.graph.inputs, self.graph.outputs = ins, outs
        b = flatbuffers.Builder(0)
        b.Finish(self.model.Pack(b), b"TFL3")
        return bytes(b.Output())


def sparsity(s, dense):
    """A matrix [o, 1, 1, i] by rows, with lists of columns; gives its description and the numbers that are kept."""
    rows = [np.nonzero(r)[0] for r in dense.reshape(dense.shape[0], -1)]
    p = s.SparsityParametersT()
    p.traversalOrder, p.blockMap, p.dimMetadata = [0, 1, 2, 3], [], []
    for d in dense.shape[:3]:
        m = s.DimensionMetadataT()
        m.format, m.denseSize = 0, d
        p.dimMetadata.append(m)
    m = s.DimensionMetadataT()
    m.format = 1
    m.arraySegmentsType, m.arraySegments = 3, s.Uint8VectorT()
    m.arraySegments.values = np.cumsum([0] + [len(r) for r in rows]).tolist()
    m.arrayIndicesType, m.arrayIndices = 3, s.Uint8VectorT()
    m.arrayIndices.values = np.concatenate(rows).tolist()
    p.dimMetadata.append(m)
    return p, dense[dense != 0]


def kernel(*shape):
    return (ramp(int(np.prod(shape))).reshape(shape) - np.float32(0.5))


def windows(s):
    """Convolutions and pools, with every padding, stride, dilation and activation that is understood."""
    for name, shape, out, pad, stride, dilation, activation in (
        ("conv-same", (1, 5, 7, 3), (1, 3, 4, 4), 0, (2, 2), (1, 1), 0), ("conv-valid", (1, 5, 7, 3), (1, 3, 5, 4), 1, (1, 1), (1, 1), 1),
        ("conv-apart", (1, 7, 6, 3), (1, 7, 6, 4), 0, (1, 1), (2, 1), 3), ("conv-uneven", (1, 6, 6, 3), (1, 6, 3, 4), 0, (1, 2), (1, 1), 0),
    ):
        n = Network(s)
        x, y = n.tensor(shape, "x"), n.tensor(out, "y")
        w, b = n.tensor((4, 3, 3, 3), data=kernel(4, 3, 3, 3)), n.tensor((4,), data=kernel(4))
        n.operator(3, [x, w, b], [y], "Conv2DOptions", padding=pad, strideH=stride[0], strideW=stride[1], dilationHFactor=dilation[0],
                   dilationWFactor=dilation[1], fusedActivationFunction=activation)
        yield name, n.pack([x], [y])
    for name, many in (("depthwise", 1), ("depthwise-many", 2)):
        n = Network(s)
        x, y = n.tensor((1, 5, 6, 3), "x"), n.tensor((1, 3, 3, 3 * many), "y")
        w, b = n.tensor((1, 3, 3, 3 * many), data=kernel(3, 3, 3 * many)), n.tensor((3 * many,), data=kernel(3 * many))
        n.operator(4, [x, w, b], [y], "DepthwiseConv2DOptions", padding=0, strideH=2, strideW=2, depthMultiplier=many,
                   dilationHFactor=1, dilationWFactor=1, fusedActivationFunction=3)
        yield name, n.pack([x], [y])
    n = Network(s)
    x, y = n.tensor((1, 5, 7, 2), "x"), n.tensor((1, 3, 4, 2), "y")
    n.operator(17, [x], [y], "Pool2DOptions", padding=0, strideH=2, strideW=2, filterHeight=3, filterWidth=2, fusedActivationFunction=0)
    yield "max-pool", n.pack([x], [y])


def weights(s):
    """Numbers in half precision, and with their zeros left out."""
    dense = kernel(4, 1, 1, 6)
    dense[np.abs(dense) < 0.3] = 0
    for name, half in (("sparse", False), ("half", True)):
        n = Network(s)
        x, y, full = n.tensor((1, 2, 3, 6), "x"), n.tensor((1, 2, 3, 4), "y"), n.tensor((4, 1, 1, 6))
        if half:
            n.operator(6, [n.tensor(dense.shape, data=dense.astype(np.float16))], [full], "DequantizeOptions")
        else:
            how, kept = sparsity(s, dense)
            packed = n.tensor(dense.shape, data=kept, sparsity=how)
            n.operator(124, [packed], [full], "DensifyOptions")
        b = n.tensor((4,), data=kernel(4))
        n.operator(3, [x, full, b], [y], "Conv2DOptions", padding=1, strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=1)
        yield name, n.pack([x], [y])


def others(s):
    def one(shape, out, code, *constants, options=None, **values):
        n = Network(s)
        x, y = n.tensor(shape, "x"), n.tensor(out, "y")
        ins = [x] + [n.tensor(c.shape, data=c) for c in constants]
        n.operator(code, ins, [y], options, **values)
        return n.pack([x], [y])

    size = np.array([5, 7], np.int32)
    for name, corners, centres in (("resize-half-pixel", False, True), ("resize-corners", True, False), ("resize", False, False)):
        yield name, one((1, 3, 4, 2), (1, 5, 7, 2), 23, size, options="ResizeBilinearOptions", alignCorners=corners, halfPixelCenters=centres)
    yield "pad", one((1, 2, 3, 2), (1, 5, 4, 4), 34, np.array([[0, 0], [1, 2], [0, 1], [0, 2]], np.int32))
    yield "depth-to-space", one((1, 2, 3, 8), (1, 4, 6, 2), 5, options="DepthToSpaceOptions", blockSize=2)
    yield "prelu", one((1, 2, 3, 4), (1, 2, 3, 4), 54, kernel(1, 1, 4))
    yield "mean", one((1, 3, 4, 5), (1, 5), 40, np.array([1, 2], np.int32), options="ReducerOptions", keepDims=False)
    yield "logistic", one((1, 6), (1, 6), 14)
    yield "relu", one((1, 6), (1, 6), 19)
    yield "reshape", one((1, 2, 3, 4), (1, 6, 4), 22, np.array([1, 6, 4], np.int32))
    yield "fully-connected", one((1, 6), (1, 3), 9, kernel(3, 6), kernel(3), options="FullyConnectedOptions", fusedActivationFunction=1)
    # Two inputs and outputs, and layouts that must be turned over and back.
    n = Network(s)
    a, b = n.tensor((1, 2, 3, 4), "a"), n.tensor((1, 2, 3, 4), "b")
    total, pooled, joined = n.tensor((1, 2, 3, 4), "sum"), n.tensor((1, 1, 2, 4)), n.tensor((1, 1, 2, 8), "joined")
    n.operator(0, [a, b], [total], "AddOptions", fusedActivationFunction=1)
    n.operator(17, [total], [pooled], "Pool2DOptions", padding=0, strideH=2, strideW=2, filterHeight=2, filterWidth=2)
    n.operator(2, [pooled, pooled], [joined], "ConcatenationOptions", axis=-1)
    yield "several", n.pack([a, b], [total, joined])


def results(data, thin=None):
    net = Interpreter(model_content=data, num_threads=1)
    net.allocate_tensors()
    for i, d in enumerate(net.get_input_details()):
        net.set_tensor(d["index"], (ramp(int(np.prod(d["shape"]))) - np.float32(0.25 * i)).reshape(d["shape"]))
    net.invoke()
    for d in net.get_output_details():
        flat = net.get_tensor(d["index"]).reshape(-1)
        step = 1 if thin is None else max(1, len(flat) // thin)
        yield {"name": d["name"], "shape": d["shape"].tolist(), "step": step, "values": [float(f"{v:.8g}") for v in flat[::step]]}


def main(path, folder):
    folder.mkdir(parents=True, exist_ok=True)
    wheel = zipfile.ZipFile(path)
    s = schema(wheel, "/tmp/schema")
    cases = []
    for made in (windows(s), weights(s), others(s)):
        for name, data in made:
            (folder / f"{name}.tflite").write_bytes(data)
            cases.append({"file": f"{name}.tflite", "outputs": list(results(data))})
    shipped = []
    for name in SHIPPED:
        data = wheel.read(f"mediapipe/modules/{name}.tflite")
        shipped.append({"file": name.split("/")[1] + ".tflite", "outputs": list(results(data, thin=60))})
    lines = ",\n".join("  " + json.dumps(c) for c in cases)
    more = ",\n".join("  " + json.dumps(c) for c in shipped)
    head = '"made_by": "trainer/reference/make_tflite.py", "interpreter": "ai-edge-litert 2.3.0"'
    (folder / "cases.json").write_text(f'{{{head},\n "cases": [\n{lines}\n ],\n "shipped": [\n{more}\n ]}}\n')


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
