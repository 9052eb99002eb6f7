"""python -m trainer.house.export_eyes OUT writes house CLIP. The image encoders as ONNX: house CLIP's, pixel_values
[b, 3, 128, 128] in −1…1 → image_embeds [b, 384], unit vectors (the text side is the mean over a prompt's token states, to unit
length); the recogniser, pixel_values → subject (logits) and features, and the style classifier, pixel_values → style (logits), which are
the model's measure."""

import json
import sys
from pathlib import Path

import torch

from .export import write_graph
from .eyes import SIDE, ImageEncoder, Recogniser, StyleClassifier
from .settings import TEXT_WIDTH
from .trained import clip


def write(out: Path, name: str, net, outputs: list[str]) -> float:
    pictures = {"pixel_values": torch.rand(2, 3, SIDE, SIDE) * 2 - 1}
    return write_graph(out, name, net, pictures, outputs, {n: {0: "b"} for n in ["pixel_values", *outputs]})


def export_clip(out: Path, net: ImageEncoder) -> float:
    """Writes out/image_encoder and returns how far the graph is from the module."""
    off = write(out, "image_encoder", net, ["image_embeds"])
    about = {"image_size": SIDE, "projection_dim": TEXT_WIDTH, "mean": [0.5] * 3, "std": [0.5] * 3, "resample": "area", "text": "mean of last_hidden_state over tokens"}
    (out / "image_encoder/config.json").write_text(json.dumps(about, indent=1) + "\n")
    return off


def export_recogniser(out: Path, net: Recogniser) -> float:
    """Writes out/recogniser and returns how far the graph is from the module."""
    return write(out, "recogniser", net, ["subject", "features"])


def export_style(out: Path, net: StyleClassifier) -> float:
    """Writes out/style and returns how far the graph is from the module."""
    return write(out, "style", net, ["style"])


if __name__ == "__main__":
    print(f"image_encoder: off by {export_clip(Path(sys.argv[1]), clip()):.1e}")
