"""An ONNX graph as a torch module that gradients flow through.

The graph is the model: what is trained on top of it fits the bytes that the renderer runs, whatever network they were
exported from and however its weights are packed. What depends on weights alone is computed once; the rest runs operator by
operator. Only what torch's exporter writes for image networks is known; anything else is refused by name."""

from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper
from torch import nn

DTYPES = {
    onnx.TensorProto.FLOAT: torch.float32, onnx.TensorProto.FLOAT16: torch.float32, onnx.TensorProto.INT64: torch.int64,
    onnx.TensorProto.INT32: torch.int32, onnx.TensorProto.BOOL: torch.bool, onnx.TensorProto.DOUBLE: torch.float64,
}
HANDS_ON = ("Cast", "Transpose", "Identity", "DequantizeLinear")  # what stands between a stored weight and its layer
LAYERS = ("Conv", "Gemm", "MatMul")
RESIDUALS = ("down_block_res_sample", "down_block_additional_residual", "mid_block_")  # inputs that a control network fills


class Unsupported(ValueError):
    """The graph has something that this module doesn't know."""


PROMPT = "encoder_hidden_states"  # the input that comes again and again
REMEMBERED = 256 << 20  # bytes of what depends on prompts alone


class Graph(nn.Module):
    """Call it with the graph's inputs by name; it returns the first output. What depends on a prompt and on shapes alone is computed
    once for each prompt. Branches maps a layer's node to a module that
    is called with the layer's input and stride, padding and dilation, and whose result is added to the layer's. Tables maps a
    node that looks rows up to a module that is called with their numbers instead."""

    def __init__(self, path: Path):
        super().__init__()
        model = onnx.load(str(path))
        self.opset = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
        stored = {i.name for i in model.graph.initializer}  # an input with a default needn't be given; residuals are all the same
        asked = [i for i in model.graph.input if i.name not in stored or i.name.startswith(RESIDUALS)]
        self.inputs = {i.name: [d.dim_value or None for d in i.type.tensor_type.shape.dim] for i in asked}
        self.whole = {i.name: i.type.tensor_type.elem_type in (onnx.TensorProto.INT64, onnx.TensorProto.INT32) for i in asked}
        self.defaults = {i.name: _tensor(i) for i in model.graph.initializer if i.name in self.inputs}
        self.output = model.graph.output[0].name
        self.branches: dict = {}
        self.tables: dict = {}
        constants, self.origin, nodes = self._fold(model.graph)
        self.nodes = [n for n in nodes if n.name in self._needed(nodes)]
        self.course = Course(self.nodes, {self.output})
        self.earlies: dict = {}  # Early by the nodes that learn
        self.remembered: dict = {}
        self.fixed = {}
        for i, (name, value) in enumerate(constants.items()):
            if any(name in n.inputs for n in self.nodes) or name == self.output:
                if value.is_floating_point() and value.numel() > 1:
                    self.register_buffer(f"c{i}", value, persistent=False)
                    self.fixed[name] = f"c{i}"
                else:
                    self.fixed[name] = value

    def _fold(self, graph) -> tuple[dict, dict, list]:
        """Constants, the names that each stored weight has on its way to its layer, and the nodes that are left."""
        known = {i.name: _tensor(i) for i in graph.initializer if i.name not in self.inputs}
        origin = {name: (name,) for name in known}
        left = []
        for proto in graph.node:
            node = Node(proto)
            if all(i in known or not i for i in node.inputs):
                known[node.outputs[0]] = run(node, [known.get(i) for i in node.inputs], self.opset)
                first = node.inputs[0] if node.inputs else ""
                if node.op in HANDS_ON and first in origin:
                    origin[node.outputs[0]] = (*origin[first], node.outputs[0])
            else:
                left.append(node)
        return known, origin, left

    def _needed(self, nodes) -> set:
        wanted, names = {self.output}, set()
        for node in reversed(nodes):
            if wanted & set(node.outputs):
                names.add(node.name)
                wanted |= set(node.inputs)
        return names

    def layers(self, weight: str) -> list:
        """The nodes that multiply with a stored weight, which is named as it is stored or as it is unpacked."""
        return [n for n in self.nodes if n.op in LAYERS and len(n.inputs) > 1 and weight in self.origin.get(n.inputs[1], ())]

    def weight(self, node) -> torch.Tensor:
        """A layer's weight as torch has it: [out, in] or [out, in, height, width]."""
        value = getattr(self, self.fixed[node.inputs[1]])
        return value.T if node.op == "MatMul" or node.op == "Gemm" and not node.attributes.get("transB") else value

    def forward(self, **inputs):
        values = self.constants() | self.defaults | inputs
        prompt = inputs.get(PROMPT)
        if prompt is None or prompt.requires_grad:
            return self._run(self.course, values)[self.output]
        # Without gradients nothing learns: what branches say of a prompt holds until they change.
        learning = frozenset((set(self.branches) | set(self.tables)) if torch.is_grad_enabled() else ())
        if learning not in self.earlies:
            self.earlies[learning] = Early(self.nodes, self.whole, self.constants(), learning, self.output)
        early = self.earlies[learning]
        known = [self._early(early, inputs, i) for i in range(len(prompt))]
        values |= {name: torch.cat([k[name] for k in known]) for name in known[0]}
        return self._run(early.rest, values)[self.output]

    def constants(self) -> dict:
        return {name: getattr(self, fixed) if isinstance(fixed, str) else fixed for name, fixed in self.fixed.items()}

    @torch.no_grad()
    def _early(self, early: "Early", inputs: dict, i: int) -> dict:
        """What depends on a row's prompt and on shapes alone."""
        one = {name: v[:1] if v.dim() and len(v) == len(inputs[PROMPT]) else v for name, v in inputs.items()}
        one[PROMPT] = inputs[PROMPT][i : i + 1]
        shapes = tuple((name, tuple(v.shape)) for name, v in sorted(one.items()))
        key = early.learning, self._changes(early), shapes, one[PROMPT].detach().cpu().numpy().tobytes()
        if key not in self.remembered:
            self.remembered[key] = self._run(early.first, self.constants() | self.defaults | one)
            while len(self.remembered) > 1 and sum(v.nbytes for known in self.remembered.values() for v in known.values()) > REMEMBERED:
                self.remembered.pop(next(iter(self.remembered)))
        return self.remembered[key]

    def _changes(self, early: "Early") -> tuple:
        """How often each parameter that a course's branches and tables hold has changed, as torch counts it."""
        modules = [m for found in (self.branches, self.tables) for name, m in found.items() if name not in early.learning]
        return tuple(p._version for m in modules for p in (*m.parameters(), *m.buffers()))

    def _run(self, course: "Course", values: dict) -> dict:
        """The values that a course is for."""
        for node, done in zip(course.nodes, course.done, strict=True):
            given = [values[i] if i else None for i in node.inputs]
            table = self.tables.get(node.name)
            result = run(node, given, self.opset) if table is None else table(given[1])
            branch = self.branches.get(node.name)
            if branch is not None:
                result = result + branch(given[0], node.attributes)
            if isinstance(result, tuple):
                values.update(zip(node.outputs, result, strict=True))
            else:
                values[node.outputs[0]] = result
            for name in done:
                values.pop(name, None)
        return {name: values[name] for name in course.wanted}


class Course:
    """Nodes in the order in which they run, for some values that are wanted; and after each, what nobody reads any more."""

    def __init__(self, nodes: list, wanted: set):
        self.nodes, self.wanted = nodes, wanted
        last = {name: at for at, node in enumerate(nodes) for name in node.inputs}
        self.done: list = [[] for _ in nodes]
        for name, at in last.items():
            if name not in wanted:
                self.done[at].append(name)


class Early:
    """A graph in two courses: what depends on the prompt and on shapes of inputs alone, and the rest. They are cut where numbers
    are handed over that aren't whole: shapes are of batches of different sizes, and reckoned in both."""

    def __init__(self, nodes: list, inputs: dict, constants: dict, learning: frozenset, output: str):
        shapes, prompt, all_ = 1, 2, 3
        reach = {name: prompt if name == PROMPT else all_ for name in inputs}
        real = {name: not whole for name, whole in inputs.items()} | {name: v.is_floating_point() for name, v in constants.items()}
        makers = {}
        for node in nodes:
            far = max((reach.get(i, 0) for i in node.inputs), default=0)
            if node.op == "Shape" and node.inputs[0] in inputs:
                far = shapes
            if node.name in learning:
                far = all_
            for name in node.outputs:
                reach[name], real[name], makers[name] = far, _real(node, real), node
        handed, wanted, rest, open_ = set(), set(), set(), [output]
        while open_:
            name = open_.pop()
            node = makers.get(name)
            if node is None or name in wanted:
                continue
            wanted.add(name)
            if reach[name] == prompt and real[name]:
                handed.add(name)
                continue
            rest.add(node.name)
            open_ += node.inputs
        self.first = Course([n for n in nodes if reach[n.outputs[0]] <= prompt], handed)
        self.rest = Course([n for n in nodes if n.name in rest], {output})
        self.learning = learning


def _real(node: "Node", real: dict) -> bool:
    """Whether a node gives numbers that aren't whole, by what its inputs are."""
    if node.op in ("Shape", "Size", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Not"):
        return False
    if node.op == "Cast":
        return DTYPES.get(node.attributes["to"], torch.int64).is_floating_point
    if node.op in ("Constant", "ConstantOfShape"):
        return node.attributes.get("value", torch.zeros(1)).is_floating_point()
    return real.get(node.inputs[1 if node.op in ("Where", "DequantizeLinear") else 0], False)


class Node:
    """An operator with its attributes as Python values. Names are made unique where the graph has none."""

    def __init__(self, proto):
        self.op, self.inputs, self.outputs = proto.op_type, list(proto.input), list(proto.output)
        self.name = proto.name or self.outputs[0]
        self.attributes = {a.name: _attribute(a) for a in proto.attribute}


def _attribute(a):
    value = helper.get_attribute_value(a)
    if isinstance(value, onnx.TensorProto):
        return _tensor(value)
    return value.decode() if isinstance(value, bytes) else value


def _tensor(proto) -> torch.Tensor:
    value = numpy_helper.to_array(proto)
    return torch.from_numpy(np.array(value.astype(np.float32) if value.dtype == np.float16 else value))


def run(node: Node, x: list, opset: int):
    """Computes one operator."""
    known = OPERATORS.get(node.op)
    if known is None:
        raise Unsupported(f"the operator {node.op} can't be trained through")
    return known(node.attributes, x, opset)


def _axes(a: dict, x: list, at: int = 1):
    if len(x) > at and x[at] is not None:
        return [int(v) for v in x[at]]
    return [int(v) for v in a.get("axes", [])]


def _pairs(pads: list) -> tuple:
    """ONNX's begin and end of each axis as torch's padding, which must be the same on both sides."""
    half = len(pads) // 2
    if list(pads[:half]) != list(pads[half:]):
        raise Unsupported("convolutions that pad one side more than the other can't be trained through")
    return tuple(pads[:half])


def conv_settings(a: dict, dims: int = 2) -> dict:
    if a.get("auto_pad", "NOTSET") != "NOTSET":
        raise Unsupported("convolutions with auto_pad can't be trained through")
    return {
        "stride": tuple(a.get("strides", [1] * dims)), "padding": _pairs(a.get("pads", [0] * 2 * dims)),
        "dilation": tuple(a.get("dilations", [1] * dims)),
    }


def _conv(a, x, _):
    return F.conv2d(x[0], x[1], x[2] if len(x) > 2 else None, groups=a.get("group", 1), **conv_settings(a))


def _conv_transpose(a, x, _):
    return F.conv_transpose2d(x[0], x[1], x[2] if len(x) > 2 else None, groups=a.get("group", 1), output_padding=tuple(a.get("output_padding", (0, 0))), **conv_settings(a))


def _gemm(a, x, _):
    left = x[0].T if a.get("transA") else x[0]
    right = x[1].T if a.get("transB") else x[1]
    out = a.get("alpha", 1.0) * (left @ right) if a.get("alpha", 1.0) != 1 else left @ right
    return out if len(x) < 3 or x[2] is None else out + a.get("beta", 1.0) * x[2]


def _reshape(a, x, _):
    shape = [int(v) for v in x[1]]
    if not a.get("allowzero"):
        shape = [x[0].shape[i] if v == 0 else v for i, v in enumerate(shape)]
    return x[0].reshape(shape)


def _slice(a, x, _):
    starts, ends = [int(v) for v in x[1]], [int(v) for v in x[2]]
    axes = [int(v) for v in x[3]] if len(x) > 3 and x[3] is not None else list(range(len(starts)))
    steps = [int(v) for v in x[4]] if len(x) > 4 and x[4] is not None else [1] * len(starts)
    out = x[0]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        n = out.shape[axis]
        if step < 0:
            picked = range(n)[slice(start if start < n else None, end if end > -n - 1 else None, step)]
            out = out.index_select(axis, torch.tensor(list(picked), dtype=torch.int64, device=out.device))
        else:
            picked = range(n)[slice(start, end, step)]
            out = out.narrow(axis, picked.start, max(0, picked.stop - picked.start))
            if step > 1:
                out = out[(slice(None),) * (axis % out.dim()) + (slice(None, None, step),)]
    return out


def _gather(a, x, _):
    axis, index = a.get("axis", 0), x[1].to(x[0].device)
    index = torch.where(index < 0, index + x[0].shape[axis], index)
    if index.dim() == 0:
        return x[0].select(axis, int(index))
    out = x[0].index_select(axis, index.reshape(-1))
    return out.reshape(*x[0].shape[:axis], *index.shape, *x[0].shape[axis + 1 :]) if axis >= 0 else out.unflatten(axis, index.shape)


def _resize(a, x, _):
    if len(x) > 3 and x[3] is not None:
        size = [int(v) for v in x[3][-2:]]
    else:
        size = [int(s * float(f)) for s, f in zip(x[0].shape[-2:], x[2][-2:], strict=True)]
    mode = a.get("mode", "nearest")
    if mode == "nearest":
        return F.interpolate(x[0], size=size, mode="nearest")
    if mode == "linear" and a.get("coordinate_transformation_mode", "half_pixel") in ("half_pixel", "pytorch_half_pixel"):
        return F.interpolate(x[0], size=size, mode="bilinear", align_corners=False)
    raise Unsupported(f"resizing by {mode} can't be trained through")


def _cast(a, x, _):
    if a["to"] not in DTYPES:
        raise Unsupported(f"numbers of ONNX's type {a['to']} can't be trained through")
    return x[0].to(DTYPES[a["to"]])


def _dequantize(a, x, _):
    scale, zero = x[1], x[2] if len(x) > 2 and x[2] is not None else None
    if scale.dim() == 1 and scale.numel() > 1:
        shape = [-1 if i == a.get("axis", 1) % x[0].dim() else 1 for i in range(x[0].dim())]
        scale, zero = scale.reshape(shape), zero if zero is None else zero.reshape(shape)
    value = x[0].float() if zero is None else x[0].float() - zero.float()
    return value * scale


def _reduce(way):
    def reduce(a, x, opset):
        axes = _axes(a, x) or list(range(x[0].dim()))
        return way(x[0], axes, bool(a.get("keepdims", 1)))

    return reduce


def _layer_norm(a, x, _):
    return F.layer_norm(x[0], x[0].shape[a.get("axis", -1) :], x[1], x[2] if len(x) > 2 else None, a.get("epsilon", 1e-5))


def _depth_to_space(a, x, _):
    b, c, h, w = x[0].shape
    s = a["blocksize"]
    if a.get("mode", "DCR") == "CRD":
        return F.pixel_shuffle(x[0], s)
    return x[0].reshape(b, s, s, c // s // s, h, w).permute(0, 3, 4, 1, 5, 2).reshape(b, c // s // s, h * s, w * s)


def _clip(a, x, _):
    low = x[1] if len(x) > 1 else a.get("min")
    high = x[2] if len(x) > 2 else a.get("max")
    return torch.clamp(x[0], None if low is None else float(low), None if high is None else float(high))


def _squeeze(a, x, _):
    axes = _axes(a, x)
    return x[0].squeeze(tuple(axes)) if axes else x[0].squeeze()


def _unsqueeze(a, x, _):
    out, dims = x[0], x[0].dim() + len(_axes(a, x))
    for axis in sorted(v % dims for v in _axes(a, x)):
        out = out.unsqueeze(axis)
    return out


def _split(a, x, _):
    axis = a.get("axis", 0)
    if len(x) > 1 and x[1] is not None:
        return torch.split(x[0], [int(v) for v in x[1]], axis)
    return torch.split(x[0], a["split"], axis) if "split" in a else torch.chunk(x[0], a["num_outputs"], axis)


def _constant_of_shape(a, x, _):
    value = a.get("value", torch.zeros(1))
    return value.reshape(()).expand([int(v) for v in x[0]])


def _div(a, x, _):
    whole = not x[0].is_floating_point() and not x[1].is_floating_point()
    return torch.div(x[0], x[1], rounding_mode="trunc") if whole else x[0] / x[1]


def _transpose(a, x, _):
    return x[0].permute(a["perm"]) if "perm" in a else x[0].permute(*reversed(range(x[0].dim())))


def _shape(a, x, _):
    dims = list(x[0].shape)
    return torch.tensor(dims[a.get("start", 0) : a.get("end", len(dims))], dtype=torch.int64)


def _together(x):
    """Values of one device: numbers of shapes stay on the CPU and join tensors where these are."""
    device = next((v.device for v in x if v is not None and v.device.type != "cpu"), None)
    return x if device is None else [v if v is None else v.to(device) for v in x]


def _grid_sample(a, x, _):
    mode = {"linear": "bilinear", "cubic": "bicubic"}.get(a.get("mode", "linear"), a.get("mode", "linear"))
    return F.grid_sample(*_together(x), mode=mode, padding_mode=a.get("padding_mode", "zeros"), align_corners=bool(a.get("align_corners", 0)))


def _plain(way):
    return lambda a, x, opset: way(*_together(x))


def _group_norm(a, x, _):
    return F.group_norm(x[0], a["num_groups"], x[1], x[2], a.get("epsilon", 1e-5))


OPERATORS = {
    "Constant": lambda a, x, _: a["value"] if "value" in a else torch.tensor(next(iter(a.values()))),
    "Identity": _plain(lambda v: v), "Cast": _cast, "DequantizeLinear": _dequantize, "Shape": _shape, "Reshape": _reshape,
    "Transpose": _transpose, "Unsqueeze": _unsqueeze, "Squeeze": _squeeze, "Flatten": lambda a, x, _: x[0].flatten(a.get("axis", 1)) if a.get("axis", 1) == 1 else x[0].reshape(int(np.prod(x[0].shape[: a["axis"]])), -1),
    "Concat": lambda a, x, _: torch.cat(_together(x), a["axis"]), "Slice": _slice, "Gather": _gather, "Split": _split,
    "GatherElements": lambda a, x, _: torch.gather(x[0], a.get("axis", 0), x[1]), "ConstantOfShape": _constant_of_shape,
    "Expand": lambda a, x, _: x[0].expand(torch.broadcast_shapes(x[0].shape, tuple(int(v) for v in x[1]))),
    "Tile": lambda a, x, _: x[0].repeat([int(v) for v in x[1]]),
    "Range": lambda a, x, _: torch.arange(x[0].item(), x[1].item(), x[2].item(), dtype=x[0].dtype),
    "Add": _plain(torch.add), "Sub": _plain(torch.sub), "Mul": _plain(torch.mul), "Div": lambda a, x, o: _div(a, _together(x), o), "Pow": _plain(torch.pow),
    "Mod": _plain(torch.remainder), "Sign": _plain(torch.sign), "Floor": _plain(torch.floor), "Ceil": _plain(torch.ceil), "Round": _plain(torch.round), "Sqrt": _plain(torch.sqrt), "Exp": _plain(torch.exp), "Log": _plain(torch.log), "Neg": _plain(torch.neg), "Abs": _plain(torch.abs),
    "Reciprocal": _plain(torch.reciprocal), "Sin": _plain(torch.sin), "Cos": _plain(torch.cos), "Erf": _plain(torch.erf),
    "Sigmoid": _plain(torch.sigmoid), "Tanh": _plain(torch.tanh), "Relu": _plain(F.relu), "Not": _plain(torch.logical_not), "And": _plain(torch.logical_and),
    "Max": lambda a, x, _: x[0] if len(x) == 1 else torch.maximum(*_together(x)), "Min": lambda a, x, _: x[0] if len(x) == 1 else torch.minimum(*_together(x)),
    "Equal": _plain(torch.eq), "Greater": _plain(torch.gt), "GreaterOrEqual": _plain(torch.ge), "Less": _plain(torch.lt), "LessOrEqual": _plain(torch.le),
    "Where": _plain(torch.where), "Clip": _clip, "MatMul": _plain(torch.matmul), "Gemm": _gemm, "Conv": _conv, "ConvTranspose": _conv_transpose,
    "Einsum": lambda a, x, _: torch.einsum(a["equation"], *_together(x)), "Resize": _resize, "GridSample": _grid_sample, "DepthToSpace": _depth_to_space,
    "Softmax": lambda a, x, _: torch.softmax(x[0], a.get("axis", -1)), "LayerNormalization": _layer_norm, "GroupNormalization": _group_norm,
    "InstanceNormalization": lambda a, x, _: F.instance_norm(x[0], weight=x[1], bias=x[2], eps=a.get("epsilon", 1e-5)),
    "ReduceSum": _reduce(lambda v, axes, keep: v.sum(axes, keepdim=keep)), "ReduceMean": _reduce(lambda v, axes, keep: v.mean(axes, keepdim=keep)),
    "ReduceMax": _reduce(lambda v, axes, keep: v.amax(axes, keepdim=keep)), "ReduceMin": _reduce(lambda v, axes, keep: v.amin(axes, keepdim=keep)),
}
