"""python -m trainer.house.curve OUT.png: the training's curves out of train.log, a panel for each phase: what the phase says of its
errors over its own hours of two cores."""

import re
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .settings import furnace

LINE = re.compile(r"^\S+ (\w+) cores (\d+) s wall \d+ s samples \d+ steps \d+ (.+)$")
PANELS = (  # phase, the figure of its log, its name
    ("prior", "draw", "prior: MSE"), ("sharpener", "error", "sharpener: RMSE"), ("unet", "v", "UNet: MSE(v)"), ("vae", "loss", "VAE: L1 + L2 + ∇"),
    ("recogniser", "right", "recogniser: top-1"), ("style", "right", "style classifier: top-1"),
    ("clip", "right", "house CLIP: top-1 (64)"),
)
WIDTH, HEIGHT, MARGIN, SCALE = 420, 250, 52, 2  # of a panel, in pixels before the picture is halved
PAPER, INK, GRID, LINE_COLOUR = "#ffffff", "#1c1c1e", "#dddddd", "#1f5fbf"


def curves(log: str) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """Phase → figure → (hours, value) in the order of the hours. Where training began again from an older checkpoint, the later line
    counts."""
    found: dict = {}
    for line in log.splitlines():
        if m := LINE.match(line):
            words = m[3].split()
            for name, value in zip(words[::2], words[1::2], strict=True):
                found.setdefault(m[1], {}).setdefault(name, {})[int(m[2]) / 3600] = float(value)
    return {phase: {name: sorted(points.items()) for name, points in figures.items()} for phase, figures in found.items()}


def panel(points: list[tuple[float, float]], title: str) -> Image.Image:
    s = SCALE
    picture = Image.new("RGB", (WIDTH * s, HEIGHT * s), PAPER)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(13 * s)
    left, right, top, bottom = MARGIN * s, (WIDTH - 16) * s, 34 * s, (HEIGHT - 34) * s
    hours, high = max(points[-1][0], 1e-3), max(v for _, v in points) * 1.05 or 1.0

    def at(x, y):
        return left + (right - left) * x / hours, bottom - (bottom - top) * y / high

    draw.text((left, 10 * s), title, INK, font)
    for k in range(5):
        _, y = at(0, high * k / 4)
        draw.line((left, y, right, y), GRID, s)
        draw.text((left - 8 * s, y), f"{high * k / 4:.2f}", INK, font, anchor="rm")
        x, _ = at(hours * k / 4, 0)
        draw.text((x, bottom + 8 * s), f"{hours * k / 4:.2f}" + (" h" if k == 4 else ""), INK, font, anchor="ma" if k < 4 else "ra")
    draw.line([at(*p) for p in points], LINE_COLOUR, 2 * s, joint="curve")
    return picture


def plot(log: str) -> Image.Image:
    found = curves(log)
    panels = [panel(found[phase][figure], title) for phase, figure, title in PANELS if len(found.get(phase, {}).get(figure, [])) > 1]
    if not panels:
        raise ValueError("the log has no two lines of any phase; train first")
    rows = -(-len(panels) // 2)
    picture = Image.new("RGB", (2 * WIDTH * SCALE, rows * HEIGHT * SCALE), PAPER)
    for i, p in enumerate(panels):
        picture.paste(p, (i % 2 * WIDTH * SCALE, i // 2 * HEIGHT * SCALE))
    return picture.resize((2 * WIDTH, rows * HEIGHT), Image.LANCZOS)


if __name__ == "__main__":
    plot((furnace() / "train.log").read_text()).save(sys.argv[1], optimize=True)
