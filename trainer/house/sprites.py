"""Every drawing, and every colour it can be painted in, as weights of principal components of 64×64 premultiplied RGBA:
what the prior learns to say."""

import os
import random

import numpy as np
import torch
from PIL import Image

from . import recolour, released
from .data import Icons
from .nets import COMPONENTS
from .settings import COARSE, PAINT_NAMES, PAINTS, furnace

FILE = "sprites.npz"
PARTS = 512  # drawings in memory at once


def resized(rgba: np.ndarray, side: int = COARSE) -> np.ndarray:
    """Straight RGBA bytes as float32 [4·side·side], premultiplied, 0–1, channels first."""
    small = Image.fromarray(rgba, "RGBA").convert("RGBa").resize((side, side), Image.LANCZOS)
    return (np.asarray(small, np.float32) / 255).transpose(2, 0, 1).ravel()


def straight(icon: np.ndarray, side: int = COARSE) -> np.ndarray:
    return np.asarray(Image.fromarray(icon, "RGBA").convert("RGBa").resize((side, side), Image.LANCZOS).convert("RGBA"))


def painted(small: np.ndarray, centre: np.ndarray, paint: str) -> np.ndarray:
    return resized(recolour.paint(small, centre, PAINTS[paint]))


def build(icons: Icons, colours: np.ndarray, say=print) -> None:
    """Writes sprites.npz: mean, basis, scale, and weights float16 [icons, 1 + paints, COMPONENTS] (NaN: can't be painted)."""
    rng = random.Random(0)
    small = np.stack([straight(np.asarray(p)) for p in icons.pixels])
    plain = [resized(s) for s in small]
    able = [i for i in range(len(icons)) if np.isfinite(colours[i, 0])]
    extra = [painted(small[i], colours[i], rng.choice(PAINT_NAMES)) for i in rng.sample(able, min(2500, len(able)))]
    x = torch.from_numpy(np.stack(plain + extra))
    mean, basis = components(x, released.brought("prior"))
    known = ((x - mean) @ basis.T).pow(2).sum() / (x - mean).pow(2).sum()
    del x
    weights = np.full((len(icons), 1 + len(PAINTS), COMPONENTS), np.nan, np.float32)
    for at in range(0, len(icons), PARTS // 8):
        ids = range(at, min(at + PARTS // 8, len(icons)))
        rows, keys = [], []
        for i in ids:
            rows.append(plain[i])
            keys.append((i, 0))
            if np.isfinite(colours[i, 0]):
                rows += [painted(small[i], colours[i], p) for p in PAINT_NAMES]
                keys += [(i, 1 + k) for k in range(len(PAINT_NAMES))]
        found = ((torch.from_numpy(np.stack(rows)) - mean) @ basis.T).numpy()
        for key, row in zip(keys, found, strict=True):
            weights[key] = row
    scale = float(np.sqrt(np.nanmean(weights**2)))
    path = furnace() / FILE
    with open(f"{path}.new", "wb") as f:
        np.savez(f, mean=mean.numpy(), basis=basis.numpy(), scale=scale, weights=(weights / scale).astype(np.float16))
    os.replace(f"{path}.new", path)
    say(f"{COMPONENTS} components keep {known:.4f} of the variance")


def components(x: torch.Tensor, brought: dict | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and basis. A prior that came with the checkout speaks in its own: reckoned again, on another machine, half of the
    components would point the other way, and it would have all of them to learn anew."""
    if brought and brought["basis"].shape == (COMPONENTS, x.shape[1]):
        return brought["mean"], brought["basis"]
    mean = x.mean(0)
    torch.manual_seed(0)
    _, _, v = torch.svd_lowrank(x - mean, q=min(COMPONENTS + 32, len(x)), niter=2)
    return mean, v[:, :COMPONENTS].T.contiguous()


class Sprites:
    """The weights, and the components for the prior."""

    def __init__(self, icons: Icons, colours: np.ndarray, say=print):
        path = furnace() / FILE
        if not path.exists():
            build(icons, colours, say)
        with np.load(path) as f:
            self.weights = torch.from_numpy(f["weights"])
            self.mean, self.basis, self.scale = torch.from_numpy(f["mean"]), torch.from_numpy(f["basis"]), float(f["scale"])
        # Nothing at all: what the second drawing's slot says of a scene with one.
        self.nothing = ((-self.mean @ self.basis.T) / self.scale).half()

    def into(self, prior) -> None:
        prior.mean.copy_(self.mean)
        prior.basis.copy_(self.basis)
        prior.scale.fill_(self.scale)

    def of(self, layer) -> torch.Tensor:
        return self.weights[layer.icon, 0 if layer.paint is None else 1 + PAINT_NAMES.index(layer.paint)]
