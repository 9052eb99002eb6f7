"""python -m trainer.house.export_clip OUT: house CLIP's image encoder as ONNX. pixel_values [b, 3, 64, 64] in −1…1 →
image_embeds [b, 384], unit vectors; the text side is the mean over a prompt's token states, to unit length."""

import json
import sys
from pathlib import Path

import torch

from .burn import load
from .export import write_graph
from .eyes import SIDE, ImageEncoder
from .settings import TEXT_WIDTH, THREADS, furnace


def export(out: Path, net: ImageEncoder) -> float:
    off = write_graph(
        out, "image_encoder", net, {"pixel_values": torch.rand(2, 3, SIDE, SIDE) * 2 - 1}, "image_embeds",
        {"pixel_values": {0: "b"}, "image_embeds": {0: "b"}},
    )
    about = {"image_size": SIDE, "projection_dim": TEXT_WIDTH, "mean": [0.5] * 3, "std": [0.5] * 3, "resample": "area", "text": "mean of last_hidden_state over tokens"}
    (out / "image_encoder/config.json").write_text(json.dumps(about, indent=1) + "\n")
    return off


def main() -> None:
    torch.set_num_threads(THREADS)
    state = load(furnace() / "clip.pt")
    if state is None:
        raise FileNotFoundError(f"{furnace()}: no clip.pt; train the clip phase first")
    net = ImageEncoder()
    net.load_state_dict(state["average"]["module"])
    print(f"image_encoder: off by {export(Path(sys.argv[1]), net):.1e}")


if __name__ == "__main__":
    main()
