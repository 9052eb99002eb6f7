"""weights.json: which initialiser of a graph is which weight of the checkpoint.

The tracer turns Linear into MatMul with a transposed weight that has no name of its own. Nothing here goes by names:
a weight is found by its values, bit for bit. Weights that equal one another, or their own transpose (zero convolutions of
an untrained control network do both), would be ambiguous, and the tracer would make one initialiser of them. So while the
graph is traced such weights have random values, and afterwards their own are written back.
"""

import contextlib
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

MAPPED = (nn.Linear, nn.Conv1d, nn.Conv2d)


def mapped(module: nn.Module) -> dict:
    """The weights that LoRA may change, by the checkpoint's names."""
    return {
        f"{name}.weight" if name else "weight": m.weight for name, m in module.named_modules() if isinstance(m, MAPPED)
    }


def _digest(a: np.ndarray) -> bytes:
    return hashlib.sha256(str(a.shape).encode() + str(a.dtype).encode() + np.ascontiguousarray(a).tobytes()).digest()


@contextlib.contextmanager
def distinct(module: nn.Module):
    """Makes all mapped weights different from each other and from their transposes for a while."""
    seen, changed = set(), []
    generator = torch.Generator().manual_seed(0)
    for weight in mapped(module).values():
        values = weight.detach().numpy()
        keys = {_digest(values)} | ({_digest(values.T)} if values.ndim == 2 else set())
        symmetric = values.ndim == 2 and len(keys) == 1 and values.size > 1
        if symmetric or keys & seen:
            changed.append((weight, weight.detach().clone()))
            stand_in = torch.randn(weight.shape, generator=generator)
            weight.data.copy_(stand_in)
            values = weight.detach().numpy()
            keys = {_digest(values)} | ({_digest(values.T)} if values.ndim == 2 else set())
        seen |= keys
    try:
        yield
    finally:
        for weight, values in changed:
            weight.data.copy_(values)


def find(graph: onnx.GraphProto, module_values: dict) -> dict:
    """Finds each weight's initialiser. A weight that isn't there is left out: the network doesn't use it, as the CLIP
    vision network's text side; one that is there twice is an error, since a change would have to reach both."""
    by_value: dict = {}
    for initializer in graph.initializer:
        by_value.setdefault(_digest(numpy_helper.to_array(initializer)), []).append(initializer.name)
    found, owners = {}, {}
    for name, values in module_values.items():
        ways = [(values, False)] + ([(values.T, True)] if values.ndim == 2 else [])
        hits = [(i, turned) for v, turned in ways for i in by_value.get(_digest(v), [])]
        if len(hits) > 1:
            raise ValueError(f"{name} is in the graph {len(hits)} times: {hits}")
        if not hits:
            continue
        initializer, turned = hits[0]
        if initializer in owners:
            raise ValueError(f"{name} and {owners[initializer]} share the initialiser {initializer}")
        owners[initializer] = name
        found[name] = {"initializer": initializer, "transposed": turned}
    return found


def put_back(graph: onnx.GraphProto, found: dict, module: nn.Module) -> None:
    """Writes the weights' own values into the initialisers that stood in for them."""
    own = {name: weight.detach().numpy() for name, weight in mapped(module).items()}
    initializers = {i.name: i for i in graph.initializer}
    for name, place in found.items():
        target = initializers[place["initializer"]]
        values = own[name].T if place["transposed"] else own[name]
        if numpy_helper.to_array(target).tobytes() != np.ascontiguousarray(values).tobytes():
            target.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), target.name))


def write(folder: Path, found: dict, gone=()) -> None:
    """Writes the sidecar. The SHA-256 is that of model.onnx: a map for another graph must not be used. Weights whose
    initialisers are gone are named as quantised: LoRA can't be added to them."""
    sha256 = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    sidecar = {"sha256": sha256, "weights": {name: place for name, place in sorted(found.items()) if place["initializer"] not in gone}}
    quantised = sorted(name for name, place in found.items() if place["initializer"] in gone)
    if quantised:
        sidecar["quantised"] = quantised
    (folder / "weights.json").write_text(json.dumps(sidecar, indent=0) + "\n")
