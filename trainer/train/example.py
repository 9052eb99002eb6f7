"""Draws the example set of pictures that "presswerk init" puts into a workspace: Fluent emoji (MIT) as a two-ink print.

Run it as `python -m trainer.train.example OUT`. Blue and coral ink on cream paper without half tones, every outline in blue,
the coral plate a little out of place: an invented press that always prints the same."""

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
OFFSET = (6, 4)  # pixels that the coral plate is out of place, across and down
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
    """The two plates on paper: blue takes what is dark and every rim, coral what is warm or middling."""
    rgba = np.asarray(picture).astype(np.float64) / 255
    alpha, rgb = rgba[..., 3], rgba[..., :3]
    light = rgb @ (0.299, 0.587, 0.114)
    warm = rgb[..., 0] - rgb[..., 2]
    blue = (alpha > 0.5) & (light - 0.08 * warm < 0.44)
    coral = (alpha > 0.5) & ((warm > 0.2) | ((light < 0.72) & (light > 0.44)))
    coral = np.roll(coral, OFFSET[::-1], (0, 1))
    out = np.array(PAPER, np.float64) * np.ones((SIDE, SIDE, 1))
    for plate, ink in ((coral, CORAL), (blue | rim(alpha > 0.5), BLUE)):
        out = np.where(plate[..., None], out * (np.array(ink) / 255), out)
    return Image.fromarray(out.round().astype(np.uint8)).quantize(8, dither=Image.Dither.NONE)


def rim(inside: np.ndarray, reach: int = 3) -> np.ndarray:
    """Where the outline is."""
    found = np.zeros_like(inside)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if dy * dy + dx * dx <= reach * reach:
                found |= np.roll(inside, (dy, dx), (0, 1)) != inside
    return found


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
