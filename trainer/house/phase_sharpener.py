"""The sharpener's phase: from drawings as the prior paints them to the drawings as they are. The prior rests meanwhile. A critic says what
the regression leaves mottled or soft."""

import random

import numpy as np
import torch

from . import recolour
from .burn import Average, Fire, begin, learn, quicken, resume, snapshot
from .critic import Lesson
from .nets import Sharpener
from .pool import TextPool
from .settings import PAINTS, SHARP, STYLE_NAMES
from .sprites import resized
from .text import padded
from .trained import prior

BATCH, RATE = 8, 8e-4


class SharpenerPhase:
    name = "sharpener"

    def __init__(self, fire: Fire, world):
        self.fire, self.world = fire, world
        torch.manual_seed(6)
        self.net = Sharpener().to(memory_format=torch.channels_last)
        self.prior = prior()
        self.optimiser = torch.optim.AdamW(self.net.parameters(), RATE, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
        self.average = Average(self.net, 0.99)
        self.pool = TextPool(world, fire)
        self.rng = random.Random(6)
        self.step_number = 0
        self.lesson = Lesson()
        state = begin(fire, self.name)
        resume(self, state)
        if state and "critic" in state:
            self.lesson.load(state["critic"])
        quicken(self.net, fire.folder)

    def state(self) -> dict:
        return snapshot(self) | {"critic": self.lesson.state()}

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
        made = self.net(sprite, slot)
        d = made.detach() - wanted
        loss, gradient = regression(d)
        better, critic = self.lesson.teach(made, wanted, torch.tensor([STYLE_NAMES.index(s.style) for s in scenes]), self.rng)
        learn(self, (made * (gradient + gradient.norm() * better)).sum())
        return BATCH, {"loss": loss, "error": d.pow(2).mean().sqrt().item(), "critic": critic}

    def _drawn(self, layer) -> torch.Tensor:
        """A layer's drawing as premultiplied RGBA [4, SHARP, SHARP], 0–1."""
        rgba = np.ascontiguousarray(self.world.icons.pixels[layer.icon])
        if layer.paint:
            rgba = recolour.paint(rgba, self.world.colours[layer.icon], PAINTS[layer.paint])
        return torch.from_numpy(resized(rgba, SHARP)).view(4, SHARP, SHARP)


def regression(d: torch.Tensor) -> tuple[float, torch.Tensor]:
    """How far a difference is from nothing, in values and in contours, and the gradient of that."""
    d = d.requires_grad_(True)
    edges = (d[..., 1:] - d[..., :-1]).abs().mean() + (d[..., 1:, :] - d[..., :-1, :]).abs().mean()
    loss = d.abs().mean() + 0.7 * edges
    gradient, = torch.autograd.grad(loss, d)
    d.requires_grad_(False)
    return loss.item(), gradient
