"""The prior's phase: a regression from prompts to what scenes are made of. No picture is drawn for it."""

import random

import torch

from .burn import Average, Fire, begin, learn, resume, snapshot
from .nets import Prior
from .pool import TextPool
from .text import padded

BATCH, RATE = 128, 6e-4


class PriorPhase:
    name = "prior"

    def __init__(self, fire: Fire, world):
        self.fire, self.world = fire, world
        torch.manual_seed(0)
        self.net = Prior()
        world.sprites.into(self.net)
        self.optimiser = torch.optim.AdamW([p for p in self.net.parameters()], RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
        self.average = Average(self.net, 0.998)
        self.pool = TextPool(world, fire)
        self.rng = random.Random(1)
        self.step_number = 0
        resume(self, begin(fire, "prior"))

    def state(self) -> dict:
        return snapshot(self)

    def step(self, progress: float) -> tuple[int, dict]:
        """One step; progress 0–1 through this stretch of the schedule."""
        for group in self.optimiser.param_groups:
            group["lr"] = RATE * min(1, (self.step_number + 1) / 60) * (1 - 0.95 * progress)
        states, target, stands, ground, one = self.pool.batch(BATCH, self.rng, self.step_number)
        s = self.net.read(padded(states))
        first, second = s[:, :2].flatten(1), s[:, 2:4].flatten(1)
        # Scenes with one drawing teach the second slot's drawing to be nothing, but a part of them is enough.
        rows = torch.nonzero(~one | (torch.rand(len(one)) < 0.15))[:, 0]
        error1 = (self.net.draw(first) - target[:, 0]).pow(2).mean()
        error2 = (self.net.draw(second[rows]) - target[rows, 1]).pow(2).mean()
        stand = (self.net.stand(first) - stands[:, 0]).pow(2).mean()
        two = torch.nonzero(~one)[:, 0]
        stand2 = (self.net.stand(second[two]) - stands[two, 1]).pow(2).mean() if len(two) else stand * 0
        colour = (self.net.ground(s[:, 4:].flatten(1)) - ground).pow(2).mean()
        loss = error1 + 0.3 * error2 + 5 * (stand + 0.3 * stand2) + 5 * colour
        learn(self, loss)
        return BATCH, {"draw": error1.item(), "second": error2.item(), "stand": stand.item() ** 0.5, "ground": colour.item() ** 0.5}


