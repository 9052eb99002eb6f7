"""The image encoders, and the pictures of real drawings that they learn from: what ImageNet taught a small network, taught on with
drawings. Nothing here ever sees what the house model makes: recogniser and style classifier are its measure."""

import math
import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from . import recolour
from .backbone import DEEP, HEAD, TEXTURES, Backbone, Surface
from .scenes import background
from .settings import COLOUR_WORDS, PAINT_NAMES, PAINTS, PLACES, STYLE_NAMES, TEXT_WIDTH, furnace
from .sprites import straight

SIDE = 128  # pixels that an encoder takes


class Recogniser(nn.Module):
    """What a picture shows: logits of the subjects, and features [b, HEAD]."""

    def __init__(self, subjects: int):
        super().__init__()
        self.backbone = Backbone()
        self.norm, self.norm4, self.drop = nn.LayerNorm(HEAD), nn.LayerNorm(4 * DEEP), nn.Dropout(0.2)
        self.whole, self.quarters = nn.Linear(HEAD, subjects), nn.Linear(4 * DEEP, subjects)

    def forward(self, x):
        whole, quarters = self.backbone(x)
        return self.whole(self.drop(self.norm(whole))) + self.quarters(self.drop(self.norm4(quarters))), whole


class StyleClassifier(nn.Module):
    """In which style a picture is drawn: logits. Every place says for itself what its textures look like and how much that matters, as in
    Brendel and Bethge 2019, "Approximating CNNs with Bag-of-local-Features models": a network that saw whole drawings would learn
    which of them there are, and take an unseen one for the style of the seen one that it resembles."""

    def __init__(self, hidden: int = 128):
        super().__init__()
        self.surface = Surface()
        self.places = nn.Sequential(
            nn.BatchNorm2d(TEXTURES), nn.Conv2d(TEXTURES, hidden, 1), nn.SiLU(), nn.Dropout2d(0.2), nn.Conv2d(hidden, len(STYLE_NAMES) + 1, 1))

    def forward(self, x):
        said = self.places(self.surface(x)).flatten(2)
        return (said[:, :-1] * said[:, -1:].softmax(-1)).sum(-1)


class ImageEncoder(nn.Module):
    """House CLIP's eye: a picture as a unit vector in the text encoder's space of sentences."""

    def __init__(self):
        super().__init__()
        self.backbone = Backbone()
        self.out = nn.Sequential(nn.LayerNorm(HEAD), nn.Dropout(0.1), nn.Linear(HEAD, TEXT_WIDTH))
        self.heat = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self, x):
        return F.normalize(self.out(self.backbone(x)[0]), dim=-1)


def small_icons(icons) -> np.ndarray:
    """Every drawing at SIDE×SIDE, straight RGBA bytes."""
    path = furnace() / f"small{SIDE}.npy"
    if not path.exists():
        np.save(path, np.stack([straight(np.asarray(p), SIDE) for p in icons.pixels]))
    return np.load(path, mmap_mode="r")


class Views:
    """Pictures of single drawings: placed, turned, mirrored, painted, on coloured grounds, a little blurred or noisy."""

    def __init__(self, icons, colours: np.ndarray):
        self.icons, self.colours, self.small = icons, colours, small_icons(icons)
        self.subject = {name: i for i, name in enumerate(icons.subjects)}

    def batch(self, ids: list[int], rng: random.Random, painted: float = 0.25, hard: bool = True, redrawn: int = 0, paints=None, plain: bool = False):
        """Pictures [n, 3, SIDE, SIDE] in −1…1, subjects, styles. Plain ones stand as plain prompts ask: in the middle of one colour, all of
        about one size, so that textures can be compared. The last `redrawn` ones are changed as if others had drawn them, and have no style
        any more; `paints(id)` are the colours that a drawing may be painted in."""
        sprites, grounds, thetas = [], [], []
        for i in ids:
            rgba = np.asarray(self.small[i])
            if rng.random() < painted and self.paintable(i):
                rgba = recolour.paint(rgba, self.colours[i], PAINTS[rng.choice(paints(i) if paints else PAINT_NAMES)])
            sprites.append(rgba)
            top, bottom, _ = background(rng)
            thetas.append(self._theta(rng, plain))
            grounds.append((top, top if plain else bottom))
        x = premultiplied(torch.from_numpy(np.stack(sprites)))
        if redrawn:
            x = torch.cat([x[:-redrawn], redraw(x[-redrawn:])])
        x = compose(x, torch.tensor(grounds) / 255, torch.tensor(thetas), redrawn)
        if hard:
            x = roughen(x, rng)
        records = [self.icons.records[i] for i in ids]
        subjects = torch.tensor([self.subject[r["name"]] for r in records])
        return x, subjects, torch.tensor([STYLE_NAMES.index(r["style"]) for r in records])

    def paintable(self, i: int) -> bool:
        """A green apple that is painted red would be a red apple."""
        return bool(np.isfinite(self.colours[i, 0])) and not COLOUR_WORDS & set(self.icons.records[i]["name"].split())

    def _theta(self, rng: random.Random, plain: bool = False):
        """The sampling matrix of affine_grid: from the picture to the drawing."""
        r, x, y, size = rng.random(), 0.5, 0.5, rng.uniform(0.68, 0.86)
        if plain:
            size = rng.uniform(0.75, 0.81)
        elif r < 0.2:
            (x, y), size = rng.choice(list(PLACES.values())), rng.uniform(0.36, 0.48)
        elif r < 0.25:
            size = rng.uniform(1.0, 1.2)
        x, y, angle = x + rng.gauss(0, 0.015), y + rng.gauss(0, 0.015), math.radians(rng.gauss(0, 6))
        flip = -1 if rng.random() < 0.4 else 1
        c, s = math.cos(angle) / size, math.sin(angle) / size
        u, v = 2 * x - 1, 2 * y - 1
        return [[flip * c, flip * -s, flip * (-c * u + s * v)], [s, c, -s * u - c * v]]


def premultiplied(rgba: torch.Tensor) -> torch.Tensor:
    """Straight RGBA bytes [n, h, w, 4] as [n, 4, h, w], 0–1."""
    x = rgba.permute(0, 3, 1, 2).float() / 255
    return torch.cat([x[:, :3] * x[:, 3:], x[:, 3:]], 1)


def redraw(x: torch.Tensor) -> torch.Tensor:
    """Drawings as another artist might have drawn them, each changed at random: outlined, shaded, with fewer tones, paler or
    stronger. Premultiplied RGBA."""
    n, side = len(x), x.shape[-1]
    rgb, alpha = x[:, :3], x[:, 3:]

    def some(share: float, low: float, high: float) -> torch.Tensor:
        return (torch.rand(n, 1, 1, 1) < share) * (torch.rand(n, 1, 1, 1) * (high - low) + low)

    luma = rgb.mean(1, keepdim=True)
    rgb = (luma + (rgb - luma) * (1 + some(0.6, -0.5, 0.4))).clamp(min=0)
    rgb = alpha * (rgb / alpha.clamp(min=1e-3)).clamp(0, 1) ** (1 + some(0.6, -0.4, 0.6))
    levels = 3 + 4 * torch.rand(n, 1, 1, 1)
    rgb = torch.where(torch.rand(n, 1, 1, 1) < 0.25, alpha * (rgb / alpha.clamp(min=1e-3) * levels).round() / levels, rgb)
    ramp = torch.linspace(-1, 1, side)
    turn = 2 * math.pi * torch.rand(n, 1, 1, 1)
    rgb = rgb * (1 + some(0.5, 0.1, 0.45) * (ramp[:, None] * turn.sin() + ramp[None] * turn.cos()))
    spot = (-((ramp[:, None] + 0.4 + 0.3 * torch.randn(n, 1, 1, 1)) ** 2 + (ramp[None] + 0.4 + 0.3 * torch.randn(n, 1, 1, 1)) ** 2) / 0.06).exp()
    rgb = rgb + alpha * spot * some(0.4, 0.1, 0.5)
    k = 2 * (side // 64) + 1  # a line's width
    edge = (alpha + F.max_pool2d(-alpha, k, 1, k // 2)).clamp(0, 1)
    inner = (luma - F.avg_pool2d(luma, k, 1, k // 2)).abs() * 4
    rgb = rgb * (1 - some(0.35, 0.4, 1.0) * edge) * (1 - some(0.25, 0.3, 0.9) * inner.clamp(0, 1))
    return torch.cat([torch.minimum(rgb.clamp(min=0), alpha), alpha], 1)


def compose(x: torch.Tensor, grounds: torch.Tensor, thetas: torch.Tensor, bent: int = 0) -> torch.Tensor:
    """Premultiplied RGBA [n, 4, SIDE, SIDE] over vertical gradients [n, 2, 3], drawn twice as large and averaged; the last
    `bent` ones as if on rubber."""
    grid = F.affine_grid(thetas, [len(x), 4, 2 * SIDE, 2 * SIDE], align_corners=False)
    if bent:
        pulls = F.interpolate(torch.randn(bent, 2, 4, 4), size=(2 * SIDE, 2 * SIDE), mode="bicubic", align_corners=True)
        grid[-bent:] += 0.07 * pulls.permute(0, 2, 3, 1)
    x = F.avg_pool2d(F.grid_sample(x, grid, align_corners=False), 2)
    t = torch.linspace(0, 1, SIDE)[None, None, :, None]
    ground = grounds[:, 0, :, None, None] * (1 - t) + grounds[:, 1, :, None, None] * t
    return (x[:, :3] + ground * (1 - x[:, 3:])) * 2 - 1


def roughen(x: torch.Tensor, rng: random.Random) -> torch.Tensor:
    """A third of the batch softened, whichever it hits, and half of it with noise and another light."""
    n = len(x)
    side = rng.randint(SIDE // 2, SIDE - 8)
    soft = F.interpolate(F.interpolate(x, size=(side, side), mode="area"), size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    x = torch.where(torch.rand(n, 1, 1, 1) < 1 / 3, soft, x)
    some = (torch.rand(n, 1, 1, 1) < 0.5) * torch.rand(n, 1, 1, 1)
    return x * (1 + 0.1 * some * torch.randn(n, 3, 1, 1)) + 0.07 * some * torch.randn_like(x)


def worn(x: torch.Tensor) -> torch.Tensor:
    """Pictures as coding, scaling and copying leave them, each by as much as chance will: softened, and with errors of several sizes, more of
    them at contours. A style is what survives that; without it the style classifier went by whether colours are exactly even."""
    n = len(x)
    soft = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
    x = torch.lerp(x, soft, torch.rand(n, 1, 1, 1))
    contours = (x - F.avg_pool2d(F.pad(x, (2, 2, 2, 2), mode="replicate"), 5, 1)).abs().mean(1, keepdim=True)
    for grain in (1, 2, 4, 8):
        error = F.interpolate(torch.randn(n, 3, -(-x.shape[2] // grain), -(-x.shape[3] // grain)), size=x.shape[2:], mode="nearest" if grain == 1 else "bilinear")
        x = x + error * torch.rand(n, 1, 1, 1) ** 2 * (0.05 + 0.5 * contours)
    return x.clamp(-1, 1)


def held_paints(i: int, shown: bool) -> list[str]:
    """Three or so colours of each drawing that the recogniser is examined on, and never learns; or else the others."""
    return [p for k, p in enumerate(PAINT_NAMES) if ((7 * i + k) % 4 == 0) == shown]


def held_pairs(icons) -> set[int]:
    """Drawings that the recogniser never sees, one style of every tenth subject that has all four: its examination."""
    by_name: dict[str, list[int]] = {}
    for i, r in enumerate(icons.records):
        by_name.setdefault(r["name"], []).append(i)
    full = [name for name in icons.subjects if len(by_name[name]) == len(STYLE_NAMES)]
    return {by_name[name][n % 4] for n, name in enumerate(full[::10])}
