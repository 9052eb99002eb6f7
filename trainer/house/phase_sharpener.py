"""The sharpener's phase: from drawings as the prior paints them to the drawings as they are. The prior rests meanwhile."""

import random

import numpy as np
import torch

from . import recolour
from .burn import Average, Fire, begin, learn, quicken, resume, snapshot
from .nets import Sharpener
from .pool import TextPool
from .settings import PAINTS, SHARP
from .sprites import resized
from .text import padded
from .trained import prior

BATCH, RATE = 16, 1.0e-3


class SharpenerPhase:
    name = "sharpener"

    def __init__(self, fire: Fire, world):
        self.fire, self.world = fire, world
        torch.manual_seed(6)
        self.net = Sharpener().to(memory_format=torch.channels_last)
        self.prior = prior()
        self.optimiser = torch.optim.AdamW(self.net.parameters(), RATE, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
        self.average = Average(self.net, 0.998)
        self.pool = TextPool(world, fire)
        self.rng = random.Random(6)
        self.step_number = 0
        resume(self, begin(fire, self.name))
        quicken(self.net, fire.folder)

    def state(self) -> dict:
        return snapshot(self)

    def step(self, progress: float) -> tuple[int, dict]:
        for group in self.optimiser.param_groups:
            group["lr"] = RATE * min(1, (self.step_number + 1) / 100) * (1 - 0.95 * progress)
        states, scenes = self.pool.scenes(BATCH, self.rng, self.step_number)
        which = [self.rng.randrange(len(s.layers)) for s in scenes]
        with torch.no_grad():
            slots = self.prior.read(padded(states))
            slot = torch.stack([s[2 * k : 2 * k + 2].flatten() for s, k in zip(slots, which, strict=True)])
            sprite = self.prior.sprite(self.prior.draw(slot)).contiguous(memory_format=torch.channels_last)
        wanted = torch.stack([self._drawn(s.layers[k]) for s, k in zip(scenes, which, strict=True)])
        d = self.net(sprite, slot) - wanted
        edges = (d[..., 1:] - d[..., :-1]).abs().mean() + (d[..., 1:, :] - d[..., :-1, :]).abs().mean()
        loss = d.abs().mean() + 0.7 * edges
        learn(self, loss)
        return BATCH, {"loss": loss.item(), "error": d.detach().pow(2).mean().sqrt().item()}

    def _drawn(self, layer) -> torch.Tensor:
        """A layer's drawing as premultiplied RGBA [4, SHARP, SHARP], 0–1."""
        rgba = np.ascontiguousarray(self.world.icons.pixels[layer.icon])
        if layer.paint:
            rgba = recolour.paint(rgba, self.world.colours[layer.icon], PAINTS[layer.paint])
        return torch.from_numpy(resized(rgba, SHARP)).view(4, SHARP, SHARP)
