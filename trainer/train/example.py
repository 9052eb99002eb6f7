"""Draws the example set of pictures that "presswerk init" puts into a workspace: Fluent emoji (MIT) as a two-ink print.

Run it as `python -m trainer.train.example OUT`. Whatever colours a drawing has, its lightness becomes blue and coral ink
on cream paper: an invented press with two inks that always prints the same."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image

PACKAGE = Path(__file__).resolve().parents[1] / "node_modules/@iconify-json/fluent-emoji-flat"
SIDE = 256
PAPER, BLUE, CORAL = (246, 234, 212), (38, 52, 140), (255, 92, 74)
STOPS = (0.25, 0.62, 0.98)  # of lightness, at which blue, coral and paper are pure
SUBJECTS = {
    "fox": "fox", "owl": "owl", "penguin": "penguin", "elephant": "elephant", "turtle": "turtle", "octopus": "octopus",
    "butterfly": "butterfly", "snail": "snail", "cactus": "cactus", "tulip": "tulip", "sunflower": "sunflower",
    "mushroom": "mushroom", "pizza": "pizza", "hamburger": "hamburger", "cupcake": "cupcake", "ice cream": "ice-cream",
    "pineapple": "pineapple", "carrot": "carrot", "rocket": "rocket", "sailboat": "sailboat", "castle": "castle",
    "umbrella": "umbrella", "guitar": "guitar", "camera": "camera",
}
HEAD = """\
# yaml-language-server: $schema=../../.schemas/dataset.json
# An example for "presswerk train lora datasets/two-ink": one look, learnt from two dozen pictures.
title: {en: Two-ink print, de: Zweifarbendruck}
trigger: flat style two-ink print
purpose:
  en: Spot illustrations that look as if they came from a small two-colour press.
  de: Kleine Illustrationen, die aussehen, als kämen sie von einer kleinen Zweifarbenpresse.
license: MIT
creator: Microsoft Corporation (Fluent emoji), printed in two inks by the Presswerk project
source: npm @iconify-json/fluent-emoji-flat 1.2.6
consent: Published by its author under the MIT License, which allows copying and derived works.
people: none
pictures:
"""


def drawing(key: str, icons: dict) -> Image.Image:
    """An icon as RGBA on the square, with a margin."""
    icon = icons["icons"][key]
    width, height = (icon.get(k, icons.get(k, 16)) for k in ("width", "height"))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{SIDE}" height="{SIDE}" viewBox="0 0 {width} {height}">{icon["body"]}</svg>'
    picture = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg)))).convert("RGBA")
    inner = int(SIDE * 0.86)
    out = Image.new("RGBA", (SIDE, SIDE))
    out.paste(picture.resize((inner, inner), Image.LANCZOS), ((SIDE - inner) // 2,) * 2)
    return out


def printed(picture: Image.Image) -> Image.Image:
    """Lightness as ink: blue where it is dark, coral in the middle, paper where it is light and around the drawing."""
    rgba = np.asarray(picture).astype(np.float64) / 255
    alpha, light = rgba[..., 3:], rgba[..., :3] @ (0.299, 0.587, 0.114)
    ramp = np.array([BLUE, CORAL, PAPER], np.float64)
    inked = np.stack([np.interp(light, STOPS, ramp[:, k]) for k in range(3)], -1)
    out = inked * alpha + np.array(PAPER) * (1 - alpha)
    return Image.fromarray(out.round().astype(np.uint8)).quantize(64, dither=Image.Dither.NONE)


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    icons = json.loads((PACKAGE / "icons.json").read_text())
    lines = [HEAD]
    for name, key in SUBJECTS.items():
        file = name.replace(" ", "-") + ".png"
        printed(drawing(key, icons)).save(out / file, optimize=True)
        article = "an" if name[0] in "aeiou" else "a"
        lines.append(f"  - {{file: {file}, caption: '{article} {name}, flat style two-ink print, on a cream background'}}\n")
    (out / "dataset.yaml").write_text("".join(lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
