"""What prompts beyond the plain one can ask for, measured: colours of subjects, two subjects, places, and seeds."""

import random

import numpy as np
import torch

from . import colour, recolour
from .scenes import article
from .settings import PAINT_NAMES, PAINTS, PLACES, STYLE_NAMES, STYLES

LIGHT = ["light blue", "cream", "mint", "lavender", "light gray", "light pink"]  # grounds that no paint is taken for
APART = 12  # CIEDE2000 from the ground, above which a pixel is drawn


def drawn(picture: np.ndarray) -> np.ndarray:
    """Where something stands on the ground, bool [h, w]."""
    return colour.delta_e(colour.lab(picture), colour.lab(colour.ground(picture))) > APART


def painted_as(picture: np.ndarray) -> str | None:
    """The paint that the drawing's main colour is nearest to."""
    rgba = np.dstack([picture, drawn(picture).astype(np.uint8) * 255])
    centre = recolour.main_colour(rgba)
    if centre is None:
        return None
    return min(PAINT_NAMES, key=lambda p: float(np.sum((recolour.oklab(np.array(PAINTS[p], np.uint8)) - centre) ** 2)))


def centre(picture: np.ndarray) -> tuple[float, float]:
    """The middle of what is drawn, as parts of width and height."""
    y, x = np.nonzero(drawn(picture))
    if len(y) == 0:
        return 0.5, 0.5
    return (x.mean() + 0.5) / picture.shape[1], (y.mean() + 0.5) / picture.shape[0]


def measure(draw, recognise, scene, asked: list[str], n: int, rng: random.Random) -> dict:
    """`draw(prompts, seeds)` gives pictures, `recognise(pictures)` what they show, `scene(subject, style, ground, paint)` the drawing that
    a prompt asks for, or nothing. Values are shares of n pictures (of `painted_drawings`, of those drawings that there are); of
    `seeds_differ` the root mean square difference between two seeds, 0–1."""
    style = [STYLES[s][0] for s in STYLE_NAMES]

    def make(subject: str, k: int, ground: str | None = None) -> str:
        return f"{subject}, {style[k % 4]}, on {article(ground or rng.choice(LIGHT))} background"

    def pictures(prompts: list[str], first: int) -> np.ndarray:
        return draw(prompts, [(1 << 33) + first + k for k in range(len(prompts))])

    paints, names = [rng.choice(PAINT_NAMES) for _ in range(n)], [rng.choice(asked) for _ in range(n)]
    grounds = [rng.choice(LIGHT) for _ in range(n)]
    painted = pictures([make(f"{article(p)} {s}", k, g) for k, (p, s, g) in enumerate(zip(paints, names, grounds, strict=True))], 0)
    found = {"painted_right": float(np.mean([painted_as(x) == p for x, p in zip(painted, paints, strict=True)]))}
    drawings = [(scene(s, STYLE_NAMES[k % 4], g, p), p) for k, (p, s, g) in enumerate(zip(paints, names, grounds, strict=True))]
    found["painted_drawings"] = float(np.mean([painted_as(x) == p for x, p in drawings if x is not None]))
    places = [rng.choice(list(PLACES)) for _ in range(n)]
    placed = pictures([make(f"a small {s} {p}", k) for k, (p, s) in enumerate(zip(places, names, strict=True))], 1000)
    away = [np.hypot(*np.subtract(centre(x), PLACES[p])) for x, p in zip(placed, places, strict=True)]
    found["placed_right"] = float(np.mean(np.array(away) < 0.1))
    others = [rng.choice(asked) for _ in range(n)]
    both = pictures([make(f"{article(a)} on the left and {article(b)} on the right", k) for k, (a, b) in enumerate(zip(names, others, strict=True))], 2000)
    found["two_right"] = float(np.mean([_halves(x, a, b, recognise) for x, a, b in zip(both, names, others, strict=True)]))
    prompts = [make(article(s), k) for k, s in enumerate(names)]
    one, two = pictures(prompts, 3000).astype(float), pictures(prompts, 4000).astype(float)
    found["seeds_differ"] = float(np.sqrt(((one - two) ** 2).mean((1, 2, 3))).mean() / 255)
    return found


def _halves(picture: np.ndarray, left: str, right: str, recognise) -> bool:
    """Whether both halves show what was asked. A half stands on a square of the ground."""
    side = picture.shape[0]
    squares = np.empty((2, side // 2, side // 2, 3), np.uint8)
    for k in range(2):
        squares[k] = picture[side // 4 : side // 4 + side // 2, k * (side // 2) : (k + 1) * (side // 2)]
    said = recognise(squares)
    return said == [left, right]


def recogniser_of(net, small, subjects: list[str]):
    """`recognise` by a recogniser."""

    @torch.no_grad()
    def recognise(pictures: np.ndarray) -> list[str]:
        return [subjects[i] for i in net(small(pictures))[0].argmax(1)]

    return recognise
