"""Makes internal/imaging/ssimulacra2/testdata: pairs of small pictures and what PyPI's ssimulacra2 says about them.

    python -m venv v && v/bin/pip install ssimulacra2==0.3.0 pillow
    v/bin/python trainer/reference/make_ssimulacra2.py internal/imaging/ssimulacra2/testdata
"""

import io
import json
import pathlib
import sys

import numpy as np
from PIL import Image, ImageFilter
from ssimulacra2 import compute_ssimulacra2


def scene(width: int, height: int, seed: int) -> Image.Image:
    """A gradient with flat shapes and a grained corner."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    p = np.stack([255 * x / width, 255 * y / height, 128 + 90 * np.sin(x / 7) * np.cos(y / 5)], axis=2)
    p[(x - width / 2) ** 2 + (y - height / 2) ** 2 < (height / 3.5) ** 2] = [214, 40, 57]
    p[(x < width / 4) & (y > height / 2)] = [255, 208, 178]
    grain = np.random.default_rng(seed).normal(0, 18, p.shape)
    corner = (x > 0.7 * width) & (y < 0.4 * height)
    p[corner] += grain[corner]
    return Image.fromarray(np.clip(np.rint(p), 0, 255).astype(np.uint8))


def jpeg(p: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    p.save(file, "jpeg", quality=quality)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def main(out: pathlib.Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    pairs = []
    for name, size, seed in [("even", (160, 128), 1), ("odd", (131, 77), 2), ("tiny", (23, 40), 3)]:
        original = scene(*size, seed)
        copies = {
            "same": original,
            "jpeg30": jpeg(original, 30),
            "jpeg75": jpeg(original, 75),
            "jpeg95": jpeg(original, 95),
            "blurred": original.filter(ImageFilter.GaussianBlur(1.2)),
            "brighter": original.point(lambda v: min(255, v + 3)),
        }
        original.save(out / f"{name}.png", optimize=True)
        for how, copy in copies.items():
            file = f"{name}_{how}.png" if how != "same" else f"{name}.png"
            copy.save(out / file, optimize=True)
            score = compute_ssimulacra2(str(out / f"{name}.png"), str(out / file))
            pairs.append({"original": f"{name}.png", "copy": file, "score": round(float(score), 6)})
    (out / "scores.json").write_text(json.dumps(pairs, indent=1) + "\n")


main(pathlib.Path(sys.argv[1]))
