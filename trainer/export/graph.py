"""Traces a network into an ONNX file and its sidecar."""

import json
import tempfile
import warnings
from pathlib import Path

import onnx
import torch

from . import adapters, weights
from .networks import Network, Traced
from .quantize import bits_of, quantize

OPSET = 18
INLINE = 1 << 30  # bytes of weights up to which a graph is one file; protobuf ends at 2 GiB


def save(network: Network, out: Path, bits: int = 32) -> dict:
    """Writes out/<folder>/{model.onnx, weights.json, config.json} with weights of 32, 16, 8 or 4 bits, and returns the map
    of weights."""
    folder = out / network.folder
    folder.mkdir(parents=True, exist_ok=True)
    dtype = torch.float16 if bits == 16 and not network.keep_float32 else torch.float32
    network.module.to(dtype).eval().requires_grad_(False)
    traced = Traced(network).eval()
    with tempfile.TemporaryDirectory(dir=out) as scratch, weights.distinct(network.module):
        # Large networks are written as one file for each tensor; they go into a folder that is thrown away.
        path = Path(scratch) / "model.onnx"
        _trace(traced, network, path)
        model = onnx.load(str(path))
        _rename(model.graph, {"m.": ""})
        stand_ins = {name: w.detach().numpy() for name, w in weights.mapped(network.module).items()}
        found = weights.find(model.graph, stand_ins)
    weights.put_back(model.graph, found, network.module)
    model.doc_string = ""
    for node in model.graph.node:
        node.doc_string = ""
    gone = quantize(model, bits_of(network.folder, bits)) if bits < 16 else set()
    write(model, folder)
    weights.write(folder, found, gone)
    if network.config is not None:
        config = {k: v for k, v in network.config.items() if k != "_name_or_path"}  # no path of this machine
        (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    return found


def _trace(traced: Traced, network: Network, path: Path) -> None:
    dynamic = {}
    for name, t in network.inputs.items():
        fixed = network.static.get(name, [])
        # Every name is its own: a residual of zeros may then be 1 wide, and ONNX Runtime spreads it.
        axes = {i: f"{name}_{i}" for i in range(t.dim()) if i not in fixed}
        if axes:
            dynamic[name] = axes
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's about shapes; `verify` tries other shapes
        outputs = traced(*network.inputs.values())
        for name, t in zip(network.outputs, outputs, strict=True):
            dynamic[name] = {i: f"{name}_{i}" for i in range(t.dim()) if i != 1 or t.dim() == 3}
        torch.onnx.export(
            traced, tuple(network.inputs.values()), str(path), input_names=list(network.inputs),
            output_names=network.outputs, dynamic_axes=dynamic, opset_version=OPSET, do_constant_folding=True, dynamo=False,
        )


def _rename(graph: onnx.GraphProto, prefixes: dict) -> None:
    """Takes the wrapper's prefix off the initialisers, so that they have the checkpoint's names where they have any."""

    def short(name: str) -> str:
        for prefix, instead in prefixes.items():
            if name.startswith(prefix):
                return instead + name[len(prefix):]
        return name

    names = {i.name: short(i.name) for i in graph.initializer}
    taken = {v.name for v in (*graph.input, *graph.output)}
    names = {old: new for old, new in names.items() if old != new and new not in taken}
    for initializer in graph.initializer:
        initializer.name = names.get(initializer.name, initializer.name)
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name in names:
                node.input[i] = names[name]


def write(model: onnx.ModelProto, folder: Path, name: str = "model.onnx") -> None:
    path, data = folder / name, f"{name}_data"
    for stale in (name, data):  # external data is appended to what is there
        (folder / stale).unlink(missing_ok=True)
    if sum(len(i.raw_data) for i in model.graph.initializer) < INLINE:
        onnx.save(model, str(path))
        return
    onnx.save(model, str(path), save_as_external_data=True, all_tensors_to_one_file=True, location=data)


def verify(network: Network, out: Path) -> float:
    """Runs the graph and the module on inputs of another batch and size, and returns how far they are apart, as a share
    of the largest value."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(out / network.folder / "model.onnx"), providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(1)
    given = []
    for name, t in network.inputs.items():
        if name.startswith(adapters.PREFIX):  # of another rank
            given.append(torch.cat([t, t], min(set(range(t.dim())) - set(network.static[name]))))
            continue
        fixed = network.static.get(name, [])
        shape = list(t.shape)
        for i in range(t.dim()):
            if i in fixed:
                continue
            if i == 0:
                shape[i] = 3
            elif t.dim() == 4 and i == 2:
                shape[i] = shape[i] * 2
        if t.is_floating_point():
            value = torch.rand(shape, generator=generator) * 2 - (0 if name in ("controlnet_cond", "image") else 1) if shape else t * 0.7
        else:
            value = torch.cat([t[:1]] * 3)
            value[:, 5:9] = torch.randint(6, 20, (3, 4), generator=generator)
        given.append(value)
    with torch.no_grad():
        want = Traced(network).eval()(*[t.clone() for t in given])
    got = session.run(network.outputs, {name: t.numpy() for name, t in zip(network.inputs, given, strict=True)})
    return max(float((torch.from_numpy(g) - w).abs().max() / max(1.0, w.abs().max())) for g, w in zip(got, want, strict=True))
