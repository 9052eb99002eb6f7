"""Small image encoders, and the pictures of real drawings that they learn from. Nothing here ever sees what the house
model makes: the recogniser is its measure."""

import math
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from . import recolour
from .scenes import background
from .settings import COARSE, PAINT_NAMES, PAINTS, PLACES, STYLE_NAMES, furnace
from .sprites import straight

SIDE = COARSE  # pixels that an encoder takes
FEATURES = 512


class Eye(nn.Module):
    """[b, 3, 64, 64] in −1…1 → [b, FEATURES]."""

    def __init__(self, c=(24, 64, 128, 256)):
        super().__init__()
        layers = [nn.Conv2d(3, c[0], 3, 2, 1), nn.GroupNorm(8, c[0]), nn.SiLU()]
        for i, o in zip(c[:-1], c[1:], strict=True):
            layers += [nn.Conv2d(i, o, 3, 2, 1), Residual(o)]
        self.net = nn.Sequential(*layers)
        self.out = nn.Sequential(nn.LayerNorm(16 * c[-1]), nn.Dropout(0.1), nn.Linear(16 * c[-1], FEATURES))

    def forward(self, x):
        return self.out(self.net(x).flatten(1))


class Residual(nn.Module):
    def __init__(self, c: int):
        super().__init__()
        self.n1, self.n2 = nn.GroupNorm(8, c), nn.GroupNorm(8, c)
        self.c1, self.c2 = nn.Conv2d(c, c, 3, padding=1), nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x):
        return x + self.c2(F.silu(self.n2(self.c1(F.silu(self.n1(x))))))


class Recogniser(nn.Module):
    """What a picture shows and in which style."""

    def __init__(self, subjects: int):
        super().__init__()
        self.eye = Eye()
        self.subject, self.style = nn.Linear(FEATURES, subjects), nn.Linear(FEATURES, len(STYLE_NAMES))

    def forward(self, x):
        f = F.silu(self.eye(x))
        return self.subject(f), self.style(f), f


class ImageEncoder(nn.Module):
    """House CLIP's eye: a picture as a unit vector in the text encoder's space of sentences."""

    def __init__(self, width=384):
        super().__init__()
        self.eye = Eye()
        self.out = nn.Linear(FEATURES, width)
        self.heat = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self, x):
        return F.normalize(self.out(F.silu(self.eye(x))), dim=-1)


def small_icons(icons) -> np.ndarray:
    """Every drawing at COARSE×COARSE, straight RGBA bytes."""
    path = furnace() / "small.npy"
    if not path.exists():
        np.save(path, np.stack([straight(np.asarray(p)) for p in icons.pixels]))
    return np.load(path)


class Views:
    """Pictures of single drawings: placed, turned, mirrored, painted, on coloured grounds, a little blurred or noisy."""

    def __init__(self, icons, colours: np.ndarray):
        self.icons, self.colours, self.small = icons, colours, small_icons(icons)
        self.subject = {name: i for i, name in enumerate(icons.subjects)}

    def batch(self, ids: list[int], rng: random.Random, painted: float = 0.25, hard: bool = True):
        """Pictures [n, 3, SIDE, SIDE] in −1…1, subjects, styles."""
        sprites, grounds, thetas = [], [], []
        for i in ids:
            rgba = self.small[i]
            if rng.random() < painted and np.isfinite(self.colours[i, 0]):
                rgba = recolour.paint(rgba, self.colours[i], PAINTS[rng.choice(PAINT_NAMES)])
            sprites.append(rgba)
            thetas.append(self._theta(rng))
            grounds.append(background(rng)[:2])
        x = compose(torch.from_numpy(np.stack(sprites)), torch.tensor(grounds) / 255, torch.tensor(thetas))
        if hard:
            x = roughen(x, rng)
        records = [self.icons.records[i] for i in ids]
        subjects = torch.tensor([self.subject[r["name"]] for r in records])
        return x, subjects, torch.tensor([STYLE_NAMES.index(r["style"]) for r in records])

    def _theta(self, rng: random.Random):
        """The sampling matrix of affine_grid: from the picture to the drawing."""
        r, x, y, size = rng.random(), 0.5, 0.5, rng.uniform(0.68, 0.86)
        if r < 0.2:
            (x, y), size = rng.choice(list(PLACES.values())), rng.uniform(0.36, 0.48)
        elif r < 0.25:
            size = rng.uniform(1.0, 1.2)
        x, y, angle = x + rng.gauss(0, 0.015), y + rng.gauss(0, 0.015), math.radians(rng.gauss(0, 6))
        flip = -1 if rng.random() < 0.4 else 1
        c, s = math.cos(angle) / size, math.sin(angle) / size
        u, v = 2 * x - 1, 2 * y - 1
        return [[flip * c, flip * -s, flip * (-c * u + s * v)], [s, c, -s * u - c * v]]


def compose(rgba: torch.Tensor, grounds: torch.Tensor, thetas: torch.Tensor) -> torch.Tensor:
    """Straight RGBA bytes [n, COARSE, COARSE, 4] over vertical gradients [n, 2, 3], drawn twice as large and averaged."""
    x = rgba.permute(0, 3, 1, 2).float() / 255
    x = torch.cat([x[:, :3] * x[:, 3:], x[:, 3:]], 1)
    grid = F.affine_grid(thetas, [len(x), 4, 2 * SIDE, 2 * SIDE], align_corners=False)
    x = F.avg_pool2d(F.grid_sample(x, grid, align_corners=False), 2)
    t = torch.linspace(0, 1, SIDE)[None, None, :, None]
    ground = grounds[:, 0, :, None, None] * (1 - t) + grounds[:, 1, :, None, None] * t
    return (x[:, :3] + ground * (1 - x[:, 3:])) * 2 - 1


def roughen(x: torch.Tensor, rng: random.Random) -> torch.Tensor:
    """A third of the batch softened, and a little noise and light."""
    k = len(x) // 3
    side = rng.randint(SIDE // 2, SIDE - 8)
    soft = F.interpolate(F.interpolate(x[:k], size=(side, side), mode="area"), size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    x = torch.cat([soft, x[k:]])
    x = x * (1 + 0.05 * torch.randn(len(x), 3, 1, 1)) + 0.03 * torch.randn(len(x), 3, 1, 1)
    return x + 0.03 * rng.random() * torch.randn_like(x)


def held_pairs(icons) -> set[int]:
    """Drawings that the recogniser never sees, one style of every tenth subject that has all four: its examination."""
    by_name: dict[str, list[int]] = {}
    for i, r in enumerate(icons.records):
        by_name.setdefault(r["name"], []).append(i)
    full = [name for name in icons.subjects if len(by_name[name]) == len(STYLE_NAMES)]
    return {by_name[name][n % 4] for n, name in enumerate(full[::10])}
