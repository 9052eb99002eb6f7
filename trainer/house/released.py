"""Weights out of released graphs, from where training goes on in a furnace that has no checkpoints. Exporters rename and turn
weights, so a graph says in its metadata which of its initialisers is which weight."""

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, numpy_helper

from .pack import SMALL, spread

KEY = "presswerk.weights"
CHECKOUT = Path(__file__).parents[2]
HOUSE = CHECKOUT / "models" / "house"  # what ships
KEPT = Path(__file__).parent / "kept"  # what doesn't: recogniser, style classifier, clock, log, measures; and a model that is on its way
GRAPHS = {  # a phase's graphs
    "prior": ["unet"], "sharpener": ["unet"], "unet": ["unet"], "vae": ["vae_encoder", "vae_decoder"], "clip": ["image_encoder"], "recogniser": ["recogniser"],
    "style": ["style"],
}


def record(model: onnx.ModelProto, state: dict) -> None:
    """Notes for each weight of a state dict which initialiser has its numbers, as they are or turned; few numbers that the
    exporter reckoned away stand in the note themselves."""
    held: dict[tuple[int, bytes], str] = {}
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            a = numpy_helper.to_array(tensor)
            held.setdefault((a.size, a.tobytes()), tensor.name)
    noted = {}
    for name, weight in state.items():
        a = weight.detach().numpy()
        if found := held.get((a.size, a.tobytes())):
            noted[name] = [found, list(a.shape)]
        elif a.ndim == 2 and (found := held.get((a.size, a.T.tobytes()))):
            noted[name] = [found, list(a.shape), "turned"]
        elif a.size < SMALL:
            noted[name] = a.tolist()
        else:
            raise ValueError(f"{name}: no initialiser of the graph has this weight's numbers; the exporter must have changed them")
    model.metadata_props.add(key=KEY, value=json.dumps(noted))


def weights(folder: Path) -> dict[str, torch.Tensor] | None:
    """The state dict that a packed graph was made from, as exactly as it was packed; None where there is no graph, or one that
    says nothing of its weights."""
    path = folder / "model.onnx"
    if not path.exists():
        return None
    model = onnx.load(str(path))
    noted = next((p.value for p in model.metadata_props if p.key == KEY), None)
    if noted is None:
        return None
    held = {t.name: t for t in model.graph.initializer}

    def numbers(name: str) -> np.ndarray:
        if name in held:
            return numpy_helper.to_array(held[name])
        if f"{name}_h" in held:
            return numpy_helper.to_array(held[f"{name}_h"]).astype(np.float32)
        q, scale = (numpy_helper.to_array(held[f"{name}_{x}"]) for x in "qs")
        axis = next(a.i for n in model.graph.node if n.op_type == "DequantizeLinear" and n.output[0] == name for a in n.attribute if a.name == "axis")
        return q.astype(np.float32) * spread(scale, q.ndim, axis)

    def whole(note) -> torch.Tensor:
        if not (isinstance(note, list) and note and isinstance(note[0], str)):
            return torch.tensor(note, dtype=torch.float32)
        name, shape, *turned = note
        a = numbers(name)
        return torch.from_numpy((a.T if turned else a).reshape(shape).copy())

    return {name: whole(note) for name, note in json.loads(noted).items()}


def brought(phase: str) -> dict | None:
    """What the checkout brings for a phase of the training, under the names that the phase gives its weights."""
    parts = []
    for graph in GRAPHS[phase]:
        found = weights(KEPT / graph) or weights(HOUSE / graph)
        if found is None:
            return None
        parts.append(found)
    state = {name: t for part in parts for name, t in part.items()}
    if phase in ("prior", "sharpener"):
        return {name.removeprefix(f"{phase}."): t for name, t in state.items() if name.startswith(f"{phase}.")} or None
    if phase == "unet":
        own = {name: t for name, t in state.items() if name.split(".")[0] not in ("prior", "sharpener", "grade", "encode")}
        return {name if name.startswith("spread.") else f"unet.{name}": t for name, t in own.items()}
    return state
