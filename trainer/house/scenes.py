"""Scenes: what a training picture shows, its caption, and the picture itself. python -m trainer.house.scenes OUT.png draws
64 of them and says their captions."""

import random
import sys
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from . import recolour
from .data import Icons
from .layout import POSES
from .settings import COLOUR_WORDS, COLOURS, PAINT_NAMES, PAINTS, PIXELS, PLACES, STYLES, furnace

# Words that people add and no drawing shows: prompts mean the same with them.
PRAISE = ["cute", "friendly", "lovely", "simple", "beautiful", "nice", "modern", "happy", "pretty", "classic"]
KINDS = ["an illustration", "a picture", "an icon", "a drawing", "an image"]


@dataclass
class Layer:
    """One drawing in the scene. Centre and size are parts of the picture's width, as the caption asks for them."""

    icon: int
    paint: str | None  # a name of PAINTS
    x: float
    y: float
    size: float


@dataclass
class Scene:
    caption: str
    layers: list[Layer]
    top: tuple[float, float, float]  # background, sRGB 0–255; a gradient when top and bottom differ
    bottom: tuple[float, float, float]
    style: str
    seed: int  # of what no caption says: the pose
    names: list[str] = field(default_factory=list)
    ground: str = "white"  # the background's name


def article(words: str) -> str:
    return ("an " if words[0] in "aeiou" else "a ") + words


class Director:
    """Makes scenes at random. `barred` are (style, name) pairs that are never shown."""

    def __init__(self, icons: Icons, colours: np.ndarray, barred=frozenset()):
        self.icons, self.colours = icons, colours
        self.allowed = {s: [i for i in ids if (s, icons.records[i]["name"]) not in barred] for s, ids in icons.of_style.items()}
        self.every = [i for ids in self.allowed.values() for i in ids]

    def paintable(self, icon: int) -> bool:
        return bool(np.isfinite(self.colours[icon, 0]))

    def scene(self, rng: random.Random) -> Scene:
        icon = rng.choice(self.every)
        style = self.icons.records[icon]["style"]
        layers, subject, names = self._subjects(icon, style, rng)
        top, bottom, ground = background(rng)
        return Scene(caption(subject, rng.choice(STYLES[style]), ground, rng), layers, top, bottom, style, rng.getrandbits(32), names, ground)

    def _subjects(self, icon: int, style: str, rng: random.Random) -> tuple[list[Layer], str, list[str]]:
        r = rng.random()
        name, paint = self._word(icon, rng, 0.25)
        own = [self.icons.records[icon]["name"]]
        if r < 0.16:
            other = rng.choice(self.allowed[style])
            second, paint2 = self._word(other, rng, 0.2)
            names = [*own, self.icons.records[other]["name"]]
            if r < 0.03:
                spots, words = ((0.5, 0.28), (0.5, 0.74)), "{} above {}"
            else:
                spots = ((0.27, 0.5), (0.73, 0.5))
                words = rng.choice(["{} and {}", "{} and {}", "{} next to {}", "{} and {} side by side", "{} on the left and {} on the right"])
            layers = [Layer(icon, paint, *spots[0], 0.46), Layer(other, paint2, *spots[1], 0.46)]
            return layers, words.format(article(name), article(second)), names
        if r < 0.28:
            place, (x, y) = rng.choice(list(PLACES.items()))
            return [Layer(icon, paint, x, y, 0.42)], f"a small {name} {place}", own
        if r < 0.32:
            return [Layer(icon, paint, 0.5, 0.5, 1.15)], f"close-up of {article(name)}", own
        return [Layer(icon, paint, 0.5, 0.5, 0.78)], article(name) if rng.random() < 0.8 else name, own

    def _word(self, icon: int, rng: random.Random, painted: float) -> tuple[str, str | None]:
        """What the drawing is called, and the colour that it is painted in."""
        record = self.icons.records[icon]
        name = record["name"]
        if self.paintable(icon) and rng.random() < painted:
            paint = rng.choice(PAINT_NAMES)
            bare = " ".join(w for w in name.split() if w not in COLOUR_WORDS) or name
            return f"{paint} {bare}", paint
        r = rng.random()
        if record["spoken"] and r < 0.15:
            return rng.choice(record["spoken"]), None
        if record["tags"] and r < 0.22:
            return f"{name}, {rng.choice(record['tags'])}", None
        if r < 0.28:
            return f"{rng.choice(PRAISE)} {name}", None
        return name, None


def background(rng: random.Random):
    """Top and bottom colour and their words."""

    def near(name: str):
        spread = 1 if name == "white" else 4
        return tuple(min(255.0, max(0.0, c + rng.gauss(0, spread))) for c in COLOURS[name])

    name = "white" if rng.random() < 0.2 else rng.choice(list(COLOURS))
    top = near(name)
    if rng.random() < 0.1:
        second = rng.choice(list(COLOURS))
        return top, near(second), f"{name} to {second} gradient"
    return top, top, name


def caption(subject: str, style: str, ground: str, rng: random.Random) -> str:
    ground = f"{ground} background"
    if rng.random() < 0.06:
        subject = f"{rng.choice(KINDS)} of {subject}"
    r = rng.random()
    if r < 0.42:
        return f"{subject}, {style}, {ground}"
    if r < 0.70:
        return f"{subject}, {style}, on {article(ground)}"
    if r < 0.83:
        return f"{style} of {subject} on {article(ground)}"
    if r < 0.90:
        return f"{subject} in {style} on {article(ground)}"
    if r < 0.95:
        return f"{subject} on {article(ground)}"
    return f"{subject}, {style}"


def render(scene: Scene, icons: Icons, colours: np.ndarray, pixels: int = PIXELS, pose: bool = True) -> np.ndarray:
    """The scene as uint8 [pixels, pixels, 3]. Without pose the drawings stand as they are stored."""
    rng = random.Random(scene.seed)
    t = np.linspace(0, 1, pixels, dtype=np.float32)[:, None, None]
    picture = np.array(scene.top, np.float32) * (1 - t) + np.array(scene.bottom, np.float32) * t
    picture = np.broadcast_to(picture, (pixels, pixels, 3)).copy()
    # All of a scene's drawings stand in one of the poses that the networks know, and exactly so: what they can't tell is blurred.
    mirrored, turned, _ = rng.choices(POSES, [share for *_, share in POSES])[0] if pose else POSES[0]
    for layer in scene.layers:
        rgba = np.ascontiguousarray(icons.pixels[layer.icon])
        if layer.paint:
            rgba = recolour.paint(rgba, colours[layer.icon], PAINTS[layer.paint])
        if mirrored:
            rgba = np.ascontiguousarray(rgba[:, ::-1])
        paste(picture, rgba, layer.size, layer.x, layer.y, turned)
    return np.rint(np.clip(picture, 0, 255)).astype(np.uint8)


def paste(picture: np.ndarray, rgba: np.ndarray, size: float, x: float, y: float, angle: float) -> None:
    """Lays a drawing over the picture, scaled and turned, with premultiplied alpha."""
    height, width = picture.shape[:2]
    side = max(1, round(min(height, width) * size))
    sprite = Image.fromarray(rgba, "RGBA").convert("RGBa").resize((side, side), Image.LANCZOS)
    if abs(angle) > 0.5:
        room = Image.new("RGBa", (side + side // 4 * 2,) * 2)
        room.paste(sprite, (side // 4, side // 4))
        sprite = room.rotate(angle, Image.BICUBIC)
    side = sprite.width
    left, top = round(x * width - side / 2), round(y * height - side / 2)
    x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + side), min(height, top + side)
    if x0 >= x1 or y0 >= y1:
        return
    part = np.asarray(sprite, np.float32)[y0 - top : y1 - top, x0 - left : x1 - left]
    picture[y0:y1, x0:x1] = picture[y0:y1, x0:x1] * (1 - part[..., 3:] / 255) + part[..., :3]


def main_colours(icons: Icons) -> np.ndarray:
    """Each drawing's main colour (Oklab), NaN where it can't be painted. Kept beside the drawings."""
    path = furnace() / "colours.npy"
    if path.exists():
        return np.load(path)
    found = np.full((len(icons), 3), np.nan, np.float32)
    for i in range(len(icons)):
        centre = recolour.main_colour(np.asarray(icons.pixels[i]))
        if centre is not None:
            found[i] = centre
    np.save(path, found)
    return found


def main() -> None:
    icons = Icons()
    director, rng = Director(icons, main_colours(icons)), random.Random(1)
    scenes = [director.scene(rng) for _ in range(64)]
    rows = [np.concatenate([render(s, icons, director.colours) for s in scenes[i : i + 8]], 1) for i in range(0, 64, 8)]
    Image.fromarray(np.concatenate(rows, 0)).resize((1280, 1280), Image.LANCZOS).save(sys.argv[1])
    print("\n".join(s.caption for s in scenes))


if __name__ == "__main__":
    main()
