"""python trainer/reference/make_embedder.py internal/vision/testdata/embedder: a tiny network of random weights that embeds
pictures, and what torch and Pillow say of two pictures, seen as CLIP sees them (torchvision's resize and centre crop).

Needs torch 2.8.0, onnx and Pillow. The Go test draws the same pictures.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

SIDE = 32
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


class Tiny(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.patches = torch.nn.Conv2d(3, 8, 8, 8)
        self.out = torch.nn.Linear(8 * 16, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(torch.tanh(self.patches(x)).flatten(1))


def picture(w: int, h: int) -> Image.Image:
    y, x = np.mgrid[0:h, 0:w]
    return Image.fromarray(np.stack([(x * 5) % 256, (y * 3 + x) % 256, (x * y) % 256], -1).astype(np.uint8))


def seen(p: Image.Image) -> torch.Tensor:
    w, h = p.size
    nw, nh = (int(SIDE * w / h), SIDE) if w > h else (SIDE, int(SIDE * h / w))
    p = p.resize((nw, nh), Image.BICUBIC)
    left, top = int(round((nw - SIDE) / 2.0)), int(round((nh - SIDE) / 2.0))
    x = np.asarray(p.crop((left, top, left + SIDE, top + SIDE)), np.float32) / 255
    return torch.from_numpy(((x - np.float32(MEAN)) / np.float32(STD)).transpose(2, 0, 1)[None])


def main() -> None:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    net = Tiny().eval()
    torch.onnx.export(net, (torch.zeros(1, 3, SIDE, SIDE),), out / "model.onnx", input_names=["pixel_values"], output_names=["image_embeds"], opset_version=17, dynamo=False)
    with torch.no_grad():
        golden = [{"width": w, "height": h, "embedding": net(seen(picture(w, h)))[0].tolist()} for w, h in [(80, 60), (50, 91), (32, 32)]]
    (out / "golden.json").write_text(json.dumps(golden) + "\n")


main()
